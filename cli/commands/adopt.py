"""``sancai adopt``: attest the use of a dataset, withdraw, and see who counts."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.connection import client
from cli.output import Branch, facts, line, show
from cli.words import say

if TYPE_CHECKING:
    from sancai.adoption import AdoptionCount, Receipt

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
PURPOSES = ("model_training", "model_evaluation", "product", "operation", "research")


@click.group("adopt", cls=Branch, help=say("Attest that you use a dataset.", "出具数据集采信使用证明。"))
def command() -> None:
    """Adoptions."""


@command.command(
    "attest",
    help=say(
        "Attest that your firm uses DATASET (NAME or NAME@v2); the three documents are filed with it.",
        "证明本企业使用 DATASET（NAME 或 NAME@v2），并提交三份材料。",
    ),
    example="sancai adopt attest lab/wind@v1 --purpose model_training --product 功率预测 --since 2026-03-02 "
    "--statement statement.pdf --contract contract.pdf --delivery receipt.pdf",
)
@click.argument("dataset")
@click.option("--purpose", type=click.Choice(PURPOSES), required=True, help=say("What for.", "用途。"))
@click.option("--product", required=True, help=say("In which product.", "用于何种产品或业务。"))
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), required=True, help=say("Since when.", "开始使用日期。"))
@click.option("--statement", type=_FILE, required=True, help=say("The stamped statement.", "盖章的采信应用证明。"))
@click.option("--contract", type=_FILE, required=True, help=say("The contract.", "合同。"))
@click.option("--delivery", type=_FILE, required=True, help=say("The delivery receipt.", "交付凭证。"))
def attest(
    dataset: str,
    purpose: str,
    product: str,
    since: datetime,
    statement: Path,
    contract: Path,
    delivery: Path,
) -> None:
    """Attest an adoption."""
    from sancai.datasets import Reference

    wanted = Reference.parse(dataset)
    with client() as service:
        found = service.datasets.version(wanted.name, wanted.version)
        made = service.adoption.attest(
            wanted.name,
            found.content_digest,
            purpose=purpose,
            product=product,
            started_on=date(since.year, since.month, since.day),
            statement=service.evidence.file(statement, "statement").id,
            contract=service.evidence.file(contract, "contract").id,
            delivery=service.evidence.file(delivery, "delivery_receipt").id,
        )
    show(made, _print_receipt)


@command.command(
    "withdraw",
    help=say("Take RECEIPT of your firm back.", "撤回本企业的 RECEIPT。"),
    example='sancai adopt withdraw rcpt_… --reason "no longer used"',
)
@click.argument("receipt")
@click.option("--reason", required=True, help=say("Why.", "原因。"))
def withdraw(receipt: str, reason: str) -> None:
    """Withdraw an adoption."""
    with client() as service:
        made = service.adoption.withdraw(receipt, reason)
    show(made, _print_receipt)


@command.command(
    "count",
    help=say(
        "Count the adopters of DATASET, with the reason for each that does not count.",
        "统计 DATASET 的采信家数及不计入原因。",
    ),
    example="sancai adopt count lab/wind",
)
@click.argument("dataset")
def count(dataset: str) -> None:
    """Count adopters."""
    with client() as service:
        found = service.adoption.count(dataset)
    show(found, _print_count)


def _print_receipt(receipt: "Receipt") -> None:
    facts(
        [
            (say("receipt", "证明"), receipt.id),
            (say("content", "内容"), receipt.content_digest),
            (say("since", "开始使用"), receipt.started_on),
            (say("withdrawn", "撤回"), receipt.withdrawn_at),
        ]
    )


def _print_count(found: "AdoptionCount") -> None:
    line(found.text)
    for receipt in found.receipts:
        line(f"{'✓' if receipt.counts else '✗'} {receipt.adopter_name}")
        for reason in receipt.reasons:
            line(f"    {reason.detail} ({reason.clause})")
