"""A piece of evidence in its life: several answers, versions, expiry, taking away — and nothing is lost that a record rests on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from governance.insight.waiting import tasks
from governance.ledger.audit import verify_database
from governance.ledger.services import events, subject_events
from governance.notifications.models import Notice
from governance.projects import life
from governance.projects.models import Evidence, Project
from governance.refusals import Conflict, Forbidden, NotFound, Refusal
from governance.reports.case import read_case
from governance.reports.compose_answers import evidence as compose_evidence
from governance.reviews import conditions, evidence_uses
from governance.reviews.models import Condition
from governance.screenings import evidence, evidence_life, services
from governance.screenings.evidence_life import Version
from governance.screenings.loading import load
from governance.screenings.models import Snapshot
from governance.screenings.shelf import expired, is_expired, shelf, uses
from governance.screenings.snapshots import thaw
from tests.builders import World, answered, opened, registered, submitted
from tests.reviews import scenes
from tests.screenings.shelves import added, given, replaced, row, supports

TODAY = date(2026, 11, 20)
Act = Callable[..., None]


@pytest.fixture(autouse=True)
def _told() -> None:
    evidence_uses.tell_shelf()


@pytest.fixture
def project(made: World) -> str:
    return registered(made)


@pytest.fixture
def screening(made: World, project: str) -> str:
    screening = opened(made, project)
    answered(made, screening)
    return screening


def piece(made: World, id: str) -> Evidence:
    with made.acting(read_only=True) as work:
        found = work.session.get_one(Evidence, id)
        work.session.expunge(found)
    return found


def taken_away(made: World, id: str, act: Act, reason: str = "不要") -> None:
    with made.acting("owner") as work:
        found = work.session.get_one(Evidence, id)
        act(work, found, rev=found.rev, reason=reason)


def renamed(made: World, id: str, title: str, expires_on: date | None = None) -> None:
    with made.acting("member") as work:
        found = work.session.get_one(Evidence, id)
        evidence_life.change(work, found, rev=found.rev, title=title, title_en="", expires_on=expires_on)


def kinds(made: World, id: str) -> list[str]:
    with made.acting(read_only=True) as work:
        found = work.session.get_one(Evidence, id)
        return [use.kind for use in uses(work, found.project_id, [found]).get(id, [])]


# ---------------------------------------------------------------- one piece, several answers


def test_one_piece_supports_several_answers_and_is_stored_once(made: World, screening: str) -> None:
    id = added(made, screening, "P1a", "P1b")
    assert {key for key, held in supports(made, screening).items() if id in held} == {"P1a", "P1b"}
    with pytest.raises(Refusal, match="already"), made.acting("member") as work:
        evidence.attach(work, row(work, screening), "P1a", id)
    with made.acting(read_only=True) as work:
        assert [each.type for each in subject_events(work.session, "evidence", id)] == [
            "EvidenceAdded",
            "EvidenceAttached",
        ]


def test_the_same_file_twice_at_one_question_is_one_piece(made: World, screening: str) -> None:
    assert added(made, screening, "P1a") == added(made, screening, "P1a")


def test_evidence_of_another_project_is_not_found(made: World, screening: str) -> None:
    other = opened(made, registered(made))
    answered(made, other)
    id = added(made, other, "P1a")
    with pytest.raises(NotFound), made.acting("member") as work:
        evidence.attach(work, row(work, screening), "P1a", id)
    with pytest.raises(NotFound), made.acting("member") as work:
        evidence_life.piece_of(work, row(work, screening).project, id)


# ---------------------------------------------------------------- versions


def test_a_new_version_takes_over_the_chosen_answers_and_the_old_one_stays(made: World, screening: str) -> None:
    first = added(made, screening, "P1a", "P1b", "P1c")
    second = replaced(made, first, (screening, "P1a"), (screening, "P1c"))
    held = supports(made, screening)
    assert (held["P1a"], held["P1b"], held["P1c"]) == ([second], [first], [second])
    third = replaced(made, second, (screening, "P1a"), content="三")
    with made.acting(read_only=True) as work:
        stand = shelf(work, row(work, screening).project_id)
        newest = work.session.get_one(Evidence, third)
        assert [each.id for each in stand.versions(newest)] == [first, second, third]
        assert (stand.number(newest), newest.title) == (3, "試験報告書.pdf")
        assert first not in {each.id for each in stand.current()}
        [*_, last] = subject_events(work.session, "evidence", third)
        assert (last.type, last.body["codes"]["replaces"], last.body["codes"]["questions"]) == (
            "EvidenceReplaced",
            second,
            ["P1a"],
        )
    assert verify_database(made.database).ok


def test_what_was_submitted_keeps_its_version(made: World, screening: str) -> None:
    first = added(made, screening, "P1a")
    submitted(made, screening)
    second = replaced(made, first, (screening, "P1a"))
    assert supports(made, screening)["P1a"] == [first]
    with made.acting(read_only=True) as work:
        snapshot = work.session.scalars(select(Snapshot)).one()
        assert first in snapshot.body
        assert second not in snapshot.body
    assert kinds(made, first) == ["answer", "snapshot"]
    assert verify_database(made.database).ok


def test_a_snapshot_tells_version_and_last_day(made: World, screening: str) -> None:
    first = added(made, screening, "P1a")
    with made.acting("member") as work:
        version = Version(given("二"), expires_on=date(2027, 3, 31))
        evidence_life.replace(work, work.session.get_one(Evidence, first), version, [(screening, "P1a")])
    submitted(made, screening)
    with made.acting(read_only=True) as work:
        told = thaw(work.session, work.session.scalars(select(Snapshot)).one())["evidence"]
        case = read_case(work, row(work, screening).project, row(work, screening), "ja")
        printed = [each["kind"]["ja"] for each in compose_evidence(case)]
    assert [(each.get("version"), each.get("expires_on")) for each in told if each["kind"] == "file"] == [
        (2, "2027-03-31")
    ]
    assert all("version" not in each for each in told if each["kind"] == "link")
    assert printed == ["ファイル 第2版（2027-03-31まで有効）"]


def test_a_version_is_replaced_once(made: World, screening: str) -> None:
    first = added(made, screening, "P1a")
    replaced(made, first, (screening, "P1a"))
    with pytest.raises(Refusal, match="replaced"):
        replaced(made, first, (screening, "P1a"), content="三")


def test_the_same_content_is_no_new_version(made: World, screening: str) -> None:
    first = added(made, screening, "P1a")
    with pytest.raises(Refusal, match="same"):
        replaced(made, first, content="一")
    with pytest.raises(Refusal, match="nothing"), made.acting("member") as work:
        evidence_life.replace(work, work.session.get_one(Evidence, first), Version(None), [])


def test_a_place_that_the_piece_does_not_support_is_not_given_to_the_new_version(made: World, screening: str) -> None:
    first = added(made, screening, "P1a")
    other = opened(made, registered(made))
    answered(made, other)
    second = replaced(made, first, (other, "P1a"), (screening, "P1b"))
    assert second not in [id for held in supports(made, other).values() for id in held]
    assert second not in [id for held in supports(made, screening).values() for id in held]


# ---------------------------------------------------------------- title and last day


def test_title_and_last_day_change_and_are_recorded(made: World, screening: str) -> None:
    id = added(made, screening, "P1a")
    with made.acting("owner") as work:
        found = work.session.get_one(Evidence, id)
        rev = found.rev
        evidence_life.change(
            work, found, rev=rev, title=" 安全\n試験 ", title_en="Safety test", expires_on=date(2027, 3, 31)
        )
    changed = piece(made, id)
    assert (changed.title, changed.title_en, changed.expires_on) == ("安全 試験", "Safety test", date(2027, 3, 31))
    with pytest.raises(Conflict) as caught, made.acting("member") as work:
        evidence_life.change(
            work, work.session.get_one(Evidence, id), rev=rev, title="別の題名", title_en="", expires_on=None
        )
    assert caught.value.theirs["title"] == "安全 試験"
    with pytest.raises(Refusal, match="title"):
        renamed(made, id, " ")
    with made.acting(read_only=True) as work:
        assert [each.type for each in events(work.session, type="EvidenceChanged")] == ["EvidenceChanged"]
    assert verify_database(made.database).ok


def test_the_last_day_itself_still_counts(made: World, screening: str) -> None:
    id = added(made, screening, "P1a", expires_on=TODAY)
    assert not is_expired(piece(made, id), TODAY)
    assert is_expired(piece(made, id), TODAY + timedelta(days=1))
    with made.acting(read_only=True) as work:
        filled = load(work.session, row(work, screening))
        assert expired(filled, TODAY) == []
        assert [(key, each.id) for key, each in expired(filled, TODAY + timedelta(days=1))] == [("P1a", id)]
        assert services.gaps_of(filled) == []


def reminded(made: World, day: date) -> list[tuple[str, dict[str, str]]]:
    """Run the daily job and return who was told what."""
    with made.acting() as work:
        told = evidence_life.expiring(work, day)
        assert evidence_life.expiring(work, day) == 0
        fresh = work.session.scalars(select(Notice).where(Notice.created_at == work.now)).all()
        assert (told > 0) == bool(fresh)
        emails = {made.people[name].id: name for name in made.people}
        return sorted((emails[each.user_id], each.codes) for each in fresh)


def test_owner_and_adder_are_reminded_once_per_step(made: World, screening: str) -> None:
    last = TODAY + timedelta(days=40)
    id = added(made, screening, "P1a", expires_on=last)
    both = [("member", {"on": last.isoformat()}), ("owner", {"on": last.isoformat()})]
    assert reminded(made, last - timedelta(days=31)) == []
    assert reminded(made, last - timedelta(days=30)) == both
    assert reminded(made, last - timedelta(days=20)) == []
    assert reminded(made, last - timedelta(days=7)) == both
    assert reminded(made, last) == []
    assert [codes["about"] for _, codes in reminded(made, last + timedelta(days=1))] == ["expired", "expired"]
    assert reminded(made, last + timedelta(days=90)) == []
    with made.acting("member") as work:
        found = work.session.get_one(Evidence, id)
        evidence_life.change(
            work, found, rev=found.rev, title="題名", title_en="", expires_on=last + timedelta(days=100)
        )
    assert len(reminded(made, last + timedelta(days=90))) == 2


def test_nobody_is_reminded_of_former_versions_or_of_ended_projects(made: World, screening: str, project: str) -> None:
    first = added(made, screening, "P1a", expires_on=TODAY)
    replaced(made, first, (screening, "P1a"))
    added(made, screening, "P1b", content="三", expires_on=TODAY)
    with made.acting("owner") as work:
        life.withdraw(work, work.session.get_one(Project, project), reason="取りやめ")
    assert reminded(made, TODAY) == []


def test_the_home_page_shows_what_expires_to_owner_and_adder(made: World, screening: str) -> None:
    added(made, screening, "P1a", expires_on=TODAY + timedelta(days=30))
    for name, shown in (("owner", True), ("member", True), ("expert", False), ("stranger", False)):
        with made.acting(name, read_only=True) as work:
            hrefs = [task.href for task in tasks(work, TODAY)]
            assert any("/evidence/" in href for href in hrefs) is shown, name
            assert not any("/evidence/" in task.href for task in tasks(work, TODAY - timedelta(days=1)))


# ---------------------------------------------------------------- taking away


def test_a_piece_that_nothing_rests_on_is_removed_from_every_open_answer(made: World, screening: str) -> None:
    id = added(made, screening, "P1a", "P1b")
    taken_away(made, id, evidence_life.remove, "誤って登録した")
    held = supports(made, screening)
    assert id not in held.get("P1a", []) + held.get("P1b", [])
    gone = piece(made, id)
    assert (gone.removed_at is not None, gone.removed_by, gone.removed_because) == (
        True,
        made.people["owner"].id,
        "誤って登録した",
    )
    for act in (evidence_life.remove, evidence_life.withdraw):
        with pytest.raises(Refusal, match="gone"), made.acting("owner") as work:
            act(work, work.session.get_one(Evidence, id), rev=gone.rev, reason="もう一度")
    with pytest.raises(NotFound), made.acting("member") as work:
        evidence.attach(work, row(work, screening), "P1a", id)
    with made.acting(read_only=True) as work:
        assert id not in [each.id for each in shelf(work, gone.project_id).current()]
        [last] = events(work.session, type="EvidenceRemoved")
        assert last.body["codes"]["questions"] == ["P1a", "P1b"]
        assert last.private["reason"] == "誤って登録した"
    assert verify_database(made.database).ok


def test_what_a_record_rests_on_is_only_withdrawn_with_a_reason(made: World, screening: str) -> None:
    id = added(made, screening, "P1a")
    submitted(made, screening)
    for act, reason, code in ((evidence_life.remove, "不要", "rests"), (evidence_life.withdraw, " ", "reason")):
        with pytest.raises(Refusal, match=code):
            taken_away(made, id, act, reason)
    taken_away(made, id, evidence_life.withdraw, "測定の誤りが分かった")
    assert supports(made, screening)["P1a"] == [id]
    assert evidence_is_readable(made, id)
    with made.acting(read_only=True) as work:
        assert [each.type for each in events(work.session, type="EvidenceWithdrawn")] == ["EvidenceWithdrawn"]
    assert verify_database(made.database).ok


def evidence_is_readable(made: World, id: str) -> bool:
    with made.acting("auditor", read_only=True) as work:
        return evidence.piece(work, id).id == id


def decided_with(made: World, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Return a screening that the board approved with a condition, and the evidence of its P1a."""
    monkeypatch.setattr(
        scenes, "submitted", lambda made, screening: [added(made, screening, "P1a"), submitted(made, screening)]
    )
    screening = scenes.decided(made)[0]
    return screening, supports(made, screening)["P1a"][0]


def test_decisions_and_conditions_are_named_before_anything_is_taken_away(
    made: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    screening, id = decided_with(made, monkeypatch)
    assert kinds(made, id) == ["answer", "snapshot", "snapshot", "decision"]
    with made.acting(read_only=True) as work:
        condition, held_by = work.session.execute(select(Condition.id, Condition.owner_id)).one()
    owner = next(name for name, person in made.people.items() if person.id == held_by)
    with made.acting(owner) as work:
        reported = work.session.get_one(Condition, condition)
        proof = conditions.add_link(work, reported, "https://wiki.example/proof", title="証明").id
        conditions.report_condition(work, reported, rev=reported.rev, report="実施した", evidence_id=proof)
    assert kinds(made, proof) == ["condition"]
    for each in (id, proof):
        with pytest.raises(Refusal, match="rests"):
            taken_away(made, each, evidence_life.remove)
    assert screening


def test_two_people_who_change_a_piece_at_once_are_told(made: World, screening: str) -> None:
    id = added(made, screening, "P1a")
    rev = piece(made, id).rev
    with made.acting("owner") as work:
        evidence_life.change(
            work, work.session.get_one(Evidence, id), rev=rev, title="新", title_en="", expires_on=None
        )
    with pytest.raises(Conflict), made.acting("member") as work:
        evidence_life.remove(work, work.session.get_one(Evidence, id), rev=rev, reason="")
    assert piece(made, id).removed_at is None


# ---------------------------------------------------------------- who may


@pytest.mark.parametrize("name", ["expert", "auditor", "stranger", "secretariat", "approver"])
def test_only_the_team_changes_evidence(made: World, screening: str, name: str) -> None:
    id = added(made, screening, "P1a")
    acts = (
        lambda work, found: evidence_life.replace(work, found, Version(given("二")), []),
        lambda work, found: evidence_life.change(work, found, rev=found.rev, title="題", title_en="", expires_on=None),
        lambda work, found: evidence_life.remove(work, found, rev=found.rev, reason=""),
        lambda work, found: evidence_life.withdraw(work, found, rev=found.rev, reason="理由"),
    )
    for act in acts:
        with pytest.raises(Forbidden), made.acting(name) as work:
            act(work, work.session.get_one(Evidence, id))
    with made.acting(read_only=True) as work:
        assert (
            work.session.scalar(select(func.count()).select_from(Evidence).where(Evidence.removed_at.is_not(None))) == 0
        )


def test_a_suspended_project_keeps_its_evidence_as_it_is(made: World, screening: str, project: str) -> None:
    id = added(made, screening, "P1a")
    with made.acting("owner") as work:
        life.suspend(work, work.session.get_one(Project, project), reason="点検のため")
    with pytest.raises(Refusal), made.acting("member") as work:
        evidence.add_link(work, row(work, screening), "P1a", "https://wiki.example/x")
    with pytest.raises(Refusal):
        replaced(made, id)
