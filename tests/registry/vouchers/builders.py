"""Vouchers for tests, on the market of the exchange's tests."""

from registry.actors.model import Actor
from registry.exchange.model import Invoice, Order
from registry.parties import service as parties
from registry.values.identifiers import InvoiceId, OrderId, VoucherId
from registry.vouchers import service
from registry.vouchers.model import OpenPool, Pool, RedeemVoucher, Voucher
from registry.vouchers.payee import PayeeGiven
from tests.registry.exchange.builders import DOCUMENT, Market, an_invoice, ask, deliver, do, pay, verify

ACCOUNT_NUMBER = "6222 0000 1111 5678"


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
    """Redeem a voucher on an invoice, to the firm's own account."""
    firm = ask(market.house, buyer or market.buyer, lambda view: parties.firm(view, voucher.firm))
    return redeem_to(market, voucher, invoice, PayeeGiven(firm.name, "ICBC Hami", ACCOUNT_NUMBER), buyer)


def redeem_to(
    market: Market, voucher: Voucher, invoice: Invoice, payee: PayeeGiven, buyer: Actor | None = None
) -> Voucher:
    """Redeem a voucher on an invoice, to an account."""
    command = RedeemVoucher(VoucherId(voucher.id), InvoiceId(invoice.id), payee)
    return do(market.house, buyer or market.buyer, lambda work: service.redeem(work, market.house.secret, command))
