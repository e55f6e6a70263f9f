"""The words of SurveyJS that are understood, and the small parts that reading and writing share.

What only arranges the page (LAYOUT) has no counterpart here and is noted; every other property that is not listed is refused by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from governance.interchange.documents import Path

Tree = dict[str, Any]
OWN = "governance"
"""How the names of properties begin that SurveyJS does not know."""

LAYOUT = frozenset(
    {
        *("colCount", "startWithNewLine", "width", "minWidth", "maxWidth", "titleLocation", "titleWidth"),
        *("showNumber", "state", "locale", "showQuestionNumbers", "showProgressBar", "progressBarType"),
        *("progressBarLocation", "questionTitleLocation", "questionErrorLocation", "widthMode", "showTitle"),
        *("showPageTitles", "completeText", "pageNextText", "pagePrevText", "previewText"),
        *("focusFirstQuestionAutomatic", "autoFocusFirstQuestion", "checkErrorsMode", "showTOC", "tocLocation"),
        *("headerView", "logo", "logoPosition", "logoWidth", "logoHeight", "placeholder", "placeHolder", "rows"),
        *("autoGrow", "allowResize", "renderAs", "displayMode", "rateDisplayMode", "descriptionLocation"),
        *("errorLocation", "innerIndent", "indent", "hideNumber", "showNavigationButtons"),
        *("navigationButtonsLocation", "separateSpecialChoices", "textUpdateMode", "fitToContainer", "searchEnabled"),
    }
)
COMMON = frozenset({"type", "name", "title", "description", "isRequired", "requiredIf", "visibleIf", "visible"})
CHOOSING = COMMON | {"choices"}
TYPES: dict[str, tuple[str, frozenset[str]]] = {
    "radiogroup": ("single", CHOOSING),
    "dropdown": ("single", CHOOSING),
    "checkbox": ("multiple", CHOOSING),
    "boolean": ("single", COMMON | {"labelTrue", "labelFalse", "valueTrue", "valueFalse"}),
    "rating": (
        "single",
        COMMON
        | {"rateMin", "rateMax", "rateStep", "rateCount", "rateValues", "minRateDescription", "maxRateDescription"},
    ),
    "text": ("text", COMMON | {"inputType", "min", "max", "maxLength"}),
    "comment": ("long_text", COMMON | {"maxLength"}),
    "file": ("file", COMMON),
    "matrixdynamic": ("rows", COMMON | {"columns", "maxRowCount"}),
}
INPUTS = {"text": "text", "number": "number", "date": "date"}
SURVEY = frozenset({"title", "description", "pages", "elements", "questions"})
PAGE = frozenset({"name", "type", "title", "elements", "questions", "visibleIf", "visible"})


@dataclass
class Element:
    """A question of the survey with the panels it lies in: `conditions` are their visibleIf, outermost first."""

    given: Tree
    path: Path
    panel: str


@dataclass
class Part:
    """What becomes one section: a run of questions that share page and panels."""

    name: str
    given: Tree
    path: Path
    titles: list[Any]
    visible: list[tuple[Path, str]]
    elements: list[Element] = field(default_factory=list)


def custom(name: str) -> str:
    """Return the property that carries a field SurveyJS has no word for: needs_evidence → governanceNeedsEvidence."""
    return OWN + "".join(part.capitalize() for part in name.split("_"))


def rates(given: Tree) -> list[Tree]:
    """Return the steps of a rating as choices; the ends carry their descriptions."""
    if isinstance(given.get("rateValues"), list):
        return [each if isinstance(each, dict) else {"value": each} for each in given["rateValues"]]
    try:
        first, step = int(given.get("rateMin", 1)), int(given.get("rateStep", 1))
        last = int(given.get("rateMax", first + int(given.get("rateCount", 5)) - 1))
    except (TypeError, ValueError):
        return []
    items: list[Tree] = [
        {"value": str(rate), "text": {"ja": str(rate), "en": str(rate)}}
        for rate in range(first, last + 1, max(step, 1))[:100]
    ]
    for place, name in ((0, "minRateDescription"), (-1, "maxRateDescription")):
        if items and isinstance(given.get(name), str):
            items[place]["text"] = f"{items[place]['value']} {given[name]}"
        elif items and isinstance(given.get(name), dict):
            items[place]["text"] = {side: f"{items[place]['value']} {words}" for side, words in given[name].items()}
    return items


def joined(first: Tree, second: Tree) -> Tree:
    """Return two texts below each other, side by side in both languages."""
    return {side: f"{first[side]}\n{second[side]}" for side in ("ja", "en")}


class _Words(HTMLParser):
    """Keeps the words of HTML and drops the tags."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        """Keep a run of words."""
        self.found.append(data)


def is_text(value: Any) -> bool:
    """Say whether a value is a text in both languages."""
    return isinstance(value, dict) and all(isinstance(value.get(side), str) for side in ("ja", "en"))


def plain_words(html: str) -> str:
    """Return the words of HTML in one line. Raises ValueError for what no browser would write."""
    words = _Words()
    try:
        words.feed(html)
        words.close()
    except AssertionError as error:  # what the parser says of unknown declarations
        raise ValueError(str(error)) from error
    return " ".join("".join(words.found).split())
