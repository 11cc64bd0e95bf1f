"""Use cases between application and payment: review, notice, signatures, objections and their answers."""

from registry.actors.model import Action
from registry.actors.rules import refusal
from registry.awards import assessment, contested, ended, officers, performance, records, rounds, rules, scoring
from registry.awards.acting import account_of, act, case_event, found_case, refuse_within, resource_of
from registry.awards.commands import (
    AnswerObjection,
    DecideLateObjection,
    PostNotice,
    RaiseObjection,
    ReviewCase,
    SignCase,
)
from registry.awards.lines import concerned_by, numbers_of
from registry.awards.model import ActKind, Case, CaseKind, CaseState, Objection, Outcome
from registry.awards.parting import act_on
from registry.errors import NotFoundError, RuleError
from registry.journal.work import Work
from registry.messages.announcing import announce
from registry.messages.model import Topic
from registry.policy import service as policy
from registry.policy.rules import notice_end
from registry.policy.working_days import WorkingCalendar
from registry.values.canonical import Json


def review(work: Work, command: ReviewCase) -> Case:
    """Record what the check of a case found; a failed one ends it in an adverse decision.

    Raises:
        NotAllowedError, NotFoundError: The actor reviews nothing, or not this authority's cases.
        ConflictError: It is not waiting for a review.
        RuleError: It is passed without originals seen, before its scores are open, an award without the outside
            search, or of a firm that has ended.
    """
    found = found_case(work, command.case, Action.REVIEW_CASE, lock=True)
    officers.require_reviewer(work, found)
    rules.require_review(found, account_of(work.actor), command)
    if command.passed:
        contested.require_free(work, found)
        ended.require_standing(work, found)
        scoring.require_scored(work, found)
    against = rules.review_refusal(command)
    earlier = performance.seen_at_review(work, found, passed=command.passed)
    content: dict[str, Json] = {
        "passed": command.passed and against is None,
        "opinion": command.opinion.strip(),
        "originals_seen": command.originals_seen,
        "outside_search": command.search.as_json() if command.search else None,
        **earlier,
    }
    if against is None:
        return act(work, found, ActKind.REVIEWED, "awards.case_reviewed", content, CaseState.REVIEWED)
    reviewed = act(work, found, ActKind.REVIEWED, "awards.case_reviewed", content)
    return refuse_within(work, reviewed, *against, command.opinion.strip())


def post_notice(work: Work, command: PostNotice) -> Case:
    """Record that the notice of a case stands on a public page; its days begin on the day after.

    It is of the lines that no notice carries as they are: the days of the others run on.

    Raises:
        NotAllowedError, NotFoundError: The actor posts no notices of this authority.
        ConflictError: The case is not reviewed, or these lines are noticed already.
        RuleError: The money of its round is not divided yet.
        UnavailableError: The working days of a year that is needed are not known.
    """
    found = found_case(work, command.case, Action.POST_NOTICE, lock=True)
    officers.require_free(work, found)
    noticed_now = rules.require_notice(found, work.now)
    if undivided := rounds.undivided(work, found):
        raise RuleError("notice_too_early", undivided, id=found.id)
    calendar = calendar_of(work, found)
    content: dict[str, Json] = {
        "lines": str(found.lines_digest),
        "line_digests": [str(line.digest) for line in noticed_now],
        "page_url": command.page_url.strip(),
        "capture": str(command.capture),
        "ends_at": str(notice_end(work.now, found.notice_days, calendar)),
    }
    noticed = act(work, found, ActKind.NOTICED, "awards.notice_posted", content)
    told = {name: content[name] for name in ("page_url", "ends_at")}
    announce(work, case_event(Topic.NOTICE_POSTED, noticed, public=True, **told))
    return noticed


def calendar_of(work: Work, case: Case) -> WorkingCalendar:
    """Return the working days of a case. Raises RuleError where its policy is not in force any more."""
    if case.kind is CaseKind.GRANT:
        return policy.calendar()
    return assessment.deciding_policy(work, case.authority, case.lines[0].instrument, work.now.civil_day()).calendar


def sign(work: Work, command: SignCase) -> Case:
    """Give the opinion of one's rank on the lines as they are; an officer who does not approve ends the case.

    Raises:
        NotAllowedError, NotFoundError: It is another rank's turn, or the actor acted in the case before.
        ConflictError: The case is not reviewed, or everyone has signed; the last rank may still refuse.
    """
    found = found_case(work, command.case, Action.SIGN_CASE, lock=True)
    rules.require_state(found, CaseState.REVIEWED)
    roles, delegation = officers.signing_roles(work, found)
    rank, role = rules.require_signature(found, account_of(work.actor), roles, approved=command.approved)
    content: dict[str, Json] = {
        "rank": rank,
        "role": role.value,
        "lines": str(found.lines_digest),
        "line_digests": [str(line.digest) for line in found.lines],
        "opinion": command.opinion.strip(),
        "approved": command.approved,
    }
    if delegation:
        content["delegation"] = delegation.id
    signed = act(work, found, ActKind.SIGNED, "awards.case_signed", content)
    if command.approved:
        return signed
    return refuse_within(work, signed, "signature_refused", "S0 附件3", command.opinion.strip())


def raise_objection(work: Work, command: RaiseObjection) -> Objection:
    """Object to lines of a case that were noticed and are not paid: anyone who signed in may.

    It holds these lines. One that comes after their notice is late: an officer decides whether it does.

    Raises:
        NotAllowedError: Nobody is signed in.
        NotFoundError: There is no such case or line, or it was never noticed and is not the actor's.
        RuleError: There are several lines and none is named, or one is not noticed as it is.
        ConflictError: A line stands in another case now.
    """
    account_of(work.actor)
    found = records.case_of(work.connection, command.case, lock=True)
    hidden = found is None or (found.notice is None and refusal(work.actor, Action.READ_CASE, resource_of(found)))
    if found is None or hidden:
        raise NotFoundError("case_not_found", id=command.case)
    numbers = rules.lines_named(found, command.lines)
    content: dict[str, Json] = {
        "reason": command.reason.strip(),
        "lines": sorted(numbers),
        "late": rules.require_objection(found, numbers, work.now),
    }
    return act(work, found, ActKind.OBJECTED, "awards.objection_raised", content).objections[-1]


def decide_late(work: Work, command: DecideLateObjection) -> Case:
    """Decide whether an objection that came after the notice holds its lines, or they go on.

    Raises:
        NotAllowedError, NotFoundError: The actor reviews nothing here, signed the case or is not free; there is no such
            objection.
        ConflictError: It came in time, or was decided or answered before.
    """
    found = found_case(work, command.case, Action.REVIEW_CASE, lock=True)
    officers.require_free(work, found)
    objection = rules.require_late_decision(found, command.number, account_of(work.actor))
    content: dict[str, Json] = {
        "number": objection.number,
        "hold": command.hold,
        "reason": command.reason.strip(),
    }
    return act(work, found, ActKind.LATE_DECIDED, "awards.late_objection_decided", content)


def answer_objection(work: Work, command: AnswerObjection) -> Case:
    """Answer an objection in writing; one that is upheld ends its lines in an adverse decision, the others go on.

    Lines that the bank has paid stay paid; that they are recovered is for the room of what comes after
    (``aftercare.reviews``). Returns the case in which its lines stand.

    Raises:
        NotAllowedError, NotFoundError: The actor reviews nothing here, or there is no such objection.
        ConflictError: It was answered before, is late and not decided, or an instruction is out and it is upheld.
    """
    found = found_case(work, command.case, Action.REVIEW_CASE, lock=True)
    officers.require_free(work, found)
    objection = rules.require_answer(found, command.number, command.outcome)
    content: dict[str, Json] = {
        "number": objection.number,
        "outcome": command.outcome.value,
        "answer": command.answer.strip(),
    }
    if command.outcome is Outcome.DISMISSED or found.state is CaseState.PAID:
        return act(work, found, ActKind.ANSWERED, "awards.objection_answered", content)
    numbers = concerned_by(found, objection)
    if found.kind is not CaseKind.VOUCHER_BATCH:
        numbers = numbers_of(found)  # The lines of an award are shares of one benefit.
    entry = "awards.objection_answered"
    answered = act_on(work, found, numbers, ActKind.ANSWERED, entry, content, None, leaving=True)
    return refuse_within(work, answered, "objection_upheld", "RULINGS 25", command.answer.strip())
