"""A dataset of several kinds of files behind the real service, for whatever reads."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from sancai import Client
from tests.live import application_of, live
from tests.world import BUYER, PUBLISHER, World, table, verified_draft

NAME = "lvtu/library"
ROWS = 100_000
CARD = """---
configs:
- config_name: readings
  data_files: data/readings.parquet
- config_name: small
  data_files: small/*.csv
---
# 图书馆
"""


@dataclass(frozen=True)
class Library:
    """Where the service is, who asks, and what the first version holds."""

    world: World
    url: str
    token: str
    files: dict[str, bytes]

    reference: str = f"{NAME}@v1"

    def client(self, token: str | None = None) -> Client:
        """Return a client of the buyer, or of whom ``token`` names."""
        return Client(self.url, token or self.token)


def readings() -> pa.Table:
    """Return a table that makes a Parquet file of more than a mebibyte in several row groups."""
    numbers = range(ROWS)
    columns = {
        "id": numbers,
        "station": [f"站点{number % 40}" for number in numbers],
        "power": [number * 7919 % 104729 / 8 for number in numbers],
    }
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def parquet(rows: pa.Table) -> bytes:
    """Return ``rows`` as a Parquet file that nothing compresses much."""
    written = io.BytesIO()
    pq.write_table(rows, written, row_group_size=10_000, compression="none", use_dictionary=["station"])
    return written.getvalue()


def archive() -> bytes:
    """Return a small archive: an asset that is no table."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as made:
        made.writestr(zipfile.ZipInfo("note.txt"), "备注")
    return written.getvalue()


@contextmanager
def library_in(world: World) -> Iterator[Library]:
    """Publish the dataset in ``world`` and serve it."""
    files = {
        "README.md": CARD.encode(),
        "data/readings.parquet": parquet(readings()),
        "small/a.csv": table(11, rows=20),
        "small/b.csv": table(12, rows=20),
        "附件/资料.zip": archive(),
    }
    publisher = world.as_(PUBLISHER)
    draft = verified_draft(world, publisher, NAME, files)
    publisher.post(f"/v1/drafts/{draft}/publish")
    with live(lambda url: application_of(world.house, url)) as url:
        yield Library(world, url, world.tokens[f"{BUYER}/owner"], files)
