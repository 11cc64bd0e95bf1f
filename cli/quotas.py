"""Figures of a quota as they are typed and shown."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import click

from cli.output import bytes_text, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.quotas import Quota

_UNITS: Final = {"": 1, "b": 1, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40, "pib": 1 << 50}
UNSET: Final = "default"

if TYPE_CHECKING:
    _Type = click.ParamType[str | int]
else:
    # Older releases of click know no parameter for the kind of value.
    _Type = click.ParamType


class FigureType(_Type):
    """A whole number, with a binary unit where bytes are meant, or ``default`` to take a figure back."""

    name = "figure"

    def __init__(self, *, in_bytes: bool = False) -> None:
        """Take units of bytes if asked to."""
        self._in_bytes = in_bytes

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str | int:
        """Return the number, or ``default``."""
        text = str(value).strip().lower()
        if text == UNSET:
            return UNSET
        digits = text.rstrip("bkmgtpi ")
        unit = text[len(digits) :].strip()
        if not (digits.isascii() and digits.isdecimal()) or unit not in (_UNITS if self._in_bytes else {""}):
            self.fail(say(f"{value} is no such number.", f"{value} 不是有效数值。"), param, ctx)
        return int(digits) * _UNITS[unit]


def figure_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add an option for each figure."""
    stated = (
        ("--bytes", "bytes_stored", True, say("Bytes stored, for example 10TiB.", "存储字节数，如 10TiB。")),
        ("--uploads", "uploads_per_day", False, say("Uploads on one day.", "每日上传次数。")),
        ("--drafts", "drafts_open", False, say("Open drafts.", "未发布草稿数。")),
        ("--files", "files_per_draft", False, say("Files in one draft.", "单个草稿的文件数。")),
    )
    for option, name, in_bytes, text in reversed(stated):
        command = click.option(option, name, type=FigureType(in_bytes=in_bytes), help=text)(command)
    return command


def given(figures: dict[str, str | int | None]) -> dict[str, int | None]:
    """Return the figures that were typed; ``default`` as None."""
    return {name: None if isinstance(value, str) else value for name, value in figures.items() if value is not None}


def print_quota(found: "Quota") -> None:
    """Print limits beside what is used."""
    columns = [say("figure", "项目"), say("limit", "限额"), say("used", "已用"), say("set by", "来源")]
    named = {
        "bytes_stored": say("bytes stored", "存储字节数"),
        "uploads_per_day": say("uploads on one day", "每日上传次数"),
        "drafts_open": say("open drafts", "未发布草稿数"),
        "files_per_draft": say("files in one draft", "单个草稿的文件数"),
    }

    def shown(figure: str, number: int | None) -> str:
        if number is None:
            return "—"
        return bytes_text(number) if figure == "bytes_stored" else f"{number:,}"

    rows = [
        (
            named.get(each.figure, each.figure),
            shown(each.figure, each.limit),
            shown(each.figure, each.used),
            each.set_by,
        )
        for each in found.lines
    ]
    table(columns, rows)
