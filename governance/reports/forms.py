"""The shape of the request for a report, and of its annulment; what they mean is judged in rules.py."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _
from wtforms import DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from governance.pages import Form, options
from governance.reports.redaction import INTERNAL, profiles
from governance.reports.rules import LANGUAGES, MAX_PURPOSE, MAX_REASON
from governance.texts import Text


def disclosures() -> list[tuple[str, Text]]:
    """Return the redaction profiles with what each leaves out."""
    joined = Text("{name}：{about}", "{name}: {about}")
    return [(code, joined.filled(name=each.name, about=each.about)) for code, each in profiles().items()]


class IssueForm(Form):
    """Which screening, for which readers, in which language, for what."""

    screening = SelectField(_("対象のスクリーニング"), [InputRequired()])
    profile = RadioField(_("開示範囲"), [InputRequired()])
    lang = RadioField(_("報告書の言語"), [InputRequired(_("言語を選んでください。"))])
    purpose = StringField(_("発行の目的"), [InputRequired(_("発行の目的を書いてください。")), Length(max=MAX_PURPOSE)])

    def offer(self, screenings: Sequence[tuple[str, Text]], locale: str) -> None:
        """Fill the lists: the submitted screenings, the newest first, the profiles and the languages."""
        self.screening.choices = options(screenings)
        self.profile.choices = options(disclosures())
        self.profile.data = self.profile.data or INTERNAL
        self.lang.choices = options(LANGUAGES.items())
        self.lang.data = self.lang.data or locale


class DocumentForm(Form):
    """What a report beside the case report is about; each kind keeps the fields it asks for."""

    period = SelectField(_("期間"), [Optional()])
    since = DateField(_("最初の日"), [Optional()])
    until = DateField(_("最後の日"), [Optional()])
    project = StringField(_("案件の番号"), [Length(max=64)])
    questionnaire = SelectField(_("質問票"), [Optional()])
    profile = RadioField(_("開示範囲"), [InputRequired()])
    lang = RadioField(_("報告書の言語"), [InputRequired(_("言語を選んでください。"))])
    purpose = StringField(_("発行の目的"), [InputRequired(_("発行の目的を書いてください。")), Length(max=MAX_PURPOSE)])

    def offer(self, periods: Sequence[tuple[str, Text]], sheets: Sequence[tuple[str, Text]], locale: str) -> None:
        """Fill the lists."""
        self.period.choices = options(periods)
        self.questionnaire.choices = options(sheets)
        self.lang.choices = options(LANGUAGES.items())
        self.lang.data = self.lang.data or locale
        self.profile.choices = options(disclosures())
        self.profile.data = self.profile.data or INTERNAL


class AnnulForm(Form):
    """Why an issued report is annulled."""

    reason = TextAreaField(
        _("取消の理由"),
        [InputRequired(_("取消の理由を書いてください。")), Length(max=MAX_REASON)],
        render_kw={"rows": 4},
    )
