"""Challenges as the pages show them: what stands there, what the reviewer sees instead, and what would follow if it stood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from governance.accounts.rules import may
from governance.questionnaires.definition import Framework
from governance.questionnaires.values import said, values_of
from governance.reviews import challenges
from governance.reviews.desk_models import Challenge
from governance.screenings.loading import Filled
from governance.screenings.models import Screening
from governance.screenings.result import Score
from governance.texts import Text, both
from governance.work import UnitOfWork

AXES = {"severity": Text("影響 S", "severity S"), "likelihood": Text("起こりやすさ L", "likelihood L")}
NO_VALUE = Text("内容への疑義（値の提案なし）", "doubt about the content (no other value)")
NO_EFFECT = Text("区分も経路も変わりません。", "No level and no route would change.")
ITEM = Text("{item}：{before} → {after}", "{item}: {before} → {after}")
OVERALL = Text("案件全体（対策後）：{before} → {after}", "whole case, after controls: {before} → {after}")
INHERENT = Text("案件全体（対策前）：{before} → {after}", "whole case, before controls: {before} → {after}")
ROUTE = Text("審査経路：{before} → {after}", "route: {before} → {after}")
NONE = both("—")


@dataclass(frozen=True)
class ShownChallenge:
    """One challenge with its words, its effect if it stands, and which acts its reader may do now."""

    row: Challenge
    what: Text
    before: Text
    after: Text
    effect: Sequence[Text]
    may_answer: bool
    may_settle: bool
    may_uphold: bool

    @property
    def place(self) -> str:
        """Where on the page of the case it stands."""
        return self.row.target if self.row.kind == "answer" else f"item-{self.row.target}"


@dataclass(frozen=True)
class Challenged:
    """All challenges of a revision, what follows if those that stand are taken together, and what may be challenged."""

    rows: Sequence[ShownChallenge]
    together: Sequence[Text]
    may_raise: bool

    def of(self, kind: str, target: str) -> list[ShownChallenge]:
        """Return those about an answer (`kind` answer) or about the grades of an item (any other kind)."""
        return [
            each
            for each in self.rows
            if each.row.target == target and (each.row.kind == "answer") == (kind == "answer")
        ]

    @property
    def waiting(self) -> list[ShownChallenge]:
        """Those that the reader is to answer."""
        return [each for each in self.rows if each.may_answer]

    @property
    def unsettled(self) -> list[ShownChallenge]:
        """Those that keep the opinion from being given."""
        return [each for each in self.rows if each.row.state in challenges.UNSETTLED]


def challenged(work: UnitOfWork, screening: Screening, filled: Filled, relations: frozenset[str]) -> Challenged:
    """Return the challenges of the current revision for the page of the case."""
    rows = challenges.challenges_of(work, screening)
    may_raise = challenges.may_raise(work, screening)
    answers = screening.state in challenges.REVIEWED and may(work.actor, "challenge:answer", relations)
    shown = [
        ShownChallenge(
            row,
            _what(filled, row),
            *_sides(filled, row),
            _effect(filled, [row]) if row.state in challenges.STANDING else [],
            answers and row.state == "open",
            may_raise and row.state in challenges.UNSETTLED,
            challenges.may_uphold(work, row),
        )
        for row in rows
    ]
    standing = [row for row in rows if row.state in challenges.STANDING]
    return Challenged(shown, _effect(filled, standing) if len(standing) > 1 else [], may_raise)


def _what(filled: Filled, row: Challenge) -> Text:
    framework = filled.sheet.framework
    if row.kind == "answer":
        return both(row.target)
    return Text("{item}　{axis}", "{item}, {axis}").filled(item=framework.item(row.target).name, axis=AXES[row.kind])


def _sides(filled: Filled, row: Challenge) -> tuple[Text, Text]:
    """Return what stood there when it was challenged, and what the reviewer sees instead."""
    if row.kind != "answer":
        return both(row.original), both(row.proposed)
    framework = filled.sheet.framework
    question = next(
        (q for each in filled.sheet.questionnaires for _, q in each.questions() if q.key == row.target), None
    )
    if question is None:
        return both(row.original), both(row.proposed) if row.proposed else NO_VALUE
    before = said(framework, question, row.original)
    return before, said(framework, question, row.proposed) if row.proposed else NO_VALUE


def _effect(filled: Filled, rows: Sequence[Challenge]) -> list[Text]:
    """Return what would change if these challenges stood; one sentence that nothing would when nothing does."""
    framework, now, then = filled.sheet.framework, filled.score, challenges.score_if(filled, rows)
    found = [
        ITEM.filled(
            item=framework.item(each.item).name,
            before=_level(framework, now.item(each.item).residual),
            after=_level(framework, each.residual),
        )
        for each in then.items
        if each.residual != now.item(each.item).residual
    ]
    return [*found, *_overall(framework, now, then)] or [NO_EFFECT]


def _overall(framework: Framework, now: Score, then: Score) -> list[Text]:
    pairs = ((INHERENT, now.inherent, then.inherent), (OVERALL, now.residual, then.residual))
    found = [
        said.filled(before=_level(framework, before), after=_level(framework, after))
        for said, before, after in pairs
        if before != after
    ]
    if now.route != then.route:
        routes = framework.route(now.route).name, framework.route(then.route).name
        found.append(ROUTE.filled(before=routes[0], after=routes[1]))
    return found


def _level(framework: Framework, rank: int | None) -> Text:
    return framework.level(rank).name if rank else NONE


def choices_for(filled: Filled, key: str) -> list[tuple[str, Text]]:
    """Return what a reviewer may see instead of an answer: the other values of the question; none where it is written freely."""
    framework = filled.sheet.framework
    for sheet in filled.sheet.questionnaires:
        for _, question in sheet.questions():
            if question.key == key and question.kind != "multiple":
                return [
                    (code, name)
                    for code, name in values_of(framework, question).items()
                    if code != filled.values.get(key)
                ]
    return []
