"""Scoring many submitted screenings again under other documents: the same levels and route as `scoring.score`, only faster.

A `Scorer` is made once for a sheet and holds the rules as tables over the codes of a vector (counting.py). What depends on few answers
is asked of the rules themselves once per combination (looking.py). That both ways agree on every input is a property the tests check.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from governance.questionnaires.conditions import InPack, InPhase, holds, leaves, packs_of, questions_of
from governance.questionnaires.definition import HardStop
from governance.questionnaires.methods import Matrix
from governance.screenings.counting import Asked, Bits, ByMatrix, ByPoints, Counting, Marked, Places, Routing
from governance.screenings.looking import Kept, Look, Settling
from governance.screenings.passing import Assumed, Passage
from governance.screenings.routing import Sheet
from governance.screenings.vectors import ACCEPTED, CARRIED, DISPROVED, Layout, Vector


class Levels(NamedTuple):
    """What re-scoring says of one screening; ranks of levels, None while nothing is rated."""

    inherent: int | None
    residual: int | None
    route: str


class Scorer:
    """Re-scores vectors of the layout `old` under `sheet`; what the sheet says was carried is of no account, the vectors say it."""

    def __init__(self, sheet: Sheet, old: Layout, assumed: Assumed = "unanswered") -> None:
        self.layout = Layout(sheet)
        self.passage = Passage(old, self.layout, assumed)
        self.settling = Settling(self.layout)
        self.routing = Routing(sheet.framework)
        self.places = Places(self.layout)
        self._group_bits = [self.places.bits(q.key for q in group.questions) for group in self.settling.groups]
        self._visible = Kept(self._visible_bits)
        self._marks = Kept(self._marked)
        self._stops = _Stops(self.layout, self.settling)
        rules = sheet.framework.scoring
        self.method: ByMatrix | ByPoints = (
            ByMatrix(self.layout, rules, self.routing, self.places)
            if isinstance(rules, Matrix)
            else ByPoints(self.layout, rules, self.routing, self.places)
        )

    def levels(self, vector: Vector) -> Levels:
        """Return the levels and the route that `score` gives for the same answers."""
        vector = self.passage(vector)
        marked = self._marks[vector.marks]
        state = self.settling.state(vector.codes, vector.rest)
        found = self._counted(vector, state, marked)
        if isinstance(self.method, ByMatrix) and self.routing.gates_only[found.base]:
            vector = self.places.kept_on_gates(vector, marked)
            fired = state & self.settling.fired_bits
            state = fired | self.settling.state(vector.codes, vector.rest) & ~self.settling.fired_bits
            found = self._counted(vector, state, marked)
        packs = self.settling.packs_in(state)
        stopped = self._stops.stand(found, vector, packs, bool(found.bits & marked.disproved & self.places.gates))
        route = self.routing.final(found.base, found.residual, stopped, vector.rulings.route)
        return Levels(found.inherent or None, found.residual or None, route)

    def _counted(self, vector: Vector, state: int, marked: Marked) -> Asked:
        fired = state & self.settling.fired_bits
        visible = self._visible[state & self.settling.group_bits]
        return self.method.count(Counting(vector, fired, visible, marked))

    def _visible_bits(self, bits: int) -> Bits:
        visible = 0
        for number in self.settling.visible(bits):
            visible |= self._group_bits[number]
        return visible

    def _marked(self, marks: bytes) -> Marked:
        def bits(mark: int) -> Bits:
            return self.places.bits(key for key, each in zip(self.layout.places, marks, strict=False) if each & mark)

        return Marked(bits(CARRIED), bits(ACCEPTED), bits(DISPROVED))


class _Stops:
    """The hard stops: whether any stands."""

    def __init__(self, layout: Layout, settling: Settling) -> None:
        self.stops = [(stop, self._look(layout, settling, stop)) for stop in layout.sheet.framework.hard_stops]
        self.settling = settling

    @staticmethod
    def _look(layout: Layout, settling: Settling, stop: HardStop) -> tuple[Look, int]:
        keys = [key for key in dict.fromkeys(questions_of(stop.when)) if key in layout.places]
        packs = sum(1 << settling.packs.index(pack) for pack in set(packs_of(stop.when)) if pack in settling.packs)
        phase = layout.sheet.phase
        looked_at = [leaf for leaf in leaves(stop.when) if not isinstance(leaf, InPack | InPhase)]

        def conclude(answers: Mapping[str, str], bits: int) -> bool:
            return holds(stop.when, answers, settling.pack_names(bits), phase)

        return Look(layout, keys, looked_at, conclude), packs

    def stand(self, found: Asked, vector: Vector, packs: int, disproved: bool) -> bool:
        """Say whether a stop stands by the answers that are asked and what was ruled (domain.md §5.4)."""
        rulings = vector.rulings
        for stop, (look, wanted) in self.stops:
            by_facts = (stop.when is not None and look.at(found.codes, vector.rest, packs & wanted)) or (
                disproved and stop.on_disproved_gate
            )
            if stop.code in rulings.confirmed or (by_facts and not (stop.clearable and stop.code in rulings.cleared)):
                return True
            if not stop.clearable and stop.code in rulings.raised_before and stop.code not in rulings.released:
                return True
        return False
