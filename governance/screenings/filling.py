"""Acts of filling a screening: answers, ratings, the trigger sheet, and the history of each answer.

Draft saves go into the answers' history, not one by one into the ledger (design.md §3.8). A save carries the `rev` of each answer it
changes, so two people on one page never overwrite each other unseen.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import rfc8785
from sqlalchemy import func, select

from governance.accounts.models import User
from governance.accounts.rules import authorize
from governance.learning.services import require as require_training
from governance.ledger.rules import moment
from governance.projects.life import must_run
from governance.projects.services import relations_of
from governance.questionnaires.definition import GIVEN, NOT_APPLICABLE
from governance.questionnaires.services import framework_in
from governance.refusals import Conflict, NotFound, Problem, Refusals
from governance.screenings import kinds, rules
from governance.screenings.loading import Filled, load, sheet_of
from governance.screenings.models import Answer, AnswerChange, AnswerEvidence, ItemRating, Screening
from governance.screenings.result import Score
from governance.screenings.routing import Sheet
from governance.screenings.rules import Entry, RatingEntry
from governance.texts import Text
from governance.work import UnitOfWork

RATED = ("severity", "likelihood", "severity_reason", "likelihood_reason")


def save_answers(work: UnitOfWork, row: Screening, entries: Sequence[Entry]) -> Score:
    """Save the entries that differ from what is stored, all or none, and return the new score.

    Raises Conflict when somebody else changed one of these answers since the page was opened; Refusal or Refusals for what the
    questions cannot be answered with. What was not changed keeps its author and time.
    """
    may_fill(work, row)
    sheet = sheet_of(row)
    stored = {a.question_key: a for a in work.session.scalars(select(Answer).where(Answer.screening_id == row.id))}
    if not stored:
        require_training(work, "fill")
    settled = [rules.stored_form(rules.question_or_refuse(sheet, entry.key), entry) for entry in entries]
    _check(work, row, sheet, settled)
    for entry in settled:
        if (conflict := conflict_of(work, row, stored.get(entry.key), entry)) is not None:
            raise conflict
    for entry in settled:
        save_answer(work, row, stored.get(entry.key), with_file(work, row, sheet, entry))
    work.session.flush()
    return summarise(work, row)


def _check(work: UnitOfWork, row: Screening, sheet: Sheet, entries: Sequence[Entry]) -> None:
    """Refuse the entries, naming everything that is wrong with any of them."""
    problems = [problem for entry in entries for problem in problems_of(work, row, sheet, entry)]
    if len(problems) == 1:
        raise rules.refusal(problems[0])
    Refusals.raise_any(problems)


def problems_of(work: UnitOfWork, row: Screening, sheet: Sheet, entry: Entry) -> list[Problem]:
    """Return everything that is wrong with one entry in its stored form."""
    question = rules.question_or_refuse(sheet, entry.key)
    found = rules.entry_problems(sheet.framework, question, entry)
    if question.kind == "file" and entry.value == NOT_APPLICABLE and _pieces(work, row, entry.key):
        words = Text(
            "{key}：「該当なし」にするときは、付けたファイルを外してください。",
            "{key}: take the files off to say “not applicable”.",
        )
        found.append(Problem("screenings.both", words.filled(key=entry.key), entry.key))
    return found


def with_file(work: UnitOfWork, row: Screening, sheet: Sheet, entry: Entry) -> Entry:
    """Return the entry of a file question with the value that its evidence gives it."""
    question = rules.question_or_refuse(sheet, entry.key)
    if question.kind != "file" or entry.value == NOT_APPLICABLE:
        return entry
    return replace(entry, value=GIVEN if _pieces(work, row, entry.key) else "")


def _pieces(work: UnitOfWork, row: Screening, key: str) -> int:
    query = select(func.count()).where(AnswerEvidence.screening_id == row.id, AnswerEvidence.question_key == key)
    return work.session.scalar(query) or 0


def evidence_changed(work: UnitOfWork, row: Screening, key: str) -> None:
    """Let the answer to a file question follow its evidence: given while a piece is attached, empty without one."""
    if rules.question_or_refuse(sheet_of(row), key).kind != "file":
        return
    query = select(Answer).where(Answer.screening_id == row.id, Answer.question_key == key)
    answer = work.session.scalars(query).one_or_none()
    value = GIVEN if _pieces(work, row, key) else ""
    if value == (answer.value if answer else "") or (not value and answer and answer.value == NOT_APPLICABLE):
        return
    held = Entry(key, value, answer.remark, answer.due_on, answer.rev) if answer else Entry(key, value)
    save_answer(work, row, answer, held)
    work.session.flush()
    summarise(work, row)


Content = tuple[str, str, str, date | None]


def _content(answer: Answer | Entry | None) -> Content:
    """Return what an answer says: value, text, remark and planned date."""
    return (answer.value, answer.text, answer.remark, answer.due_on) if answer else ("", "", "", None)


def save_answer(work: UnitOfWork, row: Screening, answer: Answer | None, entry: Entry) -> Answer | None:
    """Write one entry that was found right and not in conflict; return the answer as it then stands, None while there is none."""
    now, wanted = _content(answer), _content(entry)
    if wanted == now and not (answer and (answer.carried_from or entry.confirmed)):
        return answer
    if answer is None:
        answer = Answer(screening_id=row.id, question_key=entry.key)
        work.session.add(answer)
    answer.value, answer.text, answer.remark, answer.due_on = wanted
    answer.to_confirm = bool(answer.to_confirm) and wanted == now and not entry.confirmed
    answer.confirm_because = answer.confirm_because if answer.to_confirm else ""
    answer.author_id, answer.saved_at, answer.carried_from = (
        work.actor.id,
        work.now,
        _still_carried(work, row, answer, entry),
    )
    _remember(work, row, entry.key, {**_told(wanted), "rev": (answer.rev or 0) + 1})
    return answer


def rewrite(work: UnitOfWork, row: Screening, answer: Answer, value: str) -> None:
    """Give an answer another value on behalf of a move between versions (moving.py); its history says so."""
    answer.value, answer.author_id, answer.saved_at = value, work.actor.id, work.now
    _remember(work, row, answer.question_key, _told(_content(answer)))


def _told(content: Content) -> dict[str, Any]:
    """Return an answer as its history keeps it."""
    value, text, remark, due_on = content
    told = {"value": value, "remark": remark, "due_on": due_on.isoformat() if due_on else None}
    return {**told, "text": text} if text else told


def _still_carried(work: UnitOfWork, row: Screening, answer: Answer, entry: Entry) -> str | None:
    """Answers of earlier phases stay marked as carried even when corrected: they are asked only because they were carried."""
    if answer.carried_from is None:
        return None
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


def conflict_of(work: UnitOfWork, row: Screening, answer: Answer | None, entry: Entry) -> Conflict | None:
    """Return the conflict of an entry that was made on another state of the answer than the stored one, or None.

    Mine, theirs, and what the answer was when the page was opened (`base`; empty when its history does not tell).
    """
    is_to_confirm = entry.confirmed and answer is not None and answer.to_confirm
    is_same = _content(entry) == _content(answer) and not is_to_confirm
    if is_same or (answer.rev if answer else 0) == entry.rev:
        return None
    sheet = sheet_of(row)
    base = _state_at(work, row, entry)
    who = (
        {"by": answer.author.name, "by_en": answer.author.name_in("en"), "at": moment(answer.saved_at)}
        if answer
        else {}
    )
    return Conflict(
        "screenings.conflict",
        "{key}は、あなたが開いた後にほかの人が変更しました。どちらの内容も失われていません。",
        "{key} was changed by somebody else after you opened it. Neither version is lost.",
        mine=_side(sheet, entry.key, _content(entry)),
        theirs={**_side(sheet, entry.key, _content(answer)), **who},
        base=_side(sheet, entry.key, base) if base else {},
        rev=answer.rev if answer else 0,
        place=entry.key,
        key=entry.key,
    )


def _side(sheet: Sheet, key: str, content: Content) -> dict[str, str]:
    """Return one side of a conflict: what its fields hold, and the answer in words."""
    value, text, remark, due_on = content
    words = kinds.in_words(sheet.framework, rules.question_or_refuse(sheet, key), value, text)
    day = due_on.isoformat() if due_on else ""
    return {"value": value, "text": text, "ja": words.ja, "en": words.en, "remark": remark, "due_on": day}


def _state_at(work: UnitOfWork, row: Screening, entry: Entry) -> Content | None:
    """Return what an answer said at the revision that the entry names; None when its history does not tell."""
    if entry.rev == 0:
        return _content(None)
    told = (json.loads(change.body) for change in history(work, row, entry.key))
    return next((_untold(each) for each in told if each.get("rev") == entry.rev), None)


def content_of_change(work: UnitOfWork, row: Screening, key: str, change_id: str) -> Content:
    """Return what an answer said in one state of its history. NotFound when the state is not of this answer."""
    change = work.session.get(AnswerChange, change_id)
    if change is None or (change.screening_id, change.question_key) != (row.id, key):
        raise NotFound
    return _untold(json.loads(change.body))


def _untold(told: dict[str, Any]) -> Content:
    due = date.fromisoformat(told["due_on"]) if told["due_on"] else None
    return told["value"], told.get("text", ""), told["remark"], due


def save_ratings(work: UnitOfWork, row: Screening, entries: Sequence[RatingEntry]) -> Score:
    """Save severity, likelihood and their reasons per item, all or none, and return the new score."""
    may_fill(work, row)
    framework = framework_in(row.framework_version)
    items = {item.code for item in framework.items}
    stored = {r.item: r for r in work.session.scalars(select(ItemRating).where(ItemRating.screening_id == row.id))}
    for entry in entries:
        if entry.item not in items:
            raise NotFound
        rules.check_rating(framework, entry)
        save_rating(work, row, stored.get(entry.item), entry)
    work.session.flush()
    return summarise(work, row)


def save_rating(work: UnitOfWork, row: Screening, rating: ItemRating | None, entry: RatingEntry) -> ItemRating | None:
    """Write one rating; return it as it then stands. Raises Conflict when somebody else changed it meanwhile."""
    wanted = (entry.severity, entry.likelihood, entry.severity_reason.strip(), entry.likelihood_reason.strip())
    now = (
        (rating.severity, rating.likelihood, rating.severity_reason, rating.likelihood_reason)
        if rating
        else (None, None, "", "")
    )
    if wanted == now:
        return rating
    if (rating.rev if rating else 0) != entry.rev:
        raise _rating_conflict(entry.item, wanted, now, rating.rev if rating else 0)
    if rating is None:
        rating = ItemRating(screening_id=row.id, item=entry.item)
        work.session.add(rating)
    rating.severity, rating.likelihood, rating.severity_reason, rating.likelihood_reason = wanted
    rating.to_confirm = False
    rating.author_id, rating.saved_at = work.actor.id, work.now
    _remember(work, row, f"rating-{entry.item}", dict(zip(RATED, wanted, strict=True)))
    return rating


def _rating_side(values: Sequence[object]) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in zip(RATED, values, strict=True)}


def _rating_conflict(item: str, wanted: Sequence[object], now: Sequence[object], rev: int) -> Conflict:
    return Conflict(
        "screenings.conflict",
        "この項目の評価は、あなたが開いた後にほかの人が変更しました。どちらの内容も失われていません。",
        "Somebody else changed the rating of this item after you opened it. Neither version is lost.",
        mine=_rating_side(wanted),
        theirs=_rating_side(now),
        rev=rev,
        place=f"rating-{item}",
    )


def finish_triggers(work: UnitOfWork, row: Screening, entries: Sequence[Entry]) -> Score:
    """Save the trigger sheet and settle the route it leads to. Raises Refusals naming each trigger without an answer."""
    score = save_answers(work, row, [replace(entry, confirmed=True) for entry in entries])
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
    """Return the history of one answer ready to show: who, when, and what was entered, in words."""
    changes = history(work, row, key)
    names = {
        u.id: u.name_in(locale)
        for u in work.session.scalars(select(User).where(User.id.in_({c.author_id for c in changes})))
    }
    sheet = sheet_of(row)
    question = rules.question_or_refuse(sheet, key)
    shown = []
    for change in changes:
        told = {"text": "", **json.loads(change.body)}
        words = kinds.in_words(sheet.framework, question, told["value"], told["text"]) if told["value"] else None
        by = names.get(change.author_id, "")
        shown.append(
            {"id": change.id, "by": by, "at": change.saved_at, "revision": change.revision, "words": words, **told}
        )
    return shown


def may_fill(work: UnitOfWork, row: Screening) -> None:
    """Refuse whoever may not answer, a project that does not run, and a screening that is locked."""
    authorize(work.actor, "screening:answer", relations_of(work, row.project))
    must_run(work, row.project_id)
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
    row.answered, row.asked = rules.progress(now.sheet, now.score, now.values)
