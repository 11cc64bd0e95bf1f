"""A market, its model and what was sent so far: what every step of the ledger machine works on."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from registry.actors.model import Actor
from registry.errors import ConflictError, RuleError
from registry.exchange.model import Invoice, Order
from registry.journal.work import Command, Work
from registry.values.digest import Digest
from registry.values.moment import Moment
from registry.values.money import Money
from tests.registry.exchange.builders import Market, firm_of
from tests.registry.vouchers.counter import Counters, a_paid_invoice, a_pool_of, an_order
from tests.registry.vouchers.ledger_books import Books
from tests.registry.vouchers.ledger_model import CLAIMED, Allowed, Model, Result
from tests.world import MovableClock

FIRMS: Final = 3
BUDGETS: Final = (70_000_001, 120_000_000, 400_000_000)
"""All firms together may have 150 million fen in a year: two of the pools are less than that."""
LINE: Final = "2060499"
NOTHING: Final = "nothing there"
"""What a step came to that found nothing to act on; another is drawn."""
STATES: Final = frozenset({"released", "settled", "redeemed", "instructed", "paid", "returned"})
POSTING: Final = STATES | {"held", "opened", "lessened"}
"""Results after which something was posted in the pool."""


class Done(NamedTuple):
    """A command that was sent, and what it came to."""

    actor: Actor
    command: Command
    act: Callable[[Work], Mapping[str, Any]]
    result: Result


@dataclass
class Life:
    """One market, its model and what was sent so far."""

    market: Market
    at: Counters
    clock: MovableClock
    rng: random.Random
    model: Model = field(init=False)
    books: Books = field(init=False)
    orders: dict[str, tuple[Order, int]] = field(default_factory=dict)
    invoices: dict[str, tuple[Invoice, int, date]] = field(default_factory=dict)
    sent: list[Done] = field(default_factory=list)
    taken: dict[str, int] = field(default_factory=dict)
    """By order, what red letters took of its price."""
    opened: bool = False
    _number: int = 0

    def __post_init__(self) -> None:
        """Open the pool."""
        budget = self.rng.choice(BUDGETS)
        a_pool_of(self.market, Money(budget))
        # The term ends on the eve of the second anniversary of 2026-01-05; what is held lapses with it.
        self.model = Model(budget, Moment.start_of(date(2028, 1, 5)))
        self.books = Books(self.market.house.database)

    # How a command is sent.

    def send(self, actor: Actor, operation: str, body: str, act: Callable[[Work], Result], allowed: Allowed) -> Result:
        """Send a command under a key of its own; its result must be allowed. Returns the result."""
        self._number += 1
        command = Command(operation, f"key-{self._number}", Digest.of(body.encode()))

        def use_case(work: Work) -> Mapping[str, Any]:
            result = act(work)
            if work.entry is None:
                work.journal(f"tests.{operation}", "ledger_machine")
            return {"result": list(result)}

        result = self._came_to(actor, command, use_case)
        assert result in allowed, (operation, body, result, sorted(map(str, allowed)), str(self.clock.now()))
        self.sent.append(Done(actor, command, use_case, result))
        if result[0] in POSTING and (self.model.latest is None or self.clock.now() > self.model.latest):
            self.model.latest = self.clock.now()
        return result

    def _came_to(self, actor: Actor, command: Command, use_case: Callable[[Work], Mapping[str, Any]]) -> Result:
        try:
            return tuple(self.market.house.perform(actor, command, use_case).result["result"])
        except (RuleError, ConflictError) as refusal:
            return (refusal.code,)

    # What is drawn.

    def _voucher(self, *states: str) -> str | None:
        """Draw a voucher: mostly one in a state where the step leads on, now and then any."""
        fitting = [key for key, v in self.model.vouchers.items() if v.state in states]
        drawn = fitting if self.rng.random() < 0.93 else list(self.model.vouchers)
        return self.rng.choice(drawn) if drawn else None

    def _price(self, order: Order) -> int:
        """What is left of the price of an order."""
        return order.net.fen - self.taken.get(order.id, 0)

    def _net(self) -> int:
        """Draw what is bought: a few fen, something, or more than a cap."""
        return self.rng.choice(
            (self.rng.randint(1, 40), self.rng.randint(1, 30_000_000), self.rng.randint(1, 30_000_000), 166_666_667,
             self.rng.randint(90_000_000, 300_000_000))
        )  # fmt: skip

    def _order(self, *, free: bool) -> str:
        """Draw an order, a new one where none is free."""
        bound = {v.order for v in self.model.vouchers.values() if v.state in CLAIMED or v.state == "held"}
        fitting = [each for each in self.orders if each not in bound]
        if not free and self.orders and self.rng.random() < 0.15:
            return self.rng.choice(list(self.orders))
        if fitting and self.rng.random() < 0.4:
            return self.rng.choice(fitting)
        firm = self.rng.randrange(FIRMS)
        with self.market.house.database.writing() as connection:
            buyer = firm_of(self.at.buyers[firm])
            made = an_order(connection, self.clock, self.at.listing, buyer, Money(self._net()))
        self.orders[made.id] = made, firm
        return made.id

    def _invoice(self, order_id: str) -> str:
        """Draw an invoice of an order; the first time, one over all or some of it, of any days since."""
        known = [key for key, (invoice, *_) in self.invoices.items() if invoice.order == order_id]
        if known:
            return self.rng.choice(known)
        order, _ = self.orders[order_id]
        first, today = order.placed_at.civil_day(), self.clock.now().civil_day()
        days = max(0, (today - first).days)
        issued, paid = (min(first, today) + timedelta(days=self.rng.randint(0, days)) for _ in range(2))
        net = order.net if self.rng.random() < 0.7 else Money(self.rng.randint(1, order.net.fen))
        with self.market.house.database.writing() as connection:
            made = a_paid_invoice(connection, self.clock, order, net, issued, paid)
        self.invoices[made.id] = made, max(issued, paid).year, max(issued, paid)
        return made.id
