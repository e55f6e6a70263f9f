"""Reading a workbook of answers: every cell into an entry, every problem to its sheet and cell.

Rows must be the ones that were written, in their order: a key that is missing, moved or there twice is refused, because an answer
beside the wrong question is worse than none. What an answer may be is judged by the screening's own rules.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

from governance.interchange import answer_cells as cells
from governance.interchange.layout import FIRST_ROW, Field
from governance.interchange.reading_sheets import (
    Cell,
    Refused,
    Row,
    flag_of,
    table,
    text_of,
    whole_of,
)
from governance.interchange.workbook import Grid, Value, cell_problem, opened
from governance.interchange.xlsx_answers import ANSWER, FORMAT, HEAD, LISTS, RATING, RATINGS, plan
from governance.questionnaires.definition import CHOSEN, GIVEN, NOT_APPLICABLE, Column, Grade, Question
from governance.refusals import Problem, Refusal
from governance.screenings.routing import Sheet
from governance.screenings.rules import Entry, RatingEntry, check_rating, entry_problems, stored_form
from governance.texts import Text


@dataclass
class Read:
    """What a workbook says, and what is wrong with it; nothing is applied while there are problems."""

    entries: list[Entry] = field(default_factory=list)
    ratings: list[RatingEntry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_answers(content: bytes, sheet: Sheet, *, mark: str) -> Read:
    """Return the entries of a workbook and its problems by cell.

    Raises Refusal when it is no workbook of answers or one of another screening, Refusals for formulas and merged cells.
    """
    grids = opened(content)
    about = _about(grids, mark)
    reading = _Reading(grids, sheet, about)
    return reading.all()


def _about(grids: dict[str, Grid], mark: str) -> dict[str, Any]:
    """Return what the workbook says about itself."""
    first = grids[HEAD].at(0, 0) if HEAD in grids else ""
    try:
        about: dict[str, Any] = json.loads(str(first))
        _ = [about[name] for name in ("screening", "locale", "sheets", "items")]
        known = about["format"] == FORMAT and all(isinstance(keys, list) for keys in about["sheets"].values())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        about, known = {}, False
    if not known:
        raise Refusal(
            "interchange.not_answers",
            "回答のブックではありません。スクリーニングの画面からダウンロードしたものを使ってください。",
            "This is no workbook of answers. Use the one downloaded from the screening.",
        )
    if about["screening"] != mark:
        raise Refusal(
            "interchange.other_screening",
            "別のスクリーニングの回答のブックです。",
            "This workbook holds the answers of another screening.",
        )
    return about


class _Reading:
    """Reads the sheets of one workbook."""

    def __init__(self, grids: dict[str, Grid], sheet: Sheet, about: dict[str, Any]) -> None:
        self.grids, self.sheet, self.about = grids, sheet, about
        self.locale = "en" if about["locale"] == "en" else "ja"
        self.read = Read()
        self.questions = {q.key: q for each in sheet.questionnaires for _, q in each.questions()}
        self.plan = plan(sheet, [key for keys in about["sheets"].values() for key in keys if isinstance(key, str)])

    def all(self) -> Read:
        known = {HEAD, RATINGS, LISTS, *self.about["sheets"], *self.plan.tables.values()}
        for name in self.grids:
            if name not in known:
                self._sheet_problem(
                    name, Text("シート「{name}」は使いません。", "Sheet “{name}” does not belong here.")
                )
        for name, keys in self.about["sheets"].items():
            if name in self.grids:
                self._section(self.grids[name], keys)
            else:
                self._sheet_problem(name, Text("シート「{name}」がありません。", "There is no sheet “{name}”."))
        if self.about["items"]:
            self._ratings()
        return self.read

    def _sheet_problem(self, name: str, text: Text) -> None:
        self.read.problems.append(Problem("interchange.sheet", text.filled(name=name), name))

    def _rows(self, grid: Grid, fields: Sequence[Field], keys: Sequence[str]) -> list[Row]:
        """Return the rows when their keys are the ones that were written, in order; else name each that is not."""
        problems: list[Problem] = []
        rows = table(grid, fields, problems)
        self.read.problems += problems
        if problems:
            return []
        found = [str(row.value("key")) for row in rows]
        if found == list(keys):
            return rows
        for number, row in enumerate(rows):
            if number >= len(keys) or found[number] != keys[number]:
                text = Text(
                    "この行のキーが書き出したときと違います（行の移動、重複、追加はできません）。",
                    "The key of this row is not the one that was written here; rows cannot be moved, doubled or added.",
                )
                self.read.problems.append(row.cells["key"].problem("key", text))
        for key in keys:
            if key not in found:
                text = Text("質問「{key}」の行がありません。", "The row of question “{key}” is missing.").filled(
                    key=key
                )
                self.read.problems.append(cell_problem("key", grid.name, f"A{FIRST_ROW + 1}", text))
        return []

    def _section(self, grid: Grid, keys: Sequence[str]) -> None:
        for row in self._rows(grid, ANSWER, keys):
            question = self.questions.get(str(row.value("key")))
            if question is None:
                text = Text(
                    "この質問は、いまのスクリーニングにありません。", "The screening does not have this question."
                )
                self.read.problems.append(row.cells["key"].problem("key", text))
            else:
                self._answer(question, row)

    def _answer(self, question: Question, row: Row) -> None:
        before = len(self.read.problems)
        none = self._cell(row.cells["none"], flag_of, default=False)
        value, text = self._cell(row.cells["answer"], partial(self._in_answer, question), default=("", ""))
        if question.kind == "rows":
            text = self._table(question)
            value = GIVEN if text else ""
        if none and question.kind not in CHOSEN:
            value = NOT_APPLICABLE
        entry = Entry(
            question.key,
            value,
            self._cell(row.cells["remark"], text_of, default=""),
            self._cell(row.cells["due"], _date, default=None),
            self._cell(row.cells["rev"], whole_of, default=0),
            text,
        )
        if len(self.read.problems) == before:
            self._judged(question, entry, row.cells["answer"])

    def _judged(self, question: Question, entry: Entry, cell: Cell) -> None:
        """Keep the entry; name at its cell what the question cannot be answered with."""
        settled = stored_form(question, entry)
        wrong = entry_problems(self.sheet.framework, question, settled)
        self.read.problems += [cell.problem("answer", problem.text) for problem in wrong]
        if not wrong:
            self.read.entries.append(settled)

    def _table(self, question: Question) -> str:
        name = self.plan.tables.get(question.key, "")
        if name not in self.grids:
            self._sheet_problem(name, Text("シート「{name}」がありません。", "There is no sheet “{name}”."))
            return ""
        fields = [Field(column.code, "text", column.name, column.name) for column in question.columns]
        rows = table(self.grids[name], fields, self.read.problems)
        found = [
            {
                column.code: self._cell(row.cells[column.code], partial(self._in_column, column), default="")
                for column in question.columns
                if column.code in row.cells
            }
            for row in rows
        ]
        return cells.as_rows(question.columns, found)

    def _in_answer(self, question: Question, value: Value) -> tuple[str, str]:
        return cells.given(self.sheet.framework, question, value, self.locale)

    def _in_column(self, column: Column, value: Value) -> str:
        return cells.column_given(column, value, self.locale)

    def _ratings(self) -> None:
        if RATINGS not in self.grids:
            self._sheet_problem(RATINGS, Text("シート「{name}」がありません。", "There is no sheet “{name}”."))
            return
        framework = self.sheet.framework
        for row in self._rows(self.grids[RATINGS], RATING, self.about["items"]):
            before = len(self.read.problems)
            entry = RatingEntry(
                str(row.value("key")),
                self._grade(row.cells["severity"], framework.severity),
                self._grade(row.cells["likelihood"], framework.likelihood),
                self._cell(row.cells["severity_reason"], text_of, default=""),
                self._cell(row.cells["likelihood_reason"], text_of, default=""),
                self._cell(row.cells["rev"], whole_of, default=0),
            )
            if len(self.read.problems) > before:
                continue
            try:
                check_rating(framework, entry)
                self.read.ratings.append(entry)
            except Refusal as refused:
                self.read.problems.append(row.cells["severity"].problem("rating", refused.text))

    def _grade(self, cell: Cell, grades: Sequence[Grade]) -> int | None:
        """Return the rank of a grade from its label, its name or its bare rank."""

        def rank(value: Value) -> int:
            said = cells.words(value).strip()
            names = {name: n for n, grade in enumerate(grades, 1) for name in (str(n), grade.name.ja, grade.name.en)}
            names |= {f"{n} {name}": n for n, grade in enumerate(grades, 1) for name in (grade.name.ja, grade.name.en)}
            if said not in names:
                raise Refused(
                    Text("選べる段階ではありません。選び直してください。", "This grade does not exist; choose again.")
                )
            return names[said]

        found: int | None = self._cell(cell, rank, default=None)
        return found

    def _cell(self, cell: Cell, reader: Callable[[Value], Any], *, default: Any) -> Any:
        """Return what a cell says, `default` when it is empty; what is wrong becomes a problem of the cell."""
        if cell.value == "":
            return default
        try:
            return reader(cell.value)
        except Refused as refused:
            self.read.problems.append(cell.problem("cell", refused.text))
            return default


def _date(value: Value) -> date:
    return date.fromisoformat(cells.day(value))
