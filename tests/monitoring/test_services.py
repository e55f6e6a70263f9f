"""Indicators, readings and alerts through the services, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from governance.ledger.audit import verify_database
from governance.ledger.services import project_events
from governance.monitoring import alerts, indicators, readings
from governance.monitoring.indicators import Limits, Particulars
from governance.monitoring.models import Alert, Indicator, Reading
from governance.monitoring.services import overdue_readings
from governance.notifications.models import Notice
from governance.projects import life
from governance.projects.models import Project
from governance.refusals import Conflict, Forbidden, NotFound, Refusal, Refusals
from governance.reviews.rules import local_date
from governance.screenings.models import Screening
from governance.work import UnitOfWork, run
from tests.builders import World, registered
from tests.monitoring.scenes import START, act, entered, entries, particulars, states, watched


@pytest.fixture
def project_id(made: World) -> str:
    return registered(made)


def types(made: World, project_id: str) -> list[str]:
    with made.acting(read_only=True) as work:
        return [event.type for event in project_events(work.session, project_id)]


# ---------------------------------------------------------------- indicators


def test_an_indicator_is_registered_with_its_band_and_recorded(made: World, project_id: str) -> None:
    id = watched(made, project_id)
    with made.acting("auditor", read_only=True) as work:
        one = indicators.indicator(work, id)
        assert (one.code, one.phase, one.bands[0].low, one.bands[0].version) == ("K1", "M", "95", 1)
    assert "IndicatorAdded" in types(made, project_id)
    assert verify_database(made.database).ok


@pytest.mark.parametrize("name", ["expert", "auditor", "administrator", "approver", "stranger"])
def test_only_the_team_writes_indicators(made: World, project_id: str, name: str) -> None:
    with pytest.raises(Forbidden):
        act(made, name, lambda work: added(work, project_id, particulars(made), Limits("up", "95", "", START)))


def added(work: UnitOfWork, project_id: str, told: Particulars, limits: Limits) -> Indicator:
    return indicators.add(work, work.session.get_one(Project, project_id), told, limits)


def changed(work: UnitOfWork, id: str, told: Particulars) -> None:
    one = indicators.indicator(work, id)
    indicators.change(work, one, told, rev=one.rev)


def rebanded(work: UnitOfWork, id: str, low: str, days: int, reason: str) -> None:
    one = indicators.indicator(work, id)
    indicators.change_band(work, one, Limits("up", low, "", work.now + timedelta(days=days), reason), rev=one.rev)


def test_everything_wrong_with_an_indicator_is_said_at_once(made: World, project_id: str) -> None:
    told = particulars(
        made, name=" ", owner_id=made.people["expert"].id, phase="X", every_days=0, run_length=0, unit="x" * 31
    )
    with pytest.raises(Refusals) as refused:
        act(made, "member", lambda work: added(work, project_id, told, Limits("within", "NaN", "1e999", START)))
    places = {problem.place for problem in refused.value.problems}
    assert places == {"name", "owner_id", "phase", "every_days", "run_length", "unit", "low", "high"}


def test_a_changed_band_is_a_new_version_and_old_readings_keep_theirs(made: World, project_id: str) -> None:
    id = watched(made, project_id)
    entered(made, id, (1, "93"))
    with made.acting("member") as work:
        one = indicators.indicator(work, id)
        limits = Limits("up", "90", "", work.now, "季節の変動を見込む")
        indicators.change_band(work, one, limits, rev=one.rev)
        later = work.now
    with made.acting("member") as work:
        one = indicators.indicator(work, id)
        readings.enter(work, one.project, [readings.Entry(one, later + timedelta(seconds=1), "93")], source="hand")
    with made.acting(read_only=True) as work:
        rows = work.session.scalars(select(Reading).order_by(Reading.at)).all()
        assert [row.verdict for row in rows] == ["low", "in"]
        assert rows[0].band_id != rows[1].band_id
    assert verify_database(made.database).ok


@pytest.mark.parametrize(
    ("days", "reason", "low", "places"),
    [
        (-1, "理由", "90", {"valid_from"}),
        (0, "", "90", {"reason"}),
        (0, "理由", "95", {"low"}),
        (0, "理由", "x", {"low"}),
    ],
)
def test_a_band_is_not_changed_backwards_nor_without_reason(
    made: World, project_id: str, days: int, reason: str, low: str, places: set[str]
) -> None:
    id = watched(made, project_id)
    with pytest.raises(Refusals) as refused:
        act(made, "member", lambda work: rebanded(work, id, low, days, reason))
    assert {problem.place for problem in refused.value.problems} == places


def test_the_unit_stays_once_something_was_measured_in_it(made: World, project_id: str) -> None:
    id = watched(made, project_id)
    with made.acting("member") as work:
        one = indicators.indicator(work, id)
        indicators.change(work, one, particulars(made, unit="件"), rev=one.rev)
    entered(made, id, (1, "96"))
    with pytest.raises(Refusals, match="unit"):
        act(made, "member", lambda work: changed(work, id, particulars(made, unit="%")))


def test_two_people_changing_one_indicator_do_not_overwrite_each_other(made: World, project_id: str) -> None:
    id = watched(made, project_id)
    with made.acting("member") as work:
        one = indicators.indicator(work, id)
        seen = one.rev
        indicators.change(work, one, particulars(made, name="適合率"), rev=seen)
    with pytest.raises(Conflict), made.acting("owner") as work:
        indicators.change(work, indicators.indicator(work, id), particulars(made, name="再現率"), rev=seen)


def test_a_retired_indicator_takes_no_readings_and_its_alert_is_settled(made: World, project_id: str) -> None:
    id = watched(made, project_id)
    entered(made, id, (1, "90"))
    with made.acting("owner") as work:
        one = indicators.indicator(work, id)
        with pytest.raises(Refusal):
            indicators.retire(work, one, " ", rev=one.rev)
        indicators.retire(work, one, "別の指標に替えた", rev=one.rev)
    assert states(made, id) == [("out", "settled", "none")]
    with pytest.raises(Refusal, match="retired"):
        entered(made, id, (0.5, "99"))


# ---------------------------------------------------------------- readings


def test_entering_the_same_readings_again_changes_nothing(made: World, project_id: str) -> None:
    id = watched(made, project_id)
    first = entered(made, id, (2, "96"), (1, "97"))
    again = entered(made, id, (2, "96"), (1, "97"), (1, "97"))
    assert first.batch is not None
    assert first.batch.size == 2
    assert again.batch is None
    assert [each.result for each in again.compared] == ["same", "same", "same"]
    assert types(made, project_id).count("ReadingsEntered") == 1


def test_another_value_at_a_stored_time_needs_a_reason(made: World, project_id: str) -> None:
    id = watched(made, project_id)
    entered(made, id, (1, "96"))
    assert [each.result for each in entered(made, id, (1, "97"), (0.5, "98")).compared] == ["other", "new"]
    corrected = entered(made, id, (1, "97"), correction="校正の誤り")
    assert [each.result for each in corrected.compared] == ["corrected"]
    with made.acting(read_only=True) as work:
        rows = work.session.scalars(select(Reading).order_by(Reading.at, Reading.turn)).all()
        assert [(row.turn, row.value, row.note) for row in rows] == [
            (0, "96", ""),
            (1, "97", "校正の誤り"),
            (0, "98", ""),
        ]
        assert rows[1].corrects_id == rows[0].id
    assert verify_database(made.database).ok


def test_two_values_for_one_time_in_one_batch_are_never_both_taken(made: World, project_id: str) -> None:
    id = watched(made, project_id)
    done = entered(made, id, (1, "96"), (1, "97"), correction="x")
    assert [each.result for each in done.compared] == ["new", "other"]


def test_a_reading_is_corrected_or_taken_back_with_a_reason_and_stays(made: World, project_id: str) -> None:
    id = watched(made, project_id)
    entered(made, id, (1, "9.6"))
    with made.acting("member") as work:
        one = indicators.indicator(work, id)
        wrong = work.session.scalars(select(Reading)).one()
        with pytest.raises(Refusal):
            readings.correct(work, wrong, "96", " ")
        readings.correct(work, wrong, "96", "桁の誤り")
    assert states(made, id) == [("out", "settled", "none")]
    with made.acting("member") as work:
        one = indicators.indicator(work, id)
        tip = work.session.scalars(select(Reading).where(Reading.turn == 1)).one()
        with pytest.raises(Refusal):
            readings.correct(work, work.session.scalars(select(Reading).where(Reading.turn == 0)).one(), "97", "x")
        readings.correct(work, tip, "", "別の指標の値だった")
        assert readings.reading(work, one, tip.id).value == "96"
    done = entered(made, id, (1, "95"))
    assert [each.result for each in done.compared] == ["new"]
    with made.acting(read_only=True) as work:
        assert [row.value for row in work.session.scalars(select(Reading).order_by(Reading.turn))] == [
            "9.6",
            "96",
            "",
            "95",
        ]
    assert verify_database(made.database).ok


@pytest.mark.parametrize("name", ["expert", "auditor", "administrator", "approver", "stranger"])
def test_only_the_team_enters_readings(made: World, project_id: str, name: str) -> None:
    id = watched(made, project_id)
    with pytest.raises(Forbidden):
        entered(made, id, (1, "96"), name=name)


def test_an_indicator_of_a_hidden_project_does_not_exist(made: World, project_id: str) -> None:
    id = watched(made, project_id)
    with pytest.raises(NotFound), made.acting("stranger", read_only=True) as work:
        indicators.indicator(work, id)


def test_a_project_that_has_ended_takes_no_readings(made: World, project_id: str) -> None:
    id = watched(made, project_id)
    with made.acting("owner") as work:
        life.withdraw(work, work.session.get_one(Project, project_id), reason="実施しない")
    with pytest.raises(Refusal, match="ended"):
        entered(made, id, (1, "96"))
    with pytest.raises(Refusal, match="ended"):
        act(made, "member", lambda work: changed(work, id, particulars(made, name="x")))


def test_thousands_of_readings_are_one_entry_of_the_ledger(made: World, project_id: str) -> None:
    id = watched(made, project_id)
    done = entered(made, id, *((number / 100, "96.5") for number in range(1, 3001)))
    assert done.batch is not None
    assert done.batch.size == 3000
    assert types(made, project_id).count("ReadingsEntered") == 1
    assert verify_database(made.database).ok


def test_the_same_readings_sent_at_once_are_stored_once(made: World, project_id: str) -> None:
    id = watched(made, project_id)
    actor = made.actor("member")

    def send(_: int) -> str:
        def act_(work: UnitOfWork) -> str:
            one = indicators.indicator(work, id)
            done = readings.enter(work, one.project, entries(work, id, (1, "96"), (2, "90")), source="hand")
            return done.compared[0].result

        return run(made.database, actor, act_)

    with ThreadPoolExecutor(6) as pool:
        results = sorted(pool.map(send, range(6)))
    assert results == ["new", *["same"] * 5]
    assert len(states(made, id)) == 1
    assert verify_database(made.database).ok


# ---------------------------------------------------------------- alerts


def test_readings_out_of_band_open_one_alert_until_it_is_settled(made: World, project_id: str) -> None:
    id = watched(made, project_id)
    entered(made, id, (5, "94"))
    entered(made, id, (4, "93"), (3, "92"))
    entered(made, id, (2, "96"))
    assert states(made, id) == [("out", "open", "none")]
    with made.acting(read_only=True) as work:
        told = work.session.scalars(select(Notice)).all()
        assert {(each.user_id, each.kind) for each in told} == {(made.people["owner"].id, "alert")}


def test_an_acknowledged_alert_rests_until_its_day_or_until_the_value_was_back(made: World, project_id: str) -> None:
    id = watched(made, project_id)
    entered(made, id, (5, "94"))
    acknowledged(made, id, 10)
    entered(made, id, (4, "93"))
    assert states(made, id) == [("out", "acknowledged", "none")]
    entered(made, id, (3, "96"), (2, "93"))
    assert [state for _, state, _ in states(made, id)] == ["acknowledged", "open"]


def acknowledged(made: World, id: str, days: int, name: str = "member") -> None:
    with made.acting(name) as work:
        held = alerts.open_alert(work, indicators.indicator(work, id))
        assert held is not None
        alerts.acknowledge(work, held, "原因を確かめた", local_date(work.now) + timedelta(days=days), rev=held.rev)


def test_an_alert_is_not_acknowledged_without_reason_nor_for_ever(made: World, project_id: str) -> None:
    id = watched(made, project_id)
    entered(made, id, (5, "94"))
    with made.acting("member") as work:
        held = alerts.open_alert(work, indicators.indicator(work, id))
        assert held is not None
        today = local_date(work.now)
        for reason, until, place in (
            (" ", today, "reason"),
            ("x", None, "quiet_until"),
            ("x", today + timedelta(93), "quiet_until"),
        ):
            with pytest.raises(Refusal) as refused:
                alerts.acknowledge(work, held, reason, until, rev=held.rev)
            assert refused.value.place == place
    for name in ("auditor", "approver"):
        with pytest.raises(Forbidden):
            acknowledged(made, id, 1, name)
    acknowledged(made, id, 1, "expert")


def test_history_uploaded_later_raises_no_alert(made: World, project_id: str) -> None:
    id = watched(made, project_id)
    entered(made, id, (200, "90"), (100, "91"), (60, "96"))
    assert states(made, id) == []


def test_by_rule_enough_readings_in_a_row_open_a_rescreening(made: World, project_id: str) -> None:
    id = watched(made, project_id, opens_screening=True, phase="P", run_length=2)
    entered(made, id, (5, "94"))
    assert states(made, id) == [("out", "open", "waiting")]
    entered(made, id, (4, "93"))
    assert states(made, id) == [("out", "open", "opened")]
    with made.acting(read_only=True) as work:
        alert = work.session.scalars(select(Alert)).one()
        assert alert.screening_id == work.session.scalars(select(Screening.id)).one()
    assert {"ReassessmentOpened", "AlertScreened"} <= set(types(made, project_id))
    assert verify_database(made.database).ok


def test_a_screening_under_way_is_linked_instead(made: World, project_id: str) -> None:
    first = watched(made, project_id, opens_screening=True, phase="P")
    second = watched(made, project_id, opens_screening=True, phase="P", name="別の指標")
    entered(made, first, (5, "94"))
    entered(made, second, (5, "94"))
    assert states(made, second) == [("out", "open", "linked")]
    with made.acting(read_only=True) as work:
        assert len(set(work.session.scalars(select(Alert.screening_id)))) == 1


def test_a_rescreening_that_cannot_be_opened_is_told_and_the_reading_is_kept(made: World, project_id: str) -> None:
    id = watched(made, project_id, opens_screening=True)
    assert entered(made, id, (5, "94")).batch is not None
    assert states(made, id) == [("out", "open", "refused")]


def test_an_acknowledged_run_that_grows_long_enough_still_opens_the_rescreening(made: World, project_id: str) -> None:
    id = watched(made, project_id, opens_screening=True, phase="P", run_length=3)
    entered(made, id, (5, "94"))
    acknowledged(made, id, 10)
    entered(made, id, (4, "94"))
    assert len(states(made, id)) == 1
    entered(made, id, (3, "94"))
    assert states(made, id)[-1] == ("out", "open", "opened")


def test_the_daily_job_tells_of_readings_that_did_not_come_and_a_reading_settles_it(
    made: World, project_id: str
) -> None:
    id = watched(made, project_id, every_days=7)
    today = local_date(made.now)
    for days, opened in ((7, 0), (8, 1), (9, 0)):
        with made.acting() as work:
            assert overdue_readings(work, today + timedelta(days=days)) == opened
    assert states(made, id) == [("overdue", "open", "none")]
    entered(made, id, (0, "99"))
    assert states(made, id) == [("overdue", "settled", "none")]
    assert verify_database(made.database).ok


def test_the_daily_job_leaves_projects_alone_that_do_not_run(made: World, project_id: str) -> None:
    watched(made, project_id, every_days=1)
    with made.acting("owner") as work:
        life.suspend(work, work.session.get_one(Project, project_id), reason="点検")
    with made.acting() as work:
        assert overdue_readings(work, local_date(work.now) + timedelta(days=9)) == 0


def test_a_decided_rescreening_settles_its_alert(made: World, project_id: str) -> None:
    id = watched(made, project_id, opens_screening=True, phase="P")
    entered(made, id, (5, "94"))
    with made.acting() as work:
        row = work.session.scalars(select(Screening)).one()
        row.state = "approved"
        work.record("DecisionRecorded", subject=("screening", row.id))
    with made.acting() as work:
        overdue_readings(work, local_date(work.now))
    assert states(made, id) == [("out", "settled", "opened")]
    entered(made, id, (1, "94"))
    assert states(made, id)[-1][:2] == ("out", "open")


def test_the_cost_of_an_entry_does_not_grow_with_what_is_stored(made: World, project_id: str) -> None:
    id = watched(made, project_id)
    entered(made, id, *((number / 10, "96.5") for number in range(20, 2000)))
    with made.acting("member") as work:
        done = readings.enter(
            work, indicators.indicator(work, id).project, entries(work, id, (0.5, "90")), source="hand"
        )
        assert len(done.alerts) == 1
