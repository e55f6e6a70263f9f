"""Acts on evidence: attach a file or link to an answer, attach what the project already has, detach.

The content of a file is stored before the transaction (content-addressed, so an orphan is harmless); here only its digest is
recorded. Attaching counts as a change of the answer's support, so it is refused on a locked revision.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import select

from governance.accounts.rules import authorize
from governance.projects.files import check_link, clean_name
from governance.projects.models import Evidence, Project
from governance.projects.services import relations_of, visible
from governance.refusals import NotFound, Refusal
from governance.screenings import rules
from governance.screenings.filling import evidence_changed
from governance.screenings.loading import sheet_of
from governance.screenings.models import AnswerEvidence, Screening
from governance.storage.files import Stored
from governance.work import UnitOfWork


@dataclass(frozen=True)
class FileGiven:
    """A file that lies in the store already: its name as uploaded, its checked media type, digest and size."""

    filename: str
    media_type: str
    stored: Stored


def add_file(
    work: UnitOfWork, row: Screening, key: str, given: FileGiven, *, title: str = "", title_en: str = ""
) -> Evidence:
    """Record a stored file as evidence of the project and attach it to the answer."""
    name = clean_name(given.filename)
    return _add(
        work,
        row,
        key,
        Evidence(
            project_id=row.project_id,
            kind="file",
            title=(title.strip() or name)[:300],
            title_en=title_en.strip(),
            filename=name,
            media_type=given.media_type,
            size=given.stored.size,
            digest=given.stored.digest,
            added_by=work.actor.id,
            added_at=work.now,
        ),
    )


def add_link(work: UnitOfWork, row: Screening, key: str, url: str, *, title: str = "", title_en: str = "") -> Evidence:
    """Record a link as evidence; its digest is of the address, since the content behind it is not ours to keep."""
    address = check_link(url)
    return _add(
        work,
        row,
        key,
        Evidence(
            project_id=row.project_id,
            kind="link",
            title=(title.strip() or address)[:300],
            title_en=title_en.strip(),
            url=address,
            digest=hashlib.sha256(address.encode()).hexdigest(),
            added_by=work.actor.id,
            added_at=work.now,
        ),
    )


def attach(work: UnitOfWork, row: Screening, key: str, evidence_id: str) -> None:
    """Attach evidence that the project already has to one more answer. NotFound when it belongs to another project."""
    _may_change(work, row, key)
    piece = work.session.get(Evidence, evidence_id)
    if piece is None or piece.project_id != row.project_id or piece.removed_at is not None:
        raise NotFound
    _link(work, row, key, piece)
    work.record(
        "EvidenceAttached",
        subject=("evidence", piece.id),
        project=row.project_id,
        codes={"question": key},
        refs={"file": piece.digest},
    )


def detach(work: UnitOfWork, row: Screening, key: str, evidence_id: str) -> None:
    """Take evidence off an answer; the piece itself stays with the project and with earlier snapshots."""
    _may_change(work, row, key)
    link = work.session.get(AnswerEvidence, (row.id, key, evidence_id))
    if link is None:
        raise NotFound
    work.session.delete(link)
    row.changed_at = work.now
    work.session.flush()
    evidence_changed(work, row, key)
    work.record(
        "EvidenceDetached",
        subject=("evidence", evidence_id),
        project=row.project_id,
        codes={"question": key},
        refs={"file": link.evidence.digest},
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


def of_project(work: UnitOfWork, row: Screening) -> list[Evidence]:
    """Return the evidence of the screening's project, newest first."""
    query = select(Evidence).where(Evidence.project_id == row.project_id, Evidence.removed_at.is_(None))
    return list(work.session.scalars(query.order_by(Evidence.added_at.desc())))


def _add(work: UnitOfWork, row: Screening, key: str, piece: Evidence) -> Evidence:
    """Record and attach a piece; sending the same one again for the same answer changes nothing (a double click)."""
    _may_change(work, row, key)
    if (known := _attached(work, row, key, piece.digest)) is not None:
        return known
    work.session.add(piece)
    work.session.flush()
    _link(work, row, key, piece)
    work.record(
        "EvidenceAdded",
        subject=("evidence", piece.id),
        project=row.project_id,
        codes={"question": key, "kind": piece.kind},
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


def _link(work: UnitOfWork, row: Screening, key: str, piece: Evidence) -> None:
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
    row.changed_at = work.now
    work.session.flush()
    evidence_changed(work, row, key)


def _may_change(work: UnitOfWork, row: Screening, key: str) -> None:
    authorize(work.actor, "screening:answer", relations_of(work, row.project))
    rules.must_be_editable(row.state)
    rules.question_or_refuse(sheet_of(row), key)
