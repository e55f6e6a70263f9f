"""Pages of a committee's rules: all keys with their sources, the versions and how they differ, and the form of a new version.

The page of the committee itself stands in meeting_views.py; what it shows of lawfulness is gathered here.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, cast

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from governance.accounts.rules import may
from governance.pages import accepted, current_work, page, permission, redirect_to, refusals_beside, tell
from governance.refusals import NotFound
from governance.reviews import circulating, committee_words, committees
from governance.reviews.committees import RulesVersion
from governance.reviews.lawfulness import Lawfulness, lawfulness
from governance.reviews.meeting_pages import expertise_names
from governance.reviews.models import Committee, Meeting
from governance.reviews.people import own_seat, standing
from governance.reviews.rule_forms import RulesForm
from governance.reviews.rules import OUTCOMES, fiscal_year, local_date
from governance.texts import Text
from governance.work import UnitOfWork

blueprint = Blueprint("committees", __name__)


def standing_of(work: UnitOfWork, row: Committee) -> Lawfulness:
    """Return how a committee stands by its own rules today."""
    day = local_date(work.now)
    query = select(Meeting.state).where(Meeting.committee_id == row.id, Meeting.fiscal_year == fiscal_year(day))
    states = list(work.session.scalars(query))
    planned = states.count("planned")
    said = [seat.gender for seat in committees.seats_on(row, day) if seat.alternate_of is None]
    return lawfulness(row, day, held=len(states) - planned, planned=planned, said=said)


@blueprint.get("/committees/<committee_id>/rules")
@permission("committee:view")
def rules(committee_id: str) -> ResponseReturnValue:
    """Show the rules in force with their sources, every version, and how two of them differ."""
    work = current_work()
    row = committees.committee(work, committee_id)
    day, names = local_date(work.now), expertise_names(work)
    versions, now = committees.versions_of(row), committees.version_in_force(row, day)
    before, after = _compared(versions)
    return page(
        "reviews/committee_rules.html",
        committee=row,
        now=now,
        day=day,
        lines=committee_words.lines(now.rules, names),
        versions=[(each, _state(each, now, day), _changes(versions, each, names)) for each in reversed(versions)],
        all=versions,
        before=before,
        after=after,
        compared=committee_words.differences(before.rules, after.rules, names) if before and after else None,
        may_edit=may(work.actor, "committee:edit", standing(work, row)),
    )


def _state(each: RulesVersion, now: RulesVersion, day: date) -> str:
    return "now" if each is now or each.number == now.number else "ahead" if each.effective_on > day else "past"


def _changes(
    versions: list[RulesVersion], each: RulesVersion, names: dict[str, Text]
) -> list[committee_words.Difference]:
    if not each.number:
        return []
    return committee_words.differences(versions[each.number - 1].rules, each.rules, names)


def _compared(versions: list[RulesVersion]) -> tuple[RulesVersion | None, RulesVersion | None]:
    """Return the two versions that the reader asked to compare."""
    by_name = {each.version: each for each in versions}
    asked = [request.args.get(name, "") for name in ("from", "to")]
    if not all(asked):
        return None, None
    if not set(asked) <= by_name.keys():
        raise NotFound
    return by_name[asked[0]], by_name[asked[1]]


# long: one argument per value of a version
@blueprint.route("/committees/<committee_id>/rules/new", methods=["GET", "POST"])
@permission("committee:edit")
def adopt(committee_id: str) -> ResponseReturnValue:
    """Write and adopt a new version of the rules."""
    work = current_work()
    row = committees.committee(work, committee_id)
    newest = committees.versions_of(row)[-1]
    form = RulesForm(obj=row)
    form.offer(expertise_names(work), newest.rules)
    if not form.is_submitted():
        form.fill(newest.rules)
        form.version.data, form.effective_on.data = _next_version(row), local_date(work.now) + timedelta(days=1)
        form.reason.data = ""
    if accepted(form):
        with refusals_beside(form):
            committees.change_rules(
                work,
                row,
                form.values(),
                rev=cast(int, form.rev.data),
                version=form.version.data or "",
                effective_on=cast(date, form.effective_on.data),
                reason=form.reason.data or "",
            )
            tell(Text("規則の新しい版を定めました。", "The new version of the rules is adopted."))
            return redirect_to("committees.rules", committee_id=row.id)
    row = committees.committee(work, committee_id)
    return page(
        "reviews/committee_rules_edit.html", committee=row, newest=newest, form=form, groups=committee_words.GROUPS
    )


def _next_version(row: Committee) -> str:
    """Return a version that is free: one major step after the newest."""
    names = {each.version for each in committees.versions_of(row)}
    number = len(names)
    while (name := f"{number + 1}.0") in names:
        number += 1
    return name


@blueprint.post("/committees/<committee_id>/gender")
@permission("committee:view")
def say_gender(committee_id: str) -> ResponseReturnValue:
    """Keep or take back what a member says about their own gender."""
    work = current_work()
    row = committees.committee(work, committee_id)
    committees.state_gender(work, row, request.form.get("gender", ""))
    tell(Text("申告を保存しました。", "Your statement is saved."))
    return redirect_to("meetings.committee", committee_id=row.id)


def shown(work: UnitOfWork, row: Committee) -> dict[str, Any]:
    """Return what the page of a committee shows about its lawfulness, its rules and the reader's own seat."""
    day = local_date(work.now)
    return {
        "lawful": standing_of(work, row),
        "in_force": committees.version_in_force(row, day),
        "ahead": [each for each in committees.versions_of(row) if each.number and each.effective_on > day],
        "own_seat": own_seat(work, row),
        "genders": committees.GENDERS,
        "circulations": circulating.circulations(work, row),
        "may_circulate": may(work.actor, "circulation:start", standing(work, row))
        and committees.rules_of(row, day).circulation != "never",
        "outcomes": OUTCOMES,
    }
