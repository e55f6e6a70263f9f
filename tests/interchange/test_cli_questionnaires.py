"""`governance questionnaire …` on the shipped files: what it prints, what it writes, and with which code it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from governance.cli import cli
from governance.interchange.gate import Documents, explanation, scored
from governance.paths import SEEDS
from governance.questionnaires.definition import Question, Questionnaire
from governance.questionnaires.reading import read
from governance.refusals import Refusals
from tests.interchange.invented import shipped
from tests.interchange.test_ciso import LIBRARY
from tests.interchange.test_deon import CHECKLIST
from tests.interchange.test_surveyjs import CARS

Call = Callable[..., Result]
FILES = SEEDS / "questionnaires"
PLAN = FILES / "base-plan.yaml"


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("GOVERNANCE_DATABASE_URL", "sqlite:////nowhere/at/all.db")  # none of these may need it

    def run(*arguments: object, lang: str = "ja") -> Result:
        return CliRunner().invoke(cli, ["--lang", lang, "questionnaire", *map(str, arguments)])

    return run


def answers(tmp_path: Path, **more: object) -> Path:
    file = tmp_path / "answers.json"
    everything = {"phase": "P", "answers": {}, "ratings": {}, **more}
    file.write_text(json.dumps(everything, ensure_ascii=False), encoding="utf-8")
    return file


def test_the_schema_is_printed(call: Call) -> None:
    for kind in ("questionnaire", "framework"):
        found = call("schema", "--kind", kind)
        assert found.exit_code == 0
        assert "$schema" in json.loads(found.output)


def test_the_shipped_files_are_sound(call: Call) -> None:
    found = call("check", *sorted(FILES.glob("*.yaml")), *(SEEDS / "framework").glob("*.yaml"))
    assert (found.exit_code, found.stderr) == (0, "")


def test_problems_are_named_by_file_line_and_column_in_the_language_asked_for(call: Call, tmp_path: Path) -> None:
    spoilt = tmp_path / "spoilt.yaml"
    spoilt.write_text(PLAN.read_text(encoding="utf-8").replace("weight: 3", "wieght: 3", 1), encoding="utf-8")
    for lang, word in (("ja", "つづり"), ("en", "spelling")):
        found = call("check", spoilt, lang=lang)
        assert found.exit_code == 1
        assert "spoilt.yaml:" in found.stderr
        assert word in found.stderr


def test_a_condition_on_a_question_that_is_nowhere_is_named(call: Call, tmp_path: Path) -> None:
    spoilt = tmp_path / "pack.yaml"
    text = (FILES / "pack-cloud.yaml").read_text(encoding="utf-8")
    spoilt.write_text(text.replace("question: T15", "question: T99", 1), encoding="utf-8")
    found = call("check", spoilt)
    assert found.exit_code == 1
    assert "T99" in found.stderr
    assert "pack.yaml:" in found.stderr


@pytest.mark.parametrize(
    "arguments",
    [("check",), ("check", "nowhere.yaml"), ("score", str(PLAN)), ("export", str(PLAN), "x", "--to", "doc")],
)
def test_wrong_usage_ends_with_two(call: Call, arguments: tuple[str, ...]) -> None:
    assert call(*arguments).exit_code == 2


def test_one_key_in_two_files_is_refused(call: Call, tmp_path: Path) -> None:
    copy = tmp_path / "copy.yaml"
    copy.write_bytes(PLAN.read_bytes())
    assert call("check", PLAN, copy).exit_code == 1


RATED = {"safety": {"severity": 4, "likelihood": 4}}


def test_a_score_says_its_level_and_ends_by_the_level_asked_for(call: Call, tmp_path: Path) -> None:
    file = answers(tmp_path, answers={"T02": "yes", "P1a": {"value": "done", "remark": "済"}}, ratings=RATED)
    found = call("score", PLAN, "--answers", file)
    assert found.exit_code == 0
    assert "T02" in found.output
    levels = [level.code for level in shipped()[0].levels]
    codes = [call("score", PLAN, "--answers", file, "--fail-at", level).exit_code for level in levels]
    assert codes == sorted(codes, reverse=True)
    assert codes[0] == 1
    assert call("score", PLAN, "--answers", file, "--fail-at", "enormous").exit_code == 2


def test_an_unrated_case_does_not_pass(call: Call, tmp_path: Path) -> None:
    found = call("score", PLAN, "--answers", answers(tmp_path), "--fail-at", shipped()[0].levels[-1].code)
    assert found.exit_code == 1
    assert "未評価" in found.stderr


def test_the_json_of_a_score_holds_the_whole_explanation(call: Call, tmp_path: Path) -> None:
    found = call("score", PLAN, "--answers", answers(tmp_path, answers={"T02": "unknown"}, ratings=RATED), "--json")
    tree = json.loads(found.output)
    assert tree["framework"]["key"] == "hitachi-ai-ethics"
    assert {each["key"] for each in tree["questionnaires"]} >= {"trigger-sheet", "base-plan", "pack-gen"}
    assert "base-maintenance" not in {each["key"] for each in tree["questionnaires"]}
    assert tree["level"]["code"]
    assert tree["score"]["items"][0]["counted"]
    assert any("T02" in reason["ja"] for reason in tree["because"])
    assert "P1a" in tree["unanswered"]
    assert tree["lower_by"]["en"]


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"answers": {"X9": "yes"}}, "answers.X9"),
        ({"answers": {"T02": "perhaps"}}, "answers.T02"),
        ({"answers": {"T02": True}}, "answers.T02"),
        ({"answers": {"T02": {"value": "yes", "colour": "red"}}}, "answers.T02"),
        ({"answers": []}, "answers"),
        ({"ratings": {"safety": {"severity": 9}}}, "ratings.safety"),
        ({"ratings": {"taste": {"severity": 1}}}, "ratings.taste"),
        ({"ratings": []}, "ratings.—"),
        ({"phase": "Z"}, "phase"),
        ({"remarks": 1}, "remarks"),
    ],
)
def test_answers_that_cannot_be_taken_are_named(given: dict[str, object], place: str) -> None:
    framework, sheets = shipped()
    with pytest.raises(Refusals) as caught:
        scored(Documents(framework, sheets), given)
    assert [problem.place for problem in caught.value.problems] == [place]


SOME: dict[str, Callable[[Question], object]] = {
    "multiple": lambda question: [choice.code for choice in question.choices[:2]],
    "single": lambda question: question.choices[0].code,
    "number": lambda question: 30,
    "date": lambda question: "2026-12-25",
    "text": lambda question: "文",
    "long_text": lambda question: {"value": "文", "remark": ""},
    "yes_no_unknown": lambda question: {"value": "no", "remark": "理由"},
    "scale": lambda question: "done",
}


def test_all_kinds_of_answers_are_taken() -> None:
    framework, sheets = shipped()
    questions = [each for sheet in sheets for _, each in sheet.questions()]
    values = {each.key: SOME[each.kind](each) for each in questions if each.kind in SOME}
    given, result = scored(Documents(framework, sheets), {"answers": values})
    assert set(given.values) == set(values)
    assert json.dumps(explanation(Documents(framework, sheets), given, result))


@pytest.mark.parametrize("content", ["", "{", '{"answers": {"T01": "yes", "T01": "no"}}', "[1]"])
def test_broken_answers_are_refused(call: Call, tmp_path: Path, content: str) -> None:
    file = tmp_path / "answers.json"
    file.write_text(content, encoding="utf-8")
    assert call("score", PLAN, "--answers", file).exit_code == 1


@pytest.mark.parametrize(("target", "source"), [("xlsx", "xlsx"), ("surveyjs", "surveyjs"), ("yaml", "yaml")])
@pytest.mark.parametrize("name", ["base-plan", "trigger-sheet", "pack-cloud"])
def test_a_shipped_file_goes_out_and_comes_back_the_same(
    call: Call, tmp_path: Path, target: str, source: str, name: str
) -> None:
    out, back = tmp_path / f"out.{target}", tmp_path / "back.yaml"
    assert call("export", FILES / f"{name}.yaml", out, "--to", target).exit_code == 0
    assert call("import", out, back, "--from", source).exit_code == 0
    assert read(back, Questionnaire)[0] == read(FILES / f"{name}.yaml", Questionnaire)[0]


def test_a_blank_form_is_a_pdf(call: Call, tmp_path: Path) -> None:
    out = tmp_path / "form.pdf"
    assert call("export", FILES / "pack-cloud.yaml", out, "--to", "pdf", lang="en").exit_code == 0
    assert out.read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("source", "content"), [("ciso", LIBRARY), ("deon", CHECKLIST), ("surveyjs", json.dumps(CARS))]
)
def test_foreign_files_come_in_and_what_needs_translation_is_said(
    call: Call, tmp_path: Path, source: str, content: str
) -> None:
    file, out = tmp_path / "in", tmp_path / "mine.yaml"
    file.write_text(content, encoding="utf-8")
    found = call("import", file, out, "--from", source, "--pack", "GEN", "--item", "safety")
    assert found.exit_code == 0, found.output
    assert "訳が必要です" in found.stderr
    assert read(out, Questionnaire)[0].key == "mine"


def test_nothing_is_overwritten_unasked(call: Call, tmp_path: Path) -> None:
    out = tmp_path / "out.yaml"
    out.write_text("mine", encoding="utf-8")
    assert call("export", PLAN, out, "--to", "yaml").exit_code == 1
    assert out.read_text(encoding="utf-8") == "mine"
    assert call("export", PLAN, out, "--to", "yaml", "--replace").exit_code == 0


def test_what_cannot_be_read_writes_nothing(call: Call, tmp_path: Path) -> None:
    file, out = tmp_path / "in.xlsx", tmp_path / "out.yaml"
    file.write_bytes(b"PK\x03\x04")
    for source in ("xlsx", "surveyjs", "ciso", "deon", "yaml"):
        assert call("import", file, out, "--from", source).exit_code == 1
    assert not out.exists()


def test_a_framework_cannot_be_exported_as_a_questionnaire(call: Call, tmp_path: Path) -> None:
    found = call("export", next((SEEDS / "framework").glob("*.yaml")), tmp_path / "x", "--to", "xlsx")
    assert found.exit_code == 1


def test_files_of_an_unknown_framework_are_refused(call: Call, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(
        PLAN.read_text(encoding="utf-8").replace("framework: hitachi-ai-ethics", "framework: elsewhere"),
        encoding="utf-8",
    )
    assert call("check", other).exit_code == 1
    assert call("check", other, PLAN).exit_code == 1
    assert call("check", other, "--framework", next((SEEDS / "framework").glob("*.yaml"))).exit_code == 1
