"""A thousand attempts at once to decide one case leave one decision, on each database (assurance.md T5)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from governance.ledger.audit import verify_database
from governance.refusals import Conflict, Refusal, Refusals
from governance.reviews import items
from governance.reviews.models import Condition, Decision
from governance.work import UnitOfWork, run
from tests.builders import World
from tests.reviews import scenes

ATTEMPTS, HANDS = 1000, 16


def test_a_thousand_decisions_at_once_leave_one(made: World) -> None:
    screening, _, item_id = scenes.on_agenda(made)
    scenes.voting(made, item_id)
    for name in ("chair", "ext1", "ext2", "int1", "int2"):
        scenes.vote(made, item_id, name, "for")
    verdict = scenes.conditional(made)
    with made.acting("auditor", read_only=True) as work:
        rev = scenes.agenda_item(work, item_id).rev
    chairs = [made.actor("chair"), made.actor("secretariat")]

    def decide(work: UnitOfWork) -> None:
        items.record_decision(work, scenes.agenda_item(work, item_id), verdict, rev=rev)

    def attempt(turn: int) -> str:
        try:
            run(made.database, chairs[turn % 2], decide, serializable=True, at=made.now)
        except (Conflict, Refusal, Refusals, DBAPIError) as refused:
            return type(refused).__name__
        return "decided"

    with ThreadPoolExecutor(HANDS) as pool:
        told = list(pool.map(attempt, range(ATTEMPTS)))
    assert told.count("decided") == 1
    assert len(told) == ATTEMPTS
    with made.acting("auditor", read_only=True) as work:
        decisions = work.session.scalar(select(func.count()).where(Decision.screening_id == screening))
        conditions = work.session.scalar(select(func.count()).select_from(Condition))
        assert (decisions, conditions) == (1, 1)
        assert scenes.agenda_item(work, item_id).state == "decided"
    assert verify_database(made.database).ok
