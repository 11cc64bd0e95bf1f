"""Backward corrections: noted when a line that reaches back is written, answered for each case that rests on it.

Rules:
* A line that holds for a day before it was written corrects the past: somebody may have decided without knowing it.
* A control relation and what a firm is touch everyone below by shares or directors; a loan and a family touch both
  sides. Every other line touches the firm it is about.
* Whether a decision rests on a line is for the room that decides to say; here is what was corrected, and the answers.
"""

from collections.abc import Iterable, Sequence

from registry.errors import ConflictError, NotFoundError
from registry.journal.work import View, Work
from registry.parties import records
from registry.parties.correction_model import Correction, CorrectionAnswer, Register
from registry.parties.model import ControlKind, ControlLine, Period
from registry.policy.service import office_of
from registry.values.identifiers import AuthorityId, CorrectionId, FirmId


def note_within(work: Work, register: Register, line: str, firms: Iterable[FirmId], valid: Period) -> Correction | None:
    """Note that a line reaches back, in the use case that writes it; None when it does not, or touches no firm."""
    if valid.first is None or valid.first >= work.now.civil_day():
        return None
    touched = frozenset(firms)
    if register in {Register.FIRM, Register.CONTROL}:
        touched = records.firms_touched(work.connection, touched)
    if not touched:
        return None
    made = Correction(
        CorrectionId.new(), office_of(work.actor), register, line, touched, valid, work.actor.account, work.now
    )
    records.add_correction(work.connection, made)
    return made


def note_control_within(work: Work, line: ControlLine) -> Correction | None:
    """Note that a control relation reaches back, in the use case that writes it."""
    link = line.link
    both_ways = link.kind in {ControlKind.FAMILY, ControlKind.LOAN}
    firms = {link.holder, link.held} if both_ways else {link.held}
    return note_within(work, Register.CONTROL, line.id, firms, line.valid)


def note_leaders_within(work: Work, list_id: str, codes: Iterable[str], valid: Period) -> Correction | None:
    """Note that entries of a leader list, or the end of one, reach back."""
    firms = records.firms_of_codes(work.connection, list(codes))
    return note_within(work, Register.LEADER_LIST, list_id, firms, valid)


def corrections_page(view: View, authority: AuthorityId, after: CorrectionId | None, limit: int) -> list[Correction]:
    """Return a page of the corrections that act for an authority, the oldest first."""
    return records.corrections_of(view.connection, authority, page=(after, limit))


def corrections_touching(view: View, authority: AuthorityId, firms: Iterable[FirmId]) -> list[Correction]:
    """Return the corrections that act for an authority and touch one of some firms, the oldest first."""
    return records.corrections_of(view.connection, authority, firms=firms)


def correction(view: View, authority: AuthorityId, correction_id: CorrectionId) -> Correction:
    """Return a correction that acts for an authority. Raises NotFoundError."""
    found = records.corrections_of(view.connection, authority, ids=[correction_id])
    if not found:
        raise NotFoundError("correction_not_found", id=correction_id)
    return found[0]


def answers_for(view: View, subject: str) -> dict[CorrectionId, CorrectionAnswer]:
    """Return the answers given for one subject, by the correction they answer."""
    return {each.correction: each for each in records.answers_of(view.connection, subjects=[subject])}


def answers_to(view: View, correction_id: CorrectionId, subjects: Sequence[str]) -> dict[str, CorrectionAnswer]:
    """Return the answers given to one correction for some subjects, by their subject."""
    found = records.answers_of(view.connection, subjects=subjects, correction=correction_id)
    return {each.subject: each for each in found}


def answer_within(work: Work, made: CorrectionAnswer) -> None:
    """Write an answer in the use case that gives it. Raises ConflictError when one was given before."""
    if not records.add_answer(work.connection, made):
        raise ConflictError("correction_answered_already", correction=made.correction)
