"""The state of discussion (討議): the review waits for a talk with others, and its outcome comes back to the case.

A record can be named by its address: a page of the service, such as a KYT session, or a document elsewhere (domain.md §6.1).
"""

from __future__ import annotations

from sqlalchemy import select

from governance.accounts.rules import authorize
from governance.refusals import Forbidden, Refusal
from governance.reviews.desk_models import CaseDiscussion
from governance.reviews.models import Review
from governance.reviews.people import locked, refuse_bound, relations_to
from governance.reviews.rules import refuse_when
from governance.screenings.models import Screening
from governance.screenings.workflow import after
from governance.work import UnitOfWork

LONGEST = 4000
LONGEST_LINE = 300
ADDRESSES = ("https://", "http://", "/learning/")


def discussions_of(work: UnitOfWork, review: Review | None) -> list[CaseDiscussion]:
    """Return the discussions of a review, the first one first."""
    if review is None:
        return []
    query = select(CaseDiscussion).where(CaseDiscussion.review_id == review.id).order_by(CaseDiscussion.number)
    return list(work.session.scalars(query))


def open_discussion(work: UnitOfWork, review: Review, topic: str, *, rev: int) -> CaseDiscussion:
    """Let the review wait for a discussion of `topic`; `rev` is the one of the screening."""
    screening = _own(work, review, rev)
    moved = after(screening.state, "discuss")
    over = review.state != "in_review"
    refuse_when(over, "finished", "専門チームの意見は出ています。", "The team's opinion is given already.")
    row = CaseDiscussion(
        review=review,
        number=len(discussions_of(work, review)) + 1,
        topic=_needed(topic, "topic", LONGEST),
        opened_by=work.actor.id,
        opened_at=work.now,
    )
    work.session.add(row)
    _move(work, screening, moved.state)
    _record(work, screening, row, moved.event, rev, {"topic": row.topic})
    return row


def conclude(
    work: UnitOfWork, review: Review, *, rev: int, outcome: str, participants: str = "", record_url: str = ""
) -> CaseDiscussion:
    """Bring the case back from a discussion with what came of it, who took part, and where the record lies."""
    screening = _own(work, review, rev)
    moved = after(screening.state, "conclude")
    row = discussions_of(work, review)[-1]
    row.outcome = _needed(outcome, "outcome_of_talk", LONGEST)
    row.participants = _fitting(participants, "participants", LONGEST_LINE)
    row.record_url = _address(record_url)
    row.concluded_by, row.concluded_at = work.actor.id, work.now
    _move(work, screening, moved.state)
    _record(work, screening, row, moved.event, rev, {"outcome": row.outcome, "participants": row.participants})
    return row


def _own(work: UnitOfWork, review: Review, rev: int) -> Screening:
    screening = review.screening
    authorize(work.actor, "review:check", relations_to(work, screening))
    locked(work, screening, rev)
    if review.reviewer_id != work.actor.id:
        raise Forbidden(
            "reviews.not_yours",
            "討議を始め、終えるのは、この審査の担当者だけです。",
            "Only the reviewer of this case opens and concludes a discussion.",
        )
    refuse_bound(work, screening)
    return screening


def _move(work: UnitOfWork, screening: Screening, state: str) -> None:
    screening.state, screening.changed_at = state, work.now
    work.session.flush()


def _record(
    work: UnitOfWork, screening: Screening, row: CaseDiscussion, event: str, rev: int, private: dict[str, str]
) -> None:
    work.record(
        event,
        subject=("case_discussion", row.id),
        project=screening.project_id,
        rev=(rev, screening.rev),
        codes={"screening": screening.id, "number": row.number, "state": screening.state},
        private={name: text for name, text in private.items() if text},
        row=row,
    )


def _needed(text: str, place: str, limit: int) -> str:
    refuse_when(not text.strip(), "reason", "内容を書いてください。", "Write what it is.", place=place)
    return _fitting(text, place, limit)


def _fitting(text: str, place: str, limit: int) -> str:
    refuse_when(
        len(text.strip()) > limit,
        "too_long",
        "{limit}文字以内で書いてください。",
        "Use at most {limit} characters.",
        place=place,
        limit=limit,
    )
    return text.strip()


def _address(text: str) -> str:
    address = _fitting(text, "record_url", 1000)
    if address and (not address.startswith(ADDRESSES) or any(c.isspace() or ord(c) < 33 for c in address)):
        raise Refusal(
            "reviews.address",
            "記録の場所は、https:// で始まるアドレスか、このサービスの学習のページ（/learning/…）で指定してください。",
            "Give an address that begins with https://, or a page of this service under /learning/.",
            place="record_url",
        )
    return address
