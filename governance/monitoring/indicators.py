"""Acts on indicators: register, change, give a new band from a day on, retire; each is an entry of the ledger.

A band is never rewritten. A changed one is a new version with the reason of the change, and readings keep the verdict of the band they
met, so that nobody makes an excursion disappear by widening the band afterwards (domain.md M1a).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from governance.accounts.rules import authorize
from governance.monitoring import rules
from governance.monitoring.alerts import settle_retired
from governance.monitoring.models import Indicator, IndicatorBand, Reading
from governance.projects import life
from governance.projects.models import Project
from governance.projects.services import relations_of, visible
from governance.questionnaires.definition import Framework
from governance.questionnaires.services import current_framework, framework_in
from governance.refusals import NotFound, Problem, Refusal, Refusals
from governance.screenings.measures import owners
from governance.texts import Text
from governance.work import UnitOfWork

MOST_NAME, MOST_UNIT, MOST_NOTE = 100, 30, 2000
MOST_INDICATORS = 100
"""More than a team can watch; it bounds every page and report that lists them."""


@dataclass(frozen=True)
class Particulars:
    """What an indicator says about itself, apart from its band."""

    name: str
    every_days: int
    owner_id: str
    name_en: str = ""
    unit: str = ""
    note: str = ""
    opens_screening: bool = False
    phase: str = ""
    run_length: int = 1


@dataclass(frozen=True)
class Limits:
    """A band as it was typed, with the moment from which it holds and why it was chosen."""

    direction: str
    low: str
    high: str
    valid_from: datetime
    reason: str = ""


# ---------------------------------------------------------------- finding


def framework_of(work: UnitOfWork, project: Project) -> Framework:
    """Return the framework in force for a project."""
    return framework_in(current_framework(work, project.framework_key))


def indicator(work: UnitOfWork, indicator_id: str) -> Indicator:
    """Return an indicator of a project the actor may see; NotFound otherwise."""
    query = select(Indicator).join(Project).where(Indicator.id == indicator_id, visible(work.actor))
    row = work.session.scalars(query).one_or_none()
    if row is None:
        raise NotFound
    return row


def indicators_of(work: UnitOfWork, project: Project) -> list[Indicator]:
    """Return the indicators of a project by number, retired ones at the end."""
    query = select(Indicator).where(Indicator.project_id == project.id).options(joinedload(Indicator.owner))
    return list(work.session.scalars(query.order_by(Indicator.retired_at.is_not(None), Indicator.number)))


def band_at(one: Indicator, at: datetime) -> IndicatorBand | None:
    """Return the band in force at a moment; None before the first."""
    return next((band for band in reversed(one.bands) if band.valid_from <= at), None)


def has_readings(work: UnitOfWork, one: Indicator) -> bool:
    """Say whether anything was ever entered."""
    return work.session.scalar(select(Reading.id).where(Reading.indicator_id == one.id).limit(1)) is not None


# ---------------------------------------------------------------- acts


# long: one line for each column
def add(work: UnitOfWork, project: Project, told: Particulars, limits: Limits) -> Indicator:
    """Register an indicator with its first band. Raises Refusals naming everything that is missing or does not fit."""
    authorize(work.actor, "indicator:edit", relations_of(work, project))
    _must_go_on(work, project)
    work.session.refresh(project, with_for_update=True)
    low, high, wrong = _limits(limits, told.unit)
    Refusals.raise_any([*_problems(work, project, told), *wrong])
    count = work.session.scalar(select(func.count()).where(Indicator.project_id == project.id)) or 0
    if count >= MOST_INDICATORS:
        raise Refusal(
            "monitoring.many",
            "指標は{most}件までです。",
            "There can be at most {most} indicators.",
            most=MOST_INDICATORS,
        )
    row = Indicator(
        project_id=project.id,
        number=count + 1,
        created_by=work.actor.id,
        created_at=work.now,
        project=project,
        **_columns(told, framework_of(work, project)),
    )
    row.bands = [_band(work, 1, limits, low, high)]
    work.session.add(row)
    work.session.flush()
    _record(work, row, "IndicatorAdded", None, {"name": row.name})
    return row


def change(work: UnitOfWork, one: Indicator, told: Particulars, *, rev: int) -> None:
    """Change what an indicator says about itself; its unit stays once there are readings, for they were measured in it."""
    _may_change(work, one, rev)
    found = _problems(work, one.project, told)
    if told.unit.strip() != one.unit and has_readings(work, one):
        words = Text(
            "測定値があるため、単位は変えられません。この指標を終了し、新しい指標を登録してください。",
            "There are readings in this unit; retire the indicator and register a new one.",
        )
        found.append(Problem("monitoring.unit", words, "unit"))
    Refusals.raise_any(found)
    columns = _columns(told, framework_of(work, one.project))
    if all(getattr(one, name) == value for name, value in columns.items()):
        return
    for name, value in columns.items():
        setattr(one, name, value)
    work.session.flush()
    _record(work, one, "IndicatorChanged", rev, {"name": one.name})


def change_band(work: UnitOfWork, one: Indicator, limits: Limits, *, rev: int) -> IndicatorBand:
    """Give an indicator a new band, from now or a day to come, and say why. Earlier readings keep the band they met."""
    _may_change(work, one, rev)
    low, high, found = _limits(limits, one.unit)
    newest = one.bands[-1]
    if limits.valid_from < work.now or limits.valid_from <= newest.valid_from:
        words = Text(
            "新しい範囲は今日以降、かつ前の範囲の開始より後から有効にできます。",
            "A new range begins today or later, and after the range before it.",
        )
        found.append(Problem("monitoring.valid_from", words, "valid_from"))
    if not limits.reason.strip():
        found.append(
            Problem("monitoring.reason", Text("変更の理由を書いてください。", "Say why it changes."), "reason")
        )
    if (low, high, limits.direction) == (newest.low, newest.high, newest.direction):
        found.append(Problem("monitoring.same", Text("今の範囲と同じです。", "This is the present range."), "low"))
    Refusals.raise_any(found)
    band = _band(work, newest.version + 1, limits, low, high)
    one.bands.append(band)
    work.session.flush()
    _record(work, one, "BandChanged", rev, {"reason": band.reason}, band)
    return band


def retire(work: UnitOfWork, one: Indicator, reason: str, *, rev: int) -> None:
    """End an indicator: it takes no more readings, and everything about it stays on record."""
    _may_change(work, one, rev)
    if not reason.strip():
        raise Refusal("monitoring.reason", "終了の理由を書いてください。", "Say why it ends.", place="reason")
    settle_retired(work, one)
    one.retired_by, one.retired_at, one.retired_because = work.actor.id, work.now, reason.strip()[:MOST_NOTE]
    work.session.flush()
    _record(work, one, "IndicatorRetired", rev, {"reason": one.retired_because})


def _may_change(work: UnitOfWork, one: Indicator, rev: int) -> None:
    authorize(work.actor, "indicator:edit", relations_of(work, one.project))
    work.expect(one, rev)
    _must_go_on(work, one.project)
    if one.retired_at is not None:
        raise Refusal("monitoring.retired", "この指標は終了しています。", "This indicator is retired.")


def _must_go_on(work: UnitOfWork, project: Project) -> None:
    """Refuse an act on a project that was withdrawn or retired; a suspended one is still watched."""
    if life.state_of(work, project) in life.ENDED:
        raise Refusal(
            "monitoring.ended",
            "この案件は終わっているため、監視の記録は増やせません。",
            "This project has ended; its monitoring can only be read.",
        )


# ---------------------------------------------------------------- checks


def _problems(work: UnitOfWork, project: Project, told: Particulars) -> list[Problem]:
    found = []
    if not told.name.strip():
        found.append(Problem("monitoring.name", Text("指標の名前を入力してください。", "Enter the name."), "name"))
    if told.owner_id not in {person.id for person in owners(project)}:
        words = Text(
            "担当を、案件の責任者と担当者から選んでください。", "Choose the owner among the team of the project."
        )
        found.append(Problem("monitoring.owner", words, "owner_id"))
    if told.phase and told.phase not in {phase.code for phase in framework_of(work, project).phases}:
        found.append(Problem("monitoring.phase", Text("フェーズを選んでください。", "Choose the phase."), "phase"))
    return [*found, *_out_of_reach(told), *_too_long(told)]


def _out_of_reach(told: Particulars) -> list[Problem]:
    found = []
    if not 1 <= told.every_days <= rules.MOST_DAYS:
        words = Text("1から{most}までの日数を入力してください。", "Enter 1 to {most} days.").filled(
            most=rules.MOST_DAYS
        )
        found.append(Problem("monitoring.every_days", words, "every_days"))
    if not 1 <= told.run_length <= 100:
        words = Text("1から100までの回数を入力してください。", "Enter 1 to 100 readings.")
        found.append(Problem("monitoring.run_length", words, "run_length"))
    return found


def _too_long(told: Particulars) -> list[Problem]:
    most = {"name": MOST_NAME, "name_en": MOST_NAME, "unit": MOST_UNIT, "note": MOST_NOTE}
    words = Text("{n}文字以内で書いてください。", "Use at most {n} characters.")
    return [
        Problem(f"monitoring.{name}", words.filled(n=n), name)
        for name, n in most.items()
        if len(getattr(told, name)) > n
    ]


def _limits(limits: Limits, unit: str) -> tuple[str, str, list[Problem]]:
    """Return the exact limits with everything wrong about them."""
    found: list[Problem] = []
    exact = {"low": "", "high": ""}
    for name in exact:
        typed = getattr(limits, name).strip()
        try:
            exact[name] = rules.exact(typed, unit=unit) if typed else ""
        except Refusal as refused:
            found.append(Problem(refused.code, refused.text, name))
    return exact["low"], exact["high"], found or rules.band_problems(limits.direction, **exact)


def _columns(told: Particulars, framework: Framework) -> dict[str, object]:
    return {
        "name": told.name.strip(),
        "name_en": told.name_en.strip(),
        "unit": told.unit.strip(),
        "note": told.note.strip(),
        "every_days": told.every_days,
        "owner_id": told.owner_id,
        "opens_screening": told.opens_screening,
        "phase": told.phase or framework.phases[-1].code,
        "run_length": told.run_length,
    }


def _band(work: UnitOfWork, version: int, limits: Limits, low: str, high: str) -> IndicatorBand:
    return IndicatorBand(
        version=version,
        direction=limits.direction,
        low=low,
        high=high,
        valid_from=limits.valid_from,
        reason=limits.reason.strip()[:MOST_NOTE],
        set_by=work.actor.id,
        set_at=work.now,
    )


# long: one line for each code
def _record(
    work: UnitOfWork,
    one: Indicator,
    act: str,
    rev: int | None,
    private: dict[str, str],
    row: Indicator | IndicatorBand | None = None,
) -> None:
    band = one.bands[-1]
    codes: dict[str, str | int | bool] = {
        "number": one.code,
        "band": band.version,
        "direction": band.direction,
        "low": band.low,
        "high": band.high,
        "every_days": one.every_days,
        "opens_screening": one.opens_screening,
    }
    work.record(
        act,
        subject=("indicator", one.id),
        project=one.project_id,
        rev=(rev, one.rev),
        codes=codes,
        private={name: text for name, text in private.items() if text},
        row=row or one,
    )


def folded(name: str) -> str:
    """Return a name as it is compared: whatever its width and case."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def names_of(rows: Sequence[Indicator]) -> dict[str, Indicator]:
    """Return the indicators that take readings by everything a file may call them: both names and, before those, the code."""
    active = [row for row in rows if row.retired_at is None]
    named = {folded(name): row for row in reversed(active) for name in (row.name_en, row.name) if name}
    return named | {folded(row.code): row for row in active}
