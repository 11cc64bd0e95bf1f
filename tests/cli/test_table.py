"""Every command of the table: it loads, its help has an example, in both languages, and it takes --json."""

import importlib.util
import io
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout

import click
import pytest

from cli import COMMANDS, EXIT_CODES, root
from cli.failures import run
from cli.output import Branch, Leaf
from cli.words import language_of


def leaves(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for below, child in command.commands.items():
            yield from leaves(f"{name} {below}", child)
    else:
        yield name, command


def every_leaf() -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    for name in COMMANDS:
        command = root.get_command(click.Context(root), name)
        assert command is not None
        found += leaves(name, command)
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_a_listed_command_loads(name: str) -> None:
    assert importlib.util.find_spec(COMMANDS[name].module), f"there is no {COMMANDS[name].module}"
    command = root.get_command(click.Context(root), name)
    assert command is not None
    assert command.name == name


def test_every_command_has_an_example_and_json() -> None:
    for name, command in every_leaf():
        assert isinstance(command, Leaf), f"{name} is not a Leaf"
        assert f"sancai {name}" in command.example, f"the example of {name} does not call it"
        assert "--json" in [option for parameter in command.params for option in parameter.opts], name
        assert command.help, f"{name} has no help"


def test_every_group_is_a_branch() -> None:
    for name in COMMANDS:
        command = root.get_command(click.Context(root), name)
        assert isinstance(command, Leaf | Branch), name


@pytest.mark.parametrize("listed", COMMANDS.values(), ids=COMMANDS)
def test_a_line_of_the_table_is_short_and_in_both_languages(listed: object) -> None:
    _, en, zh = listed  # type: ignore[misc]
    assert len(en) <= 60
    assert en.endswith(".")
    assert any("\u4e00" <= character <= "\u9fff" for character in zh)


def test_help_imports_no_command_and_no_server() -> None:
    code = (
        "import sys; from cli import root; from cli.failures import run; run(root, ['--help']); "
        "print(sorted(n for n in sys.modules if n.partition('.')[0] in "
        "{'httpx', 'rich', 'flask', 'sqlalchemy', 'cryptography', 'registry', 'storage', 'sancai'} "
        "or n.startswith('cli.commands.')), file=sys.stderr)"
    )
    import subprocess

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_help_lists_every_exit_code() -> None:
    printed = io.StringIO()
    with redirect_stdout(printed):
        assert run(root, ["--help"]) == 0
    for code, _, _ in EXIT_CODES:
        assert f"\n  {code} " in printed.getvalue()


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "zh_TW.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "SANCAI_LANG": "en"}, "en"),
        ({"SANCAI_LANG": "zh"}, "zh"),
        ({"LC_ALL": "", "LANG": "zh_CN.UTF-8"}, "zh"),
    ],
)
def test_the_language_is_that_of_the_terminal(environment: dict[str, str], language: str) -> None:
    assert language_of(environment) == language
