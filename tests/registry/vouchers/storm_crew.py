"""The workers of one process of a storm: what they send, and what they are told."""

import random
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from registry.actors.model import Actor
from registry.errors import ConflictError, NotFoundError, RuleError, UnavailableError
from registry.exchange.model import Invoice, Listing, Order
from registry.house import House
from registry.journal.signing import SigningKey
from registry.journal.work import Command, Work
from registry.values.digest import Digest
from registry.values.identifiers import AuthorityId, CaseId, InvoiceId, OrderId, RecoveryId, VoucherId
from registry.values.moment import Moment
from registry.values.money import Money
from registry.vouchers import receivables, records, service
from registry.vouchers.model import RedeemVoucher
from registry.vouchers.payee import PayeeGiven
from tests.registry.exchange.builders import firm_of
from tests.registry.vouchers.counter import a_paid_invoice, an_order
from tests.world import ORIGIN, START, open_house

LINE, YEAR = "2060499", START.civil_day().year
TICK: Final = timedelta(seconds=1)
"""How far the clock of all goes on with each command, however long that takes."""
PATIENCE: Final = 20
"""How often a worker repeats a command that the database had no time for, with its key, as a client would."""
WEIGHTS: Final = {
    "hold": 40, "redeem": 18, "release": 12, "expire": 4, "settle": 8, "unsettle": 1, "instruct": 8, "pay": 7,
    "return": 2, "give_back": 7, "retry": 6,
}  # fmt: skip
LEADS_ON: Final = {
    "redeem": "held", "release": "held", "settle": "redeemed", "unsettle": "settled", "instruct": "settled",
    "pay": "instructed", "return": "instructed", "give_back": "paid",
}  # fmt: skip
LEADS_TO: Final = {
    "hold": "held", "redeem": "redeemed", "settle": "settled", "unsettle": "redeemed", "instruct": "instructed",
    "pay": "paid", "return": "settled",
}  # fmt: skip
"""Where a voucher is looked for next; one that was returned is instructed again."""


class TickingClock:
    """A clock that begins at the start of the tests' world and goes on with every command, of whatever process."""

    def __init__(self, ticks: Any) -> None:
        self._ticks = ticks

    def now(self) -> Moment:
        """Return the instant."""
        return START.plus(self._ticks.value * TICK)

    def tick(self) -> None:
        """Go on."""
        with self._ticks.get_lock():
            self._ticks.value += 1


@dataclass(frozen=True)
class Scene:
    """All a process needs of the market."""

    url: str
    folder: Path
    authority: AuthorityId
    payer: Actor
    buyers: tuple[Actor, ...]
    payees: tuple[PayeeGiven, ...]
    listing: Listing
    orders: tuple[Order, ...]
    seed: int
    operations: int
    threads: int
    life: timedelta


@dataclass(frozen=True)
class Told:
    """What a worker was told: of a command, under a key, the outcome; ``voucher`` is the one it is about."""

    party: str
    operation: str
    key: str
    voucher: str
    outcome: str


@dataclass
class Crew:
    """The workers of one process, and what they share."""

    scene: Scene
    house: House
    number: int
    clock: TickingClock
    told: list[Told] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    _orders: list[Order] = field(default_factory=list)
    _vouchers: dict[str, list[tuple[str, Order]]] = field(default_factory=dict)
    _invoices: dict[str, Invoice] = field(default_factory=dict)
    _sent: list[tuple[Actor, Command, Callable[[Work], Mapping[str, Any]], str]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def work(self, worker: int) -> None:
        """Send the commands of one worker; what nobody may see is noted as broken."""
        rng = random.Random(f"{self.scene.seed} {self.number} {worker}")
        names = list(WEIGHTS)
        for turn in range(self.scene.operations):
            name = rng.choices(names, [WEIGHTS[each] for each in names])[0]
            key = f"{self.number}-{worker}-{turn}"
            self.clock.tick()
            try:
                getattr(self, f"do_{name}", lambda r, k, n=name: self._office(n, r, k))(rng, key)
            except Exception as error:  # noqa: BLE001 -- every other kind is what this storm looks for
                with self._lock:
                    self.broken.append(f"{name}: {type(error).__name__}: {error}")

    # One command.

    def _send(
        self, actor: Actor, operation: str, key: str, act: Callable[[Work], Mapping[str, Any]], voucher: str = ""
    ) -> Mapping[str, Any] | None:
        command = Command(f"storm_{operation}", key, Digest.of(f"{operation} {voucher}".encode()))

        def use_case(work: Work) -> Mapping[str, Any]:
            made = act(work)
            if work.entry is None:
                work.journal(f"tests.{operation}", "storm")
            return made

        outcome, made = self._answered(actor, command, use_case)
        told = Told(actor.party, command.operation, key, str(made["voucher"]) if made else voucher, outcome)
        with self._lock:
            self.told.append(told)
            self.counted[f"{operation}: {outcome}"] += 1
            self._sent.append((actor, command, use_case, outcome))
            del self._sent[:-500]
        return made

    def _answered(
        self, actor: Actor, command: Command, use_case: Callable[[Work], Mapping[str, Any]]
    ) -> tuple[str, Mapping[str, Any] | None]:
        """Send a command until it is answered, as a client would."""
        for _ in range(PATIENCE):
            try:
                return "done", self.house.perform(actor, command, use_case).result
            except (RuleError, ConflictError, NotFoundError) as refusal:
                return refusal.code, None
            except UnavailableError:
                self.counted["no time"] += 1
        raise AssertionError("never answered")

    def _drawn(self, rng: random.Random, state: str) -> tuple[str, Order] | None:
        """Draw a voucher that should be in a state; it stays in the list, so that others come upon it, too."""
        with self._lock:
            found = self._vouchers.get(state)
            if found and len(found) > 60:
                del found[:-40]
            return rng.choice(found) if found else None

    def _put(self, state: str, voucher: str, order: Order) -> None:
        with self._lock:
            self._vouchers.setdefault(state, []).append((voucher, order))

    def _buyer(self, order: Order) -> int:
        return next(place for place, each in enumerate(self.scene.buyers) if each.firm == order.buyer)

    # The commands.

    def do_hold(self, rng: random.Random, key: str) -> None:
        """Hold for an order that all know, or for a new one."""
        with self._lock:
            known = [*self.scene.orders, *self._orders[-30:]]
        order = rng.choice(known) if rng.random() < 0.7 else self._new_order(rng)

        def act(work: Work) -> Mapping[str, Any]:
            return {"voucher": service.hold(work, OrderId(order.id)).id}

        if made := self._send(self.scene.buyers[self._buyer(order)], "hold", key, act):
            self._put("held", made["voucher"], order)

    def _new_order(self, rng: random.Random) -> Order:
        buyer = firm_of(rng.choice(self.scene.buyers))
        with self.house.database.writing() as connection:
            made = an_order(connection, self.house.clock, self.scene.listing, buyer, a_price(rng))
        with self._lock:
            self._orders.append(made)
        return made

    def do_redeem(self, rng: random.Random, key: str) -> None:
        """Redeem a voucher."""
        if (drawn := self._drawn(rng, "held")) is None:
            return
        voucher, order = drawn
        invoice, place = self._invoice(order), self._buyer(order)
        command = RedeemVoucher(VoucherId(voucher), InvoiceId(invoice.id), self.scene.payees[place])

        def act(work: Work) -> Mapping[str, Any]:
            return {"voucher": service.redeem(work, self.house.secret, command).id}

        if self._send(self.scene.buyers[place], "redeem", key, act, voucher):
            self._put("redeemed", voucher, order)

    def _invoice(self, order: Order) -> Invoice:
        with self._lock:  # One for each order and process; another process has its own, over half each.
            if order.id not in self._invoices:
                day = self.house.clock.now().civil_day()
                net = Money(max(1, order.net.fen // (2 if order in self.scene.orders else 1)))
                with self.house.database.writing() as connection:
                    made = a_paid_invoice(connection, self.house.clock, order, net, day, day)
                self._invoices[order.id] = made
            return self._invoices[order.id]

    def do_release(self, rng: random.Random, key: str) -> None:
        """Give a hold back."""
        if (drawn := self._drawn(rng, "held")) is None:
            return
        voucher, order = drawn

        def act(work: Work) -> Mapping[str, Any]:
            return {"voucher": service.release(work, VoucherId(voucher)).id}

        self._send(self.scene.buyers[self._buyer(order)], "release", key, act, voucher)

    def do_expire(self, *_: object) -> None:
        """Do what the worker of an installation does."""
        done = service.expire_due(self.house.database, self.house.clock, 3)
        with self._lock:
            self.counted["expire: done"] += done

    def _office(self, name: str, rng: random.Random, key: str) -> None:
        """Move a voucher on as the office does, or give the cash of a paid one back to its pool."""
        if (drawn := self._drawn(rng, LEADS_ON[name])) is None:
            return
        voucher, order = drawn

        def act(work: Work) -> Mapping[str, Any]:
            (found,) = records.lock_vouchers(work.connection, [VoucherId(voucher)])
            case = found.case or CaseId.new()
            getattr(self, f"_{name}")(work, VoucherId(voucher), case, found.amount)
            return {"voucher": voucher}

        if self._send(self.scene.payer, name, key, act, voucher) and name in LEADS_TO:
            self._put(LEADS_TO[name], voucher, order)

    def _settle(self, work: Work, voucher: VoucherId, case: CaseId, _: Money) -> None:
        service.settle_within(work, [voucher], case)

    def _unsettle(self, work: Work, voucher: VoucherId, _case: CaseId, _: Money) -> None:
        service.unsettle_within(work, [voucher])

    def _instruct(self, work: Work, voucher: VoucherId, case: CaseId, amount: Money) -> None:
        service.mark_instructed_within(work, [voucher], case)
        service.instruct_within(work, self.scene.authority, YEAR, LINE, amount, case)

    def _pay(self, work: Work, voucher: VoucherId, case: CaseId, amount: Money) -> None:
        service.mark_paid_within(work, [voucher], case)
        service.appropriation_paid_within(work, self.scene.authority, YEAR, LINE, amount, case)

    def _return(self, work: Work, voucher: VoucherId, case: CaseId, amount: Money) -> None:
        service.mark_returned_within(work, [voucher], case)
        service.appropriation_returned_within(work, self.scene.authority, YEAR, LINE, amount, case)

    def _give_back(self, work: Work, voucher: VoucherId, case: CaseId, amount: Money) -> None:
        if not amount:
            raise ConflictError("nothing_to_give_back")
        recovery = RecoveryId.new()
        receivables.open_receivable_within(work, self.scene.authority, recovery, amount)
        receivables.collect_within(work, recovery, amount)
        receivables.reopen_voucher_within(work, voucher, recovery, 1, amount)
        receivables.reopen_line_within(work, self.scene.authority, YEAR, LINE, amount, case)

    def do_retry(self, rng: random.Random, _key: str) -> None:
        """Send a command of anybody here again: the first outcome."""
        with self._lock:
            if not self._sent:
                return
            actor, command, use_case, outcome = rng.choice(self._sent)
        again, _ = self._answered(actor, command, use_case)
        if again != outcome:
            raise AssertionError(f"{command.operation} {command.key}: first {outcome}, then {again}")
        with self._lock:
            self.counted["retry: same"] += 1


def a_price(rng: random.Random) -> Money:
    """Draw what an order costs: some fen, or so much that a few of them reach every cap."""
    return Money(
        rng.choice((rng.randint(1, 30), rng.randint(10_000_000, 60_000_000), rng.randint(60_000_000, 200_000_000)))
    )


def crew(scene: Scene, number: int, ticks: Any, said: Any) -> None:
    """Be one process of the storm, and send back what its workers were told."""
    clock = TickingClock(ticks)
    with open_house(scene.url, scene.folder, clock, SigningKey.create(ORIGIN)) as house:
        here = Crew(scene, house, number, clock)
        with short_holds(scene.life), ThreadPoolExecutor(scene.threads) as threads:
            list(threads.map(here.work, range(scene.threads)))
        said.send((here.told, here.counted, here.broken))
    said.close()


@contextmanager
def short_holds(lasting: timedelta) -> Iterator[None]:
    """Let holds run out soon, wherever the term is read."""
    places = [
        module for name, module in list(sys.modules.items())
        if name.startswith("registry.vouchers") and "HOLD_LIFE" in vars(module)
    ]  # fmt: skip
    before = [vars(place)["HOLD_LIFE"] for place in places]
    for place in places:
        vars(place)["HOLD_LIFE"] = lasting
    try:
        yield
    finally:
        for place, life in zip(places, before, strict=True):
            vars(place)["HOLD_LIFE"] = life
