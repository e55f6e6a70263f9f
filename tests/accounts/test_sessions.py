from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from governance.accounts import sessions
from governance.accounts.models import User, UserSession
from governance.storage.database import Database
from governance.work import SYSTEM, Actor, UnitOfWork, open_work, run
from tests.visitor import PASSWORD, account

NOON = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=12)


@pytest.fixture
def person(database: Database) -> Actor:
    return Actor(account(database, "hanako@example.com", "member"), frozenset({"member"}))


@pytest.fixture
def token(database: Database, person: Actor) -> str:
    return run(database, person, lambda work: sessions.sign_in(work, longest=LONGEST), at=NOON)


def seen_by(database: Database, token: str, at: datetime) -> sessions.SessionUser | None:
    with open_work(database, SYSTEM, read_only=True, at=at) as work:
        return sessions.session_user(work, token, idle=IDLE)


def test_the_token_itself_is_stored_nowhere(database: Database, token: str) -> None:
    stored = run(database, SYSTEM, lambda work: work.session.scalars(select(UserSession.token_digest)).one())
    assert stored == sessions.digest_of(token)
    assert token not in stored


def test_a_session_knows_its_person_and_roles(database: Database, person: Actor, token: str) -> None:
    user = seen_by(database, token, NOON)
    assert user is not None
    assert (user.id, user.roles, user.name_in("en")) == (person.id, frozenset({"member"}), "Hanako Mihon")


@pytest.mark.parametrize(("minutes", "is_open"), [(29, True), (30, False)])
def test_a_session_ends_after_half_an_hour_without_use(
    database: Database, token: str, minutes: int, is_open: bool
) -> None:
    assert (seen_by(database, token, NOON + timedelta(minutes=minutes)) is not None) is is_open


def test_use_keeps_a_session_open_but_not_beyond_twelve_hours(database: Database, person: Actor, token: str) -> None:
    digest = sessions.digest_of(token)
    for half_hours in range(1, 25):
        moment = NOON + timedelta(minutes=29) * half_hours
        if moment < NOON + LONGEST:
            assert seen_by(database, token, moment) is not None
            run(database, person, lambda work: sessions.mark_seen(work, digest), at=moment)
    assert seen_by(database, token, NOON + LONGEST) is None


def test_signing_out_ends_the_session_at_once(database: Database, person: Actor, token: str) -> None:
    run(database, person, lambda work: sessions.sign_out(work, sessions.digest_of(token)), at=NOON)
    assert seen_by(database, token, NOON) is None


def test_a_closed_account_is_out_at_the_next_click(database: Database, token: str) -> None:
    run(database, SYSTEM, lambda work: work.session.execute(update(User).values(is_active=False)))
    assert seen_by(database, token, NOON) is None


def test_an_unknown_token_is_nobody(database: Database, token: str) -> None:
    assert seen_by(database, "guessed", NOON) is None


@pytest.mark.parametrize(
    ("email", "password", "known"),
    [
        ("hanako@example.com", PASSWORD, True),
        (" HANAKO@example.com ", PASSWORD, True),
        ("hanako@example.com", "wrong", False),
        ("hanako@example.com", "", False),
        ("nobody@example.com", PASSWORD, False),
    ],
)
def test_only_the_right_pair_is_recognised(
    database: Database, person: Actor, email: str, password: str, known: bool
) -> None:
    with open_work(database, SYSTEM, read_only=True) as work:
        assert (sessions.recognise(work, email, password) == person) is known


def test_a_person_without_a_password_cannot_sign_in(database: Database, person: Actor) -> None:
    run(database, SYSTEM, lambda work: work.session.execute(update(User).values(password_hash="")))
    with open_work(database, SYSTEM, read_only=True) as work:
        assert sessions.recognise(work, "hanako@example.com", "") is None


def test_an_answer_is_remembered_for_its_sender_and_its_form(database: Database, person: Actor) -> None:
    def send(work: UnitOfWork) -> None:
        assert sessions.claim_form(work, "key", "/people/new") is None
        sessions.settle_form(work, "key", "/people/1")

    run(database, person, send)
    with open_work(database, person) as work:
        assert sessions.claim_form(work, "key", "/people/new") == "/people/1"
        assert sessions.claim_form(work, "key", "/elsewhere") is None
        assert sessions.claim_form(work, "other", "/people/new") is None


def test_a_form_that_led_nowhere_can_be_sent_again(database: Database, person: Actor) -> None:
    for _ in range(2):
        with open_work(database, person) as work:
            assert sessions.claim_form(work, "key", "/autosave") is None
            sessions.settle_form(work, "key", None)
