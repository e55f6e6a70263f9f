"""The small forms of the author's pages; the large ones are read field by field (fields.py)."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import ListWidget

from governance.pages import Form, RevisedForm, SelectChoice

REQUIRED = InputRequired(_("入力してください。"))


class NewForm(Form):
    """A questionnaire or framework that did not exist before."""

    kind = RadioField(
        _("作るもの"),
        choices=[SelectChoice("questionnaire", _("質問票")), SelectChoice("framework", _("枠組み"))],
        default="questionnaire",
        widget=ListWidget(prefix_label=False),
    )
    key = StringField(_("キー"), [REQUIRED, Length(max=63, message=_("63字以内で入力してください。"))])


class StartForm(Form):
    """A draft from a published version."""

    version_id = HiddenField()


class ReasonForm(Form):
    """An act on something published that needs a reason."""

    reason = TextAreaField(_("理由"), [REQUIRED])


class ActForm(RevisedForm):
    """An act on a draft without further words."""


class DraftReasonForm(RevisedForm):
    """An act on a draft that needs a reason."""

    reason = TextAreaField(_("理由"), [REQUIRED])


class NoteForm(RevisedForm):
    """What changes and why."""

    note = TextAreaField(_("変更の内容と理由"), [Length(max=20_000, message=_("2万字以内で入力してください。"))])
