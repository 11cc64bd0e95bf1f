"""Vouchers for tests, on the market of the exchange's tests."""

from registry.actors.model import Actor
from registry.exchange.model import Invoice, Order
from registry.values.identifiers import InvoiceId, OrderId, VoucherId
from registry.vouchers import service
from registry.vouchers.model import OpenPool, Pool, Voucher
from tests.registry.exchange.builders import DOCUMENT, Market, an_invoice, deliver, do, pay, verify


def a_pool(market: Market) -> Pool:
    """Open the pool of the policy."""
    return do(market.house, market.registrar, lambda work: service.open_pool(work, OpenPool(DOCUMENT, "yz-4")))


def hold(market: Market, order: Order, buyer: Actor | None = None) -> Voucher:
    """Hold a voucher for an order."""
    return do(market.house, buyer or market.buyer, lambda work: service.hold(work, OrderId(order.id)))


def ready_to_redeem(market: Market, order: Order, buyer: Actor | None = None) -> Invoice:
    """Deliver, invoice, verify and pay an order of compute, all today."""
    buyer = buyer or market.buyer
    deliver(market, order, buyer=buyer)
    invoice = an_invoice(market, order, market.centre)
    verify(market, invoice)
    pay(market, order, buyer=buyer)
    return invoice


def redeem(market: Market, voucher: Voucher, invoice: Invoice, buyer: Actor | None = None) -> Voucher:
    """Redeem a voucher on an invoice."""
    return do(
        market.house,
        buyer or market.buyer,
        lambda work: service.redeem(work, VoucherId(voucher.id), InvoiceId(invoice.id)),
    )
