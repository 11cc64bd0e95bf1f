"""OAuth 2: client credentials, the device flow, revocation, introspection."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.api.bureau import a_bureau, activated
from tests.api.test_auth import form_of, sign_in
from tests.conftest import FixedClock
from tests.registry.parties.builders import a_uscc
from tests.web import Web

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
CLI = {"client_id": "sancai-cli"}


@pytest.fixture
def owner(web: Web) -> Web:
    firm = {"uscc": str(a_uscc(1)), "name": "星野数据", "region": "652201", "kind": "enterprise"}
    made = a_bureau(web)[0].post("/v1/firms", {**firm, "owner_login": "owner", "owner_name": "Owner"})
    return activated(web, "owner", made["activation_code"])


@pytest.fixture
def machine(owner: Web) -> dict[str, str]:
    body = {"login": "nightly", "display_name": "Nightly", "roles": ["publisher"], "kind": "service"}
    made = owner.post("/v1/members", body)
    return {"client_id": made["client_id"], "client_secret": made["client_secret"]}


def ask(web: Web, path: str, **fields: str) -> TestResponse:
    return web.as_token(None).raw("POST", f"/oauth/{path}", data=fields)


def a_token(web: Web, machine: dict[str, str], **extra: str) -> dict[str, Any]:
    answer = ask(web, "token", grant_type="client_credentials", **machine, **extra)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    made: dict[str, Any] = answer.get_json()
    return made


def a_device(web: Web) -> dict[str, Any]:
    made: dict[str, Any] = ask(web, "device_authorization", **CLI).get_json()
    return made


def poll(web: Web, device: dict[str, Any]) -> TestResponse:
    return ask(web, "token", grant_type=DEVICE_GRANT, device_code=device["device_code"], **CLI)


def test_a_service_account_gets_a_token_for_an_hour(web: Web, machine: dict[str, str], clock: FixedClock) -> None:
    made = a_token(web, machine)
    assert made["expires_in"] == 3600
    assert web.as_token(made["access_token"]).get("/v1/me")["login"] == "nightly"
    clock.advance(timedelta(hours=1))
    assert web.as_token(made["access_token"]).get("/v1/me", 401)["code"] == "token_expired"


def test_the_answer_with_a_token_is_not_stored_by_anybody(web: Web, machine: dict[str, str]) -> None:
    answer = ask(web, "token", grant_type="client_credentials", **machine)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_client_may_ask_for_less(web: Web, machine: dict[str, str]) -> None:
    assert a_token(web, machine, scope="read")["scope"] == "read"


@pytest.mark.parametrize("scope", ["pay", "read pay", "nonsense"])
def test_a_scope_the_client_may_not_have_is_refused_and_not_left_out(
    web: Web, machine: dict[str, str], scope: str
) -> None:
    answer = ask(web, "token", grant_type="client_credentials", scope=scope, **machine)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_scope")


def test_a_wrong_secret_gets_nothing(web: Web, machine: dict[str, str]) -> None:
    answer = ask(web, "token", grant_type="client_credentials", **{**machine, "client_secret": "wrong"})
    assert answer.get_json()["error"] == "invalid_client"


def test_a_removed_service_account_gets_nothing(web: Web, owner: Web, machine: dict[str, str]) -> None:
    token = a_token(web, machine)["access_token"]
    owner.post(f"/v1/members/{machine['client_id']}/end", status=200)
    assert ask(web, "token", grant_type="client_credentials", **machine).get_json()["error"] == "invalid_client"
    assert web.as_token(token).get("/v1/me", 401)["code"] == "token_invalid"


def test_parameters_in_the_address_are_refused(web: Web, machine: dict[str, str]) -> None:
    answer = web.raw("POST", "/oauth/token?grant_type=client_credentials", data=machine)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request")


def test_plain_http_on_another_host_is_refused_and_no_failure(web: Web, machine: dict[str, str]) -> None:
    fields = {"grant_type": "client_credentials", **machine}
    answer = web.app.test_client().post("/oauth/token", data=fields, base_url="http://data.example.cn")
    assert (answer.status_code, answer.get_json()["error"]) == (400, "insecure_transport")


def test_a_device_that_a_person_approves_in_the_browser_gets_one_token(web: Web, owner: Web) -> None:
    device = a_device(web)
    assert poll(web, device).get_json()["error"] == "authorization_pending"
    browser = web.app.test_client()
    sign_in(browser)
    path = f"/device?user_code={device['user_code']}"
    page = browser.get(path).get_data(as_text=True)
    assert device["user_code"] in page
    assert "sancai-cli" in page
    fields = {"form": form_of(browser, path), "user_code": device["user_code"], "answer": "approve"}
    assert browser.post("/device", data=fields).status_code == 200
    made = poll(web, device).get_json()
    assert made["expires_in"] == 30 * 86_400
    assert web.as_token(made["access_token"]).get("/v1/me")["login"] == "registrar.yizhou"
    assert poll(web, device).get_json()["error"] == "invalid_grant"


def test_a_denied_device_is_told_so(web: Web, owner: Web) -> None:
    device = a_device(web)
    browser = web.app.test_client()
    sign_in(browser)
    fields = {"form": form_of(browser, "/docs"), "user_code": device["user_code"], "answer": "deny"}
    browser.post("/device", data=fields)
    assert poll(web, device).get_json()["error"] == "access_denied"


def test_a_device_that_asks_too_often_is_slowed_down(web: Web, clock: FixedClock) -> None:
    device = a_device(web)
    poll(web, device)
    clock.advance(timedelta(seconds=4))
    assert poll(web, device).get_json()["error"] == "slow_down"
    clock.advance(timedelta(seconds=1))
    assert poll(web, device).get_json()["error"] == "authorization_pending"


def test_a_device_that_waits_too_long_is_forgotten(web: Web, clock: FixedClock) -> None:
    device = a_device(web)
    clock.advance(timedelta(minutes=15))
    assert poll(web, device).get_json()["error"] == "expired_token"


def test_nobody_approves_without_signing_in(web: Web) -> None:
    answer = web.raw("POST", "/device", data={"user_code": a_device(web)["user_code"], "answer": "approve"})
    assert answer.headers["Location"] == "/sign-in"


def test_the_command_line_gets_no_token_by_itself(web: Web) -> None:
    assert ask(web, "token", grant_type="client_credentials", **CLI).get_json()["error"] == "invalid_client"


def test_a_client_gives_its_token_back(web: Web, machine: dict[str, str]) -> None:
    token = a_token(web, machine)["access_token"]
    for _ in range(2):
        assert ask(web, "revoke", token=token, **machine).status_code == 200
    assert web.as_token(token).get("/v1/me", 401)["code"] == "token_invalid"


def test_a_client_cannot_end_the_token_of_another(web: Web, owner: Web, machine: dict[str, str]) -> None:
    made = owner.post("/v1/tokens", {"label": "mine", "scopes": ["read"], "expires_in_days": 1})
    assert ask(web, "revoke", token=made["token"], **machine).get_json()["error"] == "invalid_grant"
    web.as_token(made["token"]).get("/v1/me")


def test_a_service_account_may_ask_about_a_token_of_its_firm(web: Web, owner: Web, machine: dict[str, str]) -> None:
    made = owner.post("/v1/tokens", {"label": "mine", "scopes": ["read"], "expires_in_days": 1})
    found = ask(web, "introspect", token=made["token"], **machine).get_json()
    assert (found["active"], found["username"], found["scope"]) == (True, "owner", "read")
    owner.post(f"/v1/tokens/{made['id']}/end", status=200)
    assert ask(web, "introspect", token=made["token"], **machine).get_json() == {"active": False}


def test_a_service_account_learns_nothing_of_a_token_elsewhere(web: Web, machine: dict[str, str]) -> None:
    elsewhere, _ = a_bureau(web, "datong")
    made = elsewhere.post("/v1/tokens", {"label": "theirs", "scopes": ["read"], "expires_in_days": 1})
    assert ask(web, "introspect", token=made["token"], **machine).get_json() == {"active": False}


def test_no_log_line_holds_a_token(web: Web, machine: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        token = a_token(web, machine)["access_token"]
        web.as_token(token).get("/v1/me")
    assert caplog.records
    assert not [record for record in caplog.records if token in str(record.__dict__)]
