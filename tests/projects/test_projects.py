"""Projects through the real services: numbers, what must be told, who takes part, and who may know that a project exists."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from governance.accounts.models import User
from governance.accounts.services import grant_role
from governance.ledger.models import LedgerEvent
from governance.projects import services
from governance.projects.models import Project, ProjectMember, ProjectReader
from governance.projects.rules import LIMITS, next_number
from governance.refusals import Conflict, Forbidden, NotFound, Refusal, Refusals
from governance.work import Actor
from tests.builders import PARTICULARS, ROLES, World, registered


@pytest.fixture
def project(made: World) -> str:
    return registered(made)


def row_of(work, project_id: str) -> Project:
    return work.session.get(Project, project_id)


def user_of(work, made: World, name: str) -> User:
    return work.session.get(User, made.people[name].id)


def register(made: World, by: str = "owner", **told) -> str:
    with made.acting(by) as work:
        return services.register(work, replace(PARTICULARS, **told)).id


def change(made: World, project_id: str, *, by: str = "owner", rev: int | None = None, **told) -> int:
    """Change a project as it stands, or from a form opened at `rev`; return its revision before."""
    with made.acting(by) as work:
        row = row_of(work, project_id)
        before = row.rev
        services.change(work, row, replace(PARTICULARS, **told), rev=before if rev is None else rev)
    return before


def add(made: World, project_id: str, name: str, part: str, by: str = "owner") -> str:
    with made.acting(by) as work:
        return services.add_member(work, row_of(work, project_id), user_of(work, made, name), part).id


def remove(made: World, project_id: str, member_id: str, by: str = "owner") -> None:
    with made.acting(by) as work:
        services.remove_member(work, row_of(work, project_id), work.session.get(ProjectMember, member_id))


def parts(made: World, project_id: str, *, current: bool = True) -> set[tuple[str, str]]:
    """Return (person, part) of everybody who takes part now, or who no longer does."""
    names = {person.id: name for name, person in made.people.items()}
    with made.acting(read_only=True) as work:
        return {(names[m.user_id], m.part) for m in row_of(work, project_id).members if m.is_current is current}


def membership(made: World, project_id: str, name: str) -> str:
    with made.acting(read_only=True) as work:
        members = row_of(work, project_id).members
        return next(m.id for m in members if m.is_current and m.user_id == made.people[name].id)


def seen(made: World, name: str) -> set[str]:
    """Return the projects a person may know of."""
    with made.acting(name, read_only=True) as work:
        return {row.id for row in services.projects(work)}


def acts(made: World) -> list[str]:
    with made.acting(read_only=True) as work:
        return list(work.session.scalars(select(LedgerEvent.type).order_by(LedgerEvent.seq)))


# ---------------------------------------------------------------- registering


def test_numbers_count_up_within_the_year_and_begin_again_in_the_next(made):
    ids = [register(made), register(made), register(made, by="stranger")]
    made.now = datetime(2027, 1, 4, 3, 0, tzinfo=UTC)
    ids.append(register(made))
    with made.acting(read_only=True) as work:
        numbers = [row_of(work, each).number for each in ids]
    assert numbers == ["AIG-2026-001", "AIG-2026-002", "AIG-2026-003", "AIG-2027-001"]


@pytest.mark.parametrize(
    ("taken", "number"),
    [
        ([], "AIG-2026-001"),
        (["AIG-2026-001", "AIG-2026-007"], "AIG-2026-008"),
        (["AIG-2026-999"], "AIG-2026-1000"),
        (["AIG-2026-1000", "AIG-2026-999"], "AIG-2026-1001"),
        (["AIG-2025-050"], "AIG-2026-001"),
    ],
)
def test_the_next_number_is_one_above_the_highest_of_its_year(taken, number):
    assert next_number(2026, taken) == number


def test_who_registers_is_the_owner_and_the_act_stands_in_the_ledger(made):
    project = register(made, name="  見本の点検AI  ")
    with made.acting("owner", read_only=True) as work:
        row = services.project(work, project)
        assert (row.name, row.sector, row.regions, row.framework_key) == (
            "見本の点検AI",
            "industry",
            ["japan"],
            services.current_framework(work).key,
        )
        assert (row.owner.id, row.created_by, row.created_at.year) == (work.actor.id, work.actor.id, 2026)
        assert services.particulars_of(row) == replace(PARTICULARS, name="見本の点検AI")
    assert acts(made)[-2:] == ["ProjectRegistered", "MemberJoined"]


@pytest.mark.parametrize("name", sorted(name for name, roles in ROLES.items() if "owner" not in roles))
def test_only_a_project_owner_registers(made, name):
    with pytest.raises(Forbidden):
        register(made, by=name)
    assert seen(made, "auditor") == set()


def test_everything_that_is_missing_unknown_or_too_long_is_named_at_once(made):
    before = acts(made)
    with pytest.raises(Refusals) as refused:
        register(made, name=" ", sector="", regions=["japan", "moon"], own_roles=[], customer="客" * 201)
    assert [(p.code, p.place) for p in refused.value.problems] == [
        ("projects.name", "name"),
        ("projects.too_long", "customer"),
        ("projects.choose", "sector"),
        ("projects.unknown", "regions"),
        ("projects.choose", "own_roles"),
    ]
    assert all(p.text.ja and p.text.en for p in refused.value.problems)
    assert acts(made) == before
    assert seen(made, "auditor") == set()


@pytest.mark.parametrize(("field", "limit"), LIMITS.items())
def test_each_text_may_be_as_long_as_its_limit_and_no_longer(made, field, limit):
    register(made, **{field: "字" * limit})
    with pytest.raises(Refusals) as refused:
        register(made, **{field: "字" * (limit + 1)})
    assert [(p.code, p.place) for p in refused.value.problems] == [("projects.too_long", field)]
    assert str(limit) in refused.value.problems[0].text.en


# ---------------------------------------------------------------- changing


def test_a_change_is_stored_with_the_next_revision(made, project):
    before = change(made, project, name="改めた名称", techniques=["vision"])
    with made.acting("owner", read_only=True) as work:
        row = row_of(work, project)
        assert (row.name, row.techniques, row.rev) == ("改めた名称", ["vision"], before + 1)
    assert acts(made)[-1] == "ProjectChanged"


def test_a_stale_form_is_a_conflict_that_shows_both_sides_and_changes_nothing(made, project):
    stale = change(made, project, name="先に保存した名称")
    with pytest.raises(Conflict) as refused:
        change(made, project, rev=stale, name="後から送った名称", regions=["japan", "europe"])
    assert (refused.value.theirs["name"], refused.value.mine["name"]) == ("先に保存した名称", "後から送った名称")
    assert (refused.value.theirs["regions"], refused.value.mine["regions"]) == ("japan", "japan、europe")
    assert refused.value.rev == stale + 1
    with made.acting("owner", read_only=True) as work:
        assert row_of(work, project).name == "先に保存した名称"


def test_a_change_is_judged_like_a_registration(made, project):
    with pytest.raises(Refusals) as refused:
        change(made, project, techniques=["magic"])
    assert [(p.code, p.place) for p in refused.value.problems] == [("projects.unknown", "techniques")]


@pytest.mark.parametrize("name", ["member", "approver", "stranger", "expert", "secretariat", "administrator"])
def test_only_its_owner_changes_a_project_and_its_members(made, project, name):
    with pytest.raises(Forbidden):
        change(made, project, by=name)
    with pytest.raises(Forbidden):
        add(made, project, "int1", "member", by=name)
    with pytest.raises(Forbidden):
        remove(made, project, membership(made, project, "member"), by=name)
    with made.acting(name, read_only=True) as work:
        assert not services.may_change_members(work, row_of(work, project))
    with made.acting("owner", read_only=True) as work:
        assert services.may_change_members(work, row_of(work, project))


# ---------------------------------------------------------------- members


def test_an_owner_who_is_replaced_becomes_a_member(made, project):
    add(made, project, "stranger", "owner")
    assert parts(made, project) == {
        ("stranger", "owner"),
        ("owner", "member"),
        ("member", "member"),
        ("approver", "approver"),
    }
    assert parts(made, project, current=False) == {("owner", "owner")}
    with pytest.raises(Forbidden):
        add(made, project, "int1", "member", by="owner")
    with made.acting(read_only=True) as work:
        assert row_of(work, project).owner.id == made.people["stranger"].id


def test_a_member_who_becomes_the_owner_is_no_member_besides(made, project):
    add(made, project, "member", "owner")
    assert parts(made, project) == {("member", "owner"), ("owner", "member"), ("approver", "approver")}


@pytest.mark.parametrize(
    ("name", "part", "code"),
    [
        ("owner", "approver", "projects.separation"),
        ("member", "approver", "projects.separation"),
        ("approver", "owner", "projects.separation"),
        ("approver", "member", "projects.separation"),
        ("owner", "owner", "projects.already"),
        ("owner", "member", "projects.already"),
        ("member", "member", "projects.already"),
        ("approver", "approver", "projects.already"),
        ("stranger", "reader", "projects.part"),
        ("stranger", "", "projects.part"),
    ],
)
def test_the_approver_stands_apart_and_nobody_joins_twice(made, project, name, part, code):
    before = parts(made, project)
    with pytest.raises(Refusal) as refused:
        add(made, project, name, part)
    assert (refused.value.code, refused.value.place) == (code, "part" if code == "projects.part" else "user_id")
    assert parts(made, project) == before


def test_a_closed_account_cannot_join(made, project):
    with made.acting() as work:
        user_of(work, made, "stranger").is_active = False
        work.record("AccountChanged", subject=("account", made.people["stranger"].id))
    with pytest.raises(Refusal, match=r"projects\.inactive"):
        add(made, project, "stranger", "member")


def test_leaving_keeps_the_record_and_the_person_may_come_back(made, project):
    member = membership(made, project, "member")
    remove(made, project, member)
    assert ("member", "member") not in parts(made, project)
    with made.acting("member", read_only=True) as work:
        row, person = row_of(work, project), work.actor.id
        kept = work.session.get(ProjectMember, member)
        assert (kept.part, kept.joined_at < kept.left_at) == ("member", True)
        assert (row.has_member(person), row.ever_had_member(person)) == (False, True)
        assert services.relations_of(work, row) == {"project.ever"}
    assert acts(made)[-1] == "MemberLeft"
    assert add(made, project, "member", "member") != member
    assert parts(made, project, current=False) == {("member", "member")}
    assert ("member", "member") in parts(made, project)


def test_who_was_a_member_may_become_the_approver_after_leaving_once_an_administrator_says_so(made, project):
    remove(made, project, membership(made, project, "member"))
    with pytest.raises(Refusal, match=r"projects\.no_approver"):
        add(made, project, "member", "approver")
    with made.acting("administrator") as work:
        grant_role(work, user_of(work, made, "member"), "approver")
    add(made, project, "member", "approver")
    assert parts(made, project) == {("owner", "owner"), ("approver", "approver"), ("member", "approver")}


def test_who_stepped_back_reads_the_project_under_no_office_and_after_no_later_agenda(made, project):
    for name in ("chair", "ext1"):
        with made.acting("secretariat") as work:
            services.grant_reading(work, row_of(work, project), [made.people[name].id], "agenda")
            services.bar_reading(work, row_of(work, project), made.people[name].id)
        assert seen(made, name) == set()
        with made.acting("secretariat") as work:
            services.grant_reading(work, row_of(work, project), [made.people[name].id], "agenda")
        assert seen(made, name) == set()
    assert (seen(made, "expert"), seen(made, "auditor")) == ({project}, {project})


def test_the_owner_cannot_leave(made, project):
    with pytest.raises(Refusal, match=r"projects\.owner"):
        remove(made, project, membership(made, project, "owner"))
    assert ("owner", "owner") in parts(made, project)


def test_a_membership_of_another_project_or_one_that_ended_is_not_found(made, project):
    other = register(made)
    member = membership(made, project, "member")
    with pytest.raises(NotFound):
        remove(made, other, member)
    remove(made, project, member)
    with pytest.raises(NotFound):
        remove(made, project, member)


def test_relations_follow_the_part(made, project):
    found = {}
    for name in ("owner", "member", "approver", "stranger"):
        with made.acting(name, read_only=True) as work:
            found[name] = services.relations_of(work, row_of(work, project))
    assert found == {
        "owner": {"project.ever", "project.owner", "project.member"},
        "member": {"project.ever", "project.member"},
        "approver": {"project.ever", "project.approver"},
        "stranger": set(),
    }


# ---------------------------------------------------------------- who may know of a project

SEES = {"owner", "member", "approver", "expert", "expert2", "secretariat", "legal", "auditor", "chair", "executive"}


@pytest.mark.parametrize("name", sorted(ROLES))
def test_each_role_knows_of_the_projects_it_should(made, project, name):
    other = register(made, by="stranger")
    everything = name in SEES - {"owner", "member", "approver"}
    expected = (
        {project, other} if everything else {project} if name in SEES else {other} if name == "stranger" else set()
    )
    assert seen(made, name) == expected
    with made.acting(name, read_only=True) as work:
        assert bool(services.SEES_ALL & work.actor.roles) is everything


def test_the_privacy_committee_and_the_service_itself_see_every_project(made, project):
    with made.acting(read_only=True) as work:
        assert [row.id for row in services.projects(work)] == [project]
        work.actor = Actor("somebody", frozenset({"privacy"}))
        assert [row.id for row in services.projects(work)] == [project]
        work.actor = Actor("somebody", frozenset({"administrator"}))
        assert services.projects(work) == []


def test_who_left_no_longer_knows_of_the_project(made, project):
    assert seen(made, "member") == {project}
    remove(made, project, membership(made, project, "member"))
    assert seen(made, "member") == set()


def test_leave_to_read_opens_one_project_to_one_person_until_it_is_ended(made, project):
    other = register(made)
    reader = made.people["ext1"].id
    with made.acting("secretariat") as work:
        services.grant_reading(work, row_of(work, project), [reader, reader], "agenda")
    assert (seen(made, "ext1"), seen(made, "ext2")) == ({project}, set())
    with pytest.raises(NotFound), made.acting("ext1", read_only=True) as work:
        services.project(work, other)
    with made.acting("secretariat") as work:
        services.end_reading(work, row_of(work, project), reader)
    assert seen(made, "ext1") == set()
    with made.acting(read_only=True) as work:
        [leave] = work.session.scalars(select(ProjectReader))
        assert (leave.user_id, leave.reason, leave.granted_at < leave.ended_at) == (reader, "agenda", True)
    assert acts(made)[-2:] == ["ReadingGranted", "ReadingEnded"]


def test_leave_that_is_held_is_not_granted_twice_and_can_be_granted_again_once_ended(made, project):
    reader, second = made.people["ext1"].id, made.people["int1"].id
    for people in ([reader], [reader, second]):
        with made.acting("secretariat") as work:
            services.grant_reading(work, row_of(work, project), people, "agenda")
    assert acts(made).count("ReadingGranted") == 2
    with made.acting("secretariat") as work:
        services.end_reading(work, row_of(work, project), reader)
        services.end_reading(work, row_of(work, project), made.people["ext2"].id)
    assert (seen(made, "ext1"), seen(made, "int1")) == (set(), {project})
    with made.acting("secretariat") as work:
        services.grant_reading(work, row_of(work, project), [reader], "agenda")
    assert seen(made, "ext1") == {project}
    assert acts(made).count("ReadingEnded") == 1


@pytest.mark.parametrize("name", ["stranger", "administrator", "int1", "ext1"])
def test_a_project_one_may_not_know_of_is_not_found_like_one_that_does_not_exist(made, project, name):
    with made.acting("owner", read_only=True) as work:
        number = services.project(work, project).number
    with made.acting(name, read_only=True) as work:
        for find, key in (
            (services.project, project),
            (services.project, "no such project"),
            (services.by_number, number),
            (services.by_number, project),
            (services.by_number, "AIG-2026-999"),
        ):
            with pytest.raises(NotFound) as refused:
                find(work, key)
            assert refused.value.text == NotFound().text


def test_a_project_is_found_by_its_number_its_identifier_and_words_of_its_name(made, project):
    other = register(made, name="見本の100%_検査", name_en="Sample check", customer="別の見本")
    with made.acting("owner", read_only=True) as work:
        number = services.project(work, project).number
        assert services.by_number(work, number).id == services.by_number(work, project).id == project
        for words, found in (
            (["", "  "], [other, project]),
            ([number, "需要予測"], [project]),
            (["CHECK", "別の", "100%", "%", "_"], [other]),
            (["\\", "ない語"], []),
        ):
            assert {word: [row.id for row in services.projects(work, word)] for word in words} == dict.fromkeys(
                words, found
            )
