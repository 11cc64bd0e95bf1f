"""What firms and the office do in the ledger machine: each step in the registry's use cases and in the model."""

from collections.abc import Callable

from registry.journal.work import Work
from registry.values.digest import Digest
from registry.values.identifiers import CaseId, InvoiceId, OpeningId, OrderId, VoucherId
from registry.values.money import Money
from registry.vouchers import opening, service
from registry.vouchers.model import Appropriate, RedeemVoucher
from tests.registry.exchange.builders import ask
from tests.registry.vouchers.ledger_life import FIRMS, LINE, NOTHING, STATES, Life
from tests.registry.vouchers.ledger_model import CAP, LIFE, Result, Voucher, only
from tests.registry.vouchers.test_opening import HEADING, uscc_of


class Steps(Life):
    """From the quote to the bank."""

    # Steps of a firm.

    def do_quote(self) -> str:
        """Ask what an order would get."""
        order, firm = self.orders[self._order(free=False)]
        found = ask(self.market.house, self.at.buyers[firm], lambda view: service.quote(view, OrderId(order.id)))
        assert ("quoted", found.amount.fen, found.year) in self.model.quote(firm, self._price(order), self.clock.now())
        return "quoted"

    def do_hold(self) -> str:
        """Hold for an order."""
        order, firm = self.orders[self._order(free=False)]
        now, made = self.clock.now(), list[str]()

        def act(work: Work) -> Result:
            held = service.hold(work, OrderId(order.id))
            made.append(str(held.id))
            return "held", held.amount.fen, held.year

        allowed = self.model.hold(firm, order.id, self._price(order), now)
        gone = self.model.cleared(order.id, now)
        result = self.send(self.at.buyers[firm], "hold", order.id, act, allowed)
        if result[0] == "held":
            for key in gone:
                self.model.vouchers[key].state = "expired"
            expires = min(now.plus(LIFE), self.model.lapses)
            self.model.vouchers[made[-1]] = Voucher(
                firm, order.id, int(result[2]), self._price(order), int(result[1]), expires
            )
        return str(result[0])

    def do_release(self) -> str:
        """Give a hold back."""
        if (key := self._voucher("held")) is None:
            return NOTHING
        voucher = self.model.vouchers[key]

        def act(work: Work) -> Result:
            return "released", service.release(work, VoucherId(key)).amount.fen

        allowed = self.model.move(key, "released", frozenset({"held"}))
        return self._moved(key, self.send(self.at.buyers[voucher.firm], "release", key, act, allowed))

    def do_redeem(self) -> str:
        """Redeem on an invoice of the order, now and then on one that is claimed."""
        if (key := self._voucher("held")) is None:
            return NOTHING
        voucher = self.model.vouchers[key]
        invoice_id = self._invoice(voucher.order)
        invoice, year, _ = self.invoices[invoice_id]

        def act(work: Work) -> Result:
            command = RedeemVoucher(VoucherId(key), InvoiceId(invoice_id), self.at.payees[voucher.firm])
            made = service.redeem(work, self.market.house.secret, command)
            return "redeemed", made.amount.fen, voucher.amount - made.amount.fen, made.year

        allowed = self.model.redeem(key, invoice_id, invoice.net.fen, year, self.clock.now())
        result = self.send(self.at.buyers[voucher.firm], "redeem", f"{key} {invoice_id}", act, allowed)
        if result[0] == "redeemed":
            voucher.state, voucher.invoice, voucher.base = "redeemed", invoice_id, invoice.net.fen
            voucher.amount, voucher.year = int(result[1]), year
        return str(result[0])

    def do_expire(self) -> str:
        """Let the worker expire what has run out."""
        due = self.model.due(self.clock.now())
        assert service.expire_due(self.market.house.database, self.clock) == len(due)
        for key in due:
            self.model.vouchers[key].state = "expired"
        if due and (self.model.latest is None or self.clock.now() > self.model.latest):
            self.model.latest = self.clock.now()
        return "expired" if due else "nothing due"

    # Steps of the office.

    def _moved(self, key: str, result: Result) -> str:
        if result[0] in STATES:
            self.model.vouchers[key].state = str(result[0])
        return str(result[0])

    def _officer_moves(self, to: str, before: str, act: Callable[[Work, VoucherId, CaseId], object]) -> str:
        """Move a voucher as an officer does; ``act`` gets the work, the voucher and the case it goes or stays in."""
        if (key := self._voucher(*before.split())) is None:
            return NOTHING
        case = CaseId(self.model.vouchers[key].case or CaseId.new())

        def run(work: Work) -> Result:
            act(work, VoucherId(key), case)
            return to, self.model.vouchers[key].amount

        line = self.clock.now().civil_day().year if to == "instructed" else None
        allowed = self.model.move(key, to, frozenset(before.split()), line=line)
        result = self.send(self.market.payer, to, key, run, allowed)
        if result[0] == to:
            self.model.vouchers[key].case = None if to == "redeemed" else case
        return self._moved(key, result)

    def do_settle(self) -> str:
        """Put a redeemed voucher into a batch."""
        return self._officer_moves(
            "settled", "redeemed", lambda work, key, case: service.settle_within(work, [key], case)
        )

    def do_unsettle(self) -> str:
        """Take one out of its batch."""
        return self._officer_moves(
            "redeemed", "settled returned", lambda work, key, _: service.unsettle_within(work, [key])
        )

    def do_instruct(self) -> str:
        """Instruct the bank, from the line of this year."""
        year = self.clock.now().civil_day().year

        def act(work: Work, key: VoucherId, case: CaseId) -> None:
            amount = Money(self.model.vouchers[key].amount)
            # Where there is nothing to pay the state says so; the line is not asked.
            service.mark_instructed_within(work, [key], case)
            service.instruct_within(work, self.at.authority, year, LINE, amount, case)
            told.append(key)

        told: list[str] = []
        said = self._officer_moves("instructed", "settled returned", act)
        if said == "instructed":
            voucher = self.model.vouchers[told[-1]]
            voucher.budget_year = year
            self.model.lines[year][1] += voucher.amount
        return said

    def do_pay(self) -> str:
        """Record that the bank paid."""

        def act(work: Work, key: VoucherId, case: CaseId) -> None:
            service.mark_paid_within(work, [key], case)
            voucher = self.model.vouchers[key]
            place = (self.at.authority, voucher.budget_year, LINE)
            service.appropriation_paid_within(work, *place, Money(voucher.amount), case)

        return self._officer_moves("paid", "instructed", act)

    def do_return(self) -> str:
        """Record that the bank sent the payment back."""

        def act(work: Work, key: VoucherId, case: CaseId) -> None:
            service.mark_returned_within(work, [key], case)
            voucher = self.model.vouchers[key]
            place = (self.at.authority, voucher.budget_year, LINE)
            service.appropriation_returned_within(work, *place, Money(voucher.amount), case)
            told.append(key)

        told: list[str] = []
        said = self._officer_moves("returned", "instructed", act)
        if said == "returned":
            voucher = self.model.vouchers[told[-1]]
            self.model.lines[voucher.budget_year][1] -= voucher.amount
        return said

    def do_appropriate(self) -> str:
        """Appropriate money to the line of this year."""
        year, amount = self.clock.now().civil_day().year, self.rng.randint(1, 40_000_000)

        def act(work: Work) -> Result:
            service.appropriate(work, Appropriate(year, LINE, Money(amount), f"N-{self._number}"))
            return "appropriated", amount

        self.send(self.market.payer, "appropriate", f"{year} {amount}", act, only("appropriated", amount))
        self.model.lines.setdefault(year, [0, 0])[0] += amount
        return "appropriated"

    def do_open(self) -> str:
        """Open the books with what was paid before, by two officers; a second time they are open."""
        places = [(firm, year) for firm in range(FIRMS) for year in (2026, 2027)]
        bases = [(*place, self.rng.randint(4, 90_000_000)) for place in self.rng.sample(places, self.rng.randint(1, 3))]
        used = [(firm, year, base, base * 3 // 10) for firm, year, base in bases]
        text = HEADING + "".join(
            f"yz-4,,{uscc_of(self.market, self.at.buyers[firm])},{year},{_yuan(base)},{_yuan(amount)},\n"
            for firm, year, base, amount in used
        )
        proposed: list[tuple[OpeningId, Digest]] = []

        def propose(work: Work) -> Result:
            made = opening.propose(work, text.encode()).opening
            proposed.append((made.id, made.digest))
            return ("proposed",)

        again = only("ledger_opened_already")
        self.send(self.market.registrar, "propose", text, propose, again if self.opened else only("proposed"))
        if self.opened:
            return "ledger_opened_already"

        def confirm(work: Work) -> Result:
            opening.confirm(work, *proposed[-1])
            return ("opened",)

        fits = self._fit(used)
        allowed = only("opened") if fits else only("opening_refused")
        result = self.send(self.market.payer, "confirm", text, confirm, allowed)
        if result[0] == "opened":
            self.opened, self.model.past = True, used
        return str(result[0])

    def _fit(self, used: list[tuple[int, int, int, int]]) -> bool:
        for firm, year, _, _ in used:
            more = sum(each[3] for each in used if each[:2] == (firm, year))
            if self.model.year(firm, year)[1] + more > CAP:
                return False
        return self.model.used() + sum(each[3] for each in used) <= self.model.budget


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
