"""What of the reviews rests on evidence: decisions through the snapshots they were made on, conditions through their reports.

Told to the shelf of evidence (screenings/shelf.py), so that nothing is taken away under a decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select

from governance.reviews.models import Condition, Decision
from governance.screenings.loading import sheet_of
from governance.screenings.models import Screening
from governance.screenings.shelf import FINDERS, ON_SNAPSHOTS, Use
from governance.texts import Text
from governance.work import UnitOfWork


def conditions(work: UnitOfWork, ids: Sequence[str]) -> Iterable[Use]:
    """Yield the conditions that were reported as met with one of these pieces."""
    query = select(Condition).where(Condition.evidence_id.in_(ids))
    for row in work.session.scalars(query.order_by(Condition.number)):
        words = Text("付帯条件 C-{n} の報告", "Report on condition C-{n}").filled(n=row.number)
        yield Use(row.evidence_id or "", "condition", words, f"/conditions/{row.id}", binds=True, state=row.state)


def decisions(work: UnitOfWork, grounds: Mapping[str, Sequence[str]]) -> Iterable[Use]:
    """Yield the decisions made on these snapshots, once for each piece in the snapshot."""
    query = select(Decision, Screening).join(Screening, Decision.screening_id == Screening.id)
    query = query.where(Decision.snapshot_id.in_([id for id, pieces in grounds.items() if pieces]))
    for row, screening in work.session.execute(query.order_by(Decision.decided_at)):
        framework = sheet_of(screening).framework
        words = Text("{phase}：{body}の審査結果", "{phase}: decision of the {body}")
        named = words.filled(phase=framework.phase(screening.phase).name, body=framework.name_of("bodies", row.body))
        for piece in grounds[row.snapshot_id]:
            yield Use(piece, "decision", named, f"/reviews/{screening.id}", binds=True, state=row.outcome)


def tell_shelf() -> None:
    """Let the shelf of evidence know of both; asked twice, it is told once."""
    if conditions not in FINDERS:
        FINDERS.append(conditions)
        ON_SNAPSHOTS.append(decisions)
