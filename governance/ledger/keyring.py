"""The folder of signing keys and the signer: it alone reads a private key, and it signs no ledger that forgot what it signed before.

One folder for each ledger (its uuid), outside of the database, mode 0700: `signing.key`; `last-checkpoint`, the newest checkpoint that
was signed; and `rotation-<key>.txt`, the notes by which its keys followed each other. A checkpoint is signed only with a proof that it
continues the last one (assurance.md §3.6), so a database brought back to an older state, or rebuilt, is refused until an administrator
accepts a lawful restore. The first one who signs takes the lock; several processes of one machine may share a folder.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from governance.ledger.merkle import continues
from governance.ledger.notes import (
    BadNote,
    BadSignature,
    Checkpoint,
    Key,
    SecretKey,
    UnknownKey,
    peek,
    read_rotation,
    read_secret,
    rotation,
    sign,
)
from governance.refusals import Refusal

SIGNING, NEXT, LAST, ROTATION = "signing.key", "signing.key.next", "last-checkpoint", "rotation-"

Path_ = Sequence[bytes]
Prove = Callable[[int, int], Path_]
"""Gives the consistency proof between two sizes of the ledger."""


class RolledBack(Refusal):
    """The ledger does not continue what was signed last."""

    def __init__(self, signed: int, size: int) -> None:
        super().__init__(
            "ledger.rolled_back",
            "監査台帳が、最後に署名したもの（{signed}件）の続きではありません（現在{size}件）。古いバックアップの復元か、台帳の作り直しが"
            "疑われます。署名せず、報告書も発行しません。管理者と監査人に連絡してください。正当な復元だと確かめたら、管理者が "
            "governance ledger accept-restore --reason 理由 を実行すると続けられます。",
            "The ledger does not continue the one that was signed last ({signed} entries; there are {size} now). An old backup may "
            "have been restored, or the ledger rebuilt. Nothing is signed and no report issued. Tell an administrator and an "
            "auditor. Once they found the restore lawful, the administrator goes on with: governance ledger accept-restore --reason REASON",
            signed=signed,
            size=size,
        )


class NoKey(Refusal):
    """The key that signs this ledger is not on this machine, or cannot be read."""

    def __init__(self) -> None:
        super().__init__(
            "ledger.no_key",
            "監査台帳の署名鍵がこの機械にないか、現在の鍵ではありません。鍵のフォルダーを確かめてください（governance doctor）。",
            "The signing key of the ledger is not on this machine, or it is not the one in force. Check the folder of keys "
            "(governance doctor).",
        )


class RotatedSince(Refusal):
    """The key of this machine took the place of the one that the ledger names: the database is older than the last rotation."""

    def __init__(self) -> None:
        super().__init__(
            "ledger.rotated_since",
            "監査台帳が示す署名鍵は、この機械ではすでに次の鍵に交替しています。鍵の交替より前のバックアップが復元されたと考えられます。"
            "署名せず、報告書も発行しません。管理者と監査人に連絡してください。正当な復元だと確かめたら、管理者が "
            "governance ledger accept-restore --reason 理由 を実行すると、鍵の交替を台帳に記録し直して続けられます。",
            "The key that the ledger names has been followed by another one on this machine: a backup from before that rotation "
            "seems to have been restored. Nothing is signed and no report issued. Tell an administrator and an auditor. Once they "
            "found the restore lawful, governance ledger accept-restore --reason REASON enters the rotation again and goes on.",
        )


class Keyring:
    """The keys of one ledger on this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._is_held = False

    def present(self) -> Key | None:
        """Return the public key that this machine signs with, or None. Raises NoKey for a file that cannot be used."""
        secret = self._secret(SIGNING)
        return secret.key if secret else None

    def make(self, origin: str) -> Key:
        """Make the first key of a ledger; when another process was faster, return its key."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._locked():
            made = self._secret(SIGNING)
            if made is None:
                made = SecretKey.new(origin)
                self._write(SIGNING, made.line())
            return made.key

    def next(self) -> tuple[Key, str]:
        """Make the key that shall take the place of the present one; return it with the note both keys signed. Raises NoKey."""
        with self._locked():
            present = self._secret(SIGNING)
            if present is None:
                raise NoKey
            made = SecretKey.new(present.name)
            self._write(NEXT, made.line())
            return made.key, sign(rotation(present.name, present.key, made.key), [present, made])

    def introduced(self, key: Key) -> str:
        """Return the note by which a ledger's first key says that it is one. Raises NoKey."""
        secret = self._secret(SIGNING)
        if secret is None or secret.key != key:
            raise NoKey
        return sign(rotation(key.name, None, key), [secret])

    def follow(self, vkey: str) -> None:
        """Put the next key into force once the ledger names it; the file of the old one is gone then."""
        with self._locked():
            waiting = self._secret(NEXT)
            if waiting is not None and waiting.key.vkey == vkey:
                (self.folder / NEXT).replace(self.folder / SIGNING)

    def keep(self, notes: Iterable[str]) -> None:
        """Keep the notes by which keys of the ledger followed each other: with them a ledger from before a rotation can go on.

        Raises NoKey, BadNote, UnknownKey, BadSignature.
        """
        for note in notes:
            if not self.folder.is_dir():
                raise NoKey
            before, after = read_rotation(note)
            name = f"{ROTATION}{after.id.hex()}.txt"
            if before is not None and not (self.folder / name).exists():
                self._write(name, note)

    def since(self, start: Key) -> list[tuple[Key, str]]:
        """Return the keys that followed `start`, up to the one on this machine, each with the note both signed; empty when none did."""
        known: dict[Key, tuple[Key, str]] = {}
        for path in sorted(self.folder.glob(f"{ROTATION}*.txt")):
            try:
                note = path.read_text(encoding="utf-8")
                before, after = read_rotation(note)
            except (BadNote, BadSignature, UnknownKey, UnicodeError):
                continue
            if before is not None:
                known[before] = (after, note)
        found, present = list[tuple[Key, str]](), self.present()
        while start != present:
            if start not in known or len(found) > len(known):
                return []
            found.append(known[start])
            start = found[-1][0]
        return found

    def attest(self, key: Key, text: str) -> str:
        """Return a text that is no checkpoint, signed by this key. Raises NoKey when it is not here."""
        if "@" not in text.split("\n", 1)[0]:
            raise ValueError("this could be taken for a checkpoint")
        secret = self._secret(SIGNING)
        if secret is None or secret.key != key:
            raise NoKey
        return sign(text, [secret])

    def sign(self, origin: str, head: Callable[[], tuple[int, bytes]], prove: Prove, floor: Checkpoint | None) -> str:
        """Return the signed checkpoint of the ledger as it stands now. Raises RolledBack unless it continues the last, NoKey.

        `head` reads size and root under the lock, so that no process signs a state older than another has just signed. `floor` is
        the newest checkpoint the service knows of, used when the file of the last one is gone.
        """
        with self._locked():
            secret = self._secret(SIGNING)
            if secret is None or secret.name != origin:
                raise NoKey
            now, last = Checkpoint(origin, *head()), self.last() or floor
            if last is not None and not is_continued(last, now, prove):
                raise RolledBack(last.size, now.size)
            note = sign(now.text(), [secret])
            self._write(LAST, note)
            return note

    def last(self) -> Checkpoint | None:
        """Return the newest checkpoint that this machine signed."""
        try:
            return peek((self.folder / LAST).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (BadNote, UnicodeError):
            raise NoKey from None

    def forget(self, last: Checkpoint) -> None:
        """Put the last checkpoint aside under the name of its root, so that a restored ledger can be signed; its evidence stays."""
        with self._locked():
            if self.last() == last:
                (self.folder / LAST).replace(self.folder / f"{LAST}-{last.size}-{last.root.hex()[:16]}")

    def _secret(self, name: str) -> SecretKey | None:
        try:
            return read_secret((self.folder / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (BadNote, UnicodeError, PermissionError):
            raise NoKey from None

    def _write(self, name: str, content: str) -> None:
        """Put a file in place whole, readable by its owner alone, and wait until it is on the disk."""
        fresh = self.folder / f".{name}.{os.getpid()}"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.folder / name)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep every other signer and every other rotation waiting while several steps are one. Raises NoKey."""
        with self._locked():
            self._is_held = True
            try:
                yield
            finally:
                self._is_held = False

    @contextmanager
    def _locked(self) -> Iterator[None]:
        if self._is_held:
            yield
            return
        if not self.folder.is_dir():
            raise NoKey
        descriptor = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def is_continued(last: Checkpoint, now: Checkpoint, prove: Prove) -> bool:
    """Say whether the ledger as it stands `now` has what was signed `last` as its beginning."""
    if last.origin != now.origin or now.size < last.size:
        return False
    path = prove(last.size, now.size) if now.size > last.size else ()
    return continues(last.size, last.root, now.size, now.root, path)
