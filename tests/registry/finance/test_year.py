"""A year between the office and finance: compared, signed off, closed by two officers, and closed for good."""

from dataclasses import dataclass

import pytest
from sqlalchemy import text

from registry.actors.model import Actor, Role
from registry.awards import payments
from registry.awards.commands import RecordReturn
from registry.awards.model import Case, CaseState
from registry.errors import ConflictError, NotAllowedError, NotFoundError, RuleError
from registry.finance import files, service
from registry.finance.model import ProposeClosing, Reconciliation, SignReconciliation
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import CaseId, ClosingId, ReconciliationId
from registry.values.money import Money
from registry.vouchers import service as vouchers
from registry.vouchers.closing_model import Closing
from registry.vouchers.model import Appropriate
from registry.vouchers.records import closings
from storage.database import Connection
from tests.conftest import FixedClock
from tests.registry.awards.builders import (
    BUDGET_LINE,
    Desk,
    at,
    case_now,
    instruct,
    pay,
    post_notice,
    review,
    sign_all,
)
from tests.registry.awards.test_batches import a_batch, a_desk_of
from tests.registry.exchange.builders import Market, a_listing, an_accepted_order, an_officer, ask, do
from tests.registry.vouchers.builders import hold

YEAR = 2026


@dataclass(frozen=True)
class Office:
    """A desk with a second officer of finance."""

    market: Market
    desk: Desk
    second: Actor

    @property
    def payer(self) -> Actor:
        """The first officer of finance."""
        return self.market.payer


@pytest.fixture
def office(market: Market) -> Office:
    """An office with two officers of finance."""
    return Office(market, a_desk_of(market), an_officer(market.authority, Role.PAYER))


def instructed(office: Office, clock: FixedClock) -> Case:
    """Bring a batch to where the bank is told to pay."""
    case, _ = a_batch(office.market)
    review(office.desk, case.id)
    sign_all(office.desk, case.id)
    noticed = post_notice(office.desk, case.id)
    assert noticed.notice is not None
    clock.set(noticed.notice.ends_at)
    return instruct(office.desk, case.id)


def export(office: Office, actor: Actor | None = None) -> bytes:
    def table(view: object) -> bytes:
        return files.as_csv(service.payments_of(view, YEAR))  # type: ignore[arg-type]

    return ask(office.market.house, actor or office.payer, table)


def reconcile(office: Office, content: bytes, actor: Actor | None = None) -> Reconciliation:
    return do(office.market.house, actor or office.payer, lambda work: service.reconcile(work, YEAR, content))


def sign(
    office: Office, made: Reconciliation, actor: Actor | None = None, file: Digest | None = None
) -> Reconciliation:
    command = SignReconciliation(ReconciliationId(made.id), file or made.file, "核对一致")
    return do(office.market.house, actor or office.payer, lambda work: service.sign_reconciliation(work, command))


def propose(office: Office, *carried: tuple[str, str], actor: Actor | None = None) -> Closing:
    command = ProposeClosing(YEAR, carried)
    return do(office.market.house, actor or office.payer, lambda work: service.propose_closing(work, command))


def confirm(office: Office, made: Closing, actor: Actor | None = None, digest: Digest | None = None) -> Closing:
    return do(
        office.market.house,
        actor or office.second,
        lambda work: service.confirm_closing(work, ClosingId(made.id), digest or made.digest),
    )


def codes(refusal: pytest.ExceptionInfo[RuleError]) -> list[str]:
    return [each.code for each in refusal.value.obstacles]


def appropriate_more(office: Office, year: int = YEAR) -> None:
    command = Appropriate(year, BUDGET_LINE, Money(1), f"N-{year}")
    do(office.market.house, office.payer, lambda work: vouchers.appropriate(work, command))


def test_a_year_is_compared_signed_and_closed_and_then_takes_nothing_more(office: Office, clock: FixedClock) -> None:
    paid = pay(office.desk, instructed(office, clock).id)
    content = export(office)
    assert b"V-2026-0001" in content
    assert b"36000.00" in content
    with office.market.house.database.reading() as connection:
        before = vouchers.verify_ledger(connection)
    made = reconcile(office, content)
    assert (made.differences, made.payments, made.rows) == ((), 1, 1)
    with office.market.house.database.reading() as connection:
        assert vouchers.verify_ledger(connection) == before
    with pytest.raises(ConflictError, match="finance_file_differs"):
        sign(office, made, file=Digest.of(b"other"))
    at(clock, "2026-12-31T09:00:00")
    with pytest.raises(RuleError, match="closing_refused") as refusal:
        propose(office)
    assert codes(refusal) == ["closing_not_reconciled"]
    assert sign(office, made).signed_by == office.payer.account
    with pytest.raises(ConflictError, match="reconciliation_signed"):
        sign(office, made)
    open_hold = hold(office.market, an_accepted_order(office.market, a_listing(office.market)))
    closing = propose(office)
    (line,) = closing.content["lines"]
    assert (line["granted_fen"], line["paid_fen"], line["instructed_fen"]) == (100_000_000, 3_600_000, 0)
    assert closing.content["noted"]["open_holds"]["count"] == 1
    with pytest.raises(NotAllowedError, match="closing_by_same_officer"):
        confirm(office, closing, office.payer)
    with pytest.raises(ConflictError, match="closing_statement_differs"):
        confirm(office, closing, digest=Digest.of(b"other"))
    assert confirm(office, closing).confirmed_by == office.second.account
    for act in (lambda: appropriate_more(office), lambda: propose(office), lambda: confirm(office, closing)):
        with pytest.raises(ConflictError, match="budget_year_closed"):
            act()
    appropriate_more(office, YEAR + 1)
    # Holds stay as they are (RULINGS 15), and so does what was paid.
    assert ask(office.market.house, office.payer, lambda view: vouchers.voucher(view, open_hold.id)) == open_hold  # type: ignore[arg-type]
    assert case_now(office.desk, paid.id).state is CaseState.PAID
    with office.market.house.database.reading() as connection:
        vouchers.verify_ledger(connection)


def test_an_open_instruction_is_carried_over_by_number_and_nothing_else_is_paid(
    office: Office, clock: FixedClock
) -> None:
    case = instructed(office, clock)
    made = reconcile(office, b"line,number,amount,paid_on\nyz-9,PV-7,1,2026-12-01\n")
    assert [(each.kind.value, each.key.number) for each in made.differences] == [("missing_here", "PV-7")]
    sign(office, made)
    at(clock, "2026-12-31T09:00:00")
    with pytest.raises(RuleError) as refusal:
        propose(office)
    assert codes(refusal) == ["closing_instruction_open"]
    closing = propose(office, (case.id, "财预〔2026〕88号"))
    assert closing.carried == {CaseId(case.id): "财预〔2026〕88号"}
    confirm(office, closing)
    assert pay(office.desk, case.id).state is CaseState.PAID


def test_what_is_paid_after_the_proposal_makes_it_another_statement(office: Office, clock: FixedClock) -> None:
    case = instructed(office, clock)
    sign(office, reconcile(office, b"line,number,amount,paid_on\nyz-9,PV-7,1,2026-12-01\n"))
    at(clock, "2026-12-31T09:00:00")
    closing = propose(office, (case.id, "88号"))
    pay(office.desk, case.id)
    with pytest.raises(RuleError) as refusal:
        confirm(office, closing)
    assert codes(refusal) == ["closing_reconciliation_old", "closing_nothing_to_carry"]


def test_an_instruction_that_was_sent_back_is_not_paid_from_the_closed_year_again(
    office: Office, clock: FixedClock
) -> None:
    case = instructed(office, clock)
    do(office.market.house, office.payer, lambda work: payments.record_return(work, RecordReturn(case.id, "账号有误")))
    sign(office, reconcile(office, b"line,number,amount,paid_on\nyz-9,PV-7,1,2026-12-01\n"))
    at(clock, "2026-12-31T09:00:00")
    confirm(office, propose(office))
    with pytest.raises(ConflictError, match="budget_year_closed"):
        instruct(office.desk, case.id)


def test_our_side_that_changed_is_not_signed(office: Office, clock: FixedClock) -> None:
    case = instructed(office, clock)
    made = reconcile(office, b"line,number,amount,paid_on\nyz-9,PV-7,1,2026-12-01\n")
    pay(office.desk, case.id)
    with pytest.raises(ConflictError, match="reconciliation_old"):
        sign(office, made)


def test_finance_of_the_authority_only(office: Office) -> None:
    made = reconcile(office, b"line,number,amount,paid_on\nyz-9,PV-7,1,2026-12-01\n")
    elsewhere = an_officer(type(office.market.authority).new(), Role.PAYER)
    with pytest.raises(NotAllowedError):
        export(office, office.market.buyer)
    for actor in (office.market.reviewer, office.market.buyer):
        with pytest.raises(NotAllowedError):
            reconcile(office, b"x", actor)
        with pytest.raises(NotAllowedError):
            sign(office, made, actor)
        with pytest.raises(NotAllowedError):
            propose(office, actor=actor)
    with pytest.raises(NotFoundError):
        sign(office, made, elsewhere)
    house = office.market.house
    assert [each.id for each in ask(house, office.payer, lambda view: service.reconciliations(view, None, 5))] == [
        made.id
    ]
    assert ask(house, elsewhere, lambda view: service.reconciliations(view, None, 5)) == []
    assert ask(house, elsewhere, lambda view: service.closings(view, None, 5)) == []


def test_of_a_file_of_finance_nothing_is_kept_but_its_digest(office: Office) -> None:
    content = "line,number,amount,paid_on,收款人\nyz-9,PV-7,1,2026-12-01,欧阳娜娜\n".encode()
    made = reconcile(office, content)
    assert made.file == Digest.of(content)
    with office.market.house.database.reading() as connection:
        for row in connection.execute(text("SELECT * FROM reconciliations")).mappings():
            kept = b"".join(each if isinstance(each, bytes) else str(each).encode() for each in row.values())
            assert "欧阳娜娜".encode() not in kept


def test_an_instruction_is_carried_over_each_close_by_a_number_of_its_own(office: Office, clock: FixedClock) -> None:
    case = instructed(office, clock)
    sign(office, reconcile(office, b"line,number,amount,paid_on\nyz-9,PV-7,1,2026-12-01\n"))
    at(clock, "2026-12-31T09:00:00")
    confirm(office, propose(office, (case.id, "88号")))
    content: dict[str, Json] = {"carried": [{"case": case.id, "number": "99号"}]}
    authority, digest = office.market.authority, Digest.of_json(content)
    assert office.payer.account is not None
    made = Closing(ClosingId.new(), authority, YEAR + 1, content, digest, office.payer.account, clock.now())
    with office.market.house.database.writing() as connection:
        assert closings.is_carried(connection, authority, YEAR, [case.id])
        assert not closings.is_carried(connection, authority, YEAR + 1, [case.id])
        closings.add_closing(connection, made)
        assert closings.confirm_closing(connection, made, office.payer.account, clock.now())
        assert closings.is_carried(connection, authority, YEAR + 1, [case.id])


def test_a_line_that_is_not_there_yet_is_locked_by_the_close_of_its_year(office: Office) -> None:
    database, authority = office.market.house.database, office.market.authority
    with database.writing() as first, database.writing() as second:
        closings.lock_lines(first, authority, YEAR, "new")
        closings.lock_lines(second, authority, YEAR, "another")
        held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = :mode AND granted"
        assert second.execute(text(held), {"mode": "ShareLock"}).scalar() == 2
        assert first.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": key_of(first)}).scalar() is False


def key_of(connection: Connection) -> int:
    """Return the key of the advisory lock that a connection holds."""
    own = "FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'"
    parts = text(f"SELECT classid::bigint << 32 | objid::bigint {own}")
    return int(connection.execute(parts).scalar_one())
