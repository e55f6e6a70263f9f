"""Answering on the road: the workbook is downloaded, answered in LibreOffice, uploaded, compared and applied."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from lxml import etree

from governance.screenings.models import Answer
from tests.browser.conftest import Towns
from tests.browser.looks import violations
from tests.browser.people import PHONE, WIDE
from tests.builders import World, answered, opened, registered

OFFICE = shutil.which("soffice") or "/usr/bin/soffice"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
KIND = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
CALCEXT = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
ANSWER, REMARK = 3, 5
"""Columns of a questions sheet (interchange/xlsx_answers.py)."""
SAID = "出張先で確かめた。𠮷野さん、髙橋さんと＝（合意）済み"


def converted(path: Path, target: str) -> Path:
    """Open a workbook in LibreOffice and save it as another kind."""
    profile = path.parent / "profile"
    command = [OFFICE, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", target]
    subprocess.run([*command, "--outdir", path.parent, path], check=True, capture_output=True, timeout=180)
    return path.with_suffix(f".{target}")


def cells_of(row: etree._Element) -> list[etree._Element]:
    """Return the cells of a row, those that stand for several taken apart."""
    for cell in list(row):
        repeat = int(cell.attrib.pop(f"{TABLE}number-columns-repeated", "1"))
        for _ in range(min(repeat, 20) - 1):
            cell.addnext(etree.fromstring(etree.tostring(cell)))
    return list(row)


def write(cell: etree._Element, said: str) -> None:
    """Put a text into a cell, as typing it does."""
    for child in list(cell):
        cell.remove(child)
    cell.attrib.update({f"{KIND}value-type": "string", f"{CALCEXT}value-type": "string"})
    etree.SubElement(cell, f"{TEXT}p").text = said


def answered_in_office(workbook: Path, key: str, answer: str) -> Path:
    """Open the workbook in LibreOffice, answer one question, and save it from LibreOffice as a workbook again."""
    flat = converted(workbook, "fods")
    tree = etree.parse(flat)
    found = 0
    for row in tree.iter(f"{TABLE}table-row"):
        if next(row.itertext(f"{TEXT}p"), None) == key and len(cells_of(row)) > REMARK:
            cells = cells_of(row)
            write(cells[ANSWER], answer)
            write(cells[REMARK], SAID)
            found += 1
    assert found == 1
    tree.write(flat, xml_declaration=True, encoding="utf-8")
    return converted(flat, "xlsx")


def stored(made: World, screening: str, key: str) -> tuple[str, str]:
    with made.acting(read_only=True) as work:
        row = work.session.query(Answer).filter_by(screening_id=screening, question_key=key).one()
        return row.value, row.remark


@pytest.mark.parametrize(("language", "size"), [("ja", WIDE), ("en", PHONE)], ids=["ja-wide", "en-phone"])
def test_a_workbook_answered_in_libreoffice_is_compared_and_applied(
    towns: Towns, tmp_path: Path, language: str, size: tuple[int, int]
) -> None:
    with towns(language) as town:
        screening = opened(town.made, registered(town.made))
        answered(town.made, screening, {"T10": "yes"})
        member = town.arrival("member", size)
        member.sign_in("member")
        member.open(f"/screenings/{screening}/exchange")
        with member.page.expect_download() as download:
            member.page.get_by_text(town.words("回答のブックをダウンロード")).click()
        workbook = tmp_path / "answers.xlsx"
        download.value.save_as(workbook)
        back = answered_in_office(workbook, "P1a", "not_done")
        member.page.locator("input[type=file]").set_input_files(back)
        member.press("違いを見る")
        member.page.get_by_text(SAID).first.wait_for()
        assert not violations(member.page)
        assert stored(town.made, screening, "P1a")[0] == "done"
        member.press("この内容を反映する")
        member.page.wait_for_load_state()
        assert stored(town.made, screening, "P1a") == ("not_done", SAID)
