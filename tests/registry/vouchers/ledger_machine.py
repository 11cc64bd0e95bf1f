"""The ledger of vouchers against a small model: random steps through the real use cases, on a real PostgreSQL.

``python -m tests.registry.vouchers.ledger_machine STEPS [SEED]``, or ``make ledger-machine SIZE=… SEED=…``. Every step
must come to one of the results the model allows, and after each the database must hold what the model holds, and the
invariants that can be seen without a model (``ledger_books.py``). A life of some hundred steps runs on a clone of one
market; at its end the ledger is verified. The seed is printed, and repeats the run.
"""

import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Final

from registry.journal.work import Command
from registry.values.digest import Digest
from registry.values.moment import Moment
from registry.vouchers.ledger import verify_ledger
from tests.registry.exchange.builders import firm_of
from tests.registry.vouchers.counter import Counters, counters
from tests.registry.vouchers.ledger_life import FIRMS, NOTHING
from tests.registry.vouchers.ledger_returns import Returns
from tests.registry.vouchers.ledger_steps import Steps
from tests.world import START, MovableClock

STEPS_OF_A_LIFE: Final = 400
LAST_DAY: Final = Moment.of_text("2027-12-25T00:00:00Z")
SPANS: Final = tuple(timedelta(hours=hours) for hours in (1, 5, 24, 24, 120, 24 * 31))
LAST_INSTANT: Final = timedelta(microseconds=1)


class Machine(Steps, Returns):
    """Draws the steps; those about keys and clocks are its own."""

    def step(self) -> str:
        """Take one random step in ledger and model; raise AssertionError where they differ."""
        names, taken = list(WEIGHTS), NOTHING
        while taken == NOTHING:
            name = self.rng.choices(names, [WEIGHTS[each] for each in names])[0]
            taken = getattr(self, f"do_{name}")()
        self.books.compare(self.model, [firm_of(each) for each in self.at.buyers])
        return f"{name}: {taken}"

    def do_retry(self) -> str:
        """Send a command again, whenever: the first outcome, and nothing happens (invariant 8)."""
        if not self.sent:
            return NOTHING
        done = self.rng.choice(self.sent)
        assert self._came_to(done.actor, done.command, done.act) == done.result
        return "same"

    def do_reuse(self) -> str:
        """Send another body under a key that was used: refused, and nothing happens (invariant 8)."""
        if not self.sent:
            return NOTHING
        done = self.rng.choice(self.sent)
        other = Command(done.command.operation, done.command.key, Digest.of(b"another body"))
        assert self._came_to(done.actor, other, done.act) == ("idempotency_key_reused",)
        return "refused"

    def do_wait(self) -> str:
        """Let time pass, or to the very instant a hold runs out, or to the turn of the year; now and then step back."""
        now, drawn = self.clock.now(), self.rng.random()
        to, said = now.plus(self.rng.choice(SPANS)), "on"
        held = [v.expires for v in self.model.vouchers.values() if v.state == "held" and v.expires > now]
        turn = Moment.start_of(date(now.civil_day().year + 1, 1, 1))
        if drawn < 0.15:
            to, said = max(START, now.plus(-self.rng.choice(SPANS[:3]))), "back"
        elif drawn < 0.3 and held:
            to, said = self.rng.choice(held), "runs out"
        elif drawn < 0.4 and held:
            to, said = self.rng.choice(held).plus(-LAST_INSTANT), "nearly runs out"
        elif drawn < 0.5 and now.civil_day().month >= 10:
            to, said = (
                (turn.plus(-LAST_INSTANT), "last instant") if now < turn.plus(-LAST_INSTANT) else (turn, "new year")
            )
        if to > LAST_DAY:
            return "late enough"
        self.clock.advance(to.instant - now.instant)
        return said


WEIGHTS: Final = {
    "quote": 3, "hold": 14, "release": 4, "redeem": 12, "expire": 2, "settle": 10, "unsettle": 2, "instruct": 10,
    "pay": 8, "return": 3, "appropriate": 3, "open": 0.5, "take_back": 3, "lessen": 5,
    "refund": 2, "recover": 3, "cash": 5, "annul": 1.5, "pay_back": 2, "retry": 6, "reuse": 2, "wait": 7,
}  # fmt: skip


@contextmanager
def a_life(at: Counters, rng: random.Random) -> Iterator[Machine]:
    """Yield a life on a fresh clone of the market; its ledger is verified at the end."""
    clock = MovableClock()
    with at.market(clock) as market:
        life = Machine(market, at, clock, rng)
        try:
            yield life
            with market.house.database.reading() as connection:
                verify_ledger(connection)
        finally:
            life.books.close()


def run(steps: int, seed: int, say: Callable[[str], object] = str) -> dict[str, int]:
    """Take ``steps`` steps through as many lives as that needs; return how often each step came to what."""
    rng, taken, left = random.Random(seed), dict[str, int](), steps
    with counters(FIRMS, {"synchronous_commit": "off"}) as at:
        while left > 0:
            with a_life(at, rng) as life:
                for _ in range(min(left, STEPS_OF_A_LIFE)):
                    came_to = life.step()
                    taken[came_to] = taken.get(came_to, 0) + 1
                    left -= 1
            say(f"{steps - left} steps, every ledger verified")
    return taken


def _say(said: str) -> None:
    sys.stdout.write(f"{said}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    chosen = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2**32)
    sys.stdout.write(f"seed {chosen}\n")
    began_s = time.monotonic()
    for step, count in sorted(run(int(sys.argv[1]), chosen, _say).items()):
        sys.stdout.write(f"{count:8} {step}\n")
    sys.stdout.write(f"{sys.argv[1]} steps in {time.monotonic() - began_s:.0f} s, no difference\n")
