"""Training: validity by the terms that were met, attendances once and never in the future, and the gate before an act."""

from __future__ import annotations

from datetime import date

import pytest

from governance.insight.waiting import tasks
from governance.learning import attending, courses, overview, services
from governance.learning.courses import Particulars
from governance.learning.rules import standing, valid_until
from governance.ledger.audit import verify_database
from governance.notifications.models import Notice
from governance.projects.models import Project
from governance.refusals import Forbidden, Refusal, Refusals
from governance.reviews import services as reviews
from governance.screenings import reopening
from governance.screenings import services as screenings
from governance.screenings.models import Screening
from governance.work import UnitOfWork
from tests.builders import World, answered, opened, registered
from tests.learning.scenes import TODAY, act, course, of, terms
from tests.reviews import scenes


def took(made: World, course_id: str, *names: str, on: date = TODAY, who: str = "secretariat") -> None:
    people = [made.people[name].id for name in names]
    act(made, who, lambda work: attending.record(work, of(work, course_id), people, on))


def lacks(made: World, name: str, doing: str = "fill") -> list[tuple[str, str]]:
    with made.acting("administrator", read_only=True) as work:
        found = services.lacking(work, made.people[name].id, doing)  # type: ignore[arg-type]
        return [(each.course.code, each.standing.state) for each in found]


# ---------------------------------------------------------------- rules


@pytest.mark.parametrize(
    ("on", "months", "until"),
    [
        (date(2026, 11, 20), 12, date(2027, 11, 19)),
        (date(2024, 2, 29), 12, date(2025, 2, 27)),
        (date(2026, 8, 31), 6, date(2027, 2, 27)),
        (date(2026, 1, 1), 1, date(2026, 1, 31)),
        (date(2026, 11, 20), 0, None),
    ],
)
def test_validity_is_counted_in_months(on: date, months: int, until: date | None) -> None:
    assert valid_until(on, months) == until


class _Attended:
    def __init__(self, on: date, until: date | None) -> None:
        self.attended_on, self.valid_until = on, until


@pytest.mark.parametrize(
    ("until", "state"),
    [
        (date(2026, 11, 19), "expired"),
        (date(2026, 11, 20), "soon"),
        (date(2026, 12, 20), "soon"),
        (date(2026, 12, 21), "valid"),
        (None, "valid"),
    ],
)
def test_an_attendance_ends_and_says_so_thirty_days_before(until: date | None, state: str) -> None:
    assert standing([_Attended(date(2026, 1, 1), until)], TODAY).state == state
    assert standing([], TODAY).state == "missing"


# ---------------------------------------------------------------- the gate


def test_a_fresh_installation_asks_for_nothing(made: World) -> None:
    assert lacks(made, "owner") == []
    opened(made, registered(made))


def test_filling_waits_for_required_training_and_says_which_and_where(made: World) -> None:
    project_id = registered(made)
    course_id = course(made)
    with pytest.raises(Refusal, match="learning.training") as refused:
        opened(made, project_id)
    assert all(words in refused.value.text.ja for words in ("AIE-101", "導入教育", "未受講", "eラーニング"))
    assert all(words in refused.value.text.en for words in ("AIE-101", "Introduction", "not taken", "e-learning"))
    took(made, course_id, "owner")
    screening = opened(made, project_id)
    with pytest.raises(Refusal, match="learning.training"):
        answered(made, screening)  # the member has not taken it
    took(made, course_id, "member")
    answered(made, screening)


def test_submitting_waits_when_the_training_has_ended_meanwhile(made: World) -> None:
    screening = opened(made, registered(made))
    answered(made, screening)
    course_id = course(made)
    took(made, course_id, "owner", on=date(2025, 11, 19))
    assert lacks(made, "owner") == [("AIE-101", "expired")]

    def submit(work: UnitOfWork) -> None:
        row = work.session.get_one(Screening, screening)
        screenings.submit(work, row, rev=row.rev)

    with pytest.raises(Refusal, match="2026-11-18"):
        act(made, "owner", submit)
    took(made, course_id, "owner")
    act(made, "owner", submit)


def test_screening_again_waits_like_filling(made: World) -> None:
    project_id = registered(made)
    course(made)

    def reopen(work: UnitOfWork) -> None:
        reopening.reopen(work, work.session.get_one(Project, project_id), "P", reasons=["data"])

    with pytest.raises(Refusal, match="learning.training"):
        act(made, "owner", reopen)


def test_reviewing_and_voting_wait_too(made: World) -> None:
    case = scenes.case(made)
    course(made, acts=["review", "vote"])

    def take(work: UnitOfWork) -> None:
        row = work.session.get_one(Screening, case)
        reviews.take_review(work, row, rev=row.rev)

    with pytest.raises(Refusal, match="learning.training"):
        act(made, "expert", take)
    assert lacks(made, "ext1", "vote") == [("AIE-101", "missing")]


def test_a_warning_does_not_stop_anybody(made: World) -> None:
    course(made, mode="warn")
    assert lacks(made, "owner") == [("AIE-101", "missing")]
    opened(made, registered(made))


def test_only_the_roles_named_are_asked(made: World) -> None:
    course(made, acts=["fill"], roles=["expert"])
    assert lacks(made, "owner") == []
    opened(made, registered(made))


def test_two_missing_courses_are_both_named(made: World) -> None:
    project_id = registered(made)
    course(made)
    course(made, "AIE-201")
    with made.acting("owner") as work, pytest.raises(Refusal, match="AIE-101.*AIE-201"):
        screenings.open_screening(work, work.session.get_one(Project, project_id), "P")


def test_missing_training_waits_on_the_home_page(made: World) -> None:
    course_id = course(made)

    def waiting() -> list[str]:
        with made.acting("owner", read_only=True) as work:
            return [task.href for task in tasks(work, TODAY) if "/learning/" in task.href]

    assert waiting() == [f"/learning/courses/{course_id}"]
    took(made, course_id, "owner")
    assert waiting() == []


def test_terms_hold_from_their_day_and_what_was_attended_keeps_its_validity(made: World) -> None:
    course_id = course(made)
    took(made, course_id, "owner", on=date(2026, 5, 1))
    tomorrow = date(2026, 11, 21)

    def stricter(work: object) -> None:
        row = of(work, course_id)  # type: ignore[arg-type]
        courses.set_terms(work, row, terms(effective_on=tomorrow, valid_months=3), rev=row.rev)  # type: ignore[arg-type]

    act(made, "administrator", stricter)
    with made.acting("administrator", read_only=True) as work:
        row = of(work, course_id)
        assert services.terms_on(row, TODAY).version == 1  # type: ignore[union-attr]
        assert services.terms_on(row, tomorrow).version == 2  # type: ignore[union-attr]
    assert lacks(made, "owner") == []
    assert verify_database(made.database).ok


def test_a_course_that_ended_is_not_asked_for(made: World) -> None:
    course_id = course(made)
    act(made, "administrator", lambda work: courses.retire(work, of(work, course_id), rev=of(work, course_id).rev))
    assert lacks(made, "owner") == []
    with pytest.raises(Refusal, match="learning.retired"):
        took(made, course_id, "owner")


# ---------------------------------------------------------------- attendances


def test_an_attendance_is_recorded_once_and_never_ahead(made: World) -> None:
    course_id = course(made)
    took(made, course_id, "owner", "member")
    with pytest.raises(Refusals, match="learning.double|すでに"):
        took(made, course_id, "expert", "owner")
    assert lacks(made, "expert") == [("AIE-101", "missing")], "nobody of a refused entry is recorded"
    with pytest.raises(Refusals, match="まだ来ていない"):
        took(made, course_id, "expert", on=date(2026, 11, 22))
    with pytest.raises(Refusals, match="選んで"):
        took(made, course_id)


def test_one_records_the_own_attendance_where_the_course_allows_it(made: World) -> None:
    own, closed = course(made), course(made, "AIE-201", self_record=False)
    act(made, "member", lambda work: attending.record_own(work, of(work, own), TODAY))
    assert lacks(made, "member") == [("AIE-201", "missing")]
    with pytest.raises(Forbidden):
        act(made, "member", lambda work: attending.record_own(work, of(work, closed), TODAY))
    with pytest.raises(Refusals):
        act(made, "member", lambda work: attending.record_own(work, of(work, own), date(2026, 12, 1)))


def test_a_withdrawn_attendance_counts_no_more_and_may_be_recorded_anew(made: World) -> None:
    course_id = course(made)
    took(made, course_id, "owner")
    with made.acting("secretariat") as work:
        row = services.attendances(work)[made.people["owner"].id, course_id][0]
        with pytest.raises(Refusal, match="learning.reason"):
            attending.withdraw(work, row, "", rev=row.rev)
        attending.withdraw(work, row, "別の人の記録", rev=row.rev)
    assert lacks(made, "owner") == [("AIE-101", "missing")]
    took(made, course_id, "owner")
    assert lacks(made, "owner") == []
    assert verify_database(made.database).ok


def test_auditors_and_members_manage_nothing(made: World) -> None:
    course_id = course(made)
    for name in ("auditor", "member", "expert"):
        with pytest.raises(Forbidden):
            took(made, course_id, "owner", who=name)
        with pytest.raises(Forbidden):
            act(made, name, lambda work: courses.add(work, "X-1", Particulars("題"), terms()))


# ---------------------------------------------------------------- lists


def listed(made: World, course_id: str, text: str, encoding: str = "utf-8") -> int:
    return act(
        made,
        "secretariat",
        lambda work: len(attending.record_list(work, of(work, course_id), text.encode(encoding))),
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_list_is_read_as_spreadsheets_write_it(made: World, encoding: str) -> None:
    course_id = course(made)
    text = "メール,受講日,備考\r\nowner@test.example,2026/11/18,集合教育\r\nMEMBER@test.example,２０２６-11-18,\r\n\r\n"
    assert listed(made, course_id, text, encoding) == 2
    assert lacks(made, "owner") == lacks(made, "member") == []


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("nobody@test.example,2026-11-18", "2行目：利用者が見つかりません"),
        ("owner@test.example,あした", "2行目：日付として読めません"),
        ("owner@test.example,2026-12-18", "2行目：まだ来ていない"),
        ("owner@test.example,2026-11-18\nowner@test.example,2026-11-18", "3行目：見本 ownerさんの2026-11-18の受講は"),
    ],
)
def test_a_list_with_a_wrong_line_stores_nothing_and_names_it(made: World, lines: str, said: str) -> None:
    course_id = course(made)
    with pytest.raises(Refusals, match=said):
        listed(
            made,
            course_id,
            f"メール,受講日\nmember@test.example,2026-11-18\n{lines}".replace(
                "\nmember@test.example,2026-11-18", "", 1
            ),
        )
    assert lacks(made, "owner") == [("AIE-101", "missing")]


@pytest.mark.parametrize("text", ["", "名前,日\nx,y", "メール,受講日\n", 'メール,受講日\n"x'])
def test_what_is_no_list_is_said(made: World, text: str) -> None:
    course_id = course(made)
    with pytest.raises(Refusal, match="learning.list"):
        listed(made, course_id, text)


# ---------------------------------------------------------------- courses


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"mode": "never"}, "mode"),
        ({"acts": ["sleep"]}, "acts"),
        ({"roles": ["king"]}, "roles"),
        ({"acts": [], "roles": []}, "acts"),
        ({"acts": [], "roles": ["member"]}, "acts"),
        ({"valid_months": 121}, "valid_months"),
        ({"valid_months": -1}, "valid_months"),
        ({"effective_on": None}, "effective_on"),
    ],
)
def test_terms_that_make_no_sense_are_refused(made: World, changes: dict[str, object], place: str) -> None:
    with pytest.raises(Refusals) as refused:
        course(made, **changes)
    assert [each.place for each in refused.value.problems] == [place]


def test_a_code_is_taken_once_and_terms_do_not_reach_into_the_past(made: World) -> None:
    course_id = course(made)
    with pytest.raises(Refusals, match="すでに使われて"):
        course(made)

    def earlier(work: object) -> None:
        row = of(work, course_id)  # type: ignore[arg-type]
        courses.set_terms(work, row, terms(effective_on=date(2026, 3, 31)), rev=row.rev)  # type: ignore[arg-type]

    with pytest.raises(Refusals, match="前にはできません"):
        act(made, "administrator", earlier)


# ---------------------------------------------------------------- overview and reminders


def test_the_overview_counts_who_needs_what(made: World) -> None:
    course_id = course(made)
    took(made, course_id, "owner")
    took(made, course_id, "member", on=date(2025, 12, 1))
    took(made, course_id, "expert")
    with made.acting("auditor", read_only=True) as work:
        _, rows, counts = overview.table(work)
        [count] = counts
        assert count.states == {"valid": 1, "soon": 1, "expired": 0, "missing": 1}
        assert (count.needed, count.share) == (3, 66)
        expert = next(row for row in rows if row.user.email.startswith("expert@"))
        assert expert.needs[0] is not None
        assert not expert.needs[0].is_needed
    with made.acting("member", read_only=True) as work, pytest.raises(Forbidden):
        overview.table(work)


def test_people_hear_once_that_training_ends_has_ended_or_is_missing(made: World) -> None:
    course_id = course(made)
    took(made, course_id, "owner", on=date(2025, 12, 1))
    took(made, course_id, "member", on=date(2025, 11, 1))

    def told() -> list[tuple[str, str]]:
        with made.acting(read_only=True) as work:
            return sorted(
                (row.user_id, row.codes["about"]) for row in work.session.query(Notice).filter_by(kind="training")
            )

    for _ in range(2):
        act(made, "system", lambda work: overview.remind(work, TODAY))
    wanted = {"owner": "soon", "member": "expired", "stranger": "missing"}
    assert told() == sorted((made.people[name].id, about) for name, about in wanted.items())
