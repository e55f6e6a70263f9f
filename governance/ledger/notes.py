"""Signed checkpoints and proofs as text: C2SP signed notes, tlog-checkpoints and tlog-proofs, strict in both directions.

The grammar is docs/proofs.md §2–§5 and §7. A pure file over `cryptography`, importing nothing of the service, so that an auditor can
read it alone. What is read must be in the one form that writing gives: nothing is mended.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LARGEST = 2**53 - 1
LONGEST = 65_536
SIGNATURES = 16
PROOF_HEAD = "c2sp.org/tlog-proof@v1"
CONSISTENCY_HEAD = "governance/tlog-consistency@v1"
ROTATION_HEAD = "governance/key-rotation@v1"

_ED25519 = b"\x01"
_PRIVATE = "PRIVATE+KEY+"
_NAME = re.compile(r"[A-Za-z0-9._/-]{1,200}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}")
_SIGNATURE = re.compile("— ([A-Za-z0-9._/-]{1,200}) ([A-Za-z0-9+/=]+)")


class BadNote(ValueError):
    """The text is not in the one form. The message says where, for logs."""


class UnknownKey(ValueError):
    """No signature on the note is by a key that is trusted."""


class BadSignature(ValueError):
    """A signature claims to be by a trusted key and is not."""


def encoded(content: bytes) -> str:
    """Return the base64 of some bytes."""
    return base64.b64encode(content).decode()


def decoded(text: str) -> bytes:
    """Return the bytes of a base64 text. Raises BadNote unless it is the one that encoding gives."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadNote("no base64") from None
    if encoded(content) != text:
        raise BadNote("base64 in another form")
    return content


def number(text: str) -> int:
    """Return a whole number. Raises BadNote for another form, or one that is too large."""
    if not _NUMBER.fullmatch(text) or int(text) > LARGEST:
        raise BadNote("no whole number in form")
    return int(text)


# -- keys ----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Key:
    """A public key with its name, which is the origin of the ledger it signs."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """The 4 bytes by which a signature names its key."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as one line of text."""
        return f"{self.name}+{self.id.hex()}+{encoded(_ED25519 + self.public)}"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of that line, in hex: what is printed and compared."""
        return hashlib.sha256(self.vkey.encode()).hexdigest()

    def signed(self, text: bytes, signature: bytes) -> bool:
        """Say whether this key made the signature."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except InvalidSignature:
            return False
        return True


def read_key(vkey: str) -> Key:
    """Return the key of a vkey line. Raises BadNote."""
    name, id, content = _parts(vkey)
    key = Key(name, content)
    if key.id.hex() != id:
        raise BadNote("the key id is not that of the key")
    return key


def _parts(line: str) -> tuple[str, str, bytes]:
    parts = line.split("+", 2)
    if len(parts) != 3 or not _NAME.fullmatch(parts[0]):
        raise BadNote("no key in form")
    content = decoded(parts[2])
    if len(content) != 33 or content[:1] != _ED25519:
        raise BadNote("no Ed25519 key")
    return parts[0], parts[1], content[1:]


@dataclass(frozen=True)
class SecretKey:
    """A private key; it never leaves the folder of keys."""

    name: str
    seed: bytes

    @classmethod
    def new(cls, name: str) -> SecretKey:
        """Return a fresh key."""
        if not _NAME.fullmatch(name):
            raise BadNote("no name of a key")
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @property
    def key(self) -> Key:
        """The public key."""
        return Key(self.name, Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw())

    def line(self) -> str:
        """Return the content of the key file."""
        return f"{_PRIVATE}{self.name}+{self.key.id.hex()}+{encoded(_ED25519 + self.seed)}\n"

    def signature(self, text: bytes) -> str:
        """Return the signature line of a note."""
        made = Ed25519PrivateKey.from_private_bytes(self.seed).sign(text)
        return f"— {self.name} {encoded(self.key.id + made)}\n"


def read_secret(content: str) -> SecretKey:
    """Return the key of a key file. Raises BadNote."""
    if not content.startswith(_PRIVATE) or not content.endswith("\n"):
        raise BadNote("no private key in form")
    name, id, seed = _parts(content[len(_PRIVATE) : -1])
    secret = SecretKey(name, seed)
    if secret.key.id.hex() != id:
        raise BadNote("the key id is not that of the key")
    return secret


# -- notes ---------------------------------------------------------------------------------------------------------------------


def sign(text: str, secrets: Sequence[SecretKey]) -> str:
    """Return a note: the text, an empty line, and a signature of each key."""
    return text + "\n" + "".join(secret.signature(text.encode()) for secret in secrets)


def open_note(note: str, trusted: Iterable[Key]) -> str:
    """Return the text of a note that a trusted key signed. Raises BadNote, UnknownKey, BadSignature."""
    text, lines = _split(note)
    known = {(key.name, key.id): key for key in trusted}
    seen, good = set(), 0
    for line in lines:
        found = _SIGNATURE.fullmatch(line)
        content = decoded(found[2]) if found else b""
        if found is None or not 5 <= len(content) <= 8192:
            raise BadNote("no signature line in form")
        who = (found[1], content[:4])
        if who in seen:
            raise BadNote("two signatures by one key")
        seen.add(who)
        if who in known:
            if len(content) != 68 or not known[who].signed(text.encode(), content[4:]):
                raise BadSignature(found[1])
            good += 1
    if not good:
        raise UnknownKey("no signature by a trusted key")
    return text


def _split(note: str) -> tuple[str, list[str]]:
    """Return the text of a note and its signature lines."""
    text, blank, rest = note.rpartition("\n\n")
    if not blank or not rest.endswith("\n") or len(note.encode()) > LONGEST:
        raise BadNote("no signed note in form")
    lines = rest[:-1].split("\n")
    if not 1 <= len(lines) <= SIGNATURES:
        raise BadNote("no signed note in form")
    return text + "\n", lines


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says: in this ledger, the first `size` entries have this root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{encoded(self.root)}\n"


def read_checkpoint(note: str, trusted: Iterable[Key]) -> Checkpoint:
    """Return what a signed checkpoint says. Raises BadNote, UnknownKey, BadSignature."""
    said = _said(_split(note)[0])
    open_note(note, [key for key in trusted if key.name == said.origin])
    return said


def peek(note: str) -> Checkpoint:
    """Return what a checkpoint claims, without any look at its signatures: only to find out what to check. Raises BadNote."""
    return _said(_split(note)[0])


def _said(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not _NAME.fullmatch(lines[0]):
        raise BadNote("no checkpoint in form")
    size, root = number(lines[1]), decoded(lines[2])
    if size < 1 or len(root) != 32:
        raise BadNote("no checkpoint in form")
    return Checkpoint(lines[0], size, root)


# -- proofs --------------------------------------------------------------------------------------------------------------------


def proof(index: int, path: Sequence[bytes], note: str, *, extra: bytes | None = None) -> str:
    """Return a tlog-proof of an entry under a signed checkpoint; `extra` is the body of the entry in a sidecar."""
    head = [PROOF_HEAD, *([f"extra {encoded(extra)}"] if extra is not None else []), f"index {index}"]
    return "\n".join([*head, *map(encoded, path), "", note])


def consistency(old: int, path: Sequence[bytes], note: str) -> str:
    """Return a consistency file: the signed checkpoint continues the one of `old` entries."""
    return "\n".join([CONSISTENCY_HEAD, f"old {old}", *map(encoded, path), "", note])


def rotation(origin: str, before: Key | None, after: Key) -> str:
    """Return the text that both keys sign when one takes the place of the other; `before` is missing for a ledger's first key."""
    return f"{ROTATION_HEAD}\n{origin}\n{before.vkey if before else 'none'}\n{after.vkey}\n"


def read_rotation(note: str) -> tuple[Key | None, Key]:
    """Return the two keys of a note by which one took the place of the other, signed by both. Raises BadNote, UnknownKey, BadSignature."""
    lines = _split(note)[0].split("\n")
    if len(lines) != 5 or lines[0] != ROTATION_HEAD:
        raise BadNote("no rotation in form")
    before, after = None if lines[2] == "none" else read_key(lines[2]), read_key(lines[3])
    for key in filter(None, (before, after)):
        if open_note(note, [key]) != rotation(lines[1], before, after):
            raise BadNote("no rotation in form")
    return before, after
