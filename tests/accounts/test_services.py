from collections.abc import Callable
from typing import TypeVar

import pytest
from sqlalchemy import select

from governance.accounts import services
from governance.accounts.models import RoleGrant, User, UserSession
from governance.accounts.passwords import matches
from governance.ledger.models import LedgerEvent
from governance.refusals import Conflict, Forbidden, Refusal
from governance.storage.database import Database
from governance.work import SYSTEM, Actor, UnitOfWork, run
from tests.sparing import HASHER_OF_THE_SERVICE
from tests.visitor import PASSWORD, account

Result = TypeVar("Result")


@pytest.fixture
def administrator(database: Database) -> Actor:
    return Actor(account(database, "admin@example.com", "administrator"), frozenset({"administrator"}))


def as_(database: Database, actor: Actor, act: Callable[[UnitOfWork], Result]) -> Result:
    return run(database, actor, act)


def events(database: Database) -> list[str]:
    return run(
        database, SYSTEM, lambda work: list(work.session.scalars(select(LedgerEvent.type).order_by(LedgerEvent.seq)))
    )


def test_creating_a_person_and_each_role_is_an_event_without_the_name(database: Database, administrator: Actor) -> None:
    as_(
        database,
        administrator,
        lambda work: services.create_user(work, email=" New@Example.com ", name="架空 太郎", roles=["member", "owner"]),
    )
    bodies = run(database, SYSTEM, lambda work: b"".join(work.session.scalars(select(LedgerEvent.body)))).decode()
    assert events(database)[-3:] == ["AccountCreated", "RoleGranted", "RoleGranted"]
    assert "架空" not in bodies
    assert "new@example.com" not in bodies


def test_an_address_is_taken_in_any_spelling(database: Database, administrator: Actor) -> None:
    with pytest.raises(Refusal) as refused:
        as_(database, administrator, lambda work: services.create_user(work, email="ADMIN@example.com", name="別人"))
    assert (refused.value.code, refused.value.place) == ("accounts.email_taken", "email")


def test_only_an_administrator_manages_people(database: Database, administrator: Actor) -> None:
    stranger = Actor(account(database, "expert@example.com", "expert"), frozenset({"expert"}))
    for act in (services.people, lambda work: services.create_user(work, email="x@example.com", name="x")):
        with pytest.raises(Forbidden):
            as_(database, stranger, act)


def test_an_ended_role_stays_on_record_and_can_be_given_again(database: Database, administrator: Actor) -> None:
    user_id = account(database, "member@example.com", "member")

    def end_and_give(work: UnitOfWork) -> None:
        user = services.person(work, user_id)
        services.end_role(work, user, "member")
        services.grant_role(work, user, "member")

    as_(database, administrator, end_and_give)
    grants = run(
        database, SYSTEM, lambda work: work.session.scalars(select(RoleGrant).where(RoleGrant.user_id == user_id)).all()
    )
    assert sorted(grant.ended_at is None for grant in grants) == [False, True]
    assert events(database)[-2:] == ["RoleEnded", "RoleGranted"]


@pytest.mark.parametrize(("role", "code"), [("king", "accounts.unknown_role"), ("administrator", "accounts.role_held")])
def test_a_role_that_makes_no_sense_is_refused(database: Database, administrator: Actor, role: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        as_(
            database,
            administrator,
            lambda work: services.grant_role(work, services.person(work, administrator.id), role),
        )
    assert refused.value.code == code


def test_the_last_administrator_stays(database: Database, administrator: Actor) -> None:
    with pytest.raises(Refusal) as refused:
        as_(
            database,
            administrator,
            lambda work: services.end_role(work, services.person(work, administrator.id), "administrator"),
        )
    assert refused.value.code == "accounts.last_administrator"


def test_an_administrator_goes_when_another_one_is_there(database: Database, administrator: Actor) -> None:
    account(database, "second@example.com", "administrator")
    as_(
        database,
        administrator,
        lambda work: services.end_role(work, services.person(work, administrator.id), "administrator"),
    )
    assert events(database)[-1] == "RoleEnded"


def test_closing_an_account_ends_its_sessions(database: Database, administrator: Actor) -> None:
    user_id = account(database, "leaver@example.com", "member")

    def open_session(work: UnitOfWork) -> None:
        session = UserSession(
            user_id=user_id, token_digest="0" * 64, created_at=work.now, seen_at=work.now, expires_at=work.now
        )
        work.session.add(session)

    run(database, SYSTEM, open_session)
    as_(database, administrator, lambda work: services.close_account(work, services.person(work, user_id)))
    session = run(database, SYSTEM, lambda work: work.session.scalars(select(UserSession)).one())
    assert session.ended_at is not None
    assert events(database)[-1] == "AccountClosed"


def test_settings_are_the_persons_own_and_a_stale_form_overwrites_nothing(
    database: Database, administrator: Actor
) -> None:
    new = {"name": "新しい 名", "name_en": "", "department": "", "department_en": "", "locale": "en"}

    def change(rev: int) -> Callable[[UnitOfWork], None]:
        return lambda work: services.change_settings(work, services.me(work), rev=rev, **new)

    as_(database, administrator, change(1))
    with pytest.raises(Conflict) as refused:
        as_(database, administrator, change(1))
    assert (refused.value.rev, refused.value.theirs["name"]) == (2, "新しい 名")
    other = account(database, "other@example.com", "member")
    with pytest.raises(Forbidden):
        as_(
            database,
            administrator,
            lambda work: services.change_settings(work, work.session.get_one(User, other), rev=1, **new),
        )


@pytest.mark.parametrize(
    ("current", "new", "place"),
    [
        ("wrong", "another long phrase", "current"),
        (PASSWORD, "short", "new"),
        (PASSWORD, "x" * 129, "new"),
        (PASSWORD, "the admin phrase", "new"),
    ],
)
def test_a_bad_password_change_names_the_field(
    database: Database, administrator: Actor, current: str, new: str, place: str
) -> None:
    with pytest.raises(Refusal) as refused:
        as_(
            database,
            administrator,
            lambda work: services.change_password(work, services.me(work), current=current, new=new),
        )
    assert refused.value.place == place


def test_a_changed_password_is_stored_as_a_hash(database: Database, administrator: Actor) -> None:
    as_(
        database,
        administrator,
        lambda work: services.change_password(work, services.me(work), current=PASSWORD, new="another long phrase"),
    )
    stored = run(database, SYSTEM, lambda work: work.session.get_one(User, administrator.id).password_hash)
    assert stored.startswith("$argon2id$")
    assert matches(stored, "another long phrase")
    assert not matches(stored, PASSWORD)
    assert not matches(None, PASSWORD)
    assert not matches("", PASSWORD)


def test_a_password_costs_what_it_should_though_the_tests_pay_less() -> None:
    hasher = HASHER_OF_THE_SERVICE
    assert (hasher.time_cost, hasher.memory_cost, hasher.parallelism) == (2, 19 * 1024, 1)
    assert hasher.hash("a long phrase").startswith("$argon2id$")
