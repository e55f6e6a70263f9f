"""Shapes of the forms about the life of a project: a re-screening, a turn with its reason, the disposal record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, DateField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length
from wtforms.validators import Optional as MayBeEmpty
from wtforms.widgets import CheckboxInput, ListWidget

from governance.pages import Form, options
from governance.projects.life_rules import MAX_TEXT, TOPICS, Disposed
from governance.questionnaires.definition import Occasion, Phase
from governance.screenings.reopening import MAX_NOTE
from governance.texts import Text

RATED = Text("{name}（影響と起こりやすさも確かめます）", "{name} (severity and likelihood too)")


class DayField(DateField):
    """A date; what cannot be read is said in a sentence."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the date as browsers send it."""
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(_("2026-12-25 のような日付を入力してください。")) from error


class _Boxes(SelectMultipleField):
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def pre_validate(self, form: object) -> None:
        """Unknown codes are judged by the service, which says so in a sentence."""


class ReopenForm(Form):
    """A re-screening of one phase."""

    phase = RadioField(_("見直すフェーズ"), [InputRequired(_("フェーズを選んでください。"))], validate_choice=False)
    reasons = _Boxes(_("理由"), [InputRequired(_("再スクリーニングの理由を、一覧から1つ以上選んでください。"))])
    note = TextAreaField(
        _("何が変わったか"),
        [DataRequired(_("何が変わったかを書いてください。")), Length(max=MAX_NOTE)],
        render_kw={"rows": 4},
    )
    due_on = DayField(_("提出の期限"), [MayBeEmpty()])

    def offer(self, phases: Sequence[Phase], reasons: Sequence[Occasion]) -> None:
        """Fill the lists with the phases that can be looked at again and the reasons of the framework."""
        self.phase.choices = options((each.code, each.name) for each in phases)
        self.reasons.choices = options(
            (each.code, RATED.filled(name=each.name) if each.ratings else each.name) for each in reasons
        )
        if not reasons:
            del self.reasons
        if not reasons:
            del self.reasons  # a framework before the list of reasons
        if len(phases) == 1 and not self.phase.data:
            self.phase.data = phases[0].code


class TurnForm(Form):
    """A turn in the life of a project, with its reason."""

    reason = TextAreaField(
        _("理由"), [DataRequired(_("理由を書いてください。")), Length(max=MAX_TEXT)], render_kw={"rows": 4}
    )


def _told(label: Any) -> TextAreaField:
    missing = _("どうしたかを書くか、「該当なし」を選んで理由を書いてください。")
    return TextAreaField(label, [DataRequired(missing), Length(max=MAX_TEXT)], render_kw={"rows": 3})


class RetireForm(TurnForm):
    """The end of a project with its disposal record; what is missing is judged by the rules, all at once."""

    told_data = _told(_("データをどうしたか"))
    none_data = BooleanField(_("該当なし（上に理由を書いてください）"))
    told_models = _told(_("モデルをどうしたか"))
    none_models = BooleanField(_("該当なし（上に理由を書いてください）"))
    told_access = _told(_("アクセス権・接続をどうしたか"))
    none_access = BooleanField(_("該当なし（上に理由を書いてください）"))
    told_customers = _told(_("顧客・利用者にどう知らせたか"))
    none_customers = BooleanField(_("該当なし（上に理由を書いてください）"))
    told_records = _told(_("どの記録をどこに残すか"))
    none_records = BooleanField(_("該当なし（上に理由を書いてください）"))
    records_until = DayField(_("記録を残す期限"), [MayBeEmpty()])
    done_by = StringField(_("処分を行った人"), [DataRequired(_("だれが行ったかを入力してください。")), Length(max=200)])
    done_on = DayField(_("処分が済んだ日"), [InputRequired(_("いつ行ったかを入力してください。"))])

    def topics(self) -> list[tuple[Any, Any]]:
        """Return the two fields of each topic, in order."""
        return [(self[f"told_{topic}"], self[f"none_{topic}"]) for topic in TOPICS]

    def disposed(self) -> Disposed:
        """Return what was entered."""
        return Disposed(
            told={topic: self[f"told_{topic}"].data or "" for topic in TOPICS},
            not_applicable=frozenset(topic for topic in TOPICS if self[f"none_{topic}"].data),
            records_until=self.records_until.data,
            done_by=self.done_by.data or "",
            done_on=self.done_on.data,
        )
