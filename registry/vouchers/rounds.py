"""Use cases of the rounds of a pool: publish, cancel, move the closing; everybody may read them.

An officer of one authority publishes nothing of another's (RULINGS 24). Holds in a flash round stand in ``holding.py``,
requests and their division in ``requests.py``.
"""

from collections.abc import Collection
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
from registry.vouchers.round_model import MovedClosing, MoveVoucherRoundClosing, PublishVoucherRound, VoucherRound


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


def move_voucher_round_closing(work: Work, command: MoveVoucherRoundClosing) -> VoucherRound:
    """Keep a round of one's own authority open for longer, by a numbered decision; nothing else of it changes.

    Raises:
        NotAllowedError, NotFoundError: The actor keeps no registers of the authority, or there is no such round.
        ConflictError: It has closed or was cancelled, or its window would meet that of another round of the pool.
        RuleError: That is no later than it closes now.
    """
    require(work.actor, Action.PUBLISH_VOUCHER_ROUND)
    pool = _own_pool(work, voucher_round(work, command.round).pool)
    # The pool first, as a hold in the round does; then the round, as a request does.
    records.lock_pools(work.connection, [pool.id])
    found = records.voucher_round_of(work.connection, command.round, to_change=True)
    if found is None:
        raise NotFoundError("voucher_round_not_found", id=command.round)
    others = records.rounds_of_pool(work.connection, [pool.id])
    round_rules.require_closing(found, others, command.closes_at, work.now)
    moved = MovedClosing(
        round=found.id,
        number=1 + len(records.moved_closings_of(work.connection, [found.id])),
        closed_before=found.closes_at,
        closes_at=command.closes_at,
        document_number=command.number.strip(),
        reason=command.reason.strip(),
        moved_at=work.now,
    )
    records.move_closing(work.connection, moved, work.actor.account)
    work.journal(
        "vouchers.round_closing_moved",
        found.id,
        number=moved.number,
        closed_before=str(moved.closed_before),
        closes_at=str(moved.closes_at),
    )
    return replace(found, closes_at=command.closes_at)


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


def moved_closings(view: View, rounds: Collection[VoucherRoundId]) -> dict[VoucherRoundId, tuple[MovedClosing, ...]]:
    """Return how the closings of rounds were moved, in order, for anyone."""
    found: dict[VoucherRoundId, tuple[MovedClosing, ...]] = {}
    for each in records.moved_closings_of(view.connection, rounds):
        found[each.round] = (*found.get(each.round, ()), each)
    return found


def voucher_rounds(view: View, pool: PoolId | None, after: VoucherRoundId | None, limit: int) -> list[VoucherRound]:
    """Return a page of the rounds of a pool, or of all, newest first, for anyone."""
    return records.voucher_rounds_page(view.connection, pool, after, limit)
