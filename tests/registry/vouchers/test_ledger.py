"""The ledger cannot be changed, and what was changed anyway is found."""

from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from registry.errors import ConflictError, CorruptContentError
from registry.vouchers import records
from registry.vouchers.ledger import verify_ledger
from storage.database import Database
from tests.conftest import FixedClock
from tests.registry.exchange.builders import Market, a_buyer, a_listing, an_accepted_order
from tests.registry.vouchers.builders import hold, ready_to_redeem, redeem

CHANGES = (
    "UPDATE ledger_postings SET amount = amount + 1",
    "DELETE FROM ledger_postings",
    "UPDATE voucher_decisions SET facts = '{}'",
    "DELETE FROM invoice_claims",
)


@pytest.fixture
def books(market: Market) -> Market:
    """A market with one redeemed and one held voucher."""
    listing = a_listing(market)
    first, second = an_accepted_order(market, listing), an_accepted_order(market, listing)
    redeem(market, hold(market, first), ready_to_redeem(market, first))
    hold(market, second)
    return market


def test_every_account_and_counter_is_counted(books: Market) -> None:
    with books.house.database.reading() as connection:
        report = verify_ledger(connection)
    assert (report.pools, report.firm_years, report.vouchers) == (1, 1, 2)
    # One for the budget, two holds, one redemption.
    assert report.postings == 4


@pytest.mark.parametrize("change", CHANGES)
def test_the_application_may_not_change_what_was_written(books: Market, change: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), books.house.database.writing() as connection:
        connection.execute(text(change))


@pytest.mark.parametrize("change", CHANGES)
def test_not_even_the_owner_changes_it_by_accident(books: Market, owner_url: str, change: str) -> None:
    owner = Database(owner_url)
    with pytest.raises(DBAPIError, match="append-only"), owner.writing() as connection:
        connection.execute(text(change))
    owner.dispose()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE pools SET used = budget + 1",
        "UPDATE firm_years SET used = cap + 1",
        "UPDATE ledger_accounts SET balance = -1",
        "UPDATE vouchers SET amount = base + 1",
    ],
)
def test_no_cap_is_passed_whatever_the_code_does(books: Market, change: str) -> None:
    with pytest.raises(DBAPIError, match="violates check constraint"), books.house.database.writing() as connection:
        connection.execute(text(change))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("UPDATE ledger_accounts SET balance = balance + 1 WHERE account LIKE '%/held'", "ledger_balance_differs"),
        ("UPDATE ledger_accounts SET moves = moves + 1 WHERE account LIKE '%/held'", "ledger_posting_missing"),
        ("UPDATE ledger_accounts SET head = sha256('x') WHERE account LIKE '%/held'", "ledger_posting_missing"),
        ("UPDATE pools SET used = used + 1", "ledger_pool_differs"),
        ("UPDATE firm_years SET used = used - 1", "ledger_firm_year_differs"),
        ("UPDATE firm_years SET base = base - 1", "ledger_firm_year_differs"),
        ("UPDATE vouchers SET amount = amount - 1 WHERE state = 'held'", "ledger_pool_differs"),
        ("UPDATE vouchers SET year = 2027 WHERE state = 'held'", "ledger_firm_year_differs"),
        ("UPDATE vouchers SET state = 'settled' WHERE state = 'redeemed'", "ledger_account_differs"),
        ("UPDATE vouchers SET facts_digest = sha256('x') WHERE state = 'held'", "ledger_decision_missing"),
        (
            "UPDATE vouchers SET state = 'released' WHERE state = 'held'",
            "ledger_pool_differs",
        ),
    ],
)
def test_a_balance_or_voucher_that_was_changed_is_named(books: Market, change: str, code: str) -> None:
    with books.house.database.writing() as connection:
        connection.execute(text(change))
    with pytest.raises(CorruptContentError, match=code), books.house.database.reading() as connection:
        verify_ledger(connection)


def test_who_turns_off_the_wall_is_found_out_by_the_journal(books: Market, owner_url: str) -> None:
    owner = Database(owner_url)
    with owner.writing() as connection:
        connection.execute(text("ALTER TABLE ledger_postings DISABLE TRIGGER append_only"))
        connection.execute(text("UPDATE ledger_postings SET entry_id = (SELECT entry_id FROM ledger_postings LIMIT 1)"))
    with pytest.raises(CorruptContentError, match="ledger_entry_differs"), owner.reading() as connection:
        verify_ledger(connection)
    owner.dispose()


def test_log_time_goes_on_when_the_wall_clock_steps_back(market: Market, clock: FixedClock) -> None:
    """Invariant 15 (clock)."""
    listing = a_listing(market)
    first, second = an_accepted_order(market, listing), an_accepted_order(market, listing)
    clock.advance(timedelta(days=1))
    held = hold(market, first)
    clock.advance(-timedelta(hours=1))
    hold(market, second)
    with market.house.database.reading() as connection:
        verify_ledger(connection)
        log = list(records.log_of_postings(connection))
    subjects = [row[4] for row in log]
    assert subjects.index(held.id) == 1
    times = [row[7] for row in log]
    assert all(before < after for before, after in pairwise(times))


def test_a_hold_that_has_run_out_does_not_come_back_with_the_wall_clock(market: Market, clock: FixedClock) -> None:
    """Invariant 15 (clock): expiry goes by log time."""
    listing = a_listing(market)
    order = an_accepted_order(market, listing)
    held, invoice = hold(market, order), ready_to_redeem(market, order)
    early = clock.now()
    clock.set(held.expires_at)
    other = a_buyer(market.house, market.registrar)
    hold(market, an_accepted_order(market, listing, buyer=other), other)
    clock.set(early)
    with pytest.raises(ConflictError, match="voucher_"):
        redeem(market, held, invoice)
