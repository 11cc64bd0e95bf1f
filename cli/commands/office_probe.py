"""``sancai office probe`` and ``probes``: whether the notices of an office are looked at from outside."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from cli.connection import client
from cli.output import Leaf, facts, show, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.notice_probes import ProbeTerm


@click.command(
    "probe",
    cls=Leaf,
    help=say(
        "Have notices posted from now on probed: one unseen for longer than --limit-hours is prolonged. 0 ends it.",
        "自此发布的公示纳入探测：页面不可见超过 --limit-hours 小时的，公示期相应延长；填 0 停止。",
    ),
    example='sancai office probe --limit-hours 24 --number YZ-P-1 --organ "区发改委" --decided 2026-03-02 --text "…"',
)
@click.option(
    "--limit-hours", type=int, default=24, show_default=True, help=say("Hours unseen that are no gap.", "不可见时限。")
)
@click.option("--number", required=True, help=say("Number of the decision.", "文号。"))
@click.option("--organ", required=True, help=say("Who decided.", "作出机关。"))
@click.option("--decided", type=click.DateTime(["%Y-%m-%d"]), required=True, help=say("When.", "作出日期。"))
@click.option("--text", required=True, help=say("Its words.", "内容。"))
def probe(limit_hours: int, number: str, organ: str, decided: datetime, text: str) -> None:
    """Set the term of the probe."""
    with client() as service:
        made = service.notice_probes.set_term(number, organ, decided.date(), text, limit_hours=limit_hours)
    show(made, _print_term)


def _print_term(made: "ProbeTerm") -> None:
    facts([(say("hours", "小时"), made.limit_hours), (say("number", "文号"), made.number)])


@click.command(
    "probes",
    cls=Leaf,
    help=say("List the terms of your office's probe.", "列出本单位的探测规定。"),
    example="sancai office probes",
)
def probes() -> None:
    """List the terms of the probe."""
    with client() as service:
        found = service.notice_probes.terms()
    show(
        found,
        lambda items: table(
            [say("number", "文号"), say("hours", "小时"), say("organ", "机关"), say("from", "生效")],
            [(each.number, each.limit_hours, each.organ, each.set_at) for each in items],
        ),
    )


COMMANDS = (probe, probes)
