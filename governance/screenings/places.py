"""The places of a screening at which people talk and to which work is handed out: how each is called, and what is asked there.

A place is a question key, `rating-<item>`, `item-<item>`, `sheet-triggers`, `sheet-facts`, or "" for the case as a whole
(discussions/models.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for

from governance.discussions.rules import ITEM, RATING, item_of
from governance.questionnaires.definition import Question, Section
from governance.screenings import showing
from governance.screenings.framing import page_href, question_href
from governance.screenings.loading import Filled
from governance.screenings.models import Screening
from governance.texts import Text, both

TRIGGERS, FACTS = "sheet-triggers", "sheet-facts"
WHOLE = Text("案件全体", "The case as a whole")
SHEET = Text("判定シート", "Trigger sheet")
GRADES = Text("{item}：影響と起こりやすさ", "{item}: severity and likelihood")
EVERYTHING = Text("{item}：すべての質問", "{item}: all questions")


@dataclass(frozen=True)
class Place:
    """A place with its name and address. `is_known` says that this screening has it, `is_asked` that it is asked now."""

    key: str
    name: Text
    href: str
    is_known: bool = True
    is_asked: bool = True
    question: Question | None = None


class Places:
    """The places of one screening, named from what it pinned."""

    def __init__(self, row: Screening, filled: Filled) -> None:
        self.row, self.filled = row, filled
        self.framework = filled.sheet.framework
        self.items = {item.code: item.name for item in self.framework.items}
        self.pairs = {q.key: (section, q) for each in filled.sheet.questionnaires for section, q in each.questions()}
        self.asked = frozenset(filled.score.asked)
        self.triggers = {
            q.key for each in filled.sheet.questionnaires if each.kind == "trigger" for _, q in each.questions()
        }

    def at(self, key: str) -> Place:
        """Return the place of this key; one that the screening does not have (any more) is called by its key."""
        if pair := self.pairs.get(key):
            question = pair[1]
            name = Text("{key}　{topic}", "{key} {topic}").filled(key=key, topic=question.topic)
            return Place(key, name, self._question(key), is_asked=key in self.asked, question=question)
        return self._fixed(key) or self._of_item(key) or Place(key, both(key), self._overview(), False, False)

    def _fixed(self, key: str) -> Place | None:
        return {
            "": Place("", WHOLE, self._overview()),
            TRIGGERS: Place(key, SHEET, url_for("screenings.triggers", screening_id=self.row.id)),
            FACTS: Place(key, showing.FACTS, page_href(self.row, None)),
        }.get(key)

    def _of_item(self, key: str) -> Place | None:
        item = item_of(key)
        if item not in self.items or item is None:
            return None
        words = GRADES if key.startswith(RATING) else EVERYTHING
        return Place(key, words.filled(item=self.items[item]), page_href(self.row, item, anchor=self._anchor(key)))

    def _anchor(self, key: str) -> str | None:
        return key if key.startswith(RATING) else None

    def _question(self, key: str) -> str:
        return question_href(self.row, self.filled, key)

    def _overview(self) -> str:
        return url_for("screenings.overview", screening_id=self.row.id)

    # ------------------------------------------------------------ what is asked there

    def keys(self, key: str) -> list[str]:
        """Return the questions and grades asked at a place, in the order of its page."""
        if key in self.pairs:
            return [key] if key in self.asked else []
        if key == TRIGGERS:
            return [each for each in self.pairs if each in self.triggers and each in self.asked]
        if key == FACTS:
            return self._on_pages(None)
        item = item_of(key)
        if item not in self.items or item is None:
            return []
        grades = [f"{RATING}{item}"] if self.framework.severity else []
        return grades if key.startswith(RATING) else grades + self._on_pages(item)

    def _on_pages(self, item: str | None) -> list[str]:
        phases = [*self.framework.earlier_phases(self.filled.sheet.phase), self.filled.sheet.phase]
        return [q.key for phase in phases for _, q in showing.sections_for(self.filled, item, phase)]

    def left(self, key: str) -> list[str]:
        """Return what is still open at a place."""
        return [each for each in self.keys(key) if not self._is_given(each)]

    def _is_given(self, key: str) -> bool:
        if key.startswith(RATING):
            rating = self.filled.ratings.get(key.removeprefix(RATING))
            return rating is not None and bool(rating.severity and rating.likelihood)
        return bool(self.filled.values.get(key))

    def first_open(self, key: str) -> str:
        """Return the address of the first open question of a place, else of the place itself."""
        left = self.left(key)
        return question_href(self.row, self.filled, left[0]) if left else self.at(key).href

    def to_hand_out(self, key: str) -> list[tuple[str, Text]]:
        """Return what can be handed out around a place: itself, and the item or sheet it belongs to."""
        if not key:
            return self._whole_sheets()
        found = [key] if self.at(key).is_known else []
        item = item_of(key) or self._item_with(key)
        sheet = TRIGGERS if key in self.triggers else f"{ITEM}{item}" if item else FACTS if found else ""
        return [(each, self.at(each).name) for each in dict.fromkeys([*found, sheet]) if each]

    def _whole_sheets(self) -> list[tuple[str, Text]]:
        keys = [TRIGGERS, FACTS, *(f"{ITEM}{item}" for item in self.items)]
        return [(each, self.at(each).name) for each in keys if self.keys(each)]

    def _item_with(self, key: str) -> str | None:
        return self.pairs[key][0].item if key in self.pairs else None

    def pair(self, key: str) -> tuple[Section, Question] | None:
        """Return the question of a place with its section; None where no single question stands."""
        return self.pairs.get(key)
