"""The fields of a large form as it was sent: names to values, with rows that can be added, removed and reordered.

A page of the author's forms shows what was sent, changed by the button that was pressed. So nothing entered is lost, whatever is
wrong with it, and every button works without script. Names are dotted paths; rows have numbers in the place of a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

Fields = dict[str, list[str]]
LONGEST = 20_000
"""How many characters of one field are read; longer texts have no place in a question."""


def sent(pairs: Iterable[tuple[str, str]]) -> Fields:
    """Return the fields of a form with line ends as they are stored."""
    fields: Fields = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value.replace("\r\n", "\n").replace("\r", "\n"))
    return fields


def one(fields: Mapping[str, list[str]], name: str) -> str:
    """Return the value of a field without blanks at its ends; "" when it was not sent."""
    return (fields.get(name) or [""])[0].strip()


def rows(fields: Mapping[str, list[str]], start: str) -> list[str]:
    """Return the numbers that stand behind `start.` in the names, in order: the rows of a list."""
    pattern = re.compile(rf"{re.escape(start)}\.([0-9]{{1,4}})\.")
    numbers = {match[1] for name in fields if (match := pattern.match(name))}
    return sorted(numbers, key=int)


def without(fields: Fields, start: str) -> Fields:
    """Return the fields but for those whose name is `start` or lies below it."""
    return {name: values for name, values in fields.items() if name != start and not name.startswith(f"{start}.")}


def next_row(fields: Fields, start: str) -> str:
    """Return the path of a row behind the last one."""
    numbers = rows(fields, start)
    return f"{start}.{int(numbers[-1]) + 1 if numbers else 0}"


def swapped(fields: Fields, first: str, second: str) -> Fields:
    """Return the fields with two rows in each other's place."""
    changed: Fields = {}
    for name, values in fields.items():
        for own, other in ((first, second), (second, first)):
            if name == own or name.startswith(f"{own}."):
                changed[other + name[len(own) :]] = values
                break
        else:
            changed[name] = values
    return changed


def shifted(fields: Fields, start: str, number: str, step: int) -> Fields:
    """Return the fields with a row moved past its neighbour; unchanged at either end."""
    numbers = rows(fields, start)
    if number not in numbers:
        return fields
    other = numbers.index(number) + step
    if not 0 <= other < len(numbers):
        return fields
    return swapped(fields, f"{start}.{number}", f"{start}.{numbers[other]}")
