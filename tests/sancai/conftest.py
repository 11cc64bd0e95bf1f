from collections.abc import Iterator
from pathlib import Path

import pytest

from sancai import parallel, session
from tests.conftest import CopyWorld
from tests.sancai.library import Library, library_in


@pytest.fixture(scope="session")
def library(copy_world: CopyWorld) -> Iterator[Library]:
    """A dataset of several kinds of files behind the real service; tests only read it."""
    with copy_world() as world, library_in(world) as built:
        yield built


@pytest.fixture(autouse=True)
def own_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nothing of the user's own configuration is read or changed."""
    folder = tmp_path_factory.mktemp("configuration")
    monkeypatch.setenv("SANCAI_CONFIG", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    return folder


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Waiting between attempts takes no time; the list holds how long it would have been."""
    waited: list[float] = []
    monkeypatch.setattr(session.time, "sleep", waited.append)
    monkeypatch.setattr(parallel.Stop, "sleep", lambda stop, seconds: _look(stop, seconds, waited))
    return waited


def _look(stop: parallel.Stop, seconds: float, waited: list[float]) -> None:
    waited.append(seconds)
    if stop._event.is_set() or (stop._outer is not None and stop._outer._event.is_set()):
        raise parallel.StoppedError
