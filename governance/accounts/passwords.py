"""Passwords: hashed with Argon2id, checked in the same time whether or not the account exists.

The cost follows the OWASP password storage recommendation; raising it rehashes each password at its owner's next sign-in.
"""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from governance.refusals import Refusal

SHORTEST, LONGEST = 12, 128
TELLING = 4
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_password(password: str) -> str:
    """Return the hash to store."""
    return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Tell whether the password fits the stored hash; None (no such account) takes as long and never fits."""
    try:
        _hasher.verify(stored or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return bool(stored)


def is_outdated(stored: str) -> bool:
    """Tell whether the hash was made with another cost than today's."""
    return _hasher.check_needs_rehash(stored)


def require_strong(password: str, *, email: str, place: str = "password") -> None:
    """Raise Refusal for a password that is too short, too long or the person's own address; no rules on its letters."""
    if len(password) < SHORTEST:
        raise Refusal(
            "accounts.password_short",
            "パスワードは{n}文字以上にしてください。",
            "Use at least {n} characters for the password.",
            place=place,
            n=SHORTEST,
        )
    if len(password) > LONGEST:
        raise Refusal(
            "accounts.password_long",
            "パスワードは{n}文字以内にしてください。",
            "Use at most {n} characters for the password.",
            place=place,
            n=LONGEST,
        )
    own_name = email.partition("@")[0].casefold()
    if len(own_name) >= TELLING and own_name in password.casefold():
        raise Refusal(
            "accounts.password_own_name",
            "パスワードにメールアドレスの名前の部分を含めないでください。",
            "Do not use the name part of your e-mail address in the password.",
            place=place,
        )


@cache
def _nobody() -> str:
    return _hasher.hash("nobody has this password")
