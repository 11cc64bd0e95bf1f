import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import CorruptContentError, InvalidValueError
from registry.manifests.model import FileEntry, FilePath, Manifest
from registry.manifests.rules import (
    build_manifest,
    content_digest,
    manifest_digest,
    page_json,
    read_page,
    read_root,
    require_holds,
    root_json,
)
from registry.values.digest import Digest


def an_entry(path: str, content: bytes = b"x") -> FileEntry:
    return FileEntry(FilePath(path), len(content), Digest.of(content))


entries_of_distinct_paths = st.lists(
    st.tuples(
        st.text("abcXYZ煤é/", min_size=1, max_size=8).map(lambda t: "d" + t.strip("/").replace("/", "_")), st.binary()
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda item: item[0].casefold(),
).map(lambda items: [an_entry(path, content) for path, content in items])


@given(entries_of_distinct_paths, st.randoms(), st.integers(1, 5))
def test_the_content_digest_knows_neither_order_nor_pages(entries, random, page_files_max) -> None:
    shuffled = list(entries)
    random.shuffle(shuffled)
    assert content_digest(shuffled) == content_digest(entries)
    assert build_manifest(shuffled, page_files_max).root.content_digest == build_manifest(entries).root.content_digest


def test_the_content_digest_is_what_the_format_says() -> None:
    one, four = hashlib.sha256(b"one").hexdigest(), hashlib.sha256(b"four").hexdigest()
    lines = f"sancai.content/1\n{one} 3 a.csv\n{four} 4 煤.csv\n"
    entries = [an_entry("煤.csv", b"four"), an_entry("a.csv", b"one")]
    assert content_digest(entries).hex == hashlib.sha256(lines.encode()).hexdigest()


@pytest.mark.parametrize(
    "changed",
    [an_entry("b.csv", b"one"), an_entry("a.csv", b"two"), FileEntry(FilePath("a.csv"), 4, Digest.of(b"one"))],
)
def test_path_size_and_bytes_each_change_the_content_digest(changed: FileEntry) -> None:
    assert content_digest([changed]) != content_digest([an_entry("a.csv", b"one")])


@pytest.mark.parametrize(
    ("one", "other"), [("a.csv", "a.csv"), ("A.csv", "a.CSV"), ("café", "cafe\u0301"), ("straße", "STRASSE")]
)
def test_two_paths_equal_after_nfc_and_case_folding_are_refused(one: str, other: str) -> None:
    with pytest.raises(InvalidValueError, match="path_duplicate"):
        build_manifest([an_entry(one), an_entry(other)])


def test_a_manifest_without_files_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="manifest_empty"):
        build_manifest([])


@given(entries_of_distinct_paths, st.integers(1, 5))
def test_a_manifest_reads_back_and_holds(entries, page_files_max) -> None:
    built = build_manifest(entries, page_files_max)
    pages = tuple(read_page(page_json(page)) for page in built.pages)
    again = Manifest(read_root(root_json(built.root)), pages)
    assert again == built
    require_holds(again)
    assert all(len(page) <= page_files_max for page in pages)


def test_a_root_of_other_pages_does_not_hold() -> None:
    built = build_manifest([an_entry("a"), an_entry("b")], 1)
    with pytest.raises(CorruptContentError, match="manifest_mismatch"):
        require_holds(Manifest(built.root, (built.pages[0], (an_entry("b", b"other"),))))


def test_pages_in_another_order_do_not_hold() -> None:
    built = build_manifest([an_entry("a"), an_entry("b")], 1)
    turned = Manifest(replace(built.root, pages=built.root.pages[::-1]), built.pages[::-1])
    with pytest.raises(CorruptContentError, match="manifest_mismatch"):
        require_holds(turned)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"files":[],"format":"sancai.manifest.page/2"}',
        b'{"files": [],"format":"sancai.manifest.page/1"}',
        b'{"files":[{"path":"a","sha256":"00","size_bytes":1}],"format":"sancai.manifest.page/1"}',
    ],
)
def test_bytes_that_are_no_page_are_refused(content: bytes) -> None:
    with pytest.raises(InvalidValueError):
        read_page(content)


def test_a_root_in_another_notation_is_refused() -> None:
    content = root_json(build_manifest([an_entry("a")]).root)
    with pytest.raises(InvalidValueError, match="manifest_root_malformed"):
        read_root(content.replace(b",", b", "))


def test_the_manifest_digest_is_of_the_root() -> None:
    root = build_manifest([an_entry("a")]).root
    assert manifest_digest(root) == Digest.of(root_json(root))
