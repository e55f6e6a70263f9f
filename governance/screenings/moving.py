"""Moving an open screening to the newest versions (質問票の移行): planned and shown first, done in one act, undone until it is submitted.

Framework and questionnaires move together. Answers keep their authors and times; what is no longer asked stays in the history, and what is
asked otherwise is marked to be confirmed. The levels before and after come from the same scoring as everywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select

from governance.accounts.rules import authorize
from governance.projects.models import Project
from governance.projects.services import relations_of, visible
from governance.questionnaires.models import FrameworkVersion, QuestionnaireVersion
from governance.questionnaires.services import current_framework, current_questionnaires, framework_in, questionnaire_in
from governance.refusals import Refusal
from governance.screenings import filling, rules
from governance.screenings.differing import Scored
from governance.screenings.loading import Filled, load
from governance.screenings.models import Answer, AnswerEvidence, Screening, ScreeningMove, ScreeningQuestionnaire
from governance.screenings.planning import Step, counts, moved_ratings, moved_values, steps
from governance.screenings.result import Rating
from governance.screenings.routing import Sheet
from governance.screenings.scoring import score
from governance.work import UnitOfWork


@dataclass(frozen=True)
class Newer:
    """The versions in force that a screening does not use yet."""

    framework: FrameworkVersion
    versions: list[QuestionnaireVersion]


@dataclass(frozen=True)
class Plan:
    """What the move would do: each question's step, and the score before and after."""

    newer: Newer
    steps: list[Step]
    before: Scored
    after: Scored
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def shown(self) -> list[Step]:
        """The steps worth reading: everything but what stays as it is, and what has no answer only where it is asked."""
        after, either = set(self.after.score.asked), {*self.before.score.asked, *self.after.score.asked}
        asked = {"new": after, "rescored": either}
        return [
            s
            for s in self.steps
            if s.kind != "kept" and (bool(s.value) or s.kind not in asked or s.question.key in asked[s.kind])
        ]


def newer(work: UnitOfWork, row: Screening) -> Newer | None:
    """Return the versions in force when they are not those the screening uses; None when it is up to date or closed."""
    if row.state not in rules.EDITABLE:
        return None
    version = current_framework(work, row.project.framework_key)
    framework = framework_in(version)
    if row.phase not in {each.code for each in framework.phases}:
        return None
    found = current_questionnaires(work, version.key, [*framework.earlier_phases(row.phase), row.phase])
    same = version.id == row.framework_id and {each.id for each in found} == {pin.questionnaire_id for pin in row.pins}
    return None if same else Newer(version, found)


def outdated(work: UnitOfWork) -> list[Screening]:
    """Return the open screenings that the actor may see and that do not use the versions in force, longest open first."""
    query = select(Screening).join(Project).where(Screening.state.in_(rules.EDITABLE), visible(work.actor))
    rows = work.session.scalars(query.order_by(Screening.opened_at, Screening.id))
    return [row for row in rows if newer(work, row) is not None]


def plan(work: UnitOfWork, row: Screening) -> Plan | None:
    """Return what a move would do; None when there is nothing to move to."""
    target = newer(work, row)
    return _plan(load(work.session, row), target) if target else None


def _plan(now: Filled, target: Newer) -> Plan:
    sheet = Sheet(
        framework_in(target.framework),
        now.sheet.phase,
        tuple(questionnaire_in(each) for each in target.versions),
        now.sheet.carried,
    )
    found = steps(now.sheet, sheet, now.values)
    values = moved_values(found)
    ratings = moved_ratings(sheet.framework, _ratings(now))
    routes = {each.code for each in sheet.framework.routes}
    in_force = now.in_force if now.in_force.route in routes else replace(now.in_force, route="")
    after = Scored(sheet, values, score(sheet, values, ratings, in_force))
    return Plan(target, found, Scored(now.sheet, now.values, now.score), after, counts(found))


def _ratings(now: Filled) -> dict[str, Rating]:
    return {item: Rating(each.severity, each.likelihood) for item, each in now.ratings.items()}


# ---------------------------------------------------------------- move


def move(work: UnitOfWork, row: Screening, *, rev: int) -> ScreeningMove:
    """Move the screening to the versions in force. Raises Refusal when there is nothing to move to or it is locked."""
    authorize(work.actor, "screening:migrate", relations_of(work, row.project))
    rules.must_be_editable(row.state)
    work.expect(row, rev)
    now, target = load(work.session, row), newer(work, row)
    if target is None:
        raise Refusal(
            "screenings.up_to_date",
            "このスクリーニングは、すでに最新の版を使っています。",
            "This screening uses the newest versions already.",
        )
    planned = _plan(now, target)
    moved = _move_of(work, row, target)
    _pin(work, row, target.framework, target.versions)
    moved.undo = _carry_out(work, row, now, planned)
    work.session.add(moved)
    work.session.flush()
    filling.summarise(work, row)
    _record(work, row, rev, moved, planned)
    return moved


def _record(work: UnitOfWork, row: Screening, rev: int, moved: ScreeningMove, planned: Plan) -> None:
    work.record(
        "ScreeningMigrated",
        subject=("screening", row.id),
        project=row.project_id,
        rev=(rev, row.rev),
        codes={
            **planned.counts,
            "inherent": row.inherent,
            "residual": row.residual,
            "route": row.route,
            "residual_before": planned.before.score.residual,
            "route_before": planned.before.score.route,
        },
        refs={"before": _digests(work, moved.from_framework, moved.from_versions), "after": _digests_of(planned.newer)},
        row=row,
    )


def _move_of(work: UnitOfWork, row: Screening, target: Newer) -> ScreeningMove:
    return ScreeningMove(
        screening_id=row.id,
        from_framework=row.framework_id,
        to_framework=target.framework.id,
        from_versions=[pin.questionnaire_id for pin in row.pins],
        to_versions=[each.id for each in target.versions],
        moved_by=work.actor.id,
        moved_at=work.now,
    )


def _pin(
    work: UnitOfWork, row: Screening, framework: FrameworkVersion, versions: Sequence[QuestionnaireVersion]
) -> None:
    """Let the screening use these versions, in this order."""
    for pin in list(row.pins):
        work.session.delete(pin)
    work.session.flush()
    work.session.expire(row, ["pins"])
    for place, each in enumerate(versions):
        work.session.add(ScreeningQuestionnaire(screening_id=row.id, questionnaire_id=each.id, position=place))
    row.framework_id = framework.id
    work.session.flush()
    work.session.expire(row, ["pins", "framework_version"])


def _carry_out(work: UnitOfWork, row: Screening, now: Filled, planned: Plan) -> dict[str, Any]:
    """Bring answers and ratings to the new versions; return what is needed to undo it."""
    done: dict[str, Any] = {"marked": [], "values": {}, "suggested": [], "ratings": {}}
    for step in planned.steps:
        key, answer = step.question.key, now.answers.get(step.question.key)
        if step.kind == "split":
            _suggest(work, row, now, step)
            done["suggested"].append(key)
        elif answer is not None and step.kind in ("kept", "rescored", "reworded", "lost") and step.value:
            if step.moved != step.value:
                done["values"][key] = step.value
                filling.rewrite(work, row, answer, step.moved)
            if step.is_to_confirm and not answer.to_confirm:
                answer.to_confirm, answer.confirm_because = True, "reworded"
                done["marked"].append(key)
    kept = moved_ratings(planned.after.framework, _ratings(now))
    for item, rating in now.ratings.items():
        wanted = kept.get(item)
        if wanted and wanted != Rating(rating.severity, rating.likelihood):
            done["ratings"][item] = [rating.severity, rating.likelihood]
            rating.severity, rating.likelihood = wanted.severity, wanted.likelihood
    work.session.flush()
    return done


def _suggest(work: UnitOfWork, row: Screening, now: Filled, step: Step) -> None:
    """Put the predecessor's answer under the new question, with its remark, planned date and evidence, to be confirmed."""
    source = now.answers[step.source]
    answer = now.answers.get(step.question.key) or Answer(
        screening_id=row.id, question_key=step.question.key, author_id=source.author_id, saved_at=source.saved_at
    )
    answer.text, answer.remark, answer.due_on, answer.carried_from = source.text, source.remark, source.due_on, None
    work.session.add(answer)
    filling.rewrite(work, row, answer, step.moved)
    answer.to_confirm, answer.confirm_because = True, "moved"
    held = {piece.id for piece in now.evidence.get(step.question.key, [])}
    for piece in [each for each in now.evidence.get(step.source, []) if each.id not in held]:
        link = AnswerEvidence(screening_id=row.id, question_key=answer.question_key, evidence_id=piece.id)
        link.attached_by, link.attached_at = work.actor.id, work.now
        work.session.add(link)


def _digests_of(target: Newer) -> list[str]:
    return [target.framework.digest, *(each.digest for each in target.versions)]


def _digests(work: UnitOfWork, framework: str, versions: Sequence[str]) -> list[str]:
    rows = [work.session.get_one(QuestionnaireVersion, id) for id in versions]
    return [work.session.get_one(FrameworkVersion, framework).digest, *(each.digest for each in rows)]


# ---------------------------------------------------------------- undo


def last_move(work: UnitOfWork, row: Screening) -> ScreeningMove | None:
    """Return the move that can still be undone: the newest one, while nothing was submitted since."""
    query = select(ScreeningMove).where(ScreeningMove.screening_id == row.id, ScreeningMove.undone_at.is_(None))
    found = work.session.scalars(query.order_by(ScreeningMove.moved_at.desc(), ScreeningMove.id).limit(1)).first()
    if found is None or row.state not in rules.EDITABLE:
        return None
    submitted_since = row.submitted_at is not None and row.submitted_at >= found.moved_at
    return None if submitted_since else found


def undo(work: UnitOfWork, row: Screening, *, rev: int) -> None:
    """Go back to the versions used before the last move. What was entered since stays; suggestions nobody touched go."""
    authorize(work.actor, "screening:migrate", relations_of(work, row.project))
    rules.must_be_editable(row.state)
    work.expect(row, rev)
    moved = last_move(work, row)
    if moved is None:
        raise Refusal("screenings.no_move", "元に戻せる移行がありません。", "There is no move that could be undone.")
    now = load(work.session, row)
    _take_back(work, row, now, moved.undo, moved)
    versions = [work.session.get_one(QuestionnaireVersion, id) for id in moved.from_versions]
    _pin(work, row, work.session.get_one(FrameworkVersion, moved.from_framework), versions)
    moved.undone_by, moved.undone_at = work.actor.id, work.now
    work.session.flush()
    after = filling.summarise(work, row)
    work.record(
        "ScreeningMigrationUndone",
        subject=("screening", row.id),
        project=row.project_id,
        rev=(rev, row.rev),
        codes={"move": moved.id, "inherent": after.inherent, "residual": after.residual, "route": after.route},
        refs={"after": _digests(work, moved.from_framework, moved.from_versions)},
        row=row,
    )


def _take_back(work: UnitOfWork, row: Screening, now: Filled, done: Mapping[str, Any], moved: ScreeningMove) -> None:
    for key in done["marked"]:
        now.answers[key].to_confirm, now.answers[key].confirm_because = False, ""
    for key, value in done["values"].items():
        answer = now.answers[key]
        if answer.saved_at == moved.moved_at:
            filling.rewrite(work, row, answer, value)
            answer.to_confirm, answer.confirm_because = False, ""
    for key in done["suggested"]:
        if now.answers[key].to_confirm:
            _withdraw_suggestion(work, row, now, key, moved)
    for item, (severity, likelihood) in done["ratings"].items():
        rating = now.ratings[item]
        rating.severity = rating.severity or severity
        rating.likelihood = rating.likelihood or likelihood
    work.session.flush()


def _withdraw_suggestion(work: UnitOfWork, row: Screening, now: Filled, key: str, moved: ScreeningMove) -> None:
    links = work.session.scalars(
        select(AnswerEvidence).where(AnswerEvidence.screening_id == row.id, AnswerEvidence.question_key == key)
    )
    for link in links:
        if link.attached_at == moved.moved_at:
            work.session.delete(link)
    answer = now.answers[key]
    answer.text, answer.remark, answer.due_on = "", "", None
    answer.to_confirm, answer.confirm_because = False, ""
    filling.rewrite(work, row, answer, "")
