"""Views of contests of novelty."""

from datetime import date
from typing import Self

from api.door import Answer
from registry.awards.contest_deciding import standing_of
from registry.awards.contest_model import (
    Contest,
    ContestDesk,
    ContestDraw,
    ContestEvidence,
    ContestReview,
    ContestReviewOutcome,
    ContestState,
    Side,
)
from registry.awards.model import CaseState
from registry.catalog.novelty_model import NoveltyDecision, NoveltyOutcome


class ContestSideView(Answer):
    """One side of a contest; ``name`` is the version's, of a draft the dataset's."""

    firm: str
    dataset: str
    version: str
    name: str

    @classmethod
    def of(cls, value: Side) -> Self:
        """Return the view of a side."""
        return cls(firm=value.firm, dataset=value.dataset, version=value.version, name=value.name)


class ContestEvidenceView(Answer):
    """What a side filed. Of the other side's secret ``document``, ``file_name`` and ``shows`` are null."""

    number: int
    firm: str
    document: str | None
    file_name: str | None
    sha256: str
    claimed_on: date
    shows: str | None
    confidential: bool
    summary: str
    filed_at: str

    @classmethod
    def of(cls, value: ContestEvidence) -> Self:
        """Return the view of a document as its reader may see it."""
        return cls(
            number=value.number,
            firm=value.firm,
            document=value.document,
            file_name=value.file_name or None,
            sha256=value.digest.hex,
            claimed_on=value.claimed_on,
            shows=value.shows or None,
            confidential=value.confidential,
            summary=value.summary,
            filed_at=str(value.filed_at),
        )


class ContestDecisionView(Answer):
    """A numbered decision on a contest; ``place`` and ``day`` say where and when it was first public.

    Who decided is for the office.
    """

    number: str
    outcome: NoveltyOutcome
    place: str
    day: date | None
    reason: str
    decided_by: str | None
    decided_at: str
    voided_at: str | None
    void_ground: str | None

    @classmethod
    def of(cls, value: NoveltyDecision) -> Self:
        """Return the view of a decision."""
        return cls(
            number=value.decision_number,
            outcome=value.outcome,
            place=value.place,
            day=value.day,
            reason=value.reason,
            decided_by=value.decided_by,
            decided_at=str(value.decided_at),
            voided_at=str(value.voided_at) if value.voided_at else None,
            void_ground=value.void_ground.value if value.void_ground else None,
        )


class ContestedCaseView(Answer):
    """A case on one of the two lineages."""

    case: str
    instrument: str
    state: CaseState


class ContestView(Answer):
    """A contest. A side sees its own cases and no officer; ``standing`` and ``reviewer`` are the office's."""

    id: str
    authority: str
    state: ContestState
    ground: str
    statement: str
    contester: ContestSideView
    respondent: ContestSideView
    opened_at: str
    evidence_until: str
    evidence: list[ContestEvidenceView]
    decision: ContestDecisionView | None
    void_decisions: list[ContestDecisionView]
    cases: list[ContestedCaseView]
    reviewer: str | None
    due_at: str | None
    standing: str | None

    @classmethod
    def of(cls, value: ContestDesk) -> Self:
        """Return the view of a contest as its reader may see it."""
        found: Contest = value.contest
        return cls(
            id=found.id,
            authority=found.authority,
            state=found.state,
            ground=found.ground.value,
            statement=found.statement,
            contester=ContestSideView.of(found.contester),
            respondent=ContestSideView.of(found.respondent),
            opened_at=str(found.opened_at),
            evidence_until=str(found.evidence_until),
            evidence=[ContestEvidenceView.of(each) for each in found.evidence],
            decision=ContestDecisionView.of(found.decision) if found.decision else None,
            void_decisions=[ContestDecisionView.of(each) for each in value.fallen],
            cases=[
                ContestedCaseView(case=each.id, instrument=each.instrument, state=each.state) for each in value.cases
            ],
            reviewer=value.drawn.account if value.drawn else None,
            due_at=str(value.due.due_at) if value.due and value.due.due_at else None,
            standing=standing_of(value.due).value if value.due else None,
        )


class ContestsView(Answer):
    """A page of contests."""

    items: list[ContestView]
    next_cursor: str | None


class ContestDrawView(Answer):
    """A reviewer drawn to decide a contest; whoever has the seed draws the same one again."""

    contest: str
    number: int
    seed: str
    candidates: list[str]
    drawn: str
    reason: str
    drawn_at: str

    @classmethod
    def of(cls, value: ContestDraw) -> Self:
        """Return the view of a lot."""
        return cls(
            contest=value.contest,
            number=value.number,
            seed=value.seed.hex(),
            candidates=list(value.candidates),
            drawn=value.drawn,
            reason=value.reason,
            drawn_at=str(value.drawn_at),
        )


class ContestDrawsView(Answer):
    """Every lot that was drawn for a contest."""

    items: list[ContestDrawView]


class ContestReviewView(Answer):
    """A paid award of the side that lost; ``outcome`` null: a reviewer still has to say whether it stands."""

    contest: str
    case: str
    opened_at: str
    outcome: ContestReviewOutcome | None
    reason: str | None
    answered_at: str | None

    @classmethod
    def of(cls, value: ContestReview) -> Self:
        """Return the view of a review."""
        return cls(
            contest=value.contest,
            case=value.case,
            opened_at=str(value.opened_at),
            outcome=value.outcome,
            reason=value.reason or None,
            answered_at=str(value.answered_at) if value.answered_at else None,
        )


class ContestReviewsView(Answer):
    """A page of reviews."""

    items: list[ContestReviewView]
    next_cursor: str | None
