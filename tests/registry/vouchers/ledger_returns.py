"""What comes back in the ledger machine: refunds, recoveries, their cash, and what is paid again after an annulment."""

from registry.exchange import service as exchange
from registry.exchange.commands import VerifyRedLetter
from registry.exchange.model import Verification, VerifyInvoice
from registry.journal.work import Work
from registry.values.identifiers import CaseId, InvoiceId, RecoveryId, VoucherId
from registry.values.money import Money
from registry.vouchers import lessening, receivables, refunds
from registry.vouchers.model import VoucherState
from tests.registry.exchange.builders import a_red_letter
from tests.registry.vouchers.ledger_life import LINE, NOTHING, Life
from tests.registry.vouchers.ledger_model import Recovery, Result, only


class Returns(Life):
    """From the finding to the cash."""

    def do_refund(self) -> str:
        """Let an invoice turn red, claimed or not; what is too much of a paid voucher becomes due."""
        claimed = {v.invoice: key for key, v in self.model.vouchers.items() if v.invoice}
        fitting = [
            each for each in self.invoices
            if each not in self.model.red and (each not in claimed or self._may_be_refunded(claimed[each]))
            and self.invoices[each][0].issued_on <= self.clock.now().civil_day()
        ]  # fmt: skip
        if not fitting:
            return NOTHING
        invoice_id = self.rng.choice(fitting)
        key = claimed.get(invoice_id)
        self.model.red.add(invoice_id)
        if key:
            self.model.vouchers[key].stands = 0
            key = key if self.model.vouchers[key].state == "paid" else None
        allowed = self.model.excess(key) if key else only("due", 0)
        recovery = RecoveryId.new()

        def act(work: Work) -> Result:
            day = max(work.now.civil_day(), self.invoices[invoice_id][0].issued_on)
            exchange.verify_invoice(work, VerifyInvoice(InvoiceId(invoice_id), Verification.RED, day))
            if key is None:
                return "due", 0
            due = refunds.excess_within(work, VoucherId(key), lambda each: Money(max(0, self.model.outstanding(each))))
            return "due", due.fen

        result = self.send(self.market.reviewer, "refund", invoice_id, act, allowed)
        if key and result[1]:
            self._decide(recovery, key, int(result[1]), fault=False)
        return "due" if result[1] else "nothing due"

    def _may_be_refunded(self, key: str) -> bool:
        voucher = self.model.vouchers[key]
        undone = any(r.annulled and r.voucher == key for r in self.model.recoveries.values())
        return voucher.state != "instructed" and not undone

    def do_take_back(self) -> str:
        """Take back a part of what an unpaid voucher claimed, or the rest of it, by a red letter that is looked up."""
        fitting = [
            key for key, v in self.model.vouchers.items()
            if v.state in {"redeemed", "settled", "returned"} and v.stands
            and self.invoices[str(v.invoice)][0].issued_on <= self.clock.now().civil_day()
        ]  # fmt: skip
        if not fitting:
            return NOTHING
        voucher = self.model.vouchers[self.rng.choice(fitting)]
        invoice, left = self.invoices[str(voucher.invoice)][0], min(voucher.stands, voucher.base)
        amount = left if self.rng.random() < 0.2 else self.rng.randint(1, left)
        red = a_red_letter(self.market, invoice, self.market.centre, Money(amount))

        def act(work: Work) -> Result:
            exchange.verify_red_letter(work, VerifyRedLetter(red.id, Verification.VERIFIED, work.now.civil_day()))
            return "taken_back", amount

        self.send(self.market.reviewer, "take_back", red.id, act, only("taken_back", amount))
        voucher.stands = left - amount
        self.taken[voucher.order] = self.taken.get(voucher.order, 0) + amount
        return "taken back"

    def do_lessen(self) -> str:
        """Lessen a claim to what is left of its base, mostly one that lost some."""
        lost = [key for key, v in self.model.vouchers.items()
                if v.state == "redeemed" and v.stands < v.base]  # fmt: skip
        key = self.rng.choice(lost) if lost and self.rng.random() < 0.8 else self._voucher("redeemed")
        if key is None:
            return NOTHING
        voucher = self.model.vouchers[key]

        def act(work: Work) -> Result:
            made = lessening.lessen_within(work, VoucherId(key))
            if made.amount.fen == voucher.amount and made.state is VoucherState.REDEEMED:
                return ("base_lessened",)
            amount = made.amount.fen if made.state is VoucherState.REDEEMED else 0
            return "lessened", min(refunds.certain_base(work, made).fen, voucher.base), amount

        result = self.send(self.market.reviewer, "lessen", key, act, self.model.lessen(key))
        if result[0] not in {"lessened", "base_lessened"}:
            return str(result[0])
        if result[0] == "lessened" and not result[2]:
            voucher.state = "released"
            return "released"
        voucher.base = min(voucher.base, voucher.stands)
        voucher.amount = int(result[2]) if result[0] == "lessened" else voucher.amount
        return str(result[0])

    def do_recover(self) -> str:
        """Decide that some of a paid voucher comes back."""
        fitting = [
            (key, left) for key, v in self.model.vouchers.items()
            if v.state == "paid" and (left := v.amount - self._taken(key)) > 0
        ]  # fmt: skip
        if not fitting:
            return NOTHING
        key, left = self.rng.choice(fitting)
        amount = left if self.rng.random() < 0.5 else self.rng.randint(1, left)
        self._decide(RecoveryId.new(), key, amount, fault=self.rng.random() < 0.2)
        return "decided"

    def _taken(self, key: str) -> int:
        """What recoveries take of a voucher and did not give back to it yet."""
        return sum(r.due + r.got - r.amount_back for r in self.model.recoveries.values() if r.voucher == key)

    def _decide(self, recovery: RecoveryId, key: str, amount: int, *, fault: bool) -> None:
        def act(work: Work) -> Result:
            receivables.open_receivable_within(work, self.at.authority, recovery, Money(amount))
            return "decided", amount

        self.send(self.market.reviewer, "decide", recovery, act, only("decided", amount))
        self.model.recoveries[recovery] = Recovery(key, amount, fault)

    def do_cash(self) -> str:
        """Book cash of a recovery: in the year of the payment, and without fault, it reopens (RULINGS 17)."""
        fitting = [key for key, r in self.model.recoveries.items() if r.due]
        if not fitting:
            return NOTHING
        recovery = RecoveryId(self.rng.choice(fitting))
        r = self.model.recoveries[recovery]
        voucher = self.model.vouchers[r.voucher]
        amount = r.due if self.rng.random() < 0.6 else self.rng.randint(1, r.due)
        back = not r.fault and self.clock.now().civil_day().year == voucher.budget_year
        # Rounded down, so that what is left of the base carries what is left of the amount.
        base_back = voucher.base * amount // voucher.amount if back else 0
        self._number += 1
        number = self._number

        def act(work: Work) -> Result:
            receivables.collect_within(work, recovery, Money(amount))
            if back:
                place = (self.at.authority, voucher.budget_year, LINE)
                receivables.reopen_voucher_within(work, VoucherId(r.voucher), recovery, number, Money(amount))
                receivables.reopen_line_within(work, *place, Money(amount), CaseId(str(voucher.case)))
            return "booked", amount

        self.send(self.market.payer, "cash", f"{recovery} {amount}", act, only("booked", amount))
        r.due, r.got = r.due - amount, r.got + amount
        if back:
            r.amount_back, r.base_back = r.amount_back + amount, r.base_back + base_back
            voucher.amount, voucher.base = voucher.amount - amount, voucher.base - base_back
            self.model.lines[voucher.budget_year][1] -= amount
        return "reopened" if back else "booked"

    def do_annul(self) -> str:
        """Annul a decision: what is due is due no more, what came is owed."""
        fitting = [key for key, r in self.model.recoveries.items() if not r.annulled]
        if not fitting:
            return NOTHING
        recovery = RecoveryId(self.rng.choice(fitting))
        r = self.model.recoveries[recovery]

        def act(work: Work) -> Result:
            receivables.reverse_within(work, recovery, Money(r.due), Money(r.got))
            return "annulled", r.due

        self.send(self.market.reviewer, "annul", recovery, act, only("annulled", r.due))
        r.due, r.annulled = 0, True
        return "annulled"

    def do_pay_back(self) -> str:
        """Pay the party what is owed: pool and firm-year take again what was reopened, where they have it."""
        fitting = [key for key, r in self.model.recoveries.items() if r.annulled and r.got]
        if not fitting:
            return NOTHING
        recovery = RecoveryId(self.rng.choice(fitting))
        r = self.model.recoveries[recovery]
        voucher, year = self.model.vouchers[r.voucher], self.clock.now().civil_day().year
        self._number += 1
        number = self._number

        def act(work: Work) -> Result:
            receivables.retake_voucher_within(work, VoucherId(r.voucher), recovery, number)
            place = (self.at.authority, year, LINE)
            receivables.pay_back_within(work, *place, Money(r.got), recovery, CaseId(str(voucher.case)))
            return "paid_back", r.got

        result = self.send(self.market.payer, "pay_back", recovery, act, self.model.pay_back(r, year))
        if result[0] == "paid_back":
            self.model.lines[year][1] += r.got
            voucher.amount, voucher.base = voucher.amount + r.amount_back, voucher.base + r.base_back
            r.got = r.amount_back = r.base_back = 0
        return str(result[0])
