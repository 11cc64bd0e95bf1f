"""Invite, activate, end; tokens and devices, on a real database."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from registry.accounts import devices, service
from registry.accounts.model import Activate, AddMember, AddOfficer, ChangePassword, CreateToken
from registry.accounts.rules import DECIDING
from registry.actors.model import ANONYMOUS, Actor, Role, Scope
from registry.errors import ConflictError, NotAllowedError, NotFoundError
from registry.journal.work import View, Work
from registry.values.identifiers import DatasetId
from storage.database import Database
from tests.conftest import FixedClock
from tests.registry.accounts.builders import (
    OTHER_USCC,
    PASSWORD,
    USCC,
    a_member,
    a_registrar,
    activated,
    actor_of_token,
    an_officer,
    an_owner,
)

WorkAs = Callable[[Actor], AbstractContextManager[Work]]
ViewAs = Callable[..., AbstractContextManager[View]]


def invited(work_as: WorkAs, owner: Actor, login: str) -> str:
    with work_as(owner) as work:
        return service.add_member(work, AddMember(login, login, frozenset({Role.READER}))).secret


def test_the_first_registrar_of_an_authority_may_register_a_firm_with_its_owner(work_as: WorkAs) -> None:
    owner = an_owner(work_as, a_registrar(work_as), USCC)
    assert owner.roles == {Role.OWNER}
    assert owner.firm is not None


def test_an_activation_code_works_once(work_as: WorkAs) -> None:
    owner = an_owner(work_as, a_registrar(work_as))
    code = invited(work_as, owner, "li.wei")
    activated(work_as, "li.wei", code)
    with pytest.raises(NotAllowedError, match="activation_refused"):
        activated(work_as, "li.wei", code)


def test_an_activation_code_is_good_for_less_than_fourteen_days(work_as: WorkAs, clock: FixedClock) -> None:
    owner = an_owner(work_as, a_registrar(work_as))
    early, late = invited(work_as, owner, "early"), invited(work_as, owner, "late")
    clock.advance(timedelta(days=14) - timedelta(microseconds=1))
    activated(work_as, "early", early)
    clock.advance(timedelta(microseconds=1))
    with pytest.raises(NotAllowedError, match="activation_refused"):
        activated(work_as, "late", late)


def test_an_activation_code_is_for_its_own_login(work_as: WorkAs) -> None:
    owner = an_owner(work_as, a_registrar(work_as))
    code, _ = invited(work_as, owner, "first"), invited(work_as, owner, "second")
    with pytest.raises(NotAllowedError, match="activation_refused"), work_as(ANONYMOUS) as work:
        service.activate(work, Activate("second", code, PASSWORD))


def test_a_login_is_never_used_again(work_as: WorkAs) -> None:
    owner = an_owner(work_as, a_registrar(work_as))
    member = a_member(work_as, owner, "li.wei", Role.READER)
    assert member.account is not None
    with work_as(owner) as work:
        service.end_account(work, member.account)
    with pytest.raises(ConflictError, match="login_taken"):
        invited(work_as, owner, "li.wei")


def test_a_removed_member_loses_every_token_at_once(work_as: WorkAs, view_as: ViewAs) -> None:
    owner = an_owner(work_as, a_registrar(work_as))
    issued = activated(work_as, "li.wei", invited(work_as, owner, "li.wei"))
    with view_as() as view:
        assert actor_of_token(view, issued.secret).name == "li.wei"
    with work_as(owner) as work:
        service.end_account(work, issued.account.id)
    with view_as() as view, pytest.raises(NotAllowedError, match="token_invalid"):
        actor_of_token(view, issued.secret)


def test_an_owner_does_not_see_or_end_the_accounts_of_another_firm(work_as: WorkAs, view_as: ViewAs) -> None:
    registrar = a_registrar(work_as)
    owner, stranger = an_owner(work_as, registrar, USCC), an_owner(work_as, registrar, OTHER_USCC, "stranger")
    assert owner.account is not None
    with pytest.raises(NotFoundError, match="account_not_found"), work_as(stranger) as work:
        service.end_account(work, owner.account)
    with view_as(stranger) as view:
        assert [account.login for account in service.members(view)] == ["stranger"]


def test_a_registrar_does_not_manage_the_members_of_a_firm(work_as: WorkAs) -> None:
    registrar = a_registrar(work_as)
    with pytest.raises(NotAllowedError, match="role_missing"), work_as(registrar) as work:
        service.add_member(work, AddMember("li.wei", "Li", frozenset({Role.READER})))


def test_a_registrar_manages_only_the_officers_of_the_own_authority(work_as: WorkAs) -> None:
    registrar, elsewhere = a_registrar(work_as), a_registrar(work_as, "elsewhere", "datong")
    officer = an_officer(work_as, registrar, "reviewer", Role.REVIEWER)
    assert officer.account is not None
    assert officer.authority == registrar.authority
    with pytest.raises(NotFoundError, match="account_not_found"), work_as(elsewhere) as work:
        service.end_account(work, officer.account)


def test_a_member_without_the_role_manages_nobody(work_as: WorkAs) -> None:
    owner = an_owner(work_as, a_registrar(work_as))
    member = a_member(work_as, owner, "li.wei", Role.PUBLISHER)
    with pytest.raises(NotAllowedError, match="role_missing"), work_as(member) as work:
        service.add_member(work, AddMember("another", "Another", frozenset({Role.OWNER})))


def test_an_owner_cannot_appoint_an_officer(work_as: WorkAs) -> None:
    owner = an_owner(work_as, a_registrar(work_as))
    with pytest.raises(NotAllowedError), work_as(owner) as work:
        service.add_officer(work, AddOfficer("li.wei", "Li", frozenset({Role.PAYER})))


def test_the_last_owner_cannot_be_removed(work_as: WorkAs) -> None:
    owner = an_owner(work_as, a_registrar(work_as))
    assert owner.account is not None
    with pytest.raises(ConflictError, match="last_of_role"), work_as(owner) as work:
        service.end_account(work, owner.account)


@pytest.mark.parametrize("role", sorted(DECIDING))
def test_the_database_itself_keeps_review_and_pay_apart(work_as: WorkAs, database: Database, role: Role) -> None:
    payer = an_officer(work_as, a_registrar(work_as), "payer", Role.PAYER)
    assert payer.account is not None
    with pytest.raises(DBAPIError, match="review_and_pay_are_apart"), database.writing() as connection:
        connection.execute(
            text("UPDATE accounts SET roles = ARRAY['payer', :role] WHERE id = :id"),
            {"id": payer.account.uuid, "role": role.value},
        )


def test_a_token_is_kept_as_a_digest_only(work_as: WorkAs, database: Database) -> None:
    owner = an_owner(work_as, a_registrar(work_as))
    with work_as(owner) as work:
        issued = service.create_token(work, CreateToken("training", frozenset({Scope.READ}), 30))
    with database.reading() as connection:
        tables = ("tokens", "journal_openings", "journal_entries", "idempotency_answers", "accounts")
        rows = [str(tuple(row)) for table in tables for row in connection.execute(text(f"SELECT * FROM {table}"))]
    assert issued.token.id.uuid.hex in "".join(rows).replace("-", "")
    assert not [row for row in rows if issued.secret in row]


def test_a_token_narrows_to_its_scopes_and_datasets(work_as: WorkAs, view_as: ViewAs) -> None:
    owner, dataset = an_owner(work_as, a_registrar(work_as)), DatasetId.new()
    command = CreateToken("training", frozenset({Scope.READ}), 30, frozenset({dataset}))
    with work_as(owner) as work:
        issued = service.create_token(work, command)
    with view_as() as view:
        actor = actor_of_token(view, issued.secret)
    assert (actor.scopes, actor.datasets, actor.roles) == ({Scope.READ}, {dataset}, {Role.OWNER})


def test_a_token_limited_to_datasets_makes_no_other(work_as: WorkAs, view_as: ViewAs) -> None:
    owner = an_owner(work_as, a_registrar(work_as))
    limits = frozenset({DatasetId.new()})
    with work_as(owner) as work:
        issued = service.create_token(work, CreateToken("narrow", frozenset({Scope.ACCOUNTS}), 30, limits))
    with view_as() as view:
        narrow = actor_of_token(view, issued.secret)
    with pytest.raises(NotAllowedError, match="token_not_for_dataset"), work_as(narrow) as work:
        service.create_token(work, CreateToken("wide", frozenset({Scope.ACCOUNTS}), 30))


def test_a_token_of_another_account_cannot_be_ended(work_as: WorkAs) -> None:
    owner = an_owner(work_as, a_registrar(work_as))
    member = a_member(work_as, owner, "li.wei", Role.READER)
    with work_as(owner) as work:
        issued = service.create_token(work, CreateToken("mine", frozenset({Scope.READ}), 30))
    with pytest.raises(NotFoundError, match="token_not_found"), work_as(member) as work:
        service.end_token(work, issued.token.id)


def test_an_unknown_login_and_a_wrong_password_are_one_refusal(work_as: WorkAs, view_as: ViewAs) -> None:
    an_owner(work_as, a_registrar(work_as))
    with view_as() as view:
        assert service.sign_in(view, "owner", PASSWORD).login == "owner"
        for login, password in (("owner", "something else"), ("nobody", PASSWORD), ("bad\0login", PASSWORD)):
            with pytest.raises(NotAllowedError, match="sign_in_refused"):
                service.sign_in(view, login, password)


def test_failures_are_forgotten_after_their_window(database: Database, view_as: ViewAs, clock: FixedClock) -> None:
    for _ in range(10):
        service.note_failure(database, clock, "owner", "192.0.2.1")
    with view_as() as view:
        with pytest.raises(NotAllowedError, match="too_many_attempts"):
            service.require_attempts_left(view, "owner", "192.0.2.1")
        service.require_attempts_left(view, "owner", "192.0.2.2")
        service.require_attempts_left(view, "another", "192.0.2.1")
    clock.advance(timedelta(minutes=15))
    with view_as() as view:
        service.require_attempts_left(view, "owner", "192.0.2.1")


def test_an_approved_device_gets_one_token(work_as: WorkAs, database: Database, clock: FixedClock) -> None:
    owner = an_owner(work_as, a_registrar(work_as))
    code, device = devices.begin_device_request(database, clock, "sancai-cli", frozenset(Scope))
    with work_as(owner) as work:
        devices.answer_device(work, device.user_code, approved=True)
    with work_as(owner) as work:
        issued = devices.issue_device_token(work, code)
    assert issued.token.account == owner.account
    assert Scope.PAY not in issued.token.scopes
    with pytest.raises(ConflictError, match="device_code_used"), work_as(owner) as work:
        devices.issue_device_token(work, code)


def test_a_device_that_nobody_approved_gets_nothing(work_as: WorkAs, database: Database, clock: FixedClock) -> None:
    owner = an_owner(work_as, a_registrar(work_as))
    code, device = devices.begin_device_request(database, clock, "sancai-cli", frozenset(Scope))
    with work_as(owner) as work:
        devices.answer_device(work, device.user_code, approved=False)
    with pytest.raises(ConflictError, match="device_code_used"), work_as(owner) as work:
        devices.issue_device_token(work, code)


def test_an_approval_counts_for_nothing_once_the_member_is_removed(
    work_as: WorkAs, database: Database, clock: FixedClock
) -> None:
    owner = an_owner(work_as, a_registrar(work_as))
    member = a_member(work_as, owner, "li.wei", Role.READER)
    code, device = devices.begin_device_request(database, clock, "sancai-cli", frozenset(Scope))
    with work_as(member) as work:
        devices.answer_device(work, device.user_code, approved=True)
    assert member.account is not None
    with work_as(owner) as work:
        service.end_account(work, member.account)
    with pytest.raises(NotAllowedError, match="token_invalid"), work_as(member) as work:
        devices.issue_device_token(work, code)


def test_a_changed_password_signs_in_and_the_former_one_does_not(work_as: WorkAs, view_as: ViewAs) -> None:
    owner = an_owner(work_as, a_registrar(work_as))
    with work_as(owner) as work:
        service.change_password(work, ChangePassword(PASSWORD, "another one of several words"))
    with view_as() as view:
        assert service.sign_in(view, owner.name, "another one of several words").id == owner.account
        with pytest.raises(NotAllowedError, match="sign_in_refused"):
            service.sign_in(view, owner.name, PASSWORD)


def test_only_the_present_password_opens_the_way_to_another(work_as: WorkAs) -> None:
    owner = an_owner(work_as, a_registrar(work_as))
    with pytest.raises(NotAllowedError, match="password_wrong"), work_as(owner) as work:
        service.change_password(work, ChangePassword("not the one", "another one of several words"))


@pytest.mark.parametrize("role", ["expert", "prober", "person"])
def test_a_role_that_stands_alone_does_so_whatever_the_code_does(
    work_as: WorkAs, database: Database, role: str
) -> None:
    officer = a_registrar(work_as)
    change = text("UPDATE accounts SET roles = CAST(:roles AS text[]) WHERE id = :id")
    with pytest.raises(DBAPIError, match="ck_accounts_held_alone"), database.writing() as connection:
        connection.execute(change, {"roles": sorted([role, "auditor"]), "id": officer.account.uuid})
    with database.writing() as connection:
        connection.execute(change, {"roles": [role], "id": officer.account.uuid})
