"""Rounds in which an office takes applications (申报轮次), as values.

A round has a guide (申报指南), a window to the minute, a checklist and, where experts score, a score sheet. Before it
opens it may be published anew as a whole; once it has opened its window alone may still move, by a numbered decision.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

from registry.errors import InvalidValueError
from registry.policy.model import Allocation
from registry.policy.plain_text import require_day, require_text
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, EntryId, EvidenceId, RoundId
from registry.values.moment import Moment
from registry.values.money import FEN_MAX, Money

TITLE_LENGTH_MAX: Final = 200
TEXT_LENGTH_MAX: Final = 2_000
CHECKLIST_MAX: Final = 100
CRITERIA_MAX: Final = 30
POINTS_TOTAL: Final = 100
EXPERTS_LEAST: Final = 3
EXPERTS_MOST: Final = 15
REVISIONS_MAX: Final = 1_000


class Aggregate(StrEnum):
    """How the totals of the experts come to one score; both are rounded down to 0.01 points."""

    MEAN = "mean"
    MEAN_WITHOUT_EXTREMES = "mean_without_extremes"
    """Of five experts or more the highest and the lowest total are left out; of fewer, none."""


class RoundState(StrEnum):
    """Where the window of a round lies at an instant."""

    COMING = "coming"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Criterion:
    """What experts give points for, at most ``points`` whole ones; the greatest numbers are the weights."""

    code: str
    title: str
    points: int

    def __post_init__(self) -> None:
        """Refuse what has no name or no points. Raises InvalidValueError."""
        require_text(self.code, "criteria.code", 40)
        require_text(self.title, "criteria.title", TITLE_LENGTH_MAX)
        if not 1 <= self.points <= POINTS_TOTAL:
            raise InvalidValueError("round_points_out_of_range", at="criteria.points", given=self.points)


@dataclass(frozen=True, slots=True)
class ScoreSheet:
    """By what experts score (评分表): criteria of 100 points together, how many experts, and what passes."""

    criteria: tuple[Criterion, ...]
    pass_score: int
    experts: int = EXPERTS_LEAST
    aggregate: Aggregate = Aggregate.MEAN

    def __post_init__(self) -> None:
        """Refuse points that are not 100 together, and an even or small number of experts. Raises InvalidValueError."""
        codes = [each.code for each in self.criteria]
        if not 1 <= len(codes) <= CRITERIA_MAX or len(set(codes)) < len(codes):
            raise InvalidValueError("list_length", at="criteria", given=len(codes), most=CRITERIA_MAX)
        if (total := sum(each.points for each in self.criteria)) != POINTS_TOTAL:
            raise InvalidValueError("round_points_sum", given=total, expected=POINTS_TOTAL)
        if not 1 <= self.pass_score <= POINTS_TOTAL:
            raise InvalidValueError("round_points_out_of_range", at="pass_score", given=self.pass_score)
        if not EXPERTS_LEAST <= self.experts <= EXPERTS_MOST or self.experts % 2 == 0:
            raise InvalidValueError("round_experts_odd", given=self.experts, least=EXPERTS_LEAST, most=EXPERTS_MOST)

    def as_json(self) -> dict[str, Json]:
        """Return the sheet as it is stored and shown."""
        return {
            "criteria": [{"code": each.code, "title": each.title, "points": each.points} for each in self.criteria],
            "pass_score": self.pass_score,
            "experts": self.experts,
            "aggregate": self.aggregate.value,
        }

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "ScoreSheet":
        """Return a stored sheet."""
        criteria = tuple(Criterion(each["code"], each["title"], each["points"]) for each in kept["criteria"])
        return cls(criteria, kept["pass_score"], kept["experts"], Aggregate(kept["aggregate"]))


@dataclass(frozen=True, slots=True)
class RoundTerms:
    """What an office says of a round before it opens. ``allocation`` None: as the policy says, else pro rata."""

    title: str
    guide: EvidenceId
    guide_url: str
    opens_at: Moment
    closes_at: Moment
    budget: Money | None = None
    allocation: Allocation | None = None
    extra_items: tuple[str, ...] = ()
    sheet: ScoreSheet | None = None

    def __post_init__(self) -> None:
        """Refuse a window that is none, endless lists, what is no web address. Raises InvalidValueError."""
        require_text(self.title, "title", TITLE_LENGTH_MAX)
        parts = urlsplit(require_text(self.guide_url, "guide_url", TEXT_LENGTH_MAX))
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise InvalidValueError("page_url_malformed", given=self.guide_url[:80])
        require_window(self.opens_at, self.closes_at)
        if self.budget is not None and not 0 < self.budget.fen <= FEN_MAX:
            raise InvalidValueError("round_budget_out_of_range", given=self.budget.fen)
        if len(self.extra_items) > CHECKLIST_MAX:
            raise InvalidValueError("list_length", at="extra_items", given=len(self.extra_items), most=CHECKLIST_MAX)
        for item in self.extra_items:
            require_text(item, "extra_items", TITLE_LENGTH_MAX)


def require_window(opens_at: Moment, closes_at: Moment) -> None:
    """Raise InvalidValueError unless a window has a beginning before its end, both to the minute."""
    for name, given in (("opens_at", opens_at), ("closes_at", closes_at)):
        require_minute(given, name)
    if closes_at <= opens_at:
        raise InvalidValueError("round_window_inverted", opens_at=str(opens_at), closes_at=str(closes_at))


def require_minute(given: Moment, at: str) -> None:
    """Raise InvalidValueError unless an instant is a whole minute of a day anything can be computed of."""
    require_day(given.civil_day(), at)
    if given.instant.second or given.instant.microsecond:
        raise InvalidValueError("round_not_to_the_minute", at=at, given=str(given))


@dataclass(frozen=True, slots=True)
class PublishRound:
    """Publish a round of an instrument."""

    instrument: str
    terms: RoundTerms


@dataclass(frozen=True, slots=True)
class MoveClosing:
    """Close an opened round early, or keep it open for longer, by a numbered decision."""

    round: RoundId
    closes_at: Moment
    number: str
    reason: str

    def __post_init__(self) -> None:
        """Refuse a decision without number or words. Raises InvalidValueError."""
        require_text(self.number, "number", 120)
        require_text(self.reason, "reason", TEXT_LENGTH_MAX)
        require_minute(self.closes_at, "closes_at")


@dataclass(frozen=True, slots=True)
class RoundRevision:
    """A round as it was published; after it opened, by which numbered decision its closing moved and why.

    ``score_table`` is what the scores earn by policy and rulings of the day, as ``assumptions.written`` writes it.
    """

    number: int
    title: str
    guide: EvidenceId
    guide_digest: Digest
    guide_url: str
    opens_at: Moment
    closes_at: Moment
    budget: Money | None
    allocation: Allocation
    checklist: tuple[str, ...]
    extra_items: tuple[str, ...]
    sheet: ScoreSheet | None
    score_table: tuple[Mapping[str, Any], ...]
    published_at: Moment
    published_by: AccountId
    entry: EntryId
    decision_number: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Round:
    """A round with everything that was published of it, the newest last."""

    id: RoundId
    authority: AuthorityId
    document: str
    instrument: str
    revisions: tuple[RoundRevision, ...]

    @property
    def now(self) -> RoundRevision:
        """What holds."""
        return self.revisions[-1]

    def state_at(self, now: Moment) -> RoundState:
        """Say where its window lies; the instant of opening belongs to it, that of closing does not."""
        if now < self.now.opens_at:
            return RoundState.COMING
        return RoundState.OPEN if now < self.now.closes_at else RoundState.CLOSED
