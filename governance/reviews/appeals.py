"""Appeals: the owner of a rejected case asks for another review on new facts; somebody else leads it, and the committee decides anew.

The rejection stays on record. The appealed case is a new revision with its own snapshot, so it gets its own decision; management
cannot turn a rejection into an approval (domain.md §6.3 appeal, §6.2 46.112).
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select

from governance.accounts.rules import authorize
from governance.notifications.people import strangers
from governance.notifications.services import notify
from governance.projects.life import must_run
from governance.projects.services import relations_of
from governance.refusals import NotFound, Refusal
from governance.reviews.amendment_models import Appeal
from governance.reviews.amendment_rules import MOST_TEXT, last_day_to_appeal, problem_of_appeal
from governance.reviews.committee import CommitteeRules
from governance.reviews.committees import rules_of
from governance.reviews.models import Decision
from governance.reviews.rules import local_date
from governance.screenings import services as screenings
from governance.screenings.models import Screening
from governance.screenings.workflow import after
from governance.work import UnitOfWork


def rejection_of(work: UnitOfWork, row: Screening) -> Decision:
    """Return the decision that rejected this revision; NotFound when there is none."""
    query = select(Decision).where(
        Decision.screening_id == row.id, Decision.revision == row.revision, Decision.outcome == "rejected"
    )
    found = work.session.scalars(query).one_or_none()
    if found is None:
        raise NotFound
    return found


def rules_for(decision: Decision) -> CommitteeRules:
    """Return the rules by which an appeal against a decision is judged: those of its committee on its day."""
    if decision.item is None:
        return CommitteeRules()
    return rules_of(decision.item.meeting.committee, local_date(decision.decided_at))


def last_day(decision: Decision) -> date:
    """Return the last day on which the decision can be appealed."""
    return last_day_to_appeal(local_date(decision.decided_at), rules_for(decision).appeal_days)


def refuse_appeal(work: UnitOfWork, row: Screening) -> Decision:
    """Return the rejection that can be appealed now; Refusal with the rule when it cannot."""
    after(row.state, "appeal")
    decision = rejection_of(work, row)
    rules = rules_for(decision)
    before = work.session.scalar(select(func.count()).where(Appeal.screening_id == row.id)) or 0
    wrong = problem_of_appeal(
        local_date(decision.decided_at),
        local_date(work.now),
        days=rules.appeal_days,
        times=rules.appeal_times,
        before=before,
    )
    if wrong is not None:
        raise Refusal(wrong.code, wrong.text.ja, wrong.text.en)
    return decision


def can_appeal(work: UnitOfWork, row: Screening) -> bool:
    """Tell whether a screening was rejected and can be appealed against now."""
    try:
        refuse_appeal(work, row)
    except (Refusal, NotFound):
        return False
    return True


def appeal(work: UnitOfWork, row: Screening, *, rev: int, facts: str) -> Appeal:  # long: one line per column
    """File an appeal with the new facts. Only the owner; once, in time; the answers stay as they were decided on."""
    authorize(work.actor, "screening:appeal", relations_of(work, row.project))
    must_run(work, row.project_id)
    work.session.refresh(row, with_for_update=True)
    work.expect(row, rev)
    decision = refuse_appeal(work, row)
    given = _facts(facts)
    filed = Appeal(
        screening_id=row.id,
        decision_id=decision.id,
        revision=row.revision,
        facts=given,
        filed_by=work.actor.id,
        filed_at=work.now,
    )
    work.session.add(filed)
    row.state, row.changed_at = after(row.state, "appeal").state, work.now
    row.revision += 1
    row.submitted_by, row.submitted_at = work.actor.id, work.now
    work.session.flush()
    snapshot = screenings.freeze(work, row, "submitted")
    work.record(
        "AppealFiled",
        subject=("screening", row.id),
        project=row.project_id,
        rev=(rev, row.rev),
        codes={"decision": decision.id, "revision": row.revision},
        refs={"snapshot": snapshot.digest},
        private={"facts": given},
        row=filed,
    )
    _tell(work, row)
    return filed


def _facts(facts: str) -> str:
    given = facts.strip()
    if not given:
        raise Refusal(
            "reviews.facts",
            "不承認のあとで分かった新しい事実を書いてください。",
            "State the new facts that came up after the rejection.",
            place="facts",
        )
    if len(given) > MOST_TEXT:
        raise Refusal(
            "reviews.too_long",
            "{limit}文字以内で書いてください。",
            "Use at most {limit} characters.",
            place="facts",
            limit=MOST_TEXT,
        )
    return given


def _tell(work: UnitOfWork, row: Screening) -> None:
    people = strangers(work, row.project, "expert", "secretariat")
    notify(work, "submitted", people, project=row.project, href=f"/reviews/{row.id}", codes={"about": "appeal"})
