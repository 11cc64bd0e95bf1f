"""A running installation put together: database, clock, object store and keys.

Processes (the web server, a worker, an operator's command) open a house and hand its parts to use cases; use cases
never look for them.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from registry.actors.model import ANONYMOUS, Actor
from registry.awards.kept_answers import keep_answer
from registry.journal import service as journal
from registry.journal.signing import SigningKey, load_or_create_secret
from registry.journal.work import Command, Outcome, UseCase, View, perform
from registry.upkeep.stores import OtherStores, own_store, remembered
from registry.values.moment import Clock, Moment
from storage.database import APPLICATION_ROLE, Database
from storage.embedded_postgres import EmbeddedPostgres
from storage.errors import StoreConfigurationError
from storage.migrate import create_database, migrate
from storage.object_store import ObjectStore
from storage.settings import Settings

DATABASE_NAME: Final = "sancai"


@dataclass(frozen=True, slots=True)
class House:
    """The parts of an installation that a process has opened."""

    settings: Settings
    database: Database
    clock: Clock
    store: ObjectStore
    signing_key: SigningKey
    secret: bytes
    _opened: ExitStack

    def perform(self, actor: Actor, command: Command, use_case: UseCase) -> Outcome:
        """Run a use case on the write path."""
        return perform(self.database, self.clock, actor, command, use_case, keep_answer)

    @contextmanager
    def view(self, actor: Actor = ANONYMOUS) -> Iterator[View]:
        """Yield one state of the database for queries."""
        now = self.clock.now()
        with self.database.reading() as connection:
            yield View(connection, actor, now)

    def __enter__(self) -> Self:
        """Return the open house."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close everything that was opened, the embedded database last."""
        self._opened.close()


def open_house(settings: Settings, *, kind: str = "real", clock_starts_at: Moment | None = None) -> House:
    """Open an installation, bringing an embedded database to the newest schema first.

    A database of one's own (``SANCAI_DATABASE_URL``) is migrated by ``sancai migrate`` only, never by starting a
    process. ``kind`` is what a new database is born as, ``clock_starts_at`` where a demo's clock begins; an existing
    one keeps what it is.
    """
    opened = ExitStack()
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        settings.keys_folder.mkdir(mode=0o700, exist_ok=True)
        url = settings.database_url or _embedded_url(settings, opened)
        database = Database(url)
        opened.callback(database.dispose)
        journal.bear(database, kind, settings.origin, clock_starts_at)
        secret = load_or_create_secret(settings.keys_folder / "secret")
        clock = journal.clock_of(database)
        store = own_store(settings, secret)
        store.prepare()
        remembered(database, clock, store)
        store.read_others_from(OtherStores(database, settings, secret))
        return House(
            settings=settings,
            database=database,
            clock=clock,
            store=store,
            signing_key=SigningKey.load_or_create(settings.keys_folder / "signing.pem", settings.origin),
            secret=secret,
            _opened=opened,
        )
    except BaseException:
        opened.close()
        raise


def _embedded_url(settings: Settings, opened: ExitStack) -> str:
    postgres = opened.enter_context(EmbeddedPostgres(settings.postgres_folder))
    create_database(postgres.superuser_url(), DATABASE_NAME)
    owner = postgres.superuser_url(DATABASE_NAME)
    migrate(owner)
    return application_url(owner)


@contextmanager
def owner_address(settings: Settings) -> Iterator[str]:
    """Yield the address of the database as the owner of its tables, the embedded one running meanwhile.

    Raises StoreConfigurationError for a database of one's own whose owner is not set.
    """
    if settings.database_url:
        if settings.owner_database_url is None:
            raise StoreConfigurationError("owner_database_missing", variable="SANCAI_OWNER_DATABASE_URL")
        yield settings.owner_database_url
        return
    with EmbeddedPostgres(settings.postgres_folder) as postgres:
        create_database(postgres.superuser_url(), DATABASE_NAME)
        yield postgres.superuser_url(DATABASE_NAME)


def application_url(owner_url: str) -> str:
    """Return ``owner_url`` for the role of the application."""
    scheme, _, rest = owner_url.partition("://")
    return f"{scheme}://{APPLICATION_ROLE}@{rest.partition('@')[2]}"
