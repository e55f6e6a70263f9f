"""What reports made of blocks are composed from: tables, facts, texts and figures, each with the sort of matter it is.

The blocks are those of the papers of the meeting room (reviews/paper.py); what is added is the sort of matter, which redaction.py reads,
and figures that keep their numbers in the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from governance.accounts.models import User
from governance.accounts.rules import ROLES
from governance.reports.names import entered, said
from governance.reports.redaction import Block
from governance.reports.words import Bilingual, Words
from governance.texts import Text, joined

Row = Sequence[Any]


def word(ja: str, en: str, **values: object) -> Bilingual:
    """Return words of the product in both languages, with their places filled."""
    return said(Text(ja, en).filled(**values) if values else Text(ja, en))


def section(title: Words, *blocks: Block, new: bool = False) -> Block:
    """Return a section; `new` begins a page."""
    return {"title": title, "item": None, "new": new, "blocks": list(blocks)}


def part(title: Words, *blocks: Block) -> Block:
    """Return a part of a section under a heading of its own."""
    return {"kind": "part", "title": title, "blocks": list(blocks)}


def facts(*rows: tuple[Words, Any, str]) -> Block:
    """Return labels with what they say; each row ends with its sort of matter."""
    return {
        "kind": "facts",
        "rows": [[label, value] for label, value, _ in rows],
        "matter": [sort for _, _, sort in rows],
    }


def table(columns: Sequence[tuple[Words, str, str]], rows: Iterable[Row], *, caption: Words = None) -> Block:
    """Return a table; a column has its head, its width (`n14`: 14 mm, numbers; `14`: 14 mm; empty: the rest) and its sort of matter."""
    return {
        "kind": "table",
        "head": [head for head, _, _ in columns],
        "widths": [width for _, width, _ in columns],
        "rows": [list(row) for row in rows],
        "caption": caption,
        "matter": [sort for _, _, sort in columns],
    }


def prose(*paragraphs: Words, matter: str = "product") -> Block:
    """Return paragraphs."""
    return {"kind": "prose", "paragraphs": list(paragraphs), "matter": matter}


def bars(caption: Words, rows: Iterable[tuple[Words, Any, Any]], *, unit: str = "") -> Block:
    """Return a figure of bars: label, number, number of the period before (or nothing)."""
    return {
        "kind": "figure",
        "plot": "bars",
        "caption": caption,
        "unit": unit,
        "rows": [list(row) for row in rows],
        "matter": "figures",
    }


def trend(caption: Words, months: Sequence[str], series: Sequence[tuple[Words, Sequence[int]]]) -> Block:
    """Return a figure of lines over months."""
    lines = [{"name": name, "values": list(values)} for name, values in series]
    return {
        "kind": "figure",
        "plot": "trend",
        "caption": caption,
        "months": list(months),
        "series": lines,
        "matter": "figures",
    }


def heat(
    caption: Words,
    rows: Sequence[Words],
    columns: Sequence[Words],
    cells: Sequence[Sequence[Any]],
    levels: Sequence[Words],
) -> Block:
    """Return a heat map: a cell is (highest inherent, highest residual) or nothing."""
    return {
        "kind": "figure", "plot": "heat", "caption": caption, "rows": list(rows), "columns": list(columns),
        "cells": [[list(cell) if cell else None for cell in row] for row in cells], "levels": list(levels), "matter": "figures",
    }  # fmt: skip


def person(user: User | None) -> Any:
    """Return a person as a cell: told by name or by role, as the profile says."""
    if user is None:
        return None
    role = joined([ROLES[code] for code in ROLES if code in user.roles])
    return {"person": entered(user.name, user.name_en), "role": said(role) if role.ja else word("利用者", "Account")}
