"""Shapes of the forms about erasures and legal holds."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from governance.erasure.rules import BASES, MOST_REASON
from governance.pages import Form, RevisedForm, options
from governance.texts import Text

COUNTED = Text("{name}（{n}件）", "{name} ({n})")


class _Boxes(SelectMultipleField):
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def pre_validate(self, form: object) -> None:
        """Unknown codes are judged by the service, which says so in a sentence."""


class RequestForm(Form):
    """What is to be erased, on what ground, and why."""

    parts = _Boxes(_("消去する内容"), [InputRequired(_("消去する内容を選んでください。"))])
    basis = RadioField(_("法的根拠"), [InputRequired(_("法的根拠を選んでください。"))], validate_choice=False)
    reason = TextAreaField(
        _("理由"), [DataRequired(_("理由を書いてください。")), Length(max=MOST_REASON)], render_kw={"rows": 4}
    )
    early = TextAreaField(_("保存期間中に消去する理由"), [Length(max=MOST_REASON)], render_kw={"rows": 3})

    def offer(self, parts: Mapping[str, tuple[Text, Text]], counts: Mapping[str, int], *, is_kept: bool) -> None:
        """Fill the lists; without a running retention nothing is asked about it."""
        self.parts.choices = options(
            (code, COUNTED.filled(name=name, n=counts[code])) for code, (name, _about) in parts.items()
        )
        self.basis.choices = options(BASES.items())
        if not is_kept:
            del self.early


class ApproveForm(RevisedForm):
    """The second person's consent; it cannot be taken back."""

    sure = BooleanField(
        _("内容を確かめました。消去した内容は元に戻せません。"), [DataRequired(_("確かめて、印を付けてください。"))]
    )


class RefuseForm(RevisedForm):
    """Why a request is refused."""

    verdict = TextAreaField(
        _("却下の理由"),
        [DataRequired(_("却下する理由を書いてください。")), Length(max=MOST_REASON)],
        render_kw={"rows": 3},
    )


class HoldForm(Form):
    """What is kept, and why."""

    target = StringField(
        _("案件番号またはメールアドレス"), [DataRequired(_("案件番号またはメールアドレスを入力してください。"))]
    )
    reason = TextAreaField(
        _("保全の理由"),
        [DataRequired(_("保全の理由を書いてください。")), Length(max=MOST_REASON)],
        render_kw={"rows": 3},
    )


class LiftForm(RevisedForm):
    """Why a hold ends."""

    reason = TextAreaField(
        _("解除の理由"),
        [DataRequired(_("解除の理由を書いてください。")), Length(max=MOST_REASON)],
        render_kw={"rows": 3},
    )
