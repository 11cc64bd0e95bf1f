"""The conditions of an offer, the licences it may name, and its sealed sample."""

import json
from base64 import b64decode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from sancai.errors import CorruptContentError
from sancai.proofs import require_signature


@dataclass(frozen=True, slots=True)
class Buyers:
    """Who may buy: ``all``, ``mainland``, or the ``firms`` (by id) or ``sectors`` (of leader lists) that are named."""

    kind: str = "all"
    firms: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()


EVERYBODY: Final = Buyers()


@dataclass(frozen=True, slots=True)
class Conditions:
    """Licence, kind of price, ways of delivery, who may buy, and the documents behind source and right to trade.

    ``unit_size`` says how many bytes or reads one unit of a price by volume or by call is.
    """

    licence: str | None
    price_kind: str
    unit_size: int | None
    delivery: tuple[str, ...]
    buyers: Buyers
    source_evidence: str | None
    rights_evidence: str | None


@dataclass(frozen=True, slots=True)
class SealedSample:
    """A sample of what a listing offers: canonical JSON, its digest, and an Ed25519 signature (base64) by ``key``.

    ``content`` holds the drawn rows of up to three tables, masked and cut by rule, their profiles, the newest
    laboratory report and what the novelty screen found.
    """

    listing: str
    version: str
    content: str
    digest: str
    key: str
    signature: str
    sealed_at: str

    def verify(self) -> dict[str, Any]:
        """Return what the sample says once digest and signature hold. Raises CorruptContentError."""
        signed = self.content.encode()
        if self.digest.removeprefix("sha256:") != sha256(signed).hexdigest():
            raise CorruptContentError("sample_digest_wrong", "The sample does not have the digest it names.")
        require_signature(self.key, b64decode(self.signature), signed)
        found: dict[str, Any] = json.loads(self.content)
        return found


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence by its identifier; one of the SPDX list has no other name."""

    id: str
    zh: str
    en: str
