"""Archives are listed whole and in bounded memory; what would hurt whoever unpacks them is refused by name."""

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pytest

from registry.errors import InvalidValueError
from registry.manifests import archives
from registry.manifests.inventory import inspect_file
from registry.manifests.model import Format

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x03\x00\x00\x00\x02"
FILES = {"图/a.png": PNG, "b.txt": b"hello" * 100}


def a_zip(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return made.getvalue()


def a_tar(files: Mapping[str, bytes], *special: tarfile.TarInfo) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for entry in special:
            archive.addfile(entry)
    return made.getvalue()


def zst(content: bytes) -> bytes:
    return pa.compress(content, codec="zstd", asbytes=True)


def a_link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, target
    return made


def listing(folder: Path, content: bytes, name: str = "a.bin") -> archives.ArchiveListing:
    (folder / name).write_bytes(content)
    found = inspect_file(folder / name, name)
    assert found.format is Format.ARCHIVE
    assert found.archive is not None
    return found.archive


def refusal(folder: Path, content: bytes) -> InvalidValueError:
    with pytest.raises(InvalidValueError) as refused:
        listing(folder, content)
    assert refused.value.parameters["path"] == "a.bin"
    return refused.value


@pytest.mark.parametrize(
    ("container", "content"),
    [
        ("zip", a_zip(FILES)),
        ("tar", a_tar(FILES)),
        ("tar.gz", gzip.compress(a_tar(FILES))),
        ("tar.zst", zst(a_tar(FILES))),
    ],
)
def test_an_archive_is_listed_with_path_size_and_type(tmp_path: Path, container: str, content: bytes) -> None:
    found = listing(tmp_path, content)
    assert (found.container, found.entries, found.unpacked_bytes) == (container, 2, len(PNG) + 500)
    assert [(entry.path, entry.size_bytes, entry.media_type) for entry in found.listed] == [
        ("图/a.png", len(PNG), "image/png"),
        ("b.txt", 500, "text/plain"),
    ]
    assert sorted(tmp_path.iterdir()) == [tmp_path / "a.bin"]


def test_names_that_a_chinese_system_wrote_into_a_zip_are_read_right(tmp_path: Path) -> None:
    content = a_zip({"XXXX/a.txt": b"1"}).replace(b"XXXX", "站点".encode("gbk"))
    assert listing(tmp_path, content).listed[0].path == "站点/a.txt"


def test_the_listing_is_bounded_and_the_total_is_not(tmp_path: Path) -> None:
    found = listing(tmp_path, a_tar({f"{number}.txt": b"x" for number in range(1_100)}))
    assert (found.entries, len(found.listed)) == (1_100, 1_000)


def test_what_is_in_an_archive_inside_is_listed_too(tmp_path: Path) -> None:
    found = listing(tmp_path, a_zip({"in.tar.gz": gzip.compress(a_tar({"x.txt": b"1"})), "in.zip": a_zip({"y": b"2"})}))
    assert [entry.path for entry in found.listed] == ["in.tar.gz", "in.tar.gz!/x.txt", "in.zip", "in.zip!/y"]


def test_a_document_that_is_a_zip_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(a_zip({"xl/workbook.xml": b"<x/>"}))
    found = inspect_file(tmp_path / "a.xlsx", "a.xlsx")
    assert (found.format, found.media and found.media.type.rpartition(".")[2]) == (Format.OTHER, "sheet")


@pytest.mark.parametrize("path", ["../up.txt", "a/../../up", "/etc/passwd", "C:\\x.txt", "a\\..\\..\\b"])
def test_an_entry_that_leads_out_is_refused_by_name(tmp_path: Path, path: str) -> None:
    for content in (a_zip({"fine": b"1", path: b"2"}), a_tar({"fine": b"1", path: b"2"})):
        refused = refusal(tmp_path, content)
        assert (refused.code, refused.parameters["entry"]) == ("archive_path_escapes", path)


@pytest.mark.parametrize(("name", "target"), [("a/l", "../../x"), ("l", "/etc/passwd"), ("l", "..")])
def test_a_link_that_leads_out_is_refused(tmp_path: Path, name: str, target: str) -> None:
    assert refusal(tmp_path, a_tar({}, a_link(name, target))).code == "archive_path_escapes"
    entry = zipfile.ZipInfo(name)
    entry.external_attr = 0o120777 << 16
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(entry, target)
    assert refusal(tmp_path, made.getvalue()).code == "archive_path_escapes"


def test_a_link_that_stays_inside_is_none_of_the_files(tmp_path: Path) -> None:
    found = listing(tmp_path, a_tar({"a/x": b"1"}, a_link("b/l", "../a/x"), a_link("h", "a/x", tarfile.LNKTYPE)))
    assert [entry.path for entry in found.listed] == ["a/x"]


def test_a_device_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, a_tar({"x": b"1"}, a_link("dev", "", tarfile.CHRTYPE))).code == "archive_entry_special"


@pytest.mark.parametrize("pack", [lambda c: a_zip({"zeros": c}), lambda c: gzip.compress(a_tar({"zeros": c}))])
def test_a_bomb_is_refused_before_it_is_unpacked_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(archives, "RATIO_FREE_BYTES", 1_000_000)
    refused = refusal(tmp_path, pack(bytes(5_000_000)))
    assert (refused.code, refused.parameters["entry"]) == ("archive_bomb", "zeros")


def test_a_bomb_that_hides_in_archives_inside_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small 42.zip: each layer alone is modest, all together are not."""
    monkeypatch.setattr(archives, "RATIO_FREE_BYTES", 1_000_000)
    inner = a_zip({"zeros": bytes(150_000)})
    assert refusal(tmp_path, a_zip({f"{number}.zip": inner for number in range(16)})).code == "archive_bomb"


def test_archives_too_deep_in_each_other_are_refused(tmp_path: Path) -> None:
    content = a_zip({"c.zip": a_zip({"b.zip": a_zip({"x": b"1"})})})
    refused = refusal(tmp_path, content)
    assert (refused.code, refused.parameters["entry"]) == ("archive_nested_too_deep", "c.zip!/b.zip")


def test_entries_that_overlap_do_not_multiply(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many names for the same packed bytes: the ratio counts what is unpacked, however often."""
    monkeypatch.setattr(archives, "RATIO_FREE_BYTES", 100_000)
    packed = zlib.compress(bytes(50_000), 9)[2:-4]
    name, check = b"a", zlib.crc32(bytes(50_000))
    sizes = struct.pack("<IIIHH", check, len(packed), 50_000, len(name), 0)
    content = b"PK\x03\x04" + struct.pack("<HHHHH", 20, 0, 8, 0, 33) + sizes + name + packed
    entry = b"PK\x01\x02" + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 33) + sizes + struct.pack("<HHHII", 0, 0, 0, 0, 0)
    directory = (entry + name) * 2_000
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 2_000, 2_000, len(directory), len(content), 0)
    assert refusal(tmp_path, content + directory + end).code in ("archive_bomb", "archive_corrupt")


@pytest.mark.parametrize("limit", ["ENTRIES_MAX", "UNPACKED_MAX_BYTES"])
def test_what_is_beyond_a_stated_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(archives, limit, 1)
    codes = {"ENTRIES_MAX": "archive_too_many_entries", "UNPACKED_MAX_BYTES": "archive_too_large"}
    for content in (a_zip(FILES), zst(a_tar(FILES))):
        assert refusal(tmp_path, content).code == codes[limit]


def test_a_tar_header_that_asks_for_more_memory_than_any_needs_is_refused(tmp_path: Path) -> None:
    entry = tarfile.TarInfo("x")
    entry.type, entry.size = tarfile.XHDTYPE, 8 * 2**20
    content = entry.tobuf() + b"20 path=" + bytes(8 * 2**20)
    assert refusal(tmp_path, gzip.compress(content)).code == "archive_corrupt"


def test_an_encrypted_entry_is_refused_by_name(tmp_path: Path) -> None:
    content = bytearray(a_zip({"secret.csv": b"a"}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    refused = refusal(tmp_path, bytes(content))
    assert (refused.code, refused.parameters["entry"]) == ("archive_encrypted", "secret.csv")


def test_a_broken_archive_is_refused_by_entry(tmp_path: Path) -> None:
    stored = bytearray(a_zip({"a": b"first", "b": b"second"}, zipfile.ZIP_STORED))
    stored[stored.index(b"second")] ^= 1
    refused = refusal(tmp_path, bytes(stored))
    assert (refused.code, refused.parameters["entry"]) == ("archive_corrupt", "b")


@pytest.mark.parametrize(("pack", "name"), [(bytes, "a.tar"), (gzip.compress, "a.tgz"), (zst, "a.tar.zst")])
def test_a_tar_that_is_cut_or_damaged_is_refused(tmp_path: Path, pack: Callable[[bytes], bytes], name: str) -> None:
    whole = a_tar({"a": b"x" * 5_000, "b": b"y" * 5_000})
    damaged = bytearray(whole)
    damaged[5_632 + 148] ^= 1  # The checksum in the header of the second file.
    cut = whole[:9_000] if pack is bytes else pack(whole)[:-40]
    for content in (cut, pack(bytes(damaged))):
        with pytest.raises(InvalidValueError, match="archive_corrupt"):
            listing(tmp_path, content, name)


def test_a_zip_without_its_end_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, a_zip(FILES)[:-30]).code == "archive_corrupt"
