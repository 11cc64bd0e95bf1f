"""What a purchase that was taken back, in whole or in part, leaves too much of in a firm-year.

RULINGS 16; POLICY §4.3, invariant 17.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from registry.errors import NotFoundError
from registry.exchange import service as exchange
from registry.exchange.billing import as_settled, standing_base
from registry.exchange.model import Invoice, Refund
from registry.journal.work import View, Work
from registry.policy.rules import FirmYearSoFar, VoucherTerms, excess_after_refund
from registry.values.identifiers import InvoiceId, VoucherId
from registry.values.money import ZERO, Money, Rate
from registry.vouchers import records
from registry.vouchers.model import Decision, DecisionStep, Voucher, VoucherState

STILL_CARRIES_CLAIM: Final = "invoice_still_carries_claim"
"""The condition of a payment that is unmet once what is left of the invoice is less than what the voucher claimed."""


def voucher_claiming(view: View, invoice: InvoiceId) -> VoucherId | None:
    """Return the voucher that was redeemed on an invoice."""
    return records.claim_of(view.connection, invoice)


# Invariant 17 (refund).
def excess_within(work: Work, voucher_id: VoucherId, recovered: Callable[[VoucherId], Money]) -> Money:
    """Return what of a paid voucher is above the ceiling of its firm-year, now that less of its invoice stands.

    Each voucher of the year carries what is certain to stand of the base it claimed: an invoice that is void or red
    carries nothing, one with red letters that were looked up or refunds that arrived carries the rest. ``recovered``
    says what recoveries take of a voucher that did not come back yet. The firm-year is locked. A voucher that lost some
    of its purchase is not counted until it is paid: it is not instructed any more. What the bank paid on an older
    instruction counts.
    """
    found = records.voucher_of(work.connection, voucher_id)
    if found is None:
        raise NotFoundError("voucher_not_found", id=voucher_id)
    year = records.lock_firm_years(work.connection, {found.firm_year: ZERO})[found.firm_year]
    before = records.past_of(work.connection, found.firm_year)
    base, awarded = before.base, before.awarded
    for each in records.claimed_of(work.connection, found.firm_year):
        carried = min(each.base, certain_base(work, each))
        if carried == each.base or each.state is VoucherState.PAID:
            base += carried
            awarded += each.amount.less(recovered(each.id))
    left = found.amount.less(recovered(found.id))
    rate = rate_of(records.decisions_of(work.connection, found.id))
    return excess_after_refund(left, FirmYearSoFar(base, awarded), VoucherTerms(rate, year.cap))


def returned(view: View, voucher_id: VoucherId) -> Money:
    """Return what of a voucher came back to its pool, by all its recoveries."""
    return records.all_returned(view.connection, voucher_id).get(voucher_id, (ZERO, ZERO))[0]


def lacking(voucher: Voucher, invoice: Invoice, back: Sequence[Refund]) -> Money:
    """Return what a voucher claimed beyond what stands of its invoice; what is only stated is taken back, too."""
    return voucher.base.less(standing_base(invoice, back))


def certain_base(view: View, voucher: Voucher) -> Money:
    """Return what is certain to stand of the invoice a voucher claimed: red letters seen, refunds that arrived."""
    return standing_base(*certain_of(view, voucher))


def certain_of(view: View, voucher: Voucher) -> tuple[Invoice, tuple[Refund, ...]]:
    """Return the invoice a voucher claimed and the refunds of its order, with what of both is certain."""
    return as_settled(claimed_invoice(view, voucher), exchange.refunds(view, voucher.order))


def claimed_invoice(view: View, voucher: Voucher) -> Invoice:
    """Return the invoice a voucher claimed."""
    return next(each for each in exchange.invoices(view, voucher.order) if each.id == voucher.invoice)


def rate_of(decided: Sequence[Decision]) -> Rate:
    """Return the rate a voucher was redeemed at, from its decisions."""
    (redeemed,) = (each for each in decided if each.step is DecisionStep.REDEEMED)
    amounts: Any = redeemed.facts["amounts"]
    return Rate(amounts["rate_bp"])
