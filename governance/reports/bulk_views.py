"""Pages of bulk issue: choose by filter, order, look on, cancel, go on, fetch the ZIP."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from governance.insight.services import Wanted
from governance.pages import (
    close_units,
    current_work,
    file_store,
    locale,
    page,
    permission,
    problems_of,
    redirect_to,
    tell,
    zone,
)
from governance.questionnaires.models import FrameworkVersion
from governance.questionnaires.services import framework_in
from governance.refusals import Refusal, Refusals
from governance.reports import bulk
from governance.reports.bulk import Choice
from governance.reports.bulk_parts import parts_of
from governance.reports.bulk_zip import archive
from governance.reports.redaction import profiles
from governance.reports.rules import CASE, LANGUAGES, NAMES
from governance.states import STATES
from governance.texts import Text

blueprint = Blueprint("bulk", __name__)
ALL: tuple[Any, Text] = ("", Text("すべて", "All"))
LISTED = (
    "submitted",
    "triage",
    "in_review",
    "board_queued",
    "approved",
    "approved_with_conditions",
    "rejected",
    "deferred",
)


@blueprint.get("/reports/bulk")
@permission("report:issue")
def index() -> ResponseReturnValue:
    """Show the filters, how many reports they lead to, and the own jobs."""
    return _index()


def _index(refused: Refusal | Refusals | None = None) -> ResponseReturnValue:
    work = current_work()
    try:
        choice = _choice()
    except Refusal as wrong:
        choice, refused = Choice(), refused or wrong
    return page(
        "reports_pages/bulk.html",
        code=422 if refused else 200,
        choice=choice,
        found=bulk.choose(work, choice),
        most=bulk.MOST,
        jobs=[(row, bulk.progress(row, work.now)) for row in bulk.jobs(work)],
        options=_options(),
        languages=LANGUAGES,
        names=NAMES,
        kinds=[(code, NAMES[code]) for code in bulk.kinds(work.actor)],
        profiles=[(code, each.name) for code, each in profiles().items()],
        asked={name: request.form.get(name, "") for name in ("kind", "profile", "into_folder")},
        place=_place(),
        lang=request.form.get("lang", locale()),
        purpose=request.form.get("purpose", ""),
        problems=problems_of(refused) if refused else [],
    )


def _choice() -> Choice:
    given = {name: request.args.get(name, "").strip()[:120] for name in ("phase", "state", "route", "sector")}
    level = request.args.get("level", "")
    wanted = Wanted(
        words=request.args.get("q", "").strip()[:120],
        level=int(level) if re.fullmatch("[1-9]", level) else None,
        **given,
    )
    return Choice(wanted, _day("since"), _day("until"))


def _day(name: str) -> date | None:
    value = request.args.get(name, "").strip()
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        text = ("日付を正しく入れてください。", "Enter a correct date.")
        raise Refusal("bulk.date", *text, place=name) from error


def _options() -> dict[str, list[tuple[Any, Text]]]:
    query = select(FrameworkVersion).order_by(
        FrameworkVersion.effective_on.desc(), FrameworkVersion.published_at.desc()
    )
    newest = current_work().session.scalars(query.limit(1)).first()
    lists: dict[str, list[tuple[Any, Text]]] = {"state": [(code, STATES[code].text) for code in LISTED]}
    if newest is not None:
        framework = framework_in(newest)
        lists |= {
            "phase": [(each.code, each.name) for each in framework.phases],
            "route": [(each.code, each.name) for each in framework.routes],
            "sector": [(each.code, each.name) for each in framework.sectors],
            "level": [(rank, each.name) for rank, each in enumerate(framework.levels, 1)],
        }
    return {name: [ALL, *lists.get(name, [])] for name in ("phase", "state", "route", "level", "sector")}


@blueprint.post("/reports/bulk")
@permission("report:issue")
def order() -> ResponseReturnValue:
    """Order the reports that the filters in the address lead to."""
    try:
        lang, purpose, kind, disclosed = (request.form.get(name, "") for name in ("lang", "purpose", "kind", "profile"))
        made = bulk.order(
            current_work(),
            _choice(),
            lang,
            purpose,
            kind=kind or CASE,
            disclosed=disclosed,
            into_folder=bool(_place()) and "into_folder" in request.form,
        )
    except (Refusal, Refusals) as refused:
        return _index(refused)
    tell(Text("一括発行を始めました。", "The bulk issue has begun."))
    return redirect_to("bulk.show", job_id=made.id)


@blueprint.get("/reports/bulk/<job_id>")
@permission("report:issue")
def show(job_id: str) -> ResponseReturnValue:
    """Show how far a job is; the page looks again by itself while it runs."""
    work = current_work()
    row = bulk.job(work, job_id)
    told = bulk.progress(row, work.now)
    return page(
        "reports_pages/bulk_job.html",
        job=row,
        told=told,
        seen=bulk.seen(work, row),
        minutes=-(-told.seconds_left // 60) if told.seconds_left is not None else None,
        kept=bulk.KEPT.days,
        languages=LANGUAGES,
        names=NAMES,
        profiles=profiles(),
        place=_place(),
    )


def _place() -> str:
    """Return the address of the bucket that takes folders; empty when there is none."""
    return str(current_app.config["SETTINGS"].bulk_url)


@blueprint.post("/reports/bulk/<job_id>/cancel")
@permission("report:issue")
def cancel(job_id: str) -> ResponseReturnValue:
    """End a job."""
    work = current_work()
    bulk.cancel(work, bulk.job(work, job_id))
    tell(Text("一括発行を中止しました。", "The bulk issue was cancelled."))
    return redirect_to("bulk.show", job_id=job_id)


@blueprint.post("/reports/bulk/<job_id>/go-on")
@permission("report:issue")
def go_on(job_id: str) -> ResponseReturnValue:
    """Let a stopped job go on, or try its failed files again."""
    work = current_work()
    bulk.go_on(work, bulk.job(work, job_id))
    tell(Text("一括発行を再開しました。", "The bulk issue goes on."))
    return redirect_to("bulk.show", job_id=job_id)


@blueprint.get("/reports/bulk/<job_id>/files")
@permission("report:issue")
def files(job_id: str) -> ResponseReturnValue:
    """Hand out the ZIP of what was made and may still be read, written while it is sent."""
    work = current_work()
    row = bulk.job(work, job_id)
    parts = parts_of(work, row)
    at = row.asked_at.astimezone(zone())
    answer = Response(archive(file_store(), parts, at), mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="reports-{at:%Y%m%d-%H%M}.zip"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    close_units()
    return answer
