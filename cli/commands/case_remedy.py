"""``sancai case remedy``: review, reconsideration and litigation against what was decided."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from cli.commands.firm_hearing import DAY
from cli.connection import client
from cli.output import Branch, facts, show, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.remedies import Remedy

KINDS = ("review", "reconsideration", "litigation")
_NUMBER = say("Number of the decision.", "决定文号。")


@click.group(
    "remedy", cls=Branch, help=say("Remedies against a refusal, a recovery or a sanction.", "复核、复议与诉讼。")
)
def remedy() -> None:
    """Remedies."""


@remedy.command(
    "file",
    help=say(
        "File a remedy against SUBJECT: a refused case, a recovery or a sanction.",
        "对 SUBJECT（不予支持的案件、追回决定或处理决定）提起救济。",
    ),
    example='sancai case remedy file rcv_… --kind reconsideration --organ 区人民政府 --grounds "…"',
)
@click.argument("subject")
@click.option("--kind", type=click.Choice(KINDS), required=True, help=say("Which remedy.", "救济方式。"))
@click.option("--organ", required=True, help=say("At which organ.", "受理机关。"))
@click.option("--grounds", required=True, help=say("Why.", "理由。"))
@click.option("--number", default="", help=say("The organ's number.", "受理文号。"))
@click.option("--filed-on", type=DAY, help=say("Officers: the day it was filed.", "经办人员：提起日期。"))
@click.option("--late-reason", help=say("Officers: why it is taken late.", "经办人员：逾期受理理由。"))
def file_remedy(
    subject: str,
    kind: str,
    organ: str,
    grounds: str,
    number: str,
    filed_on: datetime | None,
    late_reason: str | None,
) -> None:
    """File a remedy."""
    with client() as service:
        made = service.remedies.file(
            subject,
            kind,
            organ=organ,
            grounds=grounds,
            number=number,
            filed_on=filed_on.date() if filed_on else None,
            late_reason=late_reason,
        )
    show(made, print_remedy)


@remedy.command(
    "list",
    help=say("List remedies of your office or firm.", "列出本单位或本企业的救济。"),
    example="sancai case remedy list --subject rcv_…",
)
@click.option("--subject", default="", help=say("Against this only.", "仅针对此项。"))
def list_remedies(subject: str) -> None:
    """List remedies."""
    with client() as service:
        found = list(service.remedies.remedies(subject))
    show(
        found,
        lambda items: table(
            [
                say("id", "编号"),
                say("kind", "方式"),
                say("state", "状态"),
                say("filed", "提起"),
                say("against", "针对"),
            ],
            [(each.id, each.kind, each.state, each.filed_on, each.subject) for each in items],
        ),
    )


@remedy.command("show", help=say("Show REMEDY.", "显示 REMEDY。"), example="sancai case remedy show rem_…")
@click.argument("remedy")
def show_remedy(remedy: str) -> None:
    """Show a remedy."""
    with client() as service:
        found = service.remedies.remedy(remedy)
    show(found, print_remedy)


@remedy.command(
    "suspend",
    help=say("Record that a decision suspends what REMEDY is against.", "录入 REMEDY 期间停止执行或恢复执行的决定。"),
    example='sancai case remedy suspend rem_… --number 伊政复停〔2026〕1号 --reason "…"',
)
@click.argument("remedy")
@click.option("--number", required=True, help=_NUMBER)
@click.option("--reason", required=True, help=say("Why.", "理由。"))
@click.option("--resume", is_flag=True, help=say("It goes on again.", "恢复执行。"))
def suspend(remedy: str, number: str, reason: str, resume: bool) -> None:
    """Suspend."""
    with client() as service:
        made = service.remedies.suspend(remedy, number, reason, suspended=not resume)
    show(made, print_remedy)


@remedy.command(
    "end",
    help=say("Record the decision on REMEDY.", "录入 REMEDY 的决定。"),
    example=(
        "sancai case remedy end rem_… --annulled --number 伊政复决〔2026〕7号 --decided-on 2026-06-30"
        ' --reasons "事实不清"'
    ),
)
@click.argument("remedy")
@click.option("--annulled/--upheld", required=True, help=say("What becomes of the decision.", "撤销或维持。"))
@click.option("--number", required=True, help=_NUMBER)
@click.option("--decided-on", type=DAY, required=True, help=say("The day.", "决定日期。"))
@click.option("--reasons", required=True, help=say("Why.", "理由。"))
def end(remedy: str, annulled: bool, number: str, decided_on: datetime, reasons: str) -> None:
    """End a remedy."""
    with client() as service:
        made = service.remedies.end(
            remedy, annulled=annulled, number=number, decided_on=decided_on.date(), reasons=reasons
        )
    show(made, print_remedy)


@remedy.command(
    "withdraw",
    help=say("Take REMEDY back.", "撤回 REMEDY。"),
    example='sancai case remedy withdraw rem_… --reason "…"',
)
@click.argument("remedy")
@click.option("--reason", required=True, help=say("Why.", "理由。"))
def withdraw(remedy: str, reason: str) -> None:
    """Withdraw a remedy."""
    with client() as service:
        made = service.remedies.withdraw(remedy, reason)
    show(made, print_remedy)


def print_remedy(found: "Remedy") -> None:
    """Print a remedy for people."""
    facts(
        [
            (say("remedy", "救济"), found.id),
            (say("kind", "方式"), found.kind),
            (say("against", "针对"), found.subject),
            (say("organ", "机关"), f"{found.organ} {found.number}".strip()),
            (say("filed", "提起"), found.filed_on),
            (say("term until", "期限"), found.until),
            (say("taken late", "逾期受理"), found.late_reason),
            (say("state", "状态"), found.state),
            (say("suspends", "停止执行"), say("yes", "是") if found.suspends else None),
        ]
    )


COMMANDS = (remedy,)
