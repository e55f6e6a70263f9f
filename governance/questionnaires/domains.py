"""Which values a question can still have while `reach` looks for answers that show another one.

Every kind has a finite set that stands for all its values: codes for chosen kinds, one number between any two bounds that
conditions name, `given` for written text. A multiple choice is not spelt out (n choices have 2ⁿ answers) but kept as what must and
must not be among the codes. "" stands for no answer, which is always possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from governance.questionnaires.conditions import NUMBER, Answered, AtLeast, Includes, Is, Leaf, leaf_holds
from governance.questionnaires.definition import GIVEN, NOT_APPLICABLE, YES_NO_UNKNOWN, Framework, Question

LEAST = Decimal(1 - 10**13)
SIXTH = Decimal("0.000001")
SOME_DAY = "2000-01-01"
NO_ANSWER = frozenset({""})


@dataclass(frozen=True, slots=True)
class Several:
    """The answers of a multiple choice that are still possible: sets of `choices` with all of `must` and none of `never`.

    `without` are codes that may not stand alone.
    """

    choices: frozenset[str]
    must: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()

    @property
    def possible(self) -> bool:
        """Whether any answer is left: the one with every code that may be chosen is, unless it is one that may not stand alone."""
        free = self.choices - self.never
        return self.must <= free and (len(free) > 1 or bool(free - self.without))

    def alone(self, codes: Iterable[str]) -> frozenset[str]:
        """Return which of the codes may still be the whole answer."""
        return frozenset(
            c for c in codes if c in self.choices and c not in self.never | self.without and self.must <= {c}
        )


@dataclass(frozen=True, slots=True)
class Domain:
    """The values still possible: those in `exact`, and what `several` allows."""

    exact: frozenset[str]
    several: Several | None = None

    @property
    def possible(self) -> bool:
        """Whether any value is left."""
        return bool(self.exact) or self.several is not None

    @property
    def answered(self) -> bool:
        """Whether no answer at all is ruled out, so that the question must be visible."""
        return "" not in self.exact


class Narrower:
    """Narrows domains by looks at questions; what a look accepts is worked out once."""

    def __init__(self, framework: Framework, questions: Mapping[str, Question], leaves: Iterable[Leaf]) -> None:
        self.framework, self.questions = framework, questions
        self._leaves: dict[str, list[Leaf]] = {}
        for leaf in leaves:
            self._leaves.setdefault(leaf.question, []).append(leaf)
        self._domains: dict[str, Domain] = {}
        self._accepted: dict[int, frozenset[str]] = {}

    def whole(self, key: str) -> Domain:
        """Return every value of a question; only "" for one that does not exist."""
        if key not in self._domains:
            question = self.questions.get(key)
            self._domains[key] = self._whole(question) if question else Domain(NO_ANSWER)
        return self._domains[key]

    def _whole(self, question: Question) -> Domain:
        exact = NO_ANSWER | self._written(question)
        if question.not_applicable:
            exact |= {NOT_APPLICABLE}
        if question.kind == "multiple":
            several = Several(frozenset(choice.code for choice in question.choices))
            return Domain(exact, several if several.possible else None)
        return Domain(exact)

    def _written(self, question: Question) -> frozenset[str]:
        """Return values that stand for all of a question's own; none for a multiple choice. A gate cannot be 該当なし."""
        match question.kind:
            case "scale":
                found = {s.code for s in self.framework.scale if not (question.gate and s.is_not_applicable)}
            case "yes_no_unknown":
                found = set(YES_NO_UNKNOWN)
            case "single":
                found = {choice.code for choice in question.choices}
            case "multiple":
                found = set()
            case "number":
                found = self._numbers(question)
            case "date":
                found = {SOME_DAY}
            case _:
                found = {GIVEN}
        return frozenset(found)

    def _numbers(self, question: Question) -> set[str]:
        """Return the least number and every bound that is one: between two bounds all conditions read alike."""
        bounds = {Decimal(leaf.at_least) for leaf in self._leaves.get(question.key, ()) if isinstance(leaf, AtLeast)}
        highest = -LEAST if question.maximum is None else question.maximum.quantize(SIXTH, ROUND_FLOOR)
        if question.minimum is not None:
            lowest = question.minimum.quantize(SIXTH, ROUND_CEILING)
        else:
            lowest = max(LEAST, min([highest, *(bound - 1 for bound in bounds)]))
        found = {format(value, "f") for value in {lowest, *bounds} if lowest <= value <= highest}
        return {value for value in found if NUMBER.fullmatch(value)}

    def accepted(self, leaf: Leaf) -> frozenset[str]:
        """Return the values (of a multiple choice: the single codes) for which the look holds."""
        if id(leaf) not in self._accepted:
            whole = self.whole(leaf.question)
            values = whole.exact | (whole.several.choices if whole.several else frozenset())
            if isinstance(leaf, Is):
                self._accepted[id(leaf)] = values & frozenset(leaf.is_)
            else:
                self._accepted[id(leaf)] = frozenset(value for value in values if leaf_holds(leaf, value))
        return self._accepted[id(leaf)]

    def narrowed(self, domain: Domain, leaf: Leaf, wanted: bool) -> Domain:
        """Return the values of the domain for which the look holds (or does not, when that is wanted)."""
        accepted = self.accepted(leaf)
        exact = domain.exact & accepted if wanted else domain.exact - accepted
        if domain.several is None:
            return Domain(exact)
        several, alone = _several(domain.several, leaf, accepted, wanted)
        return Domain(exact | alone, several if several and several.possible else None)

    def truth(self, domain: Domain, leaf: Leaf) -> bool | None:
        """Say whether the look holds for all values of the domain, for none (False), or for some (None)."""
        if domain.several is None:
            accepted = self.accepted(leaf)
            return False if domain.exact.isdisjoint(accepted) else True if domain.exact <= accepted else None
        if not self.narrowed(domain, leaf, False).possible:
            return True
        return None if self.narrowed(domain, leaf, True).possible else False


def _several(
    several: Several, leaf: Leaf, accepted: frozenset[str], wanted: bool
) -> tuple[Several | None, frozenset[str]]:
    """Return what is left of the open answers, and the single codes that a look for a whole value leaves instead."""
    match leaf:
        case Answered(answered=state):
            return (several if state == wanted else None), frozenset()
        case Includes(includes=code) if wanted:
            return replace(several, must=several.must | {code}), frozenset()
        case Includes(includes=code):
            return replace(several, never=several.never | {code}), frozenset()
        case _ if wanted:
            return None, several.alone(accepted)
        case _:
            return replace(several, without=several.without | (accepted & several.choices)), frozenset()
