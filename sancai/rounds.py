"""Rounds in which offices take applications, and the experts who score what came in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sancai.cases import Case
from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class RoundRevision:
    """A round as it was published; ``decision_number`` where a decision moved its closing."""

    number: int
    title: str
    guide: str
    guide_digest: str
    guide_url: str
    opens_at: str
    closes_at: str
    allocation: str
    checklist: tuple[str, ...]
    extra_items: tuple[str, ...]
    published_at: str
    decision_number: str
    reason: str
    budget_fen: int | None = None
    score_sheet: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """A round (申报轮次) with what holds of it and everything published before; ``state``: coming, open or closed."""

    id: str
    authority: str
    document: str
    instrument: str
    state: str
    now: RoundRevision
    revisions: tuple[RoundRevision, ...]


@dataclass(frozen=True, slots=True)
class RoundShare:
    """What a case of a round comes to by itself, and what it receives out of the budget."""

    case: str
    applied_at: str
    state: str
    amount_fen: int
    share_fen: int


@dataclass(frozen=True, slots=True)
class Expert:
    """An entry of an office's register of experts (专家库)."""

    account: str
    fields: tuple[str, ...]
    note: str
    entered_at: str
    ended_at: str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """What a criterion was given, in hundredths of a point, and why."""

    criterion: str
    points_hundredths: int
    comment: str


@dataclass(frozen=True, slots=True)
class Slip:
    """What one expert gave; salt and marks open the commitment in the journal."""

    marks: tuple[Mark, ...]
    total_hundredths: int
    salt: str
    commitment: str
    given_at: str


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat of a panel; its slip is shown once the scores are open."""

    expert: str
    due_on: str
    given: bool
    slip: Slip | None = None


@dataclass(frozen=True, slots=True)
class PanelDraw:
    """A lot: anyone who has the seed draws the same experts again."""

    number: int
    seed: str
    candidates: tuple[str, ...]
    drawn: tuple[str, ...]
    reason: str
    drawn_at: str
    replaced: str | None = None


@dataclass(frozen=True, slots=True)
class CaseScores:
    """Where the scoring of a case stands; an applicant sees neither experts nor slips."""

    case: str
    round: str
    score_sheet: Mapping[str, Any]
    given: int
    needed: int
    seats: tuple[Seat, ...]
    draws: tuple[PanelDraw, ...]
    total_hundredths: int | None = None
    passed: bool | None = None
    opened_at: str | None = None


@dataclass(frozen=True, slots=True)
class ExpertCase:
    """A case you were drawn for, with your own slip; ``waits``: it is yours to score."""

    case: str
    instrument: str
    applicant: str
    dataset: str
    round: str
    guide_url: str
    score_sheet: Mapping[str, Any]
    due_on: str
    waits: bool
    slip: Slip | None = None


@dataclass(frozen=True, slots=True)
class ExpertDocument:
    """A document of a case you were drawn for, by what it was filed as."""

    id: str
    filed_as: tuple[str, ...]
    size_bytes: int
    sha256: str


class Rounds:
    """Rounds of one service; everybody may read them."""

    def __init__(self, session: Session) -> None:
        """Use ``session`` for every request."""
        self._session = session

    def list(self, *, instrument: str = "", state: str = "") -> tuple[Round, ...]:
        """Return rounds, the newest first; ``state``: coming, open or closed. Raises SancaiError."""
        query = {name: value for name, value in (("instrument", instrument), ("state", state)) if value}
        return shaped(tuple[Round, ...], [*self._session.pages("/rounds", **query)])

    def get(self, round_id: str) -> Round:
        """Return a round. Raises NotFoundError."""
        return shaped(Round, self._session.get(f"/rounds/{round_id}"))

    def of_case(self, case: str) -> Round:
        """Return the round a case came in. Raises NotFoundError."""
        return shaped(Round, self._session.get(f"/cases/{case}/round"))

    def publish(self, instrument: str, terms: Mapping[str, Any]) -> Round:
        """Publish a round: title, guide, guide_url, opens_at, closes_at and what else it has. Raises SancaiError."""
        return shaped(Round, self._session.post("/rounds", {**terms, "instrument": instrument}))

    def revise(self, round_id: str, terms: Mapping[str, Any]) -> Round:
        """Publish a round anew, as a whole, before it opens. Raises ConflictError once it has opened."""
        return shaped(Round, self._session.post(f"/rounds/{round_id}/revisions", dict(terms)))

    def move_closing(self, round_id: str, closes_at: str, number: str, reason: str) -> Round:
        """Close an open round early or keep it open for longer, by a numbered decision. Raises ConflictError."""
        body = {"closes_at": closes_at, "number": number, "reason": reason}
        return shaped(Round, self._session.post(f"/rounds/{round_id}/closing", body))

    def division(self, round_id: str) -> tuple[RoundShare, ...]:
        """Return what each case of a round receives out of its budget, in order of acceptance. Raises NotFoundError."""
        return shaped(tuple[RoundShare, ...], [*self._session.pages(f"/rounds/{round_id}/division")])

    def divide(self, round_id: str) -> Round:
        """Divide the money of a closed round among its cases. Raises ConflictError while one is not checked."""
        return shaped(Round, self._session.post(f"/rounds/{round_id}/division", {}))


class Experts:
    """Experts of your office, the panels drawn from them, and what they give."""

    def __init__(self, session: Session) -> None:
        """Use ``session`` for every request."""
        self._session = session

    def list(self) -> tuple[Expert, ...]:
        """Return the register, ended entries too. Raises SancaiError."""
        return shaped(tuple[Expert, ...], [*self._session.pages("/experts")])

    def enter(self, account: str, note: str, fields: Sequence[str] = ()) -> Expert:
        """Enter an account of your office with the role of an expert. Raises SancaiError."""
        body = {"account": account, "note": note, "fields": [*fields]}
        return shaped(Expert, self._session.post("/experts", body))

    def end(self, account: str) -> Expert:
        """Take an expert off the register. Raises NotFoundError."""
        return shaped(Expert, self._session.post(f"/experts/{account}/end", {}))

    def draw(self, case: str) -> Case:
        """Draw the experts of a case by lot. Raises RuleError when too few may score it."""
        return shaped(Case, self._session.post(f"/cases/{case}/experts", {}))

    def replace(self, case: str, expert: str, reason: str) -> Case:
        """Draw somebody else in place of an expert. Raises ConflictError while the expert may still score."""
        body = {"expert": expert, "reason": reason}
        return shaped(Case, self._session.post(f"/cases/{case}/experts/replacement", body))

    def scores(self, case: str) -> CaseScores:
        """Return where the scoring of a case stands. Raises NotFoundError, ConflictError (nobody scores it)."""
        return shaped(CaseScores, self._session.get(f"/cases/{case}/scores"))

    def open_scores(self, case: str) -> Case:
        """Open the scores of a case once all are in. Raises ConflictError before."""
        return shaped(Case, self._session.post(f"/cases/{case}/scores/opening", {}))

    def own_cases(self) -> tuple[ExpertCase, ...]:
        """Return the cases you were drawn for, the newest first. Raises SancaiError."""
        return shaped(tuple[ExpertCase, ...], [*self._session.pages("/expert-cases")])

    def own_case(self, case: str) -> ExpertCase:
        """Return a case you were drawn for. Raises NotFoundError."""
        return shaped(ExpertCase, self._session.get(f"/expert-cases/{case}"))

    def evidence(self, case: str) -> tuple[ExpertDocument, ...]:
        """Return the evidence of a case you were drawn for. Raises NotAllowedError once every expert has scored."""
        return shaped(tuple[ExpertDocument, ...], [*self._session.pages(f"/expert-cases/{case}/evidence")])

    def document(self, case: str, evidence: str) -> bytes:
        """Return the bytes of a document of a case you were drawn for. Raises NotFoundError, NotAllowedError."""
        return self._session.content(f"/expert-cases/{case}/evidence/{evidence}/content")

    def give_scores(self, case: str, marks: Sequence[Mark]) -> ExpertCase:
        """Score a case you were drawn for, once. Raises RuleError where a mark is missing or beyond its points."""
        body = {
            "marks": [
                {"criterion": each.criterion, "points_hundredths": each.points_hundredths, "comment": each.comment}
                for each in marks
            ]
        }
        return shaped(ExpertCase, self._session.post(f"/expert-cases/{case}/scores", body))
