"""Several pieces of one transfer in flight, and an end in which none is left running."""

import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


class StoppedError(Exception):
    """Another piece failed, or the user interrupted: stop at the next chance."""


class Stop:
    """A signal that all pieces of a transfer look at between blocks; the signal of an outer transfer counts as well."""

    def __init__(self, outer: "Stop | None" = None) -> None:
        self._event = threading.Event()
        self._outer = outer

    def set(self) -> None:
        """Ask every piece to stop."""
        self._event.set()

    def check(self) -> None:
        """Raise StoppedError when stopping was asked for."""
        self.sleep(0)

    def sleep(self, seconds: float) -> None:
        """Wait, but not beyond the signal. Raises StoppedError."""
        if self._event.wait(seconds) if seconds else self._event.is_set():
            raise StoppedError
        if self._outer:
            self._outer.check()


def in_parallel(
    pieces: Iterable[T], act: Callable[[T, Stop], R], in_flight: int, outer: Stop | None = None
) -> Generator[R, None, None]:
    """Run ``act`` on every piece, at most ``in_flight`` at once; yield the results in the order of the pieces.

    Pieces are asked for as they are begun, and go on while the consumer works on an earlier result, but only so far
    ahead that memory stays bounded. On the
    first error, or when the generator is closed, the others are told to stop and waited for. Close it (``closing``),
    or an error of the consumer leaves threads at work.
    """
    stop = Stop(outer)
    running: dict[int, Future[R]] = {}
    started = given = 0
    pool = ThreadPoolExecutor(max_workers=in_flight, thread_name_prefix="sancai-transfer")
    try:
        coming = iter(pieces)
        while True:
            for piece in islice(coming, 2 * in_flight - len(running)):
                running[started] = pool.submit(act, piece, stop)
                started += 1
            if not running:
                return
            for future in running.values():
                if future.done() and (error := future.exception()) is not None:
                    raise error
            if running[given].done():
                yield running.pop(given).result()
                given += 1
            else:
                wait([future for future in running.values() if not future.done()], return_when=FIRST_COMPLETED)
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
