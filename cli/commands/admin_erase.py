"""``sancai admin erase``: erasure by law, by two officers of one authority."""

from typing import TYPE_CHECKING

import click

from cli.connection import client
from cli.output import Branch, facts, show, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.erasures import Erasure


@click.group(
    "erase",
    cls=Branch,
    help=say(
        "Erase versions by law: one officer requests, another confirms.", "依法删除版本：一名人员申请，另一名人员确认。"
    ),
)
def erase() -> None:
    """Erase by law."""


@erase.command(
    "request",
    help=say(
        "Ask to erase VERSIONS (NAME@v1, or the id of a draft). What else holds some of the content is named; add "
        "it, or keep it with --keep.",
        "申请删除 VERSIONS（NAME@v1 或草稿编号）。同时持有相同内容的其他版本会被列出；请一并删除，或以 --keep 保留。",
    ),
    example='sancai admin erase request hami/faces@v1 --reason "…" --basis "个人信息保护法 47" --document "7号"',
)
@click.argument("versions", nargs=-1, required=True)
@click.option("--keep", multiple=True, help=say("A version that keeps what it shares.", "保留共有内容的版本。"))
@click.option("--reason", required=True, help=say("Why.", "理由。"))
@click.option("--basis", required=True, help=say("Legal basis.", "法律依据。"))
@click.option("--document", required=True, help=say("Number of the document.", "文号。"))
@click.option(
    "--hide-files", is_flag=True, help=say("Remove names and sizes of the files too.", "同时移除文件名与大小。")
)
def request(
    versions: tuple[str, ...], keep: tuple[str, ...], reason: str, basis: str, document: str, hide_files: bool
) -> None:
    """Ask to erase."""
    with client() as service:
        made = service.erasures.request(
            versions, keep=keep, reason=reason, legal_basis=basis, document_number=document, hide_files=hide_files
        )
    show(made, _print)


@erase.command(
    "confirm",
    help=say(
        "Confirm ERASURE of a colleague: nobody reads from now on, and the bytes leave store and replicas.",
        "确认同事的 ERASURE：此后无人可读取，内容将从存储与副本中删除。",
    ),
    example="sancai admin erase confirm era_…",
)
@click.argument("erasure")
def confirm(erasure: str) -> None:
    """Confirm an order."""
    with client() as service:
        made = service.erasures.confirm(erasure)
    show(made, _print)


@erase.command(
    "take-back",
    help=say("Take ERASURE back before it is confirmed.", "在确认前撤回 ERASURE。"),
    example="sancai admin erase take-back era_…",
)
@click.argument("erasure")
def take_back(erasure: str) -> None:
    """Take an order back."""
    with client() as service:
        made = service.erasures.take_back(erasure)
    show(made, _print)


@erase.command(
    "show",
    help=say("Show ERASURE and whether its bytes are gone.", "显示 ERASURE 及内容是否已删除。"),
    example="sancai admin erase show era_…",
)
@click.argument("erasure")
def show_order(erasure: str) -> None:
    """Show an order."""
    with client() as service:
        found = service.erasures.show(erasure)
    show(found, _print)


@erase.command(
    "list",
    help=say("List the orders of your authority.", "列出本机构的删除令。"),
    example="sancai admin erase list",
)
def list_orders() -> None:
    """List orders."""
    with client() as service:
        found = list(service.erasures.orders())
    show(
        found,
        lambda items: table(
            [say("erasure", "删除令"), say("state", "状态"), say("versions", "版本"), say("document", "文号")],
            [(each.id, each.state, ", ".join(each.versions), each.document_number) for each in items],
        ),
    )


def _print(found: "Erasure") -> None:
    facts(
        [
            (say("erasure", "删除令"), found.id),
            (say("state", "状态"), found.state),
            (say("versions", "版本"), ", ".join(found.versions)),
            (say("kept", "保留"), ", ".join(found.keep) or None),
            (say("legal basis", "法律依据"), found.legal_basis),
            (say("document", "文号"), found.document_number),
            (say("objects gone", "已删除对象"), f"{found.objects_gone}/{found.objects}"),
            (say("held back by", "未删除原因"), found.stuck),
        ]
    )
