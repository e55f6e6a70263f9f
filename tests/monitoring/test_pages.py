"""The pages of monitoring as people use them: an indicator, readings by hand and by file, keys and calls, incidents."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from governance.monitoring.models import Alert, Incident, Indicator, Reading, ReadingKey
from governance.pages import limiter
from governance.screenings.models import Answer
from governance.web import Service
from tests.builders import World, opened, registered
from tests.monitoring.scenes import START, watched
from tests.visitor import PASSWORD, Visitor, service


@pytest.fixture
def app(made: World, tmp_path: Path) -> Service:
    opened = service(made.database, tmp_path)
    limiter.reset()
    return opened


@pytest.fixture
def project_id(made: World) -> str:
    return registered(made)


def signed_in(app: Service, name: str) -> Visitor:
    visitor = Visitor(app)
    assert visitor.sign_in(f"{name}@test.example", PASSWORD).status_code == 303
    return visitor


def day(ago: int = 0) -> str:
    return (datetime.now(UTC) - timedelta(days=ago)).date().isoformat()


NEW = {
    "name": "正解率", "name_en": "Accuracy", "unit": "%", "note": "", "every_days": "３０", "run_length": "1", "phase": "P",
    "direction": "up", "low": "９５", "high": "", "valid_from": START.date().isoformat(),
}  # fmt: skip


def test_an_indicator_is_registered_read_and_acknowledged(app: Service, made: World, project_id: str) -> None:
    member, base = signed_in(app, "member"), f"/projects/{project_id}/monitoring"
    assert "監視する指標を登録する" in member.get(base).text
    answer = member.post(f"{base}/new", NEW | {"owner_id": made.people["member"].id, "opens_screening": "y"})
    assert answer.status_code == 303, answer.text
    page = answer.headers["Location"].split("#")[0]
    assert member.post(page, {"at": day(1), "clock": "", "value": "９３．５", "note": "夜間"}).status_code == 303
    shown = member.get(page).text
    assert "93.5%" in shown
    assert "is-out" in shown
    assert "再スクリーニングを始めました" in shown
    assert "93.5%" in member.get(base).text
    with made.acting(read_only=True) as work:
        alert_id, rev = work.session.execute(select(Alert.id, Alert.rev)).one()
    sent = {"reason": "データ欠損を確認", "quiet_until": day(-5), "rev": rev}
    assert member.post(f"{page}/alerts/{alert_id}", sent).status_code == 303
    assert "見本 memberが確認しました（データ欠損を確認）。" in member.get(page).text
    assert "acknowledged it" in member.get(f"{page}?lang=en").text


def test_wrong_values_stand_beside_their_fields_and_nothing_is_stored(
    app: Service, made: World, project_id: str
) -> None:
    page = f"/projects/{project_id}/monitoring/{watched(made, project_id)}"
    member = signed_in(app, "member")
    for value, on in (("NaN", day()), ("1e999", day()), ("93", "2026-02-30"), ("93", day(-9)), ("", day())):
        answer = member.post(page, {"at": on, "clock": "", "value": value, "note": ""})
        assert answer.status_code == 422, (value, on)
        assert 'class="wrong"' in answer.text
    with made.acting(read_only=True) as work:
        assert work.session.scalars(select(Reading)).all() == []


def test_a_band_with_low_above_high_is_refused_at_its_field(app: Service, made: World, project_id: str) -> None:
    member = signed_in(app, "member")
    sent = NEW | {"owner_id": made.people["member"].id, "direction": "within", "low": "9", "high": "3"}
    answer = member.post(f"/projects/{project_id}/monitoring/new", sent)
    assert answer.status_code == 422
    assert "high-error" in answer.text


def test_a_reading_is_corrected_and_stays_struck_through(app: Service, made: World, project_id: str) -> None:
    page = f"/projects/{project_id}/monitoring/{watched(made, project_id)}"
    member = signed_in(app, "member")
    member.post(page, {"at": day(1), "clock": "9:05", "value": "9.6", "note": ""})
    with made.acting(read_only=True) as work:
        id = work.session.scalars(select(Reading.id)).one()
    assert member.get(f"{page}/readings/{id}").status_code == 200
    assert member.post(f"{page}/readings/{id}", {"value": "x", "reason": "桁"}).status_code == 422
    assert (
        member.post(f"{page}/readings/{id}", {"value": "96", "reason": "桁の誤り", "correct": "1"}).status_code == 303
    )
    shown = member.get(page).text
    assert '<s class="is-struck">9.6%</s>' in shown
    assert "桁の誤り" in shown


def test_a_new_band_and_the_end_of_an_indicator(app: Service, made: World, project_id: str) -> None:
    page = f"/projects/{project_id}/monitoring/{watched(made, project_id)}"
    member = signed_in(app, "member")
    form = member.get(f"{page}/band")
    rev = re.search(r'name="rev" value="(\d+)"', form.text)
    assert rev
    sent = {"direction": "up", "low": "90", "high": "", "valid_from": day(), "reason": "季節変動", "rev": rev[1]}
    assert member.post(f"{page}/band", sent).status_code in (303, 422)
    answer = member.post(f"{page}/edit", {})
    assert answer.status_code in (422, 400)
    with made.acting(read_only=True) as work:
        rev_now = work.session.scalars(select(Indicator.rev)).one()
    assert member.post(f"{page}/retire", {"reason": "役目を終えた", "rev": rev_now}).status_code == 303
    assert "終了した指標" in member.get(f"/projects/{project_id}/monitoring").text
    assert "役目を終えた" in member.get(page).text


# ---------------------------------------------------------------- files


def upload(visitor: Visitor, path: str, content: bytes, name: str = "readings.csv") -> str:
    return visitor.post(path, {"file": (io.BytesIO(content), name)}).text


def test_a_file_is_looked_at_before_it_is_stored(app: Service, made: World, project_id: str) -> None:
    watched(made, project_id)
    member, path = signed_in(app, "member"), f"/projects/{project_id}/monitoring/csv"
    assert "K1" in member.get(path).text
    lines = [f"K1,{day(number)},９６.{number}," for number in range(1, 6)]
    shown = upload(member, path, "\r\n".join(["指標,日時,値,メモ", *lines, f"K1,{day(9)},80,落雷"]).encode("cp932"))
    assert "新しい測定値：6件" in shown
    assert "許容範囲の外：1件" in shown
    with made.acting(read_only=True) as work:
        assert work.session.scalars(select(Reading)).all() == []
    assert member.post(f"{path}/apply", {"payload": carried(shown), "correction": ""}).status_code == 303
    with made.acting(read_only=True) as work:
        assert len(work.session.scalars(select(Reading)).all()) == 6
    again = upload(member, path, f"K1,{day(1)},96.1,\nK1,{day(2)},99,\n".encode())
    assert "すでに登録済みで変わらないもの：1件" in again
    assert "同じ日時に別の値があるもの：1件" in again
    assert member.post(f"{path}/apply", {"payload": carried(again), "correction": "校正"}).status_code == 303
    with made.acting(read_only=True) as work:
        assert len(work.session.scalars(select(Reading)).all()) == 7


def carried(text: str) -> str:
    found = re.search(r'name="payload"[^>]*value="([^"]*)"', text)
    assert found
    return found[1].replace("&#34;", '"').replace("&quot;", '"')


@pytest.mark.parametrize(
    ("value", "note"), [("97", "\\ud800"), ("\\ud800", ""), ("97", "a\\u0000b")], ids=["half a pair", "no value", "NUL"]
)
def test_carried_readings_with_letters_that_cannot_be_kept_are_refused(
    app: Service, made: World, project_id: str, value: str, note: str
) -> None:
    indicator = watched(made, project_id)
    payload = f'[["{indicator}","2026-02-01T00:00:00+00:00","{value}","{note}"]]'
    member, path = signed_in(app, "member"), f"/projects/{project_id}/monitoring/csv"
    assert member.post(f"{path}/apply", {"payload": payload, "correction": ""}).status_code == 422
    with made.acting(read_only=True) as work:
        assert work.session.scalars(select(Reading)).all() == []


def test_a_file_with_wrong_lines_names_them_and_stores_nothing(app: Service, made: World, project_id: str) -> None:
    watched(made, project_id)
    member, path = signed_in(app, "member"), f"/projects/{project_id}/monitoring/csv"
    shown = upload(member, path, b"K1,2026-02-30,96\nK9,2026-02-01,96\nK1,2026-02-01,NaN\nK1,2026-02-02,96\n")
    assert all(f"{line}行目：" in shown for line in (1, 2, 3))
    assert "4行目：" not in shown
    assert 'name="payload"' not in shown


def test_a_payload_that_no_page_sent_is_refused(app: Service, made: World, project_id: str) -> None:
    id = watched(made, project_id)
    other = registered(made)
    member, path = signed_in(app, "member"), f"/projects/{other}/monitoring/csv/apply"
    for payload in ("", "x", "[[1]]", f'[["{id}","2026-02-01T00:00:00Z","96",""]]', '[["' * 5000):
        assert member.post(path, {"payload": payload, "correction": ""}).status_code == 422
    with made.acting(read_only=True) as work:
        assert work.session.scalars(select(Reading)).all() == []


def test_all_readings_come_as_a_file_without_formulas(app: Service, made: World, project_id: str) -> None:
    id = watched(made, project_id, ("within", "-5", "5"), name="=cmd|calc", unit="@x")
    member = signed_in(app, "member")
    member.post(f"/projects/{project_id}/monitoring/{id}", {"at": day(1), "clock": "", "value": "-3", "note": "=1+1"})
    answer = signed_in(app, "auditor").get(f"/projects/{project_id}/monitoring/readings.csv")
    assert answer.mimetype == "text/csv"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    line = answer.data.decode("utf-8-sig").splitlines()[1].split(",")
    assert line[1] == "'=cmd|calc"
    assert line[3] == "-3"
    assert line[4] == "'@x"
    assert line[-1] == "'=1+1"


# ---------------------------------------------------------------- keys and calls


def key(app: Service, project_id: str) -> str:
    answer = signed_in(app, "owner").post(f"/projects/{project_id}/monitoring/keys", {"name": "監視サーバー"})
    found = re.search(r'class="secret"[^>]*>(gvr_[\w-]+)<', answer.text)
    assert answer.status_code == 200
    assert found
    return found[1]


def number(made: World, project_id: str) -> str:
    with made.acting(read_only=True) as work:
        return str(work.session.scalars(select(Indicator)).first().project.number)  # type: ignore[union-attr]


def call(app: Service, number: str, secret: str, body: object, **headers: str):  # type: ignore[no-untyped-def]
    more = {"Authorization": f"Bearer {secret}"} if secret else {}
    if isinstance(body, (bytes, str)):
        return app.test_client().post(
            f"/api/projects/{number}/readings",
            data=body,
            headers={**more, "Content-Type": "application/json", **headers},
        )
    return app.test_client().post(f"/api/projects/{number}/readings", json=body, headers={**more, **headers})


def item(ago: int = 1, value: object = "96.5", **more: object) -> dict[str, object]:
    at = (datetime.now(UTC) - timedelta(days=ago)).replace(microsecond=0).isoformat()
    return {"indicator": "K1", "at": at, "value": value, **more}


def test_a_machine_enters_readings_and_may_send_them_twice(app: Service, made: World, project_id: str) -> None:
    watched(made, project_id)
    secret, no = key(app, project_id), number(made, project_id)
    body = {"readings": [item(3, "96.5"), item(2, 97.25), item(1, 1e-05)]}
    first, second = call(app, no, secret, body), call(app, no, secret, body)
    assert first.status_code == second.status_code == 200
    assert [each["result"] for each in first.json["results"]] == ["stored"] * 3
    assert [each["result"] for each in second.json["results"]] == ["unchanged"] * 3
    assert first.json["alerts"] == ["K1"]
    with made.acting(read_only=True) as work:
        rows = work.session.scalars(select(Reading).order_by(Reading.at)).all()
        assert [row.value for row in rows] == ["96.5", "97.25", "0.00001"]
        assert rows[0].batch.source == "api"
        assert work.session.scalars(select(ReadingKey)).one().last_used_at
    assert secret not in signed_in(app, "owner").get(f"/projects/{project_id}/monitoring/keys").text


def test_each_item_has_its_own_result(app: Service, made: World, project_id: str) -> None:
    watched(made, project_id)
    secret, no = key(app, project_id), number(made, project_id)
    call(app, no, secret, {"readings": [good := item(1, "96")]})
    body = {
        "readings": [
            good, {**good, "value": "97"}, item(2, "NaN"), item(3, "96", indicator="K9"), item(3, "96", at="2026-01-01"),
            item(3, "96", extra=1), item(3, "96", note=5), item(-9), "x", {"indicator": "K1"}, item(4, True),
        ]
    }  # fmt: skip
    answer = call(app, no, secret, body)
    assert answer.status_code == 207
    results = [each["result"] for each in answer.json["results"]]
    assert results == ["unchanged", "conflict", *["refused"] * 9]
    assert all(each["problem"]["ja"] and each["problem"]["en"] for each in answer.json["results"][1:])
    corrected = call(app, no, secret, {"readings": [{**good, "value": "97"}], "correction": "校正"})
    assert [each["result"] for each in corrected.json["results"]] == ["corrected"]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"x", b"[]", b"{}", b'{"readings": []}', b'{"readings": 1}', b'{"readings": [{}], "more": 1}', b"\xff\xfe",
        b'{"readings": [NaN]}', b'{"readings": [], "readings": [1]}', b"[" * 100_000, b'{"readings": [{"value": 1e999}]}',
        b'{"readings": [1], "correction": "\\u0000"}', b'{"readings": [1], "correction": "\\ud800"}',
        b'{"readings": [' + b",".join([b"1"] * 1001) + b"]}",
    ],
)  # fmt: skip
def test_a_body_of_another_kind_is_refused_as_json(app: Service, made: World, project_id: str, body: bytes) -> None:
    watched(made, project_id)
    answer = call(app, number(made, project_id), key(app, project_id), body)
    assert answer.status_code == 422, answer.data
    assert answer.is_json
    assert answer.json["stored" if "stored" in answer.json else "batch"] in (0, None)


def test_without_the_right_key_nothing_is_told(app: Service, made: World, project_id: str) -> None:
    watched(made, project_id)
    secret, no, body = key(app, project_id), number(made, project_id), {"readings": [item()]}
    assert call(app, no, "", body).status_code == 401
    assert call(app, no, "gvr_wrong", body).status_code == 401
    assert call(app, no, secret, body, Authorization=f"Basic {secret}").status_code == 401
    other = registered(made)
    with made.acting(read_only=True) as work:
        from_other = work.session.get_one(Indicator, work.session.scalars(select(Indicator.id)).one()).project
        assert from_other.id != other
    assert call(app, "AIG-2026-002", secret, body).status_code == 404
    assert call(app, "AIG-2026-999", secret, body).status_code == 404
    assert call(app, "AIG-2026-002", secret, body).data == call(app, "AIG-2026-999", secret, body).data
    member = signed_in(app, "member")
    assert member.client.post(f"/api/projects/{no}/readings", json=body).status_code == 401
    owner = signed_in(app, "owner")
    with made.acting(read_only=True) as work:
        key_id = work.session.scalars(select(ReadingKey.id)).one()
    assert owner.post(f"/projects/{other}/monitoring/keys/{key_id}/revoke").status_code == 404
    assert owner.post(f"/projects/{project_id}/monitoring/keys/{key_id}/revoke").status_code == 303
    assert call(app, no, secret, body).status_code == 401
    with made.acting(read_only=True) as work:
        assert work.session.scalars(select(Reading)).all() == []


def test_a_key_that_calls_too_often_waits(app: Service, made: World, project_id: str) -> None:
    watched(made, project_id)
    secret, no = key(app, project_id), number(made, project_id)
    with made.acting() as work:
        row = work.session.scalars(select(ReadingKey)).one()
        row.calls_from, row.calls = datetime.now(UTC), 60
    answer = call(app, no, secret, {"readings": [item()]})
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.is_json


def test_a_call_of_another_type_or_size_is_refused_as_json(app: Service, made: World, project_id: str) -> None:
    watched(made, project_id)
    secret, no = key(app, project_id), number(made, project_id)
    assert call(app, no, secret, b"{}", **{"Content-Type": "text/plain"}).status_code == 415
    large = call(app, no, secret, b" " * (1024 * 1024 + 1))
    assert large.status_code == 413
    assert large.is_json


@pytest.mark.parametrize("name", ["member", "expert", "auditor", "administrator", "stranger"])
def test_only_the_owner_makes_keys(app: Service, made: World, project_id: str, name: str) -> None:
    answer = signed_in(app, name).post(f"/projects/{project_id}/monitoring/keys", {"name": "x"})
    assert answer.status_code in (403, 404)


# ---------------------------------------------------------------- who sees what


def test_auditors_read_and_enter_nothing_and_strangers_see_nothing(app: Service, made: World, project_id: str) -> None:
    id = watched(made, project_id)
    base = f"/projects/{project_id}/monitoring"
    auditor, stranger = signed_in(app, "auditor"), signed_in(app, "stranger")
    for path in (base, f"{base}/{id}", f"{base}/readings.csv", f"/projects/{project_id}/incidents"):
        assert auditor.get(path).status_code == 200
        assert stranger.get(path).status_code == 404
    assert "指標を登録する" not in auditor.get(base).text
    assert auditor.post(f"{base}/{id}", {"at": day(), "clock": "", "value": "96", "note": ""}).status_code == 403
    assert auditor.get(f"{base}/csv").status_code == 403
    assert auditor.get(f"/projects/{project_id}/incidents/new").status_code == 403


def test_nested_names_are_checked_against_their_parent(app: Service, made: World, project_id: str) -> None:
    id, other = watched(made, project_id), registered(made)
    owner = signed_in(app, "owner")
    for path in (f"/projects/{other}/monitoring/{id}", f"/projects/{other}/monitoring/{id}/edit"):
        assert owner.get(path).status_code == 404


# ---------------------------------------------------------------- incidents

WHAT = {
    "kind": "incident", "title": "夜間に警報が届かなかった", "occurred_on": day(3), "occurred_time": "2時ごろ", "found_on": day(2),
    "happened": "通知の設定が失効していた。", "effect": "", "affected": "当直者", "affected_count": "３", "severity": "4",
    "immediate": "", "cause": "", "prevention": "", "consequence": "none",
}  # fmt: skip


def test_an_incident_goes_from_report_to_closing_by_the_expert_team(app: Service, made: World, project_id: str) -> None:
    member, expert = signed_in(app, "member"), signed_in(app, "expert")
    base = f"/projects/{project_id}/incidents"
    assert "まだ記録はありません" in member.get(base).text
    page = member.post(f"{base}/new", WHAT).headers["Location"]
    assert "甚大" in member.get(page).text
    assert "J1" in member.get(base).text
    rev = lambda: revision(made)  # noqa: E731
    assert member.post(f"{page}/analysed", {"rev": rev()}).status_code == 422
    full = WHAT | {
        "immediate": "設定を直した",
        "cause": "期限の管理漏れ",
        "prevention": "期限の通知",
        "reason": "",
        "rev": rev(),
    }
    assert member.post(f"{page}/edit", full).status_code == 303
    assert member.post(f"{page}/edit", full | {"title": "別の件名", "rev": rev()}).status_code == 422
    assert (
        member.post(f"{page}/edit", full | {"title": "別の件名", "rev": rev(), "reason": "正確に"}).status_code == 303
    )
    shown = member.get(page).text
    assert "夜間に警報が届かなかった" in shown
    assert "別の件名" in shown
    assert member.post(f"{page}/analysed", {"rev": rev()}).status_code == 303
    assert member.post(f"{page}/close", {"note": "x", "rev": rev()}).status_code == 403
    assert expert.post(f"{page}/close", {"note": "", "rev": rev()}).status_code == 422
    assert expert.post(f"{page}/close", {"note": "訓練で確かめた", "rev": rev()}).status_code == 303
    assert member.post(f"{page}/edit", full | {"rev": rev()}).status_code == 422
    assert member.post(f"{page}/reopen", {"reason": "再発した", "rev": rev()}).status_code == 303


def revision(made: World) -> int:
    with made.acting(read_only=True) as work:
        return work.session.scalars(select(Incident.rev)).one()


def test_duties_answers_and_the_rescreening_follow_an_incident(app: Service, made: World, project_id: str) -> None:
    member = signed_in(app, "member")
    page = member.post(f"/projects/{project_id}/incidents/new", WHAT).headers["Location"]
    duty = {"kind": "customer", "recipient": "架空の顧客", "due_on": day(-3), "told_on": "", "note": "契約第9条"}
    assert member.post(f"{page}/duties", duty | {"due_on": ""}).status_code == 422
    assert member.post(f"{page}/duties", duty).status_code == 303
    assert "架空の顧客" in member.get(page).text
    with made.acting(read_only=True) as work:
        row = work.session.scalars(select(Incident)).one().duties[0]
        duty_id, rev = row.id, row.rev
    assert member.post(f"{page}/duties/{duty_id}/told", {"told_on": day(-5), "rev": rev}).status_code == 422
    assert member.post(f"{page}/duties/{duty_id}/told", {"told_on": day(), "rev": rev}).status_code == 303
    assert member.post(f"{page}/answers", {"target": "measure:none"}).status_code == 422
    assert member.post(f"{page}/screening", {"phase": "P", "rev": revision(made)}).status_code == 303
    assert "再スクリーニングを開く" in member.get(page).text
    assert member.post(f"{page}/screening", {"phase": "P", "rev": revision(made)}).status_code == 422


def test_an_open_serious_incident_is_told_beside_the_answers(app: Service, made: World, project_id: str) -> None:
    screening_id = opened(made, project_id)
    with made.acting("member") as work:
        row = Answer(
            screening_id=screening_id, question_key="M1c", value="done", author_id=work.actor.id, saved_at=work.now
        )
        work.session.add(row)
    member = signed_in(app, "member")
    paths = (f"/screenings/{screening_id}", f"/projects/{project_id}", f"/projects/{project_id}/incidents")
    assert all("重大な事故J1が未解決です" not in member.get(path).text for path in paths)
    member.post(f"/projects/{project_id}/incidents/new", WHAT)
    for path in paths:
        assert "重大な事故J1が未解決です" in member.get(path).text, path
