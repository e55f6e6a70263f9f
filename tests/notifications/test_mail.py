"""Mail through a real server on this machine: what is sent, when, to whom, and what never stands in it."""

from __future__ import annotations

import logging
import os
import re
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import update

from governance.accounts import services as accounts
from governance.accounts.models import User
from governance.notifications import services
from governance.notifications.models import Letter
from governance.projects.models import Project
from governance.reviews import items
from governance.reviews import services as reviews
from governance.screenings.models import Answer
from governance.settings import PREFIX
from governance.worker import Worker
from tests.builders import PARTICULARS, World, answered, opened, registered, submitted
from tests.notifications.mailbox import HOST, Mailbox, free_port, guarded, open_mailbox
from tests.notifications.office import at, letters, notices, settings, tell, wants, worker
from tests.reviews import scenes

MORNING = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)  # Wednesday, 08:00 in Tokyo


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with open_mailbox() as opened_box:
        yield opened_box


def person(made: World, who: str, **changes: str) -> None:
    with made.acting() as work:
        row = work.session.get_one(User, made.people[who].id)
        for column, value in changes.items():
            setattr(row, column, value)


# --- what is sent, and when ------------------------------------------------------------------------------------------


def test_a_request_is_mailed_at_once_and_well_formed(made: World, tmp_path: Path, box: Mailbox) -> None:
    tell(made, "returned", ["owner"], registered(made), href="/screenings/1")
    assert worker(made, tmp_path, box.port).send_mail() == 1
    [message], [row], [letter] = box.messages, notices(made, "owner"), letters(made)
    assert box.to == ["owner@test.example"]
    assert message["Subject"] == "【AI倫理ガバナンス】差戻しのお知らせ（1件）"
    assert message["From"].addresses[0].addr_spec == "ethics@house.example"
    assert message["To"].addresses[0].display_name == "見本 owner"
    assert message["Message-ID"] == f"<{letter.id}@ethics.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] == "<https://ethics.example/settings/mail>"
    assert message.get_content_type() == "text/plain"
    assert message.get_content_charset() == "utf-8"
    body = message.get_content()
    assert "・差戻し：1件" in body
    assert f"https://ethics.example/notices/{row.id}\r\n" in body.replace("\r\n", "\n").replace("\n", "\r\n")
    assert "https://ethics.example/settings/mail" in body
    assert all(len(line) <= 998 and line.isascii() for line in box.raw[0].splitlines())


def test_nothing_is_sent_twice(made: World, tmp_path: Path, box: Mailbox) -> None:
    tell(made, "assigned", ["owner"])
    sender = worker(made, tmp_path, box.port)
    assert [sender.send_mail() for _ in range(3)] == [1, 0, 0]


def test_comments_of_a_day_come_in_one_mail_in_the_morning(made: World, tmp_path: Path, box: Mailbox) -> None:
    sender = worker(made, tmp_path, box.port)
    at(made, MORNING - timedelta(hours=20))
    for _ in range(2):
        tell(made, "commented", ["owner"])
    tell(made, "remarked", ["owner"])
    assert sender.send_mail() == 0
    at(made, MORNING - timedelta(minutes=5))
    assert sender.send_mail() == 0
    at(made, MORNING + timedelta(minutes=1))
    assert sender.send_mail() == 1
    [message] = box.messages
    assert message["Subject"] == "【AI倫理ガバナンス】お知らせ（3件）"
    assert "・コメント：2件" in message.get_content()
    assert "https://ethics.example/notices?kind=commented" in message.get_content()


def test_a_weekly_mail_comes_on_monday(made: World, tmp_path: Path, box: Mailbox) -> None:
    wants(made, "owner", talk="weekly")
    at(made, MORNING)
    tell(made, "commented", ["owner"])
    sender = worker(made, tmp_path, box.port)
    for days, expected in ((1, 0), (4, 0), (5, 1)):  # Thursday, Sunday, Monday
        at(made, MORNING + timedelta(days=days, minutes=5))
        assert sender.send_mail() == expected


def test_who_wants_none_gets_none(made: World, tmp_path: Path, box: Mailbox) -> None:
    tell(made, "assigned", ["owner", "member"])
    wants(made, "owner", requests="none")
    assert worker(made, tmp_path, box.port).send_mail() == 1
    assert box.to == ["member@test.example"]


def test_what_was_read_on_the_page_is_not_mailed(made: World, tmp_path: Path, box: Mailbox) -> None:
    tell(made, "commented", ["owner", "member"])
    with made.acting("owner") as work:
        services.mark_all_read(work)
    at(made, MORNING + timedelta(minutes=1))
    assert worker(made, tmp_path, box.port).send_mail() == 1
    assert box.to == ["member@test.example"]


def test_each_person_is_written_to_in_their_language(made: World, tmp_path: Path, box: Mailbox) -> None:
    person(made, "owner", locale="en")
    tell(made, "decided", ["owner"], about="approved")
    worker(made, tmp_path, box.port).send_mail()
    [message] = box.messages
    assert message["Subject"] == "[AI ethics governance] Decided (1)"
    assert message["To"].addresses[0].display_name == "Sample owner"
    assert message["Content-Language"] == "en"
    assert not re.search("[ぁ-んァ-ヶ一-龥]", message.get_content())


def test_without_a_server_nothing_is_written_for_mail(made: World, tmp_path: Path) -> None:
    tell(made, "assigned", ["owner"])
    assert worker(made, tmp_path, 25, smtp_host="").send_mail() == 0
    assert letters(made) == []


def test_old_news_are_not_mailed(made: World, tmp_path: Path, box: Mailbox) -> None:
    tell(made, "assigned", ["owner"])
    made.now += timedelta(days=15)
    assert worker(made, tmp_path, box.port).send_mail() == 0


# --- what never stands in a mail -------------------------------------------------------------------------------------


def marked(made: World) -> str:
    """Bring a case with a token in every text through return, resubmission, decision and conditions; return its number."""
    fields = ("name", "name_en", "summary", "summary_en", "customer", "customer_en", "end_subjects", "department")
    told = replace(PARTICULARS, **{field: f"CANARY-{field}" for field in fields})
    project_id = registered(made, told)
    screening_id = opened(made, project_id)
    answered(made, screening_id, scenes.BOARD, ratings=scenes.MEDIUM)
    with made.acting("member") as work:
        for answer in work.session.query(Answer).filter_by(screening_id=screening_id):
            answer.remark = "CANARY-remark"
    submitted(made, screening_id)
    scenes.taken(made, screening_id)
    with made.acting("expert") as work:
        row = scenes.row(work, screening_id)
        reviews.return_to_team(work, row, rev=row.rev, reason="CANARY-reason")
    submitted(made, screening_id)
    scenes.opined(made, screening_id)
    meeting_id, [item_id] = scenes.planned(made, scenes.board(made), screening_id)
    scenes.in_session(made, meeting_id)
    verdict = scenes.conditional(made)
    canaries = tuple(replace(each, text="CANARY-condition") for each in verdict.conditions)
    scenes.discussing(made, item_id)
    with made.acting("secretariat") as work:
        item = scenes.agenda_item(work, item_id)
        items.put_motion(work, item, "approved_with_conditions", rev=item.rev, conditions=canaries)
    for name in ("chair", "ext1", "ext2", "int1", "int2"):
        scenes.vote(made, item_id, name, "for", dissent="CANARY-dissent")
    scenes.decide(made, item_id, replace(verdict, rationale="CANARY-rationale", conditions=canaries))
    with made.acting(read_only=True) as work:
        return work.session.get_one(Project, project_id).number


def test_no_word_of_a_project_ever_stands_in_a_mail(made: World, tmp_path: Path, box: Mailbox) -> None:
    number = marked(made)
    for name in made.people:
        wants(made, name, **dict.fromkeys(("requests", "talk", "dates", "results", "watch"), "at_once"))
    assert worker(made, tmp_path, box.port).send_mail() > 5
    words = box.words()
    assert "CANARY" not in words
    assert number not in words
    for message in box.messages:
        others = [p for p in made.people.values() if p.email != message["To"].addresses[0].addr_spec]
        assert not any(p.name in message.get_content() or p.name_en in message.get_content() for p in others)


def test_numbers_of_projects_stand_in_mails_only_when_the_installation_says_so(
    made: World, tmp_path: Path, box: Mailbox
) -> None:
    tell(made, "returned", ["owner"], registered(made))
    worker(made, tmp_path, box.port, mail_shows_numbers=True).send_mail()
    [message] = box.messages
    assert "案件番号：AIG-2026-001" in message.get_content()
    assert "AIG" not in message["Subject"]
    assert PARTICULARS.name not in message.get_content()


@pytest.mark.parametrize(
    "name", ["悪 意\r\nBcc: evil@example.com", 'x" <evil@example.com>, "y', "a" * 300, "\u202egnol"]
)
def test_a_name_cannot_add_a_header_or_a_recipient(made: World, tmp_path: Path, box: Mailbox, name: str) -> None:
    person(made, "owner", name=name)
    tell(made, "assigned", ["owner"])
    assert worker(made, tmp_path, box.port).send_mail() == 1
    [message] = box.messages
    assert box.to == ["owner@test.example"]
    assert message["Bcc"] is None
    assert [each.addr_spec for each in message["To"].addresses] == ["owner@test.example"]
    assert len(message.keys()) == len(set(message.keys()))


@pytest.mark.parametrize(
    "address", ["x@y.example\r\nBcc: evil@example.com", "a@b@c", "@", "見本@test.example", "a,b@c.example"]
)
def test_an_address_that_is_none_is_shown_to_the_administrator(
    made: World, tmp_path: Path, box: Mailbox, address: str
) -> None:
    person(made, "owner", email=address)
    tell(made, "assigned", ["owner", "member"])
    assert worker(made, tmp_path, box.port).send_mail() == 1
    assert box.to == ["member@test.example"]
    assert sorted((row.state, row.problem) for row in letters(made)) == [("dead", "address"), ("sent", "")]


# --- access lost between the act and the mail ------------------------------------------------------------------------


def leave(made: World, project_id: str, name: str) -> None:
    with made.acting("owner") as work:
        row = work.session.get_one(Project, project_id)
        member = next(m for m in row.members if m.user_id == made.people[name].id)
        member.left_at = work.now
        work.record("MemberLeft", subject=("project_member", member.id), project=row.id, row=member)


def close(made: World, name: str) -> None:
    with made.acting("administrator") as work:
        accounts.close_account(work, work.session.get_one(User, made.people[name].id))


@pytest.mark.parametrize("when", ["before gathering", "before sending"])
def test_who_lost_access_or_account_gets_nothing(made: World, tmp_path: Path, when: str) -> None:
    project_id, box = registered(made), Mailbox(free_port())
    tell(made, "returned", ["owner", "member", "approver"], project_id)
    sender = worker(made, tmp_path, box.port)
    if when == "before sending":
        sender.send_mail()  # no server: the letters are written and wait
        assert [row.state for row in letters(made)] == ["queued"] * 3
    leave(made, project_id, "member")
    close(made, "approver")
    made.now += timedelta(minutes=20)
    with open_mailbox(box):
        assert sender.send_mail() == 1
    assert box.to == ["owner@test.example"]
    assert "queued" not in [row.state for row in letters(made)]


# --- servers that fail -----------------------------------------------------------------------------------------------


def test_a_server_that_is_down_loses_nothing_and_repeats_nothing(made: World, tmp_path: Path) -> None:
    tell(made, "assigned", ["owner", "member"])
    box = Mailbox(free_port())
    sender = worker(made, tmp_path, box.port)
    for _ in range(12):
        assert sender.send_mail() == 0
        made.now += timedelta(minutes=11)
    assert [(row.state, row.attempts) for row in letters(made)] == [("queued", 0)] * 2
    with open_mailbox(box):
        assert sender.send_mail() == 2
        assert sender.send_mail() == 0
    assert sorted(box.to) == ["member@test.example", "owner@test.example"]


def test_a_worker_leaves_a_server_that_is_down_alone_for_a_while(made: World, tmp_path: Path) -> None:
    tell(made, "assigned", ["owner"])
    box = Mailbox(free_port())
    sender = worker(made, tmp_path, box.port)
    sender.send_mail()
    with open_mailbox(box):
        made.now += timedelta(seconds=10)
        assert sender.send_mail() == 0
        made.now += timedelta(seconds=60)
        assert sender.send_mail() == 1


def test_a_letter_that_is_not_taken_is_tried_five_times_and_then_shown(
    made: World, tmp_path: Path, box: Mailbox
) -> None:
    tell(made, "assigned", ["owner"])
    box.answer = "451 come again"
    sender = worker(made, tmp_path, box.port)
    for minutes in (0, 2, 6, 31, 121, 500, 500):
        made.now += timedelta(minutes=minutes)
        sender.send_mail()
    [row] = letters(made)
    assert (row.state, row.attempts, row.problem) == ("dead", 5, "refused.451")


def test_one_refused_recipient_does_not_hold_up_the_others(made: World, tmp_path: Path, box: Mailbox) -> None:
    tell(made, "assigned", ["owner", "member", "approver"])
    box.refused["member@test.example"] = "550 no such user"
    assert worker(made, tmp_path, box.port).send_mail() == 2
    assert sorted(row.state for row in letters(made)) == ["dead", "sent", "sent"]


def test_a_server_that_hangs_up_is_tried_later(made: World, tmp_path: Path, box: Mailbox) -> None:
    tell(made, "assigned", ["owner"])
    sender = worker(made, tmp_path, box.port)
    box.answer = "421 closing"
    assert sender.send_mail() == 0
    box.answer = "250 OK"
    made.now += timedelta(minutes=2)
    assert sender.send_mail() == 1
    assert [row.attempts for row in letters(made)] == [1]


# --- workers that fail -----------------------------------------------------------------------------------------------


def test_two_workers_send_each_letter_once(made: World, tmp_path: Path, box: Mailbox) -> None:
    for _ in range(3):
        tell(made, "assigned", list(made.people)[:12], by="system")
        made.now += timedelta(seconds=1)
        both = [worker(made, tmp_path, box.port) for _ in range(2)]
        threads = [threading.Thread(target=each.send_mail) for each in both]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        both[0].send_mail()
    ids = [message["Message-ID"] for message in box.messages]
    assert len(ids) == len(set(ids))
    assert len(box.to) == 36
    assert {row.state for row in letters(made)} == {"sent"}


def test_a_worker_that_dies_between_sending_and_noting_it_sends_the_same_message_again(
    made: World, tmp_path: Path, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(made, "assigned", ["owner"])
    dying = worker(made, tmp_path, box.port)
    monkeypatch.setattr(dying, "_settle", lambda claimed: (_ for _ in ()).throw(SystemExit))
    with pytest.raises(SystemExit):
        dying.send_mail()
    other = worker(made, tmp_path, box.port)
    assert other.send_mail() == 0  # the lease still holds
    made.now += timedelta(minutes=3)
    assert other.send_mail() == 1
    first, second = box.messages
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]


def test_a_process_killed_while_the_server_answers_leaves_a_letter_that_is_sent_again(
    made: World, tmp_path: Path, box: Mailbox
) -> None:
    tell(made, "assigned", ["owner"])
    with made.acting() as work:
        work.session.execute(update(services.Notice).values(created_at=datetime.now(UTC)))
    given = settings(made, tmp_path, box.port)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    names = ("data_dir", "database_url", "base_url", "smtp_host", "smtp_port", "smtp_security", "mail_from")
    environment |= {f"{PREFIX}{name.upper()}": str(getattr(given, name)) for name in names}
    command = [sys.executable, "-m", "governance", "worker", "--once"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    box.arriving = lambda: process.send_signal(signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL
    assert [row.state for row in letters(made)] == ["queued"]
    with made.acting() as work:
        work.session.execute(update(Letter).values(lease_until=datetime(2026, 1, 1, tzinfo=UTC)))
    box.arriving = lambda: None
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)
    assert [row.state for row in letters(made)] == ["sent"]
    assert len({message["Message-ID"] for message in box.messages}) == 1
    assert len(box.messages) == 2


def test_a_fault_in_one_look_does_not_end_the_worker(
    made: World, tmp_path: Path, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(made, "assigned", ["owner"])
    sender = worker(made, tmp_path, box.port)
    with monkeypatch.context() as broken:
        broken.setattr(Worker, "send_mail", lambda self: 1 / 0)
        sender.look()
    assert sender.look()[1] == 1


# --- encryption and login --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for this machine, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=9))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return file


SECRET = "correct horse battery staple"


@pytest.fixture
def guarded_box(certificate: Path) -> Iterator[Mailbox]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with open_mailbox(**guarded(context, "robot", SECRET)) as opened_box:
        yield opened_box


def encrypted(made: World, folder: Path, port: int, password: str = SECRET) -> Worker:
    given = {"smtp_security": "starttls", "smtp_user": "robot", "smtp_password": password}
    return worker(made, folder, port, smtp_host="localhost", **given)


def test_mail_goes_through_an_encrypted_connection_with_a_login(
    made: World, tmp_path: Path, guarded_box: Mailbox, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tell(made, "assigned", ["owner"])
    assert encrypted(made, tmp_path, guarded_box.port).send_mail() == 1


@pytest.mark.parametrize("problem", ["tls", "login"])
def test_an_unknown_certificate_or_a_wrong_password_sends_nothing_and_is_told_without_secrets(
    made: World,
    tmp_path: Path,
    guarded_box: Mailbox,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    problem: str,
) -> None:
    password = "wrong password"
    if problem == "login":
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tell(made, "assigned", ["owner"])
    sender = encrypted(made, tmp_path, guarded_box.port, password)
    with caplog.at_level(logging.DEBUG):
        assert sender.send_mail() == 0
    assert [(row.state, row.problem) for row in letters(made)] == [("queued", problem)]
    assert password not in caplog.text
    assert "owner@test.example" not in caplog.text
    assert password not in repr(sender.settings)


def test_encryption_that_was_asked_for_is_never_given_up(made: World, tmp_path: Path, box: Mailbox) -> None:
    tell(made, "assigned", ["owner"])
    assert worker(made, tmp_path, box.port, smtp_security="starttls").send_mail() == 0
    assert box.raw == []
    assert [row.problem for row in letters(made)] == ["not_offered"]


def test_the_server_of_the_tests_is_on_this_machine_alone() -> None:
    assert HOST == "127.0.0.1"
