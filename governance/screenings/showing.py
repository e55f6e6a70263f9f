"""What the pages of a screening draw, prepared from the loaded screening: questions as shown, the map, the score panel.

No HTTP and no SQL here; the views hand over what was loaded and, after a refused save, what the person had entered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from governance.projects.models import Evidence
from governance.questionnaires.conditions import Is
from governance.questionnaires.definition import YES_NO_UNKNOWN, Framework, Question, Section
from governance.screenings import explain
from governance.screenings.explain import ShownLevel
from governance.screenings.loading import Filled
from governance.screenings.result import ItemScore, shown
from governance.texts import Text

Option = tuple[str, Text, Text | None]


@dataclass
class ShownQuestion:
    """One question with what was entered; `error`, `mine` and `theirs` are set when a save was refused."""

    question: Question
    options: list[Option]
    value: str
    remark: str
    due_on: str
    rev: int
    author: str
    saved_at: datetime | None
    evidence: list[Evidence]
    why_asked: Text | None
    carried: bool
    ruling: tuple[str, Text] | None = None
    follows: str = ""
    error: Text | None = None
    theirs: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> Text | None:
        """The chosen answer as words, or None."""
        return next(
            (
                Text(f"{o[1].ja}（{o[2].ja}）", f"{o[1].en}, {o[2].en}") if o[2] else o[1]
                for o in self.options
                if o[0] == self.value
            ),
            None,
        )


RULED = {
    "accepted": ("good", Text("理由を受理。計算から除外", "Reason accepted; left out of the sum")),
    "refused": ("warn", Text("理由は受理されていません。未実施と同じ扱い", "Reason not accepted; counts as not done")),
    "disproved": ("bad", Text("証跡が事実と異なるとされました", "Evidence was found not to be true")),
}


def options_of(framework: Framework, question: Question) -> list[Option]:
    """Return the choices of a question as (value, words, note); a gate offers no 該当なし."""
    if question.kind == "yes_no_unknown":
        return [(code, text, None) for code, text in YES_NO_UNKNOWN.items()]
    return [(s.code, s.name, s.note) for s in framework.scale if not (question.gate and s.is_not_applicable)]


def shown_questions(filled: Filled, sections: Sequence[tuple[Section, Question]], locale: str) -> list[ShownQuestion]:
    """Return the given questions with their answers as they stand."""
    rulings = {
        r.target: RULED.get(r.outcome)
        for r in filled.rulings
        if r.kind in ("not_applicable", "evidence")
        and (r.target in filled.in_force.accepted | filled.in_force.disproved or r.outcome == "refused")
    }
    return [_shown_question(filled, question, rulings.get(question.key), locale) for _, question in sections]


def _shown_question(filled: Filled, question: Question, ruling: tuple[str, Text] | None, locale: str) -> ShownQuestion:
    answer = filled.answers.get(question.key)
    return ShownQuestion(
        question=question,
        options=options_of(filled.sheet.framework, question),
        value=answer.value if answer else "",
        remark=answer.remark if answer else "",
        due_on=answer.due_on.isoformat() if answer and answer.due_on else "",
        rev=answer.rev if answer else 0,
        author=answer.author.name_in(locale) if answer else "",
        saved_at=answer.saved_at if answer else None,
        evidence=filled.evidence.get(question.key, []),
        why_asked=explain.asked_because(filled.sheet, question),
        carried=bool(answer and answer.carried_from),
        ruling=ruling,
        follows=_follows(question),
    )


def _follows(question: Question) -> str:
    """Return the key of the question this one follows when はい or 分からない: such a follow-up opens without a round trip."""
    when = question.when
    return when.question if isinstance(when, Is) and set(when.is_) == {"yes", "unknown"} else ""


def sent_back(shown: Sequence[ShownQuestion], sent: Mapping[str, str]) -> None:
    """Put what was sent into the shown questions, so that a refused page loses nothing."""
    for each in shown:
        key = each.question.key
        if f"{key}-rev" in sent:
            each.value, each.remark, each.due_on = (
                sent.get(key, ""),
                sent.get(f"{key}-remark", ""),
                sent.get(f"{key}-due", ""),
            )


def sections_for(filled: Filled, item: str, phase: str) -> list[tuple[Section, Question]]:
    """Return the asked questions of one item in one phase (and of packs, on the page of the screening's own phase)."""
    asked = set(filled.score.asked)
    return [
        (section, question)
        for each in filled.sheet.questionnaires
        if each.kind != "trigger" and (each.phase or filled.sheet.phase) == phase
        for section, question in each.questions()
        if section.item == item and question.key in asked
    ]


def trigger_sections(filled: Filled) -> list[tuple[Section, list[Question]]]:
    """Return the sections of the trigger sheet with all their questions; pages open follow-ups themselves."""
    return [
        (section, list(section.questions))
        for each in filled.sheet.questionnaires
        if each.kind == "trigger"
        for section in each.sections
    ]


def progress_rows(filled: Filled, href: Any, here: tuple[str, str]) -> list[dict[str, Any]]:
    """Return rows of the progress map: items down, phases across, counting only what is asked."""
    framework, rows = filled.sheet.framework, []
    open_phases = {*framework.earlier_phases(filled.sheet.phase), filled.sheet.phase}
    for item in framework.items:
        cells = []
        for phase in framework.phases:
            keys = [q.key for _, q in sections_for(filled, item.code, phase.code)]
            done = sum(1 for key in keys if filled.values.get(key))
            cells.append(
                {
                    "done": done,
                    "total": len(keys),
                    "href": href(item.code, phase.code) if keys else None,
                    "here": here == (item.code, phase.code),
                    "ahead": phase.code not in open_phases,
                }
            )
        rows.append({"text": item.name, "cells": cells})
    return rows


def first_open_item(filled: Filled) -> str:
    """Return the first item with a question of this phase still open or without a rating; the first item when none is."""
    for item in filled.sheet.framework.items:
        keys = [q.key for _, q in sections_for(filled, item.code, filled.sheet.phase)]
        if any(not filled.values.get(key) for key in keys) or filled.score.item(item.code).product is None:
            return item.code
    return filled.sheet.framework.items[0].code


@dataclass(frozen=True)
class ShownItem:
    """The score of one item as sentences and figures for the panel and the table."""

    score: ItemScore
    name: Text
    inherent: ShownLevel | None
    residual: ShownLevel | None
    verdict: Text
    fraction: Text
    percent: str
    product: Text
    singles: list[tuple[str, Text, str]]
    needed: Text | None
    changes: list[tuple[str, Text]]


def shown_item(framework: Framework, item: ItemScore) -> ShownItem:
    """Return one item's score ready to show."""
    return ShownItem(
        score=item,
        name=framework.item(item.item).name,
        inherent=explain.level(framework, item.inherent),
        residual=explain.level(framework, item.residual),
        verdict=explain.verdict(framework, item),
        fraction=explain.fraction(item),
        percent=shown(item.effectiveness),
        product=explain.product(framework, item),
        singles=explain.singles(framework, item),
        needed=explain.needed(framework, item),
        changes=[(change.axis, explain.adjustment(framework, change)) for change in item.adjustments],
    )


def missing_pieces(item: ItemScore) -> list[dict[str, Any]]:
    """Return what is missing in the bar of control effectiveness, largest first: key, share in percent, and whether one act suffices."""
    if not item.weight:
        return []
    lacks = [
        (c.key, 100 * (c.weight - c.points) / item.weight)
        for c in item.counted
        if not c.excluded and c.points < c.weight
    ]
    single = {s.key for s in item.singles}
    return [
        {"key": key, "share": float(share), "picked": key in single}
        for key, share in sorted(lacks, key=lambda each: -each[1])
    ]
