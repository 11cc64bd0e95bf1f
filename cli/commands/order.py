"""``sancai order``: from the order to the payment, for buyer, seller and reviewer."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from cli.amounts import yuan_fen
from cli.commands.listing import PURPOSES
from cli.commands.order_disputes import dispute, print_dispute
from cli.commands.order_metering import command as metering
from cli.commands.order_periods import accept_period, object_period, period_log, periods, print_periods, state_period
from cli.commands.order_refunds import (
    answer_refund,
    print_red_letter,
    print_refund,
    red_letter,
    refund,
    verify_red_letter,
)
from cli.connection import client
from cli.output import Branch, facts, line, show, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.exchange import Invoice, Order, OrderDue, OrderPayment

DAY = click.DateTime(["%Y-%m-%d"])


@click.group("order", cls=Branch, help=say("Order, deliver, invoice and pay.", "下单、交付、开票与付款。"))
def command() -> None:
    """Orders."""


for made in (
    state_period,
    periods,
    accept_period,
    object_period,
    period_log,
    red_letter,
    verify_red_letter,
    refund,
    answer_refund,
    dispute,
):
    command.add_command(made)


command.add_command(metering)


@command.command(
    "place",
    help=say("Order from LISTING, accepting its terms as they stand.", "按现行条款向 LISTING 下单。"),
    example="sancai order place lst_… --quantity 1 --purpose model_training",
)
@click.argument("listing")
@click.option("--quantity", type=click.IntRange(1), default=1, show_default=True, help=say("Units.", "数量。"))
@click.option("--purpose", type=click.Choice(PURPOSES), required=True, help=say("What for.", "用途。"))
@click.option(
    "--terms-sha256", help=say("Digest of the terms you read; else today's.", "所读条款的摘要；默认取现行条款。")
)
def place(listing: str, quantity: int, purpose: str, terms_sha256: str | None) -> None:
    """Place an order."""
    with client() as service:
        accepted = terms_sha256 or service.exchange.listing(listing).terms_sha256
        made = service.exchange.place(listing, quantity, purpose, accepted)
    show(made, _print)


@command.command(
    "accept", help=say("Accept ORDER as its seller.", "卖方接受 ORDER。"), example="sancai order accept ord_…"
)
@click.argument("order")
def accept(order: str) -> None:
    """Accept an order."""
    with client() as service:
        made = service.exchange.accept(order)
    show(made, _print)


@command.command(
    "sign",
    help=say("Sign, as the buyer, the contract of ORDER; it stands then.", "买方签署 ORDER 的合同，合同自此成立。"),
    example="sancai order sign ord_… --contract-digest sha256:…",
)
@click.argument("order")
@click.option(
    "--contract-digest", help=say("Digest of the contract you read; else as shown.", "所读合同的摘要；默认取所示合同。")
)
def sign(order: str, contract_digest: str | None) -> None:
    """Sign a contract."""
    with client() as service:
        digest = contract_digest or service.exchange.order(order).contract_digest
        made = service.exchange.sign(order, digest or "")
    show(made, _print)


@command.command(
    "decline",
    help=say("Decline ORDER as its seller before both have signed.", "卖方在双方签署前拒绝 ORDER。"),
    example="sancai order decline ord_…",
)
@click.argument("order")
def decline(order: str) -> None:
    """Decline an order."""
    with client() as service:
        made = service.exchange.decline(order)
    show(made, _print)


@command.command(
    "cancel",
    help=say("Cancel ORDER before both have signed.", "在双方签署前取消 ORDER。"),
    example="sancai order cancel ord_…",
)
@click.argument("order")
def cancel(order: str) -> None:
    """Cancel an order."""
    with client() as service:
        made = service.exchange.cancel(order)
    show(made, _print)


@command.command(
    "deliver",
    help=say("Confirm, as the buyer, what ORDER delivered.", "买方确认 ORDER 的交付。"),
    example="sancai order deliver ord_… --content-digest sha256:…",
)
@click.argument("order")
@click.option("--content-digest", help=say("Content digest of the dataset.", "数据集内容摘要。"))
@click.option("--usage", help=say("Usage of a service, in its unit.", "服务用量。"))
def deliver(order: str, content_digest: str | None, usage: str | None) -> None:
    """Confirm a delivery."""
    with client() as service:
        made = service.exchange.confirm_delivery(order, content_digest, usage)
    show(made, _print)


@command.command(
    "invoice",
    help=say("Record the seller's invoice for ORDER.", "登记 ORDER 的发票。"),
    example="sancai order invoice ord_… --number 26650000000000000001 --issued-on 2026-03-02 --net 120000 --vat 7200",
)
@click.argument("order")
@click.option("--number", required=True, help=say("20 digits.", "20 位号码。"))
@click.option("--issued-on", type=DAY, required=True, help=say("Date of the invoice.", "开票日期。"))
@click.option("--net", "net_fen", callback=yuan_fen, required=True, help=say("Yuan without VAT.", "不含税金额（元）。"))
@click.option("--vat", "vat_fen", callback=yuan_fen, default="0", help=say("VAT in yuan.", "税额（元）。"))
@click.option(
    "--kind", type=click.Choice(["special", "ordinary"]), default="special", help=say("Kind.", "专票或普票。")
)
@click.option("--period", "billed", multiple=True, help=say("A period it bills.", "所开票的交付周期。"))
def invoice(
    order: str, number: str, issued_on: datetime, net_fen: int, vat_fen: int, kind: str, billed: tuple[str, ...]
) -> None:
    """Record an invoice."""
    with client() as service:
        made = service.exchange.invoice(
            order,
            number=number,
            issued_on=issued_on.date(),
            net_fen=net_fen,
            vat_fen=vat_fen,
            kind=kind,
            periods=billed,
        )
    show(made, _print_invoice)


@command.command(
    "verify",
    help=say("Record what the tax platform says of INVOICE.", "登记 INVOICE 的查验结果。"),
    example="sancai order verify inv_… --status verified --checked-on 2026-03-02",
)
@click.argument("invoice_id", metavar="INVOICE")
@click.option("--status", type=click.Choice(["verified", "void", "red"]), required=True, help=say("Result.", "结果。"))
@click.option("--checked-on", type=DAY, required=True, help=say("Day of the look-up.", "查验日期。"))
def verify(invoice_id: str, status: str, checked_on: datetime) -> None:
    """Record a look-up."""
    with client() as service:
        made = service.exchange.verify_invoice(invoice_id, status, checked_on.date())
    show(made, _print_invoice)


@command.command(
    "pay",
    help=say("Record a bank payment for ORDER.", "登记 ORDER 的银行付款。"),
    example="sancai order pay ord_… --amount 127200 --paid-on 2026-03-02 --reference BANK-0001",
)
@click.argument("order")
@click.option("--amount", "amount_fen", callback=yuan_fen, required=True, help=say("Yuan.", "金额（元）。"))
@click.option("--paid-on", type=DAY, required=True, help=say("Day of the payment.", "付款日期。"))
@click.option("--reference", required=True, help=say("As on the bank receipt.", "银行回单号。"))
@click.option(
    "--own-account/--other-account", default=True, show_default=True, help=say("Whose account.", "是否本单位账户。")
)
def pay(order: str, amount_fen: int, paid_on: datetime, reference: str, own_account: bool) -> None:
    """Record a payment."""
    with client() as service:
        made = service.exchange.pay(
            order, paid_on=paid_on.date(), amount_fen=amount_fen, reference=reference, from_own_account=own_account
        )
    show(made, _print_payment)


@command.command(
    "show",
    help=say("Show ORDER with invoices and payments.", "显示 ORDER 及其发票和付款。"),
    example="sancai order show ord_…",
)
@click.argument("order")
def show_order(order: str) -> None:
    """Show an order."""
    with client() as service:
        found = service.exchange.order(order)
    show(found, _print)


@command.command("list", help=say("List your orders.", "列出订单。"), example="sancai order list")
def list_orders() -> None:
    """List orders."""
    with client() as service:
        found = list(service.exchange.orders())
    show(
        found,
        lambda orders: table(
            [say("id", "编号"), say("title", "名称"), say("gross", "含税金额"), say("state", "状态")],
            [(item.id, item.title, item.gross_text, item.state) for item in orders],
        ),
    )


@command.command(
    "waiting",
    help=say("List the orders on which you have to act next.", "列出待您办理的订单步骤。"),
    example="sancai order waiting",
)
def waiting() -> None:
    """List what waits."""
    with client() as service:
        found = list(service.exchange.waiting())
    show(found, lambda orders: _print_waits([(order.id, each) for order in orders for each in order.waits_for]))


def _print_waits(found: "list[tuple[str, OrderDue]]") -> None:
    table(
        [
            say("order", "订单"),
            say("step", "步骤"),
            say("who", "办理方"),
            say("until", "截止"),
            say("working days late", "逾期工作日"),
        ],
        [(order, each.step, each.side, each.due_at or "—", each.days_late) for order, each in found],
    )


def _print(found: "Order") -> None:
    facts(
        [
            (say("id", "编号"), found.id),
            (say("state", "状态"), found.state),
            (say("title", "名称"), found.title),
            (say("quantity", "数量"), found.quantity),
            (say("purpose", "用途"), found.purpose),
            (say("to pay, with VAT", "应付（含税）"), found.gross_text),
            (say("contract", "合同摘要"), found.contract_digest),
            (say("signed by both", "双方签署时间"), found.signed_at),
            (say("delivered", "交付时间"), found.delivered_at),
        ]
    )
    if found.waits_for:
        line()
        _print_waits([(found.id, each) for each in found.waits_for])
    if found.periods:
        line()
        print_periods(found.periods)
    for each in found.invoices:
        line()
        _print_invoice(each)
        for red in each.red_letters:
            line()
            print_red_letter(red)
    for payment in found.payments:
        line()
        _print_payment(payment)
    for back in found.refunds:
        line()
        print_refund(back)
    for each_dispute in found.disputes:
        line()
        print_dispute(each_dispute)


def _print_invoice(found: "Invoice") -> None:
    facts(
        [
            (say("invoice", "发票"), found.id),
            (say("number", "号码"), found.number),
            (say("issued on", "开票日期"), found.issued_on),
            (say("look-up", "查验结果"), found.verification),
        ]
    )


def _print_payment(found: "OrderPayment") -> None:
    facts(
        [
            (say("payment", "付款"), found.reference),
            (say("paid on", "付款日期"), found.paid_on),
            (say("amount", "金额"), found.amount_text),
        ]
    )
