"""The shape of the request for a report; what it means is judged in rules.py."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _
from wtforms import RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from governance.pages import Form, options
from governance.reports.rules import LANGUAGES, MAX_PURPOSE
from governance.texts import Text


class IssueForm(Form):
    """Which screening, in which language, for what."""

    screening = SelectField(_("対象のスクリーニング"), [InputRequired()])
    lang = RadioField(_("報告書の言語"), [InputRequired(_("言語を選んでください。"))])
    purpose = StringField(_("発行の目的"), [InputRequired(_("発行の目的を書いてください。")), Length(max=MAX_PURPOSE)])

    def offer(self, screenings: Sequence[tuple[str, Text]], locale: str) -> None:
        """Fill the lists: the submitted screenings, the newest first, and the languages."""
        self.screening.choices = options(screenings)
        self.lang.choices = options(LANGUAGES.items())
        self.lang.data = self.lang.data or locale
