"""Acts on the reports made of blocks: portfolio (R3), mapping (R4), blank form (R5), ledger extract (R6).

They take the same way and stand in the same register as the case report (services.py); a document whose content has not changed is not
made again. What a kind tells is composed in a file of its own; what a profile leaves out is taken away before the record is made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import rfc8785
from sqlalchemy import select

from governance.accounts.rules import authorize, may
from governance.ledger.rules import Code, Ref
from governance.projects.models import Project
from governance.projects.services import project as visible_project
from governance.projects.services import relations_of
from governance.questionnaires.services import (
    current_framework,
    current_questionnaires,
    framework_in,
    questionnaire_in,
    versions,
)
from governance.refusals import Refusal
from governance.reports import (
    compose_ledger,
    compose_mapping,
    compose_portfolio,
    form,
    issuing,
    papers,
    portfolio,
    portfolio_boards,
    portfolio_view,
    portfolio_words,
)
from governance.reports.case import read_case, reportable
from governance.reports.house import UNCONFIGURED, House, arranged, livery
from governance.reports.issuing import Ready
from governance.reports.kept import refuse_annulled, refuse_overtaken
from governance.reports.models import Report
from governance.reports.names import said
from governance.reports.paper_sources import Source
from governance.reports.periods import parsed
from governance.reports.printing import Printed
from governance.reports.redaction import Block, Profile, profile, redacted
from governance.reports.render import Issue
from governance.reports.roles import names_of, told_purpose
from governance.reports.rules import FORM, LEDGER, MAPPING, NAMES, PORTFOLIO, check_request, next_number
from governance.reports.sealed import Seal
from governance.reports.services import last_number, nothing_submitted
from governance.reviews.rules import local_date
from governance.storage.database import Database
from governance.storage.files import Store
from governance.storage.tables import new_id
from governance.texts import Text
from governance.work import Actor, UnitOfWork

ISSUE_HOUSE = "report:issue-house"


@dataclass(frozen=True)
class Order:
    """Which kind, of what (a period, a version, a span), of which case, in which language, for whom and why."""

    kind: str
    lang: str
    purpose: str
    scope: str = ""
    project_id: str = ""
    profile: str = ""
    house: House = UNCONFIGURED
    verify: str = ""


@dataclass(frozen=True)
class Told:
    """What a composer gives: title, subject and sections, before anything is left out. `scope` is how the register names it."""

    title: Text
    subject: Text
    scope: str
    sections: list[Block]
    is_draft: bool = False
    snapshot_digest: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    page: Callable[[Seal, str, str], str] | None = None
    """Writes the page of a kind that is no document of blocks, from the seal, the number and the digest of the record."""


@dataclass(frozen=True, kw_only=True)
class Prepared(Ready):
    """A document ready to print."""

    told: Told
    record_digest: str


Composer = Callable[[UnitOfWork, Order, "Project | None"], Told]


def issue(database: Database, actor: Actor, store: Store, order: Order) -> str:
    """Issue a document and return its id. Raises Refusal(s), NotFound, Forbidden. Not for use inside a unit of work."""
    return issuing.issue(
        database,
        actor,
        store,
        lambda work: prepare(work, order, store),
        lambda work, made, printed, digest: finish(work, order, made, printed, digest),
        lambda work, made: issue_again(work, made.id, order),
    )


def allow(work: UnitOfWork, order: Order) -> Project | None:
    """Return the case of an order, if it is about one. Raises Forbidden unless the actor may issue such a document."""
    if not order.project_id:
        authorize(work.actor, ISSUE_HOUSE)
        return None
    project = visible_project(work, order.project_id)
    if not may(work.actor, ISSUE_HOUSE):
        authorize(work.actor, "report:issue", relations_of(work, project))
    return project


# long: composing, looking for the same one, numbering and recording are one act
def prepare(work: UnitOfWork, order: Order, store: Store) -> Prepared:
    """Compose the document, take away what its profile leaves out, and record that it is being made."""
    project = allow(work, order)
    check_request(order.lang, order.purpose)
    kept = profile(order.profile)
    told = _arranged(order, COMPOSERS[order.kind](work, order, project))
    content = _content(work, order, told, kept)
    record = rfc8785.dumps(content)
    digest = hashlib.sha256(record).hexdigest()
    if (before := _made_before(work, order, told, kept, digest, store)) is not None:
        return Prepared(
            subject="report", id=before.id, number=before.number, at=work.now, record=b"", page=lambda _: "",
            again=before.id, told=told, record_digest=digest,
        )  # fmt: skip
    year, at = local_date(work.now).year, work.now
    number = next_number(year, last_number(work, year), order.kind)
    about = Issue(number, at, told_purpose(order.purpose, kept, names_of(work)))
    made = Prepared(
        subject="report", id=new_id(), number=number, at=at, record=record, told=told, record_digest=digest,
        page=lambda seal: _page(content, told, order, about, record, digest, seal),
    )  # fmt: skip
    work.record(
        "ReportPrepared",
        subject=("report", made.id),
        project=project.id if project else None,
        codes=_codes(order, told, kept, number),
        refs={"record": digest, **({"snapshot": told.snapshot_digest} if told.snapshot_digest else {})},
        private={"purpose": order.purpose.strip()},
    )
    return made


def _arranged(order: Order, told: Told) -> Told:
    """Return what was composed in the order of the house, with its stamp for the record."""
    sections, left_out = arranged(order.house, order.kind, told.sections)
    return replace(told, sections=sections, extra={**told.extra, **order.house.part(order.kind, left_out)})


def _codes(order: Order, told: Told, kept: Profile, number: str) -> dict[str, Code]:
    return {
        "number": number,
        "lang": order.lang,
        "kind": order.kind,
        "draft": told.is_draft,
        "scope": told.scope,
        "profile": kept.code,
    }


def _content(work: UnitOfWork, order: Order, told: Told, kept: Profile) -> dict[str, Any]:
    """Return the content as its profile tells it: what is printed and what is attached."""
    sections = redacted(told.sections, kept, None if kept.names_people else names_of(work))
    house = order.house.marked(order.kind, kept.marked)
    return {
        "schema": f"governance.report.{order.kind}/1",
        "title": said(told.title),
        "subject": said(told.subject),
        "scope": told.scope,
        "issuer": said(house.issuer),
        "classification": said(house.classification),
        "profile": kept.stamp(),
        "state": "draft" if told.is_draft else "final",
        "dated": local_date(work.now).isoformat(),
        "sections": sections,
        **told.extra,
    }


# long: one value per line
def _page(
    content: Mapping[str, Any], told: Told, order: Order, about: Issue, record: bytes, digest: str, seal: Seal
) -> str:
    if told.page is not None:
        return told.page(seal, about.number, digest)
    issued = Issue(about.number, about.at, about.purpose, seal=seal)
    house = order.house.marked(order.kind, profile(order.profile).marked)
    asked = papers.Order(order.kind, "", order.lang, house, order.verify)
    return papers.render(Source(order.kind, "", content, []), asked, issued, record)


# long: one column per line
def finish(work: UnitOfWork, order: Order, made: Prepared, printed: Printed, file_digest: str) -> str:
    """Enter a printed document into the register."""
    project = allow(work, order)
    row = Report(
        id=made.id,
        number=made.number,
        kind=order.kind,
        lang=order.lang,
        project_id=project.id if project else None,
        snapshot_digest=made.told.snapshot_digest,
        record_digest=made.record_digest,
        file_digest=file_digest,
        size=len(printed.file),
        pages=printed.pages,
        is_draft=made.told.is_draft,
        purpose=order.purpose.strip(),
        issued_by=work.actor.id,
        issued_at=made.at,
        scope=made.told.scope,
        profile=profile(order.profile).code,
    )
    work.session.add(row)
    work.session.flush()
    refuse_overtaken(work, "report", row.id, row.project_id)
    _record_issue(work, row, order.purpose, again=False)
    return row.id


def issue_again(work: UnitOfWork, report_id: str, order: Order) -> str:
    """Record that an unchanged document was asked for again, with the new purpose; the file stays the same."""
    allow(work, order)
    row = work.session.get_one(Report, report_id)
    refuse_annulled(row)
    _record_issue(work, row, order.purpose, again=True)
    return row.id


def _record_issue(work: UnitOfWork, row: Report, purpose: str, *, again: bool) -> None:
    refs: dict[str, Ref] = {"record": row.record_digest, "file": row.file_digest}
    if row.snapshot_digest:
        refs["snapshot"] = row.snapshot_digest
    work.record(
        "ReportIssued",
        subject=("report", row.id),
        project=row.project_id,
        codes={
            "number": row.number, "kind": row.kind, "lang": row.lang, "pages": row.pages, "size": row.size,
            "draft": row.is_draft, "again": again, "scope": row.scope, "profile": row.profile,
        },
        refs=refs,
        private={"purpose": purpose.strip()},
        row=row,
    )  # fmt: skip


def _made_before(work: UnitOfWork, order: Order, told: Told, kept: Profile, digest: str, store: Store) -> Report | None:
    """Return the report that says exactly this already, if it was not annulled and its file is still whole."""
    query = select(Report).where(
        Report.kind == order.kind, Report.lang == order.lang, Report.scope == told.scope, Report.profile == kept.code
    )
    query = (
        query.where(Report.record_digest == digest, ~Report.annulment.has()).order_by(Report.issued_at.desc()).limit(1)
    )
    found = work.session.scalars(query).first()
    return found if found is not None and store.verify(found.file_digest) else None


# -- the kinds -----------------------------------------------------------------------------------------------------------------


def _portfolio(work: UnitOfWork, order: Order, _: Project | None) -> Told:
    period, today = parsed(order.scope), local_date(work.now)
    version = portfolio.framework_of_most(work, period)
    if version is None:
        raise ValueError("no framework is published")
    framework, before = framework_in(version), period.before()
    now, earlier = (portfolio.figures(work, each, framework.key, today) for each in (period, before))
    peaks, counts = portfolio.peaks(work, period, framework.key)
    told = portfolio_view.Portfolio(
        period, now, earlier, portfolio_boards.boards(work, period, today), portfolio_boards.boards(work, before, today),
        framework, peaks, counts, _topics(work, now), min(period.last, today).isoformat(),
    )  # fmt: skip
    return Told(
        portfolio_words.TITLE, period.name, period.code, compose_portfolio.sections(told), extra={"cover": True}
    )


def _topics(work: UnitOfWork, counted: portfolio.Figures) -> dict[str, Text]:
    """Return the topics of the questions that were declared not applicable, in the newest words."""
    if not any(given for given, _ in counted.unasked.values()):
        return {}
    found: dict[str, Text] = {}
    for row in sorted(versions(work)[1], key=lambda each: each.published_at):
        found |= {question.key: question.topic for _, question in questionnaire_in(row).questions()}
    return found


def _ledger(work: UnitOfWork, order: Order, project: Project | None) -> Told:
    scope = order.scope.strip()
    covers, found = compose_ledger.entries(work, scope, project)
    return Told(compose_ledger.TITLE, covers, scope, compose_ledger.sections(work, found))


# long: one line for each thing that is told
def _mapping(work: UnitOfWork, order: Order, project: Project | None) -> Told:
    """Return the mapping of the newest submitted screening of a case, or of the questionnaires in force."""
    if project is None:
        version = current_framework(work)
        framework = framework_in(version)
        sheets = current_questionnaires(work, framework.key, [phase.code for phase in framework.phases])
        parts = compose_mapping.of_questionnaires(framework, [questionnaire_in(row) for row in sheets])
        subject = Text("{name} 第{version}版の質問票", "Questionnaires of {name}, version {version}")
        named = subject.filled(name=framework.title, version=framework.version)
        return Told(compose_mapping.TITLE, named, f"{version.key}:{version.version}", parts)
    found = reportable(work, project)
    if not found:
        raise nothing_submitted()
    case = read_case(work, project, found[0], order.lang)
    subject = Text("{number} {name}　{phase}", "{number} {name}, {phase}").filled(
        number=project.number,
        name=Text(project.name, project.name_in("en")),
        phase=case.framework.phase(case.screening.phase).name,
    )
    return Told(
        compose_mapping.TITLE,
        subject,
        f"{case.screening.phase}:{case.frozen.snapshot.revision}",
        compose_mapping.of_case(case),
        is_draft=case.is_draft,
        snapshot_digest=case.frozen.snapshot.digest,
    )


# long: one value per line
def _form(work: UnitOfWork, order: Order, _: Project | None) -> Told:
    """Return the blank form of a questionnaire, named by `key:version`; the record holds its definition."""
    key, _colon, number = order.scope.partition(":")
    row = next((each for each in versions(work)[1] if (each.key, each.version) == (key, number)), None)
    if row is None:
        raise Refusal(
            "reports.no_questionnaire",
            "質問票の版を選んでください。",
            "Choose a version of a questionnaire.",
            place="scope",
        )
    document, framework = questionnaire_in(row), framework_in(current_framework(work, row.framework_key))
    sheets = current_questionnaires(work, row.framework_key, [phase.code for phase in framework.phases])
    known = {question.key: question for each in sheets for _, question in questionnaire_in(each).questions()}
    return Told(
        NAMES[FORM],
        document.title,
        order.scope,
        [],
        extra={"questionnaire": json.loads(row.body)},
        page=lambda _seal, issued, _digest: form.form_html(
            document,
            framework,
            order.lang,
            known=known,
            number=issued,
            livery=livery(order.house),
            issuer=order.house.issuer,
            mark=order.house.layout(FORM).classification,
        ),
    )


COMPOSERS: dict[str, Composer] = {PORTFOLIO: _portfolio, MAPPING: _mapping, FORM: _form, LEDGER: _ledger}
