"""Stages of a world: what a builder made once in this test process, another test gets as a copy instead of by the same acts again.

A builder marked with `staged` is really run the first two times it is called with the same arguments, at the same time and from the
same stage. Then its database is kept as a template, and later calls put a copy of it in place. A stage counts only while nothing
else was written since: one act of the test's own, through a page or past the service, and every builder runs again. A test that
has replaced a part of the service runs every builder too.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol, TypeVar

from psycopg.errors import ObjectInUse

from governance.storage.database import Database

if TYPE_CHECKING:
    from tests.builders import World

P = ParamSpec("P")
Result = TypeVar("Result")
Key = tuple[object, ...]

WORTH_KEEPING = 2
KEPT = 32


class Copies(Protocol):
    """What copies whole databases of one engine."""

    def fingerprint(self, name: str) -> object:
        """Return what is another value after every write."""

    def replace(self, name: str, template: str) -> None:
        """Put a copy of a template in the place of a database."""

    def keep(self, name: str, template: str) -> None:
        """Copy a database to a template."""

    def drop(self, name: str) -> None:
        """Remove a template."""


@dataclass
class _Kept:
    template: str
    now: datetime
    result: object


class Shelf:
    """The stages kept for one engine, the oldest given up first."""

    def __init__(self, copies: Copies) -> None:
        self.copies = copies
        self.seen: Counter[Key] = Counter()
        self.kept: OrderedDict[Key, _Kept] = OrderedDict()
        self.number = 0

    def put(self, key: Key, name: str, now: datetime, result: object) -> None:
        """Keep a database as the stage of this key."""
        self.number += 1
        kept = _Kept(f"stage_{self.number}", now, deepcopy(result))
        self.copies.keep(name, kept.template)
        self.kept[key] = kept
        while len(self.kept) > KEPT:
            self.copies.drop(self.kept.popitem(last=False)[1].template)

    def empty(self) -> None:
        """Give all stages up."""
        while self.kept:
            self.copies.drop(self.kept.popitem()[1].template)


class Stage:
    """Where the database of one test is, as long as only marked builders wrote to it."""

    def __init__(self, shelf: Shelf, name: str, database: Database, plain: Callable[[], bool]) -> None:
        self.shelf, self.name, self.database, self.plain = shelf, name, database, plain
        self.key: Key = ()
        self.mark = shelf.copies.fingerprint(name)

    def reach(self, made: World, build: Callable[[], Result], call: Key) -> Result:
        """Return what the builder returns, by its acts or by a copy of what they made before."""
        if not self.plain() or self.mark != self.shelf.copies.fingerprint(self.name):
            return build()
        key = (*self.key, call, made.now)
        if key in self.shelf.kept:
            return self._copied(made, key)
        result = build()
        self.shelf.seen[key] += 1
        if self.shelf.seen[key] >= WORTH_KEEPING and _is_plain(result):
            self.database.dispose()
            with suppress(ObjectInUse):  # the test holds a connection: the next one may keep it
                self.shelf.put(key, self.name, made.now, result)
        self._arrived(key)
        return result

    def _copied(self, made: World, key: Key) -> Result:  # type: ignore[type-var]
        kept = self.shelf.kept[key]
        self.shelf.kept.move_to_end(key)
        self.database.dispose()
        self.shelf.copies.replace(self.name, kept.template)
        made.now = kept.now
        self._arrived(key)
        return deepcopy(kept.result)  # type: ignore[return-value]

    def _arrived(self, key: Key) -> None:
        self.key, self.mark = key, self.shelf.copies.fingerprint(self.name)


def staged(
    build: Callable[Concatenate[World, P], Result],
) -> Callable[Concatenate[World, P], Result]:
    """Mark a builder that does nothing but write to the world's database, and returns identifiers."""

    @wraps(build)
    def reached(made: World, *args: P.args, **named: P.kwargs) -> Result:
        if made.stage is None:
            return build(made, *args, **named)
        call = (build.__module__, build.__qualname__, repr(args), repr(sorted(named.items())))
        return made.stage.reach(made, lambda: build(made, *args, **named), call)

    return reached


def _is_plain(result: object) -> bool:
    if isinstance(result, tuple | list):
        return all(map(_is_plain, result))
    return result is None or isinstance(result, str)
