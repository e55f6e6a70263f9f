"""Freezing a screening into the snapshot a decision rests on, and thawing it for pages and reports.

The body is canonical JSON with everything that was decided on: versions and digests of framework and questionnaires, answers,
evidence digests, ratings, rulings, score. Free text stands in it only as a salted commitment; the text itself lies beside it and
can be erased later without changing body or digest (assurance.md §3.8).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import rfc8785
from sqlalchemy import select
from sqlalchemy.orm import Session

from governance.ledger.rules import moment
from governance.screenings import past
from governance.screenings.loading import Filled
from governance.screenings.models import AnswerChange, Ruling, Screening, Snapshot, SnapshotText
from governance.screenings.shelf import Shelf, shelf_in
from governance.work import UnitOfWork

SCHEMA = "snapshot/1"
PROJECT_FIELDS = (
    "number",
    "name",
    "name_en",
    "summary",
    "summary_en",
    "sector",
    "regions",
    "own_roles",
    "customer",
    "customer_en",
    "end_subjects",
    "end_subjects_en",
    "techniques",
    "system_version",
    "department",
    "department_en",
)


class Free(str):
    """Marks text that a person wrote freely: committed to, not contained, in the frozen body."""

    __slots__ = ()


def freeze(work: UnitOfWork, screening: Screening, filled: Filled, stage: str) -> Snapshot:
    """Freeze the screening as it stands (`stage`: submitted or checked) and return the snapshot, flushed but not yet evented."""
    texts: list[SnapshotText] = []
    tree = _sealed(content(work.session, screening, filled, stage), "", texts)
    body = rfc8785.dumps(tree)
    snapshot = Snapshot(
        screening_id=screening.id,
        revision=screening.revision,
        stage=stage,
        body=body.decode(),
        digest=hashlib.sha256(body).hexdigest(),
        created_by=work.actor.id,
        created_at=work.now,
    )
    work.session.add(snapshot)
    work.session.flush()
    for text in texts:
        text.snapshot_id = snapshot.id
    work.session.add_all(texts)
    work.session.flush()
    past.keep(work.session, snapshot, screening, filled)
    return snapshot


def thaw(session: Session, snapshot: Snapshot, erased: str | None = None) -> dict[str, Any]:
    """Return the snapshot's content with its texts in place; for an erased text `erased` stands there."""
    texts = {
        t.path: t.value for t in session.scalars(select(SnapshotText).where(SnapshotText.snapshot_id == snapshot.id))
    }
    return dict(_opened(json.loads(snapshot.body), "", texts, erased))


def content(session: Session, screening: Screening, filled: Filled, stage: str) -> dict[str, Any]:
    """Return the plain content of a snapshot; texts entered by people are marked `Free`."""
    return {
        "schema": SCHEMA,
        "stage": stage,
        "screening": _screening(screening),
        "project": _project(session, screening, stage),
        "framework": _version(screening.framework_version),
        "questionnaires": [
            {**_version(pin.questionnaire), "kind": pin.questionnaire.kind, "phase": pin.questionnaire.phase}
            for pin in screening.pins
        ],
        "answers": [_answer(key, filled) for key in sorted(filled.answers)],
        "ratings": [
            _rating(filled.ratings[item.code]) for item in filled.sheet.framework.items if item.code in filled.ratings
        ],
        "evidence": _evidence(filled, shelf_in(session, screening.project_id)),
        "rulings": [_ruling(each) for each in filled.rulings],
        "score": plain(filled.score),
        "history": _history_digest(session, screening),
    }


def plain(value: Any) -> Any:
    """Return dataclasses, decimals, dates and tuples as JSON values; decimals as text."""
    if is_dataclass(value) and not isinstance(value, type):
        return {key: plain(item) for key, item in asdict(value).items()}
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value else "0"
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else value


def _screening(screening: Screening) -> dict[str, Any]:
    return {
        "id": screening.id,
        "phase": screening.phase,
        "sequence": screening.sequence,
        "revision": screening.revision,
        "opened_by": screening.opened_by,
        "opened_at": moment(screening.opened_at),
        "submitted_by": screening.submitted_by,
        "submitted_at": moment(screening.submitted_at) if screening.submitted_at else None,
    }


def _project(session: Session, screening: Screening, stage: str) -> dict[str, Any]:
    """Return what the project says about itself: on the check, what it said when it was submitted, for that was checked."""
    project = screening.project
    fields = {name: getattr(project, name) for name in PROJECT_FIELDS}
    if stage == "checked" and (submitted := _submitted(session, screening)) is not None:
        told = thaw(session, submitted)["project"]
        fields = {name: told[name] for name in PROJECT_FIELDS}
    free = {"name", "name_en", "summary", "summary_en", "customer", "customer_en", "end_subjects", "end_subjects_en"}
    members = [{"user": m.user_id, "part": m.part} for m in project.members if m.is_current]
    shown = {name: Free(value) if name in free and value is not None else value for name, value in fields.items()}
    return {"id": project.id, **shown, "members": sorted(members, key=lambda m: (m["part"], m["user"]))}


def _submitted(session: Session, screening: Screening) -> Snapshot | None:
    query = select(Snapshot).where(Snapshot.screening_id == screening.id, Snapshot.revision == screening.revision)
    return session.scalars(query.where(Snapshot.stage == "submitted")).one_or_none()


def _version(row: Any) -> dict[str, str]:
    return {"id": row.id, "key": row.key, "version": row.version, "digest": row.digest}


def _answer(key: str, filled: Filled) -> dict[str, Any]:
    answer = filled.answers[key]
    return {
        "key": key,
        "value": answer.value,
        **({"text": Free(answer.text)} if answer.text else {}),
        "remark": Free(answer.remark),
        "due_on": answer.due_on.isoformat() if answer.due_on else None,
        "by": answer.author_id,
        "at": moment(answer.saved_at),
        "carried": answer.carried_from is not None,
        "asked": key in filled.score.asked,
        "evidence": [e.id for e in filled.evidence.get(key, [])],
    }


def _rating(rating: Any) -> dict[str, Any]:
    return {
        "item": rating.item,
        "severity": rating.severity,
        "likelihood": rating.likelihood,
        "by": rating.author_id,
        "severity_reason": Free(rating.severity_reason),
        "likelihood_reason": Free(rating.likelihood_reason),
    }


def _ruling(ruling: Ruling) -> dict[str, Any]:
    return {
        "kind": ruling.kind,
        "target": ruling.target,
        "outcome": ruling.outcome,
        "reason": Free(ruling.reason),
        "revision": ruling.revision,
        "by": ruling.ruled_by,
        "at": moment(ruling.ruled_at),
    }


def _evidence(filled: Filled, shelf: Shelf) -> list[dict[str, Any]]:
    """Return what supports the answers; a version after the first and a last day are told where there are any."""
    each = {e.id: e for pieces in filled.evidence.values() for e in pieces}
    return [
        {
            "id": e.id,
            "kind": e.kind,
            "title": Free(e.title),
            "title_en": Free(e.title_en),
            "filename": Free(e.filename),
            "url": Free(e.url),
            "size": e.size,
            "digest": e.digest,
            "by": e.added_by,
            "at": moment(e.added_at),
            **({"version": shelf.number(e)} if e.replaces_id else {}),
            **({"expires_on": e.expires_on.isoformat()} if e.expires_on else {}),
        }
        for e in sorted(each.values(), key=lambda e: (e.added_at, e.id))
    ]


def _history_digest(session: Session, screening: Screening) -> dict[str, Any]:
    """Return count and digest of the answers' history: submitting anchors it (design.md §3.8)."""
    query = select(AnswerChange.id, AnswerChange.body).where(AnswerChange.screening_id == screening.id)
    rows = sorted((str(id), body) for id, body in session.execute(query))
    digest = hashlib.sha256()
    for id, body in rows:
        digest.update(hashlib.sha256(f"{id}\0{body}".encode()).digest())
    return {"changes": len(rows), "digest": digest.hexdigest()}


def _sealed(value: Any, path: str, texts: list[SnapshotText]) -> Any:
    if isinstance(value, Free):
        salt = secrets.token_bytes(32)
        texts.append(SnapshotText(path=path, salt=salt, value=str(value)))
        return {"commitment": hmac.new(salt, value.encode(), hashlib.sha256).hexdigest()}
    if isinstance(value, dict):
        return {key: _sealed(item, f"{path}/{key}", texts) for key, item in value.items()}
    if isinstance(value, list):
        return [_sealed(item, f"{path}/{number}", texts) for number, item in enumerate(value)]
    return value


def _opened(value: Any, path: str, texts: Mapping[str, str], erased: str | None) -> Any:
    if isinstance(value, dict):
        if set(value) == {"commitment"}:
            return texts.get(path, erased)
        return {key: _opened(item, f"{path}/{key}", texts, erased) for key, item in value.items()}
    if isinstance(value, list):
        return [_opened(item, f"{path}/{number}", texts, erased) for number, item in enumerate(value)]
    return value
