"""Conditions of SurveyJS (visibleIf, requiredIf) as conditions of this product and back: a documented subset of its expressions.

Understood are `and or not`, comparisons, `contains notcontains anyof noneof allof empty notempty`, brackets and lists. Anything else,
and anything whose meaning here would differ, is refused with its position in the expression; nothing is evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from governance.questionnaires.conditions import (
    All,
    Answered,
    AnyOf,
    AtLeast,
    Condition,
    Includes,
    InPack,
    InPhase,
    Is,
    Not,
)
from governance.texts import Text

LONGEST, DEEPEST = 10_000, 30
PHASE, PACK = "governancePhase", "governancePack-"
"""What an expression calls the phase and the packs of a screening; SurveyJS has no word for either."""

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,62}")
TOKENS = re.compile(
    r"""\s*(?:(?P<name>\{\#?[^{}]{1,200}\})|(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?(?![\w.]))"""
    r"""|(?P<sign><=|>=|==|!=|<>|\*=|&&|\|\||[=<>!()\[\],])|(?P<word>[A-Za-z_][\w-]*))"""
)
SAME = {
    "==": "=",
    "equal": "=",
    "<>": "!=",
    "notequal": "!=",
    "lessorequal": "<=",
    "greaterorequal": ">=",
    "less": "<",
    "greater": ">",
    "*=": "contains",
    "contain": "contains",
    "notcontain": "notcontains",
    "&&": "and",
    "||": "or",
    "!": "not",
    "negate": "not",
}
COMPARING: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
OPERATORS = {"=", "!=", "contains", "notcontains", "anyof", "noneof", "allof", *COMPARING}


class NotUnderstood(Exception):
    """The expression is outside of the subset; `text` says where and why."""

    def __init__(self, ja: str, en: str, **values: object) -> None:
        self.text = Text(ja, en).filled(**values)
        super().__init__(self.text.en)


@dataclass(frozen=True)
class Known:
    """What is known of a question that expressions look at: its kind here, and the code of each of its values there."""

    kind: str
    codes: Mapping[str, str] = field(default_factory=dict)

    def code(self, value: str) -> str:
        """Return the code of a value; NotUnderstood when the question has no such value."""
        if not self.codes:
            return value
        if value not in self.codes:
            raise NotUnderstood("「{value}」という選択肢はありません", "there is no choice “{value}”", value=value[:40])
        return self.codes[value]


class Token(NamedTuple):
    """A piece of an expression: `kind` is name, text, number, sign or word."""

    kind: str
    text: str
    at: int


def parsed(expression: str, known: Mapping[str, Known]) -> Condition:
    """Return the condition of an expression. Raises NotUnderstood with the position of what is outside of the subset."""
    return _Parser(_tokens(expression), known).whole()


def _tokens(expression: str) -> list[Token]:
    if len(expression) > LONGEST:
        raise NotUnderstood("式が長すぎます", "the expression is too long")
    found, at = [], 0
    while expression[at:].strip():
        match = TOKENS.match(expression, at)
        if match is None or match.lastgroup is None:
            raise NotUnderstood(
                "{at}文字目の「{rest}」", "“{rest}” at character {at}", at=at + 1, rest=expression[at:].strip()[:20]
            )
        text = match[match.lastgroup]
        word = SAME.get(text.lower(), text.lower()) if match.lastgroup in ("sign", "word") else text
        plain = (
            word if match.lastgroup == "sign" or word in {"and", "or", "not", "empty", "notempty"} | OPERATORS else text
        )
        found.append(Token(match.lastgroup, plain, match.start(match.lastgroup)))
        at = match.end()
    return found


class _Parser:
    """Reads tokens by descent: or, and, not, brackets, one look at one question."""

    def __init__(self, tokens: Sequence[Token], known: Mapping[str, Known]) -> None:
        self.tokens, self.known, self.at, self.depth = tokens, known, 0, 0

    def whole(self) -> Condition:
        condition = self._any()
        if self.at < len(self.tokens):
            raise self._unexpected()
        return condition

    def _any(self) -> Condition:
        parts = [self._all()]
        while self._take("or"):
            parts.append(self._all())
        return AnyOf(any=parts) if len(parts) > 1 else parts[0]

    def _all(self) -> Condition:
        parts = [self._one()]
        while self._take("and"):
            parts.append(self._one())
        return All(all=parts) if len(parts) > 1 else parts[0]

    def _one(self) -> Condition:
        if self._take("not"):
            if self._now() != "(":  # without brackets SurveyJS negates the value, not the comparison
                raise self._unexpected()
            return Not(**{"not": self._one()})
        if self._take("("):
            self.depth += 1
            if self.depth > DEEPEST:
                raise NotUnderstood("かっこの入れ子が深すぎます", "brackets are nested too deeply")
            inner = self._any()
            if not self._take(")"):
                raise self._unexpected()
            self.depth -= 1
            return inner
        return self._look()

    def _look(self) -> Condition:
        token = self._next("name")
        question = token.text.strip("{}").lstrip("#").strip()
        for word, wanted in (("empty", False), ("notempty", True)):
            if self._take(word):
                return Answered(question=question, answered=wanted)
        operator = self._now()
        if operator not in OPERATORS:
            raise self._unexpected()
        self.at += 1
        if self._take("["):
            return self._translated(question, operator, self._list(), listed=True)
        return self._translated(question, operator, [self._value()], listed=False)

    def _list(self) -> list[str]:
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        if not self._take("]"):
            raise self._unexpected()
        return values

    def _value(self) -> str:
        if self.at >= len(self.tokens) or self.tokens[self.at].kind not in ("text", "number", "word"):
            raise self._unexpected()
        token = self.tokens[self.at]
        self.at += 1
        return re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL) if token.kind == "text" else token.text

    def _translated(self, question: str, operator: str, values: list[str], *, listed: bool) -> Condition:
        if question == PHASE or question.startswith(PACK):
            return _of_screening(question, operator, values)
        return translated(question, operator, values, self.known.get(question), listed=listed)

    def _now(self) -> str:
        token = self.tokens[self.at] if self.at < len(self.tokens) else None
        return token.text if token and token.kind in ("sign", "word") else ""

    def _take(self, text: str) -> bool:
        if self._now() != text:
            return False
        self.at += 1
        return True

    def _next(self, kind: str) -> Token:
        if self.at >= len(self.tokens) or self.tokens[self.at].kind != kind:
            raise self._unexpected()
        self.at += 1
        return self.tokens[self.at - 1]

    def _unexpected(self) -> NotUnderstood:
        if self.at >= len(self.tokens):
            return NotUnderstood("式が途中で終わっています", "the expression ends too early")
        token = self.tokens[self.at]
        return NotUnderstood(
            "{at}文字目の「{text}」", "“{text}” at character {at}", at=token.at + 1, text=token.text[:20]
        )


# ---------------------------------------------------------------- meaning


def translated(question: str, operator: str, values: list[str], known: Known | None, *, listed: bool) -> Condition:
    """Return the condition of one comparison; what the question is decides what the operator means."""
    if operator in ("!=", "notcontains", "noneof"):
        positive = {"!=": "=", "notcontains": "contains", "noneof": "anyof"}[operator]
        return Not(**{"not": translated(question, positive, values, known, listed=listed)})
    if operator in COMPARING:
        return _compared(question, operator, values, known)
    codes = [known.code(value) for value in values] if known else values
    several = known is not None and known.kind == "multiple"
    if operator in ("contains", "allof"):
        if known is not None and not several:
            raise _not_for(operator, question)
        parts: list[Condition] = [Includes(question=question, includes=code) for code in codes]
        return parts[0] if len(parts) == 1 else All(all=parts)
    if several:
        if operator == "=":
            raise _not_for(operator, question)
        parts = [Includes(question=question, includes=code) for code in codes]
        return parts[0] if len(parts) == 1 else AnyOf(any=parts)
    if (operator == "=" and listed) or (
        known is not None and known.kind in ("number", "date", "text", "long_text", "file", "rows")
    ):
        raise _not_for(operator, question)
    return Is(question=question, **{"is": codes})


def _compared(question: str, operator: str, values: list[str], known: Known | None) -> Condition:
    """Numbers know `>=` and `<` with whole bounds; choices whose values are numbers know every comparison."""
    try:
        bound = float(values[0])
    except ValueError:
        raise _not_for(operator, question) from None
    if known is not None and known.codes and all(re.fullmatch(r"-?\d+(\.\d+)?", value) for value in known.codes):
        codes = [code for value, code in known.codes.items() if COMPARING[operator](float(value), bound)]
        if codes and known.kind == "single":
            return Is(question=question, **{"is": codes})
    elif operator in (">=", "<") and bound.is_integer() and (known is None or known.kind == "number"):
        reached = AtLeast(question=question, at_least=int(bound))
        if operator == ">=":
            return reached
        return All(all=[Answered(question=question, answered=True), Not(**{"not": reached})])
    raise _not_for(operator, question)


def _of_screening(question: str, operator: str, values: list[str]) -> Condition:
    if operator != "=" or len(values) != 1 or (question != PHASE and values != ["true"]):
        raise _not_for(operator, question)
    return InPhase(in_phase=values[0]) if question == PHASE else InPack(in_pack=question.removeprefix(PACK))


def _not_for(operator: str, question: str) -> NotUnderstood:
    return NotUnderstood(
        "質問「{question}」には「{operator}」を使えません（意味が変わるため）",
        "“{operator}” cannot be used with question “{question}” (it would change the meaning)",
        operator=operator,
        question=question,
    )


# ---------------------------------------------------------------- writing


def printed(condition: Condition) -> str:
    """Return the expression of a condition."""
    match condition:
        case All(all=parts):
            return " and ".join(_bracketed(part) for part in parts)
        case AnyOf(any=parts):
            return " or ".join(_bracketed(part) for part in parts)
        case Not(not_=part):
            return f"!({printed(part)})"
        case InPack(in_pack=pack):
            return f"{{{PACK}{pack}}} = true"
        case InPhase(in_phase=phase):
            return f"{{{PHASE}}} = {_quoted(phase)}"
        case _:
            return f"{{{condition.question}}} {_operation(condition)}"


def _operation(leaf: Any) -> str:
    match leaf:
        case Is(is_=values):
            return f"= {_quoted(values[0])}" if len(values) == 1 else f"anyof [{', '.join(map(_quoted, values))}]"
        case Includes(includes=value):
            return f"contains {_quoted(value)}"
        case AtLeast(at_least=bound):
            return f">= {bound}"
    return "notempty" if leaf.answered else "empty"


def _bracketed(part: Condition) -> str:
    return f"({printed(part)})" if isinstance(part, All | AnyOf) else printed(part)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
