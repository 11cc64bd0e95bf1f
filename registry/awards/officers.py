"""Who acts in a case: the reviewer who is drawn, the delegate who signs, the officer who is recused; what is due."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeVar

from registry.actors.model import OFFICERS, Action, Role
from registry.awards import records, recusal, rules, waiting
from registry.awards.acting import account_of, act, found_case
from registry.awards.model import OPEN_STATES, ActKind, Case
from registry.awards.records import grants as grant_records
from registry.awards.waiting import Desk, Due
from registry.errors import ConflictError, NotAllowedError, NotFoundError, Obstacle, RuleError
from registry.journal.work import View, Work
from registry.messages.records import verified_addresses
from registry.offices import rules as office_rules
from registry.offices import service as offices
from registry.offices.contacts import DetectedTie, Reach, detected_ties, public_providers
from registry.offices.model import Bench, Delegation, Draw, Step
from registry.offices.records import terms_of
from registry.offices.terms import shipped_terms
from registry.parties import service as parties
from registry.policy import service as policy
from registry.values.canonical import Json
from registry.values.identifiers import AccountId, AuthorityId, CaseId, FirmId

T = TypeVar("T")

DUE_CASES_MAX = 5_000
"""How many open cases of an office are looked at: more than an office has at a time."""


# Guards that the acts of a case ask.


def require_free(view: View, case: Case) -> Bench:
    """Raise NotAllowedError when the actor was recused from a case, is tied to a firm of it, or is entered as away."""
    officer = account_of(view.actor)
    if officer in recusal.recused_from(case):
        raise NotAllowedError("officer_recused", id=case.id)
    bench = offices.bench_within(view, case.authority)
    office_rules.require_free(bench, officer, concerned(view, bench, [case])[case.id], view.now)
    return bench


def concerned(view: View, bench: Bench, cases: Collection[Case]) -> dict[CaseId, frozenset[FirmId]]:
    """Return for each case its firms and those an officer is tied to that stand under the same controller today.

    So a tie to a group, or to another firm of it, is found although only one firm was named (RULINGS 1, 32).
    """
    shared = grant_records.joint_makers_of(view.connection, [case.id for case in cases])
    return with_groups(view, bench, {case.id: case.firms | shared.get(case.id, frozenset()) for case in cases})


def with_groups(view: View, bench: Bench, named: Mapping[T, frozenset[FirmId]]) -> dict[T, frozenset[FirmId]]:
    """Return for each thing its firms and those an officer is tied to that stand under the same controller today."""
    tied = {each.firm for each in bench.interests}
    paid = {firm for firms in named.values() for firm in firms}
    group = parties.controllers(view, sorted(tied | paid), view.now.civil_day()) if tied else {}
    return {
        thing: firms | {firm for firm in tied if group[firm] in {group[each] for each in firms}}
        for thing, firms in named.items()
    }


def require_reviewer(view: View, case: Case) -> None:
    """Raise NotAllowedError unless the actor may review a case: free, and the one who was drawn where one was."""
    bench = require_free(view, case)
    draw = newest_draw(view, case.id)
    if draw is not None and draw.drawn != view.actor.account:
        raise NotAllowedError("reviewer_not_drawn", id=case.id)
    require_undetected(view, case.authority, concerned(view, bench, [case])[case.id])


def require_undetected(view: View, office: AuthorityId, firms: Iterable[FirmId]) -> None:
    """Raise NotAllowedError where a tie of the actor to one of ``firms`` was detected, declared or not."""
    for tie in detected_within(view, office, firms):
        if tie.officer == view.actor.account:
            raise NotAllowedError("officer_tie_detected", firm=tie.firm, shared=tie.shared.value)


def detected_officers(view: View, office: AuthorityId, firms: Iterable[FirmId]) -> frozenset[AccountId]:
    """Return the officers of whom a tie to one of ``firms`` was detected: none of them is drawn."""
    return frozenset(each.officer for each in detected_within(view, office, firms))


def detected_within(view: View, office: AuthorityId, firms: Iterable[FirmId]) -> tuple[DetectedTie, ...]:
    """Return the ties of an office's officers to firms that follow from where both are reached."""
    known = [Reach(*each) for each in verified_addresses(view.connection, office, firms)]
    members = [each for each in known if each.firm is not None]
    return detected_ties([each for each in known if each.firm is None], members, public_providers())


def newest_draw(view: View, case: CaseId) -> Draw | None:
    """Return the lot that says who reviews a case, or None where none was drawn."""
    drawn = offices.draws_within(view, [case]).get(case, ())
    return drawn[-1] if drawn else None


def signing_roles(view: View, case: Case) -> tuple[frozenset[Role], Delegation | None]:
    """Return the ranks in which the actor signs a case now, and the delegation that gives the one whose turn it is.

    Raises NotAllowedError: the actor is not free, or holds a delegation that is not in force or not of this case.
    """
    bench = require_free(view, case)
    roles, rank = view.actor.roles, rules.rank_to_sign(case) or len(case.sign_off_levels)
    wanted = Role(case.sign_off_levels[rank - 1])
    if wanted in roles:
        return roles, None
    instruments = sorted({line.instrument for line in case.lines})
    officer = account_of(view.actor)
    if refused := office_rules.why_delegation_fails(bench, officer, wanted, instruments, view.now):
        raise refused
    delegation = office_rules.delegation_for(bench, officer, wanted, instruments, view.now)
    return (roles | {wanted}, delegation) if delegation else (roles, None)


def tied_deciders(view: View, case: Case) -> tuple[Obstacle, ...]:
    """Return an obstacle for each officer who decided in a case and has a tie to a firm of it: the act must be void."""
    bench = offices.bench_within(view, case.authority)
    firms = concerned(view, bench, [case])[case.id]
    return tuple(
        Obstacle("decider_tied", "RULINGS 32", parameters={"officer": officer, "firm": found[0].firm})
        for officer in sorted(recusal.deciders(case))
        if (found := office_rules.ties(bench.interests, officer, firms))
    )


# Acts.


def recuse(work: Work, case_id: CaseId, officer: AccountId | None, reason: str) -> Case:
    """Recuse an officer from a case (回避): oneself, or as a registrar another one; what the officer decided is void.

    Raises:
        NotAllowedError, NotFoundError: Not this office's case, or a registrar's business.
        ConflictError: The officer was recused before.
    """
    recused = officer or account_of(work.actor)
    own = recused == work.actor.account
    found = found_case(work, case_id, Action.DECLARE_INTEREST if own else Action.MANAGE_OFFICERS, lock=True)
    if not work.actor.roles & OFFICERS and recused not in found.experts:
        # An expert knows of the cases it was drawn for and of no others.
        raise NotFoundError("case_not_found", id=case_id)
    # Somebody who has left the office is recused all the same when a decision of theirs still counts.
    known = own or recused in recusal.deciders(found) or offices.bench_within(work, found.authority).officer(recused)
    if not known:
        raise NotFoundError("account_not_found", id=recused)
    if recused in recusal.recused_from(found):
        raise ConflictError("officer_recused_before", id=found.id, officer=recused)
    void = recusal.voided_by(found, recused)
    content: dict[str, Json] = {
        "officer": str(recused),
        "declared": own,
        "reason": reason.strip(),
        "voids": list(void),
    }
    return act(work, found, ActKind.RECUSED, "awards.officer_recused", content, recusal.state_after(found, void))


def draw_reviewer_within(work: Work, made: Case, *, reason: str = "applied") -> Draw | None:
    """Draw the reviewer of a new case from its journal entry, or of one set apart from the entry that did it.

    None when nobody of the office may.
    """
    entry = work.entry if reason != "applied" else made.entry
    if entry is None:
        raise AssertionError("a case without journal entry")
    bench = offices.bench_within(work, made.authority)
    firms = concerned(work, bench, [made])[made.id]
    barred = detected_officers(work, made.authority, firms) | recusal.recused_from(made)
    return offices.draw_reviewer_within(
        work,
        made.authority,
        made.id,
        firms,
        reason=reason,
        number=1,
        barred=barred | ({made.applied_by} if made.applicant is not None else set()),
        entry=entry,
    )


def draw_again(work: Work, case_id: CaseId, reason: str) -> Draw:
    """Draw another reviewer where the one who was drawn may not act any more; every lot stays on the case.

    Raises:
        NotAllowedError, NotFoundError: The actor manages no officers here.
        ConflictError: The case does not wait for a review, or the reviewer who was drawn may act.
        RuleError: Nobody of the office may review it.
    """
    found = found_case(work, case_id, Action.MANAGE_OFFICERS, lock=True)
    before = newest_draw(work, found.id)
    if all(wait.step is not Step.REVIEW for wait in waiting.waits(found, work.now)):
        raise ConflictError("case_wrong_state", id=found.id, state=found.state.value, wanted="reviewer_drawn")
    bench, recused = offices.bench_within(work, found.authority), recusal.recused_from(found)
    firms = concerned(work, bench, [found])[found.id]
    recused |= detected_officers(work, found.authority, firms)
    gone = before is not None and before.drawn in recused
    office_rules.require_redraw(before, bench, firms, gone, work.now)
    number = (before.number if before else 0) + 1
    entry = work.journal("awards.reviewer_drawn", found.id, number=number, reason=reason.strip())
    drawn = offices.draw_reviewer_within(
        work,
        found.authority,
        found.id,
        firms,
        reason=reason.strip(),
        number=number,
        barred=recused | ({found.applied_by} if found.applicant is not None else set()),
        entry=entry,
    )
    if drawn is None:
        raise RuleError("no_reviewer_able", (), id=found.id)
    return drawn


# Queries.


def detected(view: View, case_id: CaseId) -> tuple[DetectedTie, ...]:
    """Return ties of officers to the firms of a case that nobody declared. Raises NotFoundError, NotAllowedError."""
    found = found_case(view, case_id, Action.READ_OFFICE)
    bench = offices.bench_within(view, found.authority)
    return detected_within(view, found.authority, concerned(view, bench, [found])[found.id])


def draws(view: View, case_id: CaseId) -> tuple[Draw, ...]:
    """Return every lot that was drawn for a case. Raises NotFoundError, NotAllowedError."""
    found = found_case(view, case_id, Action.READ_OFFICE)
    return offices.draws_within(view, [found.id]).get(found.id, ())


def dues_within(view: View, office: AuthorityId) -> tuple[Due, ...]:
    """Return what the cases of an office wait for, the longest overdue first."""
    return waiting.ordered(_dues(view, office))


def _dues(view: View, office: AuthorityId) -> Iterator[Due]:
    cases = (
        *records.cases_in(view.connection, office, OPEN_STATES, DUE_CASES_MAX),
        *records.paid_in_spite(view.connection, office, DUE_CASES_MAX),
        *records.refused_unserved(view.connection, office, DUE_CASES_MAX),
    )
    bench = offices.bench_within(view, office)
    desk = Desk(bench, shipped_terms(), terms_of(view.connection, office), policy.calendar())
    drawn = offices.draws_within(view, [case.id for case in cases])
    firms = concerned(view, bench, cases)
    ties = detected_within(view, office, frozenset[FirmId]().union(*firms.values()))
    for case in cases:
        draw = drawn[case.id][-1] if case.id in drawn else None
        tied = frozenset(each.officer for each in ties if each.firm in firms[case.id])
        for wait in waiting.waits(case, view.now):
            yield waiting.due(desk, case, wait, firms[case.id], draw, view.now, not_drawn=tied)
