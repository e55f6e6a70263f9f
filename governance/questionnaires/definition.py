"""The frozen vocabulary of what is asked: Framework, Questionnaire, Section, Question and their parts.

Nothing about three phases or seven items is in code (design.md §3.1): phases, items, scales, levels, thresholds, trigger rules,
hard stops, deciders and committee defaults are fields of these documents. A published document is the canonical JSON of one of
these models; its SHA-256 identifies it for ever.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Literal

import rfc8785
from pydantic import Field

from governance.questionnaires.conditions import Condition
from governance.questionnaires.methods import Matrix, Points
from governance.questionnaires.parts import Bound, Day, Exact, Key, Named, Part, ValueCode, Version, find
from governance.texts import Text, both


class Phase(Named):
    """A row of life (計画, 社会実装, 維持管理): `statement` is what the framework asks of it."""

    statement: Text


class Item(Named):
    """A principle that is looked at in every phase (実践項目); `short` fits a chart label."""

    short: Text


class Step(Named):
    """One step of the answer scale. `factor` is what it counts (null = left out once a reviewer accepts the reason)."""

    mark: str
    note: Text | None = None
    factor: Exact | None
    needs_evidence: bool = False
    needs_remark: bool = False
    needs_due: bool = False

    @property
    def is_not_applicable(self) -> bool:
        """該当なし: excluded only when a reviewer accepts it (domain.md §5.2 step 3)."""
        return self.factor is None


class Grade(Part):
    """One anchored grade of severity or likelihood; its rank is its place in the list, from 1."""

    name: Text
    anchor: Text


class Level(Named):
    """A risk level; `valid_months` bounds an approval. Under `matrix`, `at_least` is the smallest product S×L that reaches it."""

    at_least: int = Field(default=1, ge=1)
    valid_months: int = Field(ge=1)


class Route(Named):
    """A way through review (審査経路). `asks` says whether only the gates of the phase are asked or everything."""

    asks: Literal["gates", "all"]
    body: Key
    description: Text


class Effect(Part):
    """A rule that fires when its condition holds: route, floors and bumps per item, packs, flags (domain.md §4.1).

    `on_floored` raises severity of the items that other fired rules put a floor on: `bump` adds, `floor` is a minimum.
    """

    id: Key
    trigger: Key
    when: Condition
    route: Key | None = None
    severity_floors: dict[str, int] = {}
    likelihood_bumps: dict[str, int] = {}
    likelihood_bump_all: int = 0
    floored_bump: int = 0
    floored_floor: int = 0
    packs: list[Key] = []
    flags: list[Key] = []
    basis: str = ""


class HardStop(Named):
    """A state no vote can approve (domain.md §5.4). `clearable` ones wait for a legal ruling; others need changed facts."""

    when: Condition | None = None
    on_disproved_gate: bool = False
    clearable: bool = False
    advice: Text


class Contradiction(Part):
    """Answers that cannot all be true: shown while filling and listed for the reviewer, never blocking by itself."""

    code: Key
    when: Condition
    text: Text
    advice: Text


class Measure(Named):
    """What to do about a gap (対応策): offered where one of `questions` is not met; `shows` is the artefact that proves it done."""

    summary: Text
    steps: Text
    shows: Text
    effort: Literal["days", "weeks", "months"]
    questions: list[Key] = Field(min_length=1)


class Decider(Part):
    """One row of domain.md §5.3: at this residual level these bodies may choose these outcomes."""

    residual: Key
    bodies: list[Key] = Field(min_length=1)
    outcomes: list[Key] = Field(min_length=1)
    reason_required: list[Key] = []


class Body(Named):
    """A body of the scheme (domain.md §1.4): its kind and authority, which role belongs to it, and which cases it sees.

    It sees a case of one of its routes or packs; `sectors` and `regions` narrow that, or stand alone. Naming nothing, it sees a case
    only when it is asked.
    """

    kind: Literal["office", "team", "committee", "sector", "region", "working_group", "association"] = "office"
    authority: Literal["deciding", "advisory", "executive", "none"] = "none"
    role: Key | None = None
    routes: list[Key] = []
    packs: list[Key] = []
    sectors: list[Key] = []
    regions: list[Key] = []


class Occasion(Named):
    """A reason to screen again (domain.md §4.3). `ratings` says that severity and likelihood are to be confirmed anew."""

    ratings: bool = False


class Reference(Named):
    """An external framework that questions are mapped to, with the version and date of the list used."""

    edition: str
    dated: Day
    note: Text


class Framework(Part):
    """A whole framework document. `rescreening_days` is how long before an approval ends its renewal is opened."""

    key: Key
    version: Version
    effective_on: Day
    title: Text
    notice: Text
    phases: list[Phase] = Field(min_length=1)
    items: list[Item] = Field(min_length=1)
    scale: list[Step] = Field(min_length=2)
    levels: list[Level] = Field(min_length=2)
    severity: list[Grade] = []
    likelihood: list[Grade] = []
    scoring: Annotated[Matrix | Points, Field(discriminator="method")]
    routes: list[Route] = Field(min_length=1)
    route_by_inherent: dict[str, Key]
    flags: list[Named] = []
    flag_by_inherent: dict[str, list[Key]] = {}
    move_up_by_residual: dict[str, Key] = {}
    packs: list[Named] = []
    answer_roles: list[Named] = []
    effects: list[Effect] = []
    contradictions: list[Contradiction] = []
    measures: list[Measure] = []
    hard_stops: list[HardStop] = []
    bodies: list[Body] = []
    deciders: list[Decider] = Field(min_length=1)
    expertise: list[Named] = []
    committee: dict[str, str | int | bool | list[str]] = {}
    sectors: list[Named] = Field(min_length=1)
    regions: list[Named] = Field(min_length=1)
    own_roles: list[Named] = Field(min_length=1)
    techniques: list[Named] = Field(min_length=1)
    rescreening: list[Occasion] = []
    rescreening_days: int = Field(default=60, ge=1, le=365)
    references: list[Reference] = []
    glossary: list[Glossary] = []

    def phase(self, code: str) -> Phase:
        """Return the phase with this code; KeyError when there is none."""
        return find(self.phases, code)

    def item(self, code: str) -> Item:
        """Return the item with this code; KeyError when there is none."""
        return find(self.items, code)

    def step(self, code: str) -> Step | None:
        """Return the step of the answer scale, or None for a value that is not on it."""
        return self._steps.get(code)

    @cached_property
    def _steps(self) -> dict[str, Step]:
        return {step.code: step for step in self.scale}

    @property
    def matrix(self) -> Matrix | None:
        """The parameters of the method `matrix`, or None under another method."""
        return self.scoring if isinstance(self.scoring, Matrix) else None

    def level(self, rank: int) -> Level:
        """Return the level of a rank, counted from 1."""
        return self.levels[rank - 1]

    def level_rank(self, code: str) -> int:
        """Return the rank (from 1) of a level code."""
        return 1 + [level.code for level in self.levels].index(code)

    def level_of_product(self, product: int) -> int:
        """Return the rank of the level that the product S×L reaches."""
        return sum(1 for level in self.levels if product >= level.at_least)

    def route(self, code: str) -> Route:
        """Return the route with this code; KeyError when there is none."""
        return find(self.routes, code)

    def route_rank(self, code: str) -> int:
        """Return the place of the route in the list: a higher one is stricter."""
        return [route.code for route in self.routes].index(code)

    def stricter(self, *codes: str) -> str:
        """Return the strictest of the given routes (domain.md §5.3: the maximum)."""
        return max(codes, key=self.route_rank)

    def earlier_phases(self, code: str) -> list[str]:
        """Return the codes of the phases before this one, in order."""
        codes = [phase.code for phase in self.phases]
        return codes[: codes.index(code)]

    def name_of(self, kind: str, code: str) -> Text:
        """Return the name of `code` in one of the named lists ("sectors", "routes", …); the code itself when unknown."""
        return next((part.name for part in getattr(self, kind) if part.code == code), both(code))


class Glossary(Part):
    """One word and its meaning, printed in the appendix of reports."""

    term: Text
    meaning: Text


class Choice(Part):
    """One answer that can be chosen in a `single` or `multiple` question."""

    code: ValueCode
    name: Text
    note: Text | None = None


class Column(Part):
    """One column of a `rows` question: what each row of the small table says."""

    code: Key
    name: Text
    kind: Literal["text", "number", "date", "single"] = "text"
    choices: list[Choice] = []
    required: bool = True


Kind = Literal["scale", "yes_no_unknown", "single", "multiple", "number", "date", "text", "long_text", "file", "rows"]
CHOSEN = frozenset({"scale", "yes_no_unknown", "single", "multiple"})
"""Kinds whose answer is one or several codes: the only ones that conditions can compare with `is` and that points can follow."""
WRITTEN = frozenset({"text", "long_text", "rows"})
"""Kinds whose answer is free text: the value says only `given`, the text lies beside it and can be erased (assurance.md §2)."""
GIVEN = "given"
NOT_APPLICABLE = "not_applicable"


class Question(Part):
    """One question: permanent key, wording, help in three short parts, weight, gate, mappings (domain.md §3.4).

    `scale` counts towards the control effectiveness of its item under `matrix`; every chosen kind may feed totals under `points`
    (`points`: total → value → points). `not_applicable` offers 該当なし with a reason for kinds without an answer scale.
    `replaces` names questions of an earlier version whose answers are suggested for this one when a screening moves to it.
    """

    key: Key
    replaces: list[Key] = []
    topic: Text
    text: Text
    why: Text
    evidence: Text | None = None
    weak: Text | None = None
    strong: Text | None = None
    kind: Kind
    required: bool = True
    not_applicable: bool = False
    needs_evidence: bool = False
    roles: list[Key] = []
    weight: int = Field(default=1, ge=0, le=100)
    gate: bool = False
    when: Condition | None = None
    choices: list[Choice] = []
    unit: Text | None = None
    minimum: Bound | None = None
    maximum: Bound | None = None
    max_length: int | None = Field(default=None, ge=1, le=20_000)
    columns: list[Column] = []
    max_rows: int = Field(default=20, ge=1, le=200)
    points: dict[Key, dict[ValueCode, Exact]] = {}
    mappings: dict[str, list[str]] = {}


class Section(Part):
    """A page of questions, usually of one item; asked when its condition holds."""

    key: Key
    item: Key | None = None
    title: Text | None = None
    when: Condition | None = None
    questions: list[Question] = Field(min_length=1)


class Questionnaire(Part):
    """A whole questionnaire document: trigger sheet, base questions of one phase, or a pack.

    A pack is asked when a fired effect attaches it, or when its own `when` holds.
    """

    key: Key
    version: Version
    kind: Literal["trigger", "screening", "pack"]
    framework: Key
    phase: Key | None = None
    pack: Key | None = None
    title: Text
    intro: Text | None = None
    when: Condition | None = None
    sections: list[Section] = Field(min_length=1)

    def questions(self) -> Iterator[tuple[Section, Question]]:
        """Yield every question with its section, in order."""
        for section in self.sections:
            for question in section.questions:
                yield section, question


YES_NO_UNKNOWN: dict[str, Text] = {
    "yes": Text("はい", "Yes"),
    "no": Text("いいえ", "No"),
    "unknown": Text("分からない", "Not sure"),
}

Framework.model_rebuild()


def canonical(document: Framework | Questionnaire) -> bytes:
    """Return the RFC 8785 bytes of a document: what is stored, hashed and exchanged."""
    return rfc8785.dumps(document.model_dump(mode="json", by_alias=True))


def digest_of(body: bytes) -> str:
    """Return the SHA-256 of canonical bytes in hexadecimal."""
    return hashlib.sha256(body).hexdigest()
