"""``sancai dataset``: what a dataset is, what it contains, who adopted it, who may read it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from cli.commands import dataset_lineage, dataset_statements
from cli.commands.dataset_access import access, request, terms
from cli.commands.dataset_follow import follow, unfollow
from cli.commands.dataset_oversight import holders, recall, staff
from cli.commands.dataset_usage import command as usage
from cli.connection import client
from cli.output import Branch, bytes_text, facts, line, show, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.datasets import Dataset, FileInventory, Version
    from sancai.stated import Deprecation


@click.group("dataset", cls=Branch, help=say("Show a dataset, its versions and files.", "查看数据集、版本与文件。"))
def command() -> None:
    """Show datasets."""


for made in (*dataset_statements.COMMANDS, dataset_lineage.lineage):
    command.add_command(made)


@command.command(
    "show",
    help=say("Show dataset NAME, or what is stated of version NAME@v1.", "显示数据集 NAME，或对版本 NAME@v1 的声明。"),
    example="sancai dataset show hami-wind/turbines@v1",
)
@click.argument("name")
def show_dataset(name: str) -> None:
    """Show a dataset or a version."""
    from sancai.datasets import Reference

    wanted = Reference.parse(name)
    with client() as service:
        if wanted.version is not None:
            version = service.datasets.version(wanted.name, wanted.version)
            show(version, lambda found: _print_version(wanted.name, found))
            return
        show(service.datasets.show(name), _print_dataset)


def _print_version(name: str, found: "Version") -> None:
    industry = found.industry
    facts(
        [
            (say("version", "版本"), f"{name}@v{found.number}"),
            (say("state", "状态"), found.state),
            (say("message", "版本说明"), found.message or None),
            (say("published", "发布时间"), found.published_at),
            (say("embargo until", "禁止读取期至"), found.embargo_until),
            (say("origin", "来源类型"), found.origin),
            (say("source", "来源"), found.source),
            (say("parents", "派生自"), ", ".join(found.parents) or None),
            (say("grade", "安全级别"), f"{found.grade}{_why(found)}"),
            *((say("right", "数据权利"), f"{each.kind}: {each.basis}") for each in found.rights),
            *(
                (say("registration", "登记"), f"{each.kind}: {each.number}, {each.registrar}, {each.registered_on}")
                for each in found.registrations
            ),
            (say("industry", "行业"), f"{industry.code} {industry.division}" if industry and industry.code else None),
            (say("key industry", "重点行业"), industry.key_industry_name if industry else None),
            (say("deprecated", "弃用"), _deprecated(found.deprecation)),
            (say("content digest", "内容摘要"), found.content_digest),
        ]
    )


def _why(found: "Version") -> str:
    if found.grade_assessed:
        return say(" (assessed)", "（已评估）")
    inherited = found.stated_grade is not None and found.stated_grade != found.grade
    return say(" (by what it derives from)", "（随派生来源）") if inherited else ""


def _deprecated(found: "Deprecation | None") -> str | None:
    if found is None:
        return None
    instead = say(f"; use {found.successor}", f"；请改用 {found.successor}") if found.successor else ""
    return f"{found.reason}{instead}"


def _print_dataset(found: "Dataset") -> None:
    facts(
        [
            (say("name", "名称"), found.name),
            (say("title", "标题"), found.title),
            (say("description", "说明"), found.description or None),
            (say("sector", "行业"), found.sector),
            (say("licence", "许可"), found.licence),
            (say("access", "读取范围"), found.access),
            (say("publisher", "发布方"), found.publisher),
            (say("keywords", "关键词"), ", ".join(found.keywords) or None),
            (say("deprecated", "弃用"), _deprecated(found.deprecation)),
            (say("id", "编号"), found.id),
        ]
    )


@command.command(
    "versions",
    help=say("List the versions of dataset NAME.", "列出数据集 NAME 的版本。"),
    example="sancai dataset versions hami-wind/turbines",
)
@click.argument("name")
def list_versions(name: str) -> None:
    """List versions."""
    with client() as service:
        found = service.datasets.versions(name)
    show(found, _print_versions)


def _print_versions(found: "tuple[Version, ...]") -> None:
    table(
        [
            say("version", "版本"),
            say("state", "状态"),
            say("published", "发布时间"),
            say("grade", "安全级别"),
            say("deprecated", "弃用"),
            say("content digest", "内容摘要"),
        ],
        [
            (
                f"v{item.number}",
                item.state,
                item.published_at,
                item.grade,
                _deprecated(item.deprecation),
                item.content_digest,
            )
            for item in found
        ],
    )


@command.command(
    "files",
    help=say("List the files of NAME or NAME@v2.", "列出 NAME 或 NAME@v2 的文件。"),
    example="sancai dataset files hami-wind/turbines@v1",
)
@click.argument("name")
def list_files(name: str) -> None:
    """List files."""
    from sancai.datasets import Reference

    wanted = Reference.parse(name)
    with client() as service:
        number = wanted.version or service.datasets.version(wanted.name).number
        found = list(service.datasets.files(wanted.name, number))
    show(
        found,
        lambda files: table(
            [say("path", "路径"), say("size", "大小"), "SHA-256"],
            [(item.path, bytes_text(item.size_bytes), item.sha256) for item in files],
        ),
    )


@command.command(
    "inventory",
    help=say(
        "Show what file PATH of NAME or NAME@v2 is: columns, encoding, what an archive holds.",
        "显示 NAME 或 NAME@v2 中文件 PATH 的内容：列、编码、归档条目。",
    ),
    example="sancai dataset inventory hami-wind/turbines@v1 data/turbines.parquet",
)
@click.argument("name")
@click.argument("path")
def show_inventory(name: str, path: str) -> None:
    """Show the inventory of a file."""
    from sancai.datasets import Reference

    wanted = Reference.parse(name)
    with client() as service:
        number = wanted.version or service.datasets.version(wanted.name).number
        found = service.datasets.inventory(wanted.name, number, path)
    show(found, _print_inventory)


def _print_inventory(found: "FileInventory") -> None:
    archive = found.inventory.get("archive") or {}
    width, height = found.inventory.get("width"), found.inventory.get("height")
    facts(
        [
            (say("path", "路径"), found.path),
            (say("size", "大小"), bytes_text(found.size_bytes)),
            (say("format", "格式"), found.format),
            (say("media type", "媒体类型"), found.inventory.get("media_type")),
            (say("pixels", "像素"), f"{width} × {height}" if width else None),
            (say("encoding", "编码"), found.inventory.get("encoding")),
            (say("delimiter", "分隔符"), found.inventory.get("delimiter")),
            (say("rows", "行数"), found.rows),
            (say("entries", "条目数"), archive.get("entries")),
            (say("unpacked", "解压后大小"), bytes_text(archive["unpacked_bytes"]) if archive else None),
        ]
    )
    if found.columns:
        table(
            [say("column", "列"), say("type", "类型"), say("stored as", "存储类型")],
            [(each["name"], each["type"], each.get("stored_as")) for each in found.columns],
        )
    if archive:
        table(
            [say("entry", "条目"), say("size", "大小"), say("media type", "媒体类型")],
            [(each["path"], bytes_text(each["size_bytes"]), each["media_type"]) for each in archive["listed"]],
        )


@command.command(
    "adoption",
    help=say("Show who adopted dataset NAME, and who counts.", "显示数据集 NAME 的采信企业及是否计数。"),
    example="sancai dataset adoption hami-wind/turbines",
)
@click.argument("name")
def show_adoption(name: str) -> None:
    """Show adoption."""
    with client() as service:
        found = service.datasets.adoption(name)
    show(found, _print_adoption)


def _print_adoption(found: Mapping[str, Any]) -> None:
    line(str(found.get("text", "")))
    table(
        [say("adopter", "采信企业"), say("counts", "计数"), say("reasons", "原因")],
        [
            (
                receipt.get("adopter_name"),
                say("yes", "是") if receipt.get("counts") else say("no", "否"),
                "; ".join(
                    str(reason.get("detail") or reason.get("code")) if isinstance(reason, dict) else str(reason)
                    for reason in receipt.get("reasons", ())
                ),
            )
            for receipt in found.get("receipts", ())
        ],
    )


for part in (access, terms, request, staff, recall, holders, usage, follow, unfollow):
    command.add_command(part)
