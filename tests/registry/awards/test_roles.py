"""Every role against every move of a case: only the allowed cells (POLICY §4.3, invariants 10 and 23)."""

from collections.abc import Callable

from registry.accounts.model import Account, AccountKind, AccountState
from registry.accounts.records import accounts as account_records
from registry.actors.model import FIRM_ROLES, OFFICERS, PERSON_ROLES, SIGNING_RANKS, Actor, Role, Scope
from registry.awards import correcting, granting, officers, payments, procedure, service
from registry.awards.acting import account_of
from registry.awards.commands import (
    AnswerObjection,
    PostNotice,
    RecordPayment,
    RecordReturn,
    SignCase,
    WithdrawCase,
)
from registry.awards.grant_model import AnswerCorrection, AskCorrection, AskDepartments, AssessGrant, RecordDepartment
from registry.awards.model import Case, Outcome
from registry.errors import NotAllowedError, NotFoundError, SancaiError
from registry.journal.work import Work
from registry.offices import records as office_records
from registry.offices.model import Delegation
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, DelegationId
from tests.registry.awards.builders import Desk, a_review, an_application, an_instruction, apply
from tests.registry.exchange.builders import firm_of

Move = Callable[[Work, Desk, Case], object]


def _reviewed(work: Work, desk: Desk, case: Case) -> None:
    procedure.review(Work(work.connection, desk.reviewer, work.now), a_review(case.id))


def _recuse_another(work: Work, desk: Desk, case: Case) -> Case:
    _reviewed(work, desk, case)
    return officers.recuse(work, case.id, desk.reviewer.account, "a tie")


def _record_department(work: Work, desk: Desk, case: Case) -> Case:
    correcting.ask_departments(Work(work.connection, desk.reviewer, work.now), AskDepartments(case.id, ("科工局",)))
    return correcting.record_department(work, RecordDepartment(case.id, "科工局", agrees=True, opinion="None."))


def _sign_as_delegate(work: Work, desk: Desk, case: Case) -> Case:
    """Sign in the rank of the head of section, who delegated it to whoever acts."""
    _reviewed(work, desk, case)
    head, today = desk.signers[0], work.now.civil_day()
    for officer in (head, work.actor):
        account = Account(
            id=account_of(officer),
            login=f"officer.{account_of(officer).uuid.hex}",
            display_name="officer",
            kind=AccountKind.PERSON,
            firm=None,
            authority=case.authority,
            roles=officer.roles,
            state=AccountState.ACTIVE,
            created_at=work.now,
        )
        account_records.add_account(work.connection, account, None, activation=None, secret=None)
    giver = Work(work.connection, head, work.now)
    made = Delegation(
        id=DelegationId.new(),
        authority=case.authority,
        principal=account_of(head),
        delegate=account_of(work.actor),
        rank=Role.SECTION_HEAD,
        instruments=None,
        first=today,
        last=today,
        document_number="委托书1号",
        made_at=work.now,
    )
    office_records.add_delegation(work.connection, made, giver.journal("offices.rank_delegated", made.id))
    return procedure.sign(work, SignCase(case.id, "Agreed.", approved=True))


APPLICANTS = frozenset({Role.OWNER, Role.FINANCE, Role.PERSON})
"""A natural person is a party of its own: of its own case it may what an owner may."""

MOVES: dict[str, tuple[Move, frozenset[Role]]] = {
    "apply": (
        lambda work, desk, _: service.apply(work, desk.house.secret, an_application(desk)),
        APPLICANTS,
    ),
    "withdraw": (
        lambda work, _, case: service.withdraw(work, WithdrawCase(case.id, "a mistake")),
        APPLICANTS,
    ),
    "review": (lambda work, _, case: procedure.review(work, a_review(case.id)), frozenset({Role.REVIEWER})),
    "notice": (
        lambda work, _, case: procedure.post_notice(
            work, PostNotice(case.id, "https://www.example.gov.cn/1", Digest.of(b"capture"))
        ),
        frozenset({Role.REVIEWER}),
    ),
    "sign": (
        lambda work, _, case: procedure.sign(work, SignCase(case.id, "Agreed.", approved=True)),
        frozenset({Role.SECTION_HEAD, Role.LEADER_IN_CHARGE, Role.PRINCIPAL_LEADER}),
    ),
    "answer": (
        lambda work, _, case: procedure.answer_objection(
            work, AnswerObjection(case.id, 1, Outcome.DISMISSED, "It was not.")
        ),
        frozenset({Role.REVIEWER}),
    ),
    "instruct": (lambda work, _, case: payments.instruct(work, an_instruction(case.id)), frozenset({Role.PAYER})),
    "pay": (
        lambda work, _, case: payments.pay(work, RecordPayment(case.id, "ICBC-0001", work.now.civil_day())),
        frozenset({Role.PAYER}),
    ),
    "return": (
        lambda work, _, case: payments.record_return(work, RecordReturn(case.id, "closed")),
        frozenset({Role.PAYER}),
    ),
    "assess": (
        lambda work, _, case: granting.assess_grant(work, AssessGrant(case.id, (), {}, "Compared.")),
        frozenset({Role.REVIEWER}),
    ),
    "ask correction": (
        lambda work, _, case: correcting.ask_correction(work, AskCorrection(case.id, ("no seal",))),
        frozenset({Role.REVIEWER}),
    ),
    "answer correction": (
        lambda work, _, case: correcting.answer_correction(work, AnswerCorrection(case.id, "Sealed.", {}, {})),
        APPLICANTS,
    ),
    "lapse": (lambda work, _, case: correcting.close_silent(work, case.id), frozenset({Role.REVIEWER})),
    "ask departments": (
        lambda work, _, case: correcting.ask_departments(work, AskDepartments(case.id, ("科工局",))),
        frozenset({Role.REVIEWER}),
    ),
    "record department": (_record_department, frozenset({Role.REVIEWER})),
    # An expert from the cases it was drawn for only; nobody is drawn here.
    "recuse oneself": (lambda work, _, case: officers.recuse(work, case.id, None, "a tie"), OFFICERS),
    "recuse another": (_recuse_another, frozenset({Role.REGISTRAR})),
    "draw again": (lambda work, _, case: officers.draw_again(work, case.id, "ill"), frozenset({Role.REGISTRAR})),
    "sign as delegate": (_sign_as_delegate, frozenset(SIGNING_RANKS)),
}


def may(desk: Desk, actor: Actor, move: Move, case: Case) -> bool:
    """Say whether the actor gets past authorisation; whatever it does is undone."""
    with desk.house.database.engine.connect() as connection, connection.begin() as transaction:
        try:
            move(Work(connection, actor, desk.house.clock.now()), desk, case)
        except (NotAllowedError, NotFoundError):
            return False
        except SancaiError:
            return True
        finally:
            transaction.rollback()
    return True


def an_actor(desk: Desk, role: Role, *, own: bool) -> Actor:
    """Return an account with one role: of the case's publisher or authority, or of other ones."""
    scene = desk.scene
    firm = firm_of(scene.publisher if own else scene.leaders[0]) if role in FIRM_ROLES | PERSON_ROLES else None
    office = None if firm else (scene.market.authority if own else type(scene.market.authority).new())
    return Actor(
        account=AccountId.new(),
        name=role.value,
        firm=firm,
        authority=office,
        roles=frozenset({role}),
        scopes=frozenset(Scope),
    )


def test_only_the_allowed_cells_move_a_case(desk: Desk) -> None:
    case = apply(desk)
    allowed = {
        (name, role)
        for name, (move, _) in MOVES.items()
        for role in Role
        if may(desk, an_actor(desk, role, own=True), move, case)
    }
    assert allowed == {(name, role) for name, (_, roles) in MOVES.items() for role in roles}


def test_nobody_of_another_firm_or_authority_moves_a_case(desk: Desk) -> None:
    case = apply(desk)
    strangers = [an_actor(desk, role, own=False) for role in Role]
    assert [
        (name, actor.name) for name, (move, _) in MOVES.items() for actor in strangers if may(desk, actor, move, case)
    ] == []
