"""December, January, February: which year a purchase counts in by each date rule, and where its refund restores.

Every order of contract ≤ invoice, payment ≤ claim ≤ refund over three months, written out (RULINGS 15, 17). Finance
pays in the month of the claim.
"""

from datetime import date
from typing import NamedTuple

import pytest

from registry.actors.model import Actor
from registry.aftercare.recovery_model import RecoveryGround
from registry.aftercare.recovery_rules import reopens
from registry.exchange.model import Order
from registry.journal.work import Work
from registry.policy import service as policy
from registry.policy.activation import EnterRuling
from registry.policy.rules import FirmYearRule, firm_year
from registry.values.identifiers import CaseId, InvoiceId, OrderId, RecoveryId, VoucherId
from registry.values.money import Money
from registry.vouchers import receivables, service
from registry.vouchers.ledger import verify_ledger
from registry.vouchers.model import Appropriate, RedeemVoucher, Voucher
from tests.conftest import FixedClock
from tests.registry.exchange.builders import DOCUMENT, Market, a_listing, ask, do, firm_of
from tests.registry.vouchers.counter import a_paid_invoice, an_order, buyers_of, payees_of

MONTHS = {"D": date(2026, 12, 20), "J": date(2027, 1, 20), "F": date(2027, 2, 20)}
RULES = (FirmYearRule.LATER, FirmYearRule.INVOICE, FirmYearRule.PAYMENT)
ROUTES = """
  contract, invoice, payment, claim, refund | year by the later date, the invoice, the payment | year that is restored
  D D D D D | 2026 2026 2026 | 2026
  D D D D J | 2026 2026 2026 | -
  D D D D F | 2026 2026 2026 | -
  D D D J J | 2026 2026 2026 | 2026
  D D D J F | 2026 2026 2026 | 2026
  D D D F F | 2026 2026 2026 | 2026
  D D J J J | 2027 2026 2027 | 2027
  D D J J F | 2027 2026 2027 | 2027
  D D J F F | 2027 2026 2027 | 2027
  D D F F F | 2027 2026 2027 | 2027
  D J D J J | 2027 2027 2026 | 2027
  D J D J F | 2027 2027 2026 | 2027
  D J D F F | 2027 2027 2026 | 2027
  D J J J J | 2027 2027 2027 | 2027
  D J J J F | 2027 2027 2027 | 2027
  D J J F F | 2027 2027 2027 | 2027
  D J F F F | 2027 2027 2027 | 2027
  D F D F F | 2027 2027 2026 | 2027
  D F J F F | 2027 2027 2027 | 2027
  D F F F F | 2027 2027 2027 | 2027
  J J J J J | 2027 2027 2027 | 2027
  J J J J F | 2027 2027 2027 | 2027
  J J J F F | 2027 2027 2027 | 2027
  J J F F F | 2027 2027 2027 | 2027
  J F J F F | 2027 2027 2027 | 2027
  J F F F F | 2027 2027 2027 | 2027
  F F F F F | 2027 2027 2027 | 2027
"""
"""The last column is for the rule of the later date; - where the cash comes after the budget year of the payment."""
PRICE, AWARD, LINE = Money.of_yuan("1000"), Money.of_yuan("300"), "2060499"


class Route(NamedTuple):
    """When each thing happens, and what is expected."""

    name: str
    contract: date
    invoice: date
    payment: date
    claim: date
    refund: date
    years: tuple[int, ...]
    restored: int | None


def a_route(line: str) -> Route:
    months, years, restored = (part.split() for part in line.split("|"))
    contract, invoice, payment, claim, refund = (MONTHS[each] for each in months)
    expected = None if restored == ["-"] else int(restored[0])
    return Route("".join(months), contract, invoice, payment, claim, refund, tuple(map(int, years)), expected)


TABLE = [a_route(line) for line in ROUTES.strip().splitlines()[1:]]


def test_the_table_has_every_order_of_the_five() -> None:
    assert len({each.name for each in TABLE}) == len(TABLE) == 27
    for each in TABLE:
        assert each.contract <= min(each.invoice, each.payment)
        assert max(each.invoice, each.payment) <= each.claim <= each.refund


@pytest.mark.parametrize("route", TABLE, ids=lambda each: each.name)
def test_the_year_by_each_rule(route: Route) -> None:
    """Invariant 12 (term and year)."""
    assert tuple(firm_year(route.invoice, route.payment, rule) for rule in RULES) == route.years


@pytest.mark.parametrize("route", TABLE, ids=lambda each: each.name)
def test_cash_reopens_in_the_budget_year_of_the_payment_and_without_fault(route: Route) -> None:
    """Invariant 18 (restore)."""
    assert reopens(RecoveryGround.REFUND, route.refund, route.claim.year) == (route.restored is not None)
    assert not reopens(RecoveryGround.FRAUD, route.refund, route.claim.year)


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
def test_every_route_through_the_registry(market: Market, clock: FixedClock, rule: FirmYearRule) -> None:
    """Invariants 12 (term and year), 18 (restore): the year the purchase counted in, not that of the cash."""
    if rule is not FirmYearRule.LATER:
        today = clock.now().civil_day()
        ruling = EnterRuling(
            DOCUMENT, "yz-4.firm-year", "伊发改函〔2026〕9号", today, "区发改委", "As asked.", rule.value
        )
        do(market.house, market.registrar, lambda work: policy.enter_ruling(work, ruling))
    column = RULES.index(rule)
    till = Till(market, clock)
    for today in MONTHS.values():
        clock.set(f"{today}T02:00:00Z")
        till.grant(today)
        for place, route in enumerate(TABLE):
            if route.contract == today:
                assert till.hold(place).year == today.year
            if route.claim == today:
                till.redeem(place, route)
                till.pay(place, today.year)
                assert till.used(place) == {route.years[column]: AWARD}
            if route.refund == today:
                till.refund(place, route.claim.year, back=reopens(RecoveryGround.REFUND, today, route.claim.year))
                assert till.used(place) == ({} if route.restored else {route.years[column]: AWARD})
                assert rule is not FirmYearRule.LATER or route.restored in {None, route.years[0]}
    with market.house.database.reading() as connection:
        verify_ledger(connection)
    (pool,) = ask(market.house, market.payer, service.pools)
    assert pool.used.fen == AWARD.fen * sum(route.restored is None for route in TABLE)


class Till:
    """A firm for each route, so that no route touches the year of another."""

    def __init__(self, market: Market, clock: FixedClock) -> None:
        self._market, self._clock = market, clock
        self._buyers: tuple[Actor, ...] = buyers_of(market, len(TABLE))
        self._payees = payees_of(market, self._buyers)
        self._listing = a_listing(market)
        self._orders: dict[int, Order] = {}
        self._held: dict[int, Voucher] = {}

    def grant(self, today: date) -> None:
        granted = Appropriate(today.year, LINE, Money.of_yuan("100000"), f"N-{today}")
        do(self._market.house, self._market.payer, lambda work: service.appropriate(work, granted))

    def hold(self, place: int) -> Voucher:
        with self._market.house.database.writing() as connection:
            order = an_order(connection, self._clock, self._listing, firm_of(self._buyers[place]), PRICE)
        self._orders[place] = order
        held = do(self._market.house, self._buyers[place], lambda work: service.hold(work, OrderId(order.id)))
        self._held[place] = held
        return held

    def redeem(self, place: int, route: Route) -> None:
        with self._market.house.database.writing() as connection:
            order = self._orders[place]
            invoice = a_paid_invoice(connection, self._clock, order, PRICE, route.invoice, route.payment)
        command = RedeemVoucher(VoucherId(self._held[place].id), InvoiceId(invoice.id), self._payees[place])
        secret = self._market.house.secret
        made = do(self._market.house, self._buyers[place], lambda work: service.redeem(work, secret, command))
        assert made.amount == AWARD

    def pay(self, place: int, year: int) -> None:
        key, case, line = VoucherId(self._held[place].id), CaseId.new(), (self._market.authority, year, LINE)

        def act(work: Work) -> None:
            service.settle_within(work, [key], case)
            service.mark_instructed_within(work, [key], case)
            service.instruct_within(work, *line, AWARD, case)
            service.mark_paid_within(work, [key], case)
            service.appropriation_paid_within(work, *line, AWARD, case)
            work.journal("tests.paid", key)

        do(self._market.house, self._market.payer, act)

    def refund(self, place: int, budget_year: int, *, back: bool) -> None:
        recovery, authority = RecoveryId.new(), self._market.authority

        def act(work: Work) -> None:
            receivables.open_receivable_within(work, authority, recovery, AWARD)
            receivables.collect_within(work, recovery, AWARD)
            if back:
                voucher = VoucherId(self._held[place].id)
                receivables.reopen_voucher_within(work, voucher, recovery, 1, AWARD)
                receivables.reopen_line_within(work, authority, budget_year, LINE, AWARD, CaseId.new())
            work.journal("tests.refunded", recovery)

        do(self._market.house, self._market.payer, act)

    def used(self, place: int) -> dict[int, Money]:
        firm = firm_of(self._buyers[place])
        years = ask(self._market.house, self._market.payer, lambda view: service.firm_years(view, firm, None))
        return {each.year: each.used for each in years if each.used}
