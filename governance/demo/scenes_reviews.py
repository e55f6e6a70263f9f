"""The scenes of the expert team, the legal department and the department heads: everything that is decided without a committee."""

from __future__ import annotations

from governance.demo.cases import (
    Case,
    Challenged,
    Cited,
    Concluded,
    Decided,
    Discussed,
    Filling,
    Opined,
    Replied,
    Returned,
    Ruled,
    StopConfirmed,
    Taken,
)
from governance.demo.stage import Stage
from governance.demo.written import Condition
from governance.reviews import challenges, citing, discussing, services, stops, triage
from governance.reviews.decisions import Verdict
from governance.reviews.desk_models import Challenge
from governance.reviews.rules import ConditionDraft
from governance.texts import Text
from governance.work import UnitOfWork

NOTES = {
    "completeness": Text("回答と理由がそろっている。", "Answers and reasons are complete."),
    "triggers": Text("判定項目の回答を概要と照らし、経路を確かめた。", "Trigger answers compared with the summary; the route is right."),
    "evidence": Text("★の質問の証跡を開いて確かめた。", "Opened the evidence of the gates."),
    "conflicts": Text("案件の部門・関係者と利害関係はない。", "No interest in the department or people of the project."),
}


def taken(stage: Stage, work: UnitOfWork, case: Case, filling: Filling, event: Taken) -> None:
    """Take the case for review and finish the pre-check."""
    row = stage.screening(work, case.key, filling.phase)
    review = services.take_review(work, row, rev=row.rev)
    stage.ids["review", case.key, filling.phase] = review.id
    notes = {code: (triage.MET, note.in_(case.language)) for code, note in NOTES.items()}
    triage.settle(work, review, notes, rev=row.rev)
    triage.begin(work, review, rev=row.rev)


def ruled(stage: Stage, work: UnitOfWork, case: Case, filling: Filling, event: Ruled) -> None:
    """Accept or refuse a 該当なし."""
    row = stage.screening(work, case.key, filling.phase)
    reason = stage.calendar.text(event.reason, case.language)
    services.rule_not_applicable(work, row, event.target, rev=row.rev, accepted=event.outcome == "accepted", reason=reason)


def returned(stage: Stage, work: UnitOfWork, case: Case, filling: Filling, event: Returned) -> None:
    """Send the case back to its team."""
    row = stage.screening(work, case.key, filling.phase)
    services.return_to_team(work, row, rev=row.rev, reason=stage.calendar.text(event.reason, case.language))


def opined(stage: Stage, work: UnitOfWork, case: Case, filling: Filling, event: Opined) -> None:
    """Give the opinion of the expert team."""
    row = services.review(work, stage.ids["review", case.key, filling.phase])
    texts = {name: stage.calendar.text(getattr(event, name), case.language) for name in ("opinion", "risks", "open_points")}
    services.give_opinion(work, row, rev=row.rev, recommendation=event.recommendation, **texts)


def challenged(stage: Stage, work: UnitOfWork, case: Case, filling: Filling, event: Challenged) -> None:
    """Challenge an answer or a grade."""
    row = stage.screening(work, case.key, filling.phase)
    reason = stage.calendar.text(event.reason, case.language)
    challenges.raise_challenge(work, row, event.kind, event.target, proposed=event.proposed, reason=reason, rev=row.rev)


def replied(stage: Stage, work: UnitOfWork, case: Case, filling: Filling, event: Replied) -> None:
    """Answer a challenge for the team."""
    found = _challenge(stage, work, case, filling, event.number)
    challenges.answer(work, found, stage.calendar.text(event.reply, case.language), rev=found.rev)


def concluded(stage: Stage, work: UnitOfWork, case: Case, filling: Filling, event: Concluded) -> None:
    """Uphold or withdraw a challenge."""
    found = _challenge(stage, work, case, filling, event.number)
    verdict = stage.calendar.text(event.verdict, case.language)
    challenges.settle(work, found, upheld=event.upheld, verdict=verdict, rev=found.rev)


def _challenge(stage: Stage, work: UnitOfWork, case: Case, filling: Filling, number: int) -> Challenge:
    row = stage.screening(work, case.key, filling.phase)
    return next(each for each in challenges.challenges_of(work, row) if each.number == number)


def discussed(stage: Stage, work: UnitOfWork, case: Case, filling: Filling, event: Discussed) -> None:
    """Open a discussion, or conclude it."""
    row = stage.screening(work, case.key, filling.phase)
    review = services.review(work, stage.ids["review", case.key, filling.phase])
    topic, outcome, people = (stage.calendar.text(each, case.language) for each in (event.topic, event.outcome, event.participants))
    if topic:
        discussing.open_discussion(work, review, topic, rev=row.rev)
    else:
        discussing.conclude(work, review, rev=row.rev, outcome=outcome, participants=people)


def cited(stage: Stage, work: UnitOfWork, case: Case, filling: Filling, event: Cited) -> None:
    """Cite the decision on another project."""
    row = stage.screening(work, case.key, filling.phase)
    decision = stage.ids["decision", event.project, event.of]
    citing.cite(work, row, decision, note=stage.calendar.text(event.note, case.language))


def decided(stage: Stage, work: UnitOfWork, case: Case, filling: Filling, event: Decided) -> None:
    """Decide as department head or expert team."""
    row = stage.screening(work, case.key, filling.phase)
    verdict = Verdict(event.outcome, stage.calendar.text(event.rationale, case.language), conditions=drafts(stage, event.conditions))
    decision = services.decide_without_board(work, row, verdict, rev=row.rev)
    stage.ids["decision", case.key, filling.phase] = decision.id


def stop_confirmed(stage: Stage, work: UnitOfWork, case: Case, filling: Filling, event: StopConfirmed) -> None:
    """Confirm a hard stop as legal counsel."""
    row = stage.screening(work, case.key, filling.phase)
    stops.confirm_stop(work, row, event.stop, rev=row.rev, reason=stage.calendar.text(event.reason, case.language))


def drafts(stage: Stage, conditions: list[Condition]) -> tuple[ConditionDraft, ...]:
    """Return the conditions as they are proposed with a decision."""
    return tuple(
        ConditionDraft(
            stage.calendar.text(each.text), each.kind, stage.ids["person", each.owner], stage.ids["person", each.verifier],
            stage.calendar.day(each.due), stage.calendar.text(each.text_en, "en"),
        )
        for each in conditions
    )
