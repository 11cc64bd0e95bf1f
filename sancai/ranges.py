"""Ranges of one object of the store: asked for again after each cut, from where it happened.

An address that the store refuses has most likely expired, as addresses are short-lived: a fresh one is asked for, until
fresh ones are refused, too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import httpx

from sancai.errors import NotAllowedError, NotFoundError, SancaiError, UnavailableError
from sancai.parallel import Stop
from sancai.session import require_trusted, wait_s
from sancai.store_connections import Answer, StoreConnections
from sancai.transfers import ATTEMPTS_MAX, REFUSALS_MAX, Progress

REFUSED: Final = frozenset({400, 401, 403, 410})


class RangesIgnoredError(Exception):
    """The store answered a range with the whole."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file to fetch."""

    path: str
    size_bytes: int
    sha256: str
    url: Callable[[bool], str]
    """Where to fetch it; called with True when the store refused the last address, for a fresh one."""


def fetch_range(
    store: StoreConnections, source: Source, start: int, memory: memoryview, stop: Stop, tell: Progress | None = None
) -> None:
    """Fill ``memory`` with the bytes from ``start``.

    Raises:
        UnavailableError: ``store_unreachable``, ``store_busy``, ``store_cut``.
        NotAllowedError: ``read_refused``: fresh addresses are refused, too.
        NotFoundError: ``object_missing``.
        RangesIgnoredError: The store knows no ranges; read it in one stream.
        StoppedError: ``stop`` was set.
    """
    at, refusals, attempt = 0, 0, 0
    whole = len(memory) == source.size_bytes
    while at < len(memory):
        attempt += 1
        stop.check()
        before = at
        try:
            ranged = not whole or at > 0
            headers = {"Range": f"bytes={start + at}-{start + len(memory) - 1}"} if ranged else {}
            with store.get(source.url(refusals > 0), headers) as answer:
                if answer.status_code == 200 and ranged:
                    raise RangesIgnoredError
                if answer.is_success:
                    for count in answer.fill(memory[at:]):
                        stop.check()
                        at += count
                        if tell:
                            tell(count)
                failed = failure(source.path, answer, refusals)
                refusals += answer.status_code in REFUSED
        except httpx.TransportError as error:
            require_trusted(error, source.url(False))
            failed = unreachable(error)
        if at > before:
            attempt = 0
        elif failed is not None and attempt >= ATTEMPTS_MAX:
            raise failed
        if at < len(memory):
            stop.sleep(wait_s(attempt + 1))


def failure(path: str, answer: Answer, refusals: int) -> SancaiError:
    """Return why an answer did not bring all; raise when trying again is of no use."""
    if answer.is_success:
        return UnavailableError("store_cut", "The object store ended its answer early. Run the same command again.")
    if answer.status_code == 404:
        raise NotFoundError("object_missing", f"{path}: the store lacks it. Tell the operator.")
    if answer.status_code in REFUSED and refusals + 1 >= REFUSALS_MAX:
        clock = answer.headers.get("Date", "unknown")
        raise NotAllowedError(
            "read_refused",
            f"The store refuses to give {path} (status {answer.status_code}, its clock says {clock}). "
            "Check this machine's clock and the address of the store.",
            status=answer.status_code,
        )
    return UnavailableError(
        "store_busy",
        f"The object store answers with status {answer.status_code}. Run the same command again later.",
        status=answer.status_code,
    )


def unreachable(error: httpx.TransportError) -> UnavailableError:
    """Return the error of a store that does not answer."""
    return UnavailableError(
        "store_unreachable",
        f"The object store does not answer ({error or type(error).__name__}). Run the same command again later: "
        "what arrived is kept.",
    )
