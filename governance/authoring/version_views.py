"""Pages of published questionnaires: the list, one version with its history and uses, two versions beside each other, retiring."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from governance.accounts.rules import may
from governance.authoring import comparing, services, translating
from governance.authoring.forms import NewForm, ReasonForm, StartForm
from governance.authoring.questions import KINDS as QUESTION_KINDS
from governance.authoring.uses import Use, uses
from governance.pages import accepted, current_work, page, permission, redirect_to, refusals_beside, tell, today
from governance.questionnaires import drafts
from governance.questionnaires import services as published
from governance.questionnaires.conditions import Condition, sentence
from governance.questionnaires.definition import Framework, Question, Questionnaire
from governance.questionnaires.diff import diff
from governance.questionnaires.finding import Catalogue
from governance.questionnaires.models import FrameworkVersion, QuestionnaireDraft, QuestionnaireVersion
from governance.questionnaires.services import framework_in, parsed_questionnaire, questionnaire_in
from governance.questionnaires.values import step_name
from governance.questionnaires.writing import plain
from governance.refusals import NotFound
from governance.texts import Text
from governance.work import UnitOfWork

blueprint = Blueprint("questionnaires", __name__)

KINDS = {
    "trigger": Text("判定シート", "Trigger sheet"),
    "screening": Text("フェーズ", "Phase"),
    "pack": Text("追加質問群", "Pack"),
}
ORDER = {"trigger": 0, "screening": 1, "pack": 2}


class Listed(NamedTuple):
    """One row of the list."""

    row: QuestionnaireVersion
    questions: int
    gates: int
    english: tuple[int, int]
    used: tuple[int, int]
    drafts: list[tuple[QuestionnaireDraft, str, int]]


@blueprint.get("/questionnaires")
@permission("questionnaire:view")
def index() -> ResponseReturnValue:
    """Show what is in force and what is being written, and the versions before."""
    work = current_work()
    frameworks, versions = published.versions(work)
    current = in_force(frameworks)
    framework = framework_in(current) if current else None
    retired = published.retirements(work)
    newest, older = newest_first([row for row in versions if row.id not in retired], framework)
    under_way = [(row, *_state(work, row)) for row in drafts.drafts(work)]
    used = services.used_by(work)
    listed = [_listed(work, row, used, under_way) for row in newest]
    shown = {row.id for each in listed for row, *_ in each.drafts}
    return page(
        "questionnaires/index.html",
        frameworks=frameworks,
        current=current,
        framework=framework,
        rows=listed,
        older=[*older, *(row for row in versions if row.id in retired)],
        retired=retired,
        loose=[each for each in under_way if each[0].id not in shown],
        next=_next(work, under_way),
        kinds=KINDS,
        may_edit=may(work.actor, "questionnaire:edit"),
    )


def _state(work: UnitOfWork, row: QuestionnaireDraft) -> tuple[str, int]:
    """Return the version a draft wants to be and how many problems keep it from that."""
    version = services.around(work, row).version
    return version, len(services.verdict(work, row.text, row.kind).problems)


def _next(work: UnitOfWork, under_way: list[tuple[QuestionnaireDraft, str, int]]) -> dict[str, Any] | None:
    """Return the draft that the actor should look at first: one to check, else an own one to finish."""
    if not may(work.actor, "questionnaire:edit"):
        return None
    for row, version, problems in under_way:
        title = services.around(work, row).title
        if row.state == "review" and may(work.actor, "questionnaire:publish", drafts.relations_of(work, row)):
            return {"act": "check", "row": row, "title": title, "version": version, "problems": problems}
    for row, version, problems in under_way:
        title = services.around(work, row).title
        if row.state == "draft" and drafts.relations_of(work, row):
            return {"act": "write", "row": row, "title": title, "version": version, "problems": problems}
    return None


def _listed(
    work: UnitOfWork,
    row: QuestionnaireVersion,
    used: dict[str, tuple[int, int]],
    under_way: list[tuple[QuestionnaireDraft, str, int]],
) -> Listed:
    questions = [question for _, question in questionnaire_in(row).questions()]
    own = [each for each in under_way if each[0].kind == "questionnaire" and each[0].key == row.key]
    gates = sum(question.gate for question in questions)
    return Listed(row, len(questions), gates, english_of(work, row), used.get(row.id, (0, 0)), own)


def english_of(work: UnitOfWork, row: QuestionnaireVersion) -> tuple[int, int]:
    """Return how many texts of a version have no English, and how many kept that of the version before."""
    before = services.predecessor(work, row)
    return _english_between(row.body, before.body if before else "")


@lru_cache(maxsize=256)
def _english_between(body: str, before: str) -> tuple[int, int]:
    """Bodies never change, so neither does what was translated between two of them."""
    base = plain(parsed_questionnaire(before)) if before else None
    return translating.counts(translating.entries(plain(parsed_questionnaire(body)), base, {}))


def in_force(frameworks: list[FrameworkVersion]) -> FrameworkVersion | None:
    """Return the framework version in force today; the newest effective date that is not in the future."""
    begun = [row for row in frameworks if row.effective_on <= today()]
    return max(begun, key=lambda row: (row.effective_on, row.published_at), default=None)


def newest_first(
    versions: list[QuestionnaireVersion], framework: Framework | None
) -> tuple[list[QuestionnaireVersion], list[QuestionnaireVersion]]:
    """Return the newest version of each questionnaire in the order they are asked, and the versions they replaced."""
    newest: dict[str, QuestionnaireVersion] = {}
    for row in sorted(versions, key=lambda each: (each.published_at, published.version_order(each.version))):
        newest[row.key] = row
    phases = [phase.code for phase in framework.phases] if framework else []
    rows = sorted(
        newest.values(),
        key=lambda row: (ORDER[row.kind], phases.index(row.phase) if row.phase in phases else 0, row.key),
    )
    return rows, [row for row in versions if newest[row.key] is not row]


# ---------------------------------------------------------------- one version


@blueprint.get("/questionnaires/<questionnaire_id>")
@permission("questionnaire:view")
def show(questionnaire_id: str) -> ResponseReturnValue:
    """Show one version: every question with its help, weight, gate, condition and mappings, and what depends on it."""
    work = current_work()
    return _version_page(work, published.version(work, questionnaire_id), ReasonForm())


# long: one line per thing the page shows
def _version_page(work: UnitOfWork, row: QuestionnaireVersion, form: ReasonForm) -> ResponseReturnValue:
    document = questionnaire_in(row)
    framework = services.framework_of(work, row.framework_key)
    retired = published.retirements(work)
    questions = [question for _, question in document.questions()]
    is_scaled = any(question.kind == "scale" for question in questions)
    return page(
        "questionnaires/show.html",
        row=row,
        document=document,
        framework=framework,
        kinds=KINDS,
        counts=(len(questions), sum(question.gate for question in questions)),
        kind_names=QUESTION_KINDS,
        when=in_words(work, framework, document),
        answers=[step_name(step) for step in framework.scale] if framework and is_scaled else [],
        depends=_depends(work, row, framework, document),
        versions=services.versions_of(work, row),
        retired=retired,
        used=services.used_by(work).get(row.id, (0, 0)),
        drafts=[each for each in drafts.drafts(work) if each.key == row.key and each.kind == "questionnaire"],
        before=services.predecessor(work, row),
        form=form,
        may_edit=may(work.actor, "questionnaire:edit"),
        may_retire=may(work.actor, "questionnaire:publish") and row.id not in retired,
    )


def _depends(
    work: UnitOfWork, row: QuestionnaireVersion, framework: Framework | None, document: Questionnaire
) -> list[Use]:
    """Return what outside of this questionnaire looks at its questions."""
    if framework is None:
        return []
    rows = published.current_questionnaires(work, framework.key, [phase.code for phase in framework.phases])
    others = [questionnaire_in(each) for each in rows if each.key != row.key]
    return [use for _, question in document.questions() for use in uses(question.key, framework, others, {})]


def in_words(
    work: UnitOfWork, framework: Framework | None, document: Questionnaire
) -> Callable[[Question], Text | None]:
    """Return a function that says when a question is asked, with values as they read on the form."""
    if framework is None:
        return lambda _question: None
    rows = published.current_questionnaires(work, framework.key, [phase.code for phase in framework.phases])
    others = [questionnaire_in(row) for row in rows if row.key != document.key]
    catalogue = Catalogue(framework, [document, *others])

    def said(part: Question | Condition | None) -> Text | None:
        when = part.when if isinstance(part, Question) else part
        return sentence(when, catalogue.label) if when is not None else None

    return said


@blueprint.post("/questionnaires/<questionnaire_id>/retire")
@permission("questionnaire:publish")
def retire(questionnaire_id: str) -> ResponseReturnValue:
    """Retire a version, with a reason."""
    work = current_work()
    row = published.version(work, questionnaire_id)
    form = ReasonForm()
    if accepted(form):
        with refusals_beside(form):
            published.retire(work, row, reason=form.reason.data or "")
            tell(
                Text(
                    "この版を廃止しました。新しいスクリーニングでは使いません。",
                    "Retired; new screenings do not use it.",
                )
            )
            return redirect_to("questionnaires.show", questionnaire_id=row.id)
    return _version_page(work, published.version(work, questionnaire_id), form)


# ---------------------------------------------------------------- drafts begin


@blueprint.route("/questionnaires/new", methods=["GET", "POST"])
@permission("questionnaire:edit")
def new() -> ResponseReturnValue:
    """Begin a draft under a new key."""
    form = NewForm()
    if accepted(form):
        with refusals_beside(form):
            row = drafts.start(current_work(), None, key=(form.key.data or "").strip(), kind=form.kind.data)
            tell(Text("下書きを作成しました。", "Draft begun."))
            return redirect_to("drafts.show", draft_id=row.id)
    return page("authoring/new.html", form=form)


@blueprint.post("/questionnaires/drafts")
@permission("questionnaire:edit")
def start() -> ResponseReturnValue:
    """Begin a draft from a published version."""
    form = StartForm()
    if not accepted(form) or not form.version_id.data:
        raise NotFound
    row = drafts.start(current_work(), form.version_id.data)
    tell(Text("下書きを作成しました。公開中の版はそのままです。", "Draft begun; the published version stays as it is."))
    return redirect_to("drafts.show", draft_id=row.id)


# ---------------------------------------------------------------- two versions


# long: one line per thing the page shows
@blueprint.get("/questionnaires/<questionnaire_id>/changes")
@permission("questionnaire:view")
def changes(questionnaire_id: str) -> ResponseReturnValue:
    """Show what changed in a version against another one, or against the one before it."""
    work = current_work()
    row = published.version(work, questionnaire_id)
    other = request.args.get("from")
    before = published.version(work, other) if other else services.predecessor(work, row)
    if before is None or before.key != row.key:
        raise NotFound
    a, b = questionnaire_in(before), questionnaire_in(row)
    framework = services.framework_of(work, row.framework_key)
    catalogue = Catalogue(framework, [b, a, *_in_force(work, framework)]) if framework else None
    found = diff(a, b)
    kind = request.args.get("kind", "")
    return page(
        "authoring/changes.html",
        title=b.title,
        before=before,
        after=row,
        after_version=row.version,
        draft=None,
        may_edit=False,
        backtest=None,
        rows=comparing.rows(
            [each for each in found if kind in ("", each.kind)], catalogue.label if catalogue else comparing.label_of
        ),
        counts=comparing.counts(found),
        total=len(found),
        kind=kind,
        kinds=comparing.KINDS,
        same=same_questions(a, b, found),
        open_screenings=services.used_by(work).get(before.id, (0, 0))[1],
        versions=[each for each in services.versions_of(work, row) if each.id != row.id],
        problems=[],
    )


def _in_force(work: UnitOfWork, framework: Framework) -> list[Questionnaire]:
    """Return the questionnaires in force: a condition may look at a question of another one, and names its values."""
    rows = published.current_questionnaires(work, framework.key, [phase.code for phase in framework.phases])
    return [questionnaire_in(each) for each in rows]


def same_questions(a: Questionnaire, b: Questionnaire, found: list[Any]) -> tuple[int, int]:
    """Return how many questions of `b` are just as they were, and how many it has."""
    touched = {each.key for each in found if each.table == "questions"}
    keys = [question.key for _, question in b.questions()]
    before = {question.key for _, question in a.questions()}
    return sum(key in before and key not in touched for key in keys), len(keys)
