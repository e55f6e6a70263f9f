"""The scenes of the teams: accounts, projects, and screenings up to their submission."""

from __future__ import annotations

from collections.abc import Sequence

import rfc8785

from governance.accounts import services as accounts
from governance.demo.cases import Case, Filling, Reply, Resubmitted
from governance.demo.content import Person
from governance.demo.stage import NOTE, Stage
from governance.demo.written import Paper
from governance.paths import SEEDS
from governance.projects import services as projects
from governance.projects.rules import Particulars
from governance.questionnaires import services as questionnaires
from governance.screenings import evidence, services
from governance.screenings.filling import finish_triggers, save_answers, save_ratings
from governance.screenings.loading import Filled, load
from governance.screenings.models import Screening
from governance.screenings.rules import Entry, RatingEntry
from governance.work import UnitOfWork

PASSWORD = "demo-password"  # noqa: S105 - documented, and given to the accounts of the demonstration alone


def publish(stage: Stage, work: UnitOfWork) -> None:
    """Publish the framework and the questionnaires."""
    questionnaires.seed(work, SEEDS)


def welcome(stage: Stage, work: UnitOfWork, people: list[Person]) -> None:
    """Create everybody's account with the documented password."""
    for person in people:
        user = accounts.create_user(
            work, email=person.email, name=person.name, name_en=person.name_en, department=person.department,
            department_en=person.department_en, locale=person.locale, password=PASSWORD, roles=person.roles,
        )
        stage.ids["person", person.key] = user.id
        stage.roles[person.key] = frozenset(person.roles)


def register(stage: Stage, work: UnitOfWork, case: Case) -> None:
    """Register the project of a case."""
    row = projects.register(work, Particulars(**case.project.model_dump()))
    stage.ids["project", case.key] = row.id


def join(stage: Stage, work: UnitOfWork, case: Case, person: str, part: str) -> None:
    """Add a person to the project."""
    projects.add_member(work, stage.project(work, case.key), stage.user(work, person), part)


def leave(stage: Stage, work: UnitOfWork, case: Case, person: str) -> None:
    """Let a person leave the project."""
    row = stage.project(work, case.key)
    user_id = stage.ids["person", person]
    projects.remove_member(work, row, next(m for m in row.members if m.is_current and m.user_id == user_id))


def open_screening(stage: Stage, work: UnitOfWork, case: Case, filling: Filling) -> None:
    """Open the screening of a phase."""
    row = services.open_screening(work, stage.project(work, case.key), filling.phase, due_on=stage.calendar.day(filling.due))
    stage.ids["screening", case.key, filling.phase] = row.id


def sort_out(stage: Stage, work: UnitOfWork, case: Case, filling: Filling) -> None:
    """Answer the trigger sheet: what is not written is a no; a later phase confirms the answers of the one before."""
    row, now = _filled(stage, work, case, filling)
    entries = [_trigger(stage, case, filling, key, now) for key in _keys(now, "trigger")]
    finish_triggers(work, row, entries)


def _trigger(stage: Stage, case: Case, filling: Filling, key: str, now: Filled) -> Entry:
    stored, given = now.answers.get(key), filling.triggers.get(key)
    if given is None:
        return Entry(key, stored.value, stored.remark, rev=stored.rev) if stored else Entry(key, "no")
    return Entry(key, given.value, _said(stage, case, given.reason), rev=stored.rev if stored else 0)


def rate(stage: Stage, work: UnitOfWork, case: Case, filling: Filling) -> None:
    """Rate severity and likelihood of each item."""
    row, now = _filled(stage, work, case, filling)
    save_ratings(work, row, [
        RatingEntry(item, one.severity, one.likelihood, _said(stage, case, one.severity_reason),
                    _said(stage, case, one.likelihood_reason), rev=now.ratings[item].rev if item in now.ratings else 0)
        for item, one in filling.ratings.items()
    ])


def answer(stage: Stage, work: UnitOfWork, case: Case, filling: Filling, half: int) -> None:
    """Answer the first or second half of what is asked, and attach the papers that belong to it.

    The facts come before the first half, for they decide what else is asked.
    """
    row, now = _filled(stage, work, case, filling)
    if not half:
        _save(stage, work, row, case, filling, [key for key in _facts(now) if key in filling.answers])
        row, now = _filled(stage, work, case, filling)
    asked = [key for key in now.score.asked if key not in _keys(now, "trigger") and filling.covers(key)]
    middle = len(asked) // 2
    _save(stage, work, row, case, filling, _open(filling, now, asked[middle:] if half else asked[:middle]))


def _facts(now: Filled) -> list[str]:
    """Return what is asked of the packs that is no control: the questions not answered on the scale."""
    plain = {q.key for each in now.sheet.questionnaires if each.kind == "pack" for _, q in each.questions() if q.kind != "scale"}
    return [key for key in now.score.asked if key in plain]


def _open(filling: Filling, now: Filled, keys: Sequence[str]) -> list[str]:
    """Return those the team answers now: whatever the file says something about, and what nothing was carried for."""
    named = {*filling.answers, *(key for paper in filling.evidence for key in filling.supported(paper, keys))}
    return [key for key in keys if filling.covers(key) and (key in named or key not in now.answers)]


def _save(stage: Stage, work: UnitOfWork, row: Screening, case: Case, filling: Filling, keys: Sequence[str]) -> None:
    now = load(work.session, row)
    save_answers(work, row, [_entry(stage, case, filling, key, now) for key in keys])
    for paper in filling.evidence:
        supported = filling.supported(paper, now.score.asked)
        if supported and supported[0] in keys:
            _attach(stage, work, row, case, filling, paper, supported)


def _entry(stage: Stage, case: Case, filling: Filling, key: str, now: Filled) -> Entry:
    reply, stored = filling.answers.get(key), now.answers.get(key)
    due = stage.calendar.day(reply.due) if reply and reply.due is not None else None
    text = _written(stage, case, reply) if reply else ""
    return Entry(key, filling.value(key), _said(stage, case, filling.remark(key)), due, stored.rev if stored else 0, text)


def _written(stage: Stage, case: Case, reply: Reply) -> str:
    """Return the content of a text or of rows (a JSON list, days written out); empty for what is chosen."""
    rows = [
        {code: stage.calendar.day(cell).isoformat() if isinstance(cell, int) else cell for code, cell in row.items()}
        for row in reply.rows
    ]
    return rfc8785.dumps(rows).decode() if rows else _said(stage, case, reply.text)


def _attach(
    stage: Stage, work: UnitOfWork, row: Screening, case: Case, filling: Filling, paper: Paper, supported: Sequence[str]
) -> None:
    first, *others = supported
    if paper.url:
        piece = evidence.add_link(work, row, first, paper.url, title=paper.title, title_en=paper.title_en)
    else:
        given = stage.store(paper, _lines(stage, case, filling, paper, supported))
        piece = evidence.add_file(work, row, first, given, title=paper.title, title_en=paper.title_en)
    for key in others:
        evidence.attach(work, row, key, piece.id)


def _lines(stage: Stage, case: Case, filling: Filling, paper: Paper, supported: Sequence[str]) -> list[str]:
    """Return a small paper: title, project, note, and what the team says to the questions it supports."""
    english = case.language == "en"
    head = [paper.title_en, case.project.name_en] if english else [paper.title, case.project.name]
    said = [(key, _said(stage, case, filling.answers[key].remark)) for key in supported if key in filling.answers]
    if paper.filename.endswith(".csv"):
        rows = [("document", head[0]), ("project", head[1]), ("note", NOTE[case.language]), *said]
        return ["key,text", *(f'{key},"{text}"' for key, text in rows)]
    return [*head, "", NOTE[case.language], "", *(f"{key}  {text}" for key, text in said)]


def submit(stage: Stage, work: UnitOfWork, case: Case, filling: Filling) -> None:
    """Submit the screening."""
    row = stage.screening(work, case.key, filling.phase)
    services.submit(work, row, rev=row.rev)


def resubmitted(stage: Stage, work: UnitOfWork, case: Case, filling: Filling, event: Resubmitted) -> None:
    """Change answers after a return and submit the next revision."""
    row = stage.screening(work, case.key, filling.phase)
    mended = filling.model_copy(update={"answers": event.answers, "evidence": event.evidence})
    _save(stage, work, row, case, mended, list(event.answers))
    services.submit(work, row, rev=row.rev)


def _filled(stage: Stage, work: UnitOfWork, case: Case, filling: Filling) -> tuple[Screening, Filled]:
    row = stage.screening(work, case.key, filling.phase)
    return row, load(work.session, row)


def _keys(now: Filled, kind: str) -> list[str]:
    return [question.key for each in now.sheet.questionnaires if each.kind == kind for _, question in each.questions()]


def _said(stage: Stage, case: Case, written: str) -> str:
    return stage.calendar.text(written, case.language)
