import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sancai import contents as small
from sancai import downloads, fetching, handles
from sancai import pull as pulling
from sancai.client import Client
from sancai.downloads import sha256_of
from sancai.errors import CorruptContentError, NotAllowedError, NotFoundError, UnavailableError
from sancai.pull import Pulled, pull
from tests.sancai.server import NO_ANSWER, Reply, serving
from tests.sancai.store import Store, public_key, signed_manifest

RANGE = 64 << 10
BIG = bytes(range(256)) * 1500 + b"the end"
FILES = {"big.bin": BIG, "tables/small.csv": b"a,b\n1,2\n", "空.txt": b""}


@pytest.fixture(autouse=True)
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the big file are small; it takes several ranges."""
    monkeypatch.setattr(downloads, "RANGE_BYTES", RANGE)
    for module in (small, fetching, handles):
        monkeypatch.setattr(module, "SMALL_BYTES", RANGE)
    monkeypatch.setattr(fetching, "MEDIUM_BYTES", RANGE)


@pytest.fixture
def store() -> Store:
    return Store(dict(FILES))


@pytest.fixture
def client(store: Store) -> Iterator[Client]:
    with serving(store.answer) as running, Client(running.url, "t0") as made:
        yield made


def pulled(client: Client, folder: Path, **options: object) -> Pulled:
    return pull(client, "hami/wind@v1", folder, **options)  # type: ignore[arg-type]


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_files_arrive_as_they_were_signed(client: Client, tmp_path: Path) -> None:
    told: list[int] = []
    done = pulled(client, tmp_path / "out", keys=(public_key(),), progress=told.append)
    assert contents(tmp_path / "out") == FILES
    assert done.signed_by == ("sancai.test",)
    assert sum(told) == done.size_bytes == sum(map(len, FILES.values()))


def test_the_token_does_not_go_to_the_store(store: Store, client: Client, tmp_path: Path) -> None:
    pulled(client, tmp_path)
    assert set(store.seen_tokens) == {None}


def test_a_cut_answer_goes_on_where_it_stopped(store: Store, client: Client, tmp_path: Path) -> None:
    store.on_read = lambda path, body, count: (
        Reply(206, body, cut_after=1000) if path == "big.bin" and count == 1 else None
    )
    pulled(client, tmp_path)
    assert contents(tmp_path) == FILES
    assert any(int(asked.removeprefix("bytes=").split("-")[0]) % RANGE for asked in store.ranges)


def test_a_later_process_fetches_only_what_is_missing(store: Store, client: Client, tmp_path: Path) -> None:
    store.on_read = lambda path, _body, count: Reply(404) if path == "big.bin" and count == 4 else None
    with pytest.raises(NotFoundError):
        pulled(client, tmp_path)
    assert "big.bin" not in contents(tmp_path)
    before = len(store.ranges)
    store.on_read = lambda _path, _body, _count: None
    pulled(client, tmp_path)
    assert contents(tmp_path) == FILES
    assert len(store.ranges) - before < -(-len(BIG) // RANGE)


def test_what_is_there_already_is_not_fetched(store: Store, client: Client, tmp_path: Path) -> None:
    pulled(client, tmp_path)
    given = store.urls_given, len(store.batches)
    assert pulled(client, tmp_path).already_there == 3
    assert (store.urls_given, len(store.batches)) == given


def test_what_did_not_change_is_not_hashed_again(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    monkeypatch.setattr(pulling, "sha256_of", lambda path: hashed.append(path.name) or sha256_of(path))
    pulled(client, tmp_path)
    pulled(client, tmp_path)
    assert not hashed
    big = tmp_path / "big.bin"
    big.write_bytes(BIG)
    assert pulled(client, tmp_path).already_there == 3
    assert hashed == ["big.bin"]
    assert pulled(client, tmp_path, check=True).already_there == 3
    assert hashed == ["big.bin", "big.bin", "small.csv", "空.txt"]


def test_a_damaged_memory_is_begun_anew(client: Client, tmp_path: Path, own_configuration: Path) -> None:
    pulled(client, tmp_path)
    [memory] = (own_configuration / "cache").rglob("*.sqlite")
    memory.write_bytes(b"not a database, but something else that is long enough" * 100)
    assert pulled(client, tmp_path).already_there == 3
    assert pulled(client, tmp_path).already_there == 3


def test_other_bytes_under_the_old_time_are_noticed(client: Client, tmp_path: Path) -> None:
    pulled(client, tmp_path)
    small_file = tmp_path / "tables/small.csv"
    before = small_file.stat()
    small_file.write_bytes(b"a,b\n9,9\n")
    os.utime(small_file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert pulled(client, tmp_path).already_there == 2
    assert contents(tmp_path) == FILES


def test_small_files_come_many_in_one_answer(store: Store, client: Client, tmp_path: Path) -> None:
    store.files = {f"{number:04}.txt": str(number).encode() for number in range(2_500)}
    store.manifest = signed_manifest(store.files, page_files=700)
    assert pulled(client, tmp_path).files == 2_500
    assert contents(tmp_path) == store.files
    assert sorted(store.batches) == [500, 1_000, 1_000]


def test_a_cut_answer_goes_on_with_the_file_it_was_cut_in(store: Store, client: Client, tmp_path: Path) -> None:
    store.files = {f"{number}.txt": b"x" * 1000 + b"%d" % number for number in range(9)}
    store.on_contents = lambda body, count: Reply(200, body, cut_after=4_500) if count == 1 else None
    pulled(client, tmp_path)
    assert contents(tmp_path) == store.files
    assert store.batches == [9, 5]


def test_answers_that_are_always_cut_end_the_download(store: Store, client: Client, tmp_path: Path) -> None:
    store.on_contents = lambda body, _count: Reply(200, body, cut_after=0)
    with pytest.raises(UnavailableError) as caught:
        pulled(client, tmp_path)
    assert caught.value.code == "service_cut"


def test_a_small_file_with_other_bytes_is_not_kept(store: Store, client: Client, tmp_path: Path) -> None:
    store.on_contents = lambda body, _count: Reply(200, bytes(len(body)))
    with pytest.raises(CorruptContentError) as caught:
        pulled(client, tmp_path)
    assert caught.value.parameters["path"] == "tables/small.csv"
    assert not list(tmp_path.rglob("*small*"))


def test_a_changed_file_is_fetched_again(client: Client, tmp_path: Path) -> None:
    pulled(client, tmp_path)
    (tmp_path / "tables/small.csv").write_bytes(b"a,b\n9,9\n")
    assert pulled(client, tmp_path).already_there == 2
    assert contents(tmp_path) == FILES


def test_a_damaged_part_file_is_fetched_from_the_start(store: Store, client: Client, tmp_path: Path) -> None:
    store.on_read = lambda path, _body, count: Reply(404) if path == "big.bin" and count == 4 else None
    with pytest.raises(NotFoundError):
        pulled(client, tmp_path)
    store.on_read = lambda _path, _body, _count: None
    [part] = [p for p in tmp_path.glob(".big.bin.*") if ".ranges" not in p.name]
    content = bytearray(part.read_bytes())
    content[0] ^= 1
    part.write_bytes(content)
    pulled(client, tmp_path)
    assert contents(tmp_path) == FILES


def test_other_bytes_than_signed_are_not_kept(store: Store, client: Client, tmp_path: Path) -> None:
    store.on_read = lambda path, body, _count: Reply(206, bytes(len(body))) if path == "big.bin" else None
    with pytest.raises(CorruptContentError) as caught:
        pulled(client, tmp_path)
    assert caught.value.parameters["path"] == "big.bin"
    assert not [path for path in contents(tmp_path) if "big" in path]


def test_a_store_without_ranges_is_read_in_one_stream(store: Store, client: Client, tmp_path: Path) -> None:
    store.honours_ranges = False
    pulled(client, tmp_path)
    assert contents(tmp_path) == FILES


def test_an_expired_address_is_asked_for_anew(store: Store, client: Client, tmp_path: Path) -> None:
    store.on_read = lambda path, _body, count: Reply(403) if path == "big.bin" and count == 1 else None
    pulled(client, tmp_path)
    assert contents(tmp_path) == FILES


def test_a_store_that_refuses_for_good_ends_the_download(store: Store, client: Client, tmp_path: Path) -> None:
    store.on_read = lambda _path, _body, _count: Reply(403)
    with pytest.raises(NotAllowedError, match="clock"):
        pulled(client, tmp_path)


def test_a_store_that_does_not_answer_is_unavailable(store: Store, client: Client, tmp_path: Path) -> None:
    store.on_read = lambda _path, _body, _count: NO_ANSWER
    with pytest.raises(UnavailableError):
        pulled(client, tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "../escape",
        "a/../../escape",
        "/etc/escape",
        "a//b",
        "a/./b",
        "C:escape",
        "a\\b",
        "nul.txt",
        "tab\tname",
        "\u202etxt.exe",
        "trailing.",
        "x" * 256,
    ],
)
def test_a_hostile_name_is_never_written(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "in" / "out"
    with (
        serving(Store({name: b"x"}).answer) as running,
        Client(running.url) as client,
        pytest.raises(CorruptContentError) as caught,
    ):
        pulled(client, folder)
    assert caught.value.code == "path_unsafe"
    assert not contents(tmp_path)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "out"
    outside.mkdir()
    folder.mkdir()
    (folder / "tables").symlink_to(outside)
    with (
        serving(Store(dict(FILES)).answer) as running,
        Client(running.url) as client,
        pytest.raises(CorruptContentError),
    ):
        pulled(client, folder)
    assert not list(outside.iterdir())


def test_a_link_in_place_of_a_file_is_replaced(client: Client, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "big.bin").symlink_to(victim)
    pulled(client, folder)
    assert victim.read_bytes() == b"mine"
    assert (folder / "big.bin").read_bytes() == BIG


def test_two_names_that_one_file_system_may_mix_up_are_refused(tmp_path: Path) -> None:
    with (
        serving(Store({"A.csv": b"1", "a.csv": b"2"}).answer) as running,
        Client(running.url) as client,
        pytest.raises(CorruptContentError) as caught,
    ):
        pulled(client, tmp_path)
    assert caught.value.code == "path_duplicate"


def test_a_pulled_file_has_the_permissions_of_a_new_one(client: Client, tmp_path: Path) -> None:
    pulled(client, tmp_path)
    (tmp_path / "new").touch()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new", tmp_path / "big.bin")}
    assert len(modes) == 1


def test_a_manifest_of_another_key_is_refused(store: Store, client: Client, tmp_path: Path) -> None:
    store.manifest = signed_manifest(FILES, Ed25519PrivateKey.generate())
    with pytest.raises(CorruptContentError) as caught:
        pulled(client, tmp_path, keys=(public_key(),))
    assert caught.value.code == "manifest_unsigned"
    assert not contents(tmp_path)


def test_a_manifest_with_another_file_is_refused(store: Store, client: Client, tmp_path: Path) -> None:
    store.manifest = signed_manifest(FILES)
    store.manifest["pages"][0]["files"][0]["sha256"] = "0" * 64
    with pytest.raises(CorruptContentError) as caught:
        pulled(client, tmp_path)
    assert caught.value.code == "manifest_mismatch"


def test_a_signature_that_does_not_hold_is_refused(store: Store, client: Client, tmp_path: Path) -> None:
    store.manifest = signed_manifest(FILES)
    store.manifest["envelope"]["signatures"][0]["sig"] = "AAAA" * 21 + "AA=="
    with pytest.raises(CorruptContentError) as caught:
        pulled(client, tmp_path, keys=(public_key(),))
    assert caught.value.code == "manifest_signature_wrong"


def test_a_key_that_is_cut_is_refused(client: Client, tmp_path: Path) -> None:
    with pytest.raises(CorruptContentError) as caught:
        pulled(client, tmp_path, keys=(public_key()[:-3],))
    assert caught.value.code == "key_malformed"


def test_only_the_files_asked_for(client: Client, tmp_path: Path) -> None:
    pulled(client, tmp_path, paths=["tables/small.csv"])
    assert contents(tmp_path) == {"tables/small.csv": FILES["tables/small.csv"]}


def test_only_what_a_folder_or_pattern_names(client: Client, tmp_path: Path) -> None:
    assert pulled(client, tmp_path, paths=["tables", "*.txt"]).files == 2
    assert sorted(contents(tmp_path)) == ["tables/small.csv", "空.txt"]


def test_a_file_that_is_not_in_the_version(client: Client, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        pulled(client, tmp_path, paths=["other.csv"])
