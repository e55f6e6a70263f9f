"""Small steps from stored values to what a content holds: words in two languages, people by key, times and decimals as text.

Shared by the composers; nothing here knows a section.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from governance.accounts.models import User
from governance.accounts.rules import ROLES
from governance.reports.case import Case
from governance.reports.content import Person
from governance.reports.words import Bilingual, Coded, Words
from governance.reviews.rules import local_date
from governance.texts import ERASED, ERASED_BOTH, Text, joined


def said(text: Text) -> Bilingual:
    """Return a text of the product or of a document as it stands in a content."""
    return {"ja": text.ja, "en": text.en}


def entered(ja: str | None, en: str | None = "") -> Words:
    """Return what a person entered: both languages when they gave both, else the one they gave; nothing for nothing."""
    if ja in (ERASED.ja, ERASED_BOTH):
        return said(ERASED)
    if ja and en and ja != en:
        return {"ja": ja, "en": en}
    return ja or en or None


def as_text(words: Words) -> Text:
    """Return words as a text that can fill a sentence; a dash for nothing."""
    if isinstance(words, dict):
        return Text(words["ja"], words["en"])
    return Text(words or "—", words or "—")


def coded(code: str, name: Text) -> Coded:
    """Return a code with its words."""
    return {"code": code, "name": said(name)}


def moment(at: datetime) -> str:
    """Return a time of the content: UTC to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day_of(at: str | datetime) -> str:
    """Return the day of a moment in Japan."""
    return local_date(datetime.fromisoformat(at) if isinstance(at, str) else at).isoformat()


def day(on: date | None) -> str | None:
    """Return a date as text, or nothing."""
    return on.isoformat() if on else None


def decimal(value: Decimal) -> str:
    """Return a decimal with at least one place, exactly."""
    return format(value.quantize(Decimal("0.1")) if value == value.quantize(Decimal("0.1")) else value.normalize(), "f")


def percent(value: Decimal) -> str:
    """Return a percentage with one place, halves up (domain.md §5.5: compared before rounding, shown with one decimal)."""
    return str(value.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP))


def person_name(case: Case, user_id: str | None) -> Text:
    """Return a person's name in both languages; a dash for somebody unknown."""
    user = case.people.get(user_id or "")
    return Text(user.name_in("ja"), user.name_in("en")) if user else Text("—", "—")


def people_of(case: Case, content: Any) -> dict[str, Person]:
    """Return the people whose ids stand anywhere in the content, with name and role."""
    used: set[str] = set()
    stack: list[Any] = [content]
    while stack:
        value = stack.pop()
        if isinstance(value, str):
            used |= {value} & case.people.keys()
        else:
            stack += value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return {
        user_id: {"name": entered(user.name, user.name_en), "role": role_of(case, user)}
        for user_id in sorted(used)
        for user in [case.people[user_id]]
    }


_PARTS = {
    "owner": Text("案件責任者", "Project owner"),
    "member": Text("案件担当", "Project member"),
    "approver": Text("部門責任者", "Department head"),
}


def part_of(case: Case, user: User) -> Text:
    """Return the part in the project, or the roles held."""
    part = next((m["part"] for m in case.frozen.body["project"]["members"] if m["user"] == user.id), None)
    return _PARTS[part] if part in _PARTS else joined([ROLES[code] for code in ROLES if code in user.roles])


def role_of(case: Case, user: User) -> Words:
    """Return the part in the project, or the roles held, with the department."""
    role = part_of(case, user)
    unit = Text(user.department, user.department_en or user.department)
    if not user.department or unit.ja == role.ja:
        return said(role) if role.ja else entered(user.department, user.department_en)
    return said(Text("{role}（{unit}）", "{role}, {unit}").filled(role=role, unit=unit))
