"""``sancai quality``: reports of quality laboratories."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.connection import client
from cli.output import Branch, facts, show
from cli.words import say

if TYPE_CHECKING:
    from sancai.quality import QualityReport

_SCORE = click.IntRange(0, 10_000)


@click.group("quality", cls=Branch, help=say("File quality reports.", "提交质量检测报告。"))
def command() -> None:
    """Quality reports."""


@command.command(
    "report",
    help=say(
        "File your laboratory's REPORT on DATASET (NAME or NAME@v2); scores are hundredths of a point.",
        "提交对 DATASET（NAME 或 NAME@v2）的检测报告 REPORT；得分以百分之一分计。",
    ),
    example="sancai quality report lab/wind@v1 report.pdf --documentation 9750 --data-quality 9300 "
    "--model-application 9500 --method TC609-5-2025-04",
)
@click.argument("dataset")
@click.argument("report", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--documentation", type=_SCORE, required=True, help=say("Documentation.", "说明文档得分。"))
@click.option("--data-quality", type=_SCORE, required=True, help=say("Data quality.", "数据质量得分。"))
@click.option("--model-application", type=_SCORE, required=True, help=say("Model application.", "模型应用得分。"))
@click.option("--method", required=True, help=say("How it was evaluated.", "检测方法。"))
def file_report(
    dataset: str,
    report: Path,
    documentation: int,
    data_quality: int,
    model_application: int,
    method: str,
) -> None:
    """File a report."""
    from sancai.datasets import Reference

    wanted = Reference.parse(dataset)
    with client() as service:
        found = service.datasets.version(wanted.name, wanted.version)
        made = service.quality.report(
            wanted.name,
            found.content_digest,
            documentation_hundredths=documentation,
            data_quality_hundredths=data_quality,
            model_application_hundredths=model_application,
            method=method,
            report=service.evidence.file(report, "quality_report").id,
        )
    show(made, _print)


def _print(report: "QualityReport") -> None:
    scores = (
        (say("documentation", "说明文档"), report.documentation_hundredths),
        (say("data quality", "数据质量"), report.data_quality_hundredths),
        (say("model application", "模型应用"), report.model_application_hundredths),
    )
    facts(
        [
            (say("report", "报告"), report.id),
            *((name, f"{score // 100}.{score % 100:02d}") for name, score in scores),
        ]
    )
