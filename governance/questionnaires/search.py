"""The search for answers that show one question, by backtracking with a bound on its steps.

A hidden question counts as not answered, and any question may be left unanswered. So a look that wants no answer asks nothing of
the question it looks at, and one that wants an answer asks that it be visible: these are all the ties between questions. Every
part of a condition is judged by what its questions can still be answered with: certain, impossible, or open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from governance.questionnaires.conditions import All, AnyOf, Condition, InPack, InPhase, Leaf, Not
from governance.questionnaires.domains import NO_ANSWER, Domain, Narrower
from governance.questionnaires.visibility import PACK, Visibility

Goal = tuple[Condition, bool]
Chain = tuple[Goal, "Chain"] | None


class _OutOfSteps(Exception):
    """The bound of a search was reached."""


@dataclass
class _Choice:
    """A point where one of several parts must hold: what was pending there, and the parts not tried yet."""

    undo: int
    certain: Chain
    later: Chain
    parts: list[Goal] = field(default_factory=list)


class Search:
    """Looks for answers that show one question in one phase.

    Goals that leave no choice come first (`certain`), then those where one of several parts must hold (`later`). Every change is
    written down (`trail`), so that a choice can be taken back.
    """

    def __init__(self, sheet: Visibility, narrower: Narrower, phase: str, dead: set[str], limit: int) -> None:
        self.sheet, self.narrower, self.phase, self.dead = sheet, narrower, phase, dead
        self.limit, self.steps = limit, 0
        self.domains: dict[str, Domain] = {}
        self.packs: dict[str, bool] = {}
        self.trail: list[tuple[str, Domain | None]] = []
        self.certain: Chain = None
        self.later: Chain = None
        self.choices: list[_Choice] = []

    def shows(self, key: str) -> bool | None:
        """Return whether any answers show the question; None when the steps ran out."""
        self._add((condition, True) for condition in self.sheet.shown[key].conditions)
        try:
            return self._run()
        except _OutOfSteps:
            return None

    def needed(self) -> Iterator[str]:
        """Yield the questions that the answers found show and answer."""
        return (key for key, domain in self.domains.items() if domain.answered)

    def _run(self) -> bool:
        while self.certain or self.later:
            if self.certain:
                goal, self.certain = self.certain
                going = self._meet(goal)
            else:
                assert self.later
                goal, self.later = self.later
                going = self._choose(goal)
            if not going and not self._back():
                return False
        return True

    def _add(self, goals: Iterable[Goal]) -> None:
        for goal in goals:
            self.certain = (goal, self.certain)

    def _meet(self, goal: Goal) -> bool:
        """Meet a goal as far as it leaves no choice; False when it cannot be met."""
        self._step()
        condition, wanted = goal
        match condition:
            case Not(not_=part):
                self._add([(part, not wanted)])
            case All(all=parts) | AnyOf(any=parts):
                if isinstance(condition, All) == wanted:
                    self._add((part, wanted) for part in parts)
                else:
                    self.later = (goal, self.later)
            case InPhase(in_phase=phase):
                return (phase == self.phase) == wanted
            case InPack(in_pack=pack):
                return self._attach(pack, wanted)
            case _:
                return self._narrow(condition, wanted)
        return True

    def _narrow(self, leaf: Leaf, wanted: bool) -> bool:
        key, before = leaf.question, self._domain(leaf.question)
        now = self.narrower.narrowed(before, leaf, wanted)
        if not now.possible:
            return False
        if now != before:
            self.trail.append((key, self.domains.get(key)))
            self.domains[key] = now
        if now.answered and not before.answered:
            self._add((condition, True) for condition in self.sheet.shown[key].conditions)
        return True

    def _domain(self, key: str) -> Domain:
        if key in self.domains:
            return self.domains[key]
        if key not in self.sheet.shown or key in self.dead or not self.sheet.is_open(key, self.phase):
            return Domain(NO_ANSWER)
        return self.narrower.whole(key)

    def _attach(self, pack: str, wanted: bool) -> bool:
        if pack in self.packs:
            return self.packs[pack] == wanted
        ways = self.sheet.attaching.get(pack, [])
        self.packs[pack] = wanted
        self.trail.append((PACK + pack, None))
        if not wanted:
            self._add((way, False) for way in ways)
        elif ways:
            self.later = ((AnyOf(any=ways), True), self.later)
        return bool(ways) or not wanted

    def _choose(self, goal: Goal) -> bool:
        """Take the first part that may hold and remember the others; False when none may."""
        condition, wanted = goal
        assert isinstance(condition, All | AnyOf)
        parts: list[Goal] = []
        for part in condition.all if isinstance(condition, All) else condition.any:
            truth = self._truth(part)
            if truth is not None and truth == wanted:
                return True
            if truth is None:
                parts.append((part, wanted))
        if not parts:
            return False
        if len(parts) > 1:
            self.choices.append(_Choice(len(self.trail), self.certain, self.later, parts[:0:-1]))
        self._add(parts[:1])
        return True

    def _back(self) -> bool:
        """Return to the last choice with a part not tried yet; False when there is none."""
        while self.choices:
            choice = self.choices[-1]
            while len(self.trail) > choice.undo:
                self._undo(*self.trail.pop())
            if choice.parts:
                self.certain, self.later = (choice.parts.pop(), choice.certain), choice.later
                return True
            self.choices.pop()
        return False

    def _undo(self, key: str, before: Domain | None) -> None:
        if key.startswith(PACK):
            del self.packs[key.removeprefix(PACK)]
        elif before is None:
            del self.domains[key]
        else:
            self.domains[key] = before

    def _truth(self, condition: Condition) -> bool | None:
        """Judge a condition by what is left of the domains: certain, impossible, or open (None)."""
        self._step()
        match condition:
            case Not(not_=part):
                truth = self._truth(part)
                return None if truth is None else not truth
            case All(all=parts):
                return _weakest((self._truth(part) for part in parts), False)
            case AnyOf(any=parts):
                return _weakest((self._truth(part) for part in parts), True)
            case InPhase(in_phase=phase):
                return phase == self.phase
            case InPack(in_pack=pack):
                return self.packs.get(pack) if self.sheet.attaching.get(pack) else False
            case _:
                return self.narrower.truth(self._domain(condition.question), condition)

    def _step(self) -> None:
        self.steps += 1
        if self.steps > self.limit:
            raise _OutOfSteps


def _weakest(truths: Iterable[bool | None], settles: bool) -> bool | None:
    """Return `settles` as soon as one part says so, None when one is open, else the contrary."""
    is_open = False
    for truth in truths:
        if truth is settles:
            return settles
        is_open = is_open or truth is None
    return None if is_open else not settles
