"""Pages of one draft: where it stands, what changed, what is wrong with it, and the acts that lead to a new version."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import Blueprint, current_app, request, url_for
from flask.typing import ResponseReturnValue

from governance.accounts.rules import may
from governance.authoring import comparing, editing, services, translating
from governance.authoring.forms import ActForm, DraftReasonForm, NoteForm
from governance.authoring.previewing import complete_document, in_language, pages, section_title
from governance.authoring.questions import KINDS
from governance.authoring.services import Opened
from governance.ledger.rules import EVENT_TYPES
from governance.ledger.services import subject_events
from governance.pages import Form, accepted, current_work, locale, page, permission, redirect_to, refusals_beside, tell
from governance.questionnaires import drafts
from governance.questionnaires.definition import Framework, Questionnaire
from governance.questionnaires.diff import Change, diff
from governance.questionnaires.fields import field_name
from governance.questionnaires.models import QuestionnaireDraft
from governance.questionnaires.rules import LANGUAGES
from governance.refusals import Problem
from governance.texts import Locale, Text, joined
from governance.work import UnitOfWork

blueprint = Blueprint("drafts", __name__, url_prefix="/questionnaires/drafts/<draft_id>")
PATH = re.compile(r"sections\.[0-9]{1,5}(?:\.questions\.[0-9]{1,5})?\.([A-Za-z_]+(?:\.[A-Za-z0-9_]+)*)")
"""The path of a field inside a section or question, as problems name it."""
PLACE = re.compile(r"([0-9]+):([0-9]+)")


@blueprint.get("")
@permission("questionnaire:edit")
def show(draft_id: str) -> ResponseReturnValue:
    """Show where the draft stands and what can be done with it."""
    return draft_page(current_work(), draft_id)


def draft_page(work: UnitOfWork, draft_id: str, form: Form | None = None) -> ResponseReturnValue:
    """Return the page of a draft; with the form of an act that was refused."""
    found = services.opened(work, draft_id)
    row, checked = found.row, services.verdict(work, found.row.text, found.row.kind)
    changes = changes_of(found, checked.document)
    return page(
        "authoring/draft.html",
        **frame(work, found),
        problems=[shown_problem(found, each) for each in dict.fromkeys(checked.problems)],
        form=form,
        note=form if isinstance(form, NoteForm) else NoteForm(formdata=None, obj=row),
        counts=comparing.counts(changes or []),
        changes=(changes or [])[:12],
        total=None if changes is None else len(changes),
        untouched=changes is not None and all(each.field in ("version", "effective_on") for each in changes),
        english_counts=english_of(found),
        history=drafts.history(work, row),
        ledger=_events(work, row),
        count=len(editing.keys(found.tree or {})),
        marks=_marks(changes or []),
        kinds=comparing.KINDS,
        backtest=_backtest(row),
        code=422 if form is not None else 200,
    )


def frame(work: UnitOfWork, found: Opened) -> dict[str, Any]:
    """What every page of a draft shows around its matter."""
    actor, row = work.actor, found.row
    edit = may(actor, "questionnaire:edit")
    return {
        "draft": row,
        "found": found,
        "may_edit": row.state == "draft" and edit,
        "may_return": row.state == "review" and edit,
        "may_discard": row.state in ("draft", "review") and edit,
        "may_publish": row.state == "review" and may(actor, "questionnaire:publish", found.relations),
        "is_author": bool(found.relations),
        "publishers": services.publishers(work, row),
        "base": drafts.base_of(work, row),
        "sections": editing.sections(found.tree or {}) if found.row.kind == "questionnaire" else [],
        "asked": editing.asked,
        "text_of": services.text_of,
        "in_language": in_language,
        "section_title": lambda section: section_title(section, found.framework),
        "kind_words": lambda kind: KINDS.get(str(kind), Text("（答え方なし）", "(no kind)")),
        "names_of": lambda people: joined([Text(each.name_in("ja"), each.name_in("en")) for each in people]).in_(
            locale()
        ),
    }


def _marks(changes: list[Change]) -> dict[str, Text]:
    """Return the first kind of change of every question that changed, in a word."""
    found: dict[str, Text] = {}
    for each in changes:
        if each.table == "questions":
            found.setdefault(each.key, comparing.KINDS[each.kind])
    return found


def changes_of(found: Opened, document: object) -> list[Change] | None:
    """Return what changed against the base; None when there is none to compare with or the draft is no document yet."""
    if isinstance(found.base, Questionnaire):
        read = document if isinstance(document, Questionnaire) else complete_document(found.tree or {})
        return diff(found.base, read) if read is not None else None
    if isinstance(document, Framework) and isinstance(found.base, Framework):
        return diff(found.base, document)
    return None


def english_of(found: Opened) -> tuple[int, int]:
    """Return how many translations of the draft are missing and how many are stale."""
    confirmed = translating.confirmed_in(found.row.text)
    return translating.counts(translating.entries(found.tree or {}, found.base_tree, confirmed))


def shown_problem(found: Opened, problem: Problem) -> dict[str, Any]:
    """Return a problem with the way to its place: the line, and the question whose form can mend it."""
    match, text = PLACE.fullmatch(problem.place or ""), friendly(problem.text)
    if match is None:
        return {"text": text, "line": None, "column": None, "key": None, "href": None}
    line, column = int(match[1]), int(match[2])
    key, href = question_at(found, line), url_for("texts.yaml", draft_id=found.row.id, _anchor="check")
    if key and found.is_questionnaire and found.row.state == "draft":
        href = url_for("questions.edit", draft_id=found.row.id, key=key)
    return {"text": text, "line": line, "column": column, "key": key, "href": href}


def friendly(text: Text) -> Text:
    """Return the sentence of a problem with fields named as on the forms instead of by their path in the file."""

    def words(side: Locale) -> Callable[[re.Match[str]], str]:
        def named(match: re.Match[str]) -> str:
            parts = [str(int(part) + 1) if part.isdigit() else _part(part).in_(side) for part in match[1].split(".")]
            return "・".join(parts) if side == "ja" else ", ".join(parts)

        return named

    return Text(PATH.sub(words("ja"), text.ja), PATH.sub(words("en"), text.en))


def _part(word: str) -> Text:
    return LANGUAGES.get(word) or field_name(word)


def question_at(found: Opened, line: int) -> str:
    """Return the key of the question that stands in a line of the text; "" for a line outside of questions."""
    if found.source is None or not found.is_questionnaire:
        return ""
    starts: list[tuple[int, str]] = []
    for number, section in enumerate((found.tree or {}).get("sections") or []):
        starts.append((_line(found, ("sections", number)), ""))
        rows = section.get("questions") if isinstance(section, dict) else None
        for at, question in enumerate(rows if isinstance(rows, list) else []):
            key = str(question.get("key", "")) if isinstance(question, dict) else ""
            starts.append((_line(found, ("sections", number, "questions", at)), key))
    return next((key for start, key in sorted(starts, reverse=True, key=lambda each: each[0]) if start <= line), "")


def _line(found: Opened, path: tuple[str | int, ...]) -> int:
    return int(found.source.place(path).lstrip(":").split(":")[0]) if found.source else 0


def _events(work: UnitOfWork, row: QuestionnaireDraft) -> list[dict[str, Any]]:
    """Return what the ledger says about the draft, oldest first, with the reasons that were given."""
    found = subject_events(work.session, "draft", row.id)
    people = {row.created_by: row.creator, row.submitted_by: row.submitter, row.reviewed_by: row.reviewer}
    shown = []
    for event in found:
        person = people.get((event.body.get("actor") or {}).get("id"))
        reason = event.private.get("reason", "")
        label = EVENT_TYPES.get(event.type, Text(event.type, event.type))
        text = Text("{label}（{reason}）", "{label} ({reason})").filled(label=label, reason=reason) if reason else label
        shown.append(
            {"at": event.at, "text": text, "by": Text(person.name_in("ja"), person.name_in("en")) if person else ""}
        )
    return shown


def _backtest(row: QuestionnaireDraft) -> str | None:
    """Return the address of the back-test of this draft when there is such a page."""
    for endpoint in ("backtest.show", "backtests.show", "backtest.start"):
        if endpoint in current_app.view_functions:
            return url_for(endpoint, draft_id=row.id)
    return None


# ---------------------------------------------------------------- what changed


@blueprint.get("/changes")
@permission("questionnaire:edit")
def changes(draft_id: str) -> ResponseReturnValue:
    """Show the draft beside the version it was written from."""
    work = current_work()
    found = services.opened(work, draft_id)
    checked = services.verdict(work, found.row.text, found.row.kind)
    every = changes_of(found, checked.document)
    kind = request.args.get("kind", "")
    base = drafts.base_of(work, found.row)
    return page(
        "authoring/changes.html",
        title=found.title,
        before=base,
        after=None,
        after_version=found.version,
        rows=comparing.rows([each for each in every or [] if kind in ("", each.kind)], found.label),
        counts=comparing.counts(every or []),
        total=None if every is None else len(every),
        kind=kind,
        kinds=comparing.KINDS,
        same=_same(found, checked.document, every),
        open_screenings=services.used_by(work).get(base.id, (0, 0))[1] if base else 0,
        versions=[],
        problems=[shown_problem(found, each) for each in checked.problems],
        backtest=_backtest(found.row),
        **{name: value for name, value in frame(work, found).items() if name not in ("base",)},
    )


def _same(found: Opened, document: object, every: list[Change] | None) -> tuple[int, int] | None:
    """Return how many questions are just as they were, and how many there are."""
    if not isinstance(document, Questionnaire) or not isinstance(found.base, Questionnaire):
        return None
    touched = {each.key for each in every or [] if each.table == "questions"}
    keys = [question.key for _, question in document.questions()]
    before = {question.key for _, question in found.base.questions()}
    return sum(key in before and key not in touched for key in keys), len(keys)


@blueprint.get("/preview")
@permission("questionnaire:edit")
def preview(draft_id: str) -> ResponseReturnValue:
    """Show the draft as the filler will see it, in a language and at a width of choice."""
    work = current_work()
    found = services.opened(work, draft_id)
    wanted = request.args.get("in")
    return page(
        "authoring/preview.html",
        **frame(work, found),
        pages=pages(found.tree, found.framework) if found.is_questionnaire and found.tree and found.framework else [],
        shown_in=wanted if wanted in ("ja", "en") else "ja",
        narrow=request.args.get("width") == "phone",
    )


# ---------------------------------------------------------------- acts


@blueprint.post("/note")
@permission("questionnaire:edit")
def note(draft_id: str) -> ResponseReturnValue:
    """Keep what changes and why."""
    form = NoteForm()

    def act(work: UnitOfWork, row: QuestionnaireDraft) -> Text:
        drafts.save(work, row, rev=form.rev.data or 0, text=row.text, note=form.note.data or "")
        return Text("変更の理由を保存しました。", "Kept.")

    return _acted(draft_id, form, act)


@blueprint.post("/submit")
@permission("questionnaire:edit")
def submit(draft_id: str) -> ResponseReturnValue:
    """Hand the draft to somebody else for checking."""
    form = ActForm()

    def act(work: UnitOfWork, row: QuestionnaireDraft) -> Text:
        drafts.submit(work, row, rev=form.rev.data or 0)
        return Text(
            "審査に出しました。作成者以外の人が確かめて公開します。",
            "Submitted; somebody else checks and publishes it.",
        )

    return _acted(draft_id, form, act)


@blueprint.post("/return")
@permission("questionnaire:edit")
def give_back(draft_id: str) -> ResponseReturnValue:
    """Return the draft to its authors, with a reason."""
    form = DraftReasonForm()

    def act(work: UnitOfWork, row: QuestionnaireDraft) -> Text:
        drafts.give_back(work, row, rev=form.rev.data or 0, reason=form.reason.data or "")
        return Text("差し戻しました。", "Returned.")

    return _acted(draft_id, form, act)


@blueprint.post("/publish")
@permission("questionnaire:publish")
def publish(draft_id: str) -> ResponseReturnValue:
    """Publish the draft as a new version."""
    form = ActForm()

    def act(work: UnitOfWork, row: QuestionnaireDraft) -> Text:
        version = drafts.publish(work, row, rev=form.rev.data or 0)
        return Text(
            "{version}版を公開しました。これから始めるスクリーニングで使います。",
            "Version {version} is published; screenings opened from now on use it.",
        ).filled(version=version.version)

    return _acted(draft_id, form, act)


@blueprint.post("/discard")
@permission("questionnaire:edit")
def discard(draft_id: str) -> ResponseReturnValue:
    """Give the draft up, with a reason."""
    form = DraftReasonForm()

    def act(work: UnitOfWork, row: QuestionnaireDraft) -> Text:
        drafts.discard(work, row, rev=form.rev.data or 0, reason=form.reason.data or "")
        return Text("下書きを破棄しました。内容は閲覧できます。", "Discarded; it can still be read.")

    return _acted(draft_id, form, act)


@blueprint.post("/rebase")
@permission("questionnaire:edit")
def rebase(draft_id: str) -> ResponseReturnValue:
    """Put the draft on the newest version."""
    form = ActForm()

    def act(work: UnitOfWork, row: QuestionnaireDraft) -> Text:
        drafts.rebase(work, row, rev=form.rev.data or 0)
        return Text(
            "最新の版を元にしました。差分を確かめてください。", "Now based on the newest version; look at the changes."
        )

    return _acted(draft_id, form, act)


def _acted(draft_id: str, form: Form, act: Callable[[UnitOfWork, QuestionnaireDraft], Text]) -> ResponseReturnValue:
    """Do one act and come back to the page of the draft; what refuses it stands there with what was entered."""
    work = current_work()
    row = drafts.draft(work, draft_id)
    if accepted(form):
        with refusals_beside(form):
            tell(act(work, row))
            return redirect_to("drafts.show", draft_id=draft_id)
    return draft_page(work, draft_id, form)
