"""Changes to a meeting before it opens: when and where it is held, and the order of its agenda.

The order is free until the materials go out, because what was sent names the items by their place (domain.md §6.3 agenda notice).
"""

from __future__ import annotations

from datetime import datetime

from governance.accounts.rules import authorize
from governance.reviews.meetings import lock
from governance.reviews.models import AgendaItem, Meeting
from governance.reviews.people import standing
from governance.reviews.rules import checked_link, fiscal_year, local_date, refuse_when
from governance.work import UnitOfWork


# long: one argument and one rule per value
def change_meeting(
    work: UnitOfWork, row: Meeting, *, rev: int, starts_at: datetime, place: str, place_en: str, link: str
) -> None:
    """Move a meeting that has not opened, or change where it is held; the number of the meeting stays, so the year may not change."""
    authorize(work.actor, "meeting:plan", standing(work, row.committee))
    lock(work, row, "planned")
    work.expect(row, rev)
    past = starts_at <= work.now and starts_at != row.starts_at
    refuse_when(
        past, "past_meeting", "開催日時は、これからの日時にしてください。", "Choose a time to come.", place="starts_at"
    )
    moved = fiscal_year(local_date(starts_at)) != row.fiscal_year
    year = ("年度の違う日には移せません。", "It cannot move to another fiscal year.")
    refuse_when(moved, "other_year", *year, place="starts_at")
    row.starts_at, row.link = starts_at, checked_link(link)
    row.place, row.place_en = place.strip(), place_en.strip()
    work.session.flush()
    work.record("MeetingChanged", subject=("meeting", row.id), rev=(rev, row.rev), row=row)


def move_item(work: UnitOfWork, item: AgendaItem, *, earlier: bool, rev: int) -> None:
    """Let an item change places with its neighbour; the order is fixed with the materials."""
    row = item.meeting
    authorize(work.actor, "meeting:plan", standing(work, row.committee))
    lock(work, row, "planned")
    work.expect(row, rev)
    gone = ("資料の送付後は、議題の順を変えられません。", "After the materials went out the order is fixed.")
    refuse_when(row.materials_sent_on is not None, "materials_gone", *gone)
    ordered = sorted(row.items, key=lambda each: each.position)
    here = ordered.index(item)
    there = here - 1 if earlier else here + 1
    if not 0 <= there < len(ordered):
        return
    other = ordered[there]
    item.position, other.position = other.position, item.position
    work.session.flush()
    work.record("AgendaReordered", subject=("meeting", row.id), codes={"items": [item.id, other.id]}, row=item)
