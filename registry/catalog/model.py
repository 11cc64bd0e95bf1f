"""Datasets, drafts and versions as values, and their legal moves.

A version begins as a draft and is published once; from then on its content never changes. What may still change is
whether it may be read: withdrawn by its publisher, recalled by an authority, erased. A state beyond published removes
nothing by itself: bytes stand until nothing refers to them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from registry.catalog.industries import KeyIndustry
from registry.catalog.statement_model import NO_INDUSTRY, Deprecation, Grade, Industry, Registration, Right
from registry.errors import Parameter
from registry.manifests.model import FilePath
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import BlobId, DatasetId, FirmId, UploadId, VersionId
from registry.values.moment import Moment
from registry.values.names import PublicName

TITLE_LENGTH_MAX: Final = 120
DESCRIPTION_LENGTH_MAX: Final = 20_000
LICENCE_LENGTH_MAX: Final = 100
KEYWORDS_MAX: Final = 20
KEYWORD_LENGTH_MAX: Final = 40
TEXT_LENGTH_MAX: Final = 2_000
PARENTS_MAX: Final = 16
DRAFT_FILES_MAX: Final = 5_000_000
"""A stated limit of this release; the manifest itself knows none."""


class Sector(StrEnum):
    """The sector a dataset belongs to. The first four are named in S1 cl.14."""

    SMART_MINING = "smart_mining"
    NEW_ENERGY = "new_energy"
    CULTURAL_TOURISM = "cultural_tourism"
    MODERN_AGRICULTURE = "modern_agriculture"
    ENERGY = "energy"
    MANUFACTURING = "manufacturing"
    TRANSPORT = "transport"
    MEDICAL = "medical"
    EDUCATION = "education"
    SCIENCE = "science"
    GOVERNMENT = "government"
    FINANCE = "finance"
    COMMUNICATION = "communication"
    OTHER = "other"


class Openness(StrEnum):
    """To whom the content of a dataset is open: everyone; every firm that accepts its terms; who has a grant.

    Gated content may have terms as well; they then stand before the grant.
    """

    PUBLIC = "public"
    TERMS = "terms"
    GATED = "gated"


class Origin(StrEnum):
    """Where the data comes from: 企业场景数据, 第三方数据, 自建自主知识产权的知识数据 (S3 cl.4)."""

    ENTERPRISE = "enterprise"
    THIRD_PARTY = "third_party"
    SELF_BUILT = "self_built"


class ContributorRole(StrEnum):
    """What somebody contributed; nobody who is named so counts as an adopter (RULINGS 2)."""

    MAKER = "maker"
    SOURCE = "source"
    FUNDER = "funder"
    RIGHTS_HOLDER = "rights_holder"


class VersionState(StrEnum):
    """Where a version is."""

    OPEN = "open"
    VERIFYING = "verifying"
    VERIFIED = "verified"
    FAULTY = "faulty"
    ABANDONED = "abandoned"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    RECALLED = "recalled"
    ERASED = "erased"


DRAFT_STATES: Final = frozenset(
    {
        VersionState.OPEN,
        VersionState.VERIFYING,
        VersionState.VERIFIED,
        VersionState.FAULTY,
        VersionState.ABANDONED,
    }
)
ONCE_PUBLISHED: Final = frozenset(set(VersionState) - DRAFT_STATES)
EDITABLE_STATES: Final = frozenset({VersionState.OPEN, VersionState.FAULTY, VersionState.VERIFIED})
"""A change of its files opens a draft again."""

MOVES: Final[Mapping[VersionState, frozenset[VersionState]]] = {
    VersionState.OPEN: frozenset({VersionState.VERIFYING, VersionState.ABANDONED}),
    VersionState.VERIFYING: frozenset({VersionState.VERIFIED, VersionState.FAULTY}),
    VersionState.FAULTY: frozenset({VersionState.OPEN, VersionState.VERIFYING, VersionState.ABANDONED}),
    VersionState.VERIFIED: frozenset({VersionState.OPEN, VersionState.PUBLISHED, VersionState.ABANDONED}),
    VersionState.ABANDONED: frozenset(),
    VersionState.PUBLISHED: frozenset({VersionState.WITHDRAWN, VersionState.RECALLED, VersionState.ERASED}),
    VersionState.WITHDRAWN: frozenset({VersionState.RECALLED, VersionState.ERASED}),
    VersionState.RECALLED: frozenset({VersionState.ERASED}),
    VersionState.ERASED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Contributor:
    """Who made, supplied, funded or holds rights in a version; ``firm`` where it is registered here."""

    firm: FirmId | None
    name: str
    role: ContributorRole


@dataclass(frozen=True, slots=True)
class EarlierPublication:
    """Where the content had been open to the public before, declared by the publisher (RULINGS 8)."""

    where: str
    published_on: date
    url: str | None

    def as_json(self) -> dict[str, Json]:
        """Return what is kept and signed."""
        return {"where": self.where, "published_on": self.published_on.isoformat(), "url": self.url}


@dataclass(frozen=True, slots=True)
class VersionName:
    """A published version by its name, for example ``sector-lab/wind@v2``."""

    dataset: PublicName
    number: int

    def __str__(self) -> str:
        """Return ``namespace/slug@vN``."""
        return f"{self.dataset}@v{self.number}"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one file of a draft: a code with parameters, never words."""

    path: str
    code: str
    parameters: Mapping[str, Parameter]


@dataclass(frozen=True, slots=True)
class FoundOverlap:
    """How much of a draft is in a published version."""

    version: VersionId
    name: str
    row_containment_bp: int
    column_containment_bp: int


@dataclass(frozen=True, slots=True)
class VersionFile:
    """One file of a version. ``digest``, ``blob`` and what follows are known once the server has read the bytes.

    ``upload`` is None for bytes that the firm held before. In a pack the bytes begin ``offset_bytes`` into the upload
    and have the digest ``declared``; that of an upload of its own stands with the upload.
    """

    path: FilePath
    size_bytes: int
    upload: UploadId | None
    digest: Digest | None = None
    blob: BlobId | None = None
    format: str | None = None
    rows: int | None = None
    columns: tuple[Mapping[str, Json], ...] = ()
    inventory: Mapping[str, Json] = field(default_factory=dict)
    """What else its bytes say: encoding and delimiter, media type and size in pixels, what an archive holds."""
    offset_bytes: int = 0
    declared: Digest | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """A public name with its versions."""

    id: DatasetId
    name: PublicName
    title: str
    description: str
    sector: Sector
    licence: str
    access: Openness
    keywords: tuple[str, ...]
    publisher: FirmId
    created_at: Moment
    newest: int | None
    deprecation: Deprecation | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a dataset, also while it is a draft (then ``number`` and ``content_digest`` are None).

    ``grade`` is the one that holds now, ``stated_grade`` what the publisher stated. ``grade_assessed``: an assessment
    of this version, which takes nothing from its parents, stands behind it.
    """

    id: VersionId
    dataset: DatasetId
    publisher: FirmId
    number: int | None
    state: VersionState
    message: str
    origin: Origin
    source: str
    source_url: str | None
    source_licence: str | None
    earlier_publications: tuple[EarlierPublication, ...]
    parents: tuple[VersionId, ...]
    parent_names: tuple[str, ...]
    contributors: tuple[Contributor, ...]
    grade: Grade
    desensitised: bool
    embargo_until: Moment | None
    files: int
    size_bytes: int
    rows: int | None
    report: Mapping[str, Json]
    faults: tuple[Fault, ...]
    overlap: tuple[FoundOverlap, ...]
    new_share_bp: int | None
    content_digest: Digest | None
    manifest_digest: Digest | None
    created_at: Moment
    published_at: Moment | None
    withdrawn_reason: str | None
    stated_grade: Grade = Grade.GENERAL
    grade_assessed: bool = False
    rights: tuple[Right, ...] = ()
    registrations: tuple[Registration, ...] = ()
    industry: Industry = NO_INDUSTRY
    deprecation: Deprecation | None = None
    dataset_deprecation: Deprecation | None = None

    @property
    def deprecated(self) -> Deprecation | None:
        """Why it should no longer be used: by itself, or because its whole dataset should not."""
        return self.deprecation or self.dataset_deprecation

    @property
    def derived(self) -> bool:
        """Whether it declares parents."""
        return bool(self.parents)

    @property
    def is_draft(self) -> bool:
        """Whether it was never published."""
        return self.state in DRAFT_STATES


@dataclass(frozen=True, slots=True)
class ShownDataset:
    """A dataset that everybody finds, with what its newest published version holds and states."""

    id: DatasetId
    sector: Sector
    key_industry: KeyIndustry | None
    content_digest: Digest
    size_bytes: int


@dataclass(frozen=True, slots=True)
class CreateDataset:
    """Take a name for a dataset."""

    name: PublicName
    title: str
    description: str
    sector: Sector
    licence: str
    access: Openness
    keywords: tuple[str, ...] = ()
    terms: str | None = None


@dataclass(frozen=True, slots=True)
class OpenDraft:
    """Begin a version."""

    dataset: PublicName
    message: str
    origin: Origin
    source: str
    source_url: str | None = None
    source_licence: str | None = None
    earlier_publications: tuple[EarlierPublication, ...] = ()
    parents: tuple[VersionName, ...] = ()
    contributors: tuple[Contributor, ...] = ()
    grade: Grade = Grade.GENERAL
    desensitised: bool = False
    embargo_until: Moment | None = None
    rights: tuple[Right, ...] = ()
    registrations: tuple[Registration, ...] = ()
    industry: Industry = NO_INDUSTRY
    base: int | None = None


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file to be made of bytes that the firm holds already."""

    path: FilePath
    size_bytes: int
    digest: Digest


@dataclass(frozen=True, slots=True)
class ChangeFiles:
    """Take files out of a draft, then attach others whose bytes the firm holds."""

    attach: tuple[HeldFile, ...] = ()
    remove: tuple[FilePath, ...] = ()


@dataclass(frozen=True, slots=True)
class FilesChanged:
    """What a change of files came to; ``missing`` are the paths whose bytes are not held and have to be sent."""

    attached: int
    removed: int
    missing: tuple[FilePath, ...]


@dataclass(frozen=True, slots=True)
class DraftProgress:
    """How far the verification of a draft has come."""

    done_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for. Every field narrows; an empty one does not."""

    text: str = ""
    sector: str | None = None
    licence: str | None = None
    key_industry: str | None = None
    format: str | None = None
    price: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Hit:
    """One dataset that search found; ``recalled`` are its versions that an authority recalled."""

    dataset: Dataset
    formats: tuple[str, ...]
    price_fen: int | None
    published_at: Moment
    adopters: int
    recalled: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A page of hits, the number of hits by facet and value, and the position to go on from."""

    hits: tuple[Hit, ...]
    facets: Mapping[str, Mapping[str, int]]
    next_position: tuple[int, int, str] | None = None
    facets_capped: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether something may be read, and the reason code when not."""

    allowed: bool
    reason: str = "allowed"
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
