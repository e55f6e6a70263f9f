"""Acts on the minutes (議事録) of a closed meeting: draft, edit, approve by two offices, correct.

Every version stays. Chair and secretary approve one and the same version, as two persons; what is changed after that is a new version
with its reason, and needs both approvals again (domain.md §6.2, issue of minutes).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import rfc8785
from sqlalchemy import select

from governance.accounts.rules import authorize, may
from governance.ledger.rules import Ref
from governance.refusals import Refusal
from governance.reviews import telling
from governance.reviews.committees import seats_on
from governance.reviews.materials import name_of
from governance.reviews.minutes_record import compose, first_texts
from governance.reviews.models import Meeting
from governance.reviews.paper import said
from governance.reviews.people import standing
from governance.reviews.room_models import MinutesApproval, MinutesVersion
from governance.reviews.rules import local_date, refuse_when
from governance.work import UnitOfWork

SCHEMA = "governance.meeting.minutes/1"
CHAIR, SECRETARY = "chair", "secretary"
OFFICES = (CHAIR, SECRETARY)
PARTS = ("opening", "opening_en", "closing", "closing_en")
"""The texts of the secretariat beside those of the items, in both languages."""


def versions_of(work: UnitOfWork, row: Meeting) -> list[MinutesVersion]:
    """Return the versions of the minutes, the newest first."""
    query = select(MinutesVersion).where(MinutesVersion.meeting_id == row.id).order_by(MinutesVersion.number.desc())
    return list(work.session.scalars(query.execution_options(populate_existing=True)))


def content_of(version: MinutesVersion) -> dict[str, Any]:
    """Return the content of a version; refuse when it no longer fits its digest."""
    if hashlib.sha256(version.body.encode()).hexdigest() != version.digest:
        raise Refusal(
            "reviews.minutes_changed",
            "議事録の記録が改ざんされています。監査台帳を検証してください。",
            "The record of the minutes was changed. Verify the ledger.",
        )
    return json.loads(version.body)  # type: ignore[no-any-return]


def is_final(version: MinutesVersion) -> bool:
    """Say whether both offices have approved the version."""
    return {each.office for each in version.approvals} == set(OFFICES)


def texts_of(work: UnitOfWork, row: Meeting) -> dict[str, Any]:
    """Return the texts to edit: those of the newest version, else what a first draft begins with."""
    found = versions_of(work, row)
    return content_of(found[0])["texts"] if found else first_texts(row)


# long: every rule is asked before a version is kept
def write(work: UnitOfWork, row: Meeting, texts: Mapping[str, Any], *, seen: int, reason: str = "") -> MinutesVersion:
    """Keep a new version: the record as it is, and these texts. `seen` is the number of the version the writer began from."""
    authorize(work.actor, "minutes:write", standing(work, row.committee))
    _lock_closed(work, row)
    found = versions_of(work, row)
    last = found[0].number if found else 0
    other = (
        "ほかの人が先に議事録を保存しました。画面を開き直してください。",
        "Somebody saved the minutes first. Reload the page.",
    )
    refuse_when(seen != last, "minutes_moved", *other)
    final = bool(found) and is_final(found[0])
    why = ("承認済みの議事録を訂正する理由を書いてください。", "Give the reason for correcting approved minutes.")
    refuse_when(final and not reason.strip(), "correction_reason", *why, place="correction_reason")
    body = rfc8785.dumps(_content(work, row, texts)).decode()
    version = MinutesVersion(
        meeting_id=row.id,
        number=last + 1,
        body=body,
        digest=hashlib.sha256(body.encode()).hexdigest(),
        reason=reason.strip() if final else "",
        written_by=work.actor.id,
        written_at=work.now,
    )
    work.session.add(version)
    work.session.flush()
    _record(work, row, version, "MinutesWritten", correction=final)
    telling.minutes_to_approve(work, row, _chairs(row))
    return version


def _content(work: UnitOfWork, row: Meeting, texts: Mapping[str, Any]) -> dict[str, Any]:
    given = texts.get("items", {})
    kept: dict[str, Any] = {
        **{part: str(texts.get(part, "")).strip() for part in PARTS},
        "items": {item.id: str(given.get(item.id, "")).strip() for item in row.items},
    }
    return {
        "schema": SCHEMA,
        "meeting": row.id,
        "title": said("議事録", "Minutes"),
        "subject": name_of(row),
        "items": [{"item": item.id, "snapshot": item.snapshot.digest} for item in row.items],
        "texts": kept,
        "sections": compose(work, row, kept),
    }


def approve(work: UnitOfWork, row: Meeting, office: str, *, seen: int) -> MinutesApproval:
    """Approve the newest version as chair or as secretary; nobody approves for both."""
    authorize(work.actor, "minutes:approve", standing(work, row.committee))
    _lock_closed(work, row)
    found = versions_of(work, row)
    moved = ("議事録の版が変わりました。新しい版を確かめてください。", "There is a newer version. Look at it first.")
    refuse_when(not found or found[0].number != seen, "minutes_moved", *moved)
    version = found[0]
    refuse_when(
        office not in offices_of(work, row), "office", "その立場では承認できません。", "You do not hold this office."
    )
    taken = any(each.office == office for each in version.approvals)
    refuse_when(taken, "approved", "承認済みです。", "This office has approved already.")
    same = any(each.approved_by == work.actor.id for each in version.approvals)
    two = ("委員長と事務局は、別の人が承認します。", "Chair and secretary approve as two persons.")
    refuse_when(same, "two_persons", *two)
    approval = MinutesApproval(version_id=version.id, office=office, approved_by=work.actor.id, approved_at=work.now)
    version.approvals.append(approval)
    work.session.flush()
    _record(work, row, version, "MinutesApproved", office=office)
    return approval


def offices_of(work: UnitOfWork, row: Meeting) -> list[str]:
    """Return the offices for which the actor may approve the minutes of this meeting."""
    if not may(work.actor, "minutes:approve", standing(work, row.committee)):
        return []
    chair = [CHAIR] if work.actor.id in _chairs(row) else []
    return chair + ([SECRETARY] if "secretariat" in work.actor.roles else [])


def _chairs(row: Meeting) -> list[str]:
    seats = seats_on(row.committee, local_date(row.opened_at or row.starts_at))
    return [seat.user_id for seat in seats if seat.is_chair]


def _lock_closed(work: UnitOfWork, row: Meeting) -> None:
    work.session.refresh(row, with_for_update=True)
    closed = ("議事録は、閉会してから作ります。", "Minutes are made once the meeting is closed.")
    refuse_when(row.state != "closed", "not_closed", *closed)


def _record(work: UnitOfWork, row: Meeting, version: MinutesVersion, act: str, **codes: str | bool) -> None:
    refs: dict[str, Ref] = {"minutes": version.digest}
    private = {"reason": version.reason} if act == "MinutesWritten" and version.reason else {}
    work.record(act, subject=("meeting", row.id), codes={"number": version.number, **codes}, refs=refs, private=private)
