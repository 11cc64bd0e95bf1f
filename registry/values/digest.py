"""Digests: SHA-256, written ``sha256:`` and 64 lower-case hex digits."""

import hashlib
import re
from dataclasses import dataclass

from registry.errors import InvalidValueError
from registry.values.canonical import Json, canonical_json

_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """The SHA-256 of some bytes, as 64 lower-case hex digits."""

    hex: str

    def __post_init__(self) -> None:
        """Refuse what is not 64 lower-case hex digits. Raises InvalidValueError."""
        if not _HEX.fullmatch(self.hex):
            raise InvalidValueError("digest_malformed", given=self.hex[:80])

    @classmethod
    def parse(cls, text: str) -> "Digest":
        """Return the digest written ``sha256:<hex>`` or bare hex. Raises InvalidValueError."""
        return cls(text.removeprefix("sha256:"))

    @classmethod
    def of(cls, content: bytes) -> "Digest":
        """Return the digest of ``content``."""
        return cls(hashlib.sha256(content).hexdigest())

    @classmethod
    def of_json(cls, value: Json) -> "Digest":
        """Return the digest of ``value`` as canonical JSON (RFC 8785)."""
        return cls.of(canonical_json(value))

    @property
    def raw(self) -> bytes:
        """The 32 bytes of the digest."""
        return bytes.fromhex(self.hex)

    def __str__(self) -> str:
        """Return ``sha256:`` and the hex digits."""
        return f"sha256:{self.hex}"
