"""Proofs of the transparency log, checked without trust in who handed them over.

* A checkpoint is a C2SP signed note: origin, size and root of the log, signed by the log's own key (Ed25519).
* An entry is in the log when its canonical JSON, hashed as a leaf, leads by an inclusion proof to that root (RFC 9162
  §2.1.3.2).
* What the entry commits to is its opening: SHA-256 over a tag, the salt and the canonical JSON of the payload.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import rfc8785

from sancai.errors import CorruptContentError
from sancai.manifests import key_name, public_bytes

PUBLISHED: Final = "catalog.version_published"

_OPENING_DOMAIN: Final = b"sancai/journal/opening/v1\x00"
_SIGNATURE: Final = re.compile("— (?P<name>[^ ]+) (?P<signature>[A-Za-z0-9+/]+={0,2})")
_KEY_ID_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log stated and signed: its name, how many leaves it had, and their root (32 bytes)."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class PublicationProved:
    """That a version was published under ``name``. ``log_size`` is None while the entry waits for its place."""

    entry: str
    name: str
    decided_at: str
    leaf_index: int | None = None
    log_size: int | None = None


def open_checkpoint(note: str, keys: Sequence[str]) -> Checkpoint:
    """Return the checkpoint that a trusted key, named as the log, signed.

    Args:
        note: The signed note.
        keys: Trusted public keys (``name+id+base64``).

    Raises:
        CorruptContentError: ``checkpoint_unsigned``: no trusted key of the log's own name signed it, or a signature of
            one does not hold.
    """
    text, _, lines = note.rpartition("\n\n")
    text += "\n"
    try:
        origin, size, root = text.split("\n")[:3]
        found = Checkpoint(origin, int(size), base64.b64decode(root, validate=True))
    except ValueError as error:
        raise _unsigned() from error
    own = {key.split("+")[1]: key for key in keys if key_name(key) == origin}
    signed = False
    for line in lines.splitlines():
        if not (signature := _SIGNATURE.fullmatch(line)):
            raise _unsigned()
        value = base64.b64decode(signature["signature"])
        key = own.get(value[:_KEY_ID_BYTES].hex())
        if signature["name"] == origin and key is not None:
            require_signature(key, value[_KEY_ID_BYTES:], text.encode())
            signed = True
    if not signed or len(found.root) != hashlib.sha256().digest_size:
        raise _unsigned()
    return found


def require_signature(key: str, signature: bytes, message: bytes) -> None:
    """Raise CorruptContentError ``signature_wrong`` unless the key (``name+id+base64``) signed ``message``."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public_bytes(key)).verify(signature, message)
    except InvalidSignature as error:
        raise CorruptContentError(
            "signature_wrong", f"A signature of {key_name(key)} does not hold. Do not use what it stands under."
        ) from error


def root_by_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """Return the root of a log of ``size`` leaves to which a leaf leads (RFC 9162 §2.1.3.2). Raises ValueError."""
    if not 0 <= index < size:
        raise ValueError(index)
    found, place, last = hashlib.sha256(b"\x00" + leaf).digest(), index, size - 1
    for sibling in proof:
        if last == 0:
            raise ValueError(size)
        if place & 1 or place == last:
            found = _node(sibling, found)
            # A right edge that has no sibling on its level goes up alone.
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = _node(found, sibling)
        place, last = place >> 1, last >> 1
    if last:
        raise ValueError(size)
    return found


def check_publication(
    stated: Mapping[str, Any], keys: Sequence[str], content_digest: str, manifest_digest: str
) -> PublicationProved:
    """Return what ``GET …/publication`` proves once all of it holds.

    Args:
        stated: The answer of the service.
        keys: Trusted public keys.
        content_digest: Of the version, from its signed manifest.
        manifest_digest: SHA-256 of the root of the manifest, as ``sha256:…``.

    Raises:
        CorruptContentError: ``publication_unproved``: the entry is of something else, or a hash does not lead where it
            should; ``checkpoint_unsigned``, ``signature_wrong``.
    """
    try:
        entry, opening, included = stated["entry"], stated["opening"], stated["inclusion"]
        if entry["type"] != PUBLISHED:
            raise _unproved()
        payload = opening["payload"]
        committed = _OPENING_DOMAIN + bytes.fromhex(opening["salt"]) + rfc8785.dumps(payload)
        if hashlib.sha256(committed).hexdigest() != entry["commitment"]:
            raise _unproved()
        if (payload["content_digest"], payload["manifest_digest"]) != (content_digest, manifest_digest):
            raise _unproved()
        if included is None:
            return PublicationProved(entry["id"], payload["name"], entry["decided_at"])
        checkpoint = open_checkpoint(included["checkpoint"], keys)
        proof = [base64.b64decode(each, validate=True) for each in included["proof"]]
        root = root_by_inclusion(rfc8785.dumps(entry), included["leaf_index"], included["size"], proof)
    except (KeyError, TypeError, ValueError, AttributeError, rfc8785.CanonicalizationError) as error:
        raise _unproved() from error
    if (root, included["size"]) != (checkpoint.root, checkpoint.size):
        raise _unproved()
    return PublicationProved(
        entry["id"], payload["name"], entry["decided_at"], included["leaf_index"], included["size"]
    )


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _unsigned() -> CorruptContentError:
    return CorruptContentError("checkpoint_unsigned", "No key that is trusted here signed this checkpoint of the log.")


def _unproved() -> CorruptContentError:
    return CorruptContentError(
        "publication_unproved", "What is stated of the publication does not hold. Do not rely on it; ask the operator."
    )
