"""``sancai annotation``: the public-data annotation catalog (公共数据标注目录)."""

from typing import TYPE_CHECKING, Any

import click

from cli.connection import client
from cli.output import Branch, bytes_text, facts, show, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.boards import Annotation

STATES = ("authorised", "annotating", "done", "dropped")


@click.group("annotation", cls=Branch, help=say("The catalog of public data to be annotated.", "公共数据标注目录。"))
def command() -> None:
    """The annotation catalog."""


@command.command("list", help=say("List the catalog.", "列出目录。"), example="sancai annotation list")
def list_annotations() -> None:
    """List the catalog."""
    with client() as service:
        found = service.boards.annotations()
    show(found, _print_list)


@command.command(
    "add",
    help=say("Enter public data of a department.", "录入部门公共数据。"),
    example="sancai annotation add --department 区交通局 --title 路口视频 --basis 伊数发〔2026〕7号 "
    "--need 车辆与行人框标注 --sector transport",
)
@click.option("--department", required=True, help=say("Whose data it is.", "数据来源部门。"))
@click.option("--title", required=True, help=say("What it is.", "名称。"))
@click.option("--basis", "authorisation_basis", required=True, help=say("By which authorisation.", "授权依据。"))
@click.option("--need", required=True, help=say("What is to be annotated.", "标注需求。"))
@click.option("--sector", required=True, help=say("Code of the sector.", "行业代码。"))
@click.option("--size-bytes", type=click.IntRange(0), help=say("Size in bytes, if known.", "数据量（字节）。"))
def add(**given: Any) -> None:
    """Add an entry."""
    with client() as service:
        made = service.boards.add_annotation(**given)
    show(made, _print)


@command.command(
    "move",
    help=say("State how far ENTRY has come.", "更新 ENTRY 的进展。"),
    example='sancai annotation move anc_… done --note "accepted" --dataset lab/crossings',
)
@click.argument("entry")
@click.argument("state", type=click.Choice(STATES))
@click.option("--note", required=True, help=say("On what basis.", "说明。"))
@click.option("--dataset", help=say("Dataset it led to, when it is done.", "完成后形成的数据集。"))
def move(entry: str, state: str, note: str, dataset: str | None) -> None:
    """Move an entry."""
    with client() as service:
        made = service.boards.move_annotation(entry, state, note, dataset)
    show(made, _print)


def _print(entry: "Annotation") -> None:
    facts(
        [
            (say("entry", "条目"), entry.id),
            (say("department", "部门"), entry.department),
            (say("title", "名称"), entry.title),
            (say("authorisation", "授权依据"), entry.authorisation_basis),
            (say("need", "标注需求"), entry.need),
            (say("size", "数据量"), None if entry.size_bytes is None else bytes_text(entry.size_bytes)),
            (say("status", "状态"), entry.state),
            (say("dataset", "数据集"), entry.dataset),
        ]
    )


def _print_list(found: "tuple[Annotation, ...]") -> None:
    columns = ("ID", say("department", "部门"), say("title", "名称"), say("authorisation", "授权依据"))
    rows = (
        (each.id, each.department, each.title, each.authorisation_basis, each.state, each.dataset) for each in found
    )
    table((*columns, say("status", "状态"), say("dataset", "数据集")), rows)
