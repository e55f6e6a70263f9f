"""Whether a report's content holds together: a wrong reference would be printed as a fact, so nothing is issued with one."""

from __future__ import annotations

from typing import Any

from governance.reports.content import Content
from governance.reports.labels import TITLES


def gaps(content: Content) -> list[str]:
    """Return what does not hold together: names of things that do not exist, rows of a wrong length, ranks with holes."""
    known = _known(content)
    found = [
        f"{kind} {value!r} is not known ({place})"
        for kind, value, place in _references(content)
        if value not in known[kind]
    ]
    if sorted(known["level"]) != list(range(1, len(known["level"]) + 1)):
        found.append("levels are not ranked 1, 2, …")
    unknown = [section["key"] for section in content["sections"] if section["key"] not in TITLES]
    return found + [f"section {key!r} is not known" for key in unknown] + _misfits(content)


def _known(content: Content) -> dict[str, set[Any]]:
    """Return the names that exist, by kind of thing."""
    framework = content["framework"]
    return {
        "item": {item["key"] for item in framework["items"]},
        "phase": {phase["code"] for phase in framework["phases"]},
        "level": {level["rank"] for level in framework["levels"]},
        "answer": {answer["code"] for answer in framework["answers"]},
        "person": set(content["people"]),
        "evidence": {evidence["id"] for evidence in content["evidence"]},
        "finding": {finding["id"] for finding in content["findings"]},
        "condition": {condition["id"] for condition in content["conditions"]},
    }


def _misfits(content: Content) -> list[str]:
    """Return the rows and tables that do not fit the framework's size and order."""
    framework = content["framework"]
    items = [item["key"] for item in framework["items"]]
    found = [
        f"grid row {row['phase']} has {len(row['cells'])} cells"
        for row in content["grid"]
        if len(row["cells"]) != len(items)
    ]
    if [rated["item"] for rated in content["risk"]["rated"]] != items:
        found.append("rated items are not the items of the framework in their order")
    if [len(row) for row in framework["matrix"]] != [len(framework["likelihood"])] * len(framework["severity"]):
        found.append("the matrix does not fit the grades")
    return found


# Which key of which object names what; a value may be one name or a list of names, and null names nothing.
_NAMING = {
    "item": "item",
    "phase": "phase",
    "inherent": "level",
    "residual": "level",
    "level": "level",
    "answer": "answer",
    "by": "person",
    "owner": "person",
    "verifier": "person",
    "actor": "person",
    "leader": "person",
    "person": "person",
    "evidence": "evidence",
    "finding": "finding",
    "condition": "condition",
}
# The same key means words, not a name, in these objects.
_WORDS = {
    ("Trigger", "answer"),
    ("Dissent", "by"),
    ("Condition", "evidence"),
    ("LedgerRow", "actor"),
    ("Content", "evidence"),
}
_OBJECTS = {"triggers": "Trigger", "dissents": "Dissent", "conditions": "Condition", "events": "LedgerRow"}


def _references(content: Content) -> list[tuple[str, Any, str]]:
    """List every name used in the content with what kind of thing it names and where."""
    found: list[tuple[str, Any, str]] = []
    stack: list[tuple[Any, str, str]] = [(content, "Content", "content")]
    while stack:
        value, kind, place = stack.pop()
        if isinstance(value, list):
            stack += [(part, kind, f"{place}[{index}]") for index, part in enumerate(value)]
        elif isinstance(value, dict):
            for key, part in value.items():
                if key in _NAMING and (kind, key) not in _WORDS and not isinstance(part, dict):
                    names = part if isinstance(part, list) else [part]
                    found += [(_NAMING[key], name, f"{place}.{key}") for name in names if name is not None]
                else:
                    stack.append((part, _OBJECTS.get(key, ""), f"{place}.{key}"))
    return found
