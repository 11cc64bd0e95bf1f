"""Samples of paid cases and the findings of whoever looked at them (S0 art.8, 10)."""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from registry.errors import InvalidValueError
from registry.values.canonical import Json
from registry.values.identifiers import AccountId, AuthorityId, CaseId, EntryId, SampleId
from registry.values.moment import Moment

TEXT_LENGTH_MAX: Final = 4_000
CASES_LEAST_MAX: Final = 1_000
FULL_BP: Final = 10_000


def _require_text(text: str, at: str) -> None:
    if not text.strip() or len(text) > TEXT_LENGTH_MAX:
        raise InvalidValueError("office_text_missing", at=at, length_max=TEXT_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class DrawSample:
    """Draw from the cases paid from ``first`` through ``last``: a share of them in basis points, ``least`` at least."""

    first: date
    last: date
    share_bp: int
    least: int
    reason: str

    def __post_init__(self) -> None:
        """Refuse days in the wrong order, a share of nothing or more than all, no reason. Raises InvalidValueError."""
        _require_text(self.reason, "reason")
        if self.last < self.first:
            raise InvalidValueError("office_days_unordered", first=str(self.first), last=str(self.last))
        if not 1 <= self.share_bp <= FULL_BP or not 1 <= self.least <= CASES_LEAST_MAX:
            raise InvalidValueError("sample_size_out_of_range", share_bp=self.share_bp, least=self.least)


@dataclass(frozen=True, slots=True)
class RecordFinding:
    """State what was found in a case of a sample."""

    sample: SampleId
    case: CaseId
    in_order: bool
    text: str

    def __post_init__(self) -> None:
        """Refuse a finding without words. Raises InvalidValueError."""
        _require_text(self.text, "text")


@dataclass(frozen=True, slots=True)
class SampleFinding:
    """What was found in a case of a sample, by whom and when."""

    case: CaseId
    in_order: bool
    text: str
    found_by: AccountId
    found_at: Moment


@dataclass(frozen=True, slots=True)
class Sample:
    """Cases drawn by lot: from which, by which seed, and what was found so far."""

    id: SampleId
    authority: AuthorityId
    first: date
    last: date
    share_bp: int
    least: int
    reason: str
    population: tuple[CaseId, ...]
    drawn: tuple[CaseId, ...]
    seed: bytes = field(repr=False)
    drawn_by: AccountId
    drawn_at: Moment
    entry: EntryId
    findings: tuple[SampleFinding, ...] = ()

    @property
    def open(self) -> tuple[CaseId, ...]:
        """The cases that nobody has looked at yet."""
        looked_at = {each.case for each in self.findings}
        return tuple(case for case in self.drawn if case not in looked_at)


def asked_json(command: DrawSample, population: tuple[CaseId, ...]) -> dict[str, Json]:
    """Return what is journaled before the lot is drawn: the seed comes of it, so that nobody chooses the seed."""
    return {
        "first": command.first.isoformat(),
        "last": command.last.isoformat(),
        "share_bp": command.share_bp,
        "least": command.least,
        "reason": command.reason.strip(),
        "population": [str(case) for case in population],
    }
