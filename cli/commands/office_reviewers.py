"""``sancai office detected | draws | draw``: who may review a case, and who was drawn to."""

import click

from cli.connection import client
from cli.output import Leaf, facts, show, table
from cli.words import say

_SHARED = {"mail_address": ("the mail address", "邮箱地址"), "mail_domain": ("the mail domain", "邮箱域名")}


@click.command(
    "detected",
    cls=Leaf,
    help=say(
        "List ties of officers to firms of CASE that nobody declared.", "列出系统发现的人员与案件 CASE 企业的关联。"
    ),
    example="sancai office detected case_…",
)
@click.argument("case")
def detected(case: str) -> None:
    """List detected ties."""
    with client() as service:
        found = service.office.detected_ties(case)
    show(
        found,
        lambda items: table(
            [say("officer", "人员"), say("firm", "企业"), say("shares", "共用")],
            [(each.officer, each.firm, say(*_SHARED[each.shared])) for each in items],
        ),
    )


@click.command(
    "draws",
    cls=Leaf,
    help=say("List who was drawn to review CASE.", "列出案件 CASE 的随机分配。"),
    example="sancai office draws case_…",
)
@click.argument("case")
def draws(case: str) -> None:
    """List lots."""
    with client() as service:
        found = service.office.draws(case)
    show(
        found,
        lambda items: table(
            [say("no.", "次序"), say("drawn", "抽中"), say("of", "候选人数"), say("seed", "种子"), say("why", "原因")],
            [(str(each.number), each.drawn, str(len(each.candidates)), each.seed, each.reason) for each in items],
        ),
    )


@click.command(
    "draw",
    cls=Leaf,
    help=say("Draw another reviewer for CASE.", "为案件 CASE 重新抽取审核人员。"),
    example='sancai office draw case_… --reason "原审核人员回避"',
)
@click.argument("case")
@click.option("--reason", required=True, help=say("Why.", "原因。"))
def draw(case: str, reason: str) -> None:
    """Draw again."""
    with client() as service:
        made = service.office.draw_again(case, reason)
    show(made, lambda found: facts([(say("drawn", "抽中"), found.drawn), (say("seed", "种子"), found.seed)]))


COMMANDS = (detected, draws, draw)
