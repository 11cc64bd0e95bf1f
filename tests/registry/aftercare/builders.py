"""Recoveries for tests: opened, heard, decided and served by officers who are new to the case."""

from datetime import date

from registry.actors.model import Actor, Role
from registry.aftercare import collecting, recoveries, remedies
from registry.aftercare.recovery_model import (
    DecideRecovery,
    HearParty,
    NotifyParty,
    OpenRecovery,
    RecordPayBack,
    RecordRepayment,
    Recovery,
    RecoveryGround,
    Service,
)
from registry.aftercare.remedy_model import EndRemedy, FileRemedy, Remedy, RemedyKind, RemedyState, Subject
from registry.awards.model import Case
from registry.house import House
from registry.parties.hearing import ServiceWay
from registry.values.digest import Digest
from registry.values.identifiers import AuthorityId, CaseId, RecoveryId, RemedyId
from registry.values.money import Money
from tests.conftest import FixedClock
from tests.registry.awards.builders import BUDGET_LINE, Desk, instruct, pay, ready_for_payment
from tests.registry.exchange.builders import an_officer, do


def a_paid_case(desk: Desk, clock: FixedClock) -> Case:
    """Return an award of ¥50,000 that the bank paid."""
    case = ready_for_payment(desk, clock)
    instruct(desk, case.id)
    return pay(desk, case.id)


def a_decider(authority: AuthorityId) -> Actor:
    """Return an officer of a rank who is new to everything."""
    return an_officer(authority, Role.SECTION_HEAD)


def today(house: House) -> date:
    """Return the day."""
    return house.clock.now().civil_day()


def served_today(house: House) -> Service:
    """Return the proof that a document was served today."""
    return Service(today(house), ServiceWay.MAIL, Digest.of(b"receipt"))


def opened(
    desk: Desk, case: CaseId, amount: str = "50000", ground: RecoveryGround = RecoveryGround.MISTAKE, line: int = 1
) -> Recovery:
    """Open a recovery on one's own ground."""
    command = OpenRecovery(case, line, ground, Money.of_yuan(amount), "counted twice", "S1 cl.14")
    return do(desk.house, desk.reviewer, lambda work: recoveries.open_recovery(work, command))


def notified(desk: Desk, recovery: RecoveryId) -> Recovery:
    """Give the party notice today."""
    command = NotifyParty(recovery, served_today(desk.house))
    return do(desk.house, desk.reviewer, lambda work: recoveries.notify(work, command))


def stated(desk: Desk, recovery: RecoveryId, party: Actor) -> Recovery:
    """Let the party answer."""
    return do(desk.house, party, lambda work: recoveries.state(work, HearParty(recovery, "We see it otherwise.")))


def decided(desk: Desk, recovery: RecoveryId, decider: Actor, amount: str = "50000") -> Recovery:
    """Decide it."""
    command = DecideRecovery(recovery, Money.of_yuan(amount), "The second receipt is the first one again.")
    return do(desk.house, decider, lambda work: recoveries.decide(work, command))


def served(desk: Desk, recovery: RecoveryId) -> Recovery:
    """Serve the decision today."""
    return do(desk.house, desk.reviewer, lambda work: recoveries.serve(work, recovery, served_today(desk.house)))


def a_served_recovery(
    desk: Desk,
    case: Case,
    party: Actor,
    decider: Actor,
    *,
    amount: str = "50000",
    ground: RecoveryGround = RecoveryGround.MISTAKE,
) -> Recovery:
    """Open, hear, decide and serve."""
    made = opened(desk, case.id, amount, ground)
    notified(desk, made.id)
    stated(desk, made.id, party)
    decided(desk, made.id, decider, amount)
    return served(desk, made.id)


def repaid(desk: Desk, recovery: RecoveryId, amount: str, receipt: str) -> Recovery:
    """Book cash that came today."""
    command = RecordRepayment(recovery, Money.of_yuan(amount), receipt, today(desk.house))
    return do(desk.house, desk.payer, lambda work: collecting.repay(work, command))


def paid_back(desk: Desk, recovery: RecoveryId, receipt: str = "BACK-1", year: int = 2026) -> Recovery:
    """Record that the party was paid again."""
    command = RecordPayBack(recovery, year, BUDGET_LINE, "V-9", receipt, today(desk.house))
    return do(desk.house, desk.payer, lambda work: collecting.pay_back(work, command))


def filed(house: House, who: Actor, subject: Subject, kind: RemedyKind = RemedyKind.REVIEW) -> Remedy:
    """File a remedy today."""
    command = FileRemedy(subject, kind, "区人民政府", "", "The facts are wrong.")
    return do(house, who, lambda work: remedies.file_remedy(work, command))


def ended(house: House, who: Actor, remedy: RemedyId, outcome: RemedyState) -> Remedy:
    """End a remedy today."""
    command = EndRemedy(remedy, outcome, "伊政复决〔2026〕7号", today(house), "As the file shows.")
    return do(house, who, lambda work: remedies.end(work, command))
