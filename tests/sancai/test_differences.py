"""Differences page by page: sums once, files as they are consumed, and what cannot be compared."""

import tracemalloc
from collections.abc import Iterator
from itertools import islice
from urllib.parse import parse_qs, urlsplit

import pytest

from sancai.client import Client
from sancai.differences import PAGE_FILES, FileChange
from sancai.errors import InvalidValueError, NotFoundError
from tests.sancai.server import Reply, Request, Running, serving

FILES = 30_000
COUNTS = {"added": 4, "removed": 1, "changed_before": 10, "changed_after": 12}
SUMMARY = {
    "files_added": FILES,
    "files_removed": 0,
    "files_changed": 0,
    "bytes": COUNTS,
    "rows": COUNTS,
    "schema_changes": [
        {
            "path": "wind.csv",
            "added": [{"name": "gust", "type": "number"}],
            "removed": [],
            "changed": [{"name": "id", "before": "number", "after": "text"}],
        }
    ],
}


def answer(request: Request) -> Reply:
    """Give a difference of very many files, page by page."""
    parts = urlsplit(request.path)
    if parts.path == "/v1/datasets/hami/wind/versions":
        shown = [{"id": f"ver_{n}", "number": n, "content_digest": "sha256:0"} for n in (1, 2, 3)]
        return Reply.of({"items": shown, "next_cursor": None})
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if parts.path != "/v1/datasets/hami/wind/diff" or query["to"] == "9":
        return Reply.of({"code": "version_not_found", "detail": "There is no such version."}, 404)
    start, limit = int(query.get("cursor", "0")), int(query["limit"])
    end = min(start + limit, FILES)
    files = [{"path": f"{n:08}", "change": "added", "size_before": None, "size_after": n} for n in range(start, end)]
    following = str(end) if end < FILES else None
    return Reply.of({"summary": None if start else SUMMARY, "items": files, "next_cursor": following})


@pytest.fixture
def running() -> Iterator[Running]:
    with serving(answer) as made:
        yield made


@pytest.fixture
def client(running: Running) -> Iterator[Client]:
    with Client(running.url) as made:
        yield made


def test_pages_are_fetched_as_files_are_consumed(client: Client, running: Running) -> None:
    found = client.diff("hami/wind@v1", "@v2")
    assert len(running.asked) == 1
    assert (found.summary.files_added, found.summary.bytes.grown) == (FILES, 5)
    [change] = found.summary.schema_changes
    assert (change.added[0].name, change.changed[0].after) == ("gust", "text")
    first = list(islice(found.files, PAGE_FILES))
    assert first[-1] == FileChange("00000999", "added", None, 999)
    assert len(running.asked) == 1
    next(found.files)
    assert len(running.asked) == 2


def test_memory_does_not_grow_with_the_number_of_files(client: Client) -> None:
    found = client.diff("hami/wind@v1", "v2")
    next(found.files)
    tracemalloc.start()
    try:
        assert sum(1 for _ in found.files) == FILES - 1
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < FILES * 100


@pytest.mark.parametrize("after", ["@v2", "v2", "hami/wind@v2"])
def test_the_later_version_is_named_in_short(client: Client, after: str) -> None:
    assert client.diff("hami/wind@v1", after).after == 2


def test_without_a_later_version_the_newest_is_meant(client: Client) -> None:
    assert client.diff("hami/wind@v1").after == 3
    assert client.diff("hami/wind@v1", "hami/wind").after == 3


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("hami/wind", "@v2", "version_unnamed"),
        ("hami/wind@v1", "other/wind@v2", "datasets_differ"),
        ("hami/wind@v1", "two", "name_malformed"),
    ],
)
def test_what_cannot_be_compared_is_said(client: Client, before: str, after: str, code: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        client.diff(before, after)
    assert caught.value.code == code


def test_a_version_that_is_not_there(client: Client) -> None:
    with pytest.raises(NotFoundError):
        client.diff("hami/wind@v1", "@v9")
