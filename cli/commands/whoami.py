"""``sancai whoami``."""

import click

from cli.connection import client
from cli.output import Leaf, facts, show
from cli.words import say


@click.command(
    "whoami",
    cls=Leaf,
    help=say("Show the account, its roles and what the token may do.", "显示账号、角色与令牌权限。"),
    example="sancai whoami",
)
def command() -> None:
    """Show who is signed in."""
    from sancai.sign_in import who_am_i

    with client() as service:
        me, url = who_am_i(service.session), service.session.url
    show(
        me,
        lambda found: facts(
            [
                (say("service", "服务"), url),
                (say("login", "登录名"), found.login),
                (say("name", "姓名"), found.display_name),
                (say("of", "所属"), found.firm or found.authority),
                (say("roles", "角色"), ", ".join(found.roles)),
                (say("scopes", "权限"), ", ".join(found.scopes)),
            ]
        ),
    )
