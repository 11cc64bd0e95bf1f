"""What an order, an invoice and a payment must be.

Rules:
* An order moves only as the table of moves says; its price is quantity times unit price, VAT rounded half up to a fen
  on the whole order (the amount the invoice will show).
* No listing without source statement and right to trade (数据安全法 33; RULINGS 37); a dataset listing names its
  version.
* An invoice number has 20 digits: two of the year, two of the province of the seller, one channel, fifteen in sequence
  (POLICY §3.5). Year and province must fit issue date and seller; it is unique for ever. It is not dated in the future.
* Σ invoices of an order ≤ its net and gross amount; Σ payments ≤ its gross amount (RULINGS 22).
* The base of public support is the amount without VAT where the buyer may deduct it (专用发票), with VAT where it may
  not; only what is invoiced, verified and paid from the buyer's own account counts (RULINGS 13, 22).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from registry.errors import ConflictError, InvalidValueError, Obstacle, RuleError
from registry.exchange.model import (
    ORDER_MOVES,
    QUANTITY_MAX,
    Invoice,
    InvoiceKind,
    IssueInvoice,
    OfferListing,
    Order,
    OrderState,
    Payment,
    ProductKind,
    Purpose,
    RecordPayment,
    Verification,
)
from registry.values.money import FULL_RATE_BP, ZERO, Money, Rate
from registry.values.uscc import Uscc

_INVOICE_NUMBER: Final = re.compile(r"\d{20}", re.ASCII)
_REFERENCE: Final = re.compile(r"[0-9A-Za-z-]{4,64}", re.ASCII)
COMPUTE_PURPOSES: Final = frozenset({Purpose.MODEL_TRAINING, Purpose.DATA_PROCESSING, Purpose.ALGORITHM_VERIFICATION})


def require_move(order: Order, to: OrderState) -> None:
    """Raise ConflictError unless the order may go to ``to`` now."""
    if to not in ORDER_MOVES[order.state]:
        raise ConflictError("order_wrong_state", id=order.id, state=order.state.value, wanted=to.value)


def require_listing(command: OfferListing) -> None:
    """Raise RuleError listing everything a listing lacks."""
    found = []
    if not command.source_statement.strip():
        found.append(Obstacle("listing_without_source", "数据安全法 33", evidence=("source_statement",)))
    if not command.rights_statement.strip():
        found.append(Obstacle("listing_without_rights", "RULINGS 37", evidence=("rights_statement",)))
    if command.product_kind is ProductKind.COMPUTE:
        if not COMPUTE_PURPOSES.issuperset(command.purposes) or not command.purposes:
            found.append(Obstacle("listing_compute_purpose", "S1 cl.4"))
    elif not command.dataset or not command.version:
        found.append(Obstacle("listing_without_version", "RULINGS 37"))
    if not command.unit_price:
        found.append(Obstacle("listing_without_price", "RULINGS 13"))
    if found:
        raise RuleError("listing_incomplete", tuple(found))


def price_of(unit_price: Money, quantity: int, vat_rate: Rate) -> tuple[Money, Money]:
    """Return (net, VAT) of an order. Raises InvalidValueError for a quantity out of bounds."""
    if not 1 <= quantity <= QUANTITY_MAX:
        raise InvalidValueError("quantity_out_of_range", given=quantity, most=QUANTITY_MAX)
    net = Money(unit_price.fen * quantity)
    doubled = 2 * net.fen * vat_rate.basis_points + FULL_RATE_BP
    return net, Money(doubled // (2 * FULL_RATE_BP))


def require_invoice(command: IssueInvoice, order: Order, seller: Uscc, earlier: Sequence[Invoice], today: date) -> None:
    """Raise unless the invoice can be one of this order.

    Raises:
        InvalidValueError: The number is not 20 digits.
        RuleError: Number, dates or sums do not fit, every obstacle listed.
    """
    if not _INVOICE_NUMBER.fullmatch(command.number):
        raise InvalidValueError("invoice_number_malformed", given=command.number[:40])
    found = []
    if order.state in {OrderState.PLACED, OrderState.CANCELLED}:
        found.append(Obstacle("invoice_before_contract", "RULINGS 22", parameters={"state": order.state.value}))
    if command.number[:2] != f"{command.issued_on.year % 100:02d}":
        found.append(Obstacle("invoice_year_differs", "POLICY 3.5", parameters={"issued_on": str(command.issued_on)}))
    if command.number[2:4] != seller.region[:2]:
        found.append(Obstacle("invoice_province_differs", "POLICY 3.5", parameters={"region": seller.region[:2]}))
    if command.issued_on > today:
        found.append(Obstacle("invoice_in_future", "RULINGS 22", parameters={"issued_on": str(command.issued_on)}))
    if not command.net:
        found.append(Obstacle("invoice_without_amount", "RULINGS 22"))
    standing = [invoice for invoice in earlier if invoice.verification not in {Verification.VOID, Verification.RED}]
    net, gross = _sums(standing)
    if net + command.net > order.net or gross + command.net + command.vat > order.gross:
        left = order.net.less(net)
        found.append(Obstacle("invoice_over_order", "RULINGS 22", parameters={"left": str(left)}))
    if found:
        raise RuleError("invoice_refused", tuple(found))


def require_payment(command: RecordPayment, order: Order, earlier: Sequence[Payment], today: date) -> None:
    """Raise unless the payment can be one for this order."""
    if not _REFERENCE.fullmatch(command.reference):
        raise InvalidValueError("payment_reference_malformed", given=command.reference[:80])
    found = []
    if order.state in {OrderState.PLACED, OrderState.CANCELLED}:
        found.append(Obstacle("payment_before_contract", "RULINGS 22", parameters={"state": order.state.value}))
    if command.paid_on > today:
        found.append(Obstacle("payment_in_future", "RULINGS 13", parameters={"paid_on": str(command.paid_on)}))
    if not command.amount:
        found.append(Obstacle("payment_without_amount", "RULINGS 13"))
    left = order.gross.less(paid_in_all(earlier))
    if command.amount > left:
        found.append(Obstacle("payment_over_order", "RULINGS 13", parameters={"left": str(left)}))
    if found:
        raise RuleError("payment_refused", tuple(found))


def is_settled_between_parties(order: Order, invoices: Sequence[Invoice], payments: Sequence[Payment]) -> bool:
    """Say whether an order is delivered, invoiced in full and paid in full."""
    standing = [invoice for invoice in invoices if invoice.verification is Verification.VERIFIED]
    return (
        order.state is OrderState.DELIVERED and _sums(standing)[0] == order.net and paid_in_all(payments) == order.gross
    )


def paid_in_all(payments: Sequence[Payment]) -> Money:
    """Return the sum of ``payments``."""
    return sum((payment.amount for payment in payments), ZERO)


def _sums(invoices: Sequence[Invoice]) -> tuple[Money, Money]:
    net = sum((invoice.net for invoice in invoices), ZERO)
    return net, sum((invoice.gross for invoice in invoices), ZERO)


@dataclass(frozen=True, slots=True)
class SupportedBase:
    """The base one invoice gives, and the day that decides its year; or what stands in the way."""

    base: Money
    paid_on: date | None
    obstacles: tuple[Obstacle, ...]


def supported_base(
    invoice: Invoice, order: Order, invoices: Sequence[Invoice], payments: Sequence[Payment]
) -> SupportedBase:
    """Return what of ``invoice`` may be supported (RULINGS 13, 22).

    Payments fill the order's invoices in the order of their issue; an invoice counts once the buyer's own payments
    cover it, and its payment day is the day of the payment that completed it.
    """
    found = []
    if invoice.verification is not Verification.VERIFIED:
        found.append(
            Obstacle(
                "invoice_not_verified",
                "RULINGS 22",
                parameters={"number": invoice.number, "result": invoice.verification.value},
                evidence=("invoice_verification",),
            )
        )
    if order.delivered_at is None:
        found.append(Obstacle("order_not_delivered", "S1 cl.4", evidence=("delivery",)))
    before = [
        other
        for other in invoices
        if other.verification is Verification.VERIFIED
        and (other.issued_on, other.number) < (invoice.issued_on, invoice.number)
    ]
    needed = _sums([*before, invoice])[1]
    paid, completed_on = ZERO, None
    for payment in sorted(payments, key=lambda made: (made.paid_on, made.reference)):
        if not payment.from_own_account:
            continue
        paid += payment.amount
        if paid >= needed:
            completed_on = payment.paid_on
            break
    if completed_on is None:
        found.append(
            Obstacle(
                "invoice_not_paid",
                "RULINGS 13",
                parameters={"needed": str(needed), "paid": str(paid)},
                evidence=("bank_payment",),
            )
        )
    base = invoice.net if invoice.kind is InvoiceKind.SPECIAL else invoice.gross
    return SupportedBase(base, completed_on, tuple(found))
