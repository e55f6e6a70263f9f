"""What an erasure would take away, part by part: every text, private value and stored file, and how each is made to go.

Dry run and performance walk the same way, so that what is shown before is what is done. Which texts belong to a part stands in
PLACES; what is missing there stays (test_inventory looks at every column of every table).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import rfc8785
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from governance.accounts.models import User
from governance.discussions.models import Comment, CommentCorrection, Delegation, Thread
from governance.erasure.rules import BLANK, NOBODY, gone, part_of, snapshot_part
from governance.learning.models import KytHazard, KytMeasure, KytParticipant, KytRecord, KytSession, TrainingRecord
from governance.ledger.governed import GOVERNED
from governance.ledger.models import LedgerEvent, LedgerValue
from governance.ledger.writing import canonical_reading
from governance.monitoring.models import (
    Alert,
    Incident,
    IncidentChange,
    IncidentDuty,
    Indicator,
    IndicatorBand,
    Reading,
    ReadingBatch,
    ReadingKey,
)
from governance.projects.models import Disposal, Erasure, Evidence, LifeAct, Project
from governance.reports.models import Paper, Report
from governance.reviews.amendment_models import Amendment
from governance.screenings.models import (
    AdoptedMeasure,
    Answer,
    AnswerChange,
    ItemRating,
    Reassessment,
    Screening,
    Snapshot,
    SnapshotText,
)
from governance.storage.tables import Base
from governance.texts import ERASED, ERASED_BOTH

WRITTEN = ("text", "remark", "severity_reason", "likelihood_reason")
"""Texts within a state of an answer's history."""
CONTENT = frozenset({"answers", "item_ratings", "answer_changes"})


@dataclass(frozen=True)
class Bit:
    """One thing that goes: the names under which the ledger tells of it, how it goes, and the governed row that it changes.

    `screening` is the screening whose locked content it changes, which is anchored anew.
    """

    names: tuple[str, ...]
    take: Callable[[], None]
    is_row: bool = False
    screening: str | None = None


class Place(NamedTuple):
    """Texts of a table: its part, its columns, and which of its rows belong to a project (or to a person)."""

    part: str
    model: Any
    columns: str
    within: Callable[[str], ColumnElement[bool]]


def _own(model: Any) -> Callable[[str], ColumnElement[bool]]:
    return lambda project: model.project_id == project


def _screened(model: Any) -> Callable[[str], ColumnElement[bool]]:
    return lambda project: model.screening_id.in_(select(Screening.id).where(Screening.project_id == project))


def _threads(project: str) -> Any:
    return select(Thread.id).where(Thread.project_id == project)


def _reported(model: Any) -> Callable[[str], ColumnElement[bool]]:
    return lambda project: model.incident_id.in_(select(Incident.id).where(Incident.project_id == project))


def _held(model: Any) -> Callable[[str], ColumnElement[bool]]:
    return lambda project: model.session_id.in_(select(KytSession.id).where(KytSession.project_id == project))


PLACES = (
    Place("answers", Answer, "text remark", _screened(Answer)),
    Place("answers", ItemRating, "severity_reason likelihood_reason", _screened(ItemRating)),
    Place("answers", AdoptedMeasure, "title_ja title_en note", _own(AdoptedMeasure)),
    Place("answers", Delegation, "note", _own(Delegation)),
    Place("comments", Comment, "text", lambda project: Comment.thread_id.in_(_threads(project))),
    Place(
        "comments",
        CommentCorrection,
        "text",
        lambda project: CommentCorrection.comment_id.in_(
            select(Comment.id).where(Comment.thread_id.in_(_threads(project)))
        ),
    ),
    Place("evidence", Evidence, "title title_en filename url removed_because", _own(Evidence)),
    Place("reasons", LifeAct, "reason", _own(LifeAct)),
    Place("reasons", Disposal, "data models access customers records done_by", _own(Disposal)),
    Place("reasons", Reassessment, "note", _screened(Reassessment)),
    Place("reasons", Amendment, "text", _own(Amendment)),
    Place("operation", Incident, "title happened effect affected cause immediate prevention closing_note", _own(Incident)),
    Place("operation", IncidentChange, "body reason", _reported(IncidentChange)),
    Place("operation", IncidentDuty, "recipient note", _reported(IncidentDuty)),
    Place("operation", ReadingKey, "name", _own(ReadingKey)),
    Place("operation", Indicator, "name name_en note retired_because", _own(Indicator)),
    Place(
        "operation",
        IndicatorBand,
        "reason",
        lambda project: IndicatorBand.indicator_id.in_(select(Indicator.id).where(Indicator.project_id == project)),
    ),
    Place("operation", Alert, "reason", _own(Alert)),
    Place(
        "exercises",
        KytSession,
        "title title_en situation situation_en place team_goal call dropped_because",
        _own(KytSession),
    ),
    Place("exercises", KytParticipant, "name", _held(KytParticipant)),
    Place("exercises", KytHazard, "cause event", _held(KytHazard)),
    Place("exercises", KytMeasure, "text", _held(KytMeasure)),
    Place("exercises", KytRecord, "body", _held(KytRecord)),
    Place("project", Project, "name name_en summary summary_en customer customer_en end_subjects end_subjects_en",
          lambda project: Project.id == project),
)  # fmt: skip
"""Every text that goes by being written over. Where a body has a digest beside it, the digest stays and says what the body was."""

PERSON_PLACES = (
    Place("training", TrainingRecord, "note withdrawn_because", lambda person: TrainingRecord.user_id == person),
)
"""The same for a person; the account itself goes in a way of its own."""


def bits(session: Session, erasure: Erasure, part: str) -> Iterator[Bit]:
    """Yield what goes with one part of an erasure, in a fixed order. What is gone already is left out."""
    if erasure.person_id is not None:
        yield from _of_person(session, erasure.person_id, part)
        return
    project = str(erasure.project_id)
    for place in (each for each in PLACES if each.part == part):
        yield from _texts(session, place, project)
    if part == "answers":
        yield from _history(session, project)
    if part == "operation":
        yield from _notes(session, project)
    if part in ("answers", "evidence", "project"):
        yield from _snapshots(session, project, part)
    if part in ("evidence", "reports"):
        yield from _files(session, erasure, part)
    yield from _values(session, LedgerEvent.project == project, part)


def _texts(session: Session, place: Place, target: str) -> Iterator[Bit]:
    table = place.model.__tablename__
    columns = place.columns.split()
    for row in session.scalars(select(place.model).where(place.within(target)).order_by(place.model.id)):
        found = [name for name in columns if (getattr(row, name) or "") not in BLANK]
        if found:
            yield Bit(
                tuple(f"{table}:{row.id}/{name}" for name in found),
                _over(row, found, columns),
                table in GOVERNED,
                row.screening_id if table in CONTENT else None,
            )


def _over(row: Any, found: list[str], columns: list[str]) -> Callable[[], None]:
    """Return the act that writes over these texts; an English side that was never given says so too."""

    def act() -> None:
        for name in found:
            pair = name.removesuffix("_ja") + "_en"
            setattr(row, name, gone(name, pair in columns))
            if pair in columns and not getattr(row, pair):
                setattr(row, pair, ERASED.en)

    return act


def _history(session: Session, project: str) -> Iterator[Bit]:
    """The texts within each saved state of the answers; what was chosen stays."""
    query = select(AnswerChange).where(_screened(AnswerChange)(project)).order_by(AnswerChange.id)
    for row in session.scalars(query):
        told = json.loads(row.body)
        found = [name for name in WRITTEN if (told.get(name) or "") not in BLANK]
        if found:
            body = rfc8785.dumps({**told, **dict.fromkeys(found, ERASED_BOTH)}).decode()
            names = tuple(f"answer_changes:{row.id}/{name}" for name in found)
            yield Bit(names, _set(row, "body", body), False, row.screening_id)


def _notes(session: Session, project: str) -> Iterator[Bit]:
    """The notes of readings, a batch at a time: its digest is made anew, and its row says so to the ledger."""
    noted = select(Reading.batch_id).where(Reading.note.not_in(sorted(BLANK)))
    query = select(ReadingBatch).where(ReadingBatch.project_id == project, ReadingBatch.id.in_(noted))
    for row in session.scalars(query.order_by(ReadingBatch.id)):
        yield Bit((f"reading_batches:{row.id}/notes",), _unnoted(session, row), True)


def _unnoted(session: Session, row: ReadingBatch) -> Callable[[], None]:
    table = Base.metadata.tables[Reading.__tablename__]
    mine = table.c.batch_id == row.id

    def act() -> None:
        noted = table.c.note.not_in(sorted(BLANK))
        session.connection().execute(update(table).where(mine, noted).values(note=ERASED_BOTH))
        lines = session.connection().execute(select(table).where(mine).order_by(table.c.position)).mappings()
        row.digest = hashlib.sha256(b"\n".join(canonical_reading(dict(each)) for each in lines)).hexdigest()

    return act


def _set(row: Any, name: str, value: Any) -> Callable[[], None]:
    return lambda: setattr(row, name, value)


def _snapshots(session: Session, project: str, part: str) -> Iterator[Bit]:
    texts = Base.metadata.tables[SnapshotText.__tablename__]
    frozen = select(Snapshot.id).join(Screening, Snapshot.screening_id == Screening.id)
    query = select(texts.c.snapshot_id, texts.c.path).where(
        texts.c.snapshot_id.in_(frozen.where(Screening.project_id == project)), texts.c.value != ""
    )
    for id, path in session.execute(query.order_by(texts.c.snapshot_id, texts.c.path)).all():
        if snapshot_part(path) == part:
            here = delete(texts).where(texts.c.snapshot_id == id, texts.c.path == path)
            yield Bit((f"snapshots:{id}{path}",), _run(session, here))


def _values(session: Session, whose: ColumnElement[bool], part: str) -> Iterator[Bit]:
    """The private values of entries of this part."""
    values = Base.metadata.tables[LedgerValue.__tablename__]
    query = (
        select(values.c.seq, values.c.path, LedgerEvent.type)
        .join(LedgerEvent, LedgerEvent.seq == values.c.seq)
        .where(whose, values.c.path.like("private.%"))
        .order_by(values.c.seq, values.c.path)
    )
    for seq, path, act in session.execute(query).all():
        if part == "account" or part_of(act) == part:
            here = delete(values).where(values.c.seq == seq, values.c.path == path)
            yield Bit((f"{seq}:{path}",), _run(session, here))


def _run(session: Session, statement: Any) -> Callable[[], None]:
    """Return the act that runs a statement past the unit of work, which refuses to take ledger values away otherwise."""
    return lambda: void(session.connection().execute(statement))


def void(_: object) -> None:
    """Forget a result."""


def _files(session: Session, erasure: Erasure, part: str) -> Iterator[Bit]:
    """Rows that name a stored file: they say under which erasure it goes; the file itself goes after the commit."""
    models: tuple[Any, ...] = (Evidence,) if part == "evidence" else (Report, Paper)
    for model in models:
        own = select(model).where(model.project_id == erasure.project_id, model.erased_id.is_(None)).order_by(model.id)
        for row in session.scalars(own.where(Evidence.kind == "file") if model is Evidence else own):
            yield Bit((f"{model.__tablename__}:{row.id}/file",), _set(row, "erased_id", erasure.id), True)


PERSON = ("name", "name_en", "email", "department", "department_en")


def _of_person(session: Session, person: str, part: str) -> Iterator[Bit]:
    for place in (each for each in PERSON_PLACES if each.part == part):
        yield from _texts(session, place, person)
    if part == "account":
        yield from _account(session, person)
    if part == "training":
        own = session.scalars(select(TrainingRecord.id).where(TrainingRecord.user_id == person))
        yield from _values(session, LedgerEvent.subject.in_([f"training:{id}" for id in own]), part)


def _account(session: Session, person: str) -> Iterator[Bit]:
    row = session.get_one(User, person)
    wanted = {
        "name": NOBODY.ja,
        "name_en": NOBODY.en,
        "email": f"{row.id}@erased.invalid",
        "department": "",
        "department_en": "",
    }
    for name in PERSON:
        if getattr(row, name) not in ("", wanted[name]):
            yield Bit((f"users:{row.id}/{name}",), _set(row, name, wanted[name]))
    yield from _values(session, LedgerEvent.subject == f"account:{person}", "account")
