"""Claims that are not paid yet and whose invoice lost something that is certain."""

from sqlalchemy import exists, or_, select

from registry.exchange.model import TAKEN_BACK, RefundState, Verification
from registry.exchange.records import invoices, order_refunds, red_letters
from registry.values.identifiers import AuthorityId, VoucherId
from registry.vouchers.model import Voucher, VoucherState
from registry.vouchers.records.vouchers import voucher_in, vouchers
from storage.database import Connection

_UNPAID = [state.value for state in (VoucherState.REDEEMED, VoucherState.SETTLED, VoucherState.RETURNED)]


def unpaid_with_less(
    connection: Connection, authority: AuthorityId, after: VoucherId | None, limit: int
) -> list[Voucher]:
    """Return unpaid claims of an authority on invoices that are void or red, or had a red letter or refund, by id.

    One that was lessened already is among them: how much is left is for the rule.
    """
    red = exists().where(
        red_letters.c.invoice_id == invoices.c.id, red_letters.c.verification == Verification.VERIFIED.value
    )
    back = exists().where(
        order_refunds.c.invoice_id == invoices.c.id, order_refunds.c.state == RefundState.CONFIRMED.value
    )
    gone = invoices.c.verification.in_([each.value for each in TAKEN_BACK])
    query = (
        select(vouchers)
        .join(invoices, invoices.c.id == vouchers.c.invoice_id)
        .where(vouchers.c.authority_id == authority, vouchers.c.state.in_(_UNPAID), or_(gone, red, back))
    )
    if after is not None:
        query = query.where(vouchers.c.id > after)
    return [voucher_in(row) for row in connection.execute(query.order_by(vouchers.c.id).limit(limit))]
