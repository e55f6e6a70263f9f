"""The blank form: every question whole on one page, boxes for every choice, page numbers, version and digest on every page."""

from __future__ import annotations

import re
from functools import cache
from io import BytesIO

import pikepdf
import pytest
from pypdf import PdfReader

from governance.questionnaires.definition import Question, Questionnaire, canonical, digest_of
from governance.reports.form import blank_form, form_html
from tests.interchange.invented import shipped
from tests.interchange.test_xlsx_answers import sheet


def document(key: str) -> Questionnaire:
    return next(each for each in shipped()[1] if each.key == key)


def known() -> dict[str, Question]:
    return {question.key: question for each in shipped()[1] for _, question in each.questions()}


@cache
def printed(key: str, locale: str) -> bytes:
    return blank_form(document(key), shipped()[0], locale, known=known()).file


def pages(key: str, locale: str) -> list[str]:
    reader = PdfReader(BytesIO(printed(key, locale)))
    return [re.sub(r"\s+", "", page.extract_text()) for page in reader.pages]


@pytest.mark.parametrize(("key", "locale"), [("pack-cloud", "ja"), ("pack-cloud", "en"), ("base-plan", "ja")])
def test_every_page_says_its_number_the_version_and_the_digest(key: str, locale: str) -> None:
    found, body = pages(key, locale), canonical(document(key))
    for number, text in enumerate(found, 1):
        assert f"{number}/{len(found)}" in text
        assert f"{key}{document(key).version}SHA-256{digest_of(body)}" in text


@pytest.mark.parametrize(("key", "locale"), [("pack-cloud", "ja"), ("pack-cloud", "en"), ("base-plan", "ja")])
def test_no_question_is_torn_apart(key: str, locale: str) -> None:
    found = pages(key, locale)
    remark = {"ja": "補足", "en": "Remark"}[locale]
    for _, question in document(key).questions():
        asked = re.sub(r"\s+", "", question.text.in_(locale))
        (where,) = [number for number, text in enumerate(found) if asked in text]
        topic = re.sub(r"\s+", "", question.topic.in_(locale))
        rest = found[where].split(asked, 1)
        assert f"{question.key}{'★' if question.gate else ''}{topic}" in rest[0]
        assert remark in rest[1]


def test_a_heading_stands_with_its_first_question() -> None:
    found = pages("base-plan", "ja")
    for section in document("base-plan").sections:
        name = shipped()[0].item(section.item or "").name.ja
        first = re.sub(r"\s+", "", section.questions[0].text.ja)
        assert any(f"{section.key}{name}" in text and first in text for text in found)


def test_the_definition_lies_inside() -> None:
    with pikepdf.open(BytesIO(printed("pack-cloud", "ja"))) as file:
        (attached,) = file.attachments.values()
        assert attached.get_file().read_bytes() == canonical(document("pack-cloud"))


def test_conditions_read_as_sentences_in_the_words_of_the_form() -> None:
    ja, en = (form_html(document("trigger-sheet"), shipped()[0], locale) for locale in ("ja", "en"))
    assert "尋ねる条件：T07が「はい」または「分からない」" in ja
    assert "Asked when: T07 was answered “Yes” or “Not sure”" in en
    assert "「尋ねる条件」に当てはまらない質問は" in ja


def test_every_kind_of_question_can_be_answered_on_paper() -> None:
    html = form_html(sheet().questionnaires[0], sheet().framework, "ja")
    questions = sheet().questionnaires[0].sections[0].questions
    parts = {each.key: html.split(f'<span class="no">{each.key}</span>')[1].split("<div")[0] for each in questions}
    boxes = {key: part.count("□") for key, part in parts.items()}
    assert boxes["one-yes_no_unknown"] == 4  # and not applicable
    assert boxes["one-single"] == 4
    assert boxes["one-multiple"] == 3
    assert boxes["one-scale"] == len(sheet().framework.scale)
    assert (boxes["one-number"], boxes["one-date"], boxes["one-text"], boxes["one-long_text"]) == (1, 1, 1, 0)
    assert "日" in parts["one-number"]
    assert parts["one-rows"].count("<th>") == 4
    assert "甲・乙・丙" in parts["one-rows"]
    assert all("補足" in part for part in parts.values())


def test_a_gate_offers_no_not_applicable_on_paper() -> None:
    gate = next(question for _, question in document("base-plan").questions() if question.gate)
    html = form_html(document("base-plan"), shipped()[0], "ja")
    part = html.split(f'<span class="no">{gate.key}</span>')[1].split("<div")[0]
    assert "該当なし" not in part


def test_what_is_written_in_a_questionnaire_stays_text() -> None:
    spoilt = document("pack-cloud").model_dump_json(by_alias=True).replace("クラウド", "<img src=x>")
    assert "<img" not in form_html(Questionnaire.model_validate_json(spoilt), shipped()[0], "ja")
