"""``sancai expert``: experts of an office, panels drawn by lot, sealed scores."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.commands.case import print_case
from cli.connection import client
from cli.output import Branch, facts, line, show
from cli.words import say

if TYPE_CHECKING:
    from sancai.rounds import CaseScores, Expert, ExpertCase, ExpertDocument, Mark, Slip


@click.group("expert", cls=Branch, help=say("Register, draw and hear experts.", "专家库登记、抽取与评分。"))
def command() -> None:
    """Experts."""


@command.command(
    "list", help=say("List the experts of your office.", "列出本单位专家库。"), example="sancai expert list"
)
def list_experts() -> None:
    """List experts."""
    with client() as service:
        found = service.experts.list()
    show(found, _print_experts)


@command.command(
    "enter",
    help=say("Enter ACCOUNT into the register.", "将 ACCOUNT 登记入专家库。"),
    example='sancai expert enter acc_… --field new_energy --note "高级工程师"',
)
@click.argument("account")
@click.option("--field", "fields", multiple=True, help=say("A sector; none means all.", "行业；不填为全部。"))
@click.option("--note", required=True, help=say("Who it is.", "说明。"))
def enter(account: str, fields: tuple[str, ...], note: str) -> None:
    """Enter an expert."""
    with client() as service:
        made = service.experts.enter(account, note, fields)
    show(made, _print_expert)


@command.command(
    "end", help=say("Take ACCOUNT off the register.", "将 ACCOUNT 移出专家库。"), example="sancai expert end acc_…"
)
@click.argument("account")
def end(account: str) -> None:
    """End an expert."""
    with client() as service:
        made = service.experts.end(account)
    show(made, _print_expert)


@command.command(
    "draw",
    help=say("Draw the experts of CASE by lot.", "随机抽取 CASE 的评审专家。"),
    example="sancai expert draw case_…",
)
@click.argument("case")
def draw(case: str) -> None:
    """Draw experts."""
    with client() as service:
        made = service.experts.draw(case)
    show(made, print_case)


@command.command(
    "replace",
    help=say("Draw somebody in place of EXPERT of CASE.", "为 CASE 补抽专家替换 EXPERT。"),
    example='sancai expert replace case_… acc_… --reason "逾期未评"',
)
@click.argument("case")
@click.argument("expert")
@click.option("--reason", required=True, help=say("Why.", "理由。"))
def replace(case: str, expert: str, reason: str) -> None:
    """Replace an expert."""
    with client() as service:
        made = service.experts.replace(case, expert, reason)
    show(made, print_case)


@command.command(
    "cases", help=say("List the cases you were drawn for.", "列出本人被抽中的案件。"), example="sancai expert cases"
)
def cases() -> None:
    """List one's own cases."""
    with client() as service:
        found = service.experts.own_cases()
    show(found, _print_own_cases)


@command.command(
    "evidence",
    help=say(
        "List the evidence of CASE, which you were drawn for; with --to write DOCUMENT to a file.",
        "列出本人被抽中的 CASE 的证明材料；--to 将 DOCUMENT 写入文件。",
    ),
    example="sancai expert evidence case_… evd_… --to contract.bin",
)
@click.argument("case")
@click.argument("document", required=False)
@click.option("--to", type=click.Path(dir_okay=False, path_type=Path), help=say("The file to write.", "输出文件。"))
def evidence(case: str, document: str | None, to: Path | None) -> None:
    """List or read the evidence of a case."""
    if (document is None) is not (to is None):
        raise click.UsageError(say("Name a DOCUMENT and a file --to.", "请同时指定 DOCUMENT 和 --to。"))
    with client() as service:
        if document is not None and to is not None:
            to.write_bytes(service.experts.document(case, document))
            show(str(to), line)
            return
        found = service.experts.evidence(case)
    show(found, _print_evidence)


@command.command(
    "score",
    help=say("Score CASE, each criterion with a comment.", "对 CASE 各项指标评分并说明理由。"),
    example='sancai expert score case_… --mark scale=38.5:"规模充分" --mark value=40:"可直接训练"',
)
@click.argument("case")
@click.option(
    "--mark", "marks", multiple=True, required=True, help=say("CRITERION=POINTS:COMMENT.", "指标=分数:理由。")
)
def score(case: str, marks: tuple[str, ...]) -> None:
    """Score a case."""
    given = tuple(_mark(each) for each in marks)
    with client() as service:
        made = service.experts.give_scores(case, given)
    show(made, _print_own_case)


@command.command(
    "scores",
    help=say("Show where the scoring of CASE stands.", "显示 CASE 的评分情况。"),
    example="sancai expert scores case_…",
)
@click.argument("case")
def scores(case: str) -> None:
    """Show the scores of a case."""
    with client() as service:
        found = service.experts.scores(case)
    show(found, _print_scores)


@command.command(
    "open",
    help=say("Open the scores of CASE once all are in.", "评分齐备后启封 CASE 的评分。"),
    example="sancai expert open case_…",
)
@click.argument("case")
def open_scores(case: str) -> None:
    """Open the scores of a case."""
    with client() as service:
        made = service.experts.open_scores(case)
    show(made, print_case)


def _mark(text: str) -> "Mark":
    """Return a mark written CRITERION=POINTS:COMMENT. Raises click.BadParameter."""
    from sancai.rounds import Mark

    criterion, _, rest = text.partition("=")
    points, _, comment = rest.partition(":")
    try:
        hundredths = Decimal(points) * 100
    except InvalidOperation as error:
        raise click.BadParameter(text, param_hint="--mark") from error
    if not criterion or not comment or hundredths != hundredths.to_integral_value():
        raise click.BadParameter(text, param_hint="--mark")
    return Mark(criterion, int(hundredths), comment)


def _points(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _print_expert(found: "Expert") -> None:
    ended = f" ({say('ended', '已移出')})" if found.ended_at else ""
    line(f"{found.account}  {', '.join(found.fields) or '*'}  {found.note}{ended}")


def _print_experts(found: "tuple[Expert, ...]") -> None:
    for each in found:
        _print_expert(each)


def _print_evidence(found: "tuple[ExpertDocument, ...]") -> None:
    for each in found:
        line(f"{each.id}  {', '.join(each.filed_as)}  {each.size_bytes}  {each.sha256}")


def _print_slip(slip: "Slip") -> None:
    for mark in slip.marks:
        line(f"    {mark.criterion}  {_points(mark.points_hundredths)}  {mark.comment}")


def _print_own_case(found: "ExpertCase") -> None:
    facts(
        [
            (say("case", "案件"), found.case),
            (say("applicant", "申报单位"), found.applicant),
            (say("dataset", "数据集"), found.dataset or None),
            (say("score until", "评分截止"), found.due_on),
            (say("total", "总分"), found.slip and _points(found.slip.total_hundredths)),
        ]
    )
    for each in found.score_sheet["criteria"]:
        line(f"  {each['code']}  {each['title']}  {each['points']}")
    if found.slip:
        _print_slip(found.slip)


def _print_own_cases(found: "tuple[ExpertCase, ...]") -> None:
    for each in found:
        mark = say("waits", "待评") if each.waits else say("done", "已结")
        line(f"{each.case}  {mark}  {each.due_on}  {each.applicant}  {each.dataset}")


def _print_scores(found: "CaseScores") -> None:
    total = None if found.total_hundredths is None else _points(found.total_hundredths)
    facts(
        [
            (say("case", "案件"), found.case),
            (say("scored", "已评"), f"{found.given}/{found.needed}"),
            (say("score", "得分"), total),
            (say("pass score", "及格分"), str(found.score_sheet["pass_score"])),
        ]
    )
    for seat in found.seats:
        given = say("given", "已评") if seat.given else say("waits", "待评")
        line(f"  {seat.expert}  {given}  {seat.due_on}")
        if seat.slip:
            _print_slip(seat.slip)
