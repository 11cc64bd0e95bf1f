"""When a step is due, who may act, whose lot is drawn, and whether an office has enough officers.

Rules of terms (民法典 201, 203):
* A term begins on the day after its step began, and ends at 24:00 of its last day.
* One in working days counts working days only; one in calendar days whose last day is no working day ends on the next.
* A ruling of the office sets the term of steps that begin after it was entered.

Rules of officers (RULINGS 32, 33):
* Whoever has a tie to a firm of a case, or was recused from it, does nothing in it.
* Whoever is entered as absent does nothing that day: two people, one present and one acting for the other, must not
  both decide.
* A rank is signed by an officer who holds it, or by a delegate of one who does: an officer of another rank, on the days
  of the delegation, in its instruments. A delegation ends with the office of whoever gave it, and is not passed on.

* A case needs a reviewer, an officer for each rank and a payer, all different people (POLICY §4.3, invariant 10).

Rules of lots:
* A lot is the SHA-256 of seed, purpose and what is drawn; the lowest win. The seed is the commitment of a journal
  entry: nobody chose it, it is in the public log, and whoever has it draws the same again.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from registry.actors.model import Role
from registry.errors import ConflictError, NotAllowedError, NotFoundError, RuleError
from registry.offices.model import (
    Absence,
    Bench,
    Delegate,
    Delegation,
    Draw,
    Interest,
    Officer,
    Step,
    Term,
    TermSet,
    Unit,
)
from registry.policy.rules import working_days_after
from registry.policy.working_days import WorkingCalendar
from registry.values.identifiers import AccountId, FirmId
from registry.values.moment import Moment

_ONE_DAY: Final = timedelta(days=1)

# Terms.


def due_at(began_at: Moment, term: Term, calendar: WorkingCalendar) -> Moment:
    """Return the first instant at which a step that began at ``began_at`` is overdue.

    Raises UnavailableError when the calendar of a year that is needed is not known.
    """
    began_on = began_at.civil_day()
    if term.unit is Unit.WORKING:
        last = working_days_after(began_on, term.days, calendar)
    else:
        last = calendar.working_day_from(began_on + timedelta(days=term.days))
    return Moment.start_of(last + _ONE_DAY)


def working_days_late(due: Moment, now: Moment, calendar: WorkingCalendar) -> int:
    """Return on how many working days since its term, today included, a step was still open; 0 within it.

    Raises UnavailableError when the calendar of a year that is needed is not known.
    """
    day, today, late = due.civil_day(), now.civil_day(), 0
    while now >= due and day <= today:
        late += calendar.is_working_day(day)
        day += _ONE_DAY
    return late


def term_of(step: Step, began_at: Moment, shipped: Mapping[Step, Term], rulings: Iterable[TermSet]) -> Term:
    """Return the term of a step: of the newest ruling that was there when the step began, else the release's."""
    there = [each for each in rulings if each.term.step is step and each.entered_at <= began_at]
    return max(there, key=lambda each: each.entered_at).term if there else shipped[step]


# Who may act.


def is_absent(absences: Iterable[Absence], officer: AccountId, now: Moment) -> bool:
    """Say whether an officer is entered as absent at ``now``."""
    today = now.civil_day()
    return any(
        each.officer == officer and each.first <= today <= each.last and (each.ended_at is None or now < each.ended_at)
        for each in absences
    )


def ties(interests: Iterable[Interest], officer: AccountId, firms: Iterable[FirmId]) -> tuple[Interest, ...]:
    """Return the ties of an officer to any of ``firms`` that were not ended."""
    wanted = frozenset(firms)
    return tuple(
        each for each in interests if each.officer == officer and each.firm in wanted and each.ended_at is None
    )


def require_free(bench: Bench, officer: AccountId, firms: Iterable[FirmId], now: Moment) -> None:
    """Raise NotAllowedError when an officer is tied to a firm, or away."""
    if found := ties(bench.interests, officer, firms):
        raise NotAllowedError("officer_tied", firm=found[0].firm, ground=found[0].ground.value)
    if is_absent(bench.absences, officer, now):
        raise NotAllowedError("officer_absent")


def acts_on(delegation: Delegation, instruments: Iterable[str], now: Moment) -> bool:
    """Say whether a delegation covers these instruments at ``now``."""
    today = now.civil_day()
    in_scope = delegation.instruments is None or set(instruments) <= set(delegation.instruments)
    ended = delegation.ended_at is not None and delegation.ended_at <= now
    return in_scope and not ended and delegation.first <= today <= delegation.last


def delegation_for(
    bench: Bench, delegate: AccountId, rank: Role, instruments: Sequence[str], now: Moment
) -> Delegation | None:
    """Return the delegation by which an officer may sign in ``rank``; its giver still holds the rank."""
    for each in bench.delegations:
        if each.delegate == delegate and each.rank is rank and acts_on(each, instruments, now):
            principal = bench.officer(each.principal)
            if principal is not None and rank in principal.roles:
                return each
    return None


def why_delegation_fails(
    bench: Bench, delegate: AccountId, rank: Role, instruments: Sequence[str], now: Moment
) -> NotAllowedError | None:
    """Return the refusal of an officer whose only delegations in ``rank`` do not hold now, or None without any."""
    given = [each for each in bench.delegations if each.delegate == delegate and each.rank is rank]
    if not given or delegation_for(bench, delegate, rank, instruments, now):
        return None
    newest = max(given, key=lambda each: each.last)
    in_scope = newest.instruments is None or set(instruments) <= set(newest.instruments)
    code = "delegation_not_in_force" if in_scope else "delegation_out_of_scope"
    return NotAllowedError(code, id=newest.id, first=str(newest.first), last=str(newest.last))


def require_delegation(bench: Bench, giver: AccountId, roles: frozenset[Role], command: Delegate) -> None:
    """Raise unless ``giver`` may let the other officer sign.

    Raises:
        NotAllowedError: The giver does not hold the rank.
        NotFoundError: The other is no officer of the office.
        RuleError: To oneself, to somebody who holds no rank of signing or holds this one already.
    """
    if command.rank not in roles:
        raise NotAllowedError("delegation_of_other_rank", rank=command.rank.value)
    taker = bench.officer(command.delegate)
    if taker is None:
        raise NotFoundError("account_not_found", id=command.delegate)
    if command.delegate == giver:
        raise RuleError("delegate_no_officer", (), id=command.delegate)
    if command.rank in taker.roles or not taker.roles & _RANKS:
        raise RuleError("delegate_without_rank", (), id=command.delegate, rank=command.rank.value)


_RANKS: Final = frozenset({Role.SECTION_HEAD, Role.LEADER_IN_CHARGE, Role.PRINCIPAL_LEADER})


def able(
    bench: Bench, role: Role, firms: Iterable[FirmId], instruments: Sequence[str], now: Moment
) -> tuple[Officer, ...]:
    """Return who may act in ``role``, delegates included, on these firms and instruments at ``now``, by login."""
    firms = tuple(firms)
    return tuple(
        each
        for each in sorted(bench.officers, key=lambda officer: officer.login)
        if (role in each.roles or delegation_for(bench, each.account, role, instruments, now) is not None)
        and not is_absent(bench.absences, each.account, now)
        and not ties(bench.interests, each.account, firms)
    )


# Lots.


def by_lot(seed: bytes, purpose: str, drawn_from: Iterable[str], count: int = 1) -> tuple[str, ...]:
    """Return ``count`` of what is drawn from, the lowest lot first; fewer when there are not as many."""

    def lot(each: str) -> bytes:
        return hashlib.sha256(b"\x00".join((b"sancai lot/1", seed, purpose.encode(), each.encode()))).digest()

    return tuple(sorted(set(drawn_from), key=lot)[:count])


def require_redraw(draw: Draw | None, bench: Bench, firms: Iterable[FirmId], recused: bool, now: Moment) -> None:
    """Raise ConflictError while the reviewer who was drawn may act: a lot is not drawn until it suits."""
    if draw is None or recused:
        return
    reviewer = bench.officer(draw.drawn)
    if reviewer is None or Role.REVIEWER not in reviewer.roles:
        return
    if is_absent(bench.absences, draw.drawn, now) or ties(bench.interests, draw.drawn, firms):
        return
    raise ConflictError("reviewer_drawn_already", id=draw.case, officer=draw.drawn)


# Enough officers.


def places_of(sign_off_levels: Sequence[str]) -> tuple[Role, ...]:
    """Return the roles of a case that distinct people fill: the reviewer, each rank, the payer."""
    return (Role.REVIEWER, *(Role(level) for level in sign_off_levels), Role.PAYER)


def present(bench: Bench, now: Moment) -> tuple[Officer, ...]:
    """Return the officers who are there at ``now``, with the ranks that were delegated to them in all instruments."""
    return tuple(
        replace(each, roles=each.roles | _delegated(bench, each.account, now))
        for each in bench.officers
        if not is_absent(bench.absences, each.account, now)
    )


def _delegated(bench: Bench, officer: AccountId, now: Moment) -> frozenset[Role]:
    held = {each.account: each.roles for each in bench.officers}
    return frozenset(
        each.rank
        for each in bench.delegations
        if each.delegate == officer
        and each.instruments is None
        and acts_on(each, (), now)
        and each.rank in held.get(each.principal, frozenset())
    )


def places_unfilled(places: Sequence[Role], officers: Iterable[Officer]) -> tuple[Role, ...]:
    """Return the places of a procedure that stay empty when distinct officers fill as many as they can."""
    people = sorted(officers, key=lambda each: each.login)
    filled: dict[AccountId, int] = {}

    def fill(place: int, tried: set[AccountId]) -> bool:
        # Whoever holds the place already moves to another one, if there is one (a matching by augmenting paths).
        for each in people:
            if places[place] in each.roles and each.account not in tried:
                tried.add(each.account)
                if each.account not in filled or fill(filled[each.account], tried):
                    filled[each.account] = place
                    return True
        return False

    return tuple(role for place, role in enumerate(places) if not fill(place, set()))
