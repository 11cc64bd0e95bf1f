"""``sancai order dispute``: what is wrong with a delivery, and how that ends."""

from typing import TYPE_CHECKING

import click

from cli.amounts import yuan_fen
from cli.connection import client
from cli.output import Branch, facts, show
from cli.words import say

if TYPE_CHECKING:
    from sancai.exchange import Dispute

REMEDIES = ("refund", "redelivery", "nothing")


@click.group("dispute", cls=Branch, help=say("Dispute what was delivered.", "对交付内容提出争议。"))
def dispute() -> None:
    """Disputes."""


@dispute.command(
    "open",
    help=say("Dispute, as the buyer, what ORDER delivered.", "买方对 ORDER 的交付提出争议。"),
    example="sancai order dispute open ord_… --reason 'Half of the rows are empty' --evidence-sha256 sha256:…",
)
@click.argument("order")
@click.option("--reason", required=True, help=say("What is wrong.", "争议理由。"))
@click.option("--evidence-sha256", multiple=True, help=say("Digest of a document that shows it.", "证明材料的摘要。"))
def open_dispute(order: str, reason: str, evidence_sha256: tuple[str, ...]) -> None:
    """Open a dispute."""
    with client() as service:
        made = service.exchange.dispute(order, reason, evidence_sha256)
    show(made, print_dispute)


@dispute.command(
    "propose",
    help=say("Offer, as the seller, what may settle DISPUTE.", "卖方就 DISPUTE 提出解决方案。"),
    example="sancai order dispute propose dsp_… --remedy refund --amount 42400",
)
@click.argument("dispute_id", metavar="DISPUTE")
@click.option("--remedy", type=click.Choice(REMEDIES), required=True, help=say("What.", "方案。"))
@click.option("--amount", "refund_fen", callback=yuan_fen, default="0", help=say("Refund, with VAT.", "退款（元）。"))
@click.option("--text", default="", help=say("Details.", "说明。"))
def propose(dispute_id: str, remedy: str, refund_fen: int, text: str) -> None:
    """Offer a remedy."""
    with client() as service:
        made = service.exchange.propose_remedy(dispute_id, remedy, refund_fen=refund_fen, text=text)
    show(made, print_dispute)


@dispute.command(
    "settle",
    help=say("Agree, as the buyer, to what was offered on DISPUTE.", "买方同意 DISPUTE 的解决方案。"),
    example="sancai order dispute settle dsp_…",
)
@click.argument("dispute_id", metavar="DISPUTE")
def settle(dispute_id: str) -> None:
    """Agree."""
    with client() as service:
        made = service.exchange.settle_dispute(dispute_id)
    show(made, print_dispute)


@dispute.command(
    "withdraw",
    help=say("Take DISPUTE back, as the buyer.", "买方撤回 DISPUTE。"),
    example="sancai order dispute withdraw dsp_…",
)
@click.argument("dispute_id", metavar="DISPUTE")
def withdraw(dispute_id: str) -> None:
    """Withdraw."""
    with client() as service:
        made = service.exchange.withdraw_dispute(dispute_id)
    show(made, print_dispute)


@dispute.command(
    "decide",
    help=say("Decide DISPUTE, as an officer, in a numbered document.", "主管部门以编号决定书裁定 DISPUTE。"),
    example="sancai order dispute decide dsp_… --remedy nothing --number 伊数裁〔2026〕3号 --reasons 'As ordered'",
)
@click.argument("dispute_id", metavar="DISPUTE")
@click.option("--remedy", type=click.Choice(REMEDIES), required=True, help=say("What the buyer gets.", "裁定结果。"))
@click.option("--amount", "refund_fen", callback=yuan_fen, default="0", help=say("Refund, with VAT.", "退款（元）。"))
@click.option("--number", required=True, help=say("Number of the document.", "决定书文号。"))
@click.option("--reasons", required=True, help=say("Facts and reasons.", "事实与理由。"))
def decide(dispute_id: str, remedy: str, refund_fen: int, number: str, reasons: str) -> None:
    """Decide."""
    with client() as service:
        made = service.exchange.decide_dispute(
            dispute_id, remedy, number=number, reasons=reasons, refund_fen=refund_fen
        )
    show(made, print_dispute)


def print_dispute(found: "Dispute") -> None:
    """Print a dispute."""
    facts(
        [
            (say("dispute", "争议"), found.id),
            (say("order", "订单"), found.order),
            (say("state", "状态"), found.state),
            (say("reason", "理由"), found.reason),
            (say("offered", "卖方方案"), found.proposed_remedy),
            (say("outcome", "结果"), found.remedy),
            (say("number", "文号"), found.number),
        ]
    )
