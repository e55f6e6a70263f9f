"""How alike two decided cases are, and why, in a sentence for each thing they share — pure rules, without any search engine.

What counts is data: triggers, added question groups, sector, the pattern of levels over the items, gates that were not met, and words
of the summary. Japanese is compared by pairs of neighbouring letters, because it has no blanks between words; hiragana is left out,
since particles and endings say nothing about the subject. The same two cases always give the same likeness.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from governance.questionnaires.definition import Framework
from governance.texts import Text, both, joined

WEIGHTS: Mapping[str, int] = {
    "triggers": 30,
    "packs": 20,
    "levels": 20,
    "sector": 10,
    "words": 10,
    "gates": 5,
    "phase": 5,
}
"""How much of a hundred each trait can give."""

LEAST = 20
"""Below so much of a hundred, a case is not shown as similar."""

NAMED_WORDS, LONGEST_WORD = 4, 12
_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9+#-]*|[\u30a0-\u30ff]+|[\u3400-\u9fff\uf900-\ufaff々〆]+")
_LATIN = re.compile(r"[A-Za-z0-9]")
_COMMON = frozenset(
    re.findall(
        "[a-z]+",
        """
    about after also and are because been being between both but can case cases data does each every for
    from has have into its more most must not only other out over own same should such system systems
    than that the their them then there they this through under use used uses using was were what when
    where which while who will with would your ai
""",
    )
)


@dataclass(frozen=True)
class Traits:
    """What one case is compared by; codes of its framework, ranks of levels, and the words of what it is about."""

    phase: str
    sector: str
    triggers: frozenset[str]
    packs: frozenset[str]
    inherent: Mapping[str, int]
    residual: Mapping[str, int]
    gates: frozenset[str]
    words: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Alike:
    """What two cases share: the points of each trait out of its weight, and what exactly they share."""

    points: Mapping[str, float]
    triggers: tuple[str, ...]
    packs: tuple[str, ...]
    items: tuple[str, ...]
    gates: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def percent(self) -> int:
        """How alike they are, of a hundred."""
        return round(sum(self.points.values()))


def words_of(*texts: str) -> frozenset[str]:
    """Return the terms of a text: English words, and for Japanese the pairs of neighbouring letters of kanji and katakana runs."""
    found: set[str] = set()
    for text in texts:
        for run in _RUN.findall(unicodedata.normalize("NFKC", text).lower()):
            found.update(_terms(run))
    return frozenset(found)


def _terms(run: str) -> Iterable[str]:
    if _LATIN.match(run):
        return [run] if len(run) > 2 and run not in _COMMON else []
    return [a + b for a, b in pairwise(run)]


def rarity(cases: Sequence[Traits]) -> dict[str, float]:
    """Return how telling each word is among these cases: one that nearly all of them have tells nothing."""
    counts = Counter(word for each in cases for word in each.words)
    return {word: math.log((1 + len(cases)) / n) for word, n in counts.items()}


def alike(one: Traits, other: Traits, rare: Mapping[str, float]) -> Alike:
    """Return how alike two cases are; the order of the two makes no difference to the points."""
    shared = {name: getattr(one, name) & getattr(other, name) for name in ("triggers", "packs", "gates", "words")}
    shares = {
        "triggers": _share(one.triggers, other.triggers),
        "packs": _share(one.packs, other.packs),
        "gates": _share(one.gates, other.gates),
        "sector": float(one.sector == other.sector),
        "phase": float(one.phase == other.phase),
        "levels": _pattern(one, other),
        "words": _weighed(one.words, other.words, rare),
    }
    return Alike(
        {name: WEIGHTS[name] * shares[name] for name in WEIGHTS},
        tuple(sorted(shared["triggers"])),
        tuple(sorted(shared["packs"])),
        _raised_alike(one, other),
        tuple(sorted(shared["gates"])),
        _named(shared["words"], rare),
    )


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    """Return what both have as a share of what either has (0 when neither has any)."""
    either = one | other
    return len(one & other) / len(either) if either else 0.0


def _weighed(one: frozenset[str], other: frozenset[str], rare: Mapping[str, float]) -> float:
    either = sum(rare.get(word, 0.0) for word in one | other)
    return sum(rare.get(word, 0.0) for word in one & other) / either if either else 0.0


def _pattern(one: Traits, other: Traits) -> float:
    """Return how near the levels lie, over the items that are above the lowest level in either case, before and after controls."""
    steps = []
    for mine, theirs in ((one.inherent, other.inherent), (one.residual, other.residual)):
        span = max([*mine.values(), *theirs.values(), 2]) - 1
        pairs = [(max(1, mine[item]), max(1, theirs[item])) for item in mine.keys() & theirs.keys()]
        steps += [1 - abs(a - b) / span for a, b in pairs if max(a, b) > 1]
    return sum(steps) / len(steps) if steps else 0.0


def _raised_alike(one: Traits, other: Traits) -> tuple[str, ...]:
    """Return the items with the same level above the lowest in both, in the order of the first case."""
    return tuple(item for item, rank in one.residual.items() if rank > 1 and other.residual.get(item) == rank)


def _named(shared: Iterable[str], rare: Mapping[str, float]) -> tuple[str, ...]:
    """Return the most telling shared terms, neighbouring pairs of letters joined to the word they were cut from."""
    telling = sorted((word for word in shared if rare.get(word, 0.0) > 0), key=lambda word: (-rare[word], word))
    found: list[str] = []
    left = set(telling)
    for word in telling:
        if word in left:
            left.discard(word)
            found.append(_grown(word, left))
    latin = [word for word in found if _LATIN.match(word)]
    return (*[word for word in found if word not in latin][:NAMED_WORDS], *latin[:NAMED_WORDS])


def _grown(word: str, left: set[str]) -> str:
    """Return the word with the pairs that go on where it ends or lead to where it begins."""
    if _LATIN.match(word):
        return word
    while len(word) < LONGEST_WORD:
        after = next((each for each in sorted(left) if each[0] == word[-1] and not _LATIN.match(each)), None)
        before = next((each for each in sorted(left) if each[-1] == word[0] and not _LATIN.match(each)), None)
        if after is None and before is None:
            break
        left.discard(after or before or "")
        word = word + after[1:] if after else (before or "")[:1] + word
    return word


# ---------------------------------------------------------------- in words

_SAID = {
    "triggers": Text("同じ判定項目に該当：{names}", "same triggers: {names}"),
    "packs": Text("同じ追加質問群：{names}", "same question groups: {names}"),
    "sector": Text("同じ分野：{names}", "same sector: {names}"),
    "levels": Text("同じ区分の項目：{names}", "items at the same level: {names}"),
    "gates": Text("同じ★が未実施：{names}", "same gates not met: {names}"),
    "words": Text("共通の語：{names}", "words in common: {names}"),
    "phase": Text("同じフェーズ：{names}", "same phase: {names}"),
}
_COUNTED = {
    "triggers": Text("同じ判定項目に{n}件該当", "triggers in common: {n}"),
    "gates": Text("同じ★が{n}件未実施", "unmet gates in common: {n}"),
}
_BEGINNING, _END = Text("似ている点——", "Alike in: "), Text("。", ".")


def sentence(
    found: Alike, one: Traits, framework: Framework, topics: Mapping[str, Text] | None = None, *, closed: bool = False
) -> Text:
    """Return why two cases are alike in one sentence, what gives most points first.

    `topics` names the triggers. `closed` is for readers who may not see the other case: its answers and words stay untold.
    """
    parts = _parts(found, one, framework, topics or {}, closed=closed)
    order = sorted(parts, key=lambda name: (-found.points[name], name))
    said = joined((parts[name] for name in order), "、", "; ")
    return Text(f"{_BEGINNING.ja}{said.ja}{_END.ja}", f"{_BEGINNING.en}{said.en}{_END.en}")


def _parts(
    found: Alike, one: Traits, framework: Framework, topics: Mapping[str, Text], *, closed: bool
) -> dict[str, Text]:
    levels = [
        Text("{item}（{level}）", "{item} ({level})").filled(
            item=framework.item(item).short, level=framework.level(one.residual[item]).name
        )
        for item in found.items
    ]
    names: dict[str, Text | str] = {
        "triggers": joined(_keyed(key, topics) for key in found.triggers) if found.triggers else "",
        "packs": joined(framework.name_of("packs", code) for code in found.packs) if found.packs else "",
        "sector": framework.name_of("sectors", one.sector) if found.points["sector"] else "",
        "levels": joined(levels) if levels else "",
        "gates": "、".join(found.gates),
        "words": "" if closed else _by_side(found.words),
        "phase": framework.phase(one.phase).name if found.points["phase"] else "",
    }
    parts = {name: _SAID[name].filled(names=value) for name, value in names.items() if value}
    if closed:
        counts = {"triggers": len(found.triggers), "gates": len(found.gates)}
        parts |= {name: _COUNTED[name].filled(n=n) for name, n in counts.items() if n}
    return parts


def _by_side(words: Sequence[str]) -> Text | str:
    """Return the words of each language on its own side; all of them where a side would have none."""
    latin = [word for word in words if _LATIN.match(word)]
    others = [word for word in words if word not in latin]
    return Text("、".join(others or latin), ", ".join(latin or others)) if words else ""


def _keyed(key: str, topics: Mapping[str, Text]) -> Text:
    """Return the key of a question with what it is about."""
    return Text(f"{key} {topics[key].ja}", f"{key} {topics[key].en}") if key in topics else both(key)
