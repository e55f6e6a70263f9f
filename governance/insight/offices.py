"""What waits for those who check, decide and follow up: department heads, expert team, legal, committee, conditions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import Select, and_, exists, select
from sqlalchemy.orm import contains_eager, joinedload

from governance.insight.desk import Desk, framework_of, screenings_for, takes_part, task_of
from governance.insight.rules import SHOWN, Task, clipped
from governance.reviews import circulating, consulting
from governance.reviews.amendments import waiting
from governance.reviews.assigning import assigned_to
from governance.reviews.committees import rules_of
from governance.reviews.models import (
    AgendaItem,
    Committee,
    CommitteeMember,
    Condition,
    Decision,
    Meeting,
    Recusal,
    Review,
    Vote,
)
from governance.reviews.rules import SETTLED, local_date, suspend_on
from governance.screenings.models import Ruling, Screening
from governance.texts import Text

DEPARTMENT = "department"
"""Code of the body that decides light cases (bodies of the framework)."""


# --- those who check and decide --------------------------------------------------------------------------------------


def to_approve(desk: Desk) -> Iterable[Task]:
    """Light cases that wait for the head of the department."""
    for row in screenings_for(desk, Screening.state == "submitted", takes_part(desk.me, ("approver",))):
        if framework_of(row).route(row.route).body == DEPARTMENT:
            yield task_of(
                row,
                Text("簡易な案件を確かめて承認する", "Check the light case and approve it"),
                Text(
                    "専門チームの審査は要りません。差し戻すこともできます。",
                    "No review by the expert team is needed; you may return it.",
                ),
                f"/reviews/{row.id}",
                Text("確かめる", "Check"),
                15,
                since=row.submitted_at,
            )


def to_review(desk: Desk) -> Iterable[Task]:
    """Cases to take, own reviews to finish or decide, and stopped ones, for the expert team."""
    if desk.holds("expert"):
        yield from _to_take(desk)
        yield from _to_finish(desk)
        yield from _to_settle(desk)
        yield from _to_amend(desk)


def _to_take(desk: Desk) -> Iterable[Task]:
    """Cases that wait for a reviewer, but for those assigned to somebody else."""
    free = ~takes_part(desk.me, None, ever=True)
    rows = screenings_for(desk, Screening.state.in_(("submitted", "appeal")), free)
    assigned = assigned_to(desk.work, rows)
    for row in rows:
        who = assigned.get(row.id)
        light = row.state == "submitted" and framework_of(row).route(row.route).body == DEPARTMENT
        if who is None and not light:
            what, button = Text("審査を担当する", "Take the case for review"), Text("担当する", "Take")
            yield task_of(row, what, _route_of(row), f"/reviews/{row.id}", button, 5, since=row.submitted_at)
        elif who is not None and who.id == desk.me:
            what, button = (
                Text("割り当てられた審査を引き受ける", "Take the case assigned to you"),
                Text("引き受ける", "Take"),
            )
            yield task_of(row, what, _route_of(row), f"/reviews/{row.id}", button, 5, since=row.submitted_at)


def _to_finish(desk: Desk) -> Iterable[Task]:
    mine = exists().where(
        Review.screening_id == Screening.id, Review.revision == Screening.revision, Review.reviewer_id == desk.me
    )
    given = _opined(desk)
    for row in screenings_for(desk, Screening.state.in_(("triage", "in_review", "discussion")), mine):
        what, why, button = _REVIEWED if row.id in given else _CHECKING.get(row.state, _REVIEWING)
        yield task_of(row, what, why, f"/reviews/{row.id}", button, 45, since=row.submitted_at)


def _to_amend(desk: Desk) -> Iterable[Task]:
    """Minor changes to approved projects that wait for the expert team."""
    for row in waiting(desk.work):
        if not row.project.ever_had_member(desk.me):
            what = Text("変更申請を判断する", "Decide an amendment")
            why = Text("軽微な変更です。いまの承認は有効です。", "It is a minor change; the approval stands.")
            href, button = f"/amendments/{row.id}", Text("判断する", "Decide")
            yield task_of(row.approval, what, why, href, button, 5, since=row.filed_at)


def _to_settle(desk: Desk) -> Iterable[Task]:
    what = Text("停止した案件の扱いを決める", "Settle the blocked case")
    why = Text(
        "差し戻して事実を改めてもらうか、改められたことを確かめて解除に同意します。",
        "Return it so that the facts change, or agree to the release once they have.",
    )
    for row in _blocked(desk, "team"):
        yield task_of(row, what, why, f"/reviews/{row.id}", Text("開く", "Open"), 20, since=row.submitted_at)


_REVIEWING = (
    Text("回答と証跡を確かめ、意見を出す", "Check answers and evidence, give the opinion"),
    Text("あなたが審査を担当しています。", "You are the reviewer."),
    Text("審査する", "Review"),
)
_CHECKING = {
    "triage": (
        Text("事前確認を終える", "Finish the pre-check"),
        Text("終えると、審査が始まります。", "The review begins once it is done."),
        Text("確かめる", "Check"),
    ),
    "discussion": (
        Text("討議の結論を記録する", "Record the outcome of the discussion"),
        Text("記録すると、審査に戻ります。", "Recording it brings the case back to the review."),
        Text("記録する", "Record"),
    ),
}
_REVIEWED = (
    Text("審査結果を決める", "Decide the case"),
    Text("専門チームの意見は出ています。", "The opinion of the team is given."),
    Text("決める", "Decide"),
)


def _opined(desk: Desk) -> set[str]:
    query = select(Review.screening_id).where(Review.reviewer_id == desk.me, Review.state == "opined")
    return set(desk.work.session.scalars(query.join(Screening).where(Screening.state == "in_review").limit(SHOWN * 5)))


def _route_of(row: Screening) -> Text:
    return Text("審査経路は「{route}」です。", "The route is “{route}”.").filled(
        route=framework_of(row).route(row.route).name
    )


def to_clear(desk: Desk) -> Iterable[Task]:
    """Stopped cases that wait for a ruling of legal."""
    if not desk.holds("legal"):
        return
    for row in _blocked(desk, "legal"):
        yield task_of(
            row,
            Text("停止事由を確かめる", "Rule on the hard stop"),
            Text(
                "禁止される用途に当たるか、解除できるかを判断します。",
                "Say whether it is a prohibited practice, or can be released.",
            ),
            f"/reviews/{row.id}",
            Text("確かめる", "Check"),
            30,
            since=row.submitted_at,
        )


def _blocked(desk: Desk, side: str) -> list[Screening]:
    """Return the blocked screenings in which it is the turn of one side: "legal" or "team"."""
    rows = screenings_for(desk, Screening.state == "blocked", ~takes_part(desk.me, None, ever=True))
    query = select(Ruling).where(Ruling.kind == "hard_stop", Ruling.screening_id.in_([row.id for row in rows]))
    rulings = list(desk.work.session.scalars(query.order_by(Ruling.ruled_at, Ruling.id))) if rows else []
    return [row for row in rows if side in _turns(row, [each for each in rulings if each.screening_id == row.id])]


def _turns(row: Screening, rulings: Sequence[Ruling]) -> set[str]:
    """Return whose turn it is: legal rules on a suspicion, the team has facts changed, both sign a release (domain.md §5.4)."""
    clearable = {stop.code for stop in framework_of(row).hard_stops if stop.clearable}
    raised = {each.target: each for each in rulings if each.outcome == "raised"}
    turns: set[str] = set()
    for code, stop in raised.items():
        said = {each.outcome for each in rulings if each.target == code and each.ruled_at > stop.ruled_at}
        if stop.revision < row.revision:
            turns |= {side for side in ("legal", "team") if f"released_{side}" not in said}
        elif "cleared" not in said:
            turns.add("legal" if code in clearable and "confirmed" not in said else "team")
    return turns or {"team"}


# --- committee -------------------------------------------------------------------------------------------------------


def to_vote(desk: Desk) -> Iterable[Task]:
    """Items that the person may vote on now."""
    what, why = Text("議題に投票する", "Vote on the item"), Text("会議は開会中です。", "The meeting is in session.")
    for item in desk.work.session.scalars(_unvoted(desk).limit(SHOWN)):
        yield task_of(
            item.screening, what, why, f"/meetings/{item.meeting_id}", Text("投票する", "Vote"), 5, due=desk.today
        )


def _unvoted(desk: Desk) -> Select[AgendaItem]:
    """Return the query for items being voted on in the person's committees, without recused and cast ones."""
    seat = and_(CommitteeMember.committee_id == Meeting.committee_id, CommitteeMember.user_id == desk.me)
    stepped_back = exists().where(Recusal.item_id == AgendaItem.id, Recusal.member_id == CommitteeMember.id)
    voted = exists().where(
        Vote.item_id == AgendaItem.id,
        Vote.member_id == CommitteeMember.id,
        Vote.motion == AgendaItem.motion,
        Vote.motion_number == AgendaItem.motion_number,
    )
    query = select(AgendaItem).join(AgendaItem.meeting).join(CommitteeMember, seat).join(AgendaItem.screening)
    query = query.join(Screening.project).where(*desk.narrowed())
    return query.where(Meeting.state == "open", AgendaItem.state == "voting", ~stepped_back, ~voted).options(
        joinedload(AgendaItem.screening).joinedload(Screening.project), contains_eager(AgendaItem.meeting)
    )


def to_run(desk: Desk) -> Iterable[Task]:
    """Meetings to open, to run and to prepare, and referred cases without an item, for the secretariat."""
    if desk.project_id is None and desk.holds("secretariat", "chair"):
        query = (
            select(Meeting)
            .where(Meeting.state.in_(("planned", "open")))
            .options(joinedload(Meeting.committee).selectinload(Committee.members))
        )
        for meeting in desk.work.session.scalars(query.order_by(Meeting.starts_at).limit(SHOWN)):
            yield from _run(meeting, desk)
    if desk.holds("secretariat"):
        settled = exists().where(
            AgendaItem.screening_id == Screening.id,
            AgendaItem.state.in_(("queued", "discussing", "voting")),
            ~AgendaItem.waivers.any(),
        )
        for row in screenings_for(desk, Screening.state.in_(("board_queued", "deferred")), ~settled):
            yield task_of(
                row,
                Text("会議の議題に加える", "Put the case on an agenda"),
                Text("専門チームの意見が付き、付議を待っています。", "The opinion is given; it waits for a meeting."),
                "/committees",
                Text("加える", "Add"),
                10,
                since=row.changed_at,
            )


def to_decide_above(desk: Desk) -> Iterable[Task]:
    """Cases that a committee referred to the executive."""
    if desk.holds("executive"):
        for row in screenings_for(desk, Screening.state == "escalated"):
            if not row.project.ever_had_member(desk.me):
                yield task_of(
                    row,
                    Text("上位付議された案件を決定する", "Decide the case that was referred to you"),
                    Text("委員会の意見が記録され、決定を待っています。", "The committee's opinion is on record."),
                    f"/executive/{row.id}",
                    Text("決定する", "Decide"),
                    20,
                    since=row.changed_at,
                )


def to_advise(desk: Desk) -> Iterable[Task]:
    """Questions put to the person's bodies."""
    if desk.project_id is None:
        for asked in consulting.waiting_for_actor(desk.work)[:SHOWN]:
            yield task_of(
                asked.screening,
                Text("機関の意見を書く", "Write the opinion of your body"),
                Text("あなたの機関に意見が照会されています。", "Your body was asked for its opinion."),
                f"/consultations/{asked.id}",
                Text("書く", "Write"),
                20,
                due=asked.due_on,
                since=asked.asked_at,
            )


def to_answer(desk: Desk) -> Iterable[Task]:
    """Circulations that wait for the person's answer."""
    if desk.project_id is None:
        for row in circulating.waiting_for_actor(desk.work):
            yield task_of(
                row.screening,
                Text("持ち回りに回答する", "Answer the circulation"),
                Text(
                    "委員長と指名された委員の同意で決まります。",
                    "It is decided when the chair and the designated members agree.",
                ),
                f"/circulations/{row.id}",
                Text("回答する", "Answer"),
                10,
                due=row.closes_on,
            )


def _run(meeting: Meeting, desk: Desk) -> Iterable[Task]:
    on = local_date(meeting.starts_at)
    what, button, due = Text("会議を進める", "Run the meeting"), Text("進める", "Run"), desk.today
    if meeting.state == "planned" and not desk.holds("secretariat"):
        return
    if meeting.state == "planned" and meeting.materials_sent_on is None:
        what, button = Text("会議資料を送る", "Send the materials"), Text("送る", "Send")
        due = on - timedelta(days=rules_of(meeting.committee, max(on, desk.today)).notice_days)
    elif meeting.state == "planned":
        what, button, due = Text("開会する", "Open the meeting"), Text("開会する", "Open"), on
        if on > desk.today:
            return
    yield Task(
        what,
        Text("第{number}回の会議（{on}）", "Meeting no. {number} of {on}").filled(
            number=meeting.number, on=on.isoformat()
        ),
        Text(meeting.committee.name, meeting.committee.name_in("en")),
        "",
        f"/meetings/{meeting.id}",
        button,
        60,
        due=due,
    )


# --- conditions ------------------------------------------------------------------------------------------------------


def to_meet(desk: Desk) -> Iterable[Task]:
    """Conditions that the person reports on or verifies."""
    query = select(Condition).join(Condition.decision).join(Decision.screening).join(Screening.project)
    query = query.where(
        Condition.state.not_in(SETTLED),
        (Condition.owner_id == desk.me) | (Condition.verifier_id == desk.me),
        *desk.narrowed(),
    )
    query = query.options(
        contains_eager(Condition.decision).contains_eager(Decision.screening).contains_eager(Screening.project),
        joinedload(Condition.owner),
        joinedload(Condition.verifier),
    )
    for row in desk.work.session.scalars(query.order_by(Condition.due_on).limit(SHOWN * 2)):
        waits_for_verifier = row.state == "submitted"
        if waits_for_verifier and row.verifier_id == desk.me:
            yield _verify(row)
        elif not waits_for_verifier and row.owner_id == desk.me:
            yield _report(row)


def _verify(row: Condition) -> Task:
    what = Text("条件 C-{n}「{text}」の報告を確かめる", "Verify the report on condition C-{n} “{text}”")
    return task_of(
        row.decision.screening,
        what.filled(n=row.number, text=_short(row)),
        Text("報告者：{name}", "Reported by {name}").filled(name=Text(row.owner.name, row.owner.name_in("en"))),
        f"/conditions/{row.id}",
        Text("確かめる", "Verify"),
        15,
        due=row.due_on,
    )


def _report(row: Condition) -> Task:
    rules = framework_of(row.decision.screening).committee
    days = rules.get("overdue_reminder_days", 14)
    late = Text(
        "期限から{days}日（{on}）を過ぎると、規程により案件は一時停止の対象になります。",
        "Under the rules the case is to be suspended {days} days after the due date ({on}).",
    )
    suspends = rules.get("overdue_suspends", True) and isinstance(days, int)
    what = Text("条件 C-{n}「{text}」の証跡を提出する", "Hand in evidence for condition C-{n} “{text}”")
    return task_of(
        row.decision.screening,
        what.filled(n=row.number, text=_short(row)),
        Text("確認者：{name}", "Verified by {name}").filled(name=Text(row.verifier.name, row.verifier.name_in("en"))),
        f"/conditions/{row.id}",
        Text("提出", "Hand in"),
        15,
        due=row.due_on,
        late=late.filled(days=days, on=suspend_on(row.due_on, int(str(days)))) if suspends else None,
    )


def _short(row: Condition) -> Text:
    return Text(clipped(row.text, 40), clipped(row.text_en or row.text, 80))
