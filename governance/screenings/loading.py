"""Loading a screening into the plain values the pure rules work on: sheet, answers, ratings, rulings, score.

One place decides which stored rulings still hold: a ruling about an answer holds until that answer is changed (domain.md §5.2, §5.4).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, cast

from sqlalchemy import BindParameter, and_, bindparam, select
from sqlalchemy.orm import Session, joinedload, lazyload

from governance.projects.models import Evidence
from governance.questionnaires.conditions import questions_of
from governance.questionnaires.definition import Framework
from governance.questionnaires.models import FrameworkVersion, QuestionnaireVersion
from governance.questionnaires.services import framework_in, questionnaire_in
from governance.screenings.models import Answer, AnswerEvidence, ItemRating, Ruling, Screening, ScreeningQuestionnaire
from governance.screenings.result import Rating, Score
from governance.screenings.routing import Rulings, Sheet
from governance.screenings.rules import Given
from governance.screenings.scoring import score


@dataclass(frozen=True)
class Filled:
    """A screening as it stands: what is asked, what was entered, what reviewers ruled, and the score."""

    sheet: Sheet
    answers: dict[str, Answer]
    ratings: dict[str, ItemRating]
    evidence: dict[str, list[Evidence]]
    rulings: list[Ruling]
    in_force: Rulings
    score: Score

    @cached_property
    def asked(self) -> frozenset[str]:
        """Keys of the questions that are asked now."""
        return frozenset(self.score.asked)

    @cached_property
    def values(self) -> dict[str, str]:
        """Question key → value, of answered questions."""
        return {key: answer.value for key, answer in self.answers.items() if answer.value}

    def given(self) -> dict[str, Given]:
        """Return what submission checks per question."""
        return {
            key: Given(a.value, a.remark, a.due_on, len(self.evidence.get(key, []))) for key, a in self.answers.items()
        }


@dataclass
class Contents:
    """What is stored below a screening, before anything is concluded from it."""

    answers: dict[str, Answer]
    ratings: dict[str, ItemRating]
    evidence: dict[str, list[Evidence]]
    rulings: list[Ruling]


def load(session: Session, screening: Screening) -> Filled:
    """Load and score a screening: a fixed number of statements whatever its size."""
    return concluded(screening, contents_of(session, screening))


_SCREENING: BindParameter[str] = bindparam("screening")
_ANSWERS = select(Answer).where(Answer.screening_id == _SCREENING)
_AUTHORED = _ANSWERS.options(joinedload(Answer.author).lazyload("*"))
_RATINGS = select(ItemRating).where(ItemRating.screening_id == _SCREENING)
_EVIDENCE = select(AnswerEvidence).where(AnswerEvidence.screening_id == _SCREENING).order_by(AnswerEvidence.attached_at)
_PROJECT: BindParameter[str] = bindparam("project")
_OWNED = (
    select(Evidence, AnswerEvidence)
    .outerjoin(
        AnswerEvidence, and_(AnswerEvidence.evidence_id == Evidence.id, AnswerEvidence.screening_id == _SCREENING)
    )
    .where(Evidence.project_id == _PROJECT)
    .options(joinedload(Evidence.author).lazyload("*"), lazyload(AnswerEvidence.evidence))
    .order_by(AnswerEvidence.attached_at, Evidence.added_at.desc(), Evidence.id)
)
_GRADED = (
    select(ItemRating, Ruling)
    .select_from(Screening)
    .outerjoin(ItemRating, ItemRating.screening_id == Screening.id)
    .outerjoin(Ruling, Ruling.screening_id == Screening.id)
    .where(Screening.id == _SCREENING)
    .order_by(Ruling.ruled_at, Ruling.id)
)
"""Every rating beside every ruling: a handful of items, so one statement is cheaper than two."""
_RULINGS = select(Ruling).where(Ruling.screening_id == _SCREENING).order_by(Ruling.ruled_at, Ruling.id)


def contents_of(session: Session, screening: Screening) -> Contents:
    """Read answers, ratings, evidence and rulings: one statement each."""
    of = {"screening": screening.id}
    evidence: dict[str, list[Evidence]] = defaultdict(list)
    for link in session.scalars(_EVIDENCE, of):
        evidence[link.question_key].append(link.evidence)
    return Contents(
        {answer.question_key: answer for answer in session.scalars(_ANSWERS, of)},
        {rating.item: rating for rating in session.scalars(_RATINGS, of)},
        dict(evidence),
        list(session.scalars(_RULINGS, of)),
    )


def contents_of_page(session: Session, screening: Screening) -> tuple[Contents, list[Evidence]]:
    """Read what a page of questions shows, in three statements: the contents with their authors, and all evidence of the project."""
    of = {"screening": screening.id}
    evidence: dict[str, list[Evidence]] = defaultdict(list)
    pieces: dict[str, Evidence] = {}
    for piece, link in session.execute(_OWNED, {**of, "project": screening.project_id}):
        pieces[piece.id] = piece
        if link is not None:
            evidence[link.question_key].append(piece)
    graded = cast(Sequence[tuple[ItemRating | None, Ruling | None]], session.execute(_GRADED, of).all())
    contents = Contents(
        {answer.question_key: answer for answer in session.scalars(_AUTHORED, of)},
        {rating.item: rating for rating, _ in graded if rating is not None},
        dict(evidence),
        list({ruling.id: ruling for _, ruling in graded if ruling is not None}.values()),
    )
    newest_first = sorted(
        sorted(pieces.values(), key=lambda each: each.id), key=lambda each: each.added_at, reverse=True
    )
    return contents, newest_first


_SAVED = select(Answer.question_key, Answer.value, Answer.carried_from, Answer.saved_at).where(
    Answer.screening_id == _SCREENING
)
_SENT = _ANSWERS.where(Answer.question_key.in_(bindparam("keys", expanding=True)))
_GRADES = select(ItemRating.item, ItemRating.severity, ItemRating.likelihood).where(
    ItemRating.screening_id == _SCREENING
)


def contents_for_saving(session: Session, screening: Screening, keys: Sequence[str], *, rates: bool) -> Contents:
    """Read what a save of these questions needs: they and, if it `rates`, the ratings whole; of the rest what the score rests on.

    A save comes with every answer, so it reads fifty narrow rows where a page reads fifty answers; and no evidence, which no score
    looks at.
    """
    of = {"screening": screening.id}
    answers: dict[str, Any] = {row.question_key: row for row in session.execute(_SAVED, of)}
    if keys:
        answers |= {answer.question_key: answer for answer in session.scalars(_SENT, {**of, "keys": keys})}
    grades: Iterable[Any] = session.scalars(_RATINGS, of) if rates else session.execute(_GRADES, of)
    return Contents(answers, {grade.item: grade for grade in grades}, {}, list(session.scalars(_RULINGS, of)))


def concluded(screening: Screening, contents: Contents, sheet: Sheet | None = None) -> Filled:
    """Return the screening with what follows from its contents: which rulings hold, what is asked, the score.

    `sheet` is given by who has it already (pinned_sheet).
    """
    answers, ratings = contents.answers, contents.ratings
    sheet = sheet or sheet_of(screening)
    if carried := frozenset(key for key, answer in answers.items() if answer.carried_from):
        sheet = sheet.carrying(carried)
    saved = {key: answer.saved_at for key, answer in answers.items()}
    in_force = rulings_in_force(screening, contents.rulings, saved, sheet.framework)
    scored = score(
        sheet,
        {k: a.value for k, a in answers.items() if a.value},
        {k: Rating(r.severity, r.likelihood) for k, r in ratings.items()},
        in_force,
    )
    return Filled(sheet, answers, ratings, contents.evidence, contents.rulings, in_force, scored)


def sheet_of(screening: Screening) -> Sheet:
    """Return what the screening pinned, without what was carried forward."""
    versions = [pin.questionnaire for pin in screening.pins]
    framework = screening.framework_version
    return _sheet(
        (framework.digest, screening.phase, *(version.digest for version in versions)),
        lambda: Sheet(framework_in(framework), screening.phase, tuple(questionnaire_in(each) for each in versions)),
    )


_PINS = (
    select(FrameworkVersion.digest.label("framework"), QuestionnaireVersion.digest)
    .select_from(Screening)
    .join(FrameworkVersion, FrameworkVersion.id == Screening.framework_id)
    .join(ScreeningQuestionnaire, ScreeningQuestionnaire.screening_id == Screening.id)
    .join(QuestionnaireVersion, QuestionnaireVersion.id == ScreeningQuestionnaire.questionnaire_id)
    .where(Screening.id == _SCREENING)
    .order_by(ScreeningQuestionnaire.position)
)


def pinned_sheet(session: Session, screening: Screening) -> Sheet:
    """Return what the screening pinned, read by digests alone: one statement once the documents were read in this process."""
    rows = session.execute(_PINS, {"screening": screening.id}).all()
    key = (rows[0].framework if rows else "", screening.phase, *(row.digest for row in rows))
    return _sheet(key, lambda: sheet_of(screening))


_SHEETS: dict[tuple[str, ...], Sheet] = {}


def _sheet(digests: tuple[str, ...], made: Callable[[], Sheet]) -> Sheet:
    """Return the sheet of these documents; kept for the process, since documents never change and what follows from them is costly."""
    found = _SHEETS.get(digests)
    if found is None:
        found = _SHEETS[digests] = made()
    return found


# long: one line for each kind of ruling
def rulings_in_force(
    screening: Screening, rulings: list[Ruling], saved: dict[str, datetime], framework: Framework
) -> Rulings:
    """Return which rulings hold now.

    Rulings on an answer (not applicable, evidence disproved) hold while the answer is unchanged; the last one counts. A clearance
    of a hard stop holds while the answers behind it are unchanged; a stop raised in an earlier revision is released by legal and
    team together (domain.md §5.4).
    """
    last = {(r.kind, r.target): r for r in rulings if r.outcome not in ("raised", "released_legal", "released_team")}
    standing = [
        r
        for r in last.values()
        if r.kind in ("not_applicable", "evidence") and saved.get(r.target, r.ruled_at) <= r.ruled_at
    ]
    stops = [r for r in last.values() if r.kind == "hard_stop"]
    route = last.get(("route", "route"))
    return Rulings(
        accepted=frozenset(r.target for r in standing if r.kind == "not_applicable" and r.outcome == "accepted"),
        disproved=frozenset(r.target for r in standing if r.kind == "evidence" and r.outcome == "disproved"),
        cleared=frozenset(
            r.target for r in stops if r.outcome == "cleared" and r.ruled_at >= _changed_at(framework, r.target, saved)
        ),
        confirmed=frozenset(r.target for r in stops if r.outcome == "confirmed" and r.revision == screening.revision),
        raised_before=frozenset(
            r.target
            for r in rulings
            if r.kind == "hard_stop" and r.outcome == "raised" and r.revision < screening.revision
        ),
        released=_released(rulings),
        route=route.outcome if route and route.revision == screening.revision else "",
    )


def _changed_at(framework: Framework, stop: str, saved: dict[str, datetime]) -> datetime:
    keys = next((list(questions_of(each.when)) for each in framework.hard_stops if each.code == stop), [])
    return max((saved[key] for key in keys if key in saved), default=datetime.min.replace(tzinfo=UTC))


def _released(rulings: list[Ruling]) -> frozenset[str]:
    signed: dict[str, set[str]] = defaultdict(set)
    for ruling in rulings:
        if ruling.kind == "hard_stop" and ruling.outcome == "raised":
            signed[ruling.target].clear()
        elif ruling.kind == "hard_stop" and ruling.outcome in ("released_legal", "released_team"):
            signed[ruling.target].add(ruling.outcome)
    return frozenset(code for code, marks in signed.items() if len(marks) == 2)
