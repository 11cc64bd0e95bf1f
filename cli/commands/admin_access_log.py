"""``sancai admin ingest-access-log``: learn from the proxy before the object store what was really delivered."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.output import Leaf, facts, show
from cli.server import require_server
from cli.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from registry.catalog.delivered import Ingested


@click.command(
    "ingest-access-log",
    cls=Leaf,
    help=say(
        "Count downloads from the access log of the proxy before the object store: nginx (combined or JSON) and Caddy "
        "(JSON), also compressed with gzip; - reads standard input. May be repeated: what was counted is not counted "
        "again.",
        "从对象存储前置代理的访问日志统计实际下载：支持 nginx（combined 或 JSON）与 Caddy（JSON）格式，"
        "也可为 gzip 压缩；- 表示标准输入。可重复执行，不会重复计数。",
    ),
    example="sancai admin ingest-access-log /var/log/nginx/store.log.1 /var/log/nginx/store.log\n"
    "zcat store.log.*.gz | sancai admin ingest-access-log -",
)
@click.argument("files", metavar="FILE", nargs=-1, required=True, type=click.Path(path_type=Path))
def command(files: tuple[Path, ...]) -> None:
    """Ingest access logs."""
    require_server()
    from registry.catalog.delivered import Ingested, ingest, ingest_file
    from registry.house import open_house
    from storage.settings import read_settings

    for path in files:
        if str(path) != "-" and not path.is_file():
            raise click.BadParameter(say(f"{path} is not a file.", f"{path} 不是文件。"))
    total = Ingested()
    with open_house(read_settings()) as house:
        for path in files:
            if str(path) == "-":
                total += ingest(house.database, house.clock, _standard_input())
            else:
                total += ingest_file(house.database, house.clock, path)
    show(total, _print_ingested)


def _standard_input() -> "Iterator[str]":
    import io
    import sys

    from registry.catalog.delivered import lines_of

    return lines_of(io.BufferedReader(io.FileIO(sys.stdin.fileno(), closefd=False)))


def _print_ingested(seen: "Ingested") -> None:
    facts(
        [
            (say("lines", "行数"), seen.lines),
            (say("counted", "已计入"), seen.counted),
            (say("delivered nothing", "未交付内容"), seen.other),
            (say("no signed read", "非签名下载"), seen.unnamed),
            (say("foreign or forged", "他处或伪造"), seen.foreign),
            (say("in no known format", "格式不明"), seen.malformed),
        ]
    )
