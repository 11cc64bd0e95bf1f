"""Uses of pools whose money is not ours: recorded by the number of the document that granted them.

No ledger of ours holds such money: a use is a fact about a purchase, with which another benefit for it is excluded
(RULINGS 11). What was recorded wrongly is ended by a number, never changed.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Final

from registry.errors import InvalidValueError
from registry.policy.plain_text import require_text
from registry.values.identifiers import AccountId, AuthorityId, ExternalUseId, FirmId, OrderId
from registry.values.moment import Moment
from registry.values.money import Money

NUMBER_LENGTH_MAX: Final = 100
LINE_MAX: Final = 100_000
_INVOICE_NUMBER: Final = re.compile(r"[0-9]{8,20}", re.ASCII)


def invoice_number(text: str) -> str:
    """Return the number of an invoice as it is compared: full-width digits as the usual ones, no blanks (F6).

    Raises InvalidValueError for what is none.
    """
    found = "".join(unicodedata.normalize("NFKC", text).split())
    if not _INVOICE_NUMBER.fullmatch(found):
        raise InvalidValueError("external_invoice_malformed", given=text[:40])
    return found


@dataclass(frozen=True, slots=True)
class RecordExternalUse:
    """Record what a firm had of an external pool.

    ``instrument`` is that of the policy document that names the pool; ``line`` that of the firm in the document of
    ``organ`` with ``number``. The purchase is named by an order here, by the invoice, or by both.
    """

    document: str
    instrument: str
    firm: FirmId
    organ: str
    number: str
    line: int
    decided_on: date
    amount: Money
    order: OrderId | None
    invoice: str | None
    source: str

    def __post_init__(self) -> None:
        """Refuse what names nothing. Raises InvalidValueError."""
        for text, name in ((self.organ, "organ"), (self.number, "number"), (self.source, "source")):
            require_text(text, name, NUMBER_LENGTH_MAX)
        if not 1 <= self.line <= LINE_MAX:
            raise InvalidValueError("external_line_malformed", given=self.line)
        if not self.amount:
            raise InvalidValueError("external_without_amount")
        if self.order is None and self.invoice is None:
            raise InvalidValueError("external_without_purchase")


@dataclass(frozen=True, slots=True)
class EndExternalUse:
    """Say by a numbered document that a use was recorded wrongly, or was taken back."""

    use: ExternalUseId
    number: str
    reason: str

    def __post_init__(self) -> None:
        """Refuse what says nothing. Raises InvalidValueError."""
        require_text(self.number, "number", NUMBER_LENGTH_MAX)
        require_text(self.reason, "reason", 500)


@dataclass(frozen=True, slots=True)
class ExternalUse:
    """A recorded use of an external pool; it excludes others until it was ended."""

    id: ExternalUseId
    authority: AuthorityId
    document: str
    instrument: str
    firm: FirmId
    organ: str
    number: str
    line: int
    decided_on: date
    amount: Money
    order: OrderId | None
    invoice: str | None
    source: str
    recorded_by: AccountId
    recorded_at: Moment
    ended_by_number: str | None = None
    ended_reason: str | None = None
    ended_at: Moment | None = None

    @property
    def reference(self) -> str:
        """What others cite it by."""
        return f"{self.organ} {self.number}"
