"""Names of people with the roles that stand in their place, for reports that name nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from sqlalchemy import select

from governance.accounts.models import User
from governance.accounts.rules import ROLES
from governance.reports.case import Case
from governance.reports.names import part_of, said
from governance.reports.redacting_case import Roles
from governance.reports.redaction import Profile, unnamed
from governance.reports.words import Words
from governance.texts import ERASED, Text, joined
from governance.work import UnitOfWork

ACCOUNT = Text("利用者", "account")
CUSTOMER = Text("顧客", "customer")


def names_of(work: UnitOfWork) -> dict[str, Words]:
    """Return the names and addresses of all people with the roles that stand in their place."""
    found: dict[str, Words] = {}
    for user in work.session.scalars(select(User)):
        role = joined([ROLES[code] for code in ROLES if code in user.roles])
        found |= dict.fromkeys(_called(user), said(role if role.ja else ACCOUNT))
    return found


def _called(user: User) -> list[str]:
    names = (*spelled(user.name), *spelled(user.name_en), user.email)
    return [name for name in names if name.strip() and not is_erased(name)]


def spelled(name: str) -> Iterator[str]:
    """Yield a name as it was entered and as people write it within a text: without blanks, with a full-width one."""
    parts = re.split(r"\s+", name.strip())
    yield name
    if not name.isascii():
        yield "".join(parts)
        yield "\u3000".join(parts)
        yield " ".join(parts)


def roles_of(case: Case) -> Roles:
    """Return what stands in place of people in the report of a case, and of its customer where a text names them."""
    frozen, now = case.frozen.body["project"], case.project
    known = {frozen["customer"], frozen["customer_en"], now.customer, now.customer_en}
    customers = {name: said(CUSTOMER) for name in known if name and name.strip() and not is_erased(name)}
    parts = {user.id: said(part if (part := part_of(case, user)).ja else ACCOUNT) for user in case.people.values()}
    people = {name: parts[user.id] for user in case.people.values() for name in _called(user)}
    return Roles(customers | people, parts)


def is_erased(name: str) -> bool:
    """Say whether a name was erased: what stands in its place is no name."""
    return ERASED.ja in name or ERASED.en in name


def told_purpose(purpose: str, kept: Profile, names: Mapping[str, Words]) -> str:
    """Return what a report says it was issued for: nothing where a profile keeps nothing that people wrote."""
    if kept.keeps_all:
        return purpose.strip()
    return str(unnamed(purpose.strip(), names)) if kept.keeps("reasons") else ""
