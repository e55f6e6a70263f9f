"""What a back-test found, in words and figures: for the page and for the command."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from governance.authoring.backtest import KINDS, Codes, Tally, Trial, explained
from governance.projects.models import Project
from governance.questionnaires.definition import Framework
from governance.screenings.models import Screening
from governance.texts import Text, both

WORDS = {
    "inherent": Text("対策前のリスク", "Inherent risk"),
    "residual": Text("残余リスク", "Residual risk"),
    "route": Text("審査経路", "Route"),
}
ASSUMED = {
    "unanswered": Text("未回答", "Unanswered"),
    "best": Text("リスクが最も低い回答", "Least risky answer"),
    "worst": Text("リスクが最も高い回答", "Riskiest answer"),
}
NOT_RATED = Text("未評価", "Not rated")


@dataclass(frozen=True)
class Grid:
    """How many screenings go from which level or route to which: rows are before, columns after."""

    kind: str
    heads: list[Text]
    rows: list[tuple[Text, list[int]]]
    changed: int


def name_of(framework: Framework, kind: str, code: str) -> Text:
    """Return the name of a level or a route; of one that the framework no longer has the code."""
    if not code:
        return NOT_RATED
    return framework.name_of("routes" if kind == "route" else "levels", code)


def grids(framework: Framework, tally: Tally) -> list[Grid]:
    """Return the three tables of what moves where; levels and routes that nobody has are left out."""
    return [_grid(framework, kind, tally) for kind in KINDS]


def _grid(framework: Framework, kind: str, tally: Tally) -> Grid:
    moves = {(old, new): n for name, n in tally.moves[kind].items() for old, _, new in [name.partition(">")]}
    used = {code for pair in moves for code in pair}
    known = [each.code for each in (framework.routes if kind == "route" else framework.levels)]
    order = [*([""] if "" in used else []), *(c for c in known if c in used), *sorted(used - {"", *known})]
    rows = [(name_of(framework, kind, old), [moves.get((old, new), 0) for new in order]) for old in order]
    return Grid(kind, [name_of(framework, kind, code) for code in order], rows, tally.counts[kind])


def assumptions(tally: Tally) -> list[tuple[Text, dict[str, int]]]:
    """Return per assumption about new questions how many change; empty when there are no new questions."""
    if not tally.assumed:
        return []
    plain = {"changed": tally.changed, **tally.counts}
    return [(ASSUMED[name], counts) for name, counts in {"unanswered": plain, **tally.assumed}.items()]


def summary(tally: Tally) -> Text:
    """Return the result in a sentence."""
    if not tally.concerned:
        return Text(
            "これまでに提出された{seen}件のうち、この下書きに関わるものはありません。",
            "None of the {seen} submitted screenings is concerned by this draft.",
        ).filled(seen=tally.seen)
    return Text(
        "この下書きに関わる{concerned}件のうち、{changed}件で区分か経路が変わります。",
        "Of the {concerned} screenings concerned, {changed} change in level or route.",
    ).filled(concerned=tally.concerned, changed=tally.changed)


# ---------------------------------------------------------------- for the command


def lines(session: Session, trial: Trial, framework: Framework, tally: Tally, most: int) -> Iterator[Text]:
    """Yield the result as lines, with the first changed screenings and why they change."""
    yield summary(tally)
    for grid in grids(framework, tally):
        words = Text("{kind}：{n}件が変わる", "{kind}: {n} change")
        yield words.filled(kind=WORDS[grid.kind], n=grid.changed)
        for old, new, n in _changes(grid):
            yield Text("  {old} → {new}  {n}件", "  {old} → {new}  {n}").filled(old=old, new=new, n=n)
    for words, counts in assumptions(tally):
        yield Text("新しい質問を「{words}」としたとき：{n}件が変わる", "New questions as “{words}”: {n} change").filled(
            words=words, n=counts["changed"]
        )
    for screening_id, before, after in tally.listed[:most]:
        yield _case_line(session, framework, screening_id, before, after)
        for reason in explained(session, trial, screening_id).reasons:
            yield Text(f"    {reason.ja}", f"    {reason.en}")


def _changes(grid: Grid) -> Iterator[tuple[Text, Text, int]]:
    for number, (old, counts) in enumerate(grid.rows):
        for column, n in enumerate(counts):
            if n and number != column:
                yield old, grid.heads[column], n


def _case_line(session: Session, framework: Framework, id: str, before: Sequence[str], after: Sequence[str]) -> Text:
    number, phase = _case(session, id)
    moves = [
        Text("{kind} {old} → {new}", "{kind} {old} → {new}").filled(
            kind=WORDS[kind], old=name_of(framework, kind, old), new=name_of(framework, kind, new)
        )
        for kind, old, new in zip(KINDS, before, after, strict=True)
        if old != new
    ]
    head = both(f"  {number} {phase}  ")
    return Text(head.ja + "、".join(m.ja for m in moves), head.en + ", ".join(m.en for m in moves))


def _case(session: Session, id: str) -> tuple[str, str]:
    query = select(Project.number, Screening.phase).join(Screening).where(Screening.id == id)
    number, phase = session.execute(query).one()
    return number, phase


def as_json(session: Session, trial: Trial, tally: Tally, most: int) -> dict[str, Any]:
    """Return everything as JSON: the counts, and the first changed screenings with their reasons."""
    listed = []
    for id, before, after in tally.listed[:most]:
        number, phase = _case(session, id)
        reasons = [reason.as_dict() for reason in explained(session, trial, id).reasons]
        sides = {"before": _sides(before), "after": _sides(after)}
        listed.append({"screening": id, "project": number, "phase": phase, **sides, "reasons": reasons})
    return {**{key: value for key, value in asdict(tally).items() if key != "listed"}, "screenings": listed}


def _sides(values: Sequence[str] | Codes) -> dict[str, str | None]:
    return {kind: value or None for kind, value in zip(KINDS, values, strict=True)}
