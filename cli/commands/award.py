"""``sancai award``: check, apply, and take the dossier that anyone can recompute."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.as_of import as_of_option
from cli.commands.case import print_case
from cli.connection import client
from cli.joint_makers import joint_option, split_of
from cli.output import Branch, line, show, written
from cli.words import say

if TYPE_CHECKING:
    from registry.dossier.model import Finding
    from sancai.cases import Verdict


@click.group("award", cls=Branch, help=say("Check and apply for an award.", "核验并申请奖励。"))
def command() -> None:
    """Awards."""


@command.command(
    "check",
    help=say("Say what an application for DATASET would come to today.", "测算 DATASET 今日申请奖励的结果。"),
    example="sancai award check lab/wind",
)
@click.argument("dataset")
@click.option("--instrument", default="yz-14a", show_default=True, help=say("Which award.", "奖励项目。"))
@as_of_option
@joint_option
def check(dataset: str, instrument: str, as_of: datetime | None, joint: tuple[str, ...]) -> None:
    """Check an award."""
    with client() as service:
        makers = split_of(service, joint)
        found = service.cases.check(instrument, dataset, as_of=as_of, joint_makers=makers)
    show(found, _print_verdict)


@command.command(
    "apply",
    help=say("Apply for an award for DATASET, a dataset of your own.", "为本企业的 DATASET 申请奖励。"),
    example='sancai award apply lab/wind --account-name "…公司" --bank "工商银行哈密分行" --account-number 6222… '
    "--undertaking",
)
@click.argument("dataset")
@click.option("--instrument", default="yz-14a", show_default=True, help=say("Which award.", "奖励项目。"))
@click.option("--account-name", required=True, help=say("Name of your firm's account.", "本企业账户名称。"))
@click.option("--bank", required=True, help=say("Bank of the account.", "开户银行。"))
@click.option("--account-number", required=True, help=say("Number of the account.", "账号。"))
@click.option("--undertaking", is_flag=True, help=say("Undertake that everything is true.", "承诺材料真实。"))
@joint_option
def apply(
    dataset: str,
    instrument: str,
    account_name: str,
    bank: str,
    account_number: str,
    undertaking: bool,
    joint: tuple[str, ...],
) -> None:
    """Apply for an award."""
    with client() as service:
        made = service.cases.apply(
            instrument,
            dataset,
            account_name=account_name,
            bank=bank,
            account_number=account_number,
            undertaking=undertaking,
            joint_makers=split_of(service, joint),
        )
    show(made, print_case)


@command.command(
    "dossier",
    help=say("Write the dossier of CASE into a file.", "将 CASE 的卷宗写入文件。"),
    example="sancai award dossier case_… --to dossier.json",
)
@click.argument("case")
@click.option(
    "--to",
    "target",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    required=True,
    help=say("Where to.", "写入位置。"),
)
def dossier(case: str, target: Path) -> None:
    """Write a dossier."""
    with client() as service:
        content = service.cases.dossier(case)
    target.write_bytes(content)
    show({"file": str(target), "size_bytes": len(content)}, lambda _: line(written(target.resolve())))


@command.command(
    "verify-dossier",
    help=say(
        "Recompute everything in the dossier FILE, offline; KEY is a public key you trust, as the log publishes it.",
        "离线重算卷宗 FILE；KEY 为所信任的公钥（日志公布的格式）。",
    ),
    example="sancai award verify-dossier dossier.json --key registry.example.cn+1f2e3d4c+ATEi…",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", "keys", multiple=True, required=True, help=say("A public key you trust.", "所信任的公钥。"))
def verify_dossier(file: Path, keys: tuple[str, ...]) -> None:
    """Verify a dossier."""
    from registry.dossier.rules import recompute_bytes
    from registry.journal.signing import Verifier

    findings = recompute_bytes(file.read_bytes(), [Verifier.parse(key) for key in keys])
    show(findings, _print_findings)
    if findings:
        raise SystemExit(9)


def _print_findings(findings: "list[Finding]") -> None:
    if not findings:
        line(say("OK: everything in the dossier holds.", "OK：卷宗各部分核验一致。"))
    for found in findings:
        line(f"✗ {found.part}: {found.code} {found.detail}")


def _print_verdict(found: "Verdict") -> None:
    if found.eligible:
        line(say(f"eligible: {found.amount_text}", f"符合条件：{found.amount_text}（{found.amount_capitals}）"))
    else:
        line(say("not eligible", "不符合条件"))
    for condition in found.conditions:
        mark = {"met": "✓", "unmet": "✗"}.get(condition.finding, "?")
        line(f"{mark} {condition.code} ({condition.clause})")
        if condition.finding != "met":
            line(f"    {condition.detail}")
    for assumption in found.open_assumptions:
        line(say(f"? no ruling yet: {assumption}", f"？尚无决定：{assumption}"))
