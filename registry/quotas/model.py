"""What of a firm is limited, how far, and who said so."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from registry.values.identifiers import FirmId


class Figure(StrEnum):
    """What is limited."""

    BYTES_STORED = "bytes_stored"
    UPLOADS_PER_DAY = "uploads_per_day"
    """A day of Asia/Shanghai; a pack of small files is one upload."""
    DRAFTS_OPEN = "drafts_open"
    FILES_PER_DRAFT = "files_per_draft"


DEFAULTS: Final[dict[Figure, int]] = {
    Figure.BYTES_STORED: 100 << 40,
    Figure.UPLOADS_PER_DAY: 5_000_000,
    Figure.DRAFTS_OPEN: 1_000,
    Figure.FILES_PER_DRAFT: 5_000_000,
}
"""Far beyond one publisher's needs, and far below what a mistake in a loop would fill a store with."""
LIMIT_MAX: Final = 1 << 60


class SetBy(StrEnum):
    """Whose figure it is."""

    RELEASE = "release"
    INSTALLATION = "installation"
    FIRM = "firm"
    """It was set for this firm."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One figure of a firm: what it may have, and who said so."""

    figure: Figure
    limit: int
    set_by: SetBy


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """A limit beside what is used of it; ``used`` is None where it is counted for each draft by itself."""

    limit: Limit
    used: int | None


@dataclass(frozen=True, slots=True)
class Quota:
    """All figures of a firm."""

    firm: FirmId
    lines: tuple[QuotaLine, ...]


@dataclass(frozen=True, slots=True)
class SetQuota:
    """Set figures of a firm, or of the installation where ``firm`` is None; None takes a figure back."""

    firm: FirmId | None
    figures: Mapping[Figure, int | None]
