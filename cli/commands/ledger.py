"""``sancai ledger``: the books of public money: verified whole, and opened with what was paid before the system."""

import time

import click

from cli.output import Branch, facts, show
from cli.server import require_server
from cli.words import say


@click.group("ledger", cls=Branch, help=say("Verify and open the ledger.", "核验与启用台账。"))
def command() -> None:
    """The ledger."""


@command.command(
    "verify",
    help=say(
        "On the machine of an installation, replay every posting from the first, and compare accounts, pools, "
        "firm-years, vouchers, budget lines and the journal with it. Names the first that differs.",
        "在安装所在机器上，从第一笔分录起重放全部台账，并与账户、资金池、企业年度、券、预算科目及日志比对，"
        "指出第一处不符。",
    ),
    example="sancai ledger verify",
)
def verify() -> None:
    """Verify the ledger."""
    require_server()
    from registry.house import open_house
    from registry.vouchers.ledger import verify_ledger
    from storage.settings import read_settings

    with open_house(read_settings()) as house, house.view() as view:
        started = time.perf_counter()
        found = verify_ledger(view.connection)
        taken = time.perf_counter() - started
    shown = {
        "ok": True,
        "accounts": found.accounts,
        "postings": found.postings,
        "pools": found.pools,
        "firm_years": found.firm_years,
        "vouchers": found.vouchers,
        "appropriations": found.appropriations,
        "seconds": round(taken, 3),
    }
    show(
        shown,
        lambda _: facts(
            [
                (say("postings replayed", "重放分录"), f"{found.postings}"),
                (say("accounts", "账户"), f"{found.accounts}"),
                (say("pools", "资金池"), f"{found.pools}"),
                (say("firm-years", "企业年度"), f"{found.firm_years}"),
                (say("vouchers", "券"), f"{found.vouchers}"),
                (say("budget lines", "预算科目"), f"{found.appropriations}"),
                (say("seconds", "用时（秒）"), f"{taken:.2f}"),
            ]
        ),
    )
