"""What a question and a condition must hold to be publishable: what belongs to its kind, and that what it names exists.

A field that its kind does not use is refused rather than ignored, because the author believes that it works (domain.md §3.4). A
condition may compare only what can be compared: codes with `is`, several codes with `includes`, numbers with `at_least`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from governance.questionnaires.conditions import AtLeast, Condition, Includes, InPack, InPhase, Is, Leaf
from governance.questionnaires.definition import CHOSEN, GIVEN, NOT_APPLICABLE, Choice, Question
from governance.questionnaires.finding import Catalogue, Found, Path, listed, placed, repeated, short, unknown
from governance.texts import Text

RESERVED = frozenset({GIVEN, NOT_APPLICABLE})
KINDS_OF: dict[str, tuple[frozenset[str], Callable[[Question], bool]]] = {
    "choices": (frozenset({"single", "multiple"}), lambda q: bool(q.choices)),
    "columns": (frozenset({"rows"}), lambda q: bool(q.columns)),
    "unit": (frozenset({"number"}), lambda q: q.unit is not None),
    "minimum": (frozenset({"number"}), lambda q: q.minimum is not None),
    "maximum": (frozenset({"number"}), lambda q: q.maximum is not None),
    "max_length": (frozenset({"text", "long_text"}), lambda q: q.max_length is not None),
    "points": (CHOSEN, lambda q: bool(q.points)),
    "weight": (frozenset({"scale"}), lambda q: q.weight != 1),
}
"""Field → the kinds that use it, and whether a question sets it."""


def check_question(question: Question, path: Path, catalogue: Catalogue) -> Iterator[Found]:
    """Yield what keeps one question from being published: its fields against its kind, and every name it uses."""
    yield from _fields(question, path)
    yield from _choices(question.choices, (*path, "choices"), question.kind in KINDS_OF["choices"][0], RESERVED)
    yield from _columns(question, path)
    yield from _gate(question, path, catalogue)
    yield from _points(question, path, catalogue)
    yield from missing((*path, "roles"), question.roles, catalogue.codes["answer_roles"], "回答する役割", "answer role")
    yield from missing((*path, "mappings"), question.mappings, catalogue.codes["references"], "外部枠組み", "reference")
    yield from check_condition(question.when, (*path, "when"), catalogue)


def check_condition(condition: Condition | None, path: Path, catalogue: Catalogue) -> Iterator[Found]:
    """Yield what a condition names that does not exist, and comparisons that the kind of the question does not allow."""
    for where, leaf in placed(condition, path):
        match leaf:
            case InPack(in_pack=pack):
                yield from missing((*where, "in_pack"), [pack], catalogue.codes["packs"], "追加質問群", "pack")
            case InPhase(in_phase=phase):
                yield from missing((*where, "in_phase"), [phase], catalogue.codes["phases"], "フェーズ", "phase")
            case _ if leaf.question not in catalogue.questions:
                yield unknown((*where, "question"), "質問", "question", leaf.question)
            case _:
                yield from _look(leaf, where, catalogue)


def missing(path: Path, codes: Iterable[str], known: Iterable[str], ja: str, en: str) -> Iterator[Found]:
    """Yield a problem for every code that is not known; `ja` and `en` name what it should be."""
    known = frozenset(known)
    return (unknown(path, ja, en, code) for code in codes if code not in known)


# ---------------------------------------------------------------- fields and kinds


def _fields(question: Question, path: Path) -> Iterator[Found]:
    for name, (kinds, is_set) in KINDS_OF.items():
        if is_set(question) and question.kind not in kinds:
            names = "・".join(sorted(kinds)), ", ".join(sorted(kinds))
            yield (
                "seed.kind",
                (*path, name),
                Text(
                    f"「{name}」は {names[0]} の質問だけに書けます（質問「{question.key}」は {question.kind}）。",
                    f"“{name}” is only for {names[1]}; question “{question.key}” is {question.kind}.",
                ),
            )
    yield from _limits(question, path)


def _limits(question: Question, path: Path) -> Iterator[Found]:
    if question.not_applicable and question.kind == "scale":
        yield (
            "seed.kind",
            (*path, "not_applicable"),
            Text(
                "scale の質問の「該当なし」は回答尺度（scale）の段階で表します。not_applicable を消してください。",
                "A scale question takes “not applicable” from the answer scale; remove not_applicable.",
            ),
        )
    low, high = question.minimum, question.maximum
    if low is not None and high is not None and low > high:
        yield (
            "seed.bounds",
            (*path, "minimum"),
            Text(
                f"最小値（{low}）が最大値（{high}）を超えています。",
                f"The minimum ({low}) is above the maximum ({high}).",
            ),
        )


def _choices(choices: Sequence[Choice], path: Path, needed: bool, reserved: frozenset[str]) -> Iterator[Found]:
    if needed and len(choices) < 2:
        yield "seed.choices", path[:-1], Text("選択肢は2つ以上必要です。", "At least two choices are needed.")
    for place, choice in enumerate(choices):
        if choice.code in reserved:
            yield (
                "seed.reserved",
                (*path, place, "code"),
                Text(
                    f"「{choice.code}」は選択肢のコードに使えません（予約済み）。",
                    f"“{choice.code}” is reserved and cannot be the code of a choice.",
                ),
            )
    yield from repeated([(choice.code, (*path, place, "code")) for place, choice in enumerate(choices)])


def _columns(question: Question, path: Path) -> Iterator[Found]:
    if question.kind == "rows" and not question.columns:
        yield "seed.columns", path, Text("rows の質問には columns が要ります。", "A rows question needs columns.")
    for place, column in enumerate(question.columns):
        where = (*path, "columns", place)
        yield from _choices(column.choices, (*where, "choices"), column.kind == "single", frozenset())
        if column.choices and column.kind != "single":
            yield (
                "seed.kind",
                (*where, "choices"),
                Text(
                    f"「choices」は single の列だけに書けます（列「{column.code}」は {column.kind}）。",
                    f"“choices” is only for single columns; column “{column.code}” is {column.kind}.",
                ),
            )
    yield from repeated([(c.code, (*path, "columns", place, "code")) for place, c in enumerate(question.columns)])


def _gate(question: Question, path: Path, catalogue: Catalogue) -> Iterator[Found]:
    if question.gate and question.kind != "scale" and catalogue.framework.scoring.method == "matrix":
        yield (
            "seed.gate",
            (*path, "gate"),
            Text(
                f"必須（★）にできるのは scale の質問だけです（質問「{question.key}」は {question.kind}）。",
                f"Only a scale question can be a gate (★); question “{question.key}” is {question.kind}.",
            ),
        )


# ---------------------------------------------------------------- points


def _points(question: Question, path: Path, catalogue: Catalogue) -> Iterator[Found]:
    """Every answer needs points in each total the question feeds: one left out would silently count as none."""
    if question.kind not in CHOSEN:
        return
    for total, given in question.points.items():
        where = (*path, "points", total)
        if total not in catalogue.totals:
            yield unknown(where, "合計", "total", total)
        values = [value for value in catalogue.values(question.key) if not _barred(question, value, catalogue)]
        if left := [value for value in values if value not in given]:
            yield (
                "seed.no_points",
                where,
                Text(
                    f"質問「{question.key}」の選択肢に、合計「{total}」の点数がありません：{listed(left, '、')}。",
                    f"Question “{question.key}” has a choice without points for total “{total}”: {listed(left, ', ')}.",
                ),
            )
        yield from missing(where, given, catalogue.values(question.key), "この質問の選択肢", "choice of this question")


def _barred(question: Question, value: str, catalogue: Catalogue) -> bool:
    """Say whether a value cannot be chosen: 該当なし on a gate."""
    step = catalogue.framework.step(value) if question.gate and question.kind == "scale" else None
    return step is not None and step.is_not_applicable


# ---------------------------------------------------------------- one look of a condition

LOOKS: dict[type, tuple[str, frozenset[str]]] = {
    Is: ("is", CHOSEN),
    Includes: ("includes", frozenset({"multiple"})),
    AtLeast: ("at_least", frozenset({"number"})),
}


def _look(leaf: Leaf, path: Path, catalogue: Catalogue) -> Iterator[Found]:
    if type(leaf) not in LOOKS:
        return
    word, kinds = LOOKS[type(leaf)]
    question = catalogue.questions[leaf.question]
    if question.kind not in kinds:
        ja, en = "・".join(sorted(kinds)), ", ".join(sorted(kinds))
        yield (
            "seed.condition_kind",
            (*path, word),
            Text(
                f"「{word}」は {ja} の質問だけに使えます（質問「{question.key}」は {question.kind}）。",
                f"“{word}” is only for {en} questions; question “{question.key}” is {question.kind}.",
            ),
        )
        return
    named = leaf.is_ if isinstance(leaf, Is) else [leaf.includes] if isinstance(leaf, Includes) else []
    values = catalogue.values(question.key)
    for value in named:
        if value not in values:
            yield _no_value(question.key, value, list(values), (*path, word))


def _no_value(key: str, value: str, values: Sequence[str], path: Path) -> Found:
    value = short(value)
    return (
        "seed.unknown_value",
        path,
        Text(
            f"質問「{key}」に「{value}」という答えはありません。使える値：{listed(values, '、')}。",
            f"Question “{key}” has no answer “{value}”; use one of {listed(values, ', ')}.",
        ),
    )
