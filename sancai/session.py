"""One conversation with a service: requests, retries, and problems as errors.

Rules:
* A POST that writes carries an ``Idempotency-Key``. When no answer comes back, or the service says that it is busy, it
  is sent again with the same key: the service then gives its first answer, and nothing is done twice.
* What reads, or is keyed, is tried again after a lost connection; a POST without a key only when it certainly never
  arrived or was turned away.
* Waiting between attempts doubles from half a second, with a random part so that many clients do not come back at
  once; the ``Retry-After`` of the service is honoured up to a minute.
"""

import os
import random
import ssl
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import httpx

from sancai.errors import InvalidValueError, SancaiError, UnavailableError, UnexpectedAnswerError, error_of_problem

ATTEMPTS_MAX: Final = 6
WAIT_MIN_S: Final = 0.5
WAIT_MAX_S: Final = 60.0
PAGE_SIZE: Final = 100
TIMEOUT: Final = httpx.Timeout(120.0, connect=10.0)

Query = str | int | bool | date | list[str] | tuple[str, ...] | None

_BUSY: Final = frozenset({429, 502, 503, 504})
# Addresses that stand beside /v1; every other path is below it.
_ROOTED: Final = ("/v1/", "/oauth/", "/log/checkpoint", "/healthz", "/readyz", "/openapi.json", "/metrics")
# A proxy of the environment cannot reach the loopback of this machine.
_LOOPBACK: Final[Mapping[str, None]] = {"all://127.0.0.1": None, "all://localhost": None, "all://[::1]": None}


def user_agent() -> str:
    """Return the name and release of this client."""
    try:
        return f"sancai/{version('sancai')}"
    except PackageNotFoundError:
        return "sancai"


def http_client(
    timeout: httpx.Timeout = TIMEOUT, connections_max: int = 20, ca: Path | str | None = None
) -> httpx.Client:
    """Return an HTTP client as every part of the package uses it.

    It honours ``HTTPS_PROXY``, ``NO_PROXY`` and their kin except on the loopback, and private certificate authorities,
    see ``authorities``.

    Raises:
        InvalidValueError: ``ca_unreadable``.
    """
    return httpx.Client(
        verify=authorities(ca),
        timeout=timeout,
        limits=httpx.Limits(max_connections=connections_max, max_keepalive_connections=connections_max),
        headers={"User-Agent": user_agent(), "Accept-Encoding": "identity"},
        mounts=_LOOPBACK,
        follow_redirects=False,
    )


def authorities(ca: Path | str | None = None) -> ssl.SSLContext | bool:
    """Return whom to trust with the name of a server; True for the usual ones.

    The file ``ca``, or else the one that ``SANCAI_CA`` names, is trusted beside the public authorities;
    ``SSL_CERT_FILE`` instead of them.

    Raises:
        InvalidValueError: ``ca_unreadable``: the file holds no certificate.
    """
    if not (given := ca or os.environ.get("SANCAI_CA")):
        return True
    context = httpx.create_ssl_context()
    try:
        context.load_verify_locations(given)
    except OSError as error:  # ssl.SSLError is one.
        raise InvalidValueError(
            "ca_unreadable",
            f"{given}, named by --ca or SANCAI_CA, holds no certificate in PEM form. Ask the operator for the file.",
            path=str(given),
        ) from error
    return context


def require_trusted(error: httpx.TransportError, url: str) -> None:
    """Raise UnavailableError ``certificate_untrusted`` if ``error`` says so: trying again is of no use."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        parts = urlsplit(url)
        raise UnavailableError(
            "certificate_untrusted",
            f"Nobody who is trusted here vouches for {parts.scheme}://{parts.netloc} ({error}). If its authority is a "
            "private one, name the file of its certificate with --ca or in SANCAI_CA.",
            url=f"{parts.scheme}://{parts.netloc}",
        ) from error


class Session(AbstractContextManager["Session"]):
    """Requests to one service on behalf of one token. May be shared by threads."""

    def __init__(self, url: str, token: str | None = None, language: str = "en", ca: Path | str | None = None) -> None:
        """Prepare requests to the service at ``url``; nothing is sent yet.

        Args:
            url: The address of the service, with scheme, without ``/v1``.
            token: An access token; None asks as nobody in particular.
            language: The language of sentences in answers, ``en`` or ``zh``.
            ca: A file of private authorities to trust for the service and its object store; without it, ``SANCAI_CA``.

        Raises:
            InvalidValueError: ``url_malformed``, ``ca_unreadable``.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise InvalidValueError("url_malformed", f"{url!r} is not a web address. Write https://host.", given=url)
        self.url: Final = url.rstrip("/")
        self.language: Final = language
        self.signed_in: Final = token is not None
        self.ca: Final = ca
        self._http: Final = http_client(ca=ca)
        self._http.headers["Accept-Language"] = language
        if token is not None:
            self._http.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, /, **query: Query) -> dict[str, Any]:
        """Return the JSON object at ``path``. Raises SancaiError."""
        return _object(self._send("GET", path, query=query))

    def post(
        self, path: str, body: Mapping[str, Any] | None = None, key: str | None = None, *, keyed: bool = True
    ) -> dict[str, Any]:
        """Send ``body`` and return the answer.

        Args:
            path: Where to.
            body: The JSON object to send; None sends an empty one.
            key: The idempotency key; a fresh one by default. Give your own to repeat a request of an earlier process.
            keyed: False for what only reads or signs.

        Raises:
            SancaiError: As the service refuses it.
        """
        chosen = (key or str(uuid.uuid4())) if keyed else None
        return _object(self._send("POST", path, body={} if body is None else dict(body), key=chosen))

    def delete(self, path: str, /, **query: Query) -> None:
        """Remove what is at ``path``. Raises SancaiError."""
        self._send("DELETE", path, query=query)

    def pages(self, path: str, /, **query: Query) -> Iterator[dict[str, Any]]:
        """Yield the items of a list, fetching page after page as they are consumed. Raises SancaiError."""
        cursor: str | None = None
        asked = {"limit": PAGE_SIZE, **query}
        while True:
            page = self.get(path, **asked, **({"cursor": cursor} if cursor else {}))
            items = page.get("items")
            if not isinstance(items, list):
                raise UnexpectedAnswerError("answer_shape_wrong", f"The answer of {path} is not a list of items.")
            yield from items
            following = page.get("next_cursor")
            if not following or following == cursor:
                return
            cursor = str(following)

    def content(self, path: str, /, **query: Query) -> bytes:
        """Return the bytes at ``path``: a dossier, a checkpoint. Raises SancaiError."""
        return self._send("GET", path, query=query).content

    @contextmanager
    def streamed(self, path: str, body: Mapping[str, Any]) -> Iterator[httpx.Response]:
        """Send ``body``, which only asks, and yield the answer before its bytes have come. Raises SancaiError."""
        answer = self._send("POST", path, body=body, stream=True)
        try:
            yield answer
        finally:
            answer.close()

    def form(self, path: str, /, **fields: str) -> dict[str, Any]:
        """Send form fields, as OAuth endpoints want them, and return the answer.

        Raises:
            SancaiError: With the OAuth error as ``code`` (RFC 6749 §5.2), for example ``authorization_pending``.
        """
        return _object(self._send("POST", path, fields=fields))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def __enter__(self) -> Self:
        """Return the session."""
        return self

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Query] | None = None,
        body: Mapping[str, Any] | None = None,
        fields: Mapping[str, str] | None = None,
        key: str | None = None,
        stream: bool = False,
    ) -> httpx.Response:
        """Send a request until it is answered or the attempts are used up; ``stream`` leaves the bytes to come."""
        request = self._http.build_request(
            method,
            self.url + (path if path.startswith(_ROOTED) else f"/v1{path}"),
            params=_query(query or {}),
            json=body,
            data=fields,
            headers={"Idempotency-Key": key} if key else {},
        )
        repeatable = method != "POST" or key is not None or stream
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                answer = self._http.send(request, stream=stream)
                if stream and not answer.is_success:
                    answer.read()
                    answer.close()
            except httpx.TransportError as error:
                require_trusted(error, self.url)
                never_arrived = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
                if attempt == ATTEMPTS_MAX or not (repeatable or never_arrived):
                    raise self._unreachable(error) from error
                time.sleep(wait_s(attempt))
                continue
            except httpx.InvalidURL as error:
                raise InvalidValueError("url_malformed", f"{path!r} is not a path.", given=path) from error
            if answer.status_code in _BUSY and attempt < ATTEMPTS_MAX:
                time.sleep(wait_s(attempt, answer.headers.get("Retry-After")))
                continue
            if method == "DELETE" and attempt > 1 and answer.status_code == 404:
                # The attempt whose answer was lost has removed it.
                return answer
            if not answer.is_success:
                raise _refusal(answer)
            return answer
        raise AssertionError

    def _unreachable(self, error: httpx.TransportError) -> UnavailableError:
        reason = str(error) or type(error).__name__
        return UnavailableError(
            "service_unreachable",
            f"The service at {self.url} does not answer ({reason}). Check the address and the network, then try again.",
            url=self.url,
            reason=reason,
        )


def wait_s(attempt: int, retry_after: str | None = None) -> float:
    """Return how long to wait after ``attempt`` (from 1), at least as long as the service asks, at most a minute."""
    drawn = WAIT_MIN_S * (1 << (attempt - 1)) * random.uniform(0.5, 1.0)  # noqa: S311
    return min(WAIT_MAX_S, max(drawn, _asked_s(retry_after)))


def _asked_s(retry_after: str | None) -> float:
    """Return the seconds of a ``Retry-After`` (RFC 9110 §10.2.3): a number, or a date."""
    if not retry_after:
        return 0.0
    if retry_after.isascii() and retry_after.isdecimal():
        return float(retry_after)
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0.0
    left: timedelta = until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)
    return max(0.0, left.total_seconds())


def _query(given: Mapping[str, Query]) -> list[tuple[str, str | int | float | bool | None]]:
    """Return query parameters as text; None is left out, a list is repeated."""
    made: list[tuple[str, str | int | float | bool | None]] = []
    for name, value in given.items():
        values = value if isinstance(value, list | tuple) else [value]
        made += [(name, _text(item)) for item in values if item is not None]
    return made


def _text(value: str | int | bool | date) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


def _object(answer: httpx.Response) -> dict[str, Any]:
    """Return the JSON object of an answer; an empty answer is an empty object."""
    if not answer.content:
        return {}
    try:
        made = answer.json()
    except ValueError:
        made = None
    if not isinstance(made, dict):
        raise UnexpectedAnswerError(
            "answer_not_json",
            f"{answer.request.url.host} did not answer as Sancai does. Check the address of the service.",
            status=answer.status_code,
        )
    return made


def _refusal(answer: httpx.Response) -> SancaiError:
    """Return the error of an answer that is not a success, be it a problem, an OAuth error or anything else."""
    try:
        stated = answer.json()
    except ValueError:
        stated = {}
    if not isinstance(stated, dict):
        stated = {}
    if isinstance(stated.get("error"), str) and "code" not in stated:
        stated = {"code": stated["error"], "detail": stated.get("error_description") or stated["error"]}
    stated.setdefault("request_id", answer.headers.get("X-Request-Id", ""))
    return error_of_problem(answer.status_code, stated)
