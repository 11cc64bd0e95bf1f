"""``sancai round``: rounds in which offices take applications (申报轮次)."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from cli.connection import client
from cli.output import Branch, facts, line, show
from cli.words import say

if TYPE_CHECKING:
    from sancai.rounds import Round, RoundShare


@click.group("round", cls=Branch, help=say("Publish and read rounds of applications.", "发布与查看申报轮次。"))
def command() -> None:
    """Rounds."""


_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


def _read(file: Path) -> dict[str, Any]:
    """Return a JSON object. Raises click.BadParameter."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=str(file)) from error
    if not isinstance(found, dict):
        raise click.BadParameter(say("no JSON object", "不是 JSON 对象"), param_hint=str(file))
    return found


def shanghai(text: str) -> str:
    """Return an instant as the offices read it, to the minute."""
    instant = datetime.fromisoformat(text).astimezone(ZoneInfo("Asia/Shanghai"))
    return instant.strftime("%Y-%m-%d %H:%M (Asia/Shanghai)")


@command.command("list", help=say("List rounds.", "列出申报轮次。"), example="sancai round list --state open")
@click.option("--instrument", default="", help=say("Only of this instrument.", "仅此政策工具。"))
@click.option(
    "--state", type=click.Choice(["coming", "open", "closed"]), default=None, help=say("Only these.", "仅此状态。")
)
def list_rounds(instrument: str, state: str | None) -> None:
    """List rounds."""
    with client() as service:
        found = service.rounds.list(instrument=instrument, state=state or "")
    show(found, _print_rounds)


@command.command(
    "show", help=say("Show ROUND with every revision.", "显示 ROUND 及历次修订。"), example="sancai round show rnd_…"
)
@click.argument("round_id", metavar="ROUND")
def show_round(round_id: str) -> None:
    """Show a round."""
    with client() as service:
        found = service.rounds.get(round_id)
    show(found, _print_round)


@command.command(
    "publish",
    help=say("Publish a round of INSTRUMENT as FILE (JSON) says.", "按 FILE（JSON）发布 INSTRUMENT 的申报轮次。"),
    example="sancai round publish yz-14b round.json",
)
@click.argument("instrument")
@_FILE
def publish(instrument: str, file: Path) -> None:
    """Publish a round."""
    with client() as service:
        made = service.rounds.publish(instrument, _read(file))
    show(made, _print_round)


@command.command(
    "revise",
    help=say("Publish ROUND anew before it opens, as FILE says.", "开始受理前按 FILE 重新发布 ROUND。"),
    example="sancai round revise rnd_… round.json",
)
@click.argument("round_id", metavar="ROUND")
@_FILE
def revise(round_id: str, file: Path) -> None:
    """Revise a round."""
    with client() as service:
        made = service.rounds.revise(round_id, _read(file))
    show(made, _print_round)


@command.command(
    "close-at",
    help=say("Move the closing of the open ROUND by a decision.", "以文件决定调整 ROUND 的截止时间。"),
    example='sancai round close-at rnd_… 2026-05-01T18:00+08:00 --number 函1号 --reason "延期"',
)
@click.argument("round_id", metavar="ROUND")
@click.argument("closes_at")
@click.option("--number", required=True, help=say("Number of the decision.", "文号。"))
@click.option("--reason", required=True, help=say("Why.", "理由。"))
def close_at(round_id: str, closes_at: str, number: str, reason: str) -> None:
    """Move the closing of a round."""
    with client() as service:
        made = service.rounds.move_closing(round_id, closes_at, number, reason)
    show(made, _print_round)


@command.command(
    "division",
    help=say("Show what each case of ROUND receives.", "显示 ROUND 各案件的资金安排。"),
    example="sancai round division rnd_…",
)
@click.argument("round_id", metavar="ROUND")
def division(round_id: str) -> None:
    """Show how the money of a round is divided."""
    with client() as service:
        found = service.rounds.division(round_id)
    show(found, _print_division)


@command.command(
    "divide",
    help=say("Divide the money of the closed ROUND.", "截止后分配 ROUND 的资金。"),
    example="sancai round divide rnd_…",
)
@click.argument("round_id", metavar="ROUND")
def divide(round_id: str) -> None:
    """Divide the money of a round."""
    with client() as service:
        made = service.rounds.divide(round_id)
        found = service.rounds.division(made.id)
    show(found, _print_division)


def _print_round(found: "Round") -> None:
    now = found.now
    sheet = now.score_sheet
    facts(
        [
            (say("round", "轮次"), found.id),
            (say("title", "名称"), now.title),
            (say("instrument", "政策工具"), found.instrument),
            (say("state", "状态"), found.state),
            (say("opens", "开始"), shanghai(now.opens_at)),
            (say("closes", "截止"), shanghai(now.closes_at)),
            (say("guide", "申报指南"), f"{now.guide_url} {now.guide_digest}"),
            (say("budget", "资金"), None if now.budget_fen is None else f"¥{now.budget_fen / 100:,.2f}"),
            (say("allocation", "分配"), now.allocation),
            (say("checklist", "材料清单"), ", ".join((*now.checklist, *now.extra_items)) or None),
            (say("pass score", "及格分"), sheet and str(sheet["pass_score"])),
        ]
    )
    for each in sheet["criteria"] if sheet else ():
        line(f"  {each['code']}  {each['title']}  {each['points']}")
    for revision in found.revisions:
        if revision.decision_number:
            line(f"{revision.decision_number}  {shanghai(revision.closes_at)}  {revision.reason}")


def _print_rounds(found: "tuple[Round, ...]") -> None:
    for each in found:
        window = f"{shanghai(each.now.opens_at)} – {shanghai(each.now.closes_at)}"
        line(f"{each.id}  {each.instrument}  {each.state}  {window}  {each.now.title}")


def _print_division(found: "tuple[RoundShare, ...]") -> None:
    for each in found:
        line(f"{each.case}  {each.state}  ¥{each.amount_fen / 100:,.2f}  ¥{each.share_fen / 100:,.2f}")
