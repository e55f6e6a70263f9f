"""Past screenings as vectors: kept beside every snapshot, read in order, and made from the snapshot where they are missing.

What is kept is derived, so it answers for nothing: losing it costs time, never a fact (vectors.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from governance.questionnaires.models import FrameworkVersion, QuestionnaireVersion
from governance.questionnaires.services import framework_in, questionnaire_in
from governance.screenings.loading import Filled, rulings_in_force
from governance.screenings.models import AnswerLayout, AnswerVector, Ruling, Screening, Snapshot
from governance.screenings.result import Rating
from governance.screenings.routing import Rulings, Sheet
from governance.screenings.scoring import NO_RULINGS
from governance.screenings.vectors import LISTS, Layout, Vector, layout_digest

IN_SNAPSHOTS = exists().where(Snapshot.screening_id == Screening.id)


class Past(NamedTuple):
    """One submitted screening: the name of its layout and its answers."""

    screening_id: str
    layout: str
    vector: Vector


def keep(session: Session, snapshot: Snapshot, screening: Screening, filled: Filled) -> None:
    """Keep the answers of a snapshot as codes, in place of those of an earlier one of the same screening."""
    pins = [pin.questionnaire_id for pin in screening.pins]
    digest = _kept_layout(session, screening.framework_id, screening.phase, pins)
    ratings = {item: Rating(r.severity, r.likelihood) for item, r in filled.ratings.items()}
    vector = Layout(filled.sheet).vector(filled.values, ratings, filled.in_force)
    row = session.get(AnswerVector, screening.id) or AnswerVector(screening_id=screening.id)
    row.snapshot_id, row.layout = snapshot.id, digest
    row.codes, row.marks, row.rest = vector.codes, vector.marks, dict(vector.rest)
    row.severity, row.likelihood = vector.severity, vector.likelihood
    row.rulings = told(vector.rulings)
    session.add(row)
    session.flush()


def told(rulings: Rulings) -> dict[str, Any]:
    """Return the rulings that are not marks of questions, as JSON, without what is empty."""
    found = {name: sorted(getattr(rulings, name)) for name in LISTS if getattr(rulings, name)}
    return {**found, "route": rulings.route} if rulings.route else dict(found)


def _kept_layout(session: Session, framework: str, phase: str, questionnaires: list[str]) -> str:
    digest = layout_digest(framework, questionnaires, phase)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {"digest": digest, "framework_id": framework, "phase": phase, "questionnaires": questionnaires}
    session.execute(insert(AnswerLayout).values(row).on_conflict_do_nothing())  # two may submit at once
    return digest


def layout_of(session: Session, digest: str) -> Layout:
    """Return the layout of this name. KeyError when there is none."""
    row = session.get(AnswerLayout, digest)
    if row is None:
        raise KeyError(digest)
    return Layout(sheet_by(session, row.framework_id, row.phase, row.questionnaires))


def sheet_by(session: Session, framework: str, phase: str, questionnaires: Sequence[str]) -> Sheet:
    """Return the sheet of these versions, in this order."""
    version = session.get_one(FrameworkVersion, framework)
    documents = [session.get_one(QuestionnaireVersion, id) for id in questionnaires]
    return Sheet(framework_in(version), phase, tuple(questionnaire_in(each) for each in documents))


def count(session: Session) -> int:
    """Return how many screenings were ever submitted."""
    return session.scalar(select(func.count()).select_from(Screening).where(IN_SNAPSHOTS)) or 0


def past(session: Session, after: str, limit: int) -> Iterator[Past | tuple[str, Layout, Vector]]:
    """Yield the submitted screenings after an identifier in order: those with a vector by it, others by their newest snapshot."""
    for row in session.execute(_page(Screening.id > after, limit)):
        yield _of_row(row) if row.layout is not None else (row.id, *of_snapshot(session, newest(session, row.id)))


def _page(wanted: ColumnElement[bool], limit: int) -> Select[Any]:
    columns = [getattr(AnswerVector, name) for name in (*Vector.__dataclass_fields__, "layout")]
    query = select(Screening.id, *columns).outerjoin(AnswerVector, AnswerVector.screening_id == Screening.id)
    return query.where(wanted, IN_SNAPSHOTS).order_by(Screening.id).limit(limit)


def _of_row(row: Row[Any]) -> Past:
    rulings = _rulings(row.rulings) if row.rulings else NO_RULINGS
    vector = Vector(row.codes, row.severity, row.likelihood, row.marks, row.rest, rulings)
    return Past(row.id, row.layout, vector)


def _rulings(stored: Mapping[str, Any]) -> Rulings:
    lists = {name: frozenset(stored.get(name, ())) for name in LISTS}
    return Rulings(**lists, route=stored.get("route", ""))


def one(session: Session, screening_id: str) -> tuple[Layout, Vector]:
    """Return layout and answers of one submitted screening."""
    found = next(iter(session.execute(_page(Screening.id == screening_id, 1))))
    if found.layout is None:
        return of_snapshot(session, newest(session, screening_id))
    return layout_of(session, found.layout), _of_row(found).vector


# ---------------------------------------------------------------- from a snapshot


def newest(session: Session, screening_id: str) -> Snapshot:
    """Return the newest snapshot of a screening: of the last revision the checked one, if there is one."""
    query = select(Snapshot).where(Snapshot.screening_id == screening_id)
    order = (Snapshot.revision.desc(), Snapshot.created_at.desc(), Snapshot.stage)
    return next(iter(session.scalars(query.order_by(*order).limit(1))))


def of_snapshot(session: Session, snapshot: Snapshot) -> tuple[Layout, Vector]:
    """Return layout and answers as a snapshot holds them."""
    body = json.loads(snapshot.body)
    versions = [each["id"] for each in body["questionnaires"]]
    sheet = sheet_by(session, body["framework"]["id"], body["screening"]["phase"], versions)
    carried = frozenset(each["key"] for each in body["answers"] if each["carried"])
    layout = Layout(Sheet(sheet.framework, sheet.phase, sheet.questionnaires, carried))
    answers = {each["key"]: each["value"] for each in body["answers"] if each["value"]}
    ratings = {each["item"]: Rating(each["severity"], each["likelihood"]) for each in body["ratings"]}
    return layout, layout.vector(answers, ratings, _in_force(session, body))


def _in_force(session: Session, body: Mapping[str, Any]) -> Rulings:
    """Return which rulings held, by the one rule that says so (loading.py)."""
    screening = Screening(
        revision=body["screening"]["revision"],
        framework_version=session.get_one(FrameworkVersion, body["framework"]["id"]),
    )
    rulings = [
        Ruling(
            kind=each["kind"],
            target=each["target"],
            outcome=each["outcome"],
            revision=each["revision"],
            ruled_at=datetime.fromisoformat(each["at"]),
        )
        for each in body["rulings"]
    ]
    saved = {each["key"]: datetime.fromisoformat(each["at"]) for each in body["answers"]}
    return rulings_in_force(screening, rulings, saved, framework_in(screening.framework_version))
