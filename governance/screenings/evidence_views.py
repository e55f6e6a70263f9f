"""Pages of a project's evidence: the register, one piece with its versions and what rests on it, replacing and taking away.

Every piece is looked up within its project, and a project that the reader may not know of is not found (assurance.md T6, T7).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from governance.accounts.models import User
from governance.accounts.rules import authorize
from governance.ledger.rules import EVENT_TYPES
from governance.ledger.services import subject_events
from governance.pages import current_work, file_store, locale, page, permission, problems_of, see, tell, today
from governance.projects.models import Evidence, Project
from governance.projects.services import project as project_of
from governance.projects.services import relations_of
from governance.refusals import Conflict, NotFound, Refusal, Refusals
from governance.screenings import evidence_life, forms
from governance.screenings.evidence_life import Place, Version
from governance.screenings.framing import attempt, upload_limit
from governance.screenings.shelf import Shelf, Use, expires_soon, is_expired, shelf, supported, uses
from governance.screenings.uploads import last_day, taken
from governance.texts import Text
from governance.work import UnitOfWork

blueprint = Blueprint("evidence", __name__)

PAGE = 50
SHOWN: dict[str, Text] = {
    "": Text("使っている最新の版", "In use"),
    "expiring": Text("期限切れ・期限の近いもの", "Expired or expiring soon"),
    "unused": Text("どこにも使われていないもの", "Used nowhere"),
    "old": Text("以前の版", "Former versions"),
    "removed": Text("使用をやめたもの・削除したもの", "Withdrawn or removed"),
}
KINDS: dict[str, Text] = {
    "": Text("すべて", "All"),
    "file": Text("ファイル", "Files"),
    "link": Text("リンク", "Links"),
}


# ---------------------------------------------------------------- register


@blueprint.get("/projects/<project_id>/evidence")
@permission("project:view")
def register(project_id: str) -> ResponseReturnValue:
    """List the evidence of a project, narrowed by what is asked for."""
    work = current_work()
    project = project_of(work, project_id)
    held = shelf(work, project.id)
    support = supported(work, held.pieces)
    asked = {name: request.args.get(name, "") for name in ("show", "kind", "q")}
    rows = [piece for piece in _shown(held, support, asked["show"]) if _fits(piece, support.get(piece.id, []), asked)]
    start = max(0, min(_number(request.args.get("from", "")), len(rows) - 1))
    return page(
        "evidence/register.html",
        project=project,
        shelf=held,
        support=support,
        rows=rows[start : start + PAGE],
        counts=_counts(held, support),
        asked=asked,
        shown=SHOWN,
        kinds=KINDS,
        first=start + 1,
        total=len(rows),
        before=_turned(project, asked, start - PAGE) if start else None,
        after=_turned(project, asked, start + PAGE) if start + PAGE < len(rows) else None,
        may_keep=evidence_life.may_keep(work, project),
    )


def _shown(held: Shelf, support: Mapping[str, Sequence[Use]], show: str) -> list[Evidence]:
    """Return the pieces of one of the lists; the first list for a name that there is not."""
    current = held.current()
    lists: dict[str, Callable[[], list[Evidence]]] = {
        "expiring": lambda: sorted((p for p in current if _is_due(p)), key=lambda p: p.expires_on or date.max),
        "unused": lambda: [piece for piece in current if not support.get(piece.id)],
        "old": lambda: [p for p in held.pieces if held.after(p) is not None and p.removed_at is None],
        "removed": lambda: [piece for piece in held.pieces if piece.removed_at is not None],
    }
    return lists.get(show, lambda: current)()


def _is_due(piece: Evidence) -> bool:
    return is_expired(piece, today()) or expires_soon(piece, today())


def _fits(piece: Evidence, support: Sequence[Use], asked: Mapping[str, str]) -> bool:
    """Say whether a piece is of the kind asked for and has the words in its names, its digest, or the keys of its questions."""
    if asked["kind"] in ("file", "link") and piece.kind != asked["kind"]:
        return False
    names = (piece.title, piece.title_en, piece.filename, piece.url, piece.digest, *(use.key for use in support))
    return all(any(word in name.lower() for name in names) for word in asked["q"].lower().split())


def _counts(held: Shelf, support: Mapping[str, Sequence[Use]]) -> dict[str, int]:
    current = held.current()
    return {
        "all": len(current),
        "expired": sum(is_expired(piece, today()) for piece in current),
        "soon": sum(expires_soon(piece, today()) for piece in current),
        "unused": sum(not support.get(piece.id) for piece in current),
    }


def _turned(project: Project, asked: Mapping[str, str], start: int) -> str:
    query: dict[str, Any] = {**asked, "from": max(0, start)}
    return url_for("evidence.register", project_id=project.id, **query)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


# ---------------------------------------------------------------- one piece


@blueprint.get("/projects/<project_id>/evidence/<evidence_id>")
@permission("project:view")
def piece(project_id: str, evidence_id: str) -> ResponseReturnValue:
    """Show one piece: what it is, its versions, what it supports, what happened to it."""
    return _piece_page(*_found(current_work(), project_id, evidence_id))


@blueprint.post("/projects/<project_id>/evidence/<evidence_id>")
@permission("screening:answer", unit="own")
def change(project_id: str, evidence_id: str) -> ResponseReturnValue:
    """Change title and last day of a piece."""

    def act(work: UnitOfWork) -> None:
        row = _found(work, project_id, evidence_id)[1]
        until = last_day(request.form.get("expires_on", ""), "expires_on")
        title, title_en = request.form.get("title", ""), request.form.get("title_en", "")
        rev = forms.revision(request.form)
        evidence_life.change(work, row, rev=rev, title=title, title_en=title_en, expires_on=until)

    refused = _tried(act)
    if refused is not None:
        return _piece_page(*_found(current_work(), project_id, evidence_id), refused)
    tell(Text("保存しました。", "Saved."))
    return see(url_for("evidence.piece", project_id=project_id, evidence_id=evidence_id))


def _tried(act: Callable[[UnitOfWork], None]) -> Refusal | Refusals | None:
    """Run the act; return a refusal that the person can mend on the same page. A conflict has a page of its own."""
    refused = attempt(act)
    if isinstance(refused, Conflict):
        raise refused
    return refused


def _found(work: UnitOfWork, project_id: str, evidence_id: str) -> tuple[Project, Evidence]:
    project = project_of(work, project_id)
    return project, evidence_life.piece_of(work, project, evidence_id)


def _piece_page(project: Project, row: Evidence, refused: Refusal | Refusals | None = None) -> ResponseReturnValue:
    work = current_work()
    held = shelf(work, project.id)
    return page(
        "evidence/piece.html",
        code=422 if refused else 200,
        **_framed(work, project, row, refused),
        versions=held.versions(row),
        newest=held.newest(row),
        number=held.number(row),
        history=_history(work, row),
        may_keep=evidence_life.may_keep(work, project) and row.removed_at is None,
    )


def _framed(work: UnitOfWork, project: Project, row: Evidence, refused: Refusal | Refusals | None) -> dict[str, Any]:
    """What every page about one piece shows: the piece, what rests on it, and what was wrong with what was sent."""
    found = uses(work, project.id, [row]).get(row.id, [])
    return {
        "project": project,
        "piece": row,
        "uses": found,
        "binds": any(use.binds for use in found),
        "movable": [use for use in found if use.place],
        "problems": problems_of(refused) if refused else [],
        "sent": request.form if refused else {},
    }


def _history(work: UnitOfWork, row: Evidence) -> list[dict[str, Any]]:
    """Return what the ledger says of the piece, oldest first, with the question concerned and the reasons given."""
    found = subject_events(work.session, "evidence", row.id)
    people = {user.id: user for user in _people(work, {str(each.body["actor"]["id"]) for each in found})}
    shown = []
    for each in found:
        about = "、".join(
            filter(None, [str(each.body.get("codes", {}).get("question", "")), each.private.get("reason", "")])
        )
        label = EVENT_TYPES.get(each.type, Text(each.type, each.type))
        text = Text("{label}（{about}）", "{label} ({about})").filled(label=label, about=about) if about else label
        who = people.get(str(each.body["actor"]["id"]))
        shown.append(
            {"at": each.at, "text": text, "by": who.name_in(locale()) if who else "", "href": f"/ledger/{each.seq}"}
        )
    return shown


def _people(work: UnitOfWork, ids: set[str]) -> Sequence[User]:
    return [user for id in sorted(ids) if (user := work.session.get(User, id)) is not None]


# ---------------------------------------------------------------- a new version


@blueprint.get("/projects/<project_id>/evidence/<evidence_id>/replace")
@permission("screening:answer")
def replace(project_id: str, evidence_id: str) -> ResponseReturnValue:
    """Ask for the new version and for the answers that move to it."""
    work = current_work()
    project, row = _found(work, project_id, evidence_id)
    authorize(work.actor, "screening:answer", relations_of(work, project))
    return _replace_page(project, row)


@blueprint.post("/projects/<project_id>/evidence/<evidence_id>/replace")
@permission("screening:answer", unit="own")
def replaced(project_id: str, evidence_id: str) -> ResponseReturnValue:
    """Record the new version."""
    work = current_work()
    project, row = _found(work, project_id, evidence_id)
    authorize(work.actor, "screening:answer", relations_of(work, project))
    made: list[str] = []
    try:
        version = _version()
    except Refusal as wrong:
        return _replace_page(project, row, wrong)
    refused = _tried(lambda work: made.append(_replaced(work, project_id, evidence_id, version)))
    if refused is not None:
        return _replace_page(*_found(current_work(), project_id, evidence_id), refused)
    tell(
        Text(
            "新しい版に差し替えました。以前の版は、提出済みの内容とともに残ります。",
            "Replaced by the new version. The former one stays with what was submitted.",
        )
    )
    return see(_back() or url_for("evidence.piece", project_id=project_id, evidence_id=made[-1]))


def _version() -> Version:
    """Store the file that was sent and return the version it makes. Raises Refusal for a file or a day that is none."""
    upload, sent = request.files.get("file"), request.form
    until = last_day(sent.get("expires_on", ""), "expires_on")
    given = taken(upload, file_store(), upload_limit()) if upload is not None and upload.filename else None
    return Version(given, sent.get("url", ""), sent.get("title", ""), sent.get("title_en", ""), until)


def _replaced(work: UnitOfWork, project_id: str, evidence_id: str, version: Version) -> str:
    row = _found(work, project_id, evidence_id)[1]
    return evidence_life.replace(work, row, version, _chosen()).id


def _chosen() -> set[Place]:
    """Return the answers that were chosen to move: values `screening:key`."""
    pairs = (value.partition(":") for value in request.form.getlist("move"))
    return {(screening, key) for screening, _, key in pairs}


def _replace_page(project: Project, row: Evidence, refused: Refusal | Refusals | None = None) -> ResponseReturnValue:
    work = current_work()
    held = shelf(work, project.id)
    return page(
        "evidence/replace.html",
        code=422 if refused else 200,
        **_framed(work, project, row, refused),
        number=held.number(row),
        after=held.after(row),
        chosen=_chosen() if refused else None,
        back=_back(),
        limit=upload_limit(),
    )


def _back() -> str | None:
    """Return the question from which the page was opened, if it was."""
    screening, key = request.args.get("screening", ""), request.args.get("key", "")
    return url_for("screenings.place", screening_id=screening, key=key) if screening and key else None


# ---------------------------------------------------------------- taking away


@blueprint.get("/projects/<project_id>/evidence/<evidence_id>/remove")
@permission("screening:answer")
def remove(project_id: str, evidence_id: str) -> ResponseReturnValue:
    """Say what the piece supports, before it is taken away."""
    work = current_work()
    project, row = _found(work, project_id, evidence_id)
    authorize(work.actor, "screening:answer", relations_of(work, project))
    return page("evidence/remove.html", **_framed(work, project, row, None))


@blueprint.post("/projects/<project_id>/evidence/<evidence_id>/remove")
@permission("screening:answer", unit="own")
def removed(project_id: str, evidence_id: str) -> ResponseReturnValue:
    """Remove a piece that nothing rests on, or withdraw one from further use."""
    acts = {"remove": evidence_life.remove, "withdraw": evidence_life.withdraw}
    act = acts.get(request.form.get("act", ""))
    if act is None:
        raise NotFound
    rev, reason = forms.revision(request.form), request.form.get("reason", "")
    refused = _tried(lambda work: act(work, _found(work, project_id, evidence_id)[1], rev=rev, reason=reason))
    if refused is not None:
        work = current_work()
        return page("evidence/remove.html", code=422, **_framed(work, *_found(work, project_id, evidence_id), refused))
    tell(
        Text("証跡を削除しました。", "The evidence was removed.")
        if act is evidence_life.remove
        else Text("証跡の使用をやめました。", "The evidence was withdrawn from use.")
    )
    return see(url_for("evidence.register", project_id=project_id))
