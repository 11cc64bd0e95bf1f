"""What a step of a voucher changes beside the voucher: firm-year, pool and round, and the facts it was decided on.

Locks are taken in one order: order, vouchers by id, firm-years by key, pools by id. A round is changed under the lock
of its pool.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from registry.errors import CorruptContentError
from registry.journal.work import Work
from registry.policy.rules import FirmYearSoFar
from registry.values.identifiers import PoolId, VoucherId
from registry.values.money import ZERO, Money
from registry.vouchers import ledger, records
from registry.vouchers.model import Decision, DecisionStep, FirmYear, FirmYearKey, Pool, Voucher, VoucherState


def locked(work: Work, voucher_id: VoucherId) -> Voucher:
    """Return a voucher, locked."""
    return records.lock_vouchers(work.connection, [voucher_id])[0]


def lock_years_and_pools(
    work: Work,
    drawn_on: Mapping[FirmYearKey, Money],
    given_back_to: Iterable[FirmYearKey],
    pool_ids: Iterable[PoolId],
) -> tuple[dict[FirmYearKey, FirmYear], dict[PoolId, Pool]]:
    """Return firm-years and pools, locked in the order of their keys.

    ``drawn_on`` are firm-years with the cap of the terms they are drawn on by: a new one begins empty under it, that of
    an older one is raised to it. One that something is only ``given_back_to`` is there, and its cap stays as it is: it
    belongs to other terms.
    """
    caps = dict.fromkeys(given_back_to, ZERO) | dict(drawn_on)
    return records.lock_firm_years(work.connection, caps), records.lock_pools(work.connection, pool_ids)


def lock_for(work: Work, held: Voucher) -> None:
    """Lock firm-year and pool of a voucher of which something goes back to them."""
    lock_years_and_pools(work, {}, [held.firm_year], [held.pool])


def approved_within(work: Work, key: FirmYearKey, without: tuple[Money, Money] = (ZERO, ZERO)) -> FirmYearSoFar:
    """Return what of a firm-year is approved, here and before the system (invariant 4, rate).

    ``without`` is the (base, amount) of a redeemed voucher that is looked at again.
    """
    here, before = records.approved_of(work.connection, key), records.past_of(work.connection, key)
    base, amount = without
    return FirmYearSoFar(here.base + before.base - base, here.awarded + before.awarded - amount)


# Invariant 18 (restore).
def let_go(work: Work, held: Voucher, to: VoucherState) -> Voucher:
    """Return the money of a hold to its pool, its round and its firm-year, which are locked."""
    made = replace(held, state=to)
    change_year(work, held.firm_year, -held.base.fen, -held.amount.fen)
    change_pool(work, held.pool, -held.amount.fen)
    change_round(work, held, -held.amount.fen)
    records.save_voucher(work.connection, made)
    ledger.post(work, [ledger.move_of_voucher(held.pool, held.state, to, held.amount)], held.id)
    return made


def keep_decision(work: Work, made: Voucher, facts: dict[str, Any]) -> None:
    """Keep the facts that a step of a voucher was decided on."""
    records.add_decisions(work.connection, [decision(work, made, facts)])


def decision(work: Work, made: Voucher, facts: dict[str, Any]) -> Decision:
    """Return the facts that a hold or a redemption was decided on, as they are kept."""
    step = DecisionStep(made.state.value)
    return Decision(made.id, step, work.now, made.revision, made.facts_digest, facts)


def change_year(work: Work, key: FirmYearKey, base_delta_fen: int, used_delta_fen: int) -> None:
    """Add to a firm-year, or take from it; the last wall behind the rules."""
    if not records.change_firm_year(work.connection, key, base_delta_fen, used_delta_fen):
        raise CorruptContentError("firm_year_passed", firm=key.firm, year=key.year)


def change_pool(work: Work, pool_id: PoolId, delta_fen: int) -> None:
    """Add to what is used of a pool, or take from it; the last wall behind the rules."""
    if delta_fen and not records.change_pool(work.connection, pool_id, delta_fen):
        raise CorruptContentError("pool_passed", pool=pool_id)


def change_round(work: Work, held: Voucher, delta_fen: int) -> None:
    """Add to what is used of the round of a voucher, or take from it; a voucher of no round changes none."""
    if held.round is not None and delta_fen and not records.change_round(work.connection, held.round, delta_fen):
        raise CorruptContentError("voucher_round_passed", round=held.round)
