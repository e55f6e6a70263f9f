"""Questions drawn once: what a questionnaire says never changes, so a page only fills in what was entered.

The outline of a question is its drawing with holes where a person's entries stand; it is kept per language, chosen answer and the few
other things that decide its shape (performance.md: thirty questions drawn anew are most of what a page costs). A question with more
to show (a conflict, evidence, a remark of the reviewers) is drawn whole, as before.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, cast

from flask import current_app
from markupsafe import Markup

from governance.discussions.talk import Talk
from governance.pages import locale
from governance.questionnaires.definition import Framework
from governance.screenings.models import Screening
from governance.screenings.shelf import Shelf
from governance.screenings.showing import ShownQuestion

KEPT_AT_MOST = 1_500
"""How many outlines a process keeps: about seven kilobytes each."""

CHOSEN = ("scale", "yes_no_unknown", "single")
"""Kinds whose answer is one of few codes, so that every answer can have an outline of its own."""

_HOLE = secrets.token_hex(16)
"""Stands in a drawing where an entry goes: letters that nobody can have typed, and that mean the same in text and in an address."""


@dataclass(frozen=True)
class Outline:
    """The drawing of a question, cut at its holes: markup and name of a hole in turn. It holds on to what it was drawn from."""

    pieces: list[Markup]
    drawn_from: tuple[object, object]

    def filled(self, entries: dict[str, Any]) -> Markup:
        """Return the drawing with the entries; joining markup makes safe whatever the template did not draw itself."""
        nothing = self.pieces[0][:0]
        return nothing.join(entries[piece] if at % 2 else piece for at, piece in enumerate(self.pieces))


def outlined(
    macro: Callable[..., Markup],
    shown: ShownQuestion,
    framework: Framework,
    *,
    editable: bool,
    known: Shelf,
    screening: Screening,
    talk: Talk,
    current: bool,
) -> Markup:
    """Return what `macro` (`one` of screenings/_parts.html) draws of a question, from its outline where it has one."""
    if not _has_outline(shown, talk):
        return macro(shown, editable, known, screening, talk, current)
    kept: dict[Hashable, Outline] = current_app.extensions.setdefault("governance.outlines", {})
    key = _shape(shown, framework, talk, editable, bool(known.current()), current)
    found = kept.get(key)
    if found is None or found.drawn_from[0] is not shown.question or found.drawn_from[1] is not framework:
        blank = cast(Screening, SimpleNamespace(id=_hole("screening")))
        drawing = macro(_emptied(shown), editable, known, blank, talk, current)
        if len(kept) >= KEPT_AT_MOST:
            kept.clear()
        found = kept[key] = Outline(drawing.split(_HOLE), (shown.question, framework))
    return found.filled(_entries(shown, screening))


def _has_outline(shown: ShownQuestion, talk: Talk) -> bool:
    """Say whether nothing but the entries of the holes and the shape decides what is drawn."""
    more = (shown.error, shown.sides, shown.evidence, shown.ruling, shown.to_confirm, talk.lines, talk.asked)
    is_code = not shown.value or any(shown.value == code for code, _, _ in shown.options)
    return shown.question.kind in CHOSEN and is_code and not any(more)


def _shape(
    shown: ShownQuestion, framework: Framework, talk: Talk, editable: bool, has_evidence: bool, current: bool
) -> Hashable:
    """Return everything that decides the drawing besides the entries."""
    why = (shown.why_asked.ja, shown.why_asked.en) if shown.why_asked else None
    entered = (bool(shown.remark), bool(shown.due_on), shown.saved_at is None, shown.carried)
    around = (editable, has_evidence, current, talk.may_write, talk.may_ask)
    return (id(shown.question), id(framework), locale(), shown.value, why, entered, around)


def _hole(name: str) -> str:
    return f"{_HOLE}{name}{_HOLE}"


def _emptied(shown: ShownQuestion) -> ShownQuestion:
    """Return the question with a hole for each entry that it has."""
    return replace(
        shown,
        rev=cast(Any, _hole("rev")),
        remark=_hole("remark") if shown.remark else "",
        due_on=_hole("due_on") if shown.due_on else "",
        author=_hole("author"),
        saved_at=cast(Any, _hole("at")) if shown.saved_at else None,
    )


def _entries(shown: ShownQuestion, screening: Screening) -> dict[str, Any]:
    at = current_app.jinja_env.filters["recent"](shown.saved_at) if shown.saved_at else ""
    return {
        "rev": str(shown.rev),
        "remark": shown.remark,
        "due_on": shown.due_on,
        "author": shown.author,
        "at": at,
        "screening": screening.id,
    }
