"""The forms of exchanging questionnaires and answers."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from governance.pages import Form

REQUIRED = InputRequired(_("入力してください。"))


class FileForm(Form):
    """A file to look at."""

    file = FileField(_("ファイル"), [FileRequired(_("ファイルを選んでください。"))])


class ChangeForm(FileForm):
    """A file with a changed version of a questionnaire."""

    source = SelectField(_("形式"))


class NewForm(ChangeForm):
    """A file with a questionnaire that does not exist here yet; the head is what foreign formats cannot say."""

    key = StringField(_("キー"), [REQUIRED, Length(max=63, message=_("63字以内で入力してください。"))])
    kind = SelectField(_("種類"))
    phase = SelectField(_("フェーズ"))
    pack = SelectField(_("追加質問群"))
    item = SelectField(_("実践項目"))


class DraftForm(Form):
    """What was looked at, to begin a draft of."""

    text = HiddenField()
    note = TextAreaField(_("変更の目的"))


class ApplyForm(Form):
    """What was looked at, to apply."""

    payload = HiddenField()
