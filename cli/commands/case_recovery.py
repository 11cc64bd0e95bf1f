"""``sancai case recovery`` and ``sancai case serve-refusal``: money that was paid and is to come back."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli.amounts import yuan_fen
from cli.commands.firm_hearing import DAY, WAYS
from cli.connection import client
from cli.output import Branch, Leaf, facts, show, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.recoveries import ProofOfService, Recovery

F = TypeVar("F", bound=Callable[..., Any])

GROUNDS = ("fraud", "misuse", "false_material", "mistake", "later_correction", "refund", "red_letter")
ORIGINS = ("own", "sample", "adoption_review", "register_review", "contest_review")
STEPS = (
    *("review", "notice", "signature", "answer", "instruction", "payment"),
    *("contest_opening", "contest_evidence", "contest_decision"),
    *("hearing", "statement", "recovery", "service", "repayment", "pay_back", "remedy"),
)
"""The steps an office has a term for."""
_AMOUNT = say("Yuan, to the fen.", "金额（元，精确到分）。")
_REASONS = say("Why.", "理由。")
_RECEIPT = say("The bank's receipt.", "银行回单号。")


def served(function: F) -> F:
    """Add the options that say how a document reached its party."""
    for option in (
        click.option(
            "--proof",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            required=True,
            help=say("What proves service.", "送达回证文件。"),
        ),
        click.option("--way", type=click.Choice(WAYS), required=True, help=say("How it was served.", "送达方式。")),
        click.option("--on", "served_on", type=DAY, required=True, help=say("The day.", "送达日期。")),
    ):
        function = option(function)
    return function


def _service(served_on: datetime, way: str, proof: Path) -> "ProofOfService":
    from sancai.downloads import sha256_of
    from sancai.recoveries import ProofOfService

    return ProofOfService(served_on.date(), way, sha256_of(proof))


@click.group("recovery", cls=Branch, help=say("Recover money that was paid.", "追回已拨付资金。"))
def recovery() -> None:
    """Recoveries."""


@recovery.command(
    "open",
    help=say("Open the recovery of what CASE paid on a line.", "对 CASE 某一行的拨付立案追回。"),
    example=(
        'sancai case recovery open case_… --ground mistake --amount 20000.00 --facts "重复计算"'
        ' --clause "财政违法行为处罚处分条例 14"'
    ),
)
@click.argument("case")
@click.option("--line", "number", type=int, default=1, show_default=True, help=say("Which line.", "第几行。"))
@click.option("--ground", type=click.Choice(GROUNDS), required=True, help=say("On what ground.", "追回事由。"))
@click.option("--amount", "amount_fen", required=True, callback=yuan_fen, help=_AMOUNT)
@click.option("--facts", "found", required=True, help=say("What was found.", "事实。"))
@click.option("--clause", required=True, help=say("The clause.", "依据条款。"))
@click.option("--origin", type=click.Choice(ORIGINS), default="own", help=say("What it came of.", "来源。"))
@click.option("--source", help=say("The sample, receipt or correction.", "样本、采信凭证或更正编号。"))
def open_recovery(
    case: str, number: int, ground: str, amount_fen: int, found: str, clause: str, origin: str, source: str | None
) -> None:
    """Open a recovery."""
    with client() as service:
        made = service.recoveries.open(
            case,
            line=number,
            ground=ground,
            amount_fen=amount_fen,
            facts=found,
            clause=clause,
            origin=origin,
            source=source,
        )
    show(made, print_recovery)


@recovery.command(
    "list",
    help=say("List recoveries of your office or firm.", "列出本单位或本企业的追回。"),
    example="sancai case recovery list --case case_…",
)
@click.option("--case", default="", help=say("Of this case only.", "仅此案件。"))
def list_recoveries(case: str) -> None:
    """List recoveries."""
    with client() as service:
        found = list(service.recoveries.recoveries(case))
    show(
        found,
        lambda items: table(
            [
                say("id", "编号"),
                say("state", "状态"),
                say("ground", "事由"),
                say("amount", "金额"),
                say("due", "应收"),
                say("case", "案件"),
            ],
            [(each.id, each.state, each.ground, each.amount_text, _yuan(each.due_fen), each.case) for each in items],
        ),
    )


@recovery.command("show", help=say("Show RECOVERY.", "显示 RECOVERY。"), example="sancai case recovery show rcv_…")
@click.argument("recovery")
def show_recovery(recovery: str) -> None:
    """Show a recovery."""
    with client() as service:
        found = service.recoveries.recovery(recovery)
    show(found, print_recovery)


@recovery.command(
    "notify",
    help=say("Record that the party had notice of RECOVERY.", "录入 RECOVERY 的陈述申辩告知。"),
    example="sancai case recovery notify rcv_… --on 2026-04-01 --way mail --proof receipt.pdf",
)
@click.argument("recovery")
@served
def notify(recovery: str, **given: Any) -> None:
    """Give notice."""
    with client() as service:
        made = service.recoveries.notify(recovery, _service(**given))
    show(made, print_recovery)


@recovery.command(
    "state",
    help=say("Say what your firm has to say to RECOVERY.", "就 RECOVERY 提交本企业陈述。"),
    example='sancai case recovery state rcv_… --statement "…"',
)
@click.argument("recovery")
@click.option("--statement", required=True, help=say("The statement.", "陈述内容。"))
def state(recovery: str, statement: str) -> None:
    """State."""
    with client() as service:
        made = service.recoveries.state(recovery, statement)
    show(made, print_recovery)


@recovery.command(
    "hear",
    help=say(
        "Record the paper statement of the party of RECOVERY, or its silence.", "录入 RECOVERY 当事人书面陈述或未陈述。"
    ),
    example="sancai case recovery hear rcv_… --silent",
)
@click.argument("recovery")
@click.option("--statement", help=say("What it said on paper.", "书面陈述内容。"))
@click.option("--silent", is_flag=True, help=say("Its term ended without an answer.", "期满未陈述。"))
def hear(recovery: str, statement: str | None, silent: bool) -> None:
    """Record a hearing."""
    if silent is (statement is not None):
        raise click.UsageError(say("Give --statement or --silent.", "请填写 --statement 或 --silent 之一。"))
    with client() as service:
        made = service.recoveries.hear(recovery, statement)
    show(made, print_recovery)


@recovery.command(
    "decide",
    help=say("Decide what comes back of RECOVERY.", "作出 RECOVERY 的追回决定。"),
    example='sancai case recovery decide rcv_… --amount 20000.00 --reasons "…"',
)
@click.argument("recovery")
@click.option("--amount", "amount_fen", required=True, callback=yuan_fen, help=_AMOUNT)
@click.option("--reasons", required=True, help=_REASONS)
def decide(recovery: str, amount_fen: int, reasons: str) -> None:
    """Decide."""
    with client() as service:
        made = service.recoveries.decide(recovery, amount_fen, reasons)
    show(made, print_recovery)


@recovery.command(
    "drop",
    help=say("End RECOVERY without a decision against the party.", "撤销 RECOVERY 立案，不作追回。"),
    example='sancai case recovery drop rcv_… --reasons "…"',
)
@click.argument("recovery")
@click.option("--reasons", required=True, help=_REASONS)
def drop(recovery: str, reasons: str) -> None:
    """Drop."""
    with client() as service:
        made = service.recoveries.drop(recovery, reasons)
    show(made, print_recovery)


@recovery.command(
    "serve",
    help=say("Record that the decision of RECOVERY was served.", "录入 RECOVERY 决定的送达。"),
    example="sancai case recovery serve rcv_… --on 2026-04-20 --way in_person --proof receipt.pdf",
)
@click.argument("recovery")
@served
def serve(recovery: str, **given: Any) -> None:
    """Serve."""
    with client() as service:
        made = service.recoveries.serve(recovery, _service(**given))
    show(made, print_recovery)


@recovery.command(
    "repay",
    help=say("Book cash that came back on RECOVERY.", "录入 RECOVERY 的退款到账。"),
    example="sancai case recovery repay rcv_… --amount 5000.00 --receipt ICBC-0009 --on 2026-05-06",
)
@click.argument("recovery")
@click.option("--amount", "amount_fen", required=True, callback=yuan_fen, help=_AMOUNT)
@click.option("--receipt", required=True, help=_RECEIPT)
@click.option("--on", "received_on", type=DAY, required=True, help=say("The day.", "到账日期。"))
def repay(recovery: str, amount_fen: int, receipt: str, received_on: datetime) -> None:
    """Book a repayment."""
    with client() as service:
        made = service.recoveries.repay(recovery, amount_fen, receipt, received_on.date())
    show(made, print_recovery)


@recovery.command(
    "reappropriate",
    help=say("Appropriate what came back on RECOVERY in a later year.", "将 RECOVERY 跨年度到账的资金重新安排预算。"),
    example="sancai case recovery reappropriate rcv_… --year 2027 --line 2060499 --number 伊财预〔2027〕3号",
)
@click.argument("recovery")
@click.option("--year", type=int, required=True, help=say("Budget year.", "预算年度。"))
@click.option("--line", "budget_line", required=True, help=say("Budget line.", "预算额度所在行。"))
@click.option("--number", required=True, help=say("Number of the document.", "文号。"))
def reappropriate(recovery: str, year: int, budget_line: str, number: str) -> None:
    """Appropriate again."""
    with client() as service:
        made = service.recoveries.reappropriate(recovery, year, budget_line, number)
    show(made, print_recovery)


@recovery.command(
    "pay-back",
    help=say("Record that finance paid the party of the annulled RECOVERY.", "录入已撤销 RECOVERY 的返还付款。"),
    example=(
        "sancai case recovery pay-back rcv_… --year 2026 --line 2060499 --voucher-number V-2026-0009"
        " --receipt ICBC-0010 --on 2026-06-01"
    ),
)
@click.argument("recovery")
@click.option("--year", type=int, required=True, help=say("Budget year.", "预算年度。"))
@click.option("--line", "budget_line", required=True, help=say("Budget line.", "预算额度所在行。"))
@click.option("--voucher-number", required=True, help=say("Payment voucher number.", "支付凭证号。"))
@click.option("--receipt", required=True, help=_RECEIPT)
@click.option("--on", "paid_on", type=DAY, required=True, help=say("The day.", "付款日期。"))
def pay_back(recovery: str, year: int, budget_line: str, voucher_number: str, receipt: str, paid_on: datetime) -> None:
    """Pay back."""
    with client() as service:
        made = service.recoveries.pay_back(
            recovery,
            budget_year=year,
            line=budget_line,
            payment_voucher_number=voucher_number,
            bank_receipt=receipt,
            paid_on=paid_on.date(),
        )
    show(made, print_recovery)


@click.command(
    "serve-refusal",
    cls=Leaf,
    help=say("Record that the refusal of CASE was served.", "录入 CASE 不予支持决定的送达。"),
    example="sancai case serve-refusal case_… --on 2026-04-20 --way mail --proof receipt.pdf",
)
@click.argument("case")
@served
def serve_refusal(case: str, **given: Any) -> None:
    """Serve a refusal."""
    from cli.commands.case import print_case

    with client() as service:
        made = service.recoveries.serve_refusal(case, _service(**given))
    show(made, print_case)


def _yuan(fen: int) -> str:
    return f"¥{fen // 100:,}.{fen % 100:02d}"


def print_recovery(found: "Recovery") -> None:
    """Print a recovery for people."""
    facts(
        [
            (say("recovery", "追回"), found.id),
            (say("case", "案件"), f"{found.case} / {found.line}"),
            (say("state", "状态"), found.state),
            (say("ground", "事由"), found.ground),
            (say("amount", "金额"), found.amount_text),
            (say("answer until", "陈述期限"), found.answer_until),
            (say("statement", "陈述"), found.statement),
            (say("decision", "决定"), found.decision.number if found.decision else None),
            (say("to come back", "应追回"), found.decision.amount_text if found.decision else None),
            (say("served", "送达"), found.service.served_on if found.service else None),
            (say("came back", "已追回"), _yuan(found.repaid_fen)),
            (say("due", "应收"), _yuan(found.due_fen)),
            (say("to pay back", "应返还"), _yuan(found.to_pay_back_fen) if found.to_pay_back_fen else None),
            (say("suspended", "停止执行"), say("yes", "是") if found.suspended else None),
        ]
    )


COMMANDS = (recovery, serve_refusal)
