"""Where public money goes: the firm's own account (RULINGS 28), stated with an award's case or a voucher's redemption.

It is kept sealed, by AES-256-GCM under a key derived from the installation's secret. The sealed bytes are bound to the
case or voucher they belong to, so that those of another cannot be put in their place. What journal, notice and dossier
carry is a digest over the account and a random salt.
"""

import json
import os
import re
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from registry.errors import CorruptContentError, InvalidValueError, Obstacle
from registry.policy.plain_text import require_text
from registry.values.canonical import canonical_json
from registry.values.digest import Digest
from registry.values.identifiers import CaseId, VoucherId

_ACCOUNT_NUMBER = re.compile(r"[0-9]{6,32}", re.ASCII)
_PURPOSE: Final = b"sancai/awards/payee/v1"
_NONCE_BYTES: Final = 12
_SALT_BYTES: Final = 16
SHOWN_DIGITS: Final = 4
HIDDEN_NUMBER: Final = "****"
"""What everyone but finance sees of a natural person's account number."""


@dataclass(frozen=True, slots=True)
class PayeeGiven:
    """Where a firm wants the money: name of the account, bank, number (digits; blanks are passed over)."""

    account_name: str
    bank: str
    account_number: str = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what cannot be an account. Raises InvalidValueError, which never repeats the number."""
        require_text(self.account_name, "payee.account_name")
        require_text(self.bank, "payee.bank")
        if not _ACCOUNT_NUMBER.fullmatch(self.digits):
            raise InvalidValueError("account_number_malformed", at="payee.account_number")

    @property
    def digits(self) -> str:
        """The number without blanks and hyphens."""
        return self.account_number.replace(" ", "").replace("-", "")


@dataclass(frozen=True, slots=True)
class Payee:
    """Where the money goes: the firm's own account (RULINGS 28), whole only for finance.

    ``digest`` is that of the whole with a salt, so that nobody can try account numbers against it.
    """

    account_name: str
    bank: str
    masked_number: str
    digest: Digest


def name_obstacles(given: PayeeGiven, firm_name: str) -> tuple[Obstacle, ...]:
    """Return what is wrong with an account that is not in the firm's own name (RULINGS 28)."""
    if given.account_name.strip() == firm_name:
        return ()
    stated = {"given": given.account_name.strip(), "expected": firm_name}
    return (Obstacle("payee_name_differs", "RULINGS 28", parameters=stated),)


def seal(secret: bytes, owner: CaseId | VoucherId, given: PayeeGiven) -> tuple[bytes, Payee]:
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
    sealed = nonce + AESGCM(_key(secret)).encrypt(nonce, content, owner.encode())
    return sealed, Payee(given.account_name.strip(), given.bank.strip(), masked(given.digits), Digest.of(content))


def opened(secret: bytes, owner: CaseId | VoucherId, sealed: bytes, digest: Digest) -> PayeeGiven:
    """Return the account of a case or voucher. Raises CorruptContentError when it is not what was sealed."""
    try:
        content = AESGCM(_key(secret)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], owner.encode())
    except (InvalidTag, ValueError) as error:
        raise CorruptContentError("payee_unreadable", id=owner) from error
    if Digest.of(content) != digest:
        raise CorruptContentError("payee_unreadable", id=owner)
    kept = json.loads(content)
    return PayeeGiven(kept["account_name"], kept["bank"], kept["account_number"])


def masked(number: str) -> str:
    """Return a number of which only the last four digits show."""
    return "*" * max(0, len(number) - SHOWN_DIGITS) + number[-SHOWN_DIGITS:]


def _key(secret: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret)
