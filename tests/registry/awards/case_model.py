"""What a case of two lines may do, in plain words: what the case machine compares the rules with."""

from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import product
from typing import Any, Final

from registry.values.moment import Moment

OPEN: Final = frozenset({"reviewed", "instructed", "returned"})


@dataclass
class Said:
    """An objection to lines."""

    lines: set[int]
    late: bool
    hold: bool | None = None
    answered: bool = False

    @property
    def holds(self) -> bool:
        """Whether its lines wait."""
        return not self.answered and not (self.late and self.hold is False)


@dataclass
class Model:
    """What a case may do, in plain words and nothing else: no digest, no act, no rule of the house."""

    state: str = "applied"
    amounts: dict[int, int] = field(default_factory=lambda: {1: 0, 2: 0})
    examined: set[int] = field(default_factory=set)
    signed: list[tuple[int, int, frozenset[tuple[int, int]]]] = field(default_factory=list)
    signed_ever: set[int] = field(default_factory=set)
    decided_late: set[int] = field(default_factory=set)
    ends: dict[int, Moment] = field(default_factory=dict)
    objections: list[Said] = field(default_factory=list)
    departments: dict[str, bool | None] = field(default_factory=dict)
    until: date | None = None
    corrected: bool = False
    instructed_on: date | None = None
    refused_by: set[int] = field(default_factory=set)
    decided: set[int] = field(default_factory=set)

    @property
    def there(self) -> set[int]:
        """Which lines stand here."""
        return set(self.amounts)

    def signed_of(self, lines: set[int]) -> list[tuple[int, int]]:
        """Who signed these lines as they are, and in which rank; going back to amounts takes up where they stood."""
        wanted = {(line, self.amounts[line]) for line in lines}
        return [(rank, officer) for rank, officer, what in self.signed if what >= wanted]

    def ranks(self, lines: set[int]) -> int:
        """How many ranks have signed these lines, each by somebody else."""
        given = self.signed_of(lines)
        for many in (3, 2, 1):
            by_rank = [[officer for rank, officer in given if rank == each] for each in range(1, many + 1)]
            if any(len(set(chosen)) == many for chosen in product(*by_rank)):
                return many
        return 0

    def held(self, lines: set[int]) -> bool:
        """Whether an objection holds one of these lines."""
        return any(each.holds and each.lines & lines for each in self.objections)

    def without(self, lines: set[int]) -> "Model":
        """What is left when these lines leave, or of them when the others do."""
        return replace(
            deepcopy(self),
            amounts={line: amount for line, amount in self.amounts.items() if line not in lines},
        )

    def allows(self, step: str, officer: int, given: Any, now: Moment) -> bool:
        """Say whether ``officer`` may take ``step`` at ``now``."""
        return officer not in self.refused_by and bool(getattr(self, f"may_{step}")(officer, given, now))

    def may_assess(self, officer: int, *_: Any) -> bool:
        """While no instruction is out, by somebody who never signed."""
        return self.state in {"applied", "reviewed", "returned"} and officer not in self.signed_ever

    def may_ask(self, _: int, __: Any, now: Moment) -> bool:
        """Once, within five working days: the sixth of March 2026 is a Friday, the ninth the fifth working day."""
        return self.state == "applied" and self.until is None and now.civil_day() <= date(2026, 3, 9)

    def may_correct(self, _: int, __: Any, now: Moment) -> bool:
        """While the days run."""
        return self.state == "correcting" and self.until is not None and now.civil_day() <= self.until

    def may_lapse(self, _: int, __: Any, now: Moment) -> bool:
        """After them."""
        return self.state == "correcting" and self.until is not None and now.civil_day() > self.until

    def may_consult(self, _: int, given: str, __: Moment) -> bool:
        """Each department once."""
        return self.state == "applied" and given not in self.departments

    def may_advise(self, _: int, given: tuple[str, bool], __: Moment) -> bool:
        """Who was asked, once."""
        return self.state == "applied" and given[0] in self.departments and self.departments[given[0]] is None

    def may_review(self, _: int, given: bool, __: Moment) -> bool:
        """A pass needs an amount of after the correction and every department."""
        ready = any(self.amounts.values()) and not self.corrected and all(self.departments.values())
        return self.state == "applied" and (not given or ready)

    def may_notice(self, *_: Any) -> bool:
        """Of lines that are not noticed as they are."""
        return self.state == "reviewed" and bool(self.there - set(self.ends))

    def may_object(self, _: int, given: frozenset[int], __: Moment) -> bool:
        """Once what it is about is noticed, and until it is paid; it says of which line it speaks."""
        named = given or (self.there if len(self.there) == 1 else set())
        return self.state in OPEN and bool(named) and named <= self.there & set(self.ends)

    def _open(self, number: int) -> "Said | None":
        if self.state not in OPEN | {"paid"} or number >= len(self.objections):
            return None
        said = self.objections[number]
        return said if said.answered is False and said.lines & self.there else None

    def may_answer(self, _: int, given: tuple[int, bool], __: Moment) -> bool:
        """One that is open; a late one once it was decided on or paid; never upheld on the way to the bank."""
        said = self._open(given[0])
        if said is None or (said.late and said.hold is None and self.state != "paid"):
            return False
        return not (given[1] and self.state == "instructed")

    def may_decide(self, officer: int, given: tuple[int, bool], __: Moment) -> bool:
        """On a late one, once, by somebody who never signed."""
        said = self._open(given[0]) if self.state in OPEN else None
        return said is not None and said.late and said.hold is None and officer not in self.signed_ever

    def may_sign(self, officer: int, *_: Any) -> bool:
        """Three different officers, none of whom examined it or decided on an objection."""
        acted = {signer for _, signer in self.signed_of(self.there)} | self.examined | self.decided_late
        return self.state == "reviewed" and self.ranks(self.there) < 3 and officer not in acted

    def payable(self, officer: int, lines: set[int], now: Moment) -> bool:
        """What both instruction and payment ask of some lines."""
        acted = self.examined | self.signed_ever | self.decided_late
        heard = all(line in self.ends and now >= self.ends[line] for line in lines)
        return officer not in acted and heard and self.ranks(lines) == 3 and not self.held(lines)

    def may_instruct(self, officer: int, given: frozenset[int], now: Moment) -> bool:
        """Never a second one while one is unresolved."""
        return self.state in {"reviewed", "returned"} and given <= self.there and self.payable(officer, {*given}, now)

    def may_pay(self, officer: int, given: tuple[frozenset[int], int], now: Moment) -> bool:
        """What was instructed, whatever was said since: on the day of the instruction or later, not in the future."""
        day = now.civil_day() + timedelta(days=given[1])
        acted = self.examined | self.signed_ever | self.decided_late
        return (
            self.state == "instructed"
            and given[0] <= self.there
            and officer not in acted
            and self.instructed_on is not None
            and self.instructed_on <= day <= now.civil_day()
        )

    def may_return(self, officer: int, given: frozenset[int], _: Moment) -> bool:
        """Of what is instructed."""
        acted = self.examined | self.signed_ever | self.decided_late
        return self.state == "instructed" and given <= self.there and officer not in acted

    def may_reopen(self, *_: Any) -> bool:
        """What was refused, when a remedy annuls it."""
        return self.state == "refused"

    def may_withdraw(self, *_: Any) -> bool:
        """Before finance is instructed."""
        return self.state in {"applied", "correcting", "reviewed"}
