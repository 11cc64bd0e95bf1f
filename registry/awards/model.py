"""Cases: an award, a grant or a batch of settled vouchers on its way to a payment.

A case moves

    applied → reviewed → instructed → paid | returned        returned → instructed
    applied | reviewed → refused | withdrawn
    reviewed | returned → applied | reviewed, when an officer is recused and what the officer did is void
    applied → correcting → applied | withdrawn
    returned → refused, when a late objection is upheld
    correcting | returned → refused, when the lineage of an award lost a contest of novelty
    refused → applied, when a remedy annuls the refusal: what was decided is void, and others decide anew
    refused → applied | correcting | reviewed, when the decision of the contest that ended it is void

A grant is any instrument of a policy document that asks for facts rather than for adopters: its applicant states them,
officers confirm them, and what they come to is assessed; the newest assessment says what the line amounts to.

Notice and signatures are facts beside the state: both begin after the review, in either order; an instruction needs
both. Each binds the digest of every line, so that a change of a line makes them void for this line (``lines.py``). An
objection that is upheld, an officer who does not approve, and an earlier publication that is found end a case in an
adverse decision; lines of a batch that end otherwise than the others are set apart into a case of their own.

What came between an instruction and the bank's receipt hinders no record of it (``came_between.py``): a case is paid
when the bank has paid, and what was open then is decided afterwards.

What officers do to a case are acts: written once, one after the other, never changed; a case is what its acts come to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final

from registry.actors.model import Role
from registry.awards.probe_model import Watch
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, CaseId, DatasetId, EntryId, FirmId, VoucherId
from registry.values.moment import Moment
from registry.values.money import ZERO, Money
from registry.vouchers.payee import Payee


class CaseKind(StrEnum):
    """What a case pays."""

    AWARD = "award"
    GRANT = "grant"
    VOUCHER_BATCH = "voucher_batch"


class CaseState(StrEnum):
    """Where a case stands."""

    APPLIED = "applied"
    CORRECTING = "correcting"
    REVIEWED = "reviewed"
    INSTRUCTED = "instructed"
    PAID = "paid"
    RETURNED = "returned"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


CASE_MOVES: Final[Mapping[CaseState, frozenset[CaseState]]] = {
    CaseState.APPLIED: frozenset({CaseState.CORRECTING, CaseState.REVIEWED, CaseState.REFUSED, CaseState.WITHDRAWN}),
    CaseState.CORRECTING: frozenset({CaseState.APPLIED, CaseState.WITHDRAWN, CaseState.REFUSED}),
    CaseState.REVIEWED: frozenset({CaseState.INSTRUCTED, CaseState.REFUSED, CaseState.WITHDRAWN, CaseState.APPLIED}),
    CaseState.INSTRUCTED: frozenset({CaseState.PAID, CaseState.RETURNED, CaseState.REVIEWED, CaseState.APPLIED}),
    CaseState.RETURNED: frozenset({CaseState.INSTRUCTED, CaseState.REVIEWED, CaseState.APPLIED, CaseState.REFUSED}),
    CaseState.PAID: frozenset(),
    CaseState.REFUSED: frozenset({CaseState.APPLIED}),
    CaseState.WITHDRAWN: frozenset(),
}


OPEN_STATES: Final = frozenset(CaseState) - {CaseState.PAID, CaseState.REFUSED, CaseState.WITHDRAWN}
"""States in which a case may still lead to a payment."""


@dataclass(frozen=True, slots=True)
class Line:
    """One payment: whom, for what, by which clause, how much.

    ``subject`` is the dataset, the voucher, or a keyed digest of what else a grant is for (worker, site, title …).

    A voucher is paid to the account its firm stated at redemption, the part of a joint maker to the one it stated with
    its signature: ``payee_digest`` freezes it, ``payee`` is what everyone who sees the case may see of it.
    The account of an award's applicant stands with its case.

    ``person``: the party is a natural person, and ``firm_name`` its name with one character masked (RULINGS 25).
    """

    firm: FirmId
    firm_name: str
    subject: DatasetId | VoucherId | Digest
    instrument: str
    clause: str
    standard: str
    amount: Money
    payee_digest: Digest | None = None
    payee: Payee | None = field(default=None, compare=False)
    person: bool = False
    share_bp: int | None = None
    """What its firm receives of the whole, in basis points, where joint makers share it; None: it is not shared."""
    number: int = field(default=0, compare=False)
    """What the line is named by in its case; it keeps it in a case that it is set apart into. 0: not given yet."""

    @property
    def digest(self) -> Digest:
        """What a notice and a signature bind of this line."""
        return Digest.of_json(self.as_json())

    def as_json(self) -> dict[str, Json]:
        """Return what the digest of the lines is made of; of the account it is the digest alone, of a person the id."""
        frozen: dict[str, Json] = {"payee_digest": str(self.payee_digest)} if self.payee_digest else {}
        named: dict[str, Json] = {} if self.person else {"firm_name": self.firm_name}
        shared: dict[str, Json] = {} if self.share_bp is None else {"share_bp": self.share_bp}
        return (
            frozen
            | named
            | shared
            | {
                "firm": str(self.firm),
                "subject": str(self.subject),
                "instrument": self.instrument,
                "clause": self.clause,
                "standard": self.standard,
                "amount_fen": self.amount.fen,
            }
        )


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
    RECUSED = "recused"
    """An officer was recused; what of the officer's acts is void stands in it."""
    ASSESSED = "assessed"
    CORRECTION_ASKED = "correction_asked"
    CORRECTED = "corrected"
    DEPARTMENTS_ASKED = "departments_asked"
    DEPARTMENT_ANSWERED = "department_answered"
    SET_APART = "set_apart"
    """Some lines left for a case of their own; what was done to the others, or to these, shares its entry."""
    LATE_DECIDED = "late_decided"
    REDECIDED = "redecided"
    """A contest of novelty was decided, and the case was decided again by what it found."""
    REOPENED = "reopened"
    """A refusal was annulled; what of the officers' acts is void stands in it."""
    REFUSAL_SERVED = "refusal_served"
    EXPERTS_DRAWN = "experts_drawn"
    SCORES_OPENED = "scores_opened"
    ALLOTTED = "allotted"
    """The money of a round was divided; what the case receives stands in it."""
    SPLIT_SIGNED = "split_signed"
    """A joint maker signed the split and said where its part goes; it holds while the split stays as it was signed."""
    SPLIT_WITHDRAWN = "split_withdrawn"
    CONTEST_VOIDED = "contest_voided"
    """The decision by which the case was decided again is void; what of its acts falls with it stands in it."""
    PAYMENT_REVIEWED = "payment_reviewed"
    """A reviewer said whether a payment stands although something had come between the instruction and its receipt."""


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
    """A public notice (公示): posted with its page and the digest of a capture; it ran when ``ends_at`` is reached.

    ``digests`` are those of the lines it carries: each that it listed and that has not changed since.
    """

    lines: Digest
    page_url: str
    capture: Digest
    posted_at: Moment
    ends_at: Moment
    posted_by: AccountId
    digests: frozenset[Digest] = frozenset()
    watch: Watch | None = None
    """What the probe makes of it, where the office has one; when the notice ends says ``probing.notice_end``."""


@dataclass(frozen=True, slots=True)
class Signature:
    """The opinion of one officer of a rank on these lines (S0 附件3); ``digests`` are those of each."""

    rank: int
    role: Role
    account: AccountId
    lines: Digest
    opinion: str
    approved: bool
    signed_at: Moment
    delegation: str | None = None
    """The delegation by which somebody else than an officer of the rank signed."""
    digests: frozenset[Digest] = frozenset()


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
class Assessment:
    """What a grant comes to by the facts an officer confirmed; ``facts`` is the digest of the snapshot it is from."""

    account: AccountId
    amount: Money
    facts: Digest
    confirmed: Mapping[str, Any]
    opinion: str
    assessed_at: Moment


@dataclass(frozen=True, slots=True)
class Correction:
    """The one notice of every defect (一次性告知, 补正): answered to the end of ``until``, or taken as withdrawn.

    ``answered_at`` None: not yet.
    """

    defects: tuple[str, ...]
    asked_by: AccountId
    asked_at: Moment
    until: date
    answered_at: Moment | None = None
    answer: str = ""


@dataclass(frozen=True, slots=True)
class DepartmentCheck:
    """What a department was asked about a case, beside others; ``agrees`` None: it has not answered."""

    department: str
    agrees: bool | None = None
    opinion: str = ""
    recorded_by: AccountId | None = None
    answered_at: Moment | None = None


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
class PaymentReview:
    """Whether a payment stands although something had come between instruction and receipt, by a reviewer."""

    account: AccountId
    stands: bool
    reason: str
    reviewed_at: Moment


GOES_ON: Final = frozenset({"objection_open", "novelty_contested", "novelty_lost", "contest_decider_tied"})
"""What is decided by itself after a payment as before it: an objection is answered, a contest decided and reviewed."""


@dataclass(frozen=True, slots=True)
class BankPayment:
    """The bank's receipt, and what had come between the instruction and its record, by the codes of the obstacles."""

    account: AccountId
    bank_receipt: str
    paid_on: date
    recorded_at: Moment
    in_spite_of: tuple[str, ...] = ()
    review: PaymentReview | None = None

    @property
    def to_review(self) -> tuple[str, ...]:
        """What of it a reviewer still has to look at."""
        return () if self.review else tuple(code for code in self.in_spite_of if code not in GOES_ON)


@dataclass(frozen=True, slots=True)
class OpenedScores:
    """What the scores of all experts come to, in hundredths of a point; ``passed``: the pass score is reached."""

    account: AccountId
    total_hundredths: int
    passed: bool
    opened_at: Moment


@dataclass(frozen=True, slots=True)
class Share:
    """What one of the joint makers receives of a case, in basis points; ``signed``: it agreed to the split as it is."""

    line: int
    firm: FirmId
    firm_name: str
    basis_points: int
    signed: bool


class Outcome(StrEnum):
    """What became of an objection."""

    UPHELD = "upheld"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Objection:
    """What somebody said against lines of a case, and the written answer; ``outcome`` None: not answered.

    ``lines`` are their numbers, none for all. One that was ``late`` came after the notice: ``hold`` is what an officer
    decided of it, None until then.
    """

    number: int
    account: AccountId
    reason: str
    raised_at: Moment
    outcome: Outcome | None = None
    answer: str = ""
    answered_by: AccountId | None = None
    answered_at: Moment | None = None
    lines: tuple[int, ...] = ()
    late: bool = False
    hold: bool | None = None
    decision: str = ""
    decided_at: Moment | None = None

    @property
    def holds(self) -> bool:
        """Whether it holds its lines: it is not answered, and nobody decided that they go on."""
        return self.outcome is None and not (self.late and self.hold is False)


@dataclass(frozen=True, slots=True)
class AdverseDecision:
    """Why a case was refused: a numbered decision with facts, clause, reasons and remedies (RULINGS 34)."""

    number: str
    code: str
    clause: str
    reason: str
    decided_by: AccountId
    decided_at: Moment
    served_on: date | None = None
    """The day the applicant had it in hand; its terms of remedies run from the next. None: no proof of service."""
    service: Mapping[str, Any] | None = None


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
    """The newest notice; ``notices`` are all that carry a line."""
    notices: tuple[Notice, ...] = ()
    signatures: tuple[Signature, ...] = ()
    instruction: Instruction | None = None
    payment: BankPayment | None = None
    objections: tuple[Objection, ...] = ()
    refusal: AdverseDecision | None = None
    whole_digest: Digest | None = None
    applied_lines: tuple[Line, ...] = ()
    assessment: Assessment | None = None
    assessors: frozenset[AccountId] = frozenset()
    correction: Correction | None = None
    departments: tuple[DepartmentCheck, ...] = ()
    scores: OpenedScores | None = None
    allotted: Money | None = None
    """What the case receives out of the budget of its round; None: not divided since it was assessed."""
    experts: frozenset[AccountId] = frozenset()
    """Who was ever drawn as an expert: none of them reviews, signs or pays."""
    split: tuple[Share, ...] = ()
    """How joint makers share the whole; every one of them sees all of it, since that is what it signs."""
    share_payees: Mapping[Digest, Payee] = field(default_factory=dict, compare=False)
    """The accounts joint makers stated, as everyone who sees their line may see them."""

    @property
    def makers(self) -> frozenset[FirmId]:
        """The joint makers; none where the case is not shared."""
        return frozenset(each.firm for each in self.split)

    @property
    def split_digest(self) -> Digest | None:
        """What a joint maker signs: who receives which share of this case. None where it is not shared."""
        if not self.split:
            return None
        return Digest.of_json(
            {"case": str(self.id), "shares": [[str(each.firm), each.basis_points] for each in self.split]}
        )

    @property
    def amount(self) -> Money:
        """The sum of the lines."""
        return sum((line.amount for line in self.lines), ZERO)

    @property
    def own_amount(self) -> Money:
        """What the case comes to by itself, before the money of a round is divided."""
        if self.assessment is not None:
            return self.assessment.amount
        return sum((line.amount for line in self.applied_lines or self.lines), ZERO)

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
        numbers = {line.number for line in own}
        about = tuple(each for each in self.objections if not each.lines or numbers & set(each.lines))
        # The account that stands with a shared case is its applicant's.
        payee = self.payee if not self.split or firm == self.applicant else None
        # What came between an instruction and its receipt may be the affair of another line, and is the office's.
        payment = replace(self.payment, in_spite_of=(), review=None) if self.payment else None
        return replace(self, lines=own, objections=about, whole_digest=self.lines_digest, payee=payee, payment=payment)

    @property
    def objections_open(self) -> int:
        """How many objections hold a line: they wait for an answer, or for the decision on a late one."""
        return sum(each.holds for each in self.objections)


class Occasion(StrEnum):
    """When a decision was taken."""

    APPLICATION = "application"
    ASSESSMENT = "assessment"
    PAYMENT = "payment"
    CONTEST = "contest"


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided from which facts: enough to decide again as of then (DESIGN §3b)."""

    occasion: Occasion
    decided_at: Moment
    revision: Digest
    facts: Mapping[str, Any]
    facts_digest: Digest
