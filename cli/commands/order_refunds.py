"""``sancai order red-letter``, ``verify-red-letter``, ``refund`` and ``answer-refund``: what takes back a purchase."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from cli.amounts import yuan_fen
from cli.connection import client
from cli.output import Leaf, facts, show
from cli.words import say

if TYPE_CHECKING:
    from sancai.exchange import RedLetter, Refund

DAY = click.DateTime(["%Y-%m-%d"])


@click.command(
    "red-letter",
    cls=Leaf,
    help=say(
        "Record, as the seller, a red-letter invoice over a part of INVOICE or all of it.",
        "卖方登记对 INVOICE 的红字发票（部分或全部）。",
    ),
    example="sancai order red-letter inv_… --number 26650000000000000002 --issued-on 2026-03-09 --net 40000 --vat 2400",
)
@click.argument("invoice")
@click.option("--number", required=True, help=say("20 digits.", "20 位号码。"))
@click.option("--issued-on", type=DAY, required=True, help=say("Date of the red letter.", "开票日期。"))
@click.option(
    "--net", "net_fen", callback=yuan_fen, required=True, help=say("Yuan taken back, no VAT.", "红冲不含税金额（元）。")
)
@click.option("--vat", "vat_fen", callback=yuan_fen, default="0", help=say("VAT taken back.", "红冲税额（元）。"))
def red_letter(invoice: str, number: str, issued_on: datetime, net_fen: int, vat_fen: int) -> None:
    """Record a red letter."""
    with client() as service:
        made = service.exchange.red_letter(
            invoice, number=number, issued_on=issued_on.date(), net_fen=net_fen, vat_fen=vat_fen
        )
    show(made, print_red_letter)


@click.command(
    "verify-red-letter",
    cls=Leaf,
    help=say("Record what the tax platform says of RED.", "登记红字发票 RED 的查验结果。"),
    example="sancai order verify-red-letter red_… --status verified --checked-on 2026-03-09",
)
@click.argument("red")
@click.option("--status", type=click.Choice(["verified", "void"]), required=True, help=say("Result.", "结果。"))
@click.option("--checked-on", type=DAY, required=True, help=say("Day of the look-up.", "查验日期。"))
def verify_red_letter(red: str, status: str, checked_on: datetime) -> None:
    """Record a look-up of a red letter."""
    with client() as service:
        made = service.exchange.verify_red_letter(red, status, checked_on.date())
    show(made, print_red_letter)


@click.command(
    "refund",
    cls=Leaf,
    help=say("Record, as the seller, money sent back for ORDER.", "卖方登记 ORDER 的退款。"),
    example="sancai order refund ord_… --invoice inv_… --amount 42400 --refunded-on 2026-03-09 --reference BACK-0001",
)
@click.argument("order")
@click.option("--invoice", help=say("The invoice it concerns, if there is one.", "对应的发票（已开票时必填）。"))
@click.option(
    "--amount", "amount_fen", callback=yuan_fen, required=True, help=say("Yuan with VAT.", "含税金额（元）。")
)
@click.option("--refunded-on", type=DAY, required=True, help=say("Day on the bank receipt.", "银行回单日期。"))
@click.option("--reference", required=True, help=say("As on the bank receipt.", "银行回单号。"))
def refund(order: str, invoice: str | None, amount_fen: int, refunded_on: datetime, reference: str) -> None:
    """Record a refund."""
    with client() as service:
        made = service.exchange.refund(
            order, amount_fen=amount_fen, refunded_on=refunded_on.date(), reference=reference, invoice=invoice
        )
    show(made, print_refund)


@click.command(
    "answer-refund",
    cls=Leaf,
    help=say(
        "Say, as the buyer, whether REFUND arrived; with all that was paid, the order and its grants end.",
        "买方确认 REFUND 是否到账；全额退款后订单及其授权终止。",
    ),
    example="sancai order answer-refund rfd_… --arrived",
)
@click.argument("refund_id", metavar="REFUND")
@click.option("--arrived/--not-arrived", required=True, help=say("Whether it did.", "是否到账。"))
def answer_refund(refund_id: str, arrived: bool) -> None:
    """Answer a refund."""
    with client() as service:
        made = service.exchange.answer_refund(refund_id, arrived=arrived)
    show(made, print_refund)


def print_red_letter(found: "RedLetter") -> None:
    """Print a red letter."""
    facts(
        [
            (say("red letter", "红字发票"), found.id),
            (say("number", "号码"), found.number),
            (say("issued on", "开票日期"), found.issued_on),
            (say("look-up", "查验结果"), found.verification),
        ]
    )


def print_refund(found: "Refund") -> None:
    """Print a refund."""
    facts(
        [
            (say("refund", "退款"), found.id),
            (say("amount", "金额"), found.amount_text),
            (say("refunded on", "退款日期"), found.refunded_on),
            (say("state", "状态"), found.state),
        ]
    )
