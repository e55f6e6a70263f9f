"""What evidence a project has, in which versions, and what each piece supports: read before anything is replaced or removed.

A version is never changed; the next one is a piece of its own. Records of features above this one (decisions, conditions) rest on
evidence too; they tell so through `FINDERS`, so that no removal overlooks them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from governance.projects.models import Evidence
from governance.screenings.loading import Filled, concluded, contents_of_page, sheet_of
from governance.screenings.models import AnswerEvidence, Screening, Snapshot
from governance.screenings.rules import EDITABLE
from governance.texts import Text
from governance.work import UnitOfWork

SOON = timedelta(days=30)
"""How long before its day a piece of evidence is said to expire soon."""


@dataclass(frozen=True)
class Use:
    """One thing that a piece of evidence supports: an answer, a snapshot, or a record that rests on it.

    `binds` says that the record would lose its ground, so the piece stays; `place` is the screening and question of an answer that
    can still be changed.
    """

    evidence_id: str
    kind: str
    words: Text
    href: str
    binds: bool = False
    place: tuple[str, str] | None = None
    key: str = ""
    state: str = ""


Finder = Callable[[UnitOfWork, Sequence[str]], Iterable[Use]]
FINDERS: list[Finder] = []
"""Finders of the features above by pieces of evidence (conditions), each added where its records are kept."""

OnSnapshots = Callable[[UnitOfWork, Mapping[str, Sequence[str]]], Iterable[Use]]
ON_SNAPSHOTS: list[OnSnapshots] = []
"""Finders of what rests on snapshots (decisions), from snapshot to the pieces in it."""


def is_expired(piece: Evidence, today: date) -> bool:
    """Say whether the last day on which the piece holds has passed."""
    return piece.expires_on is not None and piece.expires_on < today


def expires_soon(piece: Evidence, today: date) -> bool:
    """Say whether the piece still holds, but not for long."""
    return piece.expires_on is not None and today <= piece.expires_on <= today + SOON


def expired(filled: Filled, today: date) -> list[tuple[str, Evidence]]:
    """Return the expired pieces at questions that are asked, with the key of the question: a warning, no gap."""
    asked = filled.score.asked
    return [(key, each) for key in asked for each in filled.evidence.get(key, []) if is_expired(each, today)]


class Shelf:
    """All evidence of one project, the newest first, with its versions."""

    def __init__(self, pieces: Sequence[Evidence]) -> None:
        self.pieces = pieces
        self._by_id = {piece.id: piece for piece in pieces}
        self._after = {piece.replaces_id: piece for piece in pieces if piece.replaces_id}

    def after(self, piece: Evidence) -> Evidence | None:
        """Return the version that replaced this one."""
        return self._after.get(piece.id)

    def number(self, piece: Evidence) -> int:
        """Return which version this is, the first being 1."""
        return len(self._before(piece)) + 1

    def versions(self, piece: Evidence) -> list[Evidence]:
        """Return every version of this piece, the first one first."""
        line = [*self._before(piece)[::-1], piece]
        while (later := self.after(line[-1])) is not None:
            line.append(later)
        return line

    def newest(self, piece: Evidence) -> Evidence:
        """Return the last version of this piece."""
        return self.versions(piece)[-1]

    def current(self) -> list[Evidence]:
        """Return what can be used: the last version of each piece that was not taken away."""
        return [piece for piece in self.pieces if piece.removed_at is None and self.after(piece) is None]

    def _before(self, piece: Evidence) -> list[Evidence]:
        found: list[Evidence] = []
        while piece.replaces_id and piece.replaces_id in self._by_id:
            piece = self._by_id[piece.replaces_id]
            found.append(piece)
        return found


def shelf(work: UnitOfWork, project_id: str) -> Shelf:
    """Return the evidence of a project; that the actor may see the project is the caller's to check."""
    return shelf_in(work.session, project_id)


def filled_with_shelf(work: UnitOfWork, row: Screening) -> tuple[Filled, Shelf]:
    """Return a screening loaded and scored with the evidence of its project, as a page of questions needs both."""
    contents, pieces = contents_of_page(work.session, row)
    return concluded(row, contents), Shelf(pieces)


def shelf_in(session: Session, project_id: str) -> Shelf:
    """Return the evidence of a project as `shelf` does, for callers that hold a session."""
    query = select(Evidence).where(Evidence.project_id == project_id).options(joinedload(Evidence.author))
    return Shelf(list(session.scalars(query.order_by(Evidence.added_at.desc(), Evidence.id))))


def uses(work: UnitOfWork, project_id: str, pieces: Sequence[Evidence]) -> dict[str, list[Use]]:
    """Return everything that these pieces of one project support or that rests on them: answers first."""
    ids = [piece.id for piece in pieces]
    snapshots = _snapshots(work, project_id, ids)
    grounds = {id: [piece for piece in ids if piece in row.body] for id, row in snapshots.items()}
    rests = [_snapshot(piece, snapshots[id]) for id, found in grounds.items() for piece in found]
    rests += [use for find in ON_SNAPSHOTS for use in find(work, grounds)]
    return _by_piece([*_present(work, ids), *rests])


def supported(work: UnitOfWork, pieces: Sequence[Evidence]) -> dict[str, list[Use]]:
    """Return what these pieces support now, for a list of many: answers and conditions, without the snapshots."""
    return _by_piece(_present(work, [piece.id for piece in pieces]))


def _present(work: UnitOfWork, ids: Sequence[str]) -> list[Use]:
    return [*answers(work, ids), *(use for find in FINDERS for use in find(work, ids))] if ids else []


def _by_piece(found: Iterable[Use]) -> dict[str, list[Use]]:
    sorted_out: dict[str, list[Use]] = defaultdict(list)
    for use in found:
        sorted_out[use.evidence_id].append(use)
    return dict(sorted_out)


def answers(work: UnitOfWork, ids: Sequence[str]) -> list[Use]:
    """Return the answers that these pieces support, those of the newest screening first."""
    query = select(AnswerEvidence, Screening).join(Screening, AnswerEvidence.screening_id == Screening.id)
    query = query.where(AnswerEvidence.evidence_id.in_(ids), Screening.state != "withdrawn")
    rows = work.session.execute(query.order_by(Screening.opened_at.desc(), AnswerEvidence.question_key)).all()
    topics = {row.id: _topics(row) for row in {screening for _, screening in rows}}
    return [_answer(link, row, topics[row.id].get(link.question_key)) for link, row in rows]


def _topics(row: Screening) -> dict[str, Text]:
    return {question.key: question.topic for each in sheet_of(row).questionnaires for _, question in each.questions()}


def _answer(link: AnswerEvidence, row: Screening, topic: Text | None) -> Use:
    key, is_open = link.question_key, row.state in EDITABLE
    words = Text("{phase} {key} {topic}", "{phase} {key} {topic}")
    phase = sheet_of(row).framework.phase(row.phase).name
    return Use(
        link.evidence_id,
        "answer",
        words.filled(phase=phase, key=key, topic=topic or ""),
        f"/screenings/{row.id}/questions/{key}",
        place=(row.id, key) if is_open else None,
        key=key,
        state=row.state,
    )


def _snapshots(work: UnitOfWork, project_id: str, ids: Sequence[str]) -> dict[str, Snapshot]:
    """Return the snapshots of the project that may hold these pieces: what was submitted keeps what it was submitted with."""
    query = select(Snapshot).join(Screening).where(Screening.project_id == project_id)
    if len(ids) == 1:
        query = query.where(Snapshot.body.contains(ids[0], autoescape=True))
    return {row.id: row for row in work.session.scalars(query.order_by(Snapshot.created_at))}


def _snapshot(evidence_id: str, snapshot: Snapshot) -> Use:
    words = {
        "submitted": Text("{phase}：第{n}版として提出された内容", "{phase}: what was submitted as revision {n}"),
        "checked": Text(
            "{phase}：第{n}版の専門チームの確認結果", "{phase}: what the expert team checked, revision {n}"
        ),
    }[snapshot.stage]
    row = snapshot.screening
    phase = sheet_of(row).framework.phase(row.phase).name
    words = words.filled(phase=phase, n=snapshot.revision)
    return Use(evidence_id, "snapshot", words, f"/screenings/{row.id}", binds=True, state=row.state)
