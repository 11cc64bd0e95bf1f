"""Cases: an award or a batch of settled vouchers on its way to a payment.

A case moves

    applied → reviewed → instructed → paid | returned        returned → instructed
    applied | reviewed → refused | withdrawn

Notice and signatures are facts beside the state: both begin after the review, in either order; an instruction needs
both. Each binds the digest of the lines, so that a change of a line makes them void. An objection that is upheld, an
officer who does not approve, and an earlier publication that is found end a case in an adverse decision.

What officers do to a case are acts: written once, one after the other, never changed; a case is what its acts come to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final

from registry.actors.model import Role
from registry.errors import Obstacle
from registry.policy.model import Condition, Verdict
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, CaseId, DatasetId, EntryId, FirmId, VoucherId
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


OPEN_STATES: Final = frozenset(CaseState) - {CaseState.PAID, CaseState.REFUSED, CaseState.WITHDRAWN}
"""States in which a case may still lead to a payment."""


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

    def as_json(self) -> dict[str, Json]:
        """Return what the digest of the lines is made of."""
        return {
            "firm": str(self.firm),
            "firm_name": self.firm_name,
            "subject": str(self.subject),
            "instrument": self.instrument,
            "clause": self.clause,
            "standard": self.standard,
            "amount_fen": self.amount.fen,
        }


class ActKind(StrEnum):
    """What was done to a case."""

    REVIEWED = "reviewed"
    NOTICED = "noticed"
    SIGNED = "signed"
    INSTRUCTED = "instructed"
    PAID = "paid"
    RETURNED = "returned"
    OBJECTED = "objected"
    ANSWERED = "answered"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Act:
    """One act: who, when, what was said; ``entry`` is its line in the journal."""

    number: int
    kind: ActKind
    account: AccountId
    at: Moment
    content: Mapping[str, Any]
    entry: EntryId


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
class OutsideSearch:
    """The officer's recorded search for an earlier publication anywhere (RULINGS 8)."""

    where: str
    found_earlier: bool
    note: str

    def as_json(self) -> dict[str, Json]:
        """Return the search as an act keeps it."""
        return {"where": self.where, "found_earlier": self.found_earlier, "note": self.note}


@dataclass(frozen=True, slots=True)
class Review:
    """What the reviewer found, with the recorded outside search where the case is an award."""

    account: AccountId
    passed: bool
    opinion: str
    originals_seen: bool
    search: OutsideSearch | None
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


class Outcome(StrEnum):
    """What became of an objection."""

    UPHELD = "upheld"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Objection:
    """What somebody said against a case while its notice ran, and the written answer; ``outcome`` None: open."""

    number: int
    account: AccountId
    reason: str
    raised_at: Moment
    outcome: Outcome | None = None
    answer: str = ""
    answered_by: AccountId | None = None
    answered_at: Moment | None = None


@dataclass(frozen=True, slots=True)
class AdverseDecision:
    """Why a case was refused: a numbered decision with facts, clause, reasons and remedies (RULINGS 34)."""

    number: str
    code: str
    clause: str
    reason: str
    decided_by: AccountId
    decided_at: Moment


@dataclass(frozen=True, slots=True)
class Payee:
    """Where the money goes: the firm's own account (RULINGS 28), whole only for finance.

    ``digest`` is that of the whole with a salt, so that nobody can try account numbers against it.
    """

    account_name: str
    bank: str
    masked_number: str
    digest: Digest


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
    payee: Payee | None = None
    entry: EntryId | None = None
    acts: tuple[Act, ...] = ()
    review: Review | None = None
    notice: Notice | None = None
    signatures: tuple[Signature, ...] = ()
    instruction: Instruction | None = None
    payment: BankPayment | None = None
    objections: tuple[Objection, ...] = ()
    refusal: AdverseDecision | None = None
    whole_digest: Digest | None = None

    @property
    def amount(self) -> Money:
        """The sum of the lines."""
        return sum((line.amount for line in self.lines), ZERO)

    @property
    def lines_digest(self) -> Digest:
        """What notice and signatures bind; of a case of which only some lines are shown, still that of all."""
        return self.whole_digest or Digest.of_json([line.as_json() for line in self.lines])

    @property
    def firms(self) -> frozenset[FirmId]:
        """Whose case it is."""
        return frozenset(line.firm for line in self.lines)

    def shown_to(self, firm: FirmId) -> "Case":
        """Return the case with the lines of one firm; what others receive is not its business."""
        own = tuple(line for line in self.lines if line.firm == firm)
        return replace(self, lines=own, whole_digest=self.lines_digest)

    @property
    def objections_open(self) -> int:
        """How many objections wait for an answer."""
        return sum(each.outcome is None for each in self.objections)


@dataclass(frozen=True, slots=True)
class AwardTerms:
    """What an award asks for and pays, by one revision of a document and the rulings of a day.

    Shares are whole basis points, scores whole points. ``tiers`` are (first number, last number or None, fen).
    """

    instrument: str
    clause: str
    sectors: tuple[str, ...] | None
    sectors_clause: str
    adopters_needed: int
    leader_levels: tuple[str, ...]
    new_share_least_bp: int
    score_least: int
    term_first: date
    term_last: date
    claims_until: date
    tiers: tuple[tuple[int, int | None, int], ...]

    def as_json(self) -> dict[str, Json]:
        """Return the terms as a snapshot keeps them."""
        return {
            "instrument": self.instrument,
            "clause": self.clause,
            "sectors": None if self.sectors is None else list(self.sectors),
            "sectors_clause": self.sectors_clause,
            "adopters_needed": self.adopters_needed,
            "leader_levels": list(self.leader_levels),
            "new_share_least_bp": self.new_share_least_bp,
            "score_least": self.score_least,
            "term_first": self.term_first.isoformat(),
            "term_last": self.term_last.isoformat(),
            "claims_until": self.claims_until.isoformat(),
            "tiers": [list(tier) for tier in self.tiers],
        }

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "AwardTerms":
        """Return the terms of a snapshot."""
        return cls(
            instrument=kept["instrument"],
            clause=kept["clause"],
            sectors=None if kept["sectors"] is None else tuple(kept["sectors"]),
            sectors_clause=kept["sectors_clause"],
            adopters_needed=kept["adopters_needed"],
            leader_levels=tuple(kept["leader_levels"]),
            new_share_least_bp=kept["new_share_least_bp"],
            score_least=kept["score_least"],
            term_first=date.fromisoformat(kept["term_first"]),
            term_last=date.fromisoformat(kept["term_last"]),
            claims_until=date.fromisoformat(kept["claims_until"]),
            tiers=tuple((first, last, fen) for first, last, fen in kept["tiers"]),
        )


@dataclass(frozen=True, slots=True)
class AwardFacts:
    """Everything a verdict under S1 cl.14a rests on, as known on ``day``.

    Shares are whole basis points, scores whole hundredths. ``earlier`` is the earliest public opening known from anyone
    (place, day), before our own; None when none is known. ``scores`` are the three TC609 dimensions of the newest
    report on this content by a laboratory of the register, None without one.
    """

    day: date
    event_on: date | None
    in_force: bool
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

    def as_json(self) -> dict[str, Json]:
        """Return the facts as a snapshot keeps them."""
        return {
            "day": self.day.isoformat(),
            "event_on": self.event_on.isoformat() if self.event_on else None,
            "in_force": self.in_force,
            "is_publisher": self.is_publisher,
            "sector": self.sector,
            "adopters": self.adopters,
            "published_on": self.published_on.isoformat() if self.published_on else None,
            "earlier": [self.earlier[0], self.earlier[1].isoformat()] if self.earlier else None,
            "origin": self.origin,
            "derived": self.derived,
            "new_share_bp": self.new_share_bp,
            "scores_hundredths": list(self.scores_hundredths) if self.scores_hundredths else None,
            "awarded_before": self.awarded_before,
            "open_case": self.open_case,
            "credit_clean": self.credit_clean,
            "operates_in_region": self.operates_in_region,
        }

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "AwardFacts":
        """Return the facts of a snapshot."""
        day = date.fromisoformat
        scores = kept["scores_hundredths"]
        return cls(
            day=day(kept["day"]),
            event_on=day(kept["event_on"]) if kept["event_on"] else None,
            in_force=kept["in_force"],
            is_publisher=kept["is_publisher"],
            sector=kept["sector"],
            adopters=kept["adopters"],
            published_on=day(kept["published_on"]) if kept["published_on"] else None,
            earlier=(kept["earlier"][0], day(kept["earlier"][1])) if kept["earlier"] else None,
            origin=kept["origin"],
            derived=kept["derived"],
            new_share_bp=kept["new_share_bp"],
            scores_hundredths=(scores[0], scores[1], scores[2]) if scores else None,
            awarded_before=kept["awarded_before"],
            open_case=kept["open_case"],
            credit_clean=kept["credit_clean"],
            operates_in_region=kept["operates_in_region"],
        )


@dataclass(frozen=True, slots=True)
class AwardVerdict:
    """A verdict with its amount, and the snapshot it was made from, so that it can be replayed."""

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

    @property
    def obstacles(self) -> tuple[Obstacle, ...]:
        """What stands in the way; a verdict that looked at nothing stands in its own way."""
        return Verdict(self.conditions).obstacles

    @property
    def eligible(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.obstacles


class Occasion(StrEnum):
    """When a decision was taken."""

    APPLICATION = "application"
    PAYMENT = "payment"


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided from which facts: enough to decide again as of then (DESIGN §3b)."""

    occasion: Occasion
    decided_at: Moment
    revision: Digest
    facts: Mapping[str, Any]
    facts_digest: Digest
