"""The pages of learning as people use them: a session from its beginning to its record, training and its overview, carrying over."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from governance.learning.models import KytSession
from governance.pages import limiter
from governance.screenings.models import Screening
from governance.web import Service
from tests.builders import World, opened, registered
from tests.learning.scenes import begun, course, finished, in_round
from tests.visitor import PASSWORD, Visitor, service


@pytest.fixture
def app(made: World, tmp_path: Path) -> Service:
    opened = service(made.database, tmp_path)
    limiter.reset()
    return opened


def signed_in(app: Service, name: str) -> Visitor:
    visitor = Visitor(app)
    assert visitor.sign_in(f"{name}@test.example", PASSWORD).status_code == 303
    return visitor


def rev(text: str, way: str) -> str:
    found = re.search(rf'/{way}".*?name="rev" value="(\d+)"', text, re.DOTALL)
    assert found is not None
    return found[1]


def ids(text: str, what: str) -> list[str]:
    return list(dict.fromkeys(re.findall(rf"/{what}/([0-9a-f-]{{36}})", text)))


def test_a_team_goes_through_the_rounds_without_a_script(app: Service, made: World) -> None:
    member = signed_in(app, "member")
    assert "混雑予測で列車の間隔を変える" in member.get("/learning").text
    shown = member.get("/learning/kyt/new?scenario=loan-scoring").text
    assert "育児休業" in shown
    me, other = made.people["member"].id, made.people["owner"].id
    sent = {
        "title": "ローン審査の点数を見る",
        "situation": "申込みが多い。",
        "held_on": "2026/11/20",
        "scenario": "loan-scoring",
    }
    sent |= {"leader_id": me, "scribe_id": other, "place": "会議室", "project_id": ""}
    answer = member.post("/learning/kyt/new?scenario=loan-scoring", sent)
    assert answer.status_code == 303, answer.text
    room = answer.headers["Location"]
    for number in range(3):
        sent = {"cause": f"原因{number}なので", "event": f"事象{number}になる"}
        assert member.post(f"{room}/hazards", sent).status_code == 303
    page = member.get(room).text
    assert "事象2になる" in page
    assert member.post(f"{room}/advance", {"rev": rev(page, "advance")}).status_code == 303
    page = member.get(room).text
    assert member.post(f"{room}/hazards/{ids(page, 'hazards')[0]}/mark", {"mark": "key"}).status_code == 303
    for _ in range(1):
        assert member.post(f"{room}/advance", {"rev": rev(member.get(room).text, "advance")}).status_code == 303
    page = member.get(room).text
    assert member.post(f"{room}/hazards/{ids(page, 'hazards')[0]}/measures", {"text": "理由も読む"}).status_code == 303
    assert member.post(f"{room}/advance", {"rev": rev(member.get(room).text, "advance")}).status_code == 303
    page = member.get(room).text
    assert member.post(f"{room}/measures/{ids(page, 'measures')[0]}/mark", {"mark": "key"}).status_code == 303
    page = member.get(room).text
    refused = member.post(f"{room}/advance", {"rev": rev(page, "advance")})
    assert (refused.status_code, "チーム行動目標を書いてください" in refused.text) == (422, True)
    goal = {"team_goal": "理由を読んで決めよう", "call": "理由 ヨシ！", "rev": rev(page, "goal")}
    assert member.post(f"{room}/goal", goal).status_code == 303
    assert member.post(f"{room}/advance", {"rev": rev(member.get(room).text, "advance")}).status_code == 303
    page = member.get(room).text
    assert "KYTの記録" in page
    assert "理由を読んで決めよう" in page
    assert "/hazards/" not in page
    late = member.post(f"{room}/hazards", {"cause": "一", "event": "二"})
    assert (late.status_code, "記録は確定しています" in late.text) == (422, True)


def test_what_was_typed_stays_when_it_is_refused(app: Service, made: World) -> None:
    room = f"/learning/kyt/{begun(made)}"
    member = signed_in(app, "member")
    answer = member.post(f"{room}/hazards", {"cause": "雨の日の記録がないので", "event": ""})
    assert answer.status_code == 422
    assert "雨の日の記録がないので" in answer.text
    twice = member.post(f"{room}/people", {"user_id": made.people["expert"].id, "name": ""})
    assert (twice.status_code, "すでに参加しています" in twice.text) == (422, True)


def test_other_devices_ask_for_the_version_and_see_new_lines(app: Service, made: World) -> None:
    room = f"/learning/kyt/{begun(made)}"
    member, expert = signed_in(app, "member"), signed_in(app, "expert")
    shown = expert.get(room)
    version = re.search(r'data-version="([0-9a-f]{16})"', shown.text)
    assert version is not None
    assert f'data-live="{room}/live"' in shown.text
    asks = {"If-None-Match": f'"{version[1]}"'}
    assert expert.client.get(f"{room}/live", headers=asks).status_code == 304
    assert member.post(f"{room}/hazards", {"cause": "雨なので", "event": "滑る"}).status_code == 303
    newer = expert.client.get(f"{room}/live", headers=asks)
    assert newer.status_code == 200
    assert newer.get_json()["version"] in expert.get(room).text
    assert expert.client.get("/learning/kyt/none/live").status_code == 404


def test_a_stale_page_does_not_move_the_team_twice(app: Service, made: World) -> None:
    session_id = begun(made)
    in_round(made, session_id, 2)
    member = signed_in(app, "member")
    page = member.get(f"/learning/kyt/{session_id}").text
    back = {"rev": rev(page, "back")}
    assert member.post(f"/learning/kyt/{session_id}/back", back).status_code == 303
    assert member.post(f"/learning/kyt/{session_id}/back", back).status_code == 409
    with made.acting(read_only=True) as work:
        assert work.session.get_one(KytSession, session_id).state == "r1"


def test_sheet_and_record_come_as_pdf_in_both_languages(app: Service, made: World) -> None:
    session_id = finished(made, scenario="crowd-forecast")
    member = signed_in(app, "member")
    for path in ("/learning/scenarios/crowd-forecast/sheet.pdf", f"/learning/kyt/{session_id}/record.pdf?lang=en"):
        answer = member.get(path)
        assert answer.status_code == 200
        assert answer.data.startswith(b"%PDF-")
    assert member.get(f"/learning/kyt/{begun(made)}/record.pdf").status_code == 404
    assert member.get("/learning/scenarios/nowhere/sheet.pdf").status_code == 404


def test_every_scenario_is_complete_in_both_languages(app: Service) -> None:
    member = signed_in(app, "member")
    for key in ("crowd-forecast", "loan-scoring", "generative-assistant"):
        assert member.get(f"/learning/scenarios/{key}").status_code == 200
        english = member.get(f"/learning/scenarios/{key}?lang=en").text
        assert "The situation" in english
        picture = member.get(f"/learning/scenarios/{key}/picture.svg")
        assert picture.mimetype == "image/svg+xml"
        assert not re.search(r"<script|<style|href=|url\(|<text", picture.text)


# ---------------------------------------------------------------- training


NEW = {
    "code": "AIE-101", "title": "AI倫理 導入教育", "title_en": "Introduction", "about": "", "about_en": "", "place": "研修サイト",
    "place_en": "Training site", "url": "https://training.example/aie-101", "self_record": "y", "mode": "require", "acts": "fill",
    "valid_months": "１２", "effective_on": "2026-04-01", "reason": "",
}  # fmt: skip


def test_a_course_is_added_asked_for_and_recorded(app: Service, made: World) -> None:
    project = registered(made)
    screening = opened(made, project)
    secretariat, owner = signed_in(app, "secretariat"), signed_in(app, "owner")
    answer = secretariat.post("/learning/courses/new", NEW)
    assert answer.status_code == 303, answer.text
    page = answer.headers["Location"]
    shown = owner.get(f"/screenings/{screening}").text
    assert "この操作には教育の受講が必要です" in shown
    assert page in shown
    with made.acting(read_only=True) as work:
        now = work.session.get_one(Screening, screening).rev
    refused = owner.post(f"/screenings/{screening}/submit", {"rev": f"{now}"})
    assert (refused.status_code, "AIE-101" in refused.text) == (422, True)
    assert "未受講" in owner.get("/learning/mine").text
    ahead = owner.post(f"{page}/own", {"attended_on": "2099-01-01"})
    assert (ahead.status_code, "まだ来ていない" in ahead.text) == (422, True)
    assert owner.post(f"{page}/own", {"attended_on": "2026-11-01"}).status_code == 303
    assert "必要な教育はすべて受講済みです" in owner.get("/learning/mine").text
    assert "この操作には教育の受講が必要です" not in owner.get(f"/screenings/{screening}").text


def test_attendances_are_recorded_by_class_and_by_list(app: Service, made: World) -> None:
    page = f"/learning/courses/{course(made)}"
    secretariat = signed_in(app, "secretariat")
    chosen = {
        "attended_on": "2026-11-10",
        "people": [made.people["owner"].id, made.people["member"].id],
        "note": "第1回",
    }
    assert secretariat.post(f"{page}/attendances", chosen).status_code == 303
    again = secretariat.post(f"{page}/attendances", chosen)
    assert (again.status_code, "すでに記録されています" in again.text, "checked" in again.text) == (422, True, True)
    text = "メール,受講日\nexpert@test.example,2026-11-10\n"
    sent = {"file": (io.BytesIO(text.encode("cp932")), "list.csv")}
    assert secretariat.post(f"{page}/list", sent).status_code == 303
    sent = {"file": (io.BytesIO(text.encode()), "list.csv")}
    refused = secretariat.post(f"{page}/list", sent)
    assert (refused.status_code, "2行目" in refused.text) == (422, True)
    overview = secretariat.get("/learning/overview?course=AIE-101&state=missing").text
    assert "見本 stranger" in overview
    assert "見本 owner" not in overview


def test_the_auditor_reads_and_changes_nothing(app: Service, made: World) -> None:
    page = f"/learning/courses/{course(made)}"
    auditor = signed_in(app, "auditor")
    for path in ("/learning", "/learning/mine", "/learning/courses", "/learning/overview", page):
        assert auditor.get(path).status_code == 200, path
    for path in ("/learning/courses/new", f"{page}/edit", f"{page}/terms", f"{page}/attendances", "/learning/kyt/new"):
        assert auditor.get(path).status_code == 403, path
    assert auditor.post(f"{page}/own", {"attended_on": "2026-11-01"}).status_code == 403
    assert signed_in(app, "member").get("/learning/overview").status_code == 403


def test_terms_are_changed_with_a_reason_and_the_course_is_ended(app: Service, made: World) -> None:
    page = f"/learning/courses/{course(made)}"
    administrator = signed_in(app, "administrator")
    shown = administrator.get(f"{page}/terms").text
    sent = {"mode": "warn", "acts": "fill", "valid_months": "6", "effective_on": "2026-11-20", "reason": "", "rev": "1"}
    assert 'value="1"' in shown
    refused = administrator.post(f"{page}/terms", sent)
    assert (refused.status_code, "変える理由" in refused.text) == (422, True)
    assert administrator.post(f"{page}/terms", sent | {"reason": "半年ごとにする"}).status_code == 303
    assert "半年ごとにする" in administrator.get(page).text
    assert administrator.post(f"{page}/retire", {"rev": "1"}).status_code == 303
    assert "この講座は終了しています" in administrator.get(page).text
