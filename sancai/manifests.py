"""Check a manifest without trust in who handed it over (``docs/formats/manifest.md``).

A manifest is a small root, signed in a DSSE envelope, and pages of files. It holds when
* a trusted key signed the root (Ed25519; every signature of a trusted key must hold),
* every page has the digest that the root states, in that order and with those counts, and
* the content digest, taken over path, size and SHA-256 of all files in order, is the one of the root.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import rfc8785

from sancai.errors import CorruptContentError
from sancai.paths import require_distinct

PAYLOAD_TYPE: Final = "application/vnd.sancai.manifest+json"
ROOT_FORMAT: Final = "sancai.manifest/1"
PAGE_FORMAT: Final = "sancai.manifest.page/1"
CONTENT_DOMAIN: Final = b"sancai.content/1\n"
ALGORITHM: Final = "Ed25519"


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """One file of a version."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class VerifiedManifest:
    """A manifest that holds. ``signed_by`` lists the trusted keys that signed, and is empty when none was given."""

    content_digest: str
    size_bytes: int
    files: tuple[ManifestFile, ...]
    signed_by: tuple[str, ...]


def key_name(key: str) -> str:
    """Return the name in a public key written ``name+id+base64`` (C2SP signed-note)."""
    return key.partition("+")[0]


def verify_manifest(answer: Mapping[str, Any], keys: Sequence[str]) -> VerifiedManifest:
    """Return the manifest of ``answer`` (``envelope`` and ``pages``) once everything about it holds.

    Args:
        answer: What ``GET …/manifest`` gave.
        keys: Trusted public keys, written ``name+id+base64(0x01 || key)``. Without any, only digests are checked.

    Raises:
        CorruptContentError: ``manifest_malformed``, ``manifest_unsigned``, ``manifest_signature_wrong``,
            ``manifest_mismatch``, ``path_duplicate``.
    """
    try:
        payload, signed_by = _opened(answer["envelope"], keys)
        root = json.loads(payload)
        if root["format"] != ROOT_FORMAT or rfc8785.dumps(root) != payload:
            raise _corrupt("manifest_malformed", "The root of the manifest is not in the form of its format.")
        files = _files(root["pages"], answer["pages"])
        return _held(root, files, signed_by)
    except (KeyError, TypeError, ValueError, AttributeError, rfc8785.CanonicalizationError) as error:
        raise _corrupt("manifest_malformed", "The manifest cannot be read. Update sancai, then try again.") from error


def _opened(envelope: Any, keys: Sequence[str]) -> tuple[bytes, tuple[str, ...]]:
    """Return the payload of an envelope and the names of the trusted keys that signed it."""
    # The library costs a tenth of a second; only who verifies pays for it.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import VerificationError
    from securesystemslib.signer import Key, SSlibKey  # type: ignore[attr-defined]

    opened = Envelope.from_dict(json.loads(envelope) if isinstance(envelope, str) else envelope)
    if opened.payload_type != PAYLOAD_TYPE:
        raise _corrupt("manifest_malformed", "The signed content is not a manifest.")
    if not keys:
        return bytes(opened.payload), ()
    trusted = {}
    for key in keys:
        made = SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(_public_bytes(key)))
        trusted[made.keyid] = (made, key_name(key))
    named: list[Key] = [made for keyid, (made, _) in trusted.items() if keyid in opened.signatures]
    if not named:
        raise _corrupt("manifest_unsigned", "No key that is trusted here signed this manifest. Do not use the data.")
    if any(opened.signatures[key.keyid].unrecognized_fields.get("alg") != ALGORITHM for key in named):
        raise _corrupt("manifest_signature_wrong", "A signature of the manifest names an unknown algorithm.")
    try:
        opened.verify(named, threshold=len(named))
    except VerificationError as error:
        raise _corrupt(
            "manifest_signature_wrong", "The signature of the manifest does not hold. Do not use the data."
        ) from error
    return bytes(opened.payload), tuple(sorted(trusted[key.keyid][1] for key in named))


def _public_bytes(key: str) -> bytes:
    """Return the 32 bytes of a key written ``name+id+base64(0x01 || key)``. Raises CorruptContentError."""
    name, _, rest = key.partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        decoded = b""
    expected = hashlib.sha256(name.encode() + b"\n" + decoded).hexdigest()[:8]
    if len(decoded) != 33 or decoded[:1] != b"\x01" or key_id != expected:
        raise _corrupt("key_malformed", f"{key[:140]!r} is not a public key. Copy it whole from the operator's page.")
    return decoded[1:]


def _files(references: list[dict[str, Any]], pages: list[Any]) -> tuple[ManifestFile, ...]:
    """Return the files of all pages, each page held against what the root says of it."""
    found: list[ManifestFile] = []
    if len(references) != len(pages):
        raise _mismatch()
    for reference, given in zip(references, pages, strict=True):
        page = json.loads(given) if isinstance(given, str) else given
        digest = f"sha256:{hashlib.sha256(rfc8785.dumps(page)).hexdigest()}"
        files = [ManifestFile(item["path"], item["size_bytes"], item["sha256"]) for item in page["files"]]
        stated = reference["digest"], reference["files"], reference["size_bytes"]
        spans = bool(files) and (reference["first_path"], reference["last_path"]) == (files[0].path, files[-1].path)
        if page["format"] != PAGE_FORMAT or not spans:
            raise _mismatch()
        if stated != (digest, len(files), sum(file.size_bytes for file in files)):
            raise _mismatch()
        found += files
    return tuple(found)


def _held(root: Mapping[str, Any], files: tuple[ManifestFile, ...], signed_by: tuple[str, ...]) -> VerifiedManifest:
    """Return the manifest if root and files say the same."""
    hashing = hashlib.sha256(CONTENT_DOMAIN)
    for file in files:
        hashing.update(f"{file.sha256} {file.size_bytes} {file.path}\n".encode())
    digest = f"sha256:{hashing.hexdigest()}"
    size_bytes = sum(file.size_bytes for file in files)
    paths = [file.path for file in files]
    if (root["content_digest"], root["files"], root["size_bytes"]) != (digest, len(files), size_bytes):
        raise _mismatch()
    if not files or paths != sorted(paths):
        raise _mismatch()
    require_distinct(paths)
    return VerifiedManifest(digest, size_bytes, files, signed_by)


def _mismatch() -> CorruptContentError:
    return _corrupt("manifest_mismatch", "The files listed are not the ones that were signed. Do not use the data.")


def _corrupt(code: str, detail: str) -> CorruptContentError:
    return CorruptContentError(code, detail)
