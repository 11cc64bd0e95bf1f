"""Amounts and shares as people type them."""

import click
import pytest
from click.testing import CliRunner

from cli.amounts import percent_bp, yuan_fen


@click.command()
@click.option("--yuan", callback=yuan_fen, default="0")
@click.option("--percent", callback=percent_bp, default="0")
def shown(yuan: int, percent: int) -> None:
    """Print what was understood."""
    click.echo(f"{yuan} {percent}")


def said(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(shown, arguments)
    return result.exit_code, result.output.strip()


@pytest.mark.parametrize(("text", "fen"), [("120000", 12_000_000), ("0.05", 5), ("1.5", 150), ("0", 0)])
def test_yuan_are_kept_as_whole_fen(text: str, fen: int) -> None:
    assert said("--yuan", text) == (0, f"{fen} 0")


@pytest.mark.parametrize("text", ["1.505", "-1", "1,000", "1e3", "", "一元"])
def test_what_is_no_whole_fen_is_wrong_usage(text: str) -> None:
    assert said(f"--yuan={text}")[0] == 2


@pytest.mark.parametrize(("text", "basis_points"), [("6", 600), ("6.5", 650), ("12.34", 1234)])
def test_percent_are_kept_as_basis_points(text: str, basis_points: int) -> None:
    assert said("--percent", text) == (0, f"0 {basis_points}")
