"""Cases that rest on what a register has corrected since: undecided ones are looked at again, decided ones are listed.

Rules:
* A correction touches a case when it was written after the application, acts for the authority of the case, names a
  party the case rests on and holds on a day the case was judged by (RULINGS 29; DESIGN §3b).
* A case rests on its applicant, payees and publisher, on every adopter with its controller, on the laboratory, on the
  makers that are named and on the sellers of what vouchers paid for; it is judged by the days of its decisions and of
  its vouchers', and by the days on which adoptions began.
* A case that was paid, refused or withdrawn before the correction is decided: it is listed, and nothing in it changes.
  Of one that was paid a reviewer may write that it does not stand: then what was paid is recovered.
* What was answered goes with lines that are set apart afterwards; an answer about their own case is newer.
* Any other has a review open until a reviewer has written whether it stands. No payment leaves while one is open, or
  when the answer was that it does not stand: such a case is refused or withdrawn.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from registry.actors.model import Action
from registry.actors.rules import require
from registry.awards import officers, records
from registry.awards.acting import account_of, found_case, vouchers_of
from registry.awards.lines import origins
from registry.awards.model import ActKind, Case, CaseState, Decision
from registry.awards.recusal import standing
from registry.catalog import service as catalog
from registry.errors import ConflictError, NotFoundError, Obstacle
from registry.journal.work import View, Work
from registry.parties import corrections
from registry.parties.correction_model import Correction, CorrectionAnswer
from registry.policy.plain_text import require_text
from registry.policy.service import office_of
from registry.values.identifiers import AccountId, CaseId, CorrectionId, DatasetId, FirmId
from registry.values.moment import Moment
from registry.vouchers import service as vouchers

CASES_AT_ONCE: Final = 200
OPINION_LENGTH_MAX: Final = 2_000
_LEAST_CASE: Final = CaseId.of_uuid(UUID(int=0))
_ENDS: Final = frozenset({ActKind.PAID, ActKind.REFUSED, ActKind.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Premises:
    """Whom a case rests on, and by which days it was judged."""

    firms: frozenset[FirmId]
    days: frozenset[date]

    def touched_by(self, correction: Correction) -> bool:
        """Say whether something the case rests on was corrected."""
        return bool(self.firms & correction.firms) and any(correction.valid.holds(day) for day in self.days)


@dataclass(frozen=True, slots=True)
class RegisterReview:
    """One correction and one case that it touches; ``decided`` cases are listed only."""

    correction: Correction
    case: Case
    decided: bool
    answer: CorrectionAnswer | None

    @property
    def is_open(self) -> bool:
        """Whether a reviewer still has to say if the case stands."""
        return not self.decided and self.answer is None and ended_at(self.case) is None


@dataclass(frozen=True, slots=True)
class AnswerReview:
    """Say whether a case stands in spite of a correction."""

    case: CaseId
    correction: CorrectionId
    stands: bool
    opinion: str

    def __post_init__(self) -> None:
        """Refuse an answer without reasons. Raises InvalidValueError."""
        require_text(self.opinion, "opinion", OPINION_LENGTH_MAX)


# Rules.


def ended_at(case: Case) -> Moment | None:
    """Return when a case was paid, refused or withdrawn; None while it is undecided."""
    return next((act.at for act in standing(case.acts) if act.kind in _ENDS), None)


def was_decided(case: Case, correction: Correction) -> bool:
    """Say whether a case had ended when a correction was written."""
    end = ended_at(case)
    return end is not None and end <= correction.recorded_at


def answer_that_holds(
    case: Case, correction: CorrectionId, answers: Iterable[CorrectionAnswer]
) -> CorrectionAnswer | None:
    """Return the newest answer that is about the lines of a case: of it, or of another while they stood there."""
    parted = {act.content["set_apart"]["from"]: act.at for act in case.acts if act.content.get("set_apart")}
    about = [
        each
        for each in answers
        if each.correction == correction
        and (each.subject == case.id or (each.subject in parted and each.at <= parted[each.subject]))
    ]
    return max(about, key=lambda each: each.at, default=None)


def premises_of(case: Case, decisions: tuple[Decision, ...], makers: frozenset[FirmId]) -> Premises:
    """Return whom a case rests on and the days it was judged by, from what its decisions were taken from."""
    firms = set(case.firms) | makers | ({case.applicant} if case.applicant else set())
    days = {case.applied_at.civil_day()} | {each.decided_at.civil_day() for each in decisions}
    for decision in decisions:
        named, judged = _of_snapshot(decision.facts)
        firms |= named
        days |= judged
    return Premises(frozenset(firms), frozenset(days))


def _of_snapshot(facts: Mapping[str, Any]) -> tuple[set[FirmId], set[date]]:
    """Return the firms and days of an award's snapshot; a batch's names none beside its lines."""
    firms = {FirmId(facts[name]) for name in ("applicant", "publisher") if facts.get(name)}
    days: set[date] = set()
    for judged in (facts.get("adoption") or {}).get("receipts", ()):
        firms |= {FirmId(judged["receipt"]["adopter"]), FirmId(judged["facts"]["controller"])}
        days.add(date.fromisoformat(judged["receipt"]["started_on"]))
    if report := facts.get("quality"):
        firms.add(FirmId(report["laboratory"]))
        days.add(Moment.of_text(report["filed_at"]).civil_day())
    return firms, days


# Queries.


def reviews_of_case(view: View, case_id: CaseId) -> tuple[RegisterReview, ...]:
    """Return the corrections that touch a case, the oldest first. Raises NotAllowedError, NotFoundError."""
    require(view.actor, Action.READ_REGISTERS)
    office_of(view.actor)
    return _of_case(view, found_case(view, case_id, Action.READ_CASE))


def reviews_within(view: View, case: Case) -> tuple[RegisterReview, ...]:
    """Return the corrections that touch a case, the oldest first; who may ask is for the caller."""
    return _of_case(view, case)


def _of_case(view: View, case: Case) -> tuple[RegisterReview, ...]:
    premises = _premises(view, case)
    found = corrections.corrections_touching(view, case.authority, premises.firms)
    touching = [each for each in found if each.recorded_at > case.applied_at and premises.touched_by(each)]
    answers = _answers(view, case) if touching else ()
    return tuple(
        RegisterReview(each, case, was_decided(case, each), answer_that_holds(case, each.id, answers))
        for each in touching
    )


def _answers(view: View, case: Case) -> tuple[CorrectionAnswer, ...]:
    """Return the answers about a case and about those its lines were set apart from."""
    subjects = sorted({case.id, *origins(case.id, case.acts)})
    return tuple(each for subject in subjects for each in corrections.answers_for(view, subject).values())


def _premises(view: View, case: Case) -> Premises:
    decisions = tuple(decision for decision, _ in records.decisions_of(view.connection, case.id))
    makers = {
        each.firm
        for line in case.lines
        if isinstance(line.subject, DatasetId)
        for version in catalog.versions(view, line.subject)
        for each in version.contributors
        if each.firm
    }
    found = premises_of(case, decisions, frozenset(makers))
    bought = [each for voucher in vouchers_of(case) for each in vouchers.decisions(view, voucher)]
    return Premises(
        found.firms | {_seller(each.facts) for each in bought},
        found.days | {each.decided_at.civil_day() for each in bought},
    )


def _seller(facts: Mapping[str, Any]) -> FirmId:
    return FirmId(facts["order"]["seller"])


def corrections_page(view: View, after: CorrectionId | None, limit: int) -> list[Correction]:
    """Return a page of the corrections that act for the actor's authority, the oldest first. Raises NotAllowedError."""
    require(view.actor, Action.READ_REGISTERS)
    return corrections.corrections_page(view, office_of(view.actor), after, limit)


def cases_touched(
    view: View, correction_id: CorrectionId, after: tuple[Moment, CaseId] | None, limit: int
) -> tuple[Correction, tuple[RegisterReview, ...], tuple[Moment, CaseId] | None]:
    """Return a correction with cases of the actor's authority that it touches, the newest first, and where to go on.

    At most ``limit`` cases come, and at most ``CASES_AT_ONCE`` are looked at: a page may hold fewer though more follow.

    Raises NotAllowedError, NotFoundError.
    """
    require(view.actor, Action.READ_REGISTERS)
    require(view.actor, Action.READ_CASE)
    found = corrections.correction(view, office_of(view.actor), correction_id)
    # Cases that were applied for at the instant of the correction or later rest on what it says.
    looked_at = records.cases_page(
        view.connection,
        authority=view.actor.authority,
        firm=None,
        after=after or (found.recorded_at, _LEAST_CASE),
        limit=CASES_AT_ONCE + 1,
    )
    subjects = {each for case in looked_at for each in (case.id, *origins(case.id, case.acts))}
    answers = corrections.answers_to(view, correction_id, sorted(subjects))
    touched: list[RegisterReview] = []
    for number, case in enumerate(looked_at):
        if number == CASES_AT_ONCE or len(touched) == limit:
            last = looked_at[number - 1]
            return found, tuple(touched), (last.applied_at, last.id)
        if _premises(view, case).touched_by(found):
            answer = answer_that_holds(case, found.id, answers.values())
            touched.append(RegisterReview(found, case, was_decided(case, found), answer))
    return found, tuple(touched), None


def obstacles(view: View, case: Case) -> tuple[Obstacle, ...]:
    """Return what keeps a case from being paid: a review that is open, or one that it did not survive."""
    found = []
    for review in _of_case(view, case):
        if review.decided or (review.answer and review.answer.stands):
            continue
        code = "register_review_lost" if review.answer else "register_review_open"
        parameters = {"correction": str(review.correction.id), "register": review.correction.register.value}
        found.append(Obstacle(code, "RULINGS 29", parameters=parameters, evidence=("register_review",)))
    return tuple(found)


# Answers.


def answered_by(view: View, case: Case) -> frozenset[AccountId]:
    """Return who answered a review of a case: none of them pays it."""
    return frozenset(each.account for each in _answers(view, case))


def answer_review(work: Work, command: AnswerReview) -> RegisterReview:
    """Write whether an undecided or a paid case stands in spite of a correction.

    What follows for one that was paid is for the room of what comes after (``aftercare.reviews``).

    Raises:
        NotAllowedError: The actor reviews no cases of this authority.
        NotFoundError: There is no such case, or the correction does not touch it.
        ConflictError: The case was refused or withdrawn, or the review was answered before.
    """
    found = found_case(work, command.case, Action.REVIEW_CASE, lock=True)
    officers.require_free(work, found)
    review = next((each for each in _of_case(work, found) if each.correction.id == command.correction), None)
    if review is None:
        raise NotFoundError("correction_not_found", id=command.correction)
    if found.state is not CaseState.PAID and (review.decided or ended_at(found) is not None):
        raise ConflictError("register_review_of_decided", case=found.id)
    opinion = command.opinion.strip()
    entry = work.journal(
        "awards.register_review_answered",
        found.id,
        correction=command.correction,
        stands=command.stands,
        opinion=opinion,
    )
    made = CorrectionAnswer(
        command.correction, found.id, command.stands, opinion, account_of(work.actor), work.now, entry
    )
    corrections.answer_within(work, made)
    return RegisterReview(review.correction, found, review.decided, made)
