"""Check a manifest without trust in who handed it over (``docs/formats/manifest.md``).

A manifest is a small root, signed in a DSSE envelope, and pages of files. It holds when
* a trusted key signed the root (Ed25519; every signature of a trusted key must hold),
* every page has the digest that the root states, in that order and with those counts, and
* the content digest, taken over path, size and SHA-256 of all files in order, is the one of the root.

The root is small and checked at once. Pages are fetched when they are needed, each held against the root as it comes,
and kept in a temporary file: memory holds two pages, also of a version of two million files.
"""

import base64
import binascii
import hashlib
import json
import tempfile
import unicodedata
import weakref
from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from threading import RLock
from typing import Any, Final

import rfc8785

from sancai.errors import CorruptContentError, NotFoundError
from sancai.paths import require_distinct

PAYLOAD_TYPE: Final = "application/vnd.sancai.manifest+json"
ROOT_FORMAT: Final = "sancai.manifest/1"
PAGE_FORMAT: Final = "sancai.manifest.page/1"
CONTENT_DOMAIN: Final = b"sancai.content/1\n"
ALGORITHM: Final = "Ed25519"
PAGES_IN_MEMORY: Final = 2
SPOOL_IN_MEMORY_BYTES: Final = 16 << 20
"""Pages beyond this lie in a temporary file."""


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """One file of a version."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PageReference:
    """What the root says of one page; ``digest`` is ``sha256:`` and the SHA-256 of the page's bytes."""

    digest: str
    files: int
    first_path: str
    last_path: str
    size_bytes: int


Pages = Callable[[PageReference], bytes]
"""Returns the bytes of a page, unchecked."""


class Manifest:
    """A manifest whose root holds. May be shared by threads.

    ``digest`` is that of the root, ``content_digest`` that of the files.
    ``signed_by`` names the trusted keys that signed, and is empty when none was given; ``envelope`` is what was signed,
    for whoever wants to check it again.
    """

    def __init__(
        self, root: Mapping[str, Any], envelope: Mapping[str, Any], signed_by: tuple[str, ...], pages: Pages
    ) -> None:
        """Take a root that was opened; ``pages`` fetches the rest. Raises KeyError, TypeError for another form."""
        self.digest: Final = f"sha256:{hashlib.sha256(rfc8785.dumps(dict(root))).hexdigest()}"
        self.content_digest: Final = str(root["content_digest"])
        self.file_count: Final = int(root["files"])
        self.size_bytes: Final = int(root["size_bytes"])
        self.envelope: Final = envelope
        self.signed_by: Final = signed_by
        self.references: Final = tuple(PageReference(**item) for item in root["pages"])
        self._last_paths: Final = [reference.last_path for reference in self.references]
        self._load: Final = pages
        self._recent: Final[OrderedDict[int, tuple[ManifestFile, ...]]] = OrderedDict()
        self._spool: Final = tempfile.SpooledTemporaryFile(SPOOL_IN_MEMORY_BYTES)  # noqa: SIM115  # Lives as long as this.
        self._spooled: Final[dict[int, tuple[int, int]]] = {}
        self._lock: Final = RLock()
        weakref.finalize(self, self._spool.close)

    def __iter__(self) -> Iterator[ManifestFile]:
        """Yield the files by path, page after page. Raises CorruptContentError."""
        for index in range(len(self.references)):
            yield from self.page(index)

    def page(self, index: int) -> tuple[ManifestFile, ...]:
        """Return the files of one page once it holds. Raises CorruptContentError."""
        with self._lock:
            if index in self._recent:
                self._recent.move_to_end(index)
                return self._recent[index]
            files = _files(self.references[index], self.page_bytes(index))
            self._recent[index] = files
            if len(self._recent) > PAGES_IN_MEMORY:
                self._recent.popitem(last=False)
            return files

    def page_bytes(self, index: int) -> bytes:
        """Return the canonical bytes of one page once they have their digest. Raises CorruptContentError."""
        with self._lock:
            if index in self._spooled:
                offset, length = self._spooled[index]
                self._spool.seek(offset)
                return self._spool.read(length)
            content = self._load(self.references[index])
            if f"sha256:{hashlib.sha256(content).hexdigest()}" != self.references[index].digest:
                raise _mismatch()
            self._spooled[index] = (self._spool.seek(0, 2), len(content))
            self._spool.write(content)
            return content

    def find(self, path: str) -> ManifestFile:
        """Return the file at ``path``, fetching one page at most. Raises NotFoundError, CorruptContentError."""
        found = next(self.starting_at(path), None)
        if found is None or found.path != path:
            raise NotFoundError("path_missing", f"The version has no file {path!r}.", path=path)
        return found

    def starting_at(self, path: str) -> Iterator[ManifestFile]:
        """Yield the files whose path is ``path`` or comes after it; pages before that are not fetched."""
        first = bisect_left(self._last_paths, path)
        for index in range(first, len(self.references)):
            files = self.page(index)
            yield from files[bisect_left(files, path, key=lambda file: file.path) :] if index == first else files

    def check(self) -> None:
        """Hold every page, their order and the content digest against the root, before anything is done with them.

        Raises:
            CorruptContentError: ``manifest_mismatch``, ``manifest_malformed``; ``path_duplicate``: two paths would be
                one file on some system.
        """
        hashing, size_bytes, last = hashlib.sha256(CONTENT_DOMAIN), 0, ""
        names = _Names()
        for file in self:
            if file.path <= last:
                raise _mismatch()
            hashing.update(f"{file.sha256} {file.size_bytes} {file.path}\n".encode())
            size_bytes, last = size_bytes + file.size_bytes, file.path
            names.add(file.path)
        stated = self.content_digest, self.file_count, self.size_bytes
        if not names.count or stated != (f"sha256:{hashing.hexdigest()}", names.count, size_bytes):
            raise _mismatch()
        if suspects := names.suspects():
            require_distinct(file.path for file in self if _name_hash(file.path) in suspects)


class _Names:
    """Which paths may be one file on a system that ignores case: eight bytes of memory for each path.

    Equal folded names have equal hashes; the few paths whose hashes are equal are compared in full afterwards.
    """

    def __init__(self) -> None:
        self._hashes = array("q")
        self._folded = False

    @property
    def count(self) -> int:
        return len(self._hashes)

    def add(self, path: str) -> None:
        self._folded = self._folded or _folded(path) != path
        self._hashes.append(_name_hash(path))

    def suspects(self) -> set[int]:
        if not self._folded:  # Different paths that fold to themselves stay different.
            return set()
        ordered = sorted(self._hashes)
        return {one for one, other in pairwise(ordered) if one == other}


def _folded(path: str) -> str:
    return path.lower() if path.isascii() else unicodedata.normalize("NFC", path.casefold())


def _name_hash(path: str) -> int:
    return hash(_folded(path))


def digest_wrong(path: str, found: str, expected: str) -> CorruptContentError:
    """Return the error of bytes that are not what the manifest states."""
    return CorruptContentError(
        "digest_wrong",
        f"{path}: the bytes have SHA-256 {found}, the manifest says {expected}. Nothing was kept; try again, and tell "
        "the operator if it stays so.",
        path=path,
        found=found,
        expected=expected,
    )


def key_name(key: str) -> str:
    """Return the name in a public key written ``name+id+base64`` (C2SP signed-note)."""
    return key.partition("+")[0]


def open_manifest(envelope: Any, keys: Sequence[str], pages: Pages) -> Manifest:
    """Return a manifest once its root holds.

    Args:
        envelope: What ``GET …/manifest`` gave as ``envelope``.
        keys: Trusted public keys, written ``name+id+base64(0x01 || key)``. Without any, only digests are checked.
        pages: Fetches the bytes of a page when it is first needed.

    Raises:
        CorruptContentError: ``manifest_malformed``, ``manifest_unsigned``, ``manifest_signature_wrong``,
            ``key_malformed``.
    """
    try:
        opened = json.loads(envelope) if isinstance(envelope, str) else envelope
        payload, signed_by = opened_envelope(opened, keys)
        root = json.loads(payload)
        if root["format"] != ROOT_FORMAT or rfc8785.dumps(root) != payload:
            raise _corrupt("manifest_malformed", "The root of the manifest is not in the form of its format.")
        return Manifest(root, opened, signed_by, pages)
    except (KeyError, TypeError, ValueError, AttributeError, rfc8785.CanonicalizationError) as error:
        raise _unreadable() from error


def opened_envelope(
    envelope: Any, keys: Sequence[str], payload_type: str = PAYLOAD_TYPE
) -> tuple[bytes, tuple[str, ...]]:
    """Return the payload of an envelope and the names of the trusted keys that signed it.

    Raises CorruptContentError; KeyError, TypeError and ValueError for what is no envelope at all.
    """
    # The library costs a tenth of a second; only who verifies pays for it.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import VerificationError
    from securesystemslib.signer import Key, SSlibKey  # type: ignore[attr-defined]

    opened = Envelope.from_dict(json.loads(json.dumps(envelope)))  # It empties what it is given.
    if opened.payload_type != payload_type:
        raise _corrupt("manifest_malformed", f"The signed content is not of the type {payload_type}.")
    if not keys:
        return bytes(opened.payload), ()
    trusted = {}
    for key in keys:
        made = SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(public_bytes(key)))
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


def public_bytes(key: str) -> bytes:
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


def _files(reference: PageReference, content: bytes) -> tuple[ManifestFile, ...]:
    """Return the files of a page held against what the root says of it."""
    try:
        page = json.loads(content)
        if page["format"] != PAGE_FORMAT:
            raise _mismatch()
        files = tuple(ManifestFile(item["path"], item["size_bytes"], item["sha256"]) for item in page["files"])
        stated = reference.files, reference.size_bytes, reference.first_path, reference.last_path
        if stated != (len(files), sum(file.size_bytes for file in files), files[0].path, files[-1].path):
            raise _mismatch()
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise _unreadable() from error
    return files


def _mismatch() -> CorruptContentError:
    return _corrupt("manifest_mismatch", "The files listed are not the ones that were signed. Do not use the data.")


def _unreadable() -> CorruptContentError:
    return _corrupt("manifest_malformed", "The manifest cannot be read. Update sancai, then try again.")


def _corrupt(code: str, detail: str) -> CorruptContentError:
    return CorruptContentError(code, detail)
