"""Decisions about the life of a project that need no database: which turn is possible when, by whom, and what a disposal record must say.

A project runs until it is suspended, withdrawn or retired. What is suspended can be resumed; withdrawn and retired are final
(domain.md §6.1). The table below is all there is, so that it can be printed and tested exhaustively.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Literal

from governance.refusals import Problem, Refusal
from governance.texts import Text

State = Literal["active", "suspended", "withdrawn", "retired"]
Act = Literal["suspended", "resumed", "withdrawn", "retired"]
MAX_TEXT = 2000

STATES: Mapping[State, Text] = MappingProxyType(
    {
        "active": Text("進行中", "Active"),
        "suspended": Text("一時停止", "Suspended"),
        "withdrawn": Text("取下げ", "Withdrawn"),
        "retired": Text("廃止", "Retired"),
    }
)

AFTER: Mapping[tuple[State, Act], State] = MappingProxyType(
    {
        ("active", "suspended"): "suspended",
        ("suspended", "resumed"): "active",
        ("active", "withdrawn"): "withdrawn",
        ("suspended", "withdrawn"): "withdrawn",
        ("active", "retired"): "retired",
        ("suspended", "retired"): "retired",
    }
)
"""(state, turn) → state afterwards; whatever is not here is refused."""

TURNS: Mapping[Act, Text] = MappingProxyType(
    {
        "suspended": Text("一時停止", "suspend"),
        "resumed": Text("再開", "resume"),
        "withdrawn": Text("取下げ", "withdraw"),
        "retired": Text("廃止", "retire"),
    }
)

CLOSED: Mapping[State, Text] = MappingProxyType(
    {
        "suspended": Text(
            "この案件は一時停止中です。再開されるまで、スクリーニングの開始・回答・提出はできません。",
            "This project is suspended. Until it is resumed, no screening can be opened, answered or submitted.",
        ),
        "withdrawn": Text(
            "この案件は取り下げられました。記録は残りますが、スクリーニングの開始・回答・提出はできません。",
            "This project was withdrawn. Its record stays, but no screening can be opened, answered or submitted.",
        ),
        "retired": Text(
            "この案件は廃止されました。記録は残りますが、スクリーニングの開始・回答・提出はできません。",
            "This project was retired. Its record stays, but no screening can be opened, answered or submitted.",
        ),
    }
)

TOPICS: Mapping[str, Text] = MappingProxyType(
    {
        "data": Text("データ", "Data"),
        "models": Text("モデル", "Models"),
        "access": Text("アクセス権・接続", "Access and connections"),
        "customers": Text("顧客・利用者への通知", "Notice to customers and users"),
        "records": Text("記録の保存", "Records that are kept"),
    }
)
"""What a disposal record tells about: each with what happened, or why there is nothing (domain.md §3.3 M4e)."""


@dataclass(frozen=True)
class Disposed:
    """What a disposal record says as it is entered: `told` per topic, and the topics marked 該当なし, whose text is the reason."""

    told: Mapping[str, str]
    not_applicable: frozenset[str]
    records_until: date | None
    done_by: str
    done_on: date | None


def after(state: State, act: Act) -> State:
    """Return the state after a turn; Refusal when the turn is not possible in this state."""
    found = AFTER.get((state, act))
    if found is None:
        raise Refusal(
            "projects.not_now",
            "この案件は「{state}」の状態なので、「{act}」はできません。",
            "This project is “{state}”, so it is not possible to {act} it.",
            state=STATES[state],
            act=TURNS[act],
        )
    return found


def must_be_active(state: State) -> None:
    """Refuse an act on a project that is suspended, withdrawn or retired, with the sentence of its state."""
    if state != "active":
        words = CLOSED[state]
        raise Refusal(f"projects.{state}", words.ja, words.en)


def check_reason(reason: str) -> str:
    """Return the reason without blanks around it; Refusal when it is missing or too long."""
    given = reason.strip()
    if not given:
        raise Refusal("projects.reason", "理由を書いてください。", "Give the reason.", place="reason")
    if len(given) > MAX_TEXT:
        raise Refusal(
            "projects.too_long",
            "{limit}文字以内で書いてください（いま{now}文字）。",
            "Use at most {limit} characters (now {now}).",
            place="reason",
            limit=MAX_TEXT,
            now=len(given),
        )
    return given


def problems_of(given: Disposed, today: date) -> list[Problem]:
    """Return everything that is missing or impossible in a disposal record."""
    found = [problem for topic in TOPICS for problem in _problems_of_topic(given, topic)]
    if "records" not in given.not_applicable:
        if given.records_until is None:
            words = Text("記録をいつまで残すかを入力してください。", "Enter until when the records are kept.")
            found.append(Problem("projects.records_until", words, "records_until"))
        elif given.records_until < today:
            words = Text("記録を残す期限が過去の日付です。", "The records are to be kept until a day that is past.")
            found.append(Problem("projects.records_past", words, "records_until"))
    return [*found, *_problems_of_doing(given, today)]


def _problems_of_topic(given: Disposed, topic: str) -> Iterable[Problem]:
    text, name, place = given.told.get(topic, "").strip(), TOPICS[topic], f"told_{topic}"
    if not text and topic in given.not_applicable:
        words = Text("{topic}：「該当なし」とする理由を書いてください。", "{topic}: say why it does not apply.")
        yield Problem("projects.no_reason", words.filled(topic=name), place)
    elif not text:
        words = Text(
            "{topic}：どうしたかを書くか、「該当なし」を選んで理由を書いてください。",
            "{topic}: say what was done, or mark it as not applicable and give the reason.",
        )
        yield Problem("projects.undisposed", words.filled(topic=name), place)
    elif len(text) > MAX_TEXT:
        words = Text("{limit}文字以内で書いてください。", "Use at most {limit} characters.").filled(limit=MAX_TEXT)
        yield Problem("projects.too_long", words, place)


def _problems_of_doing(given: Disposed, today: date) -> Iterable[Problem]:
    if not given.done_by.strip():
        yield Problem("projects.done_by", Text("だれが行ったかを入力してください。", "Enter who did it."), "done_by")
    elif len(given.done_by.strip()) > 200:
        yield Problem(
            "projects.too_long", Text("200文字以内で入力してください。", "Use at most 200 characters."), "done_by"
        )
    if given.done_on is None:
        yield Problem(
            "projects.done_on", Text("いつ行ったかを入力してください。", "Enter when it was done."), "done_on"
        )
    elif given.done_on > today:
        words = Text(
            "まだ来ていない日付です。処分が済んでから記録してください。",
            "This day is still to come. Record the disposal once it is done.",
        )
        yield Problem("projects.done_later", words, "done_on")


def offices(roles: Iterable[str], relations: Iterable[str]) -> list[str]:
    """Return in what capacities a person may suspend a project, the one that counts most first."""
    held = {*roles, *relations}
    return [
        name
        for name, mark in (("expert", "expert"), ("secretariat", "secretariat"), ("owner", "project.owner"))
        if mark in held
    ]


def may_resume(suspended_in: str, held: Iterable[str]) -> bool:
    """Say whether somebody in these capacities may resume a project that was suspended in capacity `suspended_in`.

    The expert team always may; the owner only what the owner suspended.
    """
    return "expert" in held or ("owner" in held and suspended_in == "owner")
