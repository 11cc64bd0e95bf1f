"""Use cases of what is invoiced and paid for an order: invoices, red letters, look-ups, payments and refunds.

The order is locked first in each of them; what stood on an invoice before the lock may be old.
"""

from collections.abc import Sequence
from dataclasses import replace

from registry.actors.model import Action, Resource
from registry.actors.rules import require, require_visible
from registry.catalog import service as catalog
from registry.errors import ConflictError, NotFoundError, Obstacle
from registry.exchange import billing, period_billing, records, rules
from registry.exchange.asking import (
    invoices,
    is_disputed,
    is_metered,
    lock_order_within,
    order_event,
    order_to_change,
    payments,
    periods,
    refunds,
)
from registry.exchange.commands import IssueRedLetter, RecordRefund, VerifyRedLetter
from registry.exchange.model import (
    Invoice,
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
from registry.journal.work import View, Work
from registry.messages.announcing import announce
from registry.messages.model import Topic
from registry.parties import service as parties
from registry.parties.model import Provider
from registry.values.identifiers import AuthorityId, InvoiceId, RedLetterId, RefundId


def closed_if_complete(work: Work, order: Order) -> Order:
    """Close an order once it is delivered, invoiced, verified and paid in full; in periods, as far as it was used."""
    issued, stated = invoices(work, order.id), periods(work, order.id)
    metered = is_metered(work, order)
    by_periods = bool(stated) and not metered
    beside = (issued, payments(work, order.id), refunds(work, order.id))
    if is_disputed(work, order.id) or not billing.is_settled_between_parties(
        order, *beside, is_metered=metered, by_periods=by_periods
    ):
        return order
    if by_periods and period_billing.is_open(order, stated, issued, work.now.civil_day()):
        return order
    closed = replace(order, state=OrderState.CLOSED)
    records.save_order(work.connection, closed)
    return closed


# Invoices.


def issue_invoice(work: Work, command: IssueInvoice) -> Invoice:
    """Record an invoice of the seller.

    Raises:
        ConflictError: The number is known (``invoice_number_known``), whoever used it.
        NotFoundError: The order has no period it names.
        InvalidValueError, RuleError: As ``billing.require_invoice``.
    """
    order = order_to_change(work, command.order, Action.ISSUE_INVOICE, seller=True)
    seller = parties.firm(work, order.seller).uscc
    disputed = is_disputed(work, order.id)
    issued = invoices(work, order.id)
    of_periods = _period_obstacles(work, command, order, issued)
    billing.require_invoice(
        command, order, seller, issued, work.now.civil_day(), disputed=disputed, of_periods=of_periods
    )
    invoice = Invoice(
        id=InvoiceId.new(),
        order=order.id,
        seller=order.seller,
        buyer=order.buyer,
        number=command.number,
        issued_on=command.issued_on,
        kind=command.kind,
        net=command.net,
        vat=command.vat,
        verification=Verification.UNVERIFIED,
        checked_on=None,
        periods=tuple(dict.fromkeys(command.periods)),
    )
    _take_number(work, command.number)
    records.add_invoice(work.connection, invoice, work.now)
    records.add_billed(work.connection, invoice)
    work.journal(
        "exchange.invoice_issued",
        invoice.id,
        order=str(order.id),
        number=invoice.number,
        issued_on=invoice.issued_on.isoformat(),
        net_fen=invoice.net.fen,
        vat_fen=invoice.vat.fen,
        periods=[str(each) for each in invoice.periods],
    )
    return invoice


def _period_obstacles(work: Work, command: IssueInvoice, order: Order, issued: Sequence[Invoice]) -> list[Obstacle]:
    """Return what keeps the invoice from billing the periods it names; an order without any has nothing to ask."""
    stated = periods(work, order.id)
    if not stated and not command.periods:
        return []
    metered = is_metered(work, order)
    known = providers_of(work, order)
    return period_billing.invoice_obstacles(command, order, stated, issued, known, is_metered=metered)


def providers_of(view: View, order: Order, authority: AuthorityId | None = None) -> list[Provider]:
    """Return the lines of the seller in the register of providers it has to stand in: an authority's, or any's."""
    return parties.provider_lines(view, order.seller, rules.SELLER_KIND[order.product_kind], authority)


def _take_number(work: Work, number: str) -> None:
    """Use a number, for a blue invoice or a red one. Raises ConflictError when anyone used it before."""
    if not records.take_number(work.connection, number):
        raise ConflictError("invoice_number_known", number=number)


def verify_invoice(work: Work, command: VerifyInvoice) -> Invoice:
    """Record, as a reviewer, what the tax platform answered of an invoice.

    Raises:
        NotAllowedError: The actor does not review.
        NotFoundError: There is no such invoice, or the actor's authority is concerned with neither side.
        ConflictError, RuleError: As ``billing.require_verification``.
    """
    order, invoice = _for_reviewer(work, command.invoice)
    billing.require_verification(invoice, command, work.now.civil_day())
    records.add_check(work.connection, command, work.actor.account, work.now)
    order = closed_if_complete(work, order)
    work.journal(
        "exchange.invoice_verified",
        invoice.id,
        result=command.result.value,
        checked_on=command.checked_on.isoformat(),
        order_state=order.state.value,
    )
    return replace(invoice, verification=command.result, checked_on=command.checked_on)


def _for_reviewer(work: Work, invoice_id: InvoiceId) -> tuple[Order, Invoice]:
    """Return the order of an invoice, locked, and the invoice, for an officer who looks it up."""
    require(work.actor, Action.VERIFY_INVOICE)
    seen = _invoice(work, invoice_id)
    sides = frozenset({seen.buyer, seen.seller})
    concerned = Resource(sides, parties.concerned_office(work, sides), subject=seen.id)
    require_visible(work.actor, Action.VERIFY_INVOICE, concerned, "invoice")
    return lock_order_within(work, seen.order), _invoice(work, invoice_id)


def _invoice(view: View, invoice_id: InvoiceId) -> Invoice:
    if found := records.invoice_of(view.connection, invoice_id):
        return found
    raise NotFoundError("invoice_not_found", id=invoice_id)


# Red letters.


def issue_red_letter(work: Work, command: IssueRedLetter) -> RedLetter:
    """Record, as the seller, a red-letter invoice over a part of an invoice or all of it.

    Raises:
        NotFoundError, NotAllowedError: It is not an invoice of one's own.
        ConflictError: The number is known, or the invoice is void or red for good.
        InvalidValueError, RuleError: As ``billing.require_red_letter``.
    """
    seen = _invoice(work, command.invoice)
    resource = Resource(frozenset({seen.buyer, seen.seller}), subject=seen.id)
    require_visible(work.actor, Action.ISSUE_INVOICE, resource, "invoice")
    order = order_to_change(work, seen.order, Action.ISSUE_INVOICE, seller=True)
    invoice = _invoice(work, command.invoice)
    seller = parties.firm(work, order.seller).uscc
    billing.require_red_letter(command, invoice, seller, work.now.civil_day())
    made = RedLetter(
        id=RedLetterId.new(),
        invoice=invoice.id,
        number=command.number,
        issued_on=command.issued_on,
        net=command.net,
        vat=command.vat,
        verification=Verification.UNVERIFIED,
        checked_on=None,
    )
    _take_number(work, command.number)
    records.add_red_letter(work.connection, made, order.id, work.now)
    work.journal(
        "exchange.red_letter_issued",
        made.id,
        invoice=str(invoice.id),
        number=made.number,
        issued_on=made.issued_on.isoformat(),
        net_fen=made.net.fen,
        vat_fen=made.vat.fen,
    )
    announce(work, order_event(Topic.ORDER_CHANGED, order, step="red_letter_issued"))
    return made


def red_letter(view: View, red_letter_id: RedLetterId) -> RedLetter:
    """Return a red letter for a room above. Raises NotFoundError."""
    if found := records.red_letter_of(view.connection, red_letter_id):
        return found
    raise NotFoundError("red_letter_not_found", id=red_letter_id)


def verify_red_letter(work: Work, command: VerifyRedLetter) -> RedLetter:
    """Record, as a reviewer, what the tax platform answered of a red letter.

    Raises:
        NotAllowedError: The actor does not review.
        NotFoundError: There is no such red letter, or the actor's authority is concerned with neither side.
        ConflictError, RuleError: As ``billing.require_red_letter_verification``.
    """
    require(work.actor, Action.VERIFY_INVOICE)
    order, _ = _for_reviewer(work, red_letter(work, command.red_letter).invoice)
    found = red_letter(work, command.red_letter)
    billing.require_red_letter_verification(found, command, work.now.civil_day())
    records.save_red_letter_check(work.connection, command)
    order = closed_if_complete(work, order)
    work.journal(
        "exchange.red_letter_verified",
        found.id,
        result=command.result.value,
        checked_on=command.checked_on.isoformat(),
        order_state=order.state.value,
    )
    return replace(found, verification=command.result, checked_on=command.checked_on)


# Payments.


def record_payment(work: Work, command: RecordPayment) -> Payment:
    """Record a bank payment of the buyer.

    Raises:
        ConflictError: The buyer has named this reference before (``payment_reference_known``).
        InvalidValueError, RuleError: As ``billing.require_payment``.
    """
    order = order_to_change(work, command.order, Action.RECORD_PAYMENT, buyer=True)
    billing.require_payment(command, order, payments(work, order.id), work.now.civil_day())
    payment = Payment(order.id, command.reference, command.paid_on, command.amount, command.from_own_account)
    if not records.add_payment(work.connection, payment, order.buyer, work.now):
        raise ConflictError("payment_reference_known", reference=command.reference)
    order = closed_if_complete(work, order)
    work.journal(
        "exchange.payment_recorded",
        order.id,
        reference=payment.reference,
        paid_on=payment.paid_on.isoformat(),
        amount_fen=payment.amount.fen,
        from_own_account=payment.from_own_account,
        order_state=order.state.value,
    )
    return payment


# Refunds.


def record_refund(work: Work, command: RecordRefund) -> Refund:
    """Record, as the seller, money that was sent back to the buyer.

    Raises:
        NotFoundError, NotAllowedError: One does not sell by this order, or it has no such invoice.
        ConflictError: The seller has named this reference before (``payment_reference_known``).
        InvalidValueError, RuleError: As ``billing.require_refund``.
    """
    order = order_to_change(work, command.order, Action.ISSUE_INVOICE, seller=True)
    issued, before = invoices(work, order.id), refunds(work, order.id)
    if command.invoice is not None and command.invoice not in {each.id for each in issued}:
        raise NotFoundError("invoice_not_found", id=command.invoice)
    billing.require_refund(command, issued, payments(work, order.id), before, work.now.civil_day())
    made = Refund(
        id=RefundId.new(),
        order=order.id,
        invoice=command.invoice,
        amount=command.amount,
        refunded_on=command.refunded_on,
        reference=command.reference,
        state=RefundState.RECORDED,
        recorded_at=work.now,
        answered_at=None,
    )
    if not records.add_refund(work.connection, made, order.seller):
        raise ConflictError("payment_reference_known", reference=command.reference)
    work.journal(
        "exchange.refund_recorded",
        made.id,
        order=str(order.id),
        invoice=None if made.invoice is None else str(made.invoice),
        amount_fen=made.amount.fen,
        refunded_on=made.refunded_on.isoformat(),
        reference=made.reference,
    )
    announce(work, order_event(Topic.ORDER_CHANGED, order, step="refund_recorded"))
    return made


def refund(view: View, refund_id: RefundId) -> Refund:
    """Return a refund for a room above. Raises NotFoundError."""
    if found := records.refund_of(view.connection, refund_id):
        return found
    raise NotFoundError("refund_not_found", id=refund_id)


def answer_refund(work: Work, refund_id: RefundId, *, arrived: bool) -> Refund:
    """Say, as the buyer, whether a refund arrived; with all that was paid the order ends, and what it opened.

    Raises:
        NotFoundError, NotAllowedError: It is not a refund to oneself.
        ConflictError: It was answered before (``refund_answered``).
    """
    seen = refund(work, refund_id)
    found = records.order_of(work.connection, seen.order)
    both = frozenset({found.buyer, found.seller}) if found else frozenset()
    require_visible(work.actor, Action.RECORD_PAYMENT, Resource(both, subject=seen.id), "refund")
    order = order_to_change(work, seen.order, Action.RECORD_PAYMENT, buyer=True)
    before = refund(work, refund_id)
    billing.require_answerable(before)
    made = replace(before, state=RefundState.CONFIRMED if arrived else RefundState.REFUSED, answered_at=work.now)
    records.save_refund(work.connection, made)
    order = _ended_if_refunded(work, closed_if_complete(work, order))
    work.journal("exchange.refund_answered", made.id, arrived=arrived, order_state=order.state.value)
    announce(work, order_event(Topic.ORDER_CHANGED, order, step="refund_confirmed" if arrived else "refund_refused"))
    return made


def _ended_if_refunded(work: Work, order: Order) -> Order:
    """End an order, and what it opened, once all that was paid went back."""
    if not billing.is_wholly_refunded(payments(work, order.id), refunds(work, order.id)):
        return order
    ended = replace(order, state=OrderState.REFUNDED)
    records.save_order(work.connection, ended)
    catalog.end_grant_within(work, order.id)
    return ended
