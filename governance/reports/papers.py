"""Acts on papers of the meeting room: prepare, print, enter into the register, find and hand out.

A paper is printed once from what it tells of: asked for again in the same language, the same file is handed out. Printing lies
between two short units of work; its number, digests and who asked for it are in the ledger (assurance.md §4 rule 5).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import rfc8785
from sqlalchemy import or_, select

from governance.ledger.rules import Code, Ref
from governance.notifications.people import team
from governance.notifications.services import notify
from governance.projects.models import Project
from governance.refusals import NotFound, Problem, Refusal, Refusals
from governance.reports import issuing
from governance.reports.content import RECORD_NAME
from governance.reports.glyphs import printable
from governance.reports.house import UNCONFIGURED, House, livery
from governance.reports.issuing import Ready
from governance.reports.kept import refuse_annulled, refuse_overtaken
from governance.reports.models import Paper
from governance.reports.names import said
from governance.reports.paper_sources import LETTER, PACK, Source, readable, source
from governance.reports.printing import Printed
from governance.reports.redacting_papers import redacted_paper, redacted_signs
from governance.reports.redaction import INTERNAL, Profile, profile
from governance.reports.render import Issue, code, environment
from governance.reports.roles import names_of
from governance.reports.rules import LANGUAGES
from governance.reports.sealed import Seal
from governance.reports.services import last_number
from governance.reviews.rules import local_date
from governance.storage.database import Database
from governance.storage.files import DamagedFile, Store
from governance.storage.tables import new_id
from governance.texts import Text
from governance.work import Actor, UnitOfWork

_NUMBER = re.compile(r"AIG-R2-(\d{4})-(\d{4,})")


@dataclass(frozen=True)
class Order:
    """Which paper, of what, in which language, for which house and readers; `verify` is the address of the verification page."""

    kind: str
    key: str
    lang: str
    house: House = UNCONFIGURED
    verify: str = ""
    profile: str = ""


@dataclass(frozen=True, kw_only=True)
class Prepared(Ready):
    """A paper ready to print."""

    source: Source


def issue(database: Database, actor: Actor, store: Store, order: Order) -> str:
    """Print a paper, or find the one printed before; return its id. Not for use inside a unit of work."""
    return issuing.issue(
        database,
        actor,
        store,
        lambda work: prepare(work, order, store),
        lambda work, made, printed, digest: finish(work, order, made, printed, digest),
        lambda work, made: _found_again(work, made.id),
    )


def _found_again(work: UnitOfWork, paper_id: str) -> str:
    refuse_annulled(work.session.get_one(Paper, paper_id))
    return paper_id


def prepare(work: UnitOfWork, order: Order, store: Store) -> Prepared:
    """Compose the paper and take its number, or find that it exists and its file is whole."""
    if order.lang not in LANGUAGES:
        text = Text("言語を選んでください。", "Choose a language.")
        raise Refusals([Problem("reports.lang", text, "lang")])
    kept = profile(order.profile)
    made = told(work, _stamped(source(work, order.kind, order.key), order.house), kept)
    before = _printed_before(work, made, order.lang, kept, store)
    if before is not None:
        return _made(before.id, before.number, work.now, made, again=before.id)
    year, at = local_date(work.now).year, work.now
    number = next_number(year, last_number(work, year, "PaperPrepared"))
    record = rfc8785.dumps(dict(made.content))
    page = lambda seal: render(made, order, Issue(number, at, "", seal=seal), record)  # noqa: E731 - one line for one page
    found = _made(new_id(), number, at, made, record, page)
    work.record(
        "PaperPrepared",
        subject=("paper", found.id),
        project=made.project_id,
        codes={"number": number, "kind": order.kind, "lang": order.lang, "profile": kept.code},
        refs={"record": hashlib.sha256(record).hexdigest()},
    )
    return found


def told(work: UnitOfWork, made: Source, kept: Profile) -> Source:
    """Return what a paper tells with a profile. Raises Refusal for a pack: whoever gets one sits in the meeting."""
    if made.kind == PACK and not kept.keeps_all:
        raise Refusal(
            "reports.whole",
            "会議資料一式は社内用の全文だけを作れます。開示範囲を指定せずに作ってください。",
            "A board pack is made whole, for internal use. Make it without a profile.",
            place="profile",
        )
    names = {} if kept.keeps_all else names_of(work)
    signs = made.signs if kept.keeps_all else tuple(redacted_signs(made.signs))
    return replace(made, content=redacted_paper(made.content, kept, names), signs=signs)


def _made(
    id: str,
    number: str,
    at: datetime,
    source: Source,
    record: bytes = b"",
    page: Callable[[Seal], str] = lambda _: "",
    *,
    again: str | None = None,
) -> Prepared:
    return Prepared(subject="paper", id=id, number=number, at=at, record=record, page=page, again=again, source=source)


def render(made: Source, order: Order, issue: Issue, record: bytes) -> str:
    """Return the page of a paper in one language or both."""
    digest = hashlib.sha256(record).hexdigest()
    named = order.house.marked(order.kind, profile(order.profile).marked)
    house = {"issuer": said(named.issuer), "classification": said(named.classification)}
    page = (
        environment()
        .get_template("paper.html.j2")
        .render(
            content=made.content,
            issue=issue,
            house=house,
            livery=livery(order.house),
            signs=list(made.signs),
            mode=order.lang,
            one="en" if order.lang == "en" else "ja",
            two=order.lang == "both",
            digest=digest,
            qr=code(order.verify + digest),
            record_name=RECORD_NAME,
        )
    )
    return printable(page)


# long: one column per line
def finish(work: UnitOfWork, order: Order, made: Prepared, printed: Printed, file_digest: str) -> str:
    """Enter a printed paper into the register, and tell the team of a letter."""
    found = made.source
    row = Paper(
        id=made.id,
        number=made.number,
        kind=order.kind,
        lang=order.lang,
        meeting_id=found.meeting_id,
        project_id=found.project_id,
        source_id=found.id,
        items=found.items,
        record_digest=hashlib.sha256(made.record).hexdigest(),
        file_digest=file_digest,
        size=len(printed.file),
        pages=printed.pages,
        issued_by=work.actor.id,
        issued_at=made.at,
        profile=profile(order.profile).registered,
    )
    work.session.add(row)
    work.session.flush()
    refuse_overtaken(work, "paper", row.id, row.project_id)
    refs: dict[str, Ref] = {"record": row.record_digest, "file": row.file_digest}
    codes: dict[str, Code] = {
        "number": row.number,
        "kind": row.kind,
        "lang": row.lang,
        "pages": row.pages,
        "size": row.size,
        "profile": row.profile or INTERNAL,
    }
    work.record("PaperIssued", subject=("paper", row.id), project=row.project_id, codes=codes, refs=refs, row=row)
    if row.kind == LETTER and row.project_id and not row.profile:
        project = work.session.get_one(Project, row.project_id)
        given = {"about": "letter", "number": row.number}
        notify(work, "decided", team(project), project=project, href=f"/papers/{row.id}", codes=given)
    return row.id


def next_number(year: int, last: str | None) -> str:
    """Return the number after `last`, counted anew each year: AIG-R2-2026-0001."""
    found = _NUMBER.fullmatch(last or "")
    count = int(found[2]) + 1 if found and int(found[1]) == year else 1
    return f"AIG-R2-{year}-{count:04}"


def _stamped(made: Source, house: House) -> Source:
    """Return what a paper is printed from with the stamp of the house in its record."""
    return replace(made, content={**made.content, **house.part(made.kind)})


def _printed_before(work: UnitOfWork, made: Source, lang: str, kept: Profile, store: Store) -> Paper | None:
    """Return the last paper of this house that says this already; one erased or annulled, or whose file is lost, is printed anew."""
    query = select(Paper).where(Paper.kind == made.kind, Paper.source_id == made.id, Paper.lang == lang)
    query = query.where(Paper.profile == kept.registered)
    query = query.where(Paper.erased_id.is_(None), ~Paper.annulment.has()).order_by(
        Paper.issued_at.desc(), Paper.number.desc()
    )
    found = (row for row in work.session.scalars(query) if row.items == made.items)
    return next(
        (row for row in found if store.verify(row.file_digest) and _stamp_of(row, store) == made.content.get("house")),
        None,
    )


def _stamp_of(row: Paper, store: Store) -> Any:
    """Return what the record of a paper says of its house; nothing for the shipped look and for a record that is lost."""
    try:
        return json.loads(store.read(row.record_digest)).get("house")
    except DamagedFile:
        return None


# ---------------------------------------------------------------- finding


def paper(work: UnitOfWork, paper_id: str) -> Paper:
    """Return a paper the actor may have; NotFound otherwise."""
    row = work.session.get(Paper, paper_id)
    if row is None or not readable(work, row):
        raise NotFound
    return row


def of_meeting(work: UnitOfWork, meeting_id: str) -> list[Paper]:
    """Return the papers of a meeting that the actor may have, the newest first."""
    rows = work.session.scalars(select(Paper).where(Paper.meeting_id == meeting_id).order_by(Paper.number.desc()))
    return [row for row in rows if readable(work, row)]


def of_project(work: UnitOfWork, project_id: str) -> list[Paper]:
    """Return the letters of a project that the actor may have, the newest first."""
    rows = work.session.scalars(select(Paper).where(Paper.project_id == project_id).order_by(Paper.number.desc()))
    return [row for row in rows if readable(work, row)]


def matching(work: UnitOfWork, digest: str) -> Sequence[Paper]:
    """Return the papers whose record or file has this SHA-256."""
    query = select(Paper).where(or_(Paper.record_digest == digest, Paper.file_digest == digest))
    return list(work.session.scalars(query.order_by(Paper.issued_at)))
