"""Bring a database to the schema of this release (Alembic).

``migrate`` runs as the owner of the tables; the application's role receives its grants from the migrations and can
neither change a table nor touch a row of an append-only one.
"""

from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL, make_url

from storage.database import APPLICATION_ROLE, Database

_ROLE = f"""
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APPLICATION_ROLE}') THEN
    CREATE ROLE {APPLICATION_ROLE} LOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""


def migrate(owner_url: str | URL) -> str:
    """Bring the database at ``owner_url`` to the newest schema and return its revision; doing it twice does nothing."""
    engine = create_engine(make_url(owner_url).set(drivername="postgresql+psycopg"))
    try:
        with as_file(files("storage") / "migrations") as folder, engine.begin() as connection:
            # Two starters at once: the second waits here and then finds nothing left to do.
            connection.execute(text("SELECT pg_advisory_xact_lock(7245, 1)"))
            connection.execute(text(_ROLE))
            config = Config()
            config.set_main_option("script_location", str(folder).replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            return _revision_of(connection) or ""
    finally:
        engine.dispose()


def ensure_role(owner_url: str | URL) -> None:
    """Make the application's role unless it is there: a dump grants it what it may do."""
    engine = create_engine(make_url(owner_url).set(drivername="postgresql+psycopg"))
    try:
        with engine.begin() as connection:
            connection.execute(text(_ROLE))
    finally:
        engine.dispose()


def newest_revision() -> str:
    """Return the revision that this release brings a database to."""
    with as_file(files("storage") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        return ScriptDirectory.from_config(config).get_current_head() or ""


def present_revision(database: Database) -> str | None:
    """Return the revision a database is at, or None when it has no schema yet."""
    with database.reading() as connection:
        return _revision_of(connection)


def _revision_of(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def create_database(superuser_url: str | URL, name: str, template: str | None = None) -> None:
    """Create database ``name`` unless it is there."""
    engine = create_engine(make_url(superuser_url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(7245, 2)"))
            known = connection.execute(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}).scalar()
            if not known:
                source = f' TEMPLATE "{template}"' if template else " TEMPLATE template0 ENCODING 'UTF8'"
                connection.execute(text(f'CREATE DATABASE "{name}"{source}'))
            connection.execute(text("SELECT pg_advisory_unlock(7245, 2)"))
    finally:
        engine.dispose()
