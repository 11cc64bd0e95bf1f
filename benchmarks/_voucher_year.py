"""A year of a province: claims that were held and redeemed, with every row the real code would have written.

Postings get their places and hashes from ``vouchers.chain``, commitments from the journal's model, digests from the
facts of a real hold with amounts of their own. Rows are loaded by COPY.
"""

import os
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
import psycopg.types.json

from benchmarks._voucher_market import Place
from registry.journal.model import ENTRY_FORMAT_VERSION, SALT_BYTES, Opening, commitment_of, covered
from registry.values.digest import Digest
from registry.values.identifiers import EntryId, FirmId, InvoiceId, OrderId, PoolId, PostingId, VoucherId
from registry.values.moment import Moment, SystemClock
from registry.values.money import Money
from registry.vouchers.chain import NO_HEAD, AccountHead, LoggedPosting, logged, moment_of
from registry.vouchers.ledger import account_of_pool
from registry.vouchers.model import Account, Posting

POOLS: Final = 20
FIRMS: Final = 10_000
AT_ONCE: Final = 20_000
SEED: Final = 20260302
RATE_BP: Final = 3_000

_COLUMNS: Final[Mapping[str, str]] = {
    "pools": "id, authority_id, document, name, budget, used, opened_at",
    "ledger_accounts": "account, authority_id, is_credit, balance, moves, moved_at, head",
    "firm_years": 'authority_id, firm_id, "group", year, cap, base, used',
    "vouchers": 'id, authority_id, pool_id, instrument, "group", firm_id, order_id, state, year, base, amount, '
    "invoice_id, event_on, revision, facts_digest, held_at, expires_at",
    "voucher_decisions": "voucher_id, step, decided_at, revision, facts_digest, facts",
    "invoice_claims": "invoice_id, voucher_id, base",
    "ledger_postings": "id, debit, credit, amount, subject, posted_at, logged_at, debit_move, credit_move, chain, "
    "entry_id",
    "journal_entries": "id, decided_at, type, format_version, subject, role, commitment",
    "journal_openings": "entry_id, salt, payload",
}


@dataclass(slots=True)
class _Pool:
    """A pool while it is written: its accounts, and what is used."""

    id: PoolId
    budget: int
    heads: dict[str, AccountHead] = field(default_factory=dict)
    used: int = 0

    def account(self, which: Account) -> str:
        return account_of_pool(self.id, which)


class Year:
    """Writes claims into an installation whose market has held one voucher."""

    def __init__(self, place: Place, facts: dict[str, Any], revision: Digest) -> None:
        """Prepare; ``facts`` and ``revision`` are those of the real hold."""
        self._authority = place.market.authority
        self._facts, self._revision = facts, revision
        self._now: Moment = SystemClock().now()
        self._random = random.Random(SEED)
        self._rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in _COLUMNS}
        self._years: dict[FirmId, tuple[int, int]] = {}
        self._firms = [FirmId.new() for _ in range(FIRMS)]
        self.postings = 0

    def write(self, connection: psycopg.Connection[Any], claims: int) -> None:
        """Write ``claims`` claims with everything that belongs to them."""
        connection.execute("SET session_replication_role = replica")
        pools = [self._open(claims) for _ in range(POOLS)]
        for number in range(claims):
            self._claim(pools[number % POOLS])
            if number % AT_ONCE == AT_ONCE - 1:
                self._flush(connection)
        for pool in pools:
            self._close(pool)
        year = self._now.civil_day().year
        for firm, (base, used) in self._years.items():
            cap = max(used, 50_000_000)
            self._rows["firm_years"].append((self._authority.uuid, firm.uuid, "bench", year, cap, base, used))
        self._flush(connection)
        connection.execute("SET session_replication_role = origin")
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM (ANALYZE) ledger_postings, vouchers, voucher_decisions, journal_openings")

    def _open(self, claims: int) -> _Pool:
        pool = _Pool(PoolId.new(), (claims // POOLS + 1) * 300_000)
        pool.heads = {pool.account(each): AccountHead(each is Account.BUDGET) for each in Account}
        self._post(pool, [(Account.AVAILABLE, Account.BUDGET, pool.budget)], pool.id, "vouchers.pool_opened")
        return pool

    def _claim(self, pool: _Pool) -> None:
        base = self._random.randrange(100_000, 1_000_000)
        amount, part = base * RATE_BP // 10_000, self._random.randrange(4)
        redeemed, base_redeemed = (amount, base) if part else (amount // 2, base // 2)
        voucher, order, firm = VoucherId.new(), OrderId.new(), self._random.choice(self._firms)
        at, year = self._now.instant, self._now.civil_day().year
        for step, of_base, of_amount in (("held", base, amount), ("redeemed", base_redeemed, redeemed)):
            facts = self._facts | {
                "order": self._facts["order"] | {"id": str(order), "buyer": str(firm), "net_fen": base},
                "amounts": self._facts["amounts"] | {"year": year, "base_fen": of_base, "amount_fen": of_amount},
            }
            digest = Digest.of_json(facts)
            row = (voucher.uuid, step, at, self._revision.raw, digest.raw, psycopg.types.json.Jsonb(facts))
            self._rows["voucher_decisions"].append(row)
        self._post(pool, [(Account.HELD, Account.AVAILABLE, amount)], voucher, "vouchers.voucher_held")
        moves = [(Account.REDEEMED, Account.HELD, redeemed), (Account.AVAILABLE, Account.HELD, amount - redeemed)]
        self._post(pool, moves, voucher, "vouchers.voucher_redeemed")
        invoice = InvoiceId.new()
        self._rows["invoice_claims"].append((invoice.uuid, voucher.uuid, base_redeemed))
        self._rows["vouchers"].append(
            (
                *(voucher.uuid, self._authority.uuid, pool.id.uuid, "yz-4-compute", "bench", firm.uuid, order.uuid),
                *("redeemed", year, base_redeemed, redeemed, invoice.uuid, self._now.civil_day()),
                *(self._revision.raw, digest.raw, at, at),
            )
        )
        pool.used += redeemed
        before = self._years.get(firm, (0, 0))
        self._years[firm] = (before[0] + base_redeemed, before[1] + redeemed)

    def _post(
        self, pool: _Pool, moves: list[tuple[Account, Account, int]], subject: PoolId | VoucherId, entry_type: str
    ) -> None:
        entry = EntryId.new()
        made = [
            Posting(PostingId.new(), pool.account(debit), pool.account(credit), Money(fen), subject, self._now)
            for debit, credit, fen in moves
            if fen
        ]
        placed: list[LoggedPosting] = logged(made, pool.heads)
        for each in placed:
            one = each.posting
            self._rows["ledger_postings"].append(
                (
                    *(one.id.uuid, one.debit, one.credit, one.amount.fen, str(one.subject), self._now.instant),
                    *(moment_of(each.logged_us).instant, each.debit_move, each.credit_move, each.chain, entry.uuid),
                )
            )
        self.postings += len(placed)
        opening = Opening(os.urandom(SALT_BYTES), {"ledger": covered([each.chain for each in placed])})
        self._rows["journal_entries"].append(
            (
                *(entry.uuid, self._now.instant, entry_type, ENTRY_FORMAT_VERSION, str(subject), "owner"),
                commitment_of(opening),
            )
        )
        self._rows["journal_openings"].append((entry.uuid, opening.salt, psycopg.types.json.Jsonb(opening.payload)))

    def _close(self, pool: _Pool) -> None:
        at = self._now.instant
        self._rows["pools"].append(
            (pool.id.uuid, self._authority.uuid, "bench", str(pool.id), pool.budget, pool.used, at)
        )
        for name, head in pool.heads.items():
            moved = moment_of(head.logged_us).instant if head.moves else None
            row = (name, self._authority.uuid, head.is_credit, head.balance, head.moves, moved, head.head or NO_HEAD)
            self._rows["ledger_accounts"].append(row)

    def _flush(self, connection: psycopg.Connection[Any]) -> None:
        with connection.cursor() as cursor:
            for name, rows in self._rows.items():
                with cursor.copy(f"COPY {name} ({_COLUMNS[name]}) FROM STDIN".encode()) as copy:
                    for row in rows:
                        copy.write_row(row)
                rows.clear()
