"""Acts on attendances: recorded after a class, from a list, or by oneself; withdrawn when wrong, never changed (assurance.md R-D).

A list as CSV is read whole before anything is stored: one line that cannot be right refuses all of it, with the number of the line.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from governance.accounts.models import User
from governance.accounts.rules import authorize
from governance.learning.courses import MANAGE
from governance.learning.models import Course, CourseTerms, TrainingRecord
from governance.learning.rules import SOURCES, local_date, valid_until
from governance.learning.services import terms_on
from governance.refusals import Forbidden, NotFound, Problem, Refusal, Refusals
from governance.texts import Text
from governance.work import UnitOfWork

MOST_AT_ONCE = 500
MOST_BYTES = 512 * 1024
MOST_NAMED = 50
MOST_NOTE = 200
EARLIEST = date(2000, 1, 1)
HEADS = {
    "email": ("メール", "メールアドレス", "email", "e-mail", "mail"),
    "date": ("受講日", "日付", "date", "attended on"),
    "note": ("メモ", "備考", "note"),
}
_COLUMN = {name: column for column, names in HEADS.items() for name in names}


@dataclass(frozen=True)
class Line:
    """One line of a list: who attended, when."""

    number: int
    user: User
    on: date
    note: str


# ---------------------------------------------------------------- acts


def record(
    work: UnitOfWork, course: Course, people: Sequence[str], on: date | None, *, note: str = ""
) -> list[TrainingRecord]:
    """Record that these people attended a class. Raises Refusals, and nothing is stored, when one of them cannot have."""
    authorize(work.actor, MANAGE)
    _must_run(course)
    known = {each.id: each for each in work.session.scalars(select(User).where(User.id.in_(people)))}
    problems = [] if on is None else _wrong_day(on, local_date(work.now), "attended_on")
    if on is None:
        problems.append(_problem("attended_on", "受講日を入力してください。", "Enter the day."))
    if not people or len(known) < len(set(people)):
        problems.append(_problem("people", "受講した人を選んでください。", "Choose who attended."))
    if len(note) > MOST_NOTE:
        problems.append(_problem("note", f"{MOST_NOTE}文字以内で入力してください。", f"Use at most {MOST_NOTE}."))
    Refusals.raise_any(problems)
    assert on is not None
    Refusals.raise_any(_doubles(work, course, [(known[id], on, "people") for id in dict.fromkeys(people)]))
    return [_keep(work, course, known[id], on, "class", note) for id in dict.fromkeys(people)]


def record_own(work: UnitOfWork, course: Course, on: date | None) -> TrainingRecord:
    """Record the own attendance, where the course allows it."""
    authorize(work.actor, "training:attend")
    _must_run(course)
    if not course.self_record:
        raise Forbidden(
            "learning.no_self",
            "この講座の受講は、事務局が記録します。自分では記録できません。",
            "Attendance at this course is recorded by the secretariat.",
        )
    if on is None:
        raise Refusal("learning.attended_on", "受講日を入力してください。", "Enter the day.", place="attended_on")
    user = work.session.get_one(User, work.actor.id)
    Refusals.raise_any(_wrong_day(on, local_date(work.now), "attended_on"))
    Refusals.raise_any(_doubles(work, course, [(user, on, "attended_on")]))
    return _keep(work, course, user, on, "self", "")


def record_list(work: UnitOfWork, course: Course, content: bytes) -> list[TrainingRecord]:
    """Record the attendances of a list as CSV, all or none. Raises Refusals that name each line that cannot be right."""
    authorize(work.actor, MANAGE)
    _must_run(course)
    lines = read_list(work, content)
    Refusals.raise_any(_doubles(work, course, [(line.user, line.on, f"{line.number}") for line in lines]))
    return [_keep(work, course, line.user, line.on, "csv", line.note) for line in lines]


def withdraw(work: UnitOfWork, row: TrainingRecord, reason: str, *, rev: int) -> None:
    """Withdraw an attendance that was recorded by mistake; it stays on record with the reason."""
    authorize(work.actor, MANAGE)
    work.expect(row, rev)
    if row.withdrawn_at is not None:
        raise Refusal("learning.withdrawn", "すでに取り消されています。", "It was withdrawn already.")
    if not reason.strip():
        raise Refusal("learning.reason", "取り消す理由を書いてください。", "Say why.", place="reason")
    row.withdrawn_by, row.withdrawn_at, row.withdrawn_because = work.person, work.now, reason.strip()[:1000]
    work.session.flush()
    work.record(
        "TrainingWithdrawn",
        subject=("training", row.id),
        rev=(rev, row.rev),
        codes={"course": row.course.code, "person": row.user_id},
        private={"reason": row.withdrawn_because},
    )


def attendance(work: UnitOfWork, course: Course, record_id: str) -> TrainingRecord:
    """Return an attendance of this very course; NotFound otherwise."""
    row = work.session.get(TrainingRecord, record_id)
    if row is None or row.course_id != course.id:
        raise NotFound
    return row


def _keep(work: UnitOfWork, course: Course, user: User, on: date, source: str, note: str) -> TrainingRecord:
    assert source in SOURCES
    terms = _terms(course, on)
    row = TrainingRecord(
        course_id=course.id,
        user_id=user.id,
        attended_on=on,
        source=source,
        terms_id=terms.id,
        valid_until=valid_until(on, terms.valid_months),
        note=note.strip(),
        recorded_by=work.actor.id,
        recorded_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    work.record(
        "TrainingRecorded",
        subject=("training", row.id),
        codes={"course": course.code, "person": user.id, "on": on.isoformat(), "source": source},
    )
    return row


def _terms(course: Course, on: date) -> CourseTerms:
    """Return the terms that an attendance on a day meets: those in force, else the first ones."""
    return terms_on(course, on) or course.terms[0]


def _must_run(course: Course) -> None:
    if course.retired_at is not None:
        raise Refusal("learning.retired", "この講座は終了しています。", "This course has ended.")


def _wrong_day(on: date, today: date, place: str) -> list[Problem]:
    if on > today:
        return [_problem(place, "まだ来ていない日付です。", "This date is still to come.")]
    if on < EARLIEST:
        return [_problem(place, "日付が古すぎます。", "This date is too long ago.")]
    return []


def _doubles(work: UnitOfWork, course: Course, wanted: Iterable[tuple[User, date, str]]) -> list[Problem]:
    """Return a problem for everybody whose attendance on that day is on record, or named twice; the course is held meanwhile."""
    work.session.refresh(course, with_for_update=True)
    query = select(TrainingRecord.user_id, TrainingRecord.attended_on)
    rows = work.session.execute(
        query.where(TrainingRecord.course_id == course.id, TrainingRecord.withdrawn_at.is_(None))
    )
    taken = {(user_id, on) for user_id, on in rows}
    found = []
    for user, on, place in wanted:
        if (user.id, on) in taken:
            words = Text(
                "{name}さんの{on}の受講は、すでに記録されています。", "{name_en} on {on} is recorded already."
            ).filled(name=user.name, name_en=user.name_en or user.name, on=on)
            found.append(Problem("learning.double", _at_line(place, words), place))
        taken.add((user.id, on))
    return found[:MOST_NAMED]


def _at_line(place: str, words: Text) -> Text:
    return Text(f"{place}行目：{words.ja}", f"Line {place}: {words.en}") if place.isdigit() else words


def _problem(place: str, ja: str, en: str) -> Problem:
    return Problem(f"learning.{place}", Text(ja, en), place)


# ---------------------------------------------------------------- reading a list


def read_list(work: UnitOfWork, content: bytes) -> list[Line]:
    """Read a list of attendances: a head naming mail and day, then one line each. Raises Refusals naming the wrong lines."""
    rows = _rows(content)
    people = {each.email.casefold(): each for each in work.session.scalars(select(User))}
    found, problems = [], []
    for number, cells in rows:
        line = _line(number, cells, people, local_date(work.now))
        if isinstance(line, Line):
            found.append(line)
        else:
            problems += line
    Refusals.raise_any(problems[:MOST_NAMED])
    if not found:
        raise Refusal("learning.list", "ファイルに受講の行がありません。", "The file has no lines.", place="file")
    return found


def _rows(content: bytes) -> list[tuple[int, dict[str, str]]]:
    text = _decoded(content)
    try:
        sample = text.split("\n", 1)[0]
        mark = next((each for each in "\t;" if each in sample), ",")
        table = list(csv.reader(io.StringIO(text), delimiter=mark, strict=True))
    except csv.Error as error:
        raise _no_list() from error
    heads = (
        [_COLUMN.get(unicodedata.normalize("NFKC", cell).strip().casefold(), "") for cell in table[0]] if table else []
    )
    if not {"email", "date"} <= set(heads):
        raise _no_list()
    rows = [(number, row) for number, row in enumerate(table[1:], 2) if any(cell.strip() for cell in row)]
    if len(rows) > MOST_AT_ONCE:
        words = f"1つのファイルに{MOST_AT_ONCE}行までです。", f"At most {MOST_AT_ONCE} lines in one file."
        raise Refusal("learning.list", *words, place="file")
    return [
        (number, {head: cell.strip() for head, cell in zip(heads, row, strict=False) if head}) for number, row in rows
    ]


def _decoded(content: bytes) -> str:
    """Return the text of a file as spreadsheets in Japan write it: UTF-8 with or without its mark, else CP932."""
    if len(content) <= MOST_BYTES:
        for encoding in ("utf-8-sig", "cp932"):
            try:
                return content.decode(encoding).replace("\r\n", "\n")
            except UnicodeDecodeError:
                continue
    raise _no_list()


def _no_list() -> Refusal:
    return Refusal(
        "learning.list",
        "受講名簿として読めません。1行目に「メール」「受講日」の見出しがあるCSV（512kBまで）を選んでください。",
        "This is no list of attendances: choose a CSV (up to 512 kB) whose first line names “email” and “date”.",
        place="file",
    )


def _line(number: int, cells: Mapping[str, str], people: Mapping[str, User], today: date) -> Line | list[Problem]:
    user, on = people.get(cells.get("email", "").casefold()), read_day(cells.get("date", ""))
    if user is None or not user.is_active:
        words = f"利用者が見つかりません：{cells.get('email', '')}", f"No such person: {cells.get('email', '')}"
        return [Problem("learning.list", _at_line(f"{number}", Text(*words)), "file")]
    if on is None:
        words = f"日付として読めません：{cells.get('date', '')}", f"No date: {cells.get('date', '')}"
        return [Problem("learning.list", _at_line(f"{number}", Text(*words)), "file")]
    wrong = _wrong_day(on, today, "file")
    note = cells.get("note", "")[:MOST_NOTE]
    return [Problem(each.code, _at_line(f"{number}", each.text), "file") for each in wrong] or Line(
        number, user, on, note
    )


def read_day(typed: str) -> date | None:
    """Return a date as people type it (2026-11-18, 2026/11/18, full width); None for anything else."""
    parts = unicodedata.normalize("NFKC", typed).strip().replace("/", "-").replace(".", "-").split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts) or len(parts[0]) != 4:
        return None
    try:
        return date(*(int(part) for part in parts))
    except ValueError:
        return None
