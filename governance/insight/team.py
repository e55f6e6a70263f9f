"""What colleagues asked a person to answer: one task per delegation, until it is done or taken back."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import contains_eager, joinedload

from governance.discussions.delegating import FILLED_IN, go
from governance.discussions.models import Delegation
from governance.discussions.rules import OPEN, item_of
from governance.insight.desk import TEAM, Desk, framework_of, takes_part, task_of
from governance.insight.rules import SHOWN, Task
from governance.screenings.models import Screening
from governance.screenings.places import FACTS, TRIGGERS
from governance.texts import Text, both

ANSWER = Text("依頼された質問に答える：{place}", "Answer what you were asked: {place}")
ASKED_BY = Text("{name}さんからの依頼です。終わったら完了にしてください。", "Asked by {name}. Say so when it is done.")
SHEETS = {
    TRIGGERS: Text("判定シート", "trigger sheet"),
    FACTS: Text("項目によらない質問", "questions of no single item"),
}


def to_answer(desk: Desk) -> Iterable[Task]:
    """Questions that the person was asked to answer in a screening that is being filled in, those due first."""
    query = (
        select(Delegation, Screening)
        .join(Screening, Screening.id == Delegation.screening_id)
        .join(Screening.project)
        .where(Delegation.person_id == desk.me, Delegation.state == OPEN, Screening.state.in_(FILLED_IN))
        .where(takes_part(desk.me, TEAM), *desk.narrowed())
        .options(contains_eager(Screening.project), joinedload(Delegation.giver))
        .order_by(Delegation.due_on.is_(None), Delegation.due_on, Delegation.given_at)
        .limit(SHOWN + 1)
    )
    for one, row in desk.work.session.execute(query):
        by = Text(one.giver.name_in("ja"), one.giver.name_in("en"))
        what, why = ANSWER.filled(place=_place(row, one.place)), ASKED_BY.filled(name=by)
        button = Text("答える", "Answer")
        yield task_of(row, what, why, go(one), button, 10, due=one.due_on, since=one.given_at)


def _place(row: Screening, place: str) -> Text:
    item = item_of(place)
    names = {each.code: each.name for each in framework_of(row).items}
    return names.get(item or "") or SHEETS.get(place) or both(place)
