"""What waits for a person: the work of a project team here, that of the offices in offices.py, put together and in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import contains_eager

from governance.accounts.rules import may
from governance.insight import ahead, keeping, offices, team, watching
from governance.insight.desk import TEAM, Desk, named, screenings_for, takes_part, task_of
from governance.insight.rules import SHOWN, Task, clipped, fill_minutes, in_order
from governance.learning import overview
from governance.projects.life import running
from governance.projects.models import Project
from governance.questionnaires import drafts
from governance.reviews.models import Review
from governance.screenings.models import AdoptedMeasure, Screening
from governance.screenings.rules import EDITABLE
from governance.texts import Text, both
from governance.work import UnitOfWork

MEND = Text("指摘を直して再提出する", "Mend what was returned and submit again")
SHEET = Text("判定シートに答える", "Answer the trigger sheet")
SHEET_WHY = Text("審査経路と、尋ねる質問が決まります。", "It decides the route and which questions are asked.")
SHEET_AGAIN = Text("再スクリーニングの判定シートを確かめる", "Look at the trigger sheet of the re-screening")
FINISH = Text("スクリーニングを仕上げて提出する", "Finish the screening and submit it")
PROGRESS = Text(
    "{total}問中{done}問に回答済み。残りは{left}問です。", "{done} of {total} questions answered, {left} to go."
)
SUBMIT = Text("内容を確かめて提出する", "Check the content and submit")
SUBMIT_WHY = Text("すべての質問に回答済みです。", "Every question is answered.")
CARRY_OUT = Text("対応策「{title}」を進める", "Carry out the measure “{title}”")
CARRY_OUT_WHY = Text(
    "実施したら完了を記録し、回答を改めてください。", "When it is done, note it and change the answer."
)
LEARN = Text("教育「{course}」を受講する", "Take the training “{course}”")
LEARN_WHY = {
    "soon": Text("受講の有効期限が近づいています。", "Your attendance ends soon."),
    "expired": Text("受講の有効期限が切れています。", "Your attendance has expired."),
    "missing": Text("あなたの役割に必要な教育です。", "Your role needs it."),
}
MEASURE_DAYS = 30
"""How long before its day a measure is shown to its owner."""


def tasks(work: UnitOfWork, today: date, project_id: str | None = None) -> list[Task]:
    """Return what waits for the actor, in order."""
    desk = Desk(work, today, project_id)
    return in_order(task for find in FINDERS for task in find(desk))


def _to_fill(desk: Desk) -> Iterable[Task]:
    """Screenings of the person's projects that are being filled in, or came back."""
    rows = screenings_for(desk, Screening.state.in_(EDITABLE), takes_part(desk.me, TEAM))
    reasons = _return_reasons(desk, [row.id for row in rows if row.state == "returned"])
    again = ahead.reasons_in_words(desk.work, [row for row in rows if row.triggers_done_at is None])
    for row in rows:
        is_owner = any(m.user_id == desk.me and m.part == "owner" and m.is_current for m in row.project.members)
        yield from _fill(row, is_owner, reasons.get(row.id, ""), again.get(row.id))


def _fill(row: Screening, is_owner: bool, reason: str, again: Text | None) -> Iterable[Task]:
    """Return what is to be done next with a screening that is being filled in; nothing while only the owner can go on.

    `again` says that it is a re-screening, and why.
    """
    base, minutes = f"/screenings/{row.id}", fill_minutes(row.asked, row.answered, row.triggers_done_at is not None)
    if row.state == "returned":
        why = Text("差戻しの理由：{reason}", "Returned because: {reason}").filled(reason=clipped(reason) or "—")
        yield task_of(row, MEND, why, base, Text("直す", "Mend"), 30, due=row.due_on)
    elif row.triggers_done_at is None:
        what, why = (SHEET_AGAIN, again) if again else (SHEET, SHEET_WHY)
        yield task_of(row, what, why, f"{base}/triggers", Text("答える", "Answer"), minutes, due=row.due_on)
    elif row.answered < row.asked:
        why = PROGRESS.filled(total=row.asked, done=row.answered, left=row.asked - row.answered)
        yield task_of(row, FINISH, why, base, Text("続ける", "Go on"), minutes, due=row.due_on)
    elif is_owner:
        yield task_of(row, SUBMIT, SUBMIT_WHY, f"{base}/submit", Text("確かめる", "Check"), 10, due=row.due_on)


def _return_reasons(desk: Desk, ids: Sequence[str]) -> dict[str, str]:
    if not ids:
        return {}
    query = select(Review.screening_id, Review.return_reason).where(
        Review.screening_id.in_(ids), Review.return_reason != ""
    )
    return dict(desk.work.session.execute(query.order_by(Review.revision)).all())


def _to_begin(desk: Desk) -> Iterable[Task]:
    """Own projects without a screening."""
    begun = exists().where(Screening.project_id == Project.id)
    query = (
        select(Project)
        .where(takes_part(desk.me, TEAM), ~begun, running(), *desk.narrowed())
        .order_by(Project.created_at)
        .limit(SHOWN + 1)
    )
    for project in desk.work.session.scalars(query):
        yield Task(
            Text("最初のスクリーニングを始める", "Start the first screening"),
            Text("判定シートに答えると、審査経路が決まります。", "The trigger sheet decides the route."),
            named(project),
            project.id,
            f"/projects/{project.id}",
            Text("始める", "Start"),
            10,
            since=project.created_at,
        )


def _to_carry_out(desk: Desk) -> Iterable[Task]:
    """Measures that the person owns and that are due within a month, or late."""
    until = desk.today + timedelta(days=MEASURE_DAYS)
    wanted = (AdoptedMeasure.owner_id == desk.me, AdoptedMeasure.state == "planned", AdoptedMeasure.due_on <= until)
    query = select(AdoptedMeasure).join(AdoptedMeasure.project).where(*wanted, takes_part(desk.me, TEAM))
    query = query.where(*desk.narrowed()).options(contains_eager(AdoptedMeasure.project))
    query = query.order_by(AdoptedMeasure.due_on, AdoptedMeasure.created_at).limit(SHOWN + 1)
    for one in desk.work.session.scalars(query):
        what, href, button = CARRY_OUT.filled(title=one.title()), f"/measures/{one.id}", Text("開く", "Open")
        yield Task(what, CARRY_OUT_WHY, named(one.project), one.project_id, href, button, 10, due=one.due_on)


PUBLISH = Text("質問票の下書きを確かめて公開する", "Check the draft of a questionnaire and publish it")
PUBLISH_WHY = Text(
    "書いた人とは別の人が公開します。差分と遡り検証を見てから決めてください。",
    "Somebody other than its author publishes it; look at the changes and the back-test first.",
)


def _to_learn(desk: Desk) -> Iterable[Task]:
    """Training that the person needs and lacks, or that ends soon."""
    if desk.project_id:
        return
    for need in overview.wanting(desk.work):
        course, until = need.course, need.standing.until
        what, why = LEARN.filled(course=course.called()), LEARN_WHY[need.standing.state]
        href, code = f"/learning/courses/{course.id}", both(course.code)
        due = until if need.standing.state == "soon" else None
        yield Task(what, why, code, "", href, Text("講座を開く", "Open"), 60, due=due)


def _to_publish(desk: Desk) -> Iterable[Task]:
    """Drafts handed in for review, for those who may publish them: never whoever wrote one."""
    if desk.project_id or not may(desk.work.actor, "questionnaire:publish"):
        return
    for row in drafts.drafts(desk.work):
        if row.state == "review" and may(desk.work.actor, "questionnaire:publish", drafts.relations_of(desk.work, row)):
            yield Task(
                PUBLISH,
                PUBLISH_WHY,
                both(row.key),
                "",
                f"/questionnaires/drafts/{row.id}",
                Text("確かめる", "Check"),
                20,
                since=row.submitted_at,
            )


FINDERS: tuple[Callable[[Desk], Iterable[Task]], ...] = (
    _to_fill,
    team.to_answer,
    team.to_reply,
    _to_begin,
    ahead.to_follow,
    _to_carry_out,
    keeping.to_renew,
    watching.to_look_at,
    watching.to_measure,
    watching.to_investigate,
    watching.to_report,
    watching.to_close,
    _to_publish,
    _to_learn,
    offices.to_approve,
    offices.to_review,
    offices.to_clear,
    offices.to_vote,
    offices.to_run,
    offices.to_decide_above,
    offices.to_advise,
    offices.to_answer,
    offices.to_meet,
)
"""Each kind of waiting work; a new one is one function here."""
