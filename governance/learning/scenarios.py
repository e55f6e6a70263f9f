"""The ready scenarios of KYT: a situation from our own field with a picture, read from `seeds/learning/` and never changed by use.

A session copies title and situation when it begins, so that its record stands by itself; the picture is named by its digest.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re

from pydantic import BaseModel, ConfigDict

from governance.paths import SEEDS
from governance.questionnaires.reading import parse
from governance.refusals import NotFound
from governance.texts import Text

FOLDER = SEEDS / "learning"
KEY = re.compile(r"[a-z][a-z0-9-]{0,63}")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Example(_Part):
    """A danger as a team might say it: for whoever leads, so that the first minutes are not silent."""

    cause: Text
    event: Text


class Scenario(_Part):
    """A situation to talk about, what its picture shows, and hints for the leader."""

    key: str
    title: Text
    situation: Text
    picture: Text
    hints: list[Text]
    examples: list[Example]

    def svg(self) -> str:
        """Return the picture as the text of an SVG."""
        return (FOLDER / f"{self.key}.svg").read_text(encoding="utf-8")

    def digest(self) -> str:
        """Return the SHA-256 of the picture."""
        return hashlib.sha256(self.svg().encode()).hexdigest()


class _Scenarios(_Part):
    scenarios: list[Scenario]


@functools.cache
def scenarios() -> tuple[Scenario, ...]:
    """Return the ready scenarios in their order."""
    source = parse("scenarios.yaml", (FOLDER / "scenarios.yaml").read_text(encoding="utf-8"))
    return tuple(_Scenarios.model_validate_json(json.dumps(source.tree, ensure_ascii=False)).scenarios)


def find(key: str) -> Scenario | None:
    """Return the scenario with this key, or None."""
    return next((each for each in scenarios() if each.key == key), None)


def scenario(key: str) -> Scenario:
    """Return the scenario with this key. Raises NotFound."""
    found = find(key)
    if found is None:
        raise NotFound
    return found
