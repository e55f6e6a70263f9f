"""Acts of filling a screening: answers, ratings, the trigger sheet, and the history of each answer.

Draft saves go into the answers' history, not one by one into the ledger (design.md §3.8). A save carries the `rev` of each answer it
changes, so two people on one page never overwrite each other unseen.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import rfc8785
from sqlalchemy import select

from governance.accounts.models import User
from governance.accounts.rules import authorize
from governance.projects.services import relations_of
from governance.questionnaires.services import parsed_framework
from governance.refusals import Conflict, NotFound, Refusals
from governance.screenings import rules
from governance.screenings.loading import Filled, load, sheet_of
from governance.screenings.models import Answer, AnswerChange, ItemRating, Screening
from governance.screenings.result import Score
from governance.screenings.rules import Entry, RatingEntry
from governance.work import UnitOfWork

RATED = ("severity", "likelihood", "severity_reason", "likelihood_reason")


def save_answers(work: UnitOfWork, row: Screening, entries: Sequence[Entry]) -> Score:
    """Save the entries that differ from what is stored, all or none, and return the new score.

    Raises Conflict when somebody else changed one of these answers since the page was opened; Refusal for a value the question
    does not have. What was not changed keeps its author and time.
    """
    _may_fill(work, row)
    sheet = sheet_of(row)
    stored = {a.question_key: a for a in work.session.scalars(select(Answer).where(Answer.screening_id == row.id))}
    for entry in entries:
        rules.check_entry(sheet.framework, rules.question_or_refuse(sheet, entry.key), entry)
        _save_answer(work, row, stored.get(entry.key), entry)
    work.session.flush()
    return summarise(work, row)


def _save_answer(work: UnitOfWork, row: Screening, answer: Answer | None, entry: Entry) -> None:
    now = (answer.value, answer.remark, answer.due_on) if answer else ("", "", None)
    wanted = (entry.value, entry.remark.strip(), entry.due_on)
    if wanted == now and not (answer and answer.carried_from):
        return
    if (answer.rev if answer else 0) != entry.rev and wanted != now:
        raise _conflict(entry, answer)
    if answer is None:
        answer = Answer(screening_id=row.id, question_key=entry.key)
        work.session.add(answer)
    answer.value, answer.remark, answer.due_on = wanted
    answer.author_id, answer.saved_at, answer.carried_from = (
        work.actor.id,
        work.now,
        _still_carried(work, row, answer, entry),
    )
    _remember(
        work,
        row,
        entry.key,
        {"value": wanted[0], "remark": wanted[1], "due_on": wanted[2].isoformat() if wanted[2] else None},
    )


def _still_carried(work: UnitOfWork, row: Screening, answer: Answer, entry: Entry) -> str | None:
    """Answers of earlier phases stay marked as carried even when corrected: they are asked only because they were carried."""
    for pin in row.pins:
        if (
            pin.questionnaire.kind == "screening"
            and pin.questionnaire.phase != row.phase
            and entry.key
            in {
                q.key
                for each in sheet_of(row).questionnaires
                if each.key == pin.questionnaire.key
                for _, q in each.questions()
            }
        ):
            return answer.carried_from
    return None


def _conflict(entry: Entry, answer: Answer | None) -> Conflict:
    def shown(value: str, remark: str, due_on: date | None) -> dict[str, str]:
        return {"value": value, "remark": remark, "due_on": due_on.isoformat() if due_on else ""}

    theirs = shown(answer.value, answer.remark, answer.due_on) if answer else shown("", "", None)
    return Conflict(
        "screenings.conflict",
        "{key}は、あなたが開いた後にほかの人が変更しました。どちらの内容も失われていません。",
        "{key} was changed by somebody else after you opened it. Neither version is lost.",
        mine=shown(entry.value, entry.remark, entry.due_on),
        theirs=theirs,
        rev=answer.rev if answer else 0,
        place=entry.key,
        key=entry.key,
    )


def save_ratings(work: UnitOfWork, row: Screening, entries: Sequence[RatingEntry]) -> Score:
    """Save severity, likelihood and their reasons per item, all or none, and return the new score."""
    _may_fill(work, row)
    framework = parsed_framework(row.framework_version.body)
    items = {item.code for item in framework.items}
    stored = {r.item: r for r in work.session.scalars(select(ItemRating).where(ItemRating.screening_id == row.id))}
    for entry in entries:
        if entry.item not in items:
            raise NotFound
        rules.check_rating(framework, entry)
        _save_rating(work, row, stored.get(entry.item), entry)
    work.session.flush()
    return summarise(work, row)


def _save_rating(work: UnitOfWork, row: Screening, rating: ItemRating | None, entry: RatingEntry) -> None:
    wanted = (entry.severity, entry.likelihood, entry.severity_reason.strip(), entry.likelihood_reason.strip())
    now = (
        (rating.severity, rating.likelihood, rating.severity_reason, rating.likelihood_reason)
        if rating
        else (None, None, "", "")
    )
    if wanted == now:
        return
    if (rating.rev if rating else 0) != entry.rev:
        raise _rating_conflict(entry.item, wanted, now, rating.rev if rating else 0)
    if rating is None:
        rating = ItemRating(screening_id=row.id, item=entry.item)
        work.session.add(rating)
    rating.severity, rating.likelihood, rating.severity_reason, rating.likelihood_reason = wanted
    rating.author_id, rating.saved_at = work.actor.id, work.now
    _remember(work, row, f"rating-{entry.item}", dict(zip(RATED, wanted, strict=True)))


def _rating_conflict(item: str, wanted: Sequence[object], now: Sequence[object], rev: int) -> Conflict:
    return Conflict(
        "screenings.conflict",
        "この項目の評価は、あなたが開いた後にほかの人が変更しました。どちらの内容も失われていません。",
        "Somebody else changed the rating of this item after you opened it. Neither version is lost.",
        mine=dict(zip(RATED, map(str, wanted), strict=True)),
        theirs=dict(zip(RATED, map(str, now), strict=True)),
        rev=rev,
        place=f"rating-{item}",
    )


def finish_triggers(work: UnitOfWork, row: Screening, entries: Sequence[Entry]) -> Score:
    """Save the trigger sheet and settle the route it leads to. Raises Refusals naming each trigger without an answer."""
    score = save_answers(work, row, entries)
    now = load(work.session, row)
    Refusals.raise_any(rules.trigger_gaps(now.sheet, now.values, now.score.asked))
    row.triggers_done_at = work.now
    row.changed_at = work.now
    work.record(
        "TriggersAnswered",
        subject=("screening", row.id),
        project=row.project_id,
        codes={"route": score.route, "fired": list(score.fired), "packs": list(score.packs)},
    )
    return score


def history(work: UnitOfWork, row: Screening, key: str) -> list[AnswerChange]:
    """Return every saved state of one answer, newest first."""
    query = select(AnswerChange).where(AnswerChange.screening_id == row.id, AnswerChange.question_key == key)
    return list(work.session.scalars(query.order_by(AnswerChange.saved_at.desc())))


def changes_shown(work: UnitOfWork, row: Screening, key: str, locale: str) -> list[dict[str, Any]]:
    """Return the history of one answer ready to show: who, when, and what was entered."""
    changes = history(work, row, key)
    names = {
        u.id: u.name_in(locale)
        for u in work.session.scalars(select(User).where(User.id.in_({c.author_id for c in changes})))
    }
    return [
        {"by": names.get(c.author_id, ""), "at": c.saved_at, "revision": c.revision, **json.loads(c.body)}
        for c in changes
    ]


def _may_fill(work: UnitOfWork, row: Screening) -> None:
    authorize(work.actor, "screening:answer", relations_of(work, row.project))
    rules.must_be_editable(row.state)


def _remember(work: UnitOfWork, row: Screening, key: str, body: dict[str, Any]) -> None:
    revision = row.revision + (row.state == "returned")
    work.session.add(
        AnswerChange(
            screening_id=row.id,
            question_key=key,
            revision=revision,
            body=rfc8785.dumps(body).decode(),
            author_id=work.actor.id,
            saved_at=work.now,
        )
    )


def summarise(work: UnitOfWork, row: Screening) -> Score:
    """Score the screening as it stands and keep the summary that lists show."""
    now = load(work.session, row)
    write_summary(row, now)
    row.changed_at = work.now
    work.session.flush()
    return now.score


def write_summary(row: Screening, now: Filled) -> None:
    """Write route, levels and progress into the screening's row."""
    row.route, row.inherent, row.residual = now.score.route, now.score.inherent, now.score.residual
    row.answered, row.asked = rules.progress(now.score, now.values)
