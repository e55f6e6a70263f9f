"""Pages of notices: the reader's own, their choices of mail, and the administrator's view of what is being sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue

from governance import formats
from governance.notifications import outbox, services
from governance.notifications.forms import MailForm
from governance.notifications.models import Notice
from governance.notifications.rules import KINDS, TOPICS, kinds_of, sentence
from governance.pages import (
    accepted,
    current_work,
    locale,
    own_path,
    page,
    permission,
    redirect_to,
    refusals_beside,
    see,
    signed_in,
    tell,
    zone,
)
from governance.settings import Settings
from governance.texts import Text

blueprint = Blueprint("notifications", __name__)
UNREAD = "unread"


@dataclass(frozen=True)
class Line:
    """One notice as it is shown."""

    notice: Notice
    words: Text
    kind: Text
    project: str
    by: str


def _line(row: Notice) -> Line:
    codes: dict[str, object] = dict(row.codes)
    if codes.get("on"):
        codes["on"] = formats.day(date.fromisoformat(str(codes["on"])), zone())
    project = row.project.name_in(locale()) if row.project else ""
    by = row.by.name_in(locale()) if row.by else ""
    return Line(row, sentence(row.kind, codes), KINDS[row.kind].name, project, by)


def _by_day(rows: Sequence[Notice]) -> list[tuple[date, list[Line]]]:
    days = groupby(rows, key=lambda row: formats.local_date(row.created_at, zone()))
    return [(day, [_line(row) for row in of_day]) for day, of_day in days]


@blueprint.get("/notices")
@signed_in()
def index() -> ResponseReturnValue:
    """Show the reader's notices, newest first."""
    chosen, number = _chosen(), request.args.get("page", 1, int)
    number = number if 0 < number <= LAST_PAGE else 1
    only_unread = request.args.get("show") == UNREAD
    found = services.notices(current_work(), **chosen, only_unread=only_unread, page=number)
    return page(
        "notifications/index.html",
        days=_by_day(found.rows),
        found=found,
        number=number,
        kind=chosen["kind"] or chosen["topic"],
        show=UNREAD if only_unread else "",
        kinds=_kinds(),
        unread_here=any(row.read_at is None for row in found.rows),
    )


LAST_PAGE = 10_000


def _kinds() -> list[tuple[str, Text | str]]:
    """Return the choices of the filter: each group, and below it its kinds."""
    rows: list[tuple[str, Text | str]] = []
    for code, topic in TOPICS.items():
        rows.append((code, topic.name))
        rows += [(kind, f"　{KINDS[kind].name.in_(locale())}") for kind in kinds_of(code) if len(kinds_of(code)) > 1]
    return rows


def _chosen() -> dict[str, str]:
    wanted = request.values.get("kind", "")
    return {"topic": wanted if wanted in TOPICS else "", "kind": wanted if wanted in KINDS else ""}


@blueprint.get("/notices/<notice_id>")
@signed_in()
def go(notice_id: str) -> ResponseReturnValue:
    """Lead from a mail to the place of a notice; looking marks nothing as read."""
    return see(own_path(services.notice(current_work(), notice_id).href, "/notices"))


@blueprint.post("/notices/<notice_id>/open")
@signed_in()
def open_notice(notice_id: str) -> ResponseReturnValue:
    """Mark a notice as read and lead to its place."""
    work = current_work()
    row = services.notice(work, notice_id)
    services.mark_read(work, row)
    return see(own_path(row.href, "/notices"))


@blueprint.post("/notices/<notice_id>/read")
@signed_in()
def mark_read(notice_id: str) -> ResponseReturnValue:
    """Mark a notice as read without going there."""
    return _marked(notice_id, is_read=True)


@blueprint.post("/notices/<notice_id>/unread")
@signed_in()
def mark_unread(notice_id: str) -> ResponseReturnValue:
    """Mark a notice as unread again, to come back to it."""
    return _marked(notice_id, is_read=False)


def _marked(notice_id: str, *, is_read: bool) -> ResponseReturnValue:
    work = current_work()
    services.mark_read(work, services.notice(work, notice_id), is_read=is_read)
    return see(own_path(request.form.get("back"), "/notices"))


@blueprint.post("/notices/read")
@signed_in()
def read_all() -> ResponseReturnValue:
    """Mark all notices as read: those of the chosen kind, when one is chosen."""
    count = services.mark_all_read(current_work(), **_chosen())
    tell(Text("{n}件を既読にしました。", "Marked as read: {n}").filled(n=count))
    return redirect_to("notifications.index")


# --- own choices -----------------------------------------------------------------------------------------------------


@blueprint.route("/settings/mail", methods=["GET", "POST"])
@signed_in()
def mail() -> ResponseReturnValue:
    """Show and change how often the reader gets mail about which kinds."""
    work = current_work()
    form = MailForm(data=services.choices(work))
    form.offer()
    if accepted(form):
        with refusals_beside(form):
            services.choose(work, {code: field.data for code, field in form.topics()})
            tell(Text("保存しました。", "Saved."))
            return redirect_to("notifications.mail")
    hints = {code: _names(code) for code in TOPICS}
    settings: Settings = current_app.config["SETTINGS"]
    return page(
        "notifications/mail.html", form=form, hints=hints, is_on=settings.mail_is_on, hour=settings.mail_digest_hour
    )


def _names(topic: str) -> str:
    names = [KINDS[kind].name.in_(locale()) for kind in kinds_of(topic)]
    return ("、" if locale() == "ja" else ", ").join(names)


# --- sending, for the administrator ----------------------------------------------------------------------------------


@blueprint.get("/notices/outbox")
@permission("mail:manage")
def sending() -> ResponseReturnValue:
    """Show what waits to be sent, what could not be sent, and the daily jobs."""
    settings: Settings = current_app.config["SETTINGS"]
    found = outbox.outbox(current_work())
    return page(
        "notifications/outbox.html",
        box=found,
        in_words=outbox.in_words,
        job_name=outbox.job_name,
        is_on=settings.mail_is_on,
    )


@blueprint.post("/notices/outbox/again")
@permission("mail:manage")
def send_all_again() -> ResponseReturnValue:
    """Queue all letters once more that could not be sent."""
    return _queued(outbox.send_again(current_work()))


@blueprint.post("/notices/outbox/<letter_id>/again")
@permission("mail:manage")
def send_again(letter_id: str) -> ResponseReturnValue:
    """Queue one letter once more that could not be sent."""
    return _queued(outbox.send_again(current_work(), letter_id))


def _queued(count: int) -> ResponseReturnValue:
    tell(Text("{n}通を送り直します。", "Will be sent again: {n}").filled(n=count))
    return redirect_to("notifications.sending")
