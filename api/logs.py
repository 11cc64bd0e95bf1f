"""What the server processes log: one line of JSON for each record, written behind the threads that log.

A handler of the standard library writes each line under a lock. With a hundred threads each of them waited for it at
each request, and logging was a quarter of the time of a short answer.
"""

import json
import logging
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import Final, TextIO

LINES_WAITING_MAX: Final = 100_000
_LINES_AT_ONCE: Final = 1_000
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False)


class JsonLines(logging.Formatter):
    """Each record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line."""
        stated = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "stated", {}),
        }
        if getattr(record, "alarm", False):
            stated["alarm"] = True
        if record.exc_info:
            stated["exception"] = self.formatException(record.exc_info)
        return _ENCODER.encode(stated)


class LinesBehind(logging.Handler):
    """Writes lines behind the threads that log: none of them waits for the stream, or for another that writes to it.

    What is logged while a line is written goes out with the next ones, in one call. A process that is killed loses the
    lines of its last moment. Where the stream stands still, lines wait up to a limit; how many were lost beyond it is
    the next line.
    """

    def __init__(self, stream: TextIO) -> None:
        """Write to ``stream`` from now on."""
        super().__init__()
        self._stream: Final = stream
        self._lines: Final[SimpleQueue[str | threading.Event]] = SimpleQueue()
        self._losing: Final = threading.Lock()
        self._lost = 0
        threading.Thread(target=self._write_on, name="log", daemon=True).start()

    def createLock(self) -> None:  # noqa: N802 -- named by the standard library
        """Have no lock: a queue takes lines of any thread."""
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a line on."""
        if self._lines.qsize() >= LINES_WAITING_MAX:
            with self._losing:
                self._lost += 1
            return
        try:
            self._lines.put(self.format(record))
        except Exception:  # noqa: BLE001 -- what cannot be logged fails no request, as in every handler
            self.handleError(record)

    def flush(self) -> None:
        """Wait a second at most for what was logged so far to be written."""
        written = threading.Event()
        self._lines.put(written)
        written.wait(1.0)

    def _write_on(self) -> None:
        while True:
            found = [self._lines.get()]
            with suppress(Empty):
                while len(found) < _LINES_AT_ONCE:
                    found.append(self._lines.get_nowait())
            lines = [each for each in found if isinstance(each, str)]
            with self._losing:
                lost, self._lost = self._lost, 0
            if lost:
                lines.append(_ENCODER.encode({"level": "error", "logger": __name__, "message": f"{lost} lines lost"}))
            with suppress(OSError, ValueError):
                self._stream.write("".join(f"{each}\n" for each in lines))
                self._stream.flush()
            for each in found:
                if isinstance(each, threading.Event):
                    each.set()


def write_json_logs(level: int = logging.INFO) -> None:
    """Write what this process logs to standard error, one line of JSON for each record."""
    handler = LinesBehind(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Lines show neither, and finding them out takes as long as writing the line.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    # At DEBUG, Authlib writes whole tokens.
    logging.getLogger("authlib").setLevel(logging.INFO)
