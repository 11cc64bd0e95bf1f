"""``sancai person``: register natural persons, show one, erase its data."""

from typing import TYPE_CHECKING

import click

from cli.connection import client
from cli.output import Branch, facts, line, show
from cli.words import say

if TYPE_CHECKING:
    from sancai.persons import NewPerson, Person, WholePerson


@click.group(
    "person", cls=Branch, help=say("Register natural persons and erase their data.", "登记自然人、删除其数据。")
)
def command() -> None:
    """Natural persons."""


@command.command(
    "register",
    help=say(
        "Register a person whose original identity card you have seen; name, number and phone are asked for.",
        "登记已查验身份证原件的自然人；姓名、身份号码和电话逐项询问。",
    ),
    example="sancai person register --original-seen",
)
@click.option(
    "--name",
    prompt=say("Name", "姓名"),
    help=say("As on the card; better typed when asked.", "按身份证填写；宜在询问时输入。"),
)
@click.option(
    "--identity-number",
    prompt=say("Identity number", "公民身份号码"),
    hide_input=True,
    help=say("Better typed when asked: a command line is seen by others.", "宜在询问时输入：命令行可能被他人看到。"),
)
@click.option("--phone", prompt=say("Phone", "电话"), help=say("Better typed when asked.", "宜在询问时输入。"))
@click.option("--original-seen", is_flag=True, required=True, help=say("You saw the original.", "已查验原件。"))
def register(name: str, identity_number: str, phone: str, original_seen: bool) -> None:
    """Register a person."""
    with client() as service:
        made = service.persons.register(name, identity_number, phone, original_seen=original_seen)
    show(made, _print_new)


@command.command(
    "show",
    help=say("Show PERSON, to itself and to officers who compare originals.", "显示 PERSON（本人及核对原件的人员）。"),
    example="sancai person show firm_…",
)
@click.argument("person")
def show_person(person: str) -> None:
    """Show a person."""
    with client() as service:
        found = service.persons.get(person)
    show(found, _print_whole)


@command.command(
    "erase",
    help=say(
        "Erase the data of PERSON; digests stay and prove what was paid.",
        "删除 PERSON 的个人数据；摘要保留以证明已支付事项。",
    ),
    example="sancai person erase firm_…",
)
@click.argument("person")
@click.confirmation_option(prompt=say("This cannot be undone. Go on?", "此操作无法撤销。是否继续？"))
def erase(person: str) -> None:
    """Erase a person's data."""
    with client() as service:
        erased = service.persons.erase(person)
    show(erased, _print_person)


def _print_person(found: "Person") -> None:
    facts(
        [("id", found.id), (say("name", "姓名"), found.masked_name), (say("erased", "已删除"), found.erased_at or "—")]
    )


def _print_new(made: "NewPerson") -> None:
    _print_person(made)
    facts([(say("login", "登录名"), made.login), (say("activation code", "激活码"), made.activation_code or "—")])
    line(say("Hand both over now; the code is not shown again.", "请当面交付；激活码不再显示。"))


def _print_whole(found: "WholePerson") -> None:
    _print_person(found)
    facts(
        [
            (say("full name", "全名"), found.name or "—"),
            (say("identity number", "公民身份号码"), found.identity_number or "—"),
            (say("phone", "电话"), found.phone or "—"),
        ]
    )
