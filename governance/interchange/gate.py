"""Checking and scoring files without a database: what a pipeline runs before it lets a questionnaire or a system pass.

Files stand among the shipped documents of their framework, each replacing the shipped one with its key: a pack may look at the trigger
sheet, and the whole must still fit together.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from governance.interchange.documents import Defaults, at_path, dotted
from governance.questionnaires.definition import Framework, Question, Questionnaire, canonical, digest_of
from governance.questionnaires.reading import Source, read, read_text, text_of
from governance.questionnaires.rules import check_all
from governance.refusals import Problem, Refusal, Refusals
from governance.screenings import explain
from governance.screenings.result import Rating, Score
from governance.screenings.routing import Sheet
from governance.screenings.rules import Entry, entry_problems, stored_form
from governance.screenings.scoring import score
from governance.texts import Text

Document = Framework | Questionnaire
Tree = dict[str, Any]


@dataclass(frozen=True)
class Documents:
    """A framework with the questionnaires that stand under it, and the sources of those that were given as files."""

    framework: Framework
    questionnaires: tuple[Questionnaire, ...]
    sources: Mapping[str, Source] = field(default_factory=dict)


def read_file(path: Path) -> tuple[Document, Source]:
    """Return the framework or questionnaire of a YAML file; raise Refusals with file, line and column of each problem."""
    text = text_of(path)
    if any(line.startswith("scoring:") for line in text.splitlines()):
        return read_text(path.name, text, Framework)
    return read_text(path.name, text, Questionnaire)


def gathered(files: Iterable[Path], folder: Path | None, *, key: str = "") -> Documents:
    """Return the given files among the shipped documents of their framework; `folder` None leaves the shipped ones out.

    Raises Refusals for files that cannot be read, for two with one key, and when no framework is there.
    """
    given = _read_all(files)
    shipped = _shipped(folder) if folder else ()
    by_key: dict[str, Document] = {document.key: document for document in shipped}
    by_key |= {name: document for name, (document, _) in given.items()}
    framework = _framework(by_key, [document for document, _ in given.values()], key)
    own = tuple(each for each in by_key.values() if isinstance(each, Questionnaire) and each.framework == framework.key)
    return Documents(framework, own, {name: source for name, (_, source) in given.items()})


def _read_all(files: Iterable[Path]) -> dict[str, tuple[Document, Source]]:
    """Return the documents of the files by key. Raises Refusals with everything wrong in any of them."""
    given: dict[str, tuple[Document, Source]] = {}
    problems: list[Problem] = []
    for path in files:
        try:
            document, source = read_file(path)
        except Refusals as refused:
            problems += refused.problems
            continue
        if document.key in given:
            said = Text("「{key}」は {name} にもあります。", "“{key}” is also in {name}.")
            problems.append(
                Problem(
                    "seed.duplicate",
                    said.filled(key=document.key, name=given[document.key][1].name),
                    source.place(("key",)),
                )
            )
        given[document.key] = (document, source)
    Refusals.raise_any(problems)
    return given


@cache
def _shipped(folder: Path) -> tuple[Document, ...]:
    """Return the documents of a folder, read once: what is shipped does not change while a command runs."""
    return (
        *(read(path, Framework)[0] for path in sorted((folder / "framework").glob("*.yaml"))),
        *(read(path, Questionnaire)[0] for path in sorted((folder / "questionnaires").glob("*.yaml"))),
    )


def _framework(by_key: Mapping[str, Document], given: Sequence[Document], key: str) -> Framework:
    wanted = [each.key if isinstance(each, Framework) else each.framework for each in given] or [key]
    frameworks = {each.key: each for each in by_key.values() if isinstance(each, Framework)}
    if len(set(wanted)) > 1:
        raise Refusal(
            "cli.frameworks",
            "枠組みの違うファイルが混ざっています（{keys}）。",
            "The files belong to different frameworks ({keys}).",
            keys=", ".join(sorted(set(wanted))),
        )
    found = frameworks.get(wanted[0]) or (next(iter(frameworks.values()), None) if not wanted[0] else None)
    if found is None:
        raise Refusal(
            "cli.no_framework",
            "枠組み「{key}」がありません。--framework で指定してください。",
            "There is no framework “{key}”; name its file with --framework.",
            key=wanted[0],
        )
    return found


def problems_of(documents: Documents) -> list[Problem]:
    """Return what keeps the documents from being published together, at file, line and column where a file was given."""
    found = check_all(documents.framework, documents.questionnaires)
    return [
        Problem(
            code, text, documents.sources[key].place(path) if key in documents.sources else f"{key}: {dotted(path)}"
        )
        for key, (code, path, text) in found
    ]


# ---------------------------------------------------------------- scoring


@dataclass(frozen=True)
class Given:
    """The answers of one case, as a pipeline writes them down."""

    phase: str
    values: Mapping[str, str]
    ratings: Mapping[str, Rating]


def scored(documents: Documents, answers: Any) -> tuple[Given, Score]:
    """Return the score of a case. Raises Refusals naming the path of every answer that cannot be taken."""
    phases = [phase.code for phase in documents.framework.phases]
    problems: list[Problem] = []
    if not isinstance(answers, dict):
        raise Refusals([at_path("answers", "—", Text("オブジェクトではありません。", "This is not an object."))])
    stray = [name for name in answers if name not in ("phase", "answers", "ratings")]
    problems += [
        at_path("answers", name[:60], Text("この項目は使いません。", "There is no such field.")) for name in stray
    ]
    phase = answers.get("phase") or _own_phase(documents) or phases[0]
    if phase not in phases:
        said = Text("フェーズは {phases} のどれかです。", "The phase is one of {phases}.").filled(
            phases=", ".join(phases)
        )
        problems.append(at_path("answers", "phase", said))
    values = _values(documents, answers.get("answers", {}), problems)
    ratings = _ratings(documents.framework, answers.get("ratings", {}), problems)
    Refusals.raise_any(problems)
    sheet = Sheet(documents.framework, phase, _asked(documents, phase))
    return Given(phase, values, ratings), score(sheet, values, ratings)


def _own_phase(documents: Documents) -> str | None:
    """Return the phase of the questionnaire that was given as a file, when there is just one."""
    phases = {each.phase for each in documents.questionnaires if each.key in documents.sources and each.phase}
    return phases.pop() if len(phases) == 1 else None


def _asked(documents: Documents, phase: str) -> tuple[Questionnaire, ...]:
    order = {"trigger": 0, "screening": 1, "pack": 2}
    own = [each for each in documents.questionnaires if each.kind != "screening" or each.phase == phase]
    return tuple(sorted(own, key=lambda each: (order[each.kind], each.key)))


def _values(documents: Documents, given: Any, problems: list[Problem]) -> dict[str, str]:
    questions = {question.key: question for each in documents.questionnaires for _, question in each.questions()}
    if not isinstance(given, dict):
        problems.append(at_path("answers", "answers", Text("オブジェクトではありません。", "This is not an object.")))
        return {}
    values: dict[str, str] = {}
    for key, answer in given.items():
        question, place = questions.get(key), f"answers.{key[:60]}"
        if question is None:
            problems.append(at_path("answers", place, Text("この質問はありません。", "There is no such question.")))
        elif (entry := _entry(question, answer)) is None:
            problems.append(at_path("answers", place, Text("値がありません。", "There is no value.")))
        else:
            wrong = entry_problems(documents.framework, question, entry)
            problems += [at_path("answers", place, problem.text) for problem in wrong]
            values[key] = entry.value
    return {key: value for key, value in values.items() if value}


def _entry(question: Question, answer: Any) -> Entry | None:
    """Return an answer in its stored form: a value, a list of values, or {value, remark}; None for anything else."""
    remark = ""
    if isinstance(answer, dict):
        if not set(answer) <= {"value", "remark", "text"} or not isinstance(answer.get("remark", ""), str):
            return None
        remark, answer = answer.get("remark", ""), answer.get("value", answer.get("text"))
    if isinstance(answer, list):
        answer = " ".join(str(value) for value in answer)
    if isinstance(answer, bool) or not isinstance(answer, str | int):
        return None
    written = question.kind in ("text", "long_text", "rows")
    value, text = ("", str(answer)) if written and answer != "not_applicable" else (str(answer), "")
    return stored_form(question, Entry(question.key, value, remark, text=text))


def _ratings(framework: Framework, given: Any, problems: list[Problem]) -> dict[str, Rating]:
    ratings: dict[str, Rating] = {}
    items = {item.code for item in framework.items}
    for item, rating in given.items() if isinstance(given, dict) else [("—", None)]:
        place = f"ratings.{item}"
        if item not in items or not isinstance(rating, dict) or not set(rating) <= {"severity", "likelihood"}:
            text = Text(
                "実践項目ごとに severity と likelihood を書きます。", "Write severity and likelihood for an item."
            )
            problems.append(at_path("answers", place, text))
            continue
        ranks = (
            _rank(rating.get("severity"), framework.severity),
            _rank(rating.get("likelihood"), framework.likelihood),
        )
        if 0 in ranks:
            problems.append(at_path("answers", place, Text("選べる段階ではありません。", "This grade does not exist.")))
        ratings[item] = Rating(*ranks)
    return ratings


def _rank(given: Any, grades: Sequence[object]) -> int | None:
    """Return a rank, None when none was given, 0 for one that does not exist."""
    if given is None:
        return None
    return given if isinstance(given, int) and not isinstance(given, bool) and 1 <= given <= len(grades) else 0


# ---------------------------------------------------------------- the explanation


# long: one line for each thing that a pipeline may want to show
def explanation(documents: Documents, given: Given, result: Score) -> Tree:
    """Return the whole score with its reasons as plain JSON: codes, exact numbers as text, and sentences in both languages."""
    framework = documents.framework
    topics = {question.key: question.topic for each in documents.questionnaires for _, question in each.questions()}
    needed = explain.case_needed(result)
    return {
        "framework": {"key": framework.key, "version": framework.version, "digest": digest_of(canonical(framework))},
        "questionnaires": [
            {"key": each.key, "version": each.version, "digest": digest_of(canonical(each))}
            for each in _asked(documents, given.phase)
        ],
        "phase": given.phase,
        "level": _level(framework, result.residual),
        "level_before_controls": _level(framework, result.inherent),
        "score": plain(dataclasses.asdict(result)),
        "unanswered": [key for key in result.asked if key not in given.values],
        "because": [text.as_dict() for text in explain.route_reasons(framework, result, topics, given.values)],
        "items": [
            {
                "item": item.item,
                "level": _level(framework, item.residual),
                "verdict": explain.verdict(framework, item).as_dict(),
                "sum": explain.fraction(item).as_dict(),
            }
            for item in result.items
        ],
        "totals": [
            {"total": name.as_dict(), "sum": said.as_dict()} for name, said in explain.totals(framework, result)
        ],
        "stops": [
            {"code": stop.code, "what": what.as_dict(), "do": do.as_dict()}
            for stop in result.stops
            for what, do in [explain.stop_reason(framework, stop)]
        ],
        "contradictions": [
            {"code": each.code, "text": each.text.as_dict(), "advice": each.advice.as_dict()}
            for each in explain.contradictions(framework, result)
        ],
        "lower_by": needed.as_dict() if needed else None,
    }


def _level(framework: Framework, rank: int | None) -> Tree | None:
    if rank is None:
        return None
    level = framework.level(rank)
    return {"rank": rank, "code": level.code, "name": level.name.as_dict()}


def plain(value: Any) -> Any:
    """Return a value as JSON holds it: decimals as text, so that no digit is lost."""
    match value:
        case Decimal():
            return str(value)
        case dict():
            return {str(key): plain(each) for key, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
    return value


def defaults_of(documents: Documents, key: str, **chosen: str | None) -> Defaults:
    """Return what an imported file cannot say about itself, from what was chosen and the framework."""
    given = {name: value for name, value in chosen.items() if value is not None}
    return Defaults(key=key, framework=documents.framework.key, **given)
