"""What recoveries and remedies wait for, beside what the cases of an office wait for.

Rules:
* The office gives notice of a recovery, and records the party's silence once its term has ended (hearing); a rank that
  is new to the case decides (recovery); the decision is served; then the party repays, unless a decision in a remedy
  suspends it. What an annulment makes due back waits for finance.
* A review (复核) of what the office decided itself waits for a rank that is new to it (remedy).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from registry.actors.model import SIGNING_RANKS, Action, Role
from registry.aftercare import records
from registry.aftercare.recovery_model import Recovery, RecoveryActKind, RecoveryState
from registry.aftercare.recovery_rules import deciders_barred
from registry.aftercare.rules import acted_in
from registry.awards import officers, waiting
from registry.awards.model import Case
from registry.awards.records import case_of
from registry.awards.recusal import recused_from
from registry.awards.waiting import Desk, Due, Standing, Wait
from registry.errors import UnavailableError
from registry.journal.work import View
from registry.offices import rules as office_rules
from registry.offices import service as offices
from registry.offices.model import ROLE_OF_STEP, Officer, Step
from registry.offices.records import terms_of
from registry.offices.terms import shipped_terms
from registry.policy import service as policy
from registry.values.identifiers import AccountId, AuthorityId, CaseId
from registry.values.moment import Moment

DUES_MAX: Final = 5_000
"""How many recoveries and reviews of an office are looked at: more than an office has open."""
_ONE_DAY: Final = timedelta(days=1)
_DECIDED_BY_RANKS: Final = frozenset({Step.RECOVERY, Step.REMEDY})


@dataclass(frozen=True, slots=True)
class Open:
    """A step that a recovery or a remedy waits for, with who may not do it."""

    case: CaseId
    wait: Wait
    barred: frozenset[AccountId]


def waits(recovery: Recovery, now: Moment) -> tuple[tuple[Step, Moment], ...]:
    """Return what a recovery waits for at ``now``, and since when."""
    began = recovery.acts[-1].at if recovery.acts else recovery.opened_at
    if recovery.state is RecoveryState.OPENED:
        if recovery.answer_until is None:
            return ((Step.HEARING, recovery.opened_at),)
        silent = Moment.start_of(recovery.answer_until + _ONE_DAY)
        return ((Step.HEARING, silent),) if silent <= now else ()
    if recovery.state is RecoveryState.HEARD:
        return ((Step.RECOVERY, began),)
    if recovery.state is RecoveryState.DECIDED:
        return ((Step.SERVICE, began),)
    if recovery.state in {RecoveryState.SERVED, RecoveryState.PART_REPAID} and not recovery.suspended:
        served = recovery.act(RecoveryActKind.SERVED)
        return ((Step.REPAYMENT, served.at if served else began),)
    return ((Step.PAY_BACK, began),) if recovery.to_pay_back else ()


def dues(view: View, *, standing: Standing | None = None, officer: AccountId | None = None) -> tuple[Due, ...]:
    """Return what the cases, recoveries and reviews of the actor's office wait for, the longest overdue first.

    ``officer`` leaves what that officer may do; ``standing`` what is overdue, escalated and so on.
    Raises NotAllowedError.
    """
    found = dues_within(view, offices.require_office(view.actor, Action.READ_OFFICE))
    if officer is not None:
        found = waiting.of_officer(found, officer)
    return tuple(each for each in found if standing in {None, each.standing})


def dues_within(view: View, office: AuthorityId) -> tuple[Due, ...]:
    """Return what an office has to do, the longest overdue first."""
    return waiting.ordered((*officers.dues_within(view, office), *_dues(view, office)))


def _open(view: View, office: AuthorityId) -> Iterator[tuple[Case, Open]]:
    for recovery in records.open_recoveries(view.connection, office, DUES_MAX):
        for step, began in waits(recovery, view.now):
            case = _case(view, recovery.case)
            role = ROLE_OF_STEP.get(step, Role.SECTION_HEAD)
            barred = deciders_barred(case, recovery) if step is Step.RECOVERY else frozenset[AccountId]()
            yield case, Open(case.id, Wait(step, role, began, recovery.line), barred)
    for remedy in records.open_reviews(view.connection, office, DUES_MAX):
        if remedy.case is not None:
            case = _case(view, remedy.case)
            yield case, Open(case.id, Wait(Step.REMEDY, Role.SECTION_HEAD, remedy.filed_at), acted_in(case))


def _dues(view: View, office: AuthorityId) -> Iterator[Due]:
    found = list(_open(view, office))
    if not found:
        return
    bench = offices.bench_within(view, office)
    desk = Desk(bench, shipped_terms(), terms_of(view.connection, office), policy.calendar())
    firms = officers.concerned(view, bench, [case for case, _ in found])
    for case, each in found:
        roles = SIGNING_RANKS if each.wait.step in _DECIDED_BY_RANKS else (each.wait.role,)
        instruments = sorted({line.instrument for line in case.lines})
        able: dict[AccountId, Officer] = {
            officer.account: officer
            for role in roles
            for officer in office_rules.able(bench, role, firms[case.id], instruments, view.now)
            if officer.account not in each.barred | recused_from(case) and role in officer.roles
        }
        yield _due(desk, case, each.wait, tuple(able.values()), view.now)


def _due(desk: Desk, case: Case, wait: Wait, able: tuple[Officer, ...], now: Moment) -> Due:
    term = office_rules.term_of(wait.step, wait.began_at, desk.shipped, desk.rulings)
    try:
        due_at = office_rules.due_at(wait.began_at, term, desk.calendar)
        late = office_rules.working_days_late(due_at, now, desk.calendar)
    except UnavailableError:
        return Due(case, wait, term, None, 0, able)
    return Due(case, wait, term, due_at, late, able)


def _case(view: View, case_id: CaseId) -> Case:
    found = case_of(view.connection, case_id)
    if found is None:
        raise AssertionError("a recovery or remedy without case")
    return found
