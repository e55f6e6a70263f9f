"""Asking a body for its opinion on a case, and its answer (意見照会): kept beside the case for the team, the board and the executive.

An opinion is written once, on the snapshot that stood then; it binds nobody, and what the board decides stands on its own.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select

from governance.accounts.rules import authorize, may
from governance.projects.models import Project
from governance.projects.services import grant_reading, visible
from governance.questionnaires.definition import Body
from governance.refusals import NotFound
from governance.reviews import telling
from governance.reviews.bodies import (
    CONSULTED,
    bodies_that_see,
    body,
    facts_of,
    framework_of_bodies,
    own_bodies,
    people_of,
    relations_to_body,
)
from governance.reviews.body_models import BodyOpinion, Consultation
from governance.reviews.decisions import basis_snapshot
from governance.reviews.people import refuse_bound, relations_to
from governance.reviews.rules import local_date, refuse_when
from governance.screenings.models import Screening
from governance.texts import Text
from governance.work import UnitOfWork

STANCES: dict[str, Text] = {
    "no_objection": Text("異議なし", "No objection"),
    "with_remarks": Text("意見付きで異議なし", "No objection, with remarks"),
    "concern": Text("懸念あり", "Concerned"),
    "objection": Text("反対", "Objects"),
}
ASKABLE = frozenset(
    {"triage", "in_review", "discussion", "board_queued", "board_session", "deferred", "escalated", "blocked"}
)
"""States in which a body may be asked: checked by the team and not decided."""
LONGEST = 8000


def consultation(work: UnitOfWork, consultation_id: str) -> Consultation:
    """Return a consultation on a case the actor may see; NotFound otherwise."""
    query = (
        select(Consultation)
        .join(Screening)
        .join(Project)
        .where(Consultation.id == consultation_id, visible(work.actor))
    )
    row = work.session.scalars(query).one_or_none()
    if row is None:
        raise NotFound
    return row


def consultations_of(work: UnitOfWork, screening: Screening) -> list[Consultation]:
    """Return what bodies were asked about a case and not withdrawn, of all its revisions, the oldest first."""
    query = select(Consultation).where(Consultation.screening_id == screening.id, Consultation.withdrawn_at.is_(None))
    return list(work.session.scalars(query.order_by(Consultation.asked_at, Consultation.id)))


def askable(work: UnitOfWork, screening: Screening) -> list[tuple[Body, bool]]:
    """Return the bodies that may be asked now, each with whether it sees the case by itself and so is suggested."""
    if screening.state not in ASKABLE:
        return []
    _, framework = framework_of_bodies(work)
    seeing = {each.code for each in bodies_that_see(framework, facts_of(work, screening))}
    waiting = {each.body for each in consultations_of(work, screening) if each.opinion is None}
    advising = [each for each in framework.bodies if each.authority == "advisory" or each.kind in ("sector", "region")]
    return sorted(
        ((each, each.code in seeing) for each in advising if each.code not in waiting), key=lambda pair: not pair[1]
    )


# long: one line per column
def ask(
    work: UnitOfWork, screening: Screening, code: str, *, question: str, due_on: date | None = None
) -> Consultation:
    """Ask a body for its opinion; its people may read the case from now on.

    Raises Refusal(s) without a question, for a past day, for a body that is asked already, or when the case is not under review.
    """
    authorize(work.actor, "body:consult", relations_to(work, screening))
    work.session.refresh(screening, with_for_update=True)
    refuse_bound(work, screening)
    each = body(work, code)
    _check_question(work, screening, code, question, due_on)
    row = Consultation(
        screening=screening,
        screening_id=screening.id,
        revision=screening.revision,
        body=code,
        question=question.strip(),
        due_on=due_on,
        asked_by=work.actor.id,
        asked_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    work.record(
        "BodyConsulted",
        subject=("consultation", row.id),
        project=screening.project_id,
        codes={"screening": screening.id, "body": code},
        private={"question": row.question},
        row=row,
    )
    key, _ = framework_of_bodies(work)
    people = [id for id in people_of(work, key, each) if not screening.project.ever_had_member(id)]
    grant_reading(work, screening.project, people, CONSULTED)
    telling.consulted(work, row.screening.project, people, f"/consultations/{row.id}", "consulted")
    return row


# long: a table of reasons
def _check_question(work: UnitOfWork, screening: Screening, code: str, question: str, due_on: date | None) -> None:
    offered = {each.code for each, _ in askable(work, screening)}
    closed, empty = screening.state not in ASKABLE, not question.strip()
    past = due_on is not None and due_on < local_date(work.now)
    refuse_when(closed, "not_askable", "審査中の案件だけを照会できます。", "Only a case under review is put to a body.")
    refuse_when(
        code not in offered,
        "body_asked",
        "この機関には照会できないか、すでに照会しています。",
        "This body cannot be asked, or has been asked already.",
        place="body",
    )
    refuse_when(empty, "question", "照会する内容を書いてください。", "Write what the body is asked.", place="question")
    refuse_when(
        len(question) > LONGEST,
        "too_long",
        "8000字以内で書いてください。",
        "Write at most 8000 characters.",
        place="question",
    )
    refuse_when(past, "due_on", "期限は今日以降にしてください。", "Choose today or a later day.", place="due_on")


def withdraw(work: UnitOfWork, row: Consultation) -> None:
    """Take a question back that was not answered yet; it stays on record."""
    authorize(work.actor, "body:consult", relations_to(work, row.screening))
    work.session.refresh(row.screening, with_for_update=True)
    work.session.refresh(row)
    _open(row)
    row.withdrawn_by, row.withdrawn_at = work.actor.id, work.now
    work.session.flush()
    work.record(
        "ConsultationWithdrawn",
        subject=("consultation", row.id),
        project=row.screening.project_id,
        codes={"body": row.body},
        row=row,
    )


def answer(work: UnitOfWork, row: Consultation, *, stance: str, text: str) -> BodyOpinion:
    """Give the opinion of a body, once, as one who belongs to it and is not bound to the project."""
    relations = relations_to(work, row.screening) | relations_to_body(work, row.body)
    authorize(work.actor, "body:answer", relations)
    work.session.refresh(row.screening, with_for_update=True)
    refuse_bound(work, row.screening)
    work.session.refresh(row)
    _open(row)
    decided = row.screening.state not in ASKABLE or row.screening.revision != row.revision
    refuse_when(
        decided,
        "not_askable",
        "この照会の案件は、いまは審査中ではありません。",
        "The case of this question is not under review now.",
    )
    refuse_when(stance not in STANCES, "stance", "結論を選んでください。", "Choose the conclusion.", place="stance")
    refuse_when(not text.strip(), "text", "意見を書いてください。", "Write the opinion.", place="text")
    refuse_when(
        len(text) > LONGEST, "too_long", "8000字以内で書いてください。", "Write at most 8000 characters.", place="text"
    )
    return _write(work, row, stance, text.strip())


def _write(work: UnitOfWork, row: Consultation, stance: str, text: str) -> BodyOpinion:
    snapshot = basis_snapshot(work, row.screening)
    given = BodyOpinion(
        consultation=row, stance=stance, text=text, snapshot_id=snapshot.id, given_by=work.actor.id, given_at=work.now
    )
    work.session.add(given)
    work.session.flush()
    work.record(
        "BodyAnswered",
        subject=("body_opinion", given.id),
        project=row.screening.project_id,
        codes={"body": row.body, "stance": stance},
        refs={"snapshot": snapshot.digest},
        private={"text": text},
        row=given,
    )
    telling.consulted(work, row.screening.project, [row.asked_by], f"/consultations/{row.id}", "answered")
    return given


def _open(row: Consultation) -> None:
    done = row.opinion is not None or row.withdrawn_at is not None
    refuse_when(done, "consultation_done", "この照会は終わっています。", "This consultation has ended.")


def waiting_for_actor(work: UnitOfWork) -> list[Consultation]:
    """Return the questions that the bodies of the actor have not answered, those due first."""
    codes = [each.code for each in own_bodies(work)]
    answered = select(BodyOpinion.id).where(BodyOpinion.consultation_id == Consultation.id).exists()
    query = (
        select(Consultation)
        .join(Screening)
        .join(Project)
        .where(
            Consultation.body.in_(codes),
            Consultation.withdrawn_at.is_(None),
            ~answered,
            Screening.state.in_(ASKABLE),
            Screening.revision == Consultation.revision,
            visible(work.actor),
        )
    )
    return list(
        work.session.scalars(query.order_by(Consultation.due_on.is_(None), Consultation.due_on, Consultation.asked_at))
    )


def beside(work: UnitOfWork, screening: Screening) -> dict[str, Any]:
    """Return what a page of a case shows of the bodies: questions with their opinions, and whom the actor may ask."""
    _, framework = framework_of_bodies(work)
    asks = may(work.actor, "body:consult", relations_to(work, screening))
    return {
        "consultations": consultations_of(work, screening),
        "askable": askable(work, screening) if asks else [],
        "body_names": {each.code: each.name for each in framework.bodies},
        "stances": STANCES,
    }
