"""The answers of a screening as an Excel workbook and back: fill it in away from the service, see what would change, then apply.

One sheet per section, a sheet per table question, one for the ratings. Keys are locked; each row carries, hidden, the `rev` of the
answer it was written from, so that somebody else's later change is seen as a conflict and never overwritten.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from governance.interchange import answer_cells as cells
from governance.interchange.layout import FIRST_ROW, Field
from governance.interchange.writing_sheets import Book, new_book
from governance.interchange.xlsx_questionnaire import sheet_names
from governance.questionnaires.definition import (
    CHOSEN,
    NOT_APPLICABLE,
    Framework,
    Grade,
    Question,
    Questionnaire,
    Section,
)
from governance.questionnaires.values import values_of
from governance.refusals import Refusals
from governance.screenings import kinds
from governance.screenings.routing import Sheet
from governance.screenings.rules import Entry, RatingEntry
from governance.texts import Text, both

HEAD, RATINGS, LISTS = "はじめに Start", "影響と起こりやすさ Ratings", "一覧 Lists"
FORMAT = "governance-answers-1"

ANSWER = (
    Field("key", "code", Text("番号", "Key"), Text("変えられません。", "Permanent."), 10),
    Field("question", "text", Text("質問", "Question"), Text("変えられません。", "Permanent."), 52),
    Field("how", "text", Text("答え方", "How to answer"), Text("—", "—"), 26),
    Field("answer", "text", Text("回答", "Answer"), Text("ここに記入します。", "Fill in here."), 32),
    Field(
        "none", "flag", Text("該当なし", "Not applicable"), Text("該当なしのときyes", "yes when it does not apply"), 10
    ),
    Field("remark", "text", Text("補足", "Remark"), Text("理由、残っていること", "Reasons, what remains"), 44),
    Field("due", "day", Text("予定日", "Planned date"), Text("2026-12-25 のように", "Such as 2026-12-25"), 13),
    Field("rev", "whole", Text("—", "—"), Text("—", "—"), 6),
)
RATING = (
    Field("key", "code", Text("実践項目", "Item"), Text("変えられません。", "Permanent."), 16),
    Field("name", "text", Text("名称", "Name"), Text("—", "—"), 32),
    Field("severity", "text", Text("影響", "Severity"), Text("一覧から選びます。", "Choose from the list."), 28),
    Field("severity_reason", "text", Text("影響の理由", "Why"), Text("—", "—"), 44),
    Field(
        "likelihood",
        "text",
        Text("起こりやすさ", "Likelihood"),
        Text("一覧から選びます。", "Choose from the list."),
        28,
    ),
    Field("likelihood_reason", "text", Text("起こりやすさの理由", "Why"), Text("—", "—"), 44),
    Field("rev", "whole", Text("—", "—"), Text("—", "—"), 6),
)
GUIDE = (
    Text(
        "白い欄に記入します。色の付いた欄とシートの名前、行の順は変えないでください。",
        "Fill in the white cells. Leave tinted cells, names of sheets and the order of rows as they are.",
    ),
    Text(
        "選択肢は一覧から選びます。複数選ぶ質問は、1行に1つずつ書きます（Alt+Enterで改行）。",
        "Choose from the lists. Where several may be chosen, write one on each line (Alt+Enter).",
    ),
    Text(
        "数式とセルの結合は使えません。証跡のファイルは画面で付けます。",
        "Formulas and merged cells are refused. Evidence is attached on the page.",
    ),
    Text(
        "読み込むと、まず保存済みの回答との違いが表示されます。確かめてから反映します。ほかの人が後から変えた回答は上書きしません。",
        "Uploading first shows what differs from what is saved. What somebody else changed since is not overwritten.",
    ),
)


@dataclass(frozen=True)
class Page:
    """One sheet of the workbook: a section with the questions that are in it."""

    name: str
    questionnaire: Questionnaire
    section: Section
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Plan:
    """Which sheets there are: sections with their questions, and the sheets of table questions by key."""

    pages: tuple[Page, ...]
    tables: Mapping[str, str] = field(default_factory=dict)

    def keys(self) -> dict[str, list[str]]:
        """Return the keys of each sheet in order: what the workbook says about itself."""
        return {page.name: [question.key for question in page.questions] for page in self.pages}


def plan(sheet: Sheet, keys: Sequence[str]) -> Plan:
    """Return the sheets for these questions, in the order of the questionnaires."""
    wanted = set(keys)
    chosen = [
        (each, section, found)
        for each in sheet.questionnaires
        for section in each.sections
        if (found := tuple(question for question in section.questions if question.key in wanted))
    ]
    tables = [question.key for _, _, found in chosen for question in found if question.kind == "rows"]
    names = sheet_names([*(section.key for _, section, _ in chosen), *tables])
    pages = [Page(name, *each) for name, each in zip(names, chosen, strict=False)]
    return Plan(tuple(pages), dict(zip(tables, names[len(chosen) :], strict=True)))


def write(
    sheet: Sheet,
    entries: Sequence[Entry],
    ratings: Sequence[RatingEntry] = (),
    *,
    mark: str,
    title: Text | None = None,
    locale: str = "ja",
) -> bytes:
    """Return the workbook of these answers; `mark` names the screening, so that another one's workbook is refused.

    Raises Refusals for text that a cell cannot hold.
    """
    held = {entry.key: entry for entry in entries}
    made = plan(sheet, list(held))
    book = new_book((title or both(mark)).in_(locale))
    head = _head(book, made, mark, title or both(mark), locale, [rating.item for rating in ratings])
    _Writing(book, sheet.framework, made, held, locale).all(ratings)
    head.activate()
    Refusals.raise_any(book.problems)
    return book.done()


def _head(book: Book, made: Plan, mark: str, title: Text, locale: str, items: Sequence[str]) -> Any:
    sheet = book.sheet(HEAD)
    sheet.set_column(0, 0, 4)
    sheet.set_column(1, 1, 110)
    about = {"format": FORMAT, "screening": mark, "locale": locale, "sheets": made.keys(), "items": list(items)}
    book.put(sheet, 0, 0, json.dumps(about, ensure_ascii=True), "name")
    sheet.set_row(0, None, None, {"hidden": True})
    book.put(sheet, 1, 1, title.in_(locale), "title")
    for number, line in enumerate(GUIDE, 1):
        book.put(sheet, number + 2, 0, number, "line")
        book.put(sheet, number + 2, 1, line.in_(locale), "line")
    row = len(GUIDE) + 4
    for page in made.pages:
        name = (page.section.title or page.questionnaire.title).in_(locale)
        book.put(sheet, row, 1, f"{page.name}　{name}", "line")
        row += 1
    return sheet


class _Writing:
    """Writes the sheets of one workbook; lists that cells offer are gathered on a hidden sheet."""

    def __init__(self, book: Book, framework: Framework, made: Plan, held: Mapping[str, Entry], locale: str) -> None:
        self.book, self.framework, self.plan, self.held, self.locale = book, framework, made, held, locale
        self.lists: dict[tuple[str, ...], str] = {}

    def all(self, ratings: Sequence[RatingEntry]) -> None:
        for page in self.plan.pages:
            self._section(page)
        for page in self.plan.pages:
            for question in page.questions:
                if question.kind == "rows":
                    self._table(question)
        if ratings:
            self._ratings(ratings)
        self._write_lists()

    def _section(self, page: Page) -> None:
        rows = [self._row(question, self.held[question.key]) for question in page.questions]
        sheet = self.book.table(page.name, ANSWER, rows, locked=3)
        column = [field.name for field in ANSWER].index("answer")
        for number, question in enumerate(page.questions, FIRST_ROW):
            if question.kind in ("file", "rows"):
                self.book.put(sheet, number, column, rows[number - FIRST_ROW][column], "fixed")
            elif question.kind in CHOSEN and question.kind != "multiple":
                self._offer(
                    sheet, number, column, cells.labels(values_of(self.framework, question), self.locale).values()
                )
            if question.kind not in CHOSEN and question.not_applicable:
                sheet.data_validation(
                    number, column + 1, number, column + 1, {"validate": "list", "source": ["yes", "no"]}
                )
            else:
                self.book.put(sheet, number, column + 1, None, "fixed")
        self._hide(sheet, len(ANSWER) - 1)

    def _row(self, question: Question, entry: Entry) -> list[object]:
        star = "★ " if question.gate else ""
        return [
            question.key,
            f"{star}{question.topic.in_(self.locale)}\n{question.text.in_(self.locale)}",
            cells.how(self.framework, question, self.locale, self.plan.tables.get(question.key, "")),
            None
            if question.kind == "rows"
            else cells.shown(self.framework, question, entry.value, entry.text, self.locale),
            "yes" if question.kind not in CHOSEN and entry.value == NOT_APPLICABLE else None,
            entry.remark,
            entry.due_on,
            entry.rev,
        ]

    def _table(self, question: Question) -> None:
        fields = [Field(column.code, "text", column.name, both("—"), 24) for column in question.columns]
        held = kinds.rows_of(self.held[question.key].text)
        rows = [[cells.column_shown(c, row.get(c.code, ""), self.locale) for c in question.columns] for row in held]
        sheet = self.book.table(
            self.plan.tables[question.key], fields, rows, locked=0, spare=max(0, question.max_rows - len(rows))
        )
        for at, column in enumerate(question.columns):
            if column.kind == "single":
                names = cells.labels({choice.code: choice.name for choice in column.choices}, self.locale)
                for number in range(FIRST_ROW, FIRST_ROW + question.max_rows):
                    self._offer(sheet, number, at, names.values())

    def _ratings(self, ratings: Sequence[RatingEntry]) -> None:
        scale = {"severity": self.framework.severity, "likelihood": self.framework.likelihood}
        rows = [
            [
                rating.item,
                self.framework.item(rating.item).name.in_(self.locale),
                grade_label(scale["severity"], rating.severity, self.locale),
                rating.severity_reason,
                grade_label(scale["likelihood"], rating.likelihood, self.locale),
                rating.likelihood_reason,
                rating.rev,
            ]
            for rating in ratings
        ]
        sheet = self.book.table(RATINGS, RATING, rows, locked=2)
        for number in range(FIRST_ROW, FIRST_ROW + len(rows)):
            for column, grades in ((2, scale["severity"]), (4, scale["likelihood"])):
                self._offer(
                    sheet, number, column, [grade_label(grades, n + 1, self.locale) for n in range(len(grades))]
                )
        self._hide(sheet, len(RATING) - 1)

    def _hide(self, sheet: Any, column: int) -> None:
        sheet.set_column(column, column, 6, self.book.formats["fixed"], {"hidden": True})

    def _offer(self, sheet: Any, row: int, column: int, names: Any) -> None:
        listed = tuple(names)
        if not listed:
            return
        place = self.lists.setdefault(listed, _letters(len(self.lists)))
        source = f"='{LISTS}'!${place}$1:${place}${len(listed)}"
        sheet.data_validation(row, column, row, column, {"validate": "list", "source": source, "ignore_blank": True})

    def _write_lists(self) -> None:
        sheet = self.book.sheet(LISTS)
        for column, listed in enumerate(self.lists):
            for row, name in enumerate(listed):
                self.book.put(sheet, row, column, name, "fixed")
        sheet.hide()


def grade_label(grades: Sequence[Grade], rank: int | None, locale: str) -> str:
    """Return a grade as the list shows it: its rank and its name; "" while it is not chosen."""
    return f"{rank} {grades[rank - 1].name.in_(locale)}" if rank and rank <= len(grades) else str(rank or "")


def _letters(column: int) -> str:
    front, last = divmod(column, 26)
    return (chr(64 + front) if front else "") + chr(65 + last)


# ---------------------------------------------------------------- what would change


@dataclass(frozen=True)
class Difference:
    """What applying one row would do: `kind` is added, changed, cleared or conflict; `before` is what is stored."""

    key: str
    kind: str
    before: Entry | RatingEntry | None
    after: Entry | RatingEntry


def difference(entries: Sequence[Entry | RatingEntry], stored: Mapping[str, Entry | RatingEntry]) -> list[Difference]:
    """Return what the entries of a workbook would change, in their order; `stored` holds what is saved by key or item."""
    return list(_differences(entries, stored))


def _differences(
    entries: Sequence[Entry | RatingEntry], stored: Mapping[str, Entry | RatingEntry]
) -> Iterator[Difference]:
    for entry in entries:
        key = entry.key if isinstance(entry, Entry) else entry.item
        before = stored.get(key)
        if _content(entry) == (_content(before) if before else _nothing(entry)):
            continue
        if entry.rev != (before.rev if before else 0):
            kind = "conflict"
        elif not any(_content(before)):
            kind = "added"
        else:
            kind = "changed" if any(_content(entry)) else "cleared"
        yield Difference(key, kind, before, entry)


def _nothing(like: Entry | RatingEntry) -> tuple[object, ...]:
    return _content(Entry("", "") if isinstance(like, Entry) else RatingEntry("", None, None))


def _content(entry: Entry | RatingEntry | None) -> tuple[object, ...]:
    match entry:
        case Entry():
            return (entry.value, entry.text, entry.remark.strip(), entry.due_on)
        case RatingEntry():
            return (entry.severity, entry.likelihood, entry.severity_reason.strip(), entry.likelihood_reason.strip())
    return ()
