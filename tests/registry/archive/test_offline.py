"""A package is checked offline: every change is found, whoever could sign it aside."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.archive import service
from registry.archive.rules import packed
from registry.journal.signing import SigningKey
from sancai.archive_packages import INDEX, verify_package
from sancai.errors import CorruptContentError, InvalidValueError, NotAllowedError
from tests.registry.archive.builders import archived
from tests.registry.awards.builders import Desk, apply, review
from tests.registry.exchange.builders import ask

Members = list[tuple[str, bytes]]


class Kept:
    """A package, what the firm of the case got of it, and the key that signed it."""

    whole: bytes
    of_firm: bytes
    key: str
    case: str


_made: list[Kept] = []


@pytest.fixture
def kept(request: pytest.FixtureRequest) -> Kept:
    """Return the package of a refused case: bytes that no test changes, so one case serves them all."""
    if not _made:
        desk: Desk = request.getfixturevalue("desk")
        case = apply(desk)
        review(desk, case.id, passed=False)
        archived(desk, case.id)
        store, made = desk.house.store, Kept()
        _, made.whole = ask(desk.house, desk.reviewer, lambda view: service.package(view, store, case.id, None))
        _, made.of_firm = ask(
            desk.house, desk.scene.publisher, lambda view: service.package(view, store, case.id, None)
        )
        made.key, made.case = str(desk.house.signing_key.verifier), case.id
        _made.append(made)
    return _made[0]


@pytest.fixture
def at(tmp_path: Path) -> Callable[[bytes], Path]:
    """Write a package to a file."""

    def write(content: bytes) -> Path:
        path = tmp_path / "case.zip"
        path.write_bytes(content)
        return path

    return write


def members(content: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return [(name, file.read(name)) for name in file.namelist()]


def test_a_package_holds_whole_and_as_its_firm_got_it(kept: Kept, at: Callable[[bytes], Path]) -> None:
    found = verify_package(at(kept.whole), (kept.key,))
    assert (found.case, found.revision, found.outcome, found.absent) == (kept.case, 1, "refused", ())
    assert json.loads(found.dossier)["case"]["id"] == kept.case
    of_firm = verify_package(at(kept.of_firm), (kept.key,))
    assert of_firm.absent
    assert of_firm.documents + len(of_firm.absent) == found.documents


def without(name: str) -> Callable[[Members], Members]:
    return lambda held: [each for each in held if not each[0].endswith(name)]


def changed(name: str) -> Callable[[Members], Members]:
    return lambda held: [(each, content + b" " if each.endswith(name) else content) for each, content in held]


def restated(held: Members) -> Members:
    index = json.loads(held[0][1])
    index["outcome"] = "paid"
    return [(INDEX, json.dumps(index, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()), *held[1:]]


CHANGES: dict[str, Callable[[Members], Members]] = {
    "a document is another one": changed("form.html"),
    "the dossier is another one": changed("dossier.json"),
    "a document is missing": without("form.html"),
    "a document was added": lambda held: [*held, ("999-more.json", b"{}")],
    "two documents changed places": lambda held: [
        held[0],
        *((a[0], b[1]) for a, b in zip(held[1:], held[:0:-1], strict=True)),
    ],
    "the index says otherwise": restated,
    "the index is not canonical": lambda held: [(INDEX, held[0][1] + b"\n"), *held[1:]],
    "the index is missing": lambda held: held[1:],
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_found(kept: Kept, at: Callable[[bytes], Path], what: str) -> None:
    tampered = packed(CHANGES[what](members(kept.whole)))
    assert tampered != kept.whole
    with pytest.raises((CorruptContentError, InvalidValueError), match=r"is no|is not what"):
        verify_package(at(tampered), (kept.key,))


@pytest.mark.parametrize("more", [b"\0", b"PK"])
def test_bytes_behind_the_package_are_found(kept: Kept, at: Callable[[bytes], Path], more: bytes) -> None:
    with pytest.raises(CorruptContentError):
        verify_package(at(kept.whole + more), (kept.key,))


def test_every_byte_of_the_index_counts(kept: Kept, at: Callable[[bytes], Path]) -> None:
    start = kept.whole.index(b'{"authority"')
    for place in range(start, start + len(members(kept.whole)[0][1]), 97):
        tampered = bytearray(kept.whole)
        tampered[place] ^= 1
        with pytest.raises((CorruptContentError, InvalidValueError, NotAllowedError)):
            verify_package(at(bytes(tampered)), (kept.key,))


def test_a_key_the_reader_does_not_trust_proves_nothing(
    kept: Kept, at: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(CorruptContentError):
        verify_package(at(kept.whole), (str(SigningKey.create("elsewhere.test").verifier),))
    monkeypatch.setenv("SANCAI_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with pytest.raises(NotAllowedError, match="No key of"):
        verify_package(at(kept.whole))


def test_what_is_no_package_is_said_to_be_none(at: Callable[[bytes], Path]) -> None:
    for content in (b"", b"hello", packed([("other.txt", b"")]), packed([(INDEX, b'{"format": "other/1"}')])):
        with pytest.raises(InvalidValueError):
            verify_package(at(content), ("k",))
