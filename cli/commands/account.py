"""``sancai account``: members, officers and service accounts."""

from typing import TYPE_CHECKING

import click

from cli.commands.account_mail import command as mail
from cli.connection import client
from cli.output import Branch, facts, line, show, table
from cli.quotas import print_quota
from cli.words import say

if TYPE_CHECKING:
    from sancai.accounts import Activation, Member, NewMember


@click.group("account", cls=Branch, help=say("Members, officers and service accounts.", "成员、经办人与服务账号。"))
def command() -> None:
    """Manage accounts."""


@command.command(
    "activate",
    help=say("Choose a password with your activation code.", "使用激活码设置密码。"),
    example="sancai account activate li.wei ABCDE-FGHJK-MNPQR-STVWX-YZ234",
)
@click.argument("login")
@click.argument("code")
@click.password_option(help=say("Asked for when left out.", "省略时会提示输入。"))
def activate(login: str, code: str, password: str) -> None:
    """Take up an invitation."""
    with client() as service:
        done = service.accounts.activate(login, code, password)
    show(done, _print_activation)


def _print_activation(done: "Activation") -> None:
    facts(
        [
            (say("login", "登录名"), done.login),
            (say("scopes", "权限"), ", ".join(done.scopes)),
            (say("token, shown once", "令牌（仅显示一次）"), done.token),
            (say("expires", "到期"), done.expires_at),
        ]
    )


@command.command(
    "add",
    help=say("Invite LOGIN into your firm, or make a service account.", "邀请 LOGIN 加入企业，或创建服务账号。"),
    example="sancai account add li.wei --name 李伟 --role publisher --role buyer\n"
    "sancai account add nightly --name 'Nightly upload' --role publisher --service",
)
@click.argument("login")
@click.option("--name", required=True, help=say("The name to show.", "显示名称。"))
@click.option("--role", "roles", multiple=True, required=True, help=say("A role; may be repeated.", "角色，可重复。"))
@click.option("--service", "machine", is_flag=True, help=say("For a machine, not a person.", "供程序使用。"))
def add(login: str, name: str, roles: tuple[str, ...], machine: bool) -> None:
    """Add a member."""
    with client() as service:
        made = service.accounts.add_member(login, name, roles, "service" if machine else "person")
    show(made, _print_new)


@command.command(
    "add-officer",
    help=say("Invite LOGIN into your authority.", "邀请 LOGIN 加入本机构。"),
    example="sancai account add-officer zhang.min --name 张敏 --role reviewer",
)
@click.argument("login")
@click.option("--name", required=True, help=say("The name to show.", "显示名称。"))
@click.option(
    "--role", "roles", multiple=True, required=True, help=say("An office; may be repeated.", "职务，可重复。")
)
def add_officer(login: str, name: str, roles: tuple[str, ...]) -> None:
    """Add an officer."""
    with client() as service:
        made = service.accounts.add_officer(login, name, roles)
    show(made, _print_new)


def _print_new(made: "NewMember") -> None:
    facts(_described(made))
    if made.client_id:
        facts([("client_id", made.client_id), ("client_secret", made.client_secret)])
    else:
        facts([(say("activation code, shown once", "激活码（仅显示一次）"), made.activation_code)])


def _described(member: "Member") -> list[tuple[str, object]]:
    return [
        (say("login", "登录名"), member.login),
        (say("name", "名称"), member.display_name),
        (say("roles", "角色"), ", ".join(member.roles)),
        (say("state", "状态"), member.state),
        (say("id", "编号"), member.id),
    ]


@command.command(
    "list",
    help=say("List the accounts of your firm or authority.", "列出本企业或机构的账号。"),
    example="sancai account list",
)
def list_accounts() -> None:
    """List accounts."""
    with client() as service:
        found = list(service.accounts.members())
    show(
        found,
        lambda members: table(
            [
                say("login", "登录名"),
                say("name", "名称"),
                say("roles", "角色"),
                say("state", "状态"),
                say("id", "编号"),
            ],
            [(each.login, each.display_name, ", ".join(each.roles), each.state, each.id) for each in members],
        ),
    )


@command.command(
    "quota",
    help=say("Show what your firm may hold and send, and what of it is used.", "显示本企业的限额与已用量。"),
    example="sancai account quota",
)
def quota() -> None:
    """Show the firm's own quota."""
    with client() as service:
        found = service.quotas.own()
    show(found, print_quota)


@command.command(
    "end",
    help=say("Remove account ID; its tokens stop at once.", "移除账号 ID，其令牌立即失效。"),
    example="sancai account end acc_01a204ec559d77fd97f45c1ee07f623d",
)
@click.argument("account", metavar="ID")
def end(account: str) -> None:
    """End an account."""
    with client() as service:
        done = service.accounts.end_member(account)
    show(done, lambda ended: line(say(f"{ended.login} was removed.", f"已移除 {ended.login}。")))


command.add_command(mail)
