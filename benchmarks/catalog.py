"""Search, lists and publication in a catalog of a million generated datasets, beside one of a thousand.

``SANCAI_BENCH_SIZE`` sets the number of datasets (1,000,000). They are copies of one really published dataset with
titles, words, facets and fingerprints of their own, written by SQL: Zipf-like words, so that some stand nearly
everywhere and some once. Each has sixteen fingerprints in the look-up table of near-duplicates.
"""

import gc
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import create_engine, text

from benchmarks.report import Row
from registry.actors.model import ANONYMOUS, Actor
from registry.catalog import service
from registry.catalog.model import Search
from registry.house import House, application_url
from registry.journal import service as journal
from registry.journal.signing import SigningKey
from storage.database import Database
from storage.embedded_postgres import EmbeddedPostgres
from storage.local_store import LocalStore
from storage.migrate import create_database, migrate
from storage.settings import read_settings
from tests.registry.catalog.builders import a_csv, a_dataset, a_publisher, a_verified_draft, a_version, ask, publish
from tests.world import MovableClock

SIZE: Final = int(os.environ.get("SANCAI_BENCH_SIZE") or 1_000_000)
SMALL: Final = 1_000
SEARCHES: Final = 600
LISTINGS: Final = 200
PUBLICATIONS: Final = 25
SEED: Final = 20260302
WORDS: Final = 20_000
"""How many two-character words there are; the word of rank r stands in about 1/r of the texts."""

_GENERATE: Final = """
SET session_replication_role = replica;
SELECT setseed(0.42);
CREATE UNLOGGED TABLE made AS
  SELECT n, gen_random_uuid() AS dataset, gen_random_uuid() AS version,
         ARRAY(SELECT chr(19968 + (w % 400)) || chr(20400 + (w / 400))
               FROM (SELECT floor(power(:words, random()))::int - 1 AS w FROM generate_series(1, 46 + 0 * n)) AS drawn
         ) AS words,
         (ARRAY['smart_mining','new_energy','cultural_tourism','modern_agriculture','energy','manufacturing','transport',
                'medical','education','science'])[1 + floor(random() * 10)::int] AS sector,
         (ARRAY['CC-BY-4.0','CC0-1.0','ODbL-1.0','proprietary'])[1 + floor(random() * 4)::int] AS licence,
         (ARRAY['csv','parquet','jsonl','other'])[1 + floor(random() * 4)::int] AS format,
         CASE WHEN random() < 0.3 THEN floor(random() * 1e7)::bigint END AS price_fen,
         floor(power(random(), 8) * 12)::int AS adopters
  FROM generate_series(1, :size) AS n;
INSERT INTO datasets
  SELECT r.* FROM made AS m, datasets AS t, LATERAL jsonb_populate_record(t, jsonb_build_object(
    'id', m.dataset, 'name', 'generated/set-' || m.n, 'title', array_to_string(m.words[1:4], ''), 'sector', m.sector,
    'licence', m.licence)) AS r WHERE t.id = :dataset;
INSERT INTO dataset_names
  SELECT r.* FROM made AS m, dataset_names AS t, LATERAL jsonb_populate_record(t, jsonb_build_object(
    'key', 'generated/set-' || m.n, 'dataset_id', m.dataset)) AS r WHERE t.dataset_id = :dataset;
INSERT INTO versions
  SELECT r.* FROM made AS m, versions AS t, LATERAL jsonb_populate_record(t, jsonb_build_object(
    'id', m.version, 'dataset_id', m.dataset, 'report', '{}'::jsonb,
    'content_digest', sha256(uuid_send(m.version)), 'manifest_digest', sha256(uuid_send(m.dataset)))) AS r
  WHERE t.id = :version;
INSERT INTO search
  SELECT r.* FROM made AS m, search AS t, LATERAL jsonb_populate_record(t, jsonb_build_object(
    'dataset_id', m.dataset, 'sector', m.sector, 'licence', m.licence, 'formats', ARRAY[m.format],
    'adopters', m.adopters, 'price_fen', m.price_fen,
    'price', CASE WHEN m.price_fen IS NULL THEN 'free' ELSE 'paid' END,
    'tokens', array_to_tsvector(ARRAY(SELECT '@' || word FROM unnest(m.words[1:4]) AS word) || m.words
      || ARRAY['=sector:' || m.sector, '=licence:' || m.licence, '=format:' || m.format,
               '=price:' || CASE WHEN m.price_fen IS NULL THEN 'free' ELSE 'paid' END]))) AS r
  WHERE t.dataset_id = :dataset;
INSERT INTO sketch_hashes
  SELECT kind, hashtextextended(m.version::text || kind, place), m.version
  FROM made AS m, unnest(ARRAY['row', 'column']) AS kind, generate_series(1, 8) AS place
  ORDER BY 1, 2;
DROP TABLE made;
SET session_replication_role = origin;
ANALYZE datasets, dataset_names, versions, search, sketch_hashes;
"""


@contextmanager
def _catalog(folder: Path, size: int) -> Iterator[tuple[House, Actor]]:
    """Give an installation with ``size`` generated datasets, and the owner of a firm there."""
    with ExitStack() as opened:
        # Memory as on a machine that serves such a catalog; the rest as delivered.
        postgres = opened.enter_context(EmbeddedPostgres(folder / "postgres", {"shared_buffers": "2GB"}))
        create_database(postgres.superuser_url(), "catalog")
        owner_url = postgres.superuser_url("catalog")
        migrate(owner_url)
        database = Database(application_url(owner_url))
        opened.callback(database.dispose)
        clock = MovableClock()
        journal.bear(database, "real", "sancai.bench")
        settings = read_settings({"SANCAI_HOME": str(folder)})
        store = LocalStore(settings.objects_folder, settings.public_url, bytes(32))
        store.prepare()
        key = SigningKey.create("sancai.bench")
        house = House(settings, database, clock, store, key, bytes(32), ExitStack())
        owner = a_publisher(house)
        dataset, version = a_version(house, owner)
        started = time.perf_counter()
        _generate(owner_url, size, dataset.id.uuid.hex, version.id.uuid.hex)
        print(f"{size:,} datasets made in {time.perf_counter() - started:.0f} s", flush=True)
        yield house, owner


def _generate(owner_url: str, size: int, dataset: str, version: str) -> None:
    engine = create_engine(owner_url)
    values = {":words": str(WORDS), ":size": str(size), ":dataset": f"'{dataset}'", ":version": f"'{version}'"}
    script = _GENERATE
    for name, value in values.items():
        script = script.replace(name, value)
    with engine.begin() as connection:
        connection.connection.driver_connection.execute(script.encode())  # type: ignore[union-attr]
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM search"))
        connection.execute(text("CHECKPOINT"))
    engine.dispose()


def _word(values: random.Random, rank_max: int = WORDS) -> str:
    rank = int(rank_max ** values.random()) - 1
    return chr(19968 + rank % 400) + chr(20400 + rank // 400)


def _searches(seed: int = SEED) -> list[Search]:
    """Return what visitors ask for: one to three words from common to rare, half of them narrowed by a facet."""
    values = random.Random(seed)
    made = []
    for number in range(SEARCHES):
        words = " ".join(_word(values) for _ in range(1 + number % 3))
        sector = values.choice(["new_energy", "medical", "transport"]) if number % 2 else None
        licence = "CC-BY-4.0" if number % 4 == 3 else None
        made.append(Search(words, sector=sector, licence=licence, limit=20))
    return made


def _times_ms(act: Callable[[Search], object], wanted: list[Search]) -> list[float]:
    taken = []
    for each in wanted:
        started = time.perf_counter()
        act(each)
        taken.append((time.perf_counter() - started) * 1_000)
    return taken


def _p99(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=100)[98]


def _publication_ms(house: House, owner: Actor) -> float:
    """Return the median time of the publication itself; drafts are verified before."""
    taken = []
    for number in range(PUBLICATIONS):
        held = a_dataset(house, owner, f"measured/set-{number}", "新能源风电功率预测数据集")
        draft = a_verified_draft(house, owner, held, {"wind.csv": a_csv(seed=1_000 + number)})
        started = time.perf_counter()
        publish(house, owner, draft)
        taken.append((time.perf_counter() - started) * 1_000)
    return statistics.median(taken)


def _measured(size: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="sancai-bench-") as folder, _catalog(Path(folder), size) as (house, owner):

        def search(wanted: Search) -> object:
            return ask(house, ANONYMOUS, lambda view: service.search(view, wanted))

        facets: list[str | None] = [None, "new_energy", "medical"]
        lists = [Search(sector=facets[number % 3], limit=50) for number in range(LISTINGS)]
        # Each kind of query is prepared once in the life of a process; other words of every kind do that here.
        _times_ms(search, _searches(SEED + 1) + lists[:6])
        # As a worker of the server does.
        gc.collect()
        gc.freeze()
        return {
            "search": _p99(_times_ms(search, _searches())),
            "list": _p99(_times_ms(search, lists)),
            "publish": _publication_ms(house, owner),
        }


def rows() -> list[Row]:
    """Measure and return the rows."""
    small, large = _measured(SMALL), _measured(SIZE)
    peer = f"at {SMALL:,} datasets"
    return [
        Row(f"search with facets at {SIZE:,}, p99", large["search"], "ms", peer, small["search"], target=50),
        Row(f"listing page at {SIZE:,}, p99", large["list"], "ms", peer, small["list"], target=20),
        Row(
            f"publish at {SIZE:,}, median", large["publish"], "ms", peer, small["publish"],
            target=small["publish"] * 1.25,
        ),
    ]  # fmt: skip
