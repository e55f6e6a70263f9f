"""Acts on threads: open, say more, answer, resolve, open again, correct, withdraw; each with its entry in the ledger and its notices.

A thread belongs to a screening that the caller loaded as visible; nothing here finds a screening by itself. Texts enter the ledger as
private values only. `Case` is what is needed of a screening, so that this package does not hang on the one above it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from governance.accounts.rules import authorize, may
from governance.discussions import rules
from governance.discussions.models import Comment, CommentCorrection, Mention, Thread
from governance.discussions.people import TALK, asked_for, team_of
from governance.notifications.services import notify
from governance.projects.models import Project
from governance.projects.services import relations_of, visible
from governance.refusals import Forbidden, NotFound, Problem, Refusal, Refusals
from governance.work import UnitOfWork

CHECK = "review:check"
"""The permission of remarks: whoever may check the answers makes and settles them."""


class Case(Protocol):
    """What a thread needs to know of the screening it belongs to."""

    id: str
    project_id: str
    state: str
    revision: int

    @property
    def project(self) -> Project: ...


# ---------------------------------------------------------------- who may


def may_write(work: UnitOfWork, case: Case) -> bool:
    """Say whether the actor may write about the case now."""
    return case.state != "withdrawn" and may(work.actor, TALK, relations_of(work, case.project))


def may_remark(work: UnitOfWork, case: Case) -> bool:
    """Say whether the actor may make a reviewer's remark now."""
    return case.state in rules.REMARKED and may(work.actor, CHECK, relations_of(work, case.project))


def may_settle(work: UnitOfWork, case: Case, thread: Thread) -> bool:
    """Say whether the actor may resolve the thread: a remark by whoever may check, a comment by whoever may write."""
    held = relations_of(work, case.project)
    return may_write(work, case) and may(work.actor, CHECK if thread.kind == rules.REMARK else TALK, held)


def _authorize(work: UnitOfWork, case: Case, permission: str = TALK) -> None:
    authorize(work.actor, permission, relations_of(work, case.project))
    if case.state == "withdrawn":
        raise Refusal(
            "discussions.withdrawn",
            "このスクリーニングは取り下げられたため、コメントを書けません。これまでのやり取りは読めます。",
            "This screening was withdrawn, so nothing more can be written. What was said can still be read.",
        )


# ---------------------------------------------------------------- finding


def thread(work: UnitOfWork, thread_id: str) -> Thread:
    """Return a thread of a project the actor may see; NotFound otherwise."""
    query = select(Thread).join(Project, Project.id == Thread.project_id).where(Thread.id == thread_id)
    return _found(work.session.scalars(query.where(visible(work.actor))).one_or_none())


def comment(work: UnitOfWork, comment_id: str) -> Comment:
    """Return a comment of a project the actor may see; NotFound otherwise."""
    query = select(Comment).join(Thread).join(Project, Project.id == Thread.project_id).where(Comment.id == comment_id)
    found = work.session.scalars(query.where(visible(work.actor))).one_or_none()
    if found is None:
        raise NotFound
    return found


def threads_at(work: UnitOfWork, case: Case, place: str) -> list[Thread]:
    """Return the threads at a place with everything said in them, the oldest first."""
    query = select(Thread).where(Thread.screening_id == case.id, Thread.place == place)
    said = selectinload(Thread.comments)
    query = query.options(
        joinedload(Thread.opener),
        joinedload(Thread.settler),
        said.joinedload(Comment.author),
        said.selectinload(Comment.earlier),
        said.selectinload(Comment.mentions).joinedload(Mention.person),
    )
    return list(work.session.scalars(query.order_by(Thread.opened_at, Thread.id)).unique())


def unanswered(work: UnitOfWork, case: Case) -> list[Thread]:
    """Return the remarks that the team has not answered yet, the oldest first."""
    query = select(Thread).where(
        Thread.screening_id == case.id, Thread.kind == rules.REMARK, Thread.state == rules.OPEN
    )
    return list(work.session.scalars(query.order_by(Thread.opened_at, Thread.id)))


def _found(row: Thread | None) -> Thread:
    if row is None:
        raise NotFound
    return row


# ---------------------------------------------------------------- saying


def open_thread(
    work: UnitOfWork, case: Case, place: str, *, text: str, kind: str = rules.COMMENT, to: Iterable[str] = ()
) -> Thread:
    """Begin a thread at a place with its first comment; `kind` remark is a reviewer's. Raises Refusal for a text that does not fit."""
    _may_open(work, case, kind)
    kept, asked = rules.written(text), asked_for(work, case.project, to, text)
    row = _begun(work, case, place, kind)
    said = _say(work, row, kept, asked)
    codes = {"screening": case.id, "place": place, "kind": kind, "comment": said.id, "mentioned": asked}
    work.record(
        "ThreadOpened", subject=("thread", row.id), project=case.project_id, codes=codes, private={"text": kept}
    )
    _tell(work, case, row, asked)
    return row


def _begun(work: UnitOfWork, case: Case, place: str, kind: str) -> Thread:
    row = Thread(
        project_id=case.project_id,
        screening_id=case.id,
        place=place,
        kind=kind,
        state=rules.OPEN,
        revision=case.revision,
        opened_by=work.actor.id,
        opened_at=work.now,
        changed_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    return row


def _may_open(work: UnitOfWork, case: Case, kind: str) -> None:
    _authorize(work, case)
    if kind not in (rules.COMMENT, rules.REMARK):
        raise NotFound
    if kind == rules.REMARK:
        _authorize(work, case, CHECK)
    if kind == rules.REMARK and case.state not in rules.REMARKED:
        raise Refusal(
            "discussions.no_remark",
            "指摘を書けるのは、提出されてから審査結果が出るまでです。いまはコメントとして書けます。",
            "Remarks are made between submission and decision. Write a comment instead.",
            place="kind",
        )


def reply(work: UnitOfWork, case: Case, row: Thread, *, text: str, to: Iterable[str] = ()) -> Comment:
    """Say more in a thread."""
    _authorize(work, case)
    _lock(work, row)
    return _reply(work, case, row, text, to)


def _reply(work: UnitOfWork, case: Case, row: Thread, text: str, to: Iterable[str]) -> Comment:
    kept, asked = rules.written(text), asked_for(work, case.project, to, text)
    said = _say(work, row, kept, asked)
    codes = {"thread": row.id, "place": row.place, "mentioned": asked}
    subject = ("comment", said.id)
    work.record("CommentWritten", subject=subject, project=case.project_id, codes=codes, private={"text": kept})
    _tell(work, case, row, asked)
    return said


def _say(work: UnitOfWork, row: Thread, text: str, asked: Sequence[str]) -> Comment:
    said = Comment(thread_id=row.id, author_id=work.actor.id, text=text, written_at=work.now)
    work.session.add(said)
    work.session.flush()
    work.session.add_all(Mention(comment_id=said.id, user_id=id) for id in asked)
    row.changed_at = work.now
    work.session.flush()
    work.session.expire(row, ["comments"])
    return said


def _lock(work: UnitOfWork, row: Thread) -> None:
    """Let nobody else change the thread until this unit ends, so that two replies at once both stay."""
    work.session.refresh(row, with_for_update=True)


# ---------------------------------------------------------------- settling


EVENTS = {"answer": "RemarkAnswered", "resolve": "ThreadResolved", "reopen": "ThreadReopened"}


def settle(
    work: UnitOfWork, case: Case, row: Thread, act: str, *, rev: int, text: str = "", to: Iterable[str] = ()
) -> None:
    """Answer a remark, resolve a thread, or open it again; with a word, which only resolving may go without.

    Raises Conflict when somebody changed the thread since it was shown (two people resolving at once).
    """
    _authorize(work, case)
    if act not in EVENTS:
        raise NotFound
    if not (may_answer(work, case, row) if act == "answer" else may_settle(work, case, row)):
        raise _not_yours(act)
    _lock(work, row)
    work.expect(row, rev)
    after = rules.next_state(act, row.kind, row.state)
    if text.strip() or act != "resolve":
        _reply(work, case, row, text, to)
    _move(work, row, after, EVENTS[act])
    if act == "resolve" and row.kind == rules.REMARK:
        _notify(work, case, row, "remarked", team_of(case.project), about="resolved")


def may_answer(work: UnitOfWork, case: Case, row: Thread) -> bool:
    """Say whether the actor may answer a remark: the team does."""
    return row.kind == rules.REMARK and may_write(work, case) and work.actor.id in team_of(case.project)


def _not_yours(act: str) -> Forbidden:
    if act == "answer":
        return Forbidden(
            "discussions.team_answers",
            "指摘に回答できるのは、案件の責任者と担当者です。",
            "Only the team of the project answers a remark.",
        )
    return Forbidden(
        "discussions.reviewer_settles",
        "指摘を解決にできるのは、審査できる専門チームの人です。",
        "Only a member of the expert team who may review the case settles a remark.",
    )


def _move(work: UnitOfWork, row: Thread, state: str, event: str) -> None:
    before = row.rev
    is_settled = state == rules.RESOLVED
    row.state, row.changed_at = state, work.now
    row.settled_by, row.settled_at = (work.actor.id, work.now) if is_settled else (None, None)
    work.session.flush()
    work.record(
        event,
        subject=("thread", row.id),
        project=row.project_id,
        rev=(before, row.rev),
        codes={"screening": row.screening_id, "place": row.place, "kind": row.kind},
        row=row,
    )


def answer_all(work: UnitOfWork, case: Case, explanation: str) -> None:
    """Answer every open remark with one explanation, as resubmitting does. Raises Refusals naming them when there is none."""
    waiting = unanswered(work, case)
    if not waiting:
        return
    if not explanation.strip():
        raise Refusals([Problem("discussions.unanswered", UNANSWERED, "explanation")])
    try:
        rules.written(explanation)
    except Refusal as refused:
        raise Refusals([Problem(refused.code, refused.text, "explanation")]) from refused
    for row in waiting:
        settle(work, case, row, "answer", rev=row.rev, text=explanation)


UNANSWERED = Refusal(
    "discussions.unanswered",
    "回答していない指摘があります。それぞれに回答するか、まとめて説明を書いてください。",
    "There are remarks without an answer. Answer each, or explain them together.",
).text


# ---------------------------------------------------------------- correcting and withdrawing


def correct(work: UnitOfWork, case: Case, said: Comment, *, rev: int, text: str) -> None:
    """Correct the wording of an own comment within the time for it; the earlier text is kept (discussions/rules.py)."""
    _own(work, case, said)
    work.expect(said, rev)
    if not rules.may_correct(said.written_at, said.withdrawn_at, work.now):
        raise Refusal(
            "discussions.too_late",
            "訂正できるのは、書いてから15分までです。新しいコメントとして書くか、取り下げてください。",
            "A comment can be corrected within 15 minutes. Write a new one, or withdraw it.",
            place="text",
        )
    kept = rules.written(text)
    if kept == said.text:
        return
    before, earlier = said.rev, said.text
    work.session.add(CommentCorrection(comment_id=said.id, text=earlier, replaced_at=work.now))
    work.session.flush()
    said.text, said.corrected_at = kept, work.now
    work.session.flush()
    _note(work, said, "CommentCorrected", before, {"text": kept, "earlier": earlier})


def withdraw(work: UnitOfWork, case: Case, said: Comment, *, rev: int) -> None:
    """Withdraw an own comment: its text is shown no more, that it was there stays. A thread left without a word is resolved."""
    _own(work, case, said)
    work.expect(said, rev)
    if said.withdrawn_at is not None:
        return
    before, said.withdrawn_at = said.rev, work.now
    work.session.flush()
    _note(work, said, "CommentWithdrawn", before, {})
    row = said.thread
    if row.state != rules.RESOLVED and all(each.withdrawn_at is not None for each in row.comments):
        _move(work, row, rules.RESOLVED, "ThreadResolved")


def _own(work: UnitOfWork, case: Case, said: Comment) -> None:
    _authorize(work, case)
    if said.author_id != work.actor.id:
        raise Forbidden(
            "discussions.not_yours", "書いた本人だけができます。", "Only its author can do this with a comment."
        )


def _note(work: UnitOfWork, said: Comment, event: str, before: int, private: dict[str, str]) -> None:
    codes, project = {"thread": said.thread_id}, said.thread.project_id
    rev = (before, said.rev)
    work.record(event, subject=("comment", said.id), project=project, rev=rev, codes=codes, private=private)


# ---------------------------------------------------------------- notices


def href(case_id: str, place: str, thread_id: str = "") -> str:
    """Return the address of the discussion at a place."""
    base = f"/screenings/{case_id}/questions/{place}/discussion" if place else f"/screenings/{case_id}/discussion"
    return f"{base}#t-{thread_id}" if thread_id else base


def _tell(work: UnitOfWork, case: Case, row: Thread, asked: Sequence[str]) -> None:
    """Tell whom the comment asks for, then who takes part; a reviewer's remark goes to the whole team."""
    _notify(work, case, row, "mentioned", asked)
    team = team_of(case.project)
    there = {each.author_id for each in row.comments} | {row.opened_by}
    if work.actor.id not in team:
        there |= team
    is_new_remark = row.kind == rules.REMARK and row.opened_by == work.actor.id and len(row.comments) == 1
    _notify(work, case, row, "remarked" if is_new_remark else "commented", there - set(asked))


def _notify(work: UnitOfWork, case: Case, row: Thread, kind: str, people: Iterable[str], **codes: str) -> None:
    place = href(case.id, row.place, row.id)
    notify(work, kind, people, project=case.project, href=place, codes={**rules.code_of(row.place), **codes})
