"""Forms for single questions: words, help, answers, weight, condition; adding, copying, moving, removing; sections and the head.

Every press posts the whole form. The page comes back with the one change made and everything else as it was entered; only 「保存」 writes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from governance.authoring import conditions, editing, fields, previewing, questions, services, trying
from governance.authoring.draft_views import frame, shown_problem
from governance.authoring.fields import Fields, one
from governance.authoring.services import Opened
from governance.authoring.uses import uses
from governance.pages import current_work, page, permission, redirect_to, tell, write
from governance.questionnaires import drafts
from governance.questionnaires.conditions import sentence
from governance.questionnaires.fields import field_name
from governance.refusals import Conflict, NotFound, Refusals
from governance.texts import LOCALES, Text, both, joined
from governance.work import UnitOfWork

blueprint = Blueprint("questions", __name__, url_prefix="/questionnaires/drafts/<draft_id>")
Problems = dict[str, Text]
ASKED = Text("次のときに尋ねます：{when}。", "Asked when {when}.")
NAMES = {
    "key": Text("キー", "Key"),
    "kind": Text("答え方", "Kind of answer"),
    "section": Text("節", "Section"),
    "code": Text("コード", "Code"),
    "name": Text("名称", "Name"),
    "note": Text("注記", "Note"),
    "points": Text("配点", "Points"),
    "choices": Text("選択肢", "Choice"),
    "columns": Text("列", "Column"),
    "max_length": Text("文字数の上限", "Longest text"),
    "max_rows": Text("行の上限", "Most rows"),
    **questions.TEXTS,
}
STEPS = {"up": -1, "down": 1}
NEW: dict[str, Any] = {"kind": "scale", "weight": 1}


# ---------------------------------------------------------------- edit


@blueprint.route("/questions/<key>", methods=["GET", "POST"])
@permission("questionnaire:edit", unit="own")
def edit(draft_id: str, key: str) -> ResponseReturnValue:
    """Edit one question."""
    work = current_work()
    found = _opened(work, draft_id)
    section, question = editing.found(found.tree or {}, key)
    if request.method == "GET":
        shown = questions.fields_of(question) | conditions.fields_of(question.get("when"))
        shown |= {"section": [str(section.get("key"))], "was": [services.digest_of(question)]}
        return _form(work, found, shown, question, key)
    sent = _pressed()
    if one(sent, "do") != "save":
        return _form(work, found, sent, question, key)
    return _save(work, found, sent, question, key)


@blueprint.route("/questions/new", methods=["GET", "POST"])
@permission("questionnaire:edit", unit="own")
def new(draft_id: str) -> ResponseReturnValue:
    """Write a question that did not exist before."""
    work = current_work()
    found = _opened(work, draft_id)
    if request.method == "GET":
        sections = editing.sections(found.tree or {})
        wanted = request.args.get("section") or str((sections or [{}])[-1].get("key", ""))
        shown = questions.fields_of(NEW) | {"section": [wanted], "required": ["1"]}
        shown["key"] = [_suggested(work, found, wanted)]
        return _form(work, found, shown, NEW, "")
    sent = _pressed()
    if one(sent, "do") != "save":
        return _form(work, found, sent, NEW, "")
    return _save(work, found, sent, NEW, "")


def _opened(work: UnitOfWork, draft_id: str) -> Opened:
    """Return a draft that forms can edit. Refuses one whose text cannot be read."""
    found = services.opened(work, draft_id)
    if found.row.kind != "questionnaire":
        raise NotFound
    if found.tree is None:
        raise Refusals(found.unreadable)
    return found


def _suggested(work: UnitOfWork, found: Opened, section_key: str) -> str:
    tree = found.tree or {}
    section = next((each for each in editing.sections(tree) if str(each.get("key")) == section_key), {})
    rows = editing.asked(section)
    like = str(rows[-1].get("key")) if rows else f"{section_key}-0"
    return editing.suggested(like, services.taken_keys(work, tree))


def _pressed() -> Fields:
    """Return the sent form after the one change that the pressed button makes."""
    sent = fields.sent(request.form.items(multi=True))
    act, _, path = one(sent, "do").partition(":")
    word, _, rest = act.partition(".")
    if word == "c" and path.split(".")[0] == conditions.ROOT:
        return conditions.pressed(sent, rest, path)
    if word == "q":
        return questions.pressed(sent, rest, path)
    return sent


def _save(work: UnitOfWork, found: Opened, sent: Fields, before: dict[str, Any], key: str) -> ResponseReturnValue:
    """Keep the question, or show the form again with what keeps it from being kept."""
    draft_id = found.row.id
    question, problems, stops = _read(found, sent, before)
    new_key = key or one(sent, "key")
    if not key:
        problems |= _key_problems(work, found, new_key)
        question = {"key": new_key, **question}
    if one(sent, "section") not in {str(each.get("key")) for each in editing.sections(found.tree or {})}:
        problems["section"] = Text("節を選んでください。", "Choose a section.")
    if problems or stops:
        return _form(work, found, sent, before, key, problems=problems)
    try:
        write(_writing(draft_id, key, question, sent))
    except Conflict as conflict:
        return _clash(draft_id, sent, key, conflict)
    tell(Text("{key}を保存しました。", "{key} saved.").filled(key=new_key))
    if one(sent, "then") == "stay":
        return redirect_to("questions.edit", draft_id=draft_id, key=new_key)
    return redirect_to("drafts.show", _anchor=f"q-{new_key}", draft_id=draft_id)


def _key_problems(work: UnitOfWork, found: Opened, key: str) -> Problems:
    if not editing.KEY.fullmatch(key):
        said = Text(
            "英字で始め、英数字と「_」「.」「-」だけを使い、63字以内で入力してください。",
            "Begin with a letter and use only letters, digits, “_”, “.” and “-”, 63 at most.",
        )
        return {"key": said}
    if key in services.taken_keys(work, found.tree or {}):
        said = Text(
            "「{key}」は使われています（以前の版を含む）。別のキーにしてください。",
            "“{key}” is in use, or was in an earlier version. Choose another key.",
        )
        return {"key": said.filled(key=key)}
    return {}


def _writing(draft_id: str, key: str, question: dict[str, Any], sent: Fields) -> Callable[[UnitOfWork], object]:
    """Return the act that puts the question into the draft as it is then. It raises Conflict when this question changed."""

    def act(work: UnitOfWork) -> object:
        row = drafts.draft(work, draft_id)

        def change(tree: editing.Tree) -> editing.Tree:
            if not key:
                return editing.added(tree, one(sent, "section"), question, after=one(sent, "after"))
            _, stored = editing.found(tree, key)
            if services.digest_of(stored) not in (one(sent, "was"), services.digest_of(question)):
                raise services.changed_meanwhile(row.rev)
            return editing.put_in(editing.replaced(tree, key, question), key, one(sent, "section"))

        return services.save_tree(work, row, change)

    return act


def _clash(draft_id: str, sent: Fields, key: str, conflict: Conflict) -> ResponseReturnValue:
    """Show the form with mine in it and theirs beside it; saving again puts mine in the place of theirs."""
    work = current_work()
    found = _opened(work, draft_id)
    _, stored = editing.found(found.tree or {}, key)
    theirs = questions.fields_of(stored) | conditions.fields_of(stored.get("when"))
    sent["was"] = [services.digest_of(stored)]
    return _form(work, found, sent, stored, key, theirs=theirs, refused=conflict.text)


# ---------------------------------------------------------------- the page


def _read(found: Opened, sent: Fields, before: dict[str, Any]) -> tuple[dict[str, Any], Problems, list[Any]]:
    """Return the question that the form says with its condition, what is wrong by field, and parts of the condition that are not done."""
    question, problems = questions.question_of(sent, before, found.framework)
    node = _node(found, sent)
    stops: list[conditions.Node] = []
    when = conditions.condition_of(node, found.known, stops)
    old = before.get("when")
    same = conditions.drawn(conditions.fields_of(old), found.known, *_lists(found))
    if old is not None and when == conditions.condition_of(same, found.known, []):
        when = old
    question.pop("when", None)
    if when is not None:
        question["when"] = when
    return question, problems, stops


def _node(found: Opened, sent: Fields) -> conditions.Node | None:
    return conditions.drawn(sent, found.known, *_lists(found))


def _lists(found: Opened) -> tuple[dict[str, Text], dict[str, Text]]:
    """Return packs and phases of the framework with their names."""
    if found.framework is None:
        return {}, {}
    packs = {
        each.code: Text(f"{each.code}　{each.name.ja}", f"{each.code} {each.name.en}") for each in found.framework.packs
    }
    return packs, {each.code: each.name for each in found.framework.phases}


# long: one line per thing the page shows
def _form(
    work: UnitOfWork,
    found: Opened,
    sent: Fields,
    before: dict[str, Any],
    key: str,
    *,
    problems: Problems | None = None,
    theirs: Fields | None = None,
    refused: Text | None = None,
) -> ResponseReturnValue:
    node = _node(found, sent)
    stops: list[conditions.Node] = []
    said = conditions.condition_of(node, found.known, stops)
    if one(sent, "do") != "save":
        _calm(node)
    condition = trying.read(said)
    packs, phases = _lists(found)
    shown, _ = questions.question_of(sent, before, found.framework)
    shown["key"] = key or one(sent, "key") or "–"
    framework = found.framework
    return page(
        "authoring/question.html",
        **frame(work, found),
        key=key,
        fields=sent,
        one=one,
        rows=fields.rows,
        problems=problems or {},
        stops=stops if problems is not None else [],
        refused=refused,
        theirs=theirs,
        node=node,
        sentence=ASKED.filled(when=sentence(condition, found.label)) if condition is not None else None,
        labels=_label,
        trial=trying.trial(condition, sent, found.known, packs, phases, phases) if condition is not None else None,
        known=_grouped(found),
        groups=conditions.GROUPS,
        comparisons=conditions.COMPARISONS,
        texts=questions.TEXTS,
        needed=questions.NEEDED,
        kinds=questions.KINDS,
        column_kinds=questions.COLUMN_KINDS,
        totals=_totals(found),
        values=services.values_on_form(shown, framework) if framework else {},
        framework=framework,
        shown_key=shown["key"],
        shown=[previewing.question(shown, framework, f"{side}-") if framework else None for side in LOCALES],
        uses=uses(key, framework, found.others, found.tree or {}) if key else [],
        answered=services.answered(work, key) if key else 0,
        other_drafts=services.other_drafts(work, found.row, key) if key else [],
        wrong=_problems_of(work, found, key) if request.method == "GET" and key else [],
        suggestion=_suggested(work, found, one(sent, "section")) if not key else "",
        code=409 if theirs is not None else 422 if problems else 200,
    )


def _label(name: str) -> Text:
    """Return what a field of the form is called, for the list of problems."""
    first, *rest = name.split(".")
    words = [NAMES.get(first, field_name(first))]
    if first in ("choices", "columns") and len(rest) > 1:
        words += [both(str(int(rest[0]) + 1)), NAMES.get(rest[1], field_name(rest[1]))]
    return joined(words, " ", " ")


def _calm(node: conditions.Node | None) -> None:
    """Say nothing yet about rows that are just being filled in; what is unknown stays marked."""
    if node is None:
        return
    if node.kind != "row" or not node.question or not any(node.values):
        node.wrong = None
    for part in node.parts:
        _calm(part)


def _grouped(found: Opened) -> list[tuple[Text, list[conditions.Known]]]:
    """Return the questions a condition may look at, by questionnaire."""
    groups: dict[Text, list[conditions.Known]] = {}
    for each in found.known.values():
        groups.setdefault(each.document, []).append(each)
    return list(groups.items())


def _totals(found: Opened) -> list[Any]:
    scoring = found.framework.scoring if found.framework else None
    return list(getattr(scoring, "totals", []))


def _problems_of(work: UnitOfWork, found: Opened, key: str) -> list[dict[str, Any]]:
    """Return what the check says about this question."""
    every = services.verdict(work, found.row.text, found.row.kind).problems
    return [each for each in (shown_problem(found, problem) for problem in every) if each["key"] == key]


# ---------------------------------------------------------------- copy, move, remove


@blueprint.post("/questions")
@permission("questionnaire:edit", unit="own")
def arrange(draft_id: str) -> ResponseReturnValue:
    """Move a question or a section up or down, or copy a question under a new key."""
    act, _, key = request.form.get("do", "").partition(":")
    if act == "copy":
        where = write(lambda work: _copy(work, draft_id, key))
        tell(
            Text("{key}として複製しました。文言を直してください。", "Copied as {key}; now change its words.").filled(
                key=where
            )
        )
        return redirect_to("questions.edit", draft_id=draft_id, key=where)
    name, _, of = act.partition("-")
    if name not in STEPS:
        raise NotFound
    move = editing.section_moved if of == "section" else editing.moved
    write(
        lambda work: services.save_tree(work, drafts.draft(work, draft_id), lambda tree: move(tree, key, STEPS[name]))
    )
    return redirect_to("drafts.show", _anchor=f"s-{key}" if of else f"q-{key}", draft_id=draft_id)


def _copy(work: UnitOfWork, draft_id: str, key: str) -> str:
    """Copy a question under the next free key and return that."""
    row = drafts.draft(work, draft_id)
    source = services.read_source(row.text)
    tree = {} if isinstance(source, Refusals) else source.tree
    new_key = editing.suggested(key, services.taken_keys(work, tree))
    services.save_tree(work, row, lambda tree: editing.copied(tree, key, new_key))
    return new_key


@blueprint.route("/questions/<key>/remove", methods=["GET", "POST"])
@permission("questionnaire:edit", unit="own")
def remove(draft_id: str, key: str) -> ResponseReturnValue:
    """Say what uses the question and how many answered it, then remove it from the draft."""
    work = current_work()
    found = _opened(work, draft_id)
    section, question = editing.found(found.tree or {}, key)
    if request.method == "POST":
        write(
            lambda work: services.save_tree(work, drafts.draft(work, draft_id), lambda tree: editing.removed(tree, key))
        )
        tell(Text("{key}を下書きから削除しました。", "{key} removed from the draft.").filled(key=key))
        return redirect_to("drafts.show", draft_id=draft_id)
    return page(
        "authoring/remove.html",
        **frame(work, found),
        key=key,
        question=question,
        last=len(editing.asked(section)) == 1,
        uses=uses(key, found.framework, found.others, found.tree or {}),
        answered=services.answered(work, key),
        other_drafts=services.other_drafts(work, found.row, key),
    )
