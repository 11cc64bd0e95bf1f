"""``sancai order metering``: what an order is charged with, or all that was read by month."""

from datetime import date, datetime, timedelta

import click

from cli.connection import client
from cli.output import Leaf, bytes_text, facts, line, show, table
from cli.words import say

DAY = click.DateTime(["%Y-%m-%d"])


@click.command(
    "metering",
    cls=Leaf,
    help=say(
        "Show what ORDER is charged with in a period; without ORDER, total by month what you and your buyers read.",
        "显示 ORDER 在某期间的计量与应付；不写 ORDER 时，按月汇总本企业及买方的读取量。",
    ),
    example="sancai order metering ord_… --first 2026-03-01 --last 2026-03-31",
)
@click.argument("order", required=False)
@click.option("--first", type=DAY, help=say("First day; default: 30 days before.", "首日，默认 30 天前。"))
@click.option("--last", type=DAY, help=say("Last day; default: today.", "末日，默认今天。"))
@click.option("--dataset", help=say("Totals of this dataset only.", "仅汇总该数据集。"))
def command(order: str | None, first: datetime | None, last: datetime | None, dataset: str | None) -> None:
    """Show metering."""
    if order is None:
        _totals(dataset)
        return
    until = last.date() if last else date.today()  # noqa: DTZ011 -- the day of whoever asks
    since = first.date() if first else until - timedelta(days=30)
    with client() as service:
        found = service.usage.metered(order, since, until)

    def told(_: object) -> None:
        facts(
            [
                (say("order", "订单"), found.order),
                (say("period", "期间"), f"{found.first} – {found.last}"),
                (say("price", "计价"), found.price_kind),
                (say("before", "期初累计"), found.before),
                (say("used", "本期用量"), found.used),
                (say("due without VAT", "应付（不含税）"), found.due_text),
            ]
        )
        line()
        table(
            [say("version", "版本"), say("door", "通道"), say("reads", "次数"), say("sent", "字节")],
            [(each.version, each.door, each.reads, bytes_text(each.sent_bytes)) for each in found.lines],
        )

    show(found, told)


def _totals(dataset: str | None) -> None:
    with client() as service:
        found = list(service.usage.totals(dataset))
    columns = [say("month", "月份"), say("party", "单位"), say("version", "版本"), say("door", "通道")]
    rows = [
        (each.month, each.party, each.version, each.door, each.reads, bytes_text(each.sent_bytes)) for each in found
    ]
    show(found, lambda _: table([*columns, say("reads", "次数"), say("sent", "字节")], rows))
