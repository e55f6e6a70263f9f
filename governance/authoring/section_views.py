"""Forms for what stands around the questions: the head of a questionnaire (title, version, introduction) and its sections."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from governance.authoring import editing, fields, services
from governance.authoring.draft_views import frame
from governance.authoring.fields import Fields, one
from governance.pages import current_work, page, permission, redirect_to, tell, write
from governance.questionnaires import drafts
from governance.refusals import NotFound, Refusals
from governance.texts import LOCALES, Text
from governance.work import UnitOfWork

blueprint = Blueprint("sections", __name__, url_prefix="/questionnaires/drafts/<draft_id>")
Problems = dict[str, Text]


def _opened(work: UnitOfWork, draft_id: str) -> services.Opened:
    found = services.opened(work, draft_id)
    if found.row.kind != "questionnaire":
        raise NotFound
    if found.tree is None:
        raise Refusals(found.unreadable)
    return found


@blueprint.route("/head", methods=["GET", "POST"])
@permission("questionnaire:edit", unit="own")
def head(draft_id: str) -> ResponseReturnValue:
    """Edit title, version and introduction."""
    work = current_work()
    found = _opened(work, draft_id)
    own = {name: (found.tree or {}).get(name) for name in ("title", "version", "intro")}
    return _edited(work, found, own, "", lambda values: lambda tree: editing.head_changed(tree, values))


@blueprint.route("/sections/<key>", methods=["GET", "POST"])
@permission("questionnaire:edit", unit="own")
def section(draft_id: str, key: str) -> ResponseReturnValue:
    """Edit title and item of a section."""
    work = current_work()
    found = _opened(work, draft_id)
    stored = editing.section_of(found.tree or {}, key)
    own = {name: stored.get(name) for name in ("title", "item")}
    return _edited(work, found, own, key, lambda values: lambda tree: editing.section_changed(tree, key, values))


@blueprint.route("/sections/new", methods=["GET", "POST"])
@permission("questionnaire:edit", unit="own")
def new(draft_id: str) -> ResponseReturnValue:
    """Add a section; its first question comes with it, to be written next."""
    work = current_work()
    found = _opened(work, draft_id)
    taken = {str(each.get("key")) for each in editing.sections(found.tree or {})}
    sent = fields.sent(request.form.items(multi=True))
    key = one(sent, "key") if request.method == "POST" else editing.suggested(_last(taken, found.row.key), taken)
    problems: Problems = {}
    if request.method == "POST":
        if not editing.KEY.fullmatch(key) or key in taken:
            problems["key"] = Text(
                "ほかの節と重ならない英数字で入力してください。", "Use letters and digits, unlike any other section."
            )
        values = _values(found, sent, problems, {"title": None, "item": None})
        if not problems:
            first = {"key": editing.suggested(f"{key}-0", services.taken_keys(work, found.tree or {})), **FIRST}
            filled = {name: value for name, value in values.items() if value is not None}
            act = {"key": key, **filled, "questions": [first]}
            write(
                lambda unit: services.save_tree(
                    unit, drafts.draft(unit, draft_id), lambda t: editing.section_added(t, act)
                )
            )
            tell(Text("節を加えました。最初の質問を書いてください。", "Section added; write its first question."))
            return redirect_to("questions.edit", draft_id=draft_id, key=first["key"])
    return _page(work, found, sent | {"key": [key]}, "", problems, is_new=True)


FIRST: dict[str, Any] = {
    "topic": {"ja": "", "en": ""},
    "text": {"ja": "", "en": ""},
    "why": {"ja": "", "en": ""},
    "kind": "scale",
}


def _last(taken: set[str], otherwise: str) -> str:
    return sorted(taken)[-1] if taken else f"{otherwise}-0"


def _edited(work: UnitOfWork, found: services.Opened, own: dict[str, Any], key: str, act: Any) -> ResponseReturnValue:
    """Show the form for these fields, or keep what it says unless somebody changed them since."""
    if request.method == "GET":
        shown: Fields = {"was": [services.digest_of(own)]}
        for name, value in own.items():
            sides = value if isinstance(value, dict) else {}
            if name in ("title", "intro"):
                shown |= {f"{name}.{side}": [str(sides.get(side, ""))] for side in LOCALES}
            else:
                shown[name] = [str(value or "")]
        return _page(work, found, shown, key, {})
    sent = fields.sent(request.form.items(multi=True))
    problems: Problems = {}
    values = _values(found, sent, problems, own)
    if problems:
        return _page(work, found, sent, key, problems)
    if services.digest_of(own) not in (one(sent, "was"), services.digest_of(values)):
        sent["was"] = [services.digest_of(own)]
        return _page(work, found, sent, key, {}, theirs=own)
    draft_id = found.row.id
    write(lambda unit: services.save_tree(unit, drafts.draft(unit, draft_id), act(values)))
    tell(Text("下書きを保存しました。", "Draft saved."))
    return redirect_to("drafts.show", _anchor=f"s-{key}" if key else None, draft_id=draft_id)


def _values(found: services.Opened, sent: Fields, problems: Problems, own: dict[str, Any]) -> dict[str, Any]:
    """Return what the form says; None for what is left empty."""
    values: dict[str, Any] = {}
    for name in own:
        if name in ("title", "intro"):
            sides = {side: one(sent, f"{name}.{side}") for side in LOCALES}
            values[name] = sides if any(sides.values()) else None
        else:
            values[name] = one(sent, name) or None
    if "version" in own and not values["version"]:
        problems["version"] = Text("版番号を入力してください。", "Enter a version number.")
    if "version" in own and not (values["title"] or {}).get("ja"):
        problems["title.ja"] = Text("日本語を入力してください。", "Enter the Japanese text.")
    items = {each.code for each in found.framework.items} if found.framework else set()
    if values.get("item") and values["item"] not in items:
        problems["item"] = Text("実践項目を選んでください。", "Choose an item.")
    return values


def _page(
    work: UnitOfWork,
    found: services.Opened,
    shown: Fields,
    key: str,
    problems: Problems,
    *,
    theirs: dict[str, Any] | None = None,
    is_new: bool = False,
) -> ResponseReturnValue:
    return page(
        "authoring/section.html",
        **frame(work, found),
        key=key,
        is_new=is_new,
        fields=shown,
        one=one,
        problems=problems,
        theirs=theirs,
        framework=found.framework,
        code=409 if theirs is not None else 422 if problems else 200,
    )
