"""Evidence that expires, as waiting work: for whoever answers for the project or added the piece, from a month before its last day."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import aliased, contains_eager

from governance.insight.desk import TEAM, Desk, named, takes_part
from governance.insight.rules import SHOWN, Task
from governance.projects.models import Evidence, LifeAct, Project
from governance.screenings.shelf import SOON, is_expired
from governance.texts import Text

RENEW = Text("証跡「{title}」を差し替える", "Replace the evidence “{title}”")
RENEW_WHY = Text(
    "有効期限が近づいています。新しい版に差し替えるか、期限を確かめてください。",
    "It expires soon. Replace it by a new version, or check its last day.",
)
EXPIRED_WHY = Text(
    "有効期限が切れています。新しい版に差し替えるか、期限を確かめてください。",
    "It has expired. Replace it by a new version, or check its last day.",
)


def to_renew(desk: Desk) -> Iterable[Task]:
    """Present versions of evidence that have expired or expire within a month, of running projects that the person works on."""
    for piece in desk.work.session.scalars(_due(desk)):
        yield Task(
            RENEW.filled(title=Text(piece.title, piece.title_in("en"))),
            EXPIRED_WHY if is_expired(piece, desk.today) else RENEW_WHY,
            named(piece.project),
            piece.project_id,
            f"/projects/{piece.project_id}/evidence/{piece.id}",
            Text("開く", "Open"),
            10,
            due=piece.expires_on,
        )


def _due(desk: Desk) -> Select[Evidence]:
    later, turn, newer = aliased(Evidence), aliased(LifeAct), aliased(LifeAct)
    newest = ~select(newer.id).where(newer.project_id == turn.project_id, newer.number > turn.number).exists()
    stands_still = select(turn.id).where(turn.project_id == Project.id, turn.act != "resumed", newest).exists()
    mine = or_(takes_part(desk.me, ("owner",)), and_(Evidence.added_by == desk.me, takes_part(desk.me, TEAM)))
    present = and_(Evidence.removed_at.is_(None), ~select(later.id).where(later.replaces_id == Evidence.id).exists())
    query = select(Evidence).join(Evidence.project).where(mine, present, Evidence.expires_on <= desk.today + SOON)
    query = query.where(~stands_still, *desk.narrowed()).options(contains_eager(Evidence.project))
    return query.order_by(Evidence.expires_on, Evidence.id).limit(SHOWN + 1)
