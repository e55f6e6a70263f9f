"""Evidence is taken by its extension and its first bytes: what a browser would run, or what is not what it says, is refused."""

from __future__ import annotations

import pytest

from governance.projects.files import ACCEPTED, HEAD_BYTES, check_link, clean_name, extension, media_type
from governance.refusals import Refusal

TABLE = "番号,名称\r\n1,見本の倉庫\r\n"


def test_the_media_type_follows_the_extension_whatever_its_case():
    assert media_type("報告.PDF", b"%PDF-1.7 sample") == "application/pdf"
    assert media_type("写真.Jpeg", b"\xff\xd8\xff\xe0") == "image/jpeg"
    assert media_type("図.png", b"\x89PNG\r\n\x1a\n") == "image/png"
    assert media_type("記録.md", "# 記録".encode()) == "text/plain"
    assert media_type("表.xlsx", b"PK\x03\x04").endswith("spreadsheetml.sheet")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_japanese_csv_is_taken_in_the_encodings_office_tools_write(encoding):
    assert media_type("表.csv", TABLE.encode(encoding)) == "text/csv"


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_a_long_japanese_text_is_taken_wherever_its_head_is_cut(encoding):
    for before in ("", "a", "aa", "aaa"):
        head = (before + "見本の記録" * 1000).encode(encoding)[:HEAD_BYTES]
        assert media_type("記録.txt", head) == "text/plain"


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("報告.pdf", b"<html>no pdf"),
        ("報告.pdf", b" %PDF-1.7 one byte too late"),
        ("図.png", b"\xff\xd8\xff\xe0 a JPEG"),
        ("表.xlsx", TABLE.encode()),
        ("表.csv", b"PK\x03\x04\x00\x00 a workbook"),
        ("表.csv", b"\x00\x01\x02"),
        ("表.csv", TABLE.encode("utf-16")),
        ("記録.txt", b"\x7fELF\x00"),
    ],
)
def test_a_file_whose_content_does_not_match_its_name_is_refused(name, head):
    with pytest.raises(Refusal) as refused:
        media_type(name, head)
    assert (refused.value.code, refused.value.place) == ("evidence.mislabelled", "file")
    assert name in refused.value.text.ja
    assert name in refused.value.text.en


@pytest.mark.parametrize("name", ["page.html", "図.svg", "script.js", "macro.xlsm", "run.exe", "表.csv.html", "表", ""])
def test_a_kind_that_is_not_on_the_list_is_refused_with_the_list(name):
    with pytest.raises(Refusal) as refused:
        media_type(name, TABLE.encode())
    assert refused.value.code == "evidence.type"
    assert all(kind in refused.value.text.ja for kind in ACCEPTED)


@pytest.mark.parametrize("kind", sorted(ACCEPTED))
def test_an_empty_file_is_refused_of_every_kind(kind):
    with pytest.raises(Refusal, match=r"evidence\.empty"):
        media_type(f"空.{kind}", b"")


def test_a_long_name_is_named_by_its_end():
    with pytest.raises(Refusal) as refused:
        media_type("長" * 500 + ".exe", b"MZ")
    assert "長" * 76 + ".exe」" in refused.value.text.ja
    assert "長" * 77 not in refused.value.text.ja


def test_nothing_that_a_browser_runs_is_accepted():
    assert not ACCEPTED.keys() & {"html", "htm", "xhtml", "svg", "xml", "js", "mjs", "css", "swf"}
    assert extension("archive.tar.GZ") == "gz"
    assert extension("no extension") == ""


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("報告.pdf", "報告.pdf"),
        ("C:\\Users\\見本\\報告.pdf", "報告.pdf"),
        ("../../etc/passwd", "passwd"),
        ("/var/tmp/報告.pdf", "報告.pdf"),
        ("報告\r\nX-Header: 1\x00.pdf", "報告X-Header: 1.pdf"),
        ("\u202efdp.報告", "fdp.報告"),
        ("  報告.pdf  ", "報告.pdf"),
        ("folder/", "evidence"),
        ("\x00\x1f", "evidence"),
        ("", "evidence"),
    ],
)
def test_a_name_keeps_no_folder_and_no_control_character(given, kept):
    assert clean_name(given) == kept


def test_a_name_keeps_its_last_two_hundred_characters_with_the_extension():
    assert clean_name("長" * 300 + ".pdf") == "長" * 196 + ".pdf"


@pytest.mark.parametrize(
    "url", ["https://wiki.example/見本?a=1#b", "http://wiki.example/", "  https://wiki.example/  "]
)
def test_a_plain_link_is_taken(url):
    assert check_link(url) == url.strip()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "wiki.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//wiki.example/",
        "https://",
        "https://wiki.example/" + "a" * 2000,
    ],
)
def test_any_other_link_is_refused_beside_its_field(url):
    with pytest.raises(Refusal) as refused:
        check_link(url)
    assert (refused.value.code, refused.value.place) == ("evidence.link", "url")
