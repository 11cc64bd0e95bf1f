"""``sancai adopt``: attest the use of a dataset, countersign, withdraw, see who counts; reviews after payment."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.connection import client
from cli.output import Branch, facts, line, show, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.adoption import AdoptionCount, Receipt, Review

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OUTCOMES = ("stands", "recover")
PURPOSES = ("model_training", "model_evaluation", "product", "operation", "research")


@click.group("adopt", cls=Branch, help=say("Attest that you use a dataset.", "出具数据集采信使用证明。"))
def command() -> None:
    """Adoptions."""


@command.command(
    "attest",
    help=say(
        "Attest that your firm uses DATASET (NAME or NAME@v2); the documents are filed with it. Without --delivery the "
        "service states what it delivered to your firm itself.",
        "证明本企业使用 DATASET（NAME 或 NAME@v2），并提交材料。不写 --delivery 时，由平台按实际交付记录出具。",
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
@click.option("--delivery", type=_FILE, help=say("The delivery receipt.", "交付凭证。"))
def attest(
    dataset: str,
    purpose: str,
    product: str,
    since: datetime,
    statement: Path,
    contract: Path,
    delivery: Path | None,
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
            delivery=service.evidence.file(delivery, "delivery_receipt").id if delivery else None,
        )
    show(made, _print_receipt)


@command.command(
    "countersign",
    help=say("Confirm, as the publisher, RECEIPT on your dataset.", "发布方确认本企业数据集的采信证明 RECEIPT。"),
    example="sancai adopt countersign rcpt_…",
)
@click.argument("receipt")
def countersign(receipt: str) -> None:
    """Countersign an adoption."""
    with client() as service:
        made = service.adoption.countersign(receipt)
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


@command.command(
    "badge",
    help=say("Show the badge of DATASET for a content.", "显示 DATASET 某一内容的采信徽章。"),
    example="sancai adopt badge lab/wind --digest sha256:…",
)
@click.argument("dataset")
@click.option("--digest", help=say("Which content; the newest by default.", "内容摘要，默认最新内容。"))
def badge(dataset: str, digest: str | None) -> None:
    """Show a badge."""
    with client() as service:
        found = service.adoption.badge(dataset, digest)
    show(found, lambda made: line(f"{made.label}: {made.message} ({made.digest or '—'})"))


@command.command(
    "reviews",
    help=say(
        "List paid awards of your office that lost an adoption afterwards.", "列出本单位已拨付后采信被撤回的奖励。"
    ),
    example="sancai adopt reviews",
)
def reviews() -> None:
    """List reviews."""
    with client() as service:
        found = service.adoption.reviews()
    show(found, _print_reviews)


@command.command(
    "review",
    help=say("End the review of RECEIPT for CASE.", "结束 CASE 因 RECEIPT 撤回的复查。"),
    example='sancai adopt review rcpt_… case_… --outcome recover --reason "two adopters are left"',
)
@click.argument("receipt")
@click.argument("case")
@click.option("--outcome", type=click.Choice(OUTCOMES), required=True, help=say("How it ends.", "结论。"))
@click.option("--reason", required=True, help=say("Why.", "理由。"))
def review(receipt: str, case: str, outcome: str, reason: str) -> None:
    """Answer a review."""
    with client() as service:
        made = service.adoption.answer_review(receipt, case, outcome, reason)
    show(made, lambda found: _print_reviews((found,)))


def _print_reviews(found: "tuple[Review, ...]") -> None:
    columns = (say("receipt", "证明"), say("case", "案件"), say("counts now", "现计入"), say("outcome", "结论"))
    rows = ((each.receipt, each.case, f"{each.counted} / {each.needed}", each.outcome) for each in found)
    table(columns, rows)


def _print_receipt(receipt: "Receipt") -> None:
    facts(
        [
            (say("receipt", "证明"), receipt.id),
            (say("content", "内容"), receipt.content_digest),
            (say("since", "开始使用"), receipt.started_on),
            (say("delivered", "交付"), _delivered(receipt)),
            (say("countersigned", "发布方确认"), _countersigned_at(receipt)),
            (say("withdrawn", "撤回"), receipt.withdrawn_at),
        ]
    )


def _delivered(receipt: "Receipt") -> str | None:
    if measured := receipt.measured_reads:
        return say(
            f"{measured.downloads} downloads, {measured.first_on} to {measured.last_on}",
            f"{measured.first_on} 至 {measured.last_on} 共 {measured.downloads} 次下载",
        )
    return receipt.delivery


def _countersigned_at(receipt: "Receipt") -> str | None:
    return receipt.countersignature.countersigned_at if receipt.countersignature else None


def _print_count(found: "AdoptionCount") -> None:
    line(found.text)
    for receipt in found.receipts:
        line(f"{'✓' if receipt.counts else '✗'} {receipt.adopter_name}")
        for reason in receipt.reasons:
            line(f"    {reason.detail} ({reason.clause})")
