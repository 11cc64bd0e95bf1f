"""Who may hold which roles, what a token may be for, and when a door stays shut."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.accounts import rules
from registry.accounts.model import Account, AccountKind, AccountState, DeviceRequest, DeviceState, Token, TokenKind
from registry.actors.model import FIRM_ROLES, OFFICE_ROLES, PERMISSIONS, SIGNING_RANKS, Actor, Role, Scope
from registry.errors import ConflictError, InvalidValueError, NotAllowedError, NotFoundError
from registry.values.identifiers import AccountId, FirmId, TokenId
from registry.values.moment import Moment

NOW = Moment.of_text("2026-03-02T02:00:00Z")
SECOND = timedelta(seconds=1)


def an_account(*roles: Role, state: AccountState = AccountState.ACTIVE) -> Account:
    return Account(
        id=AccountId.new(),
        login="somebody",
        display_name="Somebody",
        kind=AccountKind.PERSON,
        firm=FirmId.new(),
        authority=None,
        roles=frozenset(roles),
        state=state,
        created_at=NOW,
    )


def a_token(account: Account, ended: bool = False) -> Token:
    return Token(
        TokenId.new(),
        account.id,
        TokenKind.PERSONAL,
        "label",
        frozenset({Scope.READ}),
        None,
        NOW,
        NOW.plus(SECOND),
        NOW if ended else None,
    )


@given(st.sets(st.sampled_from(Role)))
def test_a_scope_is_open_exactly_when_a_role_may_do_something_that_needs_it(roles: set[Role]) -> None:
    needed = {
        permission.scope
        for permission in PERMISSIONS.values()
        if roles & (permission.firm_roles | permission.office_roles)
    }
    assert rules.scopes_of(roles) == needed


@pytest.mark.parametrize("role", [Role.REGISTRAR, Role.REVIEWER, *SIGNING_RANKS])
def test_whoever_registers_checks_or_signs_cannot_also_pay(role: Role) -> None:
    with pytest.raises(InvalidValueError, match="roles_review_and_pay"):
        rules.require_officer_roles(frozenset({role, Role.PAYER}))


@given(st.sets(st.sampled_from(sorted(OFFICE_ROLES)), min_size=1))
def test_no_permitted_set_of_offices_opens_both_review_or_sign_and_pay(roles: set[Role]) -> None:
    try:
        rules.require_officer_roles(frozenset(roles))
    except InvalidValueError:
        return
    scopes = rules.scopes_of(roles)
    assert not (Scope.PAY in scopes and scopes & {Scope.REVIEW, Scope.SIGN})


@pytest.mark.parametrize("roles", [set(), {Role.REVIEWER}, {Role.OWNER, Role.PAYER}])
def test_a_member_holds_roles_of_a_firm_only(roles: set[Role]) -> None:
    with pytest.raises(InvalidValueError, match="roles_not_of_a_firm"):
        rules.require_member_roles(frozenset(roles))


@pytest.mark.parametrize("role", sorted(FIRM_ROLES))
def test_an_officer_holds_no_role_of_a_firm(role: Role) -> None:
    with pytest.raises(InvalidValueError, match="roles_not_of_an_authority"):
        rules.require_officer_roles(frozenset({role, Role.REGISTRAR}))


@pytest.mark.parametrize("login", ["li.wei", "a1b", "ops@hami", "x" * 64])
def test_a_login_of_the_right_form_is_taken(login: str) -> None:
    rules.require_login(login)


@pytest.mark.parametrize("login", ["ab", "x" * 65, "Li.wei", "李伟", ".abc", "abc-", "a b", "abc\n", ""])
def test_a_login_of_another_form_is_refused(login: str) -> None:
    with pytest.raises(InvalidValueError, match="login_malformed"):
        rules.require_login(login)


@pytest.mark.parametrize("password", ["x" * 12, "x" * 200])
def test_a_password_at_the_edge_is_long_enough(password: str) -> None:
    rules.require_password("li.wei", password)


@pytest.mark.parametrize("password", ["x" * 11, "x" * 201])
def test_a_password_beyond_the_edge_is_refused(password: str) -> None:
    with pytest.raises(InvalidValueError, match="password_length"):
        rules.require_password("li.wei", password)


def test_a_password_may_not_contain_the_login() -> None:
    with pytest.raises(InvalidValueError, match="password_contains_login"):
        rules.require_password("li.wei", "my Li.Wei password")


@pytest.mark.parametrize("label", ["", "   ", "x" * 81, "two\nlines", "bell\a"])
def test_a_label_is_one_line_of_visible_text(label: str) -> None:
    with pytest.raises(InvalidValueError, match="label_malformed"):
        rules.require_label(label)


@pytest.mark.parametrize("days", [1, 365])
def test_a_token_may_live_up_to_a_year(days: int) -> None:
    rules.require_token_life(days)


@pytest.mark.parametrize("days", [0, 366])
def test_a_token_may_not_live_longer_or_not_at_all(days: int) -> None:
    with pytest.raises(InvalidValueError, match="token_life"):
        rules.require_token_life(days)


def test_a_token_cannot_hand_on_a_scope_it_does_not_carry() -> None:
    actor = Actor(
        account=AccountId.new(),
        firm=FirmId.new(),
        roles=frozenset({Role.OWNER}),
        scopes=frozenset({Scope.ACCOUNTS, Scope.READ}),
    )
    rules.require_token_scopes(actor, frozenset({Scope.READ}))
    with pytest.raises(NotAllowedError, match="scope_not_yours"):
        rules.require_token_scopes(actor, frozenset({Scope.READ, Scope.PUBLISH}))


def test_a_token_cannot_get_a_scope_its_roles_do_not_open() -> None:
    actor = Actor(account=AccountId.new(), firm=FirmId.new(), roles=frozenset({Role.READER}), scopes=frozenset(Scope))
    with pytest.raises(NotAllowedError, match="scope_not_yours"):
        rules.require_token_scopes(actor, frozenset({Scope.PAY}))


def test_a_token_ends_at_the_very_instant_it_expires() -> None:
    account = an_account(Role.OWNER)
    token = a_token(account)
    rules.require_token_alive(token, account, NOW)
    with pytest.raises(NotAllowedError, match="token_expired"):
        rules.require_token_alive(token, account, token.expires_at)


def test_an_ended_token_is_dead() -> None:
    account = an_account(Role.OWNER)
    with pytest.raises(NotAllowedError, match="token_invalid"):
        rules.require_token_alive(a_token(account, ended=True), account, NOW)


@pytest.mark.parametrize("state", [AccountState.INVITED, AccountState.ENDED])
def test_a_token_dies_with_its_account(state: AccountState) -> None:
    account = an_account(Role.OWNER, state=state)
    with pytest.raises(NotAllowedError, match="token_invalid"):
        rules.require_token_alive(a_token(account), account, NOW)


@pytest.mark.parametrize("role", [Role.OWNER, Role.REGISTRAR])
def test_the_last_active_owner_or_registrar_stays(role: Role) -> None:
    last, invited = an_account(role), an_account(role, state=AccountState.INVITED)
    with pytest.raises(ConflictError, match="last_of_role"):
        rules.require_not_the_last(last, [last, invited])
    rules.require_not_the_last(last, [last, an_account(role)])


@pytest.mark.parametrize(("here", "anywhere"), [(9, 49), (0, 0)])
def test_a_login_may_try_again_below_both_limits(here: int, anywhere: int) -> None:
    rules.require_attempts_left(here, anywhere)


@pytest.mark.parametrize(("here", "anywhere"), [(10, 10), (0, 50)])
def test_a_login_waits_at_either_limit(here: int, anywhere: int) -> None:
    with pytest.raises(NotAllowedError, match="too_many_attempts"):
        rules.require_attempts_left(here, anywhere)


@pytest.mark.parametrize("state", [DeviceState.APPROVED, DeviceState.DENIED])
def test_a_device_is_answered_once(state: DeviceState) -> None:
    device = DeviceRequest("AAAA-BBBB", "cli", frozenset(), state, AccountId.new(), NOW, NOW.plus(SECOND))
    with pytest.raises(NotFoundError, match="device_code_not_found"):
        rules.require_answerable(device, NOW)


def test_a_device_cannot_be_answered_once_its_time_is_over() -> None:
    device = DeviceRequest("AAAA-BBBB", "cli", frozenset(), DeviceState.PENDING, None, NOW, NOW.plus(SECOND))
    assert rules.require_answerable(device, NOW) is device
    with pytest.raises(NotFoundError, match="device_code_not_found"):
        rules.require_answerable(device, device.expires_at)
