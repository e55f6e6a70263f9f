"""Pages of threads: what was said at one place of a screening, saying more, settling; and all of it for a project.

A place has a page of its own, which works without script; the same matter comes as a part of a page when a page of questions opens it
beside the answers. A refused comment comes back with every word that was typed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from governance.accounts.models import User
from governance.accounts.rules import ROLES, may
from governance.discussions import people, rules, talk
from governance.discussions import services as discussions
from governance.discussions.models import Comment, Delegation, Thread
from governance.pages import current_work, is_htmx, locale, now, page, permission, problems_of, see, tell
from governance.projects.models import Project
from governance.projects.services import project as project_of
from governance.projects.services import relations_of
from governance.refusals import Conflict, Forbidden, NotFound, Refusal, Refusals
from governance.screenings import forms, services, showing
from governance.screenings.framing import blueprint
from governance.screenings.models import Screening
from governance.screenings.places import Places
from governance.texts import Text
from governance.work import UnitOfWork

Act = Callable[[UnitOfWork], Text]


@blueprint.get("/screenings/<screening_id>/discussion", defaults={"key": ""})
@blueprint.get("/screenings/<screening_id>/questions/<key>/discussion")
@permission("project:view")
def discussion(screening_id: str, key: str) -> ResponseReturnValue:
    """Show what was said at a place."""
    work = current_work()
    return _panel(work, services.screening(work, screening_id), key)


@blueprint.get("/screenings/<screening_id>/questions/<key>")
@permission("project:view")
def place(screening_id: str, key: str) -> ResponseReturnValue:
    """Lead to where a question is answered."""
    work = current_work()
    row = services.screening(work, screening_id)
    found = Places(row, services.filled(work, row)).at(key)
    if not found.is_known:
        return see(discussions.href(row.id, key))
    return see(found.href)


@blueprint.post("/screenings/<screening_id>/discussion", defaults={"key": ""})
@blueprint.post("/screenings/<screening_id>/questions/<key>/discussion")
@permission("discussion:write")
def say(screening_id: str, key: str) -> ResponseReturnValue:
    """Begin a thread at a place."""
    work = current_work()
    row = services.screening(work, screening_id)

    def act(work: UnitOfWork) -> Text:
        found = Places(row, services.filled(work, row)).at(key)
        if not found.is_known:
            raise Refusal(
                "discussions.no_such_place",
                "この質問は、いまの質問票にありません。書いた内容は下に残っています。案件全体へのコメントとして送れます。",
                "The questionnaire does not have this question any more. Your words are kept below; send them as a"
                " comment on the case as a whole.",
                place="gone",
            )
        kind = request.form.get("kind", rules.COMMENT)
        discussions.open_thread(work, row, key, text=_text(), kind=kind, to=request.form.getlist("to"))
        if not found.is_asked:
            return Text(
                "コメントを残しました。この質問は、いまの回答では尋ねていません。",
                "The comment was kept. With the answers as they stand, this question is not asked.",
            )
        return Text("指摘を書きました。", "The remark was made.") if kind == rules.REMARK else WRITTEN

    return _done(screening_id, key, act, "new")


@blueprint.post("/threads/<thread_id>")
@permission("discussion:write")
def more(thread_id: str) -> ResponseReturnValue:
    """Reply in a thread, answer a remark, resolve it or open it again."""
    work = current_work()
    row = discussions.thread(work, thread_id)

    def act(work: UnitOfWork) -> Text:
        thread = discussions.thread(work, thread_id)
        case, to = services.screening(work, thread.screening_id), request.form.getlist("to")
        if (chosen := request.form.get("act", "reply")) == "reply":
            discussions.reply(work, case, thread, text=_text(), to=to)
            return WRITTEN
        discussions.settle(work, case, thread, chosen, rev=forms.revision(request.form), text=_text(), to=to)
        return SETTLED[chosen]

    return _done(row.screening_id, row.place, act, row.id)


@blueprint.post("/comments/<comment_id>")
@permission("discussion:write")
def mend(comment_id: str) -> ResponseReturnValue:
    """Correct or withdraw an own comment."""
    work = current_work()
    thread = discussions.comment(work, comment_id).thread

    def act(work: UnitOfWork) -> Text:
        said, rev = discussions.comment(work, comment_id), forms.revision(request.form)
        case = services.screening(work, said.thread.screening_id)
        if request.form.get("act") == "withdraw":
            discussions.withdraw(work, case, said, rev=rev)
            return Text("コメントを取り下げました。", "The comment was withdrawn.")
        discussions.correct(work, case, said, rev=rev, text=_text())
        return Text(
            "コメントを訂正しました。前の文は残ります。", "The comment was corrected; the earlier text is kept."
        )

    return _done(thread.screening_id, thread.place, act, comment_id)


@blueprint.get("/projects/<project_id>/discussion")
@permission("project:view")
def project_discussion(project_id: str) -> ResponseReturnValue:
    """Show all threads, remarks and delegations of a project, the newest first."""
    work = current_work()
    project = project_of(work, project_id)
    show = request.args.get("show", "open")
    show = show if show in talk.SHOWS else "open"
    number = max(1, forms.whole(request.args.get("page", "")) or 1)
    lines, total = ([], 0) if show == "asked" else talk.of_project(work, project, show, number)
    asked = talk.asked_of_project(work, project, mine=show == "mine") if show in ("asked", "mine", "open") else []
    return page(
        "discussions/project.html",
        project=project,
        show=show,
        number=number,
        size=talk.PAGE,
        lines=lines,
        total=total,
        asked=[each for each in asked if show == "asked" or each.state == rules.OPEN],
        **_named(work, project, [*(line.thread.screening_id for line in lines), *(d.screening_id for d in asked)]),
    )


def _named(work: UnitOfWork, project: Project, ids: Sequence[str]) -> dict[str, Any]:
    """Return the screenings of a project with the names of their places, as far as the page needs them."""
    rows = services.screenings_of(work, project)
    wanted = set(ids)
    return {
        "screenings": rows,
        "places": {row.id: Places(row, services.filled(work, row)) for row in rows if row.id in wanted},
    }


WRITTEN = Text("コメントを書きました。", "The comment was written.")
SETTLED = {
    "answer": Text(
        "指摘に回答しました。審査担当者の確認を待ちます。", "The remark was answered; the reviewer looks at it."
    ),
    "resolve": Text("解決済みにしました。", "Resolved."),
    "reopen": Text("未対応に戻しました。", "Open again."),
}


def _text() -> str:
    return request.form.get("text", "")


def _done(screening_id: str, key: str, act: Act, form: str) -> ResponseReturnValue:
    """Do one act at a place; a refusal comes back at the form it was sent from, with what was typed."""
    work = current_work()
    try:
        said = act(work)
    except (NotFound, Forbidden):
        raise
    except (Refusal, Refusals) as refused:
        work.session.rollback()
        row = services.screening(work, screening_id)
        gone = any(problem.place == "gone" for problem in problems_of(refused))
        return _panel(work, row, "" if gone else key, refused, form)
    tell(said)
    anchor = f"#t-{form}" if form not in ("new", "") and not is_htmx() else ""
    return cast(Response, redirect(discussions.href(screening_id, key) + anchor, 303))


# long: one line for each thing the page shows
def _panel(
    work: UnitOfWork, row: Screening, key: str, refused: Refusal | Refusals | None = None, form: str = ""
) -> ResponseReturnValue:
    places = Places(row, services.filled(work, row))
    threads = discussions.threads_at(work, row, key)
    found = places.at(key)
    if not found.is_known and not threads:
        raise NotFound
    whole = talk.summary(work, row)
    return page(
        "discussions/panel.html" if is_htmx() else "discussions/place.html",
        code=200 if refused is None else 409 if isinstance(refused, Conflict) else 422,
        screening=row,
        project=row.project,
        framework=places.framework,
        here=found,
        answer=_answer(places, key),
        threads=threads,
        talk=whole.get(key),
        asked=_asked(places, whole.get(key)),
        **_people(work, row),
        may_remark=discussions.may_remark(work, row),
        reviews=may(work.actor, discussions.CHECK, relations_of(work, row.project)),
        acts={each.id: _acts(work, row, each) for each in threads},
        correctable=_correctable(work, threads),
        me=work.actor.id,
        problems=problems_of(refused) if refused else [],
        sent=_sent(form) if refused else {},
        limit=rules.LONGEST_COMMENT,
        runs_of=lambda said: rules.runs(said.text, [name for each in said.mentions for name in _names(each.person)]),
        whom_of=lambda said: [each.person.name_in(locale()) for each in said.mentions],
    )


def _people(work: UnitOfWork, row: Screening) -> dict[str, Any]:
    """Return whose attention may be asked for, by group, and the part that everybody has in the case."""
    choices = people.of_case(work, row.project)
    others = [each for each in choices if each.id != work.actor.id]
    return {
        "groups": [(name, [each for each in others if each.group is name]) for name in (people.TEAM, people.OFFICE)],
        "parts": {each.id: ROLES[each.role] for each in choices if each.role},
    }


def _names(person: User) -> list[str]:
    return [person.name, person.name_en]


def _answer(places: Places, key: str) -> showing.ShownQuestion | None:
    """Return the question of a place as it is answered now, or None where no single question stands."""
    pair = places.pair(key)
    return showing.shown_questions(places.filled, [pair], locale())[0] if pair else None


def _asked(places: Places, here: talk.Talk) -> list[tuple[Delegation, bool]]:
    """Return who was asked to answer here, with whether nothing is left of it (a suggestion that it is done)."""
    return [(each, not places.left(each.place)) for each in here.asked]


def _acts(work: UnitOfWork, row: Screening, thread: Thread) -> list[str]:
    """Return what the actor may do with a thread beside replying."""
    found = []
    if thread.state == rules.OPEN and discussions.may_answer(work, row, thread):
        found.append("answer")
    if discussions.may_settle(work, row, thread):
        found += ["reopen"] if thread.state == rules.RESOLVED else ["resolve"]
        found += ["reopen"] if thread.state == rules.ANSWERED else []
    return found


def _correctable(work: UnitOfWork, threads: Sequence[Thread]) -> set[str]:
    """Return the actor's own comments that may still be corrected."""
    said: Iterable[Comment] = (each for thread in threads for each in thread.comments)
    mine = (each for each in said if each.author_id == work.actor.id)
    return {each.id for each in mine if rules.may_correct(each.written_at, each.withdrawn_at, now())}


def _sent(form: str) -> dict[str, Any]:
    """Return what was sent with the form of this name, so that nothing typed is lost."""
    return {"form": form, "text": _text(), "to": request.form.getlist("to"), "kind": request.form.get("kind", "")}
