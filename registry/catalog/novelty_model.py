"""Decisions on a contest of novelty: which of two datasets was first, or that neither repeats the other.

Rules (RULINGS 8):
* A decision that the priority moves opens the screen for near-duplicates to the contester, one that both are
  independent to both sides: for the two versions that were compared, and for what the other side had published when it
  was decided. What is published later is screened as everything else.
* Whoever lost the priority is not first to publish; after an earlier publication by a third party neither is.
* A decision that is void says nothing from then on, and priority is as it was before it; what was decided by it until
  then is replayed with it. The contest is decided again, by a decision with a number of its own (RULINGS 32, 34).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from registry.values.canonical import Json
from registry.values.identifiers import AccountId, AuthorityId, ContestId, DatasetId, VersionId
from registry.values.moment import Moment


class NoveltyOutcome(StrEnum):
    """What a reviewer decided on a contest."""

    STAYS = "stays"
    """Priority stays with the dataset that was published first."""
    MOVES = "moves"
    """Priority moves to the contester."""
    INDEPENDENT = "independent"
    """Neither repeats the other: the screen was wrong."""
    EARLIER = "earlier"
    """Somebody else had published it before both: neither is first."""


class VoidGround(StrEnum):
    """Why a decision is void."""

    ANNULLED = "annulled"
    """The refusal it led to was annulled by a remedy."""
    DECIDER_TIED = "decider_tied"
    """Whoever took it is tied to a side."""


@dataclass(frozen=True, slots=True)
class NoveltyDecision:
    """A numbered decision. ``place`` and ``day`` say where and when it was first public, where one side lost by it."""

    contest: ContestId
    authority: AuthorityId
    year: int
    number: int
    outcome: NoveltyOutcome
    contester: DatasetId
    contester_version: VersionId
    respondent: DatasetId
    respondent_version: VersionId
    place: str
    day: date | None
    reason: str
    decided_by: AccountId | None
    decided_at: Moment
    voided_at: Moment | None = None
    void_ground: VoidGround | None = None

    @property
    def decision_number(self) -> str:
        """The number it is cited by."""
        return f"{self.year}-P{self.number:04d}"

    @property
    def losers(self) -> frozenset[DatasetId]:
        """The lineages that are not first by this decision."""
        return {
            NoveltyOutcome.STAYS: frozenset({self.contester}),
            NoveltyOutcome.MOVES: frozenset({self.respondent}),
            NoveltyOutcome.INDEPENDENT: frozenset[DatasetId](),
            NoveltyOutcome.EARLIER: frozenset({self.contester, self.respondent}),
        }[self.outcome]

    def stands_at(self, at: Moment) -> bool:
        """Say whether it was taken by ``at`` and not void yet."""
        return self.decided_at <= at and (self.voided_at is None or self.voided_at > at)

    def clears(self, dataset: DatasetId) -> DatasetId | None:
        """Return the lineage that ``dataset`` does not repeat by this decision, or None."""
        if self.outcome is NoveltyOutcome.INDEPENDENT and dataset == self.respondent:
            return self.contester
        if self.outcome in {NoveltyOutcome.INDEPENDENT, NoveltyOutcome.MOVES} and dataset == self.contester:
            return self.respondent
        return None

    def as_json(self) -> dict[str, Json]:
        """Return the decision as a snapshot keeps it: what of it bears on a verdict."""
        return {
            "contest": str(self.contest),
            "number": self.decision_number,
            "outcome": self.outcome.value,
            "contester": str(self.contester),
            "respondent": str(self.respondent),
            "place": self.place,
            "day": self.day.isoformat() if self.day else None,
            "decided_at": str(self.decided_at),
        }


def lost_by(decisions: tuple[NoveltyDecision, ...], dataset: DatasetId) -> tuple[date, str] | None:
    """Return when and where the content of a lineage was public before it, by decisions; None when it lost by none."""
    lost = [(each.day, each.place) for each in decisions if dataset in each.losers and each.day is not None]
    return min(lost, default=None)
