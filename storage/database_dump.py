"""A database written to one file and read back, by PostgreSQL's own ``pg_dump`` and ``pg_restore``.

Those of the wheel that carries the embedded PostgreSQL are used; they read servers of their own version and older.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

from storage.database import Connection
from storage.embedded_postgres import programmes
from storage.errors import StoreConfigurationError
from storage.migrate import ensure_role

_SAID_LENGTH_MAX: Final = 2_000


def exported_snapshot(connection: Connection) -> str:
    """Return the name under which others may see the very state this transaction sees, as long as it is open."""
    return str(connection.execute(text("SELECT pg_export_snapshot()")).scalar_one())


def dump(owner_url: str | URL, path: Path, snapshot: str) -> None:
    """Write the database as ``snapshot`` sees it to ``path``. Raises StoreConfigurationError with what was said."""
    _run("pg_dump", owner_url, "--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={path}")


def load(owner_url: str | URL, path: Path) -> None:
    """Read a dump into an empty database, whole or not at all. Raises StoreConfigurationError."""
    ensure_role(owner_url)
    _run("pg_restore", owner_url, "--no-owner", "--single-transaction", "--exit-on-error", str(path))


def is_empty(owner_url: str | URL) -> bool:
    """Return whether a database has none of our tables."""
    engine = create_engine(make_url(owner_url).set(drivername="postgresql+psycopg"))
    try:
        with engine.connect() as connection:
            return connection.execute(text("SELECT to_regclass('public.installation')")).scalar() is None
    finally:
        engine.dispose()


def _run(programme: str, owner_url: str | URL, *options: str) -> None:
    url = make_url(owner_url).set(drivername="postgresql")
    # The password goes by the environment: what stands on a command line everybody on the machine can read.
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
    if url.password:
        environment["PGPASSWORD"] = str(url.password)
    address = url.set(password=None).render_as_string(hide_password=False)
    command = [_found(programme), f"--dbname={address}", *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise StoreConfigurationError("dump_failed", command=programme, log=done.stderr.strip()[-_SAID_LENGTH_MAX:])


def _found(programme: str) -> str:
    own = programmes() / programme
    found = str(own) if own.exists() else shutil.which(programme)
    if found is None:
        raise StoreConfigurationError("programme_missing", command=programme)
    return found
