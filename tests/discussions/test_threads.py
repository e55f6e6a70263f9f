"""Threads through real databases: who may speak, what is kept, what settles, who hears of it, and what the ledger says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError

from governance.discussions import services, talk
from governance.discussions.models import Comment, CommentCorrection, Mention, Thread
from governance.ledger.audit import verify_database
from governance.ledger.services import project_events
from governance.notifications.models import Notice
from governance.projects import services as projects
from governance.refusals import Conflict, Forbidden, NotFound, Refusal, Refusals
from governance.reviews import services as reviews
from governance.screenings import services as screenings
from tests.builders import World, answered, opened, registered
from tests.ledger.admin import run, unguarded
from tests.reviews.scenes import MEDIUM, case, row, taken

KEY = "P1a"
SECRET = "秘密の文章 CANARY"


def begun(made: World, screening_id: str, by: str = "member", **given: object) -> str:
    with made.acting(by) as work:
        return services.open_thread(
            work, row(work, screening_id), given.pop("place", KEY), **{"text": SECRET, **given}
        ).id


def remarked(made: World, screening_id: str, words: str = "試験の記録が足りません。", place: str = KEY) -> str:
    return begun(made, screening_id, "expert", text=words, kind="remark", place=place)


def settled(
    made: World, thread_id: str, act: str, by: str, words: str = "対応しました。", rev: int | None = None
) -> None:
    with made.acting(by) as work:
        thread = services.thread(work, thread_id)
        found = row(work, thread.screening_id)
        services.settle(work, found, thread, act, rev=thread.rev if rev is None else rev, text=words)


def state(made: World, thread_id: str) -> str:
    with made.acting("auditor", read_only=True) as work:
        return services.thread(work, thread_id).state


def heard(made: World, name: str) -> list[str]:
    with made.acting("auditor", read_only=True) as work:
        query = select(Notice.kind).where(Notice.user_id == made.people[name].id).order_by(Notice.created_at)
        return list(work.session.scalars(query))


@pytest.fixture
def drafted(made: World) -> str:
    return opened(made, registered(made))


@pytest.fixture
def reviewed(made: World) -> str:
    screening_id = case(made, ratings=MEDIUM)
    taken(made, screening_id)
    return screening_id


@pytest.mark.parametrize("who", ["owner", "member", "approver", "expert", "legal", "secretariat"])
def test_everybody_who_works_on_the_case_may_write(made: World, drafted: str, who: str) -> None:
    assert begun(made, drafted, who)


@pytest.mark.parametrize("who", ["auditor", "administrator", "stranger", "chair", "int1"])
def test_nobody_else_does(made: World, drafted: str, who: str) -> None:
    with pytest.raises(Forbidden):
        begun(made, drafted, who)


@pytest.mark.parametrize("who", ["owner", "approver", "legal", "secretariat"])
def test_only_whoever_may_review_remarks(made: World, reviewed: str, who: str) -> None:
    with pytest.raises(Forbidden):
        begun(made, reviewed, who, kind="remark")


def test_an_expert_of_the_project_itself_does_not_remark(made: World, reviewed: str) -> None:
    with made.acting("owner") as work:
        found = row(work, reviewed)
        projects.add_member(
            work, found.project, work.session.get(type(made.people["expert2"]), made.people["expert2"].id), "member"
        )
    with pytest.raises(Forbidden):
        begun(made, reviewed, "expert2", kind="remark")


def test_a_draft_gets_no_remarks_yet(made: World, drafted: str) -> None:
    with pytest.raises(Refusal, match="no_remark"):
        begun(made, drafted, "expert", kind="remark")


def test_nothing_more_is_said_about_a_withdrawn_screening(made: World, drafted: str) -> None:
    thread_id = begun(made, drafted)
    with made.acting("owner") as work:
        found = row(work, drafted)
        screenings.withdraw(work, found, rev=found.rev, reason="やめる")
    with pytest.raises(Refusal, match="discussions.withdrawn"):
        begun(made, drafted)
    with pytest.raises(Refusal, match="discussions.withdrawn"), made.acting("member") as work:
        services.reply(work, row(work, drafted), services.thread(work, thread_id), text="まだ")


def test_a_thread_of_a_hidden_project_is_not_there(made: World, drafted: str) -> None:
    thread_id = begun(made, drafted)
    with made.acting("stranger", read_only=True) as work:
        with pytest.raises(NotFound):
            services.thread(work, thread_id)
        comment = work.session.scalars(select(Comment.id)).one()
        with pytest.raises(NotFound):
            services.comment(work, comment)


# ---------------------------------------------------------------- people


def test_a_mention_is_kept_and_told(made: World, drafted: str) -> None:
    begun(made, drafted, text="@見本 expert さん、確かめてください", to=[made.people["legal"].id])
    with made.acting("auditor", read_only=True) as work:
        asked = set(work.session.scalars(select(Mention.user_id)))
    assert asked == {made.people["legal"].id, made.people["expert"].id}
    assert heard(made, "expert") == ["mentioned"]
    assert heard(made, "legal") == ["mentioned"]


def test_whoever_may_not_see_the_case_is_refused_by_name(made: World, drafted: str) -> None:
    with pytest.raises(Refusal, match="discussions.unseen") as refused:
        begun(made, drafted, to=[made.people["stranger"].id])
    assert "見本 stranger" in refused.value.text.ja


def test_whoever_left_the_project_is_refused(made: World, drafted: str) -> None:
    with made.acting("owner") as work:
        found = row(work, drafted).project
        part = next(m for m in found.members if m.user_id == made.people["member"].id)
        projects.remove_member(work, found, part)
    with pytest.raises(Refusal, match="discussions.left"):
        begun(made, drafted, "owner", to=[made.people["member"].id])


def test_a_recused_member_of_an_office_is_no_choice(made: World, drafted: str) -> None:
    with made.acting("secretariat") as work:
        projects.bar_reading(work, row(work, drafted).project, made.people["expert"].id)
    with pytest.raises(Refusal, match="discussions.unseen"):
        begun(made, drafted, to=[made.people["expert"].id])
    begun(made, drafted)
    assert heard(made, "expert") == []


def test_who_takes_part_hears_of_a_reply_and_the_writer_does_not(made: World, drafted: str) -> None:
    thread_id = begun(made, drafted)
    with made.acting("expert") as work:
        services.reply(work, row(work, drafted), services.thread(work, thread_id), text="見ました")
    assert heard(made, "member") == ["commented"]
    assert heard(made, "owner") == ["commented"]
    assert heard(made, "expert") == []


# ---------------------------------------------------------------- remarks


def test_a_remark_is_answered_by_the_team_and_resolved_by_a_reviewer(made: World, reviewed: str) -> None:
    thread_id = remarked(made, reviewed)
    assert heard(made, "member").count("remarked") == 1
    settled(made, thread_id, "answer", "member")
    assert state(made, thread_id) == "answered"
    assert "commented" in heard(made, "expert")
    settled(made, thread_id, "reopen", "expert", "まだ足りません。")
    assert state(made, thread_id) == "open"
    settled(made, thread_id, "answer", "owner")
    settled(made, thread_id, "resolve", "expert2", "")
    assert state(made, thread_id) == "resolved"


def test_the_team_does_not_resolve_and_the_reviewer_does_not_answer(made: World, reviewed: str) -> None:
    thread_id = remarked(made, reviewed)
    for act, who in (("resolve", "owner"), ("answer", "expert"), ("answer", "approver"), ("reopen", "member")):
        with pytest.raises(Forbidden):
            settled(made, thread_id, act, who)


def test_of_two_who_resolve_at_once_the_second_is_told(made: World, reviewed: str) -> None:
    thread_id = remarked(made, reviewed)
    with made.acting("auditor", read_only=True) as work:
        rev = services.thread(work, thread_id).rev
    settled(made, thread_id, "resolve", "expert", "", rev)
    with pytest.raises(Conflict):
        settled(made, thread_id, "resolve", "expert2", "", rev)


def test_an_answer_needs_a_word(made: World, reviewed: str) -> None:
    thread_id = remarked(made, reviewed)
    with pytest.raises(Refusal, match="discussions.empty"):
        settled(made, thread_id, "answer", "member", "  ")
    assert state(made, thread_id) == "open"


def test_resubmitting_needs_an_answer_or_an_explanation(made: World, reviewed: str) -> None:
    first, second = remarked(made, reviewed), remarked(made, reviewed, "影響の見立ては？", "rating-safety")
    with made.acting("expert") as work:
        found = row(work, reviewed)
        reviews.return_to_team(work, found, rev=found.rev, reason="直してください。")
    settled(made, first, "answer", "member", "記録を加えました。")

    def submit(explanation: str) -> None:
        with made.acting("owner") as work:
            found = row(work, reviewed)
            screenings.submit(work, found, rev=found.rev, explanation=explanation)

    with pytest.raises(Refusals, match="回答していない指摘"):
        submit(" ")
    submit("見立ては変えていません。理由は補足のとおりです。")
    assert (state(made, first), state(made, second)) == ("answered", "answered")
    with made.acting("auditor", read_only=True) as work:
        said = list(work.session.scalars(select(Comment.text).where(Comment.thread_id == second)))
    assert said[-1].startswith("見立ては")


# ---------------------------------------------------------------- what is kept


def test_a_correction_keeps_the_earlier_text_for_a_quarter_of_an_hour(made: World, drafted: str) -> None:
    begun(made, drafted, text="誤字")

    def correct(by: str, words: str) -> None:
        with made.acting(by) as work:
            said = services.comment(work, work.session.scalars(select(Comment.id)).one())
            services.correct(work, row(work, drafted), said, rev=said.rev, text=words)

    correct("member", "正しい字")
    with pytest.raises(Forbidden):
        correct("owner", "別人の字")
    made.now += timedelta(minutes=15)
    with pytest.raises(Refusal, match="too_late"):
        correct("member", "遅い字")
    with made.acting("auditor", read_only=True) as work:
        assert work.session.scalars(select(Comment.text)).one() == "正しい字"
        assert work.session.scalars(select(CommentCorrection.text)).one() == "誤字"


def test_a_withdrawn_comment_leaves_its_trace(made: World, drafted: str) -> None:
    thread_id = begun(made, drafted)
    with made.acting("member") as work:
        said = services.comment(work, work.session.scalars(select(Comment.id)).one())
        services.withdraw(work, row(work, drafted), said, rev=said.rev)
    assert state(made, thread_id) == "resolved"
    with made.acting("auditor", read_only=True) as work:
        line = talk.summary(work, row(work, drafted)).get(KEY).lines[0]
        assert (line.said, line.first) == (0, "")
        assert work.session.scalars(select(Comment.withdrawn_at)).one() is not None


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE comments SET text = 'changed'",
        "UPDATE comments SET author_id = (SELECT max(id) FROM users WHERE id <> author_id)",
        "DELETE FROM comments",
        "DELETE FROM threads",
        "UPDATE threads SET place = 'P1b'",
        "DELETE FROM mentions",
        "UPDATE mentions SET user_id = (SELECT min(id) FROM users)",
    ],
)
def test_the_database_itself_keeps_what_was_said(made: World, drafted: str, attack: str) -> None:
    begun(made, drafted, to=[made.people["owner"].id])
    with pytest.raises(DBAPIError, match="what was said is kept|frozen"), made.database.engine.begin() as connection:
        connection.execute(text(attack))


def test_the_ledger_names_the_acts_and_holds_the_words_apart(made: World, reviewed: str) -> None:
    thread_id = begun(made, reviewed, "expert", kind="remark", to=[made.people["member"].id])
    settled(made, thread_id, "answer", "member")
    settled(made, thread_id, "resolve", "expert", "")
    with made.acting("auditor", read_only=True) as work:
        told = project_events(work.session, row(work, reviewed).project_id)
    mine = [
        each for each in told if each.type in ("ThreadOpened", "CommentWritten", "RemarkAnswered", "ThreadResolved")
    ]
    assert sorted(each.type for each in mine) == [
        "CommentWritten",
        "RemarkAnswered",
        "ThreadOpened",
        "ThreadResolved",
    ]
    assert all(SECRET not in str(each.body) for each in told)
    assert any(each.private.get("text") == SECRET for each in mine)
    assert verify_database(made.database).ok


def test_a_comment_changed_past_the_service_is_found(made: World, drafted: str) -> None:
    begun(made, drafted)
    with unguarded(made.database) as admin:
        run(admin, "UPDATE threads SET kind = 'remark'")
    assert [fault.place.split(":")[0] for fault in verify_database(made.database).faults] == ["threads"]


# ---------------------------------------------------------------- summed up


def test_the_summary_takes_two_statements_whatever_was_said(made: World, reviewed: str) -> None:
    for _ in range(3):
        remarked(made, reviewed)
        begun(made, reviewed)
    statements: list[str] = []
    with made.acting("owner", read_only=True) as work:
        found = row(work, reviewed)
        assert found.project.members
        connection = work.session.connection()
        event.listen(connection, "before_cursor_execute", lambda *given: statements.append(given[2]))
        whole = talk.summary(work, found)
        assert len(statements) == 2
        assert (len(whole.get(KEY).remarks), whole.get(KEY).comments) == (3, 3)
        assert len(whole.remarks("open")) == 3
        assert whole.get("P1b").lines == []


def test_a_projects_threads_are_listed_by_what_one_looks_for(made: World, reviewed: str) -> None:
    mine = begun(made, reviewed, "member", text="自分の")
    remark = remarked(made, reviewed)
    done = remarked(made, reviewed)
    settled(made, done, "resolve", "expert", "")
    with made.acting("member", read_only=True) as work:
        project = row(work, reviewed).project

        def shown(show: str) -> set[str]:
            return {line.thread.id for line in talk.of_project(work, project, show, 1)[0]}

        assert shown("open") == {mine, remark}
        assert shown("mine") == {mine}
        assert shown("remarks") == {remark, done}
        assert shown("all") == {mine, remark, done}
        assert talk.of_project(work, project, "all", 2) == ([], 3)


def test_answers_do_not_change_when_people_talk(made: World, drafted: str) -> None:
    answered(made, drafted)
    with made.acting("auditor", read_only=True) as work:
        before = row(work, drafted).rev
    begun(made, drafted)
    with made.acting("auditor", read_only=True) as work:
        assert row(work, drafted).rev == before
        assert work.session.scalars(select(Thread.state)).one() == "open"
