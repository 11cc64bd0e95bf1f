"""The examples of ``docs/client.md`` do what they say."""

import re
from pathlib import Path

import pytest

from sancai.filesystem import SancaiFileSystem
from tests.sancai.library import NAME, Library

PAGE = (Path(__file__).parents[2] / "docs" / "client.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_runs(number: int, library: Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SANCAI_URL", library.url)
    monkeypatch.setenv("SANCAI_TOKEN", library.token)
    monkeypatch.chdir(tmp_path)
    exec(compile(EXAMPLES[number].replace("acme/coal-safety", NAME), "docs/client.md", "exec"), {})
    for made in list(SancaiFileSystem._cache.values()):
        made.close()
    SancaiFileSystem.clear_instance_cache()
