"""The decision letter: composed from the decision, shown to the team, issued once per language, never to whoever stepped back."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from governance.erasure import services as erasing
from governance.erasure.rules import Wish
from governance.refusals import Forbidden, NotFound, Refusals
from governance.reports import issuing, papers
from governance.reports.models import Paper
from governance.reports.papers import Order
from governance.reports.printing import Printed
from governance.reviews.models import CommitteeMember, Meeting
from governance.reviews.rules import local_date
from governance.storage.files import FileStore
from tests.builders import World
from tests.reviews.browsing import Browsers, browsers
from tests.reviews.scenes import BOARD, HIGH, board, case, decided, opined, planned


@pytest.fixture
def open_for(made: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Browsers:
    return browsers(made, tmp_path, monkeypatch)


def words(store: FileStore, row: Paper) -> str:
    file = store.read(row.file_digest)
    return "".join(page.extract_text() for page in PdfReader(BytesIO(file)).pages).replace("\n", "")


def test_the_team_gets_a_letter_that_says_what_was_decided_and_not_who_voted_what(
    made: World, open_for: Browsers, tmp_path: Path
) -> None:
    _, decision_id, _ = decided(made)
    store = FileStore(tmp_path / "files")
    page = f"/decisions/{decision_id}/letter"
    assert "まだ発行されていません。" in open_for("owner").get(page).text
    paper_id = papers.issue(made.database, made.actor("secretariat"), store, Order("letter", decision_id, "both"))
    with made.acting("owner", read_only=True) as work:
        row = papers.paper(work, paper_id)
        assert (row.number, row.kind, row.lang) == ("AIG-R2-2026-0001", "letter", "both")
        text = words(store, row)
    for sentence in (
        "審査結果通知書",
        "Decision letter",
        "条件付承認",
        "特徴量を24時間で消去し",
        "C-1",
        "見本 owner",
        "2026-11-2",
    ):
        assert sentence in text, sentence
    for secret in ("賛成", "反対", "掲示だけでは拒否の機会にならない。"):
        assert secret not in text
    assert "AIG-R2-2026-0001" in open_for("owner").get(page).text
    assert "AIG-R2-2026-0001" in open_for("owner").get("/notices").text
    assert open_for("stranger").get(f"/papers/{paper_id}").status_code == 404
    assert open_for("stranger").get(page).status_code in (403, 404)


def test_who_voted_is_kept_as_long_as_the_decision(made: World) -> None:
    decided(made)
    with made.acting() as work:
        for seat in work.session.scalars(select(CommitteeMember)):
            seat.term_until = local_date(made.now) - timedelta(days=1)
            work.session.flush()
            work.record("MemberTermEnded", subject=("committee_member", seat.id), row=seat)

    def asked(who: str, basis: str, early: str = "", years: int = 10, days: int = 0) -> str:
        with made.acting("secretariat") as work:
            wish = Wish(("account",), basis, "退任", early)
            target = erasing.target_of(work, f"{who}@test.example")
            today = local_date(work.now) + timedelta(days=days)
            row = erasing.request(work, target, wish, years=years, today=today)
            erasing.withdraw(work, row, rev=row.rev)
            return row.early

    for who in ("chair", "ext1"):
        with pytest.raises(Refusals, match="満了していません"):
            asked(who, "expired")
        with pytest.raises(Refusals, match="保存期間中に消去する理由"):
            asked(who, "request")
        assert asked(who, "request", "本人の権利が優先する") == "本人の権利が優先する"
        assert asked(who, "expired", days=3660) == ""
    assert asked("ext3", "expired") == "", "who never voted is kept by nothing"


def test_only_secretariat_and_expert_team_issue_letters(made: World, tmp_path: Path) -> None:
    _, decision_id, _ = decided(made)
    store = FileStore(tmp_path / "files")
    for who in ("owner", "ext1", "auditor"):
        with pytest.raises((Forbidden, NotFound)):
            papers.issue(made.database, made.actor(who), store, Order("letter", decision_id, "ja"))
    with pytest.raises(Refusals, match="言語"):
        papers.issue(made.database, made.actor("secretariat"), store, Order("letter", decision_id, "fr"))
    with made.acting("auditor", read_only=True) as work:
        assert work.session.scalars(select(Paper)).all() == []


def test_a_board_pack_is_printed_from_what_was_sent(made: World, open_for: Browsers, tmp_path: Path) -> None:
    screening_id = case(made, BOARD, HIGH)
    opined(made, screening_id)
    meeting_id, (item_id,) = planned(made, board(made), screening_id)
    store = FileStore(tmp_path / "files")
    with pytest.raises(Forbidden):  # an auditor reads and changes nothing, so they print nothing either
        papers.issue(made.database, made.actor("auditor"), store, Order("pack", meeting_id, "ja"))
    paper_id = papers.issue(made.database, made.actor("ext1"), store, Order("pack", meeting_id, "ja"))
    assert papers.issue(made.database, made.actor("int1"), store, Order("pack", meeting_id, "ja")) == paper_id
    with made.acting("ext1", read_only=True) as work:
        row = papers.paper(work, paper_id)
        assert row.items == [item_id]
        text = words(store, row)
        assert work.session.get_one(Meeting, meeting_id).materials_sent_on is not None
    for sentence in (
        "会議資料一式",
        "架空の需要予測AI",
        "固有リスク → 残余リスク",
        "条件を付ければ実施できる。",
        "似た案件の前例",
    ):
        assert sentence in text, sentence
    assert open_for("ext1").get(f"/papers/{paper_id}").status_code == 200
    assert open_for("owner").get(f"/papers/{paper_id}").status_code == 404


def test_a_letter_that_was_erased_or_whose_file_is_lost_is_printed_anew(
    made: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[str] = []

    def press(html: str, *_: object, **__: object) -> Printed:
        printed.append(html)
        return Printed(b"%PDF-" + html.encode(), 1)

    monkeypatch.setattr(issuing, "print_report", press)
    _, decision_id, _ = decided(made)
    store, order = FileStore(tmp_path / "files"), Order("letter", decision_id, "ja")
    first, again = (papers.issue(made.database, made.actor("secretariat"), store, order) for _ in range(2))
    assert (again, len(printed)) == (first, 1)
    with made.acting("secretariat", read_only=True) as work:
        store.discard(papers.paper(work, first).file_digest)
    anew = papers.issue(made.database, made.actor("secretariat"), store, order)
    assert (anew == first, len(printed)) == (False, 2)
    assert papers.issue(made.database, made.actor("secretariat"), store, order) == anew
    with made.acting("secretariat") as work:
        project = papers.paper(work, anew).project_id or ""
        wish = Wish(("reports",), "request", "本人の請求", "契約による")
        given = {"years": 10, "today": local_date(work.now)}
        asked = erasing.request(work, erasing.target_of(work, project), wish, **given).id
    with made.acting("legal") as work:
        row = erasing.erasure(work, asked)
        erasing.approve(work, row, rev=row.rev)
    last = papers.issue(made.database, made.actor("secretariat"), store, order)
    assert (last in (first, anew), len(printed)) == (False, 3)
