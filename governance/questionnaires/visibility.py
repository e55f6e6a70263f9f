"""What every question and every pack rests on: the documents as one graph, without any answers.

A question rests on its own condition, that of its section, and on its pack being attached; a pack rests on the effects that attach
it and on its own condition.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from governance.questionnaires.conditions import Condition, InPack, packs_of, questions_of
from governance.questionnaires.definition import Framework, Question, Questionnaire, Section
from governance.questionnaires.finding import Catalogue, Path

PACK = "pack:"
"""What stands before the code of a pack in the graph; no question key holds a colon."""


@dataclass(frozen=True)
class Shown:
    """One question where it stands, with everything that must hold for it to be asked."""

    document: Questionnaire
    path: Path
    section: Section
    question: Question
    conditions: list[Condition]

    @property
    def place(self) -> Path:
        """The path of the condition nearest to the question."""
        if self.question.when is not None:
            return (*self.path, "when")
        if self.section.when is not None:
            return (*self.path[:2], "when")
        return ("pack",) if self.document.kind == "pack" else ("when",)


class Visibility:
    """The documents as a graph: every question and pack with what it rests on."""

    def __init__(self, framework: Framework, questionnaires: Sequence[Questionnaire]) -> None:
        self.catalogue = Catalogue(framework, questionnaires)
        self.phases = [phase.code for phase in framework.phases]
        self.shown: dict[str, Shown] = {}
        for each in questionnaires:
            for number, section in enumerate(each.sections):
                for place, question in enumerate(section.questions):
                    path = ("sections", number, "questions", place)
                    self.shown.setdefault(
                        question.key, Shown(each, path, section, question, _own(each, section, question))
                    )
        self.attaching = self._attaching(framework, questionnaires)
        self.rests_on = {key: self._nodes(shown.conditions) for key, shown in self.shown.items()}
        self.rests_on |= {PACK + pack: self._nodes(ways) for pack, ways in self.attaching.items()}

    def _attaching(self, framework: Framework, questionnaires: Sequence[Questionnaire]) -> dict[str, list[Condition]]:
        """Return per pack the conditions each of which attaches it."""
        found: dict[str, list[Condition]] = {pack.code: [] for pack in framework.packs}
        for effect in framework.effects:
            for pack in effect.packs:
                found.setdefault(pack, []).append(effect.when)
        for each in questionnaires:
            if each.kind == "pack" and each.pack:
                found.setdefault(each.pack, []).extend([each.when] if each.when is not None else [])
        return found

    def _nodes(self, conditions: Iterable[Condition]) -> list[str]:
        """Return the questions and packs the conditions look at, once each; what does not exist cannot be in a circle."""
        found: dict[str, None] = {}
        for condition in conditions:
            found.update(dict.fromkeys(key for key in questions_of(condition) if key in self.shown))
            found.update(dict.fromkeys(PACK + pack for pack in packs_of(condition) if pack in self.attaching))
        return list(found)

    def phases_of(self, key: str) -> list[str]:
        """Return the phases in which a question is asked: that of its questionnaire, or any."""
        document = self.shown[key].document
        return [document.phase] if document.kind == "screening" and document.phase else self.phases

    def is_open(self, key: str, phase: str) -> bool:
        """Say whether a screening of this phase can have an answer: not from a phase that comes later."""
        own = self.phases_of(key)
        if len(own) != 1 or own[0] not in self.phases or phase not in self.phases:
            return phase in own
        return self.shown[key].document.kind != "screening" or self.phases.index(own[0]) <= self.phases.index(phase)


def _own(document: Questionnaire, section: Section, question: Question) -> list[Condition]:
    found = [section.when, question.when]
    if document.kind != "pack":
        found.insert(0, document.when)
    elif document.pack:
        found.insert(0, InPack(in_pack=document.pack))
    else:
        found.insert(0, document.when)
    return [condition for condition in found if condition is not None]
