"""A case against a small model: random steps through the real rules, each compared with what the model allows.

``python -m tests.registry.awards.case_machine STEPS [SEED]`` takes as many steps as asked, many times faster than a
database would: the rules are pure, and a case is what its acts come to. The seed is printed, and repeats the run.
"""

import random
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from registry.actors.model import Role
from registry.awards import correction_rules, rules
from registry.awards.came_between import hindering, stated
from registry.awards.commands import RecordPayment, ReviewCase
from registry.awards.history import with_acts
from registry.awards.lines import concerned_by, held, numbers_of, only
from registry.awards.model import Act, ActKind, Case, CaseKind, CaseState, Line, Outcome
from registry.awards.recusal import recused_from, state_when_returned, voided_by_annulment
from registry.errors import NotAllowedError, RuleError, SancaiError
from registry.policy import service as policy
from registry.policy.rules import notice_end, working_days_after
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, CaseId, EntryId, FirmId
from registry.values.moment import Moment
from registry.values.money import Money
from tests.registry.awards.case_model import Model, Said

RANKS: Final = (Role.SECTION_HEAD, Role.LEADER_IN_CHARGE, Role.PRINCIPAL_LEADER)
START: Final = Moment.of_text("2026-03-02T02:00:00Z")
CALENDAR: Final = policy.calendar()
ENTRY: Final = EntryId.new()
APPLICANT: Final = AccountId.new()
OFFICERS: Final = tuple(AccountId.new() for _ in range(12))
"""Every officer holds every role, so that only who acted before keeps somebody from acting."""
HOURS: Final = (1, 14, 24, 72, 168)


def a_case() -> Case:
    """Return a grant that was just applied for."""
    firm = FirmId.new()
    lines = tuple(
        Line(firm, "Firm", Digest.of(name), "yz-13-event", "S1 cl.13", "30 %", Money(0)) for name in (b"one", b"two")
    )
    return with_acts(
        Case(
            id=CaseId.new(),
            authority=AuthorityId.new(),
            kind=CaseKind.GRANT,
            document="yizhou-2-year-measures",
            instrument="yz-13-event",
            state=CaseState.APPLIED,
            applicant=firm,
            applied_by=APPLICANT,
            applied_at=START,
            lines=lines,
            revision=Digest.of(b"revision"),
            facts=Digest.of(b"facts"),
            sign_off_levels=tuple(rank.value for rank in RANKS),
            notice_days=7,
        ),
        (),
    )


@dataclass
class Machine:
    """One case, its model and a clock; ``apart`` are the cases that lines of it left for."""

    rng: random.Random
    case: Case = field(default_factory=a_case)
    model: Model = field(default_factory=Model)
    now: Moment = START
    paid: list[int] = field(default_factory=list)
    apart: "list[Machine]" = field(default_factory=list)

    def act(self, kind: ActKind, content: Mapping[str, Any], officer: int, to: CaseState | None = None) -> None:
        """Write an act, as the use cases do."""
        made = Act(len(self.case.acts) + 1, kind, OFFICERS[officer], self.now, dict(content), ENTRY)
        self.case = replace(with_acts(self.case, (*self.case.acts, made)), state=to or self.case.state)

    def act_on(
        self,
        lines: Iterable[int],
        kind: ActKind,
        content: Mapping[str, Any],
        officer: int,
        to: CaseState | None,
        *,
        leaving: bool,
    ) -> None:
        """Write an act on some lines, as parting does: these or the others go on in a machine of their own."""
        wanted, there = set(lines), set(numbers_of(self.case))
        left = wanted if leaving else there - wanted
        if not there - wanted:
            self.act(kind, content, officer, to)
            return
        into = CaseId.new()
        told = {**content, "set_apart": {"lines": sorted(left), "from": str(self.case.id), "into": str(into)}}
        own = tuple(line for line in self.case.applied_lines if line.number in left)
        child = with_acts(replace(self.case, id=into, lines=own, applied_lines=()), self.case.acts)
        other = Machine(self.rng, child, self.model.without(there - left), self.now, self.paid, self.apart)
        self.model = self.model.without(left)
        self.act(ActKind.SET_APART if leaving else kind, told, officer, None if leaving else to)
        other.act(kind if leaving else ActKind.SET_APART, told, officer, to if leaving else None)
        self.apart.append(other)

    def step(self) -> str:
        """Take one random step in rules and model; raise AssertionError where they differ."""
        if self.rng.random() < 0.2:
            self.now = self.now.plus(timedelta(hours=self.rng.choice(HOURS)))
            return "wait"
        name, given = self._drawn()
        officer = self._officer(name)
        expected = self.model.allows(name, officer, given, self.now)
        try:
            # What every use case asks first: nobody acts who was recused, or whose refusal was annulled.
            if OFFICERS[officer] in recused_from(self.case):
                raise NotAllowedError("officer_recused", id=self.case.id)
            getattr(self, f"do_{name}")(officer, given)
        except SancaiError as refused:
            if expected:
                raise AssertionError((name, officer, given, str(self.now), self.model)) from refused
            return f"refused {name}"
        assert expected, (name, officer, given, str(self.now), self.model)
        getattr(self, f"then_{name}", lambda *_: None)(officer, given)
        if name in {"assess", "review", "answer", "decide", "sign"}:
            where = self.apart[-1].model if self.case.acts[-1].kind is ActKind.SET_APART else self.model
            where.decided.add(officer)
        assert self.case.state.value == self.model.state, (name, self.case.state, self.model)
        assert {line.number: line.amount.fen for line in self.case.lines} == self.model.amounts
        assert held(self.case) == {line for line in self.model.there if self.model.held({line})}
        return name

    def _officer(self, name: str) -> int:
        """Draw an officer: mostly as an office divides its work, now and then anybody."""
        if self.rng.random() < 0.2:
            return self.rng.randrange(len(OFFICERS))
        if name in {"instruct", "pay", "return", "reopen"}:
            return len(OFFICERS) - 1
        # After an annulment another bench decides; a second one finds few who are left.
        bench = 4 if self.model.refused_by else 0
        return bench + self.rng.choice((1, 2, 3)) if name == "sign" else bench

    def _drawn(self) -> tuple[str, Any]:
        draw: dict[str, Callable[[], Any]] = {
            "assess": lambda: (self.rng.choice(sorted(self.model.there)), self.rng.choice((0, 100, 100, 200))),
            "ask": lambda: None,
            "correct": lambda: None,
            "lapse": lambda: None,
            "consult": lambda: self.rng.choice("ab"),
            "advise": lambda: (self.rng.choice("ab"), self.rng.random() < 0.9),
            "review": lambda: self.rng.random() < 0.95,
            "notice": lambda: None,
            "object": lambda: frozenset(self.rng.choice(((), (1,), (2,), (1, 2), (3,)))),
            "answer": lambda: (self.rng.randrange(3), self.rng.random() < 0.1),
            "decide": lambda: (self.rng.randrange(3), self.rng.random() < 0.3),
            "sign": lambda: self.rng.random() < 0.98,
            "instruct": self._lines,
            "pay": lambda: (self._lines(), self.rng.choice((-9, 0, 0, 0, 1))),
            "return": self._lines,
            "withdraw": lambda: None,
            "reopen": lambda: None,
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
            "decide": 2,
            "return": 0.5,
            "reopen": 2,
        }
        name = self.rng.choices(list(draw), [weights.get(each, 1) for each in draw])[0]
        return name, draw[name]()

    def _lines(self) -> frozenset[int]:
        """Draw lines to pay: mostly all there are."""
        if self.rng.random() < 0.7:
            return frozenset(self.model.there)
        return frozenset(self.rng.choice(((1,), (2,), (1, 2))))

    # Each step: what the use case asks of the rules, then what the model makes of it.

    def do_assess(self, officer: int, given: tuple[int, int]) -> None:
        """Assess a line."""
        rules.require_assessable(self.case, OFFICERS[officer])
        content = {"line": given[0], "amount_fen": given[1], "facts_digest": str(Digest.of(b"f")), "confirmed": {}}
        content["opinion"] = "x"
        self.act(ActKind.ASSESSED, content, officer, rules.state_assessed(self.case))

    def then_assess(self, officer: int, given: tuple[int, int]) -> None:
        """Who examines neither signs nor pays; a line that changes is noticed anew, and no other."""
        line, amount = given
        self.model.examined.add(officer)
        if self.model.amounts[line] != amount:
            self.model.ends.pop(line, None)
        self.model.amounts[line] = amount
        self.model.corrected = False
        self.model.state = "reviewed" if self.model.state == "returned" else self.model.state

    def do_ask(self, officer: int, _: None) -> None:
        """Ask for a correction."""
        today = self.now.civil_day()
        correction_rules.require_correction_asked(self.case, working_days_after(START.civil_day(), 5, CALENDAR), today)
        until = working_days_after(today, 10, CALENDAR).isoformat()
        self.act(ActKind.CORRECTION_ASKED, {"defects": ["x"], "until": until}, officer, CaseState.CORRECTING)

    def then_ask(self, *_: Any) -> None:
        """Two weeks without holidays: ten working days end on the same day of the week, or on Friday."""
        self.model.state = "correcting"
        weekend = max(0, self.now.civil_day().weekday() - 4)
        self.model.until = self.now.civil_day() + timedelta(days=14 - weekend)

    def do_correct(self, officer: int, _: None) -> None:
        """Answer it."""
        correction_rules.require_in_time(self.case, correction_rules.open_correction(self.case), self.now.civil_day())
        self.act(ActKind.CORRECTED, {"statement": "x", "facts": {}, "evidence": {}}, officer, CaseState.APPLIED)

    def then_correct(self, *_: Any) -> None:
        """It goes on, and what was assessed before no longer carries a review."""
        self.model.state, self.model.corrected = "applied", True

    def do_lapse(self, officer: int, _: None) -> None:
        """Silence."""
        correction_rules.require_silent(self.case, correction_rules.open_correction(self.case), self.now.civil_day())
        self.act(ActKind.WITHDRAWN, {"reason": "silence"}, officer, CaseState.WITHDRAWN)

    def then_lapse(self, *_: Any) -> None:
        """It is over."""
        self.model.state = "withdrawn"

    def do_consult(self, officer: int, given: str) -> None:
        """Ask a department."""
        correction_rules.require_departments(self.case, [given])
        self.act(ActKind.DEPARTMENTS_ASKED, {"departments": [given]}, officer)

    def then_consult(self, _: int, given: str) -> None:
        """It is waited for."""
        self.model.departments[given] = None

    def do_advise(self, officer: int, given: tuple[str, bool]) -> None:
        """Record its answer."""
        correction_rules.require_department_answer(self.case, given[0])
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
        listed = rules.require_notice(self.case, self.now)
        ends = notice_end(self.now, 7, CALENDAR)
        content = {
            "lines": str(self.case.lines_digest),
            "line_digests": [str(line.digest) for line in listed],
            "page_url": "https://x",
            "capture": str(Digest.of(b"c")),
            "ends_at": str(ends),
        }
        self.act(ActKind.NOTICED, content, officer)

    def then_notice(self, *_: Any) -> None:
        """It runs, for what was not noticed."""
        model, notice = self.model, self.case.notice
        assert notice is not None
        assert notice.ends_at >= Moment.start_of(self.now.civil_day() + timedelta(days=8))
        model.ends |= dict.fromkeys(model.there - set(model.ends), notice.ends_at)

    def do_object(self, officer: int, given: frozenset[int]) -> None:
        """Object."""
        named = rules.lines_named(self.case, sorted(given))
        late = rules.require_objection(self.case, named, self.now)
        self.act(ActKind.OBJECTED, {"reason": "x", "lines": sorted(named), "late": late}, officer)

    def then_object(self, _: int, given: frozenset[int]) -> None:
        """It waits for an answer, or for a decision when everything it names was heard already."""
        lines = set(given) or self.model.there.copy()
        late = all(self.now >= self.model.ends[line] for line in lines)
        self.model.objections.append(Said(lines, late))

    def do_answer(self, officer: int, given: tuple[int, bool]) -> None:
        """Answer an objection."""
        outcome = Outcome.UPHELD if given[1] else Outcome.DISMISSED
        objection = rules.require_answer(self.case, given[0] + 1, outcome)
        content = {"number": objection.number, "outcome": outcome.value, "answer": "x"}
        if not given[1] or self.case.state is CaseState.PAID:
            self.act(ActKind.ANSWERED, content, officer)
            return
        numbers = concerned_by(self.case, objection)
        self.act_on(numbers, ActKind.ANSWERED, content, officer, CaseState.REFUSED, leaving=True)

    def then_answer(self, officer: int, given: tuple[int, bool]) -> None:
        """It is answered; one that is upheld ends its lines, unless paid. Who answered neither signs nor pays."""
        if not given[1] or self.model.state == "paid":
            self.model.objections[given[0]].answered = True
            self.model.examined.add(officer)
            return
        gone = self.apart[-1].model if self.case.acts[-1].kind is ActKind.SET_APART else self.model
        gone.objections[given[0]].answered, gone.state = True, "refused"
        gone.examined.add(officer)

    def do_decide(self, officer: int, given: tuple[int, bool]) -> None:
        """Decide on a late objection."""
        objection = rules.require_late_decision(self.case, given[0] + 1, OFFICERS[officer])
        content = {"number": objection.number, "hold": given[1], "reason": "x"}
        self.act(ActKind.LATE_DECIDED, content, officer)

    def then_decide(self, officer: int, given: tuple[int, bool]) -> None:
        """It holds or does not, and whoever decided neither signs nor pays."""
        self.model.objections[given[0]].hold = given[1]
        self.model.decided_late.add(officer)

    def do_sign(self, officer: int, given: bool) -> None:
        """Sign in the rank whose turn it is."""
        rank, role = rules.require_signature(self.case, OFFICERS[officer], frozenset(RANKS))
        content = {
            "rank": rank,
            "role": role.value,
            "lines": str(self.case.lines_digest),
            "line_digests": [str(line.digest) for line in self.case.lines],
            "opinion": "x",
            "approved": given,
        }
        self.act(ActKind.SIGNED, content, officer, None if given else CaseState.REFUSED)

    def then_sign(self, officer: int, given: bool) -> None:
        """One more rank, or the end."""
        model = self.model
        model.signed_ever.add(officer)
        if given:
            model.signed.append((model.ranks(model.there) + 1, officer, frozenset(model.amounts.items())))
        else:
            self.model.state = "refused"

    def _require_payable(self, officer: int, lines: Iterable[int]) -> None:
        chosen = only(self.case, rules.require_lines(self.case, sorted(lines)))
        rules.require_payer(self.case, OFFICERS[officer])
        if found := rules.payment_obstacles(chosen, self.now, open_assumptions=(), stopped=()):
            raise RuleError("case_not_payable", found)

    def do_instruct(self, officer: int, given: frozenset[int]) -> None:
        """Instruct the bank."""
        rules.require_move(self.case, CaseState.INSTRUCTED)
        self._require_payable(officer, given)
        content = {
            "budget_year": 2026,
            "project_code": "p",
            "subject_code": "s",
            "payment_voucher_number": "v",
        }
        self.act_on(given, ActKind.INSTRUCTED, content, officer, CaseState.INSTRUCTED, leaving=False)

    def then_instruct(self, *_: Any) -> None:
        """The bank may pay."""
        self.model.state, self.model.instructed_on = "instructed", self.now.civil_day()

    def do_pay(self, officer: int, given: tuple[frozenset[int], int]) -> None:
        """Record the bank's payment."""
        chosen = only(self.case, rules.require_lines(self.case, sorted(given[0])))
        rules.require_payer(self.case, OFFICERS[officer])
        came = rules.payment_obstacles(chosen, self.now, open_assumptions=(), stopped=())
        if hindering(self.case, came):
            raise RuleError("case_not_payable", came)
        rules.require_move(self.case, CaseState.PAID)
        today = self.now.civil_day()
        day = today + timedelta(days=given[1])
        rules.require_bank_day(self.case, RecordPayment(self.case.id, "r", day), today)
        content = {"bank_receipt": "r", "paid_on": day.isoformat(), **stated(came)}
        self.act_on(given[0], ActKind.PAID, content, officer, CaseState.PAID, leaving=False)

    def then_pay(self, *_: Any) -> None:
        """It is over; no line is paid twice, and each was noticed as it is paid, to the end (invariants 9 and 10)."""
        self.model.state = "paid"
        for line in self.case.lines:
            self.paid.append(line.number)
            noticed = [
                act
                for act in self.case.acts
                if act.kind is ActKind.NOTICED and str(line.digest) in act.content["line_digests"]
            ]
            assert noticed
            assert Moment.of_text(noticed[-1].content["ends_at"]) <= self.now
            signers = {made.account for made in self.case.signatures if line.digest in made.digests}
            assert len(signers) >= 3
        assert len(self.paid) == len(set(self.paid))

    def do_return(self, officer: int, given: frozenset[int]) -> None:
        """Record a return (退汇)."""
        rules.require_move(self.case, CaseState.RETURNED)
        rules.require_payer(self.case, OFFICERS[officer])
        to = state_when_returned(only(self.case, rules.require_lines(self.case, sorted(given))))
        self.act_on(given, ActKind.RETURNED, {"reason": "x"}, officer, to, leaving=True)

    def then_return(self, *_: Any) -> None:
        """It may be instructed again, or is looked at first where an objection holds it."""
        back = self.apart[-1].model if self.case.acts[-1].kind is ActKind.SET_APART else self.model
        back.state, back.instructed_on = "reviewed" if back.held(back.there) else "returned", None

    def do_reopen(self, officer: int, _: None) -> None:
        """Annul a refusal."""
        rules.require_state(self.case, CaseState.REFUSED)
        rules.require_move(self.case, CaseState.APPLIED)
        self.act(ActKind.REOPENED, {"voids": list(voided_by_annulment(self.case))}, officer, CaseState.APPLIED)

    def then_reopen(self, *_: Any) -> None:
        """Everything that was decided is void, and whoever decided decides no more; departments are asked anew."""
        model = self.model
        model.state, model.refused_by = "applied", model.refused_by | model.decided
        model.amounts = dict.fromkeys(model.amounts, 0)
        for given in (
            model.ends,
            model.signed,
            model.signed_ever,
            model.decided,
            model.decided_late,
            model.departments,
        ):
            given.clear()
        model.objections = [Said(each.lines, each.late) for each in model.objections]
        assert self.case.refusal is None
        assert self.case.review is None

    def do_withdraw(self, officer: int, _: None) -> None:
        """Withdraw."""
        rules.require_move(self.case, CaseState.WITHDRAWN)
        self.act(ActKind.WITHDRAWN, {"reason": "x"}, officer, CaseState.WITHDRAWN)

    def then_withdraw(self, *_: Any) -> None:
        """It is over."""
        self.model.state = "withdrawn"


OVER: Final = frozenset({"paid", "refused", "withdrawn"})
STEPS_OF_A_CASE_MAX: Final = 200
AFTER_THE_END: Final = 8


def run(steps: int, seed: int) -> dict[str, int]:
    """Take ``steps`` steps through as many cases as that needs; return how often each step was taken or refused."""
    rng, taken, left = random.Random(seed), dict[str, int](), steps
    waiting: list[Machine] = []
    while left > 0:
        machine, after = waiting.pop() if waiting else Machine(rng), 0
        machine.apart = waiting
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
