"""Starting from a similar project: which ones are like this one and why, what would be copied, the copy, and its undoing.

Only projects that the actor may see are looked at, and only answers and remarks go over; evidence and planned dates stay where they
are true. Nothing that is there already is replaced, and every copied answer waits until somebody has confirmed it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import joinedload, lazyload

from governance.projects.models import Project
from governance.projects.services import visible
from governance.questionnaires.definition import Framework, Question
from governance.refusals import NotFound, Refusal
from governance.screenings import filling
from governance.screenings.loading import Filled, load
from governance.screenings.models import Answer, AnswerCopy, ItemRating, Screening
from governance.screenings.planning import Step, moved_ratings, steps
from governance.screenings.result import Rating
from governance.texts import Text, joined
from governance.work import UnitOfWork

SENT = frozenset(
    ["submitted", "triage", "in_review", "discussion", "board_queued", "board_session", "deferred", "approved", "approved_with_conditions"]
)
"""States of screenings whose answers somebody answers for: submitted and not sent back."""
LOOKED_AT, SHOWN = 2000, 10
"""How many of the newest screenings are compared, and how many of the most similar are shown."""
WEIGHTS = {"sector": 3, "triggers": 2, "techniques": 2, "own_roles": 1, "regions": 1}
FIRED = frozenset({"yes", "unknown"})
"""Answers of the trigger sheet that fire: what is not known is taken as yes (domain.md §4.1)."""
SAID = {
    "sector": Text("同じ分野（{names}）", "same sector ({names})"),
    "triggers": Text("同じ判定項目に該当（{names}）", "same triggers ({names})"),
    "techniques": Text("同じ技術（{names}）", "same techniques ({names})"),
    "own_roles": Text("同じ当社の役割（{names}）", "same own role ({names})"),
    "regions": Text("同じ地域（{names}）", "same region ({names})"),
}
FROM = Text("「{name}」から写した回答です。", "Copied from “{name}”.")
FROM_UNSEEN = Text("ほかの案件から写した回答です。", "Copied from another project.")
CHECK = Text(
    "この案件にも当てはまるか確かめ、必要なら書き直してください。",
    "Confirm that it is true of this project, or answer anew.",
)


@dataclass(frozen=True)
class Traits:
    """What projects are compared by: codes of the framework, and the triggers that fired."""

    sector: Collection[str]
    techniques: Collection[str]
    own_roles: Collection[str]
    regions: Collection[str]
    triggers: Collection[str] = ()

    def common(self, other: Traits) -> dict[str, list[str]]:
        """Return what both have, trait by trait, without what they do not share."""
        shared = {name: sorted(set(getattr(self, name)) & set(getattr(other, name))) for name in WEIGHTS}
        return {name: codes for name, codes in shared.items() if codes}


def likeness(common: Mapping[str, Sequence[str]]) -> int:
    """Return how alike two projects are: a weight for each thing they share, at most three of a kind."""
    return sum(WEIGHTS[name] * min(3, len(codes)) for name, codes in common.items())


@dataclass(frozen=True)
class Candidate:
    """A screening to start from: why it is similar, and how many questions it would answer here."""

    screening: Screening
    common: Mapping[str, Sequence[str]]
    answers: int

    def reasons(self, framework: Framework) -> list[Text]:
        """Return why it is similar, in words, what counts most first."""
        named = {"sector": "sectors"}
        return [
            SAID[name].filled(names=joined([framework.name_of(named.get(name, name), code) for code in codes]))
            if name != "triggers"
            else SAID[name].filled(names="、".join(codes))
            for name, codes in sorted(self.common.items(), key=lambda pair: -WEIGHTS[pair[0]])
        ]


def traits_of(project: Project, triggers: Collection[str] = ()) -> Traits:
    """Return what a project is compared by."""
    return Traits([project.sector], project.techniques, project.own_roles, project.regions, triggers)


def candidates(work: UnitOfWork, row: Screening) -> list[Candidate]:
    """Return the most similar visible screenings of the same phase, the most similar first; a fixed number of statements."""
    filling.may_fill(work, row)
    now = load(work.session, row)
    own = traits_of(row.project, _fired(now))
    rows = _newest_of_each(work, row)
    rough = sorted(rows, key=lambda each: -likeness(own.common(traits_of(each.project))))[: SHOWN * 4]
    given = _given(work, [each.id for each in rough])
    triggers, wanted = _triggers(now), _unanswered(now)
    found = []
    for each in rough:
        fired = [key for key in triggers if given[each.id].get(key) in FIRED]
        count = sum(1 for key in given[each.id] if key in wanted)
        found.append(Candidate(each, own.common(traits_of(each.project, fired)), count))
    ranked = sorted(found, key=lambda each: (-likeness(each.common), -each.answers, each.screening.id))
    return [each for each in ranked if each.common and each.answers][:SHOWN]


def _newest_of_each(work: UnitOfWork, row: Screening) -> list[Screening]:
    """Return the newest sent screening of this phase of every other visible project of the same framework."""
    query = (
        select(Screening)
        .join(Screening.project)
        .where(
            Screening.phase == row.phase,
            Screening.state.in_(SENT),
            Project.framework_key == row.project.framework_key,
            Project.id != row.project_id,
            visible(work.actor),
        )
        .options(lazyload("*"), joinedload(Screening.project).lazyload(Project.members))
        .order_by(Screening.opened_at.desc(), Screening.id)
        .limit(LOOKED_AT)
    )
    newest: dict[str, Screening] = {}
    for each in work.session.scalars(query):
        newest.setdefault(each.project_id, each)
    return list(newest.values())


def _given(work: UnitOfWork, ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the answers of these screenings, in one statement."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    query = select(Answer.screening_id, Answer.question_key, Answer.value)
    for each in work.session.execute(query.where(Answer.screening_id.in_(ids), Answer.value != "")):
        found[each.screening_id][each.question_key] = each.value
    return found


def _triggers(now: Filled) -> list[str]:
    return [q.key for each in now.sheet.questionnaires if each.kind == "trigger" for _, q in each.questions()]


def _fired(now: Filled) -> list[str]:
    return [key for key in _triggers(now) if now.values.get(key) in FIRED]


def _unanswered(now: Filled) -> set[str]:
    """Return the questions without an answer that can take one from elsewhere: files are evidence and stay where they are."""
    return {
        q.key
        for each in now.sheet.questionnaires
        for _, q in each.questions()
        if q.kind != "file" and not now.values.get(q.key)
    }


# ---------------------------------------------------------------- preview


@dataclass(frozen=True)
class Preview:
    """What a copy would bring: questions with the other project's answer, and ratings of items that have none here."""

    source: Screening
    source_filled: Filled
    steps: list[Step]
    items: list[str]


def source_of(work: UnitOfWork, row: Screening, source_id: str) -> Screening:
    """Return a screening that may be copied from; NotFound for one that the actor may not see, or that does not fit."""
    query = select(Screening).join(Project).where(Screening.id == source_id, visible(work.actor))
    found = work.session.scalars(query).one_or_none()
    if (
        found is None
        or found.state not in SENT
        or found.phase != row.phase
        or found.project_id == row.project_id
        or found.project.framework_key != row.project.framework_key
    ):
        raise NotFound
    return found


def preview(work: UnitOfWork, row: Screening, source: Screening) -> Preview:
    """Return what would be copied; nothing is changed."""
    filling.may_fill(work, row)
    now, other = load(work.session, row), load(work.session, source)
    wanted = _unanswered(now)
    found = [
        step
        for step in steps(other.sheet, now.sheet, other.values)
        if step.kind in ("kept", "rescored", "reworded") and step.moved and step.question.key in wanted
    ]
    rated = moved_ratings(now.sheet.framework, _ratings(other))
    items = [item for item, grades in rated.items() if grades.severity and not _is_rated(now.ratings.get(item))]
    return Preview(source, other, found, items)


def _ratings(filled: Filled) -> dict[str, Rating]:
    return {item: Rating(each.severity, each.likelihood) for item, each in filled.ratings.items()}


def _is_rated(rating: ItemRating | None) -> bool:
    return rating is not None and (rating.severity is not None or rating.likelihood is not None)


# ---------------------------------------------------------------- copy


def copy(work: UnitOfWork, row: Screening, source: Screening, *, ratings: bool = False) -> AnswerCopy:
    """Copy answers and remarks into the questions without an answer, and with `ratings` the grades with their reasons.

    Raises Refusal when there is nothing to copy.
    """
    work.session.refresh(row, with_for_update=True)
    planned = preview(work, row, source)
    items = planned.items if ratings else []
    if not planned.steps and not items:
        raise Refusal(
            "screenings.nothing_to_copy",
            "写せる回答はありません。空いている質問がないか、相手の回答がありません。",
            "There is nothing to copy: no question is empty, or the other project has no answer to it.",
        )
    stored, other = load(work.session, row), planned.source_filled
    for step in planned.steps:
        _copy_answer(work, row, stored, other.answers[step.question.key], step)
    for item in items:
        _copy_rating(work, row, stored, other.ratings[item])
    done = AnswerCopy(screening_id=row.id, source_id=source.id, copied_by=work.actor.id, copied_at=work.now)
    done.keys, done.items = [step.question.key for step in planned.steps], items
    work.session.add(done)
    filling.summarise(work, row)
    _record(work, row, done, "AnswersCopied")
    return done


def _copy_answer(work: UnitOfWork, row: Screening, stored: Filled, old: Answer, step: Step) -> None:
    key = step.question.key
    answer = stored.answers.get(key) or Answer(screening_id=row.id, question_key=key)
    answer.text, answer.remark, answer.due_on = old.text, old.remark, None
    answer.to_confirm, answer.confirm_because = True, "similar"
    work.session.add(answer)
    filling.rewrite(work, row, answer, step.moved)


def _copy_rating(work: UnitOfWork, row: Screening, stored: Filled, old: ItemRating) -> None:
    rating = stored.ratings.get(old.item) or ItemRating(screening_id=row.id, item=old.item)
    rating.severity, rating.likelihood = old.severity, old.likelihood
    rating.severity_reason, rating.likelihood_reason = old.severity_reason, old.likelihood_reason
    rating.to_confirm, rating.author_id, rating.saved_at = True, work.actor.id, work.now
    work.session.add(rating)


def _record(work: UnitOfWork, row: Screening, done: AnswerCopy, event: str) -> None:
    work.record(
        event,
        subject=("screening", row.id),
        project=row.project_id,
        codes={"copy": done.id, "source": done.source_id, "answers": len(done.keys), "ratings": len(done.items)},
        row=done,
    )


# ---------------------------------------------------------------- undo, marks


def last_copy(work: UnitOfWork, row: Screening) -> AnswerCopy | None:
    """Return the newest copy if it can be undone: nothing of it was confirmed or written anew."""
    query = select(AnswerCopy).where(AnswerCopy.screening_id == row.id, AnswerCopy.undone_at.is_(None))
    found = work.session.scalars(query.order_by(AnswerCopy.copied_at.desc(), AnswerCopy.id).limit(1)).first()
    if found is None:
        return None
    now = load(work.session, row)
    waits = {key for key, each in now.answers.items() if each.to_confirm and each.confirm_because == "similar"}
    rated = {item for item, each in now.ratings.items() if each.to_confirm}
    return found if set(found.keys) <= waits and set(found.items) <= rated else None


def undo(work: UnitOfWork, row: Screening) -> None:
    """Take the last copy back. Raises Refusal once something of it was confirmed or written anew."""
    work.session.refresh(row, with_for_update=True)
    filling.may_fill(work, row)
    done = last_copy(work, row)
    if done is None:
        raise Refusal(
            "screenings.no_copy",
            "取り消せる写しがありません。写した回答を確認したあとは、1問ずつ直してください。",
            "There is no copy that could be undone. Once an answer of it was confirmed, mend the answers one by one.",
        )
    now = load(work.session, row)
    for key in done.keys:
        answer = now.answers[key]
        answer.text, answer.remark, answer.due_on = "", "", None
        answer.to_confirm, answer.confirm_because = False, ""
        filling.rewrite(work, row, answer, "")
    for item in done.items:
        rating = now.ratings[item]
        rating.severity, rating.likelihood, rating.severity_reason, rating.likelihood_reason = None, None, "", ""
        rating.to_confirm, rating.author_id, rating.saved_at = False, work.actor.id, work.now
    done.undone_by, done.undone_at = work.actor.id, work.now
    work.session.flush()
    filling.summarise(work, row)
    _record(work, row, done, "AnswersCopyUndone")


class Waits(Protocol):
    """A question as a page shows it, as far as its mark goes."""

    question: Question
    because: Text | None


def name_sources(work: UnitOfWork, row: Screening, filled: Filled, shown: Sequence[Waits]) -> None:
    """Let each copied answer on a page say which project it comes from."""
    waits = {
        each.question.key: each
        for each in shown
        if (answer := filled.answers.get(each.question.key)) and answer.confirm_because == "similar"
    }
    for key, words in (marks(work, row, waits) if waits else {}).items():
        waits[key].because = words


def marks(work: UnitOfWork, row: Screening, keys: Iterable[str]) -> dict[str, Text]:
    """Return for each of these questions whose answer was copied where it comes from, in words.

    The other project is named only to who may see it.
    """
    copies = select(AnswerCopy).where(AnswerCopy.screening_id == row.id, AnswerCopy.undone_at.is_(None))
    done = list(work.session.scalars(copies.order_by(AnswerCopy.copied_at)))
    seen = (
        select(Screening.id, Project)
        .join(Project, Project.id == Screening.project_id)
        .where(Screening.id.in_({each.source_id for each in done}), visible(work.actor))
    )
    names = {id: Text(each.name, each.name_in("en")) for id, each in work.session.execute(seen)}
    wanted, found = set(keys), {}
    for each in done:
        words = FROM.filled(name=names[each.source_id]) if each.source_id in names else FROM_UNSEEN
        told = Text(f"{words.ja}{CHECK.ja}", f"{words.en} {CHECK.en}")
        found.update({key: told for key in each.keys if key in wanted})
    return found
