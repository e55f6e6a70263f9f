"""Pages of the reports beside the case report: choose a kind, say of what, for whom and why, and issue it."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, current_app, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError

from governance.accounts.rules import may
from governance.accounts.sessions import claim_form, settle_form
from governance.pages import (
    accepted,
    close_units,
    current_actor,
    current_work,
    database,
    file_store,
    locale,
    page,
    permission,
    place,
    see,
    tell,
    this_form,
    today,
    write,
)
from governance.projects.models import Project
from governance.projects.services import by_number
from governance.questionnaires.services import versions
from governance.refusals import Conflict, Forbidden, NotFound, Refusal, Refusals
from governance.reports import documents
from governance.reports.documents import ISSUE_HOUSE, Order
from governance.reports.forms import DocumentForm
from governance.reports.house_file import house_of
from governance.reports.periods import Period, parsed
from governance.reports.rules import CASE, FORM, LEDGER, MAPPING, NAMES, PORTFOLIO
from governance.reviews.rules import fiscal_year
from governance.texts import Text
from governance.work import UnitOfWork

blueprint = Blueprint("documents", __name__)
ABOUT = {
    PORTFOLIO: Text(
        "年度、四半期、または指定した期間の件数、所要日数、付帯条件、委員会、事故を、前の期間と比べます。",
        "Counts, lead times, conditions, sessions and incidents of a year, a quarter or any period, compared with the one before.",
    ),
    MAPPING: Text(
        "案件の回答、または公開中の質問票を、外部の枠組みの条項に対応づけます。",
        "Maps the answers of a case, or the questionnaires in force, to the clauses of external frameworks.",
    ),
    FORM: Text("質問票を紙に印刷して記入するための用紙です。", "A questionnaire as a form to fill in on paper."),
    LEDGER: Text(
        "案件または期間の監査イベントを、照合に使うダイジェストとともに印刷します。",
        "Entries of a case or a period, with the digests to compare them by.",
    ),
}
FIELDS = {
    PORTFOLIO: ("period", "since", "until", "profile"),
    MAPPING: ("project", "profile"),
    FORM: ("questionnaire",),
    LEDGER: ("project", "period", "since", "until", "profile"),
}
"""What each kind asks for besides language and purpose."""
FREE = "free"


@blueprint.get("/reports/new")
@permission("report:download")
def choose() -> ResponseReturnValue:
    """Show the kinds of reports, with what each is for."""
    return page("reports_pages/kinds.html", kinds=_offered(), names=NAMES, about=ABOUT, case_kind=CASE)


def _offered() -> list[str]:
    """Return the kinds the reader may ask for: those on the house, or the one that a case can have."""
    return list(ABOUT) if may(current_actor(), ISSUE_HOUSE) else [MAPPING]


@blueprint.route("/reports/new/<kind>", methods=["GET", "POST"])
@permission("report:download", unit="own")
def issue(kind: str) -> ResponseReturnValue:
    """Ask for a report of one kind and make it."""
    if kind not in _offered():
        raise NotFound
    form = _form(current_work(), kind)
    if accepted(form):
        try:
            order = _order(current_work(), kind, form)
            close_units()
            if (before := _asked_before()) is not None:
                return see(before or url_for("reports.index"))
            return _issued(order)
        except (NotFound, Forbidden, Conflict):
            raise
        except (Refusal, Refusals) as refused:
            place(form, refused)
    return page(
        "reports_pages/document.html", form=form, kind=kind, name=NAMES[kind], about=ABOUT[kind], fields=FIELDS[kind]
    )


def _form(work: UnitOfWork, kind: str) -> DocumentForm:
    form = DocumentForm()
    form.offer(_periods(kind), _sheets(work) if kind == FORM else [], locale())
    for name in ("period", "since", "until", "project", "questionnaire", "profile"):
        if name not in FIELDS[kind]:
            delattr(form, name)
    if request.method == "GET" and kind in (MAPPING, LEDGER):
        form.project.data = request.args.get("project", "")[:64]
    return form


def _periods(kind: str) -> list[tuple[str, Text]]:
    """Return this fiscal year and the last with their quarters that have begun, the newest first; a span of days comes last."""
    day = today()
    codes = [
        f"FY{year}{part}"
        for year in (fiscal_year(day), fiscal_year(day) - 1)
        for part in ("", "-Q4", "-Q3", "-Q2", "-Q1")
    ]
    begun: list[Period] = [each for each in map(parsed, codes) if each.first <= day]
    every = [("", Text("すべて", "All"))] if kind == LEDGER else []
    return [*every, *((each.code, each.name) for each in begun), (FREE, Text("日付で指定する", "From and to a day"))]


def _sheets(work: UnitOfWork) -> list[tuple[str, Text]]:
    rows = sorted(versions(work)[1], key=lambda each: each.published_at, reverse=True)
    return [
        (
            f"{row.key}:{row.version}",
            Text(f"{row.title_ja} {row.version}", f"{row.title_en or row.title_ja} {row.version}"),
        )
        for row in rows
    ]


def _order(work: UnitOfWork, kind: str, form: DocumentForm) -> Order:
    settings = current_app.config["SETTINGS"]
    project = _case(work, _said(form, "project").strip())
    if project is None and (kind == MAPPING and not may(work.actor, ISSUE_HOUSE)):
        raise Refusal(
            "reports.case_needed", "案件の番号を書いてください。", "Write the number of a case.", place="project"
        )
    return Order(
        kind,
        form.lang.data or "",
        form.purpose.data or "",
        _said(form, "questionnaire") if kind == FORM else _scope(form),
        project.id if project else "",
        _said(form, "profile"),
        house_of(settings),
        f"{settings.base_url}/verify?d=",
    )


def _case(work: UnitOfWork, number: str) -> Project | None:
    try:
        return by_number(work, number) if number else None
    except NotFound as absent:
        text = Text("この番号の案件はありません。", "There is no case of this number.")
        raise Refusal("reports.no_case", text.ja, text.en, place="project") from absent


def _said(form: DocumentForm, name: str) -> str:
    return (form[name].data or "") if name in form else ""


def _scope(form: DocumentForm) -> str:
    """Return the period that was chosen, or the one between the two days."""
    if "period" not in form or form.period.data != FREE:
        return _said(form, "period")
    days: list[date | None] = [form.since.data, form.until.data]
    if not all(days):
        raise Refusal(
            "reports.days", "最初の日と最後の日を書いてください。", "Write the first and the last day.", place="since"
        )
    return parsed("..".join(each.isoformat() for each in days if each)).code


def _issued(order: Order) -> ResponseReturnValue:
    once, location = request.form.get("once", "")[:36], None
    try:
        made = documents.issue(database(), current_actor(), file_store(), order)
        location = url_for("reports.show", report_id=made)
    finally:
        write(lambda work: settle_form(work, once, location))
    tell(Text("報告書を発行しました。", "The report was issued."))
    return see(location)


def _asked_before() -> str | None:
    """Claim the form in a unit of its own, since printing lies between two units: a double click makes one report."""
    once = request.form.get("once", "")[:36]
    try:
        return write(lambda work: claim_form(work, once, this_form())) if once else None
    except IntegrityError:
        return ""
