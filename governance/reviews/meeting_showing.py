"""What the pages of committees and meetings say: who is there, who has voted, what comes next, the rules in words.

Nothing here counts: the figures are those of quorum.py and committee.py, so that page, minutes and decision never differ.
Votes stay unnamed for others unless the committee's rules say otherwise (domain.md §6.3 `votes_shown`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from governance.questionnaires.definition import Framework
from governance.reviews.committee import CommitteeRules, Conflict
from governance.reviews.models import AgendaItem, CommitteeMember, Recusal, Vote
from governance.reviews.quorum import Presence, Quorum, quorum
from governance.reviews.rules import APPROVALS, OUTCOMES, POSTPONED, Choice
from governance.screenings.result import Score
from governance.texts import Text, joined

CHOICE_NAMES: Mapping[str, Text] = {
    "for": Text("賛成", "For"),
    "against": Text("反対", "Against"),
    "abstain": Text("棄権", "Abstain"),
}
NAMED = "named"


@dataclass(frozen=True)
class SeatLine:
    """One member in the table of an item or a meeting.

    `vote` is a choice, `cast` (voted, not shown), `missing` (present, has not voted), `barred` or empty.
    """

    seat: CommitteeMember
    presence: str
    since: datetime | None = None
    reason: str = ""
    vote: str = ""
    conflicts: tuple[Conflict, ...] = ()

    @property
    def is_present(self) -> bool:
        """True while the member is in the room or on the line and has not stepped back."""
        return self.presence in ("in_person", "remote")

    @property
    def drawn(self) -> str:
        """How the drawing of the seats shows it."""
        return "in" if self.is_present else "recused" if self.presence == "recused" else "absent"


@dataclass(frozen=True)
class Seen:
    """How far votes are shown to this reader: their own seat, and whether the rules name everybody's."""

    own: str | None
    named: bool


def presence_of(spells: Iterable[Presence], at: datetime) -> tuple[str, datetime | None]:
    """Return how a member stands at a moment and since when: in_person, remote, left or absent."""
    past: datetime | None = None
    for spell in spells:
        if spell.covers(at):
            return spell.mode, spell.arrived_at
        if spell.left_at is not None and spell.left_at <= at:
            past = spell.left_at
    return ("left", past) if past else ("absent", None)


def seat_lines(seats: Sequence[CommitteeMember], presences: Sequence[Presence], at: datetime) -> list[SeatLine]:
    """Return the members of a meeting with their presence, external members first."""
    ordered = sorted(seats, key=lambda seat: (seat.side != "external", not seat.is_chair, seat.position))
    return [SeatLine(seat, *presence_of([p for p in presences if p.member_id == seat.id], at)) for seat in ordered]


def item_lines(
    lines: Sequence[SeatLine],
    item: AgendaItem,
    votes: Sequence[Vote],
    recusals: Sequence[Recusal],
    seen: Seen,
    conflicts: Mapping[str, Sequence[Conflict]],
) -> list[SeatLine]:
    """Return the members as one item sees them: recusals, votes as far as they are shown, conflicts to mind."""
    back = {each.member_id: each for each in recusals}
    cast = {vote.member_id: vote for vote in votes if vote.motion == item.motion}
    return [_item_line(line, item, back.get(line.seat.id), cast, seen, conflicts) for line in lines]


def _item_line(
    line: SeatLine,
    item: AgendaItem,
    recusal: Recusal | None,
    cast: Mapping[str, Vote],
    seen: Seen,
    conflicts: Mapping[str, Sequence[Conflict]],
) -> SeatLine:
    if recusal is not None:
        return SeatLine(line.seat, "recused", recusal.declared_at, recusal.reason, "barred")
    vote = _vote(item, line.seat, cast, line.is_present, seen)
    return SeatLine(line.seat, line.presence, line.since, "", vote, tuple(conflicts.get(line.seat.id, ())))


def _vote(item: AgendaItem, seat: CommitteeMember, cast: Mapping[str, Vote], there: bool, seen: Seen) -> str:
    vote = cast.get(seat.id)
    if vote is None:
        return "missing" if there and item.state == "voting" else ""
    return vote.choice if seat.id == seen.own or (seen.named and item.state == "decided") else "cast"


def not_allowed(framework: Framework, score: Score, choices: Iterable[Choice]) -> list[tuple[Text, Text]]:
    """Return the outcomes that cannot be put to the vote, each with its reason (domain.md §5.3, §5.4)."""
    listed = {choice.outcome for choice in choices}
    level = framework.level(score.residual).name if score.residual else Text("未評価", "not rated")
    found: list[tuple[Text, Text]] = []
    for code, name in OUTCOMES.items():
        if code in listed or code == POSTPONED:
            continue
        found.append((name, _why_not(code, score, level)))
    return found


def _why_not(code: str, score: Score, level: Text) -> Text:
    if code in APPROVALS and score.stops:
        stops = "、".join(stop.code for stop in score.stops)
        return Text(
            "停止事由{stops}があるため、投票では承認できません", "a hard stop ({stops}) stands; no vote can approve"
        ).filled(stops=stops)
    if code == "approved" and score.needs_condition:
        return Text(
            "必須（★）が未達のため、条件なしでは承認できません", "a gate (★) is open; an approval needs a condition"
        )
    return Text("残余リスク「{level}」では選べません", "not possible at residual level “{level}”").filled(level=level)


def losing(
    there: Sequence[Any],
    presences: Sequence[Presence],
    recused: frozenset[str],
    rules: CommitteeRules,
    at: datetime,
    count: Quorum,
) -> frozenset[str]:
    """Return the present seats without any one of which the count would fail; empty when it fails already."""
    if not count.met:
        return frozenset()
    return frozenset(
        seat
        for seat in count.present_ids
        if not quorum(there, [p for p in presences if p.member_id != seat], recused, rules, at).met
    )


# ---------------------------------------------------------------- the rules in words


def share_words(share: Fraction) -> Text:
    """Return "過半数" for more than a half, else "2/3を超える"."""
    if share == Fraction(1, 2):
        return Text("過半数", "more than half")
    return Text("{share}を超える", "more than {share}").filled(share=str(share))


# long: one line per rule
def rules_in_words(rules: CommitteeRules, votes_shown: str, names: Mapping[str, Text]) -> list[tuple[Text, Text]]:
    """Return the rules in force as (what, sentence), in the order of domain.md §6.3."""
    required = joined([names.get(code, Text(code, code)) for code in rules.expertise_required])
    return [
        (
            Text("委員", "Members"),
            Text("{n}名以上。外部委員が全体の{share}。", "At least {n}. External members are {share} of all.").filled(
                n=rules.min_members, share=share_words(rules.external_share)
            ),
        ),
        (Text("専門", "Expertise"), Text("{what}を1名以上ずつ。", "At least one each: {what}.").filled(what=required)),
        (
            Text("開催", "Meetings"),
            Text(
                "年度（4月〜3月）に{n}回以上。資料は{d}日前までに配布。",
                "At least {n} per fiscal year (April to March). Materials {d} days before.",
            ).filled(n=rules.min_sessions_per_fiscal_year, d=rules.notice_days),
        ),
        (Text("定足数", "Quorum"), _quorum_words(rules)),
        (
            Text("議決", "Voting"),
            Text(
                "出席委員の{share}の賛成。同数は継続審査とし、委員長に決裁票はありません。{shown}",
                "{share} of those present in favour. A tie defers; the chair has no casting vote. {shown}",
            ).filled(share=share_words(rules.decision_share), shown=_shown_words(votes_shown)),
        ),
        (
            Text("利益相反", "Conflicts of interest"),
            Text(
                "案件に関わった委員は退席し、人数の計算から除かれます。",
                "Members bound to the project step back and leave the count.",
            ),
        ),
        (
            Text("オンライン", "Remote"),
            Text("出席に数えます。", "Counts as present.")
            if rules.remote_counts
            else Text("出席に数えません。", "Does not count as present."),
        ),
        (
            Text("権限", "Authority"),
            Text("決定機関。委員会の議決が審査結果になります。", "Deciding: the vote is the decision.")
            if rules.authority == "deciding"
            else Text(
                "助言機関。執行側の決定の記録が必要です。", "Advisory: a decision of the executive has to be recorded."
            ),
        ),
    ]


def _quorum_words(rules: CommitteeRules) -> Text:
    extra = []
    if rules.external_majority_present:
        extra.append(Text("外部が内部より多く出席", "more external than internal members present"))
    if rules.lay_present:
        extra.append(
            Text("一般・人文の委員{n}名以上", "at least {n} lay or humanities member").filled(n=rules.lay_present)
        )
    words = Text(
        "審議できる委員（退席を除く）の{share}の出席。議題ごとに数えます。",
        "{share} of the eligible members (without the recused), counted per item.",
    ).filled(share=share_words(rules.quorum_share))
    return (
        Text("{words}{extra}。", "{words} Also: {extra}.").filled(words=words, extra=joined(extra, "、", "; "))
        if extra
        else words
    )


def _shown_words(votes_shown: str) -> Text:
    if votes_shown == NAMED:
        return Text("確定後は、だれがどう投票したかを示します。", "After the decision, votes are shown by name.")
    return Text("投票は合計だけを示します。", "Votes are shown as totals only.")
