"""How long the records of a project and of a person are kept, read from what they did.

Who decided is part of the record that must be kept, so a person is kept as long as their last vote, decision or approval
(assurance.md §3.8). Somebody who never took part in one has nothing that must be kept.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from governance.accounts.models import User
from governance.erasure.holding import Target
from governance.erasure.rules import Retention, retention
from governance.projects.life import acts_of
from governance.projects.models import Erasure, Project
from governance.reviews.body_models import BodyOpinion, CommitteeOpinion
from governance.reviews.circulation_models import CirculationVote
from governance.reviews.models import CommitteeMember, Condition, Decision, Review, Vote
from governance.reviews.room_models import MinutesApproval
from governance.reviews.rules import local_date
from governance.screenings.models import Ruling
from governance.work import UnitOfWork

_ACTS: tuple[tuple[Any, Any], ...] = (
    (Decision.decided_by, Decision.decided_at),
    (CommitteeOpinion.recorded_by, CommitteeOpinion.recorded_at),
    (MinutesApproval.approved_by, MinutesApproval.approved_at),
    (Review.reviewer_id, Review.finished_at),
    (Ruling.ruled_by, Ruling.ruled_at),
    (BodyOpinion.given_by, BodyOpinion.given_at),
    (Condition.settled_by, Condition.settled_at),
    (Erasure.decided_by, Erasure.decided_at),
)
"""Who decided or approved, and when."""
_VOTES = (Vote, CirculationVote)


def retention_of(work: UnitOfWork, target: Target, years: int) -> Retention | None:
    """Return how long the records of a project or person are kept; None for a person who never voted, decided or approved."""
    return _of_project(work, target, years) if isinstance(target, Project) else _of_person(work, target, years)


def _of_project(work: UnitOfWork, project: Project, years: int) -> Retention:
    """Count from the withdrawal or retirement."""
    ended = next((act for act in acts_of(work, project) if act.act in ("withdrawn", "retired")), None)
    return retention(local_date(ended.acted_at) if ended else None, years)


def _of_person(work: UnitOfWork, person: User, years: int) -> Retention | None:
    queries = [select(func.max(at)).where(by == person.id) for by, at in _ACTS]
    seats = select(CommitteeMember.id).where(CommitteeMember.user_id == person.id)
    queries += [select(func.max(vote.cast_at)).where(vote.member_id.in_(seats)) for vote in _VOTES]
    found = [at for at in map(work.session.scalar, queries) if at is not None]
    return retention(local_date(max(found)), years) if found else None
