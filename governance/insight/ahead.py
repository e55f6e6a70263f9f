"""What follows an approval: its renewal when it ends soon or has ended, else the phase that may begin; one task per project.

What stands is asked of the same rules as everywhere (screenings/rules.py), so a newer re-screening of an earlier phase does not hide
that a later one is approved. Re-screenings that are open already wait in the list as any screening does, with their reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import lazyload

from governance.insight.desk import TEAM, Desk, framework_of, newest, screenings_for, takes_part, task_of
from governance.insight.rules import Task
from governance.questionnaires.definition import Framework
from governance.screenings.models import Reassessment, Screening
from governance.screenings.rules import APPROVED, gate_shut_by, is_valid, standing, under_way
from governance.texts import Text, joined
from governance.work import UnitOfWork

RENEW = Text("定期再評価を始める", "Start the reassessment")
RENEW_WHY = Text(
    "前回の承認の期限は{on}です。変わった点を中心に尋ねます。",
    "The approval ends on {on}; what changed is asked again.",
)
ENDED = Text("期限の切れた承認を更新する", "Renew the approval that has ended")
ENDED_WHY = Text(
    "承認は{on}に期限が切れました。再スクリーニングで承認を受け直してください。",
    "The approval ended on {on}. Have it renewed by a re-screening.",
)
BEGIN = Text("「{phase}」のスクリーニングを始める", "Start the screening of “{phase}”")
BEGIN_WHY = Text(
    "前のフェーズは承認されています。回答は引き継がれます。",
    "The phase before is approved; its answers are carried over.",
)
AGAIN = Text("再スクリーニングです（理由：{reasons}）。", "It is a re-screening (reason: {reasons}).")
START = Text("始める", "Start")


def to_follow(desk: Desk) -> Iterable[Task]:
    """Approvals of own projects that end soon or have ended, and phases that may follow one."""
    leading = screenings_for(desk, Screening.id.in_(newest()), Screening.state.in_(APPROVED), takes_part(desk.me, TEAM))
    held = _held(desk.work, [row.project_id for row in leading])
    for row in leading:
        yield from _follow(row, held[row.project_id], desk.today)


def _held(work: UnitOfWork, ids: Sequence[str]) -> Mapping[str, list[Screening]]:
    """Return all screenings of these projects, in one statement."""
    found: dict[str, list[Screening]] = defaultdict(list)
    query = select(Screening).where(Screening.project_id.in_(ids)).options(lazyload("*"))
    for row in work.session.scalars(query) if ids else ():
        found[row.project_id].append(row)
    return found


def _follow(row: Screening, held: Sequence[Screening], today: date) -> Iterable[Task]:
    framework, href = framework_of(row), f"/projects/{row.project_id}"
    codes = [phase.code for phase in framework.phases]
    stands = standing(held)
    reached = max((code for code in stands if code in codes), key=codes.index, default=None)
    if reached is None:
        return
    approval, name = stands[reached], framework.phase(reached).name
    if approval.valid_until is not None and approval.valid_until <= today + timedelta(days=framework.rescreening_days):
        valid = is_valid(approval, today)
        what, why = (RENEW, RENEW_WHY) if valid else (ENDED, ENDED_WHY)
        why, to = why.filled(on=approval.valid_until), f"{href}/reopen?phase={reached}"
        yield task_of(row, what, why, to, START, 20, due=approval.valid_until, phase=name)
    elif following := _next(framework, reached, held, today):
        name = framework.phase(following).name
        what, since = BEGIN.filled(phase=name), approval.changed_at
        yield task_of(row, what, BEGIN_WHY, href, START, 10, since=since, opens=following, phase=name)


def _next(framework: Framework, reached: str, held: Sequence[Screening], today: date) -> str | None:
    """Return the phase after the one reached, if its gate is open and nothing of it is under way."""
    codes = [phase.code for phase in framework.phases]
    after = codes[codes.index(reached) + 1 :][:1]
    return next(
        (code for code in after if not under_way(held, code) and not gate_shut_by(framework, code, held, today)), None
    )


def reasons_in_words(work: UnitOfWork, rows: Sequence[Screening]) -> dict[str, Text]:
    """Return for each of these screenings that is a re-screening a sentence with its reasons, in one statement."""
    query = select(Reassessment.screening_id, Reassessment.reasons)
    query = query.where(Reassessment.screening_id.in_([row.id for row in rows])).order_by(Reassessment.opened_at)
    codes: dict[str, list[str]] = defaultdict(list)
    for each in work.session.execute(query) if rows else ():
        codes[each.screening_id] += [code for code in each.reasons if code not in codes[each.screening_id]]
    return {
        row.id: AGAIN.filled(reasons=joined([framework_of(row).name_of("rescreening", code) for code in codes[row.id]]))
        for row in rows
        if codes.get(row.id)
    }
