"""Acts on courses: add, change, set terms, end. Terms are versions with a day from which they hold; what was attended keeps its own."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import date
from urllib.parse import urlsplit

from sqlalchemy import select

from governance.accounts.rules import ROLES, authorize
from governance.learning.models import Course, CourseTerms
from governance.learning.rules import ACTS, LONGEST_MONTHS, MODES, local_date
from governance.refusals import NotFound, Problem, Refusal, Refusals
from governance.texts import Text
from governance.work import UnitOfWork

MANAGE = "training:manage"
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
MOST = {"title": 200, "title_en": 200, "about": 4000, "about_en": 4000, "place": 200, "place_en": 200, "url": 300}
MOST_REASON = 1000


@dataclass(frozen=True)
class Particulars:
    """What a course says about itself."""

    title: str
    title_en: str = ""
    about: str = ""
    about_en: str = ""
    place: str = ""
    place_en: str = ""
    url: str = ""
    self_record: bool = False


@dataclass(frozen=True)
class Conditions:
    """The terms of a course as they are entered."""

    effective_on: date | None
    valid_months: int
    acts: list[str]
    roles: list[str]
    mode: str
    reason: str = ""


def course(work: UnitOfWork, course_id: str) -> Course:
    """Return a course; NotFound when there is none."""
    row = work.session.get(Course, course_id)
    if row is None:
        raise NotFound
    return row


def add(work: UnitOfWork, code: str, told: Particulars, terms: Conditions) -> Course:
    """Add a course with its first terms. Raises Refusals naming what is missing or does not fit."""
    authorize(work.actor, MANAGE)
    code = code.strip()
    Refusals.raise_any([*_wrong_code(work, code), *_wrong_words(told), *_wrong_terms(terms, None)])
    row = Course(code=code, created_by=work.person, created_at=work.now, **_columns(told))
    work.session.add(row)
    work.session.flush()
    private = {"title": row.title}
    work.record("CourseAdded", subject=("course", row.id), codes={"code": row.code}, private=private, row=row)
    _set(work, row, terms)
    return row


def change(work: UnitOfWork, row: Course, told: Particulars, *, rev: int) -> None:
    """Change what a course says about itself."""
    authorize(work.actor, MANAGE)
    work.expect(row, rev)
    _must_run(row)
    Refusals.raise_any(_wrong_words(told))
    columns = _columns(told)
    if all(getattr(row, name) == value for name, value in columns.items()):
        return
    for name, value in columns.items():
        setattr(row, name, value)
    work.session.flush()
    codes, private = {"code": row.code}, {"title": row.title}
    work.record("CourseChanged", subject=("course", row.id), rev=(rev, row.rev), codes=codes, private=private)


def set_terms(work: UnitOfWork, row: Course, terms: Conditions, *, rev: int) -> CourseTerms:
    """Set new terms from a day on; those before stay on record, and attendances keep the validity they were given."""
    authorize(work.actor, MANAGE)
    work.expect(row, rev)
    _must_run(row)
    Refusals.raise_any(_wrong_terms(terms, row))
    return _set(work, row, terms)


def retire(work: UnitOfWork, row: Course, *, rev: int) -> None:
    """End a course: nobody needs it any more, and what was attended stays on record."""
    authorize(work.actor, MANAGE)
    work.expect(row, rev)
    _must_run(row)
    row.retired_by, row.retired_at = work.person, work.now
    work.session.flush()
    work.record("CourseRetired", subject=("course", row.id), rev=(rev, row.rev), codes={"code": row.code})


# long: one line per column and code
def _set(work: UnitOfWork, row: Course, terms: Conditions) -> CourseTerms:
    made = CourseTerms(
        version=1 + max((each.version for each in row.terms), default=0),
        effective_on=terms.effective_on,
        valid_months=terms.valid_months,
        acts=[act for act in ACTS if act in terms.acts],
        roles=[role for role in ROLES if role in terms.roles],
        mode=terms.mode,
        reason=terms.reason.strip(),
        set_by=work.person,
        set_at=work.now,
    )
    row.terms.append(made)
    work.session.flush()
    work.record(
        "CourseTermsSet",
        subject=("course", row.id),
        codes={
            "code": row.code,
            "version": made.version,
            "from": made.effective_on.isoformat(),
            "months": made.valid_months,
            "acts": made.acts,
            "roles": made.roles,
            "mode": made.mode,
        },
        private={"reason": made.reason} if made.reason else {},
    )
    return made


def _must_run(row: Course) -> None:
    if row.retired_at is not None:
        raise Refusal("learning.retired", "この講座は終了しています。", "This course has ended.")


def _columns(told: Particulars) -> dict[str, str | bool]:
    given = {field.name: getattr(told, field.name) for field in fields(told)}
    return {name: value.strip() if isinstance(value, str) else value for name, value in given.items()}


# ---------------------------------------------------------------- checks


def _wrong_code(work: UnitOfWork, code: str) -> list[Problem]:
    if not CODE.fullmatch(code):
        return [
            _problem(
                "code",
                "講座コードは、英数字と「-」「_」「.」で、32文字以内で入力してください。例：AIE-101",
                "Write the code with letters, digits, “-”, “_” and “.”, 32 at most; for example AIE-101.",
            )
        ]
    if work.session.scalar(select(Course.id).where(Course.code == code)):
        return [_problem("code", "この講座コードは、すでに使われています。", "This code is taken.")]
    return []


def _wrong_words(told: Particulars) -> list[Problem]:
    found = []
    if not told.title.strip():
        found.append(_problem("title", "講座名を入力してください。", "Enter the title."))
    for name, most in MOST.items():
        if len(getattr(told, name)) > most:
            found.append(_problem(name, f"{most}文字以内で入力してください。", f"Use at most {most} characters."))
    if told.url.strip() and not _is_web(told.url.strip()):
        found.append(
            _problem(
                "url", "https:// で始まるアドレスを入力してください。", "Enter an address beginning with https://."
            )
        )
    return found


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not any(each.isspace() for each in url)


# long: one refusal after the other
def _wrong_terms(terms: Conditions, row: Course | None) -> list[Problem]:
    """Return what is wrong with new terms; `row` is the course they follow on, None for its first ones."""
    found = []
    if terms.effective_on is None:
        found.append(
            _problem("effective_on", "適用を始める日を入力してください。", "Enter the day from which they hold.")
        )
    elif row is not None and any(each.effective_on > terms.effective_on for each in row.terms):
        found.append(
            _problem(
                "effective_on",
                "いまの条件の適用開始日より前にはできません。過去の記録が変わってしまうためです。",
                "They cannot begin before the present ones: the past would change.",
            )
        )
    if not 0 <= terms.valid_months <= LONGEST_MONTHS:
        most = f"{LONGEST_MONTHS}"
        found.append(_problem("valid_months", f"0〜{most}か月で入力してください。", f"Enter 0 to {most} months."))
    if terms.mode not in MODES:
        found.append(_problem("mode", "扱いを選んでください。", "Choose the mode."))
    found += _wrong_reach(terms)
    if row is not None and not terms.reason.strip():
        found.append(_problem("reason", "変える理由を書いてください。", "Say why they change."))
    if len(terms.reason) > MOST_REASON:
        found.append(_problem("reason", f"{MOST_REASON}文字以内で入力してください。", f"Use at most {MOST_REASON}."))
    return found


def _wrong_reach(terms: Conditions) -> list[Problem]:
    if set(terms.acts) - ACTS.keys():
        return [_problem("acts", "対象の操作を選んでください。", "Choose the acts.")]
    if set(terms.roles) - ROLES.keys():
        return [_problem("roles", "対象の役割を選んでください。", "Choose the roles.")]
    if terms.mode != "off" and not terms.acts and not terms.roles:
        words = "誰に必要かを、操作か役割で選んでください。", "Choose who needs it, by act or by role."
        return [_problem("acts", *words)]
    if terms.mode == "require" and not terms.acts:
        words = "必須にするときは、どの操作の前に必要かを選んでください。", "Choose the acts that it is required for."
        return [_problem("acts", *words)]
    return []


def _problem(place: str, ja: str, en: str) -> Problem:
    return Problem(f"learning.{place}", Text(ja, en), place)


def today(work: UnitOfWork) -> date:
    """Return the day on which the actor acts, in Japan."""
    return local_date(work.now)
