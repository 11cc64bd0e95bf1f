"""What a command prints: for people by default, JSON on request, errors in one line.

A command is made with ``cls=Leaf``, or by ``@group.command`` of a group with ``cls=Branch``. It takes ``example=``,
shown in its help, and has ``--json`` and ``--ca`` by itself. It ends with ``show(value, human)``; money is
printed as the service sent it.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from itertools import chain
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from cli.words import say

T = TypeVar("T")

JSON_WANTED: Final = "sancai.json"


class Leaf(click.Command):
    """A command with an example and ``--json``."""

    def __init__(self, *args: Any, example: str, **kwargs: Any) -> None:
        """Build the command; ``example`` is one line, or several, as typed after a prompt."""
        super().__init__(*args, **kwargs)
        self.example: Final = example
        self.params.append(
            click.Option(
                ["--json", "wants_json"],
                is_flag=True,
                expose_value=False,
                is_eager=True,
                callback=_remember_json,
                help=say("Print JSON instead of text.", "以 JSON 输出。"),
            )
        )
        # The root shows it; here it is taken, too, so that it may stand where a hand types it.
        self.params.append(authority_option(hidden=True))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the example below the options."""
        with formatter.section(say("Example", "示例")):
            for line in self.example.strip().splitlines():
                formatter.write(f"{'':>{formatter.current_indent}}$ {line.strip()}\n")
        super().format_epilog(ctx, formatter)


class Branch(click.Group):
    """A group whose commands are ``Leaf``."""

    command_class = Leaf


Branch.group_class = Branch


def _remember_json(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        context.meta[JSON_WANTED] = True


def authority_option(*, hidden: bool = False) -> click.Option:
    """Return ``--ca FILE``: whom every connection of the command trusts, as if ``SANCAI_CA`` named it."""
    return click.Option(
        ["--ca"],
        type=click.Path(exists=True, dir_okay=False),
        metavar="FILE",
        expose_value=False,
        is_eager=True,
        hidden=hidden,
        callback=_trust,
        help=say(
            "Trust the private certificate authorities in this file, too; before or after the command.",
            "同时信任此文件中的私有证书颁发机构；可写在命令之前或之后。",
        ),
    )


def _trust(_: click.Context, __: click.Parameter, value: str | None) -> None:
    if value is not None:
        os.environ["SANCAI_CA"] = value


def wants_json() -> bool:
    """Return whether the command that runs was asked for JSON."""
    context = click.get_current_context(silent=True)
    return bool(context and context.meta.get(JSON_WANTED))


def show(value: T, human: Callable[[T], None]) -> None:
    """Print ``value`` as JSON where that was asked for, else let ``human`` print it."""
    if wants_json():
        click.echo(json_text(value))
    else:
        human(value)


def json_text(value: object) -> str:
    """Return a value, a dataclass or a sequence of them as indented JSON; Chinese stays readable."""
    return json.dumps(plain(value), ensure_ascii=False, indent=2)


def plain(value: object) -> Any:
    """Return ``value`` as JSON knows it."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, str | int | float | bool | None):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [plain(item) for item in value]
    return str(value)


def show_with_items(head: Mapping[str, object], name: str, items: Iterable[object]) -> None:
    """Print a JSON object whose last member ``name`` is a list of any length, item by item as they come."""
    click.echo(
        json.dumps(plain(head), ensure_ascii=False, indent=2).removesuffix("\n}") + f',\n  "{name}": [', nl=False
    )
    separator = "\n    "
    for item in items:
        click.echo(separator + json.dumps(plain(item), ensure_ascii=False), nl=False)
        separator = ",\n    "
    click.echo("\n  ]\n}")


def line(text: str = "") -> None:
    """Print one line of the result."""
    click.echo(text)


def note(text: str) -> None:
    """Print a remark that is not part of the result (on standard error, so that a pipe gets the result alone)."""
    click.echo(text, err=True)


def facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Print named values, one a line, the values aligned; None prints as a dash."""
    shown = [(name, "—" if value is None else str(value)) for name, value in pairs]
    width = max((display_width(name) for name, _ in shown), default=0)
    for name, value in shown:
        click.echo(f"{name}{' ' * (width - display_width(name))}  {value}")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under their columns: as a drawn table on a terminal, as tab-separated lines into a pipe.

    Into a pipe each row goes as it comes, so that memory does not grow with their number.
    """
    made = (["" if cell is None else str(cell) for cell in row] for row in rows)
    if not sys.stdout.isatty():
        for row in chain([list(columns)], made):
            click.echo("\t".join(" ".join(cell.split()) for cell in row))
        return
    # rich costs a start of 60 ms; only who looks at a table pays for it.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        drawn.add_column(Text(name), overflow="fold")
    for row in made:
        # Text takes no markup: a title with brackets prints as it is.
        drawn.add_row(*(Text(cell) for cell in row))
    Console().print(drawn)


def bytes_text(size_bytes: int) -> str:
    """Return a size for people, in binary units."""
    if size_bytes < 1024:
        return f"{size_bytes} B"
    size, unit = float(size_bytes), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{size:.1f} {unit}"


def display_width(text: str) -> int:
    """Return how many columns of a terminal ``text`` takes: two for each wide character (Unicode TR 11)."""
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def written(path: Path) -> str:
    """Return a path as a reader would type it: relative to the working folder when it lies below it."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
