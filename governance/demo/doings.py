"""What people do beside filling, reviewing and deciding: talk, hand questions on, renew evidence, watch what runs, stop and end projects.

A file of `seeds/demo/doings/` tells this of one project, act by act. A key that an act makes (a thread, a piece of evidence, an
indicator) is the name by which later acts of the same file call it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from governance.demo.written import Clock, Paper, Said, Written


class _Doing(Written):
    """When it happens and who does it; days before today only, so that nothing lies in the future at any hour."""

    day: int = Field(le=-1)
    time: Clock = "10:00"
    by: Said


class Talk(_Doing):
    """A thread is begun at a place of a screening: the key of a question, or nothing for the case as a whole."""

    act: Literal["talk"]
    key: Said
    phase: Said
    place: str = ""
    kind: Literal["comment", "remark"] = "comment"
    text: Said


class Say(_Doing):
    """More is said in a thread."""

    act: Literal["say"]
    thread: Said
    text: Said


class Settle(_Doing):
    """A remark is answered, a thread resolved or opened again."""

    act: Literal["settle"]
    thread: Said
    how: Literal["answer", "resolve", "reopen"]
    text: str = ""


class Ask(_Doing):
    """Questions are handed to a colleague."""

    act: Literal["ask"]
    key: Said
    phase: Said
    places: list[Said]
    person: Said
    due: int
    note: str = ""


class Finish(_Doing):
    """Whoever was asked says that it is done."""

    act: Literal["finish"]
    asked: Said


class Support(_Doing):
    """A paper is put to the questions it supports; `expires` is the last day on which it holds."""

    act: Literal["support"]
    phase: Said
    paper: Paper
    expires: int | None = None


class Renew(_Doing):
    """A paper that this file added gets its next version, which moves with the answers that are still open."""

    act: Literal["renew"]
    earlier: Said
    paper: Paper


class Reopen(_Doing):
    """A phase is screened again; later acts call the screening by `key` in the place of a phase."""

    act: Literal["reopen"]
    key: Said
    phase: Said
    reasons: list[Said]
    note: Said
    due: int


class Suspend(_Doing):
    """The project is suspended."""

    act: Literal["suspend"]
    reason: Said


class Retire(_Doing):
    """The project is ended with its disposal record."""

    act: Literal["retire"]
    reason: Said
    told: dict[str, Said]
    not_applicable: list[Said] = Field(default=[])
    records_until: int
    done_by: Said
    done: int


class Watch(_Doing):
    """An indicator is registered with its range, valid from a day that may be earlier."""

    act: Literal["watch"]
    key: Said
    name: Said
    name_en: Said
    unit: str
    note: str = ""
    every: int
    owner: Said
    direction: Literal["up", "down", "within"]
    low: str = ""
    high: str = ""
    valid_from: int
    opens_screening: bool = False
    run: int = 1


class Measure(_Doing):
    """Readings are entered: pairs of day and value of one indicator."""

    act: Literal["measure"]
    indicator: Said
    source: Literal["hand", "csv"] = "hand"
    values: list[tuple[int, Said]]
    note: str = ""


class Report(_Doing):
    """An incident or near miss is reported with what is known."""

    act: Literal["incident"]
    key: Said
    kind: Literal["incident", "near_miss"]
    title: Said
    occurred: int
    occurred_time: str = ""
    happened: Said
    severity: int
    effect: str = ""
    affected: str = ""
    affected_count: int | None = None
    cause: str = ""
    immediate: str = ""
    prevention: str = ""


class Duty(_Doing):
    """Somebody outside was told of an incident."""

    act: Literal["duty"]
    incident: Said
    kind: Literal["authority", "customer", "affected", "other"]
    recipient: Said
    due: int
    told: int


class Remedy(_Doing):
    """A measure is adopted because of an incident and carried out later, by whoever adopts it."""

    act: Literal["remedy"]
    incident: Said
    key: Said
    phase: Said
    title: Said
    owner: Said
    due: int


class Done(_Doing):
    """A measure was carried out."""

    act: Literal["done"]
    measure: Said
    note: Said


class Analyse(_Doing):
    """An incident is said to be analysed."""

    act: Literal["analyse"]
    incident: Said


class Close(_Doing):
    """The expert team closes an incident."""

    act: Literal["close_incident"]
    incident: Said
    note: Said


class Amend(_Doing):
    """A change to what was approved is filed."""

    act: Literal["amend"]
    key: Said
    phase: Said
    scale: Literal["minor", "major"]
    reasons: list[Said]
    text: Said


class Judge(_Doing):
    """The expert team decides a minor change."""

    act: Literal["judge"]
    amendment: Said
    how: Literal["accept", "rescreen"]
    verdict: Said


class BodyAsk(_Doing):
    """A body is asked for its opinion on a screening."""

    act: Literal["body_ask"]
    key: Said
    phase: Said
    body: Said
    due: int
    question: Said


class BodyAnswer(_Doing):
    """The body answers."""

    act: Literal["body_answer"]
    asked: Said
    stance: Literal["no_objection", "with_remarks", "concern", "objection"]
    text: Said


Doing = Annotated[
    Talk | Say | Settle | Ask | Finish | Support | Renew | Reopen | Suspend | Retire | Watch | Measure | Report | Duty | Remedy | Done
    | Analyse | Close | Amend | Judge | BodyAsk | BodyAnswer,
    Field(discriminator="act"),
]


class Doings(Written):
    """What was done about one project."""

    project: Said
    language: Literal["ja", "en"] = "ja"
    doings: list[Doing]


class Reading(Written):
    """Somebody has read all notices left until that evening."""

    person: Said
    day: int = Field(le=-1)
