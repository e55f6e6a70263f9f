"""Pages of questionnaires, for reading: what is in force, and every question of a version with its help."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from governance.pages import current_work, page, permission, today
from governance.questionnaires import services
from governance.questionnaires.conditions import Condition, sentence
from governance.questionnaires.definition import YES_NO_UNKNOWN, Framework, Question, Questionnaire
from governance.questionnaires.models import FrameworkVersion, QuestionnaireVersion
from governance.questionnaires.services import parsed_framework, parsed_questionnaire
from governance.texts import Text, both
from governance.work import UnitOfWork

blueprint = Blueprint("questionnaires", __name__)

KINDS = {
    "trigger": Text("判定シート", "Trigger sheet"),
    "screening": Text("フェーズ", "Phase"),
    "pack": Text("追加質問群", "Pack"),
}
ORDER = {"trigger": 0, "screening": 1, "pack": 2}


@blueprint.get("/questionnaires")
@permission("questionnaire:view")
def index() -> ResponseReturnValue:
    """Show the framework and the questionnaires in force, and the versions before them."""
    frameworks, published = services.versions(current_work())
    current = _in_force(frameworks)
    framework = parsed_framework(current.body) if current else None
    newest, older = _newest_first(published, framework)
    return page(
        "questionnaires/index.html",
        frameworks=frameworks,
        current=current,
        framework=framework,
        rows=[(row, _counts(row)) for row in newest],
        older=older,
        kinds=KINDS,
    )


def _in_force(frameworks: list[FrameworkVersion]) -> FrameworkVersion | None:
    """Return the framework version in force today; the newest effective date that is not in the future."""
    begun = [row for row in frameworks if row.effective_on <= today()]
    return max(begun, key=lambda row: (row.effective_on, row.published_at), default=None)


def _newest_first(
    published: list[QuestionnaireVersion], framework: Framework | None
) -> tuple[list[QuestionnaireVersion], list[QuestionnaireVersion]]:
    """Return the newest version of each questionnaire in the order they are asked, and the versions they replaced."""
    newest: dict[str, QuestionnaireVersion] = {}
    for row in sorted(published, key=lambda each: each.published_at):
        newest[row.key] = row
    phases = [phase.code for phase in framework.phases] if framework else []
    rows = sorted(
        newest.values(),
        key=lambda row: (ORDER[row.kind], phases.index(row.phase) if row.phase in phases else 0, row.key),
    )
    return rows, [row for row in published if newest[row.key] is not row]


def _counts(row: QuestionnaireVersion) -> tuple[int, int]:
    """Return the number of questions, and of gates among them."""
    questions = [question for _, question in parsed_questionnaire(row.body).questions()]
    return len(questions), sum(question.gate for question in questions)


@blueprint.get("/questionnaires/<questionnaire_id>")
@permission("questionnaire:view")
def show(questionnaire_id: str) -> ResponseReturnValue:
    """Show one version: every question with its help, weight, gate, condition and mappings."""
    work = current_work()
    row = services.version(work, questionnaire_id)
    document = parsed_questionnaire(row.body)
    framework = _framework_of(work, row)
    known = _known(work, document)
    return page(
        "questionnaires/show.html",
        row=row,
        document=document,
        framework=framework,
        kinds=KINDS,
        counts=_counts(row),
        when=lambda question: in_words(framework, question.when, known) if question.when else None,
        answers=_answers(document, framework),
    )


def _framework_of(work: UnitOfWork, row: QuestionnaireVersion) -> Framework | None:
    found = [each for each in services.versions(work)[0] if each.key == row.framework_key]
    current = _in_force(found) or next(iter(found), None)
    return parsed_framework(current.body) if current else None


def _known(work: UnitOfWork, document: Questionnaire) -> dict[str, Question]:
    """Return the questions that conditions may look at: of every questionnaire of the same framework."""
    others = [
        parsed_questionnaire(row.body) for row in services.versions(work)[1] if row.framework_key == document.framework
    ]
    return {question.key: question for each in [*others, document] for _, question in each.questions()}


def in_words(framework: Framework | None, when: Condition, known: dict[str, Question]) -> Text:
    """Return when a question is asked, as a sentence whose values read as on the form."""

    def label(key: str, value: str) -> Text:
        question = known.get(key)
        if question is not None and question.kind == "yes_no_unknown":
            return YES_NO_UNKNOWN.get(value, both(value))
        step = framework.step(value) if framework else None
        return step.name if step else both(value)

    return sentence(when, label)


def _answers(document: Questionnaire, framework: Framework | None) -> list[Text]:
    """Return the choices that the questions offer, once: they are the same for all questions of a kind."""
    kinds = {question.kind for _, question in document.questions()}
    if kinds == {"yes_no_unknown"}:
        return list(YES_NO_UNKNOWN.values())
    return [step.name for step in framework.scale] if framework else []
