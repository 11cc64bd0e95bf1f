"""Sealing what is of a person: AES-256-GCM under a key derived from the installation's secret.

The sealed bytes are bound to what they belong to, so that those of another cannot be put in their place. The digest of
the content, in which a random salt stands, may be kept for ever.
"""

import json
import os
from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from registry.errors import CorruptContentError
from registry.values.canonical import Json, canonical_json
from registry.values.digest import Digest
from registry.values.identifiers import Id

_PURPOSE: Final = b"sancai/parties/personal/v1"
_NONCE_BYTES: Final = 12
_SALT_BYTES: Final = 16


def seal(secret: bytes, owner: Id, content: Mapping[str, Json]) -> tuple[bytes, Digest]:
    """Return ``content`` sealed for ``owner``, and the salted digest of it."""
    plain = canonical_json({**content, "salt": os.urandom(_SALT_BYTES).hex()})
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(_key(secret)).encrypt(nonce, plain, owner.encode()), Digest.of(plain)


def opened(secret: bytes, owner: Id, sealed: bytes) -> dict[str, Any]:
    """Return what was sealed for ``owner``. Raises CorruptContentError when it is not what was sealed."""
    try:
        plain = AESGCM(_key(secret)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], owner.encode())
    except (InvalidTag, ValueError) as error:
        raise CorruptContentError("personal_data_unreadable", id=owner) from error
    found: dict[str, Any] = json.loads(plain)
    return found


def _key(secret: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret)
