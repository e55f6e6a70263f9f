"""Pages that show the work: what waits for me, the register of projects, and the page of one case."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from governance.accounts.models import User
from governance.accounts.rules import ROLES, may, may_ever
from governance.insight import calendar_views, cases, documents, journal, services
from governance.insight.rules import SHOWN, overdue
from governance.insight.services import PAGE, Wanted
from governance.insight.waiting import tasks
from governance.monitoring.showing import told
from governance.monitoring.standing import standing
from governance.pages import current_person, current_work, page, permission, signed_in, today, zone
from governance.projects.life_rules import CLOSED, TOPICS
from governance.projects.life_rules import STATES as LIFE
from governance.projects.services import project as project_of
from governance.questionnaires.definition import Framework
from governance.questionnaires.models import FrameworkVersion
from governance.questionnaires.services import framework_in
from governance.reviews.decisions import board_rejected
from governance.reviews.rules import KINDS, OUTCOMES
from governance.screenings import measures
from governance.screenings.explain import level, stop_reason, totals
from governance.screenings.framing import clashes, shown_items
from governance.screenings.showing import ShownItem
from governance.states import STATES
from governance.texts import Text, joined

blueprint = Blueprint("insight", __name__)
blueprints = (blueprint, calendar_views.blueprint, documents.blueprint, journal.blueprint)

TURN_NAMES = {
    "suspend": Text("一時停止する", "Suspend"),
    "resume": Text("再開する", "Resume"),
    "withdraw": Text("取り下げる", "Withdraw"),
    "retire": Text("廃止する", "Retire"),
}
OTHERS = 8
"""Projects shown to a reader who belongs to none."""

FILTERS = ("q", "phase", "state", "route", "level", "sector")
LIST_STATES = (
    "none",
    "draft",
    "submitted",
    "returned",
    "triage",
    "in_review",
    "discussion",
    "board_queued",
    "deferred",
    "board_session",
    "approved",
    "approved_with_conditions",
    "rejected",
    "escalated",
    "appeal",
    "blocked",
    "withdrawn",
    "expired",
    "project.suspended",
    "project.retired",
)
DUTIES = (
    ("ledger:verify", "/ledger", Text("監査台帳を見る・検証する", "See and verify the audit ledger")),
    ("report:download", "/reports", Text("報告書の一覧", "Register of reports")),
    ("account:manage", "/people", Text("利用者と役割", "People and roles")),
    ("committee:view", "/committees", Text("委員会と会議", "Committees and meetings")),
    ("questionnaire:publish", "/questionnaires", Text("質問票と枠組み", "Questionnaires and framework")),
)


@blueprint.get("/")
@signed_in()
def home() -> ResponseReturnValue:
    """Show what waits for the reader, the next step first."""
    work, day = current_work(), today()
    waiting = tasks(work, day)
    own = services.mine(work, day)
    others = [] if own else services.register(work, Wanted(), day).rows[:OTHERS]
    return page(
        "insight/home.html",
        tasks=waiting[:SHOWN],
        count=len(waiting),
        late=overdue(waiting, day),
        tally=min(len(waiting), SHOWN),
        next=waiting[0] if waiting else None,
        own=own,
        others=others,
        ahead=services.ahead(work, own, day),
        changes=services.changes(work),
        me=work.session.get(User, work.actor.id),
        roles=offices(work.actor.roles),
        duties=duties(),
        level=level,
        may_register=may(work.actor, "project:register"),
    )


def offices(roles: frozenset[str]) -> Text:
    """Return the roles of the reader in words; everybody in a team is a member, so that is said only when it is all."""
    return joined(ROLES[code] for code in ROLES if code in roles and (code != "member" or len(roles) == 1))


def duties() -> list[tuple[str, Text]]:
    """Return the pages of the reader's office, for those whose work is not in a list of cases."""
    person = current_person()
    if person is None or not person.roles & {"auditor", "administrator", "secretariat", "chair", "privacy"}:
        return []
    return [(path, words) for code, path, words in DUTIES if may_ever(person, code)]


@blueprint.get("/projects")
@permission("project:view")
def projects() -> ResponseReturnValue:
    """Show the register of projects, with words and filters."""
    work, wanted = current_work(), _wanted()
    number = request.args.get("page", 1, type=int)
    found = services.register(work, wanted, today(), number)
    newest = work.session.scalars(
        select(FrameworkVersion)
        .order_by(FrameworkVersion.effective_on.desc(), FrameworkVersion.published_at.desc())
        .limit(1)
    ).first()
    return page(
        "insight/projects.html",
        found=found,
        wanted=wanted,
        any_filter=wanted != Wanted(),
        options=_options(framework_in(newest) if newest else None),
        level=level,
        before=_page_href(number - 1) if found.first > 1 else None,
        after=_page_href(number + 1) if found.last < found.total else None,
        may_register=may(work.actor, "project:register"),
        page_size=PAGE,
    )


def _wanted() -> Wanted:
    given = {name: request.args.get(name, "").strip()[:120] for name in ("phase", "state", "route", "sector")}
    return Wanted(words=request.args.get("q", "").strip()[:120], level=request.args.get("level", type=_rank), **given)


def _rank(text: str) -> int:
    """Read the rank of a level: one digit. Raises ValueError for anything else."""
    if not re.fullmatch("[1-9]", text):
        raise ValueError(text)
    return int(text)


def _page_href(number: int) -> str:
    given: dict[str, Any] = {name: value for name, value in request.args.items() if name in FILTERS and value}
    return url_for("insight.projects", page=number, **given)


def _options(framework: Framework | None) -> dict[str, list[tuple[Any, Text]]]:
    """Return what each filter offers, "all" first."""
    every: tuple[Any, Text] = ("", Text("すべて", "All"))
    lists: dict[str, list[tuple[Any, Text]]] = {"state": [(code, STATES[code].text) for code in LIST_STATES]}
    if framework is not None:
        lists |= {
            "phase": [(p.code, p.name) for p in framework.phases],
            "route": [(r.code, r.name) for r in framework.routes],
            "sector": [(s.code, s.name) for s in framework.sectors],
            "level": [(n, each.name) for n, each in enumerate(framework.levels, 1)],
        }
    return {name: [every, *lists.get(name, [])] for name in ("phase", "state", "route", "level", "sector")}


# long: one line for each thing the page shows
@blueprint.get("/projects/<project_id>")
@permission("project:view")
def case(project_id: str) -> ResponseReturnValue:
    """Show one case: next step, phases and gates, risk, decision, conditions, people, history."""
    work, day = current_work(), today()
    found = cases.case(work, project_of(work, project_id), day)
    framework = found.framework
    return page(
        "insight/case.html",
        case=found,
        project=found.project,
        framework=framework,
        levels=len(framework.levels),
        items=_items(found),
        totals=totals(framework, found.filled.score) if found.filled else [],
        clashes=clashes(found.newest, found.filled) if found.newest and found.filled else [],
        measure_states=measures.STATES,
        may_adopt=found.life == "active" and may(work.actor, "screening:answer", found.relations),
        threshold=int(framework.matrix.step_down_at_percent) if framework.matrix else None,
        level=level,
        kinds=KINDS,
        stops=[stop_reason(framework, stop) for stop in found.filled.score.stops] if found.filled else [],
        late_days=lambda row: cases.late_days(row, day),
        people=cases.people(found.project, found.reviewer),
        part_names=lambda kind, codes: joined([framework.name_of(kind, code) for code in codes]),
        outcome=lambda row: OUTCOMES[row.outcome],
        body=lambda row: cases.SEALS.get(row.body, framework.name_of("bodies", row.body)),
        decided_phase=found.decision.screening.phase if found.decision else "",
        may_edit=may(work.actor, "project:edit", found.relations),
        may_issue=may(work.actor, "report:issue", found.relations),
        may_read_ledger=may(work.actor, "ledger:view"),
        life_states=LIFE,
        closed_words=CLOSED.get(found.life),
        rejected=found.newest is not None and found.life == "active" and board_rejected(work, found.newest),
        topics=TOPICS,
        turn_names=TURN_NAMES,
        watch=standing(work, found.project),
        alert_words=lambda row: told(row, zone()),
    )


def _items(found: cases.Case) -> list[ShownItem]:
    """Return the score of every item ready to show."""
    return shown_items(found.filled) if found.filled else []
