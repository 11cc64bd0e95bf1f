"""``sancai listing seal`` and ``sample``: what may be seen of data before it is bought."""

from typing import TYPE_CHECKING, Any

import click

from cli.connection import client
from cli.output import Leaf, facts, line, show, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.offers import SealedSample


@click.command(
    "seal",
    cls=Leaf,
    help=say(
        "Seal a sample of what LISTING offers; its rows are drawn by the digest of the content.",
        "封存 LISTING 的样例；行由内容摘要抽取，任何人不可挑选。",
    ),
    example="sancai listing seal lst_…",
)
@click.argument("listing")
def seal(listing: str) -> None:
    """Seal a sample."""
    with client() as service:
        made = service.exchange.seal_sample(listing)
    show(made, _print)


@click.command(
    "sample",
    cls=Leaf,
    help=say(
        "Show the sealed sample of LISTING, once its digest and signature hold.",
        "核验摘要与签名后，显示 LISTING 的封存样例。",
    ),
    example="sancai listing sample lst_…",
)
@click.argument("listing")
def sample(listing: str) -> None:
    """Show a sample."""
    with client() as service:
        found = service.exchange.sample(listing)
    found.verify()
    show(found, _print)


def _print(found: "SealedSample") -> None:
    stated = found.verify()
    facts(
        [
            (say("version", "版本"), f"{stated['dataset']}@{stated['version']}"),
            (say("content", "内容摘要"), stated["content_digest"]),
            (say("sealed at", "封存时间"), found.sealed_at),
            (say("signed by", "签名密钥"), found.key),
            (say("laboratory report", "检测报告"), _quality(stated["quality"])),
            (say("like", "相似版本"), ", ".join(each["version"] for each in stated["novelty"]["alike"]) or None),
        ]
    )
    for each in stated["tables"]:
        line()
        line(f"{each['path']} ({each['rows']})")
        titles = [column["name"] for column in each["columns"]]
        table(titles, [tuple("" if cell is None else str(cell) for cell in row) for row in each["cells"]])


def _quality(found: dict[str, Any] | None) -> str | None:
    if found is None:
        return None
    return " / ".join(found[name] for name in ("documentation", "data_quality", "model_application"))
