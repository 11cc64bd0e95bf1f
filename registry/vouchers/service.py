"""Use cases of vouchers: open a pool, hold, redeem, release, expire; what others ask of vouchers and of the ledger.

Pools stand in ``pools.py``, rounds in ``rounds.py`` and ``requests.py``, holds in ``holding.py``, queries in
``reading.py``, quotes in ``quoting.py``, postings in ``ledger.py``, the payment of a batch in ``settling.py``.

Locks are taken in one order: order, vouchers by id, firm-years by key, pools by id.
"""

from dataclasses import replace

from registry.actors.model import ANONYMOUS, Action
from registry.actors.rules import require_visible
from registry.errors import ConflictError
from registry.exchange import service as exchange
from registry.journal.work import Work
from registry.parties import ends
from registry.parties import service as parties
from registry.policy.rules import firm_year, what_binds
from registry.values.digest import Digest
from registry.values.identifiers import InvoiceId, OrderId, VoucherId
from registry.values.moment import Clock
from registry.values.money import ZERO
from registry.vouchers import ledger, payee, records, rules
from registry.vouchers.counters import (
    approved_within,
    change_pool,
    change_round,
    change_year,
    keep_decision,
    let_go,
    lock_for,
    lock_years_and_pools,
    locked,
)
from registry.vouchers.earlier import within_price
from registry.vouchers.holding import hold, require_met
from registry.vouchers.ledger import verify_ledger
from registry.vouchers.model import RedeemVoucher, Voucher, VoucherState
from registry.vouchers.pools import open_pool, pool, pools
from registry.vouchers.quoting import approved_json, assess, claim_json, facts_json, quote, so_far_of, supported
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
    held = locked(work, voucher_id)
    if claimed := records.claim_of(work.connection, invoice_id):
        raise ConflictError("invoice_already_claimed", invoice=invoice_id, voucher=claimed)
    rules.require_move(held, VoucherState.REDEEMED)
    ends.require_standing(work, held.authority, held.firm)
    at = ledger.log_time(work, held.pool)
    rules.require_not_expired(held, at)
    invoice, base = supported(work, order, invoice_id, held.authority)
    event = max(invoice.issued_on, base.paid_on) if base.paid_on else work.now.civil_day()
    found = assess(work, order, held.authority, held.instrument, event, held.id)
    base = within_price(base, invoice, found.price, found.earlier)
    firm = parties.firm(work, held.firm)
    require_met(found, (*base.obstacles, *payee.name_obstacles(command.payee, firm.name)))
    year = firm_year(invoice.issued_on, base.paid_on or event, found.year_rule)
    key = found.firm_year(year)
    years, locked_pools = lock_years_and_pools(work, {key: found.terms.firm_year_cap}, [held.firm_year], [held.pool])
    so_far = so_far_of(years[key], (held.base, held.amount) if key == held.firm_year else (ZERO, ZERO))
    approved = approved_within(work, key)
    due = rules.redemption(held, base.base, year, so_far, found.terms, at, approved=approved)
    # The pool has promised this voucher its amount, so what it has left does not bind.
    quoted = what_binds(base.base, so_far, locked_pools[held.pool].left + held.amount, found.terms)
    facts = facts_json(found, replace(quoted, amount=due.amount), so_far, base.base, year)
    facts |= {"held_fen": held.amount.fen, "approved": approved_json(approved)}
    paid, back = exchange.payments(work, order.id), exchange.refunds(work, order.id)
    facts |= claim_json(invoice, paid, back, exchange.billed_periods(work, invoice))
    made = replace(
        held,
        state=VoucherState.REDEEMED,
        year=year,
        base=base.base,
        amount=due.amount,
        invoice=invoice.id,
        by_periods=bool(invoice.periods),
        event_on=event,
        revision=found.active.revision,
        facts_digest=Digest.of_json(facts),
    )
    sealed, shown = payee.seal(secret, made.id, command.payee)
    _claim(work, held, made, invoice.id)
    records.add_payee(work.connection, made.id, shown, sealed)
    keep_decision(work, made, facts)
    _post_claim(work, made, due, shown.digest)
    return made


def _post_claim(work: Work, made: Voucher, due: rules.Redemption, payee_digest: Digest) -> None:
    """Post what is claimed and what goes back of a hold, and write the journal entry."""
    moves = [
        ledger.move_of_voucher(made.pool, VoucherState.HELD, VoucherState.REDEEMED, due.amount),
        ledger.move_of_voucher(made.pool, VoucherState.HELD, VoucherState.RELEASED, due.released),
    ]
    ledger.post(work, moves, made.id)
    work.journal(
        "vouchers.voucher_redeemed",
        made.id,
        invoice=str(made.invoice),
        base_fen=made.base.fen,
        amount_fen=made.amount.fen,
        released_fen=due.released.fen,
        year=made.year,
        payee_digest=str(payee_digest),
        facts=str(made.facts_digest),
    )


def _claim(work: Work, held: Voucher, made: Voucher, invoice: InvoiceId) -> None:
    """Claim an invoice: move use to the firm-year of the claim, and give back to the pool what does not fit."""
    change_year(work, held.firm_year, -held.base.fen, -held.amount.fen)
    change_year(work, made.firm_year, made.base.fen, made.amount.fen)
    change_pool(work, made.pool, made.amount.fen - held.amount.fen)
    change_round(work, held, made.amount.fen - held.amount.fen)
    if not records.claim_invoice(work.connection, invoice, made.id, made.base):
        raise ConflictError("invoice_already_claimed", invoice=invoice, voucher="")
    records.save_voucher(work.connection, made)


# Release and expiry.


def release(work: Work, voucher_id: VoucherId) -> Voucher:
    """Give a hold back; the order may be held for again. Raises ConflictError when it is not held any more."""
    asked = voucher_asked(work, voucher_id)
    require_visible(work.actor, Action.HOLD_VOUCHER, resource_of(asked), "voucher")
    exchange.lock_order_within(work, asked.order)
    held = locked(work, voucher_id)
    rules.require_held(held, VoucherState.RELEASED)
    lock_for(work, held)
    made = let_go(work, held, VoucherState.RELEASED)
    work.journal("vouchers.voucher_released", made.id, amount_fen=made.amount.fen, year=made.year)
    return made


def let_go_within(work: Work, order_id: OrderId) -> None:
    """Let go what is held for an order that has ended; the order is locked. What was redeemed stays as it is."""
    seen = records.held_of_order(work.connection, order_id)
    held = locked(work, seen.id) if seen else None
    if held and held.state is VoucherState.HELD:
        lock_for(work, held)
        let_go(work, held, VoucherState.RELEASED)


def expire_due(database: Database, clock: Clock, limit: int = 1000) -> int:
    """Expire holds whose time is over, one in each transaction, and return how many; a worker calls it."""
    for done in range(limit):
        if not database.retrying(lambda connection: _expire_one(Work(connection, ANONYMOUS, clock.now()))):
            return done
    return limit


def _expire_one(work: Work) -> bool:
    due = records.take_due(work.connection, work.now, None, 1)
    for each in due:
        lock_for(work, each)
        made = let_go(work, each, VoucherState.EXPIRED)
        work.journal("vouchers.voucher_expired", made.id, amount_fen=made.amount.fen, year=made.year)
    return bool(due)
