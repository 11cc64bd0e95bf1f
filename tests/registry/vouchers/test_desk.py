"""The desk reads the ledger: totals are functions of a checkpoint and say which (invariant 24)."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from registry.actors.model import Role
from registry.awards.model import CaseState
from registry.awards.queue import queued
from registry.errors import NotAllowedError, NotFoundError
from registry.journal import service as journal
from registry.values.identifiers import PoolId, VoucherId
from registry.values.money import ZERO, Money
from registry.vouchers import desk, service
from registry.vouchers.desk_model import BurnDown, PoolStanding
from registry.vouchers.model import Account, Appropriate
from tests.conftest import FixedClock
from tests.registry.awards.line_builders import ready
from tests.registry.exchange.builders import Market, a_listing, an_accepted_order, an_officer, ask, do
from tests.registry.vouchers.builders import hold, ready_to_redeem, redeem


def pool_of(market: Market) -> PoolId:
    return PoolId(ask(market.house, market.reviewer, service.pools)[0].id)


def log(market: Market) -> int:
    """Let the sequencer make a checkpoint and return its size."""
    made = journal.sequence(market.house.database, market.house.clock, market.house.signing_key)
    assert made is not None
    return made.size


def standing(market: Market) -> PoolStanding:
    return ask(market.house, market.buyer, lambda view: desk.pool_standing(view, pool_of(market)))


def burn_down(market: Market, months: int = 12) -> BurnDown:
    return ask(market.house, market.reviewer, lambda view: desk.burn_down(view, pool_of(market), months))


def recomputed(market: Market, size: int) -> dict[str, int]:
    """Return the balances that follow from the postings whose entries are among the first ``size`` of the log."""
    with market.house.database.reading() as connection:
        rows = connection.execute(
            text(
                "SELECT p.debit, p.credit, p.amount FROM ledger_postings p "
                "JOIN journal_leaves l ON l.entry_id = p.entry_id WHERE l.leaf_index < :size AND p.debit LIKE 'pool/%'"
            ),
            {"size": size},
        ).all()
    found: dict[str, int] = {each.value: 0 for each in Account}
    for debit, credit, amount in rows:
        for account, sign in ((debit, 1), (credit, -1)):
            name = account.rsplit("/", 1)[1]
            found[name] += amount * (-sign if name == "budget" else sign)
    return found


def test_totals_are_those_of_the_checkpoint_they_name_however_much_came_since(market: Market) -> None:
    listing = a_listing(market)
    held = hold(market, an_accepted_order(market, listing))
    size = log(market)
    before = standing(market)
    assert (before.position.size, before.later, before.used) == (size, 0, held.amount)
    order = an_accepted_order(market, listing, 10_000)
    redeem(market, hold(market, order), ready_to_redeem(market, order))
    after = standing(market)
    assert after.later > 0
    assert (after.position, after.balances) == (before.position, before.balances)
    assert {account.value: money.fen for account, money in after.balances.items()} == recomputed(market, size)
    newer = log(market)
    now = standing(market)
    assert (now.position.size, now.later) == (newer, 0)
    assert now.used == Money.of_yuan("39000")
    assert {account.value: money.fen for account, money in now.balances.items()} == recomputed(market, newer)
    # The earlier answer is still what the log of that size says.
    assert {account.value: money.fen for account, money in before.balances.items()} == recomputed(market, size)


def test_a_pool_is_shown_month_by_month(market: Market, clock: FixedClock) -> None:
    listing = a_listing(market)
    first = hold(market, an_accepted_order(market, listing))
    clock.advance(timedelta(days=31))
    order = an_accepted_order(market, listing, 10_000)
    held = hold(market, order)
    redeem(market, held, ready_to_redeem(market, order))
    do(market.house, market.buyer, lambda work: service.release(work, VoucherId(first.id)))
    log(market)
    found = burn_down(market, 3)
    assert [each.month for each in found.months] == ["2026-02", "2026-03", "2026-04"]
    february, march, april = found.months
    budget = found.standing.pool.budget
    assert (february.held, february.left) == (ZERO, ZERO)
    assert (march.held, march.released, march.left) == (first.amount, ZERO, budget - first.amount)
    assert (april.held, april.redeemed, april.released) == (held.amount, held.amount, first.amount)
    assert april.left == budget - held.amount == found.standing.balances[Account.AVAILABLE]
    assert burn_down(market, 1).months == (april,)


def test_officers_of_the_authority_only(market: Market) -> None:
    with pytest.raises(NotAllowedError):
        ask(market.house, market.buyer, lambda view: desk.burn_down(view, pool_of(market), 1))
    elsewhere = an_officer(type(market.authority).new(), Role.AUDITOR)
    with pytest.raises(NotFoundError):
        ask(market.house, elsewhere, lambda view: desk.burn_down(view, pool_of(market), 1))
    hold(market, an_accepted_order(market, a_listing(market)))
    assert ask(market.house, elsewhere, lambda view: desk.holds(view, None, 10)).holds == ()
    assert ask(market.house, elsewhere, lambda view: desk.firm_years_used(view, None, None, 10)).years == ()


def test_holds_are_told_by_the_days_left(market: Market, clock: FixedClock) -> None:
    listing = a_listing(market)
    old = hold(market, an_accepted_order(market, listing, 10_000))
    clock.advance(timedelta(days=60))
    new = hold(market, an_accepted_order(market, listing, 20_000))

    def ages() -> dict[str, tuple[int, Money]]:
        found = ask(market.house, market.payer, lambda view: desk.holds(view, None, 10))
        return {each.age: (each.count, each.amount) for each in found.ages if each.count}

    assert ages() == {"month": (1, old.amount), "longer": (1, new.amount)}
    clock.advance(timedelta(days=23))
    assert ages() == {"week": (1, old.amount), "longer": (1, new.amount)}
    clock.advance(timedelta(days=7))
    assert ages() == {"due": (1, old.amount), "two_months": (1, new.amount)}

    def page(after: tuple[object, VoucherId] | None) -> list[str]:
        found = ask(market.house, market.payer, lambda view: desk.holds(view, after, 1))  # type: ignore[arg-type]
        return [each.id for each in found.holds]

    assert page(None) == [old.id]
    assert page((old.expires_at, VoucherId(old.id))) == [new.id]
    assert page((new.expires_at, VoucherId(new.id))) == []


def test_what_is_appropriated_and_not_in_a_batch_is_told_by_the_accounts(market: Market) -> None:
    granted = Appropriate(2026, "yz-4", Money.of_yuan("100000"), "F-1")
    do(market.house, market.payer, lambda work: service.appropriate(work, granted))
    order = an_accepted_order(market, a_listing(market))
    made = redeem(market, hold(market, order), ready_to_redeem(market, order))
    (line,) = ask(market.house, market.payer, lambda view: desk.budget_lines(view, 2026))
    assert (line.line, line.granted, line.available) == ("yz-4", granted.amount, granted.amount)
    assert ask(market.house, market.payer, lambda view: desk.budget_lines(view, 20_260)) == ()
    assert ask(market.house, market.payer, desk.waiting_for_batch) == made.amount


def test_who_was_accepted_first_fits_first() -> None:
    cases = [ready(1, "2026-03-02T10:00:00") for _ in range(3)]
    amount = cases[0].amount
    left = Money(amount.fen * 2 + 1)
    found = queued(cases, left, ZERO, cases[0].applied_at)
    assert [each.fits for each in found] == [True, True, False]
    assert [each.ahead for each in found] == [ZERO, amount, amount + amount]
    # The next page goes on with the sum of those before it.
    behind = found[1].behind
    assert queued(cases[2:], left, behind.ahead, cases[0].applied_at) == found[2:]
    assert CaseState.INSTRUCTED not in {each.case.state for each in found}
