"""Evidence for tests: a file in a draft, and the acts on it as a named person."""

from __future__ import annotations

import hashlib
from datetime import date

from governance.projects.models import Evidence
from governance.screenings import evidence, evidence_life
from governance.screenings.evidence import FileGiven
from governance.screenings.evidence_life import Version
from governance.screenings.loading import load
from governance.screenings.models import Screening
from governance.storage.files import Stored
from governance.work import UnitOfWork
from tests.builders import World


def given(content: str = "一", name: str = "試験報告書.pdf") -> FileGiven:
    return FileGiven(name, "application/pdf", Stored(hashlib.sha256(content.encode()).hexdigest(), len(content)))


def row(work: UnitOfWork, screening_id: str) -> Screening:
    return work.session.get_one(Screening, screening_id)


def added(made: World, screening_id: str, *keys: str, content: str = "一", expires_on: date | None = None) -> str:
    """Add a file to the first of these questions, attach it to the others, and return its id."""
    with made.acting("member") as work:
        screening = row(work, screening_id)
        piece = evidence.add_file(work, screening, keys[0], given(content), expires_on=expires_on)
        for key in keys[1:]:
            evidence.attach(work, screening, key, piece.id)
        return piece.id


def replaced(made: World, piece_id: str, *places: tuple[str, str], content: str = "二", by: str = "member") -> str:
    with made.acting(by) as work:
        version = Version(given(content, "改訂版.pdf"))
        return evidence_life.replace(work, work.session.get_one(Evidence, piece_id), version, places).id


def supports(made: World, screening_id: str) -> dict[str, list[str]]:
    """Return question key → ids of the evidence attached."""
    with made.acting(read_only=True) as work:
        held = load(work.session, row(work, screening_id)).evidence
        return {key: [piece.id for piece in pieces] for key, pieces in held.items()}
