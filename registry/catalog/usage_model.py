"""How datasets are read, as values: addresses that were given out, and what was sent of them."""

from dataclasses import dataclass
from datetime import date

from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, BlobId, ReadId, VersionId
from registry.values.moment import Moment


@dataclass(frozen=True, slots=True)
class UsageEvent:
    """One address of one file, given to ``party`` at ``read_at`` through ``door``."""

    id: ReadId
    read_at: Moment
    version: VersionId
    blob: BlobId
    path: str
    party: str
    account: AccountId | None
    door: str
    size_bytes: int

    def as_json(self) -> dict[str, Json]:
        """Return what the digest of a day covers."""
        return {
            "id": self.id,
            "read_at": str(self.read_at),
            "version": self.version,
            "blob": self.blob,
            "path": self.path,
            "party": self.party,
            "account": self.account,
            "door": self.door,
            "size_bytes": self.size_bytes,
        }


@dataclass(frozen=True, slots=True)
class UsageDay:
    """How a dataset was read on a day.

    ``reads`` addresses were given out to ``parties``, for ``size_bytes``. ``downloads`` of them were used, ``complete``
    of these to the last byte; ``sent_bytes`` were sent, each byte of a download counted once.
    """

    day: date
    reads: int
    parties: int
    size_bytes: int
    downloads: int = 0
    complete: int = 0
    sent_bytes: int = 0


@dataclass(frozen=True, slots=True)
class DeliveredReads:
    """What of a version was sent to one party to the last byte: first and last day, downloads, files, bytes.

    ``whole_on`` is the day on which the last of the files came for the first time.
    """

    first_on: date
    last_on: date
    whole_on: date
    downloads: int
    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class IssuedRead:
    """A read that was given out: when, and the key and size of the object its address leads to."""

    id: ReadId
    read_at: Moment
    key: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class DeliveredSpans:
    """What was sent of a read: spans (first byte, byte behind the last), and when it was first asked for."""

    read: IssuedRead
    first_at: Moment
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class UsageDigest:
    """What the journal says of the reads of a day: their number and SHA-256."""

    day: date
    events: int
    digest: Digest
