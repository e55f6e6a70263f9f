"""The pre-check (事前確認) of a submitted case: a checklist that the reviewer settles before the review begins.

Its items are data: completeness, triggers, evidence, and the reviewer's own conflicts of interest (domain.md §6.1 triage). What a
reviewer declares about themselves holds for that reviewer alone; whoever takes over declares anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from governance.accounts.rules import authorize
from governance.refusals import Forbidden, NotFound, Problem, Refusal, Refusals
from governance.reviews.desk_models import CheckResult
from governance.reviews.models import Review
from governance.reviews.people import locked, refuse_bound, relations_to
from governance.screenings.models import Screening
from governance.screenings.workflow import after
from governance.texts import Text
from governance.work import UnitOfWork

MET, NOT_MET = "met", "not_met"
LONGEST_NOTE = 2000


@dataclass(frozen=True)
class Check:
    """An item of the checklist: what is asked, and the words for met and not met. `is_own`: holds only for who declared it."""

    code: str
    name: Text
    asks: Text
    met: Text
    not_met: Text
    is_own: bool = False


CHECKS: tuple[Check, ...] = (
    Check(
        "completeness",
        Text("回答の漏れ・食い違い", "Completeness"),
        Text(
            "回答と理由がそろい、食い違う回答がないか、説明がついている。",
            "Answers and reasons are complete; contradictions are absent or explained.",
        ),
        Text("そろっている", "Complete"),
        Text("足りない・食い違う", "Lacking"),
    ),
    Check(
        "triggers",
        Text("判定項目と経路", "Triggers and route"),
        Text(
            "判定項目の回答が事実に合い、「分からない」を確かめ、経路が正しい。",
            "The trigger answers fit the facts, each “unknown” was looked into, the route is right.",
        ),
        Text("正しい", "Right"),
        Text("正しくない", "Not right"),
    ),
    Check(
        "evidence",
        Text("証跡", "Evidence"),
        Text(
            "★の質問の証跡を開いて見て、回答を裏付けている。",
            "The evidence of the gates (★) was opened, and it supports the answers.",
        ),
        Text("裏付けている", "Supports them"),
        Text("裏付けていない", "Does not"),
    ),
    Check(
        "conflicts",
        Text("利益相反の申告", "Conflicts of interest"),
        Text(
            "審査担当として、この案件の関係者・部門・顧客と利害関係がない。",
            "As the reviewer I have no interest in the project, its people, department or customer.",
        ),
        Text("ない", "None"),
        Text("ある", "There is one"),
        is_own=True,
    ),
)
"""The checklist; a review begins once every item is met."""

KNOWN = {check.code: check for check in CHECKS}


def results_of(work: UnitOfWork, review: Review | None) -> dict[str, CheckResult]:
    """Return how each item stands (item → last result); what another reviewer declared about themselves is left out."""
    if review is None:
        return {}
    query = select(CheckResult).where(CheckResult.review_id == review.id).order_by(CheckResult.number)
    last = {row.item: row for row in work.session.scalars(query)}
    return {
        item: row
        for item, row in last.items()
        if item in KNOWN and (not KNOWN[item].is_own or row.settled_by == review.reviewer_id)
    }


def is_settled(results: Mapping[str, CheckResult]) -> bool:
    """Say whether every item of the checklist is met."""
    return all(check.code in results and results[check.code].outcome == MET for check in CHECKS)


# long: one line per column
def settle(work: UnitOfWork, review: Review, given: Mapping[str, tuple[str, str]], *, rev: int) -> list[CheckResult]:
    """Settle items of the checklist (item → outcome and note) as the reviewer; each needs a note. Nothing new adds nothing.

    `rev` is the one of the screening. Raises Refusals that name each item without outcome or note.
    """
    screening = _own(work, review, rev)
    _must_be_in_triage(screening)
    before = results_of(work, review)
    fresh = {
        item: (outcome, note.strip())
        for item, (outcome, note) in given.items()
        if item not in before or (before[item].outcome, before[item].note) != (outcome, note.strip())
    }
    Refusals.raise_any([problem for item, pair in fresh.items() for problem in _faults(item, *pair)])
    if not fresh:
        return []
    counts = _counts(work, review)
    rows = [
        CheckResult(
            review_id=review.id,
            item=item,
            number=counts.get(item, 0) + 1,
            outcome=outcome,
            note=note,
            settled_by=work.actor.id,
            settled_at=work.now,
        )
        for item, (outcome, note) in fresh.items()
    ]
    work.session.add_all(rows)
    work.session.flush()
    work.record(
        "CheckSettled",
        subject=("review", review.id),
        project=screening.project_id,
        codes={"screening": screening.id, **{f"{row.item}": row.outcome for row in rows}},
        private={f"{row.item}_note": row.note for row in rows},
    )
    return rows


def begin(work: UnitOfWork, review: Review, *, rev: int) -> None:
    """End the pre-check and begin the review, once every item is met. Raises Refusals that name each one that is not."""
    screening = _own(work, review, rev)
    moved = after(screening.state, "begin")
    results = results_of(work, review)
    open_ones = [check for check in CHECKS if check.code not in results or results[check.code].outcome != MET]
    Refusals.raise_any([_open(check, results.get(check.code)) for check in open_ones])
    screening.state, screening.changed_at = moved.state, work.now
    work.session.flush()
    work.record(
        moved.event,
        subject=("review", review.id),
        project=screening.project_id,
        rev=(rev, screening.rev),
        codes={"screening": screening.id, "revision": screening.revision, "state": screening.state},
        row=review,
    )


def _own(work: UnitOfWork, review: Review, rev: int) -> Screening:
    """Return the screening, locked; only its reviewer settles the pre-check, and only unbound."""
    screening = review.screening
    authorize(work.actor, "review:check", relations_to(work, screening))
    locked(work, screening, rev)
    if review.revision != screening.revision:
        raise NotFound
    if review.reviewer_id != work.actor.id:
        raise Forbidden(
            "reviews.not_yours",
            "事前確認をするのは、この審査の担当者だけです。",
            "Only the reviewer of this case makes the pre-check.",
        )
    refuse_bound(work, screening)
    return screening


def _must_be_in_triage(screening: Screening) -> None:
    if screening.state != "triage":
        raise Refusal("reviews.not_in_triage", "事前確認は終わっています。", "The pre-check of this case is over.")


def _faults(item: str, outcome: str, note: str) -> list[Problem]:
    if item not in KNOWN:
        return [Problem("reviews.check", Text("確認の項目がありません。", "There is no such item."), "check")]
    name, found = KNOWN[item].name, []
    if outcome not in (MET, NOT_MET):
        said = Text("{name}：判断を選んでください。", "{name}: choose the result.").filled(name=name)
        found.append(Problem("reviews.check_outcome", said, f"check-{item}"))
    if not note or len(note) > LONGEST_NOTE:
        said = Text(
            "{name}：何を確かめたかを書いてください（{limit}文字以内）。",
            "{name}: say what was looked at (at most {limit} characters).",
        )
        found.append(Problem("reviews.check_note", said.filled(name=name, limit=LONGEST_NOTE), f"check-{item}-note"))
    return found


def _open(check: Check, result: CheckResult | None) -> Problem:
    said = (
        Text("{name}：確認が済んでいません。", "{name}: not checked yet.")
        if result is None
        else Text(
            "{name}：「{outcome}」のままでは審査を始められません。差し戻すか、担当を替えてください。",
            "{name}: the review cannot begin while it reads “{outcome}”. Return the case, or assign another reviewer.",
        )
    )
    return Problem("reviews.check_open", said.filled(name=check.name, outcome=check.not_met), f"check-{check.code}")


def _counts(work: UnitOfWork, review: Review) -> dict[str, int]:
    query = select(CheckResult.item, CheckResult.number).where(CheckResult.review_id == review.id)
    return dict(work.session.execute(query.order_by(CheckResult.number)).all())
