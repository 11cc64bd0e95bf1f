import socket
import threading
from collections.abc import Iterator

import httpx
import pytest

from sancai.store_connections import StoreConnections
from tests.sancai.server import NO_ANSWER, Reply, script, serving

PART = [b"a" * 1_000, b"b" * 500]


@pytest.fixture
def store() -> Iterator[StoreConnections]:
    with StoreConnections(2) as made:
        yield made


def test_a_part_arrives_whole_and_nothing_but_its_length_is_said_of_it(store: StoreConnections) -> None:
    with serving(script(Reply(200, b"", {"ETag": '"x"'}))) as server:
        answer = store.put(f"{server.url}/store/a?signature=s%2Bt", PART, 1_500)
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"x"')
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.body) == ("PUT", "/store/a?signature=s%2Bt", b"".join(PART))
    assert "Authorization" not in asked.headers


def test_a_connection_that_was_cut_is_opened_anew(store: StoreConnections) -> None:
    with serving(script(NO_ANSWER, Reply())) as server:
        with pytest.raises(httpx.TransportError):
            store.put(f"{server.url}/store/a", PART, 1_500)
        assert store.put(f"{server.url}/store/a", PART, 1_500).status_code == 200


def test_a_body_that_fails_leaves_no_half_part_on_the_connection(store: StoreConnections) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError("stopped")

    with serving(script(Reply())) as server:
        with pytest.raises(RuntimeError):
            store.put(f"{server.url}/store/a", broken(), 1_500)
        assert store.put(f"{server.url}/store/a", PART, 1_500).status_code == 200
        assert [len(each.body) for each in server.asked] == [1_500]


def test_a_refusal_before_the_whole_part_was_read_is_an_answer(store: StoreConnections) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def refuse() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1 << 16):
                    pass

        thread = threading.Thread(target=refuse)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/a"
        assert store.put(url, [bytes(1 << 20)] * 8, 8 << 20).status_code == 403
        thread.join()


def fetched(store: StoreConnections, url: str, **headers: str) -> bytes:
    with store.get(url, headers) as answer:
        assert answer.is_success
        return b"".join(answer.iter_raw())


def test_what_is_fetched_leaves_its_connection_for_the_next(store: StoreConnections) -> None:
    accepted: list[socket.socket] = []
    body = bytes(3 << 20)
    answer = b"HTTP/1.1 206 Partial Content\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            accepted.append(connection)
            for _ in range(2):
                asked = b""
                while b"\r\n\r\n" not in asked:
                    asked += connection.recv(1 << 16)
                assert b"GET /a?s=1 HTTP/1.1" in asked
                assert b"Range: bytes=0-9" in asked
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/a?s=1"
        for _ in range(2):
            assert fetched(store, url, Range="bytes=0-9") == body
        thread.join()
    accepted[0].close()


def test_an_answer_that_is_cut_is_an_error_of_the_transport(store: StoreConnections) -> None:
    with serving(script(Reply(200, b"x" * 1_000, cut_after=400), Reply(200, b"y"))) as server:
        with pytest.raises(httpx.TransportError, match="600 bytes early"):
            fetched(store, f"{server.url}/a")
        assert fetched(store, f"{server.url}/a") == b"y"


def test_an_answer_that_nobody_reads_is_not_taken_for_the_next(store: StoreConnections) -> None:
    with serving(script(Reply(403, b"z" * 100), Reply(200, b"y"))) as server:
        with store.get(f"{server.url}/a", {}) as answer:
            assert (answer.status_code, answer.headers["content-length"]) == (403, "100")
        assert fetched(store, f"{server.url}/a") == b"y"


def test_a_kept_connection_that_is_gone_is_opened_anew(store: StoreConnections) -> None:
    with serving(script(Reply(200, b"x"), NO_ANSWER, Reply(200, b"y"))) as server:
        assert fetched(store, f"{server.url}/a") == b"x"
        assert fetched(store, f"{server.url}/a") == b"y"
        assert len(server.asked) == 3


def test_an_error_of_whoever_takes_the_bytes_is_none_of_the_transport(store: StoreConnections) -> None:
    with (
        serving(script(Reply(200, b"x"))) as server,
        pytest.raises(OSError, match="disk full"),
        store.get(f"{server.url}/a", {}),
    ):
        raise OSError("disk full")


def test_a_proxy_of_the_environment_is_used(store: StoreConnections, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(script(Reply())) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert store.put("http://store.example/a?s=1", PART, 1_500).status_code == 200
    assert [each.path for each in proxy.asked] == ["http://store.example/a?s=1"]
