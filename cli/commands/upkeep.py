"""``sancai admin sweep | scrub | fsck | replicate``: looking after stored bytes."""

from typing import TYPE_CHECKING, Final

import click

from cli.output import Leaf, facts, line, note, show, table
from cli.server import require_server
from cli.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from registry.upkeep.model import Finding
    from registry.upkeep.scrubbing import Scrubbed
    from registry.upkeep.sweeping import Swept

CORRUPT: Final = 9


@click.command(
    "sweep",
    cls=Leaf,
    help=say(
        "Find objects that no row of the database knows, and end uploads that ran out. Without --delete nothing else "
        "is removed; with it, what an earlier run has reported and is still unknown. Refuses where the database looks "
        "wrong: empty, set back, or about to lose too much.",
        "查找数据库中没有记录的对象，并结束过期的上传。不加 --delete 时不删除对象；"
        "加上后只删除先前已报告且仍无记录的对象。"
        "数据库为空、被回退或将删除过多时拒绝执行。",
    ),
    example="sancai admin sweep\nsancai admin sweep --delete",
)
@click.option("--delete", is_flag=True, help=say("Remove what an earlier run reported.", "删除先前已报告的对象。"))
@click.option(
    "--percent-max",
    type=click.IntRange(0, 100),
    default=10,
    show_default=True,
    help=say("Refuse if more of all objects would go.", "超过该比例时拒绝执行。"),
)
@click.option(
    "--accept",
    is_flag=True,
    help=say("This database was restored, and is the one to go by from now on.", "确认以当前（已恢复的）数据库为准。"),
)
def sweep_command(delete: bool, percent_max: int, accept: bool) -> None:
    """Sweep the store."""
    require_server()
    from registry.house import open_house
    from registry.upkeep.sweeping import sweep
    from storage.settings import read_settings

    with open_house(read_settings()) as house:
        done = sweep(house, delete=delete, percent_max=percent_max, accept=accept)
    show(done, _print_swept)


def _print_swept(done: "Swept") -> None:
    facts(
        [
            (say("objects", "对象"), str(done.objects)),
            (say("without a row", "无记录"), f"{done.strays} ({done.strays_bytes} B)"),
            (say("reported before", "先前已报告"), str(done.known_before)),
            (say("deleted", "已删除"), str(done.deleted)),
            (say("uploads ended", "已结束上传"), str(done.uploads_ended)),
        ]
    )
    for stray in done.sample:
        line(f"     {stray.bucket}/{stray.key} {stray.size_bytes} B")
    if done.refused == "sweep_database_set_back":
        note(
            say(
                "This database was restored or is older than the store: --delete is refused until --accept.",
                "数据库曾被恢复或早于存储：在 --accept 之前拒绝 --delete。",
            )
        )
    elif done.refused:
        note(say(f"--delete would be refused: {done.refused}", f"--delete 将被拒绝：{done.refused}"))
    elif done.strays and not done.deleted:
        note(
            say(
                "Reported now; a later run with --delete removes what is then still unknown.",
                "已报告；之后以 --delete 运行时将删除届时仍无记录的对象。",
            )
        )


@click.command(
    "scrub",
    cls=Leaf,
    help=say(
        "Read stored bytes again, those longest unread first; mend them from the replica where they rotted, and refuse "
        "what cannot be mended. The worker does so each night.",
        "重新读取已存字节（最久未读者优先）；损坏时从副本修复，无法修复的拒绝读取。后台进程每晚自动执行。",
    ),
    example="sancai admin scrub --objects 1000",
)
@click.option(
    "--objects",
    type=click.IntRange(1),
    default=1_000_000_000,
    help=say("At most so many; by default all.", "最多读取的对象数；默认全部。"),
)
def scrub_command(objects: int) -> int:
    """Scrub the store."""
    require_server()
    from registry.house import open_house
    from registry.upkeep.scrubbing import scrub
    from storage.settings import read_settings

    with open_house(read_settings()) as house:
        done = scrub(house, objects, 1 << 62)
    show(done, _print_scrubbed)
    return CORRUPT if done.damaged else 0


def _print_scrubbed(done: "Scrubbed") -> None:
    facts(
        [
            (say("objects read", "已读对象"), f"{done.objects} ({done.size_bytes} B)"),
            (say("repaired", "已修复"), str(done.repaired)),
            (say("damaged", "已损坏"), str(len(done.damaged))),
        ]
    )
    _print_findings(done.damaged)


def _print_findings(found: "Sequence[Finding]") -> None:
    if found:
        head = [say("what", "问题"), say("store", "存储"), say("object", "对象"), say("detail", "说明")]
        table(head, [[item.code, item.store, f"{item.bucket}/{item.key}", item.detail] for item in found])


@click.command(
    "fsck",
    cls=Leaf,
    help=say(
        "Hold every row of stored bytes against the store: missing objects, sizes, versions, delete markers. Reads no "
        "content and changes nothing; ends with 9 where something is wrong.",
        "核对数据库与存储：缺失对象、大小、版本、删除标记。不读取内容，不作更改；发现问题时退出码为 9。",
    ),
    example="sancai admin fsck --json",
)
def fsck_command() -> int:
    """Check the store."""
    require_server()
    from registry.house import open_house
    from registry.upkeep.checking import check_objects
    from storage.settings import read_settings

    with open_house(read_settings()) as house:
        found = tuple(check_objects(house))

    def report(stated: "tuple[Finding, ...]") -> None:
        _print_findings(stated)
        line("OK" if not stated else say(f"{len(stated)} findings.", f"共 {len(stated)} 项问题。"))

    show(found, report)
    return CORRUPT if found else 0


@click.command(
    "replicate",
    cls=Leaf,
    help=say(
        "Copy to the replica store (SANCAI_REPLICA_STORE) what it does not hold yet. The worker does so each minute.",
        "将副本存储（SANCAI_REPLICA_STORE）中缺少的对象复制过去。后台进程每分钟自动执行。",
    ),
    example="SANCAI_REPLICA_STORE=file:///mnt/replica sancai admin replicate",
)
def replicate_command() -> None:
    """Replicate the store."""
    require_server()
    from registry.house import open_house
    from registry.upkeep.replicas import replicate
    from storage.settings import read_settings

    settings = read_settings()
    if settings.replica is None:
        raise click.UsageError(say("Set SANCAI_REPLICA_STORE.", "请设置 SANCAI_REPLICA_STORE。"))
    with open_house(settings) as house:
        made = replicate(house)
    show({"objects": made}, lambda stated: line(say(f"Copied: {stated['objects']}.", f"已复制：{stated['objects']}。")))
