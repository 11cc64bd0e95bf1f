"""The examples of ``docs/publishing.md`` run, in their order, against a real service."""

import re
import shutil
from pathlib import Path

import pytest

import sancai
from sancai import Client
from tests.publishing.conftest import Service

PAGE = (Path(__file__).parents[2] / "docs" / "publishing.md").read_text(encoding="utf-8")
REVISION = "0123456789abcdef0123456789abcdef01234567"


def test_every_example_of_the_page_holds(service: Service, client: Client, folder: Path, tmp_path: Path) -> None:
    (folder / "README.md").unlink()
    cache = tmp_path / "datasets--acme--turbines"
    snapshot = cache / "snapshots" / REVISION
    snapshot.mkdir(parents=True)
    (snapshot / "README.md").write_text("---\npretty_name: Turbines\nlicense: cc-by-4.0\n---\n")
    (snapshot / "wind.csv").write_text(
        "station,gust\n" + "".join(f"S{n:04},{n * 7919 % 10_007}.25\n" for n in range(100))
    )
    examples = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    names = {
        "Client": lambda *_: client,
        "token": service.token,
        "folder": folder,
        "cache": cache,
    }
    for number, example in enumerate(examples):
        # The first one makes the client; here it is the one of the test.
        runnable = "" if "https://sancai.example" in example else example
        exec(
            compile(runnable, f"example {number + 1} of docs/publishing.md", "exec"), names | {"client": client}, names
        )
    assert len(examples) >= 7
    shutil.rmtree(cache)


def test_the_function_of_the_package_uses_what_is_configured(
    service: Service, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANCAI_URL", service.url)
    monkeypatch.setenv("SANCAI_TOKEN", service.token)
    assert sancai.publish(folder).version.number == 1
