"""``sancai account mail``: where oneself takes mail, and about what."""

from typing import TYPE_CHECKING

import click

from cli.connection import client
from cli.output import Branch, facts, line, note, show
from cli.words import say

if TYPE_CHECKING:
    from sancai.mail import MailAddress


@click.group("mail", cls=Branch, help=say("Where you take mail, and about what.", "您的邮箱与订阅主题。"))
def command() -> None:
    """Manage one's mail address."""


@command.command(
    "set",
    help=say(
        "Take mail at ADDRESS; a new one gets a code first. Without --topic: what your roles concern.",
        "设置邮箱 ADDRESS；新邮箱会先收到验证码。不带 --topic 时按您的角色订阅。",
    ),
    example="sancai account mail set li.wei@firm.example --language zh --topic version.recalled",
)
@click.argument("address")
@click.option(
    "--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help=say("Language.", "邮件语言。")
)
@click.option("--topic", "topics", multiple=True, help=say("A topic; may be repeated.", "主题，可重复。"))
def set_address(address: str, language: str, topics: tuple[str, ...]) -> None:
    """State an address."""
    with client() as service:
        made = service.mail.state(address, language, topics or None)
    show(made, _print_address)
    if made.verified_at is None:
        note(
            say(
                "A code is on its way: sancai account mail verify CODE",
                "验证码已发送，请运行：sancai account mail verify CODE",
            )
        )


def _print_address(found: "MailAddress") -> None:
    facts(
        [
            (say("address", "邮箱"), found.address),
            (say("language", "语言"), found.language),
            (say("topics", "主题"), ", ".join(found.topics) if found.topics else say("by your roles", "按角色")),
            (say("confirmed", "已确认"), found.verified_at),
            (say("unsubscribed", "已退订"), found.unsubscribed_at),
        ]
    )


@command.command(
    "verify",
    help=say("Confirm your address with the mailed CODE.", "用邮件中的验证码 CODE 确认邮箱。"),
    example="sancai account mail verify ABCD-EFGH-IJKL-MNOP",
)
@click.argument("code")
def verify(code: str) -> None:
    """Verify an address."""
    with client() as service:
        done = service.mail.verify(code)
    show(done, _print_address)


@command.command("show", help=say("Show where you take mail.", "显示您的邮箱。"), example="sancai account mail show")
def show_address() -> None:
    """Show the address."""
    with client() as service:
        found = service.mail.address()
    show(found, _print_address)


@command.command(
    "remove", help=say("Forget where you take mail.", "删除您的邮箱。"), example="sancai account mail remove"
)
def remove() -> None:
    """Remove the address."""
    with client() as service:
        service.mail.remove()
    show({"removed": True}, lambda _: line(say("Forgotten.", "已删除。")))
