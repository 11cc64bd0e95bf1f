"""What earlier vouchers of an order took of its price, and which of them stands in the way of one more.

Rules:
* An order has one voucher. One that goes by periods is settled period by period, and claims bind order, period, invoice
  and amount (RULINGS 22): a voucher that was redeemed on an invoice that names periods leaves room for the next one.
* At most one voucher of an order is held at a time, and it rests on another invoice than those before it.
* What they claimed is left out of the base of the next: together they never claim more than the order's price. A claim
  counts as it was made, also where its invoice was taken back since, until it is lessened (``lessening.py``) or what is
  too much is recovered (RULINGS 16): only that makes room again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from registry.errors import Obstacle
from registry.exchange import service as exchange
from registry.exchange.billing import SupportedBase, share_of
from registry.exchange.model import Invoice, InvoiceKind, Order
from registry.values.canonical import Json
from registry.values.identifiers import InvoiceId, VoucherId
from registry.values.money import ZERO, Money
from registry.vouchers import rules
from registry.vouchers.known import Known
from registry.vouchers.model import Voucher

_CLAUSE = "RULINGS 22"


@dataclass(frozen=True, slots=True)
class EarlierClaim:
    """What a voucher claimed on an invoice of periods; ``price`` is what that is of the order's price without VAT."""

    voucher: VoucherId
    invoice: InvoiceId
    base: Money
    price: Money


@dataclass(frozen=True, slots=True)
class Earlier:
    """The other vouchers of an order: ``in_the_way`` excludes one more, ``claims`` lessen its base."""

    in_the_way: VoucherId | None = None
    claims: tuple[EarlierClaim, ...] = ()

    @property
    def taken(self) -> Money:
        """What of the order's price without VAT is claimed."""
        return sum((each.price for each in self.claims), ZERO)

    @property
    def claimed(self) -> Obstacle | None:
        """What stands in the way when nothing is left of the price; None where no voucher took any of it."""
        if not self.taken:
            return None
        named = ", ".join(str(each.voucher) for each in self.claims)
        return Obstacle("order_price_claimed", _CLAUSE, parameters={"vouchers": named, "claimed": str(self.taken)})

    def as_json(self) -> dict[str, Json]:
        """Return the claims as they are kept with a decision; without any, nothing."""
        if not self.claims:
            return {}
        written: list[Json] = [
            {
                "voucher": str(each.voucher),
                "invoice": str(each.invoice),
                "base_fen": each.base.fen,
                "price_fen": each.price.fen,
            }
            for each in self.claims
        ]
        return {"earlier_claims": written}


NONE: Final = Earlier()
"""An order that has no other voucher."""


def earlier_of(known: Known, order: Order, own: VoucherId | None) -> Earlier:
    """Return the vouchers of an order that count, beside ``own``; a hold that has run out is none any more."""
    view = known.view
    others = [each for each in known.counting(order.id) if each.id != own and not rules.has_run_out(each, view.now)]
    if not any(each.by_periods for each in others):
        return among(others, {})
    return among(others, {each.id: each for each in exchange.invoices(view, order.id)})


def among(others: Iterable[Voucher], issued: Mapping[InvoiceId, Invoice]) -> Earlier:
    """Return what the other vouchers of an order come to, by the invoices of the order. Pure."""
    in_the_way, claims = None, []
    for each in others:
        if each.by_periods and each.invoice is not None:
            price = _of_price(issued[each.invoice], each.base)
            claims.append(EarlierClaim(each.id, each.invoice, each.base, price))
        else:
            in_the_way = in_the_way or each.id
    return Earlier(in_the_way, tuple(claims))


def within_price(base: SupportedBase, invoice: Invoice, left: Money, earlier: Earlier) -> SupportedBase:
    """Return what an invoice gives to the next voucher of an order: no more than is ``left`` of the order's price.

    The first voucher of an order claims what its invoice gives.
    """
    if not earlier.claims:
        return base
    obstacles = list(base.obstacles)
    if not invoice.periods:
        obstacles.append(Obstacle("claim_without_periods", _CLAUSE, parameters={"number": invoice.number}))
    if not left and earlier.claimed:
        obstacles.append(earlier.claimed)
    return replace(base, base=min(base.base, _as_base(invoice, left)), obstacles=tuple(obstacles))


def _of_price(invoice: Invoice, base: Money) -> Money:
    """Return what a base is of the price without VAT; that of an ordinary invoice is counted with VAT (RULINGS 13)."""
    return base if invoice.kind is InvoiceKind.SPECIAL else share_of(base, invoice.net, invoice.gross)


def _as_base(invoice: Invoice, price: Money) -> Money:
    """Return the most that ``price``, without VAT, is as a base of an invoice."""
    if invoice.kind is InvoiceKind.SPECIAL or not invoice.net:
        return price
    return Money(price.fen * invoice.gross.fen // invoice.net.fen)
