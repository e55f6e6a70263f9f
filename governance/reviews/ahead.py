"""What comes next in a meeting and on an item, said as one act with its reason: for who runs it, for who votes, for who waits.

The page turns the code of the act into a button; the sentences and figures stand here, so that they can be read and tested apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from governance.reviews.committee import RuleCheck
from governance.reviews.models import AgendaItem
from governance.reviews.quorum import Quorum, Tally
from governance.reviews.rules import MOTIONS, WAIVED
from governance.texts import Text, joined


@dataclass(frozen=True)
class Ahead:
    """What comes next: a code the page turns into a button, the act in words, and why."""

    code: str
    what: Text
    why: Text | None = None


CLOSED = Ahead(
    "done",
    Text("閉会しました", "The meeting is closed"),
    Text("すべての議題の結果が決まっています。", "Every item is settled."),
)
CLOSE = Ahead(
    "close",
    Text("閉会する", "Close the meeting"),
    Text("すべての議題の結果が決まりました。", "Every item is settled."),
)
ATTENDANCE = Ahead(
    "attendance",
    Text("委員の出席を記録する", "Record who is present"),
    Text("出席の記録が、定足数の計算のもとになります。", "The quorum is counted from this record."),
)


QUORUM_BROKEN = Text("定足数を満たすか、継続審査にする", "Restore the quorum, or defer the item")


def meeting_ahead(
    state: str, items: Sequence[AgendaItem], *, runs: bool, sent: bool, notice: RuleCheck, present: int
) -> Ahead:
    """Return the next act on a meeting, for the secretariat (`runs`) or for a member."""
    if state == "closed":
        return CLOSED
    if state == "planned":
        return _before(bool(items), sent, notice) if runs else _opening_awaited(sent)
    running = next((item for item in items if item.state in ("discussing", "voting")), None)
    left = running or next((item for item in items if item.state == "queued"), None)
    if not runs:
        return _joining(running)
    if left is None:
        return CLOSE
    if not present:
        return ATTENDANCE
    on, to = Text("議題{n}の審議を続ける", "Go on with item {n}"), Text("議題{n}の審議へ進む", "Go on to item {n}")
    return Ahead("item", (on if running else to).filled(n=left.position))


def _joining(running: AgendaItem | None) -> Ahead:
    if running is None:
        return Ahead("wait", Text("次の議題が始まるのを待つ", "Wait for the next item"))
    words = Text("議題{n}の審議に加わる", "Join the discussion of item {n}")
    return Ahead("item", words.filled(n=running.position))


def _opening_awaited(sent: bool) -> Ahead:
    late = Text("資料はまだ送付されていません。", "The materials have not been sent yet.")
    return Ahead("wait", Text("開会を待つ", "Wait for the opening"), None if sent else late)


def _before(filled: bool, sent: bool, notice: RuleCheck) -> Ahead:
    figures = Text("{name}：{sum}", "{name}: {sum}").filled(name=notice.name, sum=notice.arithmetic)
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


def item_ahead(item: AgendaItem, *, runs: bool, votes: bool, count: Quorum, result: Tally, conflicts: bool) -> Ahead:
    """Return the next act on an item of an open meeting, for who runs it (`runs`) or may vote now (`votes`)."""
    at = {"n": item.position}
    if votes:
        final = Text("採決：{motion}。投票は変えられません。", "Put to the vote: {motion}. A vote is final.")
        return Ahead(
            "vote",
            Text("議題{n}に投票する", "Vote on item {n}").filled(**at),
            final.filled(motion=MOTIONS[item.motion]),
        )
    if not runs:
        return Ahead("wait", Text("いま、あなたがすることはありません", "Nothing for you to do now"), _waits_for(item))
    if item.state == "queued":
        return Ahead("start", Text("議題{n}の審議を始める", "Open the discussion of item {n}").filled(**at))
    return _discussion_ahead(at, count, conflicts) if item.state == "discussing" else _vote_ahead(item, count, result)


def _vote_ahead(item: AgendaItem, count: Quorum, result: Tally) -> Ahead:
    if not count.met:
        return Ahead("broken", QUORUM_BROKEN, unmet(count))
    if not result.complete:
        cast = result.votes_for + result.against + result.abstain
        figures = Text("{cast}名が投票済み、残り{left}名。", "{cast} voted, {left} to go.")
        why = figures.filled(cast=cast, left=result.present - cast)
        return Ahead("reload", Text("委員の投票を待つ", "Wait for the votes"), why)
    if result.carried:
        decide = Text("議題{n}の審査結果を確定する", "Record the decision on item {n}")
        waive = Text("議題{n}の免除を確定する", "Record the waiver of item {n}")
        words = (waive if item.motion == WAIVED else decide).filled(n=item.position)
        return Ahead("decide", words, _carried(result))
    lost = Text("否決を記録し、別の案を採決するか継続審査にする", "Record the loss, then put another motion or defer")
    return Ahead("lost", lost, not_carried(result, count))


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
        return Ahead("broken", QUORUM_BROKEN, unmet(count))
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
