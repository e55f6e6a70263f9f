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
from governance.reviews.committee import CommitteeRules, Conflict, RuleCheck
from governance.reviews.models import AgendaItem, CommitteeMember, Recusal, Vote
from governance.reviews.quorum import Presence, Quorum, Tally, quorum
from governance.reviews.rules import APPROVALS, OUTCOMES, POSTPONED, Choice
from governance.screenings.scoring import Score
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
class Ahead:
    """What comes next: a code the page turns into a button, the act in words, and why."""

    code: str
    what: Text
    why: Text | None = None


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
    shown: list[SeatLine] = []
    for line in lines:
        seat, recusal = line.seat, back.get(line.seat.id)
        presence, since = ("recused", recusal.declared_at) if recusal else (line.presence, line.since)
        there = recusal is None and line.is_present
        shown.append(
            SeatLine(
                seat,
                presence,
                since,
                recusal.reason if recusal else "",
                _vote(item, seat, cast, recusal, there, seen),
                () if recusal else tuple(conflicts.get(seat.id, ())),
            )
        )
    return shown


def _vote(
    item: AgendaItem, seat: CommitteeMember, cast: Mapping[str, Vote], recusal: Recusal | None, there: bool, seen: Seen
) -> str:
    if recusal is not None:
        return "barred"
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


# ---------------------------------------------------------------- what comes next


def item_ahead(item: AgendaItem, *, runs: bool, votes: bool, count: Quorum, result: Tally, conflicts: bool) -> Ahead:
    """Return the next act on an item of an open meeting, for who runs it (`runs`) or may vote now (`votes`)."""
    at = {"n": item.position}
    if votes:
        return Ahead(
            "vote",
            Text("議題{n}に投票する", "Vote on item {n}").filled(**at),
            Text(
                "採決にかけられた結果：{motion}。投票は変えられません。", "Put to the vote: {motion}. A vote is final."
            ).filled(motion=OUTCOMES[item.motion]),
        )
    if not runs:
        return Ahead("wait", Text("いま、あなたがすることはありません", "Nothing for you to do now"), _waits_for(item))
    if item.state == "queued":
        return Ahead("start", Text("議題{n}の審議を始める", "Open the discussion of item {n}").filled(**at))
    if item.state == "discussing":
        return _discussion_ahead(at, count, conflicts)
    if not result.complete:
        cast = result.votes_for + result.against + result.abstain
        return Ahead(
            "reload",
            Text("委員の投票を待つ", "Wait for the votes"),
            Text("{cast}名が投票済み、残り{left}名。", "{cast} voted, {left} to go.").filled(
                cast=cast, left=result.present - cast
            ),
        )
    if result.carried:
        return Ahead(
            "decide",
            Text("議題{n}の審査結果を確定する", "Record the decision on item {n}").filled(**at),
            _carried(result),
        )
    return Ahead("defer", Text("議題{n}を継続審査にする", "Defer item {n}").filled(**at), not_carried(result, count))


def _discussion_ahead(at: Mapping[str, int], count: Quorum, conflicts: bool) -> Ahead:
    if conflicts:
        return Ahead(
            "recuse",
            Text("利益相反のある委員の退席を記録する", "Record the recusal of the member with a conflict of interest"),
            Text(
                "案件に関わった委員が残っている間は、採決できません。",
                "No vote while a member bound to the project still sits.",
            ),
        )
    if not count.met:
        return Ahead("quorum", Text("定足数を満たす", "Restore the quorum"), unmet(count))
    return Ahead(
        "motion",
        Text("議題{n}の結果の案を採決にかける", "Put an outcome of item {n} to the vote").filled(**at),
        Text("定足数と出席の要件を満たしています。", "Quorum and attendance rules are met."),
    )


def unmet(count: Quorum) -> Text:
    """Return what the count lacks, as a sentence with its arithmetic."""
    lacks = [
        Text("{name}：{sum}", "{name}: {sum}").filled(name=c.name, sum=c.arithmetic) for c in count.checks if not c.met
    ]
    return Text("満たしていません。{what}", "Not met. {what}").filled(what=joined(lacks, "／", "; "))


def _carried(result: Tally) -> Text:
    words = (
        Text("全員が投票し、全会一致で可決しました。", "All voted; carried unanimously.")
        if result.unanimous
        else Text(
            "全員が投票し、可決しました。全会一致ではないため、少数意見を残します。",
            "All voted and it is carried, not unanimously; dissent is kept.",
        )
    )
    return Text(
        "{words}賛成{f}（必要{need}）、反対{a}、棄権{x}。",
        "{words} {f} for ({need} needed), {a} against, {x} abstaining.",
    ).filled(words=words, f=result.votes_for, need=result.need_for, a=result.against, x=result.abstain)


def not_carried(result: Tally, count: Quorum) -> Text:
    """Return why a complete vote decides nothing."""
    if not count.met:
        return unmet(count)
    why = Text("同数のため", "The vote is tied") if result.tied else Text("賛成が足りないため", "Too few are for it")
    return Text(
        "{why}、可決されていません（賛成{f}、必要{need}）。委員長に決裁票はありません。",
        "{why}, so it is not carried ({f} for, {need} needed). The chair has no casting vote.",
    ).filled(why=why, f=result.votes_for, need=result.need_for)


def _waits_for(item: AgendaItem) -> Text | None:
    return {
        "queued": Text("この議題の審議は、まだ始まっていません。", "The discussion of this item has not begun."),
        "discussing": Text(
            "審議中です。採決が始まると、ここから投票できます。",
            "In discussion. You vote here once an outcome is put to the vote.",
        ),
        "voting": Text("投票が終わるのを待っています。", "Waiting for the vote to end."),
    }.get(item.state)


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


def meeting_ahead(
    state: str, items: Sequence[AgendaItem], *, runs: bool, sent: bool, notice: RuleCheck, present: int
) -> Ahead:
    """Return the next act on a meeting, for the secretariat (`runs`) or for a member."""
    running = next((item for item in items if item.state in ("discussing", "voting")), None)
    left = running or next((item for item in items if item.state == "queued"), None)
    if state == "closed":
        return Ahead(
            "done",
            Text("閉会しました", "The meeting is closed"),
            Text("すべての議題の結果が決まっています。", "Every item is settled."),
        )
    if state == "planned":
        return _before(runs, bool(items), sent, notice)
    if running and not runs:
        return Ahead(
            "item", Text("議題{n}の審議に加わる", "Join the discussion of item {n}").filled(n=running.position)
        )
    if not runs:
        return Ahead("wait", Text("次の議題が始まるのを待つ", "Wait for the next item"))
    if not present and left:
        return Ahead(
            "attendance",
            Text("委員の出席を記録する", "Record who is present"),
            Text("出席の記録が、定足数の計算のもとになります。", "The quorum is counted from this record."),
        )
    if left:
        words = (
            Text("議題{n}の審議を続ける", "Go on with item {n}")
            if running
            else Text("議題{n}の審議へ進む", "Go on to item {n}")
        )
        return Ahead("item", words.filled(n=left.position))
    return Ahead(
        "close",
        Text("閉会する", "Close the meeting"),
        Text("すべての議題の結果が決まりました。", "Every item is settled."),
    )


def _before(runs: bool, filled: bool, sent: bool, notice: RuleCheck) -> Ahead:
    figures = Text("{name}：{sum}", "{name}: {sum}").filled(name=notice.name, sum=notice.arithmetic)
    if not runs:
        return Ahead(
            "wait",
            Text("開会を待つ", "Wait for the opening"),
            None if sent else Text("資料はまだ送付されていません。", "The materials have not been sent yet."),
        )
    if not filled:
        return Ahead("agenda", Text("付議された案件を議題に加える", "Put the referred cases on the agenda"), figures)
    if not sent:
        return Ahead(
            "materials",
            Text("資料を送付する", "Send the materials"),
            Text("{figures}。送付すると、議題は加えられません。", "{figures}. After that no item can be added.").filled(
                figures=figures
            ),
        )
    if not notice.met:
        return Ahead(
            "late", Text("開会する（理由の記録が必要）", "Open the meeting (a reason has to be recorded)"), figures
        )
    return Ahead("open", Text("開会する", "Open the meeting"), figures)
