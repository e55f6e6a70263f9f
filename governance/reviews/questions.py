"""Questions and answers on a case before the committee (質疑応答): asked by members, answered by the team, kept for the minutes.

They may be asked from the moment the case is on an agenda until its result is settled. A question is answered once; whoever wants to
know more asks the next one, so that nothing that was said is replaced (domain.md §6.2 minutes: controverted issues).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from governance.accounts.rules import authorize, may
from governance.projects.services import relations_of
from governance.refusals import NotFound, Refusal
from governance.reviews import telling
from governance.reviews.meetings import SETTLED, recused_seats
from governance.reviews.models import AgendaItem, CommitteeMember, Meeting
from governance.reviews.people import own_seat, standing
from governance.reviews.room_models import ItemQuestion
from governance.reviews.rules import refuse_when
from governance.screenings.models import Screening
from governance.work import UnitOfWork


def questions_of(work: UnitOfWork, row: AgendaItem) -> Sequence[ItemQuestion]:
    """Return the questions on an item in the order they were asked."""
    query = select(ItemQuestion).where(ItemQuestion.item_id == row.id).order_by(ItemQuestion.number)
    return list(work.session.scalars(query))


def asked_of(work: UnitOfWork, screening: Screening) -> list[tuple[AgendaItem, Sequence[ItemQuestion]]]:
    """Return the questions that committees asked on a screening, the newest meeting first; for whoever may answer."""
    authorize(work.actor, "question:answer", relations_of(work, screening.project) | _recused(work, screening))
    query = select(AgendaItem).join(Meeting).where(AgendaItem.screening_id == screening.id)
    found = work.session.scalars(query.order_by(Meeting.starts_at.desc()))
    return [(item, asked) for item in found if (asked := questions_of(work, item))]


def _recused(work: UnitOfWork, screening: Screening) -> frozenset[str]:
    """Return the relation of whoever stepped back from an item of this screening."""
    query = select(AgendaItem).where(AgendaItem.screening_id == screening.id)
    held = [standing(work, item.meeting.committee, recused_seats(work, item)) for item in work.session.scalars(query)]
    return frozenset({"item.recused"} & frozenset().union(*held))


def ask(work: UnitOfWork, row: AgendaItem, text: str, *, asker: CommitteeMember | None = None) -> ItemQuestion:
    """Ask a question on an item: a member for themselves, the secretariat for the member who asked it aloud (`asker`)."""
    committee = row.meeting.committee
    authorize(work.actor, "question:ask", standing(work, committee, recused_seats(work, row)))
    seat = asker if asker is not None and "secretariat" in work.actor.roles else own_seat(work, committee)
    if seat is None or seat.committee_id != committee.id:
        raise Refusal("reviews.asker", "質問した委員を選んでください。", "Choose the member who asked.", place="asker")
    _lock_open(work, row)
    refuse_when(not text.strip(), "question", "質問を書いてください。", "Write the question.", place="question")
    recused = seat.id in recused_seats(work, row)
    refuse_when(recused, "recused", "この議題から退席しています。", "Recused from this item.", place="asker")
    last = select(func.coalesce(func.max(ItemQuestion.number), 0)).where(ItemQuestion.item_id == row.id)
    question = ItemQuestion(
        item_id=row.id,
        number=work.session.scalars(last).one() + 1,
        text=text.strip(),
        asked_by=seat.user_id,
        recorded_by=work.actor.id,
        asked_at=work.now,
    )
    work.session.add(question)
    work.session.flush()
    _record(work, row, question, "QuestionAsked")
    telling.asked(work, row, question.number)
    return question


def answer(work: UnitOfWork, row: AgendaItem, question_id: str, text: str, *, rev: int) -> ItemQuestion:
    """Answer a question: somebody of the team or the expert team, or the secretariat that records what was said in the room."""
    held = relations_of(work, row.screening.project) | standing(work, row.meeting.committee, recused_seats(work, row))
    authorize(work.actor, "question:answer", held)
    question = work.session.get(ItemQuestion, question_id)
    if question is None or question.item_id != row.id:
        raise NotFound
    _lock_open(work, row)
    work.session.refresh(question, with_for_update=True)
    work.expect(question, rev)
    place = f"answer-{question.number}"
    said = ("この質問には回答済みです。", "This question has been answered.")
    refuse_when(question.answered_at is not None, "answered", *said, place=place)
    refuse_when(not text.strip(), "answer", "回答を書いてください。", "Write the answer.", place=place)
    question.answer, question.answered_by, question.answered_at = text.strip(), work.actor.id, work.now
    work.session.flush()
    _record(work, row, question, "QuestionAnswered")
    telling.answered(work, row, question)
    return question


def may_answer(work: UnitOfWork, row: AgendaItem) -> bool:
    """Say whether the actor may answer questions on this item."""
    held = relations_of(work, row.screening.project) | standing(work, row.meeting.committee, recused_seats(work, row))
    return row.state not in SETTLED and row.meeting.state != "closed" and may(work.actor, "question:answer", held)


def _lock_open(work: UnitOfWork, row: AgendaItem) -> None:
    work.session.refresh(row.meeting, with_for_update=True)
    work.session.refresh(row)
    over = row.state in SETTLED or row.meeting.state == "closed"
    said = ("この議題の結果は決まっています。", "This item is settled.")
    refuse_when(over, "item_state", *said)


def _record(work: UnitOfWork, row: AgendaItem, question: ItemQuestion, act: str) -> None:
    work.record(
        act,
        subject=("agenda_item", row.id),
        project=row.screening.project_id,
        codes={"meeting": row.meeting_id, "number": question.number},
        row=question,
    )
