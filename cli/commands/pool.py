"""``sancai pool``: pools of vouchers, the ledger behind them, and the budget lines payments come from."""

from typing import TYPE_CHECKING

import click

from cli.amounts import yuan_fen
from cli.connection import client
from cli.output import Branch, facts, line, show, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.vouchers import Ledger, Pool


@click.group("pool", cls=Branch, help=say("Show and open pools of vouchers.", "查看与设立券资金池。"))
def command() -> None:
    """Pools."""


@command.command(
    "open",
    help=say("Open pool NAME of policy DOCUMENT.", "按政策 DOCUMENT 设立资金池 NAME。"),
    example="sancai pool open yizhou-2-year-measures yz-4",
)
@click.argument("document")
@click.argument("name")
def open_pool(document: str, name: str) -> None:
    """Open a pool."""
    with client() as service:
        made = service.vouchers.open_pool(document, name)
    show(made, _print)


@command.command("show", help=say("Show POOL.", "显示 POOL。"), example="sancai pool show pool_…")
@click.argument("pool")
def show_pool(pool: str) -> None:
    """Show a pool."""
    with client() as service:
        found = service.vouchers.pool(pool)
    show(found, _print)


@command.command("list", help=say("List all pools.", "列出资金池。"), example="sancai pool list")
def list_pools() -> None:
    """List pools."""
    with client() as service:
        found = service.vouchers.pools()
    show(
        found,
        lambda pools: table(
            [say("id", "编号"), say("document", "政策"), say("name", "名称"), say("left", "余额")],
            [(item.id, item.document, item.name, item.left_text) for item in pools],
        ),
    )


@command.command(
    "ledger",
    help=say("Show the accounts of your authority in fen, and whether they balance.", "查看台账账户（分）及是否平衡。"),
    example="sancai pool ledger",
)
def ledger() -> None:
    """Show the ledger."""
    with client() as service:
        found = service.vouchers.ledger()
    show(found, _print_ledger)


@command.command(
    "appropriate",
    help=say("Record money appropriated to budget line LINE of YEAR.", "登记 YEAR 年科目 LINE 的预算。"),
    example="sancai pool appropriate 2026 2150805 --amount 1000000 --number 财预〔2026〕1号",
)
@click.argument("year", type=int)
@click.argument("budget_line", metavar="LINE")
@click.option("--amount", "amount_fen", callback=yuan_fen, required=True, help=say("Yuan.", "金额（元）。"))
@click.option("--number", required=True, help=say("Number of the document.", "文号。"))
def appropriate(year: int, budget_line: str, amount_fen: int, number: str) -> None:
    """Record an appropriation."""
    with client() as service:
        made = service.vouchers.appropriate(year, budget_line, amount_fen, number)
    show(
        made,
        lambda each: facts(
            [
                (say("line", "科目"), f"{each.budget_year} {each.line}"),
                (say("appropriated, fen", "预算（分）"), each.appropriated_fen),
                (say("left, fen", "余额（分）"), each.left_fen),
            ]
        ),
    )


def _print(found: "Pool") -> None:
    facts(
        [
            (say("id", "编号"), found.id),
            (say("document", "政策"), found.document),
            (say("name", "名称"), found.name),
            (say("left", "余额"), found.left_text),
            (say("opened", "设立时间"), found.opened_at),
        ]
    )
    if said := found.checkpoint:
        line(
            say(
                f"At checkpoint {said.position.size}: {said.left_fen} fen left; {said.later} postings are later.",
                f"截至日志检查点 {said.position.size}：余额 {said.left_fen} 分；其后分录 {said.later} 笔。",
            )
        )


def _print_ledger(found: "Ledger") -> None:
    table(
        [say("account", "账户"), say("debit", "借方"), say("credit", "贷方"), say("balance", "余额")],
        [(item.account, item.debit_fen, item.credit_fen, item.balance_text) for item in found.accounts],
    )
    line()
    line(say("Balanced.", "平衡。") if found.balanced else say("NOT balanced: stop payments.", "不平衡：请停止支付。"))
