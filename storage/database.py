"""PostgreSQL: one metadata for all tables, and the two ways in, reading and writing.

The application connects with a role that does not own the tables; what that role may do to a table is said by the table
itself (``writes``), written into the migration as grants, and for append-only tables kept by a trigger as well.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, Final, TypeVar, cast

import psycopg
from sqlalchemy import Connection, Engine, MetaData, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

__all__ = [
    "APPLICATION_ROLE",
    "Connection",
    "Database",
    "DatabaseUnavailableError",
    "Writes",
    "metadata",
    "partitions_ensured",
    "raised_by_driver",
    "rows_may",
]

T = TypeVar("T")

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

APPLICATION_ROLE: Final = "sancai_app"
ATTEMPTS_MAX: Final = 5
_RETRIED: Final = frozenset({"40001", "40P01"})  # serialization_failure, deadlock_detected


class Writes(StrEnum):
    """What the application may do to the rows of a table."""

    APPEND = "append"
    UPDATE = "update"
    DELETE = "delete"


def rows_may(
    writes: Writes, *, partitioned_by: str | None = None, statistics: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """Return the keyword arguments of a ``Table`` that state its grants and, where given, its monthly partitions.

    ``statistics`` says of how many values of a column PostgreSQL keeps the frequency (``SET STATISTICS``), where its
    100 are too few to choose a plan by.
    """
    stated: dict[str, Any] = {"info": {"writes": writes, "partitioned_by": partitioned_by, "statistics": statistics}}
    if partitioned_by:
        stated["postgresql_partition_by"] = f"RANGE ({partitioned_by})"
    return stated


class DatabaseUnavailableError(Exception):
    """The database does not answer, or not in time."""


class Database:
    """A PostgreSQL database as the application sees it."""

    def __init__(self, url: str, *, pool_size: int = 10, pool_overflow: int = 30) -> None:
        """Prepare connections to ``url``; nothing is opened yet."""
        self.url: Final = make_url(url).set(drivername="postgresql+psycopg")
        self.engine: Final[Engine] = create_engine(
            self.url,
            pool_size=pool_size,
            max_overflow=pool_overflow,
            pool_pre_ping=True,
            # A failed statement is logged; what it was filled with may be a secret.
            hide_parameters=True,
            connect_args={"options": "-c timezone=UTC -c jit=off -c lock_timeout=20s -c statement_timeout=120s"},
        )
        event.listen(self.engine, "handle_error", _translate)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection in one read-only transaction that sees one state. Raises DatabaseUnavailableError."""
        with self._connected() as connection:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield a connection in one transaction that commits when the block ends. Raises DatabaseUnavailableError."""
        with self._connected() as connection:
            yield connection

    def retrying(self, act: Callable[[Connection], T]) -> T:
        """Run ``act`` in a transaction, again when PostgreSQL asks for it, at most five times."""
        for attempt in range(ATTEMPTS_MAX):
            try:
                with self.writing() as connection:
                    return act(connection)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in _RETRIED or attempt + 1 == ATTEMPTS_MAX:
                    raise
        raise AssertionError

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        with self.engine.connect() as connection, connection.begin():
            yield connection

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _translate(context: Any) -> None:
    """Turn a lost connection, a lock or a statement that took too long into DatabaseUnavailableError."""
    error = context.original_exception
    gone = context.is_disconnect or _says_gone(error)
    if gone and isinstance(context.sqlalchemy_exception, OperationalError | InterfaceError):
        raise DatabaseUnavailableError(type(error).__name__) from error


def _says_gone(error: BaseException) -> bool:
    state: str | None = getattr(error, "sqlstate", None)
    return state is None or state[:2] in {"08", "53", "57"} or state == "55P03"


def raised_by_driver(error: psycopg.Error) -> Exception:
    """Return what is raised for an error of the driver itself, the same as if SQLAlchemy had sent the statement."""
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and _says_gone(error):
        return DatabaseUnavailableError(type(error).__name__)
    return cast("Exception", DBAPIError.instance(None, None, error, psycopg.Error, hide_parameters=True))


def partitions_ensured(connection: Connection, months_ahead: int = 3) -> None:
    """Make the monthly partitions of the next months; the application may call what only the owner could do itself."""
    connection.execute(text("SELECT sancai_ensure_partitions(:ahead)"), {"ahead": months_ahead})
