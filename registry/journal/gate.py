"""A gate where callers of one process wait: whoever gets there first takes all that wait along.

While one batch is under way the next one gathers. No caller waits for more than the batch before its own, the moment in
which its own gathers, and its own.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class _Ticket(Generic[T, R]):
    """One caller: what it brings, and what it gets."""

    __slots__ = ("_call", "brings", "error", "gets", "is_done")

    def __init__(self, brings: T) -> None:
        self.brings = brings
        # Held until the ticket is called: an event has a lock of its own, and makes another for each that waits.
        self._call = threading.Lock()
        self._call.acquire()
        self.is_done = False
        self.gets: R | None = None
        self.error: BaseException | None = None

    def wait(self) -> None:
        """Wait until the ticket is called."""
        self._call.acquire()

    def call(self) -> None:
        """Let the caller go on: it is called once, when it is done or to lead the next batch."""
        self._call.release()


class Gate(Generic[T, R]):
    """Runs what its callers bring in batches, one batch at a time."""

    def __init__(self, run: Callable[[Sequence[T]], Sequence[R]], most: int, gather_s: float = 0.0) -> None:
        """Prepare a gate; ``run`` takes up to ``most`` in the order they came, and returns what each gets.

        Callers that were answered together often come again together: a batch that would be smaller than the one
        before waits ``gather_s`` seconds for them.
        """
        self._run: Final = run
        self._most: Final = most
        self._gather_s: Final = gather_s
        self._taken = 1
        self._lock: Final = threading.Lock()
        self._waiting: list[_Ticket[T, R]] = []
        self._is_busy = False

    def through(self, brings: T) -> R:
        """Bring something, and return what it gets. Raises what ``run`` raises, to everyone of the batch."""
        ticket: _Ticket[T, R] = _Ticket(brings)
        with self._lock:
            self._waiting.append(ticket)
            leads = not self._is_busy
            self._is_busy = True
        if not leads:
            ticket.wait()
        if not ticket.is_done:
            self._lead()
        if ticket.error is not None:
            raise ticket.error
        return ticket.gets  # type: ignore[return-value]

    def _lead(self) -> None:
        self._gather()
        with self._lock:
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        try:
            for ticket, gets in zip(batch, self._run([each.brings for each in batch]), strict=True):
                ticket.gets = gets
        except BaseException as error:  # noqa: BLE001 -- it is everyone's, and nobody may be left waiting
            for ticket in batch:
                ticket.error = error
        finally:
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                self._is_busy = following is not None
                self._taken = len(batch)
            for ticket in batch:
                ticket.is_done = True
                ticket.call()
            if following is not None:
                following.call()

    def _gather(self) -> None:
        if self._gather_s and len(self._waiting) < self._taken:
            time.sleep(self._gather_s)
