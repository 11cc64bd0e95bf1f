"""A page of the web, read once: only from an address that may be called, within bounds of time and size.

Rules:
* Where an address leads is looked up and judged before each request (``web_targets``); so is where a redirect leads.
* Redirects are followed ``REDIRECTS_MAX`` times: a page that has moved is still the page people find.
* A page larger than ``PAGE_BYTES_MAX``, or not whole within ``DEADLINE_S`` with all redirects, counts as no answer.
"""

import http.client
import ssl
import threading
from dataclasses import dataclass
from time import monotonic
from typing import Final
from urllib.parse import quote, urldefrag, urljoin, urlsplit, urlunsplit

from storage.web_targets import Target, TargetRefusedError, require_target
from storage.webhook_carrier import connected_to, cut

REDIRECTS_MAX: Final = 3
PAGE_BYTES_MAX: Final = 20 * 1024 * 1024
DEADLINE_S: Final = 60
USER_AGENT: Final = "Sancai-Notice-Probe/1"
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class PageUnreachableError(Exception):
    """No answer that could be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a web server answered."""

    status: int
    content: bytes


def read_page(url: str, *, private_allowed: bool = False) -> Page:
    """Return what stands at ``url``.

    Args:
        url: The address.
        private_allowed: Whether addresses that are not public may be called.

    Raises:
        PageUnreachableError: There is no answer, it may not be asked for, or it is larger or slower than allowed.
    """
    ends_at_s = monotonic() + DEADLINE_S
    for _ in range(REDIRECTS_MAX + 1):
        try:
            target = require_target(_as_sent(url), private_allowed=private_allowed)
        except TargetRefusedError as error:
            raise PageUnreachableError(error.code) from error
        page, leads_to = _read(target, ends_at_s)
        if leads_to is None:
            return page
        try:
            url = urljoin(url, leads_to)
        except ValueError as error:
            raise PageUnreachableError("redirect malformed") from error
    raise PageUnreachableError("too many redirects")


def _as_sent(url: str) -> str:
    """Return an address as browsers send it: without a fragment, and with other than ASCII characters encoded.

    Raises PageUnreachableError: it is no address.
    """
    try:
        parts = urlsplit(urldefrag(url).url)
        host = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode()
        # What is encoded already stays so.
        path, query = (quote(part, safe="%/:@!$&'()*+,;=?~") for part in (parts.path, parts.query))
    except ValueError as error:
        raise PageUnreachableError("address malformed") from error
    return urlunsplit((parts.scheme, host, path, query, ""))


def _read(target: Target, ends_at_s: float) -> tuple[Page, str | None]:
    """Read from the first address that can be reached; the second value is where a redirect leads."""
    failure: Exception | None = None
    for address in target.addresses:
        left_s = ends_at_s - monotonic()
        if left_s <= 0:
            raise PageUnreachableError("DeadlinePassed")
        connection = http.client.HTTPConnection(target.host, target.port)
        try:
            connection.sock = connected_to(target, address)
        except (OSError, ssl.SSLError) as error:
            failure = error
            continue
        ended = threading.Event()
        stop = threading.Timer(left_s, cut, (connection.sock, ended))
        stop.daemon = True
        stop.start()
        try:
            connection.putrequest("GET", target.path, skip_host=True, skip_accept_encoding=True)
            for name, value in (("Host", target.host_header), ("User-Agent", USER_AGENT), ("Connection", "close")):
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            content = answer.read(PAGE_BYTES_MAX + 1)
        except (OSError, http.client.HTTPException) as error:
            reason = "DeadlinePassed" if ended.is_set() else type(error).__name__
            raise PageUnreachableError(reason) from error
        finally:
            stop.cancel()
            connection.close()
        # A connection that is cut in the middle of a page looks like one whose page has ended.
        if ended.is_set() or len(content) > PAGE_BYTES_MAX:
            raise PageUnreachableError("DeadlinePassed" if ended.is_set() else "PageTooLarge")
        leads_to = answer.getheader("Location") if answer.status in _REDIRECTS else None
        return Page(answer.status, content), leads_to
    raise PageUnreachableError(type(failure).__name__) from failure
