"""What the ledger of vouchers may answer: a pure model that says of each step the set of results it allows.

Figures are whole fen. A result is a tuple that begins with a word: what was done, with its figures, or the code of a
refusal. Where several things stand in the way, any of them may be named: which is looked at first is no promise.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from registry.values.moment import Moment

CAP: Final = 50_000_000
LIFE: Final = timedelta(days=90)
DUE_AT_ONCE: Final = 20
CLAIMED: Final = frozenset({"redeemed", "settled", "instructed", "paid", "returned"})
COUNTING: Final = CLAIMED | {"held"}
Result = tuple[str | int, ...]
Allowed = frozenset[Result]


def only(*result: str | int) -> Allowed:
    return frozenset({result})


@dataclass
class Voucher:
    firm: int
    order: str
    year: int
    base: int
    amount: int
    expires: Moment
    state: str = "held"
    case: str | None = None
    invoice: str | None = None
    budget_year: int = 0


@dataclass
class Recovery:
    voucher: str
    due: int
    fault: bool
    got: int = 0
    base_back: int = 0
    amount_back: int = 0
    annulled: bool = False


@dataclass
class Model:
    budget: int
    lapses: Moment
    vouchers: dict[str, Voucher] = field(default_factory=dict)
    recoveries: dict[str, Recovery] = field(default_factory=dict)
    past: list[tuple[int, int, int, int]] = field(default_factory=list)  # firm, year, base, amount
    lines: dict[int, list[int]] = field(default_factory=dict)  # by budget year: granted, instructed
    red: set[str] = field(default_factory=set)
    latest: Moment | None = None  # the latest instant anything was posted at

    def used(self) -> int:
        return sum(v.amount for v in self.vouchers.values() if v.state in COUNTING) + sum(p[3] for p in self.past)

    def year(
        self, firm: int, year: int, states: frozenset[str] = COUNTING, but: tuple[str, ...] = ()
    ) -> tuple[int, int]:
        found = [(v.base, v.amount) for key, v in self.vouchers.items()
                 if (v.firm, v.year) == (firm, year) and v.state in states and key not in but]  # fmt: skip
        found += [(p[2], p[3]) for p in self.past if p[:2] == (firm, year)]
        return sum(each[0] for each in found), sum(each[1] for each in found)

    def share(self, base: int, so_far: tuple[int, int]) -> int:
        """RULINGS 16: the lesser of cap and 30%, floored once, less what was had; never more than the purchase."""
        return min(base, max(0, min(CAP, (so_far[0] + base) * 3 // 10) - so_far[1]))

    def due(self, now: Moment) -> list[str]:
        return sorted(key for key, v in self.vouchers.items() if v.state == "held" and v.expires <= now)

    def quote(self, firm: int, net: int, now: Moment) -> Allowed:
        year = now.civil_day().year
        return only("quoted", min(self.share(net, self.year(firm, year)), self.budget - self.used()), year)

    def cleared(self, order: str, now: Moment) -> tuple[str, ...]:
        due = self.due(now)
        return *due[:DUE_AT_ONCE], *(key for key in due[DUE_AT_ONCE:] if self.vouchers[key].order == order)

    def hold(self, firm: int, order: str, net: int, now: Moment) -> Allowed:
        gone, year = self.cleared(order, now), now.civil_day().year
        if any(v.order == order and v.state in COUNTING and key not in gone for key, v in self.vouchers.items()):
            return only("voucher_refused")
        left = self.budget - self.used() + sum(self.vouchers[key].amount for key in gone)
        amount = min(self.share(net, self.year(firm, year, but=gone)), left)
        return only("held", amount, year) if amount else only("nothing_to_hold")

    def redeem(self, key: str, invoice: str, net: int, year: int, now: Moment) -> Allowed:
        voucher, wrong = self.vouchers[key], set[Result]()
        had = (self.year(voucher.firm, year, each, (key,)) for each in (COUNTING, CLAIMED))
        amount = min(voucher.amount, *(self.share(net, each) for each in had))
        if any(v.invoice == invoice for v in self.vouchers.values()):
            wrong.add(("invoice_already_claimed",))
        if voucher.state != "held":
            wrong.add(("voucher_wrong_state",))
        elif max(now, self.latest or now) >= voucher.expires:
            wrong.add(("voucher_expired",))
        if invoice in self.red:
            wrong.add(("voucher_refused",))
        if not amount:
            wrong.add(("nothing_to_redeem",))
        found = wrong or {("redeemed", amount, voucher.amount - amount, year)}
        # Postings are logged some microseconds late: a hold that is about to run out may have run out.
        if voucher.state == "held" and max(now, self.latest or now).plus(timedelta(microseconds=50)) >= voucher.expires:
            found.add(("voucher_expired",))
        return frozenset(found)

    def move(self, key: str, to: str, before: frozenset[str], *, line: int | None = None) -> Allowed:
        voucher, wrong = self.vouchers[key], set[Result]()
        if voucher.state not in before:
            wrong.add(("voucher_wrong_state",))
        if line is not None and voucher.amount > self.left(line):
            wrong.add(("instruction_refused",))
        return frozenset(wrong or {(to, voucher.amount)})

    def left(self, line: int) -> int:
        return self.lines.get(line, [0, 0])[0] - self.lines.get(line, [0, 0])[1]

    def outstanding(self, key: str) -> int:
        return sum(r.due + r.got - r.amount_back for r in self.recoveries.values() if r.voucher == key)

    def excess(self, key: str) -> Allowed:
        """RULINGS 16: what of a refunded voucher the other purchases of its year do not carry."""
        voucher = self.vouchers[key]
        base, had = (sum(p[each] for p in self.past if p[:2] == (voucher.firm, voucher.year)) for each in (2, 3))
        for other, v in self.vouchers.items():
            if (v.firm, v.year) == (voucher.firm, voucher.year) and v.state in CLAIMED:
                undone = v.invoice in self.red
                base += 0 if undone else v.base
                had += max(0, v.amount - self.outstanding(other)) if not undone or v.state == "paid" else 0
        left = max(0, voucher.amount - self.outstanding(key))
        return only("due", min(left, max(0, had - min(CAP, base * 3 // 10))))

    def pay_back(self, recovery: Recovery, line: int) -> Allowed:
        voucher, wrong = self.vouchers[recovery.voucher], set[Result]()
        full = recovery.amount_back > CAP - self.year(voucher.firm, voucher.year)[1]
        if full or recovery.amount_back > self.budget - self.used():
            wrong.add(("pay_back_refused",))
        if recovery.got > self.left(line):
            wrong.add(("instruction_refused",))
        return frozenset(wrong or {("paid_back", recovery.got)})
