"""Shapes of the project forms; which codes exist comes from the framework, what the values mean is judged by rules.py."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from governance.accounts.models import User
from governance.pages import Form, RevisedForm, locale
from governance.projects.rules import LIMITS, Particulars
from governance.questionnaires.definition import Framework
from governance.questionnaires.parts import Named


class _Boxes(SelectMultipleField):
    """Several codes as check boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def pre_validate(self, form: object) -> None:
        """Unknown codes are judged by the rules, which say so in a sentence."""


def _one_or_more() -> InputRequired:
    return InputRequired(_("1つ以上選んでください。"))


class _Particulars:
    name = StringField(
        _("案件の名称"), [InputRequired(_("案件の名称を入力してください。")), Length(max=LIMITS["name"])]
    )
    name_en = StringField(_("案件の名称（英語）"), [Length(max=LIMITS["name"])])
    summary = TextAreaField(_("概要"), [Length(max=LIMITS["summary"])], render_kw={"rows": 4})
    sector = SelectField(_("セクター"), [InputRequired(_("セクターを選んでください。"))], validate_choice=False)
    regions = _Boxes(_("地域"), [_one_or_more()])
    own_roles = _Boxes(_("自社の役割"), [_one_or_more()])
    customer = StringField(_("顧客"), [Length(max=LIMITS["customer"])])
    end_subjects = StringField(_("影響を受ける人"), [Length(max=LIMITS["end_subjects"])])
    techniques = _Boxes(_("使うAI技術"), [_one_or_more()])
    system_version = StringField(_("システムの版"), [Length(max=LIMITS["system_version"])])
    department = StringField(_("担当部門"), [Length(max=LIMITS["department"])])

    def offer(self, framework: Framework) -> None:
        """Fill the lists with the codes of the framework in the reader's language."""
        self.sector.choices = [("", _("選んでください")), *_choices(framework.sectors)]
        self.regions.choices = _choices(framework.regions)
        self.own_roles.choices = _choices(framework.own_roles)
        self.techniques.choices = _choices(framework.techniques)

    def particulars(self, kept: Particulars | None = None) -> Particulars:
        """Return what was entered; English texts that have no field here are kept from before."""
        given: dict[str, Any] = {
            name: getattr(self, name).data or ("" if name not in ("regions", "own_roles", "techniques") else [])
            for name in Particulars.__dataclass_fields__
            if hasattr(self, name)
        }
        before = {
            name: getattr(kept, name)
            for name in Particulars.__dataclass_fields__
            if kept is not None and name not in given
        }
        return Particulars(**before, **given)


class RegisterForm(_Particulars, Form):
    """A new project."""


class EditForm(_Particulars, RevisedForm):
    """A stored project."""


class MemberForm(Form):
    """One more person in the project."""

    user_id = SelectField(_("加える人"), [InputRequired(_("人を選んでください。"))], validate_choice=False)
    part = SelectField(_("役割"), [InputRequired(_("役割を選んでください。"))], validate_choice=False)

    def offer(self, people: Iterable[User], parts: Iterable[tuple[str, str]]) -> None:
        """Fill the lists of people and parts."""
        self.user_id.choices = [
            ("", _("選んでください")),
            *((p.id, f"{p.name_in(locale())}　{_department(p)}") for p in people),
        ]
        self.part.choices = list(parts)


def _department(person: User) -> str:
    return (person.department_en if locale() == "en" else "") or person.department


def _choices(parts: Iterable[Named]) -> list[tuple[str, str]]:
    return [(part.code, part.name.in_(locale())) for part in parts]
