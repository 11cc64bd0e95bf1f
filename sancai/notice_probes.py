"""The probe of notice pages: what it is to look at, what it states, and the record of a case."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from sancai.cases import NoticeLine
from sancai.session import Session
from sancai.shapes import shaped

PROBES_AT_ONCE_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class ProbeTerm:
    """How many hours a notice of an office may stay unseen, by which decision; 0: not probed."""

    number: str
    limit_hours: int
    organ: str
    decided_on: str
    text: str
    set_at: str
    set_by: str


@dataclass(frozen=True, slots=True)
class ProbedNotice:
    """A notice the probe is to look at, with the SHA-256 of its capture."""

    case: str
    document: str
    lines: tuple[NoticeLine, ...]
    lines_digest: str
    page_url: str
    posted_at: str
    ends_at: str
    capture_sha256: str


@dataclass(frozen=True, slots=True)
class Look:
    """What the probe saw: when (RFC 3339), the status, the SHA-256 of the page, whether the lines stand in it."""

    case: str
    probed_at: str
    status: int | None = None
    page_sha256: str | None = None
    found: bool = False


@dataclass(frozen=True, slots=True)
class RecordedLook:
    """What became of a look; ``refused`` None: it is recorded."""

    case: str
    probed_at: str
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class NoticeProbe:
    """A look as it is recorded; a late one closes no gap."""

    probed_at: str
    sighting: str
    late: bool
    recorded_at: str
    status: int | None = None
    page_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class NoticeGap:
    """A time in which nobody saw the notice."""

    first: str
    last: str


@dataclass(frozen=True, slots=True)
class NoticeRecord:
    """When a notice ends, and why; ``limit_hours`` None: the office has no probe, and it is not prolonged."""

    case: str
    page_url: str
    posted_at: str
    stated_ends_at: str
    ends_at: str
    gaps: tuple[NoticeGap, ...]
    limit_hours: int | None = None


class NoticeProbes:
    """Probes of notice pages of one service."""

    def __init__(self, session: Session) -> None:
        """Ask through ``session``."""
        self._session = session

    def set_term(self, number: str, organ: str, decided_on: date, text: str, *, limit_hours: int = 24) -> ProbeTerm:
        """Have the notices of your office probed from now on, or with 0 hours no more. Raises SancaiError."""
        body = {
            "number": number,
            "limit_hours": limit_hours,
            "organ": organ,
            "decided_on": decided_on.isoformat(),
            "text": text,
        }
        return shaped(ProbeTerm, self._session.post("/notice-probe-terms", body))

    def terms(self) -> tuple[ProbeTerm, ...]:
        """Return the terms of your office's probe. Raises SancaiError."""
        return tuple(shaped(ProbeTerm, item) for item in self._session.get("/notice-probe-terms")["items"])

    def wanted(self) -> Iterator[ProbedNotice]:
        """Yield the notices the probe of your office is to look at now. Raises SancaiError."""
        return (shaped(ProbedNotice, item) for item in self._session.pages("/probed-notices"))

    def record(self, looks: Sequence[Look]) -> tuple[RecordedLook, ...]:
        """State what the probe saw, at most ``PROBES_AT_ONCE_MAX`` looks; again is as once. Raises SancaiError."""
        body: dict[str, Any] = {"probes": [asdict(each) for each in looks]}
        return tuple(shaped(RecordedLook, item) for item in self._session.post("/notice-probes", body)["items"])

    def of_case(self, case: str) -> NoticeRecord:
        """Return when the notice of a case ends, and the gaps in which nobody saw it. Raises SancaiError."""
        return shaped(NoticeRecord, self._session.get(f"/cases/{case}/notice-probes", limit=1))

    def looks(self, case: str) -> Iterator[NoticeProbe]:
        """Yield what the probe saw of the notice of a case, the earliest first. Raises SancaiError."""
        return (shaped(NoticeProbe, item) for item in self._session.pages(f"/cases/{case}/notice-probes"))
