"""The mapping to external frameworks (R4): of one case with its answers, or of the questionnaires in force (domain.md §7 R4).

Indicative only: the report says so beside every figure, and names edition and date of each list (domain.md §6.4).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from governance.questionnaires.definition import Framework, Question, Questionnaire, Reference
from governance.questionnaires.values import values_of
from governance.reports import sentences
from governance.reports.blocks import bars, part, prose, section, table, word
from governance.reports.case import Case
from governance.reports.compose_answers import in_order, mapping
from governance.reports.names import percent, said
from governance.reports.redaction import Block
from governance.reports.words import Words
from governance.texts import Text

TITLE = Text("外部枠組み対応表", "Mapping to External Frameworks")
MARKS = {"met": "●", "part": "◐", "gap": "○", "none": "－"}
STATES = {
    "met": Text("満たす", "met"),
    "part": Text("一部", "partly"),
    "gap": Text("未達", "not met"),
    "none": Text("該当なし", "not applicable"),
}
NOTE = Text(
    "参考の対応であり、同等性や適合を示さない。網羅率は、枠組みの条項のうち質問が対応するものの割合ではなく、質問票の質問のうちその枠組みに対応づけた割合をいう。",
    "Indicative only; shows neither equivalence nor conformity. The share is that of our questions mapped to the framework, not of the "
    "framework's clauses.",
)
UNANSWERED = Text("未回答", "Not answered")


def of_case(case: Case) -> list[Block]:
    """Return the sections of the mapping of a case: coverage, every clause with the answers, the questions in full."""
    found = mapping(case)
    head = (*_frameworks(), _column("満たす参照", "References met", "n30"), _column("網羅率", "Coverage", "n26"))
    rows = [
        (f["name"], f["note"], f"{f['met']} / {f['mapped']}", f"{f['coverage']} %" if f["coverage"] else None)
        for f in found["frameworks"]
    ]
    shown = [(f["name"], f["coverage"], None) for f in found["frameworks"] if f["coverage"]]
    chart = [bars(word("網羅率（%）", "Coverage (%)"), shown, unit=" %")] if shown else []
    clauses = [section(f["name"], prose(f["note"]), _clauses(case, f)) for f in found["frameworks"] if f["references"]]
    return [
        section(word("網羅率", "Coverage"), prose(found["note"]), *chart, table(head, rows)),
        *clauses,
        section(word("対応づけた質問と回答", "Mapped questions with their answers"), _asked(case)),
    ]


def _column(ja: str, en: str, width: str, sort: str = "figures") -> tuple[Words, str, str]:
    return (word(ja, en), width, sort)


def _frameworks() -> tuple[tuple[Words, str, str], ...]:
    return (
        _column("枠組み", "Framework", "40", "product"),
        _column("版・基準日・注記", "Edition, date, note", "", "product"),
    )


def _clauses(case: Case, mapped: Mapping[str, Any]) -> Block:
    """Return every clause with its questions, each with the mark of its answer, and how many of those that count are met."""
    head = (
        _column("参照", "Reference", "34"),
        _column("対応する質問と回答", "Mapped questions with answers", "", "product"),
        _column("結果", "Result", "35", "product"),
        _column("満たす質問", "Questions met", "n26"),
    )
    rows = [
        (
            each["ref"],
            said(_answers(case, each["questions"])),
            said(_state(each["state"])),
            f"{each['met']} / {each['applicable']}",
        )
        for each in mapped["references"]
    ]
    return table(head, rows)


def _state(code: str) -> Text:
    return Text("{mark} {name}", "{mark} {name}").filled(mark=MARKS[code], name=STATES[code])


def _answers(case: Case, keys: Sequence[str]) -> Text:
    told = [(key, _given(case, key)) for key in keys]
    return Text(
        "、".join(f"{key} {given.ja}" for key, given in told), ", ".join(f"{key} {given.en}" for key, given in told)
    )


def _given(case: Case, key: str) -> Text:
    """Return the answer to a question as its form offers it; that one was given when its text is a person's own."""
    value = case.frozen.values.get(key, "")
    if not value:
        return UNANSWERED
    return values_of(case.framework, case.questions[key]).get(value, Text("回答あり", "answered"))


def _asked(case: Case) -> Block:
    head = (
        _column("質問", "Question", "19"),
        _column("文", "Text", "", "product"),
        _column("回答", "Answer", "40", "product"),
        _column("備考", "Remark", "46", "reasons"),
    )
    rows = [
        (
            question.key,
            said(question.text),
            said(_given(case, question.key)),
            case.answers.get(question.key, {}).get("remark") or None,
        )
        for kind in ("screening", "pack")
        for _, _, question in case.placed(kind)
        if any(question.mappings.get(each.code) for each in case.framework.references)
    ]
    return table(head, rows)


# -- of the questionnaires in force --------------------------------------------------------------------------------------------------


def of_questionnaires(framework: Framework, sheets: Sequence[Questionnaire]) -> list[Block]:
    """Return the sections of the mapping of questionnaires: how many questions and clauses, every clause with its questions."""
    questions = [question for sheet in sheets if sheet.kind != "trigger" for _, question in sheet.questions()]
    found = [(each, _mapped(each, questions)) for each in framework.references]
    head = (
        *_frameworks(),
        _column("条項", "Clauses", "n22"),
        _column("対応する質問", "Questions mapped", "n30"),
        _column("割合", "Share", "n24"),
    )
    counts = [(each, len(clauses), len({q.key for qs in clauses.values() for q in qs})) for each, clauses in found]
    rows = [
        (said(each.name), said(edition(each)), str(n), f"{asked} / {len(questions)}", _share(asked, len(questions)))
        for each, n, asked in counts
    ]
    shown = [(said(each.name), _plain(asked, len(questions)), None) for each, _, asked in counts]
    return [
        section(
            word("対応の範囲", "What is mapped"),
            prose(said(NOTE)),
            bars(word("対応づけた質問の割合（%）", "Questions mapped (%)"), shown, unit=" %"),
            table(head, rows),
        ),
        *(section(said(each.name), prose(said(edition(each))), _listed(clauses)) for each, clauses in found if clauses),
        section(word("質問票", "Questionnaires"), part(word("版", "Versions"), _versions(sheets))),
    ]


def edition(reference: Reference) -> Text:
    """Return edition, date and note of the list a mapping was made from."""
    return sentences.EDITION.filled(edition=reference.edition, dated=reference.dated.isoformat(), note=reference.note)


def _plain(part_of: int, whole: int) -> str:
    return percent(Decimal(100) * part_of / whole) if whole else "0"


def _share(part_of: int, whole: int) -> str | None:
    return f"{_plain(part_of, whole)} %" if whole else None


def _mapped(reference: Reference, questions: Sequence[Question]) -> dict[str, list[Question]]:
    clauses: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        for clause in question.mappings.get(reference.code, []):
            clauses[clause].append(question)
    return dict(sorted(clauses.items(), key=in_order))


def _listed(clauses: Mapping[str, Sequence[Question]]) -> Block:
    head = (
        _column("参照", "Reference", "34"),
        _column("対応する質問", "Mapped questions", "", "product"),
        _column("数", "No.", "n14"),
    )
    rows = [(clause, said(_topics(questions)), str(len(questions))) for clause, questions in clauses.items()]
    return table(head, rows)


def _topics(questions: Sequence[Question]) -> Text:
    return Text(
        "、".join(f"{q.key} {q.topic.ja}" for q in questions), "; ".join(f"{q.key} {q.topic.en}" for q in questions)
    )


def _versions(sheets: Sequence[Questionnaire]) -> Block:
    head = (
        _column("質問票", "Questionnaire", "", "product"),
        _column("記号", "Key", "50"),
        _column("版", "Version", "22"),
        _column("質問", "Questions", "n22"),
    )
    rows = [(said(each.title), each.key, each.version, str(sum(1 for _ in each.questions()))) for each in sheets]
    return table(head, rows)
