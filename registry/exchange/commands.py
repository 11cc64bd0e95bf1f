"""What is asked of an order after it was invoiced and paid: red letters and refunds."""

from dataclasses import dataclass
from datetime import date

from registry.exchange.model import Verification
from registry.values.identifiers import InvoiceId, OrderId, RedLetterId
from registry.values.money import Money


@dataclass(frozen=True, slots=True)
class IssueRedLetter:
    """Record a red-letter invoice over a part of an invoice or all of it."""

    invoice: InvoiceId
    number: str
    issued_on: date
    net: Money
    vat: Money


@dataclass(frozen=True, slots=True)
class VerifyRedLetter:
    """Record what the tax platform answered of a red letter."""

    red_letter: RedLetterId
    result: Verification
    checked_on: date


@dataclass(frozen=True, slots=True)
class RecordRefund:
    """Record money that was sent back to the buyer."""

    order: OrderId
    invoice: InvoiceId | None
    refunded_on: date
    amount: Money
    reference: str
