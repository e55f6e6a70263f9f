"""The smallest documents that are sound: what an author begins with when there is no version to begin from."""

from __future__ import annotations

import json

from pydantic import ValidationError

from governance.questionnaires.definition import Framework, Questionnaire
from governance.questionnaires.reading import DocumentT
from governance.refusals import Refusal

FIRST_VERSION = "1.0"


def _text(ja: str, en: str) -> dict[str, str]:
    return {"ja": ja, "en": en}


def _named(code: str, ja: str, en: str, **more: object) -> dict[str, object]:
    return {"code": code, "name": _text(ja, en), **more}


TITLE = _text("題を書いてください", "Write the title")
QUESTION = {
    "topic": _text("話題を短く書いてください", "Name the topic"),
    "text": _text("質問文を書いてください。", "Write the question."),
    "why": _text("なぜ尋ねるのかを書いてください。", "Write why it is asked."),
    "kind": "yes_no_unknown",
}
FRAMEWORK = {
    "title": TITLE,
    "notice": _text("この枠組みの位置づけを書いてください。", "Write what this framework is and is not."),
    "phases": [_named("P", "計画", "Planning", statement=_text("計画します。", "Plan."))],
    "items": [_named("general", "全般", "General", short=_text("全般", "General"))],
    "scale": [
        _named("done", "実施済", "Done", mark="○", factor="1.0"),
        _named("not_done", "未実施", "Not done", mark="×", factor="0.0"),
    ],
    "levels": [
        _named("low", "低", "Low", at_least=1, valid_months=24),
        _named("high", "高", "High", at_least=3, valid_months=12),
    ],
    "severity": [
        {"name": _text("軽微", "Slight"), "anchor": _text("すぐに回復する", "Quickly undone")},
        {"name": _text("重大", "Serious"), "anchor": _text("回復が難しい", "Hard to undo")},
    ],
    "likelihood": [
        {"name": _text("まれ", "Unlikely"), "anchor": _text("通常は起きない", "Not normally expected")},
        {"name": _text("起きやすい", "Likely"), "anchor": _text("起きやすい", "Likely")},
    ],
    "scoring": {
        "method": "matrix",
        "version": FIRST_VERSION,
        "step_down_at_percent": "80",
        "step_down": 1,
        "gate_minimum": "1.0",
        "gate_blocks_from_level": "high",
    },
    "routes": [
        _named(
            "standard",
            "標準",
            "Standard",
            asks="all",
            body="team",
            description=_text("専門チームが審査します。", "The expert team reviews."),
        )
    ],
    "route_by_inherent": {"low": "standard", "high": "standard"},
    "bodies": [_named("team", "AI倫理専門チーム", "AI-ethics expert team")],
    "deciders": [
        {"residual": "low", "bodies": ["team"], "outcomes": ["approved", "returned"]},
        {"residual": "high", "bodies": ["team"], "outcomes": ["returned", "rejected"]},
    ],
    "sectors": [_named("general", "全般", "General")],
    "regions": [_named("japan", "日本", "Japan")],
    "own_roles": [_named("developer", "開発者", "Developer")],
    "techniques": [_named("general", "全般", "General")],
}


def new_framework(key: str, effective_on: str) -> Framework:
    """Return the smallest sound framework under this key. Raises Refusal for a key that cannot be one."""
    return _made(Framework, {"key": key, "version": FIRST_VERSION, "effective_on": effective_on, **FRAMEWORK})


def new_questionnaire(key: str, framework: Framework) -> Questionnaire:
    """Return a questionnaire of one question for the first phase of the framework. Raises Refusal for a key that cannot be one."""
    section = {"key": f"{key[:60]}.S", "title": TITLE, "questions": [{"key": f"{key[:60]}.1", **QUESTION}]}
    head = {"key": key, "version": FIRST_VERSION, "kind": "screening", "framework": framework.key}
    return _made(Questionnaire, {**head, "phase": framework.phases[0].code, "title": TITLE, "sections": [section]})


def _made(kind: type[DocumentT], values: dict[str, object]) -> DocumentT:
    try:
        return kind.model_validate_json(json.dumps(values))
    except ValidationError as error:
        raise Refusal(
            "questionnaires.key",
            "キーは英字で始め、英数字と「_」「.」「-」だけを使い、63字以内で入力してください。",
            "Begin the key with a letter and use only letters, digits, “_”, “.” and “-”, 63 at most.",
            place="key",
        ) from error
