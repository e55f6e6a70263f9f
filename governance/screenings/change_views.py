"""The page 「差戻し後に変わったこと」: the last submitted revision beside the present state, or two submitted revisions."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from governance.discussions import talk
from governance.pages import current_work, locale, page, permission
from governance.refusals import NotFound
from governance.screenings import services
from governance.screenings.framing import blueprint
from governance.screenings.places import Places
from governance.screenings.revisions import compared, submitted
from governance.screenings.rules import EDITABLE


@blueprint.get("/screenings/<screening_id>/changes")
@permission("project:view")
def changes(screening_id: str) -> ResponseReturnValue:
    """Show what changed since the screening was returned, or between two revisions."""
    work = current_work()
    row = services.screening(work, screening_id)
    filled = services.filled(work, row)
    places = Places(row, filled)
    return page(
        "screenings/changes.html",
        screening=row,
        project=row.project,
        framework=places.framework,
        places=places,
        compared=compared(work, row, filled, locale(), _asked_for("from"), _asked_for("to")),
        talk=talk.summary(work, row),
        revisions=[each.revision for each in submitted(row)],
        editable=row.state in EDITABLE,
        levels=len(places.framework.levels),
    )


def _asked_for(name: str) -> int | None:
    given = request.args.get(name, "")
    if given and not (given.isascii() and given.isdigit() and len(given) < 6):
        raise NotFound
    return int(given) if given else None
