"""A case against a small model: random steps through the real rules, each compared with what the model allows.

``python -m tests.registry.awards.case_machine STEPS [SEED]`` takes as many steps as asked, many times faster than a
database would: the rules are pure, and a case is what its acts come to. The seed is printed, and repeats the run.
"""

import random
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

from registry.actors.model import Role
from registry.awards import rules
from registry.awards.commands import RecordPayment, ReviewCase
from registry.awards.history import with_acts
from registry.awards.model import Act, ActKind, Case, CaseKind, CaseState, Line
from registry.errors import SancaiError
from registry.policy import service as policy
from registry.policy.rules import notice_end, working_days_after
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, CaseId, EntryId, FirmId
from registry.values.moment import Moment
from registry.values.money import Money

RANKS: Final = (Role.SECTION_HEAD, Role.LEADER_IN_CHARGE, Role.PRINCIPAL_LEADER)
START: Final = Moment.of_text("2026-03-02T02:00:00Z")
CALENDAR: Final = policy.calendar()
ENTRY: Final = EntryId.new()
APPLICANT: Final = AccountId.new()
OFFICERS: Final = tuple(AccountId.new() for _ in range(6))
"""Every officer holds every role, so that only who acted before keeps somebody from acting."""
HOURS: Final = (1, 14, 24, 72, 168)


@dataclass
class Model:
    """What a case may do, in plain words and nothing else: no digest, no act, no rule of the house."""

    state: str = "applied"
    amount: int | None = None
    examined: set[int] = field(default_factory=set)
    signed: dict[int | None, list[int]] = field(default_factory=dict)
    signed_ever: set[int] = field(default_factory=set)
    noticed_amount: int | None = None
    posted: Moment | None = None
    ends: Moment | None = None
    objections: list[bool] = field(default_factory=list)
    departments: dict[str, bool | None] = field(default_factory=dict)
    until: date | None = None
    corrected: bool = False
    instructed_on: date | None = None

    @property
    def signed_now(self) -> list[int]:
        """Who signed the amount as it is; going back to an amount that was signed takes up where it stood."""
        return self.signed.setdefault(self.amount, [])

    def allows(self, step: str, officer: int, given: Any, now: Moment) -> bool:
        """Say whether ``officer`` may take ``step`` at ``now``."""
        return bool(getattr(self, f"may_{step}")(officer, given, now))

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
        ready = bool(self.amount) and not self.corrected and all(self.departments.values())
        return self.state == "applied" and (not given or ready)

    def may_notice(self, *_: Any) -> bool:
        """Once for lines as they are."""
        return self.state == "reviewed" and self.noticed_amount != self.amount

    def may_object(self, _: int, __: Any, now: Moment) -> bool:
        """While the notice of the lines as they are runs."""
        runs = bool(self.posted and self.ends and self.posted <= now < self.ends)
        return self.state == "reviewed" and runs and self.noticed_amount == self.amount

    def may_answer(self, _: int, given: tuple[int, bool], __: Moment) -> bool:
        """One that is open."""
        return self.state == "reviewed" and given[0] < len(self.objections) and self.objections[given[0]]

    def may_sign(self, officer: int, *_: Any) -> bool:
        """Three different officers, none of whom examined it."""
        return (
            self.state == "reviewed" and len(self.signed_now) < 3 and officer not in self.examined | {*self.signed_now}
        )

    def payable(self, officer: int, now: Moment) -> bool:
        """What both instruction and payment ask."""
        acted = self.examined | self.signed_ever
        heard = self.noticed_amount == self.amount and self.ends is not None and now >= self.ends
        return officer not in acted and heard and len(self.signed_now) == 3 and not any(self.objections)

    def may_instruct(self, officer: int, _: Any, now: Moment) -> bool:
        """Never a second one while one is unresolved."""
        return self.state in {"reviewed", "returned"} and self.payable(officer, now)

    def may_pay(self, officer: int, given: int, now: Moment) -> bool:
        """On the day of the instruction or later, not in the future."""
        day = now.civil_day() + timedelta(days=given)
        return (
            self.state == "instructed"
            and self.payable(officer, now)
            and self.instructed_on is not None
            and self.instructed_on <= day <= now.civil_day()
        )

    def may_return(self, officer: int, *_: Any) -> bool:
        """Of what is instructed."""
        return self.state == "instructed" and officer not in self.examined | self.signed_ever

    def may_withdraw(self, *_: Any) -> bool:
        """Before finance is instructed."""
        return self.state in {"applied", "correcting", "reviewed"}


def a_case() -> Case:
    """Return a grant that was just applied for."""
    line = Line(FirmId.new(), "Firm", Digest.of(b"thing"), "yz-13-event", "S1 cl.13", "30 %", Money(0))
    return with_acts(
        Case(
            id=CaseId.new(),
            authority=AuthorityId.new(),
            kind=CaseKind.GRANT,
            document="yizhou-2-year-measures",
            instrument="yz-13-event",
            state=CaseState.APPLIED,
            applicant=line.firm,
            applied_by=APPLICANT,
            applied_at=START,
            lines=(line,),
            revision=Digest.of(b"revision"),
            facts=Digest.of(b"facts"),
            sign_off_levels=tuple(rank.value for rank in RANKS),
            notice_days=7,
        ),
        (),
    )


@dataclass
class Machine:
    """One case, its model and a clock."""

    rng: random.Random
    case: Case = field(default_factory=a_case)
    model: Model = field(default_factory=Model)
    now: Moment = START
    paid: int = 0

    def act(self, kind: ActKind, content: Mapping[str, Any], officer: int, to: CaseState | None = None) -> None:
        """Write an act, as the use cases do."""
        made = Act(len(self.case.acts) + 1, kind, OFFICERS[officer], self.now, dict(content), ENTRY)
        self.case = replace(with_acts(self.case, (*self.case.acts, made)), state=to or self.case.state)

    def step(self) -> str:
        """Take one random step in rules and model; raise AssertionError where they differ."""
        if self.rng.random() < 0.2:
            self.now = self.now.plus(timedelta(hours=self.rng.choice(HOURS)))
            return "wait"
        name, given = self._drawn()
        officer = self._officer(name)
        expected = self.model.allows(name, officer, given, self.now)
        try:
            getattr(self, f"do_{name}")(officer, given)
        except SancaiError as refused:
            if expected:
                raise AssertionError((name, officer, given, str(self.now), self.model)) from refused
            return f"refused {name}"
        assert expected, (name, officer, given, str(self.now), self.model)
        getattr(self, f"then_{name}", lambda *_: None)(officer, given)
        assert self.case.state.value == self.model.state, (name, self.case.state, self.model)
        assert self.case.amount.fen == (self.model.amount or 0)
        return name

    def _officer(self, name: str) -> int:
        """Draw an officer: mostly as an office divides its work, now and then anybody."""
        if self.rng.random() < 0.2:
            return self.rng.randrange(len(OFFICERS))
        if name in {"instruct", "pay", "return"}:
            return len(OFFICERS) - 1
        return self.rng.choice((1, 2, 3)) if name == "sign" else 0

    def _drawn(self) -> tuple[str, Any]:
        draw: dict[str, Callable[[], Any]] = {
            "assess": lambda: self.rng.choice((0, 100, 100, 200)),
            "ask": lambda: None,
            "correct": lambda: None,
            "lapse": lambda: None,
            "consult": lambda: self.rng.choice("ab"),
            "advise": lambda: (self.rng.choice("ab"), self.rng.random() < 0.9),
            "review": lambda: self.rng.random() < 0.95,
            "notice": lambda: None,
            "object": lambda: None,
            "answer": lambda: (self.rng.randrange(3), self.rng.random() < 0.1),
            "sign": lambda: self.rng.random() < 0.98,
            "instruct": lambda: None,
            "pay": lambda: self.rng.choice((-9, 0, 0, 0, 1)),
            "return": lambda: None,
            "withdraw": lambda: None,
        }
        # A withdrawal ends everything, so it is rare; what leads on is frequent.
        weights = {
            "withdraw": 0.1,
            "ask": 0.3,
            "assess": 0.5,
            "object": 0.2,
            "consult": 0.3,
            "sign": 3,
            "instruct": 2,
            "pay": 2,
            "answer": 2,
            "return": 0.5,
        }
        name = self.rng.choices(list(draw), [weights.get(each, 1) for each in draw])[0]
        return name, draw[name]()

    # Each step: what the use case asks of the rules, then what the model makes of it.

    def do_assess(self, officer: int, given: int) -> None:
        """Assess."""
        rules.require_assessable(self.case, OFFICERS[officer])
        content = {"amount_fen": given, "facts_digest": str(Digest.of(b"f")), "confirmed": {}, "opinion": "x"}
        self.act(ActKind.ASSESSED, content, officer, rules.state_assessed(self.case))

    def then_assess(self, officer: int, given: int) -> None:
        """Who examines neither signs nor pays."""
        self.model.examined.add(officer)
        self.model.amount, self.model.corrected = given, False
        self.model.state = "reviewed" if self.model.state == "returned" else self.model.state

    def do_ask(self, officer: int, _: None) -> None:
        """Ask for a correction."""
        today = self.now.civil_day()
        rules.require_correction_asked(self.case, working_days_after(START.civil_day(), 5, CALENDAR), today)
        until = working_days_after(today, 10, CALENDAR).isoformat()
        self.act(ActKind.CORRECTION_ASKED, {"defects": ["x"], "until": until}, officer, CaseState.CORRECTING)

    def then_ask(self, *_: Any) -> None:
        """Two weeks without holidays: ten working days end on the same day of the week, or on Friday."""
        self.model.state = "correcting"
        weekend = max(0, self.now.civil_day().weekday() - 4)
        self.model.until = self.now.civil_day() + timedelta(days=14 - weekend)

    def do_correct(self, officer: int, _: None) -> None:
        """Answer it."""
        rules.require_in_time(self.case, rules.open_correction(self.case), self.now.civil_day())
        self.act(ActKind.CORRECTED, {"statement": "x", "facts": {}, "evidence": {}}, officer, CaseState.APPLIED)

    def then_correct(self, *_: Any) -> None:
        """It goes on, and what was assessed before no longer carries a review."""
        self.model.state, self.model.corrected = "applied", True

    def do_lapse(self, officer: int, _: None) -> None:
        """Silence."""
        rules.require_silent(self.case, rules.open_correction(self.case), self.now.civil_day())
        self.act(ActKind.WITHDRAWN, {"reason": "silence"}, officer, CaseState.WITHDRAWN)

    def then_lapse(self, *_: Any) -> None:
        """It is over."""
        self.model.state = "withdrawn"

    def do_consult(self, officer: int, given: str) -> None:
        """Ask a department."""
        rules.require_departments(self.case, [given])
        self.act(ActKind.DEPARTMENTS_ASKED, {"departments": [given]}, officer)

    def then_consult(self, _: int, given: str) -> None:
        """It is waited for."""
        self.model.departments[given] = None

    def do_advise(self, officer: int, given: tuple[str, bool]) -> None:
        """Record its answer."""
        rules.require_department_answer(self.case, given[0])
        content = {"department": given[0], "agrees": given[1], "opinion": "x"}
        self.act(ActKind.DEPARTMENT_ANSWERED, content, officer)

    def then_advise(self, _: int, given: tuple[str, bool]) -> None:
        """It has answered."""
        self.model.departments[given[0]] = given[1]

    def do_review(self, officer: int, given: bool) -> None:
        """Review."""
        command = ReviewCase(self.case.id, given, "x", originals_seen=True, search=None)
        rules.require_review(self.case, OFFICERS[officer], command)
        content = {"passed": given, "opinion": "x", "originals_seen": True, "outside_search": None}
        to = CaseState.REFUSED if rules.review_refusal(command) else CaseState.REVIEWED
        self.act(ActKind.REVIEWED, content, officer, to)

    def then_review(self, officer: int, given: bool) -> None:
        """It goes on or ends."""
        self.model.examined.add(officer)
        self.model.state = "reviewed" if given else "refused"

    def do_notice(self, officer: int, _: None) -> None:
        """Post a notice."""
        rules.require_notice(self.case, self.now)
        ends = notice_end(self.now, 7, CALENDAR)
        content = {
            "lines": str(self.case.lines_digest),
            "page_url": "https://x",
            "capture": str(Digest.of(b"c")),
            "ends_at": str(ends),
        }
        self.act(ActKind.NOTICED, content, officer)

    def then_notice(self, *_: Any) -> None:
        """It runs."""
        model, notice = self.model, self.case.notice
        assert notice is not None
        assert notice.ends_at >= Moment.start_of(self.now.civil_day() + timedelta(days=8))
        model.noticed_amount, model.posted, model.ends = model.amount, self.now, notice.ends_at

    def do_object(self, officer: int, _: None) -> None:
        """Object."""
        rules.require_objection(self.case, self.now)
        self.act(ActKind.OBJECTED, {"reason": "x"}, officer)

    def then_object(self, *_: Any) -> None:
        """It waits for an answer."""
        self.model.objections.append(True)

    def do_answer(self, officer: int, given: tuple[int, bool]) -> None:
        """Answer an objection."""
        rules.require_state(self.case, CaseState.REVIEWED)
        objection = rules.open_objection(self.case, given[0] + 1)
        outcome = "upheld" if given[1] else "dismissed"
        content = {"number": objection.number, "outcome": outcome, "answer": "x"}
        self.act(ActKind.ANSWERED, content, officer, CaseState.REFUSED if given[1] else None)

    def then_answer(self, _: int, given: tuple[int, bool]) -> None:
        """It is answered; one that is upheld ends the case."""
        self.model.objections[given[0]] = False
        if given[1]:
            self.model.state = "refused"

    def do_sign(self, officer: int, given: bool) -> None:
        """Sign in the rank whose turn it is."""
        rank, role = rules.require_signature(self.case, OFFICERS[officer], frozenset(RANKS))
        content = {
            "rank": rank,
            "role": role.value,
            "lines": str(self.case.lines_digest),
            "opinion": "x",
            "approved": given,
        }
        self.act(ActKind.SIGNED, content, officer, None if given else CaseState.REFUSED)

    def then_sign(self, officer: int, given: bool) -> None:
        """One more rank, or the end."""
        self.model.signed_ever.add(officer)
        if given:
            self.model.signed_now.append(officer)
        else:
            self.model.state = "refused"

    def _require_payable(self, officer: int) -> None:
        rules.require_payer(self.case, OFFICERS[officer])
        rules.require_payable(self.case, self.now, open_assumptions=(), stopped=())

    def do_instruct(self, officer: int, _: None) -> None:
        """Instruct the bank."""
        rules.require_move(self.case, CaseState.INSTRUCTED)
        self._require_payable(officer)
        content = {
            "budget_year": 2026,
            "project_code": "p",
            "subject_code": "s",
            "payment_voucher_number": "v",
        }
        self.act(ActKind.INSTRUCTED, content, officer, CaseState.INSTRUCTED)

    def then_instruct(self, *_: Any) -> None:
        """The bank may pay."""
        self.model.state, self.model.instructed_on = "instructed", self.now.civil_day()

    def do_pay(self, officer: int, given: int) -> None:
        """Record the bank's payment."""
        rules.require_move(self.case, CaseState.PAID)
        self._require_payable(officer)
        today = self.now.civil_day()
        day = today + timedelta(days=given)
        rules.require_bank_day(self.case, RecordPayment(self.case.id, "r", day), today)
        self.act(ActKind.PAID, {"bank_receipt": "r", "paid_on": day.isoformat()}, officer, CaseState.PAID)

    def then_pay(self, *_: Any) -> None:
        """It is over, and paid once."""
        self.model.state = "paid"
        self.paid += 1
        assert self.paid == 1
        assert len({made.account for made in self.case.signatures if made.lines == self.case.lines_digest}) == 3

    def do_return(self, officer: int, _: None) -> None:
        """Record a return (退汇)."""
        rules.require_move(self.case, CaseState.RETURNED)
        rules.require_payer(self.case, OFFICERS[officer])
        self.act(ActKind.RETURNED, {"reason": "x"}, officer, CaseState.RETURNED)

    def then_return(self, *_: Any) -> None:
        """It may be instructed again."""
        self.model.state, self.model.instructed_on = "returned", None

    def do_withdraw(self, officer: int, _: None) -> None:
        """Withdraw."""
        rules.require_move(self.case, CaseState.WITHDRAWN)
        self.act(ActKind.WITHDRAWN, {"reason": "x"}, officer, CaseState.WITHDRAWN)

    def then_withdraw(self, *_: Any) -> None:
        """It is over."""
        self.model.state = "withdrawn"


OVER: Final = frozenset({"paid", "refused", "withdrawn"})
STEPS_OF_A_CASE_MAX: Final = 200
AFTER_THE_END: Final = 5


def run(steps: int, seed: int) -> dict[str, int]:
    """Take ``steps`` steps through as many cases as that needs; return how often each step was taken or refused."""
    rng, taken, left = random.Random(seed), dict[str, int](), steps
    while left > 0:
        machine, after = Machine(rng), 0
        for _ in range(min(left, STEPS_OF_A_CASE_MAX)):
            name = machine.step()
            taken[name] = taken.get(name, 0) + 1
            left -= 1
            after += machine.model.state in OVER
            # A case that is over is asked some more: nothing may move it.
            if after > AFTER_THE_END:
                break
    return taken


if __name__ == "__main__":
    chosen = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2**32)
    sys.stdout.write(f"seed {chosen}\n")
    for step, count in sorted(run(int(sys.argv[1]), chosen).items()):
        sys.stdout.write(f"{count:8} {step}\n")
