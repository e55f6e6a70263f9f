"""Who is told of what: people who may know, once, never the actor, and never in words that anybody wrote."""

from __future__ import annotations

import pytest

from governance.accounts import services as accounts
from governance.accounts.models import User
from governance.notifications import joining, services
from governance.notifications.rules import KINDS, TOPICS, kinds_of, sentence
from governance.projects.models import Project
from governance.projects.services import add_member
from tests.builders import World, registered
from tests.notifications.office import notices, tell, wants
from tests.reviews import scenes


def kinds(made: World, name: str) -> list[str]:
    return [f"{row.kind}:{row.codes.get('about', '')}" for row in notices(made, name)]


def test_the_actor_is_not_told_of_their_own_act(made: World) -> None:
    tell(made, "commented", ["owner", "member"], registered(made), by="owner")
    assert [row.user_id for row in notices(made)] == [made.people["member"].id]


def test_who_may_not_see_the_project_hears_nothing(made: World) -> None:
    tell(made, "commented", ["stranger", "member"], registered(made))
    assert [row.user_id for row in notices(made)] == [made.people["member"].id]


def test_a_closed_account_gets_nothing(made: World) -> None:
    project_id = registered(made)
    with made.acting("administrator") as work:
        accounts.close_account(work, work.session.get(User, made.people["member"].id))
    tell(made, "commented", ["member"], project_id)
    assert notices(made) == []


def test_an_act_that_fails_leaves_no_notice(made: World) -> None:
    with made.acting("expert") as work:
        services.notify(work, "assigned", [made.people["owner"].id], href="/")
        work.session.rollback()
    assert notices(made) == []


def test_a_reminder_is_left_once(made: World) -> None:
    for _ in range(3):
        tell(made, "due_soon", ["owner", "member"], by="system", once="screening:1:7")
    tell(made, "due_soon", ["owner"], by="system", once="screening:1:1")
    assert len(notices(made, "owner")) == 2
    assert len(notices(made, "member")) == 1


@pytest.mark.parametrize(
    ("kind", "href", "codes"),
    [
        ("gossip", "/", {}),
        ("commented", "https://elsewhere.example/", {}),
        ("commented", "//elsewhere.example/", {}),
        ("commented", "/projects\r\nBcc: x", {}),
        ("commented", "/", {"question": "自由な文"}),
        ("commented", "/", {"question": "two words"}),
    ],
)
def test_free_text_and_foreign_places_are_faults_of_the_program(
    made: World, kind: str, href: str, codes: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match="notice"), made.acting() as work:
        services.notify(work, kind, [made.people["owner"].id], href=href, codes=codes)


def test_every_kind_has_a_group_and_a_sentence_without_any_code() -> None:
    assert {kind for topic in TOPICS for kind in kinds_of(topic)} == set(KINDS)
    for kind in KINDS:
        for language in ("ja", "en"):
            assert sentence(kind, {}).in_(language)
            assert "{" not in sentence(kind, {}).in_(language)


def test_the_most_exact_sentence_that_the_codes_fill_is_said() -> None:
    assert sentence("commented", {"question": "P1a"}).ja == "質問 P1a にコメントがつきました。"
    assert sentence("commented", {}).en == "There is a new comment."
    assert (
        sentence("due_soon", {"about": "condition", "number": "2", "on": "12/1"}).en == "Condition C-2 is due on 12/1."
    )
    assert sentence("due_soon", {"about": "condition"}).en == "Something is due soon."


def test_people_hear_that_they_joined_a_project_once_and_not_from_themselves(made: World) -> None:
    project_id = registered(made)
    for _ in range(2):
        with made.acting() as work:
            joining.welcome(work)
    assert kinds(made, "member") == ["assigned:member"]
    assert kinds(made, "approver") == ["assigned:approver"]
    assert kinds(made, "owner") == []
    with made.acting("owner") as work:
        add_member(
            work, work.session.get(Project, project_id), work.session.get(User, made.people["stranger"].id), "owner"
        )
    with made.acting() as work:
        joining.welcome(work)
    assert kinds(made, "stranger") == ["assigned:owner"]
    assert kinds(made, "owner") == ["assigned:member"]


def test_the_way_of_a_case_is_told_to_whoever_it_concerns(made: World) -> None:
    scenes.decided(made)
    assert kinds(made, "owner") == [
        "submitted:committee",
        "assigned:condition",
        "decided:approved_with_conditions",
    ]
    assert kinds(made, "expert") == ["submitted:"]
    assert kinds(made, "member") == ["submitted:team", "submitted:committee", "decided:approved_with_conditions"]
    assert kinds(made, "secretariat") == ["submitted:committee"]
    assert kinds(made, "ext1") == ["submitted:agenda", "submitted:materials"]
    assert "decided:approved_with_conditions" in kinds(made, "approver")
    assert kinds(made, "stranger") == []


def test_a_stop_is_told_to_legal(made: World) -> None:
    scenes.case(made, {"T01": "yes"})
    assert kinds(made, "legal") == kinds(made, "expert") == kinds(made, "member") == ["suspended:stop"]


def test_a_light_case_goes_to_the_approver(made: World) -> None:
    scenes.case(made)
    assert kinds(made, "approver") == ["submitted:approval"]
    assert kinds(made, "expert") == []


def test_what_was_chosen_holds_for_what_waits_and_for_what_comes(made: World) -> None:
    tell(made, "commented", ["owner"])
    wants(made, "owner", talk="weekly")
    tell(made, "commented", ["owner"])
    assert [row.rhythm for row in notices(made, "owner")] == ["weekly", "weekly"]
    assert [row.rhythm for row in notices(made, "member")] == []


def test_losing_access_takes_notices_out_of_list_and_count(made: World) -> None:
    project_id = registered(made)
    tell(made, "commented", ["member"], project_id)
    tell(made, "commented", ["member"])
    with made.acting("member", read_only=True) as work:
        assert services.unread(work) == 2
    with made.acting("owner") as work:
        row = work.session.get(Project, project_id)
        member = next(m for m in row.members if m.user_id == made.people["member"].id)
        member.left_at = work.now
        work.record("MemberLeft", subject=("project_member", member.id), project=row.id, row=member)
    with made.acting("member", read_only=True) as work:
        assert services.unread(work) == 1
        assert len(services.notices(work).rows) == 1


def test_nobody_reads_or_marks_the_notices_of_another(made: World) -> None:
    tell(made, "commented", ["owner"])
    [row] = notices(made)
    with made.acting("member") as work:
        assert services.mark_all_read(work) == 0
        assert services.notices(work).rows == []
        with pytest.raises(services.NotFound):
            services.notice(work, row.id)
