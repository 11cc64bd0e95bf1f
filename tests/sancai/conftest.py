from collections.abc import Iterator
from pathlib import Path

import pytest

from sancai import parallel, session


@pytest.fixture(autouse=True)
def own_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nothing of the user's own configuration is read or changed."""
    folder = tmp_path_factory.mktemp("configuration")
    monkeypatch.setenv("SANCAI_CONFIG", str(folder))
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
