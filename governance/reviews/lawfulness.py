"""Whether a committee is lawful by its own rules on a day, why not, and what will become unlawful soon.

Members, external share and expertise decide whether a meeting may be opened; too few meetings and a single gender are warnings,
since nothing is undone by them (domain.md §6.3). Every line carries its arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from governance.reviews.committee import CommitteeRules, Member, RuleCheck, composition
from governance.reviews.committees import rules_of, versions_of
from governance.reviews.models import Committee
from governance.reviews.people import seats_of
from governance.reviews.rules import fiscal_year
from governance.texts import Text

LOOK_AHEAD_DAYS = 90
FEW_VOICES = 2
"""So few statements about gender say nothing about the balance, and might say something about a person."""


@dataclass(frozen=True)
class Soon:
    """A day in the near future from which rules are no longer met, and what happens then."""

    on: date
    because: tuple[Text, ...]
    unmet: tuple[RuleCheck, ...]


@dataclass(frozen=True)
class Year:
    """The meetings of a Japanese fiscal year: held, still planned, and how many the rules ask for."""

    year: int
    held: int
    planned: int
    least: int
    alert_from: date
    ends_on: date
    late: bool

    @property
    def met(self) -> bool:
        """True once enough meetings were held."""
        return self.held >= self.least

    @property
    def missing(self) -> int:
        """Return how many meetings are still to be held."""
        return max(0, self.least - self.held)


@dataclass(frozen=True)
class Lawfulness:
    """How a committee stands on a day: the rules that decide, the warnings, and what comes."""

    on: date
    checks: tuple[RuleCheck, ...]
    warnings: tuple[RuleCheck, ...]
    year: Year
    soon: tuple[Soon, ...]

    @property
    def lawful(self) -> bool:
        """True when a meeting may be opened on this day."""
        return all(check.met for check in self.checks)


def lawfulness(row: Committee, on: date, *, held: int, planned: int, said: Sequence[str] = ()) -> Lawfulness:
    """Return how a committee stands on a day. `held` and `planned` count the meetings of the fiscal year; `said` are the genders that
    the members of the day stated, empty ones included.
    """
    members, rules = seats_of(row), rules_of(row, on)
    year = session_year(on, rules, held, planned)
    warnings = [_sessions(year), _chair(row, on)]
    if rules.gender_balance == "warn":
        warnings.append(gender_balance(said))
    return Lawfulness(on, tuple(composition(members, rules, on)), tuple(warnings), year, tuple(soon(row, members, on)))


def month_of_year(year: int, number: int) -> date:
    """Return the first day of a month of a fiscal year: the first is April, the ninth December."""
    month = (number + 2) % 12 + 1
    return date(year if month >= 4 else year + 1, month, 1)


def session_year(on: date, rules: CommitteeRules, held: int, planned: int) -> Year:
    """Return the meetings of the fiscal year of a day; `late` from the alert month while too few were held (domain.md §6.3)."""
    year, least = fiscal_year(on), rules.min_sessions_per_fiscal_year
    alert = month_of_year(year, rules.alert_month)
    return Year(year, held, planned, least, alert, date(year + 1, 3, 31), held < least and on >= alert)


def _sessions(year: Year) -> RuleCheck:
    left = (
        Text("足りています", "enough")
        if year.met
        else Text("{until} までにあと{n}回", "{n} more by {until}").filled(
            until=year.ends_on.isoformat(), n=year.missing
        )
    )
    figures = Text(
        "開催{held}回＋予定{planned}回／年{least}回以上、{left}",
        "{held} held + {planned} planned of at least {least}: {left}",
    ).filled(held=year.held, planned=year.planned, least=year.least, left=left)
    name = Text("{year}年度の開催回数", "Meetings in fiscal year {year}").filled(year=year.year)
    return RuleCheck("sessions", name, figures, not year.late)


def _chair(row: Committee, on: date) -> RuleCheck:
    chairs = sum(
        seat.is_chair and seat.term_from <= on and (seat.term_until is None or on <= seat.term_until)
        for seat in row.members
    )
    return RuleCheck("chair", Text("委員長", "Chair"), Text("{n}名", "{n}").filled(n=chairs), chairs == 1)


def gender_balance(said: Sequence[str]) -> RuleCheck:
    """Warn when all members who stated a gender stated the same one; no figure tells who stated what (domain.md §6.3)."""
    stated = [gender for gender in said if gender]
    if len(stated) < FEW_VOICES:
        figures = Text("申告{n}名。少ないため判断しません", "{n} statements: too few to tell")
    elif len(set(stated)) == 1:
        figures = Text("申告{n}名がすべて同じ性別です", "All {n} statements name the same gender")
    else:
        figures = Text("申告{n}名に複数の性別があります", "{n} statements name more than one gender")
    single = len(stated) >= FEW_VOICES and len(set(stated)) == 1
    return RuleCheck("gender", Text("性別の偏り", "Gender balance"), figures.filled(n=len(stated)), not single)


def soon(row: Committee, members: Sequence[Member], on: date, days: int = LOOK_AHEAD_DAYS) -> list[Soon]:
    """Return the days within the next ones from which a rule is newly unmet: a term ends, or other rules take effect."""
    last, found = on + timedelta(days=days), []
    before = {check.code for check in composition(members, rules_of(row, on), on) if not check.met}
    for day in sorted(turning_days(row, members, on, last)):
        unmet = [check for check in composition(members, rules_of(row, day), day) if not check.met]
        fresh = tuple(check for check in unmet if check.code not in before)
        if fresh:
            found.append(Soon(day, tuple(_because(row, day)), fresh))
        before = {check.code for check in unmet}
    return found


def turning_days(row: Committee, members: Sequence[Member], on: date, last: date) -> set[date]:
    """Return the days after `on` and up to `last` on which seats or rules change."""
    ends = {member.term_until + timedelta(days=1) for member in members if member.term_until}
    begins = {member.term_from for member in members} | {each.effective_on for each in versions_of(row)}
    return {day for day in ends | begins if on < day <= last}


def _because(row: Committee, day: date) -> list[Text]:
    gone = [seat for seat in row.members if seat.term_until == day - timedelta(days=1)]
    adopted = [each for each in versions_of(row) if each.effective_on == day]
    ends = Text("{who}の任期が満了します。", "The term of {who} ends.")
    takes = Text("規則 {version}版が施行されます。", "Version {version} of the rules takes effect.")
    people = [
        ends.filled(who=Text(seat.user.name, seat.user.name_in("en"))) for seat in gone if seat.alternate_of is None
    ]
    return people + [takes.filled(version=each.version) for each in adopted]
