"""The ledger made again from its log: balances, states of vouchers and the journal entries that cover each posting.

Nothing that is kept beside the log is trusted (POLICY §4.3, invariant 20, replay): the log is gone through once, in the
order of its log time, and must

* number the moves of each account without gap, with log times that strictly increase (invariant 15, clock);
* carry hashes that follow from one another (invariant 7, immutability);
* overdraw no account at any instant (invariant 19, no negative);
* be committed to by the journal, posting by posting;
* end in the balances, moves and hashes that the accounts show.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from registry.errors import CorruptContentError
from registry.journal.model import covered
from registry.vouchers import records
from registry.vouchers.chain import AccountHead, link
from registry.vouchers.records import PostingRow
from storage.database import Connection

_POOL: Final = "pool/"
_AVAILABLE: Final = "/available"


@dataclass(slots=True)
class Stand:
    """What the log says of one voucher: fen taken out of what its pool has available, and where they lie."""

    taken: int = 0
    account: str = ""

    def move(self, debit: str, fen: int, *, takes: bool, gives_back: bool) -> None:
        """Note what a posting means for the voucher it is for."""
        if takes:
            self.taken += fen
        if gives_back:
            self.taken -= fen
            # Of a hold that is redeemed in part the rest goes back; where the whole went back, nothing lies anywhere.
            if self.taken:
                return
        self.account = debit


@dataclass(slots=True)
class Replay:
    """What a log comes to."""

    heads: dict[str, AccountHead]
    stands: dict[str, Stand] = field(default_factory=dict)
    chains: dict[str, list[bytes]] = field(default_factory=dict)
    postings: int = 0


# Invariant 20 (replay).
def replayed(accounts: Mapping[str, bool], log: Iterable[PostingRow]) -> Replay:
    """Go through a log; ``accounts`` says of each account whether it is a credit account. Pure.

    Raises:
        CorruptContentError: Names the first posting that is not as it was written, or what it breaks.
    """
    found = Replay({name: AccountHead(is_credit) for name, is_credit in accounts.items()})
    heads, stands, chains = found.heads, found.stands, found.chains
    # Looked up, not asked of each name again: there are few accounts and many postings.
    of_pools = {name for name in accounts if name.startswith(_POOL)}
    available = {name for name in of_pools if name.endswith(_AVAILABLE)}
    for posting, debit, credit, fen, subject, debit_move, credit_move, logged_us, chain, entry in log:
        debited, credited = heads.get(debit), heads.get(credit)
        if debited is None or credited is None:
            raise CorruptContentError("ledger_account_missing", subject=subject)
        if debit_move != debited.moves + 1 or credit_move != credited.moves + 1:
            raise CorruptContentError("ledger_posting_missing", posting=f"post_{posting}", account=debit)
        if logged_us <= debited.logged_us or logged_us <= credited.logged_us:
            raise CorruptContentError("ledger_time_steps_back", posting=f"post_{posting}")
        before = debited.head + credited.head
        if chain != link(before, posting, debit, credit, fen, subject, debit_move, credit_move, logged_us):
            raise CorruptContentError("ledger_posting_changed", posting=f"post_{posting}")
        debited.move(debited=True, fen=fen)
        credited.move(debited=False, fen=fen)
        if debited.balance < 0 or credited.balance < 0:
            raise CorruptContentError("ledger_overdrawn", posting=f"post_{posting}")
        debited.moves, credited.moves = debit_move, credit_move
        debited.head = credited.head = chain
        debited.logged_us = credited.logged_us = logged_us
        if debit in of_pools:
            stand = stands.get(subject)
            if stand is None:
                stand = stands[subject] = Stand()
            stand.move(debit, fen, takes=credit in available, gives_back=debit in available)
        if entry is not None:
            chains.setdefault(entry, []).append(chain)
        found.postings += 1
    return found


def verify_heads(found: Replay, shown: Mapping[str, AccountHead]) -> None:
    """Compare what the log comes to with what the accounts show.

    Raises:
        CorruptContentError: Names the first account that differs.
    """
    for name, head in found.heads.items():
        said = shown[name]
        if said.balance != head.balance:
            raise CorruptContentError("ledger_balance_differs", account=name, balance=f"{said.balance} fen")
        if (said.moves, said.logged_us, said.head) != (head.moves, head.logged_us, head.head):
            raise CorruptContentError("ledger_posting_missing", posting="", account=name)


def verify_covered(found: Replay, entries: Mapping[str, tuple[bool, str | None]]) -> None:
    """Compare the log with what the journal committed to; an opening that was erased says nothing any more.

    Raises:
        CorruptContentError: Names the journal entry that is missing, or commits to other postings.
    """
    for entry, chains in found.chains.items():
        known = entries.get(entry)
        if known is None:
            raise CorruptContentError("ledger_entry_missing", entry=f"ent_{entry}")
        _, committed = known
        if committed is not None and committed != covered(chains):
            raise CorruptContentError("ledger_entry_differs", entry=f"ent_{entry}")


def replay(connection: Connection) -> Replay:
    """Make the ledger of a database again and compare it with accounts and journal. Raises CorruptContentError."""
    shown = records.account_heads(connection)
    found = replayed({name: head.is_credit for name, head in shown.items()}, records.log_of_postings(connection))
    verify_heads(found, shown)
    verify_covered(found, records.covering_entries(connection))
    return found
