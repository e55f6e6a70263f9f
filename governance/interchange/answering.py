"""Acts of exchanging answers: the workbook of a screening, what an uploaded one would change, and applying it.

Whether somebody may answer is settled before a file is read. Applying goes through the same service as the pages, with the `rev` each
row was written from: an answer that somebody changed meanwhile is shown and left alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from governance.accounts.rules import authorize
from governance.interchange.documents import parsed_json
from governance.interchange.xlsx_answers import Difference, difference, write
from governance.interchange.xlsx_answers_reading import read_answers
from governance.projects.services import relations_of
from governance.refusals import Problem, Refusal
from governance.screenings import filling, rules, services
from governance.screenings.loading import Filled
from governance.screenings.models import Screening
from governance.screenings.rules import Entry, RatingEntry
from governance.texts import Text
from governance.work import UnitOfWork

Either = Entry | RatingEntry


@dataclass(frozen=True)
class Looked:
    """What a workbook would do: differences to apply, conflicts that are left alone, and what is wrong in it."""

    changes: list[Difference] = field(default_factory=list)
    conflicts: list[Difference] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def payload(self) -> str:
        """Return what applying needs to know, as JSON."""
        entries = [_packed(each.after) for each in self.changes]
        return json.dumps(entries, ensure_ascii=False)


def workbook(work: UnitOfWork, row: Screening, locale: str) -> bytes:
    """Return the workbook of everything that is asked or answered. Raises Refusals for text that a cell cannot hold."""
    filled = services.filled(work, row)
    project = row.project
    title = Text(
        f"{project.number}　{project.name_in('ja')}　{filled.sheet.framework.phase(row.phase).name.ja}",
        f"{project.number} {project.name_in('en')} {filled.sheet.framework.phase(row.phase).name.en}",
    )
    entries, ratings = stored(filled)
    asked = [key for key in filled.score.asked if key not in entries]
    everything = [*entries.values(), *(Entry(key, "") for key in asked)]
    return write(filled.sheet, everything, list(ratings.values()), mark=row.id, title=title, locale=locale)


def stored(filled: Filled) -> tuple[dict[str, Entry], dict[str, RatingEntry]]:
    """Return what is saved, by question key and by item; every item of a framework that rates them."""
    entries = {
        key: Entry(key, answer.value, answer.remark, answer.due_on, answer.rev, answer.text)
        for key, answer in filled.answers.items()
    }
    items = [item.code for item in filled.sheet.framework.items] if filled.sheet.framework.severity else []
    ratings = {
        item: RatingEntry(
            item,
            rating.severity,
            rating.likelihood,
            rating.severity_reason,
            rating.likelihood_reason,
            rating.rev,
        )
        if (rating := filled.ratings.get(item))
        else RatingEntry(item, None, None)
        for item in items
    }
    return entries, ratings


def may_answer(work: UnitOfWork, row: Screening) -> None:
    """Refuse whoever may not answer, and every change of a locked revision."""
    authorize(work.actor, "screening:answer", relations_of(work, row.project))
    rules.must_be_editable(row.state)


def look(work: UnitOfWork, row: Screening, content: bytes) -> Looked:
    """Return what a workbook would change. Raises Refusal or Refusals when it cannot be read; nothing is stored."""
    may_answer(work, row)
    filled = services.filled(work, row)
    read = read_answers(content, filled.sheet, mark=row.id)
    entries, ratings = stored(filled)
    known: Mapping[str, Either] = {**entries, **ratings}
    found = difference([*read.entries, *read.ratings], known)
    return Looked(
        [each for each in found if each.kind != "conflict"],
        [each for each in found if each.kind == "conflict"],
        read.problems,
    )


def apply(work: UnitOfWork, row: Screening, payload: str) -> int:
    """Save the changes of a preview and return how many there were.

    Raises Conflict when one of them was changed meanwhile, Refusal when the payload is none.
    """
    may_answer(work, row)
    entries = _unpacked(payload)
    answers = [entry for entry in entries if isinstance(entry, Entry)]
    ratings = [entry for entry in entries if isinstance(entry, RatingEntry)]
    if answers:
        filling.save_answers(work, row, answers)
    if ratings:
        filling.save_ratings(work, row, ratings)
    return len(entries)


def _packed(entry: Either) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(entry).items()}


def _unpacked(payload: str) -> Sequence[Either]:
    """Return the entries of a payload; whatever is no payload of this page is refused as a whole."""
    try:
        given = parsed_json(payload.encode())
        return [_entry(each) for each in (given if isinstance(given, list) else [{}])]
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise Refusal(
            "interchange.payload",
            "もう一度ファイルを読み込んでください。",
            "Please upload the file again.",
        ) from error


def _entry(given: dict[str, Any]) -> Either:
    if "item" in given:
        rating = RatingEntry(**given)
        _typed(rating, ("item", "severity_reason", "likelihood_reason"), ("severity", "likelihood", "rev"))
        return rating
    entry = Entry(**{**given, "due_on": date.fromisoformat(given["due_on"]) if given["due_on"] else None})
    _typed(entry, ("key", "value", "remark", "text"), ("rev",))
    return entry


def _typed(entry: Either, texts: Sequence[str], numbers: Sequence[str]) -> None:
    words = [getattr(entry, name) for name in texts]
    right = all(isinstance(each, str) and "\0" not in each for each in words) and all(
        getattr(entry, name) is None or type(getattr(entry, name)) is int for name in numbers
    )
    if not right:
        raise ValueError("not an entry")
