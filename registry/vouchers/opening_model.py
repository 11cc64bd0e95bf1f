"""Opening balances: what an authority paid before it kept its books here, as its files say."""

from dataclasses import dataclass

from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, DatasetId, FirmId, OpeningId, PoolId
from registry.values.moment import Moment
from registry.values.money import Money
from registry.vouchers.model import FirmYearKey

LINES_MAX = 2_000


@dataclass(frozen=True, slots=True)
class WrittenLine:
    """A line as a file has it, well-formed: a use of ``pool``, or a past award under ``instrument``; never both."""

    line: int
    pool: str
    instrument: str
    uscc: str
    year: int
    base: Money
    amount: Money
    dataset: str


@dataclass(frozen=True, slots=True)
class PastUse:
    """What a firm had from a pool in a year before the system: it counts like a voucher that was paid."""

    line: int
    pool: PoolId
    firm_year: FirmYearKey
    base: Money
    amount: Money


@dataclass(frozen=True, slots=True)
class PastAward:
    """An award that was paid before the system; on a dataset it stands in the way of a second one."""

    line: int
    instrument: str
    firm: FirmId
    year: int
    amount: Money
    dataset: DatasetId | None


@dataclass(frozen=True, slots=True)
class Opening:
    """Opening balances as one officer proposed them and, once they count, as another confirmed them.

    ``content`` is the file, ``digest`` its SHA-256.
    """

    id: OpeningId
    authority: AuthorityId
    digest: Digest
    content: bytes
    proposed_by: AccountId
    proposed_at: Moment
    confirmed_by: AccountId | None = None
    confirmed_at: Moment | None = None


@dataclass(frozen=True, slots=True)
class OpeningListed:
    """Opening balances in a list, without their file."""

    id: OpeningId
    authority: AuthorityId
    digest: Digest
    proposed_by: AccountId
    proposed_at: Moment
    confirmed_by: AccountId | None
    confirmed_at: Moment | None


@dataclass(frozen=True, slots=True)
class OpeningShown:
    """Opening balances with what their lines come to."""

    opening: Opening
    lines: tuple[WrittenLine, ...]
    used: Money
    awarded: Money
