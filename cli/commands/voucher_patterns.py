"""``sancai voucher patterns`` and ``sancai voucher external``: what is found at a claim; uses of pools not ours."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from cli.amounts import yuan_fen
from cli.connection import client
from cli.output import Branch, facts, line, show, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.voucher_patterns import ExternalUse, PatternFinding

_NUMBER = click.option("--number", required=True, help=say("Number of the document.", "文号。"))
_REASON = click.option("--reason", required=True, help=say("Why.", "理由。"))


@click.group(
    "patterns",
    cls=Branch,
    help=say("What patterns of fraud find at a voucher (officers).", "查看券的骗补风险提示（经办人员）。"),
)
def patterns() -> None:
    """Patterns."""


@patterns.command(
    "show",
    help=say("Show what is found at VOUCHER and what was decided of it.", "显示 VOUCHER 的提示及处理决定。"),
    example="sancai voucher patterns show vch_…",
)
@click.argument("voucher")
def show_patterns(voucher: str) -> None:
    """Show findings."""
    with client() as service:
        found = service.voucher_patterns.findings(voucher)
    show(found, _print_findings)


@patterns.command(
    "decide",
    help=say(
        "Clear or uphold the finding with DIGEST at VOUCHER by a numbered document; payment waits for it.",
        "以文号对 VOUCHER 摘要为 DIGEST 的提示作出排除或认定；拨付以此为前提。",
    ),
    example="sancai voucher patterns decide vch_… sha256:… --clear --number 核〔2026〕3号 --reason 已核查物流",
)
@click.argument("voucher")
@click.argument("digest")
@click.option("--clear/--uphold", "clears", required=True, help=say("Which of both.", "排除或认定。"))
@_NUMBER
@_REASON
def decide(voucher: str, digest: str, clears: bool, number: str, reason: str) -> None:
    """Decide of a finding."""
    with client() as service:
        found = service.voucher_patterns.decide(voucher, digest, "cleared" if clears else "upheld", number, reason)
    show(found, _print_findings)


@click.group(
    "external",
    cls=Branch,
    help=say("Uses of pools that are not ours.", "登记其他机关资金池的使用情况。"),
)
def external() -> None:
    """External pools."""


@external.command(
    "record",
    help=say(
        "Record what FIRM had under INSTRUMENT of DOCUMENT by a line of a numbered document; no money of ours moves.",
        "按文号登记 FIRM 依 DOCUMENT 的 INSTRUMENT 所获支持；本方资金不变动。",
    ),
    example="sancai voucher external record liaocheng-2025-measures lc-7-data-voucher firm_… --order ord_… "
    "--amount 3000 --organ 省大数据局 --number 鲁数〔2026〕5号 --on 2026-04-01 --source 省平台公示",
)
@click.argument("document")
@click.argument("instrument")
@click.argument("firm")
@click.option("--order", help=say("The order it was for.", "对应订单。"))
@click.option("--invoice", help=say("Number of the invoice it was for.", "对应发票号码。"))
@click.option("--amount", "amount_fen", callback=yuan_fen, required=True, help=say("Yuan.", "金额（元）。"))
@click.option("--organ", required=True, help=say("Who granted it.", "核发机关。"))
@_NUMBER
@click.option("--line", type=int, default=1, help=say("Line of the document.", "文件中的行号。"))
@click.option(
    "--on",
    "decided_on",
    type=click.DateTime(["%Y-%m-%d"]),
    required=True,
    help=say("Day it was granted.", "核发日期。"),
)
@click.option("--source", required=True, help=say("Where this is known from.", "信息来源。"))
def record(document: str, instrument: str, firm: str, decided_on: datetime, **stated: Any) -> None:
    """Record a use."""
    from sancai.voucher_patterns import NewExternalUse

    use = NewExternalUse(document, instrument, firm, decided_on=decided_on.date(), **stated)
    with client() as service:
        made = service.external_uses.record(use)
    show(made, _print_use)


@external.command(
    "end",
    help=say("End USE, which was recorded wrongly or taken back.", "终止登记有误或已被收回的 USE。"),
    example="sancai voucher external end xuse_… --number 鲁数〔2026〕9号 --reason 已收回",
)
@click.argument("use")
@_NUMBER
@_REASON
def end(use: str, number: str, reason: str) -> None:
    """End a use."""
    with client() as service:
        made = service.external_uses.end(use, number, reason)
    show(made, _print_use)


@external.command(
    "list",
    help=say("List recorded uses, the newest first.", "列出使用记录，新的在前。"),
    example="sancai voucher external list",
)
def list_uses() -> None:
    """List uses."""
    with client() as service:
        found = list(service.external_uses.list())
    show(
        found,
        lambda items: table(
            [
                say("id", "编号"),
                say("instrument", "券种"),
                say("firm", "企业"),
                say("amount", "金额"),
                say("document", "文号"),
                say("ended", "终止"),
            ],
            [(e.id, e.instrument, e.firm, e.amount_text, f"{e.organ} {e.number}", e.ended_at or "—") for e in items],
        ),
    )


COMMANDS = (patterns, external)


def _print_findings(found: "Iterable[PatternFinding]") -> None:
    shown = list(found)
    if not shown:
        line(say("Nothing is found.", "未发现提示。"))
    for each in shown:
        line(f"{'!' if each.stops else ' '} {each.pattern} ({each.clause}, {each.effect}): {each.detail}")
        line(f"  {each.digest}")
        if made := each.decision:
            line(f"  {made.outcome} {made.number} {made.decided_at}: {made.reason}")


def _print_use(found: "ExternalUse") -> None:
    facts(
        [
            (say("id", "编号"), found.id),
            (say("instrument", "券种"), f"{found.document} {found.instrument}"),
            (say("firm", "企业"), found.firm),
            (say("amount", "金额"), found.amount_text),
            (say("by", "依据"), f"{found.organ} {found.number} #{found.line}, {found.decided_on}"),
            (say("order", "订单"), found.order),
            (say("invoice", "发票"), found.invoice),
            (
                say("ended", "终止"),
                found.ended_at and f"{found.ended_at} {found.ended_by_number}: {found.ended_reason}",
            ),
        ]
    )
