"""The log of the ledger, without a database: whatever is done to a posting is named."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import CorruptContentError
from registry.journal.model import covered
from registry.values.identifiers import PostingId
from registry.values.moment import Moment
from registry.values.money import Money
from registry.vouchers.chain import AccountHead, LoggedPosting, logged
from registry.vouchers.model import Posting
from registry.vouchers.records import PostingRow
from registry.vouchers.replay import Replay, replayed, verify_covered, verify_heads

NOW = Moment.of_text("2026-03-02T02:00:00Z")
BUDGET, AVAILABLE, HELD, REDEEMED = (f"pool/p/{each}" for each in ("budget", "available", "held", "redeemed"))
ACCOUNTS = {BUDGET: True, AVAILABLE: False, HELD: False, REDEEMED: False}
ENTRY = "0" * 32


def a_posting(debit: str, credit: str, fen: int, subject: str, at: Moment = NOW) -> Posting:
    return Posting(PostingId.new(), debit, credit, Money(fen), subject, at)


def rows_of(placed: list[LoggedPosting]) -> list[PostingRow]:
    return [
        (
            each.posting.id.uuid.hex,
            each.posting.debit,
            each.posting.credit,
            each.posting.amount.fen,
            each.posting.subject,
            each.debit_move,
            each.credit_move,
            each.logged_us,
            each.chain,
            ENTRY,
        )
        for each in placed
    ]


def a_log() -> tuple[list[PostingRow], dict[str, AccountHead]]:
    """Return a budget, two holds, and the redemption of one that releases a part; and where the accounts stand."""
    heads = {name: AccountHead(is_credit) for name, is_credit in ACCOUNTS.items()}
    made = [
        a_posting(AVAILABLE, BUDGET, 1000, "pool"),
        a_posting(HELD, AVAILABLE, 300, "one"),
        a_posting(HELD, AVAILABLE, 200, "two"),
        a_posting(REDEEMED, HELD, 250, "one"),
        a_posting(AVAILABLE, HELD, 50, "one"),
    ]
    return rows_of(logged(made, heads)), heads


def test_a_log_comes_to_the_balances_it_was_made_of() -> None:
    log, heads = a_log()
    found = replayed(ACCOUNTS, log)
    verify_heads(found, heads)
    assert {name: head.balance for name, head in found.heads.items()} == {
        BUDGET: 1000,
        AVAILABLE: 550,
        HELD: 200,
        REDEEMED: 250,
    }
    assert (found.stands["one"].taken, found.stands["one"].account) == (250, REDEEMED)
    assert (found.stands["two"].taken, found.stands["two"].account) == (200, HELD)


Change = Callable[[list[PostingRow]], object]


def put(at: int, field: int, value: object) -> Change:
    """Return a change that writes ``value`` into a field of a posting."""

    def change(log: list[PostingRow]) -> None:
        cells = list(log[at])
        cells[field] = value
        log[at] = tuple(cells)  # type: ignore[assignment]

    return change


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (put(1, 0, "f" * 32), "ledger_posting_changed"),
        (put(1, 3, 299), "ledger_posting_changed"),
        (put(1, 4, "two"), "ledger_posting_changed"),
        (put(4, 7, 2**52), "ledger_posting_changed"),
        (put(3, 8, bytes(32)), "ledger_posting_changed"),
        (put(2, 7, 0), "ledger_time_steps_back"),
        (put(2, 5, 3), "ledger_posting_missing"),
        (put(2, 6, 2), "ledger_posting_missing"),
        (put(2, 1, "pool/other/held"), "ledger_account_missing"),
        (lambda log: log.pop(1), "ledger_posting_missing"),
        (lambda log: log.insert(2, log[1]), "ledger_posting_missing"),
        (lambda log: log.reverse(), "ledger_posting_missing"),
    ],
)
def test_a_log_that_was_changed_is_named(change: Change, code: str) -> None:
    """Invariant 7 (immutability)."""
    log, _ = a_log()
    change(log)
    with pytest.raises(CorruptContentError, match=code):
        replayed(ACCOUNTS, log)


def test_the_last_posting_is_missed_by_the_accounts() -> None:
    log, heads = a_log()
    with pytest.raises(CorruptContentError, match="ledger_balance_differs"):
        verify_heads(replayed(ACCOUNTS, log[:-1]), heads)
    two = a_posting(HELD, AVAILABLE, 5, "x"), a_posting(AVAILABLE, HELD, 5, "x")
    log += rows_of(logged(two, heads))
    with pytest.raises(CorruptContentError, match="ledger_posting_missing"):
        verify_heads(replayed(ACCOUNTS, log[:-2]), heads)


def test_an_account_that_was_overdrawn_for_an_instant_is_named() -> None:
    """Invariant 19 (no negative)."""
    heads = {name: AccountHead(is_credit) for name, is_credit in ACCOUNTS.items()}
    made = [a_posting(HELD, AVAILABLE, 1, "one"), a_posting(AVAILABLE, BUDGET, 1, "pool")]
    with pytest.raises(CorruptContentError, match="ledger_overdrawn"):
        replayed(ACCOUNTS, rows_of(logged(made, heads)))


def test_the_journal_covers_every_posting() -> None:
    log, _ = a_log()
    found = replayed(ACCOUNTS, log)
    chains = [row[8] for row in log]
    verify_covered(found, {ENTRY: (True, covered(reversed(chains)))})
    verify_covered(found, {ENTRY: (False, None)})
    with pytest.raises(CorruptContentError, match="ledger_entry_differs"):
        verify_covered(found, {ENTRY: (True, covered(chains[1:]))})
    with pytest.raises(CorruptContentError, match="ledger_entry_missing"):
        verify_covered(found, {})


@given(st.lists(st.tuples(st.integers(-100_000, 100_000), st.integers(1, 9)), min_size=1, max_size=30))
def test_log_time_strictly_increases_whatever_the_wall_clock_does(steps: list[tuple[int, int]]) -> None:
    """Invariant 15 (clock)."""
    heads = {name: AccountHead(is_credit) for name, is_credit in ACCOUNTS.items()}
    at, made = NOW, [a_posting(AVAILABLE, BUDGET, 10_000, "pool")]
    for seconds, fen in steps:
        at = at.plus(timedelta(seconds=seconds))
        made.append(a_posting(HELD, AVAILABLE, fen, "one", at))
    log = rows_of(logged(made, heads))
    times = [row[7] for row in log]
    assert times == sorted(set(times))
    found: Replay = replayed(ACCOUNTS, log)
    verify_heads(found, heads)
    assert found.stands["one"].taken == sum(fen for _, fen in steps)
    later = replace(made[-1], id=PostingId.new())
    assert logged([later], heads)[0].logged_us > times[-1]
