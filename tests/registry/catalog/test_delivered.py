"""Downloads are counted from the access log: each once, whatever the log repeats, and none that did not happen."""

import gzip
import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from registry.actors.model import ANONYMOUS, Actor
from registry.catalog import delivered, service
from registry.catalog.delivered import Ingested, ingest, ingest_file
from registry.catalog.model import Dataset, VersionName
from registry.catalog.records import usage_events
from registry.catalog.usage import note_reads, usage
from registry.catalog.usage_model import UsageDay
from registry.house import House
from registry.manifests.model import FilePath
from registry.manifests.uploads import Blob
from registry.values.identifiers import ReadId
from tests.conftest import FixedClock
from tests.registry.catalog.builders import a_csv, a_publisher, a_version, ask


@pytest.fixture
def owner(house: House) -> Actor:
    return a_publisher(house)


@pytest.fixture
def dataset(house: House, owner: Actor) -> Dataset:
    return a_version(house, owner, {"a.csv": a_csv(), "b.csv": a_csv(seed=2)})[0]


def issue(house: House, dataset: Dataset, path: str = "a.csv") -> tuple[ReadId, Blob]:
    """Give out an address; return the read and what it leads to."""
    read = ReadId.new()
    with house.view(ANONYMOUS) as view:
        name = VersionName(dataset.name, 1)
        found = service.read_locations(view, name, [FilePath(path)])
        note_reads(house.database, view, service.version_named(view, name).id, found, "v1", [read])
    return read, found[0][1]


def line(read: ReadId, blob: Blob, first: int, sent: int, at: str = "2026-03-02T10:00:00+08:00") -> str:
    uri = f"/sancai-published/{blob.place.key}?x-sancai-read={read}&X-Amz-Signature=0"
    whole = (first, sent) == (0, blob.size_bytes)
    stated = {"time_iso8601": at, "request_method": "GET", "request_uri": uri, "status": 200 if whole else 206}
    return json.dumps({**stated, "body_bytes_sent": sent, "http_range": "" if whole else f"bytes={first}-"})


def take(house: House, lines: Sequence[str]) -> Ingested:
    return ingest(house.database, house.clock, lines)


def days(house: House, owner: Actor, dataset: Dataset) -> tuple[UsageDay, ...]:
    return ask(house, owner, lambda view: usage(view, dataset, None, 10))


def counted(house: House, owner: Actor, dataset: Dataset) -> list[tuple[int, int, int, int]]:
    """Return (issued, downloads, complete, bytes) of each day."""
    return [(each.reads, each.downloads, each.complete, each.sent_bytes) for each in days(house, owner, dataset)]


def test_an_address_nobody_used_is_issued_and_not_delivered(house: House, owner: Actor, dataset: Dataset) -> None:
    issue(house, dataset)
    assert counted(house, owner, dataset) == [(1, 0, 0, 0)]


def test_ranges_of_one_read_are_one_download(house: House, owner: Actor, dataset: Dataset) -> None:
    read, blob = issue(house, dataset)
    half = blob.size_bytes // 2
    take(house, [line(read, blob, half, blob.size_bytes - half)])
    assert counted(house, owner, dataset) == [(1, 1, 0, blob.size_bytes - half)]
    take(house, [line(read, blob, 0, half + 7)])
    assert counted(house, owner, dataset) == [(1, 1, 1, blob.size_bytes)]


def test_lines_that_come_again_change_nothing(house: House, owner: Actor, dataset: Dataset) -> None:
    read, blob = issue(house, dataset)
    lines = [line(read, blob, 0, 10), line(read, blob, 20, 10), line(read, blob, 0, 10)]
    take(house, lines)
    seen = counted(house, owner, dataset)
    take(house, lines[::-1])
    take(house, lines[1:])
    assert counted(house, owner, dataset) == seen == [(1, 1, 0, 20)]


def test_batches_do_not_matter(house: House, owner: Actor, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivered, "LINES_AT_ONCE", 2)
    reads = [issue(house, dataset) for _ in range(3)]
    lines = [line(read, blob, first, 5) for read, blob in reads for first in (0, 5, 20)]
    assert take(house, lines).counted == 9
    assert counted(house, owner, dataset) == [(3, 3, 0, 45)]


def test_forged_and_foreign_reads_are_counted_as_such(house: House, owner: Actor, dataset: Dataset) -> None:
    read, blob = issue(house, dataset)
    _, other = issue(house, dataset, "b.csv")
    lines = [line(ReadId.new(), blob, 0, 10), line(read, other, 0, 10), "nonsense", line(read, blob, 0, 9)]
    lines.append(line(read, blob, 0, 9).replace("x-sancai-read", "x-other"))
    lines.append(line(read, blob, 0, 9).replace('"GET"', '"HEAD"'))
    assert take(house, lines) == Ingested(lines=6, counted=1, other=1, unnamed=1, foreign=2, malformed=1)
    assert counted(house, owner, dataset) == [(2, 1, 0, 9)]


def test_more_than_the_file_is_never_counted(house: House, owner: Actor, dataset: Dataset) -> None:
    read, blob = issue(house, dataset)
    take(house, [line(read, blob, 5, blob.size_bytes * 3), line(read, blob, blob.size_bytes + 9, 100)])
    assert counted(house, owner, dataset) == [(1, 1, 0, blob.size_bytes - 5)]


def test_a_download_counts_on_the_day_of_its_first_request(
    house: House, clock: FixedClock, owner: Actor, dataset: Dataset
) -> None:
    clock.set("2026-03-02T15:59:00Z")
    read, blob = issue(house, dataset)
    clock.advance(timedelta(minutes=5))
    take(house, [line(read, blob, 5, 5, "2026-03-03T00:01:00+08:00")])
    assert [(str(each.day), each.reads, each.downloads) for each in days(house, owner, dataset)] == [
        ("2026-03-03", 0, 1),
        ("2026-03-02", 1, 0),
    ]
    take(house, [line(read, blob, 0, 5, "2026-03-02T23:59:30+08:00")])
    assert [(str(each.day), each.downloads) for each in days(house, owner, dataset)] == [("2026-03-02", 1)]


def test_files_may_be_compressed_and_overlap(house: House, owner: Actor, dataset: Dataset, tmp_path: Path) -> None:
    read, blob = issue(house, dataset)
    whole = line(read, blob, 0, blob.size_bytes)
    plain, packed = tmp_path / "store.log", tmp_path / "store.log.1.gz"
    plain.write_text(f"{'x' * 200_000}\n{whole}\n", encoding="utf-8")
    packed.write_bytes(gzip.compress(f"{whole}\n".encode()))
    assert ingest_file(house.database, house.clock, packed) == Ingested(lines=1, counted=1)
    assert ingest_file(house.database, house.clock, plain) == Ingested(lines=2, counted=1, malformed=1)
    assert counted(house, owner, dataset) == [(1, 1, 1, blob.size_bytes)]


def test_the_address_names_its_read_under_the_signature(house: House, dataset: Dataset) -> None:
    read, blob = issue(house, dataset)
    url = house.store.read_url(blob.place, 60, "a.csv", read)
    assert f"x-sancai-read={read}" in url
    with house.database.reading() as connection:
        assert connection.execute(select(usage_events.c.id)).scalar_one() == read
