"""Archives of closed cases: revisions that stay beside one another, orders that hold them, and their disposal.

A disposal moves proposed → confirmed → removed, or proposed → rejected. What was removed leaves its digest and its
entry in the journal.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from registry.policy.plain_text import require_text
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, ArchiveHoldId, AuthorityId, CaseId, DisposalId, EntryId
from registry.values.moment import Moment

FORMAT: Final = "sancai.archive/1"
INDEX: Final = "index.json"
NUMBER_LENGTH_MAX: Final = 120
REASON_LENGTH_MAX: Final = 2_000
PACKAGE_BYTES_MAX: Final = 15 << 20
"""What the documents of a package come to at most: one object of the log bucket holds 16 MiB."""


class CaseOutcome(StrEnum):
    """What a closed case came to."""

    PAID = "paid"
    RECOVERED = "recovered"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class RetentionClass:
    """How long archives are kept; ``years`` None: for ever (永久)."""

    id: str
    years: int | None
    basis: str
    assumption: str


class Withheld(StrEnum):
    """Why the bytes of a document do not stand in a package, only its digest."""

    PERSONAL = "personal"
    """It tells of a natural person, who may have it erased (RULINGS 35)."""
    GONE = "gone"
    """Its bytes are no longer where evidence is kept."""
    TOO_LARGE = "too_large"
    """A package has no room for it; its digest binds it where it lies."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A document of a package. ``who`` is a role, never a name; ``office_only``: not for the firm of the case.

    ``content`` None: only the digest stands there, and ``withheld`` says why. ``salted``: the digest is keyed, since
    what it is of could be guessed.
    """

    name: str
    title: str
    on: str
    who: str
    media_type: str
    digest: Digest
    size_bytes: int
    content: bytes | None = None
    withheld: Withheld | None = None
    office_only: bool = False
    salted: bool = False

    def as_json(self, number: int, retention: RetentionClass) -> dict[str, Json]:
        """Return its line of the index."""
        return {
            "number": number,
            "name": f"{number:03d}-{self.name}",
            "title": self.title,
            "on": self.on,
            "who": self.who,
            "media_type": self.media_type,
            "size_bytes": self.size_bytes,
            "sha256": self.digest.hex,
            "salted": self.salted,
            "withheld": self.withheld.value if self.withheld else None,
            "office_only": self.office_only,
            "retention_class": retention.id,
        }


@dataclass(frozen=True, slots=True)
class Archive:
    """One revision of the archive of a case; ``keep_until`` None: for ever.

    ``content_digest`` is that of its documents alone, so that the same state is not archived twice. ``retain_until`` is
    when the store lets the package go, by its own clock;
    ``store``, ``key`` and ``version_id`` say where it lies in the log bucket. ``made_by`` None: the worker.
    """

    case: CaseId
    authority: AuthorityId
    number: int
    outcome: CaseOutcome
    retention_class: str
    closed_on: date
    keep_until: date | None
    digest: Digest
    content_digest: Digest
    size_bytes: int
    store: str
    key: str
    version_id: str | None
    retain_until: Moment
    made_by: AccountId | None
    made_at: Moment
    entry: EntryId


class HoldReason(StrEnum):
    """What keeps an archive from disposal."""

    REMEDY = "remedy"
    RECOVERY = "recovery"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class HoldOrder:
    """A numbered order of the office that an archive is held; ``lifted_at`` None: it still is."""

    id: ArchiveHoldId
    case: CaseId
    authority: AuthorityId
    number: str
    reason: str
    set_by: AccountId
    set_at: Moment
    entry: EntryId
    lifting_number: str | None = None
    lifting_reason: str | None = None
    lifted_by: AccountId | None = None
    lifted_at: Moment | None = None


class DisposalState(StrEnum):
    """Where a disposal stands."""

    PROPOSED = "proposed"
    REJECTED = "rejected"
    CONFIRMED = "confirmed"
    REMOVED = "removed"


STANDING: Final = frozenset({DisposalState.CONFIRMED, DisposalState.REMOVED})
"""An archive in one of these is disposed of: only its tombstone is left, at once or within a minute."""


@dataclass(frozen=True, slots=True)
class Disposal:
    """The disposal (销毁) of every revision of an archive: one officer proposes it, another decides."""

    id: DisposalId
    case: CaseId
    authority: AuthorityId
    reason: str
    state: DisposalState
    proposed_by: AccountId
    proposed_at: Moment
    entry: EntryId
    decision_reason: str | None = None
    decided_by: AccountId | None = None
    decided_at: Moment | None = None
    removed_at: Moment | None = None


@dataclass(frozen=True, slots=True)
class Shelf:
    """Everything known of the archive of a case: its revisions, what holds it now, and its disposals."""

    case: CaseId
    revisions: tuple[Archive, ...]
    held: tuple[HoldReason, ...]
    orders: tuple[HoldOrder, ...]
    disposals: tuple[Disposal, ...]

    @property
    def newest(self) -> Archive | None:
        """The newest revision."""
        return self.revisions[-1] if self.revisions else None

    @property
    def disposed(self) -> bool:
        """Whether its disposal was confirmed."""
        return any(each.state in STANDING for each in self.disposals)


@dataclass(frozen=True, slots=True)
class SetHold:
    """Hold the archive of a case by a numbered order."""

    case: CaseId
    number: str
    reason: str

    def __post_init__(self) -> None:
        """Refuse an order without number or reason. Raises InvalidValueError."""
        require_text(self.number, "number", NUMBER_LENGTH_MAX)
        require_text(self.reason, "reason", REASON_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class LiftHold:
    """End an order that holds an archive, by another numbered one."""

    hold: ArchiveHoldId
    number: str
    reason: str

    def __post_init__(self) -> None:
        """Refuse an order without number or reason. Raises InvalidValueError."""
        require_text(self.number, "number", NUMBER_LENGTH_MAX)
        require_text(self.reason, "reason", REASON_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class ProposeDisposal:
    """Propose that every revision of an archive is disposed of."""

    case: CaseId
    reason: str

    def __post_init__(self) -> None:
        """Refuse a proposal without reason. Raises InvalidValueError."""
        require_text(self.reason, "reason", REASON_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class DecideDisposal:
    """Confirm a disposal that another officer proposed, or reject it."""

    case: CaseId
    confirmed: bool
    reason: str

    def __post_init__(self) -> None:
        """Refuse a decision without reason. Raises InvalidValueError."""
        require_text(self.reason, "reason", REASON_LENGTH_MAX)
