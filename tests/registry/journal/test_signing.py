import json
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import ConflictError, CorruptContentError, InvalidValueError, NotFoundError
from registry.journal.signing import SigningKey, Verifier, load_or_create_secret

VECTORS = json.loads((Path(__file__).parent / "vectors" / "notes.json").read_text(encoding="utf-8"))
NAME = "sancai.example/journal"

MAKE_ONE = """
import sys
from pathlib import Path
from registry.journal.signing import SigningKey, load_or_create_secret
key = SigningKey.load_or_create(Path(sys.argv[1]) / "key.pem", "sancai.example/journal")
print(key.verifier, load_or_create_secret(Path(sys.argv[1]) / "secret").hex())
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "key.pem"


def test_a_key_is_made_once_and_found_again(path: Path) -> None:
    made = SigningKey.load_or_create(path, NAME)
    assert SigningKey.load_or_create(path, NAME).verifier == SigningKey.load(path).verifier == made.verifier


def test_only_its_owner_may_read_a_key_file(path: Path) -> None:
    SigningKey.load_or_create(path, NAME)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nothing_but_the_key_is_left_in_its_folder(path: Path) -> None:
    SigningKey.load_or_create(path, NAME)
    assert [found.name for found in path.parent.iterdir()] == ["key.pem"]


def test_a_key_file_is_pem_that_others_read(path: Path) -> None:
    made = SigningKey.load_or_create(path, NAME)
    read = serialization.load_pem_private_key(path.read_bytes(), password=None)
    assert read.public_key() == made.public_key


def test_threads_that_make_a_key_at_once_share_it(path: Path) -> None:
    together = Barrier(8)

    def make(_: int) -> tuple[Verifier, bytes]:
        together.wait()
        return SigningKey.load_or_create(path, NAME).verifier, load_or_create_secret(path.parent / "secret")

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(make, range(8)))) == 1


def test_processes_that_make_a_key_at_once_share_it(tmp_path: Path) -> None:
    started = [
        subprocess.Popen([sys.executable, "-c", MAKE_ONE, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    printed = [process.communicate()[0] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0]
    assert len(set(printed)) == 1


def test_a_key_made_meanwhile_is_not_replaced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = SigningKey.load_or_create(path, NAME)
    # The second process looked before the first one had written.
    monkeypatch.setattr(Path, "exists", lambda _: False)
    assert SigningKey.load_or_create(path, NAME).verifier == first.verifier
    assert [found.name for found in path.parent.iterdir()] == ["key.pem"]


def test_a_missing_key_is_named(path: Path) -> None:
    with pytest.raises(NotFoundError) as refused:
        SigningKey.load(path)
    assert refused.value.code == "key_file_missing"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o666])
def test_a_key_that_others_may_touch_is_not_used(path: Path, mode: int) -> None:
    SigningKey.load_or_create(path, NAME)
    path.chmod(mode)
    with pytest.raises(ConflictError) as refused:
        SigningKey.load(path)
    assert refused.value.code == "key_file_exposed"


def test_a_key_file_may_be_read_only(path: Path) -> None:
    made = SigningKey.load_or_create(path, NAME)
    path.chmod(0o400)
    assert SigningKey.load(path).verifier == made.verifier


def _written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def test_a_key_file_cut_at_any_place_is_damaged(path: Path) -> None:
    SigningKey.load_or_create(path, NAME)
    whole = path.read_bytes()
    read = []
    for length in range(len(whole) - 1):
        try:
            SigningKey.load(_written(path, whole[:length]))
        except CorruptContentError:
            continue
        read.append(length)
    assert read == []


OTHER_KIND = Ed448PrivateKey.generate().private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
        b"Key-Name: sancai.example\n-----BEGIN PRIVATE KEY-----\n!!!\n-----END PRIVATE KEY-----\n",
        b"Key-Name: sancai.example\n" + OTHER_KIND,
        OTHER_KIND,
    ],
    ids=["empty", "binary", "nameless", "no key", "another algorithm", "another algorithm, nameless"],
)
def test_what_is_not_a_key_of_ours_is_damaged(path: Path, content: bytes) -> None:
    with pytest.raises(CorruptContentError) as refused:
        SigningKey.load(_written(path, content))
    assert refused.value.code == "key_file_damaged"


def test_a_key_under_a_name_it_cannot_have_is_damaged(path: Path) -> None:
    SigningKey.load_or_create(path, NAME)
    with pytest.raises(CorruptContentError):
        SigningKey.load(_written(path, path.read_bytes().replace(NAME.encode(), b"a+b")))


def test_a_key_of_another_name_is_not_taken(path: Path) -> None:
    SigningKey.load_or_create(path, NAME)
    with pytest.raises(ConflictError) as refused:
        SigningKey.load_or_create(path, "other.example/journal")
    assert refused.value.code == "signing_key_name_differs"


@pytest.mark.parametrize("name", ["", "two words", "a+b", "日志", "-a", "a\n"])
def test_a_name_that_a_note_cannot_carry_makes_no_file(path: Path, name: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        SigningKey.load_or_create(path, name)
    assert refused.value.code == "signing_key_name_malformed"
    assert not path.exists()


def test_a_key_does_not_print_its_secret(path: Path) -> None:
    key = SigningKey.load_or_create(path, NAME)
    assert key.private_key.private_bytes_raw().hex() not in repr(key)
    assert "PrivateKey" not in repr(key)


@given(st.binary(), st.binary())
def test_a_signature_is_of_one_message(message: bytes, other: bytes) -> None:
    key = SigningKey.create(NAME)
    assert key.verifier.accepts(key.sign(message), other) == (message == other)


def test_a_verifier_is_read_back_from_its_text() -> None:
    verifier = SigningKey.create(NAME).verifier
    assert Verifier.parse(str(verifier)) == verifier


def test_the_published_verifier_is_read_back() -> None:
    verifier = Verifier.parse(VECTORS["peter"]["verifier"])
    assert (verifier.name, verifier.key_id, str(verifier)) == ("PeterNeumann", "c74f20a3", VECTORS["peter"]["verifier"])


def _mangled() -> list[str]:
    whole = VECTORS["peter"]["verifier"]
    parts = [whole[start:end] for start in range(len(whole)) for end in range(start, len(whole) + 1)]
    bumped = [f"{whole[:place]}{chr(ord(whole[place]) + 1)}{whole[place + 1 :]}" for place in range(len(whole))]
    return [text for text in [*parts, *bumped, *VECTORS["refused_verifiers"]] if text != whole]


def test_no_mangled_verifier_is_read() -> None:
    read = []
    for text in _mangled():
        try:
            Verifier.parse(text)
        except InvalidValueError:
            continue
        read.append(text)
    assert read == []


def test_a_public_key_that_is_no_point_accepts_nothing() -> None:
    assert not Verifier("a", b"\xff" * 32).accepts(b"\x00" * 64, b"message")


def test_a_secret_is_made_once_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "secret"
    secret = load_or_create_secret(path)
    assert (len(secret), load_or_create_secret(path)) == (32, secret)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_two_installations_share_a_secret(tmp_path: Path) -> None:
    assert load_or_create_secret(tmp_path / "one") != load_or_create_secret(tmp_path / "two")


@pytest.mark.parametrize("content", [b"", b"abc\n", b"0" * 63 + b"\n", b"0" * 64, b"g" * 64 + b"\n", b"0" * 66 + b"\n"])
def test_a_damaged_secret_is_named(path: Path, content: bytes) -> None:
    with pytest.raises(CorruptContentError) as refused:
        load_or_create_secret(_written(path, content))
    assert refused.value.code == "key_file_damaged"


def test_a_secret_that_others_may_read_is_not_used(path: Path) -> None:
    load_or_create_secret(path)
    path.chmod(0o644)
    with pytest.raises(ConflictError) as refused:
        load_or_create_secret(path)
    assert refused.value.code == "key_file_exposed"
