"""Who may decide what, until when an approval holds, and how conditions are set and closed.

Which body may choose which outcome at which residual level is data of the framework (`deciders`, domain.md §5.3); here are only the
rules that read it. How a committee comes to a lawful decision is in quorum.py, the states of a screening in workflow.py.
"""

from __future__ import annotations

import calendar
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from governance.questionnaires.definition import Framework
from governance.refusals import Problem, Refusal
from governance.texts import Text, both

ZONE = ZoneInfo("Asia/Tokyo")
BOARD = "board"
EXECUTIVE = "executive"
APPROVALS = frozenset({"approved", "approved_with_conditions"})
POSTPONED = "deferred"
OUTCOMES: Mapping[str, Text] = MappingProxyType(
    {
        "approved": Text("承認", "Approved"),
        "approved_with_conditions": Text("条件付承認", "Approved with conditions"),
        "returned": Text("差戻し", "Returned"),
        "deferred": Text("継続審査", "Deferred"),
        "rejected": Text("不承認", "Rejected"),
        "escalated": Text("上位付議", "Escalated"),
    }
)
WAIVED = "waived"
MOTIONS: Mapping[str, Text] = MappingProxyType({**OUTCOMES, WAIVED: Text("条件の免除", "Waiver of conditions")})
"""What can be put to the vote: an outcome of a case, or that conditions are waived."""
KINDS: Mapping[str, Text] = MappingProxyType(
    {
        "pre_start": Text("開始前", "Before start"),
        "pre_launch": Text("稼働前", "Before launch"),
        "periodic": Text("定期", "Periodic"),
    }
)
CONDITION_STATES: Mapping[str, Text] = MappingProxyType(
    {
        "open": Text("対応中", "Open"),
        "submitted": Text("確認待ち", "Waiting for verification"),
        "verified": Text("完了", "Verified"),
        "rejected": Text("やり直し", "Not accepted"),
        "waived": Text("免除", "Waived"),
    }
)
CONDITION_STEPS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("open", "report"): "submitted",
        ("rejected", "report"): "submitted",
        ("submitted", "verify"): "verified",
        ("submitted", "reject"): "rejected",
        ("open", "waive"): "waived",
        ("submitted", "waive"): "waived",
        ("rejected", "waive"): "waived",
    }
)
SETTLED = frozenset({"verified", "waived"})
LONGEST_LINK = 300
LATEST_DUE_YEARS = 10
"""A condition due later than this is a slip of the hand: nobody would ever be reminded of it."""


@dataclass(frozen=True)
class Choice:
    """An outcome a body may choose now; `needs_reason` when it must say why in its own record (domain.md §5.3)."""

    outcome: str
    needs_reason: bool = False


@dataclass(frozen=True)
class ConditionDraft:
    """A condition as it is proposed with a decision; people are user ids."""

    text: str
    kind: str
    owner: str
    verifier: str
    due_on: date
    text_en: str = ""


def refuse_when(wrong: bool, code: str, ja: str, en: str, *, place: str | None = None, **values: object) -> None:
    """Raise a Refusal when something is wrong; say nothing otherwise."""
    if wrong:
        raise Refusal(f"reviews.{code}", ja, en, place=place, **values)


def checked_link(link: str) -> str:
    """Return the address of the remote room; only an address of the web is one."""
    found = link.strip()
    wrong = bool(found) and not (found.startswith("https://") and len(found) <= LONGEST_LINK and found.isprintable())
    said = ("https:// で始まる番地を入力してください。", "Enter an address that begins with https://.")
    refuse_when(wrong or " " in found, "link", *said, place="link")
    return found


def local_date(at: datetime) -> date:
    """Return the day of a moment in Japan: terms, notices and due dates are kept in calendar days (design.md §3.14)."""
    return at.astimezone(ZONE).date()


def fiscal_year(on: date) -> int:
    """Return the Japanese fiscal year (April to March) of a day (domain.md §6.3 min_sessions_per_FY)."""
    return on.year if on.month >= 4 else on.year - 1


# long: one argument per fact
def allowed_outcomes(
    framework: Framework,
    *,
    residual: int,
    route: str,
    body: str,
    hard_stops: Collection[str] = (),
    open_gate: bool = False,
) -> tuple[Choice, ...]:
    """Return what `body` may choose for a case of this residual level and route (domain.md §5.3, §5.4).

    A body below the one of the route chooses nothing. A hard stop takes away every approval, whatever the vote. An open gate at a
    high inherent level takes away the approval without conditions (domain.md §5.2 step 5). A committee may always postpone. The
    executive, asked by a committee, chooses among the committee's outcomes and passes the case on to nobody.
    """
    if body == EXECUTIVE:
        given = allowed_outcomes(
            framework, residual=residual, route=route, body=BOARD, hard_stops=hard_stops, open_gate=open_gate
        )
        return tuple(choice for choice in given if choice.outcome not in (POSTPONED, "escalated"))
    ranks = {named.code: rank for rank, named in enumerate(framework.bodies)}
    if body not in ranks or ranks[body] < ranks[framework.route(route).body]:
        return ()
    barred = APPROVALS if hard_stops else frozenset({"approved"}) if open_gate else frozenset()
    code = framework.level(residual).code
    choices: dict[str, Choice] = {}
    for row in framework.deciders:
        if row.residual == code and body in row.bodies:
            choices |= {o: Choice(o, o in row.reason_required) for o in row.outcomes if o not in barred}
    if body == BOARD:
        choices.setdefault(POSTPONED, Choice(POSTPONED))
    return tuple(choices.values())


def require_outcome(choices: Iterable[Choice], outcome: str, reason: str = "") -> Choice:
    """Return the choice for `outcome`; refuse one the table does not list or that lacks its reason (domain.md §5.3)."""
    listed = {choice.outcome: choice for choice in choices}
    names = [OUTCOMES.get(code, both(code)) for code in listed]
    if outcome not in listed:
        raise Refusal(
            "reviews.outcome_not_allowed",
            "この案件では「{outcome}」を選べません。選べるもの：{allowed}",
            "“{outcome}” cannot be chosen for this case. Possible: {allowed}.",
            place="outcome",
            outcome=OUTCOMES.get(outcome, both(outcome)),
            allowed=Text("、".join(n.ja for n in names) or "なし", ", ".join(n.en for n in names) or "nothing"),
        )
    if listed[outcome].needs_reason and not reason.strip():
        raise Refusal(
            "reviews.reason_needed",
            "この残余リスクで「{outcome}」とするには、その理由の記録が必要です。",
            "“{outcome}” at this residual level needs a recorded reason.",
            place="rationale",
            outcome=OUTCOMES[outcome],
        )
    return listed[outcome]


def valid_until(residual: int, decided_on: date, framework: Framework) -> date:
    """Return the last day an approval can hold: the level's months, ending the day before (domain.md §6.1 reassessment).

    When the last month has no such day, its last day is the end (31 August + 6 months ends on 28 or 29 February).
    """
    months = decided_on.month - 1 + framework.level(residual).valid_months
    year, month = decided_on.year + months // 12, months % 12 + 1
    last = calendar.monthrange(year, month)[1]
    if decided_on.day > last:
        return date(year, month, last)
    return date(year, month, decided_on.day) - timedelta(days=1)


def check_validity(chosen: date, limit: date, decided_on: date) -> list[Problem]:
    """Return what is wrong with a chosen end of validity: it lies after the decision and not after the limit (domain.md §6.1)."""
    if decided_on < chosen <= limit:
        return []
    text = Text(
        "有効期限は{first}の翌日から{limit}までの日付にしてください。",
        "Choose a day after {first} and not after {limit}.",
    )
    return [
        Problem("reviews.validity", text.filled(first=decided_on.isoformat(), limit=limit.isoformat()), "valid_until")
    ]


def check_conditions(
    outcome: str, drafts: Sequence[ConditionDraft], decided_on: date, authors: Collection[str] = ()
) -> list[Problem]:
    """Return what is wrong with the conditions of a decision (domain.md §6.3 condition fields and separation of duties).

    Only a conditional approval carries conditions, and it carries at least one. `authors` (who answered or submitted) verify nothing.
    """
    if outcome != "approved_with_conditions":
        spare = Text(
            "付帯条件を付けられるのは「条件付承認」だけです。", "Only an approval with conditions carries conditions."
        )
        return [Problem("reviews.conditions_unwanted", spare, "conditions")] if drafts else []
    if not drafts:
        none = Text(
            "条件付承認には、付帯条件が1件以上必要です。", "An approval with conditions needs at least one condition."
        )
        return [Problem("reviews.conditions_missing", none, "conditions")]
    return [problem for n, draft in enumerate(drafts, 1) for problem in _check_condition(n, draft, decided_on, authors)]


# long: a table of faults
def _check_condition(number: int, draft: ConditionDraft, decided_on: date, authors: Collection[str]) -> list[Problem]:
    faults = (
        (not draft.text.strip(), "text", Text("条件の内容を書いてください。", "Write what the condition is.")),
        (draft.kind not in KINDS, "kind", Text("種類を選んでください。", "Choose a kind.")),
        (
            draft.due_on <= decided_on,
            "due_on",
            Text("期限は決定日より後にしてください。", "The due date must lie after the decision."),
        ),
        (
            draft.due_on > decided_on + timedelta(days=LATEST_DUE_YEARS * 365),
            "due_on",
            Text(
                f"期限は決定日から{LATEST_DUE_YEARS}年以内にしてください。",
                f"The due date must lie within {LATEST_DUE_YEARS} years of the decision.",
            ),
        ),
        (not draft.owner, "owner", Text("担当者を選んでください。", "Choose an owner.")),
        (not draft.verifier, "verifier", Text("確認者を選んでください。", "Choose a verifier.")),
        (
            draft.verifier == draft.owner != "",
            "verifier",
            Text("確認者は担当者と別の人にしてください。", "The verifier must be another person than the owner."),
        ),
        (
            draft.verifier in authors,
            "verifier",
            Text("回答・提出をした人は確認者になれません。", "A person who answered or submitted cannot verify."),
        ),
    )
    prefix = Text("条件{n}：{text}", "Condition {n}: {text}")
    return [
        Problem(f"reviews.condition_{field}", prefix.filled(n=number, text=text), f"conditions-{number - 1}-{field}")
        for wrong, field, text in faults
        if wrong
    ]


def after_condition(state: str, action: str) -> str:
    """Return the state of a condition after `action` (domain.md §6.3 open→submitted→verified/rejected→waived), or refuse."""
    found = CONDITION_STEPS.get((state, action))
    if found is None:
        raise Refusal(
            "reviews.condition_not_now",
            "この条件は「{state}」のため、その操作はできません。",
            "This condition is “{state}”, so that cannot be done now.",
            state=CONDITION_STATES.get(state, both(state)),
        )
    return found


def days_overdue(state: str, due_on: date, today: date, submitted_on: date | None = None) -> int:
    """Return by how many days a condition is late, 0 when it is not (domain.md §6.3).

    A report handed in by the due date stops the clock while the verifier looks at it.
    """
    waits = state == "submitted" and submitted_on is not None and submitted_on <= due_on
    return 0 if state in SETTLED or waits else max(0, (today - due_on).days)


def suspend_on(due_on: date, reminder_days: int) -> date:
    """Return the day an unmet condition suspends the project, after the days of reminding (domain.md §6.3 overdue condition)."""
    return due_on + timedelta(days=reminder_days)
