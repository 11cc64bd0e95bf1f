"""Terms, requests for a grant, and what is asked of them, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from registry.catalog.model import Openness
from registry.values.digest import Digest
from registry.values.identifiers import (
    AccountId,
    AuthorityId,
    CaseId,
    DatasetId,
    FirmId,
    GrantRequestId,
    OrderId,
    ReadId,
    StaffAccessId,
    VersionId,
)
from registry.values.moment import Moment
from registry.values.names import PublicName

TERMS_LENGTH_MAX: Final = 50_000
PURPOSE_LENGTH_MAX: Final = 2_000
CONTACT_LENGTH_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Terms:
    """One text of the terms of a dataset; it never changes. ``text`` None says that from then on there are none."""

    dataset: DatasetId
    number: int
    text: str | None
    digest: Digest | None
    set_at: Moment


@dataclass(frozen=True, slots=True)
class Acceptance:
    """That a firm accepted one text of the terms of a dataset, by which member, with the digest it had."""

    dataset: DatasetId
    number: int
    firm: FirmId
    account: AccountId
    digest: Digest
    accepted_at: Moment
    firm_name: str = ""


class ReadWay(StrEnum):
    """How content is read: as files, or as rows of a table that are asked for."""

    DOWNLOAD = "download"
    TABLE_READS = "table_reads"


EVERY_WAY: Final = frozenset(ReadWay)


class RequestState(StrEnum):
    """Where a request for a grant is."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    TAKEN_BACK = "taken_back"
    ENDED = "ended"


REQUEST_MOVES: Final[Mapping[RequestState, frozenset[RequestState]]] = {
    RequestState.ASKED: frozenset({RequestState.GRANTED, RequestState.REFUSED, RequestState.TAKEN_BACK}),
    RequestState.GRANTED: frozenset({RequestState.ENDED}),
    RequestState.REFUSED: frozenset(),
    RequestState.TAKEN_BACK: frozenset(),
    RequestState.ENDED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class GrantRequest:
    """A firm's request to read a gated dataset, and what its owner answered.

    ``ends_at`` is when what was granted ends or ended, None while it has no end; ``reason`` is the owner's, of a
    refusal or of the end.
    """

    id: GrantRequestId
    dataset: DatasetId
    dataset_name: str
    publisher: FirmId
    firm: FirmId
    account: AccountId
    purpose: str
    contact: str
    state: RequestState
    asked_at: Moment
    answered_at: Moment | None = None
    ends_at: Moment | None = None
    reason: str | None = None
    firm_name: str = ""


@dataclass(frozen=True, slots=True)
class AccessChange:
    """That a dataset was opened or gated, and what stands of those who read it before.

    ``terms`` is the text that stands, None without one, ``terms_accepted`` how many firms accepted it; ``grants`` last,
    ``requests`` wait, ``important`` versions need a grant whatever the dataset says; ``price_fen`` is what it is sold
    for, None when it is not on sale.
    """

    name: str
    before: Openness
    access: Openness
    changed_at: Moment
    terms: int | None
    terms_accepted: int
    grants: int
    requests: int
    important: int
    price_fen: int | None


@dataclass(frozen=True, slots=True)
class Consequence:
    """Something that holds after a change of access: a code with its figures."""

    code: str
    parameters: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AskForGrant:
    """Ask the owner of a dataset for a grant: what for, and whom the owner may talk to."""

    dataset: PublicName
    purpose: str
    contact: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What opens a gated dataset to a firm: an order or a request, named by its id. ``ends_at`` None: no end."""

    source: OrderId | GrantRequestId
    dataset: DatasetId
    firm: FirmId
    granted_at: Moment
    ends_at: Moment | None
    firm_name: str = ""


@dataclass(frozen=True, slots=True)
class GrantUntil:
    """Grant what was asked for; ``until`` is the last day of it, None without an end."""

    request: GrantRequestId
    until: date | None


STAFF_ACCESS_DAYS_MAX: Final = 14


@dataclass(frozen=True, slots=True)
class OpenStaffAccess:
    """Read a dataset as an officer for some days: for a case, or (None) for an audit, with a reason its owner sees."""

    dataset: PublicName
    days: int
    reason: str
    case: CaseId | None = None


@dataclass(frozen=True, slots=True)
class StaffAccess:
    """An officer's access to a dataset, until ``ends_at``."""

    id: StaffAccessId
    dataset: DatasetId
    authority: AuthorityId
    account: AccountId
    reason: str
    case: CaseId | None
    opened_at: Moment
    ends_at: Moment


@dataclass(frozen=True, slots=True)
class StaffRead:
    """One address of one file that was given to an officer."""

    read_at: Moment
    id: ReadId
    version: VersionId
    number: int
    path: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class RecallVersion:
    """Recall a version: why, on which legal basis, by which document."""

    dataset: PublicName
    number: int
    reason: str
    legal_basis: str
    document_number: str


@dataclass(frozen=True, slots=True)
class Recall:
    """That an authority recalled a version."""

    version: VersionId
    authority: AuthorityId
    account: AccountId
    reason: str
    legal_basis: str
    document_number: str
    recalled_at: Moment


@dataclass(frozen=True, slots=True)
class Holder:
    """Who may hold content of a version: who was given addresses of its files, or had a grant.

    ``party`` is a firm, an authority, an account, or ``anonymous`` for all who did not sign in.
    """

    party: str
    name: str
    reads: int
    first_read_at: Moment | None
    last_read_at: Moment | None
    granted: bool
