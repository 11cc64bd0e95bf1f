from collections.abc import Iterator
from pathlib import Path

import pytest

from sancai.client import Client
from sancai.errors import ConflictError, InvalidValueError, UnavailableError
from sancai.shapes import shaped
from sancai.transfers import Upload
from tests.sancai.server import NO_ANSWER, Reply, Running, serving
from tests.sancai.store import PART_SIZE, Store, sha256

CONTENT = bytes(range(256)) * (5 * PART_SIZE // 512) + b"the end"


@pytest.fixture
def store() -> Store:
    made = Store()
    made.size_bytes = len(CONTENT)
    return made


@pytest.fixture
def server(store: Store) -> Iterator[Running]:
    with serving(store.answer) as running:
        yield running


@pytest.fixture
def client(server: Running) -> Iterator[Client]:
    with Client(server.url, "t0") as made:
        yield made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "data.bin"
    path.write_bytes(CONTENT)
    return path


def test_parts_arrive_and_the_digest_is_of_the_whole(store: Store, client: Client, file: Path) -> None:
    told: list[int] = []
    digest = client.uploads.send(shaped(Upload, store.upload("open")), file, told.append)
    assert store.content() == CONTENT
    assert store.completed == [digest] == [sha256(CONTENT)]
    assert sum(told) == len(CONTENT)


def test_the_token_does_not_go_to_the_store(store: Store, client: Client, file: Path) -> None:
    client.uploads.send(shaped(Upload, store.upload("open")), file)
    assert set(store.seen_tokens) == {None}


def test_an_empty_file_is_one_empty_part(store: Store, client: Client, tmp_path: Path) -> None:
    store.size_bytes = 0
    (tmp_path / "empty").write_bytes(b"")
    client.uploads.send(shaped(Upload, store.upload("open")), tmp_path / "empty")
    assert store.parts == {1: b""}
    assert store.completed == [sha256(b"")]


def test_a_part_that_was_cut_is_sent_again(store: Store, client: Client, file: Path) -> None:
    told: list[int] = []
    store.on_part = lambda number, count: NO_ANSWER if number == 2 and count == 1 else None
    client.uploads.send(shaped(Upload, store.upload("open")), file, told.append)
    assert store.content() == CONTENT
    assert sum(told) == len(CONTENT)


def test_an_expired_address_is_asked_for_anew(store: Store, client: Client, file: Path) -> None:
    store.on_part = lambda number, count: Reply(403) if number == 1 and count == 1 else None
    client.uploads.send(shaped(Upload, store.upload("open")), file)
    assert store.content() == CONTENT
    assert store.urls_given == 2


def test_what_the_store_has_is_not_sent_again(store: Store, client: Client, file: Path) -> None:
    store.parts = {1: CONTENT[:PART_SIZE], 3: CONTENT[2 * PART_SIZE : 3 * PART_SIZE]}
    sent: list[int] = []
    store.on_part = lambda number, _count: sent.append(number)
    digest = client.uploads.send(client.uploads.show("up_1"), file)
    assert sorted(sent) == [2]
    assert digest == sha256(CONTENT)


def test_a_part_of_another_size_is_sent_again(store: Store, client: Client, file: Path) -> None:
    store.parts = {1: b"half"}
    client.uploads.send(client.uploads.show("up_1"), file)
    assert store.content() == CONTENT


def test_a_store_that_refuses_for_good_ends_the_upload(store: Store, client: Client, file: Path) -> None:
    store.on_part = lambda _number, _count: Reply(403)
    with pytest.raises(ConflictError) as caught:
        client.uploads.send(shaped(Upload, store.upload("open")), file)
    assert caught.value.code == "part_refused"
    assert "clock" in str(caught.value)
    assert store.completed == []


def test_a_forgotten_upload_says_so(store: Store, client: Client, file: Path) -> None:
    store.on_part = lambda _number, _count: Reply(404)
    with pytest.raises(ConflictError) as caught:
        client.uploads.send(shaped(Upload, store.upload("open")), file)
    assert caught.value.code == "upload_gone"


def test_a_store_that_stays_busy_is_unavailable(store: Store, client: Client, file: Path) -> None:
    store.on_part = lambda _number, _count: Reply(503)
    with pytest.raises(UnavailableError):
        client.uploads.send(shaped(Upload, store.upload("open")), file)


def test_a_file_of_another_size_is_refused_before_anything_is_sent(store: Store, client: Client, file: Path) -> None:
    upload = shaped(Upload, store.upload("open"))
    file.write_bytes(CONTENT + b"more")
    with pytest.raises(InvalidValueError, match="changed"):
        client.uploads.send(upload, file)
    assert store.parts == {}


def test_a_file_that_changes_under_way_is_not_completed(store: Store, client: Client, file: Path) -> None:
    def touch(number: int, count: int) -> None:
        file.write_bytes(b"x" * len(CONTENT))

    store.on_part = touch
    with pytest.raises(InvalidValueError) as caught:
        client.uploads.send(shaped(Upload, store.upload("open")), file)
    assert caught.value.code == "file_changed"
    assert store.completed == []
