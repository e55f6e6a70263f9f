"""The JSON Schema of questionnaire and framework files, so that editors complete names, show what they mean and mark mistakes.

It is generated from the vocabulary itself and then put into plain JSON Schema 2020-12. A file that it accepts has the right shape; what
the parts of several files say about each other only `rules.check_all` knows.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from governance.questionnaires.definition import Framework, Questionnaire
from governance.questionnaires.fields import FIELDS
from governance.texts import Text

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TITLES = {
    "questionnaire": Text("質問票", "Questionnaire"),
    "framework": Text("枠組み", "Framework"),
}
_DAY = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"

_SOURCE = re.compile(r"\s*\((domain|design|assurance)\.md[^)]*\)")
"""Where a rule comes from is said to those who read the code."""


def schema(kind: Literal["questionnaire", "framework"]) -> dict[str, Any]:
    """Return the JSON Schema of a kind of document. Names are given in Japanese and English, meanings in English."""
    model = Framework if kind == "framework" else Questionnaire
    made = _plain(model.model_json_schema(by_alias=True, mode="validation"))
    title = TITLES[kind]
    head = {"$schema": DIALECT, "$id": f"urn:governance:schema:{kind}", "title": f"{title.ja} / {title.en}"}
    return head | {name: value for name, value in made.items() if name != "title"}


def _plain(node: Any) -> Any:
    """Return a part of the schema without what only its generator knows, with names and exact numbers as files write them."""
    if isinstance(node, list):
        return [_plain(each) for each in node]
    if not isinstance(node, dict):
        return node
    if _is_decimal(node):
        return _decimal(node)
    made = {name: _plain(value) for name, value in node.items() if name not in ("discriminator", "title", "properties")}
    if isinstance(made.get("description"), str):
        made["description"] = _SOURCE.sub("", made["description"])
    if made.get("format") == "date":
        made["pattern"] = _DAY
    if "properties" in node:
        made["properties"] = {name: _titled(name, value) for name, value in node["properties"].items()}
        if isinstance(node.get("title"), str):
            made["title"] = node["title"]
    return made


def _titled(name: str, value: Any) -> Any:
    """Return a property with its name in both languages, where it has one."""
    named = FIELDS.get(name)
    made = _plain(value)
    return made if named is None else {"title": f"{named.ja} / {named.en}"} | made


def _is_decimal(node: dict[str, Any]) -> bool:
    """Say whether the part is the generator's way of writing an exact number: a number or a text of digits."""
    kinds = [each.get("type") for each in node.get("anyOf", []) if isinstance(each, dict)]
    return "number" in kinds and "string" in kinds


def _decimal(node: dict[str, Any]) -> dict[str, Any]:
    """Return an exact number, in quotes or bare, within the same bounds; these are nought or its negative and a power of ten."""
    least, most = int(node["ge"]), int(node["le"])
    sign, digits = "-?" if least < 0 else "", len(str(most)) - 1
    pattern = rf"^{sign}([0-9]{{1,{digits}}}(\.[0-9]{{1,6}})?|{most}(\.0{{1,6}})?)$"
    number = {"type": "number", "minimum": least, "maximum": most}
    return {"anyOf": [{"type": "string", "pattern": pattern}, number]}
