"""Acts on case reports: prepare, issue, find, download, verify. Every issue is recorded with who, when, why and both digests.

How a report is sealed and printed between preparing and entering stands in issuing.py.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import selectinload

from governance.accounts.rules import authorize, may
from governance.ledger.services import events
from governance.projects.erased import refuse_erased
from governance.projects.models import Project
from governance.projects.services import project as visible_project
from governance.projects.services import relations_of, visible
from governance.refusals import NotFound, Refusal
from governance.reports import issuing
from governance.reports.case import Case, read_case, reportable
from governance.reports.compose import Imprint, compose
from governance.reports.content import Content
from governance.reports.house import UNCONFIGURED, House, livery
from governance.reports.issuing import Ready
from governance.reports.kept import refuse_annulled, refuse_overtaken
from governance.reports.models import Report
from governance.reports.printing import Printed
from governance.reports.redacting_case import Roles, redacted_case
from governance.reports.redaction import INTERNAL, Profile, profile, refuse_draft
from governance.reports.render import Issue, record_bytes, record_digest, render_html
from governance.reports.roles import roles_of, told_purpose
from governance.reports.rules import CASE, FORM, MAPPING, NAMES, check_request, last_of, next_number
from governance.reviews.models import AgendaItem, CommitteeMember, Recusal
from governance.reviews.rules import local_date
from governance.screenings.models import Screening
from governance.storage.database import Database
from governance.storage.files import DamagedFile, Store
from governance.storage.tables import new_id
from governance.work import Actor, UnitOfWork

READERS = {FORM: "questionnaire:view", MAPPING: "questionnaire:view"}
"""Who reads a report that is on no case, where it says nothing of the house: what it tells of stands on the pages of questionnaires."""
_LOOK_BACK = 50  # acts of another year that may have come after the last one of this year
_READS = frozenset({"committee.member"})  # whoever was given leave to read a case on an agenda


@dataclass(frozen=True)
class Order:
    """What is asked for: which screening (the newest submitted one when empty), in which language, why, for which readers."""

    project_id: str
    lang: str
    purpose: str
    screening_id: str = ""
    house: House = UNCONFIGURED
    profile: str = ""

    @property
    def kept(self) -> Profile:
        """What the report may tell. Raises Refusal for an unknown profile."""
        return profile(self.profile)


@dataclass(frozen=True, kw_only=True)
class Prepared(Ready):
    """A case report ready to print."""

    record_digest: str
    snapshot_digest: str
    is_draft: bool


def issue(database: Database, actor: Actor, store: Store, order: Order, *, verify: str = "") -> str:
    """Issue a report and return its id. `verify` is the address of the verification page, for the code on the last page.

    Raises Refusal(s) for a wrong request, NotFound and Forbidden as usual. Not for use inside a unit of work.
    """
    return issuing.issue(
        database,
        actor,
        store,
        lambda work: prepare(work, order, store, verify=verify),
        lambda work, made, printed, digest: finish(work, order, made, printed, digest),
        lambda work, made: issue_again(work, made.id, order),
    )


def prepare(work: UnitOfWork, order: Order, store: Store, *, verify: str = "") -> Prepared:
    """Compose the report and record that it is being made, or find that it exists unchanged."""
    project = visible_project(work, order.project_id)
    authorize(work.actor, "report:issue", relations_of(work, project))
    check_request(order.lang, order.purpose)
    screening = _screening(work, project, order.screening_id)
    case = read_case(work, project, screening, order.lang, order.kept.registered)
    refuse_draft(order.kept, case.is_draft)
    if (again := _unchanged(case, store, order)) is not None:
        return _made_before(work, again)
    made = _composed(work, case, order, verify)
    work.record(
        "ReportPrepared",
        subject=("report", made.id),
        project=project.id,
        codes={
            "number": made.number,
            "lang": order.lang,
            "kind": CASE,
            "draft": made.is_draft,
            "profile": order.kept.code,
        },
        refs={"record": made.record_digest, "snapshot": made.snapshot_digest},
        private={"purpose": order.purpose.strip()},
    )
    return made


def _made_before(work: UnitOfWork, row: Report) -> Prepared:
    return Prepared(
        subject="report",
        id=row.id,
        number=row.number,
        at=work.now,
        record=b"",
        page=lambda _: "",
        again=row.id,
        record_digest=row.record_digest,
        snapshot_digest=row.snapshot_digest or "",
        is_draft=row.is_draft,
    )


# long: one line for each part of what is ready
def _composed(work: UnitOfWork, case: Case, order: Order, verify: str) -> Prepared:
    """Compose a new report: the next number, the next version of this case in this language."""
    day = local_date(work.now)
    number = next_number(day.year, last_number(work, day.year))
    imprint = Imprint(number, len(case.reports) + 1, day.isoformat(), work.person, house=order.house)
    content, roles = _told(case, imprint, order.kept)
    about = Issue(number, work.now, told_purpose(order.purpose, order.kept, roles.names), verify)
    dress = livery(order.house)
    return Prepared(
        subject="report",
        id=new_id(),
        number=number,
        at=work.now,
        record=record_bytes(content),
        page=lambda seal: render_html(content, lang=order.lang, issue=replace(about, seal=seal), livery=dress),  # type: ignore[arg-type]
        record_digest=record_digest(content),
        snapshot_digest=case.frozen.snapshot.digest,
        is_draft=case.is_draft,
    )


def _told(case: Case, imprint: Imprint, kept: Profile) -> tuple[Content, Roles]:
    """Return the content as its profile tells it, what is printed and attached, with what stands in place of people."""
    content = compose(case, imprint)
    roles = Roles({}, {}) if kept.keeps_all else roles_of(case)
    return redacted_case(content, kept, roles), roles


def finish(work: UnitOfWork, order: Order, made: Prepared, printed: Printed, file_digest: str) -> str:
    """Enter a printed report into the register."""
    project = visible_project(work, order.project_id)
    authorize(work.actor, "report:issue", relations_of(work, project))
    row = Report(
        id=made.id,
        number=made.number,
        kind=CASE,
        lang=order.lang,
        project_id=project.id,
        snapshot_digest=made.snapshot_digest,
        record_digest=made.record_digest,
        file_digest=file_digest,
        size=len(printed.file),
        pages=printed.pages,
        is_draft=made.is_draft,
        purpose=order.purpose.strip(),
        issued_by=work.actor.id,
        issued_at=made.at,
        profile=order.kept.registered,
    )
    work.session.add(row)
    work.session.flush()
    refuse_overtaken(work, "report", row.id, row.project_id)
    _record_issue(work, row, order.purpose, again=False)
    return row.id


def issue_again(work: UnitOfWork, report_id: str, order: Order) -> str:
    """Record that an unchanged report was asked for again, with the new purpose; the file stays the same."""
    row = work.session.get_one(Report, report_id)
    refuse_annulled(row)
    authorize(work.actor, "report:issue", relations_of(work, visible_project(work, order.project_id)))
    _record_issue(work, row, order.purpose, again=True)
    return row.id


def _record_issue(work: UnitOfWork, row: Report, purpose: str, *, again: bool) -> None:
    work.record(
        "ReportIssued",
        subject=("report", row.id),
        project=row.project_id,
        codes={
            "number": row.number,
            "lang": row.lang,
            "pages": row.pages,
            "size": row.size,
            "draft": row.is_draft,
            "again": again,
            "profile": row.profile or INTERNAL,
        },
        refs={"record": row.record_digest, "file": row.file_digest, "snapshot": row.snapshot_digest or ""},
        private={"purpose": purpose.strip()},
        row=row,
    )


def _screening(work: UnitOfWork, project: Project, screening_id: str) -> Screening:
    found = reportable(work, project)
    chosen = next((row for row in found if row.id == screening_id), None) if screening_id else next(iter(found), None)
    if chosen is None and screening_id:
        raise NotFound
    if chosen is None:
        raise nothing_submitted()
    return chosen


def nothing_submitted() -> Refusal:
    """Return the refusal of a report on a case that was never submitted."""
    return Refusal(
        "reports.nothing_submitted",
        "まだ提出されていないため、報告書を作成できません。スクリーニングを提出してください。",
        "Nothing has been submitted yet, so there is nothing to report. Submit the screening first.",
    )


def _unchanged(case: Case, store: Store, order: Order) -> Report | None:
    """Return the last report when composing it anew with its own imprint gives the same record to the byte; never an annulled one."""
    if not case.reports or case.reports[-1].annulment is not None:
        return None
    last = case.reports[-1]
    try:
        before = json.loads(store.read(last.record_digest))
    except DamagedFile:
        return None
    document, ledger = before["document"], before["ledger"]
    pinned = (ledger["size"], ledger["root"]) if ledger else None
    imprint = Imprint(last.number, document["version"], document["dated"], last.issued_by, pinned, order.house)
    same = record_digest(_told(case, imprint, order.kept)[0]) == last.record_digest
    return last if same and store.verify(last.file_digest) else None


def last_number(work: UnitOfWork, year: int, act: str = "ReportPrepared") -> str | None:
    """Return the number last given in a year to a report of any kind of the register, or to a paper."""
    for most in (1, _LOOK_BACK):
        found = events(work.session, type=act, limit=most)
        if (last := last_of(year, [str(each.body["codes"]["number"]) for each in found])) is not None:
            return last
    return None


# -- finding and reading -------------------------------------------------------------------------------------------------------


def reports(work: UnitOfWork, project: Project | None = None, *, limit: int = 200) -> list[Report]:
    """Return the newest reports that the actor may read: on cases they see, and on the whole house for those who may see these."""
    query = select(Report).outerjoin(Project).where(_seen(work.actor)).options(selectinload(Report.annulment))
    if project is not None:
        query = query.where(Report.project_id == project.id)
    rows = work.session.scalars(query.order_by(Report.issued_at.desc(), Report.number.desc()).limit(limit))
    return [
        row for row in rows if row.project is None or may(work.actor, "report:download", standing(work, row.project))
    ]


def _seen(actor: Actor) -> ColumnElement[bool]:
    """Return the filter of reports: a report on the whole house is seen by an office, a form by everybody (domain.md §7 R3, R5)."""
    of_cases = and_(Report.project_id.is_not(None), visible(actor))
    kinds = [kind for kind in NAMES if may(actor, READERS.get(kind, "report:view-house"))]
    return or_(of_cases, and_(Report.project_id.is_(None), Report.kind.in_(kinds)))


def report(work: UnitOfWork, report_id: str) -> Report:
    """Return one report that the actor may read. NotFound otherwise."""
    row = work.session.scalars(
        select(Report).outerjoin(Project).where(Report.id == report_id, _seen(work.actor))
    ).one_or_none()
    if row is None:
        raise NotFound
    if row.project is not None:
        authorize(work.actor, "report:download", standing(work, row.project))
    return row


def download(work: UnitOfWork, report_id: str, store: Store) -> tuple[Report, bytes]:
    """Return a report with its file, checked against its digest.

    Raises Refusal when the stored copy was erased, DamagedFile rather than serving another file.
    """
    row = report(work, report_id)
    refuse_erased(row.erasure)
    return row, store.read(row.file_digest)


def matching(work: UnitOfWork, digest: str) -> Sequence[Report]:
    """Return the reports whose record or file has this SHA-256: what the verification page answers to anybody who has it."""
    query = select(Report).where(or_(Report.record_digest == digest, Report.file_digest == digest))
    return list(work.session.scalars(query.order_by(Report.issued_at)))


def standing(work: UnitOfWork, project: Project) -> frozenset[str]:
    """Return the actor's relations to the project: whoever sees it without belonging to it was given leave to read it, and whoever
    stepped back from it in a committee reads no report of it."""
    stepped_back = (
        select(Recusal.id)
        .join(CommitteeMember, Recusal.member_id == CommitteeMember.id)
        .join(AgendaItem, Recusal.item_id == AgendaItem.id)
        .join(Screening, AgendaItem.screening_id == Screening.id)
        .where(Screening.project_id == project.id, CommitteeMember.user_id == work.actor.id)
    )
    recused = {"item.recused"} if work.session.scalars(stepped_back.limit(1)).first() else set()
    return (relations_of(work, project) or _READS) | recused
