"""A purchase that is taken back after its voucher was paid: what is above the ceiling is recovered (RULINGS 16).

An invoice turns void or red, a red letter takes back a part of it, or the seller sends money back. The amount follows
from what the firm-year stands on; nobody states it.
"""

from collections.abc import Callable
from typing import TypeVar

from registry.aftercare import records
from registry.aftercare.recoveries import open_within
from registry.aftercare.recovery_model import OpenRecovery, RecoveryGround, RecoveryOrigin
from registry.aftercare.recovery_rules import line_paying
from registry.awards import officers
from registry.awards.model import Case
from registry.awards.records import lock_with, paid_with
from registry.exchange import service as exchange
from registry.exchange.commands import VerifyRedLetter
from registry.exchange.model import TAKEN_BACK, Invoice, OrderState, RedLetter, Refund, Verification, VerifyInvoice
from registry.journal.work import Work
from registry.values.identifiers import InvoiceId, RefundId, VoucherId
from registry.values.money import ZERO, Money
from registry.vouchers import refunds
from registry.vouchers import service as vouchers

T = TypeVar("T")


def verify_invoice(work: Work, command: VerifyInvoice) -> Invoice:
    """Record what the tax platform answered; of a paid voucher without purchase the excess is recovered at once.

    Raises as ``exchange.verify_invoice``; NotAllowedError also for an officer who is tied to the firm or recused from
    the case that was paid.
    """

    def ground(checked: Invoice) -> RecoveryGround | None:
        if checked.verification not in TAKEN_BACK:
            return None
        return RecoveryGround.RED_LETTER if checked.verification is Verification.RED else RecoveryGround.REFUND

    return _recovering(
        work, command.invoice, lambda: exchange.verify_invoice(work, command), ground, lambda made: made.number
    )


def verify_red_letter(work: Work, command: VerifyRedLetter) -> RedLetter:
    """Record what the tax platform answered of a red letter; what a paid voucher has too much then is recovered.

    Raises as ``exchange.verify_red_letter``; NotAllowedError also for an officer who is tied to the firm or recused
    from the case that was paid.
    """
    invoice = exchange.red_letter(work, command.red_letter).invoice

    def ground(checked: RedLetter) -> RecoveryGround | None:
        return RecoveryGround.RED_LETTER if checked.verification is Verification.VERIFIED else None

    return _recovering(
        work, invoice, lambda: exchange.verify_red_letter(work, command), ground, lambda made: made.number
    )


def answer_refund(work: Work, refund: RefundId, *, arrived: bool) -> Refund:
    """Say, as the buyer, whether a refund arrived; what a paid voucher has too much then is recovered.

    When all that was paid went back, the order ends and what is held for it is let go.

    Raises as ``exchange.answer_refund``.
    """

    def answered() -> Refund:
        made = exchange.answer_refund(work, refund, arrived=arrived)
        if exchange.order(work, made.order).state is OrderState.REFUNDED:
            vouchers.let_go_within(work, made.order)
        return made

    invoice = exchange.refund(work, refund).invoice
    if invoice is None:
        return answered()
    ground = RecoveryGround.REFUND if arrived else None
    return _recovering(work, invoice, answered, lambda _: ground, lambda made: made.reference, by_officer=False)


def _recovering(
    work: Work,
    invoice: InvoiceId,
    act: Callable[[], T],
    ground_of: Callable[[T], RecoveryGround | None],
    facts_of: Callable[[T], str],
    *,
    by_officer: bool = True,
) -> T:
    """Do what may take back a part of an invoice, and recover what its paid voucher has too much then."""
    voucher = refunds.voucher_claiming(work, invoice)
    case = None
    if voucher:
        # Locked before the order, as everything that moves money of a case locks it first; and before it is known
        # whether the voucher was paid, so that a payment that is being recorded now is seen.
        lock_with(work.connection, voucher)
        case = paid_with(work.connection, voucher)
    made = act()
    ground = ground_of(made)
    if voucher and case and ground:
        if by_officer:
            officers.require_free(work, case)
        _open(work, case, voucher, invoice, ground, facts_of(made))
    return made


def _open(work: Work, case: Case, voucher: VoucherId, invoice: InvoiceId, ground: RecoveryGround, facts: str) -> None:
    excess = excess_of(work, voucher)
    if not excess:
        return
    line = line_paying(case, voucher)
    command = OpenRecovery(
        case=case.id,
        line=line.number,
        ground=ground,
        amount=excess,
        facts=facts,
        clause=line.clause,
        origin=RecoveryOrigin.INVOICE,
        source=invoice,
    )
    open_within(work, case, command)


def excess_of(work: Work, voucher: VoucherId) -> Money:
    """Return what of a paid voucher no purchase carries any more and no recovery takes yet. Its firm-year is locked."""
    return refunds.excess_within(work, voucher, lambda each: _outstanding(work, each))


def _outstanding(work: Work, voucher: VoucherId) -> Money:
    """Return what recoveries take of a paid voucher and did not come back to its pool yet."""
    case = paid_with(work.connection, voucher)
    if case is None:
        return ZERO
    line = line_paying(case, voucher)
    taken = sum((each.takes for each in records.recoveries_of_line(work.connection, case.id, line.number)), ZERO)
    return taken.less(refunds.returned(work, voucher))
