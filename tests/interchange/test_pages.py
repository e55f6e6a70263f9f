"""Pages of exchange: out in every format, in by a preview that stores nothing, and only for those who may."""

from __future__ import annotations

import html
import json
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import undefer
from werkzeug.test import TestResponse

from governance.interchange.documents import Defaults
from governance.interchange.services import framework_of
from governance.interchange.surveyjs import from_json
from governance.interchange.xlsx_answers import ANSWER
from governance.interchange.xlsx_questionnaire import read_questionnaire, write
from governance.questionnaires.models import QuestionnaireDraft, QuestionnaireVersion
from governance.questionnaires.services import parsed_questionnaire
from governance.screenings import filling
from governance.screenings.models import Answer, Screening
from governance.screenings.rules import Entry
from governance.web import Service
from tests.builders import World, answered, opened, registered, submitted
from tests.interchange.test_surveyjs import CARS
from tests.interchange.test_xlsx_questionnaire import Sheets, rewritten, sheets_of
from tests.visitor import Visitor, service


@pytest.fixture
def app(made: World, tmp_path: Path) -> Service:
    return service(made.database, tmp_path)


def visitor(app: Service, name: str) -> Visitor:
    found = Visitor(app)
    assert found.sign_in(f"{name}@test.example").status_code == 303
    return found


def version(made: World, key: str = "pack-cloud") -> QuestionnaireVersion:
    with made.acting(read_only=True) as work:
        query = select(QuestionnaireVersion).where(QuestionnaireVersion.key == key)
        found = work.session.scalars(query.options(undefer(QuestionnaireVersion.body))).one()
        work.session.expunge(found)
        return found


def count(made: World, table: type) -> int:
    with made.acting(read_only=True) as work:
        return work.session.scalar(select(func.count()).select_from(table)) or 0


def upload(person: Visitor, path: str, content: bytes, name: str = "file.xlsx", **form: str) -> TestResponse:
    person.get(path)
    return person.post(path, {**form, "file": (BytesIO(content), name)})


def hidden(answer: TestResponse, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', answer.text)
    assert found, answer.text
    return html.unescape(found[1])


def text_of(answer: TestResponse) -> str:
    return html.unescape(answer.text)


# ---------------------------------------------------------------- questionnaires out


def test_a_version_goes_out_in_every_format(made: World, app: Service) -> None:
    row, person = version(made), visitor(app, "member")
    page = person.get(f"/questionnaires/{row.id}/exchange")
    assert page.status_code == 200
    assert "取り込む" not in page.text.split("<main")[1].split("Excel")[1].split("</ul>")[1]
    document = parsed_questionnaire(row.body)
    found = {
        target: person.get(f"/questionnaires/{row.id}/download/{target}")
        for target in ("yaml", "xlsx", "surveyjs", "pdf")
    }
    assert {answer.status_code for answer in found.values()} == {200}
    assert all("attachment" in answer.headers["Content-Disposition"] for answer in found.values())
    assert read_questionnaire(found["xlsx"].data) == document
    with made.acting(read_only=True) as work:
        framework = framework_of(work)
    assert from_json(found["surveyjs"].data, Defaults("x"), framework).questionnaire == document
    assert found["pdf"].data.startswith(b"%PDF-")
    assert person.get(f"/questionnaires/{row.id}/download/doc").status_code == 404


# ---------------------------------------------------------------- questionnaires in


def changed(made: World, key: str = "pack-cloud") -> bytes:
    sheets = sheets_of(write(parsed_questionnaire(version(made, key).body)))
    rows = next(rows for name, rows in sheets.items() if name.startswith("CLOUD"))
    rows[3][rows[0].index("topic.ja")] = "書き換えた主題"
    return rewritten(sheets)


def test_a_changed_workbook_is_shown_first_and_becomes_a_draft_after(made: World, app: Service) -> None:
    row, person = version(made), visitor(app, "expert")
    path = f"/questionnaires/{row.id}/exchange"
    shown = upload(person, path, changed(made), source="xlsx")
    assert shown.status_code == 200
    assert '→ </span><span lang="ja">書き換えた主題' in text_of(shown)
    assert count(made, QuestionnaireDraft) == 0
    answer = person.post(f"/questionnaires/{row.id}/import", {"text": hidden(shown, "text"), "note": "言い換え"})
    assert answer.status_code == 303
    with made.acting(read_only=True) as work:
        draft = work.session.scalars(select(QuestionnaireDraft)).one()
        assert (draft.based_on, draft.state, draft.note) == (row.id, "draft", "言い換え")
        assert "書き換えた主題" in draft.text
        assert 'version: "1.1"' in draft.text


def test_the_same_content_changes_nothing(made: World, app: Service) -> None:
    row, person = version(made), visitor(app, "expert")
    file = person.get(f"/questionnaires/{row.id}/download/xlsx").data
    shown = upload(person, f"/questionnaires/{row.id}/exchange", file, source="xlsx")
    assert shown.status_code == 200
    changes = text_of(shown).split('id="changes"')[1].split("</section>")[0]
    assert changes.count("<li>") <= 1  # the number of the version alone


def test_bad_files_are_refused_by_cell_and_leave_everything_as_it_was(made: World, app: Service) -> None:
    row, person = version(made), visitor(app, "expert")
    sheets = sheets_of(changed(made))
    name = next(name for name in sheets if name.startswith("CLOUD"))
    sheets[name][3][sheets[name][0].index("weight")] = "heavy"
    for content, said in (
        (rewritten(sheets), f"シート「{name}」のセル"),
        (b"PK", "Excelブック（.xlsx）として読めません"),
        (b"", "読めません"),
    ):
        answer = upload(person, f"/questionnaires/{row.id}/exchange", content, source="xlsx")
        assert answer.status_code == 422
        assert said in text_of(answer)
    assert upload(person, f"/questionnaires/{row.id}/exchange", changed(made), source="nonsense").status_code == 422
    assert person.post(f"/questionnaires/{row.id}/exchange", {"source": "xlsx"}).status_code == 422
    assert count(made, QuestionnaireDraft) == 0


def test_the_file_of_another_questionnaire_is_refused(made: World, app: Service) -> None:
    row, person = version(made, "base-plan"), visitor(app, "expert")
    answer = upload(person, f"/questionnaires/{row.id}/exchange", changed(made), source="xlsx")
    assert answer.status_code == 422
    assert "pack-cloud" in text_of(answer)


NEW = {"source": "surveyjs", "kind": "pack", "pack": "GEN", "phase": "", "item": "safety"}


def test_a_foreign_file_becomes_the_draft_of_a_new_questionnaire(made: World, app: Service) -> None:
    person = visitor(app, "expert")
    shown = upload(person, "/questionnaires/import", json.dumps(CARS).encode(), "cars.json", key="cars", **NEW)
    assert shown.status_code == 200
    assert "訳が必要です" in text_of(shown)
    assert count(made, QuestionnaireDraft) == 0
    answer = person.post("/questionnaires/import/draft", {"text": hidden(shown, "text"), "note": ""})
    assert answer.status_code == 303
    with made.acting(read_only=True) as work:
        draft = work.session.scalars(select(QuestionnaireDraft)).one()
        assert (draft.key, draft.based_on) == ("cars", None)


def test_an_import_never_overwrites_a_published_key(made: World, app: Service) -> None:
    person = visitor(app, "expert")
    answer = upload(person, "/questionnaires/import", json.dumps(CARS).encode(), "cars.json", key="pack-cloud", **NEW)
    assert answer.status_code == 422
    assert "上書きはできません" in text_of(answer)
    answer = upload(person, "/questionnaires/import", changed(made), key="mine", **{**NEW, "source": "xlsx"})
    assert answer.status_code == 422
    text = upload(person, f"/questionnaires/{version(made).id}/exchange", changed(made), source="xlsx")
    sent = person.post("/questionnaires/import/draft", {"text": hidden(text, "text"), "note": ""})
    assert sent.status_code == 422
    assert count(made, QuestionnaireDraft) == 0


def test_who_may_not_write_questionnaires_imports_none(made: World, app: Service) -> None:
    row = version(made)
    for name in ("member", "owner", "auditor", "stranger"):
        person = visitor(app, name)
        person.get("/settings")
        for path in (
            f"/questionnaires/{row.id}/exchange",
            f"/questionnaires/{row.id}/import",
            "/questionnaires/import",
            "/questionnaires/import/draft",
        ):
            assert person.post(path, {"text": "x", "file": (BytesIO(changed(made)), "x.xlsx")}).status_code == 403
    assert count(made, QuestionnaireDraft) == 0


def test_a_text_tampered_with_is_refused(made: World, app: Service) -> None:
    row, person = version(made), visitor(app, "expert")
    person.get(f"/questionnaires/{row.id}/exchange")
    for text in ("", "- a", "key: x", "[" * 10_000):
        assert person.post(f"/questionnaires/{row.id}/import", {"text": text, "note": ""}).status_code == 422
    assert count(made, QuestionnaireDraft) == 0


# ---------------------------------------------------------------- answers


@pytest.fixture
def screening(made: World) -> str:
    found = opened(made, registered(made))
    answered(made, found, triggers={"T02": "yes"}, default="done")
    return found


def book(person: Visitor, screening: str) -> Sheets:
    answer = person.get(f"/screenings/{screening}/answers.xlsx")
    assert answer.status_code == 200
    return sheets_of(answer.data)


def put(sheets: Sheets, key: str, **values: Any) -> None:
    row = next(row for rows in sheets.values() for row in rows if row and row[0] == key)
    for name, value in values.items():
        row[[field.name for field in ANSWER].index(name)] = value


def answer_of(made: World, screening: str, key: str) -> Answer:
    query = select(Answer).where(Answer.screening_id == screening, Answer.question_key == key)
    with made.acting(read_only=True) as work:
        found = work.session.scalars(query).one()
        work.session.expunge(found)
        return found


def test_answers_go_out_and_a_filled_workbook_is_applied_after_a_look(
    made: World, app: Service, screening: str
) -> None:
    person, path = visitor(app, "member"), f"/screenings/{screening}/exchange"
    assert person.get(path).status_code == 200
    sheets = book(person, screening)
    put(sheets, "P1a", answer="partial", remark="残り2件", due="2027-01-29")
    shown = upload(person, path, rewritten(sheets))
    assert shown.status_code == 200
    assert "残り2件" in text_of(shown)
    assert answer_of(made, screening, "P1a").value == "done"
    applied = person.post(f"{path}/apply", {"payload": hidden(shown, "payload")})
    assert applied.status_code == 303
    stored = answer_of(made, screening, "P1a")
    assert (stored.value, stored.remark, str(stored.due_on)) == ("partial", "残り2件", "2027-01-29")
    assert "反映するものはありません" in text_of(upload(person, path, rewritten(book(person, screening))))


def test_what_somebody_changed_meanwhile_is_shown_and_left_alone(made: World, app: Service, screening: str) -> None:
    person, path = visitor(app, "member"), f"/screenings/{screening}/exchange"
    sheets = book(person, screening)
    put(sheets, "P1a", answer="not_done")
    put(sheets, "P1b", remark="確認済み")
    old = answer_of(made, screening, "P1a")
    with made.acting("owner") as work:
        filling.save_answers(
            work, work.session.get(Screening, screening), [Entry("P1a", "partial", "別の人", None, old.rev)]
        )
    shown = upload(person, path, rewritten(sheets))
    assert "ほかの人が変更済み" in text_of(shown)
    assert [each["key"] for each in json.loads(hidden(shown, "payload"))] == ["P1b"]
    assert person.post(f"{path}/apply", {"payload": hidden(shown, "payload")}).status_code == 303
    assert answer_of(made, screening, "P1a").remark == "別の人"
    assert answer_of(made, screening, "P1b").remark == "確認済み"


def test_a_change_after_the_look_is_a_conflict(made: World, app: Service, screening: str) -> None:
    person, path = visitor(app, "member"), f"/screenings/{screening}/exchange"
    sheets = book(person, screening)
    put(sheets, "P1a", answer="not_done")
    shown = upload(person, path, rewritten(sheets))
    old = answer_of(made, screening, "P1a")
    with made.acting("owner") as work:
        filling.save_answers(
            work, work.session.get(Screening, screening), [Entry("P1a", "partial", "別の人", None, old.rev)]
        )
    assert person.post(f"{path}/apply", {"payload": hidden(shown, "payload")}).status_code == 409
    assert answer_of(made, screening, "P1a").remark == "別の人"


def test_wrong_cells_and_wrong_files_change_nothing(made: World, app: Service, screening: str) -> None:
    person, path = visitor(app, "member"), f"/screenings/{screening}/exchange"
    sheets = book(person, screening)
    put(sheets, "P1a", answer="たぶん")
    answer = upload(person, path, rewritten(sheets))
    assert answer.status_code == 422
    assert "シート「P1」のセル D4" in text_of(answer)
    assert upload(person, path, b"not a workbook").status_code == 422
    assert upload(person, path, changed(made)).status_code == 422
    assert person.post(path, {}).status_code == 422
    for payload in (
        "",
        "{",
        "{}",
        "[1]",
        '[{"key": "P1a"}]',
        '[{"key": 1, "value": "x", "remark": "", "due_on": null, "rev": 1, "text": ""}]',
        '[{"key": "P1b", "value": "done", "remark": "\\u0000", "due_on": null, "rev": 1, "text": ""}]',
        '[{"key": "P1b", "value": "done", "remark": "\\ud800", "due_on": null, "rev": 1, "text": ""}]',
    ):
        assert person.post(f"{path}/apply", {"payload": payload}).status_code == 422
    assert answer_of(made, screening, "P1a").value == "done"


def test_another_screenings_workbook_is_refused(made: World, app: Service, screening: str) -> None:
    person = visitor(app, "member")
    other = opened(made, registered(made))
    answered(made, other)
    answer = upload(person, f"/screenings/{other}/exchange", rewritten(book(person, screening)))
    assert answer.status_code == 422
    assert "別のスクリーニング" in text_of(answer)


def test_only_those_who_may_see_and_answer(made: World, app: Service, screening: str) -> None:
    path = f"/screenings/{screening}/exchange"
    file = rewritten(book(visitor(app, "member"), screening))
    assert visitor(app, "stranger").get(path).status_code == 404
    assert visitor(app, "stranger").get(f"/screenings/{screening}/answers.xlsx").status_code == 404
    expert = visitor(app, "expert")
    assert expert.get(path).status_code == 200
    assert expert.post(path, {"file": (BytesIO(file), "x.xlsx")}).status_code == 403
    assert expert.post(f"{path}/apply", {"payload": "[]"}).status_code == 403


def test_a_submitted_screening_takes_no_workbook(made: World, app: Service) -> None:
    screening = opened(made, registered(made))
    answered(made, screening)
    person, path = visitor(app, "member"), f"/screenings/{screening}/exchange"
    sheets = book(person, screening)
    put(sheets, "P1a", answer="not_done")
    submitted(made, screening)
    assert upload(person, path, rewritten(sheets)).status_code == 422
    assert person.post(f"{path}/apply", {"payload": "[]"}).status_code == 422
