"""Contests of novelty: a firm that was told its data is not new says that it was first, or that nothing is repeated.

A contest moves

    open → decided | withdrawn

While it is open the award cases on both lineages wait: none is reviewed to a pass, instructed or paid. Both sides file
dated evidence until the term ends; then a reviewer who did nothing in a case of either side decides.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from registry.awards.model import Case
from registry.catalog.model import VersionName
from registry.catalog.novelty_model import NoveltyDecision, NoveltyOutcome
from registry.errors import InvalidValueError
from registry.offices.model import Officer, Term
from registry.policy.plain_text import require_day, require_text
from registry.values.digest import Digest
from registry.values.identifiers import (
    AccountId,
    AuthorityId,
    CaseId,
    ContestId,
    DatasetId,
    EntryId,
    EvidenceId,
    FirmId,
    VersionId,
)
from registry.values.moment import Moment

TEXT_LENGTH_MAX: Final = 2_000
PLACE_LENGTH_MAX: Final = 400
EVIDENCE_MAX: Final = 50
"""How many documents each side files: a reviewer reads them all."""


class ContestState(StrEnum):
    """Where a contest stands."""

    OPEN = "open"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"


class ContestGround(StrEnum):
    """By what a firm was told that its data is not new."""

    SAME_CONTENT = "same_content"
    NEAR_DUPLICATE = "near_duplicate"
    """The screen refuses the draft."""
    OVERLAP = "overlap"
    """The screen found rows of it in the other version, which counts against its new share."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a contest: whose version of which dataset. ``name`` is the version's, or the dataset's of a draft."""

    firm: FirmId
    dataset: DatasetId
    version: VersionId
    name: str


@dataclass(frozen=True, slots=True)
class ContestEvidence:
    """A document a side filed: what it shows, of which day; never changed or taken back.

    Of a confidential one (商业秘密) the other side sees the digest and ``summary``.
    """

    contest: ContestId
    number: int
    firm: FirmId
    document: EvidenceId | None
    digest: Digest
    file_name: str
    claimed_on: date
    shows: str
    confidential: bool
    summary: str
    filed_at: Moment
    filed_by: AccountId | None


@dataclass(frozen=True, slots=True)
class ContestDraw:
    """The reviewer drawn to decide; whoever knows the seed draws the same one again."""

    contest: ContestId
    number: int
    seed: bytes = field(repr=False)
    candidates: tuple[AccountId, ...]
    drawn: AccountId
    reason: str
    drawn_at: Moment
    drawn_by: AccountId
    entry: EntryId


@dataclass(frozen=True, slots=True)
class Contest:
    """A contest with what was filed and decided. ``evidence_until`` is the first instant at which nothing is filed."""

    id: ContestId
    authority: AuthorityId
    contester: Side
    respondent: Side
    ground: ContestGround
    statement: str
    state: ContestState
    opened_at: Moment
    opened_by: AccountId
    evidence_until: Moment
    evidence: tuple[ContestEvidence, ...] = ()
    decision: NoveltyDecision | None = None

    @property
    def firms(self) -> frozenset[FirmId]:
        """Whose contest it is."""
        return frozenset({self.contester.firm, self.respondent.firm})

    @property
    def datasets(self) -> tuple[DatasetId, DatasetId]:
        """The two lineages, in one order."""
        low, high = sorted((self.contester.dataset, self.respondent.dataset))
        return low, high


@dataclass(frozen=True, slots=True)
class ContestDue:
    """Until when an open contest is to be decided, and how that stands; ``due_at`` None: the days are not known.

    ``able``: the reviewer who was drawn may decide. ``began``: the term for evidence has ended.
    """

    term: Term
    due_at: Moment | None
    days_late: int
    able: bool
    began: bool
    began_at: Moment


@dataclass(frozen=True, slots=True)
class ContestDesk:
    """A contest with what its office makes of it: the cases that wait, who was drawn to decide, and until when.

    To a side ``drawn`` and ``due`` are None; to the office they are where nobody was drawn, and once it is not open.
    """

    contest: Contest
    cases: tuple[Case, ...] = ()
    drawn: Officer | None = None
    due: ContestDue | None = None
    fallen: tuple[NoveltyDecision, ...] = ()
    """Decisions on it that are void, the newest first; they stay readable."""


class ContestReviewOutcome(StrEnum):
    """What becomes of a paid award whose lineage lost."""

    STANDS = "stands"
    RECOVER = "recover"


@dataclass(frozen=True, slots=True)
class ContestReview:
    """A paid award of the side that lost, looked at again; ``outcome`` None: not yet."""

    contest: ContestId
    case: CaseId
    authority: AuthorityId
    opened_at: Moment
    outcome: ContestReviewOutcome | None = None
    reason: str = ""
    answered_at: Moment | None = None
    answered_by: AccountId | None = None


# What is asked.


@dataclass(frozen=True, slots=True)
class OpenContest:
    """Contest that ``own`` (a version, or a draft that was refused) is not new beside ``against``."""

    own: VersionName | VersionId
    against: VersionName
    statement: str

    def __post_init__(self) -> None:
        """Refuse a contest without words. Raises InvalidValueError."""
        require_text(self.statement, "statement", TEXT_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class FileContestEvidence:
    """File a document in a contest: what it shows, of which day. A confidential one needs a summary for the other."""

    contest: ContestId
    document: EvidenceId
    claimed_on: date
    shows: str
    confidential: bool = False
    summary: str = ""

    def __post_init__(self) -> None:
        """Refuse evidence without words, or a secret without a summary. Raises InvalidValueError."""
        require_text(self.shows, "shows", TEXT_LENGTH_MAX)
        require_text(self.summary, "summary", TEXT_LENGTH_MAX, may_be_empty=not self.confidential)
        require_day(self.claimed_on, "claimed_on")


@dataclass(frozen=True, slots=True)
class DecideContest:
    """Decide a contest.

    ``day`` is of the first publication where priority moves or a third party had it, ``place`` where that was. A
    decision that priority stays takes both from the version it stays with.
    """

    contest: ContestId
    outcome: NoveltyOutcome
    reason: str
    day: date | None = None
    place: str = ""

    def __post_init__(self) -> None:
        """Refuse a decision without reason or without the day it rests on. Raises InvalidValueError."""
        require_text(self.reason, "reason", TEXT_LENGTH_MAX)
        dated = self.outcome in {NoveltyOutcome.MOVES, NoveltyOutcome.EARLIER}
        if dated != (self.day is not None):
            raise InvalidValueError("contest_day_wrong", outcome=self.outcome.value)
        if self.day is not None:
            require_day(self.day, "day")
        require_text(self.place, "place", PLACE_LENGTH_MAX, may_be_empty=self.outcome is not NoveltyOutcome.EARLIER)


@dataclass(frozen=True, slots=True)
class AnswerContestReview:
    """Say whether a paid award stands although its lineage lost."""

    contest: ContestId
    case: CaseId
    outcome: ContestReviewOutcome
    reason: str

    def __post_init__(self) -> None:
        """Refuse an answer without reason. Raises InvalidValueError."""
        require_text(self.reason, "reason", TEXT_LENGTH_MAX)
