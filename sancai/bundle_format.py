"""How a bundle is laid out (``docs/formats/bundle.md``): an archive that any ``tar`` reads, with one layout only.

The manifest says which files there are, in which order and how large; so every byte of a bundle that is no content is
known beforehand. That is what makes it resumable, and leaves no room for a byte that nobody signed.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import rfc8785

from sancai.manifests import Manifest, ManifestFile
from sancai.selection import Selection

FORMAT: Final = "sancai.bundle/1"
HEAD: Final = "bundle.json"
MANIFEST: Final = "manifest.json"
PAGES: Final = "pages/"
DATA: Final = "data/"
SMALL_MAX: Final = 1 << 20
"""Files up to this size stand before larger ones: they travel many in one answer."""
BLOCK: Final = 512
END: Final = bytes(2 * BLOCK)
HEAD_BYTES_MAX: Final = 16 << 20

_NAME_BYTES_MAX: Final = 100
_SIZE_MAX: Final = (1 << 33) - 1
_FILE: Final = b"0"
_EXTENDED: Final = b"x"


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a bundle beside the data; ``sha256`` in hex."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Head:
    """What a bundle says of itself. Nothing of it is trusted: the manifest is held against a key, the rest against it.

    A digest of its own shows what was damaged on the way; who changes it on purpose gains nothing but other labels.
    ``service`` is where it came from, ``keys`` the public keys that were trusted there, ``paths`` what was asked for.
    """

    service: str
    name: str
    version: int
    content_digest: str
    keys: tuple[str, ...]
    paths: tuple[str, ...]
    members: tuple[Member, ...]

    @property
    def reference(self) -> str:
        """The version as ``namespace/slug@v2``."""
        return f"{self.name}@v{self.version}"

    def to_json(self) -> bytes:
        """Return the canonical bytes."""
        stated: dict[str, Any] = {
            "content_digest": self.content_digest,
            "format": FORMAT,
            "keys": self.keys,
            "members": [{"name": m.name, "sha256": m.sha256, "size_bytes": m.size_bytes} for m in self.members],
            "name": self.name,
            "paths": self.paths,
            "service": self.service,
            "version": self.version,
        }
        return rfc8785.dumps(stated | {"digest": f"sha256:{hashlib.sha256(rfc8785.dumps(stated)).hexdigest()}"})

    @classmethod
    def parse(cls, content: bytes) -> "Head | None":
        """Return the head that these bytes are, None for one of another format.

        Raises KeyError, TypeError or ValueError for what is no head.
        """
        made: Mapping[str, Any] = json.loads(content)
        if made["format"] != FORMAT:
            return None
        head = cls(
            service=str(made["service"]),
            name=str(made["name"]),
            version=int(made["version"]),
            content_digest=str(made["content_digest"]),
            keys=tuple(map(str, made["keys"])),
            paths=tuple(map(str, made["paths"])),
            members=tuple(Member(str(m["name"]), int(m["size_bytes"]), str(m["sha256"])) for m in made["members"]),
        )
        if head.to_json() != content or any(member.size_bytes < 0 for member in head.members):
            raise ValueError(HEAD)
        return head


def is_small(file: ManifestFile) -> bool:
    """Return whether a file stands before the large ones."""
    return file.size_bytes <= SMALL_MAX


def in_order(
    manifest: Manifest, paths: Iterable[str], *, small: bool | None = None, skip: int = 0
) -> Iterator[ManifestFile]:
    """Yield the files that ``paths`` name in the order of a bundle: small ones by path, then the others by path.

    Args:
        manifest: What the version contains.
        paths: Paths, folders and patterns; none: all files.
        small: Only the small ones, or only the others.
        skip: How many to pass over.

    Raises:
        NotFoundError: ``path_missing``.
    """
    selection = Selection(tuple(paths))
    wanted = (True, False) if small is None else (small,)
    found = (file for of_a_kind in wanted for file in selection.of(manifest) if is_small(file) == of_a_kind)
    return islice(found, skip, None)


def header_of(name: str, size_bytes: int) -> bytes:
    """Return what stands before a member: a header of ustar (POSIX.1-2001), before it an extended one where needed."""
    encoded = name.encode()
    records = b""
    if len(encoded) > _NAME_BYTES_MAX or not name.isascii():
        records += _record(b"path", encoded)
    if size_bytes > _SIZE_MAX:
        records += _record(b"size", b"%d" % size_bytes)
    plain = _header(encoded[:_NAME_BYTES_MAX], 0 if size_bytes > _SIZE_MAX else size_bytes, _FILE)
    if not records:
        return plain
    return _header(b"PaxHeader", len(records), _EXTENDED) + records + padding_of(len(records)) + plain


def padding_of(size_bytes: int) -> bytes:
    """Return the zeros that stand behind a member."""
    return bytes(-size_bytes % BLOCK)


def length_of(name: str, size_bytes: int) -> int:
    """Return how many bytes a member takes with its header and padding."""
    short = name.isascii() and len(name) <= _NAME_BYTES_MAX and size_bytes <= _SIZE_MAX
    return (BLOCK if short else len(header_of(name, size_bytes))) + size_bytes + -size_bytes % BLOCK


def _header(name: bytes, size_bytes: int, kind: bytes) -> bytes:
    """Return one block: every field but name, size and kind is the same in every bundle."""
    head = name.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + b"%011o\0" % size_bytes + b"0" * 11 + b"\0"
    tail = kind + bytes(100) + b"ustar\0" + b"00" + bytes(64) + b"0000000\0" * 2 + bytes(155) + bytes(12)
    total = sum(head) + sum(b" " * 8) + sum(tail)
    return head + b"%06o\0 " % total + tail


def _record(key: bytes, value: bytes) -> bytes:
    """Return a record of an extended header: its own length in decimal, the key and the value."""
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest)
    while length != len(rest) + len(str(length)):
        length = len(rest) + len(str(length))
    return b"%d" % length + rest
