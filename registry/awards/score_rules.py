"""Scores of experts: what a slip must say, who sits on a panel, when it may be opened, what it comes to.

Rules (RULINGS 10, 32):
* An odd number of experts, three or more, is drawn by the seed of a journal entry; nobody tied to the firm is drawn.
* Everyone gives each criterion points and a comment. Until all slips are in and an officer opens them nobody sees
  another's; in the journal a slip stands as a salted digest.
* The score is the mean of the totals, or that without the highest and the lowest of five and more; either is rounded
  down to 0.01 points. What it earns is looked up in whole points, rounded down.
* A seat changes only where whoever holds it was recused, may not act any more, or let the days pass.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from registry.awards.round_model import Aggregate, ScoreSheet
from registry.errors import ConflictError, InvalidValueError, RuleError
from registry.policy.plain_text import require_text
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, CaseId, EntryId
from registry.values.moment import Moment

HUNDREDTHS: Final = 100
COMMENT_LENGTH_MAX: Final = 2_000
MARKS_MAX: Final = 30
EXTREMES_LEFT_OUT_FROM: Final = 5
SCORE_WITHIN_DAYS: Final = 10
"""Working days in which an expert scores (assumption: as long as an applicant has for a correction, RULINGS 26)."""
FIELDS_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Mark:
    """What an expert gives one criterion, in hundredths of a point, and why."""

    criterion: str
    points_hundredths: int
    comment: str

    def as_json(self) -> dict[str, Json]:
        """Return the mark as it is stored."""
        return {"criterion": self.criterion, "points_hundredths": self.points_hundredths, "comment": self.comment}


@dataclass(frozen=True, slots=True)
class GiveScores:
    """Give every criterion of a case its points."""

    case: CaseId
    marks: tuple[Mark, ...]

    def __post_init__(self) -> None:
        """Refuse endless lists and marks without comment. Raises InvalidValueError."""
        if not 1 <= len(self.marks) <= MARKS_MAX:
            raise InvalidValueError("list_length", at="marks", given=len(self.marks), most=MARKS_MAX)
        for mark in self.marks:
            require_text(mark.comment, "marks.comment", COMMENT_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class EnterExpert:
    """Enter an account of the office into its register of experts; no field means every field."""

    account: AccountId
    fields: tuple[str, ...]
    note: str

    def __post_init__(self) -> None:
        """Refuse an entry without words and endless lists. Raises InvalidValueError."""
        require_text(self.note, "note", COMMENT_LENGTH_MAX)
        if len(self.fields) > FIELDS_MAX:
            raise InvalidValueError("list_length", at="fields", given=len(self.fields), most=FIELDS_MAX)
        for each in self.fields:
            require_text(each, "fields", 60)


@dataclass(frozen=True, slots=True)
class Expert:
    """An entry of an office's register of experts (专家库)."""

    account: AccountId
    authority: AuthorityId
    fields: tuple[str, ...]
    note: str
    entered_at: Moment
    entered_by: AccountId
    ended_at: Moment | None = None


@dataclass(frozen=True, slots=True)
class PanelDraw:
    """Experts drawn by lot for a case: all seats at first, later one in place of ``replaced``."""

    case: CaseId
    number: int
    seed: bytes = field(repr=False)
    candidates: tuple[AccountId, ...]
    drawn: tuple[AccountId, ...]
    replaced: AccountId | None
    reason: str
    due_on: date
    drawn_at: Moment
    drawn_by: AccountId
    entry: EntryId


@dataclass(frozen=True, slots=True)
class Slip:
    """What one expert gave; ``salt`` and marks open the commitment that stands in the journal."""

    expert: AccountId
    marks: tuple[Mark, ...]
    salt: bytes = field(repr=False)
    commitment: Digest
    given_at: Moment

    @property
    def total_hundredths(self) -> int:
        """The sum of the points."""
        return sum(mark.points_hundredths for mark in self.marks)


def commitment_of(case: CaseId, expert: AccountId, marks: Sequence[Mark], salt: bytes) -> Digest:
    """Return the salted digest by which a slip is known before it is opened."""
    body: dict[str, Json] = {"case": case, "expert": expert, "marks": [mark.as_json() for mark in marks]}
    return Digest(hashlib.sha256(salt + Digest.of_json(body).raw).hexdigest())


def require_marks(sheet: ScoreSheet, marks: Sequence[Mark]) -> None:
    """Raise RuleError unless every criterion has one mark within its points."""
    wanted = {each.code: each.points for each in sheet.criteria}
    given = [mark.criterion for mark in marks]
    if sorted(given) != sorted(wanted):
        raise RuleError("score_criteria_differ", (), given=", ".join(given)[:200], expected=", ".join(wanted))
    for mark in marks:
        most = wanted[mark.criterion] * HUNDREDTHS
        if not 0 <= mark.points_hundredths <= most:
            raise RuleError("mark_out_of_range", (), criterion=mark.criterion, most=points_text(most))


def points_text(hundredths: int) -> str:
    """Return points with two decimals."""
    return f"{hundredths // HUNDREDTHS}.{hundredths % HUNDREDTHS:02d}"


def aggregate(sheet: ScoreSheet, totals: Sequence[int]) -> int:
    """Return what totals in hundredths come to, rounded down. Raises ValueError for no totals."""
    counted = sorted(totals)
    if sheet.aggregate is Aggregate.MEAN_WITHOUT_EXTREMES and len(counted) >= EXTREMES_LEFT_OUT_FROM:
        counted = counted[1:-1]
    if not counted:
        raise ValueError("no totals")
    return sum(counted) // len(counted)


# Panels.


def seats(draws: Sequence[PanelDraw]) -> tuple[AccountId, ...]:
    """Return who sits on a panel after every replacement, in the order of the lots."""
    held: list[AccountId] = []
    for draw in draws:
        if draw.replaced is None:
            held = list(draw.drawn)
        else:
            held[held.index(draw.replaced)] = draw.drawn[0]
    return tuple(held)


def due_of(draws: Sequence[PanelDraw], expert: AccountId) -> date:
    """Return the last day on which an expert was to score."""
    return max(draw.due_on for draw in draws if expert in draw.drawn)


def in_field(experts: Sequence[Expert], sector: str, needed: int) -> tuple[Expert, ...]:
    """Return the experts of a field where they are enough, else all: the officer has no choice in it."""
    own = tuple(each for each in experts if not each.fields or sector in each.fields)
    return own if sector and len(own) >= needed else tuple(experts)


def require_undrawn(case: CaseId, draws: Sequence[PanelDraw]) -> None:
    """Raise ConflictError once experts were drawn: a lot is not drawn until it suits."""
    if draws:
        raise ConflictError("experts_drawn_already", id=case)


def require_replaceable(
    case: CaseId, draws: Sequence[PanelDraw], expert: AccountId, *, barred: bool, scored: bool, today: date
) -> None:
    """Raise ConflictError unless a seat may be drawn anew; ``barred``: its holder may not act in the case any more."""
    if expert not in seats(draws):
        raise ConflictError("expert_has_no_seat", id=case, expert=expert)
    if barred:
        return
    due_on = due_of(draws, expert)
    if scored or today <= due_on:
        raise ConflictError("expert_may_score", id=case, expert=expert, due_on=due_on.isoformat())


def slips_of_seats(held: Sequence[AccountId], slips: Mapping[AccountId, Slip]) -> tuple[Slip, ...]:
    """Return the slips of a panel, in the order of its seats; missing ones are left out."""
    return tuple(slips[each] for each in held if each in slips)


def require_complete(case: CaseId, held: Sequence[AccountId], slips: Mapping[AccountId, Slip], barred: int) -> None:
    """Raise ConflictError unless every seat has its slip and is held by somebody who may act."""
    if not held:
        raise ConflictError("experts_not_drawn", id=case)
    given = len(slips_of_seats(held, slips))
    if given < len(held):
        raise ConflictError("scores_missing", id=case, given=given, needed=len(held))
    if barred:
        raise ConflictError("experts_barred", id=case, count=barred)


def marks_of_json(kept: Sequence[Mapping[str, Any]]) -> tuple[Mark, ...]:
    """Return stored marks."""
    return tuple(Mark(each["criterion"], each["points_hundredths"], each["comment"]) for each in kept)
