"""Acts on evidence: attach a file or link to an answer, attach what the project already has, detach.

The content of a file is stored before the transaction (content-addressed, so an orphan is harmless); here only its digest is
recorded. Attaching counts as a change of the answer's support, so it is refused on a locked revision.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from governance.projects.files import check_link, clean_name, visible_text
from governance.projects.models import Evidence, Project
from governance.projects.services import visible
from governance.refusals import NotFound, Refusal
from governance.screenings import rules
from governance.screenings.filling import evidence_changed, may_fill
from governance.screenings.loading import sheet_of
from governance.screenings.models import AnswerEvidence, Screening
from governance.storage.files import Stored
from governance.work import UnitOfWork

TITLE_LENGTH = 300


@dataclass(frozen=True)
class FileGiven:
    """A file that lies in the store already: its name as uploaded, its checked media type, digest and size."""

    filename: str
    media_type: str
    stored: Stored


def add_file(
    work: UnitOfWork,
    row: Screening,
    key: str,
    given: FileGiven,
    *,
    title: str = "",
    title_en: str = "",
    expires_on: date | None = None,
) -> Evidence:
    """Record a stored file as evidence of the project and attach it to the answer."""
    return _add(work, row, key, of_file(work, row.project_id, given, title, title_en, expires_on))


def add_link(
    work: UnitOfWork,
    row: Screening,
    key: str,
    url: str,
    *,
    title: str = "",
    title_en: str = "",
    expires_on: date | None = None,
) -> Evidence:
    """Record a link as evidence; its digest is of the address, since the content behind it is not ours to keep."""
    return _add(work, row, key, of_link(work, row.project_id, url, title, title_en, expires_on))


def of_file(
    work: UnitOfWork,
    project_id: str,
    given: FileGiven,
    title: str = "",
    title_en: str = "",
    expires_on: date | None = None,
) -> Evidence:
    """Return the new piece of evidence for a stored file."""
    name = clean_name(given.filename)
    return Evidence(
        project_id=project_id,
        kind="file",
        title=one_line(title) or name,
        title_en=one_line(title_en),
        filename=name,
        media_type=given.media_type,
        size=given.stored.size,
        digest=given.stored.digest,
        added_by=work.actor.id,
        added_at=work.now,
        expires_on=expires_on,
    )


def of_link(
    work: UnitOfWork,
    project_id: str,
    url: str,
    title: str = "",
    title_en: str = "",
    expires_on: date | None = None,
) -> Evidence:
    """Return the new piece of evidence for an address. Raises Refusal unless it is one of the web."""
    address = check_link(url)
    return Evidence(
        project_id=project_id,
        kind="link",
        title=one_line(title) or address[:TITLE_LENGTH],
        title_en=one_line(title_en),
        url=address,
        digest=hashlib.sha256(address.encode()).hexdigest(),
        added_by=work.actor.id,
        added_at=work.now,
        expires_on=expires_on,
    )


def one_line(title: str) -> str:
    """Return a title as one line without invisible characters, as long as its column."""
    return visible_text(" ".join(title.split()))[:TITLE_LENGTH].strip()


def attach(work: UnitOfWork, row: Screening, key: str, evidence_id: str) -> None:
    """Attach evidence that the project already has to one more answer. NotFound when it belongs to another project."""
    _may_change(work, row, key)
    piece = work.session.get(Evidence, evidence_id)
    if piece is None or piece.project_id != row.project_id or piece.removed_at is not None:
        raise NotFound
    link(work, row, key, piece)
    work.record(
        "EvidenceAttached",
        subject=("evidence", piece.id),
        project=row.project_id,
        codes={"question": key, "screening": row.id},
        refs={"file": piece.digest},
    )


def detach(work: UnitOfWork, row: Screening, key: str, evidence_id: str) -> None:
    """Take evidence off an answer; the piece itself stays with the project and with earlier snapshots."""
    _may_change(work, row, key)
    held = work.session.get(AnswerEvidence, (row.id, key, evidence_id))
    if held is None:
        raise NotFound
    unlink(work, row, key, evidence_id)
    work.record(
        "EvidenceDetached",
        subject=("evidence", evidence_id),
        project=row.project_id,
        codes={"question": key, "screening": row.id},
        refs={"file": held.evidence.digest},
    )


def piece(work: UnitOfWork, evidence_id: str) -> Evidence:
    """Return a file of a project that the actor may see; NotFound otherwise (nested under visible, assurance.md T6)."""
    query = (
        select(Evidence).join(Project).where(Evidence.id == evidence_id, Evidence.kind == "file", visible(work.actor))
    )
    found = work.session.scalars(query).one_or_none()
    if found is None:
        raise NotFound
    return found


def _add(work: UnitOfWork, row: Screening, key: str, piece: Evidence) -> Evidence:
    """Record and attach a piece; sending the same one again for the same answer changes nothing (a double click)."""
    _may_change(work, row, key)
    if (known := _attached(work, row, key, piece.digest)) is not None:
        return known
    work.session.add(piece)
    work.session.flush()
    link(work, row, key, piece)
    work.record(
        "EvidenceAdded",
        subject=("evidence", piece.id),
        project=row.project_id,
        codes={"question": key, "screening": row.id, "kind": piece.kind},
        refs={"file": piece.digest},
        row=piece,
    )
    return piece


def _attached(work: UnitOfWork, row: Screening, key: str, digest: str) -> Evidence | None:
    query = (
        select(Evidence)
        .join(AnswerEvidence)
        .where(AnswerEvidence.screening_id == row.id, AnswerEvidence.question_key == key, Evidence.digest == digest)
    )
    return work.session.scalars(query).first()


def link(work: UnitOfWork, row: Screening, key: str, piece: Evidence) -> None:
    """Let a piece support an answer, as a part of a recorded act. Raises Refusal when it does already."""
    if work.session.get(AnswerEvidence, (row.id, key, piece.id)) is not None:
        raise Refusal(
            "evidence.already", "この証跡はすでに付いています。", "This evidence is attached already.", place=key
        )
    work.session.add(
        AnswerEvidence(
            screening_id=row.id,
            question_key=key,
            evidence_id=piece.id,
            attached_by=work.actor.id,
            attached_at=work.now,
            evidence=piece,
        )
    )
    _changed(work, row, key)


def unlink(work: UnitOfWork, row: Screening, key: str, evidence_id: str) -> None:
    """Let a piece support an answer no longer, as a part of a recorded act."""
    work.session.delete(work.session.get_one(AnswerEvidence, (row.id, key, evidence_id)))
    _changed(work, row, key)


def _changed(work: UnitOfWork, row: Screening, key: str) -> None:
    row.changed_at = work.now
    work.session.flush()
    evidence_changed(work, row, key)


def _may_change(work: UnitOfWork, row: Screening, key: str) -> None:
    may_fill(work, row)
    rules.question_or_refuse(sheet_of(row), key)
