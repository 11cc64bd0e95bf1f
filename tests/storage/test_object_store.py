"""The pure part of the port: keys, part sizes, names of downloads."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import UploadIncompleteError
from storage.object_store import (
    MIB,
    OBJECT_MAX_BYTES,
    PARTS_MAX,
    Part,
    attachment,
    part_count,
    part_size_bytes,
    pieces,
    published_key,
    require_key,
    upload_order,
)

UPLOAD = UUID("0192f0c1-2a4b-7c3d-8e5f-001122334455")


def test_a_published_key_tells_hash_and_upload() -> None:
    digest = "ab" * 32
    assert published_key(digest, UPLOAD) == f"ab/{digest}/0192f0c1-2a4b-7c3d-8e5f-001122334455"


@pytest.mark.parametrize("digest", ["", "AB" * 32, "ab" * 31, "../" * 21 + "a"])
def test_a_published_key_of_what_is_no_hash_is_refused(digest: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        published_key(digest, UPLOAD)


def test_every_key_we_build_is_a_key() -> None:
    assert require_key(published_key("ab" * 32, UPLOAD))


@pytest.mark.parametrize(
    ("size_bytes", "part_mib"),
    [(0, 16), (16 * MIB * 9_000, 16), (16 * MIB * 9_000 + 1, 17), (17 * MIB * 9_000, 17), (1 << 40, 117)],
)
def test_parts_grow_with_the_object(size_bytes: int, part_mib: int) -> None:
    assert part_size_bytes(size_bytes) == part_mib * MIB


@given(st.integers(0, OBJECT_MAX_BYTES))
def test_no_object_has_more_parts_than_a_store_takes(size_bytes: int) -> None:
    count, each = part_count(size_bytes), part_size_bytes(size_bytes)
    assert 1 <= count <= PARTS_MAX
    assert (count - 1) * each < max(size_bytes, 1) <= count * each


@pytest.mark.parametrize("size_bytes", [-1, OBJECT_MAX_BYTES + 1])
def test_a_size_that_no_store_holds_is_refused(size_bytes: int) -> None:
    with pytest.raises(ValueError, match="an object holds"):
        part_size_bytes(size_bytes)


def test_a_part_named_twice_is_refused() -> None:
    with pytest.raises(UploadIncompleteError, match="part_named_twice"):
        upload_order([Part(1, 5 * MIB, "a"), Part(1, 5 * MIB, "b")])


def test_the_smallest_part_but_the_last_has_five_mebibytes() -> None:
    assert upload_order([Part(2, 1, "b"), Part(1, 5 * MIB, "a")])[0].number == 1
    with pytest.raises(UploadIncompleteError, match="part_too_small"):
        upload_order([Part(1, 5 * MIB - 1, "a"), Part(2, 1, "b")])


@given(st.lists(st.binary(max_size=20)), st.integers(1, 7))
def test_pieces_hold_the_same_bytes_in_equal_lengths(chunks: list[bytes], piece_bytes: int) -> None:
    made = list(pieces(chunks, piece_bytes))
    assert b"".join(made) == b"".join(chunks)
    assert all(len(piece) == piece_bytes for piece in made[:-1])
    assert made[0:] and len(made[-1]) <= piece_bytes  # noqa: PT018
    assert all(made) or made == [b""]


@pytest.mark.parametrize("name", ['a".csv', "a\r\nSet-Cookie: x", "../../etc/passwd", "a\\b", ""])
def test_a_file_name_cannot_leave_its_header(name: str) -> None:
    made = attachment(name)
    quoted = made.split('"')
    assert len(quoted) == 3
    assert not set(made) & set("\r\n\\/")
