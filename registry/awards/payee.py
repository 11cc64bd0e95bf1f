"""Where the money goes, sealed: AES-256-GCM under a key derived from the installation's secret (RULINGS 28).

The sealed bytes are bound to their case, so that those of another case cannot be put in their place. What journal,
notice and dossier carry is a digest over the account and a random salt.
"""

import json
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from registry.awards.commands import PayeeGiven
from registry.awards.model import Payee
from registry.errors import CorruptContentError
from registry.values.canonical import canonical_json
from registry.values.digest import Digest
from registry.values.identifiers import CaseId

_PURPOSE: Final = b"sancai/awards/payee/v1"
_NONCE_BYTES: Final = 12
_SALT_BYTES: Final = 16
SHOWN_DIGITS: Final = 4


def seal(secret: bytes, case: CaseId, given: PayeeGiven) -> tuple[bytes, Payee]:
    """Return the sealed account and what everyone may see of it."""
    content = canonical_json(
        {
            "account_name": given.account_name.strip(),
            "bank": given.bank.strip(),
            "account_number": given.digits,
            "salt": os.urandom(_SALT_BYTES).hex(),
        }
    )
    nonce = os.urandom(_NONCE_BYTES)
    sealed = nonce + AESGCM(_key(secret)).encrypt(nonce, content, case.encode())
    return sealed, Payee(given.account_name.strip(), given.bank.strip(), masked(given.digits), Digest.of(content))


def opened(secret: bytes, case: CaseId, sealed: bytes, digest: Digest) -> PayeeGiven:
    """Return the account of a case. Raises CorruptContentError when it is not what was sealed."""
    try:
        content = AESGCM(_key(secret)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], case.encode())
    except (InvalidTag, ValueError) as error:
        raise CorruptContentError("payee_unreadable", id=case) from error
    if Digest.of(content) != digest:
        raise CorruptContentError("payee_unreadable", id=case)
    kept = json.loads(content)
    return PayeeGiven(kept["account_name"], kept["bank"], kept["account_number"])


def masked(number: str) -> str:
    """Return a number of which only the last four digits show."""
    return "*" * max(0, len(number) - SHOWN_DIGITS) + number[-SHOWN_DIGITS:]


def _key(secret: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret)
