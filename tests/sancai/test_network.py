"""Proxies and private authorities: questions, uploads and downloads take the same way.

The service stands on 127.0.0.2, which no rule about the loopback of this machine touches.
"""

import datetime as dt
import ipaddress
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sancai import contents, fetching, handles
from sancai.client import Client
from sancai.errors import InvalidValueError, UnavailableError
from sancai.pull import pull
from sancai.transfers import Upload
from tests.cli.runner import sancai
from tests.sancai.server import Running, serving
from tests.sancai.store import Store

HOST = "127.0.0.2"
FILES = {"big.bin": bytes(200_000), "a.csv": b"a,b\n1,2\n"}
DAY = dt.timedelta(days=1)


class Proxy(socketserver.ThreadingTCPServer):
    """A proxy that tunnels (CONNECT) and forwards (absolute addresses), and notes whom it was asked for."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Relay)
        self.asked: list[str] = []


class _Relay(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        method, target, _ = self.rfile.readline().decode().split(" ")
        self.server.asked.append(f"{method} {target}")  # type: ignore[attr-defined]
        head = b""
        while (line := self.rfile.readline()) not in {b"\r\n", b""}:
            # One request for each connection: the next one may be for another host.
            head += b"" if line.lower().startswith((b"connection:", b"proxy-")) else line
        address = target if method == "CONNECT" else target.split("/")[2]
        host, _, port = address.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=30) as other:
            if method == "CONNECT":
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                path = "/" + target.split("/", 3)[3]
                other.sendall(f"{method} {path} HTTP/1.1\r\n".encode() + head + b"Connection: close\r\n\r\n")
            back = threading.Thread(target=_copy, args=(other, self.connection))
            back.start()
            while block := self.rfile.read1(1 << 16):
                other.sendall(block)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while block := source.recv(1 << 16):
            target.sendall(block)
        target.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # One side has gone, as it may.


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A proxy that the environment names for everything."""
    with Proxy() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{made.server_address[1]}")
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "SSL_CERT_FILE", "SANCAI_CA"):
        monkeypatch.delenv(name, raising=False)
    for module in (contents, fetching, handles):
        monkeypatch.setattr(module, "SMALL_BYTES", 100_000)


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Return the file of a private authority, and what a server at ``HOST`` that it vouches for speaks TLS with."""
    now = dt.datetime.now(dt.UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("内部根证书", HOST)]
    made = []
    for number, constraint in enumerate((True, False)):
        builder = x509.CertificateBuilder().subject_name(names[number]).issuer_name(names[0])
        builder = builder.public_key(keys[number].public_key()).serial_number(number + 1)
        builder = builder.not_valid_before(now - DAY).not_valid_after(now + DAY)
        builder = builder.add_extension(x509.BasicConstraints(ca=constraint, path_length=None), critical=True)
        alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))])
        made.append(builder.add_extension(alternative, critical=False).sign(keys[0], hashes.SHA256()))
    authority, server = (folder / "authority.pem", folder / "server.pem")
    authority.write_bytes(made[0].public_bytes(serialization.Encoding.PEM))
    key = keys[1].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    server.write_bytes(key + made[1].public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server)
    return authority, context


@contextmanager
def service(tls: ssl.SSLContext | None = None) -> Iterator[tuple[Store, Running]]:
    store = Store(dict(FILES))
    store.scheme = "https" if tls else "http"
    with serving(store.answer, HOST, tls) as running:
        yield store, running


def there_and_back(store: Store, running: Running, folder: Path, ca: Path | None = None) -> None:
    """Ask, download small and large files, and upload."""
    source = folder / "source.bin"
    source.write_bytes(FILES["big.bin"])
    store.size_bytes = len(FILES["big.bin"])
    with Client(running.url, "t0", ca=ca) as client:
        pull(client, "hami/wind@v1", folder / "out")
        client.uploads.send(Upload("up_1", "open", 1 << 20, 1, store.size_bytes), source)
    assert (folder / "out" / "big.bin").read_bytes() == store.content() == FILES["big.bin"]


def test_everything_goes_through_the_proxy_of_the_environment(proxy: Proxy, tmp_path: Path) -> None:
    with service() as (store, running):
        there_and_back(store, running, tmp_path)
    assert len(proxy.asked) == len(running.asked)
    assert {asked.split(" ")[0] for asked in proxy.asked} == {"GET", "POST", "PUT"}


def test_tls_is_tunnelled_and_a_private_authority_trusted(
    proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, tls = certificate(tmp_path)
    monkeypatch.setenv("SANCAI_CA", str(authority))
    with service(tls) as (store, running):
        there_and_back(store, running, tmp_path)
    assert {asked.split(" ")[0] for asked in proxy.asked} == {"CONNECT"}


def test_hosts_of_no_proxy_are_asked_directly(proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", HOST)
    with service() as (store, running):
        there_and_back(store, running, tmp_path)
    assert not proxy.asked


def test_an_authority_of_the_environment_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority, tls = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with service(tls) as (store, running):
        there_and_back(store, running, tmp_path)


def test_an_authority_of_one_client_counts_for_its_store_too(proxy: Proxy, tmp_path: Path) -> None:
    authority, tls = certificate(tmp_path)
    with service(tls) as (store, running):
        there_and_back(store, running, tmp_path, ca=authority)
    assert {asked.split(" ")[0] for asked in proxy.asked} == {"CONNECT"}


@pytest.mark.parametrize("before", [True, False])
def test_the_command_line_takes_an_authority_before_or_after_the_command(
    before: bool, proxy: Proxy, tmp_path: Path, own_configuration: Path
) -> None:
    authority, tls = certificate(tmp_path)
    given, pulled = ["--ca", str(authority)], ["pull", "hami/wind@v1", "--to", str(tmp_path / "out")]
    with service(tls) as (store, running):
        store.files["larger.bin"] = bytes(3 << 20)
        own = {"SANCAI_URL": running.url, "SANCAI_CONFIG": str(own_configuration)}
        done = sancai(*(given + pulled if before else pulled + given), **own)
        assert done.code == 0, done.err
        assert store.seen_tokens
    assert (tmp_path / "out" / "larger.bin").stat().st_size == 3 << 20
    assert {asked.split(" ")[0] for asked in proxy.asked} == {"CONNECT"}


def test_a_store_that_nobody_vouches_for_is_refused_at_once(tmp_path: Path, no_waiting: list[float]) -> None:
    _, tls = certificate(tmp_path)
    with service(tls) as (_, other), service() as (store, running), Client(running.url) as client:
        store.scheme, store.host = "https", other.url.removeprefix("https://")
        with pytest.raises(UnavailableError, match=other.url) as caught:
            pull(client, "hami/wind@v1", tmp_path / "out")
        assert caught.value.code == "certificate_untrusted"
        source = tmp_path / "source.bin"
        source.write_bytes(b"content")
        with pytest.raises(UnavailableError, match=other.url) as caught:
            client.uploads.send(Upload("up_1", "open", 1 << 20, 1, 7), source)
        assert caught.value.code == "certificate_untrusted"
    assert not any(no_waiting)


def test_an_unknown_authority_is_refused_at_once_and_says_what_to_do(tmp_path: Path, no_waiting: list[float]) -> None:
    _, tls = certificate(tmp_path)
    with (
        service(tls) as (_store, running),
        Client(running.url) as client,
        pytest.raises(UnavailableError, match="SANCAI_CA") as caught,
    ):
        client.datasets.show("hami/wind")
    assert caught.value.code == "certificate_untrusted"
    assert not no_waiting


def test_an_authority_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    for path in (tmp_path / "ca.pem", tmp_path / "missing.pem"):
        monkeypatch.setenv("SANCAI_CA", str(path))
        with pytest.raises(InvalidValueError) as caught:
            Client("https://sancai.example.cn")
        assert caught.value.code == "ca_unreadable"
