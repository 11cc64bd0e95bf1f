import re
from pathlib import Path

from cli import EXIT_CODES

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")


def test_the_page_lists_every_exit_code_with_its_meaning() -> None:
    written = dict(re.findall(r"^\| (\d+) \| ([^|]+?) \|", PAGE, re.MULTILINE))
    assert written == {str(code): meaning for code, meaning, _ in EXIT_CODES}
