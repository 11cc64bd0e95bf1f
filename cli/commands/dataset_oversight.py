"""``sancai dataset recall``, ``holders`` and ``staff``: what officers do with content, and what owners see of it."""

from typing import TYPE_CHECKING

import click

from cli.connection import client
from cli.output import Branch, Leaf, facts, line, show, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.oversight import StaffAccess


@click.command(
    "recall",
    cls=Leaf,
    help=say("Recall NAME@v2 as an officer: nobody reads it any more.", "监管人员召回 NAME@v2：此后无人可读取。"),
    example='sancai dataset recall hami-wind/turbines@v2 --reason "…" --basis "数据安全法 44" --document "7号"',
)
@click.argument("name")
@click.option("--reason", required=True, help=say("Why.", "理由。"))
@click.option("--basis", required=True, help=say("Legal basis.", "法律依据。"))
@click.option("--document", required=True, help=say("Number of the document.", "文号。"))
def recall(name: str, reason: str, basis: str, document: str) -> None:
    """Recall a version."""
    from sancai.datasets import Reference

    wanted = Reference.parse(name)
    if wanted.version is None:
        raise click.UsageError(say("Name the version: NAME@v2.", "请指明版本：NAME@v2。"))
    with client() as service:
        found = service.oversight.recall(wanted.name, wanted.version, reason, basis, document)
    show(found, lambda made: line(say(f"{name} is {made.state}.", f"{name} 已召回。")))


@click.command(
    "holders",
    cls=Leaf,
    help=say(
        "List who may hold content of NAME@v2, which was recalled or erased.", "列出已召回或删除的 NAME@v2 的持有方。"
    ),
    example="sancai dataset holders hami-wind/turbines@v2",
)
@click.argument("name")
def holders(name: str) -> None:
    """List holders."""
    from sancai.datasets import Reference

    wanted = Reference.parse(name)
    if wanted.version is None:
        raise click.UsageError(say("Name the version: NAME@v2.", "请指明版本：NAME@v2。"))
    with client() as service:
        found = list(service.oversight.holders(wanted.name, wanted.version))
    show(
        found,
        lambda items: table(
            [
                say("holder", "持有方"),
                say("reads", "读取次数"),
                say("last read", "最近读取"),
                say("granted", "曾获授权"),
            ],
            [
                (
                    each.name or each.party,
                    each.reads,
                    each.last_read_at or "—",
                    say("yes", "是") if each.granted else "—",
                )
                for each in items
            ],
        ),
    )


@click.group("staff", cls=Branch, help=say("Accesses of staff to a dataset.", "监管人员的限时访问。"))
def staff() -> None:
    """Accesses of staff."""


@staff.command(
    "open",
    help=say(
        "Read NAME as an officer for some days; its owner sees this with the reason.",
        "监管人员限时读取 NAME；所有者可见此事及理由。",
    ),
    example='sancai dataset staff open hami-wind/turbines --days 3 --reason "核验采信" --case case_…',
)
@click.argument("name")
@click.option("--days", type=click.IntRange(1, 14), required=True, help=say("For how long.", "天数。"))
@click.option("--reason", required=True, help=say("Why.", "理由。"))
@click.option("--case", help=say("For which case; else for an audit.", "所涉案件；不填则为审计。"))
def open_access(name: str, days: int, reason: str, case: str | None) -> None:
    """Open an access."""
    with client() as service:
        made = service.oversight.open_access(name, days, reason, case)
    show(made, _print_access)


@staff.command("end", help=say("End ACCESS of yours.", "结束本人的 ACCESS。"), example="sancai dataset staff end sta_…")
@click.argument("access")
def end_access(access: str) -> None:
    """End an access."""
    with client() as service:
        made = service.oversight.end_access(access)
    show(made, _print_access)


@staff.command(
    "list",
    help=say("List the accesses of staff to your dataset NAME.", "列出监管人员对自有数据集 NAME 的访问。"),
    example="sancai dataset staff list hami-wind/turbines",
)
@click.argument("name")
def list_accesses(name: str) -> None:
    """List accesses."""
    with client() as service:
        found = list(service.oversight.accesses(name))
    show(
        found,
        lambda items: table(
            [
                say("access", "访问"),
                say("opened", "开启"),
                say("ends", "截止"),
                say("case", "案件"),
                say("reason", "理由"),
            ],
            [(each.id, each.opened_at, each.ends_at, each.case or say("audit", "审计"), each.reason) for each in items],
        ),
    )


@staff.command(
    "reads",
    help=say("List what was read under ACCESS.", "列出在 ACCESS 下的读取记录。"),
    example="sancai dataset staff reads sta_…",
)
@click.argument("access")
def list_reads(access: str) -> None:
    """List reads."""
    with client() as service:
        found = list(service.oversight.reads(access))
    show(
        found,
        lambda items: table(
            [say("read at", "读取时间"), say("version", "版本"), say("path", "路径")],
            [(each.read_at, f"v{each.version}", each.path) for each in items],
        ),
    )


def _print_access(found: "StaffAccess") -> None:
    facts(
        [
            (say("access", "访问"), found.id),
            (say("opened", "开启"), found.opened_at),
            (say("ends", "截止"), found.ends_at),
            (say("case", "案件"), found.case or say("audit", "审计")),
            (say("reason", "理由"), found.reason),
        ]
    )
