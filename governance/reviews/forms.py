"""Reading the forms of committees, meetings and conditions; what the values mean is judged by the services.

Records (a seat, a meeting) are WTForms; the acts of a running meeting are single fields of a page that holds several forms, and are
read one by one, so that a refused act shows that page again with everything that was entered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import cast

from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import InputRequired, Length
from wtforms.validators import Optional as MayBeEmpty
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from governance.accounts.models import User
from governance.pages import Form, locale, options, zone
from governance.questionnaires.parts import Named
from governance.reviews.models import CommitteeMember
from governance.texts import Text

SIDES: Mapping[str, Text] = {"external": Text("外部委員", "External"), "internal": Text("内部委員", "Internal")}
Sent = Mapping[str, str]


class DayField(DateField):
    """A date; what cannot be read is said in a sentence."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the date as browsers send it."""
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(_("2026-12-25 のような日付を入力してください。")) from error


class MomentField(DateTimeLocalField):
    """A date with a time of day, in the zone of the viewer."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read date and time as browsers send them."""
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(_("2026-12-25T13:30 のような日時を入力してください。")) from error


class AppointForm(Form):
    """A person's seat for a term."""

    user_id = SelectField(_("委員にする人"), [InputRequired(_("人を選んでください。"))])
    side = RadioField(_("内部・外部"), [InputRequired(_("内部か外部かを選んでください。"))])
    expertise = SelectMultipleField(_("専門"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())
    is_chair = BooleanField(_("委員長"))
    alternate_of = SelectField(_("代理する委員"), [MayBeEmpty()])
    term_from = DayField(_("任期の始まり"), [InputRequired(_("任期の始まりを入力してください。"))])
    term_until = DayField(_("任期の終わり"), [MayBeEmpty()])

    def offer(self, people: Iterable[User], expertise: Iterable[Named], seats: Iterable[CommitteeMember] = ()) -> None:
        """Fill the lists with the people, the expertise codes of the framework, and the seats an alternate may stand in for."""
        held = [(seat.id, both_names(seat.user)) for seat in seats if seat.alternate_of is None]
        self.alternate_of.choices = options([("", Text("代理ではない（委員）", "Nobody (a member)")), *held])
        named = [(p.id, both_names(p)) for p in people]
        self.user_id.choices = options([("", Text("選んでください", "Choose")), *named])
        self.side.choices = options(SIDES.items())
        self.expertise.choices = options((each.code, each.name) for each in expertise)


class PlanForm(Form):
    """A meeting to come."""

    starts_at = MomentField(
        _("開催日時"),
        [InputRequired(_("開催日時を入力してください。"))],
        format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )
    place = StringField(_("場所"), [Length(max=200)])
    place_en = StringField(_("場所（英語）"), [Length(max=200)])
    link = StringField(_("オンライン会議の番地"), [Length(max=300)])

    @property
    def moment(self) -> datetime:
        """Return the moment that was entered, read in the viewer's zone."""
        naive = cast(datetime, self.starts_at.data)  # required, so there is one once the form is accepted
        return naive.replace(tzinfo=zone())


class ChangeForm(PlanForm):
    """A meeting that is planned, to be moved or held elsewhere."""

    rev = IntegerField(widget=HiddenInput(), validators=[InputRequired()])


class LastDayForm(Form):
    """The last day of a term."""

    term_until = DayField(_("任期の終わり"), [InputRequired(_("最後の日を入力してください。"))])


def both_names(person: User) -> str:
    """Return a person's name with the department, to tell people of the same name apart."""
    where = (person.department_en if locale() == "en" else "") or person.department
    return f"{person.name_in(locale())}　{where}" if where else person.name_in(locale())


def whole(sent: Sent, name: str = "rev") -> int:
    """Return a whole number of the form; 0, which no stored record has as its revision, when there is none."""
    value = sent.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0


def text(sent: Sent, name: str) -> str:
    """Return a text of the form with plain line ends, so that a digest does not depend on the browser."""
    return sent.get(name, "").replace("\r\n", "\n").replace("\r", "\n")


def arrivals(sent: Sent, seats: Iterable[CommitteeMember]) -> list[tuple[CommitteeMember, str]]:
    """Return who was marked as arrived and how (`arrive-<seat>`)."""
    return [(seat, mode) for seat in seats if (mode := sent.get(f"arrive-{seat.id}", ""))]


def leaving(sent: Sent, seats: Iterable[CommitteeMember]) -> list[CommitteeMember]:
    """Return who was marked as leaving (`leave`)."""
    return [seat for seat in seats if sent.get("leave", "") == seat.id]


def default_term(today: date) -> tuple[date, date]:
    """Return a term of two years from today, to the end of the fiscal year."""
    last_year = today.year + (2 if today.month < 4 else 3)
    return today, date(last_year, 3, 31)
