"""Several devices look at one meeting: what one records, the others find with a cheap question, in whichever process it is answered."""

from __future__ import annotations

from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from governance.reviews import items
from tests.builders import World
from tests.reviews.browsing import Browsers, browsers, send
from tests.reviews.scenes import agenda_item, discussing, on_agenda, seat, vote, voting
from tests.visitor import Visitor


@pytest.fixture
def open_for(made: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Browsers:
    return browsers(made, tmp_path, monkeypatch)


def asked(visitor: Visitor, path: str, seen: str = "") -> TestResponse:
    return visitor.get(f"{path}/live", **({"If-None-Match": f'"{seen}"'} if seen else {}))


def version(visitor: Visitor, path: str) -> str:
    answer = asked(visitor, path)
    assert answer.status_code == 200
    return str(answer.json["version"])


def test_nothing_new_is_answered_without_a_body(made: World, open_for: Browsers) -> None:
    _, meeting_id, item_id = on_agenda(made)
    for path in (f"/meetings/{meeting_id}", f"/meetings/{meeting_id}/items/{item_id}"):
        visitor = open_for("ext1")
        seen = version(visitor, path)
        assert f'data-version="{seen}"' in visitor.get(path).text
        answer = asked(visitor, path, seen)
        assert (answer.status_code, answer.data) == (304, b"")


def test_every_act_of_the_meeting_changes_the_version(made: World, open_for: Browsers) -> None:
    _, meeting_id, item_id = on_agenda(made)
    path = f"/meetings/{meeting_id}"
    seen = {version(open_for("int1"), path)}

    def changed() -> None:
        now = version(open_for("int1"), path)
        assert now not in seen
        seen.add(now)

    discussing(made, item_id)
    changed()
    with made.acting("secretariat") as work:
        row = agenda_item(work, item_id)
        items.note_issues(work, row, "保存期間", rev=row.rev)
    changed()
    with made.acting("secretariat") as work:
        row = agenda_item(work, item_id)
        items.recuse(work, row, seat(work, made, "int3"), rev=row.rev, reason="共同研究者")
    changed()
    with made.acting("secretariat") as work:
        row = agenda_item(work, item_id)
        items.put_motion(work, row, "rejected", rev=row.rev)
    changed()
    vote(made, item_id, "ext1", "for")
    changed()
    send(open_for("secretariat"), path, "/attendance", {"leave": seat_of(made, "int2")})
    changed()


def seat_of(made: World, name: str) -> str:
    with made.acting("auditor", read_only=True) as work:
        return seat(work, made, name).id


def test_another_process_gives_the_same_answer(
    made: World, open_for: Browsers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, meeting_id, item_id = on_agenda(made)
    elsewhere = browsers(made, tmp_path, monkeypatch)
    path = f"/meetings/{meeting_id}/items/{item_id}"
    seen = version(open_for("ext1"), path)
    assert asked(elsewhere("ext1"), path, seen).status_code == 304
    voting(made, item_id)
    assert asked(elsewhere("ext1"), path, seen).status_code == 200
    assert version(elsewhere("ext1"), path) == version(open_for("ext1"), path)


def test_whoever_steps_back_finds_nothing_on_the_page_of_the_item_at_once(made: World, open_for: Browsers) -> None:
    _, meeting_id, item_id = on_agenda(made)
    path = f"/meetings/{meeting_id}/items/{item_id}"
    seen = version(open_for("int2"), path)
    send(open_for("secretariat"), path, "/recusals", {"member": seat_of(made, "int2"), "reason": "共同研究者"})
    assert asked(open_for("int2"), path, seen).status_code == 404
    assert open_for("int2").get(path).status_code == 404
    assert asked(open_for("int2"), f"/meetings/{meeting_id}").status_code == 200
    assert asked(open_for("ext1"), path, seen).status_code == 200


def test_strangers_do_not_learn_of_it_and_a_page_without_script_has_everything(made: World, open_for: Browsers) -> None:
    _, meeting_id, item_id = on_agenda(made)
    assert asked(open_for("stranger"), f"/meetings/{meeting_id}").status_code in (403, 404)
    shown = open_for("ext1").get(f"/meetings/{meeting_id}/items/{item_id}").text
    assert 'aria-live="polite"' in shown
    assert shown.count("<noscript") == 0
