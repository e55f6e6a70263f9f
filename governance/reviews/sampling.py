"""Looking again at a share of the light cases that a department head approved alone (抜き取り確認).

Which ones are drawn follows from the digest of screening and revision and from the share in force on the day of the decision, so
anybody can repeat the draw and nobody can choose. What the expert team finds is recorded: it agrees, or the case should have gone
higher and is opened anew (domain.md §5.3; the override rate of §7 R3).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from governance.accounts.rules import authorize
from governance.projects.models import Project
from governance.projects.services import visible
from governance.questionnaires.definition import Framework
from governance.refusals import NotFound
from governance.reviews.desk_models import LightSample, SamplingShare
from governance.reviews.models import Decision
from governance.reviews.people import refuse_bound, relations_to
from governance.reviews.rules import fiscal_year, local_date, refuse_when
from governance.reviews.workdays import age
from governance.screenings import services as screenings
from governance.screenings.models import Screening
from governance.screenings.reopening import add_reason, open_one, reopen
from governance.work import UnitOfWork

FIRST_SHARE = 20
"""Percent that is drawn until the expert team sets another share."""
DEPARTMENT = "department"
AGREE, HIGHER = "agree", "higher"
LONGEST = 2000


@dataclass(frozen=True)
class Drawn:
    """A light case that was drawn, with the share in force on its day, how long it waits, and what was found."""

    decision: Decision
    percent: int
    days: int
    sample: LightSample | None


@dataclass(frozen=True)
class Statistics:
    """How many light cases were decided, drawn and looked at, and in how many the team would have gone higher."""

    decided: int
    drawn: int
    checked: int
    agreed: int
    higher: int

    @property
    def override_percent(self) -> int | None:
        """Share of those looked at that should have gone higher, rounded; None while none was."""
        return round(100 * self.higher / self.checked) if self.checked else None


def is_drawn(screening_id: str, revision: int, percent: int) -> bool:
    """Say whether a revision is drawn at this share; a case drawn at one share is drawn at every larger one."""
    digest = hashlib.sha256(f"light-sample/1 {screening_id} {revision}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 100 < percent


def shares(work: UnitOfWork) -> list[SamplingShare]:
    """Return every share that was set, the newest first."""
    return list(work.session.scalars(select(SamplingShare).order_by(SamplingShare.number.desc())))


def share_on(held: Sequence[SamplingShare], on: date) -> int:
    """Return the percent in force on a day, from shares with the newest first."""
    return next((row.percent for row in held if row.effective_on <= on), FIRST_SHARE)


# long: one line per column
def set_share(work: UnitOfWork, percent: int, *, effective_on: date, reason: str) -> SamplingShare:
    """Set the share from a day on, not a past one: what was drawn stays drawn."""
    authorize(work.actor, "sample:check")
    refuse_when(
        not 0 <= percent <= 100, "percent", "0から100までの数を入力してください。", "Enter 0 to 100.", place="percent"
    )
    held, today = shares(work), local_date(work.now)
    early = effective_on < today or any(row.effective_on > effective_on for row in held)
    said = (
        "今日以降で、すでに決めた変更より前でない日を入力してください。",
        "Enter a day from today on, not before a change that is set already.",
    )
    refuse_when(early, "effective_on", *said, place="effective_on")
    text = _needed(reason, "share_reason")
    row = SamplingShare(
        number=(held[0].number if held else 0) + 1,
        percent=percent,
        effective_on=effective_on,
        reason=text,
        set_by=work.actor.id,
        set_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    work.record(
        "SamplingShareSet",
        subject=("sampling_share", row.id),
        codes={"percent": percent, "effective_on": effective_on.isoformat()},
        private={"reason": text},
        row=row,
    )
    return row


def drawn(work: UnitOfWork, *, year: int | None = None) -> list[Drawn]:
    """Return the drawn light cases the actor may see, oldest decision first; of one fiscal year when it is given."""
    return [each for each in _light(work, year) if is_drawn_decision(each)]


def is_drawn_decision(each: Drawn) -> bool:
    """Say whether a light decision was drawn, or looked at anyway."""
    row = each.decision
    return each.sample is not None or is_drawn(row.screening_id, row.revision, each.percent)


def waiting_count(work: UnitOfWork) -> int:
    """Return how many drawn cases nobody has looked at yet."""
    return sum(each.sample is None for each in drawn(work))


def statistics(work: UnitOfWork, year: int | None = None) -> Statistics:
    """Return the figures of a fiscal year, or of all time."""
    light = _light(work, year)
    taken = [each for each in light if is_drawn_decision(each)]
    results = [each.sample.result for each in taken if each.sample]
    return Statistics(len(light), len(taken), len(results), results.count(AGREE), results.count(HIGHER))


def decision(work: UnitOfWork, decision_id: str) -> Drawn:
    """Return a drawn light decision of a project the actor may see; NotFound otherwise."""
    found = next((each for each in drawn(work) if each.decision.id == decision_id), None)
    if found is None:
        raise NotFound
    return found


# long: one line per column
def record_result(
    work: UnitOfWork, decision_id: str, result: str, *, note: str, reasons: Sequence[str] = ()
) -> LightSample:
    """Record what was found: agreed, or the case should have gone higher — then its phase is opened anew for these reasons.

    The approval stands until the new screening is decided. Refused to whoever is bound to the project, and a second time.
    """
    found = decision(work, decision_id)
    screening = found.decision.screening
    authorize(work.actor, "sample:check", relations_to(work, screening))
    work.session.refresh(screening, with_for_update=True)
    refuse_bound(work, screening)
    refuse_when(found.sample is not None, "sampled", "すでに確認されています。", "This was looked at already.")
    unknown = result not in (AGREE, HIGHER)
    refuse_when(unknown, "sample_result", "結果を選んでください。", "Choose the result.", place="result")
    text = _needed(note, "note")
    opened = _reopened(work, screening, reasons, text) if result == HIGHER else None
    row = LightSample(
        decision_id=found.decision.id,
        percent=found.percent,
        result=result,
        note=text,
        reopened_id=opened.id if opened else None,
        checked_by=work.actor.id,
        checked_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    work.record(
        "SampleChecked",
        subject=("decision", found.decision.id),
        project=screening.project_id,
        codes={"screening": screening.id, "result": result, "percent": found.percent, "reopened": row.reopened_id},
        private={"note": text},
        row=row,
    )
    return row


def _reopened(work: UnitOfWork, screening: Screening, reasons: Sequence[str], note: str) -> Screening:
    """Open the phase anew, or add the reason to the screening that is under way."""
    running = open_one(work, screening.project, screening.phase)
    if running is not None:
        add_reason(work, running, reasons=reasons, note=note, subject=screening.id)
        return running
    return reopen(work, screening.project, screening.phase, reasons=reasons, note=note, subject=screening.id)


def _light(work: UnitOfWork, year: int | None) -> list[Drawn]:
    """Return the approvals that department heads gave, with the share of their day."""
    query = (
        select(Decision, LightSample)
        .join(Screening, Decision.screening_id == Screening.id)
        .join(Project, Screening.project_id == Project.id)
        .outerjoin(LightSample, LightSample.decision_id == Decision.id)
        .where(Decision.body == DEPARTMENT, Decision.outcome == "approved", visible(work.actor))
        .order_by(Decision.decided_at, Decision.id)
    )
    held = shares(work)
    rows: list[tuple[Decision, LightSample | None]] = [(each[0], each[1]) for each in work.session.execute(query)]
    return [
        Drawn(row, sample.percent if sample else share_on(held, day), age(row.decided_at, work.now), sample)
        for row, sample in rows
        if _in_year(day := local_date(row.decided_at), year)
    ]


def _in_year(day: date, year: int | None) -> bool:
    return year is None or fiscal_year(day) == year


def this_year(at: datetime) -> int:
    """Return the Japanese fiscal year of a moment."""
    return fiscal_year(local_date(at))


def framework_of(each: Drawn) -> Framework:
    """Return the framework a drawn case was screened under."""
    return screenings.framework_of(each.decision.screening)


def _needed(text: str, place: str) -> str:
    kept = text.strip()
    refuse_when(not kept, "reason", "理由・内容を書いてください。", "Write the reason or text.", place=place)
    refuse_when(
        len(kept) > LONGEST,
        "too_long",
        "{limit}文字以内で書いてください。",
        "Use at most {limit} characters.",
        place=place,
        limit=LONGEST,
    )
    return kept
