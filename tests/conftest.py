"""Fixtures every test may use: a real PostgreSQL, a database of one's own, a clock that stands still, a house, a web
client.

One PostgreSQL runs per test process; a database is cloned from a migrated template in some ten milliseconds. The small
world of ``tests/world.py`` is built once for each test process that asks for it, and copied for each test.
"""

import itertools
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, text

from registry.actors.model import ANONYMOUS, Actor
from registry.house import House, application_url
from registry.journal import service as journal
from registry.journal.signing import SigningKey
from registry.journal.work import View, Work
from registry.upkeep.stores import OtherStores
from registry.values.moment import Clock, Moment
from storage.database import Database
from storage.embedded_postgres import EmbeddedPostgres
from storage.local_store import LocalStore
from storage.migrate import create_database, migrate
from storage.settings import read_settings
from tests.web import Web
from tests.world import MovableClock, World, build, moved, open_house

# How long an example takes says something of the machine, not of the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# A run in the background of a script is started with SIGINT ignored, and its children inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

TEMPLATE = "sancai_template"
ORIGIN = "sancai.test"
STORE_SECRET = b"a secret of the tests, 32 bytes."
START = "2026-03-02T02:00:00Z"

MEMORY_FOLDER = Path("/dev/shm")
MEMORY_NEEDED_BYTES = 4 * 1024**3
"""Databases of two test processes, each with up to a gigabyte of write-ahead log."""

_numbers = itertools.count()
_worlds = itertools.count()

WORLD_DATABASE = "sancai_world"

CopyWorld = Callable[[], AbstractContextManager[World]]


class FixedClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: str = START) -> None:
        self._now = Moment.of_text(now)

    def now(self) -> Moment:
        """Return the instant the test set."""
        return self._now

    def advance(self, span: timedelta) -> None:
        """Move forward."""
        self._now = self._now.plus(span)

    def set(self, now: str | Moment) -> None:
        """Jump to an instant."""
        self._now = now if isinstance(now, Moment) else Moment.of_text(now)


def _memory_folder() -> Path | None:
    """Return the machine's memory file system where it has room for a test database, else None: the usual place.

    Nearly every test makes a database and drops it again: on a disk that is most of its time.
    """
    if not MEMORY_FOLDER.is_dir() or shutil.disk_usage(MEMORY_FOLDER).free < MEMORY_NEEDED_BYTES:
        return None
    return MEMORY_FOLDER


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A real PostgreSQL for this test process, with a migrated template database.

    Not in pytest's own temporary folder: another run beside this one removes the older of those.
    """
    place = _memory_folder()
    with (
        tempfile.TemporaryDirectory(prefix="sancai-tests-", dir=place) as folder,
        EmbeddedPostgres(Path(folder)) as server,
    ):
        create_database(server.superuser_url(), TEMPLATE)
        migrate(server.superuser_url(TEMPLATE))
        yield server


@pytest.fixture
def owner_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The address of a fresh, migrated database, as the owner of its tables."""
    name = f"test_{next(_numbers)}"
    create_database(postgres.superuser_url(), name, template=TEMPLATE)
    yield postgres.superuser_url(name)
    engine = create_engine(postgres.superuser_url(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    engine.dispose()


@pytest.fixture
def database(owner_url: str) -> Iterator[Database]:
    """A fresh, migrated, real (not demo) database as the application's role sees it."""
    made = Database(application_url(owner_url), pool_size=4)
    journal.bear(made, "real", ORIGIN)
    yield made
    made.dispose()


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands still: Monday 2026-03-02 10:00 in Shanghai."""
    return FixedClock()


@pytest.fixture
def house(database: Database, clock: Clock, tmp_path: Path) -> House:
    """An installation on a fresh database with a local object store."""
    home = tmp_path / "home"
    home.mkdir()
    settings = read_settings({"SANCAI_HOME": str(home), "SANCAI_PUBLIC_URL": f"http://{ORIGIN}"})
    store = LocalStore(settings.objects_folder, settings.public_url, STORE_SECRET)
    store.prepare()
    store.read_others_from(OtherStores(database, settings, STORE_SECRET))
    return House(
        settings=settings,
        database=database,
        clock=clock,
        store=store,
        signing_key=SigningKey.create(ORIGIN),
        secret=STORE_SECRET,
        _opened=ExitStack(),
    )


@pytest.fixture
def work_as(database: Database, clock: Clock) -> Callable[[Actor], AbstractContextManager[Work]]:
    """Open a unit of work as an actor; it commits at the end and must have made its one journal entry."""

    @contextmanager
    def opened(actor: Actor) -> Iterator[Work]:
        with database.writing() as connection:
            work = Work(connection, actor, clock.now())
            yield work
            assert work.entry is not None, "a use case makes one journal entry"

    return opened


@pytest.fixture
def view_as(database: Database, clock: Clock) -> Callable[..., AbstractContextManager[View]]:
    """Open a view as an actor, by default as nobody."""

    @contextmanager
    def opened(actor: Actor = ANONYMOUS) -> Iterator[View]:
        with database.reading() as connection:
            yield View(connection, actor, clock.now())

    return opened


@pytest.fixture
def web(house: House) -> Web:
    """The HTTP interface of ``house``, with helpers to act as different users."""
    from api.app import create_app

    return Web(create_app(house), house)


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
        name = f"world_{next(_worlds)}"
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
