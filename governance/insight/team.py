"""What others asked a project team to answer: questions handed on by colleagues, and the challenges of the reviewer."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import exists, select
from sqlalchemy.orm import contains_eager, joinedload

from governance.discussions.delegating import FILLED_IN, go
from governance.discussions.models import Delegation
from governance.discussions.rules import OPEN, item_of
from governance.insight.desk import TEAM, Desk, framework_of, screenings_for, takes_part, task_of
from governance.insight.rules import SHOWN, Task
from governance.reviews.challenges import REVIEWED, challenges_of
from governance.reviews.desk_models import Challenge
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


REPLY = Text("審査者の疑義に回答する", "Answer the challenges of the reviewer")
REPLY_WHY = Text(
    "{n}件あります。回答すると、認めるか取り下げるかが決まります。",
    "There are {n}. Once you answer, each is upheld or withdrawn.",
)


def to_reply(desk: Desk) -> Iterable[Task]:
    """Challenges of the reviewer that the person's project has not answered."""
    wanted = exists().where(
        Challenge.screening_id == Screening.id, Challenge.revision == Screening.revision, Challenge.state == "open"
    )
    rows = screenings_for(desk, Screening.state.in_(REVIEWED), wanted, takes_part(desk.me, TEAM))
    for row in rows:
        count = sum(each.state == "open" for each in challenges_of(desk.work, row))
        why, href = REPLY_WHY.filled(n=count), f"/reviews/{row.id}#challenges"
        yield task_of(row, REPLY, why, href, Text("回答する", "Answer"), 15, since=row.changed_at)


def _place(row: Screening, place: str) -> Text:
    item = item_of(place)
    names = {each.code: each.name for each in framework_of(row).items}
    return names.get(item or "") or SHEETS.get(place) or both(place)
