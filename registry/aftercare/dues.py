"""Everything an office has to do, and by when: what its cases, contests, recoveries and remedies wait for.

Rules:
* The office gives notice of a recovery, and records the party's silence once its term has ended (hearing); a rank that
  is new to the case decides (recovery); the decision is served; then the party repays, unless a decision in a remedy
  suspends it. What an annulment makes due back waits for finance.
* A review (复核) of what the office decided itself waits for a rank that is new to it (remedy); what another organ or a
  court decides waits to be recorded (reconsideration, litigation), also against a sanction.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from registry.actors.model import SIGNING_RANKS, Action, Role
from registry.aftercare import records
from registry.aftercare.recovery_model import Recovery, RecoveryActKind, RecoveryState
from registry.aftercare.recovery_rules import deciders_barred
from registry.aftercare.remedies import made_by
from registry.aftercare.remedy_model import RemedyKind
from registry.awards import contest_dues, officers, waiting
from registry.awards.model import Case
from registry.awards.records import cases_named
from registry.awards.recusal import recused_from
from registry.awards.waiting import Desk, Due, Matter, Standing, Wait, due_by
from registry.journal.work import View
from registry.offices import rules as office_rules
from registry.offices import service as offices
from registry.offices.model import ROLE_OF_STEP, Officer, Step
from registry.offices.records import terms_of
from registry.offices.terms import shipped_terms
from registry.policy import service as policy
from registry.values.identifiers import AccountId, AuthorityId, FirmId
from registry.values.moment import Moment

DUES_MAX: Final = 5_000
"""How many recoveries and remedies of an office are looked at: more than an office has open."""
_ONE_DAY: Final = timedelta(days=1)
_STEP_OF_REMEDY: Final = {
    RemedyKind.REVIEW: Step.REMEDY,
    RemedyKind.RECONSIDERATION: Step.RECONSIDERATION,
    RemedyKind.LITIGATION: Step.LITIGATION,
}
_DECIDED_BY_RANKS: Final = frozenset({Step.RECOVERY, *_STEP_OF_REMEDY.values()})


@dataclass(frozen=True, slots=True)
class Open:
    """A step that a recovery or a remedy waits for, with who may not do it and whom it concerns."""

    about: Case | Matter
    wait: Wait
    barred: frozenset[AccountId]
    firm: FirmId


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
    """Return what the actor's office has to do, the longest overdue first.

    ``officer`` leaves what that officer may do; ``standing`` what is overdue, escalated and so on.
    Raises NotAllowedError.
    """
    found = dues_within(view, offices.require_office(view.actor, Action.READ_OFFICE))
    if officer is not None:
        found = waiting.of_officer(found, officer)
    return tuple(each for each in found if standing in {None, each.standing})


def dues_within(view: View, office: AuthorityId) -> tuple[Due, ...]:
    """Return what an office has to do, the longest overdue first."""
    return waiting.ordered(
        (*officers.dues_within(view, office), *contest_dues.dues_within(view, office), *_dues(view, office))
    )


def _open(view: View, office: AuthorityId) -> Iterator[Open]:
    recoveries = records.open_recoveries(view.connection, office, DUES_MAX)
    remedies = records.open_remedies(view.connection, office, DUES_MAX)
    named = {*(each.case for each in recoveries), *(each.case for each in remedies if each.case)}
    cases = {case.id: case for case in cases_named(view.connection, sorted(named))}
    for recovery in recoveries:
        for step, began in waits(recovery, view.now):
            case = cases[recovery.case]
            role = ROLE_OF_STEP.get(step, Role.SECTION_HEAD)
            barred = deciders_barred(case, recovery) if step is Step.RECOVERY else frozenset[AccountId]()
            yield Open(case, Wait(step, role, began, recovery.line), barred, recovery.firm)
    for remedy in remedies:
        wait = Wait(_STEP_OF_REMEDY[remedy.kind], Role.SECTION_HEAD, remedy.filed_at)
        decided = cases[remedy.case] if remedy.case else None
        about = decided or Matter(remedy.id, remedy.authority, remedy.state)
        yield Open(about, wait, made_by(view, remedy, decided), remedy.firm)


def _dues(view: View, office: AuthorityId) -> Iterator[Due]:
    found = list(_open(view, office))
    if not found:
        return
    bench = offices.bench_within(view, office)
    desk = Desk(bench, shipped_terms(), terms_of(view.connection, office), policy.calendar())
    cases = {each.about.id: each.about for each in found if isinstance(each.about, Case)}
    of_cases = officers.concerned(view, bench, list(cases.values()))
    for each in found:
        roles = SIGNING_RANKS if each.wait.step in _DECIDED_BY_RANKS else (each.wait.role,)
        case = each.about if isinstance(each.about, Case) else None
        firms = of_cases[case.id] if case else frozenset({each.firm})
        barred = each.barred | (recused_from(case) if case else frozenset())
        instruments = sorted({line.instrument for line in case.lines}) if case else []
        able: dict[AccountId, Officer] = {
            officer.account: officer
            for role in roles
            for officer in office_rules.able(bench, role, firms, instruments, view.now)
            if officer.account not in barred and role in officer.roles
        }
        yield due_by(desk, each.about, each.wait, tuple(able.values()), view.now)
