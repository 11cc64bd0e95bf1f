"""Holding public money for an order: alone, or together with others that wait for the same pool.

Rules:
* A hold takes what binds least of rate, purchase, firm-year, pool and round (``policy.rules.what_binds``): where less
  fits than the order would earn, it is held in part; where nothing fits, it is refused and says what is used up.
* In a pool that has rounds it is made in the open flash round, by the instant its request arrived at the server.
* Holds that are made together are decided one after the other in the order of their arrival, each on what those before
  it left; a refusal of one takes nothing from the others. They are written as each would be alone: a voucher, the facts
  it was decided on, a posting and a journal entry of its own.
* Holds that have run out are cleared away by a hold that is made alone; where there are some, nothing is done together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from registry.actors.model import Action, Resource
from registry.actors.rules import require_visible
from registry.errors import ConflictError, CorruptContentError, NotFoundError, Obstacle, RuleError, SancaiError
from registry.exchange import service as exchange
from registry.exchange.model import Order
from registry.journal.work import View, Work
from registry.policy.model import Verdict
from registry.policy.rules import Limit, LimitKind, Quote, what_binds
from registry.values.digest import Digest
from registry.values.identifiers import OrderId, PoolId, VoucherId
from registry.values.moment import Moment
from registry.vouchers import ledger, records, round_rules, rules
from registry.vouchers.counters import decision, let_go, lock_years_and_pools, locked
from registry.vouchers.known import Known
from registry.vouchers.model import HOLD_LIFE, FirmYear, FirmYearKey, Pool, Voucher, VoucherState
from registry.vouchers.quoting import Assessment, assess, facts_json, instrument_for, so_far_of
from registry.vouchers.round_model import VoucherRound

DUE_AT_ONCE_MAX: Final = 20
"""How many expired holds of a pool one new hold clears away before it looks at what is left."""


class NotTogetherError(Exception):
    """These holds are to be made one by one."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An order somebody wants public money for, in a work of its own."""

    work: Work
    order: OrderId


@dataclass(frozen=True, slots=True)
class Held:
    """A hold that was decided on and is not written yet, with the facts it was decided on."""

    work: Work
    voucher: Voucher
    facts: dict[str, Any]


@dataclass(slots=True)
class Standing:
    """What is left while holds are decided on: firm-years, pools and rounds, all locked."""

    years: dict[FirmYearKey, FirmYear]
    pools: dict[PoolId, Pool]
    rounds: dict[PoolId, list[VoucherRound]]

    def take(self, made: Voucher) -> None:
        """Count a hold."""
        year, pool = self.years[made.firm_year], self.pools[made.pool]
        self.years[made.firm_year] = replace(year, base=year.base + made.base, used=year.used + made.amount)
        self.pools[made.pool] = replace(pool, used=pool.used + made.amount)
        self.rounds[made.pool] = [
            replace(each, used=each.used + made.amount) if each.id == made.round else each
            for each in self.rounds.get(made.pool, [])
        ]


def hold(work: Work, order_id: OrderId) -> Voucher:
    """Hold public money for an order of one's own.

    Raises:
        NotAllowedError, NotFoundError: The actor buys nothing by this order.
        RuleError: Every condition that is unmet or unknown; that no round of the pool is open; or that nothing is left
            to hold.
    """
    order = exchange.lock_order_within(work, order_id)
    require_own(work, order)
    found = assessed(work, order, Known(work))
    key, pool_id = found.firm_year(work.now.civil_day().year), pool_of(found)
    due, years, pools = _locked_without_expired(work, found, key, pool_id)
    held = decided(work, found, Standing(years, pools, by_pool(records.rounds_of_pool(work.connection, [pool_id]))))
    write([held])
    _journal(held, due)
    return held.voucher


def hold_together(claims: Sequence[Claim]) -> list[Voucher | SancaiError]:
    """Hold public money for different orders in one transaction; return what each came to, in their order.

    The claims stand in the order they arrived in, and share a connection.

    Raises:
        NotTogetherError: Nothing was written; each is to be held for alone.
        NotAllowedError: As ``hold``; nothing was written.
    """
    connection, latest = claims[0].work.connection, max((each.work for each in claims), key=lambda work: work.now)
    days = {each.work.now.civil_day() for each in claims}
    orders = exchange.lock_orders_within(latest, [each.order for each in claims])
    if len(days) > 1 or len({each.order for each in claims}) < len(claims):
        raise NotTogetherError
    known = Known(View(connection, latest.actor, latest.now))
    known.read_for(orders.values(), days.pop())
    came_to: dict[OrderId, Voucher | SancaiError] = {}
    wanted: list[tuple[Claim, Assessment]] = []
    for each in claims:
        try:
            wanted.append((each, _claimed(each, orders, known)))
        except (NotFoundError, ConflictError, RuleError) as refusal:
            came_to[each.order] = refusal
    if wanted:
        for claim, outcome in _held_of(wanted, latest):
            came_to[claim.order] = outcome.voucher if isinstance(outcome, Held) else outcome
    return [came_to[each.order] for each in claims]


def _claimed(claim: Claim, orders: Mapping[OrderId, Order], known: Known) -> Assessment:
    if claim.order not in orders:
        raise NotFoundError("order_not_found", id=claim.order)
    order = orders[claim.order]
    require_own(claim.work, order)
    if any(rules.has_run_out(each, claim.work.now) for each in known.counting(order.id)):
        raise NotTogetherError
    found = assessed(claim.work, order, known)
    # Looked at before anything is locked: once a round is used up, most of those that wait end here.
    try:
        round_rules.round_of_hold(known.rounds(pool_of(found)), claim.work.now)
    except RuleError as refusal:
        # Holds that have run out are there for others again, once a hold that is made alone has cleared them away.
        if refusal.code == "nothing_to_hold" and known.has_due(pool_of(found)):
            raise NotTogetherError from refusal
        raise
    return found


def _held_of(wanted: Sequence[tuple[Claim, Assessment]], latest: Work) -> list[tuple[Claim, Held | SancaiError]]:
    """Decide on what nothing stands in the way of, one after the other, and write what is held."""
    connection = latest.connection
    pool_ids = {pool_of(found) for _, found in wanted}
    if records.any_due(connection, latest.now, pool_ids):
        raise NotTogetherError
    caps = {_key(claim, found): found.terms.firm_year_cap for claim, found in wanted}
    years = records.lock_firm_years(connection, caps)
    pools = records.lock_pools(connection, pool_ids)
    standing = Standing(years, pools, by_pool(records.rounds_of_pool(connection, pool_ids)))
    came_to: list[tuple[Claim, Held | SancaiError]] = []
    for claim, found in wanted:
        try:
            came_to.append((claim, decided(claim.work, found, standing)))
        except RuleError as refusal:
            came_to.append((claim, refusal))
    held = [each for _, each in came_to if isinstance(each, Held)]
    write(held)
    for each in held:
        _journal(each, [])
    return came_to


def _key(claim: Claim, found: Assessment) -> FirmYearKey:
    return found.firm_year(claim.work.now.civil_day().year)


# What stands in the way, and what is left.


def require_own(work: Work, order: Order) -> None:
    """Raise unless the actor buys by an order. Raises NotAllowedError, NotFoundError."""
    resource = Resource(frozenset({order.buyer}), dataset=order.dataset, subject=order.id)
    require_visible(work.actor, Action.HOLD_VOUCHER, resource, "order")


def assessed(work: Work, order: Order, known: Known) -> Assessment:
    """Return an order under the instrument that supports it today, every condition met.

    Raises:
        RuleError: No instrument supports it today; the buyer has ended; nothing is left of the price; or lists every
            condition that is unmet or unknown.
    """
    day = work.now.civil_day()
    found = assess(work, order, *instrument_for(work, order, day, known), day, known=known)
    known.require_standing(found.active.authority, order.buyer)
    require_met(found)
    require_price(found)
    return found


def require_met(found: Assessment, more: Sequence[Obstacle] = ()) -> None:
    """Raise RuleError listing everything that stands in the way, never only the first."""
    verdict = Verdict(rules.conditions(found.active.instrument, found.facts))
    if obstacles := (*more, *verdict.obstacles):
        raise RuleError("voucher_refused", obstacles)


def require_price(found: Assessment) -> None:
    """Raise RuleError when an order was free, or red letters, refunds or earlier vouchers left nothing of its price."""
    if not found.price:
        raise RuleError("nothing_to_hold", (found.earlier.claimed or Obstacle("purchase_without_price", "S1 cl.4"),))


def pool_of(found: Assessment) -> PoolId:
    """Return the pool of an assessment whose conditions are met: that it is open is one of them."""
    assert found.pool is not None  # noqa: S101 -- it is one of the conditions
    return found.pool.id


def by_pool(rounds: Iterable[VoucherRound]) -> dict[PoolId, list[VoucherRound]]:
    """Return rounds by their pool."""
    found: dict[PoolId, list[VoucherRound]] = {}
    for each in rounds:
        found.setdefault(each.pool, []).append(each)
    return found


def decided(work: Work, found: Assessment, standing: Standing) -> Held:
    """Return the hold that what is left allows, and count it there. Raises RuleError when nothing is left."""
    year, pool_id = work.now.civil_day().year, pool_of(found)
    entered = round_rules.round_of_hold(standing.rounds.get(pool_id, ()), work.now)
    so_far = so_far_of(standing.years[found.firm_year(year)])
    round_left = entered.left if entered else None
    quoted = what_binds(found.price, so_far, standing.pools[pool_id].left, found.terms, round_left)
    if not quoted.amount:
        raise RuleError("nothing_to_hold", _exhausted(quoted, year, entered))
    held = drafted(work, found, quoted, standing, entered)
    standing.take(held.voucher)
    return held


def _exhausted(quoted: Quote, year: int, entered: VoucherRound | None) -> tuple[Obstacle, ...]:
    """Return an obstacle for each limit that leaves nothing."""

    def obstacle(limit: Limit) -> Obstacle:
        if limit.kind is LimitKind.POOL:
            return Obstacle("pool_used_up", "RULINGS 18")
        if limit.kind is LimitKind.FIRM_YEAR:
            return Obstacle("firm_year_full", "S1 cl.4", parameters={"year": year})
        if limit.kind is LimitKind.ROUND and entered is not None:
            return round_rules.used_up(entered)
        return Obstacle("share_below_one_fen", "S1 cl.4")

    return tuple(obstacle(limit) for limit in quoted.limits if limit.binds)


def drafted(work: Work, found: Assessment, quoted: Quote, standing: Standing, entered: VoucherRound | None) -> Held:
    """Return the voucher that is held, with everything it was decided on."""
    year = work.now.civil_day().year
    facts = facts_json(found, quoted, so_far_of(standing.years[found.firm_year(year)]), found.price, year)
    if entered is not None:
        facts["round"] = {"id": str(entered.id), "budget_fen": entered.budget.fen, "left_fen": entered.left.fen}
    lapses = Moment.start_of(found.active.term.last + timedelta(days=1))
    made = Voucher(
        id=VoucherId.new(),
        authority=found.active.authority,
        pool=pool_of(found),
        instrument=found.active.instrument.id,
        group=found.group,
        firm=found.order.buyer,
        order=found.order.id,
        state=VoucherState.HELD,
        year=year,
        base=found.price,
        amount=quoted.amount,
        invoice=None,
        event_on=None,
        revision=found.active.revision,
        facts_digest=Digest.of_json(facts),
        held_at=work.now,
        expires_at=min(work.now.plus(HOLD_LIFE), lapses),
        case=None,
        round=entered.id if entered else None,
    )
    return Held(work, made, facts)


def _locked_without_expired(
    work: Work, found: Assessment, key: FirmYearKey, pool_id: PoolId
) -> tuple[list[Voucher], dict[FirmYearKey, FirmYear], dict[PoolId, Pool]]:
    """Return the expired holds cleared away, and, locked, the firm-years and pools a new hold draws on."""
    due = _due(work, found.order.id, pool_id)
    caps, ended = {key: found.terms.firm_year_cap}, [each.firm_year for each in due]
    pool_ids = [pool_id, *(each.pool for each in due)]
    years, pools = lock_years_and_pools(work, caps, ended, pool_ids)
    for each in due:
        let_go(work, each, VoucherState.EXPIRED)
    if due:
        years, pools = lock_years_and_pools(work, caps, ended, pool_ids)
    return due, years, pools


def _due(work: Work, order_id: OrderId, pool_id: PoolId) -> list[Voucher]:
    """Return holds that have run out, locked: that of the order itself, and some of the pool."""
    due = records.take_due(work.connection, work.now, pool_id, DUE_AT_ONCE_MAX)
    before = records.held_of_order(work.connection, order_id)
    if before is not None and before.id not in {each.id for each in due}:
        # Waited for, not passed over: the order is free only once its own hold is ended, here or by another.
        before = locked(work, before.id)
        if rules.has_run_out(before, work.now):
            due.append(before)
    return due


# Writing.


def write(held: Sequence[Held]) -> None:
    """Write holds that were decided on together, with everything they count in."""
    if not held:
        return
    connection, made = held[0].work.connection, [each.voucher for each in held]
    years: dict[FirmYearKey, tuple[int, int]] = {}
    for each in made:
        base, used = years.get(each.firm_year, (0, 0))
        years[each.firm_year] = (base + each.base.fen, used + each.amount.fen)
    if unchanged := records.change_firm_years(connection, years):
        raise CorruptContentError("firm_year_passed", firm=unchanged.firm, year=unchanged.year)
    for pool, fen in _sums((each.pool, each.amount.fen) for each in made).items():
        if not records.change_pool(connection, pool, fen):
            raise CorruptContentError("pool_passed", pool=pool)
    for entered, fen in _sums((each.round, each.amount.fen) for each in made).items():
        if entered is not None and not records.change_round(connection, entered, fen):
            raise CorruptContentError("voucher_round_passed", round=entered)
    records.add_vouchers(connection, made)
    records.add_decisions(connection, [decision(each.work, each.voucher, each.facts) for each in held])
    ledger.post_each([(each.work, _move(each.voucher), each.voucher.id) for each in held])


def _move(made: Voucher) -> ledger.Move:
    return ledger.move_of_voucher(made.pool, None, VoucherState.HELD, made.amount)


def _sums(amounts: Iterable[tuple[Any, int]]) -> Mapping[Any, int]:
    found: dict[Any, int] = {}
    for key, fen in amounts:
        found[key] = found.get(key, 0) + fen
    return found


def _journal(held: Held, due: Sequence[Voucher]) -> None:
    made = held.voucher
    held.work.journal(
        "vouchers.voucher_held",
        made.id,
        order=str(made.order),
        firm=str(made.firm),
        pool=str(made.pool),
        amount_fen=made.amount.fen,
        year=made.year,
        facts=str(made.facts_digest),
        expired=[str(each.id) for each in due],
        **({"round": str(made.round)} if made.round else {}),
    )
