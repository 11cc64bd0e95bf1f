"""Use cases of the rounds of a pool: publish, cancel; everybody may read them.

An officer of one authority publishes nothing of another's (RULINGS 24). Holds in a flash round stand in ``holding.py``,
requests and their division in ``requests.py``.
"""

from dataclasses import replace

from registry.actors.model import Action, Resource
from registry.actors.rules import require, require_visible
from registry.errors import NotFoundError, RuleError
from registry.journal.work import View, Work
from registry.policy import service as policy
from registry.policy.model import Allocation, CapScope
from registry.policy.rules import ruling_in_effect
from registry.values.identifiers import PoolId, VoucherRoundId
from registry.values.money import ZERO
from registry.vouchers import records, round_rules
from registry.vouchers.model import Pool
from registry.vouchers.round_model import PublishVoucherRound, VoucherRound


def publish_voucher_round(work: Work, command: PublishVoucherRound) -> VoucherRound:
    """Publish a round of a pool of one's own authority before it opens. From then on holds are made in rounds only.

    Raises:
        NotAllowedError, NotFoundError: The actor keeps no registers of the authority, or there is no such pool.
        RuleError: It would open at once or in the past, its budget does not fit into what the pool has left beside its
            other rounds, or a ruling says that it is divided otherwise.
        ConflictError: Its window meets that of another round of the pool.
    """
    require(work.actor, Action.PUBLISH_VOUCHER_ROUND)
    found = _own_pool(work, command.pool)
    pool = records.lock_pools(work.connection, [found.id])[found.id]
    others = records.rounds_of_pool(work.connection, [pool.id])
    round_rules.require_publishable(command, others, pool.left, work.now)
    made = VoucherRound(
        id=VoucherRoundId.new(),
        authority=pool.authority,
        pool=pool.id,
        title=command.title.strip(),
        opens_at=command.opens_at,
        closes_at=command.closes_at,
        budget=command.budget,
        used=ZERO,
        allocation=_allocation(work, pool, command.allocation),
        published_at=work.now,
    )
    records.add_voucher_round(work.connection, made, work.actor.account)
    work.journal(
        "vouchers.round_published",
        made.id,
        pool=str(made.pool),
        opens_at=str(made.opens_at),
        closes_at=str(made.closes_at),
        budget_fen=made.budget.fen,
        allocation=made.allocation.value,
    )
    return made


def cancel_voucher_round(work: Work, wanted: VoucherRoundId) -> VoucherRound:
    """Cancel a round of one's own authority before it opens. Raises NotAllowedError, NotFoundError, ConflictError."""
    require(work.actor, Action.PUBLISH_VOUCHER_ROUND)
    found = voucher_round(work, wanted)
    _own_pool(work, found.pool)
    records.lock_pools(work.connection, [found.pool])
    found = voucher_round(work, wanted)
    round_rules.require_cancellable(found, work.now)
    records.end_round(work.connection, found.id, cancelled=work.now, divided=None)
    work.journal("vouchers.round_cancelled", found.id)
    return replace(found, cancelled_at=work.now)


def _own_pool(work: Work, pool_id: PoolId) -> Pool:
    pool = records.pool_of(work.connection, pool_id)
    if pool is None:
        raise NotFoundError("pool_not_found", id=pool_id)
    own = Resource(authority=pool.authority, subject=pool.id)
    require_visible(work.actor, Action.PUBLISH_VOUCHER_ROUND, own, "pool")
    return pool


def _allocation(work: Work, pool: Pool, stated: Allocation | None) -> Allocation:
    """Return how a round is divided: as a ruling says; where none does, as stated, else pro rata (RULINGS 20)."""
    loaded = policy.loaded_policy(work, pool.authority, pool.document)
    entered = [each.ruling for each in policy.rulings(work, pool.authority, pool.document)]
    for instrument in loaded.document.instruments:
        if all(cap.scope is not CapScope.POOL for cap in instrument.caps):
            continue
        for each in instrument.assumptions:
            asked = each.id.endswith(".allocation")
            ruling = ruling_in_effect(each.id, entered, work.now.civil_day()) if asked else None
            if ruling is not None:
                ruled = Allocation(str(ruling.value))
                if stated not in {None, ruled}:
                    raise RuleError("round_allocation_ruled", (), ruled=ruled.value, number=ruling.number)
                return ruled
    return stated or Allocation.PRO_RATA


# Queries.


def voucher_round(view: View, wanted: VoucherRoundId) -> VoucherRound:
    """Return a round, for anyone. Raises NotFoundError."""
    if found := records.voucher_round_of(view.connection, wanted):
        return found
    raise NotFoundError("voucher_round_not_found", id=wanted)


def voucher_rounds(view: View, pool: PoolId | None, after: VoucherRoundId | None, limit: int) -> list[VoucherRound]:
    """Return a page of the rounds of a pool, or of all, newest first, for anyone."""
    return records.voucher_rounds_page(view.connection, pool, after, limit)
