"""Every role against every move of a case: only the allowed cells (POLICY §4.3, invariants 10 and 23)."""

from collections.abc import Callable

from registry.actors.model import FIRM_ROLES, Actor, Role, Scope
from registry.awards import payments, procedure, service
from registry.awards.commands import AnswerObjection, PostNotice, RecordPayment, RecordReturn, SignCase, WithdrawCase
from registry.awards.model import Case, Outcome
from registry.errors import NotAllowedError, NotFoundError, SancaiError
from registry.journal.work import Work
from registry.values.digest import Digest
from registry.values.identifiers import AccountId
from tests.registry.awards.builders import Desk, a_review, an_application, an_instruction, apply
from tests.registry.exchange.builders import firm_of

Move = Callable[[Work, Desk, Case], object]

MOVES: dict[str, tuple[Move, frozenset[Role]]] = {
    "apply": (
        lambda work, desk, _: service.apply(work, desk.house.secret, an_application(desk)),
        frozenset({Role.OWNER, Role.FINANCE}),
    ),
    "withdraw": (
        lambda work, _, case: service.withdraw(work, WithdrawCase(case.id, "a mistake")),
        frozenset({Role.OWNER, Role.FINANCE}),
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
    firm = firm_of(scene.publisher if own else scene.leaders[0]) if role in FIRM_ROLES else None
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
