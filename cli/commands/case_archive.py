"""``sancai case archive``: packages of closed cases, what holds them, and their disposal."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.connection import client
from cli.output import Branch, facts, line, show, table, written
from cli.words import say

if TYPE_CHECKING:
    from sancai.archives import Archive, ArchiveHold, Disposal, Shelf

_NUMBER = click.option("--number", required=True, help=say("Number of the order.", "文号。"))
_REASON = click.option("--reason", required=True, help=say("Why.", "理由。"))


@click.group("archive", cls=Branch, help=say("The archive of a closed case.", "案件归档。"))
def archive() -> None:
    """Archives."""


@archive.command(
    "make",
    help=say(
        "Archive CASE, which is closed, as it is now; again after something was added.",
        "将已办结的 CASE 按现状归档；有新增内容后可再次归档。",
    ),
    example="sancai case archive make case_…",
)
@click.argument("case")
def make(case: str) -> None:
    """Archive a case."""
    with client() as service:
        made = service.archives.archive(case)
    show(made, print_archive)


@archive.command(
    "show",
    help=say("Show revisions, holds and disposals of the archive of CASE.", "显示 CASE 的归档版本、封存与销毁记录。"),
    example="sancai case archive show case_…",
)
@click.argument("case")
def show_archive(case: str) -> None:
    """Show an archive."""
    with client() as service:
        found = service.archives.of_case(case)
    show(found, _print_shelf)


@archive.command(
    "fetch",
    help=say("Write the package of CASE to FILE; `sancai verify FILE` checks it.", "将 CASE 的归档包写入 FILE。"),
    example="sancai case archive fetch case_… case.zip",
)
@click.argument("case")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--revision", type=click.IntRange(1), help=say("Another one than the newest.", "指定版本（默认最新）。"))
def fetch(case: str, file: Path, revision: int | None) -> None:
    """Fetch a package."""
    with client() as service:
        content = service.archives.fetch(case, revision)
    file.write_bytes(content)
    line(written(file))


@archive.command(
    "list",
    help=say("List the archives of your office.", "列出本单位的档案。"),
    example="sancai case archive list --disposable",
)
@click.option(
    "--disposable", is_flag=True, help=say("Those past their term that nothing holds.", "仅列到期且无封存的档案。")
)
def list_archives(disposable: bool) -> None:
    """List archives."""
    with client() as service:
        found = list(service.archives.archives(disposable=disposable))
    show(
        found,
        lambda items: table(
            [say("case", "案件"), say("revision", "版本"), say("class", "保管类别"), say("keep until", "保管至")],
            [(each.case, each.number, each.retention_class, _until(each)) for each in items],
        ),
    )


@archive.command(
    "hold",
    help=say("Hold the archive of CASE by a numbered order.", "以文号封存 CASE 的档案。"),
    example='sancai case archive hold case_… --number 伊法封〔2026〕1号 --reason "…"',
)
@click.argument("case")
@_NUMBER
@_REASON
def hold(case: str, number: str, reason: str) -> None:
    """Hold an archive."""
    with client() as service:
        made = service.archives.hold(case, number, reason)
    show(made, _print_hold)


@archive.command(
    "lift",
    help=say("Lift the order HOLD by another one.", "以文号解除封存令 HOLD。"),
    example='sancai case archive lift hold_… --number 伊法解〔2026〕1号 --reason "…"',
)
@click.argument("hold")
@_NUMBER
@_REASON
def lift(hold: str, number: str, reason: str) -> None:
    """Lift an order."""
    with client() as service:
        made = service.archives.lift(hold, number, reason)
    show(made, _print_hold)


@archive.command(
    "dispose",
    help=say(
        "Propose that the archive of CASE, whose term has ended, is disposed of.", "对保管期满的 CASE 档案提出销毁。"
    ),
    example='sancai case archive dispose case_… --reason "…"',
)
@click.argument("case")
@_REASON
def dispose(case: str, reason: str) -> None:
    """Propose a disposal."""
    with client() as service:
        made = service.archives.propose_disposal(case, reason)
    show(made, _print_disposal)


@archive.command(
    "decide",
    help=say(
        "Confirm the disposal of the archive of CASE that another officer proposed, or reject it.",
        "审批他人提出的 CASE 档案销毁。",
    ),
    example='sancai case archive decide case_… --confirm --reason "…"',
)
@click.argument("case")
@click.option("--confirm/--reject", "confirmed", required=True, help=say("What becomes of it.", "同意或不同意。"))
@_REASON
def decide(case: str, confirmed: bool, reason: str) -> None:
    """Decide a disposal."""
    with client() as service:
        made = service.archives.decide_disposal(case, reason, confirmed=confirmed)
    show(made, _print_disposal)


def _until(found: "Archive") -> str:
    return str(found.keep_until) if found.keep_until else say("for ever", "永久")


def print_archive(found: "Archive") -> None:
    """Print a revision for people."""
    facts(
        [
            (say("case", "案件"), found.case),
            (say("revision", "版本"), found.number),
            (say("outcome", "结果"), found.outcome),
            (say("class", "保管类别"), found.retention_class),
            (say("keep until", "保管至"), _until(found)),
            ("SHA-256", found.sha256),
            (say("the store keeps it until", "存储锁定至"), found.retain_until),
        ]
    )


def _print_shelf(found: "Shelf") -> None:
    for each in found.revisions:
        print_archive(each)
    facts(
        [
            (say("held by", "封存原因"), ", ".join(found.held) or None),
            (say("disposed of", "已销毁"), say("yes", "是") if found.disposed else None),
        ]
    )
    for order in found.orders:
        _print_hold(order)
    for disposal in found.disposals:
        _print_disposal(disposal)


def _print_hold(found: "ArchiveHold") -> None:
    facts(
        [
            (say("order", "封存令"), f"{found.id} {found.number}"),
            (say("reason", "理由"), found.reason),
            (say("set", "封存"), found.set_at),
            (say("lifted", "解除"), f"{found.lifted_at} {found.lifting_number}" if found.lifted_at else None),
        ]
    )


def _print_disposal(found: "Disposal") -> None:
    facts(
        [
            (say("disposal", "销毁"), found.id),
            (say("state", "状态"), found.state),
            (say("reason", "理由"), found.reason),
            (say("decided", "审批"), found.decided_at),
            (say("removed", "已清除"), found.removed_at),
        ]
    )


COMMANDS = (archive,)
