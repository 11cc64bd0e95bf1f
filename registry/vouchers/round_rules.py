"""When a round of a pool may be published, which round a hold or a request falls into, and how a budget is divided.

Rules (RULINGS 18, 20):
* A round is published before it opens, and may be cancelled until then. Two rounds of one pool never stand open at
  once, so that nobody chooses between them.
* A numbered decision may move the closing of a round that has not closed, to a later minute only: nobody who relied on
  what was published comes too late by it. A round that has closed stays closed.
* A firm may withdraw its request until the round closes, and file it anew, behind those that came meanwhile; from the
  closing on what was requested stands, so that every ceiling of the division is known.
* Budgets are parts of the pool: what rounds that are not over still have, and the new one, fit into what it has left.
* In a pool that has rounds a hold is made in an open round only: in a flash round at once, first come by the clock of
  the server; in a closed round by the division after it has closed, of what was requested while it was open.
* A round gives out no more than its budget. What is given back while it lasts is there for others again.
* A division gives each request its part of the budget in proportion to what it could have by itself, floored, the
  remainder in order of acceptance; never more than that ceiling.
* The requests of one firm are looked at in order of acceptance, each as if those before were granted in full, so that
  together they stay within rate and cap of the firm's year.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from registry.errors import ConflictError, Obstacle, RuleError
from registry.policy.allotment import in_proportion
from registry.policy.model import Allocation
from registry.policy.rules import FirmYearSoFar, VoucherTerms, voucher_amount
from registry.values.moment import Moment
from registry.values.money import ZERO, Money
from registry.vouchers.round_model import (
    PublishVoucherRound,
    VoucherRequest,
    VoucherRequestState,
    VoucherRound,
    VoucherRoundState,
)


def require_publishable(command: PublishVoucherRound, others: Sequence[VoucherRound], left: Money, now: Moment) -> None:
    """Raise unless a round may be published in a pool that has ``left`` and the rounds ``others``.

    Raises:
        RuleError: It would open at once or in the past, or its budget does not fit into the pool.
        ConflictError: Its window meets that of another round of the pool.
    """
    if command.opens_at <= now:
        raise RuleError("round_opens_too_early", (), opens_at=str(command.opens_at), now=str(now))
    for each in others:
        apart = command.closes_at <= each.opens_at or each.closes_at <= command.opens_at
        if not apart and each.cancelled_at is None:
            raise ConflictError("voucher_round_windows_meet", id=each.id)
    reserved = sum((each.reserved_at(now) for each in others), ZERO)
    if command.budget > left.less(reserved):
        raise RuleError("voucher_round_over_pool", (), budget=str(command.budget), left=str(left.less(reserved)))


def require_cancellable(found: VoucherRound, now: Moment) -> None:
    """Raise ConflictError once a round has opened, or was cancelled before."""
    if found.state_at(now) is not VoucherRoundState.COMING:
        raise ConflictError("voucher_round_has_opened", id=found.id, opens_at=str(found.opens_at))


def require_closing(found: VoucherRound, others: Sequence[VoucherRound], closes_at: Moment, now: Moment) -> None:
    """Raise unless the closing of a round may move to ``closes_at``.

    Raises:
        ConflictError: It has closed or was cancelled, or its window would meet that of another round of the pool.
        RuleError: That is no later than it closes now.
    """
    if found.state_at(now) not in {VoucherRoundState.COMING, VoucherRoundState.OPEN}:
        raise ConflictError("voucher_round_has_closed", id=found.id, closes_at=str(found.closes_at))
    if closes_at <= found.closes_at:
        raise RuleError("voucher_round_closing_not_later", (), given=str(closes_at), closes_at=str(found.closes_at))
    for each in others:
        apart = closes_at <= each.opens_at or each.closes_at <= found.opens_at
        if each.id != found.id and not apart and each.cancelled_at is None:
            raise ConflictError("voucher_round_windows_meet", id=each.id)


def require_withdrawable(request: VoucherRequest, entered: VoucherRound, now: Moment) -> None:
    """Raise ConflictError unless a request may be withdrawn: it is filed, and its round takes requests still."""
    if request.state is not VoucherRequestState.FILED:
        raise ConflictError("voucher_request_ended", id=request.id, state=request.state.value)
    if entered.state_at(now) is not VoucherRoundState.OPEN:
        raise ConflictError("voucher_request_stands", id=request.id, closes_at=str(entered.closes_at))


def require_divisible(found: VoucherRound, now: Moment) -> None:
    """Raise ConflictError unless the budget of a round may be divided now: a closed round, after its closing, once."""
    if found.allocation is not Allocation.PRO_RATA:
        raise ConflictError("voucher_round_not_divided", id=found.id)
    if found.divided_at is not None:
        raise ConflictError("voucher_round_divided_already", id=found.id, divided_at=str(found.divided_at))
    if found.state_at(now) is not VoucherRoundState.CLOSED:
        raise ConflictError("voucher_round_takes_requests", id=found.id, closes_at=str(found.closes_at))


def round_of_hold(rounds: Sequence[VoucherRound], now: Moment) -> VoucherRound | None:
    """Return the round a hold of ``now`` is made in; None where the pool has no rounds.

    Raises:
        RuleError: No window is open (it says since when, or from when), the open round takes requests, or its budget
            is used up.
    """
    found = _open(rounds, now)
    if found is None:
        return None
    if found.allocation is Allocation.PRO_RATA:
        raise RuleError("voucher_round_takes_requests_only", (), round=found.id, closes_at=str(found.closes_at))
    if not found.left:
        raise RuleError("nothing_to_hold", (used_up(found),))
    return found


def used_up(found: VoucherRound) -> Obstacle:
    """Return the obstacle that the budget of a round is used up."""
    parameters = {"round": str(found.id), "budget": str(found.budget), "left": str(found.left)}
    return Obstacle("voucher_round_used_up", "RULINGS 20", parameters=parameters)


def open_flash(rounds: Sequence[VoucherRound], now: Moment) -> VoucherRound | None:
    """Return the flash round that is open, if there is one; it refuses nothing."""
    for each in rounds:
        if each.allocation is Allocation.FIRST_COME and each.state_at(now) is VoucherRoundState.OPEN:
            return each
    return None


def round_of_request(rounds: Sequence[VoucherRound], now: Moment) -> VoucherRound:
    """Return the round a request of ``now`` is filed in. Raises RuleError: none is open that takes requests."""
    found = _open(rounds, now)
    if found is None or found.allocation is not Allocation.PRO_RATA:
        raise RuleError("voucher_round_takes_no_requests", ())
    return found


def _open(rounds: Sequence[VoucherRound], now: Moment) -> VoucherRound | None:
    held = [each for each in rounds if each.cancelled_at is None]
    if not held:
        return None
    for each in held:
        if each.state_at(now) is VoucherRoundState.OPEN:
            return each
    coming = [each for each in held if each.state_at(now) is VoucherRoundState.COMING]
    if coming:
        first = min(coming, key=lambda each: each.opens_at)
        raise RuleError("voucher_round_opens_later", (), round=first.id, opens_at=str(first.opens_at), now=str(now))
    last = max(held, key=lambda each: each.closes_at)
    raise RuleError(
        "voucher_round_closed",
        (),
        round=last.id,
        closed_at=str(last.closes_at),
        now=str(now),
        left=str(last.left),
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """A request at the division: whose year it falls into, on which base, by which terms.

    ``year`` is any value that is equal for requests of the same firm-year, ``so_far`` what that year has before the
    division.
    """

    year: object
    base: Money
    so_far: FirmYearSoFar
    terms: VoucherTerms


def ceilings(asked: Sequence[Asked]) -> tuple[Money, ...]:
    """Return the most each request could have by itself, in order of acceptance."""
    standing: dict[object, FirmYearSoFar] = {}
    found = []
    for each in asked:
        before = standing.get(each.year, each.so_far)
        amount = voucher_amount(each.base, before, each.terms)
        # A request that earns nothing is not granted, so its base earns nothing for others.
        if amount:
            standing[each.year] = FirmYearSoFar(before.base + each.base, before.awarded + amount)
        found.append(amount)
    return tuple(found)


def divided(most: Sequence[Money], budget: Money) -> tuple[Money, ...]:
    """Return what each request receives out of ``budget``; ``most`` are the ceilings in order of acceptance."""
    return in_proportion(most, budget)
