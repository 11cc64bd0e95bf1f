"""Lines of the log: each whole, none lost, and no request waits for the stream."""

import io
import json
import logging
import threading
import time
from collections.abc import Iterator

import pytest

from api import logs
from api.logs import JsonLines, LinesBehind


class SlowStream(io.StringIO):
    """A stream that writes only while it is let, and not while it has no room."""

    is_full = False

    def __init__(self) -> None:
        super().__init__()
        self.let = threading.Event()
        self.writes = 0

    def write(self, text: str) -> int:
        self.let.wait(30)
        if self.is_full:
            raise OSError("no space")
        self.writes += 1
        return super().write(text)


@pytest.fixture
def stream() -> SlowStream:
    return SlowStream()


@pytest.fixture
def log(stream: SlowStream) -> Iterator[logging.Logger]:
    handler = LinesBehind(stream)
    handler.setFormatter(JsonLines())
    # Not one that logging knows: pytest would listen to it, and to what cannot be formatted.
    made = logging.Logger("of a test")  # noqa: LOG001
    made.addHandler(handler)
    yield made
    stream.let.set()
    handler.flush()


def lines(stream: SlowStream) -> list[str]:
    return [json.loads(line)["message"] for line in stream.getvalue().splitlines()]


def test_every_line_of_every_thread_is_written_whole(log: logging.Logger, stream: SlowStream) -> None:
    stream.let.set()
    threads = [
        threading.Thread(target=lambda each=each: [log.warning("%d of %d", line, each) for line in range(200)])
        for each in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.handlers[0].flush()
    assert sorted(lines(stream)) == sorted(f"{line} of {each}" for each in range(16) for line in range(200))


def test_who_logs_does_not_wait_for_a_stream_that_stands_still(log: logging.Logger, stream: SlowStream) -> None:
    for line in range(500):
        log.warning("%d", line)
    assert stream.getvalue() == ""
    stream.let.set()
    log.handlers[0].flush()
    assert lines(stream) == [str(line) for line in range(500)]
    # What came while one line was written went out together.
    assert stream.writes <= 3


def test_a_stream_that_fails_loses_its_lines_and_no_other(log: logging.Logger, stream: SlowStream) -> None:
    stream.let.set()
    log.warning("before")
    log.handlers[0].flush()
    stream.is_full = True
    log.warning("lost")
    log.handlers[0].flush()
    stream.is_full = False
    log.warning("after")
    log.handlers[0].flush()
    assert lines(stream) == ["before", "after"]


def test_lines_beyond_the_limit_are_lost_and_counted(
    log: logging.Logger, stream: SlowStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LINES_WAITING_MAX", 20)
    for line in range(50):
        log.warning("%d", line)
    stream.let.set()
    log.handlers[0].flush()
    written = lines(stream)
    [told] = [each for each in written if each.endswith(" lines lost")]
    kept = [each for each in written if each != told]
    # The writer may have taken some lines before it stood still.
    assert kept == [str(line) for line in range(len(kept))]
    assert told == f"{50 - len(kept)} lines lost"
    assert len(kept) < 50
    log.warning("after")
    log.handlers[0].flush()
    assert lines(stream) == [*written, "after"]


def test_what_cannot_be_formatted_fails_nobody(
    log: logging.Logger, stream: SlowStream, capsys: pytest.CaptureFixture[str]
) -> None:
    stream.let.set()
    log.warning("%d", "no number")
    log.warning("after")
    log.handlers[0].flush()
    assert lines(stream) == ["after"]
    assert "Logging error" in capsys.readouterr().err


def test_a_flush_waits_a_second_for_a_stream_that_stands_still(log: logging.Logger) -> None:
    log.warning("waits")
    began = time.monotonic()
    log.handlers[0].flush()
    assert time.monotonic() - began >= 0.9
