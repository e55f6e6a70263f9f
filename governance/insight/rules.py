"""What waits for a person, as plain sentences and dates: one kind of task, its order, and how an act of the ledger is said in words.

No HTTP and no SQL: services hand over what they found. A task says what to do, by when, why, how long it takes and where.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from governance.ledger.rules import EVENT_TYPES
from governance.texts import Text, both, joined

SHOWN = 20
"""Rows that the home page shows of anything: more is a list of its own (performance.md: sizes stay fixed)."""

RENEW_DAYS = 60
"""How long before an approval ends the owner is reminded to start the reassessment (domain.md §6.1)."""

AHEAD_DAYS = 90
"""How far the dates to come reach."""

MINUTES_PER_QUESTION = 3
SHEET_MINUTES = 10
"""The trigger sheet is at most twenty questions in ten minutes (domain.md §4)."""


@dataclass(frozen=True)
class Task:
    """One thing that waits for a person. `href` leads to where it is done, `button` is its verb; `phase` and `due` may be absent."""

    what: Text
    why: Text
    project: Text
    project_id: str
    href: str
    button: Text
    minutes: int
    due: date | None = None
    phase: Text | None = None
    late: Text | None = None
    since: datetime | None = None
    opens: str = ""


@dataclass(frozen=True)
class Date:
    """A day to come: a meeting with its time, or the end of an approval."""

    on: date
    what: Text
    note: Text
    href: str
    at: datetime | None = None


@dataclass(frozen=True)
class Line:
    """One act of the ledger in words, with who did it and the project it is about."""

    seq: int
    at: datetime
    text: Text
    by: Text
    project: Text | None = None
    project_id: str = ""


def in_order(tasks: Iterable[Task]) -> list[Task]:
    """Return the tasks by due date, late ones first by nature; those without a date follow, the longest waiting first."""
    return sorted(tasks, key=lambda task: (task.due is None, task.due or date.max, _stamp(task.since), task.what.ja))


def _stamp(moment: datetime | None) -> float:
    return moment.timestamp() if moment else float("inf")


def overdue(tasks: Iterable[Task], today: date) -> int:
    """Return how many tasks are past their date."""
    return sum(1 for task in tasks if task.due is not None and task.due < today)


def fill_minutes(asked: int, answered: int, has_sheet: bool) -> int:
    """Return about how long a screening still takes, in minutes rounded up to five."""
    left = max(0, asked - answered) * MINUTES_PER_QUESTION if has_sheet else SHEET_MINUTES
    return max(5, -(-left // 5) * 5)


def ends_soon(valid_until: date | None, today: date) -> bool:
    """Say whether an approval ended or ends within the days of reminding."""
    return valid_until is not None and valid_until <= today + timedelta(days=RENEW_DAYS)


def clipped(text: str, length: int = 60) -> str:
    """Return the beginning of a long text, for a line of a list."""
    flat = " ".join(text.split())
    return flat if len(flat) <= length else f"{flat[: length - 1]}…"


# --- acts of the ledger in words -------------------------------------------------------------------------------------

QUIET = frozenset(
    {"ReadingGranted", "ReadingEnded", "VoteCast", "AttendanceRecorded", "EvidenceAttached", "EvidenceDetached"}
    | {"CommentWritten", "CommentCorrected", "CommentWithdrawn", "RemarkAnswered", "ThreadResolved", "ThreadReopened"}
    | {"DelegationChanged", "DelegationDone", "DelegationWithdrawn"}
)
"""Acts left out of a project's history: votes are shown as totals (domain.md §6.3), what is said in threads has a page of
its own, the others say nothing about the case."""

TOGETHER = frozenset(
    {"EvidenceAdded", "EvidenceRemoved", "ConditionSet", "MemberJoined", "ThreadOpened", "QuestionsDelegated"}
)
"""Acts that come in numbers and are told as one line."""

_COUNTED = {
    "revision": Text("第{value}版", "revision {value}"),
    "number": Text("{value}", "{value}"),
    "question": Text("{value}", "{value}"),
    "stop": Text("{value}", "{value}"),
    "version": Text("{value}版", "version {value}"),
}
RULED = {
    "accepted": Text("「該当なし」を受理", "not applicable: accepted"),
    "refused": Text("「該当なし」を認めない", "not applicable: refused"),
    "disproved": Text("証跡は事実と異なる", "evidence disproved"),
    "upheld": Text("証跡を認める", "evidence upheld"),
    "raised": Text("検出", "raised"),
    "cleared": Text("非該当", "cleared"),
    "confirmed": Text("該当", "confirmed"),
    "released_legal": Text("法務が解除に署名", "release signed by legal"),
    "released_team": Text("専門チームが解除に署名", "release signed by the team"),
}
"""What a ruling came to, in words (screenings Ruling.outcome)."""

_NAMED = ("outcome", "recommendation", "part", "role", "route")


def said(type: str, codes: Mapping[str, Any], names: Mapping[str, Text], phase: Text | None = None) -> Text:
    """Return an act as one line: the phase it is about, its name, and what its codes tell ("計画：審査結果の記録（条件付承認）").

    `names` maps codes to words: outcomes, parts, roles, routes.
    """
    label = EVENT_TYPES.get(type, both(type))
    details = [words.filled(value=codes[key]) for key, words in _COUNTED.items() if codes.get(key) not in (None, "")]
    told = (*_NAMED, "motion") if type == "MotionPut" else _NAMED  # beside a vote the motion would read as the choice
    details += [names.get(str(codes[key]), both(str(codes[key]))) for key in told if codes.get(key)]
    if details:
        label = Text("{label}（{details}）", "{label} ({details})").filled(label=label, details=joined(details))
    return Text("{phase}：{label}", "{phase}: {label}").filled(phase=phase, label=label) if phase else label


def several(line: Line, type: str, count: int) -> Line:
    """Return the line of a run of `count` acts of one kind; a single act keeps its own words."""
    if count == 1:
        return line
    words = Text("{label}（{count}件）", "{label} ({count} in all)").filled(label=EVENT_TYPES[type], count=count)
    return replace(line, text=words)
