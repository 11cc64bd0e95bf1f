"""``sancai firm end``: that a firm was deregistered, merged or moved away, and entries taken back."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.connection import client
from cli.output import Leaf, facts, line, show
from cli.words import say

if TYPE_CHECKING:
    from sancai.firm_ends import FirmEnd

DAY = click.DateTime(["%Y-%m-%d"])
KINDS = ("deregistered", "merged", "moved_away")


@click.command(
    "end",
    cls=Leaf,
    help=say(
        "Enter that FIRM was deregistered, merged or moved away; from that day it is no payee.",
        "录入企业 FIRM 已注销、合并或迁出；自该日起不再是收款单位。",
    ),
    example=(
        "sancai firm end firm_… merged --on 2026-06-01 --successor firm_… --number 合并公告1号 --document merger.pdf"
        " --source 公示系统 --obtained-on 2026-06-02"
    ),
)
@click.argument("firm")
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--on", type=DAY, required=True, help=say("First day on which it is no more.", "终止首日。"))
@click.option("--successor", help=say("Who it merged into.", "合并后的存续企业。"))
@click.option("--number", required=True, help=say("Number of the document.", "文号。"))
@click.option(
    "--document",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help=say("The document; its digest is kept.", "文件；仅保存其摘要。"),
)
@click.option("--source", required=True, help=say("Where it comes from.", "来源。"))
@click.option("--obtained-on", type=DAY, required=True, help=say("When the source was read.", "来源获取日期。"))
def end(
    firm: str,
    kind: str,
    on: datetime,
    successor: str | None,
    number: str,
    document: Path,
    source: str,
    obtained_on: datetime,
) -> None:
    """Enter the end of a firm."""
    digest = hashlib.sha256(document.read_bytes()).hexdigest()
    with client() as service:
        made = service.firm_ends.enter(
            firm,
            kind,
            ended_on=on.date(),
            document_number=number,
            document_sha256=digest,
            source=source,
            obtained_on=obtained_on.date(),
            successor=successor,
        )
    show(made, _print_end)


@click.command(
    "ends",
    cls=Leaf,
    help=say("List the ends of firms that stand recorded.", "列出已登记的注销、合并和迁出。"),
    example="sancai firm ends --firm firm_…",
)
@click.option("--firm", default="", help=say("Only of this firm.", "仅此企业。"))
def ends(firm: str) -> None:
    """List ends of firms."""
    with client() as service:
        found = list(service.firm_ends.list(firm))
    show(found, _print_ends)


@click.command(
    "revoke-end",
    cls=Leaf,
    help=say("Take back the entry END by a document.", "依文件撤销登记 END。"),
    example='sancai firm revoke-end fact_… --number 函2号 --reason "登记有误"',
)
@click.argument("end")
@click.option("--number", required=True, help=say("Number of the document.", "文号。"))
@click.option("--reason", required=True, help=say("Why.", "理由。"))
def revoke_end(end: str, number: str, reason: str) -> None:
    """Take back the end of a firm."""
    with client() as service:
        made = service.firm_ends.revoke(end, number, reason)
    show(made, _print_end)


def _print_end(found: "FirmEnd") -> None:
    facts(
        [
            (say("entry", "登记"), found.id),
            (say("firm", "企业"), found.firm),
            (say("kind", "类型"), found.kind),
            (say("from", "自"), found.ended_on),
            (say("successor", "存续企业"), found.successor),
            (say("document", "文号"), found.document_number),
        ]
    )


def _print_ends(found: "list[FirmEnd]") -> None:
    for each in found:
        line(f"{each.id}  {each.firm}  {each.kind}  {each.ended_on}  {each.document_number}  {each.successor or ''}")


COMMANDS = (end, ends, revoke_end)
