"""Acts of exchanging questionnaires: writing a published version in a format, seeing what a file would change, beginning a draft of it.

A file is read only once the right to write is known, and nothing is stored until its reader has seen what it would do. What comes in
always becomes a draft: publishing stays with somebody else (assurance.md T3).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from governance.accounts.rules import authorize
from governance.interchange import ciso, deon, surveyjs, xlsx_questionnaire
from governance.interchange.documents import Defaults, Imported
from governance.questionnaires import drafts
from governance.questionnaires.checking import published
from governance.questionnaires.definition import Framework, Question, Questionnaire
from governance.questionnaires.diff import Change, diff
from governance.questionnaires.models import QuestionnaireDraft, QuestionnaireVersion
from governance.questionnaires.reading import MAX_BYTES, read_text
from governance.questionnaires.services import (
    current_framework,
    framework_in,
    questionnaire_in,
    retirements,
    version_order,
    versions,
)
from governance.questionnaires.writing import written
from governance.refusals import Problem, Refusal, Refusals
from governance.reports import form
from governance.texts import Text
from governance.work import UnitOfWork

SOURCES = {
    "xlsx": Text("Excelブック（.xlsx）", "Excel workbook (.xlsx)"),
    "yaml": Text("YAML", "YAML"),
    "surveyjs": Text("SurveyJS（JSON）", "SurveyJS (JSON)"),
    "ciso": Text("CISO Assistantのライブラリ（YAML）", "CISO Assistant library (YAML)"),
    "deon": Text("deonのチェックリスト（YAML）", "deon checklist (YAML)"),
}
FILES = {
    "yaml": ("application/yaml", "yaml"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    "surveyjs": ("application/json", "json"),
    "pdf": ("application/pdf", "pdf"),
}


@dataclass(frozen=True)
class Preview:
    """What a file would do: the text of the draft, what changes, what its author must look at, what keeps it from publishing."""

    document: Questionnaire
    text: str
    base: QuestionnaireVersion | None
    changes: list[Change] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def framework_of(work: UnitOfWork, key: str | None = None) -> Framework:
    """Return the framework in force, of a key or at all. Raises Refusal when none is."""
    return framework_in(current_framework(work, key))


def known_questions(work: UnitOfWork, framework: str) -> dict[str, Question]:
    """Return the questions of everything published under a framework, the newest wording of each."""
    rows = sorted(versions(work)[1], key=lambda row: row.published_at)
    documents = [questionnaire_in(row) for row in rows if row.framework_key == framework]
    return {question.key: question for each in documents for _, question in each.questions()}


def exported(work: UnitOfWork, row: QuestionnaireVersion, target: str, locale: str, at: datetime) -> bytes:
    """Return a published version as a file of the format. Raises Refusals for what a workbook cannot hold."""
    authorize(work.actor, "questionnaire:view")
    document, framework = questionnaire_in(row), framework_of(work, row.framework_key)
    match target:
        case "xlsx":
            return xlsx_questionnaire.write(document, framework)
        case "surveyjs":
            return surveyjs.to_json(document, framework)
        case "pdf":
            known = known_questions(work, row.framework_key)
            return form.blank_form(document, framework, locale, known=known, at=at).file
    return written(document).encode()


def newest(work: UnitOfWork, key: str) -> QuestionnaireVersion | None:
    """Return the version of a questionnaire in force: the highest that is not retired."""
    retired = retirements(work)
    rows = [row for row in published(work, "questionnaire", key) if row.id not in retired]
    found = max(rows, key=lambda row: version_order(row.version), default=None)
    return found if isinstance(found, QuestionnaireVersion) else None


def preview(
    work: UnitOfWork, row: QuestionnaireVersion | None, content: bytes, source: str, defaults: Defaults | None = None
) -> Preview:
    """Return what a file would do to the questionnaire of `row`, or as a new one under the key of `defaults`.

    Raises Refusal or Refusals with the place of everything that cannot be read; nothing is stored.
    """
    authorize(work.actor, "questionnaire:edit")
    if row is None and defaults is not None:
        _must_be_free(work, defaults.key)
    framework = framework_of(work, row.framework_key if row else None)
    chosen = defaults or _defaults(row, framework)
    imported = _read(content, source, chosen, framework)
    document = imported.questionnaire
    if row is not None:
        _must_be_of(row, document)
    base = newest(work, document.key)
    if row is None and base is not None:
        _must_be_free(work, document.key)
    document = _numbered(document, base)
    text = written(document)
    changes = diff(questionnaire_in(base), document) if base else []
    problems = drafts.checked(work, text).problems
    return Preview(document, text, base, changes, imported.notes, problems)


def _must_be_of(row: QuestionnaireVersion, document: Questionnaire) -> None:
    if document.key != row.key:
        raise Refusal(
            "interchange.other_key",
            "このファイルは「{found}」の質問票で、「{key}」ではありません。新しい質問票として取り込むときは、質問票の一覧から取り込んでください。",
            "This file holds “{found}”, not “{key}”. To take it in as a new questionnaire, import it from the list.",
            found=document.key,
            key=row.key,
        )


def _must_be_free(work: UnitOfWork, key: str) -> None:
    if published(work, "questionnaire", key):
        raise Refusal(
            "interchange.key_taken",
            "キー「{key}」の質問票は公開済みです。上書きはできません。その質問票のページから取り込むか、別のキーにしてください。",
            "A questionnaire “{key}” is published; it is not overwritten. Import from its own page, or choose another key.",
            place="key",
            key=key,
        )


def _defaults(row: QuestionnaireVersion | None, framework: Framework) -> Defaults:
    if row is None:
        return Defaults("imported", framework=framework.key)
    return Defaults(row.key, row.version, row.kind, row.framework_key, row.phase, row.pack)


def _read(content: bytes, source: str, defaults: Defaults, framework: Framework) -> Imported:
    match source:
        case "xlsx":
            return Imported(xlsx_questionnaire.read_questionnaire(content))
        case "surveyjs":
            return surveyjs.from_json(content, defaults, framework)
        case "ciso":
            return ciso.read_library(content, defaults, framework)
        case "deon":
            return deon.read_checklist(content, defaults)
    if len(content) > MAX_BYTES:
        said = Text("ファイルが大きすぎます（上限1 MB）。", "The file is too large (limit 1 MB).")
        raise Refusals([Problem("interchange.too_large", said)])
    return Imported(read_text("file.yaml", ciso.decoded(content), Questionnaire)[0])


def _numbered(document: Questionnaire, base: QuestionnaireVersion | None) -> Questionnaire:
    """Return the document with a number above the published one, so that it can be published."""
    if base is None or version_order(document.version) > version_order(base.version):
        return document
    return document.model_copy(update={"version": drafts.next_version(base.version)})


def begin(work: UnitOfWork, text: str, note: str, *, new: bool) -> QuestionnaireDraft:
    """Begin a draft from the text of a preview, on the version in force or, with `new`, under a key of its own.

    Raises Refusals when the text no longer reads, Refusal when the key is taken.
    """
    authorize(work.actor, "questionnaire:edit")
    document = read_text("", text, Questionnaire)[0]
    base = newest(work, document.key)
    if new:
        _must_be_free(work, document.key)
    row = drafts.start(work, base.id if base else None, key=document.key)
    return drafts.save(work, row, rev=row.rev, text=text, note=note)


def with_head(defaults: Defaults, **chosen: str) -> Defaults:
    """Return the defaults with what a form chose; empty choices leave them as they are."""
    return replace(defaults, **{name: value for name, value in chosen.items() if value})
