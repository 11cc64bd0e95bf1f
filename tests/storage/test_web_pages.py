"""Reading a page of the web, from a real server on this machine."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from storage import web_pages
from storage.web_pages import Page, PageUnreachableError, read_page


class Answers(BaseHTTPRequestHandler):
    """Answers by the path."""

    def do_GET(self) -> None:
        asked.append(self.headers["Host"])
        moved = {"/moved": "/page", "/round": "/round", "/away": "http://169.254.169.254/", "/odd": "//["}.get(
            self.path
        )
        content = b"" if moved else f"page at {self.path}".encode()
        self.send_response(302 if moved else 404 if self.path == "/gone" else 200)
        if moved:
            self.send_header("Location", moved)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


asked: list[str] = []


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    asked.clear()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_page_is_read_and_a_redirect_followed(url: str) -> None:
    assert read_page(f"{url}/page", private_allowed=True) == Page(200, b"page at /page")
    assert read_page(f"{url}/moved", private_allowed=True) == Page(200, b"page at /page")
    assert read_page(f"{url}/gone", private_allowed=True).status == 404
    assert set(asked) == {url.removeprefix("http://")}


def test_an_address_of_an_own_network_is_not_called_unless_it_is_allowed(url: str) -> None:
    with pytest.raises(PageUnreachableError, match="webhook_target_private"):
        read_page(f"{url}/page")
    assert asked == []


def test_a_redirect_is_judged_as_the_address_was(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []
    judge = web_pages.require_target

    def remembered(address: str, *, private_allowed: bool) -> web_pages.Target:
        judged.append(address)
        return judge(address, private_allowed=private_allowed and not address.startswith("http://169.254."))

    monkeypatch.setattr(web_pages, "require_target", remembered)
    with pytest.raises(PageUnreachableError, match="webhook_target_private"):
        read_page(f"{url}/away", private_allowed=True)
    assert judged == [f"{url}/away", "http://169.254.169.254/"]


def test_redirects_without_end_and_pages_without_end_are_no_answer(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PageUnreachableError, match="too many redirects"):
        read_page(f"{url}/round", private_allowed=True)
    assert len(asked) == web_pages.REDIRECTS_MAX + 1
    monkeypatch.setattr(web_pages, "PAGE_BYTES_MAX", 5)
    with pytest.raises(PageUnreachableError, match="PageTooLarge"):
        read_page(f"{url}/page", private_allowed=True)


@pytest.mark.parametrize(
    ("stated", "path"),
    [("/page#part", "/page"), ("/公示?年=2026#一", "/%E5%85%AC%E7%A4%BA?%E5%B9%B4=2026"), ("/a%20b c", "/a%20b%20c")],
)
def test_an_address_as_people_write_it_is_read(url: str, stated: str, path: str) -> None:
    assert read_page(f"{url}{stated}", private_allowed=True) == Page(200, f"page at {path}".encode())


def test_the_deadline_is_one_for_a_page_and_all_its_redirects(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    at = iter([0.0, 1.0, web_pages.DEADLINE_S + 1.0])
    monkeypatch.setattr(web_pages, "monotonic", lambda: next(at))
    with pytest.raises(PageUnreachableError, match="DeadlinePassed"):
        read_page(f"{url}/moved", private_allowed=True)
    assert len(asked) == 1


def test_a_redirect_to_no_address_is_no_answer(url: str) -> None:
    with pytest.raises(PageUnreachableError, match="redirect malformed"):
        read_page(f"{url}/odd", private_allowed=True)


def test_a_server_that_is_not_there_is_no_answer(url: str) -> None:
    with pytest.raises(PageUnreachableError):
        read_page("http://127.0.0.1:1/", private_allowed=True)
    with pytest.raises(PageUnreachableError, match="webhook_url_malformed"):
        read_page("ftp://127.0.0.1/", private_allowed=True)
