"""Shapes of the forms that carry a line of a KYT session over."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from governance.learning.forms import DayField
from governance.lessons.services import Line
from governance.pages import Form

_ASKED = InputRequired(_("入力してください。"))
_CHOSEN = InputRequired(_("選んでください。"))


class MeasureForm(Form):
    """A measure of a project."""

    screening_id = SelectField(_("スクリーニング"), [_CHOSEN], validate_choice=False)
    title = StringField(_("対応策"), [_ASKED])
    owner_id = SelectField(_("担当"), [_CHOSEN], validate_choice=False)
    due_on = DayField(_("期限"), [_ASKED])


class RemarkForm(Form):
    """A remark or comment about a case."""

    screening_id = SelectField(_("スクリーニング"), [_CHOSEN], validate_choice=False)
    text = TextAreaField(_("内容"), [_ASKED], render_kw={"rows": 4})


class QuestionForm(Form):
    """A question of a draft."""

    section = SelectField(_("下書きの節"), [_CHOSEN], validate_choice=False)
    topic = StringField(_("見出し"), [_ASKED])
    text = TextAreaField(_("質問文"), [_ASKED], render_kw={"rows": 3})
    why = TextAreaField(_("なぜ大切か"), [_ASKED], render_kw={"rows": 2})


def proposed(one: Line, number: str, side: str) -> dict[str, dict[str, str]]:
    """Return what each form proposes for a line, in the reader's language."""
    if side == "en":
        asked = f"Is this done: {one.text}?" if one.text else f"Can it be excluded that this happens: {one.said()}?"
        about = f"KYT session {number} marked this as a key {'measure' if one.text else 'danger'}: {one.said()}"
    else:
        asked = (
            f"「{one.text}」を実施していますか。"
            if one.text
            else f"「{one.cause}、{one.event}」ことへの備えはありますか。"
        )
        about = (
            f"{number}の話合いで、{'重点実施項目（※）' if one.text else '特に重要な危険（◎）'}としました：{one.said()}"
        )
    return {
        "measure": {"title": one.text or one.event},
        "remark": {"text": about},
        "question": {"topic": (one.text or one.event)[:60], "text": asked, "why": about},
    }
