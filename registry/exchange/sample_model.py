"""Sealed samples: what may be seen of a version before it is bought, as a signed document."""

from dataclasses import dataclass

from registry.values.digest import Digest
from registry.values.identifiers import ListingId, VersionId
from registry.values.moment import Moment


@dataclass(frozen=True, slots=True)
class SampleContent:
    """What is to be sealed: canonical JSON about a version that a listing offers."""

    listing: ListingId
    version: VersionId
    content: bytes


@dataclass(frozen=True, slots=True)
class SealedSample:
    """A sample with the installation's signature over exactly its bytes; without them once its version was erased."""

    listing: ListingId
    version: VersionId
    content: bytes | None
    digest: Digest
    key: str
    signature: bytes
    sealed_at: Moment
