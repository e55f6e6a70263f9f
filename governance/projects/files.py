"""Which evidence files are accepted: by extension and by their content, never by what the browser claims.

Pure rules (assurance.md T12): a file whose content does not match its name is refused with a sentence, and nothing that a browser
would run (HTML, SVG, scripts) is on the list. Content is looked at only as far as its kind can be told; nothing is unpacked or drawn.
"""

from __future__ import annotations

import codecs
import struct
import unicodedata
import zipfile
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import urlsplit

from governance.refusals import Refusal

OFFICE = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How office documents begin that are protected by a password, or of the kinds before 2007."""

ACCEPTED: dict[str, tuple[str, tuple[bytes, ...]]] = {
    "pdf": ("application/pdf", (b"%PDF-",)),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", (OFFICE,)),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (OFFICE,)),
    "pptx": ("application/vnd.openxmlformats-officedocument.presentationml.presentation", (OFFICE,)),
    "png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "txt": ("text/plain", ()),
    "md": ("text/plain", ()),
    "csv": ("text/csv", ()),
    "json": ("application/json", ()),
}
FOLDERS = {"docx": "word/", "xlsx": "xl/", "pptx": "ppt/"}
"""Where the parts of an office document lie in its container."""

HEAD_BYTES = 4096
NAME_LENGTH = 200
PIXELS = 100_000_000
"""Most pixels of an image: what a large scanner gives; a picture beyond it is made to exhaust whoever opens it."""

PARTS = 5000
DIRECTORY_BYTES = 1 << 20
"""Most parts of an office document, and most bytes of their directory."""

SEGMENTS = 1000
"""Most segments of a JPEG file before its frame."""

_NO_TEXT = (b"%pdf-", b"%!ps", b"<!doctype", b"<html", b"<svg", b"<?xml", b"<script", b"<iframe", b"{\\rtf")
"""How documents begin that are no plain text although they are made of letters."""

_JOINER = "\u200d"
"""Joins emoji to one; the only invisible character that a name may keep."""


def extension(filename: str) -> str:
    """Return the lower-case extension without its dot, or an empty text."""
    return filename.rsplit(".", 1)[1].lower() if "." in filename else ""


def checked_type(filename: str, stream: BinaryIO) -> str:
    """Return the media type of an accepted file after looking into it, and leave the stream at its beginning.

    Raises Refusal with what is wrong: its kind, emptiness, a content of another kind, a protected document, a monstrous image.
    """
    head = stream.read(HEAD_BYTES)
    kind = media_type(filename, head)
    ending = extension(filename)
    if ending in FOLDERS and not _is_office(stream, FOLDERS[ending]):
        raise _mislabelled(filename)
    if kind.startswith("image/") and _pixels(stream, head) > PIXELS:
        raise _refusal(
            filename,
            "evidence.pixels",
            "「{name}」は画素数が多すぎる（または読み取れない）画像です。縮小するか、PDFにしてください。",
            "The image “{name}” has too many pixels, or they cannot be read. Make it smaller, or a PDF.",
        )
    stream.seek(0)
    return kind


def media_type(filename: str, head: bytes) -> str:
    """Return the media type of an accepted file; `head` is its first bytes. Raises Refusal with what is wrong."""
    accepted = ACCEPTED.get(extension(filename))
    if accepted is None:
        raise _refusal(
            filename,
            "evidence.type",
            "「{name}」は受け付けられない種類のファイルです。使える種類：{kinds}。",
            "“{name}” is a kind of file that is not accepted. Use one of: {kinds}.",
        )
    if not head:
        raise _refusal(
            filename,
            "evidence.empty",
            "「{name}」は空のファイルです。中身のあるファイルを選んでください。",
            "“{name}” is empty; choose a file with content.",
        )
    kind, signatures = accepted
    if OFFICE in signatures and head.startswith(OLE):
        raise _protected(filename)
    if not (head.startswith(signatures) if signatures else _is_text(head)):
        raise _mislabelled(filename)
    return kind


def _protected(filename: str) -> Refusal:
    return _refusal(
        filename,
        "evidence.protected",
        "「{name}」はパスワードで保護されているか、古い形式の文書です。保護を外すか、新しい形式またはPDFで保存し直してください。",
        "“{name}” is protected by a password or of an old format. Save it without protection, in the new format or as PDF.",
    )


def _mislabelled(filename: str) -> Refusal:
    return _refusal(
        filename,
        "evidence.mislabelled",
        "「{name}」の中身が拡張子と合いません。元のファイルを確かめてください。",
        "The content of “{name}” does not match its extension; check the original file.",
    )


def _refusal(filename: str, code: str, ja: str, en: str) -> Refusal:
    """Return a refusal that names the file, and can name the kinds that are accepted."""
    return Refusal(code, ja, en, place="file", name=visible_text(filename)[-80:], kinds=", ".join(sorted(ACCEPTED)))


def clean_name(filename: str) -> str:
    """Return the last part of a file name without path or invisible characters, its beginning and extension kept.

    A name that would read the other way round (bidirectional controls) is written as its letters stand.
    """
    name = visible_text(filename.replace("\\", "/").rsplit("/", 1)[-1]).strip().strip(_JOINER)
    dot, ending = ("." if "." in name else ""), extension(name)[:20]
    if len(name) > NAME_LENGTH:
        name = f"{name[: NAME_LENGTH - len(dot + ending)]}{dot}{ending}"
    return name or "evidence"


def visible_text(text: str) -> str:
    """Return the text in composed letters without control, direction and other invisible characters."""
    kept = (c for c in text if c.isprintable() or c == _JOINER or unicodedata.category(c) == "Zs")
    return unicodedata.normalize("NFC", "".join(kept))


def _is_office(stream: BinaryIO, folder: str) -> bool:
    """Say whether this container holds an office document with parts in `folder` and no macros; only its directory is read."""
    if not _has_small_directory(stream):
        return False
    try:
        with zipfile.ZipFile(stream) as container:
            names = container.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, struct.error):
        return False
    is_whole = "[Content_Types].xml" in names and any(name.startswith(folder) for name in names)
    return is_whole and len(names) <= PARTS and not any(name.lower().endswith("vbaproject.bin") for name in names)


def _has_small_directory(stream: BinaryIO) -> bool:
    """Say whether the directory at the end of a container is of a size that an office document needs, before it is read."""
    size = stream.seek(0, 2)
    stream.seek(max(0, size - 0xFFFF - 22))
    end = stream.read()
    at = end.rfind(b"PK\x05\x06")
    if at < 0 or len(end) - at < 22:
        return False
    parts = int.from_bytes(end[at + 10 : at + 12], "little")
    length = int.from_bytes(end[at + 12 : at + 16], "little")
    return 0 < parts <= PARTS and length <= DIRECTORY_BYTES


def _pixels(stream: BinaryIO, head: bytes) -> int:
    """Return the number of pixels that an image says it has; more than any when it does not say."""
    if head.startswith(b"\x89PNG"):
        width, height = struct.unpack(">II", head[16:24]) if head[12:16] == b"IHDR" and len(head) >= 24 else (0, 0)
    else:
        width, height = next(_frames(stream), (0, 0))
    return width * height or PIXELS + 1


def _frames(stream: BinaryIO) -> Iterator[tuple[int, int]]:
    """Yield the width and height in the frame headers of a JPEG file, going from segment to segment."""
    stream.seek(2)
    for _ in range(SEGMENTS):
        mark = stream.read(4)
        if len(mark) < 4 or mark[0] != 0xFF:
            return
        if mark[1] == 0xFF:  # filling before a mark
            stream.seek(-3, 1)
            continue
        length = int.from_bytes(mark[2:], "big")
        if 0xC0 <= mark[1] <= 0xCF and mark[1] not in (0xC4, 0xC8, 0xCC):
            frame = stream.read(5)
            yield (int.from_bytes(frame[3:5], "big"), int.from_bytes(frame[1:3], "big"))
            return
        if length < 2 or mark[1] in (0xD8, 0xD9, 0xDA):
            return
        stream.seek(length - 2, 1)


def check_link(url: str) -> str:
    """Return the address when it is a plain http or https link; raises Refusal otherwise."""
    if not _is_web_address(url.strip()):
        raise Refusal(
            "evidence.link",
            "https:// で始まるリンクを入力してください。",
            "Enter a link that begins with https://.",
            place="url",
        )
    return url.strip()


def _is_web_address(url: str) -> bool:
    """Say whether this is one http or https address of one line; what cannot be read is none."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and len(url) <= 2000 and url.isprintable()
    except ValueError:
        return False


def _is_text(head: bytes) -> bool:
    """Say whether the first bytes are text: UTF-8, or Shift_JIS, in which office tools in Japan still write CSV.

    The head may end inside a letter, so the end is judged only when the head is the whole file. A page, a picture or a program of a
    printer is no text, whatever it is made of.
    """
    whole = len(head) < HEAD_BYTES
    if head.removeprefix(codecs.BOM_UTF8).lstrip().lower().startswith(_NO_TEXT):
        return False
    return b"\x00" not in head and any(_decodes(head, encoding, whole) for encoding in ("utf-8", "cp932"))


def _decodes(head: bytes, encoding: str, whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(head, final=whole)
    except UnicodeDecodeError:
        return False
    return True
