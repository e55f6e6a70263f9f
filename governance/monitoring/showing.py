"""What the pages of monitoring show: the rows of the overview, one indicator with its readings, alerts told in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from governance.formats import local_date
from governance.monitoring import rules
from governance.monitoring.alerts import alerts_of, next_on
from governance.monitoring.charting import NARROW, WIDE, Chart, Point, Span, draw, spark
from governance.monitoring.counting import counting
from governance.monitoring.indicators import band_at, indicators_of
from governance.monitoring.models import Alert, Indicator, IndicatorBand, Reading
from governance.projects.models import Project
from governance.texts import Text, both
from governance.work import UnitOfWork

PER_PAGE = 20
SPARK_POINTS = 200
"""How many of the newest readings a row of the overview draws; the page of the indicator draws all."""


@dataclass(frozen=True)
class Row:
    """One indicator of the overview."""

    indicator: Indicator
    last: Point | None
    chart: Chart | None
    trend: Text
    band: Text
    next_on: date
    alert: Alert | None


@dataclass(frozen=True)
class Overview:
    """How a project is watched."""

    rows: list[Row]
    retired: list[Indicator]
    alerts: list[Alert]

    @property
    def open_alerts(self) -> list[Alert]:
        """The alerts that wait for somebody."""
        return [each for each in self.alerts if each.state == "open"]


@dataclass(frozen=True)
class Shown:
    """One indicator with its charts and a page of its readings."""

    wide: Chart | None
    narrow: Chart | None
    title: Text
    trend: Text
    readings: list[Reading]
    corrected: frozenset[str]
    first: int
    total: int
    next_on: date


def overview(work: UnitOfWork, project: Project, today: date) -> Overview:
    """Return the indicators of a project with their last readings, and its alerts."""
    rows, found = indicators_of(work, project), alerts_of(work, project)
    held = {each.indicator_id: each for each in found if each.state == "open"}
    active = [row for row in rows if row.retired_at is None]
    return Overview([_row(work, row, held.get(row.id)) for row in active], [r for r in rows if r.retired_at], found)


def _row(work: UnitOfWork, one: Indicator, alert: Alert | None) -> Row:
    points = points_of(work, one, newest=SPARK_POINTS)
    last = points[-1] if points else None
    return Row(
        one,
        last,
        spark(points, spans_of(one)),
        trend_of(one, points, work.now),
        band_of(one, work.now),
        next_on(one, last.at if last else None),
        alert,
    )


def points_of(work: UnitOfWork, one: Indicator, *, newest: int | None = None) -> list[Point]:
    """Return the readings that count in the order of their times; with `newest` the last so many."""
    query = counting(one.id, Reading.at, Reading.value, Reading.verdict).order_by(Reading.at.desc()).limit(newest)
    return [Point(*row) for row in reversed(work.session.execute(query).all())]


def spans_of(one: Indicator) -> list[Span]:
    """Return the bands of an indicator as its chart draws them."""
    return [Span(band.valid_from, band.low, band.high) for band in one.bands]


def band_now(one: Indicator, now: datetime) -> IndicatorBand:
    """Return the band in force; the first one before it begins."""
    return band_at(one, now) or one.bands[0]


def band_of(one: Indicator, now: datetime) -> Text:
    """Return the band in force in words."""
    band = band_now(one, now)
    return rules.band_words(band.low, band.high, one.unit)


def trend_of(one: Indicator, points: Sequence[Point], now: datetime) -> Text:
    """Return where the last readings tend, in a word."""
    band = band_now(one, now)
    return rules.TRENDS[rules.trend([each.value for each in points], band.direction, band.low, band.high)]


def shown(work: UnitOfWork, one: Indicator, zone: tzinfo, locale: str, first: int) -> Shown:
    """Return one indicator with its charts and the readings from number `first` (from 1) on, the newest first."""
    points, spans = points_of(work, one), spans_of(one)
    wide, narrow = (
        draw(points, spans, size, every_days=one.every_days, zone=zone, locale=locale) for size in (WIDE, NARROW)
    )
    total = work.session.scalar(select(func.count()).where(Reading.indicator_id == one.id)) or 0
    query = select(Reading).where(Reading.indicator_id == one.id).order_by(Reading.at.desc(), Reading.turn.desc())
    query = query.options(joinedload(Reading.batch)).offset(first - 1).limit(PER_PAGE)
    rows = list(work.session.scalars(query))
    corrected = work.session.scalars(
        select(Reading.corrects_id).where(Reading.corrects_id.in_([row.id for row in rows]))
    )
    last = points[-1].at if points else None
    return Shown(
        wide,
        narrow,
        chart_title(one, points, zone, work.now),
        trend_of(one, points, work.now),
        rows,
        frozenset(id for id in corrected if id),
        first,
        total,
        next_on(one, last),
    )


def chart_title(one: Indicator, points: Sequence[Point], zone: tzinfo, now: datetime) -> Text:
    """Return in words what the chart shows, for people who do not see it."""
    if not points:
        return Text("測定値はまだありません。", "There are no readings yet.")
    words = Text(
        "{name}の推移。{start}から{end}まで{count}件。最新は{last}、許容範囲は{band}、範囲外は{out}件です。",
        "{name} from {start} to {end}: {count} readings, the latest {last}, the range {band}, {out} out of range.",
    )
    return words.filled(
        name=one.called(),
        start=local_date(points[0].at, zone),
        end=local_date(points[-1].at, zone),
        count=len(points),
        last=with_unit(points[-1].value, one.unit),
        band=band_of(one, now),
        out=rules.count_out(each.verdict for each in points),
    )


def with_unit(value: str, unit: str) -> str:
    """Return a value with its unit as people write it."""
    return f"{value}{unit}" if unit in ("", "%", "％", "℃") else f"{value} {unit}"


# ---------------------------------------------------------------- alerts in words

_OUT = Text("{name}が範囲（{band}）を外れました：{value}（{on}）。", "{name} left its range ({band}): {value} on {on}.")
_OVERDUE = Text("{name}の測定が予定日を過ぎています。", "A reading of {name} is overdue.")
_OUTCOMES = {
    "waiting": Text(
        "続けて{run}回外れると、再スクリーニングが始まります。", "A re-screening starts after {run} in a row."
    ),
    "opened": Text("規則により、再スクリーニングを始めました。", "By rule, a re-screening was opened."),
    "linked": Text(
        "進行中のスクリーニングに、理由として加えました。", "It was added as a reason to the screening under way."
    ),
    "refused": Text(
        "規則による再スクリーニングは始められませんでした。案件の状態と前のフェーズの承認を確かめてください。",
        "The re-screening of the rule could not be opened; check the state of the project and its earlier approvals.",
    ),
}
_SETTLED = {
    "acknowledged": Text("{who}が確認しました（{reason}）。", "{who} acknowledged it ({reason})."),
    "screened": Text("再スクリーニングの結果が出ました。", "The re-screening was decided."),
    "reading": Text("測定値が登録されました。", "A reading was entered."),
    "corrected": Text("測定値が訂正されました。", "The reading was corrected."),
    "retired": Text("指標が終了しました。", "The indicator was retired."),
}


def told(row: Alert, zone: tzinfo) -> Text:
    """Return what happened, as sentences: what was found, what the rule did, how it was settled."""
    if not row.settled_how:
        return happened(row, zone)
    who = Text(row.settler.name_in("ja"), row.settler.name_in("en")) if row.settler else both("—")
    return _in_a_row(happened(row, zone), _SETTLED[row.settled_how].filled(who=who, reason=row.reason))


def happened(row: Alert, zone: tzinfo) -> Text:
    """Return what was found and what the rule did; who settled it, and why, is left out."""
    one = row.indicator
    if row.kind == "overdue" or row.reading is None:
        found = _OVERDUE.filled(name=one.called())
    else:
        value, on = with_unit(row.reading.value, one.unit), local_date(row.reading.at, zone)
        found = _OUT.filled(name=one.called(), band=_band_met(row), value=value, on=on)
    return found if row.outcome == "none" else _in_a_row(found, _OUTCOMES[row.outcome].filled(run=one.run_length))


def _in_a_row(first: Text, second: Text) -> Text:
    return Text(first.ja + second.ja, f"{first.en} {second.en}")


def _band_met(row: Alert) -> Text:
    """Return the band that the reading met, in words."""
    reading = row.reading
    band = next(
        (each for each in row.indicator.bands if reading and each.id == reading.band_id), row.indicator.bands[-1]
    )
    return rules.band_words(band.low, band.high, row.indicator.unit)


def when(at: datetime, zone: tzinfo) -> str:
    """Return the time of a reading: the date alone when it was entered as a date."""
    local = at.astimezone(zone)
    if local.hour == local.minute == local.second == 0:
        return local.date().isoformat()
    return local.strftime("%Y-%m-%d %H:%M" if not local.second else "%Y-%m-%d %H:%M:%S")
