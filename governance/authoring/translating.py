"""The texts of a draft beside their translations: what is missing, what the Japanese has outrun, and what was confirmed to stay.

A translation is stale when the Japanese changed against the version the draft was written from and the English did not. That the
change does not touch the translation is kept in a remark line at the end of the draft's own text, so that it goes back with it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal

from governance.questionnaires.fields import field_name
from governance.texts import Text

Tree = dict[str, Any]
State = Literal["missing", "stale", "fine"]
REMARK = "# english-stays:"
JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


@dataclass(frozen=True)
class Entry:
    """One text of the draft: where it stands, both sides, and how the translation stands to the Japanese."""

    path: str
    of: str
    label: Text
    ja: str
    en: str
    state: State
    before: str = ""

    @property
    def digest(self) -> str:
        """Say which pair of texts this is."""
        return digest_of(self.ja, self.en)


def digest_of(ja: str, en: str) -> str:
    """Return a short name for a pair of texts."""
    return hashlib.sha256(f"{ja}\0{en}".encode("utf-8", "surrogatepass")).hexdigest()[:12]


def entries(tree: Tree, base: Tree | None, confirmed: Mapping[str, str]) -> list[Entry]:
    """Return every text: those without a translation first, then the stale ones, then the rest, each in the order of the draft."""
    before = {path: text for path, _, text in _texts(base or {}, "", "")}
    found = [_entry(path, of, text, before.get(path), confirmed) for path, of, text in _texts(tree, "", "")]
    order = {"missing": 0, "stale": 1, "fine": 2}
    return sorted(found, key=lambda entry: order[entry.state])


def counts(found: list[Entry]) -> tuple[int, int]:
    """Return how many translations are missing and how many are stale."""
    return tuple(sum(each.state == state for each in found) for state in ("missing", "stale"))  # type: ignore[return-value]


def _entry(path: str, of: str, text: Tree, before: Tree | None, confirmed: Mapping[str, str]) -> Entry:
    ja, en = (str(text.get(side) or "") for side in ("ja", "en"))
    old_ja, old_en = (str((before or {}).get(side) or "") for side in ("ja", "en"))
    state: State = "fine"
    if not ja.strip() or not en.strip() or (ja == en and JAPANESE.search(en)):
        state = "missing"
    elif before is not None and old_ja != ja and old_en == en and confirmed.get(path) != digest_of(ja, en):
        state = "stale"
    word = re.sub(r"#\d+\Z", "", path).rpartition("/")[2]
    label = field_name(word)
    return Entry(path, of, label, ja, en, state, old_ja if state == "stale" else "")


def _texts(value: Any, path: str, of: str) -> Iterator[tuple[str, str, Tree]]:
    """Yield (path, what it belongs to, text) of every bilingual text; parts of lists are named by their key or code."""
    if isinstance(value, dict) and value and value.keys() <= {"ja", "en"}:
        yield path, of, value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _texts(part, f"{path}/{name}" if path else str(name), of)
    elif isinstance(value, list):
        seen: dict[str, int] = {}
        for number, part in enumerate(value):
            name = _name(part, number)
            seen[name] = seen.get(name, 0) + 1
            step = name if seen[name] == 1 else f"{name}#{seen[name]}"
            own = name if isinstance(part, dict) and ("key" in part or not of) else of
            yield from _texts(part, f"{path}/{step}", own)


def _name(part: Any, number: int) -> str:
    if isinstance(part, dict):
        for word in ("key", "code", "id"):
            if isinstance(part.get(word), str):
                return str(part[word])
    return str(number)


def changed(tree: Tree, texts: Mapping[str, tuple[str, str]]) -> Tree:
    """Return the tree with these texts, by path; paths that do not exist are left out."""
    found = deepcopy(tree)
    for path, _, text in _texts(found, "", ""):
        if path in texts:
            text["ja"], text["en"] = texts[path]
    return found


# ---------------------------------------------------------------- what was confirmed


def confirmed_in(text: str) -> dict[str, str]:
    """Return what remark lines of the draft confirm: path → the pair of texts that was meant."""
    found = {}
    for line in text.splitlines():
        if line.startswith(REMARK):
            words = line.removeprefix(REMARK).split()
            if len(words) == 2:
                found[words[0]] = words[1]
    return found


def with_confirmed(text: str, confirmed: Mapping[str, str]) -> str:
    """Return the text of a draft with exactly these remark lines, at the end."""
    lines = [line for line in text.rstrip("\n").split("\n") if not line.startswith(REMARK)]
    return "\n".join([*lines, *(f"{REMARK} {path} {digest}" for path, digest in sorted(confirmed.items()))]) + "\n"
