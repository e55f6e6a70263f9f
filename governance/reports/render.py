"""Content of a case report → HTML in one language or both: the templates see plain values and nothing of the database.

The same content gives the same page; only number, time and purpose of the issue come from outside and stand in one place, the
foot of the cover (domain.md §7). Numbers of sections, tables and figures are counted here, so none is fixed in a template.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count, groupby
from string import ascii_uppercase
from typing import Any, Literal, TypeGuard
from zoneinfo import ZoneInfo

import rfc8785
import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from governance.monitoring import charting
from governance.paths import TEMPLATES
from governance.reports import charts, columns, figures, words
from governance.reports.assessment import AskedQuestion
from governance.reports.consistency import gaps
from governance.reports.content import RECORD_NAME, Content
from governance.reports.glyphs import printable
from governance.reports.house import PLAIN, Livery
from governance.reports.labels import LABELS
from governance.reports.redaction import INTERNAL, profile
from governance.reports.sealed import Seal
from governance.reports.words import Bilingual, Words, side

Mode = Literal["ja", "en", "both"]
ZONE = ZoneInfo("Asia/Tokyo")
ZONE_NAME = "JST"
_STARTS_A_PAGE = {"summary", "scope", "risk"}
_LONG = 700
_MANY = 12
_WIDEST_BAND = 8


@dataclass(frozen=True)
class Issue:
    """The one part of a report that is not in its record: number, time and purpose of this issue.

    `verify` is the address of the verification page up to where the digest is appended (…/verify?d=); without one the code on
    the last page holds the digest alone. `seal` is where the record stands in the ledger, unknown for a page that is only looked at.
    """

    number: str
    at: datetime
    purpose: Words
    verify: str = ""
    seal: Seal | None = None


class BrokenContent(ValueError):
    """The content does not hold together; the message lists what is wrong."""


class _ContentEnvironment(Environment):
    """Reads `value.key` of a plain dict as its key only, so `framework.items` is the list and no method is ever reached."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, dict):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)


# long: one line for each name that the templates know
@functools.cache
def environment() -> Environment:
    """Return the environment of the report templates."""
    made = _ContentEnvironment(
        loader=FileSystemLoader(TEMPLATES / "reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(
        side=side,
        is_blank=words.is_blank,
        is_pair=words.is_pair,
        tongue=words.tongue,
        wants_mark=words.wants_mark,
        label=_label,
        is_long=_is_long,
        listed=_listed,
        is_long_answer=_is_long_answer,
        local=_local,
        bands=_bands,
        drawn=figures.drawn,
        widths=columns.widths,
        zone=ZONE_NAME,
        record_name=RECORD_NAME,
    )
    return made


def record_bytes(content: Content) -> bytes:
    """Return the record of a content: its canonical JSON (RFC 8785), the bytes that are attached and hashed."""
    return rfc8785.dumps(content)  # type: ignore[arg-type]


def record_digest(content: Content) -> str:
    """Return the SHA-256 of the record, as printed in the report."""
    return hashlib.sha256(record_bytes(content)).hexdigest()


# long: one line for each thing the templates may use
def render_html(content: Content, *, lang: Mode, issue: Issue, drawn: bool = True, livery: Livery = PLAIN) -> str:
    """Return the page of a report. Raises `BrokenContent` when names or lengths in it do not fit together.

    `drawn`: letters that the shipped fonts cannot draw are printed as their numbers. `livery`: colours and logo of the house.
    """
    if problems := gaps(content):
        raise BrokenContent("; ".join(problems))
    one = "en" if lang == "en" else "ja"
    digest = record_digest(content)
    page = (
        environment()
        .get_template("report.html.j2")
        .render(
            content=content,
            mode=lang,
            one=one,
            two=lang == "both",
            issue=issue,
            digest=digest,
            livery=livery,
            qr=code(issue.verify + digest),
            draft=content["document"]["state"] == "draft",
            tells=_tells(content),
            sections=_sections(content),
            find=_finders(content),
            tones=charts.tones(len(content["framework"]["levels"])),
            next_table=count(1).__next__,
            next_figure=count(1).__next__,
            **_drawings(content, one, lang == "both"),
        )
    )
    return printable(page) if drawn else page


def _tells(content: Content) -> Callable[[str], bool]:
    """Return what says whether the content may hold a sort of matter; one from before there were profiles holds everything."""
    given: Mapping[str, Any] = content
    return profile(given["profile"]["code"] if "profile" in given else INTERNAL).keeps


def _label(key: str, **values: Any) -> Bilingual:
    """Return a fixed label with its places filled on both sides; words given for a place take their own side."""
    ja, en = (
        {name: side(value, locale) if _are_words(value) else value for name, value in values.items()}
        for locale in ("ja", "en")
    )
    text = LABELS[key]
    return {"ja": text.ja.format_map(ja), "en": text.en.format_map(en)}


def _are_words(value: Any) -> TypeGuard[Words]:
    return value is None or isinstance(value, (str, dict))


def _is_long(*several: Words) -> bool:
    """Say whether a row may split over pages because its text would leave a large gap otherwise."""
    return sum(len(side(one, "ja")) for one in several) > _LONG


def _listed(several: list[Words]) -> Bilingual:
    """Return several words as one line."""
    return {"ja": "、".join(side(one, "ja") for one in several), "en": ", ".join(side(one, "en") for one in several)}


def _is_long_answer(question: AskedQuestion) -> bool:
    """Say the same of the row of a question: what was written and entered, and the evidence named below it."""
    told = _is_long(question["text"], question["remark"], question["ruling"], *question["entries"])
    return told or len(question["evidence"]) > _MANY


def _local(stamp: str | datetime) -> str:
    """Return a time of the record as the report shows it."""
    at = datetime.fromisoformat(stamp) if isinstance(stamp, str) else stamp
    return at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")


def _bands(several: list[Any]) -> list[list[Any]]:
    """Cut a row that is too long for a page into equal bands."""
    rows = math.ceil(len(several) / _WIDEST_BAND)
    width = math.ceil(len(several) / rows)
    return [several[start : start + width] for start in range(0, len(several), width)]


def code(text: str) -> dict[str, Any]:
    """Return the size of a QR code and its dark cells as one SVG path, row by row."""
    rows = segno.make(text, error="m", micro=False).matrix
    path = "".join(
        f"M{start} {down}h{len(run)}v1h-{len(run)}z" for down, row in enumerate(rows) for start, run in _runs(row)
    )
    return {"size": len(rows), "path": path}


def _runs(row: bytearray) -> Iterator[tuple[int, list[int]]]:
    """Yield each run of dark cells with where it starts."""
    at = 0
    for dark, cells in groupby(row):
        run = list(cells)
        if dark:
            yield at, run
        at += len(run)


def _sections(content: Content) -> list[dict[str, Any]]:
    """Number the sections: body 1, 2, …, appendix A, B, …; the first of the appendix starts a page."""
    numbers = {"body": map(str, count(1)), "appendix": iter(ascii_uppercase)}
    numbered: list[dict[str, Any]] = []
    for section in content["sections"]:
        first = section["part"] == "appendix" and not any(other["part"] == "appendix" for other in numbered)
        numbered.append(
            {**section, "no": next(numbers[section["part"]]), "new": first or section["key"] in _STARTS_A_PAGE}
        )
    return numbered


def _finders(content: Content) -> dict[str, Callable[[Any], Any]]:
    """Return functions that find an item, phase, person, answer, level name, evidence or section by what names it."""
    framework = content["framework"]
    tables: dict[str, dict[Any, Any]] = {
        "item": {item["key"]: item for item in framework["items"]},
        "phase": {phase["code"]: phase["name"] for phase in framework["phases"]},
        "level": {level["rank"]: level["name"] for level in framework["levels"]},
        "answer": {answer["code"]: answer for answer in framework["answers"]},
        "evidence": {evidence["id"]: evidence for evidence in content["evidence"]},
        "person": dict(content["people"]),
        "rated": {rated["item"]: rated for rated in content["risk"]["rated"]},
        "section": {section["key"]: _label(f"in_{section['part']}", n=section["no"]) for section in _sections(content)},
    }
    return {name: table.get for name, table in tables.items()}


def _drawings(content: Content, one: str, two: bool) -> dict[str, Any]:
    """Lay out the charts that the content has numbers for; null where one would say nothing."""
    framework, rated = content["framework"], content["risk"]["rated"]
    by_rank = sorted(framework["levels"], key=lambda level: level["rank"])
    names = [side(level["name"], one) for level in by_rank]
    labels = [f"{item['no']} {side(item['short'], one)}" for item in framework["items"]]
    ranks = ([each["inherent"] or 0 for each in rated], [each["residual"] or 0 for each in rated])
    return {
        "heat": _heat_map(content, one, two, names),
        "radar_chart": charts.radar(labels, *ranks, len(names)) if len(labels) >= 3 else None,
        "matrix_chart": _matrix(content, names) if framework["matrix"] else None,
        "series_charts": {
            each["id"]: _series(each, one) for each in (content["monitoring"] or {"indicators": []})["indicators"]
        },
    }


def _series(indicator: Any, one: str) -> charting.Chart | None:
    """Lay out the readings of an indicator with its bands, as its page does."""
    points = [
        charting.Point(datetime.fromisoformat(each["at"]), each["value"], each["verdict"])
        for each in indicator["readings"]
    ]
    spans = [
        charting.Span(datetime.fromisoformat(each["since"]), each["low"], each["high"]) for each in indicator["bands"]
    ]
    return charting.draw(points, spans, charting.PRINTED, every_days=indicator["every_days"], zone=ZONE, locale=one)


def _heat_map(content: Content, one: str, two: bool, names: list[str]) -> charts.Chart:
    """Put phases down and items across, or the other way round when there are more items than a row can hold."""
    phases = {phase["code"]: phase["name"] for phase in content["framework"]["phases"]}
    rows = [charts.Axis(side(phases[row["phase"]], one), side(row["state"], one)) for row in content["grid"]]
    columns = [
        charts.Axis(
            f"{item['no']} {side(item['short'], one)}",
            side(item["short"], "en") if two and words.is_pair(item["short"]) else "",
        )
        for item in content["framework"]["items"]
    ]
    cells = [
        [(cell["inherent"], cell["residual"]) if cell else None for cell in row["cells"]] for row in content["grid"]
    ]
    if len(columns) <= _WIDEST_BAND:
        return charts.heat_map(rows, columns, cells, names)
    return charts.heat_map(columns, rows, [list(column) for column in zip(*cells, strict=True)], names)


def _matrix(content: Content, names: list[str]) -> charts.Chart:
    """Put each item where its final severity and likelihood cross."""
    framework = content["framework"]
    numbers = {item["key"]: str(item["no"]) for item in framework["items"]}
    at: dict[tuple[int, int], list[str]] = {}
    for rated in content["risk"]["rated"]:
        if rated["severity"] and rated["likelihood"]:
            at.setdefault((rated["severity"]["final"], rated["likelihood"]["final"]), []).append(numbers[rated["item"]])
    places = [
        [
            charts.Place(cell["value"], cell["level"], tuple(at.get((down["value"], across["value"]), ())))
            for across, cell in zip(framework["likelihood"], row, strict=True)
        ]
        for down, row in zip(framework["severity"], framework["matrix"], strict=True)
    ]
    severities = [f"S{grade['value']}" for grade in framework["severity"]]
    return charts.matrix(severities, [f"L{grade['value']}" for grade in framework["likelihood"]], places, names)
