"""``sancai search``."""

from typing import TYPE_CHECKING

import click

from cli.connection import client
from cli.output import Leaf, line, show, table
from cli.stated import KEY_INDUSTRIES
from cli.words import say

if TYPE_CHECKING:
    from sancai.datasets import Dataset, Found


@click.command(
    "search",
    cls=Leaf,
    help=say(
        "Find datasets by words in title, description, columns and labels; Chinese words of two characters work, too.",
        "按标题、说明、列名与标签中的词搜索数据集，支持两个汉字的词。",
    ),
    example="sancai search 能源 --sector new_energy",
)
@click.argument("words", nargs=-1)
@click.option("--sector", help=say("Only this sector.", "行业。"))
@click.option("--key-industry", type=click.Choice(KEY_INDUSTRIES), help=say("Only this key industry.", "重点行业。"))
@click.option("--licence", help=say("Only this licence.", "许可。"))
@click.option("--format", "file_format", help=say("Only this format, for example parquet.", "格式，例如 parquet。"))
@click.option("--price", help=say("Only this price: free or paid.", "价格：free 或 paid。"))
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True, help=say("How many.", "数量。"))
@click.option("--cursor", help=say("Go on after an earlier page.", "从上一页继续。"))
def command(
    words: tuple[str, ...],
    sector: str | None,
    key_industry: str | None,
    licence: str | None,
    file_format: str | None,
    price: str | None,
    limit: int,
    cursor: str | None,
) -> None:
    """Find datasets."""
    with client() as service:
        found = service.datasets.find(
            " ".join(words),
            cursor=cursor,
            limit=limit,
            sector=sector,
            key_industry=key_industry,
            licence=licence,
            format=file_format,
            price=price,
        )
    show(found, _print)


def _print(found: "Found") -> None:
    if not found.items:
        line(say("Nothing found.", "没有找到。"))
        return
    table(
        [
            say("name", "名称"),
            say("title", "标题"),
            say("sector", "行业"),
            say("licence", "许可"),
            say("price", "价格"),
        ],
        [
            (item.name, _title(item), item.sector, item.licence, item.price_text or say("free", "免费"))
            for item in found.items
        ],
    )
    if found.next_cursor:
        line(say(f"More: --cursor {found.next_cursor}", f"更多：--cursor {found.next_cursor}"))


def _title(item: "Dataset") -> str:
    if item.deprecation is None:
        return item.title
    use = item.deprecation.successor
    told = say(f"deprecated, use {use}", f"已弃用，请用 {use}") if use else say("deprecated", "已弃用")
    return f"{item.title} ({told})"
