"""The manifest the server makes, held against its format and against the reader of the client."""

import base64
import hashlib
from collections.abc import Sequence

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import InvalidValueError
from registry.manifests.model import FilePath, ManifestRoot
from registry.manifests.rules import (
    Line,
    ManifestBuilder,
    manifest_digest,
    page_of_lines,
    read_root,
    require_distinct_paths,
    root_json,
)
from registry.values.digest import Digest
from sancai.errors import CorruptContentError
from sancai.manifests import PAYLOAD_TYPE, Manifest, open_manifest


def a_line(path: str, content: bytes = b"x") -> Line:
    return path, len(content), hashlib.sha256(content).hexdigest()


def built(lines: Sequence[Line], page_files_max: int = 50_000) -> tuple[ManifestRoot, list[bytes]]:
    ordered = sorted(lines)
    builder = ManifestBuilder()
    pages = [builder.add(ordered[at : at + page_files_max])[1] for at in range(0, len(ordered), page_files_max)]
    return builder.finish(), pages


def read(root: bytes, pages: Sequence[bytes]) -> Manifest:
    """Return a manifest as the client reads it, which fetches pages by their digest."""
    envelope = {"payload": base64.b64encode(root).decode(), "payloadType": PAYLOAD_TYPE, "signatures": []}
    named = {str(Digest.of(page)): page for page in pages}
    return open_manifest(envelope, (), lambda reference: named[reference.digest])


lines_of_distinct_paths = st.lists(
    st.tuples(
        st.text("abcXYZ煤é/", min_size=1, max_size=8).map(lambda t: "d" + t.strip("/").replace("/", "_")), st.binary()
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda item: item[0].casefold(),
).map(lambda items: [a_line(path, content) for path, content in items])


@given(lines_of_distinct_paths, st.integers(1, 5))
def test_the_content_digest_knows_no_pages(lines, page_files_max) -> None:
    assert built(lines, page_files_max)[0].content_digest == built(lines)[0].content_digest


def test_the_content_digest_is_what_the_format_says() -> None:
    one, four = hashlib.sha256(b"one").hexdigest(), hashlib.sha256(b"four").hexdigest()
    lines = f"sancai.content/1\n{one} 3 a.csv\n{four} 4 煤.csv\n"
    root, _ = built([a_line("煤.csv", b"four"), a_line("a.csv", b"one")])
    assert root.content_digest.hex == hashlib.sha256(lines.encode()).hexdigest()


@pytest.mark.parametrize(
    "changed", [a_line("b.csv", b"one"), a_line("a.csv", b"two"), ("a.csv", 4, a_line("a.csv", b"one")[2])]
)
def test_path_size_and_bytes_each_change_the_content_digest(changed: Line) -> None:
    assert built([changed])[0].content_digest != built([a_line("a.csv", b"one")])[0].content_digest


@pytest.mark.parametrize(
    ("one", "other"), [("a.csv", "a.csv"), ("A.csv", "a.CSV"), ("café", "cafe\u0301"), ("straße", "STRASSE")]
)
def test_two_paths_equal_after_nfc_and_case_folding_are_refused(one: str, other: str) -> None:
    with pytest.raises(InvalidValueError, match="path_duplicate"):
        require_distinct_paths([FilePath(one), FilePath(other)])


def test_a_manifest_without_files_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="manifest_empty"):
        ManifestBuilder().finish()


@given(lines_of_distinct_paths)
def test_a_page_is_the_canonical_json_of_its_files(lines) -> None:
    files = [{"path": path, "sha256": digest, "size_bytes": size} for path, size, digest in lines]
    assert page_of_lines(lines) == rfc8785.dumps({"files": files, "format": "sancai.manifest.page/1"})


@given(lines_of_distinct_paths, st.integers(1, 5))
def test_a_manifest_reads_back_and_holds(lines, page_files_max) -> None:
    root, pages = built(lines, page_files_max)
    assert read_root(root_json(root)) == root
    manifest = read(root_json(root), pages)
    manifest.check()
    assert [(file.path, file.size_bytes, file.sha256) for file in manifest] == sorted(lines)
    assert manifest.digest == str(manifest_digest(root))
    assert all(page.files <= page_files_max for page in root.pages)


def test_a_root_of_other_pages_does_not_hold() -> None:
    root, pages = built([a_line("a"), a_line("b")], 1)
    _, others = built([a_line("b", b"other")])
    content = root_json(root).replace(str(Digest.of(pages[1])).encode(), str(Digest.of(others[0])).encode())
    with pytest.raises(CorruptContentError) as caught:
        read(content, [pages[0], others[0]]).check()
    assert caught.value.code == "manifest_mismatch"


def test_pages_in_another_order_do_not_hold() -> None:
    root, pages = built([a_line("a"), a_line("b")], 1)
    turned = ManifestRoot(root.content_digest, root.files, root.size_bytes, root.pages[::-1])
    with pytest.raises(CorruptContentError) as caught:
        read(root_json(turned), pages).check()
    assert caught.value.code == "manifest_mismatch"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"files":[],"format":"sancai.manifest.page/2"}',
        b'{"files": [],"format":"sancai.manifest.page/1"}',
        b'{"files":[{"path":"a","sha256":"00","size_bytes":2}],"format":"sancai.manifest.page/1"}',
    ],
)
def test_bytes_that_are_no_page_are_refused(content: bytes) -> None:
    root, pages = built([a_line("a")])
    named = root_json(root).replace(str(Digest.of(pages[0])).encode(), str(Digest.of(content)).encode())
    with pytest.raises(CorruptContentError):
        read(named, [content]).page(0)


def test_a_root_in_another_notation_is_refused() -> None:
    content = root_json(built([a_line("a")])[0])
    with pytest.raises(InvalidValueError, match="manifest_root_malformed"):
        read_root(content.replace(b",", b", "))


def test_the_manifest_digest_is_of_the_root() -> None:
    root, _ = built([a_line("a")])
    assert manifest_digest(root) == Digest.of(root_json(root))
