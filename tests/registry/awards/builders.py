"""Cases for tests: an eligible dataset, and the officers who bring its case to a payment."""

from dataclasses import dataclass
from datetime import date

from registry.actors.model import Actor, Role
from registry.awards import payments, procedure, records, service
from registry.awards.award_model import AwardVerdict
from registry.awards.commands import (
    ApplyForAward,
    InstructPayment,
    PostNotice,
    RecordPayment,
    ReviewCase,
    SignCase,
)
from registry.awards.model import Case, OutsideSearch
from registry.house import House
from registry.journal.work import View
from registry.parties import service as parties
from registry.parties.commands import RecordCredit
from registry.parties.model import CreditAnswer, CreditStanding, Predicate
from registry.policy import service as policy
from registry.policy.activation import EnterRuling
from registry.values.digest import Digest
from registry.values.identifiers import AuthorityId, CaseId
from registry.values.moment import Moment
from registry.values.money import Money
from registry.vouchers import service as vouchers
from registry.vouchers.model import Appropriate
from registry.vouchers.payee import PayeeGiven
from tests.conftest import FixedClock
from tests.registry.adoption.builders import Scene, a_scene, attest, report
from tests.registry.exchange.builders import DOCUMENT, Market, an_officer, ask, do, firm_of

INSTRUMENT = "yz-14a"
BUDGET_LINE = "2060499"
ACCOUNT_NUMBER = "6222 0200 1234 5678"
RANKS = (Role.SECTION_HEAD, Role.LEADER_IN_CHARGE, Role.PRINCIPAL_LEADER)


@dataclass(frozen=True)
class Desk:
    """A scene whose dataset deserves the award, with the officers of its authority."""

    scene: Scene
    reviewer: Actor
    signers: tuple[Actor, ...]
    payer: Actor

    @property
    def house(self) -> House:
        """The installation."""
        return self.scene.house


def a_desk(market: Market) -> Desk:
    """Return a scene with three adopters, a good report, every assumption ruled and money appropriated."""
    scene = a_scene(market)
    for leader in scene.leaders:
        attest(scene, leader)
    report(scene)
    rule_on_everything(market)
    appropriate(market)
    signers = tuple(an_officer(market.authority, rank) for rank in RANKS)
    return Desk(scene, market.reviewer, signers, market.payer)


def rule_on_everything(market: Market) -> None:
    """Confirm the default of every assumption of the document."""
    today = market.house.clock.now().civil_day()
    loaded = ask(market.house, market.registrar, lambda view: policy.loaded_policy(view, market.authority, DOCUMENT))
    for number, assumption in enumerate(loaded.document.assumptions):
        if assumption.id == loaded.document.issue_date_assumption:
            continue
        command = EnterRuling(
            DOCUMENT, assumption.id, f"伊发改函〔2026〕{number}号", today, "区发改委", "As drafted.", None
        )
        do(market.house, market.registrar, lambda work, c=command: policy.enter_ruling(work, c))


def appropriate(market: Market, amount: str = "1000000") -> None:
    """Appropriate money to the budget line of the tests."""
    command = Appropriate(2026, BUDGET_LINE, Money.of_yuan(amount), f"伊财预〔2026〕{amount}号")
    do(market.house, market.payer, lambda work: vouchers.appropriate(work, command))


def check(desk: Desk, actor: Actor | None = None) -> AwardVerdict:
    """Check the award."""
    return ask(
        desk.house,
        actor or desk.scene.publisher,
        lambda view: service.check_award(view, INSTRUMENT, desk.scene.dataset.name),
    )


def an_application(desk: Desk) -> ApplyForAward:
    """Return the publisher's application."""
    publisher = desk.scene.publisher

    def name_of(view: View) -> str:
        return parties.firm(view, firm_of(publisher)).name

    payee = PayeeGiven(ask(desk.house, publisher, name_of), "ICBC Hami", ACCOUNT_NUMBER)
    return ApplyForAward(INSTRUMENT, desk.scene.dataset.name, undertaking=True, payee=payee)


def apply(desk: Desk, command: ApplyForAward | None = None, actor: Actor | None = None) -> Case:
    """Apply for the award."""
    asked = command or an_application(desk)
    return do(desk.house, actor or desk.scene.publisher, lambda work: service.apply(work, desk.house.secret, asked))


def a_review(case: CaseId, *, passed: bool = True, found_earlier: bool = False) -> ReviewCase:
    """Return a complete review."""
    search = OutsideSearch("Baidu, Hugging Face, ModelScope", found_earlier, "title, columns and ten rows")
    return ReviewCase(case, passed, "Complete.", originals_seen=True, search=search)


def review(desk: Desk, case: CaseId, **changes: bool) -> Case:
    """Review a case."""
    return do(desk.house, desk.reviewer, lambda work: procedure.review(work, a_review(case, **changes)))


def post_notice(desk: Desk, case: CaseId) -> Case:
    """Post the notice of a case."""
    command = PostNotice(case, "https://www.example.gov.cn/notice/1", Digest.of(b"capture"))
    return do(desk.house, desk.reviewer, lambda work: procedure.post_notice(work, command))


def sign(desk: Desk, case: CaseId, signer: Actor, *, approved: bool = True) -> Case:
    """Sign a case."""
    return do(desk.house, signer, lambda work: procedure.sign(work, SignCase(case, "Agreed.", approved)))


def sign_all(desk: Desk, case: CaseId) -> Case:
    """Let every rank sign, and return the case."""
    signed = [sign(desk, case, signer) for signer in desk.signers]
    return signed[-1]


def an_instruction(case: CaseId) -> InstructPayment:
    """Return an instruction from the budget line of the tests."""
    return InstructPayment(case, 2026, BUDGET_LINE, "30299", "V-2026-0001")


def ask_credit(house: House, authority: AuthorityId | None, case: CaseId) -> None:
    """Record what the public credit system answers today of every firm of a case that was not asked today."""
    assert authority is not None
    registrar, now = an_officer(authority, Role.REGISTRAR), house.clock.now()
    with house.view(registrar) as view:
        found = records.case_of(view.connection, case)
        firms = sorted(found.firms) if found else []
        known = [parties.fact(view, authority, each, Predicate.CREDIT_CLEAN, now.civil_day()) for each in firms]
    for firm, fact in zip(firms, known, strict=True):
        if fact.credit and fact.credit.queried_at.civil_day() == now.civil_day():
            continue
        command = RecordCredit(firm, CreditAnswer(CreditStanding.CLEAN, now, Digest.of(b"answer")), "信用中国")
        do(house, registrar, lambda work, c=command: parties.record_credit(work, c))


def instruct(desk: Desk, case: CaseId, payer: Actor | None = None) -> Case:
    """Instruct the payment of a case, once its credit was asked."""
    ask_credit(desk.house, desk.payer.authority, case)
    return do(desk.house, payer or desk.payer, lambda work: payments.instruct(work, an_instruction(case)))


def pay(desk: Desk, case: CaseId, payer: Actor | None = None, paid_on: date | None = None) -> Case:
    """Record that the bank paid a case today, once its credit was asked."""
    ask_credit(desk.house, desk.payer.authority, case)
    day = paid_on or desk.house.clock.now().civil_day()
    return do(desk.house, payer or desk.payer, lambda work: payments.pay(work, RecordPayment(case, "ICBC-0001", day)))


def ready_for_payment(desk: Desk, clock: FixedClock) -> Case:
    """Apply, review, sign and notice, and let the notice run to its end."""
    case = apply(desk)
    review(desk, case.id)
    sign_all(desk, case.id)
    noticed = post_notice(desk, case.id)
    assert noticed.notice is not None
    clock.set(noticed.notice.ends_at)
    return noticed


def at(clock: FixedClock, text: str) -> None:
    """Set the clock to an instant of Shanghai, written without zone."""
    clock.set(Moment.of_text(f"{text}+08:00"))


def case_now(desk: Desk, case: CaseId, actor: Actor | None = None) -> Case:
    """Return a case as an officer sees it now."""
    return ask(desk.house, actor or desk.reviewer, lambda view: service.case(view, case))
