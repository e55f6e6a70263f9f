"""The shape of a report's content, because an auditor must be able to read the attached record without our program.

The content is everything a case report (R1, domain.md §7) prints except number, time and purpose of the issue. It is plain
JSON: objects, lists, strings, integers, booleans, null; decimals are strings, so no figure is ever rounded twice. Every key is
always there, but for `house`; what is not known is null or an empty list, and the report then prints 「記載なし」.

A sentence of the product or of a bilingual document is `{"ja": …, "en": …}`; what a person entered in one language is a plain
string. A level is its rank (1 = lowest) in `framework.levels`, a person is a key of `people`, an item is a key of
`framework.items`. Nothing here or in the templates fixes how many phases, items, levels, answers or grades there are.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from governance.reports.assessment import (
    AskedQuestion,
    Carried,
    Finding,
    GridRow,
    ItemDetail,
    Pack,
    Risk,
    Route,
    Trigger,
)
from governance.reports.deliberation import Acceptance, Condition, Course, Monitoring, Outcome, Session
from governance.reports.words import Words

SCHEMA = "governance.report.case/1"
RECORD_NAME = "record.json"


class Disclosure(TypedDict):
    """The redaction profile: what was left out is not in this record; `digest` is of the definition of the profile."""

    code: str
    name: Words
    digest: str


class Section(TypedDict):
    """One section to print, in this order; body sections are numbered 1, 2, …, those of the appendix A, B, …"""

    key: str
    part: Literal["body", "appendix"]
    title: Words


class Approval(TypedDict):
    """One signature field of the cover; an unsigned one has no date and no id, one to be signed on paper is by hand."""

    step: Words
    person: str | None
    on: str | None
    id: str | None
    by_hand: NotRequired[bool]


class Document(TypedDict):
    """What the cover and the running head say about the document itself."""

    number: str
    version: int
    case_revision: int
    title: Words
    subject: Words
    case: str
    phase: str
    classification: Words
    issuer: Words
    addressees: list[Words]
    dated: str
    frozen_at: str
    state: Literal["draft", "final"]
    retention: Words
    disclaimer: Words
    approvals: list[Approval]


class Phase(TypedDict):
    """One phase of the framework."""

    code: str
    name: Words


class Item(TypedDict):
    """One item (実践項目) with its number and a short name for charts and narrow columns."""

    key: str
    no: int
    name: Words
    short: Words


class Level(TypedDict):
    """One risk level; `rank` 1 is the lowest."""

    rank: int
    name: Words


class Answer(TypedDict):
    """One answer of the scale; `coefficient` is null where the answer leaves the denominator."""

    code: str
    mark: str
    coefficient: str | None
    name: Words


class Grade(TypedDict):
    """One grade of severity or likelihood with its anchor text."""

    value: int
    text: Words


class MatrixCell(TypedDict):
    """What a pair of grades gives: the product shown and the rank of the level."""

    value: str
    level: int


class Framework(TypedDict):
    """The framework in force, as far as the report needs it; `matrix[i][j]` belongs to `severity[i]` and `likelihood[j]`.

    A method without severity and likelihood (points) has empty lists there.
    """

    phases: list[Phase]
    items: list[Item]
    levels: list[Level]
    answers: list[Answer]
    severity: list[Grade]
    likelihood: list[Grade]
    matrix: list[list[MatrixCell]]
    cuts: Words


class Person(TypedDict):
    """A person as the report names them; `name` is null where policy prints roles only."""

    name: Words
    role: Words


class Fact(TypedDict):
    """A label and what it says: rows of the scope, the versions in force, the glossary."""

    term: Words
    text: Words


class TopRisk(TypedDict):
    """One of the main risks of the summary."""

    item: str
    text: Words
    treatment: Words


class Summary(TypedDict):
    """The first page: one message and the main risks; the rest of it is taken from the other parts."""

    message: Words
    route_by: Words
    top: list[TopRisk]


class Method(TypedDict):
    """By which rules the case was assessed, and by whom."""

    paragraphs: list[Words]
    versions: list[Fact]


class Reference(TypedDict):
    """One clause of an outside framework; `state` is met, part, gap or none."""

    ref: Words
    questions: list[str]
    met: int
    applicable: int
    state: Literal["met", "part", "gap", "none"]


class Mapped(TypedDict):
    """One outside framework with its coverage."""

    name: Words
    note: Words
    references: list[Reference]
    met: int
    mapped: int
    coverage: str | None


class Mapping(TypedDict):
    """Indicative mapping; `note` says what coverage means."""

    note: Words
    frameworks: list[Mapped]


class Evidence(TypedDict):
    """A reference to evidence, never its content."""

    id: str
    kind: Words
    title: Words
    date: str
    digest: str


class LedgerRow(TypedDict):
    """One ledger record that concerns the case."""

    seq: int
    at: str
    type: str
    label: Words
    actor: Words
    leaf: str


class LedgerExcerpt(TypedDict):
    """The records of the case and the size and root of the ledger that covers them; `key` when a signed checkpoint was made."""

    origin: str
    events: list[LedgerRow]
    size: int
    root: str
    key: str | None
    at: str


class Hazard(TypedDict):
    """One hazard of a KYT session with its mark and measure."""

    mark: str
    text: Words
    measure: Words


class Kyt(TypedDict):
    """One KYT session: learning, never part of the score."""

    on: str
    leader: str
    participants: int
    scenario: Words
    goal: Words
    hazards: list[Hazard]


class Version(TypedDict):
    """One version of this report; `by` is null where policy names nobody."""

    version: int
    on: str
    by: str | None
    text: Words


class HouseStamp(TypedDict):
    """Whose look a report has; absent where it is the shipped one.

    The digest of the settings of the house and of its logo file, its colours, which act each box of the signature block shows, the
    labels of boxes to be signed by hand, and the titles of the sections that it does not print.
    """

    digest: str
    logo: str | None
    colours: dict[str, str]
    acts: list[str]
    boxes: list[Words]
    left_out: list[Words]


class Content(TypedDict):
    """The whole content of one case report."""

    schema: str
    profile: Disclosure
    document: Document
    sections: list[Section]
    framework: Framework
    people: dict[str, Person]
    summary: Summary
    decision: Outcome | None
    scope: list[Fact]
    method: Method
    triggers: list[Trigger]
    route: Route
    risk: Risk
    grid: list[GridRow]
    details: list[ItemDetail]
    loose: list[AskedQuestion]
    carried: list[Carried]
    unasked: list[AskedQuestion]
    packs: list[Pack]
    findings: list[Finding]
    course: Course
    committee: Session | None
    conditions: list[Condition]
    acceptance: Acceptance | None
    monitoring: Monitoring | None
    mapping: Mapping
    limits: list[Words]
    glossary: list[Fact]
    evidence: list[Evidence]
    ledger: LedgerExcerpt | None
    kyt: list[Kyt]
    versions: list[Version]
    house: NotRequired[HouseStamp]
