"""What is particular to a folder: nothing half-written is ever seen, and nobody leaves it."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from storage.errors import ObjectMissingError, PartRefusedError, StoreConfigurationError, UploadForgottenError
from storage.local_store import LocalStore
from storage.object_store import MIB, Bucket, Place

NOW = 1_800_000_000.0


@pytest.fixture
def local(tmp_path: Path) -> LocalStore:
    store = LocalStore(tmp_path, "https://data.example/sancai", b"s" * 32, now=lambda: NOW)
    store.prepare()
    return store


def asked(url: str) -> tuple[str, dict[str, str]]:
    parts = urlsplit(url)
    return unquote(parts.path).removeprefix("/sancai/objects/"), dict(parse_qsl(parts.query))


def files_of(store: LocalStore) -> list[Path]:
    return [path for path in store.root.rglob("*") if path.is_file() and path.name not in {"key", "lock"}]


def test_a_stored_file_is_read_only_and_lies_under_its_key(local: LocalStore, tmp_path: Path) -> None:
    local.put(Bucket.PUBLISHED, "aa/b", b"content")
    kept = tmp_path / "sancai-published" / "aa" / "b"
    assert kept.read_bytes() == b"content"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o444


def test_a_process_killed_while_writing_leaves_no_object(local: LocalStore, tmp_path: Path) -> None:
    script = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from storage.local_store import LocalStore\nfrom storage.object_store import Bucket\n"
        "def chunks():\n    yield b'half'\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        "LocalStore(Path(sys.argv[1]), 'http://a', b's' * 32).put_stream(Bucket.INCOMING, 'a', chunks(), 8)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert done.returncode == -9
    assert list(local.list(Bucket.INCOMING)) == []
    assert local.put(Bucket.INCOMING, "a", b"whole").size_bytes == 5


def test_what_a_killed_process_left_is_removed_a_day_later(local: LocalStore) -> None:
    old, young = local.root / "temporary" / "old", local.root / "temporary" / "young"
    for path, age_s in ((old, 90_000), (young, 60)):
        path.write_bytes(b"half")
        os.utime(path, (NOW - age_s, NOW - age_s))
    local.prepare()
    assert (old.exists(), young.exists()) == (False, True)


def test_a_refused_part_leaves_nothing(local: LocalStore) -> None:
    ref = local.start_upload("a")
    path, query = asked(local.part_url("a", ref, 1, 60, 4))
    with pytest.raises(PartRefusedError, match="size_wrong"):
        local.accept_part(path, query, [b"too", b"long"], 4)
    with pytest.raises(PartRefusedError, match="size_wrong"):
        local.accept_part(path, query, [b"abc"], 4)
    with pytest.raises(PartRefusedError, match="length_required"):
        local.accept_part(path, query, [b"abcd"], None)
    assert files_of(local) == []


def test_a_body_longer_than_announced_is_not_read_to_its_end(local: LocalStore) -> None:
    def endless() -> Iterator[bytes]:
        yield b"abc"
        yield b"abc"
        raise AssertionError("read on")

    ref = local.start_upload("a")
    path, query = asked(local.part_url("a", ref, 1, 60, 4))
    with pytest.raises(PartRefusedError):
        local.accept_part(path, query, endless(), 4)


def test_the_reason_of_a_refusal_is_named(local: LocalStore, tmp_path: Path) -> None:
    ref = local.start_upload("a")
    path, query = asked(local.part_url("a", ref, 1, 60, 4))
    later = LocalStore(tmp_path, "https://data.example", b"s" * 32, now=lambda: NOW + 60)
    with pytest.raises(PartRefusedError, match="url_expired"):
        later.accept_part(path, query, [b"abcd"], 4)
    with pytest.raises(PartRefusedError, match="signature_wrong"):
        local.accept_part(path, {**query, "size": "5"}, [b"abcde"], 5)
    with pytest.raises(PartRefusedError, match="signature_wrong"):
        local.accept_part(path, {}, [b"abcd"], 4)
    with pytest.raises(PartRefusedError, match="method_wrong"):
        local.authorize_read(path, query)


def test_a_url_of_another_installation_is_refused(local: LocalStore, tmp_path: Path) -> None:
    other = LocalStore(tmp_path, "https://data.example", b"t" * 32, now=lambda: NOW)
    url = other.read_url(Place(Bucket.PUBLISHED, "a"), 60, "a")
    with pytest.raises(PartRefusedError, match="signature_wrong"):
        local.authorize_read(*asked(url))


def test_a_read_url_permits_its_object(local: LocalStore) -> None:
    permit = local.authorize_read(*asked(local.read_url(Place(Bucket.PUBLISHED, "aa/b"), 60, "数 1.csv")))
    assert permit.place == Place(Bucket.PUBLISHED, "aa/b")
    assert permit.content_disposition.endswith("filename*=UTF-8''%E6%95%B0%201.csv")


@pytest.mark.parametrize("ref", ["", ".", "..", "../temporary", "a" * 32, "A/../../b", "key"])
def test_a_reference_that_is_none_of_ours_is_forgotten(local: LocalStore, ref: str) -> None:
    with pytest.raises(UploadForgottenError):
        local.parts("a", ref)


def test_an_upload_belongs_to_its_key(local: LocalStore) -> None:
    ref = local.start_upload("a")
    with pytest.raises(UploadForgottenError):
        local.parts("b", ref)


def test_a_crash_between_the_object_and_the_removal_of_its_parts_is_mended(local: LocalStore) -> None:
    ref = local.start_upload("a")
    for number, content in ((1, b"x" * 5 * MIB), (2, b"y")):
        path, query = asked(local.part_url("a", ref, number, 60, len(content)))
        local.accept_part(path, query, [content], len(content))
    parts = local.parts("a", ref)
    local.put_stream(Bucket.INCOMING, "a", [b"x" * 5 * MIB, b"y"], 5 * MIB + 1)
    assert local.complete_upload("a", ref, parts).size_bytes == 5 * MIB + 1
    with pytest.raises(UploadForgottenError):
        local.parts("a", ref)


def test_a_folder_is_not_an_object(local: LocalStore) -> None:
    local.put(Bucket.EVIDENCE, "a/b", b"content")
    with pytest.raises(ObjectMissingError):
        local.stat(Place(Bucket.EVIDENCE, "a"))


def test_deleting_the_last_object_removes_the_folders_on_its_way(local: LocalStore, tmp_path: Path) -> None:
    place = local.put(Bucket.EVIDENCE, "a/b/c", b"content").place
    local.delete(place)
    assert list((tmp_path / "sancai-evidence").iterdir()) == []


def test_a_store_that_was_never_prepared_is_the_operators_matter(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "none", "http://a", b"s" * 32)
    with pytest.raises(StoreConfigurationError):
        store.health()
    with pytest.raises(StoreConfigurationError):
        store.put(Bucket.INCOMING, "a", b"")
    with pytest.raises(StoreConfigurationError):
        store.start_upload("a")


def test_a_short_secret_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreConfigurationError, match="url_secret_too_short"):
        LocalStore(tmp_path, "http://a", b"s" * 31)
