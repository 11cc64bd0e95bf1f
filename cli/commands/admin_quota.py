"""``sancai admin quota``: what firms may hold and send, set by the operator."""

from typing import TYPE_CHECKING

import click

from cli.output import Leaf, facts, show
from cli.quotas import figure_options, given
from cli.server import require_server
from cli.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command(
    "quota",
    cls=Leaf,
    help=say(
        "Set what FIRM may hold and send, or with --all every firm that has no figures of its own. Without figures, "
        "show what was set. 'default' takes a figure back.",
        "设定企业 FIRM 的限额，或用 --all 设定所有未单独设定的企业；不带数值时显示已设定的限额。default 表示恢复默认。",
    ),
    example="sancai admin quota --all --bytes 10TiB --drafts 100\n"
    "sancai admin quota firm_01a204ec559d77fd97f45c1ee07f623d --bytes 50TiB",
)
@click.argument("firm", required=False)
@click.option("--all", "everyone", is_flag=True, help=say("For the whole installation.", "适用于整个安装。"))
@figure_options
def command(firm: str | None, everyone: bool, **figures: "str | int | None") -> None:
    """Set a quota."""
    require_server()
    import uuid

    from registry.actors.model import Actor
    from registry.house import House, open_house
    from registry.journal.work import Command, Work
    from registry.quotas import service
    from registry.quotas.model import Figure, SetQuota
    from registry.values.digest import Digest
    from registry.values.identifiers import FirmId
    from storage.settings import read_settings

    if (firm is None) is not everyone:
        raise click.UsageError(say("Name a firm, or --all.", "请指定企业，或使用 --all。"))
    whose = FirmId(firm) if firm else None
    wanted = {Figure(name): limit for name, limit in given(figures).items()}

    def changed(house: House) -> None:
        def act(work: Work) -> dict[str, str]:
            service.set_quota_as_operator(work, SetQuota(whose, wanted))
            return {}

        asked = Digest.of_json({"firm": firm, **{figure.value: limit for figure, limit in wanted.items()}})
        house.perform(Actor(name="operator"), Command("admin.quota", str(uuid.uuid4()), asked), act)

    with open_house(read_settings()) as house:
        if wanted:
            changed(house)
        with house.view() as view:
            held = service.figures_set(view, whose)
    show(held, _print_figures)


def _print_figures(held: "Mapping[str, int]") -> None:
    facts(list(held.items()) or [(say("figures", "限额"), say("none of its own", "未单独设定"))])
