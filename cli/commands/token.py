"""``sancai token``: access tokens of one's own."""

from typing import TYPE_CHECKING

import click

from cli.connection import client
from cli.output import Branch, facts, line, show, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.accounts import NewToken


@click.group("token", cls=Branch, help=say("Make and end access tokens.", "创建与停用访问令牌。"))
def command() -> None:
    """Manage tokens."""


@command.command(
    "create",
    help=say("Make a token named LABEL; its text is shown once.", "创建名为 LABEL 的令牌，内容仅显示一次。"),
    example="sancai token create training --scope read --days 30",
)
@click.argument("label")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    help=say("What it is for; may be repeated.", "权限范围，可重复。"),
)
@click.option(
    "--days", type=click.IntRange(1, 365), default=90, show_default=True, help=say("How long it lives.", "有效天数。")
)
@click.option(
    "--dataset",
    "datasets",
    multiple=True,
    help=say("Only for this dataset id; may be repeated.", "仅限此数据集编号，可重复。"),
)
def create(label: str, scopes: tuple[str, ...], days: int, datasets: tuple[str, ...]) -> None:
    """Make a token."""
    with client() as service:
        made = service.accounts.create_token(label, scopes, days, datasets or None)
    show(made, _print_new)


def _print_new(made: "NewToken") -> None:
    facts(
        [
            (say("token, shown once", "令牌（仅显示一次）"), made.token),
            (say("scopes", "权限"), ", ".join(made.scopes)),
            (say("expires", "到期"), made.expires_at),
            (say("id", "编号"), made.id),
        ]
    )


@command.command("list", help=say("List your tokens.", "列出您的令牌。"), example="sancai token list")
def list_tokens() -> None:
    """List tokens."""
    with client() as service:
        found = list(service.accounts.tokens())
    show(
        found,
        lambda tokens: table(
            [
                say("label", "名称"),
                say("scopes", "权限"),
                say("expires", "到期"),
                say("ended", "停用"),
                say("id", "编号"),
            ],
            [(each.label, ", ".join(each.scopes), each.expires_at, each.ended_at, each.id) for each in tokens],
        ),
    )


@command.command(
    "end",
    help=say("Stop token ID at once.", "立即停用令牌 ID。"),
    example="sancai token end tok_01a204ec559d77fd97f45c1ee07f623d",
)
@click.argument("token", metavar="ID")
def end(token: str) -> None:
    """End a token."""
    with client() as service:
        done = service.accounts.end_token(token)
    show(done, lambda ended: line(say(f"Token {ended.label} was ended.", f"令牌 {ended.label} 已停用。")))
