"""``sancai firm quota``: what a firm of your register may hold and send."""

import click

from cli.connection import client
from cli.output import Leaf, show
from cli.quotas import figure_options, given, print_quota
from cli.words import say


@click.command(
    "quota",
    cls=Leaf,
    help=say(
        "Show what FIRM may hold and send; with options, set it (as its registrar; 'default' takes a figure back).",
        "显示企业 FIRM 的限额；带选项时由登记员设定（default 表示恢复默认）。",
    ),
    example="sancai firm quota firm_01a204ec559d77fd97f45c1ee07f623d --bytes 20TiB --drafts default",
)
@click.argument("firm")
@figure_options
def command(firm: str, **figures: "str | int | None") -> None:
    """Show or set a quota."""
    wanted = given(figures)
    with client() as service:
        found = service.quotas.set(firm, wanted) if wanted else service.quotas.of_firm(firm)
    show(found, print_quota)
