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


def refused(**wrong: bool) -> set[Result]:
    return {(code,) for code, stands in wrong.items() if stands}


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
    stands: int = 10**12  # what of its base is left, where its invoice lost some


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

    def year(self, firm: int, year: int, of: frozenset[str] = COUNTING, but: tuple[str, ...] = ()) -> tuple[int, int]:
        found = [(v.base, v.amount) for key, v in self.vouchers.items()
                 if (v.firm, v.year) == (firm, year) and v.state in of and key not in but]  # fmt: skip
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

    def claim(self, key: str, base: int, year: int) -> int:
        had = (self.year(self.vouchers[key].firm, year, each, (key,)) for each in (COUNTING, CLAIMED))
        return min(self.vouchers[key].amount, *(self.share(base, each) for each in had))

    def lessen(self, key: str) -> Allowed:
        """RULINGS 16: what the redemption would give on the base that is left."""
        voucher, base = self.vouchers[key], min(self.vouchers[key].base, self.vouchers[key].stands)
        if voucher.state != "redeemed":
            return only(f"claim_{voucher.state}" if voucher.state in CLAIMED else "voucher_wrong_state")
        amount = self.claim(key, base, voucher.year)
        done = "nothing_to_lessen" if base == voucher.base else "base_lessened"
        return only("lessened", base, amount) if amount < voucher.amount else only(done)

    def redeem(self, key: str, invoice: str, net: int, year: int, now: Moment) -> Allowed:
        voucher, amount, at = self.vouchers[key], self.claim(key, net, year), max(now, self.latest or now)
        held, claimed = voucher.state == "held", any(v.invoice == invoice for v in self.vouchers.values())
        wrong = refused(
            invoice_already_claimed=claimed, voucher_refused=invoice in self.red, nothing_to_redeem=not amount,
            voucher_wrong_state=not held, voucher_expired=held and at >= voucher.expires)  # fmt: skip
        # Postings are logged some microseconds late: a hold that is about to run out may have run out.
        late = refused(voucher_expired=held and at.plus(timedelta(microseconds=50)) >= voucher.expires)
        return frozenset(late | (wrong or {("redeemed", amount, voucher.amount - amount, year)}))

    def move(self, key: str, to: str, before: frozenset[str], *, line: int | None = None) -> Allowed:
        voucher, amount = self.vouchers[key], self.vouchers[key].amount
        short = line is not None and amount > self.left(line)
        wrong = refused(voucher_wrong_state=voucher.state not in before, instruction_refused=short)
        return frozenset(wrong or {(to, amount)})

    def left(self, line: int) -> int:
        return self.lines.get(line, [0, 0])[0] - self.lines.get(line, [0, 0])[1]

    def outstanding(self, key: str) -> int:
        return sum(r.due + r.got - r.amount_back for r in self.recoveries.values() if r.voucher == key)

    def excess(self, key: str) -> Allowed:
        """RULINGS 16: what of a refunded voucher the other purchases of its year do not carry."""
        voucher = self.vouchers[key]
        base, had = (sum(p[each] for p in self.past if p[:2] == (voucher.firm, voucher.year)) for each in (2, 3))
        for other, v in self.vouchers.items():
            counts = v.state == "paid" or (v.state in CLAIMED and v.stands >= v.base)
            if counts and (v.firm, v.year) == (voucher.firm, voucher.year):
                base, had = base + min(v.base, v.stands), had + max(0, v.amount - self.outstanding(other))
        left = max(0, voucher.amount - self.outstanding(key))
        return only("due", min(left, max(0, had - min(CAP, base * 3 // 10))))

    def pay_back(self, r: Recovery, line: int) -> Allowed:
        voucher = self.vouchers[r.voucher]
        left = min(CAP - self.year(voucher.firm, voucher.year)[1], self.budget - self.used())
        wrong = refused(pay_back_refused=r.amount_back > left, instruction_refused=r.got > self.left(line))
        return frozenset(wrong or {("paid_back", r.got)})
