"""``sancai dataset usage``: how a dataset was read, day by day."""

from itertools import islice

import click

from cli.connection import client
from cli.output import Leaf, bytes_text, show, table
from cli.words import say


@click.command(
    "usage",
    cls=Leaf,
    help=say(
        "Count how dataset NAME of yours was read: addresses given out, and what the store delivered.",
        "统计本单位数据集 NAME 的使用：签发的下载地址与实际交付。",
    ),
    example="sancai dataset usage hami-wind/turbines --days 30",
)
@click.argument("name")
@click.option(
    "--days", type=click.IntRange(1, 3_660), default=30, show_default=True, help=say("How many days.", "天数。")
)
def command(name: str, days: int) -> None:
    """Show usage."""
    with client() as service:
        found = list(islice(service.usage.of(name), days))
    columns = [
        say("day", "日期"),
        say("issued", "签发"),
        say("parties", "单位数"),
        say("downloads", "下载"),
        say("complete", "完整"),
        say("delivered", "交付"),
    ]
    rows = [
        (each.day, each.reads, each.parties, each.downloads, each.complete, bytes_text(each.sent_bytes))
        for each in found
    ]
    show(found, lambda _: table(columns, rows))
