"""Cases: an award or a batch of settled vouchers on its way to a payment.

A case moves

    applied → reviewed → instructed → paid | returned        returned → instructed
    applied | reviewed → refused | withdrawn

Notice and signatures are facts beside the state: both begin after the review, in either order; an instruction needs
both. Each binds the digest of the lines, so that a change of a line makes them void.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from registry.actors.model import Role
from registry.policy.model import Condition
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, CaseId, DatasetId, FirmId, VoucherId
from registry.values.moment import Moment
from registry.values.money import ZERO, Money


class CaseKind(StrEnum):
    """What a case pays."""

    AWARD = "award"
    VOUCHER_BATCH = "voucher_batch"


class CaseState(StrEnum):
    """Where a case stands."""

    APPLIED = "applied"
    REVIEWED = "reviewed"
    INSTRUCTED = "instructed"
    PAID = "paid"
    RETURNED = "returned"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


CASE_MOVES: Final[Mapping[CaseState, frozenset[CaseState]]] = {
    CaseState.APPLIED: frozenset({CaseState.REVIEWED, CaseState.REFUSED, CaseState.WITHDRAWN}),
    CaseState.REVIEWED: frozenset({CaseState.INSTRUCTED, CaseState.REFUSED, CaseState.WITHDRAWN}),
    CaseState.INSTRUCTED: frozenset({CaseState.PAID, CaseState.RETURNED}),
    CaseState.RETURNED: frozenset({CaseState.INSTRUCTED}),
    CaseState.PAID: frozenset(),
    CaseState.REFUSED: frozenset(),
    CaseState.WITHDRAWN: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One payment: whom, for what, by which clause, how much. ``subject`` is the dataset or the voucher."""

    firm: FirmId
    firm_name: str
    subject: DatasetId | VoucherId
    instrument: str
    clause: str
    standard: str
    amount: Money

    def as_json(self) -> Json:
        """Return what the digest of the lines is made of."""
        return {
            "firm": self.firm,
            "firm_name": self.firm_name,
            "subject": self.subject,
            "instrument": self.instrument,
            "clause": self.clause,
            "standard": self.standard,
            "amount_fen": self.amount.fen,
        }


@dataclass(frozen=True, slots=True)
class Notice:
    """A public notice (公示): posted with its page and the digest of a capture; it ran when ``ends_at`` is reached."""

    lines: Digest
    page_url: str
    capture: Digest
    posted_at: Moment
    ends_at: Moment
    posted_by: AccountId


@dataclass(frozen=True, slots=True)
class Signature:
    """The opinion of one officer of a rank on these lines (S0 附件3)."""

    rank: int
    role: Role
    account: AccountId
    lines: Digest
    opinion: str
    approved: bool
    signed_at: Moment


@dataclass(frozen=True, slots=True)
class Review:
    """What the reviewer found, with the recorded outside search for an earlier publication (RULINGS 8)."""

    account: AccountId
    passed: bool
    opinion: str
    originals_seen: bool
    search: Mapping[str, Json] | None
    reviewed_at: Moment


@dataclass(frozen=True, slots=True)
class Instruction:
    """The instruction to pay (拨付指令)."""

    account: AccountId
    budget_year: int
    project_code: str
    subject_code: str
    payment_voucher_number: str
    instructed_at: Moment


@dataclass(frozen=True, slots=True)
class BankPayment:
    """The bank's receipt."""

    account: AccountId
    bank_receipt: str
    paid_on: date
    recorded_at: Moment


@dataclass(frozen=True, slots=True)
class Case:
    """A case with everything decided on it so far."""

    id: CaseId
    authority: AuthorityId
    kind: CaseKind
    document: str
    instrument: str
    state: CaseState
    applicant: FirmId | None
    applied_by: AccountId
    applied_at: Moment
    lines: tuple[Line, ...]
    revision: Digest
    facts: Digest
    sign_off_levels: tuple[str, ...]
    notice_days: int
    review: Review | None = None
    notice: Notice | None = None
    signatures: tuple[Signature, ...] = ()
    instruction: Instruction | None = None
    payment: BankPayment | None = None
    objections_open: int = 0

    @property
    def amount(self) -> Money:
        """The sum of the lines."""
        return sum((line.amount for line in self.lines), ZERO)

    @property
    def lines_digest(self) -> Digest:
        """What notice and signatures bind."""
        return Digest.of_json([line.as_json() for line in self.lines])


@dataclass(frozen=True, slots=True)
class AwardFacts:
    """Everything a verdict under S1 cl.14a rests on, as known on ``day``.

    Shares are whole basis points, scores whole hundredths. ``earlier`` is the earliest public opening known from anyone
    (place, day), before our own; None when none is known. ``scores`` are the three TC609 dimensions of the newest
    signed laboratory report on this content, None without one.
    """

    day: date
    event_on: date | None
    in_force: bool
    in_term: bool
    is_publisher: bool
    sector: str
    adopters: int
    published_on: date | None
    earlier: tuple[str, date] | None
    origin: str
    derived: bool
    new_share_bp: int | None
    scores_hundredths: tuple[int, int, int] | None
    awarded_before: str | None
    open_case: str | None
    credit_clean: str
    operates_in_region: str
    extra: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AwardVerdict:
    """A verdict with its amount, and what it was made from, so that it can be replayed."""

    instrument: str
    dataset: DatasetId
    conditions: tuple[Condition, ...]
    amount: Money
    open_assumptions: tuple[str, ...]
    revision: Digest
    facts: Mapping[str, Json]

    @property
    def facts_digest(self) -> Digest:
        """The digest of every fact used."""
        return Digest.of_json(dict(self.facts))
