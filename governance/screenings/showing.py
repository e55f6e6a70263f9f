"""What the pages of a screening draw, prepared from the loaded screening: questions as shown, the map, the score panel.

No HTTP and no SQL here; the views hand over what was loaded and, after a refused save, what the person had entered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from governance.projects.models import Evidence
from governance.questionnaires.conditions import Is
from governance.questionnaires.definition import NOT_APPLICABLE, Framework, Question, Questionnaire, Section
from governance.questionnaires.values import chosen, values_of
from governance.screenings import confirming, explain, forms, kinds, rules
from governance.screenings.explain import ShownLevel
from governance.screenings.loading import Filled
from governance.screenings.marking import Sides
from governance.screenings.models import Answer
from governance.screenings.result import ItemScore, shown
from governance.texts import Text, joined

Option = tuple[str, Text, Text | None]
EMPTY_ROWS = 2
"""Empty rows below those that were entered; saving adds as many again."""
FACTS = Text("項目によらない質問", "Questions of no single item")


@dataclass
class ShownQuestion:
    """One question with what was entered; `error` and `sides` are set when a save was refused.

    `suggested` names who is likely to know. `words` says the stored answer, `met` that nothing is left to do about it and `met_by`
    with which answers that is so (none named: with any), `due_steps` are the answers that need a planned date, `because` says why
    an answer that was brought along waits to be confirmed.
    """

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
    sides: Sides | None = None
    text: str = ""
    words: Text | None = None
    met: bool = False
    met_by: tuple[str, ...] = ()
    due_steps: tuple[str, ...] = ("partial",)
    to_confirm: bool = False
    because: Text | None = None
    suggested: Text | None = None

    @property
    def label(self) -> Text | None:
        """The chosen answer as words, or None."""
        return self.words

    @property
    def picked(self) -> Sequence[str]:
        """The chosen codes, each of which the page marks."""
        return chosen(self.question, self.value)

    @property
    def is_na(self) -> bool:
        """Whether 該当なし was ticked."""
        return self.value == NOT_APPLICABLE

    @property
    def typed(self) -> str:
        """What stands in the field of a number, a date or a line of text."""
        return self.text if self.question.kind in ("text", "long_text") or self.is_na else self.value

    @property
    def cells(self) -> list[kinds.Row]:
        """The rows as they were entered."""
        return kinds.rows_of(self.text)

    @property
    def row_inputs(self) -> list[kinds.Row]:
        """The rows as entered, and empty ones below them as far as the question allows."""
        rows = self.cells
        return rows + [{}] * max(0, min(EMPTY_ROWS, self.question.max_rows - len(rows)))

    @property
    def rows(self) -> list[list[Text]]:
        """The rows with their cells in words."""
        return kinds.rows_shown(self.question, self.text)

    @property
    def how(self) -> Text | None:
        """What the field takes: the bounds of a number, the length of a text."""
        return kinds.what_fits(self.question)

    def is_plain_day(self, value: str) -> bool:
        """Whether a date field of the browser can show the value; one that it cannot show is kept in a line of text."""
        return not value or kinds.is_day(value)


@dataclass(frozen=True)
class Group:
    """Questions under one heading: those of the phase itself have none, a pack says its name and why it is asked."""

    key: str
    title: Text | None
    why: Text | None
    questions: list[ShownQuestion]


RULED = {
    "accepted": ("good", Text("理由を受理。計算から除外", "Reason accepted; left out of the sum")),
    "refused": ("warn", Text("理由は受理されていません。未実施と同じ扱い", "Reason not accepted; counts as not done")),
    "disproved": ("bad", Text("証跡が事実と異なるとされました", "Evidence was found not to be true")),
}


def options_of(framework: Framework, question: Question) -> list[Option]:
    """Return the choices of a question as (value, words, note); a gate offers no 該当なし. Nothing for what is not chosen."""
    if question.kind == "scale":
        return [(s.code, s.name, s.note) for s in framework.scale if not (question.gate and s.is_not_applicable)]
    notes = {choice.code: choice.note for choice in question.choices}
    is_chosen = bool(question.choices) or question.kind == "yes_no_unknown"
    found = [(code, words, notes.get(code)) for code, words in values_of(framework, question).items()]
    return found if is_chosen else []


def shown_questions(filled: Filled, sections: Sequence[tuple[Section, Question]], locale: str) -> list[ShownQuestion]:
    """Return the given questions with their answers as they stand, each with the whole reason why it is asked."""
    rulings = _rulings(filled)
    sheet, score = filled.sheet, filled.score
    return [
        _shown_question(
            filled,
            question,
            rulings.get(question.key),
            explain.asked_because(sheet, question, score.fired, filled.values),
            locale,
        )
        for _, question in sections
    ]


def _rulings(filled: Filled) -> dict[str, tuple[str, Text] | None]:
    return {
        r.target: RULED.get(r.outcome)
        for r in filled.rulings
        if r.kind in ("not_applicable", "evidence")
        and (r.target in filled.in_force.accepted | filled.in_force.disproved or r.outcome == "refused")
    }


# long: one line for each thing the page shows
def _shown_question(
    filled: Filled, question: Question, ruling: tuple[str, Text] | None, why: Text | None, locale: str
) -> ShownQuestion:
    framework, answer = filled.sheet.framework, filled.answers.get(question.key)
    return ShownQuestion(
        question=question,
        options=options_of(framework, question),
        value=answer.value if answer else "",
        text=answer.text if answer else "",
        remark=answer.remark if answer else "",
        due_on=answer.due_on.isoformat() if answer and answer.due_on else "",
        rev=answer.rev if answer else 0,
        author=answer.author.name_in(locale) if answer else "",
        saved_at=answer.saved_at if answer else None,
        evidence=filled.evidence.get(question.key, []),
        why_asked=why,
        suggested=joined([framework.name_of("answer_roles", role) for role in question.roles])
        if question.roles
        else None,
        carried=bool(answer and answer.carried_from),
        to_confirm=bool(answer and answer.to_confirm),
        ruling=ruling,
        follows=_follows(question),
        words=kinds.in_words(framework, question, answer.value, answer.text) if answer and answer.value else None,
        met=_is_met(framework, question, answer.value) and not answer.to_confirm if answer else False,
        met_by=tuple(s.code for s in framework.scale if _is_met(framework, question, s.code))
        if question.kind == "scale"
        else (),
        because=_because(answer) if answer and answer.to_confirm else None,
        due_steps=tuple(step.code for step in framework.scale if step.needs_due),
    )


def _because(answer: Answer) -> Text:
    return confirming.BECAUSE.get(answer.confirm_because, confirming.BECAUSE[""])


def _is_met(framework: Framework, question: Question, value: str) -> bool:
    """Say whether nothing is left to do: a control at least as a gate needs it, any other question answered."""
    step = framework.step(value) if question.kind == "scale" else None
    if step is None or step.factor is None or framework.matrix is None:
        return bool(value)
    return step.factor >= framework.matrix.gate_minimum


def _follows(question: Question) -> str:
    """Return the key of the question this one follows when はい or 分からない: such a follow-up opens without a round trip."""
    when = question.when
    return when.question if isinstance(when, Is) and set(when.is_) == {"yes", "unknown"} else ""


def sent_back(shown: Sequence[ShownQuestion], sent: MultiDict[str, str]) -> None:
    """Put what was sent into the shown questions, so that a refused page loses nothing."""
    for each in shown:
        key = each.question.key
        if f"{key}-rev" in sent:
            value, text = forms.content(sent, each.question)
            each.value, each.text = value, text
            each.remark, each.due_on = sent.get(f"{key}-remark", ""), sent.get(f"{key}-due", "")


Place = tuple[Questionnaire, Section, Question]


def placed(filled: Filled, item: str | None, phase: str) -> list[Place]:
    """Return the asked questions of one item in one phase (and of packs, on the page of the screening's own phase).

    Without an item, those of sections that belong to none.
    """
    return [place for place in filled.sheet.pages.get((item, phase), ()) if place[2].key in filled.asked]


def sections_for(filled: Filled, item: str | None, phase: str) -> list[tuple[Section, Question]]:
    """Return the asked questions of one item in one phase with their sections, in the order of the page."""
    return [(section, question) for _, section, question in placed(filled, item, phase)]


def groups(filled: Filled, places: Iterable[Place], locale: str) -> list[Group]:
    """Return questions under their headings: packs by name with the reason why they are asked, other sections by their title."""
    found: dict[tuple[str, Text | None], Group] = {}
    sheet, rulings = filled.sheet, _rulings(filled)
    for each, section, question in places:
        key = (each.key, section.title)
        if key not in found:
            found[key] = Group(f"{each.key}-{section.key}", *_heading(filled, each, section), [])
        why = explain.question_because(sheet, section, question)
        found[key].questions.append(_shown_question(filled, question, rulings.get(question.key), why, locale))
    return list(found.values())


def _heading(filled: Filled, each: Questionnaire, section: Section) -> tuple[Text | None, Text | None]:
    if each.kind != "pack":
        return section.title, None
    name = filled.sheet.framework.name_of("packs", each.pack or "")
    title = Text("追加質問群 {code}　{name}", "Pack {code}: {name}").filled(code=each.pack, name=name)
    if section.title is not None:
        title = Text("{pack} — {title}", "{pack} — {title}").filled(pack=title, title=section.title)
    return title, explain.pack_because(filled.sheet, each, filled.score.fired, filled.values)


def unasked(filled: Filled, locale: str) -> list[ShownQuestion]:
    """Return the questions that were answered and are not asked any more: kept, counted nowhere, back when their reason is."""
    asked = set(filled.score.asked)
    pairs = [pair for each in filled.sheet.questionnaires for pair in each.questions()]
    return shown_questions(filled, [(s, q) for s, q in pairs if q.key in filled.values and q.key not in asked], locale)


def trigger_sections(filled: Filled) -> list[tuple[Section, list[Question]]]:
    """Return the sections of the trigger sheet with all their questions; pages open follow-ups themselves."""
    return [
        (section, list(section.questions))
        for each in filled.sheet.questionnaires
        if each.kind == "trigger"
        for section in each.sections
    ]


Href = Callable[[str | None, str], str]


def pages_of(filled: Filled) -> list[str | None]:
    """Return the pages of questions in order: None for what belongs to no item, when anything is asked there, then the items."""
    phases = [*filled.sheet.framework.earlier_phases(filled.sheet.phase), filled.sheet.phase]
    facts: list[str | None] = [None] if any(placed(filled, None, phase) for phase in phases) else []
    return [*facts, *(item.code for item in filled.sheet.framework.items)]


def page_name(framework: Framework, item: str | None) -> Text:
    """Return the name of a page of questions."""
    return framework.item(item).name if item else FACTS


def progress_rows(filled: Filled, href: Href, here: tuple[str | None, str]) -> list[dict[str, Any]]:
    """Return rows of the progress map: items down, phases across, counting only what is asked."""
    framework = filled.sheet.framework
    return [
        {
            "text": page_name(framework, item),
            "cells": [_progress_cell(filled, item, phase.code, href, here) for phase in framework.phases],
        }
        for item in pages_of(filled)
    ]


def _progress_cell(
    filled: Filled, item: str | None, phase: str, href: Href, here: tuple[str | None, str]
) -> dict[str, Any]:
    keys = [question.key for _, _, question in placed(filled, item, phase)]
    counted = rules.counting(filled.sheet, keys, filled.values)
    return {
        "done": sum(1 for key in counted if filled.values.get(key)),
        "total": len(counted) or len(keys),
        "href": href(item, phase) if keys else None,
        "here": here == (item, phase),
        "ahead": phase not in {*filled.sheet.framework.earlier_phases(filled.sheet.phase), filled.sheet.phase},
    }


def first_open(filled: Filled) -> str | None:
    """Return the first page with a question of this phase still open or without a rating; the first item when none is."""
    is_rated = bool(filled.sheet.framework.severity)
    for item in pages_of(filled):
        keys = [question.key for _, question in sections_for(filled, item, filled.sheet.phase)]
        if any(not filled.values.get(key) for key in rules.counting(filled.sheet, keys, filled.values)):
            return item
        if item and is_rated and filled.score.item(item).product is None:
            return item
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


def shown_item(framework: Framework, item: ItemScore, questions: Mapping[str, Question] | None = None) -> ShownItem:
    """Return one item's score ready to show; with the questions, single acts name the answers they would change to."""
    return ShownItem(
        score=item,
        name=framework.item(item.item).name,
        inherent=explain.level(framework, item.inherent),
        residual=explain.level(framework, item.residual),
        verdict=explain.verdict(framework, item),
        fraction=explain.fraction(item),
        percent=shown(item.effectiveness),
        product=explain.product(framework, item),
        singles=explain.singles(framework, item, questions),
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
