"""The declarative base and the column types every table shares.

Constraint names follow one convention so that migrations on SQLite and PostgreSQL agree with the models; times are stored as
aware UTC; every aggregate has a `rev` that the database layer checks on update (assurance.md §4: a stale form never overwrites).
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Moment(TypeDecorator[datetime]):
    """An aware UTC time with microseconds, the same on both databases (SQLite keeps no zone of its own)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must know its zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def new_id() -> str:
    """Return a random identifier (UUID 4, text): a handle in addresses and ledger bodies, never a secret."""
    return str(uuid.uuid4())


Id = Annotated[str, mapped_column(String(36), primary_key=True, default=new_id)]
Code = Annotated[str, mapped_column(String(64))]
Line = Annotated[str, mapped_column(String(300))]
Long = Annotated[str, mapped_column(Text)]
Digest = Annotated[str, mapped_column(String(64))]
Big = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """Base of all tables; one `MetaData` that migrations and tests compare with the real databases."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {datetime: Moment, dict[str, Any]: JSON, list[str]: JSON, bytes: LargeBinary}


class Revised:
    """Adds `rev`, checked by every UPDATE: a row changed meanwhile raises `StaleDataError` instead of being overwritten."""

    rev: Mapped[int] = mapped_column(Integer, nullable=False)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.rev}


def ref(target: str, **options: Any) -> Any:
    """Return a mapped column that points at `target` ("projects.id") by its text identifier."""
    return mapped_column(String(36), ForeignKey(target), index=options.pop("index", True), **options)
