"""What an award is decided on: the terms of its policy, the facts of a dataset, and the verdict made of both."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from registry.errors import Obstacle
from registry.policy.model import Condition, Verdict
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import DatasetId
from registry.values.money import Money


@dataclass(frozen=True, slots=True)
class AwardTerms:
    """What an award asks for and pays, by one revision of a document and the rulings of a day.

    Shares are whole basis points, scores whole points. ``tiers`` are (first number, last number or None, fen).
    """

    instrument: str
    clause: str
    sectors: tuple[str, ...] | None
    sectors_clause: str
    adopters_needed: int
    leader_levels: tuple[str, ...]
    new_share_least_bp: int
    score_least: int
    term_first: date
    term_last: date
    claims_until: date
    tiers: tuple[tuple[int, int | None, int], ...]

    def as_json(self) -> dict[str, Json]:
        """Return the terms as a snapshot keeps them."""
        return {
            "instrument": self.instrument,
            "clause": self.clause,
            "sectors": None if self.sectors is None else list(self.sectors),
            "sectors_clause": self.sectors_clause,
            "adopters_needed": self.adopters_needed,
            "leader_levels": list(self.leader_levels),
            "new_share_least_bp": self.new_share_least_bp,
            "score_least": self.score_least,
            "term_first": self.term_first.isoformat(),
            "term_last": self.term_last.isoformat(),
            "claims_until": self.claims_until.isoformat(),
            "tiers": [list(tier) for tier in self.tiers],
        }

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "AwardTerms":
        """Return the terms of a snapshot."""
        return cls(
            instrument=kept["instrument"],
            clause=kept["clause"],
            sectors=None if kept["sectors"] is None else tuple(kept["sectors"]),
            sectors_clause=kept["sectors_clause"],
            adopters_needed=kept["adopters_needed"],
            leader_levels=tuple(kept["leader_levels"]),
            new_share_least_bp=kept["new_share_least_bp"],
            score_least=kept["score_least"],
            term_first=date.fromisoformat(kept["term_first"]),
            term_last=date.fromisoformat(kept["term_last"]),
            claims_until=date.fromisoformat(kept["claims_until"]),
            tiers=tuple((first, last, fen) for first, last, fen in kept["tiers"]),
        )


@dataclass(frozen=True, slots=True)
class AwardFacts:
    """Everything a verdict under S1 cl.14a rests on, as known on ``day``.

    Shares are whole basis points, scores whole hundredths. ``earlier`` is the earliest public opening known from anyone
    (place, day), before our own; None when none is known. ``scores`` are the three TC609 dimensions of the newest
    report on this content by a laboratory of the register, None without one.
    """

    day: date
    event_on: date | None
    in_force: bool
    is_publisher: bool
    sector: str
    adopters: int
    published_on: date | None
    earlier: tuple[str, date] | None
    origin: str
    derived: bool
    new_share_bp: int | None
    scores_hundredths: tuple[int, int, int] | None
    awarded_before: str | None
    open_case: str | None
    credit_clean: str
    operates_in_region: str

    def as_json(self) -> dict[str, Json]:
        """Return the facts as a snapshot keeps them."""
        return {
            "day": self.day.isoformat(),
            "event_on": self.event_on.isoformat() if self.event_on else None,
            "in_force": self.in_force,
            "is_publisher": self.is_publisher,
            "sector": self.sector,
            "adopters": self.adopters,
            "published_on": self.published_on.isoformat() if self.published_on else None,
            "earlier": [self.earlier[0], self.earlier[1].isoformat()] if self.earlier else None,
            "origin": self.origin,
            "derived": self.derived,
            "new_share_bp": self.new_share_bp,
            "scores_hundredths": list(self.scores_hundredths) if self.scores_hundredths else None,
            "awarded_before": self.awarded_before,
            "open_case": self.open_case,
            "credit_clean": self.credit_clean,
            "operates_in_region": self.operates_in_region,
        }

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "AwardFacts":
        """Return the facts of a snapshot."""
        day = date.fromisoformat
        scores = kept["scores_hundredths"]
        return cls(
            day=day(kept["day"]),
            event_on=day(kept["event_on"]) if kept["event_on"] else None,
            in_force=kept["in_force"],
            is_publisher=kept["is_publisher"],
            sector=kept["sector"],
            adopters=kept["adopters"],
            published_on=day(kept["published_on"]) if kept["published_on"] else None,
            earlier=(kept["earlier"][0], day(kept["earlier"][1])) if kept["earlier"] else None,
            origin=kept["origin"],
            derived=kept["derived"],
            new_share_bp=kept["new_share_bp"],
            scores_hundredths=(scores[0], scores[1], scores[2]) if scores else None,
            awarded_before=kept["awarded_before"],
            open_case=kept["open_case"],
            credit_clean=kept["credit_clean"],
            operates_in_region=kept["operates_in_region"],
        )


@dataclass(frozen=True, slots=True)
class AwardVerdict:
    """A verdict with its amount, and the snapshot it was made from, so that it can be replayed."""

    instrument: str
    dataset: DatasetId
    conditions: tuple[Condition, ...]
    amount: Money
    open_assumptions: tuple[str, ...]
    revision: Digest
    facts: Mapping[str, Json]

    @property
    def facts_digest(self) -> Digest:
        """The digest of every fact used."""
        return Digest.of_json(dict(self.facts))

    @property
    def obstacles(self) -> tuple[Obstacle, ...]:
        """What stands in the way; a verdict that looked at nothing stands in its own way."""
        return Verdict(self.conditions).obstacles

    @property
    def eligible(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.obstacles
