"""How two scores of the same case differ, and which questions brought that about: for back-tests and for moving to newer versions.

A share of controls or points is a sum over questions. The questions whose part in it is not the same before and after are those that
moved it; nothing has to be guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from governance.questionnaires.definition import Framework
from governance.screenings.explain import route_reasons
from governance.screenings.result import Counted, ItemScore, Score, shown
from governance.screenings.routing import Sheet
from governance.texts import Text, both, joined

NONE = Text("なし", "none")
SHARES = {"matrix": Text("対策の効き", "control effectiveness"), "points": Text("リスクの点数", "risk points")}
"""What the share of an item is called under each method."""
MOST_NAMED = 6


@dataclass(frozen=True)
class Scored:
    """A sheet, the answers on it, and their score."""

    sheet: Sheet
    answers: Mapping[str, str]
    score: Score

    @property
    def framework(self) -> Framework:
        """The framework of the sheet."""
        return self.sheet.framework

    def item(self, code: str) -> ItemScore | None:
        """Return the score of an item, or None when this framework does not have it."""
        return next((each for each in self.score.items if each.item == code), None)

    def level(self, rank: int | None) -> Text:
        """Return the name of a level; a dash when there is none."""
        return both("—") if rank is None else self.framework.level(rank).name


@dataclass(frozen=True)
class Moved:
    """One question whose part in a share changed; `before` or `after` is None where it does not count at all."""

    key: str
    before: Counted | None
    after: Counted | None

    @property
    def sentence(self) -> Text:
        """What changed, in words."""
        if self.after is None:
            return Text("{key}は数えられなくなる", "{key} no longer counts").filled(key=self.key)
        if self.before is None and not self.after.value:
            return Text("{key}が加わり、まだ回答がない", "{key} is added, without an answer").filled(key=self.key)
        if self.before is None:
            return Text("{key}が加わる（{after}）", "{key} is added ({after})").filled(
                key=self.key, after=part(self.after)
            )
        return Text("{key}（{before} → {after}）", "{key} ({before} → {after})").filled(
            key=self.key, before=part(self.before), after=part(self.after)
        )


@dataclass(frozen=True)
class ItemDifference:
    """One item before and after; None where one of the frameworks does not have it."""

    item: str
    name: Text
    before: ItemScore | None
    after: ItemScore | None
    moved: tuple[Moved, ...]

    @property
    def changes_level(self) -> bool:
        """Say whether a level of the item changes."""
        sides = [(each.inherent, each.residual) if each else None for each in (self.before, self.after)]
        return sides[0] != sides[1]

    @property
    def shares(self) -> tuple[str, str]:
        """The share of controls or points before and after, as shown."""
        return tuple(shown(each.effectiveness if each else None) for each in (self.before, self.after))  # type: ignore[return-value]


def items(before: Scored, after: Scored) -> list[ItemDifference]:
    """Return every item of either framework with what changes in it, in the order of the newer one."""
    codes = dict.fromkeys([each.item for each in after.score.items] + [each.item for each in before.score.items])
    return [_item(before, after, code) for code in codes]


def _item(before: Scored, after: Scored, code: str) -> ItemDifference:
    old, new = before.item(code), after.item(code)
    name = (after if new else before).framework.item(code).name
    return ItemDifference(code, name, old, new, tuple(_moved(old, new)))


def _moved(before: ItemScore | None, after: ItemScore | None) -> Iterator[Moved]:
    old, new = ({c.key: c for c in each.counted} if each else {} for each in (before, after))
    for key in dict.fromkeys([*old, *new]):
        if _weighs(old.get(key)) != _weighs(new.get(key)):
            yield Moved(key, old.get(key), new.get(key))


def _weighs(counted: Counted | None) -> tuple[Decimal, Decimal, bool] | None:
    return None if counted is None or counted.excluded else (counted.weight, counted.points, counted.gate)


def part(counted: Counted) -> Text:
    """Return what a question gives of what it could give: "1.4 / 2"."""
    gate = both(" ★") if counted.gate else both("")
    if counted.excluded:
        return Text("計算から除外", "left out")
    return both(f"{_number(counted.points)} / {_number(counted.weight)}{gate.ja}")


def _number(value: Decimal) -> str:
    return format(value.normalize(), "f") if value else "0"


# ---------------------------------------------------------------- in words


def reasons(before: Scored, after: Scored) -> list[Text]:
    """Return why the case differs: each item whose level changes with the questions that moved it, then what fires and stops."""
    found = [_item_reason(before, after, each) for each in items(before, after) if each.changes_level]
    found += _share_reasons(before, after)
    for word, old, new in (
        (Text("判定シートの規則", "trigger rules"), before.score.fired, after.score.fired),
        (Text("追加質問群", "packs"), before.score.packs, after.score.packs),
        (Text("停止事由", "hard stops"), [s.code for s in before.score.stops], [s.code for s in after.score.stops]),
    ):
        found += _set_reasons(word, old, new)
    return found + (_route_reasons(before, after) if before.score.route != after.score.route else [])


def _route_reasons(before: Scored, after: Scored) -> list[Text]:
    """Return what leads to another route than before, and what no longer leads to the former one."""
    found = []
    for words, one, other in (
        (Text("経路が変わる理由：{reason}", "Why the route changes: {reason}"), after, before),
        (Text("なくなる理由：{reason}", "No longer a reason: {reason}"), before, after),
    ):
        steps = tuple(step for step in one.score.route_steps if step not in other.score.route_steps)
        topics = {q.key: q.topic for each in one.sheet.questionnaires for _, q in each.questions()}
        told = route_reasons(one.framework, replace(one.score, route_steps=steps), topics, one.answers)
        found += [words.filled(reason=reason) for reason in told]
    return found


def _item_reason(before: Scored, after: Scored, each: ItemDifference) -> Text:
    said = Text(
        "{item}：対策前のリスク {i0} → {i1}、残余リスク {r0} → {r1}（{share} {s0}% → {s1}%）。",
        "{item}: inherent risk {i0} → {i1}, residual risk {r0} → {r1} ({share} {s0}% → {s1}%).",
    ).filled(
        item=each.name,
        share=SHARES[after.framework.scoring.method],
        i0=before.level(each.before.inherent if each.before else None),
        i1=after.level(each.after.inherent if each.after else None),
        r0=before.level(each.before.residual if each.before else None),
        r1=after.level(each.after.residual if each.after else None),
        s0=each.shares[0],
        s1=each.shares[1],
    )
    if not each.moved:
        return said
    named = joined([moved.sentence for moved in each.moved[:MOST_NAMED]])
    more = len(each.moved) - MOST_NAMED
    tail = Text("、ほか{n}問", ", and {n} more").filled(n=more) if more > 0 else Text("", "")
    because = Text("動かした質問：{named}{tail}。", "Moved by: {named}{tail}.").filled(named=named, tail=tail)
    return Text(said.ja + because.ja, f"{said.en} {because.en}")


def _share_reasons(before: Scored, after: Scored) -> list[Text]:
    """Under `points`: the share of the whole case, which its level is read from."""
    old, new = before.score, after.score
    if (old.percent, old.residual_percent) == (new.percent, new.residual_percent):
        return []
    said = Text(
        "案件全体の割合：対策前 {b0}% → {b1}%、対策を引いた後 {a0}% → {a1}%。",
        "Share of the whole case: before mitigation {b0}% → {b1}%, after {a0}% → {a1}%.",
    )
    return [
        said.filled(
            b0=shown(old.percent),
            b1=shown(new.percent),
            a0=shown(old.residual_percent),
            a1=shown(new.residual_percent),
        )
    ]


def _set_reasons(word: Text, before: Sequence[str], after: Sequence[str]) -> list[Text]:
    gone, come = [each for each in before if each not in after], [each for each in after if each not in before]
    if not gone and not come:
        return []
    said = Text("{word}：新たに該当 {come}、該当しなくなる {gone}。", "{word}: now {come}; no longer {gone}.")
    shown_words = (both(", ".join(each)) if each else NONE for each in (come, gone))
    return [said.filled(word=word, **dict(zip(("come", "gone"), shown_words, strict=True)))]
