"""Pages of indicators: how a project is watched, one indicator with its chart and readings, and the acts on it."""

from __future__ import annotations

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from governance.accounts.rules import authorize, may
from governance.monitoring import (
    alerts,
    file_views,
    incident_views,
    indicators,
    machine_views,
    readings,
    rules,
    showing,
)
from governance.monitoring.forms import (
    BandForm,
    CorrectionForm,
    IndicatorEditForm,
    IndicatorForm,
    QuietForm,
    ReadingForm,
    RetireForm,
    day_of,
    defaults,
    quiet_day,
)
from governance.monitoring.framing import blueprint, indicator_in, project_of
from governance.monitoring.models import Indicator
from governance.pages import (
    accepted,
    current_work,
    locale,
    now,
    page,
    permission,
    redirect_to,
    refusals_beside,
    tell,
    today,
    zone,
)
from governance.projects.models import Project
from governance.projects.services import relations_of
from governance.refusals import NotFound
from governance.texts import Text

blueprints = (blueprint, machine_views.blueprint)
__all__ = ["blueprints", "file_views", "incident_views"]


def _mays(project: Project) -> dict[str, bool]:
    """Return what the reader may do here, for the buttons of the page."""
    work = current_work()
    relations = relations_of(work, project)
    codes = {
        "edit": "indicator:edit",
        "enter": "reading:enter",
        "keys": "reading:keys",
        "acknowledge": "alert:acknowledge",
    }
    return {f"may_{name}": may(work.actor, code, relations) for name, code in codes.items()}


def at_page(one: Indicator, anchor: str | None = None) -> ResponseReturnValue:
    """Lead to the page of an indicator."""
    return redirect_to("monitoring.indicator", project_id=one.project_id, indicator_id=one.id, _anchor=anchor)


# ---------------------------------------------------------------- overview


@blueprint.get("/projects/<project_id>/monitoring")
@permission("project:view")
def overview(project_id: str) -> ResponseReturnValue:
    """Show how a project is watched."""
    work = current_work()
    project = project_of(work, project_id)
    return page(
        "monitoring/overview.html",
        project=project,
        watch=showing.overview(work, project, today()),
        told=lambda row: showing.told(row, zone()),
        when=lambda at: showing.when(at, zone()),
        with_unit=showing.with_unit,
        **_mays(project),
    )


@blueprint.route("/projects/<project_id>/monitoring/new", methods=["GET", "POST"])
@permission("indicator:edit")
def new(project_id: str) -> ResponseReturnValue:
    """Register an indicator."""
    work = current_work()
    project = project_of(work, project_id)
    authorize(work.actor, "indicator:edit", relations_of(work, project))
    framework = indicators.framework_of(work, project)
    form = IndicatorForm(data=defaults(None, framework, today()))
    form.offer(project, framework)
    form.offer_directions()
    if accepted(form):
        with refusals_beside(form):
            one = indicators.add(work, project, form.particulars(), form.limits(zone(), now()))
            tell(Text("指標を登録しました。測定値を入力してください。", "Registered. Enter the first reading."))
            return at_page(one, "enter")
    return page("monitoring/edit.html", project=project, one=None, form=form, framework=framework)


# ---------------------------------------------------------------- one indicator


@blueprint.route("/projects/<project_id>/monitoring/<indicator_id>", methods=["GET", "POST"])
@permission("project:view")
def indicator(project_id: str, indicator_id: str) -> ResponseReturnValue:
    """Show an indicator with its chart; enter a reading by hand."""
    work = current_work()
    one = indicator_in(work, project_id, indicator_id)
    form = ReadingForm(data={"at": today().isoformat()})
    if request.method == "POST":
        authorize(work.actor, "reading:enter", relations_of(work, one.project))
    if accepted(form):
        with refusals_beside(form):
            return _enter(one, form)
    return _indicator_page(indicator_in(work, project_id, indicator_id), form=form)


def _enter(one: Indicator, form: ReadingForm) -> ResponseReturnValue:
    value = rules.exact(form.value.data or "", unit=one.unit)
    entry = readings.Entry(one, form.when(zone(), now()), value, (form.note.data or "").strip())
    done = readings.enter(current_work(), one.project, [entry], source="hand")
    compared = done.compared[0]
    if compared.result == "other":
        tell(
            Text(
                "この日時には別の値が登録されています。訂正するときは、その測定値の「訂正する」から行ってください。",
                "Another value is stored for this time. To correct it, use “Correct” beside that reading.",
            ),
            "warn",
        )
    elif compared.result == "same":
        tell(Text("同じ測定値がすでに登録されています。", "This reading is stored already."), "info")
    elif compared.verdict in rules.OUT:
        tell(Text("登録しました。許容範囲の外です。", "Entered. It is out of range."), "warn")
    else:
        tell(Text("測定値を登録しました。", "The reading was entered."))
    return at_page(one, "readings")


# long: one line for each thing that the page shows
def _indicator_page(
    one: Indicator, *, form: ReadingForm | None = None, quiet: QuietForm | None = None
) -> ResponseReturnValue:
    work = current_work()
    first = _first()
    held = alerts.open_alert(work, one)
    framework = indicators.framework_of(work, one.project)
    quiet = quiet or QuietForm(formdata=None, rev=held.rev if held else 0, quiet_until=quiet_day(one, today()))
    mays = _mays(one.project)
    is_running = one.retired_at is None
    wrong = any(each is not None and (each.errors or each.form_errors) for each in (form, quiet))
    return page(
        "monitoring/indicator.html",
        code=422 if wrong else 200,
        project=one.project,
        one=one,
        shown=showing.shown(work, one, zone(), locale(), first),
        per_page=showing.PER_PAGE,
        alert=held,
        past=[row for row in alerts.alerts_of(work, one.project) if row.indicator_id == one.id and row is not held],
        told=lambda row: showing.told(row, zone()),
        when=lambda at: showing.when(at, zone()),
        with_unit=showing.with_unit,
        band=showing.band_of(one, now()),
        now_in_force=showing.band_now(one, now()),
        band_words=rules.band_words,
        directions=rules.DIRECTIONS,
        verdicts=rules.VERDICTS,
        sources=rules.SOURCES,
        phase=next((each.name for each in framework.phases if each.code == one.phase), None),
        form=form or ReadingForm(formdata=None, data={"at": today().isoformat()}),
        quiet=quiet,
        **{name: may_ and (is_running or name == "may_acknowledge") for name, may_ in mays.items()},
    )


def _first() -> int:
    """Return the number of the first reading to show, from the address."""
    typed = request.args.get("first", "1")
    return max(1, int(typed)) if typed.isascii() and typed.isdigit() and len(typed) < 8 else 1


@blueprint.route("/projects/<project_id>/monitoring/<indicator_id>/edit", methods=["GET", "POST"])
@permission("indicator:edit")
def edit(project_id: str, indicator_id: str) -> ResponseReturnValue:
    """Change what an indicator says about itself."""
    work = current_work()
    one = indicator_in(work, project_id, indicator_id)
    authorize(work.actor, "indicator:edit", relations_of(work, one.project))
    framework = indicators.framework_of(work, one.project)
    form = IndicatorEditForm(obj=one)
    form.offer(one.project, framework)
    if accepted(form):
        with refusals_beside(form):
            indicators.change(work, one, form.particulars(), rev=form.rev.data or 0)
            tell(Text("指標を保存しました。", "The indicator was saved."))
            return at_page(one)
    return page("monitoring/edit.html", project=one.project, one=one, form=form, framework=framework)


@blueprint.route("/projects/<project_id>/monitoring/<indicator_id>/band", methods=["GET", "POST"])
@permission("indicator:edit")
def band(project_id: str, indicator_id: str) -> ResponseReturnValue:
    """Give an indicator a new band, or end it."""
    work = current_work()
    one = indicator_in(work, project_id, indicator_id)
    authorize(work.actor, "indicator:edit", relations_of(work, one.project))
    given: dict[str, Any] = defaults(one, indicators.framework_of(work, one.project), today())
    form = BandForm(data=given | {"rev": one.rev})
    form.offer_directions()
    if accepted(form):
        with refusals_beside(form):
            limits = form.limits(zone(), now(), form.reason.data or "")
            indicators.change_band(work, one, limits, rev=form.rev.data or 0)
            tell(
                Text(
                    "許容範囲を変更しました。これまでの測定値の判定は変わりません。",
                    "Changed; earlier readings keep their verdicts.",
                )
            )
            return at_page(one, "bands")
    return page("monitoring/band.html", project=one.project, one=one, form=form, band=showing.band_of(one, now()))


@blueprint.route("/projects/<project_id>/monitoring/<indicator_id>/retire", methods=["GET", "POST"])
@permission("indicator:edit")
def retire(project_id: str, indicator_id: str) -> ResponseReturnValue:
    """End an indicator."""
    work = current_work()
    one = indicator_in(work, project_id, indicator_id)
    authorize(work.actor, "indicator:edit", relations_of(work, one.project))
    form = RetireForm(data={"rev": one.rev})
    if accepted(form):
        with refusals_beside(form):
            indicators.retire(work, one, form.reason.data or "", rev=form.rev.data or 0)
            tell(Text("指標を終了しました。記録は残ります。", "The indicator is retired; its record stays."))
            return redirect_to("monitoring.overview", project_id=project_id)
    return page("monitoring/retire.html", project=one.project, one=one, form=form)


# ---------------------------------------------------------------- one reading, one alert


# long: one line for each thing that the page shows
@blueprint.route("/projects/<project_id>/monitoring/<indicator_id>/readings/<reading_id>", methods=["GET", "POST"])
@permission("reading:enter")
def reading(project_id: str, indicator_id: str, reading_id: str) -> ResponseReturnValue:
    """Correct a reading, or take it back."""
    work = current_work()
    one = indicator_in(work, project_id, indicator_id)
    authorize(work.actor, "reading:enter", relations_of(work, one.project))
    row = readings.reading(work, one, reading_id)
    form = CorrectionForm()
    if accepted(form):
        with refusals_beside(form):
            value = "" if form.take_back.data else rules.exact(form.value.data or "", unit=one.unit)
            readings.correct(work, row, value, form.reason.data or "")
            tell(
                Text(
                    "訂正しました。元の値は取消線付きで残ります。", "Corrected; the former value stays, struck through."
                )
            )
            return at_page(one, "readings")
    row = readings.reading(work, indicator_in(work, project_id, indicator_id), reading_id)
    return page(
        "monitoring/reading.html",
        project=row.indicator.project,
        one=row.indicator,
        row=row,
        form=form,
        when=showing.when(row.at, zone()),
        value=showing.with_unit(row.value, row.indicator.unit),
    )


@blueprint.post("/projects/<project_id>/monitoring/<indicator_id>/alerts/<alert_id>")
@permission("alert:acknowledge")
def acknowledge(project_id: str, indicator_id: str, alert_id: str) -> ResponseReturnValue:
    """Acknowledge an alert with a reason."""
    work = current_work()
    one = indicator_in(work, project_id, indicator_id)
    row = alerts.alert(work, alert_id)
    if row.indicator_id != one.id:
        raise NotFound
    form = QuietForm()
    if accepted(form):
        with refusals_beside(form):
            alerts.acknowledge(work, row, form.reason.data or "", day_of(form.quiet_until), rev=form.rev.data or 0)
            tell(Text("警報を確認済みにしました。", "The alert was acknowledged."))
            return at_page(one)
    return _indicator_page(indicator_in(work, project_id, indicator_id), quiet=form)
