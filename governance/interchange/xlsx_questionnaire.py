"""A questionnaire as an Excel workbook and back: one sheet per section, Japanese and English side by side, keys locked.

Reading what was written gives the same document; whatever was changed by hand is checked by the model that checks a YAML file, and
every problem names sheet and cell. Layout and columns are in layout.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from governance.interchange import layout
from governance.interchange.documents import Path, validated
from governance.interchange.layout import CHOICES, COLUMNS, GUIDE, HEAD, POINTS, SECTIONS, Field
from governance.interchange.reading_sheets import Cell, Row, read, table
from governance.interchange.workbook import Grid, cell_name, cell_problem, opened
from governance.interchange.writing_sheets import Book, new_book
from governance.questionnaires.definition import Framework, Questionnaire
from governance.refusals import Problem, Refusals
from governance.texts import Text

LONGEST_NAME = 31
"""Letters that the name of a sheet may have (the limit of the format)."""

Tree = dict[str, Any]


# ---------------------------------------------------------------- writing


def write(questionnaire: Questionnaire, framework: Framework | None = None) -> bytes:
    """Return the workbook of a questionnaire; `framework` names the items and totals in the lists that cells offer.

    Raises Refusals for what a workbook cannot hold: a text longer than a cell, or one key used twice.
    """
    tree = questionnaire.model_dump(mode="json", by_alias=True)
    questions = [question for section in tree["sections"] for question in section["questions"]]
    _must_be_unique([question["key"] for question in questions])
    names = sheet_names([section["key"] for section in tree["sections"]])
    book = new_book(f"{questionnaire.key} {questionnaire.version}")
    book.guide(GUIDE, Text("この質問票の編集のしかた", "How to edit this questionnaire"))
    _write_head(book, tree)
    items = tuple(item.code for item in framework.items) if framework else ()
    named = list(zip(tree["sections"], names, strict=True))
    sections = [[_value(section | {"sheet": name}, field) for field in layout.SECTION] for section, name in named]
    book.table(SECTIONS, [_offering(field, "item", items) for field in layout.SECTION], sections)
    for section, name in named:
        rows = [[_value(question, field) for field in layout.QUESTION] for question in section["questions"]]
        book.table(name, layout.QUESTION, rows, spare=layout.SPARE_ROWS)
    book.table(CHOICES, layout.CHOICE, list(_choice_rows(questions)), locked=3, spare=layout.SPARE_ROWS)
    book.table(COLUMNS, layout.COLUMN, list(_column_rows(questions)), locked=2, spare=layout.SPARE_ROWS)
    book.table(POINTS, layout.POINT, list(_point_rows(questions)), locked=3, spare=layout.SPARE_ROWS)
    Refusals.raise_any(book.problems)
    return book.done()


def sheet_names(keys: Sequence[str]) -> list[str]:
    """Return a sheet name for each section key: the key itself where Excel allows it, else a shortened one."""
    taken = {name.lower() for name in layout.OWN} | {"history"}
    names = []
    for key in keys:
        name, number = key[:LONGEST_NAME], 1
        while name.lower() in taken:
            number += 1
            name = f"{key[: LONGEST_NAME - 5]}~{number}"
        taken.add(name.lower())
        names.append(name)
    return names


def _must_be_unique(keys: Sequence[str]) -> None:
    for key in keys:
        if keys.count(key) > 1:
            text = Text(
                "質問「{key}」が二度あるため、書き出せません。",
                "Question “{key}” is there twice; it cannot be written.",
            )
            raise Refusals([Problem("interchange.twice", text.filled(key=key), key)])


def _offering(field: Field, name: str, choices: tuple[str, ...]) -> Field:
    """Return the field with a list to choose from, when it is the named one and the list fits into a cell's list."""
    if field.name != name or len(",".join(choices)) > 250:
        return field
    return Field(field.name, field.kind, field.heading, field.help, field.width, choices)


def _value(part: Mapping[str, Any], field: Field) -> object:
    """Return what a cell shows of a part: the side of a text, codes in one line, data as JSON."""
    name, _, side = field.name.partition(".")
    value = part.get(name)
    if side:
        return value[side] if value else None
    if field.kind == "data":
        return json.dumps(value, ensure_ascii=False) if value else None
    return ", ".join(value or []) if field.kind == "codes" else value


def _write_head(book: Book, tree: Tree) -> None:
    sheet = book.sheet(HEAD)
    book.head(sheet, layout.HEAD_COLUMNS)
    for row, field in enumerate(layout.HEAD_ROWS, layout.FIRST_ROW):
        value = _value(tree, field)
        both = field.kind == "both" and isinstance(value, dict)
        book.put(sheet, row, 0, field.name, "key")
        book.put(sheet, row, 1, f"{field.heading.ja}\n{field.heading.en}", "fixed")
        book.put(sheet, row, 2, value["ja"] if both else value, "key" if field.name == "key" else "open")  # type: ignore[index]
        book.put(sheet, row, 3, value["en"] if both else None, "open" if field.kind == "both" else "fixed")  # type: ignore[index]
        book.put(sheet, row, 4, f"{field.help.ja}\n{field.help.en}", "help")
    sheet.freeze_panes(layout.FIRST_ROW, 1)


def _choice_rows(questions: Sequence[Tree]) -> Iterator[list[object]]:
    for question in questions:
        for choice in question["choices"]:
            yield [_value(choice | {"question": question["key"], "column": None}, field) for field in layout.CHOICE]
        for column in question["columns"]:
            for choice in column["choices"]:
                owner = {"question": question["key"], "column": column["code"]}
                yield [_value(choice | owner, field) for field in layout.CHOICE]


def _column_rows(questions: Sequence[Tree]) -> Iterator[list[object]]:
    for question in questions:
        _must_be_unique([f"{question['key']} {column['code']}" for column in question["columns"]])
        for column in question["columns"]:
            yield [_value(column | {"question": question["key"]}, field) for field in layout.COLUMN]


def _point_rows(questions: Sequence[Tree]) -> Iterator[list[object]]:
    """Yield a row per value, and one without a value for a total that has none yet."""
    for question in questions:
        for total, points in question["points"].items():
            for value, number in points.items() or [(None, None)]:
                yield [question["key"], total, value, number]


# ---------------------------------------------------------------- reading


def read_questionnaire(content: bytes) -> Questionnaire:
    """Return the questionnaire of a workbook; raise Refusal or Refusals naming sheet and cell of everything that is wrong."""
    return _Reading(opened(content)).questionnaire()


class _Reading:
    """Builds the tree of a questionnaire from the sheets and remembers in which cell each part of it stands."""

    def __init__(self, grids: dict[str, Grid]) -> None:
        self.grids = grids
        self.problems: list[Problem] = []
        self.places: dict[Path, tuple[str, str]] = {}
        self.questions: dict[str, tuple[Tree, Path]] = {}
        self.columns: dict[tuple[str, str], tuple[Tree, Path]] = {}

    def questionnaire(self) -> Questionnaire:
        for name in (HEAD, SECTIONS, CHOICES, COLUMNS, POINTS):
            if name not in self.grids:
                text = Text("シート「{name}」がありません。", "There is no sheet “{name}”.").filled(name=name)
                self.problems.append(Problem("interchange.sheet", text, name))
        Refusals.raise_any(self.problems)
        tree = self._head()
        tree["sections"] = self._sections()
        self._parts_of_questions()
        Refusals.raise_any(self.problems)
        return validated(tree, self._found)

    def _found(self, code: str, path: Path, text: Text) -> Problem:
        """Place a problem at the cell of the deepest part of its path that stands in one."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.places:
                sheet, cell = self.places[path[:length]]
                return cell_problem(code, sheet, cell, text)
        return cell_problem(code, HEAD, "A1", text)

    def _head(self) -> Tree:
        grid, tree = self.grids[HEAD], Tree()
        fields = {field.name: field for field in layout.HEAD_ROWS}
        for number in range(layout.FIRST_ROW, len(grid.rows)):
            name = grid.at(number, 0)
            if name == "" and not any(grid.rows[number]):
                continue
            field = fields.pop(name, None) if isinstance(name, str) else None
            if field is None:
                text = Text(
                    "「{name}」という項目はないか、二度あります。", "There is no field “{name}”, or it is there twice."
                )
                self.problems.append(
                    cell_problem("field", HEAD, cell_name(number, 0), text.filled(name=str(name)[:40]))
                )
                continue
            sides = [Cell(HEAD, cell_name(number, column), grid.at(number, column)) for column in (2, 3)]
            row = Row({f"{field.name}.ja": sides[0], f"{field.name}.en": sides[1], field.name: sides[0]})
            both = [Field(f"{field.name}.{side}", "text", field.heading, field.help) for side in ("ja", "en")]
            self._fill(tree, (), row, both if field.kind == "both" else [field])
        for name in fields:
            text = Text("「{name}」の行がありません。", "The row “{name}” is missing.").filled(name=name)
            self.problems.append(cell_problem("field", HEAD, "A1", text))
        return tree

    def _fill(self, tree: Tree, path: Path, row: Row, fields: Sequence[Field]) -> Tree:
        """Put what the cells of a row say into a part of the tree; empty cells leave the default."""
        for field in fields:
            cell = row.cells.get(field.name)
            if cell is None:
                continue
            name, _, side = field.name.partition(".")
            where = (*path, name, *([side] if side else []))
            self.places[where] = (cell.sheet, cell.name)
            self.places.setdefault((*path, name), (cell.sheet, cell.name))
            value = read(cell, field.kind, self.problems)
            if value is None:
                continue
            if side:
                tree.setdefault(name, {})[side] = value
            else:
                tree[name] = value
        return tree

    def _sections(self) -> list[Tree]:
        sections: list[Tree] = []
        used: set[str] = set()
        for row in table(self.grids[SECTIONS], layout.SECTION, self.problems):
            path: Path = ("sections", len(sections))
            section = self._fill({}, path, row, layout.SECTION)
            name, cell = section.pop("sheet", ""), row.cells.get("sheet")
            if cell is None:
                continue
            self.places[path] = self.places[(*path, "questions")] = (cell.sheet, cell.name)
            if name not in self.grids or name in layout.OWN or name in used:
                text = Text(
                    "「{name}」というシートはないか、二度使われています。",
                    "There is no sheet “{name}”, or it is used twice.",
                )
                self.problems.append(cell.problem("sheet", text.filled(name=name)))
                continue
            used.add(name)
            section["questions"] = self._questions(self.grids[name], path)
            sections.append(section)
        self._unlisted(used)
        return sections

    def _unlisted(self, used: set[str]) -> None:
        """Name every sheet that no section uses: what stands on it would be lost unseen."""
        for name in self.grids:
            if name not in used and name not in layout.OWN:
                text = Text(
                    "シート「{name}」は「{sections}」に載っていません。",
                    "Sheet “{name}” is not listed on “{sections}”.",
                )
                self.problems.append(Problem("interchange.sheet", text.filled(name=name, sections=SECTIONS), name))

    def _questions(self, grid: Grid, section: Path) -> list[Tree]:
        questions: list[Tree] = []
        for row in table(grid, layout.QUESTION, self.problems):
            path: Path = (*section, "questions", len(questions))
            question = self._fill({}, path, row, layout.QUESTION)
            self.places[path] = self.places.get((*path, "key"), (grid.name, "A1"))
            questions.append(question)
            self._remember(self.questions, question.get("key", ""), (question, path), row.cells.get("key"))
        return questions

    def _remember(
        self, known: dict[Any, tuple[Tree, Path]], key: Any, part: tuple[Tree, Path], cell: Cell | None
    ) -> None:
        """Keep a part by its key; an empty or repeated key is a problem of its cell."""
        if cell is None:
            return
        if not all(key if isinstance(key, tuple) else (key,)):
            self.problems.append(cell.problem("key", Text("キーが空です。", "The key is empty.")))
        elif key in known:
            first = self.places[known[key][1]]
            text = Text(
                "「{key}」はセル {cell}（シート「{sheet}」）にもあります。",
                "“{key}” also stands in cell {cell} of sheet “{sheet}”.",
            )
            shown = " ".join(key) if isinstance(key, tuple) else key
            self.problems.append(cell.problem("key", text.filled(key=shown, sheet=first[0], cell=first[1])))
        else:
            known[key] = part

    def _parts_of_questions(self) -> None:
        for row in table(self.grids[COLUMNS], layout.COLUMN, self.problems):
            if owner := self._owner(row):
                part = self._part(owner, "columns", row, layout.COLUMN, ("question",))
                key = (str(row.value("question")).strip(), part[0].get("code", ""))
                self._remember(self.columns, key, part, row.cells.get("code"))
        for row in table(self.grids[CHOICES], layout.CHOICE, self.problems):
            if owner := self._owner_of_choice(row):
                self._part(owner, "choices", row, layout.CHOICE, ("question", "column"))
        for row in table(self.grids[POINTS], layout.POINT, self.problems):
            if owner := self._owner(row):
                self._points(owner, row)

    def _owner(self, row: Row) -> tuple[Tree, Path] | None:
        """Return the question a row belongs to; a problem of the cell when there is none."""
        cell = row.cells.get("question")
        if cell is None:
            return None
        found = self.questions.get(str(cell.value).strip())
        if found is None:
            text = Text("質問「{key}」がありません。", "There is no question “{key}”.").filled(key=str(cell.value)[:60])
            self.problems.append(cell.problem("question", text))
        return found

    def _owner_of_choice(self, row: Row) -> tuple[Tree, Path] | None:
        owner, cell = self._owner(row), row.cells.get("column")
        if owner is None or cell is None or cell.value == "":
            return owner
        found = self.columns.get((str(row.value("question")).strip(), str(cell.value).strip()))
        if found is None:
            text = Text("列「{code}」がありません。", "There is no column “{code}”.").filled(code=str(cell.value)[:60])
            self.problems.append(cell.problem("column", text))
        return found

    def _part(
        self, owner: tuple[Tree, Path], name: str, row: Row, fields: Sequence[Field], without: Sequence[str]
    ) -> tuple[Tree, Path]:
        tree, path = owner
        parts = tree.setdefault(name, [])
        own: Path = (*path, name, len(parts))
        parts.append(self._fill({}, own, row, [field for field in fields if field.name not in without]))
        code = row.cells.get("code")
        if code:
            self.places[own] = (code.sheet, code.name)
        return parts[-1], own

    def _points(self, owner: tuple[Tree, Path], row: Row) -> None:
        tree, path = owner
        given = {field.name: row.cells[field.name] for field in layout.POINT if field.name in row.cells}
        if len(given) < len(layout.POINT):
            return
        total, value = (read(given[name], "code", self.problems) for name in ("total", "value"))
        points = read(given["points"], "decimal", self.problems)
        values = tree.setdefault("points", {}).setdefault(total or "", {})
        where = (*path, "points", total or "")
        self.places[where] = (given["total"].sheet, given["total"].name)
        if value in values or (points is None) != (value is None):
            text = Text("この回答の点がないか、二度あります。", "The points of this value are missing or there twice.")
            self.problems.append(given["points"].problem("points", text))
        elif value is not None:
            values[value] = points
            self.places[(*where, value)] = (given["points"].sheet, given["points"].name)
