"""The logo of a house: a PNG, JPEG or SVG file → an image that is safe to put into every report.

The file is somebody's, so nothing of it is passed on as it is: pictures are decoded and written anew, drawings are copied element by
element, and whatever could run, load something or cost without end is refused in words (assurance.md T10).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from governance.reports.house import Logo
from governance.texts import Text

LARGEST_PICTURE, LARGEST_DRAWING = 2 * 1024**2, 256 * 1024
MOST_PIXELS = 3000
"""Pixels that a picture may have on each side."""
PRINTED = (1600, 640)
"""Pixels that are kept: more are not seen at the size at which a logo is printed."""
MOST_ELEMENTS, DEEPEST = 20_000, 30
SVG, XLINK = "http://www.w3.org/2000/svg", "{http://www.w3.org/1999/xlink}"
_SHAPES = ("path", "rect", "circle", "ellipse", "line", "polyline", "polygon")
_ALLOWED = frozenset(
    {
        *_SHAPES,
        "svg",
        "g",
        "defs",
        "linearGradient",
        "radialGradient",
        "stop",
        "clipPath",
        "mask",
        "symbol",
        "use",
        "style",
    }
)
_DROPPED = frozenset({"title", "desc", "metadata"})
_NEVER = frozenset({"script", "foreignObject", "image", "iframe", "handler", "listener"})
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_DATA = re.compile(r"data:(image/png|image/svg\+xml);base64,([A-Za-z0-9+/=]+)")
_NUMBER = re.compile(r"\s*(\d{1,6}(?:\.\d+)?)(?:px|pt|mm|cm|in)?\s*")
_REFERENCE = re.compile(r"url\(\s*['\"]?#([\w.-]+)['\"]?\s*\)")
_DOCTYPE = re.compile(r"<!DOCTYPE\s+svg[^\[<>]*>")


class BadLogo(ValueError):
    """A file cannot be the logo; `text` says why and what to do."""

    def __init__(self, ja: str, en: str, **values: object) -> None:
        self.text = Text(ja, en).filled(**values)
        super().__init__(self.text.en)


def read_logo(path: Path) -> Logo:
    """Return the logo in a file. Raises BadLogo unless it is a sound PNG, JPEG or SVG, OSError when it cannot be read."""
    with path.open("rb") as file:
        raw = file.read(LARGEST_PICTURE + 1)
    if raw.startswith((_PNG, _JPEG)):
        kind, made = "image/png", _picture(raw)
    elif raw.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        kind, made = "image/svg+xml", cleaned(raw)
    else:
        raise BadLogo(
            "画像ではありません。PNG、JPEG、SVGのいずれかのファイルを指定してください。",
            "This is not an image. Name a PNG, JPEG or SVG file.",
        )
    uri = f"data:{kind};base64,{base64.b64encode(made).decode()}"
    return Logo(hashlib.sha256(raw).hexdigest(), uri)


def drawable(uri: str) -> tuple[str, bytes] | None:
    """Return media type and content of an address inside of a page, if it holds a logo as `read_logo` makes it; None otherwise."""
    found = _DATA.fullmatch(uri)
    if found is None:
        return None
    try:
        content = base64.b64decode(found[2], validate=True)
        sound = _fits(content) if found[1] == "image/png" else cleaned(content) == content
    except (BadLogo, binascii.Error, struct.error):
        return None
    return (found[1], content) if sound else None


# -- pictures ------------------------------------------------------------------------------------------------------------------


def _fits(content: bytes) -> bool:
    """Say whether a PNG says of itself that it is no larger than what is printed."""
    width, height = struct.unpack(">II", content[16:24])
    return content.startswith(_PNG) and 0 < width <= PRINTED[0] and 0 < height <= PRINTED[1]


def _picture(raw: bytes) -> bytes:
    """Return a picture as a PNG on white, without anything but its pixels."""
    if len(raw) > LARGEST_PICTURE:
        raise BadLogo("画像が大きすぎます（上限2 MB）。小さくしてください。", "The picture is too large (limit 2 MB).")
    try:
        return _written_anew(raw)
    except BadLogo:
        raise
    except Exception as error:  # a broken file makes a decoder raise anything
        raise BadLogo(
            "画像として開けません。壊れているか、途中で切れています。書き出し直してください。",
            "The picture cannot be opened: it is broken or cut off. Export it again.",
        ) from error


def _loaded(name: str) -> Any:
    return import_module(f"PIL.{name}")


def _written_anew(raw: bytes) -> bytes:
    """Decode and encode; Pillow is loaded here, because most installations have no picture and their web processes never need it."""
    pillow, files, ops = _loaded("Image"), _loaded("ImageFile"), _loaded("ImageOps")
    lenient, files.LOAD_TRUNCATED_IMAGES = files.LOAD_TRUNCATED_IMAGES, False
    try:
        with pillow.open(BytesIO(raw), formats=("PNG", "JPEG")) as image:
            if max(image.size) > MOST_PIXELS:
                raise BadLogo(
                    "画像の縦横は{most}画素までです（この画像は{width}×{height}）。",
                    "A picture may have {most} pixels on a side (this one has {width}×{height}).",
                    most=MOST_PIXELS,
                    width=image.width,
                    height=image.height,
                )
            image.load()
            seen = ops.exif_transpose(image).convert("RGBA")
    finally:
        files.LOAD_TRUNCATED_IMAGES = lenient
    seen.thumbnail(PRINTED)
    target = BytesIO()
    pillow.alpha_composite(pillow.new("RGBA", seen.size, "white"), seen).convert("RGB").save(target, "PNG")
    return target.getvalue()


# -- drawings ------------------------------------------------------------------------------------------------------------------


def cleaned(raw: bytes) -> bytes:
    """Return a drawing with what a logo needs and nothing else; what was cleaned stays as it is. Raises BadLogo."""
    made = _copied(_parsed(raw), 0)
    _sized(made)
    _Cost(made).of(made, ())
    made.attrib = {"xmlns": SVG, **made.attrib}
    content: bytes = ET.tostring(made, encoding="utf-8", xml_declaration=False)
    return content


def _parsed(raw: bytes) -> ET.Element:
    """Return the elements of an SVG file; entities and what is declared about them are refused before anything is read."""
    if len(raw) > LARGEST_DRAWING:
        raise BadLogo("SVGが大きすぎます（上限256 KB）。", "The SVG is too large (limit 256 KB).")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadLogo("SVGをUTF-8で保存し直してください。", "Save the SVG as UTF-8.") from error
    text = _DOCTYPE.sub("", re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
    if re.search(r"<!(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise BadLogo(
            "SVGの中で実体（ENTITY）は使えません。取り除いて書き出し直してください。",
            "An SVG with entities (ENTITY) is refused. Export it without them.",
        )
    try:
        given = ET.fromstring(text)  # noqa: S314 - no document type, no entity, a bounded length
    except ET.ParseError as error:
        raise BadLogo(
            "SVGとして読めません（{line}行目）。画像ソフトで書き出し直してください。",
            "Not readable as SVG (line {line}). Export it again.",
            line=error.position[0],
        ) from error
    if given.tag != f"{{{SVG}}}svg":
        raise BadLogo("SVGの画像ではありません。", "This is XML, but not an SVG image.")
    return given


def _copied(given: Any, depth: int) -> ET.Element:
    """Return an element with its allowed parts. Editors' own elements and attributes are left behind."""
    if depth > DEEPEST:
        raise BadLogo("SVGの入れ子が深すぎます。", "The SVG is nested too deeply.")
    made = ET.Element(given.tag.rpartition("}")[2])
    for name, value in given.attrib.items():
        if (kept := _attribute(name, value)) is not None:
            made.set(kept, value)
    if made.tag == "style":
        made.text = _harmless(given.text or "", "style")
    for child in given:
        space, _, name = child.tag.rpartition("}")
        if name in _NEVER or (space.endswith(SVG) and name not in _ALLOWED | _DROPPED):
            _refuse(name)
        if space.endswith(SVG) and name in _ALLOWED:
            made.append(_copied(child, depth + 1))
    return made


def _refuse(name: str) -> None:
    if name in ("text", "tspan", "textPath"):
        raise BadLogo(
            "SVGの文字（{name}）は、輪郭（パス）に変換して書き出してください。",
            "Text in the SVG ({name}) must be converted to paths.",
            name=name,
        )
    raise BadLogo(
        "SVGの中の「{name}」は使えません。図形だけにして書き出し直してください。",
        "“{name}” in the SVG is refused. Export it with plain shapes.",
        name=name[:40],
    )


def _attribute(name: str, value: str) -> str | None:
    """Return the name under which an attribute is kept, or None; refuse what acts or points out of the drawing."""
    plain = name.removeprefix(XLINK)
    if plain.lower().startswith("on"):
        _refuse(plain)
    if plain == "href":
        if not re.fullmatch(r"#[\w.-]+", value):
            raise BadLogo(
                "SVGは外のファイルや番地を参照できません（{value}）。図形を中に含めて書き出してください。",
                "The SVG refers to something outside of it ({value}). Export it with everything inside.",
                value=value[:60],
            )
        return "href"
    if plain.startswith("{"):
        return None
    _harmless(value, plain)
    return plain


def _harmless(value: str, place: str) -> str:
    """Return a value or a stylesheet; refuse one that loads something, or hides how it is written."""
    rest = _REFERENCE.sub("", value).lower()
    if any(
        sign in rest for sign in ("url(", "@", "\\", "<", "expression", "javascript:", "image(", "image-set(", "src(")
    ):
        raise BadLogo(
            "SVGの「{place}」に、外の番地や指令（url、@importなど）があります。取り除いてください。",
            "“{place}” in the SVG holds an address or a command (url, @import …). Remove it.",
            place=place[:40],
        )
    return value


def _sized(made: ET.Element) -> None:
    """Give the drawing a box of its own size where it has only width and height; refuse one that has no size."""
    box = re.fullmatch(r"\s*(-?[\d.]+)[\s,]+(-?[\d.]+)[\s,]+([\d.]+)[\s,]+([\d.]+)\s*", made.get("viewBox", ""))
    sides = [_NUMBER.fullmatch(made.get(name, "")) for name in ("width", "height")]
    try:
        size = [float(box[3]), float(box[4])] if box else [float(side[1]) for side in sides if side]
    except ValueError:
        size = []
    if len(size) != 2 or not all(0 < side < 1_000_000 for side in size):
        raise BadLogo(
            "SVGの大きさ（viewBox、またはwidthとheight）がありません。",
            "The SVG has no size (viewBox, or width and height).",
        )
    if not box:
        made.set("viewBox", f"0 0 {size[0]:g} {size[1]:g}")
    for name in ("width", "height"):  # the page says how large it is printed
        made.attrib.pop(name, None)


class _Cost:
    """Counts the elements of a drawing as often as they are drawn; refuses one whose references run in a circle or grow too large."""

    def __init__(self, made: ET.Element) -> None:
        self.named: dict[str, ET.Element] = {}
        self.known: dict[str, int] = {}
        for each in made.iter():
            if (name := each.get("id")) is not None and self.named.setdefault(name, each) is not each:
                raise BadLogo(
                    "SVGに同じid「{name}」が二つあります。", "The SVG has the id “{name}” twice.", name=name[:40]
                )

    def of(self, part: ET.Element, above: tuple[str, ...]) -> int:
        """Return the cost of an element with all below it, met on the way through the names `above`."""
        found = 0
        for each in part.iter():
            found += 1 + sum(self._named(name, above) for name in _referred(each) if name in self.named)
            if found > MOST_ELEMENTS:
                raise BadLogo("SVGの図形が多すぎます。", "The SVG has too many shapes.")
        return found

    def _named(self, name: str, above: tuple[str, ...]) -> int:
        if name in above or len(above) > DEEPEST:
            raise BadLogo("SVGの参照が循環しています。", "References in the SVG run in a circle.")
        if name not in self.known:
            self.known[name] = self.of(self.named[name], (*above, name))
        return self.known[name]


def _referred(element: ET.Element) -> list[str]:
    """Return the names that an element refers to."""
    found = [name for value in (*element.attrib.values(), element.text or "") for name in _REFERENCE.findall(value)]
    return [*found, *([element.get("href", "")[1:]] if element.get("href") else [])]
