"""Bundles: written through trouble, and refused when a byte of them is not what was signed."""

import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sancai import bundle_format, bundling, contents, handles
from sancai.bundles import open_bundle
from sancai.bundling import Bundled
from sancai.client import Client
from sancai.errors import ConflictError, CorruptContentError, InvalidValueError, NotAllowedError, NotFoundError
from tests.sancai.server import Reply, Running, serving
from tests.sancai.store import Store, public_key

PIECE = 64 << 10
BIG = bytes(range(256)) * 1500 + b"the end"
LONG = "很长的文件夹名称/" * 9 + "数据.csv"
FILES = {
    "a/big.bin": BIG,
    "a/medium.bin": b"m" * (PIECE + 1),
    "empty.txt": b"",
    "tables/small.csv": b"a,b\n1,2\n",
    LONG: b"long",
    "z/other.csv": b"x" * 5_000,
}


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two files are large; the larger one takes several pieces."""
    monkeypatch.setattr(bundling, "PIECE_BYTES", PIECE)
    monkeypatch.setattr(bundle_format, "SMALL_MAX", PIECE)
    for module in (contents, handles):
        monkeypatch.setattr(module, "SMALL_BYTES", PIECE)


@pytest.fixture
def store() -> Store:
    return Store(dict(FILES))


@pytest.fixture
def running(store: Store) -> Iterator[Running]:
    with serving(store.answer) as made:
        yield made


@pytest.fixture
def client(running: Running) -> Iterator[Client]:
    with Client(running.url) as made:
        yield made


def bundled(client: Client, file: Path, paths: tuple[str, ...] = (), **options: bool) -> Bundled:
    with client.load("hami/wind@v1", keys=(public_key(),)) as version:
        return version.bundle(file, paths, **options)


def unpacked(file: Path, folder: Path) -> dict[str, bytes]:
    with open_bundle(file, keys=(public_key(),)) as bundle:
        bundle.extract(folder)
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def left_behind(client: Client, file: Path) -> tuple[bytes, int]:
    """Leave the part file of a run that ended in the large file; return the whole bundle and where it was cut."""
    bundled(client, file)
    whole = file.read_bytes()
    kept = whole.index(BIG) + 3 * PIECE + 17
    file.unlink()
    (file.parent / f".{file.name}.sancai-part").write_bytes(whole[:kept])
    return whole, kept


def test_a_bundle_unpacks_to_what_was_signed(client: Client, tmp_path: Path) -> None:
    told: list[int] = []
    with client.load("hami/wind@v1", keys=(public_key(),)) as version:
        done = version.bundle(tmp_path / "wind.tar", progress=told.append)
    assert (done.files, done.size_bytes, done.already_there) == (6, sum(map(len, FILES.values())), 0)
    assert sum(told) == done.size_bytes
    assert unpacked(tmp_path / "wind.tar", tmp_path / "out") == FILES
    assert {path.name for path in tmp_path.iterdir()} == {"wind.tar", "out"}


def test_any_tar_reads_a_bundle(client: Client, tmp_path: Path) -> None:
    bundled(client, tmp_path / "wind.tar")
    with tarfile.open(tmp_path / "wind.tar") as archive:
        members = {member.name: member for member in archive.getmembers()}
        assert {name.removeprefix("data/") for name in members if name.startswith("data/")} == set(FILES)
        extracted = archive.extractfile(f"data/{LONG}")
        assert extracted is not None
        assert extracted.read() == FILES[LONG]
    listed = subprocess.run(["tar", "-tf", tmp_path / "wind.tar"], capture_output=True, check=True)
    assert b"data/tables/small.csv" in listed.stdout


def test_the_same_command_again_fetches_nothing(client: Client, running: Running, tmp_path: Path) -> None:
    bundled(client, tmp_path / "wind.tar")
    before = (tmp_path / "wind.tar").stat()
    asked = len(running.asked)
    assert bundled(client, tmp_path / "wind.tar").already_there == sum(map(len, FILES.values()))
    assert not [r for r in running.asked[asked:] if "/store/" in r.path or "/contents" in r.path]
    assert (tmp_path / "wind.tar").stat().st_mtime_ns == before.st_mtime_ns


def test_a_run_goes_on_where_an_earlier_one_was_cut(client: Client, store: Store, tmp_path: Path) -> None:
    whole, _ = left_behind(client, tmp_path / "wind.tar")
    batches, ranges = len(store.batches), len(store.ranges)
    told: list[int] = []
    with client.load("hami/wind@v1", keys=(public_key(),)) as version:
        done = version.bundle(tmp_path / "wind.tar", progress=told.append)
    large = len(BIG) + len(FILES["a/medium.bin"])
    assert done.already_there == done.size_bytes - large + 3 * PIECE + 17
    assert len(store.batches) == batches
    assert len(store.ranges) - ranges == -(-(len(BIG) - 3 * PIECE - 17) // PIECE) + 2
    assert sum(told) == done.size_bytes
    assert (tmp_path / "wind.tar").read_bytes() == whole


def test_a_failure_leaves_a_beginning_under_another_name(client: Client, store: Store, tmp_path: Path) -> None:
    store.on_read = lambda path, _body, count: Reply(404) if path == "a/big.bin" and count == 4 else None
    with pytest.raises(NotFoundError):
        bundled(client, tmp_path / "wind.tar")
    assert [path.name for path in tmp_path.iterdir()] == [".wind.tar.sancai-part"]
    store.on_read = lambda _path, _body, _count: None
    bundled(client, tmp_path / "wind.tar")
    assert unpacked(tmp_path / "wind.tar", tmp_path / "out") == FILES


@pytest.mark.parametrize("kept", [0, 100, 512, 3_000, 9_000, 30_000, 200_000])
def test_any_beginning_is_taken_up(kept: int, client: Client, tmp_path: Path) -> None:
    whole = tmp_path / "whole.tar"
    bundled(client, whole)
    (tmp_path / ".wind.tar.sancai-part").write_bytes(whole.read_bytes()[:kept])
    bundled(client, tmp_path / "wind.tar")
    assert (tmp_path / "wind.tar").read_bytes() == whole.read_bytes()


def test_a_killed_process_leaves_what_the_next_goes_on_with(store: Store, running: Running, tmp_path: Path) -> None:
    store.files["a/big.bin"] = BIG * 20
    reached: list[int] = []
    code = (
        "import sys; from sancai import bundling, bundle_format; from sancai.client import Client;"
        "bundling.PIECE_BYTES = bundle_format.SMALL_MAX = 65536;"
        "client = Client(sys.argv[1]); version = client.load('hami/wind@v1', keys=(sys.argv[3],));"
        "version.bundle(sys.argv[2])"
    )
    command = [sys.executable, "-c", code, running.url, str(tmp_path / "wind.tar"), public_key()]
    process = subprocess.Popen(command)

    def kill(path: str, _body: bytes, _count: int) -> None:
        reached.append(1)
        if path == "a/big.bin" and len(reached) == 60:
            process.kill()

    store.on_read = kill
    assert process.wait() == -9
    store.on_read = lambda _path, _body, _count: None
    asked = len(store.ranges)
    with Client(running.url) as client:
        assert bundled(client, tmp_path / "wind.tar").already_there > 0
    assert len(store.ranges) - asked < -(-len(BIG) * 20 // PIECE)
    assert unpacked(tmp_path / "wind.tar", tmp_path / "out") == store.files


def test_a_beginning_that_was_damaged_is_fetched_again(client: Client, store: Store, tmp_path: Path) -> None:
    whole, kept = left_behind(client, tmp_path / "wind.tar")
    content = bytearray(whole[:kept])
    content[-100] ^= 1
    (tmp_path / ".wind.tar.sancai-part").write_bytes(content)
    told: list[int] = []
    with client.load("hami/wind@v1", keys=(public_key(),)) as version:
        done = version.bundle(tmp_path / "wind.tar", progress=told.append)
    assert sum(told) >= done.size_bytes
    assert (tmp_path / "wind.tar").read_bytes() == whole


def test_a_damaged_bundle_is_refused_by_name_and_mended(client: Client, store: Store, tmp_path: Path) -> None:
    file = tmp_path / "wind.tar"
    bundled(client, file)
    whole = file.read_bytes()
    content = bytearray(whole)
    content[content.index(b"a,b\n1,2\n")] ^= 1
    file.write_bytes(content)
    with open_bundle(file, keys=(public_key(),)) as bundle, pytest.raises(CorruptContentError) as caught:
        bundle.verify()
    assert (caught.value.code, caught.value.parameters["member"]) == ("bundle_damaged", "tables/small.csv")
    with pytest.raises(CorruptContentError):
        unpacked(file, tmp_path / "out")
    assert not (tmp_path / "out" / "tables" / "small.csv").exists()
    assert not list((tmp_path / "out").rglob("*.sancai-part"))
    bundled(client, file, check=True)
    assert file.read_bytes() == whole


def holds(file: Path) -> bool:
    try:
        with open_bundle(file, keys=(public_key(),)) as bundle:
            bundle.verify()
    except (CorruptContentError, InvalidValueError):
        return False
    return True


def test_no_changed_byte_goes_unseen(client: Client, tmp_path: Path) -> None:
    file, changed = tmp_path / "wind.tar", tmp_path / "changed.tar"
    bundled(client, file)
    whole = file.read_bytes()
    with open_bundle(file, keys=(public_key(),)) as bundle:
        data_at = bundle.data_at
    # Every byte of the first blocks, then one of every stretch, and the last.
    places = [*range(0, 1_100, 7), *range(1_100, data_at, 97), *range(data_at, len(whole), 4_099), len(whole) - 1]
    for place in places:
        content = bytearray(whole)
        content[place] ^= 0x40
        changed.write_bytes(content)
        if holds(changed):
            pytest.fail(f"byte {place} may be anything")


@pytest.mark.parametrize("left", [700, 5_000, -600, -1])
def test_a_cut_bundle_is_refused(left: int, client: Client, tmp_path: Path) -> None:
    bundled(client, tmp_path / "wind.tar")
    (tmp_path / "cut.tar").write_bytes((tmp_path / "wind.tar").read_bytes()[:left])
    with pytest.raises(CorruptContentError) as caught:
        unpacked(tmp_path / "cut.tar", tmp_path / "out")
    assert caught.value.code == "bundle_cut"


def test_bytes_behind_the_end_are_refused(client: Client, tmp_path: Path) -> None:
    bundled(client, tmp_path / "wind.tar")
    with (tmp_path / "wind.tar").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(CorruptContentError):
        unpacked(tmp_path / "wind.tar", tmp_path / "out")


def test_another_file_is_never_overwritten(client: Client, store: Store, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_bytes(b"mine" * 1_000)
    bundled(client, tmp_path / "part.tar", ("tables",))
    for name in ("notes.txt", "part.tar"):
        before = (tmp_path / name).read_bytes()
        with pytest.raises(ConflictError) as caught:
            bundled(client, tmp_path / name)
        assert caught.value.code == "bundle_exists"
        assert (tmp_path / name).read_bytes() == before


def test_what_is_no_bundle_is_said(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_bytes(b"mine" * 1_000)
    with pytest.raises(InvalidValueError) as caught:
        open_bundle(tmp_path / "notes.txt")
    assert caught.value.code == "bundle_unknown"


def test_some_files_make_a_bundle_that_says_so(client: Client, tmp_path: Path) -> None:
    bundled(client, tmp_path / "wind.tar", ("tables/", "z/*.csv"))
    with open_bundle(tmp_path / "wind.tar", keys=(public_key(),)) as bundle:
        found = bundle.verify()
    assert (found.files, found.whole) == (2, False)


def test_without_a_trusted_key_a_bundle_is_refused(client: Client, tmp_path: Path) -> None:
    bundled(client, tmp_path / "wind.tar")
    with pytest.raises(NotAllowedError) as caught:
        open_bundle(tmp_path / "wind.tar")
    assert caught.value.code == "bundle_key_unknown"
    assert public_key() in str(caught.value)
    with client.load("hami/wind@v1") as version:
        version.manifest.check()  # The service is pinned from here on.
    with open_bundle(tmp_path / "wind.tar") as bundle:
        assert bundle.verify().signed_by == ("sancai.test",)


def test_other_bytes_than_signed_make_no_bundle(client: Client, store: Store, tmp_path: Path) -> None:
    store.on_read = lambda path, body, _count: Reply(206, bytes(len(body))) if path == "a/big.bin" else None
    with pytest.raises(CorruptContentError) as caught:
        bundled(client, tmp_path / "wind.tar")
    assert caught.value.parameters["path"] == "a/big.bin"
    assert not (tmp_path / "wind.tar").exists()
    store.on_read = lambda _path, _body, _count: None
    bundled(client, tmp_path / "wind.tar")
    assert unpacked(tmp_path / "wind.tar", tmp_path / "out") == FILES


def test_a_store_without_ranges_gives_whole_files(client: Client, store: Store, tmp_path: Path) -> None:
    store.honours_ranges = False
    bundled(client, tmp_path / "wind.tar")
    assert unpacked(tmp_path / "wind.tar", tmp_path / "out") == FILES
    assert not list(tmp_path.glob("*.sancai-part"))


def test_a_name_that_leads_out_of_the_folder_is_not_bundled(tmp_path: Path) -> None:
    with (
        serving(Store({"../escape": b"x"}).answer) as running,
        Client(running.url) as client,
        pytest.raises(CorruptContentError) as caught,
    ):
        bundled(client, tmp_path / "wind.tar")
    assert caught.value.code == "path_unsafe"


def test_the_head_names_what_was_asked_for(client: Client, tmp_path: Path) -> None:
    bundled(client, tmp_path / "wind.tar")
    with tarfile.open(tmp_path / "wind.tar") as archive:
        extracted = archive.extractfile("bundle.json")
        assert extracted is not None
        head = json.load(extracted)
    assert (head["format"], head["name"], head["version"]) == ("sancai.bundle/1", "hami/wind", 1)
