"""The scenes of working together: threads and remarks, questions handed on, evidence and its versions, notices that were read."""

from __future__ import annotations

from governance.demo.doings import Ask, Doings, Finish, Renew, Say, Settle, Support, Talk
from governance.demo.stage import NOTE, Stage
from governance.demo.written import Paper
from governance.discussions import delegating
from governance.discussions import services as discussions
from governance.discussions.delegating import Request
from governance.notifications.services import mark_all_read
from governance.projects.models import Evidence
from governance.screenings import evidence, evidence_life
from governance.screenings.evidence import FileGiven
from governance.screenings.models import AnswerEvidence
from governance.screenings.rules import EDITABLE
from governance.work import UnitOfWork


def talk(stage: Stage, work: UnitOfWork, about: Doings, one: Talk) -> None:
    """Begin a thread."""
    row = stage.screening(work, about.project, one.phase)
    text = stage.calendar.text(one.text, about.language)
    made = discussions.open_thread(work, row, one.place, text=text, kind=one.kind)
    stage.ids["thread", about.project, one.key] = made.id
    stage.ids["thread of", about.project, one.key] = row.id


def say(stage: Stage, work: UnitOfWork, about: Doings, one: Say) -> None:
    """Say more in a thread."""
    thread = discussions.thread(work, stage.ids["thread", about.project, one.thread])
    row = stage.row(work, stage.ids["thread of", about.project, one.thread])
    discussions.reply(work, row, thread, text=stage.calendar.text(one.text, about.language))


def settle(stage: Stage, work: UnitOfWork, about: Doings, one: Settle) -> None:
    """Answer a remark, resolve a thread or open it again."""
    thread = discussions.thread(work, stage.ids["thread", about.project, one.thread])
    row = stage.row(work, stage.ids["thread of", about.project, one.thread])
    discussions.settle(work, row, thread, one.how, rev=thread.rev, text=stage.calendar.text(one.text, about.language))


def ask(stage: Stage, work: UnitOfWork, about: Doings, one: Ask) -> None:
    """Hand questions to a colleague."""
    row = stage.screening(work, about.project, one.phase)
    asked = Request(stage.ids["person", one.person], stage.calendar.day(one.due), stage.calendar.text(one.note, about.language))
    made = delegating.delegate(work, row, one.places, asked, stage.calendar.date_of(work.now))
    for each in made:
        stage.ids["asked", about.project, one.key, each.place] = each.id


def finish(stage: Stage, work: UnitOfWork, about: Doings, one: Finish) -> None:
    """Say of everything asked at once that it is done."""
    for id in [id for key, id in stage.ids.items() if key[:3] == ("asked", about.project, one.asked)]:
        row = delegating.delegation(work, id)
        delegating.finish(work, stage.row(work, row.screening_id), row, rev=row.rev)


def support(stage: Stage, work: UnitOfWork, about: Doings, one: Support) -> None:
    """Put a paper to the questions it supports."""
    row, paper = stage.screening(work, about.project, one.phase), one.paper
    first, *others = paper.supports
    titles = {"title": paper.title, "title_en": paper.title_en}
    until = stage.calendar.day(one.expires) if one.expires is not None else None
    if paper.url:
        piece = evidence.add_link(work, row, first, paper.url, **titles, expires_on=until)
    else:
        piece = evidence.add_file(work, row, first, _file(stage, about, paper), **titles, expires_on=until)
    for key in others:
        evidence.attach(work, row, key, piece.id)
    stage.ids["evidence", about.project, paper.key] = piece.id


def renew(stage: Stage, work: UnitOfWork, about: Doings, one: Renew) -> None:
    """Put the next version in the place of a paper wherever answers can still be changed."""
    piece = work.session.get_one(Evidence, stage.ids["evidence", about.project, one.earlier])
    version = evidence_life.Version(_file(stage, about, one.paper), title=one.paper.title, title_en=one.paper.title_en)
    held = work.session.query(AnswerEvidence).filter_by(evidence_id=piece.id)
    open_ones = [(each.screening_id, each.question_key) for each in held if stage.row(work, each.screening_id).state in EDITABLE]
    new = evidence_life.replace(work, piece, version, open_ones)
    stage.ids["evidence", about.project, one.paper.key] = new.id


def _file(stage: Stage, about: Doings, paper: Paper) -> FileGiven:
    english = about.language == "en"
    return stage.store(paper, [paper.title_en if english else paper.title, "", NOTE[about.language], "", paper.says])


def read_notices(stage: Stage, work: UnitOfWork) -> None:
    """Read everything that was left so far."""
    mark_all_read(work)
