"""Reading a decision from a sent form: outcome, rationale, validity and the rows of conditions, for every body that decides.

The fields are `outcome`, `rationale`, `valid_until`, `escalated_to` and, per condition, `conditions-0-text` and so on; an empty row is
left out. What cannot be read is a problem beside its field; what was entered stays in the form (see templates/reviews/_verdict.html).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from governance.refusals import Problem, Refusals
from governance.reviews.decisions import Verdict
from governance.reviews.rules import ConditionDraft
from governance.texts import Text

ROWS = 8
PARTS = ("text", "text_en", "kind", "owner", "verifier", "due_on")
Sent = Mapping[str, str]


def verdict(sent: Sent) -> Verdict:
    """Return the decision a form carries. Raises Refusals for a date that does not exist or a condition without one."""
    found, problems = read(sent)
    Refusals.raise_any(problems)
    return found


def read(sent: Sent) -> tuple[Verdict, list[Problem]]:
    """Return the decision a form carries as far as it can be read, and what cannot be read, so that all is said at once."""
    problems: list[Problem] = []
    until = _day(sent.get("valid_until", ""), "valid_until", problems)
    conditions, more = conditions_in(sent)
    outcome, to = sent.get("outcome", ""), sent.get("escalated_to", "").strip()
    return Verdict(outcome, _text(sent.get("rationale", "")), until, conditions, to), problems + more


def conditions_in(sent: Sent) -> tuple[tuple[ConditionDraft, ...], list[Problem]]:
    """Return the conditions a form carries; one without a day that can be read has the first of all days."""
    problems: list[Problem] = []
    return tuple(draft for n in range(ROWS) if (draft := _condition(sent, n, problems))), problems


def refuse_all(*several: Sequence[Problem]) -> None:
    """Raise everything that is wrong, the first sentence for each field."""
    told: dict[str, Problem] = {}
    problems = [problem for each in several for problem in each]
    kept = [p for p in problems if p.place is None or told.setdefault(p.place, p) is p]
    Refusals.raise_any(kept)


def rows(sent: Sent, shown: int = 3) -> list[dict[str, str]]:
    """Return the rows of conditions as entered, at least `shown` of them, to draw the form again."""
    filled = [
        n
        for n in range(ROWS)
        if any(sent.get(f"conditions-{n}-{part}", "").strip() for part in ("text", "owner", "due_on"))
    ]
    count = min(ROWS, max(shown, (filled[-1] + 2) if filled else 0))
    return [{part: sent.get(f"conditions-{n}-{part}", "") for part in PARTS} for n in range(count)]


def _condition(sent: Sent, number: int, problems: list[Problem]) -> ConditionDraft | None:
    given = {part: sent.get(f"conditions-{number}-{part}", "").strip() for part in PARTS}
    if not given["text"] and not given["owner"] and not given["due_on"]:
        return None
    place = f"conditions-{number}-due_on"
    due = _day(given["due_on"], place, problems)
    if due is None and not given["due_on"]:
        said = Text(f"条件{number + 1}：期限を入力してください。", f"Condition {number + 1}: enter the due date.")
        problems.append(Problem("reviews.condition_due_on", said, place))
    return ConditionDraft(
        _text(given["text"]), given["kind"], given["owner"], given["verifier"], due or date.min, _text(given["text_en"])
    )


def _day(value: str, place: str, problems: list[Problem]) -> date | None:
    if not value.strip():
        return None
    try:
        return date.fromisoformat(value.strip())
    except ValueError:
        said = Text(
            f"「{value[:20]}」という日付はありません。2026-12-25 のように入力してください。",
            f"“{value[:20]}” is not a date. Enter it like 2026-12-25.",
        )
        problems.append(Problem("reviews.date", said, place))
        return None


def _text(value: str) -> str:
    return value.replace("\r\n", "\n").strip()
