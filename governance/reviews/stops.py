"""Acts on hard stops: legal clears or confirms a suspicion; legal and the expert team together release a stop whose facts changed.

While a stop stands no vote can approve. Every ruling stays on record, so the history of a stop can be shown (domain.md §5.4).
"""

from __future__ import annotations

from sqlalchemy import select

from governance.accounts.rules import authorize
from governance.refusals import Refusal
from governance.reviews import telling
from governance.reviews.people import locked, refuse_bound, relations_to
from governance.reviews.rules import refuse_when
from governance.reviews.services import add_ruling
from governance.screenings import services as screenings
from governance.screenings.models import Ruling, Screening
from governance.screenings.workflow import after
from governance.work import UnitOfWork

LEGAL, TEAM = "released_legal", "released_team"
_EVENTS = {"clear": "HardStopCleared", "confirm": "HardStopConfirmed", "release": "HardStopReleased"}
_WAITS = {"clear": ("suspected",), "confirm": ("suspected",), "release": ("release",)}


def clear_stop(work: UnitOfWork, screening: Screening, stop: str, *, rev: int, reason: str) -> Ruling:
    """Rule that a suspected practice is none of the prohibited ones (H1; legal only)."""
    return _rule(work, screening, stop, "clear", "cleared", rev=rev, reason=reason)


def confirm_stop(work: UnitOfWork, screening: Screening, stop: str, *, rev: int, reason: str) -> Ruling:
    """Rule that a suspected practice is prohibited: the case stays blocked for this revision (H1; legal only)."""
    return _rule(work, screening, stop, "confirm", "confirmed", rev=rev, reason=reason)


def release_stop(work: UnitOfWork, screening: Screening, stop: str, *, rev: int, reason: str) -> Ruling:
    """Sign that the facts behind a stop changed: legal and team sign each, and they are two persons (domain.md §5.4)."""
    roles = work.actor.roles
    signed = {r.outcome: r.ruled_by for r in _signatures(work, screening, stop)}
    mark = LEGAL if "legal" in roles and LEGAL not in signed else TEAM
    if work.actor.id in signed.values() or (mark == TEAM and "expert" not in roles and "legal" in roles):
        raise Refusal(
            "reviews.two_persons",
            "解除には、法務と専門チームから別々の人の確認が必要です。",
            "A release needs legal and the expert team, and two different persons.",
        )
    return _rule(work, screening, stop, "release", mark, rev=rev, reason=reason)


def _signatures(work: UnitOfWork, screening: Screening, stop: str) -> list[Ruling]:
    """Return the signatures given since the stop was last raised."""
    query = select(Ruling).where(Ruling.screening_id == screening.id, Ruling.kind == "hard_stop", Ruling.target == stop)
    standing: list[Ruling] = []
    for row in work.session.scalars(query.order_by(Ruling.ruled_at, Ruling.id)):
        standing = [] if row.outcome == "raised" else [*standing, row]
    return [row for row in standing if row.outcome in (LEGAL, TEAM)]


def _rule(
    work: UnitOfWork, screening: Screening, stop: str, act: str, outcome: str, *, rev: int, reason: str
) -> Ruling:
    authorize(work.actor, "stop:release" if act == "release" else "stop:confirm", relations_to(work, screening))
    locked(work, screening, rev)
    after(screening.state, "release")
    refuse_bound(work, screening)
    _check(work, screening, stop, act, reason)
    row = add_ruling(work, screening, "hard_stop", stop, outcome, reason)
    _unblock_when_clear(work, screening)
    work.record(
        _EVENTS[act],
        subject=("ruling", row.id),
        project=screening.project_id,
        rev=(rev, screening.rev),
        codes={"screening": screening.id, "stop": stop, "outcome": outcome, "state": screening.state},
        private={"reason": row.reason},
        row=row,
    )
    if act == "confirm" or screening.state != "blocked":
        telling.stopped(work, screening, "confirmed" if act == "confirm" else "released")
    return row


def _check(work: UnitOfWork, screening: Screening, stop: str, act: str, reason: str) -> None:
    waiting = [s for s in screenings.score_of(work, screening).stops if s.code == stop and s.reason in _WAITS[act]]
    refuse_when(not reason.strip(), "reason", "理由を書いてください。", "Give the reason.", place="reason")
    refuse_when(
        not waiting,
        "stop_not_waiting",
        "この停止要件は、いまその判断を待っていません。事実が変わったときは、差し戻して再提出してください。",
        "This hard stop does not wait for that ruling now. When facts changed, return the case and submit it again.",
    )


def _unblock_when_clear(work: UnitOfWork, screening: Screening) -> None:
    """Give the case back to the expert team when no stop is left."""
    score = screenings.score_of(work, screening)
    screening.route, screening.inherent, screening.residual = score.route, score.inherent, score.residual
    screening.changed_at = work.now
    if not score.stops:
        screening.state = after(screening.state, "release").state
    work.session.flush()
