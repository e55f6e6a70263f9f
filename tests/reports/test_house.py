"""The file of the house: what it may say, what is wrong with it in words with a place, and that nothing hostile gets through."""

from __future__ import annotations

import base64
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image

from governance import doctor
from governance.cli import cli
from governance.paths import SEEDS
from governance.refusals import Refusals
from governance.reports.house import BY_HAND, PLAIN, Colours, House, livery
from governance.reports.house_file import contrast, read_house
from governance.reports.logos import BadLogo, drawable, read_logo
from governance.settings import Settings

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 40 20">'
DRAWN = f"""<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<!-- made by an editor -->{HEAD[:-1]} xmlns:ed="urn:editor" width="40mm" ed:page="1"><title>t</title><metadata><x/></metadata><ed:view/>
<style>.a{{fill:#8a1538}}</style><defs><linearGradient id="g"><stop offset="0" stop-color="#8a1538"/></linearGradient></defs>
<g class="a"><rect id="r" width="40" height="20" style="fill:url(#g)"/><use xlink:href="#r"/></g></svg>"""


def written(folder: Path, text: str) -> Path:
    file = folder / "house.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def picture(kind: str = "PNG", size: tuple[int, int] = (60, 20), mode: str = "RGBA", **given: Any) -> bytes:
    target = BytesIO()
    Image.new(mode, size, given.pop("colour", None)).save(target, kind, **given)
    return target.getvalue()


def busy() -> bytes:
    """A picture that does not pack well, so that half of it lacks pixels."""
    target = BytesIO()
    Image.frombytes("L", (64, 64), bytes(n * n * 7 % 251 for n in range(4096))).save(target, "PNG")
    return target.getvalue()


def test_the_shipped_example_says_what_holds_without_it() -> None:
    shipped = House()
    assert read_house(SEEDS / "report-house.yaml", shipped) == shipped
    assert livery(shipped) == PLAIN
    assert shipped.part("case") == {}


def test_a_whole_file_is_read_and_named_by_its_digest(tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text(DRAWN)
    text = """
name: {ja: 架空電機, en: Kakuu}
department: {ja: 推進室, en: Office}
classification: {ja: 秘, en: Secret}
logo: logo.svg
colours: {accent: "#8a1538"}
signature: [{act: by_hand, label: {ja: 作成, en: Prepared}}, {act: decided, label: {ja: 承認, en: Approved}}]
kinds:
  case: {appendix: [mapping, verification, ledger]}
  ledger: {sections: [entries, head, comparing], classification: {ja: 極秘, en: Top secret}}
  portfolio: {signature: [{ja: 承認, en: Approved}]}
"""
    found = read_house(written(tmp_path, text), House())
    assert (found.issuer.ja, found.issuer.en) == ("架空電機　推進室", "Kakuu, Office")
    assert [box.act for box in found.signature] == [BY_HAND, "decided"]
    assert found.layout("case").appendix == ("mapping", "verification", "ledger")
    assert "mapping" not in found.layout("case").body
    assert found.layout("case").body[0] == "summary"
    assert found.marked("ledger").classification.ja == "極秘"
    assert found.marked("form").classification.ja == "秘"
    assert found.colours == Colours(accent="#8a1538")
    stamp = found.stamp("portfolio")
    assert stamp
    assert (stamp["digest"], stamp["boxes"]) == (found.digest, [{"ja": "承認", "en": "Approved"}])
    assert len(found.digest) == 64
    same = read_house(written(tmp_path, f"# a remark\n{text}"), House())
    assert same.digest == found.digest
    (tmp_path / "logo.svg").write_text(DRAWN.replace("#8a1538", "#8a1539"))
    assert read_house(written(tmp_path, text), House()).digest != found.digest


FAULTS = [
    ("colour: {}", "seed.extra_forbidden", 1, "colour"),
    ("\ncolours: {accent: red}", "house.colour", 2, "#1b365d"),
    ('colours: {accent: "#FF0000"}', "house.colour", 1, "小文字"),
    ('colours: {accent: "#1b365d}body{display:none"}', "house.colour", 1, "16進数"),
    ('colours: {mark: "#777777"}', "house.contrast", 1, "4.4"),
    ("name: {ja: 架空電機}", "seed.missing", 1, "英語"),
    ("name: 架空電機", "seed.dataclass_type", 1, "name"),
    ('name: {ja: "", en: x}', "seed.string_too_short", 1, "日本語"),
    ('name: {ja: " ", en: x}', "house.letters", 1, "U+0020"),
    ('name: {ja: "一\\n二", en: x}', "house.letters", 1, "U+000A"),
    ('name: {ja: "あ\\u202eい", en: x}', "house.letters", 1, "U+202E"),
    ('name: {ja: "社😀", en: x}', "house.letters", 1, "U+1F600"),
    (f"classification: {{ja: {'秘' * 61}, en: x}}", "house.long", 1, "60文字"),
    ("signature: []", "house.boxes", 1, "1～5個"),
    (f"signature: [{', '.join(['{act: by_hand, label: {ja: 印, en: Seal}}'] * 6)}]", "house.boxes", 1, "1～5個"),
    ("signature: [{act: approved, label: {ja: 承認, en: Approved}}]", "seed.literal_error", 1, "by_hand"),
    (
        "signature:\n- {act: decided, label: {ja: 甲, en: A}}\n- {act: decided, label: {ja: 乙, en: B}}",
        "house.act",
        3,
        "decided",
    ),
    ("kinds: {case: {body: [summary, method, limits, sumary]}}", "house.section", 1, "sumary"),
    ("kinds: {case: {body: [summary, summary, method, limits]}}", "house.twice", 1, "summary"),
    ("kinds: {case: {body: [summary, scope]}}", "house.mandatory", 1, "方法、限界・免責"),
    ("kinds: {case: {body: []}}", "house.mandatory", 1, "要旨"),
    ("kinds: {case: {appendix: [glossary]}}", "house.mandatory", 1, "検証方法"),
    ("kinds: {case: {body: [method, limits], appendix: [summary, verification]}}", "house.summary", 1, "本文"),
    ("kinds: {portfolio: {sections: [summary]}}", "house.mandatory", 1, "数値の定義"),
    ("kinds: {ledger: {sections: [head, entries]}}", "house.mandatory", 1, "照合の方法"),
    ("kinds: {form: {sections: [summary]}}", "seed.extra_forbidden", 1, "sections"),
    ("kinds: {poster: {}}", "seed.extra_forbidden", 1, "poster"),
    ("logo: &a x.png", "seed.anchor", 1, "アンカー"),
    ("logo: none.png", "house.logo", 1, "none.png"),
    ("logo: ../logo.png", "house.logo", 1, "同じフォルダー"),
    ("logo: /etc/hostname", "house.logo", 1, "同じフォルダー"),
    ("logo: house.yaml", "house.logo", 1, "画像ではありません"),
    ("- a", "seed.not_mapping", 1, "項目"),
]


@pytest.mark.parametrize(("text", "code", "line", "words"), FAULTS)
def test_each_fault_is_told_with_its_place_and_what_to_do(
    tmp_path: Path, text: str, code: str, line: int, words: str
) -> None:
    with pytest.raises(Refusals) as caught:
        read_house(written(tmp_path, text), House())
    found = [each for each in caught.value.problems if each.code == code]
    assert found, caught.value
    assert (found[0].place or "").startswith(f"house.yaml:{line}:"), found[0].place
    assert any(words in each.text.ja for each in found), found
    assert all(each.text.en for each in found)


def test_a_colour_must_be_readable_on_white() -> None:
    assert (contrast("#000000"), contrast("#ffffff"), contrast("#767676"), contrast("#777777")) == (21, 1, 4.5, 4.4)


def test_no_colour_gets_into_a_stylesheet_unchecked() -> None:
    dressed = livery(House(colours=Colours("#8a1538", "#003300", "#aa0000")))
    assert set(dressed.css) & set("<>@\\&") == set()
    assert "url" not in dressed.css
    with pytest.raises(ValueError, match="colour"):
        livery(House(colours=Colours("red;}*{display:none")))


@pytest.mark.parametrize(
    "given",
    [
        picture(),
        picture("JPEG", mode="RGB"),
        picture("JPEG", mode="CMYK"),
        picture(mode="P"),
        picture(mode="I;16"),
        picture(size=(2900, 900)),
        DRAWN.encode(),
        b"\xef\xbb\xbf" + DRAWN.encode(),
    ],
)
def test_a_sound_image_becomes_a_logo_that_may_stand_in_a_page(tmp_path: Path, given: bytes) -> None:
    (tmp_path / "logo").write_bytes(given)
    logo = read_logo(tmp_path / "logo")
    found = drawable(logo.uri)
    assert found
    again = tmp_path / "again"
    again.write_bytes(found[1])
    assert read_logo(again).uri == logo.uri


def test_a_picture_keeps_its_pixels_and_nothing_else(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "SECRET-NOTE"
    exif[0x0112] = 6  # lying on its side
    (tmp_path / "logo.jpg").write_bytes(picture("JPEG", (60, 20), "RGB", exif=exif))
    content = drawable(read_logo(tmp_path / "logo.jpg").uri)
    assert content
    assert b"SECRET" not in content[1]
    assert Image.open(BytesIO(content[1])).size == (20, 60)
    (tmp_path / "clear.png").write_bytes(picture(colour=(0, 0, 0, 0)))
    clear = drawable(read_logo(tmp_path / "clear.png").uri)
    assert clear
    assert Image.open(BytesIO(clear[1])).getpixel((0, 0)) == (255, 255, 255)


def test_a_drawing_keeps_its_shapes_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text(DRAWN)
    content = drawable(read_logo(tmp_path / "logo.svg").uri)
    assert content
    kept = content[1].decode()
    assert all(part in kept for part in ("<rect", "<use href=", ".a{fill:#8a1538}", "url(#g)", 'viewBox="0 0 40 20"'))
    assert not any(part in kept for part in ("editor", "metadata", "<title", "DOCTYPE", 'width="40mm"', "xlink"))


BROKEN = [
    b"",
    b"GIF89a" + bytes(40),
    b"%PDF-1.7",
    b"hello",
    picture()[:60],
    busy()[:700],
    picture("JPEG", (400, 400), "RGB")[:900],
    b"\x89PNG\r\n\x1a\n" + bytes(100),
    picture(size=(3001, 1), mode="1"),
    b"\xff\xd8\xff" + bytes(3 * 1024**2),
]


@pytest.mark.parametrize("given", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_whole_image_is_refused(tmp_path: Path, given: bytes) -> None:
    (tmp_path / "logo.png").write_bytes(given)
    with pytest.raises(BadLogo) as caught:
        read_logo(tmp_path / "logo.png")
    assert caught.value.text.ja
    assert caught.value.text.en


USES = "".join(f'<g id="a{n}"><use href="#a{n + 1}"/><use href="#a{n + 1}"/></g>' for n in range(20))
HOSTILE = [
    "<script>1</script>",
    '<x:script xmlns:x="urn:x">1</x:script>',
    "<foreignObject/>",
    '<image href="http://127.0.0.1:9/x"/>',
    '<image href="data:image/png;base64,AAAA"/>',
    '<use href="http://127.0.0.1:9/x#a"/>',
    '<use xlink:href="file:///etc/passwd#a"/>',
    '<rect onclick="x()"/>',
    '<rect ONLOAD="x()"/>',
    '<rect fill="url(http://127.0.0.1:9/x)"/>',
    '<rect style="fill:url(file:///etc/passwd)"/>',
    '<rect style="fill:u\\72l(x)"/>',
    '<rect fill="URL(x)"/>',
    "<style>@import 'http://127.0.0.1:9/x';</style>",
    "<style>@font-face{src:url(x)}</style>",
    "<style>rect{background:image-set('x' 1x)}</style>",
    '<a href="javascript:x()"><rect/></a>',
    '<animate attributeName="x"/>',
    "<text>架空電機</text>",
    '<g id="a"><use href="#a"/></g>',
    '<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>',
    '<g id="a"/><g id="a"><use href="#a"/></g>',
    '<linearGradient id="a" href="#a"/>',
    f'{USES}<g id="a20"><rect/></g>',
    "<g>" * 40 + "</g>" * 40,
    "<rect/>" * 20_001,
    "<rect>",
]


@pytest.mark.parametrize("inside", HOSTILE, ids=range(len(HOSTILE)))
def test_a_drawing_that_acts_or_points_outside_is_refused(tmp_path: Path, inside: str) -> None:
    raw = f"{HEAD}{inside}</svg>".encode()
    (tmp_path / "logo.svg").write_bytes(raw)
    with pytest.raises(BadLogo):
        read_logo(tmp_path / "logo.svg")
    assert drawable(f"data:image/svg+xml;base64,{base64.b64encode(raw).decode()}") is None


@pytest.mark.parametrize(
    "raw",
    [
        '<!DOCTYPE svg [<!ENTITY a "aaaa">]>' + HEAD + "</svg>",
        '<!DOCTYPE svg SYSTEM "x" [<!ENTITY % a SYSTEM "file:///etc/passwd">]>' + HEAD + "</svg>",
        '<svg viewBox="0 0 1 1"/>',
        "<html/>",
        '<svg xmlns="http://www.w3.org/2000/svg"/>',
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 0 9"/>',
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1..2 9"/>',
        '<?xml version="1.0" encoding="utf-16"?><svg',
    ],
)
def test_what_is_no_drawing_of_a_size_is_refused(tmp_path: Path, raw: str) -> None:
    (tmp_path / "logo.svg").write_text(raw)
    with pytest.raises(BadLogo):
        read_logo(tmp_path / "logo.svg")


def test_an_address_that_holds_no_logo_is_none() -> None:
    large = base64.b64encode(picture(size=(1700, 10))).decode()
    for uri in ("data:image/png;base64,AAAA", "data:text/css;base64,AAAA", "data:,x", f"data:image/png;base64,{large}"):
        assert drawable(uri) is None


def test_the_command_and_the_doctor_tell_every_fault(tmp_path: Path) -> None:
    bad = written(tmp_path, 'colours: {accent: "#ffff00"}\nlogo: house.yaml\n')
    told = CliRunner().invoke(cli, ["report", "house", "check", str(bad)])
    assert told.exit_code == 2
    for words in ("house.yaml:1:11: ", "house.yaml:2:1: ", "画像ではありません", "hard to read on white"):
        assert words in told.output, told.output
    settings = Settings(data_dir=tmp_path, report_house=bad)
    assert [each.state for each in doctor._house(settings)] == ["fail", "fail"]
    good = CliRunner().invoke(cli, ["report", "house", "check", str(SEEDS / "report-house.yaml")])
    assert (good.exit_code, "組み込みの体裁と同じ" in good.output) == (0, True)
    assert [
        each.state for each in doctor._house(Settings(data_dir=tmp_path, report_house=SEEDS / "report-house.yaml"))
    ] == ["ok"]
    assert doctor._house(Settings(data_dir=tmp_path)) == []
