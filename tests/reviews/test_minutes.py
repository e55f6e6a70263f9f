"""Minutes from the record: generated, edited in versions, approved by two persons, issued as a file, corrected with a reason."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from governance.ledger.audit import verify_database
from governance.ledger.services import events
from governance.refusals import Forbidden, NotFound, Refusal, Refusals
from governance.reports import papers
from governance.reports.papers import Order
from governance.reviews import items, meetings, minutes, questions
from governance.reviews.models import Meeting
from governance.storage.files import FileStore
from tests.builders import World
from tests.reviews.browsing import Browsers, browsers, send
from tests.reviews.scenes import (
    BOARD,
    HIGH,
    agenda_item,
    board,
    case,
    conditional,
    decide,
    in_session,
    opined,
    planned,
    seat,
    vote,
    voting,
)

CHOICES = {"chair": "for", "ext1": "against", "ext2": "for", "int1": "for"}


@pytest.fixture
def open_for(made: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Browsers:
    return browsers(made, tmp_path, monkeypatch)


def held(made: World) -> tuple[str, list[str]]:
    """Hold a meeting on two cases: one approved with a member stepped back, a question and a dissent, the other deferred."""
    cases = [case(made, BOARD, HIGH), case(made, BOARD, HIGH)]
    for each in cases:
        opined(made, each)
    meeting_id, item_ids = planned(made, board(made), *cases)
    in_session(made, meeting_id)
    first, second = item_ids
    with made.acting("secretariat") as work:
        found = agenda_item(work, first)
        items.recuse(work, found, seat(work, made, "int2"), rev=found.rev, reason="共同研究者のため")
    with made.acting("ext1") as work:
        asked = questions.ask(work, agenda_item(work, first), "保存期間は何日か")
        question_id = asked.id
    with made.acting("owner") as work:
        questions.answer(work, agenda_item(work, first), question_id, "24時間である", rev=1)
    voting(made, first)
    for name, choice in CHOICES.items():
        vote(made, first, name, choice, dissent="掲示だけでは足りない。" if choice == "against" else "")
    decide(made, first, conditional(made))
    with made.acting("secretariat") as work:
        meeting = work.session.get_one(Meeting, meeting_id)
        meetings.record_leave(work, meeting, seat(work, made, "ext2"))
        found = agenda_item(work, second)
        items.defer_item(work, found, rev=found.rev, reason="同意文書の改訂を待つ。")
        meetings.close_meeting(work, meeting, rev=meeting.rev)
    return meeting_id, item_ids


def texts(made: World, meeting_id: str, **changes: str) -> dict[str, object]:
    with made.acting("secretariat", read_only=True) as work:
        return minutes.texts_of(work, work.session.get_one(Meeting, meeting_id)) | changes


def written(
    made: World, meeting_id: str, seen: int = 0, reason: str = "", by: str = "secretariat", **changes: str
) -> int:
    given = texts(made, meeting_id, **changes)
    with made.acting(by) as work:
        row = work.session.get_one(Meeting, meeting_id)
        return minutes.write(work, row, given, seen=seen, reason=reason).number


def approved(made: World, meeting_id: str, by: str, office: str, seen: int = 1) -> None:
    with made.acting(by) as work:
        minutes.approve(work, work.session.get_one(Meeting, meeting_id), office, seen=seen)


def test_the_record_fills_the_minutes(made: World, open_for: Browsers) -> None:
    meeting_id, _ = held(made)
    path = f"/meetings/{meeting_id}/minutes"
    assert open_for("ext1").get(path).status_code == 404  # nothing is written yet
    sent = {"opening": "定刻に開会した。"}
    assert "議事録の案を確かめて保存する" in open_for("secretariat").get(path).text
    assert send(open_for("secretariat"), path, "/minutes", {**flat(texts(made, meeting_id)), **sent}).status_code == 303
    shown = open_for("ext1").get(path).text
    for sentence in (
        "定刻に開会した。",
        "任命7名 − 退席1名 ＝ 6名",
        "共同研究者のため",
        "保存期間は何日か",
        "24時間である",
        "賛成3、反対1、棄権0（必要3）",
        "掲示だけでは足りない。",
        "特徴量を24時間で消去し、消去の記録を示す",
        "同意文書の改訂を待つ。",
        "欠席",
        "（オンライン）",
    ):
        assert sentence in shown, sentence
    assert "見本 ext1</td>" not in shown.split("少数意見")[1][:300]
    own = open_for("int2").get(path).text  # whoever stepped back reads nothing of that item
    assert "保存期間は何日か" not in own
    assert "同意文書の改訂を待つ。" in own


def flat(given: dict[str, object]) -> dict[str, str]:
    inner = given["items"]
    assert isinstance(inner, dict)
    return {"opening": str(given["opening"]), "closing": str(given["closing"])} | {
        f"item-{key}": value for key, value in inner.items()
    }


def test_two_persons_approve_one_version(made: World) -> None:
    meeting_id, _ = held(made)
    with pytest.raises(Refusal, match="新しい版"):
        approved(made, meeting_id, "chair", "chair", 1)
    written(made, meeting_id)
    with pytest.raises(Refusal, match="その立場"):
        approved(made, meeting_id, "secretariat", "chair")
    with pytest.raises(Forbidden):
        approved(made, meeting_id, "ext1", "chair")
    approved(made, meeting_id, "chair", "chair")
    with pytest.raises(Refusal, match="承認済み"):
        approved(made, meeting_id, "chair", "chair")
    assert written(made, meeting_id, 1, opening="直した。") == 2  # a new version needs both approvals again
    with pytest.raises(Refusal, match="版が変わりました"):
        approved(made, meeting_id, "secretariat", "secretary", 1)
    approved(made, meeting_id, "secretariat", "secretary", 2)
    approved(made, meeting_id, "chair", "chair", 2)
    assert verify_database(made.database).ok


def test_nobody_approves_for_both_offices(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    meeting_id, _ = held(made)
    written(made, meeting_id)
    monkeypatch.setitem(
        __import__("tests.builders").builders.ROLES, "chair", ("chair", "external_member", "secretariat")
    )
    approved(made, meeting_id, "chair", "chair")
    with pytest.raises(Refusal, match="別の人"):
        approved(made, meeting_id, "chair", "secretary")


def test_a_correction_after_approval_needs_its_reason_and_leaves_the_version_before(made: World) -> None:
    meeting_id, _ = held(made)
    written(made, meeting_id)
    approved(made, meeting_id, "chair", "chair")
    approved(made, meeting_id, "secretariat", "secretary")
    with pytest.raises(Refusal, match="訂正する理由"):
        written(made, meeting_id, 1, opening="誤りを直した。")
    assert written(made, meeting_id, 1, "開会の時刻の誤り", opening="誤りを直した。") == 2
    with made.acting("auditor", read_only=True) as work:
        found = minutes.versions_of(work, work.session.get_one(Meeting, meeting_id))
        assert [(each.number, each.reason, minutes.is_final(each)) for each in found] == [
            (2, "開会の時刻の誤り", False),
            (1, "", True),
        ]


def test_bad_acts_on_minutes_are_refused(made: World) -> None:
    screening_id = case(made, BOARD, HIGH)
    opined(made, screening_id)
    open_meeting, _ = planned(made, board(made), screening_id)
    with pytest.raises(Refusal, match="閉会してから"):
        written(made, open_meeting)
    for who in ("chair", "ext1", "auditor", "owner"):
        with pytest.raises(Forbidden):
            written(made, open_meeting, by=who)


def test_two_writers_do_not_overwrite_each_other(made: World) -> None:
    meeting_id, _ = held(made)
    written(made, meeting_id)
    with pytest.raises(Refusal, match="先に議事録を保存"):
        written(made, meeting_id, 0)


def test_approved_minutes_are_issued_as_a_file_with_digest_and_entry(
    made: World, open_for: Browsers, tmp_path: Path
) -> None:
    meeting_id, _ = held(made)
    store = FileStore(tmp_path / "files")
    order = Order("minutes", meeting_id, "ja")
    with pytest.raises((Refusal, Refusals), match="承認してから"):
        papers.issue(made.database, made.actor("secretariat"), store, order)
    written(made, meeting_id)
    approved(made, meeting_id, "chair", "chair")
    approved(made, meeting_id, "secretariat", "secretary")
    with pytest.raises((Forbidden, NotFound)):
        papers.issue(made.database, made.actor("ext1"), store, order)
    paper_id = papers.issue(made.database, made.actor("secretariat"), store, order)
    assert papers.issue(made.database, made.actor("secretariat"), store, order) == paper_id
    with made.acting("secretariat") as work:
        row = papers.paper(work, paper_id)
        file = store.read(row.file_digest)
        assert hashlib.sha256(file).hexdigest() == row.file_digest
        assert row.number == "AIG-R2-2026-0001"
        told = [each.type for each in events(work.session, limit=20)]
        assert told.count("PaperIssued") == 1
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(file)).pages).replace("\n", "")
    for sentence in (
        "議事録",
        "任命7名",
        "共同研究者のため",
        "賛成3、反対1、棄権0",
        "掲示だけでは足りない。",
        "委員長 承認",
        "見本 chair",
    ):
        assert sentence in text, sentence
    assert open_for("ext1").get(f"/papers/{paper_id}").status_code == 200
    assert open_for("int2").get(f"/papers/{paper_id}").status_code == 404  # stepped back from one of its items
    assert "AIG-R2-2026-0001" in open_for("ext1").get(f"/verify?d={row.file_digest}").text
    assert verify_database(made.database).ok
