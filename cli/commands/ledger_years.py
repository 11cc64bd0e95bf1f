"""``sancai ledger payments|reconcile|…|close|closings``: a budget year between the office and finance."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.connection import client
from cli.output import Leaf, facts, line, show, table, written
from cli.words import say

if TYPE_CHECKING:
    from sancai.finance import Closing, Reconciliation


@click.command(
    "payments",
    cls=Leaf,
    help=say(
        "Write what was instructed and paid of budget YEAR to FILE (.csv or .xlsx), by line and payment voucher.",
        "将 YEAR 预算年度的指令和拨付按科目、支付凭证号写入 FILE（.csv 或 .xlsx）。",
    ),
    example="sancai ledger payments 2026 payments-2026.xlsx",
)
@click.argument("year", type=int)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def payments(year: int, file: Path) -> None:
    """Export the payments of a year."""
    kind = file.suffix.lower().removeprefix(".")
    if kind not in {"csv", "xlsx"}:
        raise click.BadParameter(say("Name a .csv or an .xlsx file.", "请填写 .csv 或 .xlsx 文件。"))
    with client() as service:
        content = service.finance.payments(year, kind)
    file.write_bytes(content)
    show({"file": str(file), "size_bytes": len(content)}, lambda _: line(written(file)))


@click.command(
    "reconcile",
    cls=Leaf,
    help=say(
        "Compare budget YEAR with FILE of finance (CSV or XLSX: line, number, amount, paid_on, payee_digest); every "
        "difference is named, nothing is changed.",
        "将 YEAR 预算年度与财政文件 FILE 对账（CSV 或 XLSX：科目、支付凭证号、金额、付款日期、收款账户摘要），"
        "逐行指出差异，不改动任何数据。",
    ),
    example="sancai ledger reconcile 2026 finance-2026.xlsx",
)
@click.argument("year", type=int)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def reconcile(year: int, file: Path) -> None:
    """Compare a year with a file."""
    content = file.read_bytes()
    with client() as service:
        made = service.finance.reconcile(year, content)
    show(made, _print_reconciliation)


@click.command(
    "reconciliations",
    cls=Leaf,
    help=say(
        "List comparisons with finance, the newest first, or show RECONCILIATION line by line.",
        "列出对账记录，新的在前；或逐行显示 RECONCILIATION。",
    ),
    example="sancai ledger reconciliations",
)
@click.argument("reconciliation", required=False)
def reconciliations(reconciliation: str | None) -> None:
    """List comparisons, or show one."""
    with client() as service:
        if reconciliation:
            show(service.finance.reconciliation(reconciliation), _print_reconciliation)
            return
        found = list(service.finance.reconciliations())
    show(
        found,
        lambda items: table(
            [
                say("id", "编号"),
                say("year", "年度"),
                say("made", "对账"),
                say("differences", "差异"),
                say("signed", "签认"),
            ],
            [(e.id, e.budget_year, e.made_at, e.differing, e.signed_at or "—") for e in items],
        ),
    )


@click.command(
    "sign",
    cls=Leaf,
    help=say(
        "Sign RECONCILIATION off; --file is the digest of the file you looked at, --statement explains what differs.",
        "签认 RECONCILIATION；--file 为您核对过的文件摘要，--statement 说明差异。",
    ),
    example="sancai ledger sign recon_… --file sha256:… --statement 核对一致",
)
@click.argument("reconciliation")
@click.option("--file", required=True, help=say("Digest of the file.", "文件摘要。"))
@click.option("--statement", required=True, help=say("What is said of the differences.", "差异说明。"))
def sign(reconciliation: str, file: str, statement: str) -> None:
    """Sign a comparison off."""
    with client() as service:
        made = service.finance.sign(reconciliation, file, statement)
    show(made, _print_reconciliation)


@click.command(
    "close",
    cls=Leaf,
    help=say(
        "Propose to close budget YEAR; what is still instructed is carried over by --carry CASE=NUMBER.",
        "提出 YEAR 预算年度关账；未结支付指令以 --carry 案件=文号 结转。",
    ),
    example="sancai ledger close 2026 --carry case_…=财预〔2026〕88号",
)
@click.argument("year", type=int)
@click.option("--carry", "carried", multiple=True, help=say("CASE=NUMBER of the document.", "案件=文号。"))
def close(year: int, carried: tuple[str, ...]) -> None:
    """Propose the close of a year."""
    over = {}
    for each in carried:
        case, _, number = each.partition("=")
        if not case or not number:
            raise click.BadParameter(say("Write --carry CASE=NUMBER.", "请填写 --carry 案件=文号。"))
        over[case] = number
    with client() as service:
        made = service.finance.close(year, over)
    show(made, _print_closing)


@click.command(
    "confirm-close",
    cls=Leaf,
    help=say(
        "Close a budget year with CLOSING, which another officer proposed; --digest is that of what you looked at.",
        "确认另一名经办人提出的 CLOSING 并关账；--digest 为您核对过的摘要。",
    ),
    example="sancai ledger confirm-close close_… --digest sha256:…",
)
@click.argument("closing")
@click.option("--digest", required=True, help=say("Digest of the statement.", "关账表摘要。"))
def confirm_close(closing: str, digest: str) -> None:
    """Close a year."""
    with client() as service:
        made = service.finance.confirm_close(closing, digest)
    show(made, _print_closing)


@click.command(
    "closings",
    cls=Leaf,
    help=say(
        "List closes of budget years, the newest first, or show CLOSING.",
        "列出年度关账，新的在前；或显示 CLOSING。",
    ),
    example="sancai ledger closings",
)
@click.argument("closing", required=False)
def closings(closing: str | None) -> None:
    """List closes, or show one."""
    with client() as service:
        if closing:
            show(service.finance.closing(closing), _print_closing)
            return
        found = list(service.finance.closings())
    show(
        found,
        lambda items: table(
            [say("id", "编号"), say("year", "年度"), say("proposed", "提出"), say("closed", "关账")],
            [(e.id, e.budget_year, f"{e.proposed_at} {e.proposed_by}", e.confirmed_at or "—") for e in items],
        ),
    )


COMMANDS = (payments, reconcile, reconciliations, sign, close, confirm_close, closings)


def _print_reconciliation(found: "Reconciliation") -> None:
    table(
        [
            say("difference", "差异"),
            say("line", "科目"),
            say("number", "凭证号"),
            say("here", "本方"),
            say("finance", "财政"),
            say("row", "行"),
        ],
        [(each.kind, each.line, each.number, each.here, each.there, each.row) for each in found.differences],
    )
    line()
    facts(
        [
            (say("id", "编号"), found.id),
            (say("year", "年度"), found.budget_year),
            (say("file", "文件"), found.file),
            (say("payments here", "本方笔数"), found.payments),
            (say("rows there", "财政行数"), found.rows),
            (say("differences", "差异"), found.differing),
            (say("signed", "签认"), found.signed_at and f"{found.signed_at} {found.signed_by}: {found.statement}"),
        ]
    )


def _print_closing(found: "Closing") -> None:
    table(
        [
            say("line", "科目"),
            say("granted, fen", "预算（分）"),
            say("paid", "已付"),
            say("instructed", "未结"),
            say("lapsed", "未用"),
        ],
        [(e.line, e.granted_fen, e.paid_fen, e.instructed_fen, e.lapsed_fen) for e in found.lines],
    )
    for each in found.carried:
        line(say(f"carried over: {each.case} by {each.number}", f"结转：{each.case}，依据 {each.number}"))
    line()
    facts(
        [
            (say("id", "编号"), found.id),
            (say("year", "年度"), found.budget_year),
            (say("digest", "摘要"), found.digest),
            (say("reconciliation", "对账"), f"{found.reconciliation} ({found.differences})"),
            (say("cases not paid", "未拨付案件"), found.noted.unpaid_cases),
            (say("open holds", "未核销申领"), f"{found.noted.open_holds.count}: {found.noted.open_holds.amount_fen}"),
            (say("proposed", "提出"), f"{found.proposed_at} {found.proposed_by}"),
            (say("closed", "关账"), found.confirmed_at and f"{found.confirmed_at} {found.confirmed_by}"),
        ]
    )
