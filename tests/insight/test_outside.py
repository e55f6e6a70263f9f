"""The page of the ledger says where signed checkpoints lie, which place failed, and what to do about it; only to those who see it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from governance.insight import outside
from governance.ledger.checkpoints import FORK
from governance.ledger.models import LedgerCheckpoint, LedgerSending
from governance.settings_ledger import place_code
from governance.storage.database import Database
from governance.work import SYSTEM, UnitOfWork, open_work, run
from tests.builders import TODAY
from tests.visitor import Visitor, account, service

FOLDER, BUCKET, MAIL = ("folder", "/mnt/outside"), ("bucket", "s3://kept/ledger"), ("mail", "audit@test.example")
PLACES = [FOLDER, BUCKET, MAIL]


def put(database: Database, *sizes: int) -> None:
    def act(work: UnitOfWork) -> None:
        for size in sizes:
            at = TODAY + timedelta(minutes=size)
            note = f"test/00000000\n{size}\n"
            work.session.add(LedgerCheckpoint(size=size, root=bytes([size]) * 32, note=note, made_at=at))

    run(database, SYSTEM, act)


def sent(database: Database, place: tuple[str, str], size: int, problem: str = "") -> None:
    at = TODAY + timedelta(minutes=size + 1)
    row = LedgerSending(size=size, sink=place_code(*place), place=place[1], tries=1, problem=problem, tried_at=at)
    row.sent_at = None if problem else at
    run(database, SYSTEM, lambda work: work.session.add(row))


def told(database: Database, hours: float = 0.5) -> dict[str, outside.Place]:
    with open_work(database, SYSTEM, read_only=True) as work:
        return {each.place: each for each in outside.places(work.session, PLACES, TODAY + timedelta(hours=hours))}


def test_each_place_says_what_it_has_and_what_to_do(database: Database) -> None:
    assert {each.todo for each in told(database).values()} == {None}, "nothing was signed, so nothing waits"
    put(database, 1, 2)
    for place in PLACES:
        sent(database, place, 1)
    sent(database, ("folder", "/mnt/before"), 1)
    sent(database, ("folder", "/mnt/before"), 2, "PermissionError")
    assert {each.todo for each in told(database).values()} == {None}, "the newest is on its way"
    late = told(database, hours=2)
    assert (late[FOLDER[1]].todo, late[BUCKET[1]].todo, late[MAIL[1]].todo) == (outside.IDLE, outside.IDLE, None)
    assert told(database, hours=50)[MAIL[1]].todo == outside.IDLE
    assert not late["/mnt/before"].is_set
    assert late["/mnt/before"].todo is None
    sent(database, FOLDER, 2, "FileNotFoundError")
    sent(database, BUCKET, 2, FORK)
    sent(database, MAIL, 2, "unreachable")
    put(database, 3)
    sent(database, BUCKET, 3)
    sent(database, MAIL, 3)
    found = told(database, hours=2)
    assert found[FOLDER[1]].todo == outside.REMEDIES["folder", "FileNotFoundError"]
    assert (found[BUCKET[1]].problem, found[BUCKET[1]].todo, found[BUCKET[1]].size) == (FORK, outside.FORKED, 3)
    assert (found[MAIL[1]].problem, found[MAIL[1]].todo) == ("", None), "a later one left"
    assert outside.remedy("bucket", "GenericError") == outside.REMEDIES["bucket", ""]


def test_the_pages_show_places_and_checkpoints(database: Database, tmp_path: Path) -> None:
    account(database, "kansa@test.example", "auditor")
    account(database, "hito@test.example", "member")
    app = service(database, tmp_path, checkpoint_folder=tmp_path / "outside")
    auditor, member = Visitor(app), Visitor(app)
    for visitor, email in ((auditor, "kansa"), (member, "hito")):
        visitor.sign_in(f"{email}@test.example")
    assert auditor.get("/ledger/checkpoints").status_code == 200, "none yet"
    put(database, 200, 201)
    sent(database, ("folder", str(tmp_path / "outside")), 200)
    sent(database, ("folder", str(tmp_path / "outside")), 201, "FileNotFoundError")
    for path in ("/ledger", "/ledger/checkpoints"):
        page = auditor.get(path).text
        assert "フォルダーがありません" in page
        assert str(tmp_path / "outside") in page
        assert member.get(path).status_code == 403
    assert auditor.get("/ledger/checkpoints?before=201").text.count("/ledger/checkpoints/") == 1
    assert auditor.get("/ledger/checkpoints/201").data == b"test/00000000\n201\n"
    assert auditor.get("/ledger/checkpoints/7").status_code == 404
    assert member.get("/ledger/checkpoints/201").status_code == 403
