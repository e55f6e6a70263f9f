"""Challenges (疑義): a reviewer's doubt about an answer or a grade, beside the original and never over it (domain.md §5.6).

The team answers, then the challenge is upheld or withdrawn. None of this changes the score; what it would be “if the challenge stands”
is worked out beside it. Before the opinion every challenge is settled, and one that would lead to a higher body has to be
followed by an explicit change of the route: nothing is decided below the body that the upheld view asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import func, select

from governance.accounts.rules import authorize, may
from governance.projects.life import must_run
from governance.projects.models import Project
from governance.projects.services import visible
from governance.questionnaires.definition import Framework, Question
from governance.questionnaires.values import values_of
from governance.refusals import NotFound, Refusal
from governance.reviews import telling
from governance.reviews.desk_models import Challenge
from governance.reviews.models import Review
from governance.reviews.people import locked, refuse_bound, relations_to
from governance.reviews.rules import refuse_when
from governance.reviews.workdays import age
from governance.screenings.loading import Filled, load
from governance.screenings.models import Screening
from governance.screenings.result import Rating, Score
from governance.screenings.scoring import score
from governance.work import UnitOfWork

KINDS = ("answer", "severity", "likelihood")
STANDING = frozenset({"open", "answered", "upheld"})
"""States in which the reviewer's view stands beside the original."""
UNSETTLED = frozenset({"open", "answered"})
REVIEWED = frozenset({"triage", "in_review", "discussion"})
"""States of a screening in which challenges are made, answered and settled."""
ANSWER_DAYS = 5
"""After so many working days without an answer a challenge can be upheld all the same."""
LONGEST = 4000


def challenge(work: UnitOfWork, challenge_id: str) -> Challenge:
    """Return a challenge of a project the actor may see; NotFound otherwise."""
    query = select(Challenge).join(Screening).join(Project).where(Challenge.id == challenge_id, visible(work.actor))
    row = work.session.scalars(query).one_or_none()
    if row is None:
        raise NotFound
    return row


def challenges_of(work: UnitOfWork, screening: Screening, *, until: int | None = None) -> list[Challenge]:
    """Return the challenges of the current revision, or of all revisions up to `until`, in the order they were made."""
    query = select(Challenge).where(Challenge.screening_id == screening.id)
    wanted = Challenge.revision == screening.revision if until is None else Challenge.revision <= until
    return list(work.session.scalars(query.where(wanted).order_by(Challenge.revision, Challenge.number)))


def may_raise(work: UnitOfWork, screening: Screening) -> bool:
    """Say whether the actor may challenge something of this case now."""
    return (
        screening.state in REVIEWED
        and may(work.actor, "challenge:raise", relations_to(work, screening))
        and _open_review(work, screening) is not None
    )


# long: one line per column
def raise_challenge(
    work: UnitOfWork, screening: Screening, kind: str, target: str, *, proposed: str, reason: str, rev: int
) -> Challenge:
    """Challenge an answer or a grade, with what the reviewer sees instead (may be nothing where no value is chosen) and why.

    Raises Refusal for a target that was not answered, a value it cannot have, and while one about it is unsettled.
    """
    _lock(work, screening, rev)
    refuse_bound(work, screening)
    original = _original(work, screening, kind, target, proposed)
    text = _needed(reason, "challenge_reason")
    again = any(
        each.target == target and each.kind == kind and each.state in UNSETTLED for each in _own(work, screening)
    )
    refuse_when(
        again, "challenged", "この点への疑義は、まだ決着していません。", "A challenge of this is not settled yet."
    )
    last = select(func.coalesce(func.max(Challenge.number), 0))
    last = last.where(Challenge.screening_id == screening.id, Challenge.revision == screening.revision)
    row = Challenge(
        screening=screening,
        revision=screening.revision,
        number=work.session.scalars(last).one() + 1,
        kind=kind,
        target=target,
        original=original,
        proposed=proposed,
        reason=text,
        raised_by=work.actor.id,
        raised_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    _record(work, row, "ChallengeRaised", {"reason": text})
    telling.challenged(work, row, "challenge")
    return row


def answer(work: UnitOfWork, row: Challenge, reply: str, *, rev: int) -> None:
    """Answer a challenge for the team, once; the answers of the screening stay as submitted."""
    screening = row.screening
    authorize(work.actor, "challenge:answer", relations_to(work, screening))
    _lock_row(work, row, rev)
    over = row.state != "open" or screening.state not in REVIEWED or row.revision != screening.revision
    refuse_when(
        over,
        "challenge_over",
        "この疑義には、いま回答できません。",
        "This challenge cannot be answered now.",
        place="reply",
    )
    row.reply, row.state = _needed(reply, "reply"), "answered"
    row.replied_by, row.replied_at = work.actor.id, work.now
    work.session.flush()
    _record(work, row, "ChallengeAnswered", {"reply": row.reply})
    telling.challenge_answered(work, row)


def settle(work: UnitOfWork, row: Challenge, *, upheld: bool, verdict: str, rev: int) -> None:
    """Uphold a challenge or withdraw it, with the reason. It is upheld only after the team's answer, or when none came in time."""
    screening = row.screening
    authorize(work.actor, "challenge:raise", relations_to(work, screening))
    _lock_row(work, row, rev)
    refuse_bound(work, screening)
    _must_be_reviewed(work, screening)
    over = row.state not in UNSETTLED or row.revision != screening.revision
    refuse_when(over, "challenge_over", "この疑義は決着しています。", "This challenge is settled.")
    refuse_when(
        upheld and not may_uphold(work, row),
        "answer_first",
        "チームの回答を待ってください（{days}営業日たっても回答がなければ、認められます）。",
        "Wait for the team's answer (without one it can be upheld after {days} working days).",
        place="verdict",
        days=ANSWER_DAYS,
    )
    row.verdict, row.state = _needed(verdict, "verdict"), "upheld" if upheld else "withdrawn"
    row.settled_by, row.settled_at = work.actor.id, work.now
    work.session.flush()
    _record(work, row, "ChallengeSettled", {"verdict": row.verdict})
    telling.challenged(work, row, "challenge_settled")


def may_uphold(work: UnitOfWork, row: Challenge) -> bool:
    """Say whether the team has answered, or had its time to."""
    return row.state == "answered" or age(row.raised_at, work.now) >= ANSWER_DAYS


def lapse(work: UnitOfWork, screening: Screening) -> None:
    """End the unsettled challenges of a case that goes back to its team, which mends what they are about; the act records it."""
    for row in _own(work, screening):
        if row.state in UNSETTLED:
            row.state, row.settled_by, row.settled_at = "returned", work.actor.id, work.now
    work.session.flush()


# ---------------------------------------------------------------- if it stands


def score_if(filled: Filled, rows: Iterable[Challenge]) -> Score:
    """Return the score as it would be if these challenges stood; the score itself is untouched."""
    values = dict(filled.values)
    ratings = {item: Rating(each.severity, each.likelihood) for item, each in filled.ratings.items()}
    for row in rows:
        if row.kind == "answer" and row.proposed:
            values[row.target] = row.proposed
        elif row.kind != "answer" and row.target in ratings:
            ratings[row.target] = replace(ratings[row.target], **{row.kind: int(row.proposed)})
    return score(filled.sheet, values, ratings, filled.in_force)


def must_be_settled(work: UnitOfWork, screening: Screening) -> None:
    """Refuse the opinion while a challenge is unsettled, or while upheld ones ask for a higher body than the route leads to."""
    rows = challenges_of(work, screening)
    refuse_when(
        any(row.state in UNSETTLED for row in rows),
        "challenges_open",
        "決着していない疑義があります。認めるか取り下げてから、意見を出してください。",
        "A challenge is not settled. Uphold or withdraw it before the opinion.",
    )
    upheld = [row for row in rows if row.state == "upheld"]
    if not upheld:
        return
    filled = load(work.session, screening)
    framework, route = filled.sheet.framework, score_if(filled, upheld).route
    if body_rank(framework, route) > body_rank(framework, filled.score.route):
        raise Refusal(
            "reviews.route_if_upheld",
            "認めた疑義のとおりなら、審査経路は「{route}」です。経路を変えるか差し戻してから、意見を出してください。",
            "If the upheld challenges stand, the route is “{route}”. Change the route or return the case before the opinion.",
            route=framework.route(route).name,
        )


def body_rank(framework: Framework, route: str) -> int:
    """Return how high the body stands that a route leads to."""
    return [body.code for body in framework.bodies].index(framework.route(route).body)


# ---------------------------------------------------------------- shared steps


def _own(work: UnitOfWork, screening: Screening) -> list[Challenge]:
    return challenges_of(work, screening)


def _open_review(work: UnitOfWork, screening: Screening) -> Review | None:
    query = select(Review).where(Review.screening_id == screening.id, Review.revision == screening.revision)
    return work.session.scalars(query.where(Review.state == "in_review")).one_or_none()


def _lock(work: UnitOfWork, screening: Screening, rev: int) -> None:
    authorize(work.actor, "challenge:raise", relations_to(work, screening))
    locked(work, screening, rev)
    _must_be_reviewed(work, screening)


def _must_be_reviewed(work: UnitOfWork, screening: Screening) -> None:
    refuse_when(
        screening.state not in REVIEWED or _open_review(work, screening) is None,
        "not_in_review",
        "疑義は、専門チームの意見が出るまでの審査中だけ扱えます。",
        "Challenges are dealt with only during the review, before the team's opinion.",
    )


def _lock_row(work: UnitOfWork, row: Challenge, rev: int) -> None:
    must_run(work, row.screening.project_id)
    work.session.refresh(row.screening, with_for_update=True)
    work.session.refresh(row, with_for_update=True)
    work.expect(row, rev)


def _original(work: UnitOfWork, screening: Screening, kind: str, target: str, proposed: str) -> str:
    """Return what stands there now; refuse a target that has nothing to challenge and a value that it cannot have."""
    filled = load(work.session, screening)
    framework = filled.sheet.framework
    if kind == "answer":
        question = _asked(filled, target)
        stands, known = filled.values.get(target, ""), set(values_of(framework, question))
        fits = proposed in known if known and question.kind != "multiple" else proposed == ""
    else:
        rating = filled.ratings.get(target)
        if kind not in KINDS or rating is None:
            raise NotFound
        stands = str(getattr(rating, kind) or "")
        grades = framework.severity if kind == "severity" else framework.likelihood
        fits = proposed in {str(n) for n in range(1, len(grades) + 1)}
    same = fits and proposed == stands
    refuse_when(not stands, "nothing_there", "回答のない点に疑義は出せません。", "There is nothing to challenge.")
    said = ("いまの回答と違う見方を選んでください。", "Choose what you see instead of what stands there.")
    refuse_when(not fits or same, "proposed", *said, place="proposed")
    return stands


def _asked(filled: Filled, key: str) -> Question:
    if key not in filled.asked:
        raise NotFound
    found: Sequence[Question] = [q for each in filled.sheet.questionnaires for _, q in each.questions() if q.key == key]
    return found[0]


def _needed(text: str, place: str) -> str:
    kept = text.strip()
    refuse_when(not kept, "reason", "理由・内容を書いてください。", "Write the reason or text.", place=place)
    refuse_when(
        len(kept) > LONGEST,
        "too_long",
        "{limit}文字以内で書いてください。",
        "Use at most {limit} characters.",
        place=place,
        limit=LONGEST,
    )
    return kept


def _record(work: UnitOfWork, row: Challenge, event: str, private: dict[str, str]) -> None:
    work.record(
        event,
        subject=("challenge", row.id),
        project=row.screening.project_id,
        codes={
            "screening": row.screening_id,
            "revision": row.revision,
            "kind": row.kind,
            "target": row.target,
            "state": row.state,
        },
        private=private,
        row=row,
    )
