"""Installations for the benchmark of vouchers: a market with its pool, and as many firms with orders as are asked for.

The firms are copies of one that was really registered, with codes, accounts, tokens and orders of their own.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from sqlalchemy.engine import make_url

from registry.house import DATABASE_NAME, House, application_url
from registry.journal import service as journal
from registry.journal.signing import SigningKey
from registry.values.moment import SystemClock
from storage.database import Database
from storage.embedded_postgres import EmbeddedPostgres
from storage.local_store import LocalStore
from storage.migrate import create_database, migrate
from storage.settings import read_settings
from tests.registry.exchange.builders import Market, a_listing, a_market, an_accepted_order, firm_of
from tests.registry.parties.builders import a_uscc
from tests.registry.vouchers.builders import a_pool

FIRST_CODE: Final = 1_000_000

_COPIES: Final = """
CREATE UNLOGGED TABLE made (n int, uscc text, net bigint, digest bytea,
  firm uuid DEFAULT gen_random_uuid(), account uuid DEFAULT gen_random_uuid(), order_id uuid DEFAULT gen_random_uuid());
"""

_FIRMS: Final = """
SET session_replication_role = replica;
INSERT INTO firms SELECT r.* FROM made AS m, firms AS t,
  LATERAL jsonb_populate_record(t, jsonb_build_object('id', m.firm)) AS r WHERE t.id = '{firm}';
INSERT INTO firm_codes (uscc, firm_id) SELECT uscc, firm FROM made;
INSERT INTO firm_lines SELECT r.* FROM made AS m, firm_lines AS t, LATERAL jsonb_populate_record(t,
  jsonb_build_object('id', gen_random_uuid(), 'firm_id', m.firm, 'uscc', m.uscc, 'name', 'Firm ' || m.n)) AS r
  WHERE t.firm_id = '{firm}';
INSERT INTO fact_lines SELECT r.* FROM made AS m, fact_lines AS t, LATERAL jsonb_populate_record(t,
  jsonb_build_object('id', gen_random_uuid(), 'firm_id', m.firm)) AS r WHERE t.firm_id = '{firm}';
INSERT INTO orders SELECT r.* FROM made AS m, orders AS t, LATERAL jsonb_populate_record(t,
  jsonb_build_object('id', m.order_id, 'buyer_id', m.firm, 'net', m.net, 'vat', 0)) AS r WHERE t.id = '{order}';
INSERT INTO accounts (id, login, display_name, kind, firm_id, roles, state, created_at)
  SELECT account, 'bench-' || n, 'Owner', 'person', firm, ARRAY['owner'], 'active', now() FROM made;
INSERT INTO tokens (id, account_id, kind, label, digest, scopes, created_at, expires_at)
  SELECT gen_random_uuid(), account, 'personal', 'bench', digest, ARRAY['claim', 'read'], now(),
  now() + interval '1 day' FROM made;
SET session_replication_role = origin;
ANALYZE firms, firm_codes, firm_lines, fact_lines, orders, accounts, tokens;
"""


@dataclass(frozen=True)
class Place:
    """An installation in a folder, its market, and its database as the superuser sees it."""

    folder: Path
    market: Market
    owner_url: str
    superuser_url: str

    @contextmanager
    def database(self) -> Iterator[psycopg.Connection[Any]]:
        """Give a connection as the owner of the tables."""
        with psycopg.connect(plain(self.owner_url)) as connection:
            yield connection


def plain(url: str) -> str:
    """Return an address as psycopg and pgbench read it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def a_place() -> Iterator[Place]:
    """Give an installation with the database that ``sancai serve`` would keep, and a market with its pool."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="sancai-bench-")))
        settings = read_settings({"SANCAI_HOME": str(folder)})
        postgres = opened.enter_context(EmbeddedPostgres(settings.postgres_folder))
        create_database(postgres.superuser_url(), DATABASE_NAME)
        owner_url = postgres.superuser_url(DATABASE_NAME)
        migrate(owner_url)
        database = Database(application_url(owner_url))
        opened.callback(database.dispose)
        journal.bear(database, "real", settings.origin)
        store = LocalStore(settings.objects_folder, settings.public_url, bytes(32))
        store.prepare()
        key = SigningKey.create(settings.origin)
        market = a_market(House(settings, database, SystemClock(), store, key, bytes(32), ExitStack()))
        a_pool(market)
        yield Place(folder, market, owner_url, postgres.superuser_url())


def secret_of(number: int) -> str:
    """Return the token of a firm's owner."""
    return f"bench-token-of-firm-{number:08d}"


def add_firms(place: Place, nets: list[int]) -> list[str]:
    """Register a firm with an accepted order for each net amount in fen; return the ids of the orders."""
    market = place.market
    order = an_accepted_order(market, a_listing(market))
    with place.database() as connection, connection.cursor() as cursor:
        cursor.execute(_COPIES)
        with cursor.copy("COPY made (n, uscc, net, digest) FROM STDIN") as copy:
            for number, net in enumerate(nets):
                digest = hashlib.sha256(secret_of(number).encode()).digest()
                copy.write_row((number, str(a_uscc(FIRST_CODE + number)), net, digest))
        script = _FIRMS.format(firm=firm_of(market.buyer).uuid, order=order.id.uuid)
        cursor.execute(script.encode())
        return [f"ord_{row[0].hex}" for row in cursor.execute("SELECT order_id FROM made ORDER BY n")]
