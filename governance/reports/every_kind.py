"""Which reports there are to issue: one of each kind by what it is called on the command line, or every kind there is something for.

The newest thing of a kind is taken when none is named: the newest final decision, the newest approved minutes, the present fiscal year.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from governance.accounts.models import User
from governance.projects.models import Project
from governance.projects.services import by_number
from governance.questionnaires.services import current_framework, current_questionnaires, framework_in
from governance.refusals import NotFound
from governance.reports import documents, papers, services
from governance.reports.house import UNCONFIGURED, House
from governance.reports.models import Paper, Report
from governance.reports.paper_sources import LETTER, MINUTES, PACK
from governance.reports.redaction import INTERNAL
from governance.reports.rules import CASE, FORM, LEDGER, MAPPING, PORTFOLIO
from governance.reviews import materials, minutes
from governance.reviews.models import Decision, Meeting
from governance.reviews.rules import fiscal_year, local_date
from governance.screenings.models import Screening
from governance.storage.database import Database
from governance.storage.files import Store
from governance.work import Actor, UnitOfWork, open_work

KINDS = (CASE, PACK, MINUTES, LETTER, PORTFOLIO, MAPPING, FORM, LEDGER)
ALL = "all"
WHOLE = frozenset({PACK})
"""Kinds that know no redaction profile; asked for with one they are refused, never issued whole by mistake."""
_FINAL = ("approved", "approved_with_conditions", "rejected")


@dataclass(frozen=True)
class Asked:
    """What the command line asks for; `key` is the case, meeting or decision, `scope` the period, version or span."""

    kind: str
    key: str = ""
    scope: str = ""


@dataclass(frozen=True)
class Manner:
    """Why, for whom and for which house reports are issued; `verify` is the address of the verification page."""

    purpose: str
    profile: str = ""
    house: House = UNCONFIGURED
    verify: str = ""


@dataclass(frozen=True)
class File:
    """An issued report with its file."""

    number: str
    kind: str
    lang: str
    content: bytes


def asked(work: UnitOfWork, kind: str, subject: str = "", profile: str = "") -> list[Asked]:
    """Return what there is to issue of a kind, or of all kinds that know a profile. Raises NotFound when there is nothing of the one
    asked for."""
    if kind != ALL:
        return [_FIND[kind](work, subject)]
    found = []
    for each in KINDS if profile in ("", INTERNAL) else [each for each in KINDS if each not in WHOLE]:
        try:
            found.append(_FIND[each](work, ""))
        except NotFound:
            continue
    return found


def _decided(work: UnitOfWork, subject: str) -> Decision:
    """Return the newest final decision, of a case when its number is given."""
    query = select(Decision).join(Screening).join(Project).where(Decision.outcome.in_(_FINAL))
    if subject:
        query = query.where(Project.number == subject)
    row = work.session.scalars(query.order_by(Decision.decided_at.desc()).limit(1)).first()
    if row is None:
        raise NotFound
    return row


def _case(work: UnitOfWork, subject: str) -> Asked:
    if not subject:
        return Asked(CASE, _decided(work, "").screening.project_id)
    return Asked(CASE, _project(work, subject))


def _project(work: UnitOfWork, number: str) -> str:
    return by_number(work, number).id


def _meeting(kind: str, has: Callable[[UnitOfWork, Meeting], bool]) -> Callable[[UnitOfWork, str], Asked]:
    def find(work: UnitOfWork, subject: str) -> Asked:
        query = select(Meeting).order_by(Meeting.starts_at.desc())
        rows = [row for row in work.session.scalars(query) if subject in ("", row.id) and has(work, row)]
        if not rows:
            raise NotFound
        return Asked(kind, rows[0].id)

    return find


def _is_final(work: UnitOfWork, row: Meeting) -> bool:
    found = minutes.versions_of(work, row)
    return bool(found) and minutes.is_final(found[0])


def _mapping(work: UnitOfWork, subject: str) -> Asked:
    return Asked(MAPPING, _project(work, subject) if subject else "")


def _form(work: UnitOfWork, subject: str) -> Asked:
    if subject:
        return Asked(FORM, scope=subject)
    framework = framework_in(current_framework(work))
    sheets = current_questionnaires(work, framework.key, [phase.code for phase in framework.phases])
    row = next(each for each in sheets if each.kind == "screening")
    return Asked(FORM, scope=f"{row.key}:{row.version}")


def _ledger(work: UnitOfWork, subject: str) -> Asked:
    """A span of numbers, a period, or the number of a case; the case of the newest decision when nothing is said."""
    if not subject:
        return Asked(LEDGER, _decided(work, "").screening.project_id)
    try:
        return Asked(LEDGER, by_number(work, subject).id)
    except NotFound:
        return Asked(LEDGER, scope=subject)


_FIND: dict[str, Callable[[UnitOfWork, str], Asked]] = {
    CASE: _case,
    PACK: _meeting(PACK, lambda work, row: materials.sent_materials(work, row) is not None),
    MINUTES: _meeting(MINUTES, _is_final),
    LETTER: lambda work, subject: Asked(LETTER, _decided(work, subject).id),
    PORTFOLIO: lambda work, subject: Asked(PORTFOLIO, scope=subject or f"FY{fiscal_year(local_date(work.now))}"),
    MAPPING: _mapping,
    FORM: _form,
    LEDGER: _ledger,
}


def issuer(work: UnitOfWork, wanted: Sequence[Asked]) -> User:
    """Return who issues when nobody is named: the owner of the one case, else the first of the secretariat."""
    if [each.kind for each in wanted] == [CASE]:
        owner = work.session.get_one(Project, wanted[0].key).owner
        if owner is not None:
            return owner
    people = sorted(work.session.scalars(select(User)), key=lambda each: each.created_at)
    found = next((each for each in people if "secretariat" in each.roles and each.is_active), None)
    if found is None:
        raise NotFound
    return found


def issue(database: Database, actor: Actor, store: Store, each: Asked, lang: str, manner: Manner) -> File:
    """Issue one report in one language and return its file."""
    house, verify = manner.house, manner.verify
    if each.kind in (PACK, MINUTES, LETTER):
        order = papers.Order(each.kind, each.key, lang, house, verify, manner.profile)
        made = papers.issue(database, actor, store, order)
        with open_work(database, actor, read_only=True) as work:
            return _file(papers.paper(work, made), store)
    if each.kind == CASE:
        case = services.Order(each.key, lang, manner.purpose, house=house, profile=manner.profile)
        made = services.issue(database, actor, store, case, verify=verify)
    else:
        wanted = documents.Order(each.kind, lang, manner.purpose, each.scope, each.key, manner.profile, house, verify)
        made = documents.issue(database, actor, store, wanted)
    with open_work(database, actor, read_only=True) as work:
        return _file(services.report(work, made), store)


def _file(row: Report | Paper, store: Store) -> File:
    return File(row.number, row.kind, row.lang, store.read(row.file_digest))
