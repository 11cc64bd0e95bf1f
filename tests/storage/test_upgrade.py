"""A database of each release, brought to the newest schema: nothing is lost, and every promise in it still holds.

``make fixture`` writes the fixture of a release that is not out yet; the fixture of one that is out never changes.
"""

import gzip
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from registry.house import House
from registry.journal.service import verify_log
from registry.journal.signing import SigningKey
from registry.vouchers.ledger import verify_ledger
from storage.database import metadata
from storage.embedded_postgres import EmbeddedPostgres
from storage.migrate import create_database, migrate, newest_revision
from tests.checks import schema_of_tables
from tests.checks.release_fixture import FOLDER, fixture_of
from tests.world import ADOPTERS, DATASET, ORIGIN, MovableClock, open_house, web_of

FIXTURES = sorted(FOLDER.glob("release-*.sql.gz"))

_numbers = itertools.count()


@pytest.fixture(params=FIXTURES, ids=lambda path: path.name.removesuffix(".sql.gz"))
def restored_url(request: pytest.FixtureRequest, postgres: EmbeddedPostgres) -> str:
    """The address of a database as a release left it."""
    name = f"release_{next(_numbers)}"
    create_database(postgres.superuser_url(), name)
    engine = create_engine(postgres.superuser_url(name))
    with engine.begin() as connection:
        # One string without parameters is sent as it is, however many statements it holds.
        connection.connection.driver_connection.execute(gzip.decompress(request.param.read_bytes()))  # type: ignore[union-attr]
    engine.dispose()
    return postgres.superuser_url(name)


@pytest.fixture
def upgraded(restored_url: str, tmp_path: Path) -> Iterator[House]:
    """An installation on the upgraded database; its objects are not part of the fixture."""
    migrate(restored_url)
    with open_house(restored_url, tmp_path / "home", MovableClock(), SigningKey.create(ORIGIN)) as house:
        yield house


def rows_of(url: str) -> dict[str, int]:
    """Return how many rows each table holds."""
    engine = create_engine(url)
    with engine.connect() as connection:
        names = connection.execute(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'")
        ).scalars()
        found = {name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in list(names)}
    engine.dispose()
    return found


def test_this_release_has_a_fixture() -> None:
    assert fixture_of(newest_revision()) in FIXTURES, "make fixture"


def test_an_upgrade_loses_no_row(restored_url: str) -> None:
    before = rows_of(restored_url)
    assert migrate(restored_url) == newest_revision()
    after = rows_of(restored_url)
    assert {name: after.get(name) for name in before} == before
    assert sum(before.values()) > 500


def test_an_upgraded_database_has_exactly_the_tables_of_the_rooms(restored_url: str) -> None:
    schema_of_tables.import_tables()
    migrate(restored_url)
    engine = create_engine(restored_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_name": lambda name, kind, _: kind != "table" or name in metadata.tables,
                "compare_server_default": False,
            },
        )
        assert compare_metadata(context, metadata) == [], "a migration is missing"
    engine.dispose()


def test_the_log_and_the_ledger_still_prove_themselves(upgraded: House) -> None:
    with upgraded.view() as view:
        newest = verify_log(view.connection)
        assert newest is not None
        assert newest.size > 100
        ledger = verify_ledger(view.connection)
    assert ledger.postings > 10


def test_what_was_public_is_read_as_before(upgraded: House) -> None:
    web = web_of(upgraded)
    version = web.get(f"/v1/datasets/{DATASET}/versions/v1")
    assert (
        web.get(f"/v1/datasets/{DATASET}/versions/v1/manifest")["root"]["content_digest"] == version["content_digest"]
    )
    adoption = web.get(f"/v1/datasets/{DATASET}/adoption")
    assert (adoption["counted"], adoption["needed"]) == (len(ADOPTERS), 3)
    assert [found["title"] for found in web.get("/v1/datasets", q="风电")["items"]]
    assert web.get("/v1/pools")["items"][0]["used_fen"] > 0
    assert web.raw("GET", "/log/checkpoint").status_code == 200


def test_the_paid_cases_are_kept_to_the_fen(upgraded: House) -> None:
    with upgraded.view() as view:
        found = view.connection.execute(text("SELECT kind, state FROM cases ORDER BY kind")).all()
    assert [tuple(row) for row in found] == [("award", "paid"), ("voucher_batch", "paid")]
