"""The later sections of the portfolio report (R3): conditions, committees, what reviewers changed, incidents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from governance.reports import portfolio_words as words
from governance.reports.blocks import bars, part, person, prose, table
from governance.reports.names import entered, said
from governance.reports.portfolio_boards import Board
from governance.reports.portfolio_view import Portfolio, name_of, periods, share
from governance.reports.redaction import Block
from governance.reports.words import Words
from governance.reviews.rules import KINDS
from governance.texts import Text, both

NUMBER = "n22"
SHOWN_QUESTIONS = 15
LEAST_ANSWERS = 3
"""Fewer answers than this say nothing about a question."""


def conditions(told: Portfolio) -> list[Block]:
    """Return the figures of conditions and the list of those overdue."""
    head = ((said(words.FIGURE), "", "product"), *periods(told))
    rows = [
        (said(text), str(told.now.conditions[name]), str(told.before.conditions[name]))
        for name, text in words.CONDITION_FIGURES.items()
    ]
    late = (
        (said(words.CASE), "24", "identity"),
        (said(words.PROJECT), "", "identity"),
        (said(words.CONDITION), "17", "figures"),
        (said(words.TIMING), "18", "product"),
        (said(words.DUE), "20", "figures"),
        (said(words.LATE_BY), "n18", "figures"),
        (said(words.OWNER), "27", "people"),
    )
    lines = [
        (each.project.number, entered(each.project.name, each.project.name_en), f"C{each.number}", said(KINDS[each.kind]),
         each.due_on.isoformat(), str(each.days), person(each.owner))
        for each in told.now.late
    ]  # fmt: skip
    return [table(head, rows), part(said(words.OVERDUE.filled(on=told.on)), table(late, lines))]


# long: one line for each column
def boards(told: Portfolio) -> list[Block]:
    """Return committees against their rules, and every session of the period."""
    head = (
        (said(words.BOARD), "", "identity"),
        (said(words.HELD), "n22", "figures"),
        (said(words.OF_YEAR), "36", "figures"),
        (said(words.SEATS), "n34", "figures"),
        (said(words.RECUSALS), "n19", "figures"),
        (said(words.DISSENTS), "n26", "figures"),
    )
    rows = [
        (said(name_of(each)), str(len(each.sessions)), said(_against(each)),
         f"{each.external} / {each.seats} = {share(each.external, each.seats) or '—'}", str(each.recusals),
         f"{each.dissents} / {each.votes}")
        for each in told.boards
    ]  # fmt: skip
    sessions = (
        (said(words.BOARD), "", "identity"),
        (said(words.SESSION), "34", "figures"),
        (said(words.DAY), "24", "figures"),
        (said(words.PRESENT), "n22", "figures"),
        (said(words.PRESENT_EXTERNAL), "n40", "figures"),
        (said(words.ITEMS), "n19", "figures"),
    )
    lines = [
        (said(name_of(board)), said(words.NTH.filled(year=each.fiscal_year, n=each.number)), each.on.isoformat(), str(each.present),
         f"{each.external} / {each.present} = {share(each.external, each.present) or '—'}", str(each.items))
        for board in told.boards for each in board.sessions
    ]  # fmt: skip
    return [table(head, rows), part(said(words.SESSIONS), table(sessions, lines))]


def _against(board: Board) -> Text:
    """Return the sessions of the fiscal year against the rule."""
    mark = words.MET if board.of_year >= board.needed else words.NOT_MET
    return mark.filled(held=board.of_year, needed=board.needed)


def changed(told: Portfolio) -> list[Block]:
    """Return what reviewers changed, and the questions most often declared not applicable."""
    now, before = told.now, told.before
    head = ((said(words.FIGURE), "", "product"), *periods(told))
    rows = [
        (said(words.KEY["overridden"]), _fraction(*now.overridden), _fraction(*before.overridden)),
        (said(words.SAMPLED), _fraction(*now.sampled), _fraction(*before.sampled)),
        *(
            (said(text), str(now.rulings.get(code, 0)), str(before.rulings.get(code, 0)))
            for code, text in words.RULINGS.items()
        ),
    ]
    return [
        table(head, rows),
        part(said(words.WEAK), prose(said(words.WEAK_NOTE.filled(n=LEAST_ANSWERS))), *_weak(told)),
    ]


def _fraction(part_of: int, whole: int) -> str:
    return f"{part_of} / {whole} = {share(part_of, whole) or '—'}"


def _weak(told: Portfolio) -> list[Block]:
    """Return the questions most often declared not applicable, of those answered often enough."""
    often = [(key, given, n) for key, (given, n) in told.now.unasked.items() if given and n >= LEAST_ANSWERS]
    ranked = sorted(often, key=lambda row: (-row[1] / row[2], -row[1], row[0]))[:SHOWN_QUESTIONS]
    head = (
        (said(words.QUESTION), "24", "figures"),
        (said(words.TOPIC), "", "product"),
        (said(words.GIVEN), "n40", "figures"),
        (said(words.RATE), NUMBER, "figures"),
    )
    rows = [(key, _topic(told, key), f"{given} / {n}", share(given, n)) for key, given, n in ranked]
    shown = [(key, round(100 * given / n, 1), None) for key, given, n in ranked]
    return [*([bars(said(words.WEAK_CAPTION), _decimals(shown), unit=" %")] if ranked else []), table(head, rows)]


def _decimals(rows: Iterable[tuple[str, float, None]]) -> list[tuple[Words, Any, Any]]:
    """Return rows whose figures with a place are texts, since a record holds no floats."""
    return [(label, f"{value:.1f}", before) for label, value, before in rows]


def _topic(told: Portfolio, key: str) -> Words:
    found = told.topics.get(key)
    return said(found) if found else None


# long: one line for each column
def incidents(told: Portfolio) -> list[Block]:
    """Return incidents and near misses by severity, and what followed."""
    grades = [(rank, grade.name) for rank, grade in enumerate(told.framework.severity, 1)]
    ranks = sorted({rank for _, rank in (*told.now.incidents, *told.before.incidents)} | {rank for rank, _ in grades})
    names = dict(grades)
    head = (
        (said(words.SEVERITY), "", "product"),
        *((said(text), "n34", "figures") for text in words.INCIDENT_KINDS.values()),
        *((said(words.EARLIER.filled(what=text)), "n34", "figures") for text in words.INCIDENT_KINDS.values()),
    )
    rows = [
        (
            said(names.get(rank, both(str(rank)))),
            *(str(told.now.incidents.get((kind, rank), 0)) for kind in words.INCIDENT_KINDS),
            *(str(told.before.incidents.get((kind, rank), 0)) for kind in words.INCIDENT_KINDS),
        )
        for rank in ranks
    ]
    more = ((said(words.FIGURE), "", "product"), *periods(told))
    lines = [
        (said(text), str(told.now.incident_states.get(code, 0)), str(told.before.incident_states.get(code, 0)))
        for code, text in words.INCIDENT_STATES.items()
    ] + [
        (said(text), str(told.now.consequences.get(code, 0)), str(told.before.consequences.get(code, 0)))
        for code, text in words.CONSEQUENCES.items()
    ]
    return [table(head, rows), part(said(words.FOLLOWED), table(more, lines))]
