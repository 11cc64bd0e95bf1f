"""Accounts over HTTP."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.api.bureau import PASSWORD, a_bureau, activated
from tests.conftest import FixedClock
from tests.registry.parties.builders import a_uscc
from tests.web import Web


@pytest.fixture
def registrar(web: Web) -> Web:
    return a_bureau(web)[0]


@pytest.fixture
def owner(web: Web, registrar: Web) -> Web:
    firm = {"uscc": str(a_uscc(1)), "name": "星野数据", "region": "652201", "kind": "enterprise"}
    made = registrar.post("/v1/firms", {**firm, "owner_login": "owner", "owner_name": "Owner"})
    return activated(web, "owner", made["activation_code"])


def a_member(owner: Web, login: str = "li.wei", *roles: str) -> dict[str, str]:
    made: dict[str, str] = owner.post(
        "/v1/members", {"login": login, "display_name": "李伟", "roles": list(roles or ("reader",))}
    )
    return made


def test_a_member_is_invited_takes_up_the_account_and_sees_itself(web: Web, owner: Web) -> None:
    made = a_member(owner, "li.wei", "publisher", "buyer")
    me = activated(web, "li.wei", made["activation_code"]).get("/v1/me")
    assert (me["login"], me["display_name"], me["roles"]) == ("li.wei", "李伟", ["buyer", "publisher"])
    assert set(me["scopes"]) >= {"publish", "trade", "read"}
    assert "award" not in me["scopes"]


def test_the_secret_of_a_new_account_is_shown_in_the_first_answer_only(owner: Web) -> None:
    body = {"login": "li.wei", "display_name": "Li", "roles": ["reader"]}
    first = owner.post("/v1/members", body, key="one-key-1")
    again = owner.post("/v1/members", body, key="one-key-1")
    assert first["activation_code"]
    assert again == {**first, "activation_code": None}


def test_no_secret_is_kept_in_the_answers_or_the_journal(web: Web, owner: Web) -> None:
    member = a_member(owner)
    machine = owner.post(
        "/v1/members", {"login": "nightly", "display_name": "Nightly", "roles": ["reader"], "kind": "service"}
    )
    token = owner.post("/v1/tokens", {"label": "x", "scopes": ["read"], "expires_in_days": 1})
    activated(web, "li.wei", member["activation_code"])
    secrets = [member["activation_code"], machine["client_secret"], token["token"], PASSWORD]
    with web.house.database.reading() as connection:
        kept = [
            str(tuple(row))
            for table in ("idempotency_answers", "journal_openings", "journal_entries", "accounts", "tokens")
            for row in connection.execute(text(f"SELECT * FROM {table}"))
        ]
    assert kept
    assert not [row for row in kept for secret in secrets if secret in row]


def test_removing_a_member_ends_its_tokens_at_once(web: Web, owner: Web) -> None:
    made = a_member(owner)
    member = activated(web, "li.wei", made["activation_code"])
    assert owner.post(f"/v1/members/{made['id']}/end", status=200)["state"] == "ended"
    assert member.get("/v1/me", 401)["code"] == "token_invalid"


def test_another_firms_member_is_not_found(registrar: Web, web: Web, owner: Web) -> None:
    firm = {"uscc": str(a_uscc(2)), "name": "另一家", "region": "652201", "kind": "enterprise"}
    made = registrar.post("/v1/firms", {**firm, "owner_login": "stranger", "owner_name": "S"})
    stranger = activated(web, "stranger", made["activation_code"])
    member = a_member(owner)
    assert stranger.post(f"/v1/members/{member['id']}/end", status=404)["code"] == "account_not_found"


def test_an_officer_never_gets_review_and_pay_together(registrar: Web) -> None:
    body = {"login": "both", "display_name": "Both", "roles": ["reviewer", "payer"]}
    assert registrar.post("/v1/officers", body, 400)["code"] == "roles_review_and_pay"


def test_members_are_listed_page_by_page(owner: Web) -> None:
    for login in ("one", "two", "three"):
        a_member(owner, login)
    first = owner.get("/v1/members", limit=2)
    second = owner.get("/v1/members", limit=2, cursor=first["next_cursor"])
    assert [item["login"] for item in first["items"] + second["items"]] == ["owner", "one", "two", "three"]
    assert second["next_cursor"] is None


def test_a_cursor_is_good_for_its_own_list_only(owner: Web) -> None:
    a_member(owner)
    cursor = owner.get("/v1/members", limit=1)["next_cursor"]
    assert owner.get("/v1/tokens", 400, cursor=cursor)["code"] == "cursor_malformed"
    assert owner.get("/v1/members", 400, cursor=f"A{cursor[1:]}")["code"] == "cursor_malformed"


def test_a_token_works_until_it_is_ended(web: Web, owner: Web) -> None:
    made = owner.post("/v1/tokens", {"label": "training", "scopes": ["read"], "expires_in_days": 30})
    program = web.as_token(made["token"])
    assert program.get("/v1/me")["scopes"] == ["read"]
    owner.post(f"/v1/tokens/{made['id']}/end", status=200)
    assert program.get("/v1/me", 401)["code"] == "token_invalid"
    assert "token" not in owner.get("/v1/tokens")["items"][-1]


def test_a_token_expires_at_the_end_of_its_days(web: Web, owner: Web, clock: FixedClock) -> None:
    made = owner.post("/v1/tokens", {"label": "training", "scopes": ["read"], "expires_in_days": 1})
    clock.advance(timedelta(days=1) - timedelta(microseconds=1))
    web.as_token(made["token"]).get("/v1/me")
    clock.advance(timedelta(microseconds=1))
    assert web.as_token(made["token"]).get("/v1/me", 401)["code"] == "token_expired"


def test_a_token_without_the_scope_is_told_which_one_it_lacks(web: Web, owner: Web) -> None:
    made = owner.post("/v1/tokens", {"label": "training", "scopes": ["read"], "expires_in_days": 1})
    refused = web.as_token(made["token"]).get("/v1/members", 403)
    assert (refused["code"], refused["parameters"]["scope"]) == ("scope_missing", "accounts")


def test_ten_wrong_codes_make_a_login_wait(web: Web, owner: Web, clock: FixedClock) -> None:
    made = a_member(owner)
    wrong = {"login": "li.wei", "code": "WRONG", "password": PASSWORD}
    for _ in range(10):
        assert web.post("/v1/accounts/activate", wrong, 403)["code"] == "activation_refused"
    right = {**wrong, "code": made["activation_code"]}
    assert web.post("/v1/accounts/activate", right, 403)["code"] == "too_many_attempts"
    clock.advance(timedelta(minutes=15))
    web.post("/v1/accounts/activate", right)
