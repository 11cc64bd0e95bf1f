import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import InvalidValueError
from registry.manifests.model import FilePath


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("", "path_empty"),
        ("/etc/passwd", "path_absolute"),
        ("C:/data.csv", "path_absolute"),
        ("../up.csv", "path_parent_segment"),
        ("a/../../up.csv", "path_parent_segment"),
        ("a/./b.csv", "path_dot_segment"),
        (".", "path_dot_segment"),
        ("a//b.csv", "path_empty_segment"),
        ("a/", "path_empty_segment"),
        ("a\\b.csv", "path_backslash"),
        ("a\x00b", "path_control_character"),
        ("a\nb", "path_control_character"),
        ("a\u202egnp.exe", "path_control_character"),
        ("data:stream.csv", "path_reserved_character"),
        ("what?.csv", "path_reserved_character"),
        ("con", "path_reserved_name"),
        ("a/NUL.txt", "path_reserved_name"),
        ("Com1.tar.gz/x", "path_reserved_name"),
        ("a./b", "path_trailing_dot_or_space"),
        ("a /b", "path_trailing_dot_or_space"),
        ("x" * 256, "path_segment_too_long"),
        ("煤" * 86, "path_segment_too_long"),
        ("/".join(["abcdefg"] * 129), "path_too_long"),
        ("a\ud800", "path_not_unicode"),
    ],
)
def test_a_path_that_is_not_portable_is_refused_and_named(path: str, code: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        FilePath(path)
    assert refused.value.code == code
    assert set(refused.value.parameters) == {"path"}


@pytest.mark.parametrize("path", ["data.csv", "训练集/part-0001.parquet", "a/.hidden", "console/com10.txt", "x" * 255])
def test_a_portable_path_is_kept_as_it_is(path: str) -> None:
    assert FilePath(path) == path


def test_a_path_of_exactly_1024_bytes_passes() -> None:
    assert len(FilePath("/".join(["abcd"] * 204 + ["abcd"]))) == 1024


def test_a_path_is_kept_in_nfc() -> None:
    assert FilePath("cafe\u0301.csv") == "café.csv"


@given(st.text(max_size=40))
def test_whatever_passes_is_relative_and_stays_inside(text: str) -> None:
    try:
        path = FilePath(text)
    except InvalidValueError:
        return
    segments = path.split("/")
    assert not {"", ".", ".."} & set(segments)
    assert unicodedata.is_normalized("NFC", path)
    assert FilePath(path) == path
