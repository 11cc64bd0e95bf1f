"""The table of invariants: what it names is there, and the code says the number where it keeps it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "invariants.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| \*\*([a-z -]+)\*\*.* \| `(\S+)` `(\w+)` \| `(\S+)` `(\w+)` \|$", PAGE, re.MULTILINE)
OPEN = re.findall(r"(\d+), \*\*([a-z -]+)\*\*", PAGE)


def test_each_of_the_24_has_a_row_or_is_said_not_to_be_kept() -> None:
    assert sorted(int(each[0]) for each in (*ROWS, *OPEN)) == list(range(1, 25))


@pytest.mark.parametrize(("number", "name", "code", "symbol", "test", "function"), ROWS)
def test_what_a_row_names_is_there(number: str, name: str, code: str, symbol: str, test: str, function: str) -> None:
    kept = (ROOT / code).read_text(encoding="utf-8")
    assert re.search(rf"# Invariant {number} \({name}\)\.\n *def {symbol}\(", kept)
    assert re.search(rf"^def {function}\(", (ROOT / test).read_text(encoding="utf-8"), re.MULTILINE)
