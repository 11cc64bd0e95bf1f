"""The database of a release as plain SQL, small and populated: what the next releases are tested on upgrading from.

``make fixture`` writes the fixture of the newest revision, from the world of ``tests/world.py`` with everything paid.
Renew it as often as the schema changes before the release, and never after it: from then on it stands for the
databases that are out there, and the next release adds a revision and a fixture of its own.
"""

import gzip
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from cli.working import run_once
from registry.journal.signing import SigningKey
from storage.embedded_postgres import EmbeddedPostgres, programmes
from storage.migrate import create_database, migrate, newest_revision
from tests.world import (
    AWARD_LINE,
    ORIGIN,
    VOUCHER_LINE,
    MovableClock,
    build,
    instruct,
    make_payable,
    open_house,
    pay,
)

FOLDER: Final = Path(__file__).parents[1] / "storage" / "fixtures"
DATABASE: Final = "release"


def fixture_of(revision: str) -> Path:
    """Return where the fixture of a revision lies."""
    return FOLDER / f"release-{revision}.sql.gz"


def made() -> tuple[str, bytes]:
    """Build the world on an empty database and return its revision and its dump."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "postgres") as server:
        create_database(server.superuser_url(), DATABASE)
        owner_url = server.superuser_url(DATABASE)
        migrate(owner_url)
        clock = MovableClock()
        with open_house(str(owner_url), Path(folder) / "home", clock, SigningKey.create(ORIGIN)) as house:
            world = build(house, clock)
            for case, line in ((world.ids["case"], AWARD_LINE), (world.ids["batch"], VOUCHER_LINE)):
                make_payable(world, case)
                instruct(world, case, line)
                pay(world, case)
            run_once(house)
        return newest_revision(), _dumped(str(owner_url))


def _dumped(url: str) -> bytes:
    """Return a plain-SQL dump, with rows as INSERT so that any client can restore it, without whose it was."""
    options = ("--no-owner", "--no-comments", "--rows-per-insert=100", "--restrict-key=sancai")
    command = [str(programmes() / "pg_dump"), *options, f"--dbname={url.replace('+psycopg', '', 1)}"]
    dump = subprocess.run(command, check=True, capture_output=True).stdout
    # Two lines are for psql alone.
    return dump.replace(b"\\restrict sancai\n", b"").replace(b"\\unrestrict sancai\n", b"")


def main(arguments: list[str]) -> None:
    """Write the fixture of the newest revision."""
    if arguments != ["--write"]:
        sys.exit("usage: python -m tests.checks.release_fixture --write")
    revision, dump = made()
    FOLDER.mkdir(exist_ok=True)
    place = fixture_of(revision)
    place.write_bytes(gzip.compress(dump, mtime=0))
    sys.stdout.write(f"{place.name}: {len(dump):,} bytes of SQL, {place.stat().st_size:,} compressed\n")


if __name__ == "__main__":
    main(sys.argv[1:])
