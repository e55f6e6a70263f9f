"""Back-testing (遡り検証): what a draft would have made of every screening that was ever submitted, before it is published.

A `Trial` re-scores past answers twice, under the documents they were given on and under the draft in place of its predecessor, with the
same program both times; so every difference is the draft's. It is worked off in slices and can be left and taken up again. New questions
count as unanswered; beside that it is said what would come out if they were all answered well, or all badly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from governance.accounts.rules import authorize
from governance.authoring.models import Backtest
from governance.projects.models import Project
from governance.projects.services import visible
from governance.questionnaires.checking import checked
from governance.questionnaires.definition import Framework, Questionnaire, canonical
from governance.questionnaires.models import QuestionnaireDraft
from governance.refusals import NotFound, Refusal, Refusals
from governance.screenings import differing, past
from governance.screenings.differing import Scored
from governance.screenings.models import Screening
from governance.screenings.passing import Assumed, Passage
from governance.screenings.rescoring import Levels, Scorer
from governance.screenings.routing import Sheet
from governance.screenings.scoring import score
from governance.screenings.vectors import CARRIED, Layout, Vector
from governance.texts import Text
from governance.work import UnitOfWork

Document = Framework | Questionnaire
PAGE = 500
LISTED = 500
"""How many changed screenings are kept by name; all of them are counted."""
KINDS = ("inherent", "residual", "route")
ORDER = {"trigger": 0, "screening": 1, "pack": 2}


@dataclass
class Tally:
    """What was found so far. `moves`: kind → "before>after" → number; `assumed`: best or worst → kind → number that change.

    `listed` holds the identifier of each changed screening with its levels and route before and after, as codes.
    """

    seen: int = 0
    concerned: int = 0
    changed: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    moves: dict[str, dict[str, int]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    assumed: dict[str, dict[str, int]] = field(default_factory=dict)
    listed: list[list[Any]] = field(default_factory=list)

    def note(self, screening_id: str, before: Codes, after: Codes) -> None:
        """Count one screening that the draft concerns."""
        for kind, old, new in zip(KINDS, before, after, strict=True):
            moves = self.moves[kind]
            name = f"{old}>{new}"
            moves[name] = moves.get(name, 0) + 1
            self.counts[kind] += old != new
        if before != after:
            self.changed += 1
            if len(self.listed) < LISTED:
                self.listed.append([screening_id, list(before), list(after)])

    def note_assumed(self, assumed: str, before: Codes, after: Codes) -> None:
        """Count what one screening would become with its new questions answered well or badly."""
        counts = self.assumed.setdefault(assumed, dict.fromkeys(("changed", *KINDS), 0))
        counts["changed"] += before != after
        for kind, old, new in zip(KINDS, before, after, strict=True):
            counts[kind] += old != new


Codes = tuple[str, str, str]
"""Inherent and residual level and route, as codes; "" for a level that is none."""


@dataclass(frozen=True)
class Sides:
    """The scorers of one layout: as it was, and under the draft by what is assumed of new questions."""

    before: Scorer
    after: Scorer
    assumed: dict[str, Scorer]
    old: Framework
    new: Framework


class Trial:
    """One document tried on past screenings; scorers are made once per layout."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._sides: dict[Any, Sides | None] = {}

    def sheet(self, sheet: Sheet) -> Sheet | None:
        """Return the sheet with the document in place of its predecessor; None when it would not be asked there."""
        document = self.document
        if isinstance(document, Framework):
            known = document.key == sheet.framework.key and sheet.phase in {each.code for each in document.phases}
            return replace(sheet, framework=document) if known else None
        if document.framework != sheet.framework.key:
            return None
        keys = [each.key for each in sheet.questionnaires]
        if document.key in keys:
            return replace(
                sheet, questionnaires=tuple(document if q.key == document.key else q for q in sheet.questionnaires)
            )
        phases = [*sheet.framework.earlier_phases(sheet.phase), sheet.phase]
        if document.kind == "screening" and document.phase not in phases:
            return None
        added = sorted([*sheet.questionnaires, document], key=lambda q: ORDER[q.kind])
        return replace(sheet, questionnaires=tuple(added))

    def sides(self, session: Session, layout: str | Layout) -> Sides | None:
        """Return the scorers of a layout; None when the document does not concern it."""
        name: Any = layout
        if isinstance(layout, Layout):
            sheet = layout.sheet
            name = (sheet.framework.version, sheet.phase, *((q.key, q.version) for q in sheet.questionnaires))
        if name not in self._sides:
            own = past.layout_of(session, layout) if isinstance(layout, str) else layout
            self._sides[name] = self._made(own)
        return self._sides[name]

    def _made(self, layout: Layout) -> Sides | None:
        sheet = self.sheet(layout.sheet)
        if sheet is None:
            return None
        after = Scorer(sheet, layout)
        kinds: tuple[Assumed, ...] = ("best", "worst") if after.passage.fresh else ()
        assumed: dict[str, Scorer] = {kind: Scorer(sheet, layout, kind) for kind in kinds}
        return Sides(Scorer(layout.sheet, layout), after, assumed, layout.sheet.framework, sheet.framework)

    def count(self, session: Session, tally: Tally, screening_id: str, layout: str | Layout, vector: Vector) -> None:
        """Re-score one screening both ways and count what differs."""
        tally.seen += 1
        sides = self.sides(session, layout)
        if sides is None:
            return
        tally.concerned += 1
        before = codes(sides.old, sides.before.levels(vector))
        tally.note(screening_id, before, codes(sides.new, sides.after.levels(vector)))
        for kind, scorer in sides.assumed.items():
            tally.note_assumed(kind, before, codes(sides.new, scorer.levels(vector)))


def codes(framework: Framework, levels: Levels) -> Codes:
    """Return levels as codes, which mean the same in the next version of a framework."""
    return _code(framework, levels.inherent), _code(framework, levels.residual), levels.route


def _code(framework: Framework, rank: int | None) -> str:
    return framework.levels[rank - 1].code if rank else ""


def advance(
    session: Session, trial: Trial, tally: Tally, after: str, go_on: Callable[[], bool], page: int = PAGE
) -> tuple[str, bool]:
    """Re-score the screenings after an identifier, a page at a time while `go_on` says so.

    Return the last one that was re-scored, and whether that was all.
    """
    while True:
        rows = list(past.past(session, after, page))
        for screening_id, layout, vector in rows:
            trial.count(session, tally, screening_id, layout, vector)
        after = rows[-1][0] if rows else after
        if len(rows) < page:
            return after, True
        if not go_on():
            return after, False


# ---------------------------------------------------------------- one case


@dataclass(frozen=True)
class Explained:
    """One changed screening in full: both scores and why they differ."""

    before: Scored
    after: Scored
    reasons: list[Text]


def explained(session: Session, trial: Trial, screening_id: str) -> Explained:
    """Score one screening in full both ways. NotFound when the draft does not concern it."""
    old, vector = past.one(session, screening_id)
    sheet = trial.sheet(old.sheet)
    if sheet is None:
        raise NotFound
    new = Layout(sheet)
    before, after = _scored(old, vector), _scored(new, Passage(old, new)(vector))
    return Explained(before, after, differing.reasons(before, after))


def _scored(layout: Layout, vector: Vector) -> Scored:
    sheet = replace(layout.sheet, carried=layout.marked(vector, CARRIED))
    answers = layout.answers(vector)
    return Scored(sheet, answers, score(sheet, answers, layout.ratings(vector), layout.rulings(vector)))


# ---------------------------------------------------------------- acts


@lru_cache(maxsize=4)
def _trial_of(kind: str, body: str) -> Trial:
    """Return the trial of a document: kept between the slices of a run, because its tables take a while to make."""
    model: type[Framework] | type[Questionnaire] = Framework if kind == "framework" else Questionnaire
    return Trial(model.model_validate_json(body))


def trial_of(document: Document) -> Trial:
    """Return the trial of a document."""
    return _trial_of("framework" if isinstance(document, Framework) else "questionnaire", canonical(document).decode())


def document_of(work: UnitOfWork, draft: QuestionnaireDraft) -> Document:
    """Return the document of a draft. Raises Refusals with all that keeps it from being published."""
    found = checked(work, draft.text, kind=draft.kind)
    if found.document is None or found.problems:
        raise Refusals(found.problems)
    return found.document


def text_digest(draft: QuestionnaireDraft) -> str:
    """Return the digest of the draft's text: a run is about one text."""
    return hashlib.sha256(draft.text.encode()).hexdigest()


def latest(work: UnitOfWork, draft: QuestionnaireDraft) -> Backtest | None:
    """Return the newest run of a draft, or None."""
    authorize(work.actor, "questionnaire:edit")
    query = select(Backtest).where(Backtest.draft_id == draft.id).order_by(Backtest.started_at.desc(), Backtest.id)
    return work.session.scalars(query.limit(1)).first()


def start(work: UnitOfWork, draft: QuestionnaireDraft) -> Backtest:
    """Begin a run under the draft as it is now. Raises Refusals when it could not be published."""
    authorize(work.actor, "questionnaire:edit")
    document_of(work, draft)
    row = Backtest(
        draft_id=draft.id,
        text=text_digest(draft),
        total=past.count(work.session),
        counts=asdict(Tally()),
        started_by=work.actor.id,
        started_at=work.now,
        changed_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    return row


@dataclass(frozen=True)
class Slice:
    """What one request found: to be kept by `keep`, unless another request was faster."""

    id: str
    rev: int
    after: str
    state: str
    tally: Tally


def work_off(work: UnitOfWork, draft: QuestionnaireDraft, row: Backtest, go_on: Callable[[], bool]) -> Slice:
    """Re-score the next screenings without writing anything; a draft that was changed meanwhile stops the run."""
    authorize(work.actor, "questionnaire:edit")
    tally = tally_of(row)
    if row.text != text_digest(draft):
        return Slice(row.id, row.rev, row.after, "stopped", tally)
    trial = trial_of(document_of(work, draft))
    after, finished = advance(work.session, trial, tally, row.after, go_on)
    return Slice(row.id, row.rev, after, "done" if finished else "running", tally)


def keep(work: UnitOfWork, found: Slice) -> Backtest:
    """Keep what a slice found; nothing when somebody else went on with the same run meanwhile."""
    authorize(work.actor, "questionnaire:edit")
    row = work.session.get(Backtest, found.id)
    if row is None:
        raise NotFound
    if row.rev == found.rev and row.state == "running":
        row.after, row.state, row.counts, row.changed_at = found.after, found.state, asdict(found.tally), work.now
        work.session.flush()
    return row


def stop(work: UnitOfWork, row: Backtest) -> None:
    """End a run before it is through; what was found so far stays."""
    authorize(work.actor, "questionnaire:edit")
    if row.state != "running":
        raise Refusal("authoring.not_running", "この検証はすでに終わっています。", "This back-test has ended already.")
    row.state, row.changed_at = "stopped", work.now
    work.session.flush()


def tally_of(row: Backtest) -> Tally:
    """Return what a run found so far."""
    return Tally(**deepcopy(row.counts))


@dataclass(frozen=True)
class Listed:
    """One changed screening that the reader may see."""

    screening: Screening
    before: Codes
    after: Codes


def named(work: UnitOfWork, tally: Tally) -> list[Listed]:
    """Return the listed screenings that the actor may see; the others are counted and not named."""
    ids = [each[0] for each in tally.listed]
    query = select(Screening).join(Project).where(Screening.id.in_(ids), visible(work.actor))
    rows = {row.id: row for row in work.session.scalars(query)}
    return [Listed(rows[id], _three(old), _three(new)) for id, old, new in tally.listed if id in rows]


def _three(values: list[str]) -> Codes:
    inherent, residual, route = values
    return inherent, residual, route
