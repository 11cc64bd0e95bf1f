import pytest
import rfc8785

from sancai.errors import InvalidValueError, NotFoundError
from sancai.manifests import Manifest, open_manifest
from sancai.selection import Selection
from tests.sancai.store import signed_manifest

PATHS = ("a", "a.txt", "b/a.csv", "b/c.csv", "b/c/d.csv", "b/c[1].csv", "é.csv", "z/deep/e.parquet")


def manifest_of(*paths: str, page_files: int = 2) -> Manifest:
    made = signed_manifest(dict.fromkeys(paths, b"x"), page_files=page_files)
    named = zip(made["root"]["pages"], made["pages"], strict=True)
    pages = {reference["digest"]: rfc8785.dumps(page) for reference, page in named}
    return open_manifest(made["envelope"], (), lambda reference: pages[reference.digest])


def chosen(*patterns: str) -> list[str]:
    return [file.path for file in Selection(patterns).of(manifest_of(*PATHS))]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ((), sorted(PATHS)),
        (("a",), ["a"]),
        (("a", "a.txt", "b/c"), ["a", "a.txt", "b/c/d.csv"]),
        (("b/",), ["b/a.csv", "b/c.csv", "b/c/d.csv", "b/c[1].csv"]),
        (("b", "b/c.csv"), ["b/a.csv", "b/c.csv", "b/c/d.csv", "b/c[1].csv"]),
        (("*.csv",), ["é.csv"]),
        (("b/*.csv",), ["b/a.csv", "b/c.csv", "b/c[1].csv"]),
        (("**/*.csv",), ["b/a.csv", "b/c.csv", "b/c/d.csv", "b/c[1].csv", "é.csv"]),
        (("b/[!a].csv",), ["b/c.csv"]),
        (("b/c[1].csv",), ["b/c[1].csv"]),
        (("./a", "?.txt"), ["a", "a.txt"]),
        (("e\u0301.csv",), ["é.csv"]),
        (("z/**",), ["z/deep/e.parquet"]),
    ],
)
def test_paths_folders_and_patterns_name_files(patterns: tuple[str, ...], expected: list[str]) -> None:
    assert chosen(*patterns) == expected


@pytest.mark.parametrize("pattern", ["A", "b/*.parquet", "c", "b/c.csv/"])
def test_what_names_no_file_is_an_error(pattern: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        chosen("a", pattern)
    assert caught.value.parameters["path"] == pattern


def test_a_pattern_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(InvalidValueError):
        chosen("b/[z-a].csv")
