"""What costs time in every test and proves nothing a second time, kept for the whole test process.

Each of these gives the same results as the code it stands before. Nothing here is kept from one test's data to another's: every
test still has its own database, its own `Database` and its own application.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import sqlalchemy
from argon2 import PasswordHasher
from sqlalchemy import Engine
from werkzeug.routing import Rule

from governance.accounts import passwords
from governance.questionnaires import plain_yaml, reading
from governance.storage import database

HASHER_OF_THE_SERVICE = passwords._hasher
"""What the service hashes with; the tests say what it must cost (tests/accounts/test_services.py)."""

TEXTS_KEPT = 64


def spare() -> None:
    """Begin to keep; called once, before any test is collected."""
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    reading.composed = lru_cache(TEXTS_KEPT)(plain_yaml.composed)  # type: ignore[attr-defined]
    Rule._compile_builder = _compiled_once(Rule._compile_builder)  # type: ignore[method-assign]
    database.create_engine = _speaking_alike(sqlalchemy.create_engine)  # type: ignore[attr-defined]


def settle() -> None:
    """Keep what was collected out of the garbage collector's sight: it is alive until the end, and walking it took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _compiled_once(compile_builder: Callable[..., Any]) -> Callable[..., Any]:
    """Compile the address of a rule once, not once per application: the same rule gives the same function."""
    kept: dict[tuple[object, ...], Any] = {}

    def compiled(rule: Rule, append_unknown: bool = True) -> Any:
        defaults = json.dumps(rule.defaults or {}, sort_keys=True, default=repr)
        key = (rule.rule, tuple(rule._trace), defaults, append_unknown)
        if key not in kept:
            kept[key] = compile_builder(rule, append_unknown)
        return kept[key]

    return compiled


def _speaking_alike(create_engine: Callable[..., Engine]) -> Callable[..., Engine]:
    """Let the engines of one kind share dialect and compiled statements, which are compiled again for every dialect otherwise."""
    spoken: dict[str, Engine] = {}

    def created(url: object, **options: Any) -> Engine:
        engine = create_engine(url, **options)
        kept = spoken.get(engine.name)
        if kept is None or not kept.dialect.server_version_info:  # it has not met its server yet
            spoken[engine.name] = engine
        else:
            engine.dialect, engine._compiled_cache = kept.dialect, kept._compiled_cache
        return engine

    return created
