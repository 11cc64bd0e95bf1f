"""``sancai desk``: what a bureau looks at: pools month by month, the queue, holds by age, what firms used."""

from typing import TYPE_CHECKING

import click

from cli.connection import client
from cli.output import Branch, facts, line, show, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.desk import BurnDown, Holds, Queue
    from sancai.vouchers import Position


@click.group("desk", cls=Branch, help=say("The desk of a bureau (officers).", "主管部门工作台（经办人员）。"))
def command() -> None:
    """The desk."""


@command.command(
    "pool",
    help=say(
        "Show POOL month by month: held, redeemed, paid, returned, left.",
        "按月显示 POOL：申领、核销、拨付、退回、余额。",
    ),
    example="sancai desk pool pool_… --months 12",
)
@click.argument("pool")
@click.option(
    "--months",
    type=click.IntRange(1, 60),
    default=12,
    help=say("How many months, this one included; by default 12.", "月数，含本月；默认 12。"),
)
def pool(pool: str, months: int) -> None:
    """Show the burn-down of a pool."""
    with client() as service:
        found = service.desk.burn_down(pool, months)
    show(found, _print_burn_down)


@command.command(
    "queue",
    help=say(
        "Show open cases in the order of acceptance, what each waits for, and who fits into the money of YEAR.",
        "按受理先后显示在办案件、待办环节，以及 YEAR 年度预算是否足够。",
    ),
    example="sancai desk queue 2026",
)
@click.argument("year", type=int)
def queue(year: int) -> None:
    """Show the queue."""
    with client() as service:
        found = service.desk.queue(year)
    show(found, _print_queue)


@command.command(
    "holds",
    help=say("Show open holds by the days left.", "按剩余天数显示未核销的申领。"),
    example="sancai desk holds",
)
def holds() -> None:
    """Show holds by age."""
    with client() as service:
        found = service.desk.holds()
    show(found, _print_holds)


@command.command(
    "claims",
    help=say(
        "List unpaid claims on invoices of which less stands than was claimed; see `sancai voucher lessen`.",
        "列出发票已被红冲或退款、申报基数高于现存基数且尚未拨付的券；核减见 `sancai voucher lessen`。",
    ),
    example="sancai desk claims",
)
def claims() -> None:
    """List claims to lessen."""
    with client() as service:
        found = list(service.desk.claims_to_lessen())
    show(
        found,
        lambda items: table(
            [
                say("voucher", "券"),
                say("state", "状态"),
                say("amount", "金额"),
                say("lacking", "不足基数"),
                say("case", "案件"),
            ],
            [(e.voucher, e.state, e.amount_text, e.lacking_text, e.case or "—") for e in items],
        ),
    )


@command.command(
    "firms",
    help=say("List what firms used of their years.", "列出企业年度额度使用情况。"),
    example="sancai desk firms --year 2026",
)
@click.option("--year", type=int, help=say("Only this year.", "年度。"))
def firms(year: int | None) -> None:
    """List firm-years."""
    with client() as service:
        found = list(service.desk.firm_years(year))
    show(
        found,
        lambda items: table(
            [
                say("firm", "企业"),
                say("group", "组别"),
                say("year", "年度"),
                say("base, fen", "基数（分）"),
                say("used", "已用"),
                say("left", "剩余额度"),
            ],
            [(e.firm, e.group, e.year, e.base_fen, e.used_text, e.left_text) for e in items],
        ),
    )


def _print_position(found: "Position") -> None:
    line(
        say(
            f"At checkpoint {found.size} of the log ({found.logged_at or 'none yet'}, root {found.root[:16]}).",
            f"截至日志检查点 {found.size}（{found.logged_at or '尚无'}，根 {found.root[:16]}）。",
        )
    )


def _print_burn_down(found: "BurnDown") -> None:
    table(
        [
            say("month", "月份"),
            say("held, fen", "申领（分）"),
            say("redeemed", "核销"),
            say("released", "释放"),
            say("lessened", "核减"),
            say("paid", "拨付"),
            say("returned", "退汇"),
            say("came back", "收回"),
            say("left", "余额"),
        ],
        [
            (
                each.month,
                each.held_fen,
                each.redeemed_fen,
                each.released_fen,
                each.lessened_fen,
                each.paid_fen,
                each.returned_fen,
                each.came_back_fen - each.retaken_fen,
                each.left_text,
            )
            for each in found.months
        ],
    )
    line()
    facts([(say("budget", "总额"), found.budget_text)])
    facts((name, f"{fen} {say('fen', '分')}") for name, fen in found.standing.balances_fen.items())
    _print_position(found.standing.position)
    if found.standing.later:
        line(say(f"{found.standing.later} postings are later.", f"另有 {found.standing.later} 笔分录晚于该检查点。"))


def _print_queue(found: "Queue") -> None:
    table(
        [
            say("case", "案件"),
            say("accepted", "受理"),
            say("state", "状态"),
            say("amount", "金额"),
            say("ahead, fen", "在前（分）"),
            say("fits", "预算足够"),
            say("waits for", "待办"),
        ],
        [
            (
                each.case,
                each.accepted_at,
                each.state,
                each.amount_text,
                each.ahead_fen,
                say("yes", "是") if each.fits else say("no", "否"),
                ", ".join(f"{wait.step} ({wait.role})" for wait in each.waits),
            )
            for each in found.items
        ],
    )
    line()
    facts(
        [
            (say("left of the year", "年度余额"), found.left_text),
            (say("redeemed, in no batch", "已核销未入批"), found.unbatched_text),
        ]
    )
    _print_position(found.position)


def _print_holds(found: "Holds") -> None:
    table(
        [say("age", "剩余期限"), say("holds", "笔数"), say("amount", "金额")],
        [(each.age, each.count, each.amount_text) for each in found.ages],
    )
    line()
    table(
        [say("voucher", "券"), say("firm", "企业"), say("amount", "金额"), say("runs out", "失效")],
        [(each.voucher, each.firm, each.amount_text, each.expires_at) for each in found.items],
    )
    _print_position(found.position)
