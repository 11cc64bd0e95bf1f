"""Who asks: tokens for programs, sessions for people, and never one for the other."""

import re

import pytest
from werkzeug.test import Client, TestResponse

from tests.api.bureau import PASSWORD, a_bureau
from tests.web import Web

LOGIN = "registrar.yizhou"


@pytest.fixture
def registrar(web: Web) -> Web:
    return a_bureau(web)[0]


@pytest.fixture
def browser(web: Web, registrar: Web) -> Client:
    return web.app.test_client()


def form_of(browser: Client, path: str) -> str:
    found = re.search(r'name="form" value="([^"]+)"', browser.get(path).get_data(as_text=True))
    assert found
    return found[1]


def sign_in(browser: Client, password: str = PASSWORD, **extra: str) -> TestResponse:
    fields = {"form": form_of(browser, "/sign-in"), "login": LOGIN, "password": password, **extra}
    return browser.post("/sign-in", data=fields)


@pytest.mark.parametrize("header", ["Bearer nonsense", "bearer sancai_x", "Bearer "])
def test_a_token_nobody_made_is_refused_even_where_none_is_needed(web: Web, header: str) -> None:
    answer = web.raw("GET", "/v1/clock", headers={"Authorization": header})
    assert (answer.status_code, answer.get_json()["code"]) == (401, "token_invalid")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_nobody_is_asked_to_sign_in(web: Web) -> None:
    answer = web.raw("GET", "/v1/me")
    assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthenticated")


def test_a_person_signs_in_to_the_pages_with_a_short_cookie(browser: Client) -> None:
    answer = sign_in(browser)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert LOGIN in browser.get("/docs").get_data(as_text=True)


def test_the_session_of_the_pages_opens_nothing_of_the_api(browser: Client) -> None:
    sign_in(browser)
    assert browser.get("/v1/me").status_code == 401


def test_a_wrong_password_signs_nobody_in(browser: Client) -> None:
    assert sign_in(browser, "something else").status_code == 403
    assert LOGIN not in browser.get("/docs").get_data(as_text=True)


def test_a_form_of_another_site_is_refused(browser: Client) -> None:
    form_of(browser, "/sign-in")
    answer = browser.post("/sign-in", data={"login": LOGIN, "password": PASSWORD, "form": "guessed"})
    assert answer.status_code == 400


def test_ten_wrong_passwords_make_a_login_wait(browser: Client) -> None:
    for _ in range(10):
        sign_in(browser, "something else")
    assert sign_in(browser).status_code == 403


def test_signing_out_ends_the_session(browser: Client) -> None:
    sign_in(browser)
    browser.post("/sign-out", data={"form": form_of(browser, "/docs")})
    assert LOGIN not in browser.get("/docs").get_data(as_text=True)


def test_the_sign_in_leads_back_to_the_device(browser: Client) -> None:
    answer = sign_in(browser, user_code="WDJB-MJHT")
    assert answer.headers["Location"] == "/device?user_code=WDJB-MJHT"


def test_a_page_speaks_the_readers_language(web: Web) -> None:
    page = web.raw("GET", "/sign-in", headers={"Accept-Language": "zh-CN,zh;q=0.9"}).get_data(as_text=True)
    assert 'lang="zh-CN"' in page
    assert "密码" in page


@pytest.mark.parametrize("path", ["/", "/docs", "/sign-in", "/device?user_code=x", "/datasets/no/such-one"])
def test_a_page_loads_nothing_from_elsewhere(browser: Client, path: str) -> None:
    sign_in(browser)
    answer = browser.get(path)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.content_type.startswith("text/html")
    assert not re.search(r'(?:src|href)="(?:https?:)?//', answer.get_data(as_text=True))
