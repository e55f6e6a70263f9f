"""What a machine sends and what it is told: strict JSON in, one result per reading out.

Numbers keep every digit they were sent with: JSON numbers are read as text. Whatever is not known, sent twice or of another kind is
refused by name (assurance.md T9, T19).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from governance.monitoring import rules
from governance.monitoring.models import Indicator
from governance.monitoring.readings import Compared, Entered, Entry
from governance.refusals import Problem, Refusal, Refusals
from governance.texts import Text

MOST_BYTES = 1024 * 1024
MOST_ITEMS = 1000

Words = Annotated[str, Field(max_length=500), AfterValidator(rules.storable)]


class Number(str):
    """A JSON number with its digits as they were sent."""

    __slots__ = ()


class Item(BaseModel):
    """One reading as a machine sends it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    indicator: str = Field(min_length=1, max_length=64)
    at: str = Field(min_length=1, max_length=64)
    value: str = Field(min_length=1, max_length=64)
    note: Words = ""


class Sent(BaseModel):
    """The whole of a call; `correction` is the reason for which other values at stored times are taken."""

    model_config = ConfigDict(extra="forbid", strict=True)

    readings: list[Any] = Field(min_length=1, max_length=MOST_ITEMS)
    correction: Words = ""


@dataclass
class Told:
    """The result for one item: the entry when it could be read, else what is wrong with it."""

    entry: Entry | None = None
    problem: Problem | None = None


@dataclass
class Received:
    """What a call holds: one `Told` per item, and the reason of corrections."""

    told: list[Told] = field(default_factory=list)
    correction: str = ""

    @property
    def entries(self) -> list[Entry]:
        """Return what can be entered, in order."""
        return [each.entry for each in self.told if each.entry is not None]


# ---------------------------------------------------------------- reading


def received(content: bytes, indicators: Sequence[Indicator], now: datetime) -> Received:
    """Return what was sent. Raises Refusals when it is no such JSON at all; what is wrong with an item is told beside it."""
    try:
        sent = Sent.model_validate(_parsed(content))
    except ValidationError as wrong:
        raise Refusals([_problem(each) for each in wrong.errors()[:20]]) from wrong
    known = {row.code: row for row in indicators} | {row.id: row for row in indicators}
    return Received([_told(item, known, now) for item in sent.readings], sent.correction.strip())


def _parsed(content: bytes) -> Any:
    if len(content) > MOST_BYTES:
        raise Refusal("monitoring.too_large", "一度に送れるのは1MBまでです。", "At most 1 MB can be sent at once.")
    try:
        return json.loads(
            content.decode("utf-8-sig"),
            parse_float=Number,
            parse_int=Number,
            parse_constant=_no_number,
            object_pairs_hook=_once,
        )
    except (ValueError, RecursionError) as error:
        raise Refusal("monitoring.json", "JSONとして読めません。", "This is not JSON.") from error


def _no_number(word: str) -> None:
    raise ValueError(word)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object none of whose names stands twice."""
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _problem(error: Any) -> Problem:
    """Return what pydantic says in our words: the place, and the kind of fault."""
    place = ".".join(str(part)[:40] for part in error["loc"])
    words = {
        "missing": Text("必要な項目です。", "This is required."),
        "extra_forbidden": Text("この項目は使いません。", "There is no such field."),
        "too_long": Text("一度に{most}件までです。", "At most {most} at once.").filled(most=MOST_ITEMS),
        "too_short": Text("1件以上が必要です。", "At least one is needed."),
        "string_too_long": Text("長すぎます。", "This is too long."),
        "string_too_short": Text("空にはできません。", "This must not be empty."),
    }
    return Problem(
        "monitoring.shape", words.get(error["type"], Text("値の種類が違います。", "This is of another kind.")), place
    )


def _told(item: Any, known: dict[str, Indicator], now: datetime) -> Told:
    try:
        sent = Item.model_validate(_texts(item))
        return Told(_entry(sent, known, now))
    except ValidationError as wrong:
        return Told(problem=_problem(wrong.errors()[0]))
    except Refusal as refused:
        return Told(problem=Problem(refused.code, refused.text, refused.place))


def _texts(item: Any) -> Any:
    """Return an item whose value may be a JSON number; anything else must be text."""
    if not isinstance(item, dict):
        return item
    return {
        name: str(each) if name == "value" and isinstance(each, Number) else _plain(each) for name, each in item.items()
    }


def _plain(value: Any) -> Any:
    return None if isinstance(value, Number) else value


def _entry(sent: Item, known: dict[str, Indicator], now: datetime) -> Entry:
    one = known.get(sent.indicator)
    if one is None:
        raise Refusal(
            "monitoring.indicator",
            "この指標はありません。K1 のような記号で指定してください。",
            "There is no such indicator; name it like K1.",
            place="indicator",
        )
    if one.retired_at is not None:
        raise Refusal(
            "monitoring.retired", "この指標は終了しています。", "This indicator is retired.", place="indicator"
        )
    at = rules.moment(sent.at, None, now)
    return Entry(one, at, rules.exact(sent.value, powers=True), sent.note.strip())


# ---------------------------------------------------------------- answering

RESULTS = {"new": "stored", "same": "unchanged", "other": "conflict", "corrected": "corrected"}
CONFLICT = Problem(
    "monitoring.conflict",
    Text(
        "この時刻には別の値があります。訂正するときは correction に理由を書いてください。",
        "Another value is stored for this time; to correct it, give the reason in correction.",
    ),
    "value",
)


def answer(told: Received, entered: Entered | None) -> tuple[dict[str, Any], int]:
    """Return the answer and its code: 200 when everything is stored, 207 when a part is, 422 when nothing could be."""
    compared = iter(entered.compared if entered else [])
    results = [
        _refused(position, each.problem) if each.entry is None else _result(position, next(compared))
        for position, each in enumerate(told.told)
    ]
    bad = sum(each["result"] in ("refused", "conflict") for each in results)
    body = {
        "batch": entered.batch.id if entered and entered.batch else None,
        "stored": sum(each["result"] in ("stored", "corrected") for each in results),
        "results": results,
        "alerts": [each.indicator.code for each in entered.alerts] if entered else [],
    }
    return body, 200 if not bad else 422 if bad == len(results) else 207


def _result(position: int, each: Compared) -> dict[str, Any]:
    entry = each.entry
    body = {
        "position": position,
        "indicator": entry.indicator.code,
        "at": entry.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "value": entry.value,
        "result": RESULTS[each.result],
        "verdict": each.verdict or None,
    }
    return body | ({"problem": spoken(CONFLICT)} if each.result == "other" else {})


def _refused(position: int, problem: Problem | None) -> dict[str, Any]:
    return {"position": position, "result": "refused", "problem": spoken(problem) if problem else None}


def spoken(problem: Problem) -> dict[str, Any]:
    """Return a problem as JSON: code, place and the sentence in both languages."""
    return {"code": problem.code, "place": problem.place, **problem.text.as_dict()}
