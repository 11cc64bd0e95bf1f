"""How a case moves, and when it may be paid. Who may receive an award stands in ``verdicts.py``.

Rules of a case:
* The applicant's own people never review it. An award is reviewed with the originals seen and with a recorded search
  outside for an earlier publication; one that is found ends the case (RULINGS 8).
* A grant passes only with an assessment that comes to something; every department that was asked has agreed
  (S0 附件2: 部门核查).
* What joint makers share passes only when each of them has signed the split as it is (``shares.py``).
* Signatures run in the order of ranks, each by another officer, none by whoever examined it (RULINGS 27; POLICY §4.3,
  invariant 10). An officer who does not approve ends the case; the last rank may take its approval back until finance
  instructs, so that a case which can no longer be paid has an end.
* Anyone who signed in may object to lines once they are noticed; an objection holds them, is answered in writing, and
  one that is upheld ends these lines (RULINGS 25). One that comes after the notice and before the payment is late: a
  reviewer who has not signed decides whether it holds the lines or they go on. While an instruction is out none is
  upheld: first the bank says whether it paid. What is upheld after a payment ends nothing; its lines are recovered.

Rules of a payment, asked when it is instructed, and again when it is made (what the bank has paid is recorded all the
same, ``came_between.py``):
* Reviewed by a reviewer; each line noticed for the policy's days, to the end (RULINGS 25), and signed by every rank; no
  open objection; notice and signatures bind the lines as they are (``lines.py``).
* A ruling for every assumption the instrument rests on.
* Whoever reviewed or signed does not pay (POLICY §4.3, invariants 10, 23).
* No sanction stops payments to a firm of the case (RULINGS 30), its credit is clean on the day, and an award is still
  deserved (POLICY §4.3, invariant 14).
* The bank pays on the day of the instruction or later, not in the future.
"""

from collections.abc import Sequence
from datetime import date

from registry.actors.model import Role
from registry.awards import lines
from registry.awards.commands import RecordPayment, ReviewCase
from registry.awards.model import (
    CASE_MOVES,
    ActKind,
    Case,
    CaseKind,
    CaseState,
    Line,
    Objection,
    Outcome,
)
from registry.awards.probing import notice_end
from registry.awards.recusal import standing
from registry.awards.shares import unsigned
from registry.errors import ConflictError, Finding, NotAllowedError, NotFoundError, Obstacle, RuleError
from registry.values.identifiers import AccountId
from registry.values.moment import Moment


def require_move(case: Case, to: CaseState) -> None:
    """Raise ConflictError unless the case may go to ``to`` now."""
    if to not in CASE_MOVES[case.state]:
        raise ConflictError("case_wrong_state", id=case.id, state=case.state.value, wanted=to.value)


def require_state(case: Case, state: CaseState) -> None:
    """Raise ConflictError unless the case stands in ``state``."""
    if case.state is not state:
        raise ConflictError("case_wrong_state", id=case.id, state=case.state.value, wanted=state.value)


# Review.


def require_review(case: Case, reviewer: AccountId, command: ReviewCase) -> None:
    """Raise unless ``reviewer`` may say this of the case now.

    Raises:
        ConflictError: The case is not waiting for a review.
        NotAllowedError: The reviewer applied for it.
        RuleError: It is passed without originals, or an award without the outside search.
    """
    # Not merely a move that exists: a recusal leads back to reviewed from states in which nobody reviews.
    require_state(case, CaseState.APPLIED)
    if reviewer == case.applied_by and case.applicant is not None:
        raise NotAllowedError("reviewer_is_applicant", id=case.id)
    if reviewer in case.experts:
        raise NotAllowedError("officer_already_acted", id=case.id)
    found = []
    if command.passed and not command.originals_seen:
        found.append(Obstacle("originals_not_seen", "RULINGS 27", evidence=("originals",)))
    if command.passed and case.kind is CaseKind.AWARD and command.search is None:
        found.append(Obstacle("outside_search_missing", "RULINGS 8", evidence=("outside_search",)))
    if command.passed and case.kind is CaseKind.GRANT and not _is_assessed(case):
        found.append(Obstacle("grant_not_assessed", "RULINGS 24", evidence=("decision",)))
    found += [*_departments_missing(case), *unsigned(case)] if command.passed else []
    if found:
        raise RuleError("review_incomplete", tuple(found), id=case.id)


def _is_assessed(case: Case) -> bool:
    """Say whether a grant comes to something by an assessment of what was stated last."""
    newest = {act.kind: act.number for act in standing(case.acts)}
    return bool(case.amount.fen) and newest.get(ActKind.ASSESSED, 0) > newest.get(ActKind.CORRECTED, 0)


def _departments_missing(case: Case) -> list[Obstacle]:
    """Return the departments that were asked and have not answered, or do not agree."""
    return [
        Obstacle(
            "department_not_answered" if each.agrees is None else "department_disagrees",
            "S0 附件2",
            Finding.UNKNOWN if each.agrees is None else Finding.UNMET,
            {"department": each.department},
        )
        for each in case.departments
        if not each.agrees
    ]


def review_refusal(command: ReviewCase) -> tuple[str, str] | None:
    """Return (code, clause) of the adverse decision a review leads to, or None when the case goes on."""
    if command.search is not None and command.search.found_earlier:
        return "earlier_publication_found", "RULINGS 8"
    return None if command.passed else ("review_not_passed", "S1 四")


# Assessment of a grant.


def require_assessable(case: Case, officer: AccountId) -> None:
    """Raise unless ``officer`` may assess this grant now.

    Raises:
        ConflictError: It is no grant, waits for a correction, or an instruction is out.
        NotAllowedError: The officer applied for it, has signed it, or was drawn as an expert of it.
    """
    if case.kind is not CaseKind.GRANT:
        raise ConflictError("case_is_no_grant", id=case.id, kind=case.kind.value)
    if case.state not in {CaseState.REVIEWED, CaseState.RETURNED}:
        require_state(case, CaseState.APPLIED)
    if officer == case.applied_by:
        raise NotAllowedError("reviewer_is_applicant", id=case.id)
    if officer in case.experts | {made.account for made in case.signatures}:
        raise NotAllowedError("officer_already_acted", id=case.id)


def state_assessed(case: Case) -> CaseState:
    """Return where another amount leaves a case: what the bank sent back is noticed and signed anew."""
    return CaseState.REVIEWED if case.state is CaseState.RETURNED else case.state


# Notice and objections.


_OPEN_TO_OBJECTIONS = frozenset({CaseState.REVIEWED, CaseState.INSTRUCTED, CaseState.RETURNED})
_ANSWERED_IN = _OPEN_TO_OBJECTIONS | {CaseState.PAID}


def require_notice(case: Case, now: Moment) -> tuple[Line, ...]:
    """Return the lines of which a notice may be posted now: those without one, and those whose page nobody sees.

    A page that has moved or is gone is posted anew, and its days begin anew. Raises ConflictError where there is none.
    """
    require_state(case, CaseState.REVIEWED)
    found = (*lines.not_noticed(case), *lines.unseen(case, now))
    if not found and case.notice is not None:
        raise ConflictError("notice_posted_already", id=case.id, ends_at=str(notice_end(case.notice, now)))
    return found


def notice_runs(case: Case, now: Moment) -> bool:
    """Say whether the public may read of a line now; one that changed is noticed anew."""
    return bool(lines.running(case, now))


def lines_named(case: Case, numbers: Sequence[int]) -> frozenset[int]:
    """Return the lines an objection is about: those it names, or the one there is.

    Raises:
        RuleError: None is named, and there are several.
        NotFoundError: There is no such line.
        ConflictError: It stands in another case by now.
    """
    if not numbers and len(case.lines) > 1:
        raise RuleError("objection_names_no_line", (), id=case.id, count=len(case.lines))
    return require_lines(case, numbers) if numbers else lines.numbers_of(case)


def require_lines(case: Case, numbers: Sequence[int]) -> frozenset[int]:
    """Return the numbers of lines that stand in a case. Raises NotFoundError, ConflictError (set apart)."""
    there = lines.numbers_of(case)
    for number in numbers:
        for act in case.acts if number not in there else ():
            if number in lines.taken_out(case.id, act):
                raise ConflictError("line_set_apart", id=case.id, line=number, into=act.content["set_apart"]["into"])
        if number not in there:
            raise NotFoundError("line_not_found", id=case.id, line=number)
    return frozenset(numbers)


def require_objection(case: Case, numbers: frozenset[int], now: Moment) -> bool:
    """Return whether an objection to these lines is late.

    Raises RuleError where one of them was not noticed, or nothing is to be paid any more.
    """
    named = lines.only(case, numbers)
    ends = lines.notice_ends(named, now)
    if case.state not in _OPEN_TO_OBJECTIONS or ends is None:
        ended = str(notice_end(case.notice, now)) if case.notice else ""
        raise RuleError("notice_not_running", (), id=case.id, ends_at=ended)
    return now >= ends


def open_objection(case: Case, number: int) -> Objection:
    """Return an objection that waits for an answer. Raises NotFoundError, ConflictError."""
    for objection in case.objections:
        if objection.number == number:
            if objection.outcome is not None:
                raise ConflictError("objection_answered_already", id=case.id, number=number)
            return objection
    raise NotFoundError("objection_not_found", id=case.id, number=number)


def require_late_decision(case: Case, number: int, officer: AccountId) -> Objection:
    """Return the late objection that ``officer`` may decide on now.

    Raises:
        NotFoundError: There is no such objection.
        ConflictError: It came in time, or was decided or answered before; the case is over.
        NotAllowedError: The officer signed the case.
    """
    objection = open_objection(case, number)
    if case.state not in _OPEN_TO_OBJECTIONS:
        require_state(case, CaseState.REVIEWED)
    if not objection.late:
        raise ConflictError("objection_not_late", id=case.id, number=number)
    if objection.hold is not None:
        raise ConflictError("late_objection_decided", id=case.id, number=number)
    if officer in {made.account for made in case.signatures}:
        raise NotAllowedError("officer_already_acted", id=case.id)
    return objection


def require_answer(case: Case, number: int, outcome: Outcome) -> Objection:
    """Return the objection that may be answered so now.

    Raises:
        NotFoundError: There is no such objection.
        ConflictError: It was answered, or is late and nobody decided whether it holds; an instruction is out and it
            would be upheld; the case is over.
    """
    if case.state not in _ANSWERED_IN:
        require_state(case, CaseState.REVIEWED)
    objection = open_objection(case, number)
    # Once the bank has paid there is nothing left to hold.
    if objection.late and objection.hold is None and case.state is not CaseState.PAID:
        raise ConflictError("late_objection_undecided", id=case.id, number=number)
    if outcome is Outcome.UPHELD and case.state is CaseState.INSTRUCTED:
        raise ConflictError("instruction_is_out", id=case.id, number=number)
    return objection


# Signatures.


_EXAMINING = frozenset({ActKind.LATE_DECIDED, ActKind.ANSWERED, ActKind.SCORES_OPENED, ActKind.ALLOTTED})


def officers_who_acted(case: Case) -> frozenset[AccountId]:
    """Return who examined or ever signed the case: none of them pays."""
    return frozenset({made.account for made in case.signatures}) | _who_examined(case)


def _who_examined(case: Case) -> frozenset[AccountId]:
    """Return who scored, assessed or reviewed a case, opened its scores, divided its round or decided on objections."""
    decided = frozenset(act.account for act in case.acts if act.kind in _EXAMINING)
    reviewed = frozenset({case.review.account}) if case.review else frozenset()
    return case.assessors | case.experts | decided | reviewed


def _may_not_sign(case: Case) -> frozenset[AccountId]:
    """Return who examined the case or signed its lines as they are; lines that changed are signed anew by anyone."""
    as_they_are = frozenset(line.digest for line in case.lines)
    return _who_examined(case) | {made.account for made in case.signatures if made.digests >= as_they_are}


def rank_to_sign(case: Case) -> int:
    """Return the rank that signs next, from 1, or 0 when all have signed the lines as they are."""
    signed = lines.ranks_signed(case)
    return signed + 1 if signed < len(case.sign_off_levels) else 0


# Invariant 10 (separation).
def require_signature(
    case: Case, signer: AccountId, roles: frozenset[Role], *, approved: bool = True
) -> tuple[int, Role]:
    """Return (rank, role) in which ``signer`` signs now.

    Raises:
        ConflictError: The case is not reviewed, or everyone has signed.
        NotAllowedError: It is another rank's turn, or the signer already acted in the case.
    """
    require_state(case, CaseState.REVIEWED)
    rank = rank_to_sign(case)
    taken_back = not rank and not approved
    if taken_back:
        rank = len(case.sign_off_levels)
    if not rank:
        raise ConflictError("case_fully_signed", id=case.id)
    wanted = Role(case.sign_off_levels[rank - 1])
    if wanted not in roles:
        raise NotAllowedError("not_your_turn_to_sign", id=case.id, rank=rank, role=wanted.value)
    if signer in _may_not_sign(case) and not taken_back:
        raise NotAllowedError("officer_already_acted", id=case.id)
    return rank, wanted


# Payment.


# Invariant 9 (publicity).
def payment_obstacles(
    case: Case, now: Moment, *, open_assumptions: Sequence[Obstacle], stopped: Sequence[Obstacle]
) -> tuple[Obstacle, ...]:
    """Return everything that stands between the lines of a case and their payment at ``now``.

    ``stopped`` are sanctions, credit findings and conditions that are no longer met on the day.
    """
    found: list[Obstacle] = []
    if case.review is None or not case.review.passed:
        found.append(Obstacle("case_not_reviewed", "S1 四"))
    found += unsigned(case)
    ends = lines.notice_ends(case, now)
    if case.notice is None:
        found.append(Obstacle("notice_not_posted", "S0 art.7"))
    elif ends is None:
        found.append(Obstacle("notice_of_other_lines", "RULINGS 25"))
    elif now < ends:
        found.append(Obstacle("notice_still_runs", "S0 art.7", parameters={"ends_at": str(ends)}))
    if not lines.signatures_complete(case):
        signed, needed = lines.ranks_signed(case), len(case.sign_off_levels)
        found.append(Obstacle("signatures_missing", "S0 附件3", parameters={"signed": signed, "needed": needed}))
    if case.objections_open:
        found.append(Obstacle("objection_open", "RULINGS 25", parameters={"count": case.objections_open}))
    return (*found, *open_assumptions, *stopped)


def require_payer(case: Case, payer: AccountId) -> None:
    """Raise NotAllowedError when the payer reviewed or signed the case."""
    if payer in officers_who_acted(case):
        raise NotAllowedError("payer_already_acted", id=case.id)


def require_bank_day(case: Case, command: RecordPayment, today: date) -> None:
    """Raise RuleError unless the bank can have paid on that day."""
    instructed = case.instruction.instructed_at.civil_day() if case.instruction else today
    if not instructed <= command.paid_on <= today:
        raise RuleError(
            "paid_on_out_of_range", (), paid_on=str(command.paid_on), first=str(instructed), last=str(today)
        )
