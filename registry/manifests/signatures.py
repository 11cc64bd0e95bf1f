"""Signatures over a manifest or a statement: DSSE envelopes with Ed25519.

DSSE is secure-systems-lab/dsse, protocol version 1; Ed25519 is RFC 8032.

A signature names its key and its algorithm; an envelope may carry several, so that another algorithm can stand beside
this one. The key id is that of securesystemslib: the SHA-256 of key type, scheme and public key as canonical JSON, so
that a key id fixes the algorithm, too. The name beside each signature is there for readers; it is not covered by it.
"""

import json
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, Key, SSlibKey  # type: ignore[attr-defined]

from registry.errors import InvalidValueError
from registry.values.canonical import canonical_json

PAYLOAD_TYPE = "application/vnd.sancai.manifest+json"
ALGORITHM = "Ed25519"


def key_id(key: Ed25519PublicKey) -> str:
    """Return the identifier of a public key, 64 hex digits."""
    return str(SSlibKey.from_crypto(key).keyid)


def sign(payload: bytes, keys: Sequence[Ed25519PrivateKey], payload_type: str = PAYLOAD_TYPE) -> bytes:
    """Return the envelope of ``payload``, signed by each key, as canonical JSON.

    Raises:
        InvalidValueError: ``signature_missing`` without a key.
    """
    if not keys:
        raise InvalidValueError("signature_missing")
    envelope = Envelope(payload, payload_type, {})
    for key in keys:
        envelope.sign(CryptoSigner(key)).unrecognized_fields["alg"] = ALGORITHM
    return canonical_json(envelope.to_dict())


def verify(envelope: bytes, trusted: Sequence[Ed25519PublicKey], payload_type: str = PAYLOAD_TYPE) -> bytes:
    """Return the payload of an envelope that a trusted key signed.

    Every signature that names a trusted key must hold; signatures of keys that are not trusted are passed over.

    Raises:
        InvalidValueError: ``envelope_malformed``; ``signature_untrusted`` when no trusted key signed;
            ``signature_invalid`` when a trusted key is named and its signature does not hold.
    """
    opened = _open(envelope, payload_type)
    named: list[Key] = [key for key in map(SSlibKey.from_crypto, trusted) if key.keyid in opened.signatures]
    if not named:
        raise InvalidValueError("signature_untrusted", keys=", ".join(sorted(opened.signatures))[:200])
    if any(opened.signatures[key.keyid].unrecognized_fields.get("alg") != ALGORITHM for key in named):
        raise InvalidValueError("signature_invalid")
    try:
        # The threshold is the number of distinct keys, or else the library would stop at the first that holds.
        opened.verify(named, threshold=len({key.keyid for key in named}))
    except VerificationError as error:
        raise InvalidValueError("signature_invalid") from error
    return bytes(opened.payload)


def _open(envelope: bytes, payload_type: str) -> Envelope:
    """Return the envelope, nothing of which is believed yet. Raises InvalidValueError ``envelope_malformed``."""
    try:
        opened = Envelope.from_dict(json.loads(envelope))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidValueError("envelope_malformed") from error
    if opened.payload_type != payload_type:
        raise InvalidValueError("envelope_malformed")
    return opened
