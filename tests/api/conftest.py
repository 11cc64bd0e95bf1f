"""The small world of ``tests/world.py``: built once for each test process, copied for each test."""

import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from sqlalchemy import create_engine, text

from registry.journal.signing import SigningKey
from storage.embedded_postgres import EmbeddedPostgres
from storage.migrate import create_database, migrate
from tests.world import ORIGIN, MovableClock, World, build, moved, open_house

WORLD_DATABASE = "sancai_world"

_numbers = itertools.count()

CopyWorld = Callable[[], AbstractContextManager[World]]


@pytest.fixture(scope="session")
def copy_world(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> CopyWorld:
    """Open a copy of the world: its database, its objects and its clock are the test's own."""
    owner_url, folder = postgres.superuser_url(WORLD_DATABASE), tmp_path_factory.mktemp("world") / "home"
    create_database(postgres.superuser_url(), WORLD_DATABASE)
    migrate(owner_url)
    clock, key = MovableClock(), SigningKey.create(ORIGIN)
    with open_house(owner_url, folder, clock, key) as house:
        built = build(house, clock)

    @contextmanager
    def copied() -> Iterator[World]:
        name = f"world_{next(_numbers)}"
        create_database(postgres.superuser_url(), name, template=WORLD_DATABASE)
        place = tmp_path_factory.mktemp(name) / "home"
        shutil.copytree(folder, place)
        own_clock = MovableClock(clock.now())
        try:
            with open_house(postgres.superuser_url(name), place, own_clock, key) as copy:
                yield moved(built, copy, own_clock)
        finally:
            _drop(postgres, name)
            shutil.rmtree(place)

    return copied


def _drop(postgres: EmbeddedPostgres, name: str) -> None:
    engine = create_engine(postgres.superuser_url(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    engine.dispose()


@pytest.fixture
def world(copy_world: CopyWorld) -> Iterator[World]:
    """A copy of the world of one's own."""
    with copy_world() as copy:
        yield copy
