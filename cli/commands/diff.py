"""``sancai diff``: what a version changed against another, file by file and in sum."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import click

from cli.connection import client
from cli.output import Leaf, bytes_text, facts, line, note, show_with_items, table, wants_json
from cli.words import say

if TYPE_CHECKING:
    from sancai.differences import Counts, Difference, FileChange, SchemaChange

_MARKS: Final = {"added": "+", "removed": "-", "changed": "~"}


@click.command(
    "diff",
    cls=Leaf,
    help=say(
        "Show what version AFTER (@v2; without it the newest) changed against BEFORE (namespace/name@v1): files, rows, "
        "columns and sizes.",
        "显示版本 AFTER（@v2；不写则为最新版本）相对 BEFORE（命名空间/名称@v1）的变化：文件、行数、列与大小。",
    ),
    example="sancai diff hami-wind/turbines@v1 @v2\nsancai diff hami-wind/turbines@v1 | cut -f 1,2",
)
@click.argument("before")
@click.argument("after", required=False)
def command(before: str, after: str | None) -> None:
    """Compare two versions."""
    with client() as service:
        found = service.diff(before, after)
        if wants_json():
            head = {"name": found.name, "before": found.before, "after": found.after, "summary": found.summary}
            show_with_items(head, "files", found.files)
        elif sys.stdout.isatty():
            _print(found)
        else:
            for text in _summed(found):
                note(text)
            columns = [say("change", "变化"), say("path", "路径")]
            columns += [say("size before", "原大小"), say("size after", "新大小")]
            columns += [say("rows before", "原行数"), say("rows after", "新行数")]
            table(columns, (_cells(file) for file in found.files))


def _cells(file: "FileChange") -> tuple[object, ...]:
    return file.change, file.path, file.size_before, file.size_after, file.rows_before, file.rows_after


def _print(found: "Difference") -> None:
    """Print the sums, then file after file as they come."""
    line(f"{found.name} v{found.before} → v{found.after}")
    summary = found.summary
    files = f"+{summary.files_added} -{summary.files_removed} ~{summary.files_changed}"
    facts(
        [
            (say("files", "文件"), files),
            (say("bytes", "字节"), _grown(summary.bytes, in_bytes=True)),
            (say("rows", "行数"), _grown(summary.rows, in_bytes=False)),
        ]
    )
    for change in summary.schema_changes:
        line(_columns(change))
    for file in found.files:
        line(f"{_MARKS.get(file.change, '?')} {file.path}  {_sizes(file)}")


def _summed(found: "Difference") -> Iterator[str]:
    summary = found.summary
    yield say(
        f"{found.name} v{found.before} → v{found.after}: {summary.files_added} files added, {summary.files_removed} "
        f"removed, {summary.files_changed} changed; bytes {_grown(summary.bytes, in_bytes=True)}; "
        f"rows {_grown(summary.rows, in_bytes=False)}.",
        f"{found.name} v{found.before} → v{found.after}：新增 {summary.files_added} 个文件，删除 "
        f"{summary.files_removed} 个，修改 {summary.files_changed} 个；字节 {_grown(summary.bytes, in_bytes=True)}；"
        f"行数 {_grown(summary.rows, in_bytes=False)}。",
    )
    yield from map(_columns, summary.schema_changes)


def _grown(counts: "Counts", *, in_bytes: bool) -> str:
    shown = bytes_text(abs(counts.grown)) if in_bytes else str(abs(counts.grown))
    return f"{'-' if counts.grown < 0 else '+'}{shown}"


def _columns(change: "SchemaChange") -> str:
    said = [f"+{each.name} {each.type}" for each in change.added]
    said += [f"-{each.name}" for each in change.removed]
    said += [f"{each.name} {each.before} → {each.after}" for each in change.changed]
    return say(f"columns of {change.path}: ", f"{change.path} 的列：") + ", ".join(said)


def _sizes(file: "FileChange") -> str:
    sizes = [bytes_text(size) for size in (file.size_before, file.size_after) if size is not None]
    rows = [str(rows) for rows in (file.rows_before, file.rows_after) if rows is not None]
    return " → ".join(sizes) + (say(f", rows {' → '.join(rows)}", f"，行数 {' → '.join(rows)}") if rows else "")
