"""Grants for tests: an office that holds a document, an applicant, and the way from an application to the bank."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from registry.actors.model import Actor, Role
from registry.awards import granting, grants, payments, performance, procedure, service
from registry.awards.commands import InstructPayment, PostNotice, RecordPayment, ReviewCase, SignCase
from registry.awards.grant_model import ApplyForGrant, AssessGrant
from registry.awards.model import Case
from registry.awards.performance import Performance
from registry.awards.performance_model import REPORT, StateTargets, Target
from registry.errors import Finding
from registry.house import House
from registry.manifests.uploads import EvidenceKind
from registry.parties import service as parties
from registry.parties.commands import RecordFact
from registry.parties.model import Period, Predicate
from registry.policy import service as policy
from registry.policy.activation import EnterRuling, LoadPolicy
from registry.policy.kinds import PerUnit, Schedule
from registry.policy.model import Instrument
from registry.policy.vocabulary import vocabulary
from registry.values.digest import Digest
from registry.values.identifiers import AuthorityId, CaseId
from registry.values.moment import Moment
from registry.values.money import Money
from registry.values.names import PublicName
from registry.vouchers import service as vouchers
from registry.vouchers.model import Appropriate
from registry.vouchers.payee import PayeeGiven
from tests.conftest import FixedClock
from tests.registry.adoption.builders import a_document
from tests.registry.awards.builders import BUDGET_LINE, RANKS, ask_credit
from tests.registry.exchange.builders import _founded, a_firm, an_officer, ask, do, firm_of
from tests.registry.parties.builders import a_registrar
from tests.registry.policy.applicants import EVENT, GOOD, ISSUED, TODAY, XUNWU

DECIDED = {**TODAY, XUNWU: date(2026, 3, 2)}
"""A day on which each document pays and whose year's working days are known."""


@dataclass(frozen=True)
class Office:
    """An office that holds one document, with its officers; and a firm that applies."""

    house: House
    document: str
    authority: AuthorityId
    registrar: Actor
    reviewer: Actor
    signers: tuple[Actor, ...]
    payer: Actor
    firm: Actor

    def instrument(self, name: str) -> Instrument:
        """Return an instrument of the document, newest revision."""
        return policy.shipped_revision(self.document).instrument(name)


def an_office(
    house: House, clock: FixedClock, document: str, *, ruled: bool = True, firm: Actor | None = None
) -> Office:
    """Found an office on a day on which the document pays, with everything ruled but contradictions."""
    day = DECIDED[document]
    clock.set(Moment.start_of(day).plus(timedelta(hours=10)))
    authority = _founded(house)
    registrar = a_registrar(authority)
    do(house, registrar, lambda work: policy.load_policy(work, LoadPolicy(document, ISSUED[document], "文号1号")))
    made = Office(
        house=house,
        document=document,
        authority=authority,
        registrar=registrar,
        reviewer=an_officer(authority, Role.REVIEWER),
        signers=tuple(an_officer(authority, rank) for rank in RANKS),
        payer=an_officer(authority, Role.PAYER),
        firm=firm or a_firm(house, registrar),
    )
    if ruled:
        rule(made)
    know(made, made.firm)
    command = Appropriate(day.year, BUDGET_LINE, Money.of_yuan("50000000"), "财预1号")
    do(house, made.payer, lambda work: vouchers.appropriate(work, command))
    return made


def rule(office: Office, answers: Mapping[str, str] | None = None) -> None:
    """Confirm every default that is no contradiction; ``answers`` say otherwise, also on contradictions."""
    document = policy.shipped_revision(office.document)
    disputed = {each.assumption for one in document.instruments for each in one.conflicts}
    today = office.house.clock.now().civil_day()
    for number, each in enumerate(document.assumptions):
        wanted = (answers or {}).get(each.id)
        if each.id == document.issue_date_assumption or each.default is None:
            continue
        if wanted is None and (answers is not None or each.id in disputed):
            continue
        command = EnterRuling(office.document, each.id, f"函{number}号", today, "局", "文", wanted)
        do(office.house, office.registrar, lambda work, c=command: policy.enter_ruling(work, c))


def know(office: Office, firm: Actor) -> None:
    """Enter into the office's registers that everything is in order with a firm."""
    for predicate in Predicate:
        command = RecordFact(
            firm_of(firm), predicate, Finding.MET, Period(date(2020, 1, 1), None), "register", date(2022, 1, 1)
        )
        do(office.house, office.registrar, lambda work, c=command: parties.record_fact(work, c))


def stated(instrument: str) -> dict[str, object]:
    """Return the facts an applicant of ``GOOD`` states itself."""
    held = holder(instrument)
    own = set(GOOD[instrument][0]) - grants.office_facts(held) - grants.REGISTER_FACTS
    facts = {name: GOOD[instrument][0][name] for name in own}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in facts.items()}


def found(instrument: str) -> dict[str, object]:
    """Return the facts only officers say."""
    held = holder(instrument)
    return {name: value for name, value in GOOD[instrument][0].items() if name in grants.office_facts(held)}


def holder(instrument: str) -> Instrument:
    for document in reversed(policy.shipped()):
        for each in document.instruments:
            if each.id == instrument:
                return each
    raise AssertionError(instrument)


def keys_of(instrument: str, facts: Mapping[str, object], serial: str = "") -> dict[str, tuple[str, ...]]:
    """Return a name for each thing an instrument asks for; a roster for each unit."""
    held = holder(instrument)
    terms = held.terms.total if isinstance(held.terms, Schedule) else held.terms
    units: object = 1
    if isinstance(terms, PerUnit):
        units = facts.get(terms.unit, 1) if terms.each_max is None else len(facts.get(terms.unit, ()))  # type: ignore[arg-type]
    return {
        name: tuple(f"{name}-{serial}{number}" for number in range(int(units) if name in grants.ROSTERS else 1))  # type: ignore[call-overload]
        for name in grants.keys_asked(held)
    }


def an_application(
    office: Office, instrument: str, *, dataset: PublicName | None = None, serial: str = "", **changes: object
) -> ApplyForGrant:
    """Return a complete application of the firm: facts, one document for each kind of evidence, its own account."""
    facts = stated(instrument) | changes
    document = a_document(office.house, office.firm, EvidenceKind.OTHER)
    name = ask(office.house, office.firm, lambda view: parties.firm(view, firm_of(office.firm))).name
    return ApplyForGrant(
        instrument=instrument,
        event_on=EVENT[office.document],
        facts={key: value for key, value in facts.items() if value is not None},
        keys=keys_of(instrument, facts, serial),
        dataset=dataset,
        evidence={
            each: (document,) for each in office.instrument(instrument).evidence if each in vocabulary().evidence
        },
        declared=(),
        elected=None,
        joint_makers={},
        undertaking=True,
        payee=PayeeGiven(name, "ICBC", "6222020012345678"),
    )


def apply(office: Office, command: ApplyForGrant, firm: Actor | None = None) -> Case:
    """Apply for a grant."""
    return do(
        office.house,
        firm or office.firm,
        lambda work: granting.apply_for_grant(work, office.house.secret, command, office.authority),
    )


def assess(office: Office, case: Case, *, but: Sequence[str] = (), **more: object) -> Case:
    """Confirm everything that was stated, say what only officers can, and what was found in place of something."""
    claim = ask(office.house, office.reviewer, lambda view: granting.claim(view, case.id))
    names = tuple(name for name in claim.stated if name not in but)
    command = AssessGrant(case.id, names, found(case.instrument) | more, "Originals compared.")
    return do(office.house, office.reviewer, lambda work: granting.assess_grant(work, command))


def state_targets(office: Office, case: CaseId) -> Performance:
    """State the one target of a grant."""
    command = StateTargets(case, (Target("服务企业", "家", "20"),), Digest.of(b"ex-ante report"))
    return do(office.house, office.firm, lambda work: performance.state_targets(work, command))


def review(office: Office, case: CaseId, *, passed: bool = True) -> Case:
    """Review a grant, with its targets where the checklist asks for them."""
    instrument = ask(office.house, office.reviewer, lambda view: service.case(view, case)).instrument
    if passed and REPORT in office.instrument(instrument).evidence:
        state_targets(office, case)
    command = ReviewCase(case, passed, "Complete.", originals_seen=True, search=None)
    return do(office.house, office.reviewer, lambda work: procedure.review(work, command))


def sign_all(office: Office, case: CaseId) -> Case:
    """Let every rank sign."""
    return [
        do(office.house, signer, lambda work: procedure.sign(work, SignCase(case, "Agreed.", approved=True)))
        for signer in office.signers
    ][-1]


def post_notice(office: Office, case: CaseId) -> Case:
    """Post the notice."""
    command = PostNotice(case, "https://www.example.gov.cn/notice/2", Digest.of(b"capture"))
    return do(office.house, office.reviewer, lambda work: procedure.post_notice(work, command))


def instruct(office: Office, case: CaseId) -> Case:
    """Instruct the payment, once credit was asked."""
    ask_credit(office.house, office.payer.authority, case)
    command = InstructPayment(case, DECIDED[office.document].year, BUDGET_LINE, "30299", "V-1")
    return do(office.house, office.payer, lambda work: payments.instruct(work, command))


def pay(office: Office, case: CaseId) -> Case:
    """Record that the bank paid today, once credit was asked."""
    ask_credit(office.house, office.payer.authority, case)
    command = RecordPayment(case, "ICBC-1", office.house.clock.now().civil_day())
    return do(office.house, office.payer, lambda work: payments.pay(work, command))


def through_notice(office: Office, clock: FixedClock, case: Case) -> Case:
    """Review, sign and notice an assessed case, and let the notice run to its end."""
    review(office, case.id)
    sign_all(office, case.id)
    noticed = post_notice(office, case.id)
    assert noticed.notice is not None
    clock.set(noticed.notice.ends_at)
    return noticed


def to_the_bank(office: Office, clock: FixedClock, case: Case) -> Case:
    """Bring an assessed case to its payment."""
    through_notice(office, clock, case)
    instruct(office, case.id)
    return pay(office, case.id)


def of_another(office: Office) -> Office:
    """Return the office with another firm that applies."""
    firm = a_firm(office.house, office.registrar)
    know(office, firm)
    return replace(office, firm=firm)
