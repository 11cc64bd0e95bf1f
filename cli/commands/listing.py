"""``sancai listing``: offer data or compute, and see what is on sale."""

from typing import TYPE_CHECKING, Any

import click

from cli.amounts import percent_bp, yuan_fen
from cli.commands.listing_sample import sample, seal
from cli.connection import client
from cli.output import Branch, facts, line, show, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.exchange import Listing
    from sancai.offers import Buyers

KINDS = ("dataset", "api", "desensitised_data", "compute")
PRICE_KINDS = ("free", "fixed", "by_volume", "by_call")
DELIVERIES = ("download", "table_reads")
DOCUMENT = click.Path(exists=True, dir_okay=False)
PURPOSES = ("model_training", "large_scale_processing", "algorithm_verification", "annotation", "other")


@click.group("listing", cls=Branch, help=say("Offer data or compute for sale.", "上架数据或算力产品。"))
def command() -> None:
    """Offer and find listings."""


command.add_command(seal)
command.add_command(sample)


@command.command(
    "offer",
    help=say(
        "Offer a dataset through an exchange, or compute of your own.", "通过交易机构挂牌数据集，或挂牌自有算力。"
    ),
    example="sancai listing offer --provider firm_… --kind dataset --dataset hami-wind/turbines --version v1 "
    "--title 'Wind turbines' --unit licence --price 120000 --vat 6 --terms terms.txt "
    "--source 'Own measurements' --source-document source.pdf --rights 'Owner' --rights-document rights.pdf",
)
@click.option("--provider", required=True, help=say("Id of the seller on the invoice.", "开票卖方的企业编号。"))
@click.option("--kind", "product_kind", type=click.Choice(KINDS), required=True, help=say("What.", "产品类型。"))
@click.option("--title", required=True, help=say("What is sold.", "名称。"))
@click.option("--dataset", help=say("Name of the dataset.", "数据集名称。"))
@click.option("--version", help=say("Its version, for example v1.", "版本，例如 v1。"))
@click.option("--unit", required=True, help=say("What one unit is.", "计量单位。"))
@click.option(
    "--price", "unit_price_fen", callback=yuan_fen, required=True, help=say("Yuan, no VAT.", "单价（元，不含税）。")
)
@click.option("--vat", "vat_rate_bp", default="0", callback=percent_bp, help=say("VAT in percent.", "税率（%）。"))
@click.option("--terms", type=click.File(encoding="utf-8"), required=True, help=say("File with terms.", "条款文件。"))
@click.option("--purpose", "purposes", multiple=True, type=click.Choice(PURPOSES), help=say("For what.", "用途。"))
@click.option("--source", "source_statement", required=True, help=say("Where it comes from.", "来源说明。"))
@click.option("--rights", "rights_statement", required=True, help=say("By which right.", "权利说明。"))
@click.option("--source-document", type=DOCUMENT, required=True, help=say("Proof of the source.", "来源证明文件。"))
@click.option("--rights-document", type=DOCUMENT, required=True, help=say("Proof of the right.", "权利证明文件。"))
@click.option(
    "--every-version", is_flag=True, help=say("All versions while an order runs.", "订单有效期内发布的所有版本。")
)
@click.option(
    "--licence", help=say("SPDX or named; default: the dataset's.", "许可证（SPDX 或所列名称），默认同数据集。")
)
@click.option(
    "--price-kind", type=click.Choice(PRICE_KINDS), default="fixed", help=say("What is paid for.", "计价方式。")
)
@click.option(
    "--unit-size", type=click.IntRange(1), help=say("Bytes or reads of one unit.", "每单位的字节数或读取次数。")
)
@click.option("--delivery", multiple=True, type=click.Choice(DELIVERIES), help=say("How it comes.", "交付方式。"))
@click.option("--buyers", type=click.Choice(("all", "mainland")), default="all", help=say("Who may buy.", "谁可购买。"))
@click.option("--buyer", "firms", multiple=True, help=say("Only this firm (id).", "仅限该企业（编号）。"))
@click.option("--buyer-sector", "sectors", multiple=True, help=say("Only its leaders.", "仅限该行业龙头企业。"))
def offer(buyers: str, firms: tuple[str, ...], sectors: tuple[str, ...], **given: Any) -> None:
    """Offer something for sale."""
    from sancai.offers import Buyers

    given["terms"] = given["terms"].read()
    named = "firms" if firms else "sectors" if sectors else buyers
    with client() as service:
        for each in ("source", "rights"):
            given[f"{each}_evidence"] = service.evidence.file(given.pop(f"{each}_document"), "statement").id
        made = service.exchange.offer(**given, buyers=Buyers(named, firms, sectors))
    show(made, _print)


@command.command(
    "licences",
    help=say("List the licences a listing may name.", "列出挂牌可选的许可证。"),
    example="sancai listing licences",
)
def list_licences() -> None:
    """List licences."""
    with client() as service:
        found = service.exchange.licences()
    show(
        found,
        lambda each: table(
            [say("id", "编号"), say("name", "名称")], [(item.id, say(item.en, item.zh)) for item in each]
        ),
    )


@command.command(
    "accept",
    help=say("Accept, as the seller, to sell LISTING.", "卖方同意销售 LISTING。"),
    example="sancai listing accept lst_…",
)
@click.argument("listing")
def accept(listing: str) -> None:
    """Accept a listing."""
    with client() as service:
        made = service.exchange.accept_listing(listing)
    show(made, _print)


@command.command("end", help=say("Take LISTING off sale.", "下架 LISTING。"), example="sancai listing end lst_…")
@click.argument("listing")
def end(listing: str) -> None:
    """End a listing."""
    with client() as service:
        made = service.exchange.end_listing(listing)
    show(made, _print)


@command.command(
    "show", help=say("Show LISTING with its terms.", "显示 LISTING 及其条款。"), example="sancai listing show lst_…"
)
@click.argument("listing")
def show_listing(listing: str) -> None:
    """Show a listing."""
    with client() as service:
        found = service.exchange.listing(listing)
    show(found, _print)


@command.command(
    "list",
    help=say("List what is on sale, and your own listings.", "列出在售产品和本企业挂牌。"),
    example="sancai listing list --kind compute",
)
@click.option("--kind", "product_kind", type=click.Choice(KINDS), help=say("Only this kind.", "产品类型。"))
@click.option("--dataset", help=say("Only of this dataset.", "数据集名称。"))
def list_listings(product_kind: str | None, dataset: str | None) -> None:
    """List listings."""
    with client() as service:
        found = list(service.exchange.listings(product_kind, dataset))
    show(
        found,
        lambda listings: table(
            [say("id", "编号"), say("kind", "类型"), say("title", "名称"), say("price", "单价"), say("state", "状态")],
            [
                (item.id, item.product_kind, item.title, f"{item.unit_price_text}/{item.unit}", item.state)
                for item in listings
            ],
        ),
    )


def _buyers(found: "Buyers") -> str:
    return ": ".join(part for part in (found.kind, ", ".join((*found.firms, *found.sectors))) if part)


def _print(found: "Listing") -> None:
    facts(
        [
            (say("id", "编号"), found.id),
            (say("state", "状态"), found.state),
            (say("title", "名称"), found.title),
            (say("kind", "类型"), found.product_kind),
            (say("seller", "卖方"), found.seller),
            (say("dataset", "数据集"), found.dataset),
            (say("version", "版本"), found.version or (say("every", "所有版本") if found.dataset else None)),
            (say("licence", "许可证"), found.conditions.licence),
            (say("price", "单价"), f"{found.unit_price_text}/{found.unit} ({found.conditions.price_kind})"),
            (say("unit size", "单位大小"), found.conditions.unit_size),
            (say("delivery", "交付"), ", ".join(found.conditions.delivery) or None),
            (say("buyers", "购买方"), _buyers(found.conditions.buyers)),
            (say("purposes", "用途"), ", ".join(found.purposes) or None),
            (say("digest of the terms", "条款摘要"), found.terms_sha256),
        ]
    )
    line()
    line(found.terms)
