"""The pages of notices as people see them: the bell, the list, own choices of mail, and what the administrator sees."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from governance.pages import limiter
from governance.web import Service
from tests.builders import PARTICULARS, World, registered
from tests.notifications.mailbox import open_mailbox
from tests.notifications.office import letters, notices, tell, worker
from tests.visitor import Visitor, service


@pytest.fixture
def app(made: World, tmp_path: Path) -> Service:
    return service(made.database, tmp_path)


def signed_in(app: Service, name: str) -> Visitor:
    limiter.reset()
    visitor = Visitor(app)
    visitor.sign_in(f"{name}@test.example")
    return visitor


def words(visitor: Visitor, path: str) -> str:
    answer = visitor.get(path)
    assert answer.status_code == 200, answer.text
    main = answer.text[answer.text.index("<main") : answer.text.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def test_the_bell_counts_what_is_unread(made: World, app: Service) -> None:
    visitor = signed_in(app, "owner")
    assert "お知らせ</span>" in visitor.get("/").text
    tell(made, "commented", ["owner"])
    tell(made, "returned", ["owner"])
    assert "お知らせ（未読2件）" in visitor.get("/").text
    assert "お知らせ（" not in signed_in(app, "member").get("/").text


def test_a_notice_names_its_project_and_who_caused_it_and_leads_to_the_place(made: World, app: Service) -> None:
    project_id = registered(made)
    tell(made, "commented", ["owner"], project_id, by="member", href=f"/projects/{project_id}", question="P1a")
    visitor = signed_in(app, "owner")
    page = words(visitor, "/notices")
    assert "質問 P1a にコメントがつきました。" in page
    assert PARTICULARS.name in page
    assert "見本 member" in page
    [row] = notices(made, "owner")
    answer = visitor.post(f"/notices/{row.id}/open")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/projects/{project_id}")
    assert "未読に戻す" in words(visitor, "/notices")
    assert notices(made, "owner")[0].read_at is not None


def test_a_mail_leads_to_the_place_and_looking_marks_nothing(made: World, app: Service) -> None:
    tell(made, "returned", ["owner"], href="/screenings/1")
    [row] = notices(made)
    visitor = signed_in(app, "owner")
    assert visitor.get(f"/notices/{row.id}").headers["Location"] == "/screenings/1"
    assert notices(made)[0].read_at is None
    assert signed_in(app, "member").get(f"/notices/{row.id}").status_code == 404
    assert signed_in(app, "member").post(f"/notices/{row.id}/open").status_code == 404


def test_all_of_a_kind_are_marked_as_read_and_one_can_be_unread_again(made: World, app: Service) -> None:
    tell(made, "commented", ["owner"])
    tell(made, "returned", ["owner"])
    visitor = signed_in(app, "owner")
    visitor.post("/notices/read", {"kind": "talk"})
    assert [row.read_at is None for row in notices(made, "owner")] == [False, True]
    visitor.post("/notices/read")
    assert [row.read_at is None for row in notices(made, "owner")] == [False, False]
    answer = visitor.post(f"/notices/{notices(made, 'owner')[0].id}/unread", {"back": "/notices?kind=talk"})
    assert answer.headers["Location"] == "/notices?kind=talk"
    answer = visitor.post(f"/notices/{notices(made, 'owner')[1].id}/read", {"back": "https://evil.example/"})
    assert answer.headers["Location"] == "/notices"
    assert [row.read_at is None for row in notices(made, "owner")] == [True, False]


def test_notices_are_narrowed_by_group_by_kind_and_to_what_is_unread(made: World, app: Service) -> None:
    tell(made, "commented", ["owner"])
    tell(made, "returned", ["owner"])
    visitor = signed_in(app, "owner")
    assert "差し戻されました" not in words(visitor, "/notices?kind=talk")
    assert "コメントがつきました" not in words(visitor, "/notices?kind=returned")
    visitor.post("/notices/read", {"kind": "returned"})
    assert "差し戻されました" not in words(visitor, "/notices?show=unread")
    for odd in ("?kind=nonsense", "?page=0", "?page=-3", "?page=x", "?page=99999999999999999999", "?show=%00"):
        assert visitor.get(f"/notices{odd}").status_code in (200, 400)


def test_an_empty_list_says_what_will_come(app: Service) -> None:
    assert "担当になったとき" in words(signed_in(app, "stranger"), "/notices")
    assert "No notices yet." in words(signed_in(app, "stranger"), "/notices?lang=en")


def test_fifty_notices_fill_a_page(made: World, app: Service) -> None:
    for _ in range(53):
        tell(made, "commented", ["owner"])
    visitor = signed_in(app, "owner")
    assert visitor.get("/notices").text.count("is-new") == 50
    assert visitor.get("/notices?page=2").text.count("is-new") == 3
    assert 'rel="next"' not in visitor.get("/notices?page=2").text


def test_mail_is_chosen_per_group_and_odd_choices_are_refused(made: World, app: Service) -> None:
    visitor = signed_in(app, "owner")
    assert "メールの設定" in words(visitor, "/settings")
    page = words(visitor, "/settings/mail")
    assert "いまはメールを送っていません" in page
    given = {"requests": "daily", "talk": "none", "dates": "weekly", "results": "at_once", "watch": "at_once"}
    assert visitor.post("/settings/mail", given).status_code == 303
    tell(made, "commented", ["owner"])
    assert notices(made, "owner")[0].rhythm == "none"
    assert visitor.post("/settings/mail", {**given, "talk": "hourly"}).status_code == 422
    assert visitor.post("/settings/mail", {**given, "locale": "en"}).status_code == 400


def test_the_administrator_sees_what_could_not_be_sent_and_sends_it_again(
    made: World, app: Service, tmp_path: Path
) -> None:
    tell(made, "returned", ["owner"], registered(made))
    with made.acting() as work:
        work.session.get_one(type(made.people["owner"]), made.people["owner"].id).email = "a@b@c"
    with open_mailbox() as box:
        worker(made, tmp_path, box.port).look()
    visitor = signed_in(app, "administrator")
    page = words(visitor, "/notices/outbox")
    assert "宛先のアドレスが使えません" in page
    assert PARTICULARS.name not in page
    assert "スクリーニングの期限の連絡" in page
    assert visitor.post("/notices/outbox/again").status_code == 303
    assert "dead" not in [row.state for row in letters(made)]
    assert visitor.post(f"/notices/outbox/{letters(made)[0].id}/again").status_code == 404
    assert signed_in(app, "member").get("/notices/outbox").status_code == 403
