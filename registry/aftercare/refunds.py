"""An invoice that turns void or red after its voucher was paid: what is above the ceiling is recovered (RULINGS 16).

The amount follows from what the firm-year stands on; nobody states it.
"""

from registry.aftercare import records
from registry.aftercare.recoveries import open_within
from registry.aftercare.recovery_model import OpenRecovery, RecoveryGround, RecoveryOrigin
from registry.aftercare.recovery_rules import line_paying
from registry.awards import officers
from registry.awards.model import Case
from registry.awards.records import case_of, paid_with
from registry.exchange import service as exchange
from registry.exchange.model import Invoice, Verification, VerifyInvoice
from registry.journal.work import Work
from registry.values.identifiers import VoucherId
from registry.values.money import ZERO, Money
from registry.vouchers import refunds


def verify_invoice(work: Work, command: VerifyInvoice) -> Invoice:
    """Record what the tax platform answered; of a paid voucher without purchase the excess is recovered at once.

    Raises as ``exchange.verify_invoice``; NotAllowedError also for an officer who is tied to the firm or recused from
    the case that was paid.
    """
    voucher = refunds.voucher_claiming(work, command.invoice)
    # Locked before the order, as everything that moves money of a case locks it first.
    seen = paid_with(work.connection, voucher) if voucher else None
    case = case_of(work.connection, seen.id, lock=True) if seen else None
    checked = exchange.verify_invoice(work, command)
    if voucher and case and checked.verification in refunds.TAKEN_BACK:
        officers.require_free(work, case)
        _open(work, case, voucher, checked)
    return checked


def _open(work: Work, case: Case, voucher: VoucherId, invoice: Invoice) -> None:
    excess = refunds.excess_within(work, voucher, lambda each: _outstanding(work, each))
    if not excess:
        return
    line = line_paying(case, voucher)
    red = invoice.verification is Verification.RED
    command = OpenRecovery(
        case=case.id,
        line=line.number,
        ground=RecoveryGround.RED_LETTER if red else RecoveryGround.REFUND,
        amount=excess,
        facts=invoice.number,
        clause=line.clause,
        origin=RecoveryOrigin.INVOICE,
        source=invoice.id,
    )
    open_within(work, case, command)


def _outstanding(work: Work, voucher: VoucherId) -> Money:
    """Return what recoveries take of a paid voucher and did not come back to its pool yet."""
    case = paid_with(work.connection, voucher)
    if case is None:
        return ZERO
    line = line_paying(case, voucher)
    taken = sum((each.takes for each in records.recoveries_of_line(work.connection, case.id, line.number)), ZERO)
    return taken.less(refunds.returned(work, voucher))
