"""``sancai://`` with the libraries people read data with, against the real service."""

import io
from collections.abc import Iterator
from typing import Any

import duckdb
import fsspec
import pandas as pd
import polars as pl
import pyarrow.dataset
import pyarrow.parquet
import pytest

from sancai import ranged_file
from sancai.filesystem import SancaiFileSystem
from tests.sancai.library import CARD, NAME, ROWS, Library, parquet, readings
from tests.world import STRANGER

AT = f"{NAME}@v1"
PARQUET = f"{AT}/data/readings.parquet"


@pytest.fixture(autouse=True)
def signed_in(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """The configuration of the command line is the library's."""
    monkeypatch.setenv("SANCAI_URL", library.url)
    monkeypatch.setenv("SANCAI_TOKEN", library.token)


@pytest.fixture
def files() -> Iterator[SancaiFileSystem]:
    made = fsspec.filesystem("sancai", skip_instance_cache=True)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def nothing_stays_open() -> Iterator[None]:
    yield
    for made in list(SancaiFileSystem._cache.values()):
        made.close()
    SancaiFileSystem.clear_instance_cache()


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes each request to the store asked for."""
    asked: list[int] = []
    real = ranged_file.fetch_range

    def counted(http: Any, source: Any, start: int, memory: memoryview, stop: Any) -> None:
        asked.append(len(memory))
        real(http, source, start, memory, stop)

    monkeypatch.setattr(ranged_file, "fetch_range", counted)
    return asked


def test_folders_are_listed(files: SancaiFileSystem) -> None:
    assert files.ls(f"sancai://{AT}", detail=False) == [f"{AT}/{n}" for n in ("README.md", "data", "small", "附件")]
    assert [found["type"] for found in files.ls(AT)] == ["file", "directory", "directory", "directory"]
    assert files.ls(f"{AT}/small/", detail=False) == [f"{AT}/small/a.csv", f"{AT}/small/b.csv"]
    assert files.glob(f"{AT}/**/*.csv") == [f"{AT}/small/a.csv", f"{AT}/small/b.csv"]
    assert files.find(AT, maxdepth=1, withdirs=True) == files.ls(AT, detail=False)
    assert [root for root, _, _ in files.walk(AT)] == [AT, f"{AT}/data", f"{AT}/small", f"{AT}/附件"]


def test_files_are_described(files: SancaiFileSystem, library: Library) -> None:
    found = files.info(f"sancai://{PARQUET}")
    assert (found["type"], found["size"]) == ("file", len(library.files["data/readings.parquet"]))
    assert files.isdir(f"{AT}/data")
    assert not files.exists(f"{AT}/dat")
    assert files.ukey(PARQUET) == found["sha256"]
    assert files.modified(PARQUET).tzinfo is not None


@pytest.mark.parametrize("path", [f"{AT}/no.csv", f"{NAME}@v9/a", "lvtu/nothing@v1/a", "lvtu", f"{NAME}@x/a"])
def test_what_is_not_there_is_not_found(files: SancaiFileSystem, path: str) -> None:
    with pytest.raises(FileNotFoundError):
        files.open(path)
    with pytest.raises(FileNotFoundError):
        files.ls(path)


def test_who_may_not_read_has_no_permission(library: Library) -> None:
    stranger = SancaiFileSystem(token=library.world.tokens[f"{STRANGER}/owner"], skip_instance_cache=True)
    with pytest.raises(PermissionError):
        stranger.cat_file("lvtu/wind@v1/data/wind.csv")
    stranger.close()


def test_a_token_of_one_service_is_not_sent_to_another(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANCAI_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("SANCAI_TOKEN", "not for the library")
    other = SancaiFileSystem(library.url, skip_instance_cache=True)
    assert not other._client().session.signed_in
    other.close()


def test_bytes_are_read_whole_and_by_ranges(files: SancaiFileSystem, library: Library) -> None:
    content = library.files["data/readings.parquet"]
    assert files.cat_file(PARQUET) == content
    assert files.cat_file(PARQUET, -4) == b"PAR1"
    assert files.cat_file(PARQUET, 4, -4) == content[4:-4]
    assert files.cat_ranges([PARQUET] * 3, [0, 10, 50], [4, 20, 50]) == [b"PAR1", content[10:20], b""]
    assert files.cat(f"{AT}/small/*.csv") == {
        f"{AT}/small/{n}": library.files[f"small/{n}"] for n in ("a.csv", "b.csv")
    }
    missing = files.cat_ranges([f"{AT}/no"], [0], [1], on_error="return")
    assert isinstance(missing[0], FileNotFoundError)
    with files.open(f"{AT}/README.md", "r", encoding="utf-8") as text:
        assert text.read() == CARD


def test_files_are_downloaded(files: SancaiFileSystem, library: Library, tmp_path: Any) -> None:
    files.get(AT, f"{tmp_path}/all", recursive=True)
    found = {p.relative_to(tmp_path / "all").as_posix(): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert found == library.files


def test_it_is_read_only(files: SancaiFileSystem) -> None:
    for act in (lambda: files.open(PARQUET, "wb"), lambda: files.mkdir(f"{AT}/new"), lambda: files.touch(f"{AT}/new")):
        with pytest.raises(OSError, match="never changes"):
            act()


def test_pandas_reads_an_address(library: Library) -> None:
    frame = pd.read_parquet(f"sancai://{PARQUET}", columns=["power"])
    assert len(frame) == ROWS
    assert len(pd.read_csv(f"sancai://{AT}/small/a.csv")) == 20


def test_pandas_takes_service_and_token(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SANCAI_URL")
    options = {"url": library.url, "token": library.token}
    assert len(pd.read_csv(f"sancai://{AT}/small/b.csv", storage_options=options)) == 20


def test_pyarrow_reads_a_column_without_the_rest(files: SancaiFileSystem, library: Library, fetched: list[int]) -> None:
    found = pyarrow.dataset.dataset(f"{AT}/data", filesystem=files, format="parquet")
    column = found.to_table(columns=["station"], filter=pyarrow.dataset.field("id") < 10_000)
    assert column.num_rows == 10_000
    assert 0 < sum(fetched) < len(library.files["data/readings.parquet"]) // 2


def test_polars_reads_through_the_file_system(files: SancaiFileSystem) -> None:
    with files.open(PARQUET) as file:
        assert pl.read_parquet(file, columns=["id"]).height == ROWS
    scanned = pl.scan_pyarrow_dataset(pyarrow.dataset.dataset(f"{AT}/data", filesystem=files))
    assert scanned.filter(pl.col("id") < 5).collect().height == 5
    with files.open(f"{AT}/small/a.csv") as file:
        assert pl.read_csv(file).height == 20


def test_duckdb_reads_through_the_file_system(files: SancaiFileSystem) -> None:
    with duckdb.connect() as base:
        base.register_filesystem(files)
        [(count, most)] = base.sql(f"SELECT count(*), max(id) FROM 'sancai://{PARQUET}'").fetchall()
        assert (count, most) == (ROWS, ROWS - 1)
        [(rows,)] = base.sql(f"SELECT count(*) FROM read_csv('sancai://{AT}/small/*.csv')").fetchall()
        assert rows == 40


def test_what_was_read_is_what_was_published() -> None:
    with fsspec.open(f"sancai://{PARQUET}") as file:
        assert file.read() == parquet(readings())
    assert pyarrow.parquet.read_table(io.BytesIO(parquet(readings()))).equals(readings())


def test_the_newest_version_stays_the_same_until_it_is_asked_for_again(files: SancaiFileSystem) -> None:
    assert files.exists(f"{NAME}/README.md")
    before = files._handles.copy()
    assert files.exists(f"{NAME}/small")
    assert files._handles == before
    files.invalidate_cache()
    assert not files._handles
    assert files.cat_file(f"{NAME}/README.md")
