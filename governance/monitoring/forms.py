"""Shapes of the forms of monitoring; what the values mean is judged by the rules and services."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    SubmitField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import DateInput, TextInput

from governance.monitoring import rules
from governance.monitoring.incidents import Account
from governance.monitoring.indicators import MOST_NAME, MOST_NOTE, MOST_UNIT, Limits, Particulars
from governance.monitoring.models import Incident, Indicator
from governance.pages import Form, RevisedForm, locale, options
from governance.projects.models import Project
from governance.questionnaires.definition import Framework
from governance.screenings import kinds
from governance.screenings.measures import owners
from governance.texts import Text

_ASKED = InputRequired(_("入力してください。"))


def real_day(form: Form, field: Field) -> None:
    """Refuse a date that does not exist, also where none need be given."""
    if field.data and not kinds.is_day(kinds.day(field.data)):
        raise ValidationError(_("この日付はありません。2026-12-25 のように入力してください。"))


def day_of(field: Field) -> date | None:
    """Return the date that was entered."""
    stored = kinds.day(field.data or "")
    return date.fromisoformat(stored) if kinds.is_day(stored) else None


class _Number(IntegerField):
    """A whole number typed as text, so that full-width digits come through."""

    widget = TextInput()


class _Particulars:
    name = StringField(_("指標の名前"), [_ASKED, Length(max=MOST_NAME)])
    name_en = StringField(_("指標の名前（英語）"), [Length(max=MOST_NAME)])
    unit = StringField(_("単位"), [Length(max=MOST_UNIT)])
    note = TextAreaField(_("測り方"), [Length(max=MOST_NOTE)], render_kw={"rows": 3})
    every_days = _Number(_("測定の間隔（日）"), [InputRequired(_("日数を整数で入力してください。"))])
    owner_id = SelectField(_("指標の担当"), [InputRequired(_("担当を選んでください。"))], validate_choice=False)
    opens_screening = BooleanField(_("範囲を外れたら、再スクリーニングを自動で始める"))
    run_length = _Number(_("続けて外れた回数"), [InputRequired(_("回数を整数で入力してください。"))])
    phase = SelectField(_("再スクリーニングするフェーズ"), validate_choice=False)

    def offer(self, project: Project, framework: Framework) -> None:
        """Fill the lists with the team of the project and the phases of the framework."""
        people = [(person.id, person.name_in(locale())) for person in owners(project)]
        self.owner_id.choices = options([("", Text("選んでください", "Choose")), *people])
        self.phase.choices = options([(phase.code, phase.name) for phase in framework.phases])

    def particulars(self) -> Particulars:
        """Return what was entered."""
        names = Particulars.__dataclass_fields__
        given: dict[str, Any] = {name: getattr(self, name).data or "" for name in names}
        numbers = {name: given[name] or 0 for name in ("every_days", "run_length")}
        return Particulars(**given | numbers | {"opens_screening": bool(given["opens_screening"])})


class _Limits:
    direction = RadioField(
        _("よい向き"), [InputRequired(_("どの向きがよいかを選んでください。"))], validate_choice=False
    )
    low = StringField(_("下限"), [Length(max=60)], render_kw={"inputmode": "decimal"})
    high = StringField(_("上限"), [Length(max=60)], render_kw={"inputmode": "decimal"})
    valid_from = StringField(_("この範囲の開始日"), [_ASKED, real_day], widget=DateInput())

    def offer_directions(self) -> None:
        """Fill the list of directions."""
        self.direction.choices = options(rules.DIRECTIONS.items())

    def limits(self, zone: tzinfo, now: datetime, reason: str = "") -> Limits:
        """Return the band that was entered; one that begins today begins now when it replaces another."""
        on = day_of(self.valid_from) or now.astimezone(zone).date()
        begins = datetime(on.year, on.month, on.day, tzinfo=zone)
        if reason and on == now.astimezone(zone).date():
            begins = now
        return Limits(self.direction.data or "", self.low.data or "", self.high.data or "", begins, reason)


class IndicatorForm(_Particulars, _Limits, Form):
    """A new indicator with its first band."""


class IndicatorEditForm(_Particulars, RevisedForm):
    """An indicator as it stands, but for its band."""


class BandForm(_Limits, RevisedForm):
    """A new band of an indicator, with the reason."""

    reason = TextAreaField(_("変更の理由"), [_ASKED, Length(max=MOST_NOTE)], render_kw={"rows": 3})


class RetireForm(RevisedForm):
    """Why an indicator ends."""

    reason = TextAreaField(_("終了の理由"), [_ASKED, Length(max=MOST_NOTE)], render_kw={"rows": 2})


class ReadingForm(Form):
    """One reading by hand."""

    at = StringField(_("測定日"), [_ASKED, real_day], widget=DateInput())
    clock = StringField(_("時刻"), [Length(max=8)], render_kw={"inputmode": "numeric"})
    value = StringField(
        _("測定値"), [_ASKED, Length(max=60)], render_kw={"inputmode": "decimal", "autocomplete": "off"}
    )
    note = StringField(_("メモ"), [Length(max=500)])

    def when(self, zone: tzinfo, now: datetime) -> datetime:
        """Return the time that was entered. Raises Refusal."""
        return rules.moment(f"{kinds.day(self.at.data or '')} {(self.clock.data or '').strip()}".strip(), zone, now)


class CorrectionForm(Form):
    """What a reading should have been, or that it should not be there."""

    value = StringField(_("正しい値"), [Length(max=60)], render_kw={"inputmode": "decimal", "autocomplete": "off"})
    reason = TextAreaField(_("訂正の理由"), [_ASKED, Length(max=MOST_NOTE)], render_kw={"rows": 2})
    correct = SubmitField()
    take_back = SubmitField()


class QuietForm(RevisedForm):
    """Why an alert may rest, and until when."""

    reason = TextAreaField(_("確認した内容と理由"), [_ASKED, Length(max=2000)], render_kw={"rows": 3})
    quiet_until = StringField(_("次に見直す日"), [_ASKED, real_day], widget=DateInput())


class FileForm(Form):
    """A file of readings."""

    file = FileField(_("CSVファイル"), [FileRequired(_("ファイルを選んでください。"))])


class ApplyForm(Form):
    """What was looked at, to store."""

    payload = HiddenField()
    correction = StringField(_("訂正の理由"), [Length(max=500)])


class KeyForm(Form):
    """What a key is for."""

    name = StringField(_("キーの名前"), [_ASKED, Length(max=100)])


# ---------------------------------------------------------------- incidents


class _Account:
    kind = RadioField(_("種類"), [InputRequired(_("種類を選んでください。"))], validate_choice=False)
    title = StringField(_("件名"), [_ASKED, Length(max=200)])
    occurred_on = StringField(_("発生日"), [_ASKED, real_day], widget=DateInput())
    occurred_time = StringField(_("発生時刻"), [Length(max=20)])
    found_on = StringField(_("気づいた日"), [_ASKED, real_day], widget=DateInput())
    happened = TextAreaField(_("何が起きたか"), [_ASKED, Length(max=4000)], render_kw={"rows": 4})
    effect = TextAreaField(_("どのような影響があったか"), [Length(max=4000)], render_kw={"rows": 3})
    affected = StringField(_("影響を受けた人"), [Length(max=200)])
    affected_count = _Number(_("影響を受けた人数"), [Optional()])
    severity = RadioField(
        _("影響の大きさ"), [InputRequired(_("影響の大きさを選んでください。"))], validate_choice=False
    )
    immediate = TextAreaField(_("直ちに行ったこと"), [Length(max=4000)], render_kw={"rows": 3})
    cause = TextAreaField(_("原因"), [Length(max=4000)], render_kw={"rows": 4})
    prevention = TextAreaField(_("再発防止"), [Length(max=4000)], render_kw={"rows": 4})
    consequence = RadioField(_("この案件への影響"), validate_choice=False, default="none")

    def offer(self, severities: list[tuple[str, Text]]) -> None:
        """Fill the lists with kinds, grades of severity and consequences."""
        self.kind.choices = options(rules.INCIDENT_KINDS.items())
        self.severity.choices = options(severities)
        self.consequence.choices = options(rules.CONSEQUENCES.items())

    def account(self) -> Account:
        """Return what was entered."""
        texts = ("kind", "title", "occurred_time", "happened", "effect", "affected", "cause", "immediate", "prevention")
        severity = self.severity.data or ""
        return Account(
            occurred_on=day_of(self.occurred_on),
            found_on=day_of(self.found_on),
            severity=int(severity) if severity.isascii() and severity.isdigit() else 0,
            affected_count=self.affected_count.data,
            consequence=self.consequence.data or "none",
            **{name: getattr(self, name).data or "" for name in texts},
        )


class IncidentForm(_Account, Form):
    """A new incident or near miss."""


class IncidentEditForm(_Account, RevisedForm):
    """An incident as it is known, with the reason of what is corrected."""

    reason = TextAreaField(_("変更の理由"), [Length(max=2000)], render_kw={"rows": 2})


def edit_form(one: Incident) -> IncidentEditForm:
    """Return the form of an incident as it stands."""
    form = IncidentEditForm(obj=one)
    if not form.is_submitted():
        form.occurred_on.data, form.found_on.data = one.occurred_on.isoformat(), one.found_on.isoformat()
        form.severity.data = str(one.severity)
    return form


class PlainForm(RevisedForm):
    """An act that needs no words."""


class NoteForm(RevisedForm):
    """A note or reason with an act on an incident."""

    note = TextAreaField(_("確かめたこと"), [_ASKED, Length(max=4000)], render_kw={"rows": 3})


class ReopenForm(RevisedForm):
    """Why an incident is opened again."""

    reason = TextAreaField(_("再開の理由"), [_ASKED, Length(max=2000)], render_kw={"rows": 2})


class ScreenForm(RevisedForm):
    """The phase that is screened again because of an incident."""

    phase = SelectField(_("再スクリーニングするフェーズ"), validate_choice=False)


class AnswerForm(Form):
    """A measure or condition that answers an incident."""

    target = SelectField(_("対応策・付帯条件"), [_ASKED], validate_choice=False)


class DutyForm(Form):
    """Who outside must be told."""

    kind = SelectField(_("報告先の種類"), [_ASKED], validate_choice=False)
    recipient = StringField(_("報告先"), [_ASKED, Length(max=200)])
    due_on = StringField(_("期限"), [real_day], widget=DateInput())
    told_on = StringField(_("報告した日"), [real_day], widget=DateInput())
    note = StringField(_("根拠・メモ"), [Length(max=2000)])


class ToldForm(RevisedForm):
    """The day somebody outside was told."""

    told_on = StringField(_("報告した日"), [_ASKED, real_day], widget=DateInput())


def defaults(one: Indicator | None, framework: Framework, on: date) -> dict[str, Any]:
    """Return what the form of a new indicator or band is opened with."""
    if one is None:
        return {"every_days": 30, "run_length": 1, "phase": framework.phases[-1].code, "valid_from": on.isoformat()}
    band = one.bands[-1]
    return {"direction": band.direction, "low": band.low, "high": band.high, "valid_from": on.isoformat()}


def quiet_day(one: Indicator, on: date) -> str:
    """Return the day on which an acknowledged alert is looked at again, unless another is chosen."""
    return (on + timedelta(days=min(one.every_days, rules.MOST_QUIET_DAYS))).isoformat()
