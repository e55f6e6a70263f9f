"""The list of performed erasures, and performing them again after a restore from an older backup (assurance.md §3.8).

The list holds identifiers and reasons, no erased text; it is signed (listing.py), kept apart from the backups and taken after each
erasure. Replaying is harmless where nothing came back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from governance.accounts.models import User
from governance.erasure.holding import next_number, standing
from governance.erasure.performing import perform
from governance.ledger.models import LedgerEvent
from governance.ledger.rules import moment
from governance.projects.models import Erasure, Project
from governance.refusals import Refusal
from governance.work import UnitOfWork

TOLD = ("id", "number", "project_id", "person_id", "parts", "basis", "reason", "early", "requested_by", "decided_by")

_PERFORMED = select(LedgerEvent).where(LedgerEvent.type == "ErasurePerformed")


def listed(work: UnitOfWork) -> list[dict[str, Any]]:
    """Return every performed erasure in the form that `replay` takes, the oldest first.

    Raises Refusal for one that the ledger has no entry of: what is signed was done by two people, and not written past the service.
    """
    query = select(Erasure).where(Erasure.state == "performed").order_by(Erasure.number)
    known = {event.subject for event in work.session.scalars(_PERFORMED)}
    strange = [row.number for row in work.session.scalars(query) if f"erasure:{row.id}" not in known]
    if strange:
        raise Refusal(
            "erasure.unrecorded",
            "消去第{number}号は監査台帳に記録がありません。governance ledger verify で確かめてください。",
            "The ledger has no entry of erasure no. {number}. Look into it with governance ledger verify.",
            number=strange[0],
        )
    return [
        {name: getattr(row, name) for name in TOLD}
        | {"requested_at": moment(row.requested_at), "decided_at": moment(row.decided_at or row.requested_at)}
        for row in work.session.scalars(query)
    ]


def replay(work: UnitOfWork, told: Mapping[str, Any]) -> bool:
    """Perform an erasure of the list again unless this database has it; say whether anything was done.

    The two people are those of the list. Raises Refusal when the list is not one, when somebody it names is unknown here, or under a
    legal hold.
    """
    if not {*TOLD, "requested_at", "decided_at"} <= told.keys():
        raise _unknown()
    row = work.session.get(Erasure, told["id"])
    if row is not None and row.state != "requested":
        return False
    if row is None:
        row = _again(work, told)
    about: Project | User | None = row.project or row.person
    if about is None or standing(work, about):
        raise Refusal(
            "erasure.replay_held",
            "消去第{number}号は、保全が設定されているため再実行できません。",
            "Erasure no. {number} cannot be performed again: a legal hold stands.",
            number=told["number"],
        )
    perform(work, row, by=told["decided_by"], at=datetime.fromisoformat(told["decided_at"]), replayed=True)
    return True


def _again(work: UnitOfWork, told: Mapping[str, Any]) -> Erasure:
    """Enter the request anew; its number may have been given to another one since the restore."""
    about = (Project, told["project_id"]) if told["project_id"] else (User, told["person_id"])
    people = (User, told["requested_by"]), (User, told["decided_by"])
    if any(work.session.get(model, id) is None for model, id in (about, *people)):
        raise _unknown()
    taken = work.session.scalars(select(Erasure).where(Erasure.number == told["number"])).first()
    row = Erasure(
        **{name: told[name] for name in TOLD if name not in ("number", "decided_by")},
        number=next_number(work, Erasure) if taken else told["number"],
        requested_at=datetime.fromisoformat(told["requested_at"]),
        counts={},
    )
    work.session.add(row)
    work.session.flush()
    return row


def _unknown() -> Refusal:
    return Refusal(
        "erasure.not_this_list",
        "消去の一覧ではないか、このデータベースにない案件または人を指しています。",
        "This is no list of erasures, or it names a project or a person that this database does not have.",
    )
