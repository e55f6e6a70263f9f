"""A world with people who get notices, a worker whose clock the test sets, and the settings of an installation that sends mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from governance.notifications.models import Letter, Notice
from governance.notifications.services import choose, notify
from governance.projects.models import Project
from governance.settings import Settings
from governance.worker import Worker
from tests.builders import World

FROM = "AI倫理ガバナンス <ethics@house.example>"


def settings(made: World, folder: Path, port: int, **given: object) -> Settings:
    usual = {
        "data_dir": folder,
        "database_url": made.database.url.render_as_string(hide_password=False),
        "base_url": "https://ethics.example",
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_security": "none",
        "mail_from": FROM,
    }
    return Settings.model_validate({**usual, **given})


def worker(made: World, folder: Path, port: int, **given: object) -> Worker:
    """Return a worker that lives in the time of the world."""
    return Worker(made.database, settings(made, folder, port, **given), clock=lambda: made.now)


def tell(
    made: World,
    kind: str,
    people: Sequence[str],
    project_id: str | None = None,
    *,
    by: str = "expert",
    href: str = "/projects",
    once: str = "",
    **codes: str,
) -> None:
    """Leave a notice for people by their names in the world."""
    with made.acting(by) as work:
        project = work.session.get(Project, project_id) if project_id else None
        ids = [made.people[name].id for name in people]
        notify(work, kind, ids, project=project, href=href, codes=codes, once=once)


def wants(made: World, name: str, **rhythms: str) -> None:
    with made.acting(name) as work:
        choose(work, rhythms)


def notices(made: World, name: str = "") -> list[Notice]:
    with made.acting(read_only=True) as work:
        query = select(Notice).order_by(Notice.created_at)
        rows = list(work.session.scalars(query.where(Notice.user_id == made.people[name].id) if name else query))
        work.session.expunge_all()
        return rows


def letters(made: World) -> list[Letter]:
    with made.acting(read_only=True) as work:
        rows = list(work.session.scalars(select(Letter).order_by(Letter.created_at)))
        work.session.expunge_all()
        return rows


def at(made: World, when: datetime) -> None:
    """Let it be that time for whoever acts next."""
    made.now = when
