"""The decision letter (審査結果通知書): what the team is told of a decision, composed from the decision as it was recorded.

It carries outcome, reasons, conditions with their dates, how long the decision holds and what can be done about it; never who voted
what (domain.md §6.2 outcome letters, §6.3).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import object_session

from governance.projects.services import project as visible_project
from governance.refusals import NotFound
from governance.reviews import paper
from governance.reviews.amendment_models import Appeal
from governance.reviews.body_models import CommitteeOpinion
from governance.reviews.committee import CommitteeRules
from governance.reviews.committees import rules_of
from governance.reviews.materials import name_of
from governance.reviews.models import Decision
from governance.reviews.paper import Block, Words, entered, facts, prose, said, section, table, worded
from governance.reviews.rules import EXECUTIVE, KINDS, OUTCOMES, local_date
from governance.screenings.services import framework_of
from governance.work import UnitOfWork

SCHEMA = "governance.decision.letter/1"
APPROVED = said(
    "承認は有効期限まで有効です。用途・対象者・モデルなどを大きく変えるときは、変更を申請してください。",
    "The approval holds until the day above. File a change before you alter purpose, people concerned or model.",
)
CONDITIONAL = said(
    "条件は期限までに対応し、証跡を付けて報告してください。開始前・稼働前の条件が残る間は、次の段階に進めません。",
    "Meet each condition by its date and report it with evidence. While one before start or launch is open, the project waits.",
)
MEND = said("理由に応えて回答を直し、再提出してください。", "Mend the answers as the reasons say, and submit again.")
HIGHER = said("上位の機関の決定を待ってください。", "Please wait for the decision of the higher body.")


def decision(work: UnitOfWork, decision_id: str) -> Decision:
    """Return a decision on a project the actor sees; NotFound otherwise."""
    found = work.session.get(Decision, decision_id)
    if found is None:
        raise NotFound
    visible_project(work, found.screening.project_id)
    return found


def compose(row: Decision) -> dict[str, Any]:
    """Return the letter of a decision."""
    project = row.screening.project
    until = row.valid_until.isoformat() if row.valid_until else "—"
    return {
        "schema": SCHEMA,
        "decision": row.id,
        "title": said("審査結果通知書", "Decision letter"),
        "subject": entered(project.name, project.name_en),
        "items": [{"item": row.item_id or "", "snapshot": row.snapshot_digest}],
        "sections": [
            section(said("通知", "Notice"), _notice(row)),
            section(
                said("審査結果", "Decision"),
                facts(
                    (said("結果", "Outcome"), worded(OUTCOMES[row.outcome])),
                    (said("有効期限", "Valid until"), until),
                    *([(said("付議先", "Escalated to"), row.escalated_to)] if row.escalated_to else []),
                ),
                paper.part(said("理由", "Reasons"), prose(row.rationale)),
            ),
            *_advice(row),
            section(said("付帯条件", "Conditions"), _conditions(row)),
            section(said("このあとの手続", "What comes next"), prose(*_next(row))),
        ],
    }


def _notice(row: Decision) -> Block:
    project, framework = row.screening.project, framework_of(row.screening)
    owners = [each.user for each in project.members if each.part == "owner" and each.is_current]
    to = entered("、".join(each.name_in("ja") for each in owners), ", ".join(each.name_in("en") for each in owners))
    return facts(
        (said("宛先", "To"), to),
        (said("部門", "Department"), entered(project.department, project.department_en)),
        (said("案件番号・版", "Number, revision"), f"{project.number} / {row.revision}"),
        (said("案件名", "Name"), entered(project.name, project.name_en)),
        (said("フェーズ", "Phase"), worded(framework.phase(row.screening.phase).name)),
        (said("審査した機関", "Decided by"), _body(row)),
        (said("決定日", "Decided on"), local_date(row.decided_at).isoformat()),
        (said("審査の対象（写しのダイジェスト）", "Basis: digest of the snapshot"), row.snapshot_digest),
    )


def _body(row: Decision) -> Words:
    if row.item is not None and row.body == "board":
        return name_of(row.item.meeting)
    if row.body == EXECUTIVE:
        return said("執行側", "The executive")
    return worded(framework_of(row.screening).name_of("bodies", row.body))


def _advice(row: Decision) -> list[Block]:
    """Return what a committee advised before the executive decided: its opinion is not the decision (domain.md §6.3 authority)."""
    session = object_session(row)
    if row.body != EXECUTIVE or row.item is None or session is None:
        return []
    found = session.scalars(select(CommitteeOpinion).where(CommitteeOpinion.item_id == row.item_id)).one_or_none()
    if found is None:
        return []
    lines = facts(
        (said("委員会", "Committee"), name_of(row.item.meeting)),
        (said("意見", "Opinion"), worded(OUTCOMES[found.outcome])),
        (said("意見の日", "Given on"), local_date(found.recorded_at).isoformat()),
    )
    note = said(
        "これは意見であり、決定は上記のとおり執行側によるものです。",
        "This is an opinion. The decision above is the executive’s.",
    )
    return [section(said("委員会の意見", "Opinion of the committee"), lines, prose(found.rationale), prose(note))]


def _conditions(row: Decision) -> Block:
    head = (
        said("番号", "No."),
        said("条件", "Condition"),
        said("種類", "Kind"),
        said("担当", "Owner"),
        said("確認", "Verifier"),
        said("期限", "Due"),
    )
    lines = [
        (
            f"C-{each.number}",
            entered(each.text, each.text_en),
            worded(KINDS[each.kind]),
            entered(each.owner.name, each.owner.name_en),
            entered(each.verifier.name, each.verifier.name_en),
            each.due_on.isoformat(),
        )
        for each in row.conditions
    ]
    return table(head, lines)


def _next(row: Decision) -> list[Words]:
    """Return what the team can and has to do after this outcome."""
    if row.outcome in ("approved", "approved_with_conditions"):
        return [APPROVED, CONDITIONAL] if row.conditions else [APPROVED]
    if row.outcome == "rejected":
        return [_appeal(row)]
    return [MEND if row.outcome == "returned" else HIGHER]


def _appealed_times(row: Decision) -> int:
    """Return how often the case was appealed so far."""
    session = object_session(row)
    query = select(func.count()).where(Appeal.screening_id == row.screening_id)
    return (session.scalar(query) or 0) if session else 0


def _appeal(row: Decision) -> Words:
    committee = row.item.meeting.committee if row.item else None
    rules = rules_of(committee, local_date(row.decided_at)) if committee else CommitteeRules()
    if _appealed_times(row) >= rules.appeal_times:
        return said("この決定に異議は申し立てられません。", "This decision cannot be appealed.")
    days = rules.appeal_days
    return said(
        "新しい事実があるときは、決定日から{n}日以内に異議を申し立てられます。",
        "On new facts you may appeal within {n} days of the decision.",
        n=days,
    )
