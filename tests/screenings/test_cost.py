"""What a page of questions and a save ask of the database, and that what was made quick still says the same (performance.md P7, P13)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import event, select

from governance.discussions import delegating
from governance.discussions import services as discussions
from governance.screenings import filling, item_views, services
from governance.screenings.loading import contents_of, contents_of_page, sheet_of
from governance.screenings.models import Answer, Screening
from governance.screenings.rules import Entry
from governance.screenings.shelf import shelf
from governance.storage.database import Database
from tests.builders import World, answered, opened, registered
from tests.screenings.shelves import added
from tests.visitor import Visitor, service

PAGE, SAVE = 10, 15
"""Statements that the goals allow (performance.md P7, P13)."""

SAID = '事情は <b>別紙</b> & "附則" を参照。'


@contextmanager
def counting(database: Database) -> Iterator[list[str]]:
    """Collect the statements that the block sends to the database."""
    found: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("PRAGMA", "BEGIN")):
            found.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


@pytest.fixture
def screening(made: World) -> str:
    """A screening that much was said and given about: evidence, comments, something asked, and answers of two people."""
    id = opened(made, registered(made))
    answered(made, id, {"T10": "yes", "T14": "yes"}, {"P1a": "partial"})
    added(made, id, "P1b", "P2a")
    with made.acting("owner") as work:
        row = work.session.get_one(Screening, id)
        stored = work.session.scalars(
            select(Answer).where(Answer.screening_id == id, Answer.question_key == "P1a")
        ).one()
        filling.save_answers(work, row, [Entry("P1a", "partial", SAID, date(2026, 12, 1), stored.rev)])
        discussions.open_thread(work, row, "P1a", text="どの範囲ですか。")
        request = delegating.Request(made.people["member"].id)
        delegating.delegate(work, row, ["P1c"], request, made.now.date())
    return id


def signed_in(made: World, folder: Path, name: str) -> Visitor:
    visitor = Visitor(service(made.database, folder))
    visitor.sign_in(f"{name}@test.example")
    return visitor


def test_page_and_save_ask_the_database_a_fixed_number_of_things(made: World, screening: str, tmp_path: Path) -> None:
    owner = signed_in(made, tmp_path, "owner")
    bare, full = opened(made, registered(made)), screening
    for id in (bare, full):
        for place in ("safety", "privacy", "fairness"):
            owner.get(f"/screenings/{id}/items/{place}")  # documents are read once per process
            with counting(made.database) as found:
                assert owner.get(f"/screenings/{id}/items/{place}").status_code == 200
            assert len(found) <= PAGE, "\n".join(found)
    rev = rev_of(made, full, "P1a")
    for number, value in enumerate(("done", "not_done")):
        fields = {"page": "safety", "P1a": value, "P1a-rev": rev + number, "P1a-remark": f"{number}"}
        with counting(made.database) as found:
            told = owner.post(f"/screenings/{full}/save", fields, Accept="application/json")
        assert told.status_code == 200, told.text
        assert len(found) <= SAVE, "\n".join(found)


def rev_of(made: World, id: str, key: str) -> int:
    with made.acting("auditor", read_only=True) as work:
        query = select(Answer.rev).where(Answer.screening_id == id, Answer.question_key == key)
        return work.session.scalars(query).one()


def test_a_save_leaves_the_summary_that_the_whole_screening_has(made: World, screening: str, tmp_path: Path) -> None:
    owner = signed_in(made, tmp_path, "owner")
    rev = rev_of(made, screening, "P1a")
    fields = {"page": "safety", "P1a": "not_done", "P1a-rev": rev, "rating-safety-severity": 3, "rating-safety-rev": 1}
    told = owner.post(f"/screenings/{screening}/save", fields, Accept="application/json")
    assert told.status_code == 200, told.text
    with made.acting("auditor", read_only=True) as work:
        row = work.session.get_one(Screening, screening)
        now = services.filled(work, row)
        assert (row.route, row.inherent, row.residual) == (now.score.route, now.score.inherent, now.score.residual)
        assert now.answers["P1a"].value == "not_done"
        assert now.ratings["safety"].severity == 3


def test_a_page_reads_the_same_contents_as_everything_else(made: World, screening: str) -> None:
    with made.acting("member", read_only=True) as work:
        row = services.screening_read(work, screening)
        paged, pieces = contents_of_page(work.session, row)
        held = work.relations[row.project_id]
        work.session.expunge_all()
    with made.acting("member", read_only=True) as work:
        row = services.screening(work, screening)
        whole, shelved = contents_of(work.session, row), shelf(work, row.project_id)
        assert held == services.relations_of(work, row.project)
        work.session.expunge_all()
    assert [piece.id for piece in pieces] == [piece.id for piece in shelved.pieces]
    assert {key: [piece.id for piece in found] for key, found in paged.evidence.items()} == {
        key: [piece.id for piece in found] for key, found in whole.evidence.items()
    }
    for mine, theirs in ((paged.answers, whole.answers), (paged.ratings, whole.ratings)):
        assert {key: row.id for key, row in mine.items()} == {key: row.id for key, row in theirs.items()}


def test_a_question_drawn_once_looks_as_one_drawn_anew(
    made: World, screening: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("owner", "auditor"):
        visitor = signed_in(made, tmp_path, name)
        paths = [
            f"/screenings/{screening}/items/{item}?lang={lang}"
            for item in ("safety", "privacy")
            for lang in ("ja", "en")
        ]
        for _ in range(2):  # the second time from the outlines
            quick = [drawn(visitor, path) for path in paths]
        with monkeypatch.context() as patch:
            patch.setattr(item_views, "outlined", whole)
            assert quick == [drawn(visitor, path) for path in paths]
        assert "&lt;b&gt;別紙&lt;/b&gt; &amp;" in quick[0]
        assert "<b>別紙" not in quick[0]


def drawn(visitor: Visitor, path: str) -> str:
    """The page without what is new each time."""
    return re.sub(r'(name="(csrf_token|once)" value|content)="[^"]*"', "", visitor.get(path).text)


def whole(macro, shown, framework, *, editable, known, screening, talk, current):  # type: ignore[no-untyped-def]
    return macro(shown, editable, known, screening, talk, current)


def test_what_is_known_of_the_documents_does_not_depend_on_what_was_carried(made: World, screening: str) -> None:
    with made.acting("auditor", read_only=True) as work:
        sheet = sheet_of(work.session.get_one(Screening, screening))
    assert sheet.steering <= set(sheet.by_key) == set(sheet.conditions)
    carrying = sheet.carrying(frozenset({"P1a"}))
    assert carrying == replace(sheet, carried=frozenset({"P1a"}))
    assert carrying.conditions is sheet.conditions
    assert sheet.carried == frozenset()
