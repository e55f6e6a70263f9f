"""Which evidence files are accepted: by extension and by their first bytes, never by what the browser claims.

Pure rules (assurance.md T12): a file whose content does not match its name is refused with a sentence, and nothing that a browser
would run (HTML, SVG, scripts) is on the list.
"""

from __future__ import annotations

import codecs
from urllib.parse import urlsplit

from governance.refusals import Refusal

OFFICE = b"PK\x03\x04"
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
HEAD_BYTES = 4096


def extension(filename: str) -> str:
    """Return the lower-case extension without its dot, or an empty text."""
    return filename.rsplit(".", 1)[1].lower() if "." in filename else ""


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
    if not (head.startswith(signatures) if signatures else _is_text(head)):
        raise _refusal(
            filename,
            "evidence.mislabelled",
            "「{name}」の中身が拡張子と合いません。元のファイルを確かめてください。",
            "The content of “{name}” does not match its extension; check the original file.",
        )
    return kind


def _refusal(filename: str, code: str, ja: str, en: str) -> Refusal:
    """Return a refusal that names the file, and can name the kinds that are accepted."""
    return Refusal(code, ja, en, place="file", name=filename[-80:], kinds=", ".join(sorted(ACCEPTED)))


def clean_name(filename: str) -> str:
    """Return the last part of a file name without path or control characters, at most 200 characters."""
    name = filename.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c for c in name if c.isprintable()).strip()[-200:] or "evidence"


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

    The head may end inside a letter, so the end is judged only when the head is the whole file.
    """
    whole = len(head) < HEAD_BYTES
    return b"\x00" not in head and any(_decodes(head, encoding, whole) for encoding in ("utf-8", "cp932"))


def _decodes(head: bytes, encoding: str, whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(head, final=whole)
    except UnicodeDecodeError:
        return False
    return True
