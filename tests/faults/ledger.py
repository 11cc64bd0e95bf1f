"""Kill the web server or PostgreSQL while vouchers are held, redeemed and given back over HTTP.

``make faults SUITE=ledger``. A point is a request, who is killed, and when: before the request arrives, some
milliseconds after it has (so anywhere in its transaction, or between commit and answer), or after the server has
answered, the answer being lost. Other clients are at it at the same time. Everything is started again, and then

* the ledger is verified;
* whatever was acknowledged, to whomever, is there (acknowledged ⊆ durable);
* each request that was sent is sent again under its key: one that was acknowledged has the same answer, any other
  gets its first, and a third time it is the same again;
* no order has two vouchers that count, and Σ firm-years = what the pool says is used.
"""

import itertools
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from unittest import mock

import httpx

from registry.actors.model import Actor
from registry.errors import Finding
from registry.errors import SancaiError as RefusedError
from registry.exchange.model import Listing
from registry.house import application_url, open_house
from registry.parties import service as parties
from registry.parties.model import Predicate
from registry.values.identifiers import VoucherId
from registry.values.moment import SystemClock
from registry.values.money import Money
from registry.vouchers import service
from registry.vouchers.ledger import verify_ledger
from storage.migrate import create_database, migrate
from storage.settings import read_settings
from tests.faults.clocks import CLOCK_FILE
from tests.faults.gateway import Gateway, Plan, Trouble
from tests.faults.installation import DATABASE, Installation, free_port, run_with_clock
from tests.faults.publish import Outcome
from tests.registry.catalog import builders
from tests.registry.exchange.builders import Market, a_listing, a_market, ask, do, firm_of, record_fact
from tests.registry.vouchers.builders import ACCOUNT_NUMBER, a_pool
from tests.registry.vouchers.counter import a_paid_invoice, an_order
from tests.registry.vouchers.storm import require_sums
from tests.world import START

VICTIMS: Final = ("api", "postgres")
WHEN: Final = (Trouble.BEFORE, Trouble.DURING, Trouble.DURING, Trouble.DURING, Trouble.AFTER)
REQUESTS: Final = ("hold", "hold again", "redeem", "release")
DELAY_MAX_S: Final = 0.06
"""A request of these takes some tens of milliseconds."""
BYSTANDERS: Final = 2
ANSWER_WITHIN_S: Final = 60
ATTEMPTS_MAX: Final = 5
PRICE: Final = Money.of_yuan("100.01")


@dataclass(frozen=True)
class Point:
    """Who is killed, when, at which request; ``delay_s`` passes between the request and the kill."""

    request: str
    victim: str
    trouble: Trouble
    delay_s: float

    def __str__(self) -> str:
        """Return it as one line."""
        at = f" +{self.delay_s * 1000:.0f} ms" if self.trouble is Trouble.DURING else ""
        return f"kill {self.victim} {self.trouble}{at}: {self.request}"


def points(seed: int) -> Iterator[Point]:
    """Yield points for ever: every victim, time and request in turn, drawn by a seed."""
    values = random.Random(seed)
    while True:
        found = list(itertools.product(REQUESTS, VICTIMS, WHEN))
        values.shuffle(found)
        for request, victim, trouble in found:
            yield Point(request, victim, trouble, round(values.uniform(0, DELAY_MAX_S), 4))


@dataclass(frozen=True)
class Asked:
    """A request, with the key it keeps for ever."""

    path: str
    body: Any
    key: str


@dataclass(frozen=True)
class Answer:
    """What it came to."""

    status: int
    body: Any


class Office(Installation):
    """PostgreSQL and a web server, without object store and worker; its clocks begin where the tests' world does."""

    def _start(self) -> None:
        (self.folder / "scratch").mkdir()
        web_port = free_port()
        self.api = Gateway(("127.0.0.1", web_port))
        self._opened.callback(self.api.close)
        self._opened.callback(lambda: self._postgres.__exit__(None, None, None))
        self._postgres.__enter__()
        create_database(self._postgres.superuser_url(), DATABASE)
        owner = self._postgres.superuser_url(DATABASE)
        migrate(owner)
        self.environment = {
            "SANCAI_HOME": str(self.folder / "home"),
            "SANCAI_PORT": str(web_port),
            "SANCAI_PUBLIC_URL": self.api.url,
            "SANCAI_DATABASE_URL": application_url(owner),
            "SANCAI_WEB_WORKERS": "1",
            "TMPDIR": str(self.folder / "scratch"),
        }
        # A policy has its term; the clock of the machine goes on.
        self.slow_s = (START.instant - SystemClock().now().instant).total_seconds()
        self.clock_of("api").write_text(str(self.slow_s))
        self.house = self._opened.enter_context(open_house(read_settings(self.environment)))
        object.__setattr__(self.house, "clock", self)
        self._part("api", run_with_clock("api"), {**self.environment, CLOCK_FILE: str(self.clock_of("api"))})
        self.await_ready()

    def now(self) -> Any:
        """Return the instant, as the web server knows it."""
        return SystemClock().now().plus(timedelta(seconds=self.slow_s))

    def mend(self) -> None:
        """Start again what does not run, and wait until it answers."""
        self.restart()
        self.await_ready()


class Desk:
    """A firm that buys over HTTP, and what became of it all."""

    def __init__(self, here: Office, say: Callable[[str], None] = print) -> None:
        self._here, self._say = here, say
        self._market = a_market(here.house)
        a_pool(self._market)
        self._buyer, token = _a_buyer_with_token(self._market)
        self._name = ask(here.house, self._buyer, lambda view: parties.firm(view, firm_of(self._buyer))).name
        self._listing: Listing = a_listing(self._market)
        self._headers = {"Authorization": f"Bearer {token}"}
        self._numbers = itertools.count(1)
        self.acknowledged: dict[str, tuple[Asked, Answer]] = {}
        self.outcome = Outcome()

    def meet(self, number: int, point: Point) -> None:
        """Send a request with trouble at a point, and add what became of it to the outcome."""
        began = time.monotonic()
        asked = self._prepared(point.request)
        others = [self._prepared(REQUESTS[place % len(REQUESTS)]) for place in range(BYSTANDERS)]
        reached = self._trouble(point, asked, others)
        word = "not reached"
        if reached:
            self.outcome.tried += 1
            word = self._verdict(number, point, [asked, *others])
        self.outcome.not_reached += not reached
        self._say(f"{word:11s} {time.monotonic() - began:5.1f} s  point {number}: {point}")

    def end(self) -> Outcome:
        """Ask for everything that was ever acknowledged once more, and return the outcome."""
        for asked, answer in self.acknowledged.values():
            if self._sent(asked) != answer:
                self.outcome.lost.append(f"{asked.path} {asked.key}: not what was acknowledged")
        return self.outcome

    def _prepared(self, request: str) -> Asked:
        """Return a request that nobody sent yet; what has to be there before it is."""
        key = f"point-{next(self._numbers)}-{request.replace(' ', '-')}"
        with self._here.house.database.writing() as connection:
            today = self._here.now().civil_day()
            order = an_order(connection, self._here, self._listing, firm_of(self._buyer), PRICE)
            invoice = a_paid_invoice(connection, self._here, order, PRICE, today, today)
        if request == "hold":
            return Asked("/v1/vouchers", {"order": order.id}, key)
        held = do(self._here.house, self._buyer, lambda work: service.hold(work, order.id))
        if request == "hold again":
            return Asked("/v1/vouchers", {"order": order.id}, key)
        if request == "release":
            return Asked(f"/v1/vouchers/{held.id}/release", None, key)
        payee = {"account_name": self._name, "bank": "ICBC Hami", "account_number": ACCOUNT_NUMBER}
        return Asked(f"/v1/vouchers/{held.id}/redeem", {"invoice": invoice.id, "payee": payee}, key)

    def _sent(self, asked: Asked) -> Answer | None:
        """Send a request; None when there was no answer, or one that says to try again."""
        headers = {**self._headers, "Idempotency-Key": asked.key}
        try:
            found = httpx.post(
                f"{self._here.api.url}{asked.path}",
                json=asked.body,
                headers=headers,
                timeout=ANSWER_WITHIN_S,
                trust_env=False,
            )
        except httpx.HTTPError:
            return None
        if found.status_code >= 500:
            return None
        # A refusal is kept; the number it is answered under is that of the request.
        return Answer(found.status_code, {name: value for name, value in found.json().items() if name != "request_id"})

    def _noted(self, asked: Asked) -> Answer | None:
        answer = self._sent(asked)
        if answer is not None:
            self.acknowledged[asked.key] = asked, answer
        return answer

    def _trouble(self, point: Point, asked: Asked, others: list[Asked]) -> bool:
        plan = Plan(
            lambda request: request.headers.get("idempotency-key") == asked.key,
            point.trouble,
            lambda _: self._here.kill(point.victim),
            delay_s=point.delay_s,
        )
        with self._here.api.planned(plan):
            clients = [threading.Thread(target=self._noted, args=(each,)) for each in (asked, *others)]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
        return plan.happened.is_set()

    def _verdict(self, number: int, point: Point, asked: list[Asked]) -> str:
        self._here.mend()
        wrong = [*self._of_the_books(), *(said for each in asked for said in self._of_request(each))]
        if wrong:
            self.outcome.lost += (f"point {number}: {point}: {each}" for each in wrong)
            self._say("\n".join(wrong))
            return "LOST"
        self.outcome.recovered += 1
        return "recovered"

    def _of_the_books(self) -> Iterator[str]:
        """Yield what does not hold of ledger and counters."""
        try:
            with self._here.house.database.reading() as connection:
                verify_ledger(connection)
            require_sums(self._here.house.database)
        except (RefusedError, AssertionError) as error:
            yield f"{type(error).__name__}: {error}"

    def _of_request(self, asked: Asked) -> Iterator[str]:
        """Yield how a request that is repeated differs from what was acknowledged, and from what is there."""
        _, told = self.acknowledged.get(asked.key, (asked, None))
        first = next((found for _ in range(ATTEMPTS_MAX) if (found := self._sent(asked)) is not None), None)
        if first is None:
            yield f"{asked.path}: never answered; {self._here.last_words()}"
            return
        if told is not None and first != told:
            yield f"{asked.path}: acknowledged {told}, then {first}"
        if self._sent(asked) != first:
            yield f"{asked.path}: another answer the third time"
        self.acknowledged[asked.key] = asked, first
        if first.status < 300:
            shown = ask(self._here.house, self._buyer, lambda view: service.voucher(view, VoucherId(first.body["id"])))
            if (shown.state.value, shown.amount.fen) != (first.body["state"], first.body["amount_fen"]):
                yield f"{asked.path}: answered {first.body}, there is {shown}"


def _a_buyer_with_token(market: Market) -> tuple[Actor, str]:
    """Return the owner of an annotation firm, and the owner's token."""
    # The market has offices and firms of the first numbers.
    with mock.patch.object(builders, "_numbers", itertools.count(9_000)):
        owner, token = builders.a_publisher_with_token(market.house)
    for predicate in Predicate:
        record_fact(market.house, market.registrar, owner, predicate, Finding.MET)
    return owner, token


def run(size: int, seed: int, only: int | None = None) -> Outcome:
    """Try ``size`` points, or the one of number ``only``, and return what became of them, with a line for each."""
    print(f"seed {seed}; one point again: make faults SUITE=ledger SEED={seed} POINT=…", flush=True)
    chosen = itertools.islice(enumerate(points(seed)), 0 if only is None else only, None)
    with tempfile.TemporaryDirectory(prefix="sancai-faults-") as folder, Office(Path(folder)) as here:
        desk = Desk(here, lambda said: print(said, flush=True))
        outcome = desk.outcome
        for number, point in chosen:
            desk.meet(number, point)
            if only is not None or outcome.tried == size:
                break
        desk.end()
    for each in outcome.lost:
        print(f"LOST        {each}", flush=True)
    print(outcome.line(), flush=True)
    return outcome
