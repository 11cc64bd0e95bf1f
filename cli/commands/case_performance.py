"""``sancai case performance``: targets of a case, what became of them after the payment, and what is due."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.connection import client
from cli.output import Branch, facts, show, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.performance import CasePerformance, DueEvaluation

_REPORT = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(
    "performance",
    cls=Branch,
    help=say("Targets of a case and what became of them.", "绩效目标与绩效评价。"),
)
def performance() -> None:
    """Performance reviews."""


@performance.command(
    "targets",
    help=say("State the targets of CASE from the ex-ante report.", "依据事前绩效评估报告填报 CASE 的绩效目标。"),
    example="sancai case performance targets case_… --target 新增坐席=200席 --report report.pdf",
)
@click.argument("case")
@click.option(
    "--target",
    "stated",
    multiple=True,
    required=True,
    help=say("INDICATOR=FIGURE and its unit; may be repeated.", "指标=数值及单位，可重复。"),
)
@click.option("--report", type=_REPORT, required=True, help=say("The ex-ante report.", "事前绩效评估报告。"))
def targets(case: str, stated: tuple[str, ...], report: Path) -> None:
    """State targets."""
    from sancai.downloads import sha256_of
    from sancai.performance import Target

    made = []
    for indicator, figure in _pairs(stated):
        unit = figure.lstrip("-0123456789.")
        made.append(Target(indicator, figure.removesuffix(unit) if unit else figure, unit))
    with client() as service:
        found = service.performance.state_targets(case, made, sha256_of(report))
    show(found, _print_performance)


@performance.command(
    "evaluate",
    help=say("Say what became of the targets of CASE, which is paid.", "对已拨付的 CASE 作绩效评价。"),
    example='sancai case performance evaluate case_… --figure 新增坐席=215 --score 92 --opinion "目标全部完成"',
)
@click.argument("case")
@click.option("--figure", "reached", multiple=True, help=say("INDICATOR=FIGURE, one for each target.", "指标=完成值。"))
@click.option("--score", type=click.IntRange(0, 100), required=True, help=say("Out of 100.", "得分（百分制）。"))
@click.option("--opinion", required=True, help=say("Why.", "评价意见。"))
@click.option("--report", type=_REPORT, help=say("The report of the evaluation.", "评价报告。"))
def evaluate(case: str, reached: tuple[str, ...], score: int, opinion: str, report: Path | None) -> None:
    """Evaluate a case."""
    from sancai.downloads import sha256_of

    digest = sha256_of(report) if report else None
    with client() as service:
        found = service.performance.evaluate(case, dict(_pairs(reached)), score, opinion, report_sha256=digest)
    show(found, _print_performance)


@performance.command(
    "show",
    help=say("Show targets, evaluations and earlier grades of CASE.", "显示 CASE 的绩效目标、评价与以往等次。"),
    example="sancai case performance show case_…",
)
@click.argument("case")
def show_performance(case: str) -> None:
    """Show the performance of a case."""
    with client() as service:
        found = service.performance.of_case(case)
    show(found, _print_performance)


@performance.command(
    "due",
    help=say("List paid cases that wait for an evaluation.", "列出待绩效评价的已拨付案件。"),
    example="sancai case performance due",
)
def due() -> None:
    """List due evaluations."""
    with client() as service:
        found = list(service.performance.due())
    show(found, _print_due)


def _pairs(stated: Sequence[str]) -> list[tuple[str, str]]:
    """Return what stands before and behind the last ``=`` of each."""
    made = [each.rpartition("=") for each in stated]
    for indicator, _, figure in made:
        if not indicator or not figure:
            raise click.BadParameter(say("write INDICATOR=FIGURE", "请写作 指标=数值"))
    return [(indicator, figure) for indicator, _, figure in made]


def _print_performance(found: "CasePerformance") -> None:
    newest = found.evaluations[-1] if found.evaluations else None
    facts(
        [
            (say("case", "案件"), found.case),
            (say("asked for", "须报绩效目标"), say("yes", "是") if found.asked else say("no", "否")),
            (say("grade", "等次"), f"{newest.grade} ({newest.score})" if newest else None),
            (say("opinion", "意见"), newest.opinion if newest else None),
        ]
    )
    reached = {each.indicator: each.figure for each in newest.figures} if newest else {}
    if found.targets:
        table(
            [say("indicator", "指标"), say("target", "目标"), say("reached", "完成")],
            [
                (each.indicator, f"{each.figure} {each.unit}", reached.get(each.indicator, "—"))
                for each in found.targets.targets
            ],
        )
    if found.earlier:
        unknown = say("unknown", "未评价")
        table(
            [say("earlier case", "以往案件"), say("paid", "拨付"), say("grade", "等次")],
            [(each.case, each.paid_on, each.grade or unknown) for each in found.earlier],
        )


def _print_due(found: "Sequence[DueEvaluation]") -> None:
    table(
        [say("case", "案件"), say("instrument", "项目"), say("paid", "拨付"), say("due", "应评价日期")],
        [(each.case, each.instrument, each.paid_on, each.due_on) for each in found],
    )
