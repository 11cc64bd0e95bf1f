"""The files of a draft by the thousand: what is held already, what changes, what travels in packs."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Final

from sancai.datasets import Draft
from sancai.session import Session
from sancai.shapes import shaped
from sancai.transfers import Upload

BATCH: Final = 5_000
"""How many files one request may name."""


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A file of a pack, or one whose bytes the firm holds; ``sha256`` in hex."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class DraftEntry:
    """A file of a draft; ``sha256`` is what was declared, ``received`` whether its bytes have arrived."""

    path: str
    size_bytes: int
    sha256: str | None = None
    upload: str | None = None
    received: bool = False


@dataclass(frozen=True, slots=True)
class FilesChanged:
    """What became of a change; the bytes of ``missing`` are not held and have to be sent."""

    attached: int
    removed: int
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Holdings:
    held: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class _Pack:
    upload: Upload


class Drafts:
    """Drafts of one service."""

    def __init__(self, session: Session) -> None:
        """Use ``session``."""
        self._session: Final = session

    def files(self, draft: str) -> Iterator[DraftEntry]:
        """Yield the files of a draft by path."""
        for item in self._session.pages(f"/drafts/{draft}/files", limit=BATCH):
            yield shaped(DraftEntry, item)

    def holdings(self, draft: str, files: Iterable[tuple[int, str | None]]) -> tuple[bool, ...]:
        """Return for each (size, digest) whether the draft's firm holds such bytes; at most ``BATCH``.

        Without a digest: whether it holds anything of that size.
        """
        asked = [{"size_bytes": size_bytes, "sha256": sha256} for size_bytes, sha256 in files]
        return shaped(_Holdings, self._session.post(f"/drafts/{draft}/holdings", {"files": asked}, keyed=False)).held

    def change(self, draft: str, attach: Iterable[PackedFile] = (), remove: Iterable[str] = ()) -> FilesChanged:
        """Take files out of a draft, then attach others whose bytes the firm holds; at most ``BATCH`` in all."""
        body = {"attach": [asdict(file) for file in attach], "remove": list(remove)}
        return shaped(FilesChanged, self._session.post(f"/drafts/{draft}/changes", body))

    def pack(self, draft: str, files: Iterable[PackedFile]) -> Upload:
        """Announce small files whose bytes follow one another in this order, and begin the upload of these.

        At most 10,000 files of at most 1 MiB each, and 64 MiB in all.
        """
        answer = self._session.post(f"/drafts/{draft}/packs", {"files": [asdict(file) for file in files]})
        return shaped(_Pack, answer).upload

    def abandon(self, draft: str) -> Draft:
        """Give a draft up with its uploads."""
        return shaped(Draft, self._session.post(f"/drafts/{draft}/abandon"))
