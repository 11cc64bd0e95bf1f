import io
from collections.abc import Iterator

import pytest

import sancai
from sancai import contents as small
from sancai import fetching, handles, ranged_file
from sancai.client import Client
from sancai.errors import CorruptContentError, InvalidValueError, NotFoundError, UnavailableError
from sancai.handles import VersionHandle
from tests.sancai.server import NO_ANSWER, Reply, Running, serving
from tests.sancai.store import Store, signed_manifest

SMALL = 64 << 10
BIG = bytes(range(256)) * 4000 + b"the end"
FILES = {"big.bin": BIG, "data/a.csv": b"a,b\n1,2\n", "data/b.txt": b"b", "空.txt": b""}


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (small, fetching, handles):
        monkeypatch.setattr(module, "SMALL_BYTES", SMALL)
    for module in (ranged_file, handles):
        monkeypatch.setattr(module, "AHEAD_MIN_BYTES", 1 << 12)
    monkeypatch.setattr(ranged_file, "AHEAD_MAX_BYTES", 1 << 16)
    monkeypatch.setattr(ranged_file, "PIECE_BYTES", 1 << 16)


@pytest.fixture
def store() -> Store:
    return Store(dict(FILES))


@pytest.fixture
def running(store: Store) -> Iterator[Running]:
    with serving(store.answer) as started:
        yield started


@pytest.fixture
def version(running: Running) -> Iterator[VersionHandle]:
    with Client(running.url, "t0") as client, client.load("hami/wind@v1") as loaded:
        yield loaded


def test_a_version_is_loaded_with_the_configuration_of_the_command_line(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANCAI_URL", running.url)
    monkeypatch.setenv("SANCAI_TOKEN", "t1")
    with sancai.load("hami/wind@v1") as version:
        assert version.reference == "hami/wind@v1"
    assert running.asked[0].headers["Authorization"] == "Bearer t1"


def test_without_a_service_it_says_how_to_choose_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SANCAI_URL", raising=False)
    with pytest.raises(InvalidValueError, match="sancai login"):
        sancai.load("hami/wind@v1")


def test_files_are_listed_by_path_and_pattern(version: VersionHandle) -> None:
    assert [file.path for file in version.files()] == sorted(FILES)
    assert [file.path for file in version.files("data/*.csv", "空.txt")] == ["data/a.csv", "空.txt"]
    with pytest.raises(NotFoundError):
        list(version.files("*.parquet"))


def test_a_file_is_read_whole(version: VersionHandle) -> None:
    assert {path: version.read_bytes(path) for path in FILES} == FILES


def test_a_missing_file_is_not_found(version: VersionHandle) -> None:
    with pytest.raises(NotFoundError):
        version.open("data")


def test_an_open_file_is_read_where_it_is_sought(version: VersionHandle) -> None:
    with version.open("big.bin") as file:
        assert file.seekable()
        assert (file.seek(-7, io.SEEK_END), file.read()) == (len(BIG) - 7, b"the end")
        assert (file.seek(1000), file.read(10), file.tell()) == (1000, BIG[1000:1010], 1010)
        assert file.read(100_000) == BIG[1010:101_010]
        assert (file.seek(len(BIG) + 5), file.read(1)) == (len(BIG) + 5, b"")
        with pytest.raises(InvalidValueError):
            file.seek(-1)


def test_a_jump_reads_little_and_a_scan_reads_ahead(store: Store, version: VersionHandle) -> None:
    with version.open("big.bin") as file:
        file.seek(500_000)
        file.read(10)
    assert [_length(asked) for asked in store.ranges] == [4096]
    store.ranges.clear()
    with version.open("big.bin") as file:
        while file.read(1 << 12):
            pass
    assert len(store.ranges) < len(BIG) // (1 << 14)
    assert max(map(_length, store.ranges)) == 1 << 16


def test_lines_are_read(version: VersionHandle) -> None:
    with io.TextIOWrapper(version.open("data/a.csv")) as lines:
        assert list(lines) == ["a,b\n", "1,2\n"]


def test_a_range_ends_where_the_file_does(version: VersionHandle) -> None:
    assert version.read_range("big.bin", len(BIG) - 3, len(BIG) + 10) == b"end"
    assert version.read_range("big.bin", 20, 20) == b""
    assert version.read_range("data/a.csv", 2, 5) == b"b\n1"


def test_other_bytes_than_signed_are_refused(store: Store, version: VersionHandle) -> None:
    store.on_read = lambda _path, body, _count: Reply(206, bytes(len(body)))
    store.on_contents = lambda body, _count: Reply(200, bytes(len(body)))
    for path in ("big.bin", "data/a.csv"):
        with pytest.raises(CorruptContentError):
            version.read_bytes(path)
    with version.open("big.bin") as file:
        file.read(1 << 15)
        with pytest.raises(CorruptContentError):
            file.read()


def test_a_cut_range_and_an_expired_address_are_asked_for_again(store: Store, version: VersionHandle) -> None:
    trouble = {1: Reply(206, BIG[:100], cut_after=50), 2: NO_ANSWER, 3: Reply(403), 4: Reply(503)}
    store.on_read = lambda _path, _body, count: trouble.get(count)
    with version.open("big.bin") as file:
        assert file.read(1000) == BIG[:1000]


def test_a_store_without_ranges_says_what_to_do(store: Store, version: VersionHandle) -> None:
    store.honours_ranges = False
    with version.open("big.bin") as file, pytest.raises(UnavailableError, match="sancai pull"):
        file.read(10)


def test_only_the_page_of_a_file_is_fetched(store: Store, version: VersionHandle) -> None:
    store.files = {f"{number:03}.txt": b"%d" % number for number in range(50)}
    store.manifest = signed_manifest(store.files, page_files=10)
    assert version.read_bytes("033.txt") == b"33"
    assert len(store.pages_given) == 1
    assert [file.path for file in version.files()] == sorted(store.files)
    assert len(store.pages_given) == 5


def test_a_page_that_is_not_the_one_signed_is_refused(store: Store, version: VersionHandle) -> None:
    store.manifest = signed_manifest(FILES)
    store.manifest["pages"][0]["files"][1]["path"] = "data/c.csv"
    with pytest.raises(CorruptContentError) as caught:
        version.read_bytes("data/c.csv")
    assert caught.value.code == "manifest_mismatch"


def _length(asked: str) -> int:
    first, last = map(int, asked.removeprefix("bytes=").split("-"))
    return last - first + 1
