"""Citing a precedent (先例の引用): an earlier decision named, with a note, for the decision to come, and kept with it.

Whoever checks, deliberates or decides may cite what they may know of, until the decision; what was cited and taken back stays on record.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from governance.accounts.rules import authorize, may
from governance.projects.life import must_run
from governance.refusals import NotFound, Refusal
from governance.reviews.desk_models import Citation
from governance.reviews.models import AgendaItem, Decision
from governance.reviews.people import own_seat, refuse_bound, relations_to, standing
from governance.reviews.precedents import is_open, known, similar
from governance.reviews.rules import refuse_when
from governance.screenings.models import Screening
from governance.work import UnitOfWork

LONGEST_NOTE = 2000
NOT_DECIDED_ON = frozenset({"draft", "returned", "withdrawn"})
"""States in which nothing is decided, so nothing is cited."""
_SETTLED = ("decided", "deferred")


def citations_of(work: UnitOfWork, screening: Screening, revision: int | None = None) -> list[Citation]:
    """Return the precedents cited for a revision (the current one by default), in the order they were named."""
    query = select(Citation).where(
        Citation.screening_id == screening.id,
        Citation.revision == (revision or screening.revision),
        Citation.withdrawn_at.is_(None),
    )
    return list(work.session.scalars(query.order_by(Citation.cited_at, Citation.id)))


def beside(work: UnitOfWork, screening: Screening) -> dict[str, Any]:
    """Return what a page shows of precedents: similar cases while nothing is decided, and those cited."""
    undecided = is_undecided(work, screening)
    cited = citations_of(work, screening)
    return {
        "precedents": similar(work, screening) if undecided else [],
        "cited": cited,
        "cited_open": {each.id: is_open(work, each.cited) for each in cited},
        "may_cite": undecided and may_cite(work, screening),
    }


def may_cite(work: UnitOfWork, screening: Screening) -> bool:
    """Say whether the actor may cite a precedent for this case now."""
    return may(work.actor, "precedent:cite", _relations(work, screening)) and is_undecided(work, screening)


def cite(work: UnitOfWork, screening: Screening, cited_id: str, *, note: str) -> Citation:
    """Name an earlier decision for the decision to come, with what follows from it; it is kept with that decision.

    Raises NotFound for a decision the actor may not know of, Refusal without a note, twice, or after the decision.
    """
    authorize(work.actor, "precedent:cite", _relations(work, screening))
    must_run(work, screening.project_id)
    work.session.refresh(screening, with_for_update=True)
    refuse_bound(work, screening, allowed="approver" if screening.state == "submitted" else "")
    _must_be_undecided(work, screening)
    decision = known(work, cited_id)
    text = _checked(note)
    said = ("この先例はすでに引用されています。", "This precedent is already cited.")
    again = any(each.cited_id == decision.id for each in citations_of(work, screening))
    refuse_when(
        again or decision.screening.project_id == screening.project_id, "cited", *said, place=f"cite-{cited_id}"
    )
    row = Citation(
        screening=screening,
        revision=screening.revision,
        cited=decision,
        note=text,
        cited_by=work.actor.id,
        cited_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    _record(work, row, "PrecedentCited")
    return row


def take_back(work: UnitOfWork, screening: Screening, citation_id: str) -> None:
    """Take a citation back before the decision: its author, or who keeps the record of the case. It stays on record."""
    authorize(work.actor, "precedent:cite", _relations(work, screening))
    work.session.refresh(screening, with_for_update=True)
    _must_be_undecided(work, screening)
    row = next((each for each in citations_of(work, screening) if each.id == citation_id), None)
    if row is None:
        raise NotFound
    if row.cited_by != work.actor.id and not work.actor.roles & {"secretariat", "chair"}:
        raise Refusal(
            "reviews.own_citation",
            "取り消せるのは、引用した本人か事務局・委員長です。",
            "Only who cited it, the secretariat or the chair takes it back.",
        )
    row.withdrawn_by, row.withdrawn_at = work.actor.id, work.now
    work.session.flush()
    _record(work, row, "CitationWithdrawn")


def _relations(work: UnitOfWork, screening: Screening) -> frozenset[str]:
    """Return how the actor stands to the case, and to the committees before which it lies."""
    query = select(AgendaItem).where(AgendaItem.screening_id == screening.id, AgendaItem.state.not_in(_SETTLED))
    found = relations_to(work, screening)
    for item in work.session.scalars(query):
        committee = item.meeting.committee
        if own_seat(work, committee):
            found |= standing(work, committee, [each.member_id for each in item.recusals])
    return found


def is_undecided(work: UnitOfWork, screening: Screening) -> bool:
    """Say whether this revision was submitted and waits for its decision."""
    query = select(Decision.id).where(Decision.screening_id == screening.id, Decision.revision == screening.revision)
    return screening.state not in NOT_DECIDED_ON and work.session.scalars(query).first() is None


def _must_be_undecided(work: UnitOfWork, screening: Screening) -> None:
    refuse_when(
        not is_undecided(work, screening),
        "citing_over",
        "先例を引用できるのは、提出された案件の審査結果が決まるまでです。",
        "Precedents are cited from the submission until the decision.",
    )


def _checked(note: str) -> str:
    text = note.strip()
    refuse_when(
        not text,
        "citation_note",
        "この先例から何が言えるかを書いてください。",
        "Say what follows from it.",
        place="note",
    )
    refuse_when(
        len(text) > LONGEST_NOTE,
        "too_long",
        "{limit}文字以内で書いてください。",
        "Use at most {limit} characters.",
        place="note",
        limit=LONGEST_NOTE,
    )
    return text


def _record(work: UnitOfWork, row: Citation, event: str) -> None:
    work.record(
        event,
        subject=("citation", row.id),
        project=row.screening.project_id,
        codes={"screening": row.screening_id, "revision": row.revision, "cited": row.cited_id},
        private={"note": row.note},
        row=row,
    )
