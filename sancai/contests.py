"""Contests of novelty: a firm that was told its data is not new, and a reviewer who decides which of two was first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class ContestSide:
    """One side of a contest; ``name`` is the version's, of a draft the dataset's."""

    firm: str
    dataset: str
    version: str
    name: str


@dataclass(frozen=True, slots=True)
class ContestEvidence:
    """What a side filed. Of the other side's secret ``document``, ``file_name`` and ``shows`` are None."""

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


@dataclass(frozen=True, slots=True)
class ContestDecision:
    """A numbered decision: ``stays``, ``moves``, ``independent`` or ``earlier`` (than both, by a third party)."""

    number: str
    outcome: str
    place: str
    day: date | None
    reason: str
    decided_at: str
    voided_at: str | None = None
    void_ground: str | None = None
    decided_by: str | None = None


@dataclass(frozen=True, slots=True)
class ContestedCase:
    """A case on one of the two lineages."""

    case: str
    instrument: str
    state: str


@dataclass(frozen=True, slots=True)
class Contest:
    """A contest. A side sees its own cases; ``reviewer``, ``due_at`` and ``standing`` are the office's."""

    id: str
    authority: str
    state: str
    ground: str
    statement: str
    contester: ContestSide
    respondent: ContestSide
    opened_at: str
    evidence_until: str
    evidence: tuple[ContestEvidence, ...]
    cases: tuple[ContestedCase, ...]
    decision: ContestDecision | None = None
    void_decisions: tuple[ContestDecision, ...] = ()
    reviewer: str | None = None
    due_at: str | None = None
    standing: str | None = None


@dataclass(frozen=True, slots=True)
class ContestDraw:
    """A reviewer drawn to decide a contest; whoever has the seed draws the same one again."""

    contest: str
    number: int
    seed: str
    candidates: tuple[str, ...]
    drawn: str
    reason: str
    drawn_at: str


@dataclass(frozen=True, slots=True)
class ContestReview:
    """A paid award of the side that lost; ``outcome`` None: a reviewer still has to say whether it stands."""

    contest: str
    case: str
    opened_at: str
    outcome: str | None
    reason: str | None
    answered_at: str | None


class Contests:
    """Contests of one service."""

    def __init__(self, session: Session) -> None:
        """Use ``session`` for every request."""
        self._session: Final = session

    def open(
        self, own: str, against: str, statement: str, *, authority: str | None = None, key: str | None = None
    ) -> Contest:
        """Contest that data of your own is not new beside another firm's.

        Args:
            own: A version of yours (``namespace/slug@v1``), or the id of a draft that was refused.
            against: The version it is said to repeat.
            statement: What you say, and why.
            authority: Which authority decides, only where there are several.
            key: The idempotency key, to repeat a request of an earlier process.

        Raises:
            RuleError: The screen found nothing of the one in the other, or it is too late.
            ConflictError: The two are contested, or were decided on.
        """
        body = {"own": own, "against": against, "statement": statement, "authority": authority}
        return shaped(Contest, self._session.post("/contests", body, key=key))

    def contest(self, contest: str) -> Contest:
        """Return a contest of your firm or office. Raises NotFoundError."""
        return shaped(Contest, self._session.get(f"/contests/{contest}"))

    def contests(self) -> Iterator[Contest]:
        """Yield the contests of your firm or office, the newest first."""
        return (shaped(Contest, item) for item in self._session.pages("/contests"))

    def file(
        self,
        contest: str,
        document: str,
        *,
        claimed_on: date,
        shows: str,
        confidential: bool = False,
        summary: str = "",
    ) -> ContestEvidence:
        """File a document (``client.evidence.file`` gives its id) of ``claimed_on``. Raises SancaiError.

        Of a confidential one the other side sees the digest and ``summary`` only.
        """
        body: dict[str, Any] = {
            "document": document,
            "claimed_on": claimed_on.isoformat(),
            "shows": shows,
            "confidential": confidential,
            "summary": summary,
        }
        return shaped(ContestEvidence, self._session.post(f"/contests/{contest}/evidence", body))

    def document(self, contest: str, number: int) -> bytes:
        """Return the bytes of a document of a contest that you may see. Raises NotFoundError."""
        return self._session.content(f"/contests/{contest}/evidence/{number}/content")

    def withdraw(self, contest: str, reason: str) -> Contest:
        """Withdraw a contest that your firm opened. Raises SancaiError."""
        return shaped(Contest, self._session.post(f"/contests/{contest}/withdraw", {"reason": reason}))

    def draws(self, contest: str) -> tuple[ContestDraw, ...]:
        """Return every lot that was drawn for the decision of a contest. Raises SancaiError."""
        found = self._session.get(f"/contests/{contest}/draws")["items"]
        return tuple(shaped(ContestDraw, each) for each in found)

    def draw(self, contest: str, reason: str) -> ContestDraw:
        """Draw a reviewer where nobody was drawn, or whoever was may not decide. Raises SancaiError."""
        return shaped(ContestDraw, self._session.post(f"/contests/{contest}/draws", {"reason": reason}))

    def decide(self, contest: str, outcome: str, reason: str, *, day: date | None = None, place: str = "") -> Contest:
        """Decide a contest; ``day`` is of the first publication with ``moves`` and ``earlier``. Raises SancaiError."""
        stated = day.isoformat() if day else None
        body = {"outcome": outcome, "reason": reason, "day": stated, "place": place}
        return shaped(Contest, self._session.post(f"/contests/{contest}/decision", body))

    def recuse(self, contest: str, reason: str) -> Contest:
        """Make a decision void that you took and are tied to a side, or as a registrar another's. Raises SancaiError.

        Another reviewer, who is new to both sides, decides anew.
        """
        return shaped(Contest, self._session.post(f"/contests/{contest}/recusal", {"reason": reason}))

    def reviews(self) -> Iterator[ContestReview]:
        """Yield the paid awards of your office whose lineage lost a contest, the newest first."""
        return (shaped(ContestReview, item) for item in self._session.pages("/contest-reviews"))

    def answer_review(self, contest: str, case: str, outcome: str, reason: str) -> ContestReview:
        """Say whether a paid award ``stands`` or is to be ``recover``-ed. Raises SancaiError."""
        body = {"outcome": outcome, "reason": reason}
        return shaped(ContestReview, self._session.post(f"/contests/{contest}/reviews/{case}", body))
