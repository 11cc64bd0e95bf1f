"""``sancai voucher``: what public money covers, holding it and redeeming it."""

from typing import TYPE_CHECKING

import click

from cli.commands.voucher_patterns import COMMANDS as PATTERNS
from cli.commands.voucher_round import rounds
from cli.connection import client
from cli.output import Branch, facts, line, show, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.vouchers import Quote, Voucher


@click.group("voucher", cls=Branch, help=say("Quote, hold and redeem vouchers.", "数据券与算力券：测算、申领、核销。"))
def command() -> None:
    """Vouchers."""


command.add_command(rounds)


@command.command(
    "quote",
    help=say("Say what a voucher would cover of ORDER today.", "测算今日 ORDER 可获券额。"),
    example="sancai voucher quote ord_…",
)
@click.argument("order")
def quote(order: str) -> None:
    """Quote a voucher."""
    with client() as service:
        found = service.vouchers.quote(order)
    show(found, _print_quote)


@command.command(
    "hold", help=say("Hold a voucher for ORDER.", "为 ORDER 申领券。"), example="sancai voucher hold ord_…"
)
@click.argument("order")
def hold(order: str) -> None:
    """Hold a voucher."""
    with client() as service:
        made = service.vouchers.hold(order)
    show(made, _print)


@command.command(
    "redeem",
    help=say("Redeem VOUCHER on INVOICE, verified and paid.", "以已查验、已付款的 INVOICE 核销 VOUCHER。"),
    example='sancai voucher redeem vch_… inv_… --payee-name "…公司" --payee-bank "工商银行" --payee-account 6222…',
)
@click.argument("voucher")
@click.argument("invoice")
@click.option("--payee-name", required=True, help=say("Name of your firm's account.", "本企业账户名称。"))
@click.option("--payee-bank", required=True, help=say("Bank of the account.", "开户银行。"))
@click.option("--payee-account", required=True, help=say("Number of the account.", "账号。"))
def redeem(voucher: str, invoice: str, payee_name: str, payee_bank: str, payee_account: str) -> None:
    """Redeem a voucher."""
    with client() as service:
        made = service.vouchers.redeem(
            voucher, invoice, account_name=payee_name, bank=payee_bank, account_number=payee_account
        )
    show(made, _print)


@command.command(
    "release", help=say("Give held VOUCHER back.", "退回已申领的 VOUCHER。"), example="sancai voucher release vch_…"
)
@click.argument("voucher")
def release(voucher: str) -> None:
    """Release a voucher."""
    with client() as service:
        made = service.vouchers.release(voucher)
    show(made, _print)


@command.command(
    "lessen",
    help=say(
        "Lessen what unpaid VOUCHER claims to what is left of its invoice (officers).",
        "将未拨付的 VOUCHER 核减至发票现存基数所对应金额（经办人员）。",
    ),
    example="sancai voucher lessen vch_…",
)
@click.argument("voucher")
def lessen(voucher: str) -> None:
    """Lessen a claim."""
    with client() as service:
        made = service.vouchers.lessen(voucher)
    show(made, _print)


@command.command("show", help=say("Show VOUCHER.", "显示 VOUCHER。"), example="sancai voucher show vch_…")
@click.argument("voucher")
def show_voucher(voucher: str) -> None:
    """Show a voucher."""
    with client() as service:
        found = service.vouchers.voucher(voucher)
    show(found, _print)


@command.command("list", help=say("List vouchers.", "列出券。"), example="sancai voucher list")
def list_vouchers() -> None:
    """List vouchers."""
    with client() as service:
        found = list(service.vouchers.vouchers())
    show(
        found,
        lambda vouchers: table(
            [say("id", "编号"), say("state", "状态"), say("year", "年度"), say("amount", "金额"), say("order", "订单")],
            [(item.id, item.state, item.year, item.amount_text, item.order) for item in vouchers],
        ),
    )


@command.command(
    "years",
    help=say("Show what is left of yearly caps.", "查看企业年度额度。"),
    example="sancai voucher years --year 2026",
)
@click.option("--firm", help=say("Id of the firm (officers).", "企业编号（经办人员）。"))
@click.option("--year", type=int, help=say("Only this year.", "年度。"))
def years(firm: str | None, year: int | None) -> None:
    """Show firm-years."""
    with client() as service:
        found = service.vouchers.firm_years(firm, year)
    show(
        found,
        lambda firm_years: table(
            [say("firm", "企业"), say("year", "年度"), say("left", "剩余额度")],
            [(item.firm, item.year, item.left_text) for item in firm_years],
        ),
    )


def _print_quote(found: "Quote") -> None:
    facts(
        [
            (say("voucher", "券种"), found.title),
            (say("amount", "金额"), f"{found.amount_text}（{found.amount_capitals}）"),
            (say("year", "年度"), found.year),
        ]
    )
    line()
    # A service of an earlier release says the limits alone.
    for said in found.statements or found.limits:
        line(f"{'→' if said.binds else ' '} {said.detail}")
    unmet = [each for each in found.conditions if each.finding != "met"]
    if unmet:
        line()
        line(say("Not met yet:", "尚未满足："))
    for condition in unmet:
        line(f"- {condition.detail}（{condition.clause}）")
    if found.open_assumptions:
        line()
        line(say("Payment waits for rulings on:", "拨付前须作出以下决定："))
    for assumption in found.open_assumptions:
        line(f"- {assumption.id}: {assumption.question}")


def _print(found: "Voucher") -> None:
    facts(
        [
            (say("id", "编号"), found.id),
            (say("state", "状态"), found.state),
            (say("amount", "金额"), f"{found.amount_text}（{found.amount_capitals}）"),
            (say("year", "年度"), found.year),
            (say("order", "订单"), found.order),
            (say("invoice", "发票"), found.invoice),
            (say("expires", "失效时间"), found.expires_at if found.state == "held" else None),
            (say("case", "案卷"), found.case),
        ]
    )


for each in PATTERNS:
    command.add_command(each)
