"""What follows from the answers to a few questions, worked out once per combination and then looked up.

Effects, packs and conditions tie questions together; most of them only to one or two others. `Settling` finds the groups of questions
that depend on each other and asks `routing.settled` about one group at a time, so the rules stand in one place and a screening costs a
look-up per group. It is right for documents without circles, and others are never published (questionnaires/reach.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from operator import itemgetter
from typing import Any

from governance.questionnaires.conditions import (
    Condition,
    InPack,
    InPhase,
    Leaf,
    holds,
    leaf_holds,
    leaves,
    packs_of,
    questions_of,
)
from governance.questionnaires.definition import Question, Questionnaire, Section
from governance.screenings.routing import Sheet, settled
from governance.screenings.vectors import Layout

MOST_KEPT = 200_000
"""How many combinations a look keeps before it starts anew: bounds the memory, never the result."""
MOST_TOGETHER = 1_000
"""How many combinations parts that were put together may have."""


class Kept(dict[Any, Any]):
    """Results by what they follow from: a missing one is worked out and kept."""

    def __init__(self, work: Callable[[Any], Any]) -> None:
        super().__init__()
        self.work = work

    def __missing__(self, key: Any) -> Any:
        if len(self) >= MOST_KEPT:
            self.clear()
        found = self[key] = self.work(key)
        return found


Pick = Callable[[bytes], Any]
Conclude = Callable[[Mapping[str, str], int], int]


class Look:
    """A conclusion from the answers to `keys`, and from a number of its own (`extra`) where the caller gives one.

    Answers that are the same to every one of `leaves` count as one, so that few combinations are ever worked out.
    """

    def __init__(self, layout: Layout, keys: Iterable[str], leaves: Iterable[Leaf], conclude: Conclude) -> None:
        self.places = [layout.places[key] for key in keys]
        spots = [spot for place in self.places for spot in range(place.at, place.at + place.width)]
        self.pick: Pick = itemgetter(*spots) if spots else _nothing
        self.written = tuple(place.question.key for place in self.places if place.may_lie_elsewhere)
        self._is_one = len(spots) == 1
        self._leaves = defaultdict[str, list[Leaf]](list)
        for leaf in leaves:
            self._leaves[leaf.question].append(leaf)
        self._alike: dict[tuple[str, tuple[bool, ...]], str] = {}
        self._concluded = Kept(lambda key: conclude(dict(key[0]), key[1]))
        self.kept = Kept(lambda spots: self._conclusion(spots, 0, ()))
        self._all_kept = Kept(lambda key: self._conclusion(key[0], key[1], key[2:]))

    def at(self, codes: bytes, rest: Mapping[str, str], extra: int = 0) -> int:
        """Return what follows from these codes; `kept` gives the same without an extra and without written answers."""
        picked = self.pick(codes)
        if rest and self.written:
            found: int = self._all_kept[picked, extra, *(rest.get(key, "") for key in self.written)]
        else:
            found = self._all_kept[picked, extra] if extra else self.kept[picked]
        return found

    def _conclusion(self, spots: Any, extra: int, written: Sequence[str]) -> int:
        codes = bytes((spots,) if self._is_one else spots)
        rest = dict(zip(self.written, written, strict=True)) if written else {}
        answers, at = list[tuple[str, str]](), 0
        for place in self.places:
            key, value = place.question.key, place.value(codes[at : at + place.width])
            at += place.width
            value = rest.get(key, "") if value is None else value
            truths = tuple(leaf_holds(leaf, value) for leaf in self._leaves[key])
            answers.append((key, self._alike.setdefault((key, truths), value)))
        found: int = self._concluded[tuple(each for each in answers if each[1]), extra]
        return found


def _nothing(codes: bytes) -> tuple[int, ...]:
    return ()


@dataclass(frozen=True)
class Group:
    """Questions that are visible under the same conditions: those of their section and their own, inside of a pack or not."""

    pack: str
    conditions: tuple[Condition, ...]
    questions: list[Question] = field(default_factory=list)


def groups_of(sheet: Sheet) -> list[Group]:
    """Return all questions of a sheet, grouped by what makes them visible."""
    found: dict[tuple[str, ...], Group] = {}
    for questionnaire in sheet.questionnaires:
        pack = (questionnaire.pack or "") if questionnaire.kind == "pack" else ""
        for section, question in questionnaire.questions():
            conditions = tuple(when for when in (section.when, question.when) if when is not None)
            key = (pack, *_names(questionnaire, section, question))
            found.setdefault(key, Group(pack, conditions)).questions.append(question)
    return list(found.values())


def _names(questionnaire: Questionnaire, section: Section, question: Question) -> Iterator[str]:
    yield f"{questionnaire.key}/{section.key}" if section.when is not None else ""
    yield question.key if question.when is not None else ""


class Settling:
    """Which effects fire, which packs are attached and which groups are visible, as the bits of one number."""

    def __init__(self, layout: Layout) -> None:
        self.sheet, self.layout = layout.sheet, layout
        self.groups = groups_of(self.sheet)
        self.effects = self.sheet.framework.effects
        self.packs = sorted(self._named_packs())
        self._after_effects, self._after_groups = len(self.effects), len(self.effects) + len(self.groups)
        self.fired_bits = (1 << self._after_effects) - 1
        self.group_bits = ((1 << len(self.groups)) - 1) << self._after_effects
        self.always, looks = 0, list[Look]()
        for part in self._merged(_parts(self._ties())):
            looks += self._looks(part)
        self._looked = looks
        self._plain = [(look.pick, look.kept) for look in looks]

    def _named_packs(self) -> set[str]:
        named = {pack for effect in self.effects for pack in effect.packs}
        return named | {each.pack for each in self.sheet.questionnaires if each.kind == "pack" and each.pack}

    def state(self, codes: bytes, rest: Mapping[str, str]) -> int:
        """Return the bits: effects first, then groups, then packs."""
        state = self.always
        if rest:
            for look in self._looked:
                state |= look.at(codes, rest)
            return state
        for pick, kept in self._plain:
            state |= kept[pick(codes)]
        return state

    def packs_in(self, state: int) -> int:
        """Return the bits of the packs alone."""
        return state >> self._after_groups

    def pack_names(self, bits: int) -> tuple[str, ...]:
        """Return the packs of some bits."""
        return tuple(pack for number, pack in enumerate(self.packs) if bits >> number & 1)

    def visible(self, bits: int) -> Iterator[int]:
        """Return the numbers of the groups of some bits of a state."""
        bits >>= self._after_effects
        return (number for number in range(len(self.groups)) if bits >> number & 1)

    def _ties(self) -> list[list[str]]:
        """Return what belongs together: each rule with the questions, packs and groups it ties, named by kind and name."""
        ties = [
            [f"e {n}", *_asked(effect.when), *(f"p {pack}" for pack in effect.packs)]
            for n, effect in enumerate(self.effects)
        ]
        ties += [
            [f"p {each.pack}", *_asked(each.when), *(f"p {pack}" for pack in packs_of(each.when))]
            for each in self.sheet.questionnaires
            if each.kind == "pack" and each.pack
        ]
        looked_at = {name for tie in ties for name in tie} | {
            name for group in self.groups for when in group.conditions for name in _asked(when)
        }
        for n, group in enumerate(self.groups):
            tie = [f"g {n}", *([f"p {group.pack}"] if group.pack else [])]
            for when in group.conditions:
                tie += [*_asked(when), *(f"p {pack}" for pack in packs_of(when))]
            hidden_at_times = group.pack or group.conditions
            ties.append(
                tie + [name for q in group.questions if hidden_at_times and (name := f"q {q.key}") in looked_at]
            )
        return ties

    def _merged(self, parts: Sequence[list[str]]) -> list[list[str]]:
        """Put small parts together: fewer look-ups, each still with few combinations."""
        merged, room = [list[str]()], MOST_TOGETHER
        for size, part in sorted((self._combinations(part), part) for part in parts):
            if size > room:
                merged, room = [*merged, []], MOST_TOGETHER
            merged[-1] += part
            room //= size
        return merged

    def _combinations(self, part: Sequence[str]) -> int:
        return prod(1 + len(self.layout.places[key].values) for key in self._keys(part))

    def _keys(self, part: Sequence[str]) -> list[str]:
        return [key for each in part if each.startswith("q ") and (key := each[2:]) in self.layout.places]

    def _looks(self, part: Sequence[str]) -> list[Look]:
        """Return the look for one part, or settle it for good when it depends on no question."""
        named = defaultdict(list)
        for kind, _, name in (each.partition(" ") for each in part):
            named[kind].append(name)
        own = sum(1 << int(n) for n in named["e"]) | sum(1 << int(n) + self._after_effects for n in named["g"])
        own |= sum(1 << self.packs.index(pack) + self._after_groups for pack in named["p"] if pack in self.packs)
        keys = self._keys(part)
        look = Look(self.layout, keys, self._leaves(), lambda answers, _: self._state_of(answers) & own)
        if keys:
            return [look]
        self.always |= look.at(bytes(self.layout.size), {})
        return []

    def _leaves(self) -> Iterator[Leaf]:
        conditions = [effect.when for effect in self.effects]
        conditions += [when for group in self.groups for when in group.conditions]
        conditions += [each.when for each in self.sheet.questionnaires if each.when is not None]
        return (leaf for when in conditions for leaf in leaves(when) if not isinstance(leaf, InPack | InPhase))

    def _state_of(self, answers: Mapping[str, str]) -> int:
        """Ask the rules themselves."""
        case = settled(self.sheet, answers)
        fired = {effect.id for effect in case.fired}
        state = sum(1 << n for n, effect in enumerate(self.effects) if effect.id in fired)
        for n, group in enumerate(self.groups):
            shown = (not group.pack or group.pack in case.packs) and all(
                holds(when, case.answers, case.packs, self.sheet.phase) for when in group.conditions
            )
            state |= shown << n + self._after_effects
        return state | sum(1 << self.packs.index(pack) + self._after_groups for pack in case.packs)


def _asked(condition: Condition | None) -> Iterator[str]:
    return (f"q {key}" for key in questions_of(condition))


def _parts(ties: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the names in parts that no tie connects, in a stable order."""
    above: dict[str, str] = {}

    def top(name: str) -> str:
        above.setdefault(name, name)
        while above[name] != name:
            above[name] = above[above[name]]
            name = above[name]
        return name

    for first, *others in ties:
        for other in others:
            above[top(other)] = top(first)
        top(first)
    parts: dict[str, list[str]] = defaultdict(list)
    for name in above:
        parts[top(name)].append(name)
    return list(parts.values())
