"""Pages of readings in bulk: a CSV looked at before it is stored, all readings as a file, and the keys of machines."""

from __future__ import annotations

from io import BytesIO

from flask import request, send_file
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from governance.accounts.rules import authorize
from governance.monitoring import csv_files, keys, readings, rules, showing
from governance.monitoring.counting import is_tip
from governance.monitoring.forms import ApplyForm, FileForm, KeyForm
from governance.monitoring.framing import blueprint, project_of
from governance.monitoring.indicators import indicators_of
from governance.monitoring.models import Indicator, Reading, ReadingBatch
from governance.monitoring.readings import Compared
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
    zone,
)
from governance.projects.models import Project
from governance.projects.services import relations_of
from governance.refusals import NotFound, Refusal
from governance.texts import Text

MOST_SHOWN = 30
"""Readings of a kind that a preview lists; it counts all."""

# ---------------------------------------------------------------- CSV


def _only(project: Project) -> Indicator | None:
    """Return the indicator that the address names, for a file without a column for it. NotFound for one of another project."""
    code = request.args.get("indicator", "")
    found = next((row for row in indicators_of(current_work(), project) if row.code == code), None)
    if code and found is None:
        raise NotFound
    return found


def _csv_page(project: Project, form: FileForm, **context: object) -> ResponseReturnValue:
    rows = [row for row in indicators_of(current_work(), project) if row.retired_at is None]
    given = {"sheet": None, "compared": [], "apply_form": None, "counts": {}, "refused": []} | context
    code = 422 if form.errors or given["refused"] or (given["sheet"] and given["sheet"].faults) else 200  # type: ignore[attr-defined]
    return page(
        "monitoring/csv.html",
        code=code,
        project=project,
        form=form,
        only=_only(project),
        indicators=rows,
        most=csv_files.MOST_NAMED,
        when=lambda at: showing.when(at, zone()),
        with_unit=showing.with_unit,
        verdicts=rules.VERDICTS,
        **given,
    )


@blueprint.get("/projects/<project_id>/monitoring/csv")
@permission("reading:enter")
def csv_file(project_id: str) -> ResponseReturnValue:
    """Show how a file of readings is written, and its upload."""
    work = current_work()
    project = project_of(work, project_id)
    authorize(work.actor, "reading:enter", relations_of(work, project))
    return _csv_page(project, FileForm())


@blueprint.post("/projects/<project_id>/monitoring/csv")
@permission("reading:enter", unit="own")
def look_at_csv(project_id: str) -> ResponseReturnValue:
    """Show what an uploaded file would store; nothing is stored yet."""
    work = current_work()
    project = project_of(work, project_id)
    authorize(work.actor, "reading:enter", relations_of(work, project))
    form = FileForm()
    if not accepted(form):
        return _csv_page(project, form)
    content = bytes(form.file.data.read(csv_files.MOST_BYTES + 1))
    try:
        sheet = csv_files.read(content, indicators_of(work, project), zone(), now(), _only(project))
    except Refusal as refused:
        return _csv_page(project, form, refused=[(None, refused.text, None)])
    if sheet.faults:
        return _csv_page(project, form, sheet=sheet)
    compared = readings.compare(work, sheet.entries)
    apply_form = ApplyForm(formdata=None)
    apply_form.payload.data = csv_files.payload(sheet.entries)
    return _csv_page(project, FileForm(formdata=None), sheet=sheet, apply_form=apply_form, **_sorted(compared))


def _sorted(compared: list[Compared]) -> dict[str, object]:
    """Return the readings of a file by what would become of them, with how many there are."""
    fresh = [each for each in compared if each.result == "new"]
    kinds = {
        "out": [each for each in fresh if each.verdict in rules.OUT],
        "other": [each for each in compared if each.result == "other"],
        "new": fresh,
        "same": [each for each in compared if each.result == "same"],
    }
    return {
        "counts": {name: len(rows) for name, rows in kinds.items()},
        "compared": {name: rows[:MOST_SHOWN] for name, rows in kinds.items()},
    }


@blueprint.post("/projects/<project_id>/monitoring/csv/apply")
@permission("reading:enter")
def store_csv(project_id: str) -> ResponseReturnValue:
    """Store what was looked at; every rule is asked again."""
    work = current_work()
    project = project_of(work, project_id)
    form = ApplyForm()
    if accepted(form):
        with refusals_beside(form):
            entries = csv_files.carried(form.payload.data or "", indicators_of(work, project), now())
            done = readings.enter(work, project, entries, source="csv", correction=form.correction.data or "")
            stored = done.batch.size if done.batch else 0
            tell(
                Text("{n}件の測定値を登録しました。", "{n} readings were entered.").filled(n=stored),
                "good" if stored else "info",
            )
            return redirect_to("monitoring.overview", project_id=project.id)
    return _csv_page(
        project_of(work, project_id), FileForm(formdata=None), refused=[(None, each, None) for each in form.form_errors]
    )


@blueprint.get("/projects/<project_id>/monitoring/readings.csv")
@permission("project:view")
def readings_file(project_id: str) -> ResponseReturnValue:
    """Send every reading of a project as CSV in the reader's language, corrected ones too."""
    work = current_work()
    project = project_of(work, project_id)
    content = csv_files.written([_head(), *_lines(project)])
    answer = send_file(
        BytesIO(content), mimetype="text/csv", as_attachment=True, download_name=f"{project.number}-readings.csv"
    )
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _head() -> list[str]:
    names = Text(
        "指標,名前,日時,値,単位,判定,状態,登録方法,登録者,登録日時,メモ",
        "indicator,name,time,value,unit,verdict,state,source,by,entered at,note",
    )
    return names.in_(locale()).split(",")


def _lines(project: Project) -> list[list[str]]:
    """Return one line for each reading, the oldest first, in a form that can be uploaded again."""
    query = (
        select(Reading, is_tip())
        .join(Reading.indicator)
        .where(Indicator.project_id == project.id)
        .options(joinedload(Reading.indicator), joinedload(Reading.batch).joinedload(ReadingBatch.author))
        .order_by(Indicator.number, Reading.at, Reading.turn)
    )
    return [_line(row, bool(tip)) for row, tip in current_work().session.execute(query)]


def _line(row: Reading, is_newest: bool) -> list[str]:
    one, batch, lang = row.indicator, row.batch, locale()
    state = (
        Text("有効", "valid")
        if is_newest and row.value
        else Text("取消", "taken back")
        if is_newest
        else Text("訂正済み", "corrected")
    )
    return [
        one.code,
        csv_files.safe(one.called().in_(lang)),
        row.at.astimezone(zone()).isoformat(),
        row.value,
        csv_files.safe(one.unit),
        rules.VERDICTS[row.verdict].in_(lang),
        state.in_(lang),
        rules.SOURCES[batch.source].in_(lang),
        csv_files.safe(batch.author.name_in(lang)),
        batch.entered_at.astimezone(zone()).isoformat(timespec="seconds"),
        csv_files.safe(row.note),
    ]


# ---------------------------------------------------------------- keys


@blueprint.route("/projects/<project_id>/monitoring/keys", methods=["GET", "POST"])
@permission("reading:keys")
def keys_page(project_id: str) -> ResponseReturnValue:
    """Show the keys of a project and make one; a new key is shown on the answer itself and nowhere else."""
    work = current_work()
    project = project_of(work, project_id)
    authorize(work.actor, "reading:keys", relations_of(work, project))
    form, secret = KeyForm(), ""
    if accepted(form):
        with refusals_beside(form):
            secret = keys.make(work, project, form.name.data or "")[1]
            form = KeyForm(formdata=None)
    project = project_of(work, project_id)
    rows = keys.keys_of(work, project)
    return page(
        "monitoring/keys.html",
        project=project,
        rows=rows,
        orphaned={row.id for row in rows if not keys.is_kept(row)},
        form=form,
        secret=secret,
        indicators=[row for row in indicators_of(work, project) if row.retired_at is None],
        now=now().astimezone(zone()).isoformat(timespec="minutes"),
        code=200 if secret else None,
        address=f"{request.host_url.rstrip('/')}/api/projects/{project.number}/readings",
    )


@blueprint.post("/projects/<project_id>/monitoring/keys/<key_id>/revoke")
@permission("reading:keys")
def revoke_key(project_id: str, key_id: str) -> ResponseReturnValue:
    """Revoke a key."""
    work = current_work()
    project = project_of(work, project_id)
    keys.revoke(work, project, key_id)
    tell(Text("キーを失効させました。", "The key was revoked."))
    return redirect_to("monitoring.keys_page", project_id=project.id)
