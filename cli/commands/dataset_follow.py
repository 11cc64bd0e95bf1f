"""``sancai dataset follow`` and ``unfollow``: hear by mail what is public of a dataset."""

from typing import TYPE_CHECKING

import click

from cli.connection import client
from cli.output import Leaf, line, show
from cli.words import say

if TYPE_CHECKING:
    from sancai.mail import Followed


@click.command(
    "follow",
    cls=Leaf,
    help=say("Get mail about new versions and withdrawals of dataset NAME.", "关注数据集 NAME 的新版本与撤回。"),
    example="sancai dataset follow acme/coal-safety",
)
@click.argument("name")
def follow(name: str) -> None:
    """Follow a dataset."""
    with client() as service:
        done = service.mail.follow(name)
    show(done, _print_followed)


@click.command(
    "unfollow",
    cls=Leaf,
    help=say("Get no more mail about dataset NAME.", "取消关注数据集 NAME。"),
    example="sancai dataset unfollow acme/coal-safety",
)
@click.argument("name")
def unfollow(name: str) -> None:
    """Unfollow a dataset."""
    with client() as service:
        done = service.mail.unfollow(name)
    show(done, _print_followed)


def _print_followed(done: "Followed") -> None:
    followed = say(f"You follow {done.name}.", f"已关注 {done.name}。")
    ended = say(f"You no longer follow {done.name}.", f"已取消关注 {done.name}。")
    line(followed if done.following else ended)
