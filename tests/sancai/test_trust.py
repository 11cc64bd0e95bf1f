import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sancai.client import Client
from sancai.config import pin_keys, pinned_keys, pins_path
from sancai.errors import CorruptContentError, InvalidValueError
from sancai.trust import trusted_manifest
from tests.sancai.server import Running, serving
from tests.sancai.store import Store, public_key, signed_manifest

FILES = {"t.csv": b"a,b\n1,2\n"}
OTHER = Ed25519PrivateKey.from_private_bytes(b"another key of tests, 32 bytes!!")


@pytest.fixture
def store() -> Store:
    return Store(dict(FILES))


@pytest.fixture
def running(store: Store) -> Iterator[Running]:
    with serving(store.answer) as started:
        yield started


@pytest.fixture
def client(running: Running) -> Iterator[Client]:
    with Client(running.url) as made:
        yield made


def replace_key(store: Store) -> None:
    store.manifest = signed_manifest(FILES, OTHER)
    store.keys = [public_key(OTHER)]


def asked_for_keys(running: Running) -> int:
    return sum(request.path == "/v1/keys" for request in running.asked)


def test_a_service_is_pinned_with_the_key_it_is_first_seen_with(client: Client, running: Running) -> None:
    assert trusted_manifest(client, "hami/wind", 1).signed_by == ("sancai.test",)
    assert pinned_keys(running.url) == (public_key(),)


def test_pins_are_for_their_owner_only(client: Client) -> None:
    trusted_manifest(client, "hami/wind", 1)
    assert stat.S_IMODE(pins_path().stat().st_mode) == 0o600


def test_a_known_service_is_not_asked_for_its_key_again(client: Client, running: Running) -> None:
    trusted_manifest(client, "hami/wind", 1)
    trusted_manifest(client, "hami/wind", 1)
    assert asked_for_keys(running) == 1


def test_a_changed_key_is_refused_and_says_what_to_do(client: Client, store: Store) -> None:
    trusted_manifest(client, "hami/wind", 1)
    replace_key(store)
    with pytest.raises(CorruptContentError, match="--key") as caught:
        trusted_manifest(client, "hami/wind", 1)
    assert caught.value.code == "service_key_changed"
    assert str(pins_path()) in caught.value.detail


def test_a_changed_key_is_not_pinned(client: Client, running: Running, store: Store) -> None:
    trusted_manifest(client, "hami/wind", 1)
    replace_key(store)
    with pytest.raises(CorruptContentError):
        trusted_manifest(client, "hami/wind", 1)
    assert pinned_keys(running.url) == (public_key(),)


def test_a_key_that_is_named_wins_over_the_pin(client: Client, running: Running, store: Store) -> None:
    trusted_manifest(client, "hami/wind", 1)
    replace_key(store)
    assert trusted_manifest(client, "hami/wind", 1, (public_key(OTHER),)).signed_by == ("sancai.test",)
    assert pinned_keys(running.url) == (public_key(),)


def test_without_its_pin_a_service_is_new_again(client: Client, running: Running, store: Store) -> None:
    trusted_manifest(client, "hami/wind", 1)
    replace_key(store)
    pins_path().unlink()
    trusted_manifest(client, "hami/wind", 1)
    assert pinned_keys(running.url) == (public_key(OTHER),)


def test_a_manifest_the_shown_key_did_not_sign_pins_nothing(client: Client, running: Running, store: Store) -> None:
    store.manifest = signed_manifest(FILES, OTHER)
    with pytest.raises(CorruptContentError) as caught:
        trusted_manifest(client, "hami/wind", 1)
    assert caught.value.code == "manifest_unsigned"
    assert pinned_keys(running.url) == ()


def test_a_service_without_keys_is_not_trusted(client: Client, store: Store) -> None:
    store.keys = []
    with pytest.raises(CorruptContentError) as caught:
        trusted_manifest(client, "hami/wind", 1)
    assert caught.value.code == "service_keys_missing"


def test_services_are_pinned_apart() -> None:
    pin_keys("https://one.example.cn", (public_key(),))
    pin_keys("https://two.example.cn", (public_key(OTHER),))
    assert pinned_keys("HTTPS://One.example.cn/") == (public_key(),)


def test_damaged_pins_are_not_ignored() -> None:
    pins_path().write_text("{")
    with pytest.raises(InvalidValueError) as caught:
        pinned_keys("https://one.example.cn")
    assert caught.value.code == "pins_unreadable"


def test_a_folder_that_cannot_be_written_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SANCAI_CONFIG", str(tmp_path / "file" / "below"))
    with pytest.raises(InvalidValueError, match="SANCAI_CONFIG"):
        pin_keys("https://one.example.cn", (public_key(),))
