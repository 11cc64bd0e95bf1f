"""Use cases of an office's officers: terms, ties, absence, delegation, drawn reviewers.

What concerns a case as such, who may act in it and what it waits for, stands in ``awards/officers.py`` and
``awards/waiting.py``.
"""

from collections.abc import Iterable

from registry.actors.model import Action, Actor, Resource, Role
from registry.actors.rules import require
from registry.errors import ConflictError, NotAllowedError, NotFoundError, RuleError
from registry.journal import service as journal
from registry.journal.work import View, Work
from registry.offices import records, rules
from registry.offices.model import (
    Absence,
    Bench,
    DeclareInterest,
    Delegate,
    Delegation,
    Draw,
    Interest,
    Readiness,
    RecordAbsence,
    SetTerm,
    Step,
    Term,
    TermSet,
)
from registry.offices.terms import shipped_terms
from registry.parties import persons
from registry.parties import service as parties
from registry.policy import service as policy
from registry.values.identifiers import (
    AbsenceId,
    AccountId,
    AuthorityId,
    CaseId,
    DelegationId,
    EntryId,
    FirmId,
    InterestId,
)


def _self(actor: Actor) -> AccountId:
    if actor.account is None:
        raise NotAllowedError("unauthenticated")
    return actor.account


def _officer(work: Work, office: AuthorityId, account: AccountId) -> AccountId:
    """Return an account of the office. Raises NotFoundError."""
    if all(each.account != account for each in records.officers_of(work.connection, office)):
        raise NotFoundError("account_not_found", id=account)
    return account


# Terms.


def set_term(work: Work, command: SetTerm) -> TermSet:
    """Replace the term of a step by a ruling, for steps that begin from now on.

    Raises NotAllowedError, RuleError (decided in the future), ConflictError (the number is taken).
    """
    require(work.actor, Action.ENTER_RULING)
    office = policy.office_of(work.actor)
    if command.decided_on > work.now.civil_day():
        raise RuleError("term_decided_later", (), decided_on=str(command.decided_on))
    number = command.number.strip()
    term = Term(command.step, command.days, command.unit, number, number=number)
    made = TermSet(term, command.organ.strip(), command.decided_on, command.text.strip(), work.now, _self(work.actor))
    entry = work.journal("offices.term_set", office, **made.as_json())
    if not records.add_term(work.connection, office, made, entry):
        raise ConflictError("term_number_taken", number=number, step=command.step.value)
    return made


def terms(view: View) -> tuple[Term, ...]:
    """Return the term of each step that begins now in the actor's office. Raises NotAllowedError."""
    require(view.actor, Action.READ_OFFICE)
    rulings = records.terms_of(view.connection, policy.office_of(view.actor))
    return tuple(rules.term_of(step, view.now, shipped_terms(), rulings) for step in Step)


# Ties.


def declare_interest(work: Work, command: DeclareInterest) -> Interest:
    """State a tie to a firm: every officer one's own, a registrar also another's.

    From then on the officer does nothing in a case of that firm, and a payment waits until what the officer did in one
    is void.

    Raises NotAllowedError, NotFoundError (the firm, or the officer in this office).
    """
    officer = command.officer or _self(work.actor)
    require(work.actor, Action.DECLARE_INTEREST if officer == work.actor.account else Action.MANAGE_OFFICERS)
    office = policy.office_of(work.actor)
    _officer(work, office, officer)
    # A tie may be to a natural person that applies here as well.
    person = persons.person_within(work, command.firm)
    if person is None or person.authority != office:
        parties.firm(work, command.firm)
    made = Interest(
        id=InterestId.new(),
        authority=office,
        officer=officer,
        firm=command.firm,
        ground=command.ground,
        note=command.note.strip(),
        declared=officer == work.actor.account,
        stated_at=work.now,
    )
    entry = work.journal(
        "offices.interest_declared",
        made.id,
        officer=officer,
        firm=made.firm,
        ground=made.ground.value,
        note=made.note,
        declared=made.declared,
    )
    records.add_interest(work.connection, made, _self(work.actor), entry)
    return made


def end_interest(work: Work, tie: InterestId) -> Interest:
    """Enter that a tie is no more: never by the officer who has it. Raises NotAllowedError, NotFoundError."""
    require(work.actor, Action.MANAGE_OFFICERS)
    office = policy.office_of(work.actor)
    found = next((each for each in records.interests_of(work.connection, office) if each.id == tie), None)
    if found is None:
        raise NotFoundError("interest_not_found", id=tie)
    if found.officer == work.actor.account:
        raise NotAllowedError("interest_is_own", id=tie)
    if not records.end_interest(work.connection, office, tie, work.now):
        raise ConflictError("office_record_ended", id=tie)
    work.journal("offices.interest_ended", tie)
    return next(each for each in records.interests_of(work.connection, office) if each.id == tie)


def interests(view: View, after: InterestId | None, limit: int) -> tuple[Interest, ...]:
    """Return a page of the ties of the officers of the actor's office. Raises NotAllowedError."""
    require(view.actor, Action.READ_OFFICE)
    return records.interests_of(view.connection, policy.office_of(view.actor), (after, limit))


# Absence.


def record_absence(work: Work, command: RecordAbsence) -> Absence:
    """Enter that an officer is away. Raises NotAllowedError, NotFoundError."""
    require(work.actor, Action.MANAGE_OFFICERS)
    office = policy.office_of(work.actor)
    officer = _officer(work, office, command.officer)
    made = Absence(AbsenceId.new(), office, officer, command.first, command.last, command.reason.strip())
    entry = work.journal(
        "offices.absence_recorded",
        made.id,
        officer=officer,
        first=made.first.isoformat(),
        last=made.last.isoformat(),
        reason=made.reason,
    )
    records.add_absence(work.connection, made, _self(work.actor), work.now, entry)
    return made


def end_absence(work: Work, absence: AbsenceId) -> Absence:
    """Enter that an officer is back early. Raises NotAllowedError, NotFoundError, ConflictError."""
    require(work.actor, Action.MANAGE_OFFICERS)
    office = policy.office_of(work.actor)
    if all(each.id != absence for each in records.absences_of(work.connection, office)):
        raise NotFoundError("absence_not_found", id=absence)
    if not records.end_absence(work.connection, office, absence, work.now):
        raise ConflictError("office_record_ended", id=absence)
    work.journal("offices.absence_ended", absence)
    return next(each for each in records.absences_of(work.connection, office) if each.id == absence)


def absences(view: View, after: AbsenceId | None, limit: int) -> tuple[Absence, ...]:
    """Return a page of the absences of the officers of the actor's office. Raises NotAllowedError."""
    require(view.actor, Action.READ_OFFICE)
    return records.absences_of(view.connection, policy.office_of(view.actor), (after, limit))


# Delegation.


def delegate(work: Work, command: Delegate) -> Delegation:
    """Let another officer sign in one's own rank. Raises NotAllowedError, RuleError."""
    require(work.actor, Action.DELEGATE_RANK)
    office, giver = policy.office_of(work.actor), _self(work.actor)
    rules.require_delegation(records.bench_of(work.connection, office), giver, work.actor.roles, command)
    made = Delegation(
        id=DelegationId.new(),
        authority=office,
        principal=giver,
        delegate=command.delegate,
        rank=command.rank,
        instruments=command.instruments,
        first=command.first,
        last=command.last,
        document_number=command.document_number.strip(),
        made_at=work.now,
    )
    records.add_delegation(work.connection, made, work.journal("offices.rank_delegated", made.id, **made.as_json()))
    return made


def end_delegation(work: Work, delegation: DelegationId) -> Delegation:
    """Take a delegation of one's own back. Raises NotAllowedError, NotFoundError, ConflictError."""
    require(work.actor, Action.DELEGATE_RANK)
    office = policy.office_of(work.actor)
    found = next((each for each in records.delegations_of(work.connection, office) if each.id == delegation), None)
    if found is None or found.principal != work.actor.account:
        raise NotFoundError("delegation_not_found", id=delegation)
    if not records.end_delegation(work.connection, office, delegation, work.now):
        raise ConflictError("office_record_ended", id=delegation)
    work.journal("offices.delegation_ended", delegation)
    return next(each for each in records.delegations_of(work.connection, office) if each.id == delegation)


def delegations(view: View, after: DelegationId | None, limit: int) -> tuple[Delegation, ...]:
    """Return a page of the delegations of the actor's office. Raises NotAllowedError."""
    require(view.actor, Action.READ_OFFICE)
    return records.delegations_of(view.connection, policy.office_of(view.actor), (after, limit))


# Enough officers.


def readiness(view: View) -> tuple[Readiness, ...]:
    """Say for each policy of the actor's office whether it has the distinct officers its cases need.

    Raises NotAllowedError.
    """
    return readiness_within(view, require_office(view.actor, Action.READ_OFFICE))


def readiness_within(view: View, office: AuthorityId) -> tuple[Readiness, ...]:
    """Say for each policy of an office whether it has the distinct officers its cases need.

    Today's absences count, and so do delegations in all instruments.
    """
    present = rules.present(records.bench_of(view.connection, office), view.now)
    found = []
    for loaded in policy.loaded_policies(view, office):
        procedure = loaded.document.stated_procedure
        if procedure is None:  # It grants nothing, so that nobody decides under it.
            continue
        places = rules.places_of([level.code for level in procedure.sign_off])
        unfilled = rules.places_unfilled(places, present)
        found.append(Readiness(loaded.document.revision.document, places, unfilled))
    return tuple(found)


# For cases.


def bench_within(view: View, office: AuthorityId) -> Bench:
    """Return everything that decides who of an office may act."""
    return records.bench_of(view.connection, office)


def draws_within(view: View, cases: Iterable[CaseId]) -> dict[CaseId, tuple[Draw, ...]]:
    """Return the lots drawn for each of some cases."""
    return records.draws_of(view.connection, list(cases))


def draw_reviewer_within(
    work: Work,
    office: AuthorityId,
    case: CaseId,
    firms: Iterable[FirmId],
    *,
    reason: str,
    number: int,
    barred: Iterable[AccountId],
    entry: EntryId,
) -> Draw | None:
    """Draw who reviews a case by the commitment of ``entry``; None when nobody may. ``barred`` may not be drawn."""
    bench, without = records.bench_of(work.connection, office), frozenset(barred)
    able = rules.able(bench, Role.REVIEWER, firms, (), work.now)
    candidates = tuple(sorted(each.account for each in able if each.account not in without))
    if not candidates:
        return None
    seed = journal.lot_seed(work, entry)
    drawn = rules.by_lot(seed, f"reviewer {case} {number}", candidates)[0]
    made = Draw(case, number, seed, candidates, AccountId(drawn), reason, work.now, _self(work.actor), entry)
    records.add_draw(work.connection, made)
    return made


def require_office(actor: Actor, action: Action) -> AuthorityId:
    """Return the actor's office. Raises NotAllowedError unless the actor may do ``action`` in it."""
    require(actor, action)
    office = policy.office_of(actor)
    require(actor, action, Resource(authority=office))
    return office
