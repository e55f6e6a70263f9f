"""How the workbook of a questionnaire is laid out: which sheets and columns there are, what each is called and what goes into it.

The first row of every sheet holds the names that are read back; the rows below it (headings in both languages, a line of help) are for
people. A column is found by its name, so columns may be moved but not renamed.
"""

from __future__ import annotations

from dataclasses import dataclass

from governance.texts import Text

HEAD, SECTIONS, CHOICES, COLUMNS, POINTS, GUIDE = (
    "質問票 Questionnaire",
    "区分 Sections",
    "選択肢 Choices",
    "表の列 Columns",
    "点数 Points",
    "使い方 Guide",
)
OWN = (GUIDE, HEAD, SECTIONS, CHOICES, COLUMNS, POINTS)
FIRST_ROW = 3
"""Rows of names, headings and help stand above the first row of content."""

SPARE_ROWS = 20
YES, NO = "yes", "no"


@dataclass(frozen=True)
class Field:
    """One column: `kind` says how it is written and read (text, code, codes, flag, whole, decimal, data)."""

    name: str
    kind: str
    heading: Text
    help: Text
    width: int = 14
    choices: tuple[str, ...] = ()


def _text(name: str, ja: str, en: str, help_ja: str = "", help_en: str = "", width: int = 42) -> tuple[Field, Field]:
    """Return the two columns of a text, Japanese and English side by side."""
    said = Text(help_ja or "—", help_en or "—")
    return (
        Field(f"{name}.ja", "text", Text(f"{ja}（日本語）", f"{en} (Japanese)"), said, width),
        Field(f"{name}.en", "text", Text(f"{ja}（英語）", f"{en} (English)"), said, width),
    )


def _flag(name: str, ja: str, en: str, help_ja: str, help_en: str) -> Field:
    return Field(name, "flag", Text(ja, en), Text(f"yes / no。{help_ja}", f"yes / no. {help_en}"), 11, (YES, NO))


KEY_HELP = Text("変えられません。新しい質問は空いた行に書きます。", "Permanent. Write new questions in the free rows.")
CONDITION = Text(
    "YAMLまたはJSON。例：{question: T05, is: [yes]}", "YAML or JSON, for example {question: T05, is: [yes]}"
)
KINDS = ("scale", "yes_no_unknown", "single", "multiple", "number", "date", "text", "long_text", "file", "rows")

QUESTION = (
    Field("key", "code", Text("キー", "Key"), KEY_HELP, 12),
    Field("kind", "code", Text("種類", "Kind"), Text("一覧から選びます。", "Choose from the list."), 16, KINDS),
    *_text("topic", "主題", "Topic", "短い見出し", "A short heading", 24),
    *_text("text", "質問文", "Question"),
    *_text("why", "なぜ尋ねるか", "Why it is asked"),
    *_text("evidence", "証跡の例", "Evidence"),
    *_text("weak", "弱い回答の例", "Weak answer"),
    *_text("strong", "よい回答の例", "Strong answer"),
    _flag("required", "必須回答", "Answer required", "空欄はyes", "Empty means yes"),
    _flag(
        "not_applicable",
        "該当なし",
        "Not applicable",
        "理由付きの該当なしを許す",
        "Offers “not applicable” with a reason",
    ),
    _flag("needs_evidence", "証跡必須", "Evidence required", "回答に証跡を求める", "Asks for evidence"),
    Field(
        "replaces",
        "codes",
        Text("引き継ぐ質問", "Replaces"),
        Text("前の版の質問のキーをコンマで区切ります。", "Keys of earlier questions, separated by commas"),
        18,
    ),
    Field(
        "roles",
        "codes",
        Text("回答の担当", "Answered by"),
        Text("役割のコードをコンマで区切ります。", "Codes of roles, separated by commas"),
        18,
    ),
    Field(
        "weight",
        "whole",
        Text("重み", "Weight"),
        Text("0〜100の整数。空欄は1", "A whole number 0–100; empty means 1"),
        8,
    ),
    _flag("gate", "ゲート★", "Gate ★", "必ず満たす質問", "Must be met"),
    Field("when", "data", Text("条件", "Condition"), CONDITION, 36),
    *_text("unit", "単位", "Unit", "数値の質問", "For numbers", 10),
    Field("minimum", "decimal", Text("最小", "Minimum"), Text("数値の質問", "For numbers"), 10),
    Field("maximum", "decimal", Text("最大", "Maximum"), Text("数値の質問", "For numbers"), 10),
    Field("max_length", "whole", Text("最大文字数", "Longest"), Text("記述の質問", "For written answers"), 10),
    Field(
        "max_rows", "whole", Text("最大行数", "Most rows"), Text("表の質問。空欄は20", "For tables; empty means 20"), 10
    ),
    Field(
        "mappings",
        "data",
        Text("外部枠組みとの対応", "External frameworks"),
        Text("YAMLまたはJSON。例：{iso-42001: [A.5.4]}", "YAML or JSON, for example {iso-42001: [A.5.4]}"),
        34,
    ),
)

SECTION = (
    Field("key", "code", Text("区分のキー", "Key"), Text("変えられません。", "Permanent."), 16),
    Field(
        "sheet",
        "text",
        Text("シート名", "Sheet"),
        Text("この区分の質問があるシート", "The sheet that holds the questions of this section"),
        24,
    ),
    Field(
        "item",
        "code",
        Text("実践項目", "Item"),
        Text("枠組みの実践項目のコード", "Code of an item of the framework"),
        18,
    ),
    *_text("title", "見出し", "Title", "", "", 30),
    Field("when", "data", Text("条件", "Condition"), CONDITION, 36),
)

QUESTION_OF = Field("question", "code", Text("質問のキー", "Question"), Text("どの質問か", "Which question"), 14)
CHOICE = (
    QUESTION_OF,
    Field(
        "column",
        "code",
        Text("列のコード", "Column"),
        Text(
            "表の質問の列の選択肢なら、その列。ほかは空欄",
            "The column, when it is a choice of a column of a table; else empty",
        ),
        14,
    ),
    Field("code", "code", Text("コード", "Code"), Text("変えられません。", "Permanent."), 18),
    *_text("name", "選択肢", "Choice", "", "", 34),
    *_text("note", "補足", "Note", "", "", 34),
)

COLUMN = (
    QUESTION_OF,
    Field("code", "code", Text("列のコード", "Code"), Text("変えられません。", "Permanent."), 16),
    *_text("name", "列の見出し", "Heading", "", "", 30),
    Field(
        "kind",
        "code",
        Text("種類", "Kind"),
        Text("一覧から選びます。", "Choose from the list."),
        12,
        ("text", "number", "date", "single"),
    ),
    _flag("required", "必須", "Required", "空欄はyes", "Empty means yes"),
)

POINT = (
    QUESTION_OF,
    Field(
        "total",
        "code",
        Text("合計のコード", "Total"),
        Text("枠組みの採点の合計", "A total of the framework’s scoring"),
        16,
    ),
    Field("value", "code", Text("回答のコード", "Value"), Text("選択肢のコード", "Code of the answer"), 18),
    Field("points", "decimal", Text("点", "Points"), Text("0以上の数", "A number from 0"), 10),
)

HEAD_ROWS = (
    Field("key", "code", Text("キー", "Key"), Text("変えられません。", "Permanent.")),
    Field(
        "version", "text", Text("版", "Version"), Text("例：1.1（文字列として入力）", "Such as 1.1, entered as text")
    ),
    Field("kind", "code", Text("種類", "Kind"), Text("trigger / screening / pack", "trigger / screening / pack")),
    Field("framework", "code", Text("枠組み", "Framework"), Text("枠組みのキー", "Key of the framework")),
    Field("phase", "code", Text("フェーズ", "Phase"), Text("種類がscreeningのとき", "For kind screening")),
    Field("pack", "code", Text("追加質問群", "Pack"), Text("種類がpackのとき", "For kind pack")),
    Field("title", "both", Text("題名", "Title"), Text("C列に日本語、D列に英語", "Japanese in column C, English in D")),
    Field(
        "intro",
        "both",
        Text("前書き", "Introduction"),
        Text("C列に日本語、D列に英語", "Japanese in column C, English in D"),
    ),
    Field("when", "data", Text("条件", "Condition"), CONDITION),
)

NO_HELP = Text("—", "—")
HEAD_COLUMNS = (
    Field("field", "code", Text("項目", "Field"), NO_HELP, 14),
    Field("name", "text", Text("名称", "Name"), NO_HELP, 24),
    Field("value", "text", Text("値（日本語）", "Value (Japanese)"), NO_HELP, 48),
    Field("en", "text", Text("英語", "English"), NO_HELP, 48),
    Field("help", "text", Text("記入のしかた", "How to fill in"), NO_HELP, 48),
)

GUIDE_LINES = (
    Text(
        "各シートの1行目は読み込みに使う名前です。2行目は見出し、3行目は記入のしかたです。1〜3行目は変えないでください。",
        "Row 1 of each sheet holds the names that are read back; row 2 the headings, row 3 how to fill in. Leave rows 1–3 as they are.",
    ),
    Text(
        "色の付いたキーの列は保護してあります。キーは過去の回答とつながっているため変えられません。",
        "The tinted key columns are locked: past answers hang on these keys.",
    ),
    Text(
        "質問を足すときは、区分のシートの下の空いた行に書きます。質問の順は行の順です。",
        "To add a question, use the free rows below. Questions are asked in the order of the rows.",
    ),
    Text(
        "選択肢は「選択肢 Choices」、表の質問の列は「表の列 Columns」、点数は「点数 Points」のシートに書きます。",
        "Choices, columns of table questions and points have sheets of their own.",
    ),
    Text(
        "文章は必ず日本語と英語の両方を書きます。数式とセルの結合は使えません。",
        "Every text needs Japanese and English. Formulas and merged cells are refused.",
    ),
    Text(
        "読み込むと、まず公開中の版との違いが表示され、確かめてから下書きになります。公開中の版は変わりません。",
        "Importing first shows what would change; once confirmed it becomes a draft. What is published stays as it is.",
    ),
)
