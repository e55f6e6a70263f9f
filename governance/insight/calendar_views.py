"""The page of dates: what is due by month, and the approvals that are to be renewed within ninety days."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from governance.insight import calendar
from governance.insight.rules import AHEAD_DAYS
from governance.pages import current_work, page, signed_in, today
from governance.screenings.explain import level
from governance.screenings.services import framework_of
from governance.texts import Text

blueprint = Blueprint("calendar", __name__)

SCOPES = {"all": Text("閲覧できるものすべて", "All that you may see"), "mine": Text("自分の担当", "Mine")}
SPAN_NAMES = {
    30: Text("30日先まで", "30 days ahead"),
    90: Text("90日先まで", "90 days ahead"),
    365: Text("1年先まで", "A year ahead"),
}


@blueprint.get("/calendar")
@signed_in()
def index() -> ResponseReturnValue:
    """Show what is due, by month; narrowed by kind, span, and to what is the reader's."""
    work = current_work()
    kind, scope = request.args.get("kind", ""), request.args.get("scope", "all")
    days = request.args.get("days", AHEAD_DAYS, type=int)
    days = days if days in calendar.SPANS else AHEAD_DAYS
    found = calendar.calendar(work, today(), days, [kind] if kind in calendar.KINDS else [])
    shown = [each for each in found if each.is_mine] if scope == "mine" else found
    endings = calendar.endings(work, today())
    return page(
        "insight/calendar.html",
        months=calendar.by_month(shown),
        count=len(shown),
        kinds=calendar.KINDS,
        scopes=SCOPES,
        spans=SPAN_NAMES,
        asked={"kind": kind, "scope": scope, "days": days},
        endings=endings,
        levels={each.row.id: level(framework_of(each.row), each.row.residual) for each in endings},
        counts={each.row.id: len(framework_of(each.row).levels) for each in endings},
    )
