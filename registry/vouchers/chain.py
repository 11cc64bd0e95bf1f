"""The log of the ledger: how one posting follows another on both of its accounts.

Rules (POLICY §4.3):
* Invariant 7 (immutability): every posting carries a hash over the hashes before it on the account it debits and on
  the one it credits, and over itself. Whoever changes, drops or slips in a posting has to change all that follow, and
  the journal has committed to those.
* Invariant 15 (clock): the log time of an account strictly increases, also when the wall clock steps back; the instant
  a decision was taken at is another field.
* The moves of an account are numbered without gap, so that a posting that is gone is missed.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from registry.values.moment import Moment
from registry.vouchers.model import Posting

NO_HEAD: Final = bytes(32)
"""What stands before the first posting of an account."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)


@dataclass(slots=True)
class AccountHead:
    """Where an account stands in the log. ``logged_us``: log time of its last move in microseconds of the epoch."""

    is_credit: bool
    balance: int = 0
    moves: int = 0
    logged_us: int = -1
    head: bytes = NO_HEAD

    def move(self, *, debited: bool, fen: int) -> None:
        """Add to the balance on one side; whether it may be so is for the caller to look at."""
        self.balance += fen if debited != self.is_credit else -fen


@dataclass(frozen=True, slots=True)
class LoggedPosting:
    """A posting in its place in the log."""

    posting: Posting
    debit_move: int
    credit_move: int
    logged_us: int
    chain: bytes


def microseconds(at: Moment) -> int:
    """Return an instant as whole microseconds of the epoch."""
    return (at.instant - _EPOCH) // _TICK


def moment_of(us: int) -> Moment:
    """Return the instant of microseconds of the epoch."""
    return Moment(_EPOCH + us * _TICK)


# Invariant 7 (immutability).
def link(heads: bytes, *fields: str | int) -> bytes:
    """Return the hash of a posting after ``heads``, those of the debited and of the credited account.

    ``fields`` are its id in 32 hex digits, debit, credit, fen, subject, both moves and the log time in microseconds.
    The migration computes the same in SQL.
    """
    return hashlib.sha256(heads + "|".join(map(str, fields)).encode()).digest()


# Invariant 15 (clock).
def logged(made: Iterable[Posting], heads: Mapping[str, AccountHead]) -> list[LoggedPosting]:
    """Give postings their place after ``heads``, which move with them."""
    placed = []
    for each in made:
        debit, credit = heads[each.debit], heads[each.credit]
        at = max(microseconds(each.posted_at), debit.logged_us + 1, credit.logged_us + 1)
        debit.moves, credit.moves = debit.moves + 1, credit.moves + 1
        chain = link(
            debit.head + credit.head,
            each.id.hex,
            each.debit,
            each.credit,
            each.amount.fen,
            each.subject,
            debit.moves,
            credit.moves,
            at,
        )
        debit.move(debited=True, fen=each.amount.fen)
        credit.move(debited=False, fen=each.amount.fen)
        for account in (debit, credit):
            account.head, account.logged_us = chain, at
        placed.append(LoggedPosting(each, debit.moves, credit.moves, at, chain))
    return placed
