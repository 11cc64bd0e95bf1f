"""``sancai voucher round``: rounds in which vouchers of a pool are given out."""

from typing import TYPE_CHECKING

import click

from cli.amounts import yuan_fen
from cli.connection import client
from cli.output import Branch, facts, show, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.voucher_rounds import MovedClosing, VoucherRequest, VoucherRound


@click.group("round", cls=Branch, help=say("Publish and read rounds of vouchers.", "发布与查看券发放批次。"))
def rounds() -> None:
    """Rounds of vouchers."""


_ROUND = click.argument("round_id", metavar="ROUND")


@rounds.command(
    "publish",
    help=say("Publish a round of POOL.", "发布 POOL 的发放批次。"),
    example="sancai voucher round publish pool_… --title 第一批 --opens 2026-04-01T10:00+08:00 "
    "--closes 2026-04-01T17:00+08:00 --budget 1000000 --allocation first_come",
)
@click.argument("pool")
@click.option("--title", required=True, help=say("Title.", "名称。"))
@click.option("--opens", "opens_at", required=True, help=say("Opening, to the minute.", "开始时间，精确到分钟。"))
@click.option("--closes", "closes_at", required=True, help=say("Closing, to the minute.", "截止时间，精确到分钟。"))
@click.option("--budget", "budget_fen", callback=yuan_fen, required=True, help=say("Yuan.", "资金（元）。"))
@click.option(
    "--allocation",
    type=click.Choice(["first_come", "pro_rata"]),
    default=None,
    help=say("Flash round, or divided after it has closed.", "先到先得，或截止后按比例分配。"),
)
def publish(pool: str, title: str, opens_at: str, closes_at: str, budget_fen: int, allocation: str | None) -> None:
    """Publish a round."""
    with client() as service:
        made = service.voucher_rounds.publish(pool, title, opens_at, closes_at, budget_fen, allocation)
    show(made, _print)


@rounds.command(
    "cancel",
    help=say("Cancel ROUND before it opens.", "在开始前取消 ROUND。"),
    example="sancai voucher round cancel vrnd_…",
)
@_ROUND
def cancel(round_id: str) -> None:
    """Cancel a round."""
    with client() as service:
        made = service.voucher_rounds.cancel(round_id)
    show(made, _print)


@rounds.command(
    "move-closing",
    help=say(
        "Keep ROUND open for longer, by a numbered decision.",
        "以文号延长 ROUND 的截止时间。",
    ),
    example="sancai voucher round move-closing vrnd_… --closes 2026-04-02T17:00+08:00 --number 数发〔2026〕9号 "
    "--reason 系统检修顺延",
)
@_ROUND
@click.option(
    "--closes", "closes_at", required=True, help=say("Later closing, to the minute.", "新截止时间，精确到分钟。")
)
@click.option("--number", required=True, help=say("Number of the decision.", "文号。"))
@click.option("--reason", required=True, help=say("Why; everybody may read it.", "理由（公开）。"))
def move_closing(round_id: str, closes_at: str, number: str, reason: str) -> None:
    """Move the closing of a round."""
    with client() as service:
        made = service.voucher_rounds.move_closing(round_id, closes_at, number, reason)
    show(made, _print)


@rounds.command(
    "list", help=say("List rounds of vouchers.", "列出发放批次。"), example="sancai voucher round list --pool pool_…"
)
@click.option("--pool", default=None, help=say("Only of this pool.", "仅此资金池。"))
def list_rounds(pool: str | None) -> None:
    """List rounds."""
    with client() as service:
        found = list(service.voucher_rounds.list(pool))
    show(found, _print_rounds)


@rounds.command(
    "show",
    help=say("Show ROUND and what is left of it.", "显示 ROUND 及余额。"),
    example="sancai voucher round show vrnd_…",
)
@_ROUND
def show_round(round_id: str) -> None:
    """Show a round."""
    with client() as service:
        found = service.voucher_rounds.get(round_id)
    show(found, _print)


@rounds.command(
    "request",
    help=say("Request a voucher for ORDER in the closed round that is open.", "在受理中的批次为 ORDER 申请券。"),
    example="sancai voucher round request ord_…",
)
@click.argument("order")
def request(order: str) -> None:
    """Request a voucher."""
    with client() as service:
        made = service.voucher_rounds.request(order)
    show(made, lambda each: _print_requests([each]))


@rounds.command(
    "withdraw",
    help=say("Withdraw your own REQUEST before its round closes.", "在批次截止前撤回本企业的申请 REQUEST。"),
    example="sancai voucher round withdraw vreq_…",
)
@click.argument("request")
def withdraw(request: str) -> None:
    """Withdraw a request."""
    with client() as service:
        made = service.voucher_rounds.withdraw(request)
    show(made, lambda each: _print_requests([each]))


@rounds.command(
    "requests",
    help=say("List the requests of ROUND; a firm sees its own.", "列出 ROUND 的申请；企业仅见本企业。"),
    example="sancai voucher round requests vrnd_…",
)
@_ROUND
def list_requests(round_id: str) -> None:
    """List requests."""
    with client() as service:
        found = list(service.voucher_rounds.requests(round_id))
    show(found, _print_requests)


@rounds.command(
    "divide",
    help=say("Divide the budget of ROUND after it has closed.", "截止后分配 ROUND 的资金。"),
    example="sancai voucher round divide vrnd_…",
)
@_ROUND
def divide(round_id: str) -> None:
    """Divide the budget of a round."""
    with client() as service:
        made = service.voucher_rounds.divide(round_id)
    show(made, _print)


def _print(found: "VoucherRound") -> None:
    facts(
        [
            (say("round", "批次"), found.id),
            (say("title", "名称"), found.title),
            (say("pool", "资金池"), found.pool),
            (say("state", "状态"), found.state),
            (say("allocation", "分配方式"), found.allocation),
            (say("opens", "开始"), found.opens_at),
            (say("closes", "截止"), found.closes_at),
            (say("budget", "资金"), found.budget_text),
            (say("left", "余额"), found.left_text),
            *((say("closing moved", "截止时间调整"), _moved(each)) for each in found.moved_closings),
        ]
    )


def _moved(made: "MovedClosing") -> str:
    return f"{made.closed_before} → {made.closes_at}, {made.document_number}: {made.reason}"


def _print_rounds(found: "list[VoucherRound]") -> None:
    table(
        [say("id", "编号"), say("state", "状态"), say("title", "名称"), say("opens", "开始"), say("left", "余额")],
        [(each.id, each.state, each.title, each.opens_at, each.left_text) for each in found],
    )


def _print_requests(found: "list[VoucherRequest]") -> None:
    table(
        [say("id", "编号"), say("order", "订单"), say("state", "状态"), say("amount", "金额"), say("detail", "说明")],
        [(each.id, each.order, each.state, each.amount_text, each.detail) for each in found],
    )
