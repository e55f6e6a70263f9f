"""What a paper of the meeting room is printed from: the frozen materials, the approved minutes, the recorded decision.

Whoever stepped back from an item is given no paper that tells of it: a board pack leaves the item out, minutes and letters are refused
(domain.md §6.2 recusal).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from governance.accounts.rules import authorize
from governance.projects.models import Project
from governance.projects.services import relations_of, visible
from governance.refusals import NotFound, Refusal
from governance.reports.models import Paper
from governance.reviews import letters, materials, minutes, paper
from governance.reviews.meeting_pages import hidden_in_minutes, hidden_items
from governance.reviews.meetings import meeting, recused_seats
from governance.reviews.models import AgendaItem, Decision, Meeting
from governance.reviews.people import standing
from governance.screenings.models import Screening
from governance.work import UnitOfWork

PACK, MINUTES, LETTER = "pack", "minutes", "letter"
OFFICES = {
    "chair": {"ja": "委員長 承認", "en": "Approved: chair"},
    "secretary": {"ja": "事務局 承認", "en": "Approved: secretary"},
}


@dataclass(frozen=True)
class Source:
    """The content of a paper, the row it comes from, and the items it tells of; `signs` are the approvals printed on it."""

    kind: str
    id: str
    content: Mapping[str, Any]
    items: list[str]
    meeting_id: str | None = None
    project_id: str | None = None
    signs: tuple[Mapping[str, Any], ...] = ()


def source(work: UnitOfWork, kind: str, key: str) -> Source:
    """Return what a paper of this kind is made from: `key` is a meeting for pack and minutes, a decision for a letter."""
    return {PACK: _pack, MINUTES: _minutes, LETTER: _letter}[kind](work, key)


def _pack(work: UnitOfWork, meeting_id: str) -> Source:
    row = meeting(work, meeting_id)
    authorize(work.actor, "paper:print", standing(work, row.committee))
    sent = materials.sent_materials(work, row)
    if sent is None:
        raise Refusal("reports.not_sent", "資料はまだ送付されていません。", "The materials have not been sent.")
    content, hidden = materials.content_of(sent), hidden_items(work, row)
    shown = [each["item"] for each in content["items"] if each["item"] not in hidden]
    kept = {
        **content,
        "title": paper.said("会議資料一式", "Board pack"),
        "materials": sent.digest,
        "items": [each for each in content["items"] if each["item"] in shown],
        "sections": paper.for_reader(content["sections"], hidden),
    }
    if hidden:
        kept["sections"] = [_without(each, hidden, content) for each in kept["sections"]]
    return Source(PACK, sent.id, kept, shown, row.id)


def _without(section: dict[str, Any], hidden: frozenset[str], content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the section of the agenda without the rows of items the reader may not see."""
    gone = {number for number, each in enumerate(content["items"]) if each["item"] in hidden}
    blocks = [
        {**block, "rows": [row for number, row in enumerate(block["rows"]) if number not in gone]}
        if section["item"] is None and block["kind"] == "table"
        else block
        for block in section["blocks"]
    ]
    return {**section, "blocks": blocks}


# long: one line for each thing that is printed
def _minutes(work: UnitOfWork, meeting_id: str) -> Source:
    row = meeting(work, meeting_id)
    authorize(work.actor, "paper:issue", standing(work, row.committee))
    found = minutes.versions_of(work, row)
    if not found or not minutes.is_final(found[0]):
        raise Refusal(
            "reports.not_approved",
            "議事録は、委員長と事務局が承認してから発行します。",
            "Minutes are issued once chair and secretary have approved them.",
        )
    signs = tuple(
        {
            "office": OFFICES[each.office],
            "name": paper.entered(each.approver.name, each.approver.name_en),
            "on": paper.at(each.approved_at),
        }
        for each in found[0].approvals
    )
    content = minutes.content_of(found[0])
    kept = {name: value for name, value in content.items() if name != "texts"} | {"version": found[0].number}
    kept["signs"], kept["reason"] = list(signs), found[0].reason
    if found[0].reason:
        note = paper.section(
            paper.said("訂正", "Correction"),
            paper.facts((paper.said("第{n}版の理由", "Reason of version {n}", n=found[0].number), found[0].reason)),
        )
        kept["sections"] = [note, *kept["sections"]]
    return Source(MINUTES, found[0].id, kept, [each["item"] for each in content["items"]], row.id, signs=signs)


def decision_for(work: UnitOfWork, decision_id: str) -> Decision:
    """Return a decision whose letter the actor may read: on a project they see, from whose item they did not step back."""
    row = letters.decision(work, decision_id)
    if row.item is not None and _stepped_back(work, [row.item.id]):
        raise NotFound
    return row


def _letter(work: UnitOfWork, decision_id: str) -> Source:
    row = decision_for(work, decision_id)
    project, item = row.screening.project, row.item
    authorize(work.actor, "paper:issue", relations_of(work, project))
    content = letters.compose(row)
    return Source(
        LETTER, row.id, content, [row.item_id] if row.item_id else [], item.meeting_id if item else None, project.id
    )


# ---------------------------------------------------------------- who may read which paper


def readable(work: UnitOfWork, row: Paper) -> bool:
    """Say whether the actor may have a paper: the team its letters, who sees the meeting its packs and minutes, never a recused item."""
    stepped_back = _stepped_back(work, row.items)
    if row.kind == LETTER:
        query = select(Project.id).where(Project.id == row.project_id, visible(work.actor))
        return not stepped_back and work.session.scalars(query).first() is not None
    try:
        found = meeting(work, row.meeting_id or "")
    except NotFound:
        return False
    hidden = hidden_in_minutes(work, found) if row.kind == MINUTES else hidden_items(work, found)
    return not stepped_back and not set(row.items) & hidden


def _stepped_back(work: UnitOfWork, items: list[str]) -> bool:
    rows = [work.session.get(AgendaItem, each) for each in items]
    return any(
        "item.recused" in standing(work, row.meeting.committee, recused_seats(work, row))
        for row in rows
        if row is not None
    )


def decisions_of(work: UnitOfWork, row: Meeting) -> list[Decision]:
    """Return the decisions of a meeting on projects the actor sees, in the order of the agenda."""
    query = (
        select(Decision)
        .join(AgendaItem, Decision.item_id == AgendaItem.id)
        .join(Screening, Decision.screening_id == Screening.id)
        .join(Project, Screening.project_id == Project.id)
        .where(AgendaItem.meeting_id == row.id, visible(work.actor))
    )
    return list(work.session.scalars(query.order_by(AgendaItem.position)))
