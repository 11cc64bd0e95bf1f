"""``sancai board``: what the documents ask for, statistics of adoption, typical cases, tables as CSV."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.connection import client
from cli.output import Branch, bytes_text, facts, line, note, show, table, written
from cli.words import say

if TYPE_CHECKING:
    from sancai.boards import Board, Figures, Statistics, TypicalCase

TABLES = ("boards", "sectors", "adopters", "months", "scenes", "annotation-catalog", "typical-cases")
_DAY = click.DateTime(["%Y-%m-%d"])


@click.group("board", cls=Branch, help=say("What the documents ask for, and what is reached.", "目标看板与采信统计。"))
def command() -> None:
    """Boards."""


@command.command(
    "show",
    help=say("Show each target with its clause and how far it is reached.", "显示各项目标、条款与完成情况。"),
    example="sancai board show",
)
def show_boards() -> None:
    """Show the boards."""
    with client() as service:
        found = service.boards.boards()
    show(found, _print_boards)


@command.command(
    "statistics",
    help=say("Show adoption by sector, by adopter and over time.", "显示按行业、采信企业和月份的采信统计。"),
    example="sancai board statistics --on 2026-06-30",
)
@click.option("--on", type=_DAY, help=say("At the end of which day; today by default.", "截至日期，默认今天。"))
def statistics(on: datetime | None) -> None:
    """Show the statistics of adoption."""
    with client() as service:
        found = service.boards.statistics(on.date() if on else None)
    show(found, _print_statistics)


@command.command(
    "export",
    help=say(
        "Write TABLE as CSV: boards, sectors, adopters, months, scenes, annotation-catalog or typical-cases.",
        "将 TABLE 导出为 CSV：boards、sectors、adopters、months、scenes、annotation-catalog 或 typical-cases。",
    ),
    example="sancai board export boards --output boards.csv",
)
@click.argument("name", metavar="TABLE", type=click.Choice(TABLES))
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help=say("Where to.", "输出文件。")
)
def export(name: str, output: Path) -> None:
    """Export a table."""
    with client() as service:
        content = service.boards.table(name)
    output.write_bytes(content)
    show({"file": written(output), "size_bytes": len(content)}, lambda made: note(str(made["file"])))


@command.command("cases", help=say("List the typical cases.", "列出典型案例。"), example="sancai board cases")
def list_cases() -> None:
    """List typical cases."""
    with client() as service:
        found = service.boards.typical_cases()
    show(found, _print_cases)


@command.command(
    "case-add",
    help=say("Enter a case that an organ recognised by document.", "录入经文件认定的典型案例。"),
    example="sancai board case-add --industry smart_energy --title 功率预测 --by 国家数据局 "
    "--document 国数〔2026〕1号 --on 2026-02-01 --dataset lab/wind",
)
@click.option("--industry", required=True, help=say("Code of the key industry.", "重点行业代码。"))
@click.option("--title", required=True, help=say("What it is.", "名称。"))
@click.option("--by", "recognised_by", required=True, help=say("Who recognised it.", "认定单位。"))
@click.option("--document", "number", required=True, help=say("Number of the document.", "认定文件号。"))
@click.option("--on", "recognised_on", type=_DAY, required=True, help=say("Day of the document.", "认定日期。"))
@click.option("--dataset", help=say("Dataset it rests on.", "所用数据集。"))
@click.option(
    "--file",
    "document",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=say("The document itself.", "认定文件。"),
)
def add_case(
    industry: str,
    title: str,
    recognised_by: str,
    number: str,
    recognised_on: datetime,
    dataset: str | None,
    document: Path | None,
) -> None:
    """Enter a typical case."""
    with client() as service:
        made = service.boards.enter_typical_case(
            industry=industry,
            title=title,
            recognised_by=recognised_by,
            document_number=number,
            recognised_on=date(recognised_on.year, recognised_on.month, recognised_on.day),
            dataset=dataset,
            document=service.evidence.file(document, "other").id if document else None,
        )
    show(made, _print_case)


@command.command(
    "case-end",
    help=say("Take CASE off the list.", "将 CASE 移出典型案例清单。"),
    example='sancai board case-end typ_… --reason "revoked"',
)
@click.argument("case")
@click.option("--reason", required=True, help=say("Why.", "原因。"))
def end_case(case: str, reason: str) -> None:
    """End a typical case."""
    with client() as service:
        made = service.boards.end_typical_case(case, reason)
    show(made, _print_case)


def _print_boards(found: "tuple[Board, ...]") -> None:
    for board in found:
        line(f"{board.document} {board.number} · {say('until', '截至')} {board.ends_on}")
        for target in board.lines:
            as_text = bytes_text if target.unit == "bytes" else str
            mark = "✓" if target.met else "✗"
            line(f"{mark} {target.clause} {as_text(target.reached)} / {as_text(target.needed)}  {target.text}")
            for each in target.industries:
                mark = "✓" if each.met else "✗"
                figures = (
                    f"{say('datasets', '数据集')} {each.datasets}, {say('high quality', '高质量')} "
                    f"{each.quality_datasets}, {say('cases', '案例')} {each.cases}"
                )
                line(f"    {mark} {each.name}: {figures}")


def _print_statistics(found: "Statistics") -> None:
    line(f"{found.day}: {found.total.receipts} {say('receipts', '份证明')}")
    _print_figures(say("sector", "行业"), found.sectors)
    _print_figures(say("adopter", "采信企业"), found.adopters)
    table(
        (say("month", "月份"), say("receipts", "证明"), say("in all", "累计")),
        ((each.month, each.receipts, each.total) for each in found.months),
    )


def _print_figures(heading: str, found: "tuple[Figures, ...]") -> None:
    columns = (heading, say("receipts", "证明"), say("datasets", "数据集"), say("models", "赋能模型"))
    table(columns, ((each.name, each.receipts, each.datasets, each.models) for each in found))


def _print_cases(found: "tuple[TypicalCase, ...]") -> None:
    columns = ("ID", say("industry", "行业"), say("title", "名称"), say("document", "文件"), say("ended", "移出"))
    rows = ((each.id, each.industry, each.title, each.document_number, each.ended_at) for each in found)
    table(columns, rows)


def _print_case(case: "TypicalCase") -> None:
    facts(
        [
            (say("case", "案例"), case.id),
            (say("industry", "行业"), case.industry),
            (say("title", "名称"), case.title),
            (say("recognised", "认定"), f"{case.recognised_by} {case.document_number} {case.recognised_on}"),
            (say("dataset", "数据集"), case.dataset),
            (say("ended", "移出"), case.ended_at),
        ]
    )
