"""Whether the text of a draft may be published: it must read, fit the tables, and fit together with all that is in force.

Apart from the acts on drafts, because it changes nothing: pages, importers and the acts themselves all ask here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from governance.questionnaires import services
from governance.questionnaires.definition import Framework, Questionnaire
from governance.questionnaires.models import FrameworkVersion, QuestionnaireDraft, QuestionnaireVersion
from governance.questionnaires.reading import Source, read_text
from governance.questionnaires.rules import Found
from governance.questionnaires.services import version_order
from governance.refusals import Problem, Refusals
from governance.texts import Text
from governance.work import UnitOfWork

Document = Framework | Questionnaire
Version = FrameworkVersion | QuestionnaireVersion
LONGEST_TITLE, LONGEST_VERSION = 300, 30


@dataclass(frozen=True)
class Checked:
    """What a text says and what is wrong with it; `place` of a problem is "line:column", or the key of another document."""

    document: Document | None
    problems: list[Problem]
    source: Source | None


def checked(work: UnitOfWork, text: str, *, kind: str = "questionnaire") -> Checked:
    """Read a text and say everything that keeps it from being published under what is in force."""
    try:
        document, source = _read(text, kind)
    except Refusals as refusals:
        return Checked(None, [_placed(each) for each in refusals.problems], None)
    found = [Problem(code, said, source.place(path)) for code, path, said in _storable(work, document)]
    return Checked(document, [_placed(each) for each in found] + _together(work, document, source), source)


def _read(text: str, kind: str) -> tuple[Document, Source]:
    return read_text("", text, Framework) if kind == "framework" else read_text("", text, Questionnaire)


def _placed(problem: Problem) -> Problem:
    """Return the problem with "line:column" for its place: a draft has no file name."""
    return replace(problem, place=(problem.place or "").removeprefix(":"))


def _together(work: UnitOfWork, document: Document, source: Source) -> list[Problem]:
    """Return what would not fit together; what is wrong elsewhere counts only where this document brings it about."""
    family = _framework_of(document)
    problems, others = [], []
    for key, found in services.misfits(work, family, document):
        if key == document.key:
            problems.append(_placed(Problem(found[0], found[2], source.place(found[1]))))
        else:
            others.append((key, found))
    before = services.misfits(work, family) if others else []
    return problems + [services.elsewhere(*each) for each in others if each not in before]


def _storable(work: UnitOfWork, document: Document) -> list[Found]:
    """Return what the tables of versions cannot take, and a framework that does not exist or would never be in force."""
    found: list[Found] = []
    if len(document.version) > LONGEST_VERSION:
        said = Text("版番号が長すぎます。", "The version is too long.")
        found.append(("seed.version", ("version",), said))
    if max(len(document.title.ja), len(document.title.en)) > LONGEST_TITLE:
        said = Text("題は300字以内で書いてください。", "Write the title in at most 300 characters.")
        found.append(("seed.title", ("title",), said))
    if not (document.title.ja + document.title.en).replace("\u3000", "").isprintable():
        said = Text(
            "題に、見えない文字や改行は使えません。", "The title may hold no line breaks or invisible characters."
        )
        found.append(("seed.title", ("title",), said))
    if isinstance(document, Framework):
        found += _too_early(work, document)
    elif not published(work, "framework", document.framework):
        said = Text("枠組み「{key}」は公開されていません。", "No framework “{key}” is published.")
        found.append(("seed.unknown", ("framework",), said.filled(key=document.framework)))
    return found


def _too_early(work: UnitOfWork, document: Framework) -> list[Found]:
    days = [row.effective_on for row in published(work, "framework", document.key) if isinstance(row, FrameworkVersion)]
    if not days or document.effective_on >= max(days):
        return []
    said = Text(
        "施行日は、公開済みの版の施行日（{day}）以降にしてください。",
        "It cannot take effect before the published one ({day}).",
    )
    return [("seed.effective_on", ("effective_on",), said.filled(day=max(days)))]


def sound(work: UnitOfWork, row: QuestionnaireDraft) -> Document:
    """Return the document of a draft that may be published. Raises Refusals."""
    result = checked(work, row.text, kind=row.kind)
    problems = list(result.problems)
    document = result.document
    if document is not None and result.source is not None:
        problems += [
            _placed(Problem(code, said, result.source.place(path)))
            for code, path, said in _numbered(work, row, document)
        ]
    if problems or document is None:
        raise Refusals(problems)
    return document


def _numbered(work: UnitOfWork, row: QuestionnaireDraft, document: Document) -> list[Found]:
    """Return what is wrong with key, framework and number: the first two stay, the number is above every published one."""
    found: list[Found] = []
    if document.key != row.key:
        said = Text("キーは「{key}」のままにしてください。", "Leave the key “{key}” as it is.")
        found.append(("seed.key", ("key",), said.filled(key=row.key)))
    before = sorted(published(work, row.kind, row.key), key=lambda each: version_order(each.version))
    if not before:
        return found
    newest = before[-1]
    if isinstance(newest, QuestionnaireVersion) and newest.framework_key != _framework_of(document):
        said = Text("枠組みは「{key}」のままにしてください。", "Leave the framework “{key}” as it is.")
        found.append(("seed.framework", ("framework",), said.filled(key=newest.framework_key)))
    too_long = len(document.version) > LONGEST_VERSION
    if not too_long and version_order(document.version) <= version_order(newest.version):
        said = Text(
            "版番号は、公開済みの{number}より大きくしてください。",
            "The version must be above {number}, which is published.",
        )
        found.append(("seed.version", ("version",), said.filled(number=newest.version)))
    return found


def _framework_of(document: Document) -> str:
    """Return the key of the framework that the document is, or belongs to."""
    return document.key if isinstance(document, Framework) else document.framework


def published(work: UnitOfWork, kind: str, key: str) -> Sequence[Version]:
    """Return every published version under a key, retired ones too."""
    if kind == "framework":
        return work.session.scalars(select(FrameworkVersion).where(FrameworkVersion.key == key)).all()
    return work.session.scalars(select(QuestionnaireVersion).where(QuestionnaireVersion.key == key)).all()
