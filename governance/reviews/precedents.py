"""Precedents: decided cases that are like the one at hand, as far as the reader may know of them.

Who may see a project sees its precedent in full. A member of the committee sees every decision of that committee as a closed
precedent: number, levels, outcome, conditions, dissent and votes, never answers, name or words of the case — and not even that of a
case from which the member stepped back or with which a conflict of interest binds them (domain.md §6.3).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, or_, select

from governance.accounts.models import User
from governance.projects.models import Project, ProjectReader
from governance.projects.services import RECUSED, visible
from governance.questionnaires.definition import Framework
from governance.refusals import NotFound
from governance.reviews.likeness import LEAST, Alike, Traits, alike, rarity, sentence, words_of
from governance.reviews.models import AgendaItem, Committee, CommitteeMember, Condition, Decision, Meeting, Vote
from governance.reviews.people import conflicts_of, seat_of, ties_of
from governance.reviews.rules import BOARD, local_date
from governance.screenings import services as screenings
from governance.screenings.explain import ShownLevel, level
from governance.screenings.loading import sheet_of
from governance.screenings.models import Screening, Snapshot
from governance.texts import Text
from governance.work import UnitOfWork

LOOKED_AT = 1000
"""How many of the newest decisions are compared."""


@dataclass(frozen=True)
class Precedent:
    """A decided case as its reader may know it: `is_open` when they may open it, else closed (see above)."""

    decision: Decision
    framework: Framework
    alike: Alike
    why: Text
    is_open: bool
    inherent: ShownLevel | None
    residual: ShownLevel | None
    conditions: Sequence[Condition]
    dissents: Sequence[str]

    @property
    def number(self) -> str:
        """The number of the project."""
        return self.decision.screening.project.number

    @property
    def votes(self) -> tuple[int, int, int] | None:
        """For, against, abstaining; None where nobody voted."""
        figures = self.decision.quorum if self.decision.body == BOARD else {}
        if "votes_for" not in figures:
            return None
        return figures["votes_for"], figures["against"], figures["abstain"]


# ---------------------------------------------------------------- looking for them


def similar(work: UnitOfWork, screening: Screening, limit: int = 5) -> list[Precedent]:
    """Return the decided cases most like this one that the actor may know of, the most alike first.

    Empty before the first submission. Cases of the same project are its own history and left out.
    """
    rows = _decided(work, screening, or_(visible(work.actor), _of_own_committees(work)))
    seen = set(work.session.scalars(select(Project.id).where(visible(work.actor))))
    own = work.session.get(User, work.actor.id)
    ranked = _ranked(work, screening, rows)
    allowed = (
        (row, found) for row, found in ranked if row.project_id in seen or _not_bound(work, row, [own] if own else [])
    )
    return [_precedent(work, screening, row, found, row.project_id in seen) for row, found in _first(allowed, limit)]


def for_board(work: UnitOfWork, screening: Screening, committee: Committee, limit: int = 5) -> list[Precedent]:
    """Return closed precedents for a paper that all members of a committee read: its own decisions, none that one may not know of."""
    today = local_date(work.now)
    people = [row.user for row in committee.members if seat_of(row).sits_on(today)]
    barred = exists().where(
        ProjectReader.project_id == Project.id,
        ProjectReader.reason == RECUSED,
        ProjectReader.user_id.in_([person.id for person in people]),
    )
    rows = _decided(work, screening, _by([committee.id]) & ~barred)
    allowed = ((row, found) for row, found in _ranked(work, screening, rows) if _not_bound(work, row, people))
    return [_precedent(work, screening, row, found, False) for row, found in _first(allowed, limit)]


def _by(committees: Sequence[str]) -> ColumnElement[bool]:
    """Return the filter on `Decision` for those of these committees."""
    held = select(AgendaItem.id).join(Meeting).where(Meeting.committee_id.in_(committees))
    return Decision.item_id.in_(held)


def _of_own_committees(work: UnitOfWork) -> ColumnElement[bool]:
    """Return the filter for decisions of the committees the actor sits on today, without projects they stepped back from."""
    today = local_date(work.now)
    seats = select(CommitteeMember).where(CommitteeMember.user_id == work.actor.id)
    committees = [row.committee_id for row in work.session.scalars(seats) if seat_of(row).sits_on(today)]
    stepped_back = exists().where(
        ProjectReader.project_id == Project.id,
        ProjectReader.user_id == work.actor.id,
        ProjectReader.reason == RECUSED,
    )
    return _by(committees) & ~stepped_back


def _decided(work: UnitOfWork, screening: Screening, wanted: ColumnElement[bool]) -> list[Row[Any]]:
    """Return the newest decision of each screening of other projects under the same framework, newest first."""
    project = screening.project
    query = (
        select(
            Decision.id,
            Decision.screening_id,
            Decision.snapshot_id,
            Snapshot.digest,
            Screening.project_id,
            Project.name,
            Project.name_en,
            Project.summary,
            Project.summary_en,
        )
        .join(Screening, Decision.screening_id == Screening.id)
        .join(Project, Screening.project_id == Project.id)
        .join(Snapshot, Decision.snapshot_id == Snapshot.id)
        .where(Project.framework_key == project.framework_key, Project.id != project.id, wanted)
        .order_by(Decision.decided_at.desc(), Decision.id)
        .limit(LOOKED_AT)
    )
    newest: dict[str, Any] = {}
    for row in work.session.execute(query):
        newest.setdefault(row.screening_id, row)
    return list(newest.values())


def _ranked(
    work: UnitOfWork, screening: Screening, rows: Sequence[Row[Any]]
) -> Iterator[tuple[Row[Any], tuple[Traits, Alike]]]:
    """Yield the rows alike enough, with what they share, the most alike first; equal ones newest first."""
    snapshot = screenings.latest_snapshot(work, screening)
    if snapshot is None:
        return
    project = screening.project
    frozen = _frozen(work, {snapshot.digest: snapshot.id, **{row.digest: row.snapshot_id for row in rows}})
    own = replace(
        frozen[snapshot.digest], words=_words(project.name, project.name_en, project.summary, project.summary_en)
    )
    others = [
        replace(frozen[row.digest], words=_words(row.name, row.name_en, row.summary, row.summary_en)) for row in rows
    ]
    rare = rarity([own, *others])
    found = [(row, (own, alike(own, other, rare))) for row, other in zip(rows, others, strict=True)]
    yield from sorted((pair for pair in found if pair[1][1].percent >= LEAST), key=lambda pair: -pair[1][1].percent)


@lru_cache(maxsize=4096)
def _words(*texts: str) -> frozenset[str]:
    return words_of(*texts)


_READ: dict[str, Traits] = {}
_MOST_READ = 10_000


def _frozen(work: UnitOfWork, wanted: Mapping[str, str]) -> dict[str, Traits]:
    """Return the traits of snapshots by digest; each is read once in a process, since what a digest names never changes."""
    missing = [id for digest, id in wanted.items() if digest not in _READ]
    if len(_READ) > _MOST_READ:
        _READ.clear()
        missing = list(wanted.values())
    if missing:
        query = select(Snapshot.digest, Snapshot.body).where(Snapshot.id.in_(missing))
        _READ.update({digest: traits_of(json.loads(body)) for digest, body in work.session.execute(query)})
    return {digest: _READ[digest] for digest in wanted}


def traits_of(body: Mapping[str, Any]) -> Traits:
    """Return what a frozen case is compared by; its words are added from the project."""
    score = body["score"]
    items = score["items"]
    return Traits(
        phase=body["screening"]["phase"],
        sector=body["project"]["sector"],
        triggers=frozenset(score["fired"]),
        packs=frozenset(score["packs"]),
        inherent={each["item"]: each["inherent"] or 0 for each in items},
        residual={each["item"]: each["residual"] or 0 for each in items},
        gates=frozenset(key for each in items for key in each["gates_open"]),
    )


def _not_bound(work: UnitOfWork, row: Row[Any], people: Iterable[User]) -> bool:
    """Say whether no conflict of interest binds any of these people to the case."""
    screening = work.session.get_one(Screening, row.screening_id)
    ties = ties_of(work, screening)
    return not any(conflict.bars for person in people for conflict in conflicts_of(person, ties))


def _first(found: Iterable[Any], limit: int) -> list[Any]:
    return list(islice(found, limit))


def _precedent(
    work: UnitOfWork, screening: Screening, row: Row[Any], found: tuple[Traits, Alike], is_open: bool
) -> Precedent:
    decision = work.session.get_one(Decision, row.id)
    framework = screenings.framework_of(decision.screening)
    score = json.loads(decision.snapshot.body)["score"]
    own, shared = found
    topics = {q.key: q.topic for each in sheet_of(screening).questionnaires for _, q in each.questions()}
    return Precedent(
        decision,
        framework,
        shared,
        sentence(shared, own, screenings.framework_of(screening), topics, closed=not is_open),
        is_open,
        level(framework, score["inherent"]),
        level(framework, score["residual"]),
        decision.conditions,
        _dissents(work, decision),
    )


def _dissents(work: UnitOfWork, decision: Decision) -> list[str]:
    """Return the dissenting opinions on the motion that became the decision, without names (domain.md §6.3)."""
    if decision.item_id is None:
        return []
    query = select(Vote.dissent).join(AgendaItem, Vote.item_id == AgendaItem.id)
    query = query.where(Vote.item_id == decision.item_id, Vote.motion_number == AgendaItem.motion_number)
    return sorted(work.session.scalars(query.where(Vote.dissent != "")))


def is_open(work: UnitOfWork, decision: Decision) -> bool:
    """Say whether the actor may open the case of a decision."""
    query = select(Project.id).where(Project.id == decision.screening.project_id, visible(work.actor))
    return work.session.scalars(query).first() is not None


def known(work: UnitOfWork, decision_id: str) -> Decision:
    """Return a decision that the actor may know of, openly or as a closed precedent; NotFound for any other."""
    query = (
        select(Decision, Screening.project_id)
        .join(Screening, Decision.screening_id == Screening.id)
        .join(Project, Screening.project_id == Project.id)
        .where(Decision.id == decision_id)
    )
    row = work.session.execute(query.where(visible(work.actor))).one_or_none()
    if row is not None:
        return row[0]
    closed = work.session.execute(query.where(_of_own_committees(work))).one_or_none()
    own = work.session.get(User, work.actor.id)
    if closed is None or own is None:
        raise NotFound
    if any(each.bars for each in conflicts_of(own, ties_of(work, closed[0].screening))):
        raise NotFound
    return closed[0]
