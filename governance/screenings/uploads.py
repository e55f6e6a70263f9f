"""Takes uploaded files into the store, before any transaction begins: hashing and writing must not hold the database up.

What is refused is told by name in the reader's language and keeps nothing; a file that no record names afterwards is harmless.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import BinaryIO, cast

from werkzeug.datastructures import FileStorage

from governance.projects.files import checked_type, clean_name
from governance.refusals import Problem, Refusal
from governance.screenings.evidence import FileGiven
from governance.storage.files import Store
from governance.texts import Text

Uploads = tuple[dict[str, list[FileGiven]], list[Problem]]
"""The stored files by question, and what was refused beside which question."""

NAMED = Text("「{name}」：{said}", "“{name}”: {said}")


def taken(upload: FileStorage, store: Store, limit: int) -> FileGiven:
    """Look into an uploaded file and store it. Raises Refusal that names the file and says what is wrong with it."""
    name, stream = clean_name(upload.filename or ""), cast(BinaryIO, upload.stream)
    kind = checked_type(upload.filename or "", stream)
    try:
        return FileGiven(name, kind, store.put(stream, limit))
    except Refusal as refused:
        refused.text = NAMED.filled(name=name[-80:], said=refused.text)
        raise


def all_taken(uploads: Iterable[tuple[str, FileStorage]], store: Store, limit: int) -> Uploads:
    """Store the files of a page of questions: several from the field `P1a-file` belong to P1a."""
    given: dict[str, list[FileGiven]] = {}
    problems: list[Problem] = []
    for field, upload in uploads:
        if not field.endswith("-file") or not upload.filename:
            continue
        key = field.removesuffix("-file")
        try:
            given.setdefault(key, []).append(taken(upload, store, limit))
        except Refusal as refused:
            problems.append(Problem(refused.code, refused.text, key))
    return given, problems


def last_day(text: str, place: str) -> date | None:
    """Return the last day on which a piece holds; None without one. Raises Refusal for a day that does not exist."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Refusal(
            "evidence.day",
            "有効期限「{text}」という日付はありません。カレンダーから選ぶか、空にしてください。",
            "There is no day “{text}”. Choose the last day from the calendar, or leave it empty.",
            place=place,
            text=text[:40],
        ) from None
