"""The file that holds the list of performed erasures, signed with the key of the ledger, so that nobody erases with a list they made up.

The signature stands on a note of its own (docs/proofs.md §4): its text names the ledger, the number of erasures and the SHA-256 of the
list in canonical form. A list is taken only when a key that this ledger names, or that signs it on this machine, made the signature.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from governance.ledger.canonical import canonical
from governance.ledger.notes import BadNote, BadSignature, Key, UnknownKey, encoded, open_note
from governance.refusals import Refusal

HEAD = "governance/erasures@v1"
"""First line of what is signed; no checkpoint can begin so, for an origin has no `@`."""


def text(origin: str, entries: Sequence[dict[str, Any]]) -> str:
    """Return what is signed of a list of erasures."""
    return f"{HEAD}\n{origin}\n{len(entries)}\n{encoded(hashlib.sha256(canonical(entries)).digest())}\n"


def file(entries: Sequence[dict[str, Any]], note: str) -> str:
    """Return the content of the file."""
    return json.dumps({"erasures": entries, "note": note}, ensure_ascii=False, indent=1) + "\n"


def read(content: str, trusted: Iterable[Key]) -> list[dict[str, Any]]:
    """Return the erasures of a file that a trusted key signed. Raises Refusal that says what is wrong."""
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    entries = found.get("erasures") if isinstance(found, dict) else found
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise Refusal("erasure.no_list", "消去の一覧ではありません。", "This is no list of erasures.")
    note = found.get("note") if isinstance(found, dict) else None
    if not isinstance(note, str):
        raise Refusal(
            "erasure.unsigned",
            "この一覧には署名がないため、何も消去しません。governance erasure list が書き出したファイルを使ってください。",
            "This list is not signed, so nothing is erased. Use the file that governance erasure list wrote.",
        )
    _check(entries, note, list(trusted))
    return entries


def _check(entries: list[dict[str, Any]], note: str, trusted: list[Key]) -> None:
    try:
        said = open_note(note, trusted)
        is_whole = said in {text(key.name, entries) for key in trusted}
    except UnknownKey:
        raise Refusal(
            "erasure.strange_key",
            "この一覧の署名は、この監査台帳の鍵によるものではありません。何も消去しません。別の台帳の一覧か、作られた一覧です。",
            "The list is not signed by a key of this ledger, so nothing is erased. It belongs to another ledger, or was made up.",
        ) from None
    except (BadNote, BadSignature, ValueError, TypeError):
        is_whole = False
    if not is_whole:
        raise Refusal(
            "erasure.changed_list",
            "この一覧は、署名されたあとに書き換えられています。何も消去しません。",
            "The list was changed after it was signed, so nothing is erased.",
        )
