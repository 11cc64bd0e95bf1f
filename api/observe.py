"""What an operator sees of the service: request ids, a log line per request, metrics, health; and the limits of a body.

Rules:
* A request keeps the id its caller gave it when that is harmless to write down, else it gets one.
* A log line holds no token, no address query and no body.
* A body has a stated length, and a JSON body at most 1 MiB but where an operation that names many things says
  otherwise: a server may cut a longer one without a word.
* ``/healthz`` says that the process answers; ``/readyz`` that it can work, and names the part that cannot.
"""

import logging
import os
import re
import time
from collections.abc import Iterator
from functools import cache
from typing import Final

from flask import Flask, Response, current_app, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from werkzeug.exceptions import LengthRequired, RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix

from api.calls import house, rendered
from api.door import Answer, Door, body_limits
from registry.actors.model import ANONYMOUS, Actor
from registry.errors import UnavailableError
from registry.journal import service as journal
from registry.values.randomness import random_bytes
from storage.database import DatabaseUnavailableError
from storage.errors import StoreError
from storage.migrate import newest_revision, present_revision

BODY_BYTES_MAX: Final = 1 << 20
METRICS_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that tells ``prometheus_client`` where worker processes add up their figures."""

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
}

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_UNMATCHED: Final = "(no such path)"

_log = logging.getLogger("sancai.access")

door = Door("service", __name__)


class HealthView(Answer):
    """That the service answers."""

    status: str


@door.operation("GET", "/healthz", {200: HealthView}, public=True)
def show_health() -> Response:
    """Say that the process answers."""
    return rendered({"status": "ok"})


@door.operation("GET", "/readyz", {200: HealthView}, public=True)
def show_readiness() -> Response:
    """Say whether database, schema and object store can be worked with."""
    try:
        present = present_revision(house().database)
    except DatabaseUnavailableError as error:
        raise UnavailableError("part_unavailable", part="database") from error
    if present != _newest_revision():
        raise UnavailableError("schema_outdated", present=present or "", newest=_newest_revision())
    try:
        house().store.health()
    except StoreError as error:
        raise UnavailableError("part_unavailable", part="object store") from error
    return rendered({"status": "ok"})


@door.operation("GET", "/metrics", {200: None}, public=True, media={200: "text/plain"})
def show_metrics() -> Response:
    """Show the figures of the service for Prometheus."""
    seen: Figures = house_figures()
    return Response(seen.text(), content_type=CONTENT_TYPE_LATEST)


class Figures:
    """Requests by route, method and status, their times, and how many journal entries wait."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "sancai_requests", "Requests answered.", ["route", "method", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "sancai_request_seconds",
            "Time to the answer.",
            ["route", "method"],
            registry=self.registry,
            buckets=_BUCKETS_S,
        )

        self._counters: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        found = self._counters.get((route, method, status))
        if found is None:
            found = self.requests.labels(route, method, status), self.seconds.labels(route, method)
            self._counters[route, method, status] = found
        found[0].inc()
        found[1].observe(seconds)

    def text(self) -> bytes:
        """Return all figures; with several worker processes, those of all of them together."""
        shown = self.registry
        if os.environ.get(METRICS_FOLDER):
            shown = CollectorRegistry()
            MultiProcessCollector(shown)  # type: ignore[no-untyped-call]
        return generate_latest(shown) + generate_latest(self._state())

    @staticmethod
    def _state() -> CollectorRegistry:
        """Return what is asked of the database at this moment, by this process alone."""
        now = CollectorRegistry()
        now.register(_Present())
        return now


class _Present(Collector):
    """Figures of this moment; they are not added up over worker processes."""

    def collect(self) -> Iterator[Metric]:
        """Yield them; without a database only that it is not there."""
        waiting = None
        try:
            with house().view() as view:
                waiting = journal.backlog(view)
        except DatabaseUnavailableError:
            _log.warning("no figures of the journal: the database does not answer")
        yield GaugeMetricFamily("sancai_database_up", "Whether the database answers.", value=waiting is not None)
        if waiting is not None:
            yield GaugeMetricFamily("sancai_journal_backlog", "Entries that wait for the sequencer.", value=waiting)


def house_figures() -> Figures:
    """Return the figures of this application."""
    found: Figures = current_app.extensions["figures"]
    return found


def install(app: Flask) -> None:
    """Watch every request of ``app``."""
    app.extensions["figures"] = Figures()
    app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES_MAX
    if app.extensions["house"].settings.public_url.startswith("https://"):
        # The server itself speaks HTTP, so somebody stands in front of it and says whom he speaks for.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    app.before_request(_begin)
    app.after_request(_end)
    app.register_blueprint(door)


def _begin() -> None:
    g.began = time.perf_counter()
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else random_bytes(16).hex()
    if request.path.startswith("/objects/"):
        # Parts are as long as their signed address says; the store looks at it.
        request.max_content_length = None
        return
    if request.content_length is None and "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        raise LengthRequired
    limit = body_limits(current_app.extensions).get(request.endpoint or "", BODY_BYTES_MAX)
    if (request.content_length or 0) > limit:
        raise RequestEntityTooLarge
    request.max_content_length = limit


def _end(answer: Response) -> Response:
    answer.headers["X-Request-Id"] = g.get("request_id", "")
    wanted = dict(HEADERS)
    if house().settings.public_url.startswith("https://"):
        wanted["Strict-Transport-Security"] = "max-age=31536000"
    if not request.path.startswith("/objects/"):
        wanted["Cache-Control"] = "no-store"
    # Each look for one header walks all of them.
    stated = {name.lower() for name, _ in answer.headers}
    answer.headers.extend((name, value) for name, value in wanted.items() if name.lower() not in stated)
    route = request.url_rule.rule if request.url_rule else _UNMATCHED
    method = request.method if request.method in _METHODS else "OTHER"
    seconds = time.perf_counter() - g.get("began", time.perf_counter())
    house_figures().count(route, method, answer.status_code, seconds)
    actor: Actor = g.get("actor", ANONYMOUS)
    _log.info(
        "request",
        extra={
            "stated": {
                "request_id": g.get("request_id", ""),
                "method": method,
                "route": route,
                "status": answer.status_code,
                "ms": round(seconds * 1000, 1),
                "account": actor.account,
            }
        },
    )
    return answer


@cache
def _newest_revision() -> str:
    return newest_revision()
