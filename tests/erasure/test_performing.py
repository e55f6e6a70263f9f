"""An erasure leaves no byte of what it names, the ledger verifies, and everything else is what it was (assurance.md §3.8, L7)."""

from __future__ import annotations

import json
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import MetaData, select

from governance import worker
from governance.cli import cli
from governance.discussions.models import Comment
from governance.erasure import holding, listing, performing, services
from governance.erasure.performing import doomed, sweep
from governance.erasure.replaying import listed, replay
from governance.erasure.rules import PROJECT_PARTS, Wish
from governance.learning import ending
from governance.learning.models import KytRecord, KytSession
from governance.ledger.audit import verify_database
from governance.ledger.models import LedgerEvent
from governance.ledger.notes import SecretKey, sign
from governance.lessons import services as lessons
from governance.monitoring.models import Incident, IncidentChange, Reading
from governance.notary import Notary
from governance.projects.erased import refuse_erased
from governance.projects.models import Erasure, Evidence, Project
from governance.refusals import Conflict, Forbidden, Refusal, Refusals
from governance.reports import issuing
from governance.reports import services as reports
from governance.reports.models import Report
from governance.reports.printing import Printed
from governance.reviews.rules import local_date
from governance.screenings.models import Answer, Snapshot
from governance.settings import Settings
from governance.storage.database import Database
from governance.storage.files import DamagedFile
from governance.worker import Worker
from tests.erasure.conftest import GUEST, SECRET, SHARED, Case

ALL = tuple(PROJECT_PARTS)
WHY = Wish(ALL, "request", "本人からの請求", "契約により返還が必要なため")
YEARS = 10


def asked(case: Case, by: str = "legal", words: str = "", wish: Wish = WHY) -> str:
    with case.made.acting(by) as work:
        target = services.target_of(work, words or case.project)
        return services.request(work, target, wish, years=YEARS, today=local_date(work.now)).id


def approved(case: Case, id: str, by: str = "privacy") -> None:
    with case.made.acting(by) as work:
        row = services.erasure(work, id)
        services.approve(work, row, rev=row.rev)


def performed(case: Case, target: str, wish: Wish = WHY) -> int:
    """Return the number of the erasure of a target; it is performed here when the test before, which does so, ran elsewhere."""
    with case.made.acting("legal", read_only=True) as work:
        wanted = services.target_of(work, target)
        mine = Erasure.project_id == wanted.id if isinstance(wanted, Project) else Erasure.person_id == wanted.id
        rows = work.session.scalars(select(Erasure).where(mine, Erasure.state == "performed")).all()
        found = [row.number for row in rows if set(wish.parts) <= set(row.parts)]
    if found:
        return found[0]
    id = asked(case, by="secretariat", words=target, wish=wish)
    approved(case, id)
    with case.made.acting("legal", read_only=True) as work:
        return services.erasure(work, id).number


def traces(database: Database, word: str) -> list[str]:
    """Return the columns of every table in which a word stands."""
    tables = MetaData()
    tables.reflect(database.engine)
    found = set()
    with database.reading() as connection:
        for table in tables.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                for name, value in row.items():
                    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
                    if word in text or word.encode("unicode_escape").decode() in text:
                        found.add(f"{table.name}.{name}")
    return sorted(found)


def test_what_is_missing_or_barred_is_refused_in_words(case: Case) -> None:
    for wish, place in (
        (Wish((), "request", "x", "x"), "parts"),
        (Wish(("account",), "request", "x", "x"), "parts"),
        (Wish(ALL, "mood", "x", "x"), "basis"),
        (Wish(ALL, "expired", "x", "x"), "basis"),
        (Wish(ALL, "request", " ", "x"), "reason"),
        (Wish(ALL, "request", "x"), "early"),
    ):
        with pytest.raises(Refusals) as refused:
            asked(case, wish=wish)
        assert [problem.place for problem in refused.value.problems] == [place]
    for name in ("owner", "expert", "auditor", "administrator"):
        with pytest.raises(Forbidden):
            asked(case, by=name)
    with pytest.raises(Refusal, match="見つかりません"):
        asked(case, words="AIG-1999-001")
    with pytest.raises(Refusal, match="先に交代"):
        asked(case, words="owner@test.example", wish=Wish(("account",), "request", "退職"))


def test_under_a_legal_hold_nothing_is_asked_for_and_nothing_performed(case: Case) -> None:
    id = asked(case)
    with pytest.raises(Refusal, match="承認を待っています"):
        asked(case)
    with case.made.acting("legal") as work:
        hold = holding.set_hold(work, services.target_of(work, case.project), "訴訟の証拠として保全")
    with pytest.raises(Refusal, match="訴訟の証拠"):
        approved(case, id)
    with case.made.acting("privacy") as work:
        row = services.erasure(work, id)
        services.refuse(work, row, rev=row.rev, verdict="保全中のため")
    with pytest.raises(Refusal, match="訴訟の証拠"):
        asked(case)
    with case.made.acting("legal") as work:
        row = holding.hold(work, hold.id)
        holding.lift_hold(work, row, rev=row.rev, reason="訴訟の終結")
    with pytest.raises(Refusal, match="終わっています"):
        approved(case, id)


def test_who_asked_does_not_approve_and_the_team_neither(case: Case) -> None:
    id = asked(case)
    for name in ("legal", "secretariat", "owner", "auditor", "administrator"):
        with pytest.raises(Forbidden):
            approved(case, id, by=name)
    with case.made.acting("privacy") as work, pytest.raises(Conflict):
        services.approve(work, services.erasure(work, id), rev=99)
    with case.made.acting("legal") as work:
        row = services.erasure(work, id)
        services.withdraw(work, row, rev=row.rev)
    assert verify_database(case.made.database, files=case.store).ok


def test_the_dry_run_counts_and_changes_nothing(case: Case) -> None:
    with case.made.acting("legal", read_only=True) as work:
        plan = services.plan(work, services.target_of(work, case.project), YEARS)
        assert [row.id for row in plan.running] == [case.screening]
    assert list(plan.counts) == list(ALL)
    assert all(plan.counts.values())
    assert plan.retention is not None
    assert plan.retention.until is None


def frozen(case: Case) -> tuple[object, ...]:
    """What an erasure must not change: the choices, the snapshot, the register of reports."""
    with case.made.acting(read_only=True) as work:
        own = Answer.screening_id == case.screening
        answers = work.session.execute(select(Answer.question_key, Answer.value, Answer.author_id).where(own)).all()
        snapshots = work.session.execute(select(Snapshot.body, Snapshot.digest)).all()
        report = work.session.get_one(Report, case.report)
        register = (report.number, report.record_digest, report.file_digest, report.purpose)
        return sorted(answers), snapshots, register


def operated(case: Case) -> tuple[object, ...]:
    """What stays of operation and exercises: values, codes and marks."""
    with case.made.acting(read_only=True) as work:
        one = work.session.get_one(Incident, case.incident)
        session = work.session.get_one(KytSession, case.kyt)
        values = work.session.scalars(select(Reading.value).where(Reading.turn == 1)).one()
        marks = sorted(each.mark for each in session.hazards)
        record = work.session.scalars(select(KytRecord)).one()
        assert [each["cause"] for each in ending.told(record)["hazards"]] == ["（消去された文） (text was erased)"] * 3
        assert not any(each.said() for each in work.session.scalars(select(IncidentChange)))
        with pytest.raises(Refusal, match="消去されたため、反映できません"):
            lessons.line(work, session, session.hazards[0].id)
        return values, [one.state, one.severity], marks


class Unreachable:
    """A store that cannot be reached."""

    def discard(self, digest: str, *, rested: timedelta) -> bool:
        raise OSError(digest, rested)


def test_an_erased_project_leaves_no_byte_and_the_ledger_verifies(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, before = case.made, frozen(case)
    assert "ledger_value.value" in traces(made.database, f"{SECRET}コメント")
    with made.acting("legal", read_only=True) as work:
        planned = services.plan(work, services.target_of(work, case.project), YEARS).counts
    id = asked(case)

    def overtaken(html: str, record: bytes, **_: object) -> Printed:
        approved(case, id)
        return Printed(b"%PDF-" + html.encode() + record, 7)

    monkeypatch.setattr(issuing, "print_report", overtaken)
    with pytest.raises(Refusal, match="もう一度作成"):
        reports.issue(made.database, made.actor("expert"), case.store, reports.Order(case.project, "en", "監査"))
    with made.acting("legal", read_only=True) as work:
        gone = len(doomed(work.session))
        assert [row.id for row in reports.reports(work)] == [case.report]
    monkeypatch.setattr(performing, "doomed", lambda session: {*doomed(session), sha256(SHARED).hexdigest()})
    before_sweep = set(case.store.digests())
    assert (
        sweep(made.database, case.store) == 0
    )  # stored within the grace: somebody may be about to name the same content
    monkeypatch.setattr(performing, "GRACE", timedelta(0))
    url = made.database.engine.url.render_as_string(hide_password=False)
    sweeper = Worker(made.database, Settings(database_url=url, data_dir=tmp_path), lambda: made.now)
    for store, done in ((Unreachable(), 0), (case.store, 1), (case.store, 0)):
        monkeypatch.setattr(worker, "open_store", lambda _, store=store: store)
        made.now += timedelta(minutes=11)
        assert sweeper.sweep() == done
    assert len(before_sweep - set(case.store.digests())) == gone  # what is named again by then stays
    assert sweep(made.database, case.store) == 0
    with made.acting("legal", read_only=True) as work:
        row = services.erasure(work, id)
        assert (row.state, row.opened, row.counts) == ("performed", None, planned)
        told = work.session.scalars(select(LedgerEvent).where(LedgerEvent.type == "ErasurePerformed")).all()
        assert len(told) > len(ALL)
        assert services.plan(work, services.target_of(work, case.project), YEARS).total == 0
    verdict = verify_database(made.database, files=case.store)
    assert verdict.faults == []
    assert verdict.erased > 10
    left = [name for name in traces(made.database, SECRET) if not name.startswith(("users.", "training_records."))]
    assert left == ["ledger_value.value"]  # the name of the person who left: another erasure
    assert traces(made.database, GUEST) == traces(made.database, "雨の日の記録") == []
    assert operated(case) == ("98", ["open", 2], ["important", "key", "none"])
    assert frozen(case) == before
    assert gone == 3  # a file, the PDF and the record of the report; what another project holds too stays
    stored = [case.store.read(digest) for digest in case.store.digests()]
    assert SHARED in stored
    assert not any(SECRET.encode() in content for content in stored)


def test_the_erased_project_says_so_wherever_it_is_read(case: Case) -> None:
    made, number = case.made, performed(case, case.project)
    with made.acting("expert", read_only=True) as work:
        project = work.session.get_one(Project, case.project)
        assert (project.name, project.name_en) == ("（消去された文）", "(text was erased)")
        comment = work.session.scalars(select(Comment)).one()
        assert comment.text.startswith("（消去された文）")
        piece = work.session.get_one(Evidence, case.file)
        assert piece.erasure is not None
        with pytest.raises((DamagedFile, Refusal)):
            reports.download(work, case.report, case.store)
        report = work.session.get_one(Report, case.report)
        assert reports.matching(work, report.file_digest)[0].erasure.number == number
    order = reports.Order(case.project, "ja", "消去のあと")
    again = reports.issue(made.database, made.actor("expert"), case.store, order)
    with made.acting("expert", read_only=True) as work:
        content = reports.download(work, again, case.store)[1].decode()
    assert again != case.report
    assert "（消去された文）" in content
    assert SECRET not in content
    assert verify_database(made.database, files=case.store).ok


def test_an_erased_person_has_no_name_left_and_a_restore_erases_again(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, number = case.made, performed(case, case.project)
    backup = tmp_path / "backup.sqlite3"
    if made.database.dialect == "sqlite":
        with made.database.reading() as connection:
            connection.exec_driver_sql("SELECT 1")
            shutil.copyfile(str(made.database.url.database), backup)
    wish = Wish(("training",), "request", "本人の請求")
    first = asked(case, by="secretariat", words="leaver@test.example", wish=wish)
    approved(case, first)
    with made.acting("privacy", read_only=True) as work:
        person = services.erasure(work, first).person
        assert person is not None
        assert (person.is_active, services.erasure(work, first).counts) == (True, {"training": 3})
    assert verify_database(made.database, files=case.store).faults == []
    assert "training_records.note" not in traces(made.database, SECRET)
    id = asked(
        case, by="secretariat", words="leaver@test.example", wish=Wish(("account",), "request", "退職した本人の請求")
    )
    approved(case, id)
    assert traces(made.database, SECRET) == []
    assert traces(made.database, "leaver@test.example") == []
    verdict = verify_database(made.database, files=case.store)
    assert verdict.faults == []
    with made.acting("privacy", read_only=True) as work:
        row = services.erasure(work, id)
        assert row.person is not None
        assert (row.person.is_active, row.person.roles, row.person.name) == (False, frozenset(), "（消去された利用者）")
        assert row.counts == {"account": 6}
        told = listed(work)
    assert [each["number"] for each in told] == [number, number + 1, number + 2]
    with made.acting() as work:
        assert not any(replay(work, each) for each in told)
        with pytest.raises(Refusal, match="一覧ではない"):
            replay(work, {**told[2], "id": "another", "person_id": "nobody"})
    if backup.exists():
        monkeypatch.setattr(performing, "GRACE", timedelta(0))
        monkeypatch.setenv("GOVERNANCE_DATABASE_URL", f"sqlite:///{backup}")
        monkeypatch.setenv("GOVERNANCE_DATA_DIR", str(tmp_path / "var"))
        monkeypatch.setattr("governance.cli_erasures.open_store", lambda settings: case.store)
        file, words = tmp_path / "list.json", ["--lang", "en", "erasure", "replay", str(tmp_path / "list.json")]
        notary = Notary(made.database, tmp_path / "var" / "keys", "governance")
        strange = SecretKey.new(notary.key()[0].name)
        missing = [{**told[2], "id": "another", "number": 2, "person_id": "nobody"}, *told]

        def signed(entries: list[dict[str, Any]]) -> str:
            return listing.file(entries, notary.attest(lambda origin: listing.text(origin, entries)))

        for content, said in (
            (json.dumps(told), "not signed"),
            ("[", "no list"),
            (
                listing.file(told, sign(listing.text(strange.name, told), [strange])),
                "not signed by a key of this ledger",
            ),
            (signed(told).replace('"training"', '"account"'), "changed after"),
            (listing.file(told, notary.checkpoint().note), "changed after"),
            (listing.file(told, "note"), "changed after"),
        ):
            file.write_text(content, encoding="utf-8")
            refused = CliRunner().invoke(cli, words)
            assert (said in refused.output + refused.stderr, refused.exit_code != 0) == (True, True), refused.output
        file.write_text(signed(missing), encoding="utf-8")
        told_of = CliRunner().invoke(cli, words)
        assert "performed again: 2, not performed: 1, files removed: " in told_of.output, told_of.output
        assert ("#2 another: " in told_of.stderr, told_of.exit_code) == (True, 1)
        monkeypatch.setenv("GOVERNANCE_DATABASE_URL", made.database.url.render_as_string(hide_password=False))
        assert CliRunner().invoke(cli, ["erasure", "list", "--out", str(file)]).exit_code == 0
        assert file.read_text(encoding="utf-8") == signed(told), "Ed25519 signs the same list the same way"
        monkeypatch.setenv("GOVERNANCE_DATABASE_URL", f"sqlite:///{backup}")
        assert CliRunner().invoke(cli, words).exit_code == 0
        restored = Database(f"sqlite:///{backup}")
        assert traces(restored, SECRET) == []
        assert verify_database(restored, files=case.store).faults == []
        restored.dispose()


def test_nothing_is_left_in_the_file_of_the_database(case: Case, tmp_path: Path) -> None:
    if case.made.database.dialect != "sqlite":
        pytest.skip("a server's files are looked at by its tables (above)")
    performed(case, case.project)
    for part in ("training", "account") if traces(case.made.database, "leaver@test.example") else ():
        performed(case, "leaver@test.example", Wish((part,), "request", "本人の請求"))
    file = Path(str(case.made.database.url.database))
    case.made.database.dispose()
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*"))
    for form in (SECRET.encode(), SECRET.encode("unicode_escape")):
        assert form not in content


def test_the_day_of_an_erasure_is_the_day_in_japan() -> None:
    row = Erasure(number=1, parts=["evidence"], decided_at=datetime(2026, 11, 20, 15, 0, tzinfo=UTC))
    with pytest.raises(Refusal, match="2026-11-21"):
        refuse_erased(row)
