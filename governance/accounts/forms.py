"""Shapes of the account forms; what the values mean is judged by the services."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import EmailField, HiddenField, PasswordField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, Regexp
from wtforms.widgets import CheckboxInput, ListWidget

from governance.accounts.passwords import LONGEST, SHORTEST
from governance.pages import Form, RevisedForm, SelectChoice

LANGUAGES = [SelectChoice("ja", "日本語"), SelectChoice("en", "English")]
_LINE = Length(max=200)


def _required(sentence: str) -> InputRequired:
    return InputRequired(message=sentence)


class SignInForm(Form):
    """Address, password and where to go afterwards."""

    email = EmailField(
        _("メールアドレス"),
        [_required(_("メールアドレスを入力してください。")), Length(max=300)],
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        _("パスワード"),
        [_required(_("パスワードを入力してください。")), Length(max=LONGEST * 4)],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()
    kept = HiddenField()


class SettingsForm(RevisedForm):
    """A person's own name, department and language."""

    name = StringField(_("氏名"), [_required(_("氏名を入力してください。")), _LINE], render_kw={"autocomplete": "name"})
    name_en = StringField(_("氏名（英語）"), [_LINE])
    department = StringField(_("所属"), [_LINE], render_kw={"autocomplete": "organization-title"})
    department_en = StringField(_("所属（英語）"), [_LINE])
    locale = RadioField(_("表示する言語"), [InputRequired()], choices=LANGUAGES)


class PasswordForm(Form):
    """Own password: the current one and the new one."""

    current = PasswordField(
        _("いまのパスワード"),
        [_required(_("いまのパスワードを入力してください。"))],
        render_kw={"autocomplete": "current-password"},
    )
    new = PasswordField(
        _("新しいパスワード"),
        [_required(_("新しいパスワードを入力してください。"))],
        render_kw={"autocomplete": "new-password"},
    )


class NewPersonForm(Form):
    """A new account with its first roles."""

    email = EmailField(
        _("メールアドレス"),
        [
            _required(_("メールアドレスを入力してください。")),
            Length(max=300),
            Regexp(r"^[^@\s]+@[^@\s]+$", message=_("name@example.com の形で入力してください。")),
        ],
    )
    name = StringField(_("氏名"), [_required(_("氏名を入力してください。")), _LINE])
    name_en = StringField(_("氏名（英語）"), [_LINE])
    department = StringField(_("所属"), [_LINE])
    department_en = StringField(_("所属（英語）"), [_LINE])
    locale = RadioField(_("表示する言語"), [InputRequired()], choices=LANGUAGES, default="ja")
    password = PasswordField(
        _("最初のパスワード"),
        [_required(_("最初のパスワードを入力してください。")), Length(min=SHORTEST, max=LONGEST)],
        render_kw={"autocomplete": "new-password"},
    )
    roles = SelectMultipleField(_("役割"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())


class RoleForm(Form):
    """A role to give or to end."""

    role = SelectField(_("付ける役割"), [_required(_("役割を選んでください。"))])


class SetPasswordForm(Form):
    """A new password for somebody who forgot theirs."""

    password = PasswordField(
        _("新しいパスワード"),
        [_required(_("新しいパスワードを入力してください。"))],
        render_kw={"autocomplete": "new-password"},
    )


class EmptyForm(Form):
    """A single button."""
