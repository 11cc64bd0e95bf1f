"""What the database holds after a step, compared with the model and with itself (invariants 1 to 6, 16 and 19)."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import text

from registry.values.identifiers import FirmId, VoucherId
from storage.database import Database
from tests.registry.vouchers.ledger_model import CAP, CLAIMED, COUNTING, Model

_SEEN: Final = text("""
SELECT
 (SELECT jsonb_build_array(budget, used) FROM pools),
 (SELECT jsonb_object_agg(split_part(account, '/', 3), balance) FROM ledger_accounts WHERE account LIKE 'pool/%'),
 (SELECT min(balance) FROM ledger_accounts),
 (SELECT coalesce(jsonb_agg(jsonb_build_array(firm_id, year, base, used, cap)), '[]') FROM firm_years),
 (SELECT coalesce(jsonb_object_agg(id, jsonb_build_array(state, year, base, amount)), '{}') FROM vouchers),
 (SELECT coalesce(jsonb_agg(jsonb_build_array(c.voucher_id, c.invoice_id, c.base, i.net)), '[]')
    FROM invoice_claims c JOIN invoices i ON i.id = c.invoice_id),
 (SELECT coalesce(jsonb_object_agg(budget_year, jsonb_build_array(appropriated, instructed)), '{}')
    FROM appropriations),
 (SELECT coalesce(sum(balance), 0) FROM ledger_accounts WHERE account LIKE 'recovery/%/receivable')
""")
MOVES: Final = {
    "held": {"redeemed", "released", "expired"},
    "redeemed": {"settled", "released"},
    "settled": {"instructed", "redeemed"},
    "instructed": {"paid", "returned"},
    "returned": {"instructed", "redeemed"},
}
"""Written out once more: a table that is compared with itself notices nothing."""


class Books:
    """Reads what the database holds, on a connection of its own."""

    def __init__(self, database: Database) -> None:
        self._connection = database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        self._states: dict[str, str] = {}

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def compare(self, model: Model, firms: Sequence[FirmId]) -> None:
        """Raise AssertionError where the database differs from the model, or breaks an invariant by itself."""
        pool, accounts, least, years, rows, claims, lines, due = self._connection.execute(_SEEN).one()
        vouchers = {VoucherId(f"{VoucherId.prefix}_{key.replace('-', '')}"): row for key, row in rows.items()}
        self._invariants(pool, accounts, least, years, vouchers, claims)
        assert pool == [model.budget, model.used()]
        assert vouchers == {key: [v.state, v.year, v.base, v.amount] for key, v in model.vouchers.items()}
        assert {int(year): each for year, each in lines.items()} == model.lines
        assert int(due) == sum(each.due for each in model.recoveries.values())
        number = {str(firm.uuid): place for place, firm in enumerate(firms)}
        for firm, year, base, used, _ in years:
            assert (base, used) == model.year(number[firm], year), (firm, year)
        reopened = {model.vouchers[each.voucher].firm for each in model.recoveries.values()}
        reopened |= {each.firm for each in model.vouchers.values() if each.stands < 10**12}
        for firm, year, *_ in years:
            # What a recovery or a red letter takes of the base of one purchase may have carried another.
            if number[firm] not in reopened:
                base, had = model.year(number[firm], year, CLAIMED)
                assert had <= min(CAP, base * 3 // 10), "invariant 4 (rate)"

    def _invariants(
        self, pool: Any, accounts: Any, least: int, years: Any, vouchers: dict[VoucherId, Any], claims: Any
    ) -> None:
        budget, used = pool
        states = {name: fen for name, fen in accounts.items() if name not in {"budget", "available"}}
        assert accounts["budget"] == budget == accounts["available"] + sum(states.values()), (
            "invariant 1 (conservation)"
        )
        assert used == sum(states.values()) <= budget, "invariant 2 (pool)"
        assert sum(each[3] for each in years) == used, "invariant 3 (firm-year): firms and pool differ"
        assert all(0 <= each[3] <= each[4] for each in years), "invariant 3 (firm-year)"
        assert len({each[1] for each in claims}) == len({each[0] for each in claims}) == len(claims), "invariant 5"
        assert all(base <= net for *_, base, net in claims), "invariant 5 (invoice)"
        claiming = {VoucherId(f"{VoucherId.prefix}_{key.replace('-', '')}") for key, *_ in claims}
        # One that was lessened to nothing is released and keeps its claim.
        assert {key for key, row in vouchers.items() if row[0] in CLAIMED} <= claiming, "invariant 5 (invoice)"
        assert {vouchers[key][0] for key in claiming} <= CLAIMED | {"released"}, "invariant 5 (invoice)"
        for key, (state, *_) in vouchers.items():
            before = self._states.get(key, "held")
            assert state == before or state in MOVES.get(before, set()), (
                "invariant 6 (resolution)",
                key,
                before,
                state,
            )
            self._states[key] = state
        assert all(0 <= row[3] <= row[2] for row in vouchers.values() if row[0] in COUNTING), "invariant 16 (rounding)"
        assert least >= 0, "invariant 19 (no negative)"
