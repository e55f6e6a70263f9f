"""The evidence of one question: adding files at once while the rest of the page stays as it is, choosing from what the project has,
taking a piece off.

The script of the page sends one request per file and puts the answered list in place (JSON). Without script a question's evidence is
sent with the whole page (item_views.py), and these pages are ordinary ones.
"""

from __future__ import annotations

from typing import Any

from flask import jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from governance.pages import (
    current_work,
    file_store,
    is_script,
    locale,
    page,
    permission,
    problems_of,
    see,
    tell,
    write,
)
from governance.questionnaires.definition import Question, Section
from governance.refusals import Conflict, Forbidden, NotFound, Refusal, Refusals
from governance.screenings import evidence, services, showing
from governance.screenings.evidence import FileGiven
from governance.screenings.evidence_views import blueprint
from governance.screenings.filling import may_fill
from governance.screenings.framing import every_question, upload_limit
from governance.screenings.loading import Filled
from governance.screenings.models import Screening
from governance.screenings.shelf import shelf, supported
from governance.screenings.uploads import last_day, taken
from governance.texts import Text
from governance.work import UnitOfWork


@blueprint.get("/screenings/<screening_id>/evidence/<key>")
@permission("screening:answer")
def picker(screening_id: str, key: str) -> ResponseReturnValue:
    """Offer the evidence of the project for one question, each piece with what it supports already."""
    work = current_work()
    row = services.screening(work, screening_id)
    may_fill(work, row)
    return _picker_page(work, row, key)


@blueprint.post("/screenings/<screening_id>/evidence/<key>")
@permission("screening:answer", unit="own")
def support(screening_id: str, key: str) -> ResponseReturnValue:
    """Add files, a link, or pieces that the project has to one question; all or none."""
    work = current_work()
    row = services.screening(work, screening_id)
    may_fill(work, row)  # before any file is stored
    _question(services.filled(work, row), key)
    try:
        files = [taken(each, file_store(), upload_limit()) for each in request.files.getlist("file") if each.filename]
        write(lambda work: _add(work, screening_id, key, files))
    except (NotFound, Forbidden, Conflict):
        raise
    except (Refusal, Refusals) as refused:
        if is_script():
            raise
        work = current_work()
        return _picker_page(work, services.screening(work, screening_id), key, refused)
    return _answered(screening_id, key, Text("証跡を加えました。", "The evidence was added."))


def _add(work: UnitOfWork, screening_id: str, key: str, files: list[FileGiven]) -> None:
    """Add what was sent. Raises Refusal when that is nothing."""
    row, sent = services.screening(work, screening_id, hold=True), request.form
    title, url, existing = sent.get("title", ""), sent.get("url", "").strip(), sent.getlist("existing")
    until = last_day(sent.get("expires", ""), key)
    if not files and not url and not existing:
        raise Refusal(
            "evidence.none",
            "加える証跡を選んでください。",
            "Choose the evidence to add.",
            place=key,
        )
    for given in files:
        evidence.add_file(work, row, key, given, title=title if len(files) == 1 else "", expires_on=until)
    if url:
        evidence.add_link(work, row, key, url, title=title if not files else "", expires_on=until)
    for id in existing:
        evidence.attach(work, row, key, id)


@blueprint.get("/screenings/<screening_id>/evidence/<key>/<evidence_id>/detach")
@permission("screening:answer")
def detach(screening_id: str, key: str, evidence_id: str) -> ResponseReturnValue:
    """Say what the piece supports, before it is taken off one answer."""
    work = current_work()
    row = services.screening(work, screening_id)
    may_fill(work, row)
    filled = services.filled(work, row)
    section, question = _question(filled, key)
    piece = next((each for each in filled.evidence.get(key, []) if each.id == evidence_id), None)
    if piece is None:
        raise NotFound
    found = supported(work, [piece]).get(piece.id, [])
    return page(
        "evidence/detach.html",
        **_at(row, section, question),
        piece=piece,
        others=[use for use in found if use.place != (row.id, key)],
        left=len(filled.evidence[key]) - 1,
    )


@blueprint.post("/screenings/<screening_id>/evidence/<key>/<evidence_id>/detach")
@permission("screening:answer", unit="own")
def detached(screening_id: str, key: str, evidence_id: str) -> ResponseReturnValue:
    """Take the piece off this one answer; it stays with the project."""
    write(lambda work: evidence.detach(work, services.screening(work, screening_id, hold=True), key, evidence_id))
    said = Text("証跡を外しました。案件の証跡には残っています。", "Taken off. It stays among the project’s evidence.")
    return _answered(screening_id, key, said)


# ---------------------------------------------------------------- what is shown


def _answered(screening_id: str, key: str, said: Text) -> ResponseReturnValue:
    """Lead back to the question; the script gets the list that now stands there, and the revision of the answer."""
    if not is_script():
        tell(said)
        return see(url_for("screenings.place", screening_id=screening_id, key=key))
    work = current_work()
    row = services.screening(work, screening_id)
    filled = services.filled(work, row)
    shown = showing.shown_questions(filled, [_question(filled, key)], locale())[0]
    held = shelf(work, row.project_id)
    html = render_template("evidence/_pieces.html", shown=shown, known=held, project=row.project)
    return jsonify(pieces=html, count=len(shown.evidence), rev=shown.rev, said=said.in_(locale()))


def _question(filled: Filled, key: str) -> tuple[Section, Question]:
    """Return the question with its section. NotFound for one that the screening does not have."""
    found = next((pair for pair in every_question(filled) if pair[1].key == key), None)
    if found is None:
        raise NotFound
    return found


def _at(row: Screening, section: Section, question: Question) -> dict[str, Any]:
    """Return what both pages show around their matter."""
    return {"screening": row, "project": row.project, "section": section, "question": question}


def _picker_page(
    work: UnitOfWork, row: Screening, key: str, refused: Refusal | Refusals | None = None
) -> ResponseReturnValue:
    filled = services.filled(work, row)
    section, question = _question(filled, key)
    held = shelf(work, row.project_id)
    current = held.current()
    return page(
        "evidence/picker.html",
        code=422 if refused else 200,
        **_at(row, section, question),
        shelf=held,
        pieces=current,
        support=supported(work, current),
        attached={piece.id for piece in filled.evidence.get(key, [])},
        problems=problems_of(refused) if refused else [],
        chosen=request.form.getlist("existing") if refused else [],
    )
