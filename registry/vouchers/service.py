"""Use cases of vouchers: open a pool, hold, redeem, release, expire; what others ask of vouchers and of the ledger.

Pools stand in ``pools.py``, queries in ``reading.py``, quotes in ``quoting.py``, postings in ``ledger.py``, what the
payment of a batch does in ``settling.py``.

Locks are taken in one order: order, vouchers by id, firm-years by key, pools by id.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from registry.actors.model import ANONYMOUS, Action, Resource
from registry.actors.rules import require_visible
from registry.errors import ConflictError, CorruptContentError, Obstacle, RuleError
from registry.exchange import service as exchange
from registry.journal.work import Work
from registry.parties import ends
from registry.parties import service as parties
from registry.policy.model import Verdict
from registry.policy.rules import FirmYearSoFar, Limit, LimitKind, Quote, firm_year, what_binds
from registry.values.digest import Digest
from registry.values.identifiers import InvoiceId, OrderId, PoolId, VoucherId
from registry.values.moment import Clock, Moment
from registry.values.money import ZERO
from registry.vouchers import ledger, payee, records, rules
from registry.vouchers.ledger import verify_ledger
from registry.vouchers.model import (
    HOLD_LIFE,
    Decision,
    FirmYear,
    FirmYearKey,
    Pool,
    RedeemVoucher,
    Voucher,
    VoucherState,
)
from registry.vouchers.pools import open_pool, pool, pools
from registry.vouchers.quoting import (
    Assessment,
    approved_json,
    assess,
    claim_json,
    facts_json,
    instrument_for,
    quote,
    so_far_of,
    supported,
)
from registry.vouchers.reading import decisions, firm_years, ledger_lines, resource_of, voucher, voucher_asked, vouchers
from registry.vouchers.settling import (
    appropriate,
    appropriation_paid_within,
    appropriation_returned_within,
    appropriations,
    instruct_within,
    mark_instructed_within,
    mark_paid_within,
    mark_returned_within,
    may_settle_within,
    payees_opened_within,
    redeemed,
    rehome_within,
    settle_within,
    standing,
    unsettle_within,
)
from storage.database import Database

__all__ = [
    "appropriate",
    "appropriation_paid_within",
    "appropriation_returned_within",
    "appropriations",
    "decisions",
    "expire_due",
    "firm_years",
    "hold",
    "instruct_within",
    "ledger_lines",
    "let_go_within",
    "mark_instructed_within",
    "mark_paid_within",
    "mark_returned_within",
    "may_settle_within",
    "open_pool",
    "payees_opened_within",
    "pool",
    "pools",
    "quote",
    "redeem",
    "redeemed",
    "rehome_within",
    "release",
    "settle_within",
    "standing",
    "unsettle_within",
    "verify_ledger",
    "voucher",
    "vouchers",
]

DUE_AT_ONCE_MAX: Final = 20
"""How many expired holds of a pool one new hold clears away before it looks at what is left."""


# Hold.


def hold(work: Work, order_id: OrderId) -> Voucher:
    """Hold public money for an order of one's own.

    Raises:
        NotAllowedError, NotFoundError: The actor buys nothing by this order.
        RuleError: Every condition that is unmet or unknown, or that nothing is left to hold.
    """
    order = exchange.lock_order_within(work, order_id)
    resource = Resource(frozenset({order.buyer}), dataset=order.dataset, subject=order.id)
    require_visible(work.actor, Action.HOLD_VOUCHER, resource, "order")
    day = work.now.civil_day()
    found = assess(work, order, *instrument_for(work, order, day), day)
    ends.require_standing(work, found.active.authority, order.buyer)
    _require_met(found)
    assert found.pool is not None  # noqa: S101 -- it is one of the conditions
    key = found.firm_year(day.year)
    due, year, locked_pool = _locked_without_expired(work, found, key, found.pool.id)
    so_far = so_far_of(year)
    base = exchange.net_price(work, order)
    quoted = what_binds(base, so_far, locked_pool.left, found.terms)
    if not quoted.amount:
        raise RuleError("nothing_to_hold", _exhausted(quoted, day.year))
    facts = facts_json(found, quoted, so_far, base, key.year)
    lapses = Moment.start_of(found.active.term.last + timedelta(days=1))
    made = Voucher(
        id=VoucherId.new(),
        authority=found.active.authority,
        pool=found.pool.id,
        instrument=found.active.instrument.id,
        group=found.group,
        firm=order.buyer,
        order=order.id,
        state=VoucherState.HELD,
        year=key.year,
        base=base,
        amount=quoted.amount,
        invoice=None,
        event_on=None,
        revision=found.active.revision,
        facts_digest=Digest.of_json(facts),
        held_at=work.now,
        expires_at=min(work.now.plus(HOLD_LIFE), lapses),
        case=None,
    )
    _change_year(work, key, made.base.fen, made.amount.fen)
    _change_pool(work, made.pool, made.amount.fen)
    records.add_voucher(work.connection, made)
    _add_decision(work, made, facts)
    ledger.post(work, [ledger.move_of_voucher(made.pool, None, VoucherState.HELD, made.amount)], made.id)
    work.journal(
        "vouchers.voucher_held",
        made.id,
        order=str(order.id),
        firm=str(made.firm),
        pool=str(made.pool),
        amount_fen=made.amount.fen,
        year=made.year,
        facts=str(made.facts_digest),
        expired=[str(each.id) for each in due],
    )
    return made


def _locked_without_expired(
    work: Work, found: Assessment, key: FirmYearKey, pool_id: PoolId
) -> tuple[list[Voucher], FirmYear, Pool]:
    """Return the expired holds cleared away, and, locked, the firm-year and the pool a new hold draws on."""
    due = _due(work, found.order.id, pool_id)
    keys, pool_ids = [key, *(each.firm_year for each in due)], [pool_id, *(each.pool for each in due)]
    years, locked_pools = _lock(work, found, keys, pool_ids)
    for each in due:
        _let_go(work, each, VoucherState.EXPIRED)
    if due:
        years, locked_pools = _lock(work, found, keys, pool_ids)
    return due, years[key], locked_pools[pool_id]


def _due(work: Work, order_id: OrderId, pool_id: PoolId) -> list[Voucher]:
    """Return holds that have run out, locked: that of the order itself, and some of the pool."""
    due = records.take_due(work.connection, work.now, pool_id, DUE_AT_ONCE_MAX)
    before = records.counting_of_order(work.connection, order_id)
    if before is not None and before.id not in {each.id for each in due}:
        # Waited for, not passed over: the order is free only once its own hold is ended, here or by another.
        before = _locked(work, before.id)
        if rules.has_run_out(before, work.now):
            due.append(before)
    return due


def _require_met(found: Assessment, more: Sequence[Obstacle] = ()) -> None:
    """Raise RuleError listing everything that stands in the way, never only the first."""
    verdict = Verdict(rules.conditions(found.active.instrument, found.facts))
    if obstacles := (*more, *verdict.obstacles):
        raise RuleError("voucher_refused", obstacles)


def _exhausted(quoted: Quote, year: int) -> tuple[Obstacle, ...]:
    """Return an obstacle for each limit that leaves nothing."""

    def obstacle(limit: Limit) -> Obstacle:
        if limit.kind is LimitKind.POOL:
            return Obstacle("pool_used_up", "RULINGS 18")
        if limit.kind is LimitKind.FIRM_YEAR:
            return Obstacle("firm_year_full", "S1 cl.4", parameters={"year": year})
        return Obstacle("share_below_one_fen", "S1 cl.4")

    return tuple(obstacle(limit) for limit in quoted.limits if limit.binds)


# Redeem.


def redeem(work: Work, secret: bytes, command: RedeemVoucher) -> Voucher:
    """Claim what an invoice earns: the voucher moves to the year of the claim and what does not fit is released.

    The account to pay to is the firm's own (RULINGS 28); it is kept sealed and never changes.

    Raises:
        NotAllowedError, NotFoundError: The voucher, or an invoice for its order, is not there for the actor.
        ConflictError: The invoice is claimed (``invoice_already_claimed``), or the voucher is not held any more.
        RuleError: Everything that stands in the way on the day of the event.
    """
    voucher_id, invoice_id = command.voucher, command.invoice
    asked = voucher_asked(work, voucher_id)
    require_visible(work.actor, Action.REDEEM_VOUCHER, resource_of(asked), "voucher")
    order = exchange.lock_order_within(work, asked.order)
    held = _locked(work, voucher_id)
    if claimed := records.claim_of(work.connection, invoice_id):
        raise ConflictError("invoice_already_claimed", invoice=invoice_id, voucher=claimed)
    rules.require_move(held, VoucherState.REDEEMED)
    ends.require_standing(work, held.authority, held.firm)
    at = ledger.log_time(work, held.pool)
    rules.require_not_expired(held, at)
    invoice, base = supported(work, order, invoice_id)
    event = max(invoice.issued_on, base.paid_on) if base.paid_on else work.now.civil_day()
    found = assess(work, order, held.authority, held.instrument, event, held.id)
    firm = parties.firm(work, held.firm)
    _require_met(found, (*base.obstacles, *payee.name_obstacles(command.payee, firm.name)))
    year = firm_year(invoice.issued_on, base.paid_on or event, found.year_rule)
    key = found.firm_year(year)
    years, locked_pools = _lock(work, found, [key, held.firm_year], [held.pool])
    so_far = so_far_of(years[key], (held.base, held.amount) if key == held.firm_year else (ZERO, ZERO))
    approved = _approved(work, key)
    due = rules.redemption(held, base.base, year, so_far, found.terms, at, approved=approved)
    # The pool has promised this voucher its amount, so what it has left does not bind.
    quoted = what_binds(base.base, so_far, locked_pools[held.pool].left + held.amount, found.terms)
    facts = facts_json(found, replace(quoted, amount=due.amount), so_far, base.base, year)
    facts |= {"held_fen": held.amount.fen, "approved": approved_json(approved)}
    facts |= claim_json(invoice, exchange.payments(work, order.id), exchange.refunds(work, order.id))
    made = replace(
        held,
        state=VoucherState.REDEEMED,
        year=year,
        base=base.base,
        amount=due.amount,
        invoice=invoice.id,
        event_on=event,
        revision=found.active.revision,
        facts_digest=Digest.of_json(facts),
    )
    sealed, shown = payee.seal(secret, made.id, command.payee)
    _claim(work, held, made, invoice.id)
    records.add_payee(work.connection, made.id, shown, sealed)
    _add_decision(work, made, facts)
    moves = [
        ledger.move_of_voucher(made.pool, VoucherState.HELD, VoucherState.REDEEMED, due.amount),
        ledger.move_of_voucher(made.pool, VoucherState.HELD, VoucherState.RELEASED, due.released),
    ]
    ledger.post(work, moves, made.id)
    work.journal(
        "vouchers.voucher_redeemed",
        made.id,
        invoice=str(invoice.id),
        base_fen=made.base.fen,
        amount_fen=made.amount.fen,
        released_fen=due.released.fen,
        year=made.year,
        payee_digest=str(shown.digest),
        facts=str(made.facts_digest),
    )
    return made


def _approved(work: Work, key: FirmYearKey) -> FirmYearSoFar:
    """Return what of a firm-year is approved, here and before the system (invariant 4, rate)."""
    here, before = records.approved_of(work.connection, key), records.past_of(work.connection, key)
    return FirmYearSoFar(here.base + before.base, here.awarded + before.awarded)


def _claim(work: Work, held: Voucher, made: Voucher, invoice: InvoiceId) -> None:
    """Claim an invoice: move use to the firm-year of the claim, and give back to the pool what does not fit."""
    _change_year(work, held.firm_year, -held.base.fen, -held.amount.fen)
    _change_year(work, made.firm_year, made.base.fen, made.amount.fen)
    _change_pool(work, made.pool, made.amount.fen - held.amount.fen)
    if not records.claim_invoice(work.connection, invoice, made.id, made.base):
        raise ConflictError("invoice_already_claimed", invoice=invoice, voucher="")
    records.save_voucher(work.connection, made)


# Release and expiry.


def release(work: Work, voucher_id: VoucherId) -> Voucher:
    """Give a hold back; the order may be held for again. Raises ConflictError when it is not held any more."""
    asked = voucher_asked(work, voucher_id)
    require_visible(work.actor, Action.HOLD_VOUCHER, resource_of(asked), "voucher")
    exchange.lock_order_within(work, asked.order)
    held = _locked(work, voucher_id)
    rules.require_move(held, VoucherState.RELEASED)
    _lock_for(work, held)
    made = _let_go(work, held, VoucherState.RELEASED)
    work.journal("vouchers.voucher_released", made.id, amount_fen=made.amount.fen, year=made.year)
    return made


def let_go_within(work: Work, order_id: OrderId) -> None:
    """Let go what is held for an order that has ended; the order is locked. What was redeemed stays as it is."""
    counting = records.counting_of_order(work.connection, order_id)
    held = _locked(work, counting.id) if counting else None
    if held and held.state is VoucherState.HELD:
        _lock_for(work, held)
        _let_go(work, held, VoucherState.RELEASED)


def expire_due(database: Database, clock: Clock, limit: int = 1000) -> int:
    """Expire holds whose time is over, one in each transaction, and return how many; a worker calls it."""
    for done in range(limit):
        if not database.retrying(lambda connection: _expire_one(Work(connection, ANONYMOUS, clock.now()))):
            return done
    return limit


def _expire_one(work: Work) -> bool:
    due = records.take_due(work.connection, work.now, None, 1)
    for each in due:
        _lock_for(work, each)
        made = _let_go(work, each, VoucherState.EXPIRED)
        work.journal("vouchers.voucher_expired", made.id, amount_fen=made.amount.fen, year=made.year)
    return bool(due)


# Invariant 18 (restore).
def _let_go(work: Work, held: Voucher, to: VoucherState) -> Voucher:
    """Return the money of a hold to its pool and firm-year, which are locked."""
    made = replace(held, state=to)
    _change_year(work, held.firm_year, -held.base.fen, -held.amount.fen)
    _change_pool(work, held.pool, -held.amount.fen)
    records.save_voucher(work.connection, made)
    ledger.post(work, [ledger.move_of_voucher(held.pool, held.state, to, held.amount)], held.id)
    return made


# Locks and counters.


def _add_decision(work: Work, made: Voucher, facts: dict[str, Any]) -> None:
    """Keep the facts that a step of a voucher was decided on."""
    decision = Decision(made.id, made.state, work.now, made.revision, made.facts_digest, facts)
    records.add_decision(work.connection, decision)


def _locked(work: Work, voucher_id: VoucherId) -> Voucher:
    return records.lock_vouchers(work.connection, [voucher_id])[0]


def _lock(
    work: Work, found: Assessment, keys: Iterable[FirmYearKey], pool_ids: Iterable[PoolId]
) -> tuple[dict[FirmYearKey, FirmYear], dict[PoolId, Pool]]:
    years = records.lock_firm_years(work.connection, dict.fromkeys(keys, found.terms.firm_year_cap))
    return years, records.lock_pools(work.connection, pool_ids)


def _lock_for(work: Work, held: Voucher) -> None:
    # A firm-year that holds a voucher exists; nothing is added to its cap.
    records.lock_firm_years(work.connection, {held.firm_year: ZERO})
    records.lock_pools(work.connection, [held.pool])


def _change_year(work: Work, key: FirmYearKey, base_delta_fen: int, used_delta_fen: int) -> None:
    if not records.change_firm_year(work.connection, key, base_delta_fen, used_delta_fen):
        raise CorruptContentError("firm_year_passed", firm=key.firm, year=key.year)


def _change_pool(work: Work, pool_id: PoolId, delta_fen: int) -> None:
    if delta_fen and not records.change_pool(work.connection, pool_id, delta_fen):
        raise CorruptContentError("pool_passed", pool=pool_id)
