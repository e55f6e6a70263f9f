"""The form of a committee's rules: one field for every key of domain.md §6.3, filled from the newest version.

What a value may be is judged by `committee_rules`; each of its refusals names the key, so that it stands beside the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from fractions import Fraction
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    Field,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from governance.pages import RevisedForm, locale, options
from governance.reviews.committee import ALLOWED, CONFLICT_CODES, CommitteeRules
from governance.reviews.committee_words import RULES, SHARES, TIES, choices, share_words
from governance.reviews.forms import DayField
from governance.texts import Text, both

TYPES: Mapping[str, str] = {field.name: str(field.type) for field in fields(CommitteeRules)}


class CountField(IntegerField):
    """A whole number; what cannot be read is said in a sentence."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number as browsers send it."""
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(_("整数を入力してください。")) from error


class RulesForm(RevisedForm):
    """The version, its day and reason; the fields of the rules are added below, one for each key."""

    version = StringField(_("版"), [InputRequired(_("版を入力してください。")), Length(max=30)])
    effective_on = DayField(_("施行日"), [InputRequired(_("施行日を入力してください。"))])
    reason = TextAreaField(_("変更の理由"), [InputRequired(_("変更の理由を書いてください。"))])

    def offer(self, expertise: Mapping[str, Text], now: CommitteeRules) -> None:
        """Name the fields and fill their lists; values that are in force stay on offer whatever the framework lists today."""
        for key, rule in RULES.items():
            self[key].label.text = rule.name.in_(locale())
            if key in ALLOWED:
                self[key].choices = options(choices(key))
            elif key in ("recusal_codes", "recusal_bars"):
                self[key].choices = options((code, TIES[code]) for code in CONFLICT_CODES)
            elif TYPES[key] == "tuple[str, ...]":
                own = {code: both(code) for code in getattr(now, key)}
                self[key].choices = options({**own, **expertise}.items())
            elif TYPES[key] == "Fraction":
                listed = sorted({*SHARES, str(getattr(now, key))}, key=Fraction)
                self[key].choices = options((share, share_words(share)) for share in listed)

    def fill(self, now: CommitteeRules) -> None:
        """Show the values of a version."""
        for key in RULES:
            value = getattr(now, key)
            self[key].data = (
                list(value) if isinstance(value, tuple) else str(value) if isinstance(value, Fraction) else value
            )

    def values(self) -> dict[str, Any]:
        """Return the rules as they are stored: plain words, numbers and lists."""
        return {key: self[key].data for key in RULES}


def _field(key: str) -> Field:
    kind = TYPES[key]
    if key in ALLOWED:
        return RadioField(key, [InputRequired(_("選んでください。"))])
    if kind == "int":
        return CountField(key, [InputRequired(_("整数を入力してください。"))])
    if kind == "bool":
        return BooleanField(key)
    if kind == "Fraction":
        return SelectField(key, [InputRequired(_("選んでください。"))])
    return SelectMultipleField(key, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())


for _key in RULES:
    setattr(RulesForm, _key, _field(_key))
