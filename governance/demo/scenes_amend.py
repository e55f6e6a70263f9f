"""The scenes of changes to what was approved: filed by the team, decided by the expert team."""

from __future__ import annotations

from governance.demo.doings import Amend, Doings, Judge
from governance.demo.stage import Stage
from governance.reviews import amendments
from governance.work import UnitOfWork


def amend(stage: Stage, work: UnitOfWork, about: Doings, one: Amend) -> None:
    """File a change."""
    text = stage.calendar.text(one.text, about.language)
    project = stage.project(work, about.project)
    row = amendments.file_amendment(work, project, one.phase, scale=one.scale, reasons=one.reasons, text=text)
    stage.ids["amendment", about.project, one.key] = row.id


def judge(stage: Stage, work: UnitOfWork, about: Doings, one: Judge) -> None:
    """Decide a change."""
    row = amendments.amendment(work, stage.ids["amendment", about.project, one.amendment])
    verdict = stage.calendar.text(one.verdict, about.language)
    amendments.decide_amendment(work, row, one.how, rev=row.rev, verdict=verdict)
