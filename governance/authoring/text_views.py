"""The draft as text: the YAML editor with its problems and earlier texts, and the translation view over all its words."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from governance.authoring import comparing, fields, previewing, services, translating
from governance.authoring.draft_views import english_of, frame, shown_problem
from governance.authoring.forms import ActForm
from governance.authoring.services import Opened
from governance.pages import accepted, current_work, page, permission, redirect_to, refusals_beside, tell, write
from governance.questionnaires import drafts
from governance.questionnaires.models import DraftChange
from governance.questionnaires.writing import written_tree
from governance.refusals import Conflict, Forbidden, NotFound, Problem, Refusal
from governance.texts import Text
from governance.work import UnitOfWork

blueprint = Blueprint("texts", __name__, url_prefix="/questionnaires/drafts/<draft_id>")
MOST_PROBLEMS = 50
QUOTED = 160


# ---------------------------------------------------------------- YAML


@blueprint.route("/yaml", methods=["GET", "POST"])
@permission("questionnaire:edit", unit="own")
def yaml(draft_id: str) -> ResponseReturnValue:
    """Edit the text of the draft; 「確かめる」 checks without keeping it."""
    if request.method == "GET":
        work = current_work()
        return _editor(work, draft_id, drafts.draft(work, draft_id).text)
    text, rev = _text("text"), fields.one(fields.sent(request.form.items(multi=True)), "rev")
    if "check" in request.form:
        return _editor(current_work(), draft_id, text, rev=rev)
    try:
        write(lambda work: drafts.save(work, drafts.draft(work, draft_id), rev=_number(rev), text=text))
    except (NotFound, Forbidden):
        raise
    except Conflict:
        return _conflict(draft_id, text)
    except Refusal as refused:
        return _editor(current_work(), draft_id, text, rev=rev, refused=refused)
    tell(Text("下書きを保存しました。", "Draft saved."))
    return redirect_to("texts.yaml", draft_id=draft_id)


def _text(name: str) -> str:
    return request.form.get(name, "").replace("\r\n", "\n").replace("\r", "\n")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _conflict(draft_id: str, text: str) -> ResponseReturnValue:
    """Show both texts: mine stays in the editor, theirs stands above it; the next save takes mine over theirs."""
    work = current_work()
    row = drafts.draft(work, draft_id)
    if row.text == text:
        tell(Text("下書きを保存しました。", "Draft saved."))
        return redirect_to("texts.yaml", draft_id=draft_id)
    return _editor(work, draft_id, text, rev=str(row.rev), theirs=row.text)


# long: one line per thing the page shows
def _editor(
    work: UnitOfWork,
    draft_id: str,
    text: str,
    *,
    rev: str = "",
    refused: Refusal | None = None,
    theirs: str | None = None,
) -> ResponseReturnValue:
    row = drafts.draft(work, draft_id)
    shown = services.around(work, row, text)
    checked = services.verdict(work, text, row.kind)
    is_question = shown.is_questionnaire and shown.tree and shown.framework
    return page(
        "authoring/yaml.html",
        **frame(work, shown),
        text=text,
        rev=rev or row.rev,
        problems=_quoted(shown, checked.problems, text),
        more=max(0, len(checked.problems) - MOST_PROBLEMS),
        refused=refused,
        was_sent=request.method == "POST",
        theirs=theirs,
        differences=_differences(theirs, text) if theirs is not None else [],
        history=drafts.history(work, row),
        pages=previewing.pages(shown.tree, shown.framework) if is_question else [],  # type: ignore[arg-type]
        shown_in=request.args.get("in") if request.args.get("in") in ("ja", "en") else "ja",
        code=409 if theirs is not None else 422 if refused else 200,
    )


def _quoted(found: Opened, problems: list[Problem], text: str) -> list[dict[str, Any]]:
    """Return the problems with the line each stands in."""
    lines = text.split("\n")
    shown = [shown_problem(found, each) for each in problems[:MOST_PROBLEMS]]
    for number, each in enumerate(shown, 1):
        line = each["line"]
        each["quote"] = lines[line - 1][:QUOTED] if line and line <= len(lines) else ""
        each["form"], each["anchor"] = each["href"], f"line-{line}-{number}" if line else None
    return shown


def _differences(theirs: str, mine: str) -> list[tuple[int, list[comparing.Piece], list[comparing.Piece]]]:
    """Return the lines that differ, theirs and mine, with the number of the line in mine."""
    return comparing.lines_apart(theirs, mine)


@blueprint.post("/check")
@permission("questionnaire:edit", unit="own")
def check(draft_id: str) -> ResponseReturnValue:
    """Return the problems of a text that is being typed, as a part of the page."""
    work = current_work()
    text = _text("text")
    row = drafts.draft(work, draft_id)
    shown = services.around(work, row, text)
    checked = services.verdict(work, text, row.kind)
    return page(
        "authoring/_problems.html",
        draft=row,
        problems=_quoted(shown, checked.problems, text),
        more=max(0, len(checked.problems) - MOST_PROBLEMS),
    )


@blueprint.route("/history/<change_id>", methods=["GET", "POST"])
@permission("questionnaire:edit")
def earlier(draft_id: str, change_id: str) -> ResponseReturnValue:
    """Show an earlier text beside the present one, and take it again."""
    work = current_work()
    row = drafts.draft(work, draft_id)
    change = work.session.get(DraftChange, change_id)
    if change is None or change.draft_id != row.id:
        raise NotFound
    form = ActForm()
    if accepted(form):
        with refusals_beside(form):
            drafts.go_back(work, row, change_id, rev=form.rev.data or 0)
            tell(
                Text(
                    "以前の内容に戻しました。戻す前の内容も履歴に残っています。",
                    "Taken back; what was there stays in the history.",
                )
            )
            return redirect_to("drafts.show", draft_id=draft_id)
    found = services.opened(work, draft_id)
    return page(
        "authoring/earlier.html",
        **frame(work, found),
        change=change,
        form=form,
        differences=comparing.lines_apart(change.text, found.row.text),
    )


# ---------------------------------------------------------------- translation


@blueprint.route("/translation", methods=["GET", "POST"])
@permission("questionnaire:edit", unit="own")
def translation(draft_id: str) -> ResponseReturnValue:
    """Show every text with its translation, those that need work first, and keep many at once."""
    if request.method == "GET":
        return _table(current_work(), draft_id, {}, {})
    sent = fields.sent(request.form.items(multi=True))
    left = write(lambda work: _translated(work, draft_id, sent))
    if left:
        return _table(current_work(), draft_id, sent, left)
    tell(Text("訳を保存しました。", "Translations saved."))
    return redirect_to("texts.translation", draft_id=draft_id, show=request.args.get("show") or None)


def _translated(work: UnitOfWork, draft_id: str, sent: fields.Fields) -> dict[str, translating.Entry]:
    """Keep what was entered; return the texts that somebody else changed meanwhile, which are left alone."""
    row = drafts.draft(work, draft_id)
    found = services.around(work, row)
    if found.tree is None:
        raise Refusal(
            "authoring.unreadable", "YAMLとして読めないため、訳を保存できません。", "The draft cannot be read."
        )
    now = {each.path: each for each in translating.entries(found.tree, None, {})}
    texts: dict[str, tuple[str, str]] = {}
    left: dict[str, translating.Entry] = {}
    for path, entry in now.items():
        pair = (fields.one(sent, f"ja:{path}"), fields.one(sent, f"en:{path}"))
        if f"ja:{path}" not in sent or pair == (entry.ja.strip(), entry.en.strip()):
            continue
        if fields.one(sent, f"was:{path}") != entry.digest:
            left[path] = entry
        else:
            texts[path] = pair
    _keep(work, found, texts, sent)
    return left


def _keep(work: UnitOfWork, found: Opened, texts: dict[str, tuple[str, str]], sent: fields.Fields) -> None:
    """Write the texts, and the remark lines for translations that were confirmed to stay."""
    row, tree = found.row, translating.changed(found.tree or {}, texts)
    confirmed = dict(translating.confirmed_in(row.text))
    for each in translating.entries(tree, found.base_tree, {}):
        if f"stays:{each.path}" in sent and each.state == "stale":
            confirmed[each.path] = each.digest
        elif f"ja:{each.path}" in sent and f"stays:{each.path}" not in sent:
            confirmed.pop(each.path, None)
    text = written_tree(tree) if texts else row.text
    if texts or confirmed != translating.confirmed_in(row.text):
        drafts.save(work, row, rev=row.rev, text=translating.with_confirmed(text, confirmed))


def _table(
    work: UnitOfWork, draft_id: str, sent: fields.Fields, left: dict[str, translating.Entry]
) -> ResponseReturnValue:
    found = services.opened(work, draft_id)
    confirmed = translating.confirmed_in(found.row.text)
    every = translating.entries(found.tree or {}, found.base_tree, confirmed)
    wanted = request.args.get("show", "")
    need = [each for each in every if each.state != "fine" or each.path in confirmed or each.path in left]
    return page(
        "authoring/translation.html",
        **frame(work, found),
        shown_texts=every if wanted == "all" else need,
        total=len(every),
        english=english_of(found),
        confirmed=confirmed,
        sent=sent,
        left=left,
        one=fields.one,
        show=wanted,
        code=409 if left else 200,
    )
