"""What a case waits for, since when, until when, and who may do it: pure, from the case and the bench of its office.

Rules:
* A step begins when the one before it has ended: the review at the application, the first signature and the notice at
  the review, each further signature at the one before it, an answer at its objection, the instruction when notice,
  signatures and answers are there, the payment at the instruction. A recusal that makes a step void begins it anew.
* A notice that its probe has not seen for longer than the limit waits for the notice again, from when it passed that.
* A step is overdue when its term has ended (``offices/rules.py``). It escalates when nobody may do it, or when it is
  still open the days of ``FOLLOWED_UP_AFTER`` later: then it is an affair of the ranks above as well.
* The reviewer who was drawn does the review, and nobody else.
* A refusal waits for its service: until then no term of a remedy runs.
* What had come between an instruction and the bank's receipt waits on a paid case: answers, and a look at the payment.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from registry.actors.model import Role
from registry.awards import lines, rules
from registry.awards.model import ActKind, Case, CaseState
from registry.awards.probing import unseen_since
from registry.awards.recusal import recused_from, standing
from registry.errors import UnavailableError
from registry.offices import rules as offices
from registry.offices.model import FOLLOWED_UP_AFTER, ROLE_OF_STEP, Bench, Draw, Officer, Step, Term, TermSet
from registry.policy.working_days import WorkingCalendar
from registry.values.identifiers import AccountId, AuthorityId, ContestId, FirmId, RemedyId
from registry.values.moment import Moment


@dataclass(frozen=True, slots=True)
class Wait:
    """One step a case waits for. ``number`` is that of the rank or the objection, 0 where there is one step only."""

    step: Step
    role: Role
    began_at: Moment
    number: int = 0

    @property
    def key(self) -> str:
        """What tells this wait from every other one of its case."""
        return f"{self.step.value}/{self.number}/{self.began_at}"


class Standing(StrEnum):
    """How a wait stands with its term."""

    WITHIN = "within"
    OVERDUE = "overdue"
    ESCALATED = "escalated"
    UNKNOWN = "unknown"
    """The calendar of a year that is needed is not known."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What an office has to do something about and is no case: a contest of novelty, a remedy against a sanction."""

    id: ContestId | RemedyId
    authority: AuthorityId
    state: StrEnum
    instrument: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """A step of a case, or of another matter, with its term and those who may do it; ``due_at`` None: not known."""

    case: Case | Matter
    wait: Wait
    term: Term
    due_at: Moment | None
    days_late: int
    officers: tuple[Officer, ...]

    @property
    def standing(self) -> Standing:
        """How the step stands."""
        if not self.officers or self.days_late > FOLLOWED_UP_AFTER:
            return Standing.ESCALATED
        if self.due_at is None:
            return Standing.UNKNOWN
        return Standing.OVERDUE if self.days_late else Standing.WITHIN


def waits(case: Case, now: Moment) -> tuple[Wait, ...]:
    """Return every step a case waits for at ``now``; none where it has ended, or where only the notice still runs."""
    voided = _newest(case, ActKind.RECUSED)
    if case.state is CaseState.APPLIED:
        # While the firm mends its application the clock stands; it begins anew with the answer.
        corrected = case.correction.answered_at if case.correction else None
        reopened = _newest(case, ActKind.REOPENED)
        began = [moment for moment in (case.applied_at, voided, corrected, reopened) if moment is not None]
        return (_wait(Step.REVIEW, max(began)),)
    if case.state is CaseState.CORRECTING and case.correction:
        # Silence is withdrawal, and a reviewer has to say so: until then the case holds caps and keys.
        lapsed = Moment.start_of(case.correction.until + timedelta(days=1))
        return (_wait(Step.REVIEW, lapsed),) if lapsed <= now else ()
    if case.state is CaseState.INSTRUCTED and case.instruction:
        return (*_answers(case), _wait(Step.PAYMENT, case.instruction.instructed_at))
    if case.state is CaseState.RETURNED:
        return (*_answers(case), _wait(Step.INSTRUCTION, _newest(case, ActKind.RETURNED) or case.applied_at))
    if case.state is CaseState.REFUSED and case.refusal and case.refusal.served_on is None:
        return (_wait(Step.SERVICE, case.refusal.decided_at),)
    if case.state is CaseState.PAID and case.payment:
        looked_at = [_wait(Step.PAYMENT_REVIEW, case.payment.recorded_at)] if case.payment.to_review else []
        return (*_answers(case), *looked_at)
    if case.state is not CaseState.REVIEWED or case.review is None:
        return ()
    return _of_reviewed(case, voided, now)


def _of_reviewed(case: Case, voided: Moment | None, now: Moment) -> tuple[Wait, ...]:
    reviewed = case.review.reviewed_at if case.review else case.applied_at
    if case.assessment and case.assessment.assessed_at > reviewed:  # A line that changed is noticed and signed anew.
        reviewed = case.assessment.assessed_at
    found = [*_answers(case)]
    if lines.not_noticed(case):
        found.append(_wait(Step.NOTICE, reviewed))
    elif case.notice is not None and (unseen := unseen_since(case.notice, now)):
        found.append(_wait(Step.NOTICE, unseen))  # Let it be seen again, or post it anew.
    rank = rules.rank_to_sign(case)
    signed = max((made.signed_at for made in case.signatures), default=reviewed)
    if rank:
        began = max(moment for moment in (reviewed, signed, voided) if moment is not None)
        found.append(Wait(Step.SIGNATURE, Role(case.sign_off_levels[rank - 1]), began, rank))
    # What an objection holds is waited for; the other lines of a batch go on without it.
    free = lines.only(case, lines.numbers_of(case) - lines.held(case))
    ends = lines.notice_ends(free, now) if free.lines else None
    if ends is not None and ends <= now and lines.signatures_complete(free):
        answered = [each.answered_at or each.decided_at for each in free.objections]
        found.append(_wait(Step.INSTRUCTION, max([ends, signed, *filter(None, answered)])))
    return tuple(found)


def _answers(case: Case) -> Iterator[Wait]:
    """Yield the answers, and the decisions on late objections, that a case waits for."""
    for each in case.objections:
        if each.holds:
            yield _wait(Step.ANSWER, each.raised_at, each.number)


def _wait(step: Step, began_at: Moment, number: int = 0) -> Wait:
    return Wait(step, ROLE_OF_STEP[step], began_at, number)


def _newest(case: Case, kind: ActKind) -> Moment | None:
    """Return when the newest act of a kind was done; of recusals only such that made something void count."""
    found = [
        act.at
        for act in standing(case.acts)
        if act.kind is kind and (kind is not ActKind.RECUSED or act.content["voids"])
    ]
    return max(found, default=None)


def able_officers(
    case: Case,
    wait: Wait,
    bench: Bench,
    firms: Iterable[FirmId],
    draw: Draw | None,
    now: Moment,
    *,
    not_drawn: frozenset[AccountId] = frozenset(),
) -> tuple[Officer, ...]:
    """Return who may do a step: of the role or delegated, untied, present, and not an officer of an earlier step.

    ``not_drawn`` may not review: ties of theirs were detected (``offices/contacts.py``).
    """
    instruments = sorted({line.instrument for line in case.lines})
    barred = set(recused_from(case))
    if wait.step in {Step.SIGNATURE, Step.INSTRUCTION, Step.PAYMENT}:
        barred |= rules.officers_who_acted(case)
    if wait.step is Step.REVIEW:
        barred |= not_drawn | ({case.applied_by} if case.applicant is not None else set())
    if wait.step is Step.ANSWER and any(each.number == wait.number and each.late for each in case.objections):
        barred |= {made.account for made in case.signatures}
    able = offices.able(bench, wait.role, firms, instruments, now)
    drawn = draw.drawn if draw is not None and wait.step is Step.REVIEW else None
    return tuple(each for each in able if each.account not in barred and drawn in {None, each.account})


@dataclass(frozen=True, slots=True)
class Desk:
    """What an office's steps are judged by: its officers, the terms and the calendar of working days."""

    bench: Bench
    shipped: Mapping[Step, Term]
    rulings: Sequence[TermSet]
    calendar: WorkingCalendar


def due(
    desk: Desk,
    case: Case,
    wait: Wait,
    firms: Iterable[FirmId],
    draw: Draw | None,
    now: Moment,
    *,
    not_drawn: frozenset[AccountId] = frozenset(),
) -> Due:
    """Return a step with its term and those who may do it. A day that the calendar does not know is left open.

    ``firms`` are those a tie of an officer counts to.
    """
    return due_by(desk, case, wait, able_officers(case, wait, desk.bench, firms, draw, now, not_drawn=not_drawn), now)


def due_by(desk: Desk, about: Case | Matter, wait: Wait, able: tuple[Officer, ...], now: Moment) -> Due:
    """Return a step with its term and those who may do it. A day that the calendar does not know is left open."""
    term = offices.term_of(wait.step, wait.began_at, desk.shipped, desk.rulings)
    try:
        due_at = offices.due_at(wait.began_at, term, desk.calendar)
        late = offices.working_days_late(due_at, now, desk.calendar)
    except UnavailableError:
        return Due(about, wait, term, None, 0, able)
    return Due(about, wait, term, due_at, late, able)


def ordered(found: Iterable[Due]) -> tuple[Due, ...]:
    """Return steps with what is longest overdue first; what has no known day last."""
    far = Moment.of_text("9998-01-01T00:00:00Z")
    return tuple(sorted(found, key=lambda each: (each.due_at or far, each.case.id, each.wait.key)))


def of_officer(found: Iterable[Due], officer: AccountId) -> tuple[Due, ...]:
    """Return the steps that an officer may do."""
    return tuple(each for each in found if any(able.account == officer for able in each.officers))
