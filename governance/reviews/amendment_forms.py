"""Shapes of the forms about what follows a decision: a change, the decision on it, an appeal."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _
from wtforms import RadioField, SelectMultipleField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from governance.pages import Form, RevisedForm, options
from governance.questionnaires.definition import Occasion, Phase
from governance.reviews.amendment_rules import MOST_TEXT, SCALES
from governance.texts import Text

WEIGHTY = Text("{name}（重要な変更になります）", "{name} (makes it a major change)")
VERDICTS = (
    ("accept", Text("軽微な変更として認める", "Accept as a minor change")),
    ("rescreen", Text("重要な変更として再スクリーニングにする", "Treat as major: screen again")),
)


class _Boxes(SelectMultipleField):
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def pre_validate(self, form: object) -> None:
        """Unknown codes are judged by the service, which says so in a sentence."""


class AmendmentForm(Form):
    """A change to what was approved."""

    phase = RadioField(_("変更するフェーズ"), [InputRequired(_("フェーズを選んでください。"))], validate_choice=False)
    reasons = _Boxes(_("変わること"), [InputRequired(_("変わることを、一覧から1つ以上選んでください。"))])
    text = TextAreaField(
        _("何をどう変えるか"),
        [DataRequired(_("何をどう変えるかを書いてください。")), Length(max=MOST_TEXT)],
        render_kw={"rows": 5},
    )
    scale = RadioField(_("変更の大きさ"), [InputRequired(_("変更の大きさを選んでください。"))], validate_choice=False)

    def offer(self, phases: Sequence[Phase], occasions: Sequence[Occasion]) -> None:
        """Fill the lists with the phases that are approved and the reasons of the framework."""
        self.phase.choices = options((each.code, each.name) for each in phases)
        if not self.is_submitted() and len(phases) == 1:
            self.phase.data = phases[0].code
        self.reasons.choices = options(
            (each.code, WEIGHTY.filled(name=each.name) if each.ratings else each.name) for each in occasions
        )
        self.scale.choices = options(SCALES.items())
        if not occasions:
            del self.reasons


class VerdictForm(RevisedForm):
    """What the expert team says of a minor change."""

    act = RadioField(_("判断"), [InputRequired(_("判断を選んでください。"))])
    verdict = TextAreaField(
        _("理由"), [DataRequired(_("理由を書いてください。")), Length(max=MOST_TEXT)], render_kw={"rows": 4}
    )

    def offer(self) -> None:
        """Fill the list of what can be decided."""
        self.act.choices = options(VERDICTS)


class AppealForm(RevisedForm):
    """An appeal against a rejection."""

    facts = TextAreaField(
        _("新しい事実"),
        [DataRequired(_("不承認のあとで分かった新しい事実を書いてください。")), Length(max=MOST_TEXT)],
        render_kw={"rows": 7},
    )
