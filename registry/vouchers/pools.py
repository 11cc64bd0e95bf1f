"""Pools of public money: opened with the budget a policy document states, and shown to everyone."""

from registry.actors.model import Action
from registry.actors.rules import require
from registry.errors import ConflictError, NotFoundError
from registry.journal.work import View, Work
from registry.policy import service as policy
from registry.policy.model import CapScope
from registry.policy.rules import cap_amount, firm_years_of, pool_account
from registry.values.identifiers import PoolId
from registry.values.money import ZERO, Money
from registry.vouchers import ledger, records
from registry.vouchers.model import OpenPool, Pool


def open_pool(work: Work, command: OpenPool) -> Pool:
    """Open a pool with the budget its policy document states.

    Raises:
        NotAllowedError: The actor keeps no registers of an authority.
        NotFoundError: The document is not loaded, or names no such pool.
        ConflictError: The pool is open already.
    """
    require(work.actor, Action.OPEN_POOL)
    office = policy.office_of(work.actor)
    loaded = policy.loaded_policy(work, office, command.document)
    today = work.now.civil_day()
    rulings = (
        *loaded.rulings_of_loading,
        *(each.ruling for each in policy.rulings(work, office, command.document)),
    )
    budgets: dict[str, Money] = {}
    for instrument in loaded.document.instruments:
        if any(cap.scope is CapScope.POOL for cap in instrument.caps):
            budget = cap_amount(instrument, CapScope.POOL, rulings, today)
            for year in firm_years_of(loaded.term, today):
                budgets[pool_account(instrument, rulings, today, year)] = budget
    if command.pool not in budgets:
        raise NotFoundError("pool_not_in_policy", pool=command.pool[:60], offered=", ".join(sorted(budgets)))
    made = Pool(PoolId.new(), office, command.document, command.pool, budgets[command.pool], ZERO, work.now)
    if not records.add_pool(work.connection, made, work.actor.account):
        raise ConflictError("pool_open_already", document=command.document, pool=command.pool)
    ledger.open_pool_accounts(work, made)
    work.journal("vouchers.pool_opened", made.id, document=made.document, pool=made.name, budget_fen=made.budget.fen)
    return made


def pools(view: View) -> list[Pool]:
    """Return every pool: what public money is there and how much of it is used is public."""
    return records.all_pools(view.connection)


def pool(view: View, pool_id: PoolId) -> Pool:
    """Return a pool. Raises NotFoundError."""
    if found := records.pool_of(view.connection, pool_id):
        return found
    raise NotFoundError("pool_not_found", id=pool_id)
