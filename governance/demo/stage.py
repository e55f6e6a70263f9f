"""What the scenes of the demonstration share: the database, the written content, and who and what was made so far.

Scenes are small functions `scene(stage, work, …)` that call the same services as the pages do, as the person who acts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO

from governance.accounts.models import User
from governance.demo.content import Content
from governance.demo.story import SYSTEM, Calendar
from governance.demo.written import Paper
from governance.projects.files import HEAD_BYTES, media_type
from governance.projects.models import Project
from governance.screenings.evidence import FileGiven
from governance.screenings.models import Screening
from governance.storage.database import Database
from governance.storage.files import Store
from governance.work import SYSTEM as SERVICE
from governance.work import Actor, UnitOfWork

Scene = Callable[..., None]
NOTE = {
    "ja": "この文書はデモ用に作った架空の資料です。実在の人物・組織・製品とは関係ありません。",
    "en": "This paper was made up for the demonstration and has nothing to do with real people, organisations or products.",
}


@dataclass
class Stage:
    """The demonstration while it is built. `ids` maps what was made to its identifier: ("project", key) and so on."""

    database: Database
    files: Store
    upload_limit: int
    content: Content
    calendar: Calendar
    ids: dict[tuple[str, ...], str] = field(default_factory=dict)
    roles: dict[str, frozenset[str]] = field(default_factory=dict)

    def actor(self, key: str) -> Actor:
        """Return the person who acts."""
        return SERVICE if key == SYSTEM else Actor(self.ids["person", key], self.roles[key])

    def user(self, work: UnitOfWork, key: str) -> User:
        """Return the account of a person."""
        return work.session.get_one(User, self.ids["person", key])

    def project(self, work: UnitOfWork, key: str) -> Project:
        """Return the project of a case."""
        return work.session.get_one(Project, self.ids["project", key])

    def screening(self, work: UnitOfWork, project: str, phase: str) -> Screening:
        """Return the screening of a phase."""
        return work.session.get_one(Screening, self.ids["screening", project, phase])

    def row(self, work: UnitOfWork, screening_id: str) -> Screening:
        """Return a screening by its identifier."""
        return work.session.get_one(Screening, screening_id)

    def decided(self) -> list[str]:
        """Return the keys of the projects that have a decision, in the order of the content."""
        keys = {key for kind, key, *_ in self.ids if kind == "decision"}
        return [case.key for case in self.content.cases if case.key in keys]

    def store(self, paper: Paper, lines: list[str]) -> FileGiven:
        """Put a small file with these lines into the store."""
        content = ("\n".join(lines) + "\n").encode()
        stored = self.files.put(BytesIO(content), self.upload_limit)
        return FileGiven(paper.filename, media_type(paper.filename, content[:HEAD_BYTES]), stored)
