"""The pages of evidence as a person uses them, with and without script, and what hostile files and curious colleagues get."""

from __future__ import annotations

import re
import struct
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from sqlalchemy import select

from governance.projects.models import Evidence
from governance.screenings.models import Answer
from tests.builders import World, answered, opened, registered, submitted
from tests.screenings.shelves import added, replaced, row, supports
from tests.visitor import Visitor, service

SCRIPT = {"Accept": "application/json"}
PDF = b"%PDF-1.7 sample"


@pytest.fixture
def app(made: World, tmp_path):
    return service(made.database, tmp_path, max_upload_bytes=200_000)


@pytest.fixture
def screening(made: World) -> str:
    screening = opened(made, registered(made))
    answered(made, screening)
    return screening


def visitor(app, name: str = "member") -> Visitor:
    one = Visitor(app)
    one.sign_in(f"{name}@test.example")
    return one


def project_of(made: World, screening: str) -> str:
    with made.acting(read_only=True) as work:
        return row(work, screening).project_id


def fields(page) -> dict[str, str]:
    return dict(re.findall(r'name="([A-Za-z0-9-]+-rev|rev)" value="(\d+)"', page.text))


def titles(made: World) -> list[str]:
    with made.acting(read_only=True) as work:
        return list(work.session.scalars(select(Evidence.title).order_by(Evidence.added_at, Evidence.title)))


def sent(member: Visitor, screening: str, key: str, name: str, content: bytes, **more: str):
    return member.post(f"/screenings/{screening}/evidence/{key}", {"file": (BytesIO(content), name), **more}, **SCRIPT)


# ---------------------------------------------------------------- one question, with script


def test_a_file_is_added_at_once_and_the_list_comes_back(made: World, app, screening: str) -> None:
    member = visitor(app)
    answer = sent(member, screening, "P1a", "報告.pdf", PDF, title="安全試験", expires="2027-03-31")
    assert (answer.status_code, answer.json["count"]) == (200, 1)
    assert "安全試験" in answer.json["pieces"]
    assert "2027-03-31まで有効" in answer.json["pieces"]
    assert "<html" not in answer.json["pieces"]
    assert sent(member, screening, "P1a", "図.txt", b"text").json["count"] == 2
    assert sent(member, screening, "P1a", "図.txt", b"text").json["count"] == 2


def test_an_upload_leaves_the_answer_and_its_revision_alone(made: World, app, screening: str) -> None:
    with made.acting(read_only=True) as work:
        query = select(Answer).where(Answer.screening_id == screening, Answer.question_key == "P1a")
        before = work.session.scalars(query).one()
        work.session.expunge(before)
    assert sent(visitor(app), screening, "P1a", "報告.pdf", PDF).json["rev"] == before.rev
    with made.acting(read_only=True) as work:
        now = work.session.scalars(query).one()
        assert (now.rev, now.saved_at, now.value) == (before.rev, before.saved_at, before.value)


def test_a_file_and_an_answer_of_the_same_moment_are_both_kept(made: World, app, screening: str) -> None:
    people = [visitor(app, "member"), visitor(app, "owner")]
    path = f"/screenings/{screening}/items/safety"
    rev = int(fields(people[1].get(path))["P1c-rev"])

    def send(turn: int) -> int:
        if turn % 2:
            return sent(people[0], screening, "P1a", f"{turn}.txt", f"{turn}".encode()).status_code
        body = {"page": "safety", "P1c": "not_done", "P1c-remark": f"{turn}", "P1c-rev": rev + turn // 2}
        return people[1].post(f"/screenings/{screening}/save", body, Accept="application/json").status_code

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(lambda mine: [send(turn) for turn in mine], (range(1, 17, 2), range(0, 16, 2))))
    assert told == [[200] * 8, [200] * 8]


def test_several_pieces_are_chosen_from_what_the_project_has(made: World, app, screening: str) -> None:
    first, second = added(made, screening, "P1a"), added(made, screening, "P1b", content="二")
    member, path = visitor(app), f"/screenings/{screening}/evidence/P1c"
    page = member.get(path)
    assert "支えているもの：P1a" in page.text
    assert page.text.count('name="existing"') == 2
    answer = member.post(path, {"existing": [first, second]}, **SCRIPT)
    assert answer.json["count"] == 2
    assert member.post(path, {}, **SCRIPT).status_code == 422
    page = member.get(path)
    assert page.text.count("checked disabled") == 2


def test_what_the_script_sends_is_refused_with_a_sentence_in_the_language_of_the_reader(app, screening: str) -> None:
    member = visitor(app)
    answer = sent(member, screening, "P1a", "page.html", b"<html>")
    assert answer.status_code == 422
    assert "受け付けられない種類" in answer.json["problems"][0]["text"]
    wrong = sent(member, screening, "P1a", "報告.pdf", PDF, expires="2027-02-30")
    assert "という日付はありません" in wrong.json["problems"][0]["text"]
    english = member.post(
        f"/screenings/{screening}/evidence/P1a?lang=en", {"file": (BytesIO(b""), "empty.pdf")}, **SCRIPT
    )
    assert "is empty" in english.json["problems"][0]["text"]


def test_a_question_or_a_screening_that_is_not_theirs_is_not_found(made: World, app, screening: str) -> None:
    member = visitor(app)
    assert sent(member, screening, "Z99", "報告.pdf", PDF).status_code == 404
    assert sent(visitor(app, "stranger"), screening, "P1a", "報告.pdf", PDF).status_code == 404
    for name in ("expert", "auditor"):
        assert sent(visitor(app, name), screening, "P1a", "報告.pdf", PDF).status_code == 403
    submitted(made, screening)
    assert sent(member, screening, "P1a", "報告.pdf", PDF).status_code == 422
    assert titles(made) == []


# ---------------------------------------------------------------- one question, without script


def test_several_files_go_with_the_page_and_nothing_typed_is_lost(made: World, app, screening: str) -> None:
    member, path = visitor(app), f"/screenings/{screening}/items/safety"
    files = [(BytesIO(PDF), "一.pdf"), (BytesIO(b"text"), "二.txt")]
    form = {**fields(member.get(path)), "P1a": "done", "P1a-remark": "新しい補足", "P1a-file": files, "add": "P1a"}
    form["P1a-expires"] = "2027-03-31"
    assert member.post(path, form).status_code == 303
    assert titles(made) == ["一.pdf", "二.txt"]
    page = member.get(path)
    assert "新しい補足" in page.text
    assert page.text.count("2027-03-31まで有効") == 2


def test_a_press_that_leads_aside_saves_the_page_first(made: World, app, screening: str) -> None:
    piece = added(made, screening, "P1a")
    member, path = visitor(app), f"/screenings/{screening}/items/safety"
    for number, (go, place) in enumerate(
        {
            "pick:P1b": f"/screenings/{screening}/evidence/P1b",
            f"detach:P1a:{piece}": f"/screenings/{screening}/evidence/P1a/{piece}/detach",
            f"replace:P1a:{piece}": f"/evidence/{piece}/replace?screening={screening}&key=P1a",
        }.items()
    ):
        form = {**fields(member.get(path)), "P1a": "done", "P1a-remark": f"補足{number}", "go": go}
        answer = member.post(path, form)
        assert answer.status_code == 303
        assert answer.location.endswith(place)
        assert member.get(answer.location).status_code == 200
        assert f"補足{number}" in member.get(path).text
    assert member.post(path, {**fields(member.get(path)), "P1a": "done", "go": "nowhere"}).status_code == 404


def test_taking_a_piece_off_asks_first_and_says_what_else_it_supports(made: World, app, screening: str) -> None:
    piece = added(made, screening, "P1a", "P1b")
    member, path = visitor(app), f"/screenings/{screening}/evidence/P1a/{piece}/detach"
    page = member.get(path)
    assert "この質問の証跡がなくなります" in page.text
    assert " P1b " in page.text
    answer = member.post(path)
    assert (answer.status_code, answer.location.endswith(f"/screenings/{screening}/questions/P1a")) == (303, True)
    assert supports(made, screening) == {"P1b": [piece]}
    assert member.get(path).status_code == 404
    assert member.post(path).status_code == 404
    answer = member.post(f"/screenings/{screening}/evidence/P1b/{piece}/detach", **SCRIPT)
    assert (answer.status_code, answer.json["count"]) == (200, 0)


# ---------------------------------------------------------------- register and one piece


def test_the_register_lists_filters_and_finds(made: World, app, screening: str) -> None:
    soon, late = date.today() + timedelta(days=5), date.today() - timedelta(days=1)  # noqa: DTZ011 - the clock of the pages
    first = added(made, screening, "P1a", "P1b", expires_on=soon)
    second = added(made, screening, "P1c", content="二", expires_on=late)
    third = replaced(made, second, (screening, "P1c"), content="三")
    member = visitor(app)
    unused = added(made, screening, "P1a", content="四")
    member.post(f"/screenings/{screening}/evidence/P1a/{unused}/detach")
    path = f"/projects/{project_of(made, screening)}/evidence"

    def found(query: str = "") -> set[str]:
        page = visitor(app, "auditor").get(path + query)
        assert page.status_code == 200
        return set(re.findall(r'/evidence/([0-9a-f-]{36})"><bdi>', page.text))

    assert found() == {first, third, unused}
    assert found("?show=expiring") == {first}
    assert found("?show=unused") == {unused}
    assert found("?show=old") == {second}
    assert found("?show=removed") == set()
    assert found("?kind=link") == set()
    assert found("?q=p1c") == {third}
    assert found("?q=試験 報告") == {first, third, unused}
    assert found("?show=nonsense&from=abc") == {first, third, unused}


def test_one_piece_is_found_only_in_its_own_project_by_those_who_may_see_it(made: World, app, screening: str) -> None:
    piece = added(made, screening, "P1a")
    mine, other = project_of(made, screening), registered(made)
    member, stranger = visitor(app), visitor(app, "stranger")
    assert member.get(f"/projects/{mine}/evidence/{piece}").status_code == 200
    for path in ("", "/replace", "/remove"):
        assert member.get(f"/projects/{other}/evidence/{piece}{path}").status_code == 404
        assert member.post(f"/projects/{other}/evidence/{piece}{path}", {"act": "remove"}).status_code == 404
        assert stranger.get(f"/projects/{mine}/evidence/{piece}{path}").status_code == 404
        assert stranger.post(f"/projects/{mine}/evidence/{piece}{path}", {"act": "remove"}).status_code == 404
    assert stranger.get(f"/projects/{mine}/evidence").status_code == 404
    for path in ("/replace", "/remove"):
        assert visitor(app, "expert").get(f"/projects/{mine}/evidence/{piece}{path}").status_code == 403


def test_title_and_last_day_are_changed_and_a_stale_page_shows_both_sides(made: World, app, screening: str) -> None:
    piece = added(made, screening, "P1a")
    path = f"/projects/{project_of(made, screening)}/evidence/{piece}"
    member, owner = visitor(app), visitor(app, "owner")
    rev = fields(member.get(path))["rev"]
    form = {"rev": rev, "title": "新しい題名", "title_en": "New title", "expires_on": "2027-03-31"}
    assert member.post(path, form).status_code == 303
    page = member.get(path)
    assert "新しい題名" in page.text
    assert "2027-03-31まで有効" in page.text
    assert "New title" in visitor(app).get(f"{path}?lang=en").text
    answer = owner.post(path, {**form, "title": "別の題名"})
    assert answer.status_code == 409
    assert "別の題名" in answer.text
    wrong = member.post(path, {**form, "rev": fields(member.get(path))["rev"], "expires_on": "2027-02-30"})
    assert wrong.status_code == 422
    assert "という日付はありません" in wrong.text


def test_a_piece_is_replaced_and_both_versions_can_be_downloaded(made: World, app, screening: str) -> None:
    member = visitor(app)
    sent(member, screening, "P1a", "第一版.pdf", PDF)
    piece = supports(made, screening)["P1a"][0]
    path = f"/projects/{project_of(made, screening)}/evidence/{piece}"
    page = member.get(f"{path}/replace")
    assert f'value="{screening}:P1a" checked' in page.text
    form = {"file": (BytesIO(b"%PDF-1.7 second"), "第二版.pdf"), "move": f"{screening}:P1a"}
    answer = member.post(f"{path}/replace?screening={screening}&key=P1a", form)
    assert (answer.status_code, answer.location.endswith(f"/screenings/{screening}/questions/P1a")) == (303, True)
    new = supports(made, screening)["P1a"][0]
    page = member.get(path)
    assert "新しい版があります" in page.text
    assert "第 2 版" in page.text
    assert (member.get(f"/evidence/{piece}").data, member.get(f"/evidence/{new}").data) == (PDF, b"%PDF-1.7 second")
    assert "すでに新しい版があります" in member.get(f"{path}/replace").text
    again = member.post(f"{path}/replace", {"file": (BytesIO(b"%PDF-1.7 third"), "第三版.pdf")})
    assert again.status_code == 422


def test_a_refused_version_keeps_what_was_entered(made: World, app, screening: str) -> None:
    piece = added(made, screening, "P1a", "P1b")
    path = f"/projects/{project_of(made, screening)}/evidence/{piece}/replace"
    form = {"file": (BytesIO(b"<svg/>"), "図.svg"), "title": "書いた題名", "move": f"{screening}:P1a"}
    answer = visitor(app).post(path, form)
    assert answer.status_code == 422
    assert "書いた題名" in answer.text
    assert f'value="{screening}:P1a" checked' in answer.text
    assert f'value="{screening}:P1b" checked' not in answer.text


def test_removing_says_what_rests_on_a_piece_and_refuses_what_a_record_rests_on(
    made: World, app, screening: str
) -> None:
    piece, other = added(made, screening, "P1a"), added(made, screening, "P1b", content="二")
    project, owner = project_of(made, screening), visitor(app, "owner")
    path = f"/projects/{project}/evidence/{other}/remove"
    page = owner.get(path)
    assert "入力中の1件の回答から外れます" in page.text
    answer = owner.post(path, {**fields(page), "act": "remove", "reason": "誤り"})
    assert answer.status_code == 303
    assert "この証跡は今後使いません" in owner.get(f"/projects/{project}/evidence/{other}").text
    submitted(made, screening)
    path = f"/projects/{project}/evidence/{piece}/remove"
    page = owner.get(path)
    assert "この証跡は削除できません" in page.text
    assert "第1版として提出された内容" in page.text
    assert owner.post(path, {**fields(page), "act": "remove", "reason": "誤り"}).status_code == 422
    assert owner.post(path, {**fields(page), "act": "withdraw", "reason": ""}).status_code == 422
    assert owner.post(path, {**fields(page), "act": "withdraw", "reason": "測定の誤り"}).status_code == 303
    assert owner.post(path, {**fields(page), "act": "burn"}).status_code == 404


def test_expired_evidence_warns_at_the_question_and_before_submitting_and_stops_nothing(
    made: World, app, screening: str
) -> None:
    added(made, screening, "P1a", expires_on=date(2020, 1, 1))
    owner = visitor(app, "owner")
    assert "期限切れ（2020-01-01まで）" in owner.get(f"/screenings/{screening}/items/safety").text
    page = owner.get(f"/screenings/{screening}/submit")
    assert "有効期限の切れた証跡があります" in page.text
    assert owner.post(f"/screenings/{screening}/submit", fields(page)).status_code == 303


# ---------------------------------------------------------------- hostile files


def png(width: int, height: int) -> bytes:
    return (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + b"\x08\x02\x00\x00\x00" + b"\0" * 8
    )


def archive(*names: str) -> bytes:
    made = BytesIO()
    with ZipFile(made, "w") as container:
        for name in names:
            container.writestr(name, "x")
    return made.getvalue()


HOSTILE = {
    "page.html": b"<!doctype html><script>alert(1)</script>",
    "図.svg": b"<svg onload=alert(1)/>",
    "figure.eps": b"%!PS-Adobe-3.0",
    "postscript.png": b"%!PS-Adobe-3.0 EPSF-3.0",
    "page.txt": b"\xef\xbb\xbf \n<!DOCTYPE html><script>alert(1)</script>",
    "drawing.md": b"<svg xmlns='x'><script>1</script></svg>",
    "program.pdf": b"MZ\x90\x00",
    "huge.png": png(50_000, 50_000),
    "no-size.jpg": b"\xff\xd8\xff\xd9",
    "program.docx": archive("META-INF/MANIFEST.MF", "Evil.class"),
    "macro.xlsx": archive("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"),
    "password.xlsx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "cut.docx": archive("[Content_Types].xml", "word/document.xml")[:40],
    "empty.pdf": b"",
    "large.txt": b"x" * 200_001,
    "報告\u202efdp.exe": b"MZ",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_by_name_and_the_page_keeps_everything(
    made: World, app, screening: str, name: str
) -> None:
    member, path = visitor(app), f"/screenings/{screening}/items/safety"
    form = {**fields(member.get(path)), "P1a": "done", "P1a-remark": "書きかけの補足𠮷", "P1c-remark": "別の補足"}
    answer = member.post(path, {**form, "P1a-file": (BytesIO(HOSTILE[name]), name)})
    assert answer.status_code == 422
    assert "書きかけの補足𠮷" in answer.text
    assert "別の補足" in answer.text
    shown = name.replace("\u202e", "")
    assert f"「{shown}」" in answer.text
    assert "\u202e" not in answer.text
    told = sent(member, screening, "P1a", name, HOSTILE[name])
    assert told.status_code == 422
    assert shown in told.json["problems"][0]["text"]
    assert titles(made) == []


NAMES = {
    "../../etc/passwd.txt": "passwd.txt",
    "\u202e報告\u2066txt.txt": "報告txt.txt",
    "試験👨‍👩‍👧の記録🧪.txt": "試験👨‍👩‍👧の記録🧪.txt",
    "𠮷田髙橋　最終.txt": "𠮷田髙橋　最終.txt",
    "か\u3099.txt": "が.txt",
    "長" * 300 + ".txt": "長" * 196 + ".txt",
    "<b onclick=alert(1)>.txt": "<b onclick=alert(1)>.txt",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_kept_as_far_as_it_can_be_trusted(made: World, app, screening: str, name: str) -> None:
    member = visitor(app)
    assert sent(member, screening, "P1a", name, b"text").status_code == 200
    with made.acting(read_only=True) as work:
        id, project, kept = work.session.execute(select(Evidence.id, Evidence.project_id, Evidence.filename)).one()
    assert kept == NAMES[name]
    page = member.get(f"/projects/{project}/evidence/{id}")
    assert page.status_code == 200
    assert "<b onclick" not in page.text
    file = member.get(f"/evidence/{id}")
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in file.headers["Content-Security-Policy"]
    assert file.mimetype == "application/octet-stream"


def test_sound_files_of_every_kind_are_taken(made: World, app, screening: str) -> None:
    jpeg = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\x00\x20\x00\x30\x03" + b"\0" * 12
    sound = {
        "a.pdf": PDF,
        "b.docx": archive("[Content_Types].xml", "word/document.xml"),
        "c.xlsx": archive("[Content_Types].xml", "xl/workbook.xml"),
        "d.pptx": archive("[Content_Types].xml", "ppt/presentation.xml"),
        "e.png": png(640, 480),
        "f.jpg": jpeg,
        "g.csv": "番号,名称\r\n1,見本".encode("cp932"),
        "h.json": b"{}",
        "i.md": "# 記録".encode(),
    }
    member = visitor(app)
    for name, content in sound.items():
        assert sent(member, screening, "P1a", name, content).status_code == 200, name
    assert titles(made) == sorted(sound)
