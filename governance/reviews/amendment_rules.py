"""Who may change what was decided, without a database: how large a change is, what becomes of it, and when a rejection is open to appeal.

A change that touches severity or likelihood — the reasons of the framework that ask for new ratings — is never minor
(domain.md §6.1 amendment: minor → expedited, major → full). Who decides the expedited way may not disapprove: what is not accepted is
screened again (domain.md §6.2). A rejection is appealed once, in time, on new facts (domain.md §6.3 appeal).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType

from governance.questionnaires.definition import Occasion
from governance.refusals import Problem, Refusal
from governance.texts import Text, both

SCALES: Mapping[str, Text] = MappingProxyType(
    {
        "minor": Text("軽微な変更（専門チームが迅速に判断）", "Minor change (decided by the expert team, expedited)"),
        "major": Text("重要な変更（再スクリーニング）", "Major change (a re-screening)"),
    }
)
AMENDMENT_STATES: Mapping[str, Text] = MappingProxyType(
    {
        "filed": Text("判断待ち", "Waiting for a decision"),
        "accepted": Text("認めた", "Accepted"),
        "rescreened": Text("再スクリーニングへ", "Screened again"),
        "withdrawn": Text("取下げ", "Withdrawn"),
    }
)
AMENDMENT_STEPS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("filed", "accept"): "accepted",
        ("filed", "rescreen"): "rescreened",
        ("filed", "withdraw"): "withdrawn",
    }
)
"""(state, act) → state afterwards; whatever is not here is refused."""
MOST_TEXT = 4000


def after_amendment(state: str, act: str) -> str:
    """Return the state of an amendment after an act; refuse what the table does not list."""
    found = AMENDMENT_STEPS.get((state, act))
    if found is None:
        raise Refusal(
            "reviews.amendment_state",
            "この変更申請は「{state}」なので、この操作はできません。",
            "This amendment is “{state}”, so this is not possible.",
            state=AMENDMENT_STATES.get(state, both(state)),
        )
    return found


def must_be_major(occasions: Sequence[Occasion], reasons: Collection[str]) -> list[Text]:
    """Return the chosen reasons that keep a change from being minor, by name."""
    return [each.name for each in occasions if each.code in reasons and each.ratings]


def problem_of_scale(scale: str, occasions: Sequence[Occasion], reasons: Collection[str]) -> Problem | None:
    """Return why a change of these reasons cannot be of this scale, or None."""
    if scale not in SCALES:
        return Problem(
            "reviews.scale", Text("変更の大きさを選んでください。", "Choose how large the change is."), "scale"
        )
    if scale == "minor" and (weighty := must_be_major(occasions, reasons)):
        words = Text(
            "「{what}」は影響や起こりやすさに関わるため、軽微な変更にできません。「重要な変更」を選んでください。",
            "“{what}” bears on severity or likelihood, so the change is not minor. Choose “major”.",
        )
        return Problem("reviews.not_minor", words.filled(what=weighty[0]), "scale")
    return None


def last_day_to_appeal(decided_on: date, days: int) -> date:
    """Return the last day on which a rejection of that day can be appealed."""
    return decided_on + timedelta(days=days)


def problem_of_appeal(decided_on: date, today: date, *, days: int, times: int, before: int) -> Problem | None:
    """Return why a rejection cannot be appealed now, or None: too often, or too late (domain.md §6.3 appeal)."""
    if before >= times:
        words = Text(
            "異議の申立ては{times}回までです。すでに申し立てられています。",
            "A rejection can be appealed {times} time(s); that was done already.",
        )
        return Problem("reviews.appealed", words.filled(times=times))
    last = last_day_to_appeal(decided_on, days)
    if today > last:
        words = Text(
            "異議を申し立てられるのは、不承認の日から{days}日以内（{last}まで）です。",
            "An appeal is possible within {days} days of the rejection (until {last}).",
        )
        return Problem("reviews.appeal_late", words.filled(days=days, last=last.isoformat()))
    return None
