"""Use cases of recoveries (追回): open, hear the party, decide or drop, serve. Their money stands in ``collecting.py``.

Locks are taken in one order: the case, the recovery, then what the ledger locks.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from registry.actors.model import Action, Resource
from registry.actors.rules import require, require_visible
from registry.adoption import records as adoption_records
from registry.adoption.model import ReviewOutcome
from registry.aftercare import records
from registry.aftercare import recovery_rules as rules
from registry.aftercare.recovery_model import (
    DecideRecovery,
    DropRecovery,
    HearParty,
    NotifyParty,
    OpenRecovery,
    Recovery,
    RecoveryAct,
    RecoveryActKind,
    RecoveryOrigin,
    RecoveryState,
    Service,
)
from registry.aftercare.remedy_rules import stated_remedies
from registry.aftercare.telling import TOPIC_OF_RECOVERY, tell_of_recovery
from registry.awards import officers, register_reviews
from registry.awards.acting import account_of, found_case, resource_of
from registry.awards.contest_model import ContestReviewOutcome
from registry.awards.model import Case, Outcome
from registry.awards.records import case_of, take_number
from registry.awards.records.contests import contest_review_of
from registry.errors import ConflictError, NotFoundError, RuleError
from registry.journal.model import Opening, commitment_of
from registry.journal.work import View, Work
from registry.messages.model import Topic
from registry.offices import rules as office_rules
from registry.offices.model import Step
from registry.offices.records import terms_of
from registry.offices.terms import shipped_terms
from registry.parties import persons
from registry.policy import service as policy
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import CaseId, ContestId, CorrectionId, EntryId, ReceiptId, RecoveryId, SampleId
from registry.values.moment import Moment
from registry.vouchers import receivables

_INSTANT: Final = timedelta(microseconds=1)


# Opening.


def open_recovery(work: Work, command: OpenRecovery) -> Recovery:
    """Open the recovery of money that was paid on a line.

    Raises:
        NotAllowedError, NotFoundError: The actor reviews no cases of this authority; or there is no such finding.
        ConflictError: The case was not paid.
        RuleError: More than was paid on the line and is not recovered yet; the finding asks for no recovery.
    """
    found = found_case(work, command.case, Action.REVIEW_CASE, lock=True)
    officers.require_free(work, found)
    _require_source(work, found, command)
    recovery = RecoveryId.new()
    line = rules.require_openable(found, records.recoveries_of_line(work.connection, found.id, command.line), command)
    entry = work.journal(
        "aftercare.recovery_opened",
        recovery,
        case=found.id,
        line=command.line,
        firm=line.firm,
        ground=command.ground.value,
        origin=command.origin.value,
        amount_fen=command.amount.fen,
        facts=command.facts.strip(),
        clause=command.clause.strip(),
    )
    return _opened(work, found, command, recovery, entry)


def open_within(work: Work, case: Case, command: OpenRecovery) -> Recovery | None:
    """Open a recovery in the use case whose answer asks for one; its journal entry is made already.

    ``command.amount`` is the most: what other recoveries take of the line is left out; None when they take all of it.
    The caller has locked the case. Raises ConflictError, NotFoundError.
    """
    if work.entry is None:
        raise AssertionError("a recovery without journal entry")
    line = rules.paid_line(case, command.line)
    left = rules.left_of_line(line, records.recoveries_of_line(work.connection, case.id, command.line))
    amount = min(left, command.amount)
    if not amount:
        return None
    return _opened(work, case, replace(command, amount=amount), RecoveryId.new(), work.entry)


def _opened(work: Work, case: Case, command: OpenRecovery, recovery: RecoveryId, entry: EntryId) -> Recovery:
    line = rules.line_of(case, command.line)
    # Who is to pay must be known until the end: nobody erases that meanwhile.
    persons.lock_within(work, line.firm)
    made = Recovery(
        id=recovery,
        authority=case.authority,
        case=case.id,
        line=command.line,
        firm=line.firm,
        ground=command.ground,
        origin=command.origin,
        source=command.source,
        amount=command.amount,
        facts=command.facts.strip(),
        clause=command.clause.strip(),
        state=RecoveryState.OPENED,
        opened_by=account_of(work.actor),
        opened_at=work.now,
        entry=entry,
    )
    records.add_recovery(work.connection, made)
    tell_of_recovery(work, made, Topic.RECOVERY_OPENED)
    return made


def _require_source(work: Work, case: Case, command: OpenRecovery) -> None:
    """Raise unless what the recovery is said to come of is there and asks for one."""
    if command.origin is RecoveryOrigin.OWN:
        return
    asked = _answers(work, case, command)
    if not asked:
        raise NotFoundError("recovery_source_not_found", source=command.source, origin=command.origin.value)
    if not any(asked):
        raise RuleError("source_asks_no_recovery", (), source=command.source, origin=command.origin.value)


def _answers(work: Work, case: Case, command: OpenRecovery) -> list[bool]:
    """Return, for each finding or review of the case under this source, whether it asks for a recovery."""
    source = command.source or ""
    if command.origin is RecoveryOrigin.INVOICE:
        # What an invoice that turned void or red leaves too much is computed, never stated: ``refunds``.
        return []
    if command.origin is RecoveryOrigin.SAMPLE:
        found = records.samples_of(work.connection, case.authority, SampleId(source))
        return [not each.in_order for sample in found for each in sample.findings if each.case == case.id]
    if command.origin is RecoveryOrigin.ADOPTION_REVIEW:
        review = adoption_records.review_of(work.connection, ReceiptId(source), case.id)
        return [bool(review.answer and review.answer.outcome is ReviewOutcome.RECOVER)] if review else []
    if command.origin is RecoveryOrigin.OBJECTION:
        return [each.outcome is Outcome.UPHELD for each in case.objections if str(each.number) == source]
    if command.origin is RecoveryOrigin.PAYMENT_REVIEW:
        looked_at = case.payment.review if case.payment and source == case.id else None
        return [not looked_at.stands] if looked_at else []
    if command.origin is RecoveryOrigin.CONTEST_REVIEW:
        lost = contest_review_of(work.connection, ContestId(source), case.id)
        return [lost.outcome is ContestReviewOutcome.RECOVER] if lost else []
    wanted = CorrectionId(source)
    touching = [each for each in register_reviews.reviews_within(work, case) if each.correction.id == wanted]
    return [each.answer is not None and not each.answer.stands for each in touching]


# Hearing and decision.


def notify(work: Work, command: NotifyParty) -> Recovery:
    """Record that the party was given notice; its days to answer begin on the day after it had it in hand.

    Raises:
        NotAllowedError, NotFoundError: Not this office's recovery.
        ConflictError: Notice was given before, or the recovery has gone on.
        RuleError: It cannot have been served on that day.
        UnavailableError: The working days of a year that is needed are not known.
    """
    case, found = found_recovery(work, command.recovery, Action.REVIEW_CASE)
    officers.require_free(work, case)
    rules.require_move(found, RecoveryState.HEARD)
    if found.answer_until is not None:
        raise ConflictError("party_notified_already", id=found.id)
    rules.require_served(command.service, found.opened_at.civil_day(), work.now.civil_day())
    rulings = terms_of(work.connection, found.authority)
    term = office_rules.term_of(Step.STATEMENT, work.now, shipped_terms(), rulings)
    ends = office_rules.due_at(Moment.start_of(command.service.served_on), term, policy.calendar())
    content: dict[str, Json] = command.service.as_json() | {"until": ends.plus(-_INSTANT).civil_day().isoformat()}
    return act(work, found, RecoveryActKind.NOTIFIED, "aftercare.party_notified", content, found.state)


def state(work: Work, command: HearParty) -> Recovery:
    """Say as the party what one has to say to a recovery.

    Raises:
        NotAllowedError, NotFoundError: It is not one's own recovery.
        ConflictError: No notice was given yet, or the party was heard before.
    """
    _, found = found_recovery(work, command.recovery, Action.APPLY_FOR_AWARD)
    return _heard(work, found, command, by_party=True)


def hear(work: Work, command: HearParty) -> Recovery:
    """Record as an officer what the party said on paper, or its silence once its term has ended.

    Raises:
        NotAllowedError, NotFoundError: Not this office's recovery.
        ConflictError: No notice was given yet, or the party was heard before.
        RuleError: It has said nothing, and its term still runs.
    """
    case, found = found_recovery(work, command.recovery, Action.REVIEW_CASE)
    officers.require_free(work, case)
    return _heard(work, found, command, by_party=False)


def _heard(work: Work, found: Recovery, command: HearParty, *, by_party: bool) -> Recovery:
    statement = command.statement.strip() if command.statement is not None else None
    rules.require_heard(found, statement, work.now.civil_day())
    # What a party says of itself stays in the act, with the salt that ties it to the entry; the entry holds a digest.
    said = Opening.create(statement)
    entry = work.journal(
        "aftercare.party_heard", found.id, statement=str(Digest(commitment_of(said).hex())), by_party=by_party
    )
    content: dict[str, Json] = {"statement": statement, "salt": said.salt.hex(), "by_party": by_party}
    return write_act(work, found, RecoveryActKind.HEARD, content, RecoveryState.HEARD, entry)


def decide(work: Work, command: DecideRecovery) -> Recovery:
    """Decide in a numbered document what comes back, and open the receivable.

    Raises:
        NotAllowedError, NotFoundError: The actor signs nothing here, opened it, or acted in the case that was paid.
        ConflictError: The party was not heard, or it was decided before.
        RuleError: It is more than the party was heard on.
    """
    case, found = found_recovery(work, command.recovery, Action.SIGN_CASE)
    officers.require_free(work, case)
    rules.require_decider(case, found, account_of(work.actor))
    rules.require_decision(found, command.amount)
    year = work.now.civil_day().year
    content: dict[str, Json] = {
        "number": f"{year}-{take_number(work.connection, case, year):04d}",
        "amount_fen": command.amount.fen,
        "facts": found.facts,
        "clause": found.clause,
        "reasons": command.reasons.strip(),
        "remedies": list(stated_remedies(policy.authority(work, found.authority).name_zh)),
    }
    decided = act(work, found, RecoveryActKind.DECIDED, "aftercare.recovery_decided", content, RecoveryState.DECIDED)
    receivables.open_receivable_within(work, found.authority, found.id, command.amount)
    return decided


def drop(work: Work, command: DropRecovery) -> Recovery:
    """End a recovery without a decision against the party.

    Raises:
        NotAllowedError, NotFoundError: The actor signs nothing here, opened it, or acted in the case that was paid.
        ConflictError: It is decided or dropped already.
    """
    case, found = found_recovery(work, command.recovery, Action.SIGN_CASE)
    officers.require_free(work, case)
    rules.require_decider(case, found, account_of(work.actor))
    rules.require_move(found, RecoveryState.DROPPED)
    content: dict[str, Json] = {"reasons": command.reasons.strip()}
    return act(work, found, RecoveryActKind.DROPPED, "aftercare.recovery_dropped", content, RecoveryState.DROPPED)


def serve(work: Work, recovery: RecoveryId, service: Service) -> Recovery:
    """Record that the decision was served; the terms of its remedies and of the repayment run from the next day.

    Raises NotAllowedError, NotFoundError, ConflictError (not decided, or served before), RuleError (not on that day).
    """
    case, found = found_recovery(work, recovery, Action.REVIEW_CASE)
    officers.require_free(work, case)
    rules.require_move(found, RecoveryState.SERVED)
    decided = found.act(RecoveryActKind.DECIDED)
    first = (decided.at if decided else found.opened_at).civil_day()
    rules.require_served(service, first, work.now.civil_day())
    return act(
        work, found, RecoveryActKind.SERVED, "aftercare.recovery_served", service.as_json(), RecoveryState.SERVED
    )


# Queries.


def recovery(view: View, recovery_id: RecoveryId) -> Recovery:
    """Return a recovery of the actor's authority or firm. Raises NotAllowedError, NotFoundError."""
    require(view.actor, Action.READ_CASE)
    found = records.recovery_of(view.connection, recovery_id)
    if found is None:
        raise NotFoundError("recovery_not_found", id=recovery_id)
    require_visible(view.actor, Action.READ_CASE, _resource(_case(view, found), found), "recovery")
    return found


def recoveries(view: View, case: CaseId | None, after: RecoveryId | None, limit: int) -> tuple[Recovery, ...]:
    """Return a page of the recoveries of the actor's authority or firm, the newest first. Raises NotAllowedError."""
    require(view.actor, Action.READ_CASE)
    if view.actor.authority is None and view.actor.firm is None:
        return ()
    return records.recoveries_page(
        view.connection, authority=view.actor.authority, firm=view.actor.firm, case=case, after=after, limit=limit
    )


# What every act shares.


def _case(view: View, recovery: Recovery) -> Case:
    found = case_of(view.connection, recovery.case)
    if found is None:
        raise AssertionError("a recovery without case")
    return found


def _resource(case: Case, recovery: Recovery) -> Resource:
    """Return whose a recovery is: of a batch only the firm of its line."""
    return replace(resource_of(case), firms=frozenset({recovery.firm}), subject=recovery.id)


def found_recovery(work: Work, recovery_id: RecoveryId, action: Action) -> tuple[Case, Recovery]:
    """Return a recovery the actor may do ``action`` to, with its case, both locked; the case first."""
    require(work.actor, action)
    seen = records.recovery_of(work.connection, recovery_id)
    if seen is None:
        raise NotFoundError("recovery_not_found", id=recovery_id)
    require_visible(work.actor, action, _resource(_case(work, seen), seen), "recovery")
    case = found_case(work, seen.case, action, lock=True)
    locked = records.lock_recovery(work.connection, recovery_id)
    if locked is None:
        raise AssertionError("a recovery that was just there")
    return case, locked


def act(
    work: Work, found: Recovery, kind: RecoveryActKind, entry_type: str, content: dict[str, Json], to: RecoveryState
) -> Recovery:
    """Write one act with its journal entry and return the recovery as it leaves it."""
    return write_act(work, found, kind, content, to, work.journal(entry_type, found.id, **content))


def write_act(
    work: Work, found: Recovery, kind: RecoveryActKind, content: dict[str, Json], to: RecoveryState, entry: EntryId
) -> Recovery:
    """Write an act whose journal entry is made."""
    made = RecoveryAct(len(found.acts) + 1, kind, account_of(work.actor), work.now, content, entry)
    records.add_recovery_act(work.connection, found, made, to)
    left = found.with_act(made, to)
    tell_of_recovery(work, left, TOPIC_OF_RECOVERY.get(kind))
    return left
