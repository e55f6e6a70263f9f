"""The scenes around the committee's sessions: new rules, waivers, circulation, the executive's word, questions to other bodies."""

from __future__ import annotations

from governance.demo.content import Committee, NewRules
from governance.demo.doings import BodyAnswer, BodyAsk, Doings
from governance.demo.meetings import Answer, Circulated, Item, Session
from governance.demo.scenes_reviews import drafts
from governance.demo.stage import Stage
from governance.reviews import advising, circulating, committees, conditions, consulting, waiving
from governance.reviews.decisions import Verdict
from governance.reviews.meetings import meeting
from governance.reviews.models import AgendaItem, Condition
from governance.work import UnitOfWork


def adopt(stage: Stage, work: UnitOfWork, committee: Committee, one: NewRules) -> None:
    """Adopt the next version of a committee's rules."""
    row = committees.committee(work, stage.ids["committee", ""])
    committees.change_rules(
        work, row, {**row.rules, **one.changes}, rev=row.rev, version=one.version,
        effective_on=stage.calendar.day(one.effective), reason=one.reason,
    )


def propose(stage: Stage, work: UnitOfWork, session: Session, item: Item) -> None:
    """Put the waiver of conditions on an agenda."""
    row = meeting(work, stage.ids["meeting", session.key])
    for number in item.waives:
        found = _condition(stage, work, item, number)
        made = waiving.propose(work, found, row, rev=found.rev, reason=item.asked)
        stage.ids["item", session.key, item.project, item.phase] = made.id


def move_waiver(stage: Stage, work: UnitOfWork, session: Session, item: Item) -> None:
    """Put the waiver to the vote."""
    row = work.session.get_one(AgendaItem, stage.ids["item", session.key, item.project, item.phase])
    waiving.put(work, row, [each.condition_id for each in row.waivers], rev=row.rev)


def waive(stage: Stage, work: UnitOfWork, session: Session, item: Item) -> None:
    """Record that the committee waived them."""
    row = work.session.get_one(AgendaItem, stage.ids["item", session.key, item.project, item.phase])
    waiving.decide(work, row, rev=row.rev, reason=item.rationale)


def decide_above(stage: Stage, work: UnitOfWork, session: Session, item: Item) -> None:
    """Decide as the executive what the committee referred."""
    assert item.above is not None
    row = stage.screening(work, item.project, item.phase)
    verdict = Verdict(item.above.outcome, item.above.rationale, conditions=drafts(stage, item.conditions))
    stage.ids["decision", item.project, item.phase] = advising.decide_as_executive(work, row, verdict, rev=row.rev).id


def circulate(stage: Stage, work: UnitOfWork, one: Circulated) -> None:
    """Put an expedited matter to the chair and two members by circulation."""
    row = committees.committee(work, stage.ids["committee", ""])
    verdict = Verdict(one.outcome, one.rationale, conditions=drafts(stage, one.conditions))
    seats = [stage.ids["seat", person] for person in one.members]
    case, last = stage.screening(work, one.project, one.phase), stage.calendar.day(one.closes)
    made = circulating.start(work, row, case, verdict, members=seats, closes_on=last)
    stage.ids["circulation", one.project, one.phase] = made.id


def answer_circulation(stage: Stage, work: UnitOfWork, one: Circulated, given: Answer) -> None:
    """Answer a circulation; the last who agrees decides it."""
    row = circulating.circulation(work, stage.ids["circulation", one.project, one.phase])
    circulating.say(work, row, given.choice, remark=given.remark)


def body_ask(stage: Stage, work: UnitOfWork, about: Doings, one: BodyAsk) -> None:
    """Ask a body for its opinion."""
    row, due = stage.screening(work, about.project, one.phase), stage.calendar.day(one.due)
    made = consulting.ask(work, row, one.body, question=stage.calendar.text(one.question, about.language), due_on=due)
    stage.ids["consultation", about.project, one.key] = made.id


def body_answer(stage: Stage, work: UnitOfWork, about: Doings, one: BodyAnswer) -> None:
    """Answer for the body."""
    row = consulting.consultation(work, stage.ids["consultation", about.project, one.asked])
    consulting.answer(work, row, stance=one.stance, text=stage.calendar.text(one.text, about.language))


def _condition(stage: Stage, work: UnitOfWork, item: Item, number: int) -> Condition:
    decision = stage.ids["decision", item.project, item.phase]
    found = conditions.conditions(work)
    return next(each for each in found if each.decision_id == decision and each.number == number)
