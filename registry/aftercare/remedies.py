"""Use cases of remedies: file, suspend, end, withdraw; what an annulment does to the decision that was attacked.

Locks are taken in one order: the contest that led to a refusal with its cases, the case, the remedy, the recovery.
"""

from dataclasses import dataclass
from datetime import date

from registry.actors.model import Action, Resource
from registry.actors.rules import require, require_visible
from registry.aftercare import collecting, records
from registry.aftercare import remedy_rules as rules
from registry.aftercare.recovery_model import RecoveryActKind
from registry.aftercare.remedy_model import (
    EndRemedy,
    FileRemedy,
    Remedy,
    RemedyAct,
    RemedyActKind,
    RemedyState,
    RemedySubject,
    Subject,
    SuspendDecision,
    WithdrawRemedy,
)
from registry.aftercare.rules import acted_in
from registry.aftercare.telling import TOPIC_OF_REMEDY, tell_of_remedy
from registry.awards import contest_voiding, officers, reopening
from registry.awards.acting import account_of, resource_of
from registry.awards.model import Case, CaseState
from registry.awards.records import case_of
from registry.catalog.novelty_model import VoidGround
from registry.errors import ConflictError, InvalidValueError, NotAllowedError, NotFoundError, RuleError
from registry.journal.work import View, Work
from registry.messages.model import Topic
from registry.offices import rules as office_rules
from registry.offices import service as offices
from registry.parties import persons
from registry.parties import service as parties
from registry.policy import service as policy
from registry.values.canonical import Json
from registry.values.identifiers import AccountId, AuthorityId, CaseId, FactId, FirmId, RecoveryId, RemedyId


@dataclass(frozen=True, slots=True)
class Attacked:
    """A decision a remedy is against: whose, since when, and who made it; ``key`` tells it from every other one."""

    kind: RemedySubject
    key: str
    authority: AuthorityId
    firm: FirmId
    case: Case | None
    decided_on: date
    served_on: date | None
    decided_by: frozenset[AccountId]


# Filing.


def file_remedy(work: Work, command: FileRemedy) -> Remedy:
    """File a remedy against a refusal, a recovery or a sanction: as the firm it is against, or for it as an officer.

    Raises:
        NotAllowedError, NotFoundError: There is no such decision for the actor.
        InvalidValueError: A firm states a day or that it is late; it is called late and is not.
        ConflictError: A remedy is open, the decision is annulled, or one as late was filed before.
        RuleError: Its term has ended (``remedy_too_late``), or it cannot have been filed on that day.
    """
    own = work.actor.firm is not None
    require(work.actor, Action.APPLY_FOR_AWARD if own else Action.REVIEW_CASE)
    found = _attacked(work, command.subject)
    if own and (command.filed_on is not None or command.late_reason is not None):
        raise InvalidValueError("remedy_day_is_the_offices")
    if not own:
        _require_free(work, found)
    persons.lock_within(work, found.firm)
    before = records.remedies_of(work.connection, found.key)
    rules.require_next(command.kind, str(command.subject), before)
    today = work.now.civil_day()
    filed_on = command.filed_on or today
    until = rules.last_day(command.kind, found.served_on, before, policy.calendar())
    late = command.late_reason.strip() if command.late_reason is not None else None
    rules.require_in_time(until, filed_on, today, found.decided_on, late)
    remedy = RemedyId.new()
    entry = work.journal(
        "aftercare.remedy_filed",
        remedy,
        subject=str(command.subject),
        kind=command.kind.value,
        organ=command.organ.strip(),
        number=command.number.strip(),
        filed_on=filed_on.isoformat(),
        late_reason=late,
    )
    made = Remedy(
        id=remedy,
        authority=found.authority,
        kind=command.kind,
        subject_kind=found.kind,
        subject=command.subject,
        case=found.case.id if found.case else None,
        firm=found.firm,
        organ=command.organ.strip(),
        number=command.number.strip(),
        grounds=command.grounds.strip(),
        filed_on=filed_on,
        until=until,
        late_reason=late,
        state=RemedyState.FILED,
        filed_by=account_of(work.actor),
        filed_at=work.now,
        entry=entry,
    )
    if not records.add_remedy(work.connection, made, found.key):
        raise ConflictError("remedy_open_already", id=remedy, subject=str(command.subject))
    tell_of_remedy(work, made, Topic.REMEDY_FILED)
    return made


def _attacked(work: Work, subject: Subject) -> Attacked:
    """Return the decision, its case locked. Raises NotFoundError, ConflictError: nothing was decided against anyone."""
    if isinstance(subject, CaseId):
        return _refusal(work, subject)
    if isinstance(subject, RecoveryId):
        return _recovery(work, subject)
    found = parties.sanction(work, subject)
    if found is None or not _concerns(work, found.firm, found.provenance.authority):
        raise NotFoundError("sanction_not_found", id=subject)
    recorder = found.provenance.recorded_by
    return Attacked(
        kind=RemedySubject.SANCTION,
        key=str(subject),
        authority=found.provenance.authority,
        firm=found.firm,
        case=None,
        decided_on=found.served_on,
        served_on=found.served_on,
        decided_by=frozenset({recorder} if recorder else ()),
    )


def _concerns(work: Work, firm: FirmId, authority: AuthorityId) -> bool:
    return work.actor.firm == firm if work.actor.firm else work.actor.authority == authority


def _refusal(work: Work, subject: CaseId) -> Attacked:
    case = case_of(work.connection, subject, lock=True)
    if case is None or not (work.actor.authority == case.authority or work.actor.firm in case.firms):
        raise NotFoundError("case_not_found", id=subject)
    refusal = case.refusal
    if refusal is None or case.state is not CaseState.REFUSED:
        raise ConflictError("case_wrong_state", id=case.id, state=case.state.value, wanted=CaseState.REFUSED.value)
    # Every firm of a batch has a remedy of its own; an officer enters one for whoever applied, else for the first line.
    firm = work.actor.firm or case.applicant or case.lines[0].firm
    return Attacked(
        kind=RemedySubject.REFUSAL,
        key=f"{case.id}/{refusal.number}/{firm}",
        authority=case.authority,
        firm=firm,
        case=case,
        decided_on=refusal.decided_at.civil_day(),
        served_on=refusal.served_on,
        decided_by=acted_in(case),
    )


def _recovery(work: Work, subject: RecoveryId) -> Attacked:
    seen = records.recovery_of(work.connection, subject)
    if seen is None or not _concerns(work, seen.firm, seen.authority):
        raise NotFoundError("recovery_not_found", id=subject)
    case = case_of(work.connection, seen.case, lock=True)
    found = records.lock_recovery(work.connection, subject)
    if case is None or found is None:
        raise AssertionError("a recovery without case")
    decided = found.act(RecoveryActKind.DECIDED)
    if decided is None:
        raise ConflictError("recovery_wrong_state", id=found.id, state=found.state.value, wanted="decided")
    return Attacked(
        kind=RemedySubject.RECOVERY,
        key=str(subject),
        authority=found.authority,
        firm=found.firm,
        case=case,
        decided_on=decided.at.civil_day(),
        served_on=found.service.served_on if found.service else None,
        decided_by=frozenset({found.opened_by, decided.account}),
    )


# What happens to a remedy.


def suspend(work: Work, command: SuspendDecision) -> Remedy:
    """Record that a decision suspends what is attacked, or that it goes on.

    Raises NotAllowedError, NotFoundError, ConflictError: the remedy has ended, or says so already.
    """
    remedy, _ = _open(work, command.remedy)
    if remedy.suspends is command.suspended:
        raise ConflictError("remedy_suspends_already", id=remedy.id, suspended=command.suspended)
    kind = RemedyActKind.SUSPENDED if command.suspended else RemedyActKind.RESUMED
    content: dict[str, Json] = {"number": command.number.strip(), "reason": command.reason.strip()}
    work.journal(f"aftercare.decision_{kind.value}", remedy.id, **content)
    return _act(work, remedy, kind, content, RemedyState.FILED)


def end(work: Work, command: EndRemedy) -> Remedy:
    """Record the decision on a remedy; one that annuls takes effect at once, in this transaction.

    A refused case goes back to be decided anew by others, a recovery's receivable is reversed and what came back is
    owed, a sanction ends.

    Raises:
        NotAllowedError, NotFoundError: The actor signs nothing here, or made the decision that is attacked.
        ConflictError: The remedy has ended; or another case has taken the place of the refused one.
        RuleError: It cannot have been decided on that day.
    """
    remedy, case = _open(work, command.remedy)
    today = work.now.civil_day()
    if not remedy.filed_on <= command.decided_on <= today:
        raise RuleError(
            "decided_on_out_of_range",
            (),
            decided_on=str(command.decided_on),
            first=str(remedy.filed_on),
            last=str(today),
        )
    content: dict[str, Json] = {
        "remedy": remedy.id,
        "number": command.number.strip(),
        "decided_on": command.decided_on.isoformat(),
        "reasons": command.reasons.strip(),
    }
    if command.outcome is RemedyState.UPHELD:
        work.journal("aftercare.remedy_upheld", remedy.id, **content)
        return _act(work, remedy, RemedyActKind.UPHELD, content, RemedyState.UPHELD)
    _annul(work, remedy, case, content)
    return _act(work, remedy, RemedyActKind.ANNULLED, content, RemedyState.ANNULLED)


def _annul(work: Work, remedy: Remedy, case: Case | None, content: dict[str, Json]) -> None:
    """Take back what was decided. A case that was reopened for another firm of its batch stays where it is."""
    if case is not None and remedy.subject_kind is RemedySubject.REFUSAL and case.state is CaseState.REFUSED:
        for party in sorted(case.firms):
            persons.lock_within(work, party)
        reopened = reopening.reopening(work, case)
        fallen = contest_voiding.decision_behind(work, case)
        if reopened is not None and fallen is not None:
            # What led to the refusal falls with it: the contest is decided again, by somebody else.
            reopened |= {"contest": fallen.contest, "decision": fallen.decision_number}
        if reopened is not None:
            # The act of the case is what its journal entry says, word for word: a dossier compares them.
            work.journal("awards.case_reopened", case.id, **content, **reopened)
            reopening.reopen_within(work, case, content | reopened)
            if fallen is not None:
                contest_voiding.void_within(work, fallen, VoidGround.ANNULLED, by=case.id, beside=case.id)
            return
    work.journal("aftercare.remedy_annulled", remedy.id, **content)
    if isinstance(remedy.subject, RecoveryId):
        collecting.annul_within(work, remedy.subject, content)
    elif isinstance(remedy.subject, FactId):
        parties.end_sanction_within(work, remedy.subject)


def withdraw(work: Work, command: WithdrawRemedy) -> Remedy:
    """Take a remedy back, as the firm that filed it or for it as an officer.

    Raises NotAllowedError, NotFoundError, ConflictError: it has ended.
    """
    own = work.actor.firm is not None
    action = Action.APPLY_FOR_AWARD if own else Action.REVIEW_CASE
    found, _ = _locked(work, command.remedy, action)
    rules.require_open(found)
    content: dict[str, Json] = {"reason": command.reason.strip()}
    work.journal("aftercare.remedy_withdrawn", found.id, **content)
    return _act(work, found, RemedyActKind.WITHDRAWN, content, RemedyState.WITHDRAWN)


def _open(work: Work, remedy_id: RemedyId) -> tuple[Remedy, Case | None]:
    """Return an open remedy, locked, for an officer who is new to what is attacked."""
    found, case = _locked(work, remedy_id, Action.SIGN_CASE)
    rules.require_open(found)
    attacked = made_by(work, found, case)
    if account_of(work.actor) in attacked:
        raise NotAllowedError("officer_already_acted", id=found.id)
    return found, case


def _locked(work: Work, remedy_id: RemedyId, action: Action) -> tuple[Remedy, Case | None]:
    """Return a remedy the actor may do ``action`` to, with its case, the case locked first."""
    require(work.actor, action)
    seen = records.remedy_of(work.connection, remedy_id)
    if seen is None:
        raise NotFoundError("remedy_not_found", id=remedy_id)
    require_visible(work.actor, action, _resource(work, seen), "remedy")
    if seen.case and seen.subject_kind is RemedySubject.REFUSAL:
        contest_voiding.lock_first(work, seen.case)
    case = case_of(work.connection, seen.case, lock=True) if seen.case else None
    if work.actor.authority is not None:
        _require_officer_free(work, seen.authority, case, seen.firm)
    locked = records.remedy_of(work.connection, remedy_id, lock=True)
    if locked is None:
        raise AssertionError("a remedy that was just there")
    return locked, case


def made_by(view: View, remedy: Remedy, case: Case | None) -> frozenset[AccountId]:
    """Return who made the decision that is attacked."""
    if isinstance(remedy.subject, RecoveryId):
        found = records.recovery_of(view.connection, remedy.subject)
        decided = found.act(RecoveryActKind.DECIDED) if found else None
        return frozenset({found.opened_by, decided.account}) if found and decided else frozenset()
    if isinstance(remedy.subject, FactId):
        sanction = parties.sanction(view, remedy.subject)
        recorder = sanction.provenance.recorded_by if sanction else None
        return frozenset({recorder} if recorder else ())
    return acted_in(case) if case else frozenset()


def _require_free(work: Work, found: Attacked) -> None:
    _require_officer_free(work, found.authority, found.case, found.firm)


def _require_officer_free(work: Work, authority: AuthorityId, case: Case | None, firm: FirmId) -> None:
    """Raise NotAllowedError for an officer who is tied to the firm, away, or recused from the case."""
    if case is not None:
        officers.require_free(work, case)
        return
    bench = offices.bench_within(work, authority)
    office_rules.require_free(bench, account_of(work.actor), [firm], work.now)


def _act(work: Work, remedy: Remedy, kind: RemedyActKind, content: dict[str, Json], to: RemedyState) -> Remedy:
    if work.entry is None:
        raise AssertionError("an act without journal entry")
    made = RemedyAct(len(remedy.acts) + 1, kind, account_of(work.actor), work.now, content, work.entry)
    records.add_remedy_act(work.connection, remedy, made, to)
    left = remedy.with_act(made, to)
    tell_of_remedy(work, left, TOPIC_OF_REMEDY[kind])
    return left


# Queries.


def _resource(view: View, remedy: Remedy) -> Resource:
    case = case_of(view.connection, remedy.case) if remedy.case else None
    dataset = resource_of(case).dataset if case else None
    return Resource(frozenset({remedy.firm}), remedy.authority, dataset, remedy.id)


def remedy(view: View, remedy_id: RemedyId) -> Remedy:
    """Return a remedy of the actor's authority or firm. Raises NotAllowedError, NotFoundError."""
    require(view.actor, Action.READ_CASE)
    found = records.remedy_of(view.connection, remedy_id)
    if found is None:
        raise NotFoundError("remedy_not_found", id=remedy_id)
    require_visible(view.actor, Action.READ_CASE, _resource(view, found), "remedy")
    return found


def remedies(view: View, subject: Subject | None, after: RemedyId | None, limit: int) -> tuple[Remedy, ...]:
    """Return a page of the remedies of the actor's authority or firm, the newest first. Raises NotAllowedError."""
    require(view.actor, Action.READ_CASE)
    if view.actor.authority is None and view.actor.firm is None:
        return ()
    return records.remedies_page(
        view.connection, authority=view.actor.authority, firm=view.actor.firm, subject=subject, after=after, limit=limit
    )
