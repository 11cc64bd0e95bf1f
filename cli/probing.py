"""One round of the probe: look at every notice, keep what was seen, send it.

Rules:
* What was seen is written to a file of this machine before it is sent, and leaves it when the service has taken it. So
  nothing is lost while the service is down; it comes later with its own times and counts as late there.
* Looks are sent as they come: at most ``LOOKS_UNSENT_MAX`` of them or ``UNSENT_FOR`` later.
* While the service does not answer, the notices it named last are looked at.
* Whatever goes wrong with one page, the others are looked at: that page counts as one that did not answer.
* What the service refuses for good is said and dropped.
"""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

from sancai.errors import InvalidValueError, SancaiError
from sancai.notice_pages import says_what_was_noticed
from sancai.notice_probes import PROBES_AT_ONCE_MAX, Look, NoticeProbes, ProbedNotice
from sancai.shapes import shaped
from storage.web_pages import Page

LOOKS_UNSENT_MAX: Final = 10
UNSENT_FOR: Final = timedelta(minutes=1)
"""Whichever comes first: slow pages must not make the looks at others late."""
WAITING_MAX: Final = 50_000
"""How many looks wait on this machine at most; the oldest go first."""


class ReadPage(Protocol):
    """Reads a page; whatever it raises, the page did not answer."""

    def __call__(self, url: str) -> Page:
        """Return what stands at ``url``."""


@dataclass(frozen=True, slots=True)
class Round:
    """What a round came to; ``failure`` is the code of why the service took nothing."""

    looked: int
    seen: int
    sent: int
    waiting: int
    refused: tuple[str, ...] = ()
    failure: str | None = None


@dataclass
class Kept:
    """What a probe keeps on its machine: the notices it was told last, and looks that are not sent yet."""

    path: Path
    notices: list[ProbedNotice]
    waiting: list[Look]

    @classmethod
    def at(cls, path: Path) -> "Kept":
        """Return what is kept in ``path``; nothing when it is not there. Raises InvalidValueError: it is damaged."""
        try:
            found = json.loads(path.read_text("utf-8"))
            notices = [shaped(ProbedNotice, each) for each in found["notices"]]
            return cls(path, notices, [shaped(Look, each) for each in found["waiting"]])
        except FileNotFoundError:
            return cls(path, [], [])
        except (ValueError, KeyError, TypeError, SancaiError) as error:
            message = f"{path} is damaged. Remove it; looks that were not sent are lost."
            raise InvalidValueError("probe_file_damaged", message, path=str(path)) from error

    def write(self) -> None:
        """Keep it, whole or as it was before."""
        self.waiting = self.waiting[-WAITING_MAX:]
        stated: dict[str, Any] = {
            "notices": [asdict(each) for each in self.notices],
            "waiting": [asdict(each) for each in self.waiting],
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_name(f"{self.path.name}.new")
        with beside.open("w", encoding="utf-8") as file:
            json.dump(stated, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)


def probe_round(probes: Callable[[], NoticeProbes], read: ReadPage, now: Callable[[], datetime], kept: Kept) -> Round:
    """Look at every notice once and send what waits.

    Args:
        probes: Signs in and returns the service; it may raise SancaiError while that is down.
        read: Reads a page.
        now: The present instant by the machine's clock.
        kept: What this probe keeps; it is written.
    """
    service, failure = None, None
    try:
        service = probes()
        kept.notices = list(service.wanted())
    except SancaiError as error:
        failure = error.code
    seen, sent, unsent, sent_at = 0, 0, 0, now()
    refused: list[str] = []
    for number, notice in enumerate(kept.notices, 1):
        look = look_at(notice, read, now)
        seen += _is_seen(notice, look)
        unsent += 1
        kept.waiting.append(look)
        if unsent < LOOKS_UNSENT_MAX and now() - sent_at < UNSENT_FOR and number < len(kept.notices):
            continue
        kept.write()
        if service is not None and failure is None:
            went, failure = _send(service, kept, refused)
            sent += went
        unsent, sent_at = 0, now()
    # What waits from before, where there is nothing to look at now.
    if service is not None and failure is None:
        went, failure = _send(service, kept, refused)
        sent += went
    kept.write()
    return Round(len(kept.notices), seen, sent, len(kept.waiting), tuple(refused), failure)


def _send(service: NoticeProbes, kept: Kept, refused: list[str]) -> tuple[int, str | None]:
    """Send what waits; return how many looks went and the code of why no more did."""
    sent = 0
    try:
        while kept.waiting:
            some = kept.waiting[:PROBES_AT_ONCE_MAX]
            answered = service.record(some)
            refused += [f"{each.case} {each.probed_at} {each.refused}" for each in answered if each.refused]
            kept.waiting = kept.waiting[len(some) :]
            kept.write()
            sent += len(some)
    except SancaiError as error:
        return sent, error.code
    return sent, None


def look_at(notice: ProbedNotice, read: ReadPage, now: Callable[[], datetime]) -> Look:
    """Look at the page of a notice once."""
    probed_at = now().astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    try:
        page = read(notice.page_url)
        digest = hashlib.sha256(page.content).hexdigest()
        found = says_what_was_noticed(page.content, notice)
    except Exception:  # noqa: BLE001 -- what stands on a page is whatever its owner wants; it must not stop the round.
        return Look(notice.case, probed_at)
    return Look(notice.case, probed_at, page.status, digest, found)


def _is_seen(notice: ProbedNotice, look: Look) -> bool:
    answered = look.status is not None and 200 <= look.status < 300
    return answered and (look.found or look.page_sha256 == notice.capture_sha256)
