"""``sancai grant``: apply for a grant of any instrument, and what officers do before its review."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.commands.case import print_case
from cli.connection import client
from cli.joint_makers import joint_option, split_of
from cli.output import Branch, facts, line, show
from cli.words import say

if TYPE_CHECKING:
    from sancai.grants import Claim, GrantVerdict


@click.group("grant", cls=Branch, help=say("Apply for and assess grants of any instrument.", "申请和核定各项补贴。"))
def command() -> None:
    """Grants."""


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


@command.command(
    "check",
    help=say("Say what the application in FILE would come to today.", "测算 FILE 中的申请今日结果。"),
    example="sancai grant check application.json",
)
@_FILE
def check(file: Path) -> None:
    """Check a grant."""
    with client() as service:
        found = service.grants.check(_read(file))
    show(found, _print_verdict)


@command.command(
    "apply",
    help=say("Apply with the facts and documents named in FILE (JSON).", "按 FILE（JSON）所列事实和材料申请。"),
    example="sancai grant apply application.json",
)
@_FILE
@joint_option
def apply(file: Path, joint: tuple[str, ...]) -> None:
    """Apply for a grant."""
    application = _read(file)
    with client() as service:
        if split := split_of(service, joint):
            application["joint_makers"] = split
        made = service.grants.apply(application)
    show(made, print_case)


@command.command(
    "claim",
    help=say("Show what the applicant of CASE stated.", "显示 CASE 申报的事实。"),
    example="sancai grant claim case_…",
)
@click.argument("case")
def claim(case: str) -> None:
    """Show a claim."""
    with client() as service:
        found = service.grants.claim(case)
    show(found, _print_claim)


@command.command(
    "assess",
    help=say("Confirm facts of CASE and say what was found.", "确认 CASE 的事实并录入核定结果。"),
    example='sancai grant assess case_… --all --found score=70 --opinion "核对原件一致"',
)
@click.argument("case")
@click.option("--confirm", "confirmed", multiple=True, help=say("A fact as it was stated.", "按申报确认的事实。"))
@click.option("--all", "everything", is_flag=True, help=say("Confirm all that was stated.", "确认全部申报事实。"))
@click.option("--found", multiple=True, help=say("NAME=VALUE of what was found.", "核定的 名称=值。"))
@click.option("--opinion", required=True, help=say("Your opinion.", "意见。"))
def assess(case: str, confirmed: tuple[str, ...], everything: bool, found: tuple[str, ...], opinion: str) -> None:
    """Assess a grant."""
    stated: dict[str, Any] = {}
    for each in found:
        name, _, value = each.partition("=")
        try:
            stated[name] = json.loads(value)
        except ValueError:
            stated[name] = value
    with client() as service:
        names = list(service.grants.claim(case).facts) if everything else list(confirmed)
        made = service.grants.assess(
            case, confirmed=[name for name in names if name not in stated], found=stated, opinion=opinion
        )
    show(made, print_case)


@command.command(
    "ask-correction",
    help=say("Tell the applicant of CASE every defect at once.", "一次性告知 CASE 需补正的全部内容。"),
    example='sancai grant ask-correction case_… --defect "缺盖章"',
)
@click.argument("case")
@click.option("--defect", "defects", multiple=True, required=True, help=say("One defect.", "一项缺陷。"))
def ask_correction(case: str, defects: tuple[str, ...]) -> None:
    """Ask for a correction."""
    with client() as service:
        made = service.grants.ask_correction(case, defects)
    show(made, print_case)


@command.command(
    "correct",
    help=say("Answer the correction notice of CASE.", "答复 CASE 的补正通知。"),
    example='sancai grant correct case_… --statement "已补盖章"',
)
@click.argument("case")
@click.option("--statement", required=True, help=say("Your answer.", "答复。"))
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=say("JSON with facts and evidence.", "含 facts 和 evidence 的 JSON。"),
)
@joint_option
def correct(case: str, statement: str, file: Path | None, joint: tuple[str, ...]) -> None:
    """Answer a correction."""
    given = _read(file) if file else {}
    with client() as service:
        made = service.grants.correct(
            case,
            statement,
            facts=given.get("facts"),
            evidence=given.get("evidence"),
            joint_makers=split_of(service, joint),
        )
    show(made, print_case)


@command.command(
    "lapse",
    help=say("End CASE whose applicant was silent.", "申请单位逾期未补正，结束 CASE。"),
    example="sancai grant lapse case_…",
)
@click.argument("case")
def lapse(case: str) -> None:
    """End a silent case."""
    with client() as service:
        made = service.grants.lapse(case)
    show(made, print_case)


@command.command(
    "ask-departments",
    help=say("Ask departments about CASE side by side.", "就 CASE 并行征求部门意见。"),
    example="sancai grant ask-departments case_… --department 人社局 --department 科工局",
)
@click.argument("case")
@click.option("--department", "departments", multiple=True, required=True, help=say("A department.", "部门。"))
def ask_departments(case: str, departments: tuple[str, ...]) -> None:
    """Ask departments."""
    with client() as service:
        made = service.grants.ask_departments(case, departments)
    show(made, print_case)


@command.command(
    "department",
    help=say("Record what DEPARTMENT answered about CASE.", "录入 DEPARTMENT 对 CASE 的意见。"),
    example='sancai grant department case_… 人社局 --agree --opinion "无异议"',
)
@click.argument("case")
@click.argument("department")
@click.option("--agree/--disagree", "agrees", required=True, help=say("Whether it agrees.", "是否同意。"))
@click.option("--opinion", required=True, help=say("Its words.", "意见内容。"))
def department(case: str, department: str, agrees: bool, opinion: str) -> None:
    """Record a department's answer."""
    with client() as service:
        made = service.grants.record_department(case, department, opinion, agrees=agrees)
    show(made, print_case)


def _print_claim(found: "Claim") -> None:
    facts([("event_on", found.event_on), *((name, str(value)) for name, value in found.facts.items())])
    for what in (found.keys, found.evidence):
        for name, values in what.items():
            line(f"{name}: {', '.join(values)}")


def _print_verdict(found: "GrantVerdict") -> None:
    if found.eligible:
        line(say(f"eligible: {found.amount_text}", f"符合条件：{found.amount_text}（{found.amount_capitals}）"))
    else:
        line(say("nothing is due yet", "目前无应付金额"))
    for condition in found.conditions:
        mark = {"met": "✓", "unmet": "✗"}.get(condition.finding, "?")
        line(f"{mark} {condition.detail}")
    for assumption in found.open_assumptions:
        line(say(f"? no ruling yet: {assumption}", f"？尚无决定：{assumption}"))
