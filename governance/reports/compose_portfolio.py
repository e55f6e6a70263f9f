"""The portfolio report (R3): the figures of a period in words, tables and charts, compared with the period before (domain.md §7).

Composes from what portfolio.py and portfolio_boards.py counted; nothing is read here. Every chart stands over the table of its numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from governance.questionnaires.definition import Framework
from governance.reports import compose_portfolio_more
from governance.reports import portfolio_words as words
from governance.reports.blocks import bars, facts, heat, part, prose, section, table, trend, word
from governance.reports.names import said
from governance.reports.portfolio import Figures, Span
from governance.reports.portfolio_boards import Board
from governance.reports.portfolio_view import Portfolio, name_of, periods, share
from governance.reports.redaction import Block
from governance.reports.words import Words
from governance.reviews.rules import OUTCOMES
from governance.texts import Text, both

NUMBER = "n22"


def sections(told: Portfolio) -> list[Block]:
    """Return the sections of the report."""
    return [
        section(said(words.SUMMARY), *_summary(told), new=True),
        section(said(words.CASES), *_cases(told), new=True),
        section(said(words.RISK), *_risk(told)),
        section(said(words.LEAD), *_lead(told)),
        section(said(words.CONDITIONS), *compose_portfolio_more.conditions(told)),
        section(said(words.BOARDS), *compose_portfolio_more.boards(told)),
        section(said(words.CHANGED), *compose_portfolio_more.changed(told)),
        section(said(words.INCIDENTS), *compose_portfolio_more.incidents(told)),
        section(said(words.TERMS), facts(*((said(term), said(text), "product") for term, text in words.DEFINED))),
    ]


# -- summary -------------------------------------------------------------------------------------------------------------------


# long: one line for each figure
def _summary(told: Portfolio) -> list[Block]:
    now, before = told.now, told.before
    lines = [
        ("registered", now.registered, before.registered),
        ("submitted", now.submitted, before.submitted),
        ("decided", sum(now.outcomes.values()), sum(before.outcomes.values())),
        ("median", _days(now.spans["total"].median), _days(before.spans["total"].median)),
        ("ninetieth", _days(now.spans["total"].ninetieth), _days(before.spans["total"].ninetieth)),
        ("overdue", now.conditions["overdue"], before.conditions["overdue"]),
        ("sessions", _held(told.boards), _held(told.boards_before)),
        ("external", _external(told.boards), _external(told.boards_before)),
        ("overridden", share(*now.overridden), share(*before.overridden)),
        ("unasked", _unasked(now), _unasked(before)),
        ("accidents", _kind(now, "incident"), _kind(before, "incident")),
        ("near_misses", _kind(now, "near_miss"), _kind(before, "near_miss")),
    ]
    head = ((said(words.FIGURE), "", "product"), *periods(told), (said(words.CHANGE), NUMBER, "figures"))
    rows = [
        (said(words.KEY[name]), _shown(value), _shown(earlier), _change(value, earlier))
        for name, value, earlier in lines
    ]
    sentence = words.MESSAGE.filled(
        period=told.period.name,
        submitted=now.submitted,
        decided=sum(now.outcomes.values()),
        overdue=now.conditions["overdue"],
    )
    below = [
        words.BELOW.filled(name=name_of(each), held=each.of_year, needed=each.needed)
        for each in told.boards
        if each.of_year < each.needed
    ]
    return [prose(said(sentence), *map(said, below), matter="figures"), table(head, rows)]


def _shown(value: Any) -> Words:
    return None if value is None else str(value)


def _days(value: float | None) -> str | None:
    return None if value is None else f"{value:.1f}"


def _change(now: Any, before: Any) -> Words:
    """Return the difference of two figures with its sign; nothing where one is missing."""
    if now is None or before is None:
        return None
    is_share = isinstance(now, str) and now.endswith("%")
    less = Decimal(str(now).removesuffix(" %")) - Decimal(str(before).removesuffix(" %"))
    unit = word("ポイント", " pt") if is_share else None
    text = f"{less:+}" if less else "±0"
    return {"ja": text + unit["ja"], "en": text + unit["en"]} if unit and less else text


def _held(boards: Iterable[Board]) -> int:
    return sum(len(each.sessions) for each in boards)


def _external(boards: Iterable[Board]) -> str | None:
    every = list(boards)
    return share(sum(each.external for each in every), sum(each.seats for each in every))


def _unasked(of: Figures) -> str | None:
    return share(sum(given for given, _ in of.unasked.values()), sum(count for _, count in of.unasked.values()))


def _kind(of: Figures, kind: str) -> int:
    return sum(count for (each, _), count in of.incidents.items() if each == kind)


# -- cases by what they are ------------------------------------------------------------------------------------------------------


def _cases(told: Portfolio) -> list[Block]:
    framework = told.framework
    named: list[tuple[Text, Sequence[tuple[Any, Text]], Mapping[Any, int], Mapping[Any, int]]] = [
        (words.BY_PHASE, [(p.code, p.name) for p in framework.phases], told.now.by_phase, told.before.by_phase),
        (words.BY_SECTOR, _named(framework.sectors), told.now.by_sector, told.before.by_sector),
        (words.BY_REGION, _named(framework.regions), told.now.by_region, told.before.by_region),
        (words.BY_ROUTE, _named(framework.routes), told.now.by_route, told.before.by_route),
    ]
    blocks = [block for title, names, now, before in named for block in [_tally(told, title, names, now, before)]]
    if told.now.other_frameworks:
        blocks.append(prose(said(words.OTHERS.filled(n=told.now.other_frameworks)), matter="figures"))
    return blocks


def _named(parts: Iterable[Any]) -> list[tuple[Any, Text]]:
    return [(each.code, each.name) for each in parts]


def _tally(
    told: Portfolio, title: Text, names: Sequence[tuple[Any, Text]], now: Mapping[Any, int], before: Mapping[Any, int]
) -> Block:
    """Return bars over the table of their numbers; a code the framework no longer knows keeps its code."""
    known = [code for code, _ in names]
    every = [*names, *((code, both(str(code))) for code in sorted({*now, *before} - set(known), key=str))]
    rows = [
        (said(name), now.get(code, 0), before.get(code, 0)) for code, name in every if now.get(code) or before.get(code)
    ]
    whole = sum(now.values())
    head = ((said(words.NAME), "", "product"), *periods(told), (said(words.SHARE), NUMBER, "figures"))
    cells = [(name, str(n), str(b), share(n, whole)) for name, n, b in rows]
    return part(said(title), *([bars(said(title), rows)] if rows else []), table(head, cells))


# -- risk ------------------------------------------------------------------------------------------------------------------------


def _risk(told: Portfolio) -> list[Block]:
    framework = told.framework
    levels = [(rank, level.name) for rank, level in enumerate(framework.levels, 1)]
    blocks = [
        _tally(told, words.BY_INHERENT, levels, told.now.by_inherent, told.before.by_inherent),
        _tally(told, words.BY_RESIDUAL, levels, told.now.by_residual, told.before.by_residual),
    ]
    if told.peaks:
        blocks.append(part(said(words.HEAT), _heat(told), _heat_table(told)))
    return blocks


def _heat(told: Portfolio) -> Block:
    framework = told.framework
    cells = [[told.peaks.get((phase.code, item.code)) for item in framework.items] for phase in framework.phases]
    return heat(
        said(words.HEAT_CAPTION),
        [said(phase.name) for phase in framework.phases],
        [said(item.short) for item in framework.items],
        cells,
        [said(level.name) for level in framework.levels],
    )


def _heat_table(told: Portfolio) -> Block:
    """Return how many cases stand at each residual level, lowest first, for every phase and item."""
    framework = told.framework
    ranks = range(1, len(framework.levels) + 1)
    head = ((said(words.ITEM), "", "product"), *((said(phase.name), "n38", "figures") for phase in framework.phases))
    rows = [
        (said(item.name), *(_spread(told.counts.get((phase.code, item.code)), ranks) for phase in framework.phases))
        for item in framework.items
    ]
    caption = words.SPREAD.filled(
        levels=Text("・".join(x.name.ja for x in framework.levels), " / ".join(x.name.en for x in framework.levels))
    )
    return table(head, rows, caption=said(caption))


def _spread(counts: Mapping[int, int] | None, ranks: range) -> str:
    return " / ".join(str((counts or {}).get(rank, 0)) for rank in ranks) if counts else "—"


# -- decisions and lead times ------------------------------------------------------------------------------------------------------


# long: one line for each part of the section
def _lead(told: Portfolio) -> list[Block]:
    now, before = told.now, told.before
    outcomes = _tally(told, words.BY_OUTCOME, list(OUTCOMES.items()), now.outcomes, before.outcomes)
    bodies = _tally(told, words.BY_BODY, _bodies(told.framework), now.bodies, before.bodies)
    columns = (("cases", "n19"), ("median", "n22"), ("ninetieth", "n24"))
    head = (
        (said(words.STEP), "", "product"),
        *((said(words.SPAN[name]), width, "figures") for name, width in columns),
        *((said(words.EARLIER.filled(what=words.SPAN[name])), width, "figures") for name, width in columns),
    )
    rows = [(said(text), *_span(now.spans[name]), *_span(before.spans[name])) for name, text in words.STEPS.items()]
    months = list(now.months)
    lines = (
        (said(words.SENT), [now.months[month][0] for month in months]),
        (said(words.DONE), [now.months[month][1] for month in months]),
    )
    labels = [f"{month}" if len(months) > 1 else f"{year}-{month:02}" for year, month in months]
    by_month = table(
        (
            (said(words.MONTH), "", "product"),
            (said(words.SENT), "n34", "figures"),
            (said(words.DONE), "n34", "figures"),
        ),
        [
            (f"{year}-{month:02}", str(now.months[year, month][0]), str(now.months[year, month][1]))
            for year, month in months
        ],
    )
    charted = [trend(said(words.MONTHLY), labels, lines)] if 1 < len(months) <= words.MOST_MONTHS else []
    return [
        part(said(words.SPANS), table(head, rows), prose(said(words.SPAN_NOTE))),
        outcomes,
        bodies,
        part(said(words.MONTHLY), *charted, by_month),
    ]


def _bodies(framework: Framework) -> list[tuple[Any, Text]]:
    """Return who decides: as the framework names them, and the offices it does not name."""
    return list({**words.OFFICES, **dict(_named(framework.bodies))}.items())


def _span(span: Span) -> tuple[str, str, str]:
    return (str(span.count), _days(span.median) or "—", _days(span.ninetieth) or "—")
