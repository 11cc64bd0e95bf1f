"""What firms and officers ask of a case, checked for form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from urllib.parse import urlsplit

from registry.awards.model import Outcome, OutsideSearch
from registry.awards.shares import require_split
from registry.errors import InvalidValueError
from registry.policy.plain_text import require_day, require_text
from registry.values.digest import Digest
from registry.values.identifiers import CaseId, FirmId, VoucherId
from registry.values.names import PublicName
from registry.vouchers.payee import PayeeGiven

OPINION_LENGTH_MAX: Final = 2_000
VOUCHERS_MAX: Final = 1_000


def require_line_numbers(given: tuple[int, ...]) -> None:
    """Raise InvalidValueError for what names no lines of a case: too many of them, or one below 1."""
    if len(given) > VOUCHERS_MAX:
        raise InvalidValueError("list_length", at="lines", given=len(given), most=VOUCHERS_MAX)
    for number in given:
        if not 1 <= number <= VOUCHERS_MAX:
            raise InvalidValueError("line_number_out_of_range", given=number, most=VOUCHERS_MAX)


@dataclass(frozen=True, slots=True)
class ApplyForAward:
    """Apply for an award for a dataset of one's own, with the undertaking that everything is true (真实性承诺).

    ``joint_makers`` share what is paid, in basis points, the applicant among them; none where it is paid alone.
    """

    instrument: str
    dataset: PublicName
    undertaking: bool
    payee: PayeeGiven
    joint_makers: Mapping[FirmId, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a split that is none. Raises InvalidValueError."""
        require_split(self.joint_makers)


@dataclass(frozen=True, slots=True)
class SignSplit:
    """Agree, as one of the joint makers, to the split with this digest, and say where one's part goes."""

    case: CaseId
    split: Digest
    payee: PayeeGiven


@dataclass(frozen=True, slots=True)
class FormBatch:
    """Form a payment batch of redeemed vouchers of a document; None takes all of them."""

    document: str
    vouchers: tuple[VoucherId, ...] | None

    def __post_init__(self) -> None:
        """Refuse an empty or an endless list. Raises InvalidValueError."""
        if self.vouchers is not None and not 1 <= len(self.vouchers) <= VOUCHERS_MAX:
            raise InvalidValueError("list_length", at="vouchers", given=len(self.vouchers), most=VOUCHERS_MAX)


@dataclass(frozen=True, slots=True)
class ReviewCase:
    """Say what the check of a case found."""

    case: CaseId
    passed: bool
    opinion: str
    originals_seen: bool
    search: OutsideSearch | None

    def __post_init__(self) -> None:
        """Refuse a review and a search without words. Raises InvalidValueError."""
        require_text(self.opinion, "opinion", OPINION_LENGTH_MAX)
        if self.search is not None:
            require_text(self.search.where, "outside_search.where", OPINION_LENGTH_MAX)
            require_text(self.search.note, "outside_search.note", OPINION_LENGTH_MAX, may_be_empty=True)


@dataclass(frozen=True, slots=True)
class PostNotice:
    """Record that the public notice stands on a page, with the digest of a capture of it."""

    case: CaseId
    page_url: str
    capture: Digest

    def __post_init__(self) -> None:
        """Refuse what is no web address, or names a user of it. Raises InvalidValueError."""
        text = require_text(self.page_url, "page_url", 2_000)
        try:
            parts = urlsplit(text)
            host, _ = parts.hostname, parts.port
        except ValueError as error:
            raise InvalidValueError("page_url_malformed", given=self.page_url[:80]) from error
        # Whoever reads the notice has no name and password there, and the probe sends none.
        if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc:
            raise InvalidValueError("page_url_malformed", given=self.page_url[:80])


@dataclass(frozen=True, slots=True)
class SignCase:
    """Give the opinion of one's rank on the lines of a case."""

    case: CaseId
    opinion: str
    approved: bool

    def __post_init__(self) -> None:
        """Refuse a signature without opinion. Raises InvalidValueError."""
        require_text(self.opinion, "opinion", OPINION_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class InstructPayment:
    """Instruct the payment of a case from a line of the year's budget."""

    case: CaseId
    budget_year: int
    project_code: str
    subject_code: str
    payment_voucher_number: str
    lines: tuple[int, ...] = ()
    """Which lines of a batch; without any, all that no objection holds."""

    def __post_init__(self) -> None:
        """Refuse missing codes and a year out of range. Raises InvalidValueError."""
        require_line_numbers(self.lines)
        require_text(self.project_code, "project_code", 60)
        require_text(self.subject_code, "subject_code", 60)
        require_text(self.payment_voucher_number, "payment_voucher_number", 60)
        if not 2000 <= self.budget_year <= 2199:
            raise InvalidValueError("budget_year_out_of_range", given=self.budget_year)


@dataclass(frozen=True, slots=True)
class RecordPayment:
    """Record the bank's receipt of an instructed payment."""

    case: CaseId
    bank_receipt: str
    paid_on: date
    lines: tuple[int, ...] = ()
    """Which lines of a batch; without any, all that no objection holds."""

    def __post_init__(self) -> None:
        """Refuse a missing receipt and a day out of range. Raises InvalidValueError."""
        require_line_numbers(self.lines)
        require_text(self.bank_receipt, "bank_receipt", 120)
        require_day(self.paid_on, "paid_on")


@dataclass(frozen=True, slots=True)
class RecordReturn:
    """Record that the bank sent an instructed payment back (退汇)."""

    case: CaseId
    reason: str
    lines: tuple[int, ...] = ()
    """Which lines of a batch; without any, all."""

    def __post_init__(self) -> None:
        """Refuse a return without reason. Raises InvalidValueError."""
        require_line_numbers(self.lines)
        require_text(self.reason, "reason", OPINION_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class RaiseObjection:
    """Object to lines of a case that were noticed; of a case of one line it need not be named."""

    case: CaseId
    reason: str
    lines: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an objection without reason. Raises InvalidValueError."""
        require_line_numbers(self.lines)
        require_text(self.reason, "reason", OPINION_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class AnswerObjection:
    """Answer an objection in writing; an upheld one ends the lines it is about."""

    case: CaseId
    number: int
    outcome: Outcome
    answer: str

    def __post_init__(self) -> None:
        """Refuse an answer without words. Raises InvalidValueError."""
        require_text(self.answer, "answer", OPINION_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class DecideLateObjection:
    """Decide whether an objection that came after the notice holds its lines, or they go on."""

    case: CaseId
    number: int
    hold: bool
    reason: str

    def __post_init__(self) -> None:
        """Refuse a decision without reason. Raises InvalidValueError."""
        require_text(self.reason, "reason", OPINION_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class WithdrawCase:
    """Withdraw an application of one's own, or one's lines of a batch."""

    case: CaseId
    reason: str

    def __post_init__(self) -> None:
        """Refuse a withdrawal without reason. Raises InvalidValueError."""
        require_text(self.reason, "reason", OPINION_LENGTH_MAX)
