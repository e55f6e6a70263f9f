"""Steps that the acts on an item share: lock it at its stage, count quorum and votes anew, refuse with the arithmetic, record.

Whatever counts people or votes reads the database at the moment of the act (domain.md §6.3, assurance.md T4, T5).
"""

from __future__ import annotations

from governance.refusals import Problem, Refusal, Refusals
from governance.reviews.meetings import lock, recused_seats, room
from governance.reviews.models import AgendaItem
from governance.reviews.motions import votes_of
from governance.reviews.quorum import Ballot, Quorum, Tally, lawful, tally
from governance.texts import Text, joined
from governance.work import UnitOfWork


def lock_item(work: UnitOfWork, row: AgendaItem, rev: int, state: str) -> None:
    """Lock the item of an open meeting on the revision its sender saw, and refuse another stage."""
    lock(work, row.meeting, "open")
    work.session.refresh(row, with_for_update=True)
    work.expect(row, rev)
    if row.state != state:
        raise Refusal(
            "reviews.item_state",
            "この議題は、いまその段階ではありません。画面を開き直してください。",
            "This item is not at that stage now. Reload the page.",
        )


def count_votes(work: UnitOfWork, row: AgendaItem) -> tuple[Quorum, Tally, list[Ballot]]:
    """Return quorum, result and the lawful votes on the present motion, as the database holds them at this moment."""
    there, recused = room(work, row.meeting), recused_seats(work, row)
    cast = [Ballot(v.member_id, v.choice, v.cast_at, v.id) for v in votes_of(work, row)]
    ballots = lawful(cast, there.seats, there.presences, recused, there.rules)
    count = there.count(recused, work.now)
    return count, tally(ballots, count, there.rules), ballots


def require_quorum(count: Quorum) -> None:
    """Refuse when a rule of presence is not met, with its arithmetic."""
    unmet = [check for check in count.checks if not check.met]
    text = Text("{name}を満たしていません：{arithmetic}", "{name} is not met: {arithmetic}")
    Refusals.raise_any(
        [Problem(f"reviews.no_{c.code}", text.filled(name=c.name, arithmetic=c.arithmetic)) for c in unmet]
    )


def require_complete(result: Tally) -> None:
    """Refuse while a vote of somebody present is missing."""
    if not result.complete:
        raise Refusal(
            "reviews.votes_missing",
            "出席している委員全員の投票を待っています。",
            "Waiting for the votes of all members present.",
        )


def require_carried(result: Tally) -> None:
    """Refuse a motion that is not carried, with the figures."""
    require_complete(result)
    if not result.carried:
        figures = Text(
            "賛成{f}・反対{a}・棄権{x}、必要{need}", "{f} for, {a} against, {x} abstaining; {need} needed"
        ).filled(f=result.votes_for, a=result.against, x=result.abstain, need=result.need_for)
        tie = (
            Text("同数のため", "The vote is tied") if result.tied else Text("賛成が足りないため", "Too few are for it")
        )
        raise Refusal(
            "reviews.not_carried",
            "{why}、可決されていません（{figures}）。別の案を採決するか、継続審査にしてください。",
            "{why}: the motion is not carried ({figures}). Put another motion, or defer the item.",
            why=tie,
            figures=joined([figures]),
        )


# long: one argument for each part of an entry
def record(
    work: UnitOfWork,
    row: AgendaItem,
    act: str,
    rev: int,
    private: dict[str, str] | None = None,
    refs: dict[str, str] | None = None,
    **codes: str | int,
) -> None:
    """Enter an act on an item into the ledger."""
    work.record(
        act,
        subject=("agenda_item", row.id),
        project=row.screening.project_id,
        rev=(rev, row.rev),
        codes={"meeting": row.meeting_id, "screening": row.screening_id, **codes},
        private=private or {},
        refs=refs or {},
        row=row,
    )
