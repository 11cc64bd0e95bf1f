"""What invoices, red letters, payments and refunds must be, and what of them may be supported.

Rules:
* Σ invoices of an order, less their red letters, ≤ its net and gross amount; Σ payments ≤ its gross amount
  (RULINGS 22).
* Σ red letters of an invoice ≤ its net and its VAT. A red letter has its own number of the same form, is issued by the
  seller, and never before the invoice.
* Σ refunds ≤ Σ payments, and on an invoice ≤ its gross amount. A refund names the invoice it concerns as soon as there
  is one. It counts from when the seller states it, until the buyer says that it did not arrive.
* The base of public support is the amount without VAT where the buyer may deduct it (专用发票), with VAT where it may
  not; only what is invoiced, verified and paid from the buyer's own account counts, less what red letters or refunds
  take back, whichever is more: the two are mostly the same money, told by different papers (RULINGS 13, 22).
* A share of a refund that falls on the net amount is rounded up: no fen of it is supported.
* An order is settled when it is delivered, paid in full, and what stands of its invoices is what stands of its price;
  a metered one when what stands of its invoices is paid. One that is closed is still invoiced and paid for late reads.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from registry.errors import ConflictError, InvalidValueError, Obstacle, RuleError
from registry.exchange import invoice_numbers
from registry.exchange.commands import IssueRedLetter, RecordRefund, VerifyRedLetter
from registry.exchange.model import (
    RED_LETTER_MOVES,
    TAKEN_BACK,
    VERIFICATION_MOVES,
    Invoice,
    InvoiceKind,
    IssueInvoice,
    Order,
    OrderState,
    Payment,
    RecordPayment,
    RedLetter,
    Refund,
    RefundState,
    Verification,
    VerifyInvoice,
)
from registry.values.money import ZERO, Money
from registry.values.uscc import Uscc

_REFERENCE: Final = re.compile(r"[0-9A-Za-z-]{4,64}", re.ASCII)


# Invoices.


def require_invoice(
    command: IssueInvoice,
    order: Order,
    seller: Uscc,
    earlier: Sequence[Invoice],
    today: date,
    *,
    disputed: bool = False,
    of_periods: Sequence[Obstacle] = (),
) -> None:
    """Raise unless the invoice can be one of this order; ``of_periods`` is what the periods it bills say against it.

    Raises:
        InvalidValueError: The number is not 20 digits.
        RuleError: Number, dates or sums do not fit, every obstacle listed.
    """
    invoice_numbers.require_form(command.number)
    found = []
    if not order.binds:
        found.append(Obstacle("invoice_before_contract", "RULINGS 22", parameters={"state": order.state.value}))
    if disputed:
        found.append(Obstacle("order_disputed", "RULINGS 37", parameters={"order": order.id}))
    found += invoice_numbers.obstacles(command.number, command.issued_on, seller)
    if command.issued_on > today:
        found.append(Obstacle("invoice_in_future", "RULINGS 22", parameters={"issued_on": str(command.issued_on)}))
    if not command.net:
        found.append(Obstacle("invoice_without_amount", "RULINGS 22"))
    net, gross = standing(invoice for invoice in earlier if invoice.verification not in TAKEN_BACK)
    if net + command.net > order.net or gross + command.net + command.vat > order.gross:
        left = order.net.less(net)
        found.append(Obstacle("invoice_over_order", "RULINGS 22", parameters={"left": str(left)}))
    found += of_periods
    if found:
        raise RuleError("invoice_refused", tuple(found))


def require_verification(invoice: Invoice, command: VerifyInvoice, today: date) -> None:
    """Raise unless the tax platform can have answered this of ``invoice``.

    Raises:
        ConflictError: The invoice is void or red for good.
        RuleError: It was looked up before it was issued, or will be.
    """
    if command.result not in VERIFICATION_MOVES[invoice.verification]:
        raise ConflictError("invoice_final", number=invoice.number, result=invoice.verification.value)
    _require_check_day(invoice.issued_on, command.checked_on, today)


def _require_check_day(issued_on: date, checked_on: date, today: date) -> None:
    if not issued_on <= checked_on <= today:
        parameters = {"checked_on": str(checked_on), "issued_on": str(issued_on), "today": str(today)}
        raise RuleError(
            "verification_refused", (Obstacle("check_day_impossible", "RULINGS 22", parameters=parameters),)
        )


def require_red_letter(command: IssueRedLetter, invoice: Invoice, seller: Uscc, today: date) -> None:
    """Raise unless the red letter can be one of this invoice.

    Raises:
        InvalidValueError: The number is not 20 digits.
        ConflictError: The invoice is void or red for good.
        RuleError: Number, dates or sums do not fit, every obstacle listed.
    """
    invoice_numbers.require_form(command.number)
    if invoice.verification in TAKEN_BACK:
        raise ConflictError("invoice_final", number=invoice.number, result=invoice.verification.value)
    found = [*invoice_numbers.obstacles(command.number, command.issued_on, seller)]
    if command.issued_on > today:
        found.append(Obstacle("invoice_in_future", "RULINGS 22", parameters={"issued_on": str(command.issued_on)}))
    if command.issued_on < invoice.issued_on:
        parameters = {"issued_on": str(command.issued_on), "invoice_on": str(invoice.issued_on)}
        found.append(Obstacle("red_letter_before_invoice", "RULINGS 22", parameters=parameters))
    if not command.net:
        found.append(Obstacle("invoice_without_amount", "RULINGS 22"))
    net, vat = invoice.net.less(invoice.red_net), invoice.vat.less(_red_vat(invoice))
    if command.net > net or command.vat > vat:
        parameters = {"number": invoice.number, "net": str(net), "vat": str(vat)}
        found.append(Obstacle("red_letter_over_invoice", "RULINGS 22", parameters=parameters))
    if found:
        raise RuleError("red_letter_refused", tuple(found))


def require_red_letter_verification(red_letter: RedLetter, command: VerifyRedLetter, today: date) -> None:
    """Raise unless the tax platform can have answered this of a red letter.

    Raises:
        ConflictError: It is final.
        RuleError: It was looked up before it was issued, or will be.
    """
    if command.result not in RED_LETTER_MOVES[red_letter.verification]:
        raise ConflictError("red_letter_final", number=red_letter.number, result=red_letter.verification.value)
    _require_check_day(red_letter.issued_on, command.checked_on, today)


def _red_vat(invoice: Invoice) -> Money:
    return invoice.red_gross.less(invoice.red_net)


# Payments and refunds.


def require_payment(command: RecordPayment, order: Order, earlier: Sequence[Payment], today: date) -> None:
    """Raise unless the payment can be one for this order."""
    _require_reference(command.reference)
    found = []
    if not order.binds:
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


def require_refund(
    command: RecordRefund,
    invoices: Sequence[Invoice],
    payments: Sequence[Payment],
    refunds: Sequence[Refund],
    today: date,
) -> None:
    """Raise unless the refund can be one of what was paid for this order.

    Raises:
        InvalidValueError: The bank reference is not one.
        NotFoundError: The order has no such invoice.
        RuleError: Dates or sums do not fit, every obstacle listed.
    """
    _require_reference(command.reference)
    found = []
    first = min((each.paid_on for each in payments), default=None)
    if command.refunded_on > today or first is None or command.refunded_on < first:
        parameters = {"refunded_on": str(command.refunded_on), "first": str(first or "—"), "today": str(today)}
        found.append(Obstacle("refund_day_impossible", "RULINGS 13", parameters=parameters))
    if not command.amount:
        found.append(Obstacle("payment_without_amount", "RULINGS 13"))
    left = paid_in_all(payments).less(refunded(refunds))
    invoice = next((each for each in invoices if each.id == command.invoice), None)
    if invoice is not None:
        left = min(left, invoice.gross.less(refunded(refunds, invoice)))
    elif any(each.verification not in TAKEN_BACK for each in invoices):
        found.append(Obstacle("refund_without_invoice", "RULINGS 22", evidence=("invoice",)))
    if command.amount > left:
        found.append(Obstacle("refund_over_payment", "RULINGS 13", parameters={"left": str(left)}))
    if found:
        raise RuleError("refund_refused", tuple(found))


def require_answerable(refund: Refund) -> None:
    """Raise ConflictError unless the buyer has yet to say whether the money arrived."""
    if refund.state is not RefundState.RECORDED:
        raise ConflictError("refund_answered", id=refund.id, state=refund.state.value)


def _require_reference(reference: str) -> None:
    if not _REFERENCE.fullmatch(reference):
        raise InvalidValueError("payment_reference_malformed", given=reference[:80])


def paid_in_all(payments: Sequence[Payment]) -> Money:
    """Return the sum of ``payments``."""
    return sum((payment.amount for payment in payments), ZERO)


def refunded(refunds: Sequence[Refund], invoice: Invoice | None = None) -> Money:
    """Return what was sent back, on an invoice or in all; what did not arrive is left out."""
    counted = (each for each in refunds if each.state is not RefundState.REFUSED)
    return sum((each.amount for each in counted if invoice is None or each.invoice == invoice.id), ZERO)


def is_wholly_refunded(payments: Sequence[Payment], refunds: Sequence[Refund]) -> bool:
    """Say whether all that was paid went back and the buyer has it."""
    back = sum((each.amount for each in refunds if each.state is RefundState.CONFIRMED), ZERO)
    return bool(back) and back == paid_in_all(payments)


def is_settled_between_parties(
    order: Order,
    invoices: Sequence[Invoice],
    payments: Sequence[Payment],
    refunds: Sequence[Refund] = (),
    *,
    is_metered: bool = False,
    by_periods: bool = False,
) -> bool:
    """Say whether an order is delivered, invoiced in full and paid in full, less what went back.

    A metered order is settled when all that is invoiced is verified and paid: its price is the most it may come to.
    So is one that goes by periods, also when nothing is due; what is left to bill of it ``period_billing`` knows.
    """
    if order.state is not OrderState.DELIVERED or any(each.state is RefundState.RECORDED for each in refunds):
        return False
    net, gross = standing(invoice for invoice in invoices if invoice.verification is Verification.VERIFIED)
    back = refunded(refunds)
    if is_metered or by_periods:
        waits = any(each.verification is Verification.UNVERIFIED for each in invoices)
        return (bool(gross) or by_periods) and not waits and gross == paid_in_all(payments).less(back)
    if paid_in_all(payments) != order.gross:
        return False
    return gross == order.gross.less(back) if back else net == order.net


# What may be supported.


@dataclass(frozen=True, slots=True)
class SupportedBase:
    """The base one invoice gives, and the day that decides its year; or what stands in the way."""

    base: Money
    paid_on: date | None
    obstacles: tuple[Obstacle, ...]


def supported_base(
    invoice: Invoice,
    order: Order,
    invoices: Sequence[Invoice],
    payments: Sequence[Payment],
    refunds: Sequence[Refund] = (),
) -> SupportedBase:
    """Return what of ``invoice`` may be supported (RULINGS 13, 22).

    Payments fill the order's invoices in the order of their issue; an invoice counts once the buyer's own payments
    cover what stands of it, and its payment day is the day of the payment that completed it.
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
    if order.delivered_at is None and not invoice.periods:
        # What an invoice of periods rests on is their acceptance (RULINGS 22; ``period_billing``).
        found.append(Obstacle("order_not_delivered", "S1 cl.4", evidence=("delivery",)))
    before = [
        other
        for other in invoices
        if other.verification is Verification.VERIFIED
        and (other.issued_on, other.number) < (invoice.issued_on, invoice.number)
    ]
    needed, paid, completed_on = _completed([*before, invoice], payments, refunds)
    if completed_on is None:
        found.append(
            Obstacle(
                "invoice_not_paid",
                "RULINGS 13",
                parameters={"needed": str(needed), "paid": str(paid)},
                evidence=("bank_payment",),
            )
        )
    base = standing_base(invoice, refunds)
    if not base:
        found.append(Obstacle("invoice_taken_back", "RULINGS 13", parameters={"number": invoice.number}))
    return SupportedBase(base, completed_on, tuple(found))


def _completed(
    invoices: Sequence[Invoice], payments: Sequence[Payment], refunds: Sequence[Refund]
) -> tuple[Money, Money, date | None]:
    """Return what stands of these invoices, what was paid of it, and the day that completed it."""
    needed = sum((each.gross.less(max(each.red_gross, refunded(refunds, each))) for each in invoices), ZERO)
    # What went back on later invoices was not paid for these.
    ids = {None, *(each.id for each in invoices)}
    back = refunded([each for each in refunds if each.invoice in ids])
    paid = ZERO
    for payment in sorted(payments, key=lambda made: (made.paid_on, made.reference)):
        if not payment.from_own_account:
            continue
        paid += payment.amount
        if paid.less(back) >= needed:
            return needed, paid.less(back), payment.paid_on
    return needed, paid.less(back), None


def standing_base(invoice: Invoice, refunds: Sequence[Refund]) -> Money:
    """Return the base that is left of an invoice after its red letters and refunds; nothing of a void or red one."""
    if invoice.verification in TAKEN_BACK:
        return ZERO
    base = invoice.net if invoice.kind is InvoiceKind.SPECIAL else invoice.gross
    red = invoice.red_net if invoice.kind is InvoiceKind.SPECIAL else invoice.red_gross
    return base.less(max(red, share_of(refunded(refunds, invoice), base, invoice.gross)))


def share_of(back: Money, base: Money, gross: Money) -> Money:
    """Return what of a refund falls on ``base``, a part of ``gross``, rounded up to a fen."""
    if not back:
        # A free order has no gross amount to divide by, and nothing of it goes back.
        return ZERO
    return Money(-(-back.fen * base.fen // gross.fen))


def net_price(order: Order, invoices: Sequence[Invoice], refunds: Sequence[Refund]) -> Money:
    """Return what is left of an order's price without VAT after refunds and red letters.

    What was taken back and invoiced again is not lost: of red letters only what no invoice stands for counts.
    """
    red = sum((each.red_net for each in invoices), ZERO)
    red = min(red, order.net.less(standing(each for each in invoices if each.verification not in TAKEN_BACK)[0]))
    return order.net.less(max(red, share_of(refunded(refunds), order.net, order.gross)))


def as_settled(invoice: Invoice, refunds: Sequence[Refund]) -> tuple[Invoice, tuple[Refund, ...]]:
    """Return an invoice with what is certain of its taking back: red letters seen, refunds that arrived."""
    seen = tuple(each for each in invoice.red_letters if each.verification is Verification.VERIFIED)
    return replace(invoice, red_letters=seen), tuple(each for each in refunds if each.state is RefundState.CONFIRMED)


def standing(invoices: Iterable[Invoice]) -> tuple[Money, Money]:
    """Return the net and gross sum of what stands of invoices."""
    net = gross = ZERO
    for each in invoices:
        net += each.net.less(each.red_net)
        gross += each.gross.less(each.red_gross)
    return net, gross
