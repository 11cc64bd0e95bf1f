"""``sancai ledger``: the books of public money: verified whole, and opened with what was paid before the system."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.commands.ledger_years import COMMANDS as YEARS
from cli.connection import client
from cli.output import Branch, facts, line, show, table
from cli.server import require_server
from cli.words import say

if TYPE_CHECKING:
    from sancai.openings import Opening


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


@command.command(
    "open",
    help=say(
        "Propose FILE (CSV, XLSX or TOML) as what was paid before the system: columns pool or instrument, uscc, year, "
        "base, amount (yuan), dataset. Every bad line is told; nothing counts until another officer confirms it.",
        "提出 FILE（CSV、XLSX 或 TOML）作为上线前已付情况：栏目为 pool 或 instrument、uscc、year、base、amount（元）、"
        "dataset。逐行报告错误；经另一名经办人确认后生效。",
    ),
    example="sancai ledger open paid-before.xlsx",
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def open_ledger(file: Path) -> None:
    """Propose opening balances."""
    content = file.read_bytes()
    with client() as service:
        made = service.openings.propose(content)
    show(made, _print)


@command.command(
    "confirm",
    help=say(
        "Open the books with OPENING, which another officer proposed; --digest is that of the file you looked at.",
        "确认另一名经办人提出的 OPENING 并启用台账；--digest 为您核对过的文件摘要。",
    ),
    example="sancai ledger confirm opening_… --digest sha256:…",
)
@click.argument("opening")
@click.option("--digest", required=True, help=say("Digest of the file.", "文件摘要。"))
def confirm(opening: str, digest: str) -> None:
    """Confirm opening balances."""
    with client() as service:
        made = service.openings.confirm(opening, digest)
    show(made, _print)


@command.command(
    "openings",
    help=say(
        "List the opening balances proposed at your authority, the newest first.",
        "列出本单位提出的期初台账，新的在前。",
    ),
    example="sancai ledger openings",
)
def list_openings() -> None:
    """List opening balances."""
    with client() as service:
        found = list(service.openings.list())
    show(
        found,
        lambda items: table(
            [
                say("id", "编号"),
                say("file", "文件"),
                say("proposed", "提出"),
                say("by", "提出人"),
                say("confirmed", "确认"),
            ],
            [(each.id, each.digest, each.proposed_at, each.proposed_by, each.confirmed_at or "—") for each in items],
        ),
    )


@command.command(
    "show", help=say("Show OPENING line by line.", "逐行显示 OPENING。"), example="sancai ledger show opening_…"
)
@click.argument("opening")
def show_opening(opening: str) -> None:
    """Show opening balances."""
    with client() as service:
        found = service.openings.get(opening)
    show(found, _print)


def _print(found: "Opening") -> None:
    table(
        [
            say("line", "行"),
            say("pool or instrument", "资金池或条款"),
            say("firm", "企业"),
            say("year", "年度"),
            say("base, fen", "基数（分）"),
            say("amount, fen", "金额（分）"),
            say("dataset", "数据集"),
        ],
        [
            (
                each.line,
                each.pool or each.instrument,
                each.uscc,
                each.year,
                each.base_fen,
                each.amount_fen,
                each.dataset,
            )
            for each in found.lines
        ],
    )
    line()
    facts(
        [
            (say("id", "编号"), found.id),
            (say("file", "文件"), found.digest),
            (say("used of pools", "资金池已用"), found.used_text),
            (say("awards", "已付奖励"), found.awarded_text),
            (say("proposed", "提出"), f"{found.proposed_at} {found.proposed_by}"),
            (say("confirmed", "确认"), found.confirmed_at and f"{found.confirmed_at} {found.confirmed_by}"),
        ]
    )


for each in YEARS:
    command.add_command(each)
