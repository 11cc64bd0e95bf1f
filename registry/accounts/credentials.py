"""Secrets: how they are made, kept and compared.

Rules:
* A token, client secret or activation code is 256 or 120 random bits; with so many, one SHA-256 keeps it safe at rest.
* A password is chosen by a person and may be guessed: it is kept as scrypt (RFC 7914) with its own salt, and its
  parameters stand beside it so that they can grow.
* Comparisons take the same time wherever they differ, and an unknown login costs as much as a known one.
"""

import base64
import hashlib
import hmac
import secrets
from typing import Final

from registry.values.digest import Digest

TOKEN_PREFIX: Final = "sancai_"  # noqa: S105
"""In front of every token, so that people and scanners know a leaked one for what it is."""

_TOKEN_BYTES: Final = 32
_CODE_LETTERS: Final = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
_USER_CODE_LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"
_SCRYPT_LOG2_N: Final = 15
_SCRYPT_R: Final = 8
_SCRYPT_P: Final = 1
_SCRYPT_MEMORY_MAX: Final = 96 << 20
_SALT_BYTES: Final = 16


def new_token() -> str:
    """Return the text of a new token or client secret."""
    return TOKEN_PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)


def new_activation_code() -> str:
    """Return five groups of five letters and digits, easy to read out."""
    return "-".join("".join(secrets.choice(_CODE_LETTERS) for _ in range(5)) for _ in range(5))


def new_device_code() -> str:
    """Return what a device shows to ask whether it was approved."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def new_user_code() -> str:
    """Return what a person types to approve a device (RFC 8628 §6.1: no vowels, so no words)."""
    letters = "".join(secrets.choice(_USER_CODE_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def tidy_user_code(text: str) -> str:
    """Return what a person typed as a user code is written: upper case, one hyphen in the middle."""
    letters = "".join(letter for letter in text.upper() if letter.isalnum())[:8]
    return f"{letters[:4]}-{letters[4:]}"


def digest_of_secret(secret: str) -> Digest:
    """Return what is kept of a random secret."""
    return Digest.of(secret.encode())


def same_secret(secret: str, kept: Digest | None) -> bool:
    """Tell whether ``secret`` is the one that ``kept`` was made of."""
    return kept is not None and hmac.compare_digest(digest_of_secret(secret).raw, kept.raw)


def hash_password(password: str) -> str:
    """Return what is kept of a password: ``scrypt$log2 N$r$p$salt$hash``."""
    salt = secrets.token_bytes(_SALT_BYTES)
    made = _scrypt(password, salt, _SCRYPT_LOG2_N, _SCRYPT_R, _SCRYPT_P)
    return f"scrypt${_SCRYPT_LOG2_N}${_SCRYPT_R}${_SCRYPT_P}${_text(salt)}${_text(made)}"


def same_password(password: str, kept: str | None) -> bool:
    """Tell whether ``password`` is the one that ``kept`` was made of; False, and as slow, when nothing is kept."""
    _, log2_n, r, p, salt, made = (kept or _NOBODY).split("$")
    found = _scrypt(password, base64.b64decode(salt), int(log2_n), int(r), int(p))
    return hmac.compare_digest(found, base64.b64decode(made)) and kept is not None


def _scrypt(password: str, salt: bytes, log2_n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"), salt=salt, n=1 << log2_n, r=r, p=p, maxmem=_SCRYPT_MEMORY_MAX
    )


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


_NOBODY: Final = f"scrypt${_SCRYPT_LOG2_N}${_SCRYPT_R}${_SCRYPT_P}${_text(bytes(_SALT_BYTES))}${_text(bytes(64))}"
