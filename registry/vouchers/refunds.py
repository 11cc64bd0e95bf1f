"""What a refunded purchase leaves too much of in a firm-year (RULINGS 16; POLICY §4.3, invariant 17)."""

from collections.abc import Callable
from typing import Any

from registry.errors import NotFoundError
from registry.exchange import service as exchange
from registry.exchange.model import Invoice, Verification
from registry.journal.work import View, Work
from registry.policy.rules import FirmYearSoFar, VoucherTerms, excess_after_refund
from registry.values.identifiers import InvoiceId, VoucherId
from registry.values.money import ZERO, Money, Rate
from registry.vouchers import records
from registry.vouchers.model import Voucher, VoucherState

TAKEN_BACK = frozenset({Verification.VOID, Verification.RED})
"""What the tax platform says of an invoice whose purchase is undone."""


def voucher_claiming(view: View, invoice: InvoiceId) -> VoucherId | None:
    """Return the voucher that was redeemed on an invoice."""
    return records.claim_of(view.connection, invoice)


# Invariant 17 (refund).
def excess_within(work: Work, voucher_id: VoucherId, recovered: Callable[[VoucherId], Money]) -> Money:
    """Return what of a paid voucher is above the ceiling of its firm-year, now that its invoice is void or red.

    ``recovered`` says what recoveries take of a voucher that did not come back yet. The firm-year is locked. A voucher
    without purchase that was never paid is not counted: it is not paid any more either.
    """
    found = records.voucher_of(work.connection, voucher_id)
    if found is None:
        raise NotFoundError("voucher_not_found", id=voucher_id)
    year = records.lock_firm_years(work.connection, {found.firm_year: ZERO})[found.firm_year]
    before = records.past_of(work.connection, found.firm_year)
    base, awarded = before.base, before.awarded
    for each in records.claimed_of(work.connection, found.firm_year):
        undone = _invoice(work, each).verification in TAKEN_BACK
        if not undone:
            base += each.base
        if not undone or each.state is VoucherState.PAID:
            awarded += each.amount.less(recovered(each.id))
    left = found.amount.less(recovered(found.id))
    return excess_after_refund(left, FirmYearSoFar(base, awarded), VoucherTerms(_rate(work, found), year.cap))


def returned(view: View, voucher_id: VoucherId) -> Money:
    """Return what of a voucher came back to its pool, by all its recoveries."""
    return records.all_returned(view.connection, voucher_id).get(voucher_id, (ZERO, ZERO))[0]


def _invoice(work: Work, voucher: Voucher) -> Invoice:
    return next(each for each in exchange.invoices(work, voucher.order) if each.id == voucher.invoice)


def _rate(work: Work, voucher: Voucher) -> Rate:
    """Return the rate a voucher was redeemed at."""
    (redeemed,) = (
        each for each in records.decisions_of(work.connection, voucher.id) if each.step is VoucherState.REDEEMED
    )
    amounts: Any = redeemed.facts["amounts"]
    return Rate(amounts["rate_bp"])
