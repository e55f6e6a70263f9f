"""Pages of the audit ledger: the newest events, one entry as it was hashed, the check of the whole, and its signed checkpoints.

They stand here because the ledger itself lies below everything that knows of pages, people and projects.
"""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

from flask import Blueprint, current_app, request, send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import or_, select

from governance.accounts.rules import authorize
from governance.insight import outside
from governance.insight.services import in_words
from governance.ledger import services as ledger
from governance.ledger.audit import verify_database
from governance.ledger.models import LedgerCheckpoint
from governance.ledger.rules import EVENT_TYPES
from governance.pages import current_work, database, file_store, page, permission, see
from governance.projects.models import Project
from governance.projects.services import visible
from governance.refusals import NotFound
from governance.texts import Text
from governance.work import UnitOfWork

blueprint = Blueprint("ledger", __name__)

PAGE = 50
LAST = 2**63 - 1
"""The largest number an entry can have in the database."""


@blueprint.get("/ledger")
@permission("ledger:view")
def index() -> ResponseReturnValue:
    """Show the newest entries, narrowed by project and act, with the size and the root of the whole."""
    work = current_work()
    authorize(work.actor, "ledger:view")
    type, words = request.args.get("type", ""), request.args.get("project", "").strip()[:64]
    before = request.args.get("before", type=_number)
    found = ledger.events(work.session, before=before, limit=PAGE + 1, type=type or None, among=_among(words))
    older = _href(before=found[PAGE - 1].seq) if len(found) > PAGE else None
    every: list[tuple[str, Text]] = [("", Text("すべて", "All")), *EVENT_TYPES.items()]
    return page(
        "ledger/index.html",
        lines=in_words(work, found[:PAGE]),
        events=found[:PAGE],
        head=ledger.head(work.session),
        places=outside.places(work.session, _configured(), work.now),
        older=older,
        newest=_href() if before is not None else None,
        types=every,
        type=type,
        project=words,
    )


def _configured() -> list[tuple[str, str]]:
    return current_app.config["SETTINGS"].checkpoint_places  # type: ignore[no-any-return]


@blueprint.get("/ledger/checkpoints")
@permission("ledger:view")
def made() -> ResponseReturnValue:
    """Show the signed checkpoints, the newest first, with the places each was sent to."""
    work = current_work()
    authorize(work.actor, "ledger:view")
    found = outside.made(work.session, request.args.get("before", type=_number), PAGE + 1)
    older = url_for("ledger.made", before=found[PAGE - 1].size) if len(found) > PAGE else None
    return page(
        "ledger/checkpoints.html",
        checkpoints=found[:PAGE],
        sendings=outside.sendings(work.session, found[:PAGE]),
        kinds=outside.KINDS,
        remedy=outside.remedy,
        places=outside.places(work.session, _configured(), work.now),
        older=older,
    )


@blueprint.get(f"/ledger/checkpoints/<int(max={LAST}):size>")
@permission("ledger:view")
def checkpoint(size: int) -> ResponseReturnValue:
    """Hand out one signed checkpoint, to be kept by whoever wants to check the ledger later (docs/proofs.md §4)."""
    work = current_work()
    authorize(work.actor, "ledger:view")
    row = work.session.get(LedgerCheckpoint, size)
    if row is None:
        raise NotFound
    name = f"checkpoint-{size}.txt"
    return send_file(BytesIO(row.note.encode()), mimetype="text/plain", as_attachment=True, download_name=name)


def _number(text: str) -> int:
    """Read the number of an entry; raises ValueError for one that no ledger can have."""
    number = int(text)
    if not 0 <= number <= LAST:
        raise ValueError(text)
    return number


def _href(before: int | None = None) -> str:
    """Return the address of this list with the same filters, from below an entry."""
    return url_for(
        "ledger.index",
        type=request.args.get("type") or None,
        project=request.args.get("project") or None,
        before=before,
    )


def _among(words: str) -> Any:
    """Return the query for the project with this number or id; None for all."""
    return select(Project.id).where(or_(Project.number == words.upper(), Project.id == words)) if words else None


@blueprint.get(f"/ledger/<int(max={LAST}):seq>")
@permission("ledger:view")
def entry(seq: int) -> ResponseReturnValue:
    """Show one entry: what it says, the exact canonical body, its hash, and private texts the reader may see."""
    work = current_work()
    authorize(work.actor, "ledger:view")
    event = ledger.event(work.session, seq)
    if event is None:
        raise NotFound
    size = ledger.head(work.session).size
    return page(
        "ledger/entry.html",
        event=event,
        line=in_words(work, [event])[0],
        label=EVENT_TYPES.get(event.type),
        size=size,
        body=json.dumps(event.body, ensure_ascii=False, indent=2, sort_keys=True),
        leaf=event.leaf.hex(),
        private=event.private if _may_read(work, event.body["project"]) else None,
        committed=sorted(event.body["private"]),
    )


def _may_read(work: UnitOfWork, project_id: str | None) -> bool:
    """Say whether the texts behind the digests are the reader's to see: those of a project only for who may see the project."""
    if project_id is None:
        return True
    return work.session.scalar(select(Project.id).where(Project.id == project_id, visible(work.actor))) is not None


@blueprint.get("/ledger/verify")
@permission("ledger:verify")
def verify_again() -> ResponseReturnValue:
    """Lead who reloads or keeps the address of a verification back to where one is started."""
    return see(url_for("ledger.index"))


@blueprint.post("/ledger/verify")
@permission("ledger:verify", unit="own")
def verify() -> ResponseReturnValue:
    """Check the whole ledger, the records and the stored files, and say whether they are whole or what is wrong first."""
    work = current_work()
    authorize(work.actor, "ledger:verify")
    verdict = verify_database(database(), files=file_store())
    return page(
        "ledger/verify.html",
        verdict=verdict,
        at=work.now,
        faults=sorted(verdict.faults, key=lambda fault: fault.rank),
        sentence=lambda fault: Text(fault.ja, fault.en),
    )
