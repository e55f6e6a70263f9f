"""Brings a database to the schema of this release, and says when it is not there.

The steps lie in `migrations/`, shipped with the package; they run in one transaction on either database, so that a schema is the old
one or the new one and never between (assurance.md T23). No configuration file is needed: `governance migrate`, the doctor and the
tests all come through here.
"""

from __future__ import annotations

from collections.abc import Callable

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text

from governance.paths import MIGRATIONS
from governance.storage.database import Database

LOCK = 0x4D494752
"""Key of the PostgreSQL advisory lock under which one process migrates and the others wait."""


class WrongSchema(RuntimeError):
    """The database is not at the schema of this release; nothing is served from it."""


def upgrade(database: Database, to: str = "head") -> list[str]:
    """Apply the steps that are missing, all or none, and return their names; an up-to-date database is left alone."""
    before = pending(database, to)
    _run(database, lambda config: command.upgrade(config, to))
    return before


def downgrade(database: Database, to: str) -> None:
    """Take steps back to revision `to` (`base` removes everything): for tests of the steps, never for a ledger in use."""
    _run(database, lambda config: command.downgrade(config, to))


def pending(database: Database, to: str = "head") -> list[str]:
    """Return the names of the steps that are missing, in order. Raises WrongSchema for a database from a later release."""
    script = ScriptDirectory.from_config(_config())
    with database.reading() as connection:
        now = MigrationContext.configure(connection).get_current_revision()
    if now is not None and now not in {step.revision for step in script.walk_revisions()}:
        raise WrongSchema(f"the database has schema {now}, which this release does not know: install the newer release")
    return [step.revision for step in reversed(list(script.iterate_revisions(to, now or "base")))]


def require_current(database: Database) -> None:
    """Raise WrongSchema unless the database has exactly the schema of this release."""
    if missing := pending(database):
        raise WrongSchema(f"the database lacks {', '.join(missing)}: run `governance migrate`")


def differences(database: Database, metadata: MetaData) -> list[object]:
    """Return what the models and the real schema disagree about; empty when they are equal."""
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _run(database: Database, act: Callable[[Config], None]) -> None:
    """Run alembic on one connection inside one transaction, without the time limits of pages."""
    with database.engine.begin() as connection:
        if database.dialect == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SET LOCAL lock_timeout = '60s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        act(_config(connection))
