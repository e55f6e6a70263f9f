"""What is compared when a screening came back: its submitted revisions as frozen, and the present state."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from governance.questionnaires.models import FrameworkVersion, QuestionnaireVersion
from governance.questionnaires.services import framework_in, questionnaire_in
from governance.refusals import NotFound
from governance.screenings.changes import Changes, State, compare
from governance.screenings.loading import Filled
from governance.screenings.models import Screening, Snapshot
from governance.screenings.rules import EDITABLE
from governance.screenings.snapshots import content, thaw
from governance.work import UnitOfWork


@dataclass(frozen=True)
class Compared:
    """What is compared: the revisions on both sides (`until` None is the present state), and what changed."""

    since: int
    until: int | None
    changes: Changes


def submitted(row: Screening) -> list[Snapshot]:
    """Return the submitted snapshots of a screening, one per revision."""
    return sorted((s for s in row.snapshots if s.stage == "submitted"), key=lambda s: s.revision)


def compared(
    work: UnitOfWork,
    row: Screening,
    filled: Filled,
    locale: str,
    since: int | None = None,
    until: int | None = None,
) -> Compared | None:
    """Return what changed between two revisions, by default from the last submitted one before to how it stands.

    None when nothing was submitted before. Raises NotFound for a revision that was not submitted.
    """
    frozen = {each.revision: each for each in submitted(row)}
    last = until or (None if row.state in EDITABLE else row.revision)
    earlier = [number for number in frozen if last is None or number < last]
    first = since or max(earlier, default=None)
    if first is None:
        return None
    if first not in frozen or (until is not None and until not in frozen):
        raise NotFound
    now = _thawed(work.session, frozen[last]) if last in frozen and last is not None else _present(work, row, filled)
    return Compared(first, last, compare(_thawed(work.session, frozen[first]), now, locale))


def _thawed(session: Session, snapshot: Snapshot) -> State:
    tree = thaw(session, snapshot)
    framework = session.get_one(FrameworkVersion, tree["framework"]["id"])
    ids = [each["id"] for each in tree["questionnaires"]]
    rows = session.scalars(select(QuestionnaireVersion).where(QuestionnaireVersion.id.in_(ids)))
    questions = {q.key: q for each in rows for _, q in questionnaire_in(each).questions()}
    return State(tree, framework_in(framework), questions)


def _present(work: UnitOfWork, row: Screening, filled: Filled) -> State:
    questions = {q.key: q for each in filled.sheet.questionnaires for _, q in each.questions()}
    return State(content(work.session, row, filled, "submitted"), filled.sheet.framework, questions)
