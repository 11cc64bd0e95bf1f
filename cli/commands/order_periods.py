"""``sancai order state-period``, ``periods``, ``period-log``, ``accept-period``, ``object-period``: by periods."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.connection import client
from cli.output import Leaf, facts, line, show, table
from cli.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sancai.order_periods import OrderPeriod

DAY = click.DateTime(["%Y-%m-%d"])
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(
    "state-period",
    cls=Leaf,
    help=say("State, as the seller, what ORDER delivered in a period.", "卖方申报 ORDER 在一个周期内的交付。"),
    example="sancai order state-period ord_… --from 2026-03-02 --to 2026-03-31 --used 5000 --log usage.csv",
)
@click.argument("order")
@click.option("--from", "first_day", type=DAY, required=True, help=say("First day.", "首日。"))
@click.option("--to", "last_day", type=DAY, required=True, help=say("Last day.", "末日。"))
@click.option(
    "--used", type=click.IntRange(0), help=say("Whole units; none where it is metered.", "用量（整数）；计量订单不填。")
)
@click.option(
    "--log",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=say("The usage log; it is filed, and the buyer reads it.", "用量日志文件；将上传并供买方查阅。"),
)
@click.option("--log-sha256", help=say("Or the digest of the usage log alone.", "或仅填用量日志的摘要。"))
@click.option("--evidence", help=say("The log as a document filed before.", "此前已上传的日志文件编号。"))
def state_period(
    order: str,
    first_day: datetime,
    last_day: datetime,
    used: int | None,
    log: Path | None,
    log_sha256: str | None,
    evidence: str | None,
) -> None:
    """State a period."""
    if log and (log_sha256 or evidence):
        raise click.UsageError(
            say("Name the --log, or its --log-sha256 and --evidence.", "请指定 --log，或 --log-sha256 与 --evidence。")
        )
    with client() as service:
        if log:
            filed = service.evidence.file(log, "statement")
            log_sha256, evidence = filed.sha256, filed.id
        made = service.exchange.state_period(
            order,
            first_day=first_day.date(),
            last_day=last_day.date(),
            used=used,
            log_sha256=log_sha256,
            evidence=evidence,
        )
    show(made, print_period)


@click.command(
    "periods",
    cls=Leaf,
    help=say("List the periods of ORDER.", "列出 ORDER 的交付周期。"),
    example="sancai order periods ord_…",
)
@click.argument("order")
def periods(order: str) -> None:
    """List periods."""
    with client() as service:
        found = service.exchange.order(order).periods
    show(found, print_periods)


@click.command(
    "period-log",
    cls=Leaf,
    help=say("Write the usage log of PERIOD to a file.", "将 PERIOD 的用量日志写入文件。"),
    example="sancai order period-log prd_… --to usage.csv",
)
@click.argument("period")
@click.option("--to", type=FILE, required=True, help=say("The file to write.", "输出文件。"))
def period_log(period: str, to: Path) -> None:
    """Write the log of a period to a file."""
    from sancai.downloads import sha256_of

    with client() as service:
        to.write_bytes(service.exchange.period_log(period))
    show({"file": str(to), "sha256": f"sha256:{sha256_of(to)}"}, _print_log)


@click.command(
    "accept-period",
    cls=Leaf,
    help=say("Accept PERIOD as the buyer.", "买方验收 PERIOD。"),
    example="sancai order accept-period prd_…",
)
@click.argument("period")
@click.option("--reason", default="", help=say("A remark.", "备注。"))
def accept_period(period: str, reason: str) -> None:
    """Accept a period."""
    with client() as service:
        made = service.exchange.accept_period(period, reason)
    show(made, print_period)


@click.command(
    "object-period",
    cls=Leaf,
    help=say("Object to PERIOD as the buyer.", "买方对 PERIOD 提出异议。"),
    example="sancai order object-period prd_… --reason 'The log counts 200 hours twice'",
)
@click.argument("period")
@click.option("--reason", required=True, help=say("What is wrong.", "异议理由。"))
def object_period(period: str, reason: str) -> None:
    """Object to a period."""
    with client() as service:
        made = service.exchange.object_period(period, reason)
    show(made, print_period)


def _print_log(found: dict[str, str]) -> None:
    line(f"{found['file']}  {found['sha256']}")


def print_period(found: "OrderPeriod") -> None:
    """Print a period."""
    facts(
        [
            (say("period", "周期"), found.id),
            (say("from", "首日"), found.first_day),
            (say("to", "末日"), found.last_day),
            (say("used", "用量"), found.used),
            (say("due, without VAT", "应计金额（不含税）"), found.due_text),
            (say("state", "状态"), found.state),
            (say("reason", "理由"), found.reason or None),
        ]
    )


def print_periods(found: "Sequence[OrderPeriod]") -> None:
    """Print periods in a table."""
    table(
        [
            say("period", "周期"),
            say("from", "首日"),
            say("to", "末日"),
            say("used", "用量"),
            say("due", "应计金额"),
            say("state", "状态"),
        ],
        [(each.id, each.first_day, each.last_day, each.used, each.due_text, each.state) for each in found],
    )
