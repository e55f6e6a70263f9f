"""Measures (対応策): what a project decides to do about a gap, offered from the catalogue of its framework.

A measure is a promise with an owner and a day; it never counts in a score. What it brings about is seen in the answers, which the
team changes when the work is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from governance.accounts.models import User
from governance.accounts.rules import authorize, may
from governance.notifications.services import notify
from governance.projects.life import must_run
from governance.projects.models import Project
from governance.projects.services import relations_of, visible
from governance.questionnaires.definition import Framework, Measure, Question
from governance.refusals import NotFound, Problem, Refusal, Refusals
from governance.screenings.loading import Filled
from governance.screenings.models import AdoptedMeasure, Screening
from governance.screenings.points import given, most
from governance.screenings.rules import EDITABLE
from governance.texts import Text, both
from governance.work import UnitOfWork

STATES = {
    "planned": Text("予定", "Planned"),
    "done": Text("完了", "Done"),
    "dropped": Text("取りやめ", "Dropped"),
}
EFFORTS = {
    "days": Text("数日", "Days"),
    "weeks": Text("数週間", "Weeks"),
    "months": Text("数か月", "Months"),
}
MAX_TITLE = 300
MAX_NOTE = 2000


@dataclass(frozen=True)
class Offer:
    """A measure of the catalogue, the gaps that it helps, and what the project adopted already."""

    measure: Measure
    effort: Text
    gaps: list[str]
    adopted: AdoptedMeasure | None


# ---------------------------------------------------------------- gaps and what helps


def gaps(filled: Filled, keys: Iterable[str], *, is_closed: bool) -> list[str]:
    """Return the questions whose control is missing: answered below what a gate needs, or (once submitted) not answered at all.

    Under `points` a control is missing where an answer gives a mitigation total less than it could.
    """
    questions = {q.key: q for each in filled.sheet.questionnaires for _, q in each.questions()}
    return [
        key for key in keys if _is_gap(filled.sheet.framework, questions[key], filled.values.get(key, ""), is_closed)
    ]


def _is_gap(framework: Framework, question: Question, value: str, is_closed: bool) -> bool:
    total = _mitigation(framework)
    if question.kind != "scale" and not (total and most(question, total)):
        return False
    if not value:
        return is_closed
    if question.kind != "scale":
        return given(question, total, value) < most(question, total)
    step = framework.step(value)
    return step is not None and step.factor is not None and step.factor < _full_step(framework)


def _mitigation(framework: Framework) -> str:
    rules = framework.scoring
    return rules.mitigation.total if rules.method == "points" and rules.mitigation else ""


def _full_step(framework: Framework) -> Decimal:
    """Return the least factor that counts as done: what a gate needs, else the best step of the scale."""
    if framework.matrix:
        return framework.matrix.gate_minimum
    return max(step.factor for step in framework.scale if step.factor is not None)


def offers(work: UnitOfWork, row: Screening, filled: Filled, keys: Sequence[str]) -> list[Offer]:
    """Return the measures of the catalogue that help the gaps among these questions, those that help most first."""
    missing = gaps(filled, keys, is_closed=row.state not in EDITABLE)
    adopted = {each.code: each for each in of_project(work, row.project) if each.code and each.state != "dropped"}
    found = [
        Offer(measure, EFFORTS[measure.effort], helped, adopted.get(measure.code))
        for measure in filled.sheet.framework.measures
        if (helped := [key for key in missing if key in measure.questions])
    ]
    return sorted(found, key=lambda offer: -len(offer.gaps))


def catalogue_entry(framework: Framework, code: str) -> Measure | None:
    """Return the measure of the catalogue with this code, or None."""
    return next((each for each in framework.measures if each.code == code), None)


# ---------------------------------------------------------------- reading


def of_project(work: UnitOfWork, owner: Project) -> list[AdoptedMeasure]:
    """Return the measures of a project, those still to be done first, by day."""
    query = (
        select(AdoptedMeasure)
        .where(AdoptedMeasure.project_id == owner.id)
        .options(joinedload(AdoptedMeasure.owner))
        .order_by(AdoptedMeasure.state != "planned", AdoptedMeasure.due_on, AdoptedMeasure.created_at)
    )
    return list(work.session.scalars(query))


def measure(work: UnitOfWork, measure_id: str) -> AdoptedMeasure:
    """Return a measure of a project the actor may see; NotFound otherwise."""
    query = select(AdoptedMeasure).join(Project).where(AdoptedMeasure.id == measure_id, visible(work.actor))
    found = work.session.scalars(query).one_or_none()
    if found is None:
        raise NotFound
    return found


def owners(owner: Project) -> list[User]:
    """Return who may own a measure of the project: its present owner and members."""
    found = [m.user for m in owner.members if m.is_current and m.part in ("owner", "member")]
    return list({person.id: person for person in found}.values())


def may_edit(work: UnitOfWork, owner: Project) -> bool:
    """Say whether the actor may adopt and settle measures of the project."""
    return may(work.actor, "screening:answer", relations_of(work, owner))


# ---------------------------------------------------------------- acts


@dataclass(frozen=True)
class Plan:
    """What is to be done, by whom and until when. A measure of the catalogue takes its title from there."""

    owner_id: str
    due_on: date | None
    code: str = ""
    question_key: str = ""
    title: str = ""
    note: str = ""


def adopt(work: UnitOfWork, row: Screening, framework: Framework, plan: Plan) -> AdoptedMeasure:
    """Adopt a measure for the project of a screening. Raises Refusals naming what is missing or does not fit."""
    authorize(work.actor, "screening:answer", relations_of(work, row.project))
    must_run(work, row.project_id)
    entry = catalogue_entry(framework, plan.code)
    if plan.code and entry is None:
        raise NotFound
    Refusals.raise_any([*_wrong_title(plan, entry), *_wrong_plan(row.project, plan)])
    if entry and any(each.code == entry.code and each.state == "planned" for each in of_project(work, row.project)):
        raise Refusal(
            "measures.already",
            "この対応策は、すでに予定に入っています。",
            "This measure is planned already.",
            place="code",
        )
    made = _drawn_up(work, row, plan, entry.name if entry else both(plan.title.strip()))
    work.session.add(made)
    work.session.flush()
    codes = {"screening": row.id, "code": made.code, "question": made.question_key, "due_on": made.due_on.isoformat()}
    _record(work, made, "MeasureAdopted", (None, made.rev), codes, {"title": made.title_ja, "note": made.note})
    _tell_owner(work, made)
    return made


def _tell_owner(work: UnitOfWork, one: AdoptedMeasure) -> None:
    href, codes = f"/measures/{one.id}", {"about": "measure"}
    notify(work, "assigned", [one.owner_id], project=one.project, href=href, codes=codes)


def _drawn_up(work: UnitOfWork, row: Screening, plan: Plan, title: Text) -> AdoptedMeasure:
    """Return a new measure, not yet stored; the plan was checked."""
    return AdoptedMeasure(
        project_id=row.project_id,
        screening_id=row.id,
        code=plan.code,
        question_key=plan.question_key[:64],
        title_ja=title.ja[:MAX_TITLE],
        title_en=title.en[:MAX_TITLE],
        owner_id=plan.owner_id,
        due_on=plan.due_on,
        note=plan.note.strip(),
        created_by=work.actor.id,
        created_at=work.now,
        project=row.project,
        screening=row,
    )


def change(work: UnitOfWork, one: AdoptedMeasure, plan: Plan, *, rev: int) -> None:
    """Change owner, day or note of a measure that is still planned."""
    _may_change(work, one, rev)
    Refusals.raise_any(_wrong_plan(one.project, plan))
    if (one.owner_id, one.due_on, one.note) == (plan.owner_id, plan.due_on, plan.note.strip()):
        return
    one.owner_id, one.note = plan.owner_id, plan.note.strip()
    one.due_on = plan.due_on or one.due_on
    work.session.flush()
    codes = {"due_on": one.due_on.isoformat()}
    _record(work, one, "MeasureChanged", (rev, one.rev), codes, {"note": one.note})


def settle(work: UnitOfWork, one: AdoptedMeasure, *, rev: int, is_done: bool, note: str) -> None:
    """Note that a measure was carried out, or that it was dropped and why. Neither changes an answer."""
    _may_change(work, one, rev)
    note = note.strip()
    if not note:
        words = (
            Text("何をしたか、何を見れば分かるかを書いてください。", "Say what was done and what shows it.")
            if is_done
            else Text("取りやめる理由を書いてください。", "Say why it is dropped.")
        )
        raise Refusal("measures.note", words.ja, words.en, place="note")
    Refusals.raise_any(_too_long(note))
    one.state, one.note = "done" if is_done else "dropped", note
    one.settled_by, one.settled_at = work.actor.id, work.now
    work.session.flush()
    _record(work, one, "MeasureDone" if is_done else "MeasureDropped", (rev, one.rev), {}, {"note": note})


def _may_change(work: UnitOfWork, one: AdoptedMeasure, rev: int) -> None:
    authorize(work.actor, "screening:answer", relations_of(work, one.project))
    work.expect(one, rev)
    if one.state != "planned":
        raise Refusal(
            "measures.settled",
            "この対応策は、すでに「{state}」です。",
            "This measure is “{state}” already.",
            state=STATES[one.state],
        )


def _wrong_title(plan: Plan, entry: Measure | None) -> list[Problem]:
    if entry is None and not plan.title.strip():
        words = Text("何をするかを書いてください。", "Say what is to be done.")
        return [Problem("measures.title", words, "title")]
    if len(plan.title) > MAX_TITLE:
        words = Text("{n}文字以内で書いてください。", "Use at most {n} characters.").filled(n=MAX_TITLE)
        return [Problem("measures.title", words, "title")]
    return []


def _wrong_plan(owner: Project, plan: Plan) -> list[Problem]:
    found = _too_long(plan.note)
    if plan.owner_id not in {person.id for person in owners(owner)}:
        words = Text(
            "担当を、案件の責任者と担当者から選んでください。", "Choose the owner among the team of the project."
        )
        found.append(Problem("measures.owner", words, "owner_id"))
    if plan.due_on is None:
        words = Text("いつまでに行うかを入力してください。", "Say until when it will be done.")
        found.append(Problem("measures.due", words, "due_on"))
    return found


def _too_long(note: str) -> list[Problem]:
    if len(note) <= MAX_NOTE:
        return []
    words = Text("{n}文字以内で書いてください。", "Use at most {n} characters.").filled(n=MAX_NOTE)
    return [Problem("measures.note", words, "note")]


def _record(
    work: UnitOfWork,
    one: AdoptedMeasure,
    act: str,
    rev: tuple[int | None, int | None],
    codes: Mapping[str, str],
    private: Mapping[str, str],
) -> None:
    told = {name: text for name, text in private.items() if text}
    work.record(act, subject=("measure", one.id), project=one.project_id, rev=rev, codes=codes, private=told, row=one)
