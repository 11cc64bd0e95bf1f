"""The officers of your office: what is due and by whom, terms, ties to firms, absence, delegation, drawn reviewers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sancai.cases import Case
from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class Officer:
    """An officer who may do a step."""

    account: str
    login: str
    name: str


@dataclass(frozen=True, slots=True)
class Recusal:
    """An expert's own recusal from a case; the case itself is shown to officers only."""

    case: str
    state: str


@dataclass(frozen=True, slots=True)
class Due:
    """A step of a case, until when it is to be done, and by whom.

    ``standing`` is ``within``, ``overdue``, ``escalated`` (nobody may do it, or it stays undone) or ``unknown``.
    """

    case: str
    instrument: str
    state: str
    step: str
    number: int
    role: str
    began_at: str
    due_at: str | None
    term_days: int
    term_unit: str
    days_late: int
    standing: str
    officers: tuple[Officer, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """How long a step may take; without ``number`` the figure is an assumption of the release."""

    step: str
    days: int
    unit: str
    clause: str
    assumption: str
    number: str


@dataclass(frozen=True, slots=True)
class Tie:
    """A tie of an officer to a firm."""

    id: str
    officer: str
    firm: str
    ground: str
    note: str
    declared: bool
    stated_at: str
    ended_at: str | None = None


@dataclass(frozen=True, slots=True)
class Absence:
    """An officer's absence, from the first through the last day."""

    id: str
    officer: str
    first: str
    last: str
    reason: str
    ended_at: str | None = None


@dataclass(frozen=True, slots=True)
class Delegation:
    """Who signs for whom; ``instruments`` None: in all."""

    id: str
    principal: str
    delegate: str
    rank: str
    instruments: tuple[str, ...] | None
    first: str
    last: str
    document_number: str
    made_at: str
    ended_at: str | None = None


@dataclass(frozen=True, slots=True)
class DetectedTie:
    """An officer who is reached where a member of a firm is; ``shared``: ``mail_address`` or ``mail_domain``."""

    officer: str
    firm: str
    shared: str


@dataclass(frozen=True, slots=True)
class Draw:
    """A reviewer drawn by lot; ``seed`` is the commitment of ``entry`` in the log."""

    case: str
    number: int
    seed: str
    candidates: tuple[str, ...]
    drawn: str
    reason: str
    drawn_at: str
    entry: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the office has a distinct officer for each place of a document's cases."""

    document: str
    ready: bool
    places: tuple[str, ...]
    unfilled: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SampleFinding:
    """What was found in a case of a sample."""

    case: str
    in_order: bool
    text: str
    found_by: str
    found_at: str


@dataclass(frozen=True, slots=True)
class Sample:
    """Paid cases drawn by lot; ``seed`` is the commitment of ``entry`` in the log. ``open``: not looked at yet."""

    id: str
    first: str
    last: str
    share_bp: int
    least: int
    reason: str
    population: tuple[str, ...]
    drawn: tuple[str, ...]
    open: tuple[str, ...]
    seed: str
    entry: str
    drawn_by: str
    drawn_at: str
    findings: tuple[SampleFinding, ...]


class Office:
    """The office of whoever is signed in."""

    def __init__(self, session: Session) -> None:
        """Use ``session`` for every request."""
        self._session = session

    def due(self, *, standing: str = "", officer: str = "") -> tuple[Due, ...]:
        """Return what open cases wait for, the longest overdue first; of a standing, or for an officer only."""
        return self._listed(Due, "/office/due", standing=standing, officer=officer)

    def readiness(self) -> tuple[Readiness, ...]:
        """Say for each policy whether the office has enough distinct officers. Raises SancaiError."""
        return self._listed(Readiness, "/office/readiness")

    def terms(self) -> tuple[Term, ...]:
        """Return how long each step may take. Raises SancaiError."""
        return self._listed(Term, "/office/terms")

    def set_term(
        self, step: str, days: int, *, unit: str, number: str, organ: str, decided_on: date, text: str
    ) -> Term:
        """Replace a term by a ruling, for steps that begin from now on; ``unit`` is working or calendar."""
        body = {"step": step, "days": days, "unit": unit, "number": number, "organ": organ, "text": text}
        return shaped(Term, self._session.post("/office/terms", body | {"decided_on": decided_on.isoformat()}))

    def ties(self) -> tuple[Tie, ...]:
        """Return the ties of officers to firms. Raises SancaiError."""
        return self._paged(Tie, "/office/ties")

    def declare_tie(self, firm: str, ground: str, note: str, *, officer: str | None = None) -> Tie:
        """State a tie of yours, or as a registrar of ``officer``; ``ground`` is own, family, former or other."""
        body = {"firm": firm, "ground": ground, "note": note, "officer": officer}
        return shaped(Tie, self._session.post("/office/ties", body))

    def end_tie(self, tie: str) -> Tie:
        """Enter that a tie is no more. Raises SancaiError."""
        return shaped(Tie, self._session.post(f"/office/ties/{tie}/end", {}))

    def absences(self) -> tuple[Absence, ...]:
        """Return the absences of officers. Raises SancaiError."""
        return self._paged(Absence, "/office/absences")

    def record_absence(self, officer: str, first: date, last: date, reason: str) -> Absence:
        """Enter that an officer is away. Raises SancaiError."""
        body = {"officer": officer, "first": first.isoformat(), "last": last.isoformat(), "reason": reason}
        return shaped(Absence, self._session.post("/office/absences", body))

    def end_absence(self, absence: str) -> Absence:
        """Enter that an officer is back early. Raises SancaiError."""
        return shaped(Absence, self._session.post(f"/office/absences/{absence}/end", {}))

    def delegations(self) -> tuple[Delegation, ...]:
        """Return who signs for whom. Raises SancaiError."""
        return self._paged(Delegation, "/office/delegations")

    def delegate(
        self,
        delegate: str,
        rank: str,
        first: date,
        last: date,
        document_number: str,
        *,
        instruments: Sequence[str] | None = None,
    ) -> Delegation:
        """Let another officer sign in your rank, in some instruments or all. Raises SancaiError."""
        body = {
            "delegate": delegate,
            "rank": rank,
            "instruments": None if instruments is None else list(instruments),
            "first": first.isoformat(),
            "last": last.isoformat(),
            "document_number": document_number,
        }
        return shaped(Delegation, self._session.post("/office/delegations", body))

    def end_delegation(self, delegation: str) -> Delegation:
        """Take back a delegation of yours. Raises SancaiError."""
        return shaped(Delegation, self._session.post(f"/office/delegations/{delegation}/end", {}))

    def recuse(self, case: str, reason: str, *, officer: str | None = None) -> Case | Recusal:
        """Recuse yourself from a case, or as a registrar ``officer``; what was decided is void. Raises SancaiError.

        An officer gets the case, an expert the recusal alone.
        """
        made: dict[str, Any] = self._session.post(f"/cases/{case}/recusals", {"reason": reason, "officer": officer})
        return shaped(Case, made) if "lines" in made else shaped(Recusal, made)

    def detected_ties(self, case: str) -> tuple[DetectedTie, ...]:
        """Return the ties of officers to the firms of a case that nobody declared. Raises SancaiError."""
        return self._listed(DetectedTie, f"/cases/{case}/detected-ties")

    def draws(self, case: str) -> tuple[Draw, ...]:
        """Return every lot that was drawn for the review of a case. Raises SancaiError."""
        return self._listed(Draw, f"/cases/{case}/draws")

    def draw_again(self, case: str, reason: str) -> Draw:
        """Draw another reviewer where the one who was drawn may not act any more. Raises SancaiError."""
        return shaped(Draw, self._session.post(f"/cases/{case}/draws", {"reason": reason}))

    def draw_sample(self, first: date, last: date, share_bp: int, reason: str, *, least: int = 1) -> Sample:
        """Draw a share (basis points) of the cases paid from ``first`` through ``last``. Raises SancaiError."""
        body = {"first": first.isoformat(), "last": last.isoformat(), "share_bp": share_bp, "least": least}
        return shaped(Sample, self._session.post("/samples", body | {"reason": reason}))

    def samples(self) -> tuple[Sample, ...]:
        """Return the samples of your office, the newest first. Raises SancaiError."""
        return self._paged(Sample, "/samples")

    def sample(self, sample: str) -> Sample:
        """Return a sample with what was found. Raises NotFoundError."""
        return shaped(Sample, self._session.get(f"/samples/{sample}"))

    def record_finding(self, sample: str, case: str, text: str, *, in_order: bool) -> Sample:
        """State what was found in a case of a sample, once. Raises SancaiError."""
        body = {"case": case, "in_order": in_order, "text": text}
        return shaped(Sample, self._session.post(f"/samples/{sample}/findings", body))

    def _paged(self, kind: type[Any], path: str) -> tuple[Any, ...]:
        return tuple(shaped(kind, item) for item in self._session.pages(path))

    def _listed(self, kind: type[Any], path: str, **query: str) -> tuple[Any, ...]:
        return tuple(shaped(kind, item) for item in self._session.get(path, **query)["items"])
