"""What a reader does on the page of a dataset: accept its terms, ask for a grant."""

import re

import pytest
from werkzeug.test import Client

from registry.actors.model import Role
from tests.api.bureau import PASSWORD
from tests.api.test_access import TEXT, reads
from tests.api.test_auth import form_of
from tests.world import DATASET, OPEN_DATASET, PUBLISHER, STRANGER, World


@pytest.fixture
def browser(world: World) -> Client:
    """A browser in which a buyer of the stranger has signed in."""
    login = "stranger.of.pages"
    body = {"login": login, "display_name": "采购", "roles": ["buyer"]}
    code = world.as_(STRANGER).post("/v1/members", body)["activation_code"]
    made = world.web.app.test_client()
    fields = {"login": login, "code": code, "new_password": PASSWORD, "again": PASSWORD}
    assert made.post("/activate", data={"form": form_of(made, "/activate"), **fields}).status_code == 200
    return made


def test_terms_are_accepted_on_the_page(world: World, browser: Client) -> None:
    world.as_(PUBLISHER).post(f"/v1/datasets/{OPEN_DATASET}/terms", {"text": TEXT})
    page = f"/datasets/{OPEN_DATASET}"
    shown = browser.get(page).text
    assert "仅限研究，不得转让。" in shown
    digest = re.search(r'name="sha256" value="([0-9a-f]{64})"', shown)
    assert digest
    fields = {"number": "1", "sha256": digest[1]}
    assert browser.post(f"{page}/accept-terms", data=fields).status_code == 400
    assert browser.post(f"{page}/accept-terms", data={"form": form_of(browser, page), **fields}).status_code == 303
    assert "accept-terms" not in browser.get(page).text
    assert reads(world.as_(STRANGER, Role.READER), OPEN_DATASET) == "read"


def test_a_grant_is_asked_for_on_the_page(world: World, browser: Client) -> None:
    page = f"/datasets/{DATASET}"
    fields = {"purpose": "模型训练\r\n一期", "contact": "王工"}
    assert browser.post(f"{page}/request-grant", data={"form": form_of(browser, page), **fields}).status_code == 303
    (made,) = world.as_(PUBLISHER).get("/v1/grant-requests", side="received")["items"]
    assert made["purpose"] == "模型训练\n一期"
    assert browser.post(f"{page}/request-grant", data={"form": form_of(browser, page), **fields}).status_code == 409


def test_whoever_is_not_signed_in_is_told_to_and_shown_no_form(world: World) -> None:
    shown = world.web.app.test_client().get(f"/datasets/{DATASET}", headers={"Accept-Language": "en"}).text
    assert "Sign in first" in shown
    assert "request-grant" not in shown
    answer = world.web.app.test_client().post(f"/datasets/{DATASET}/request-grant")
    assert answer.headers["Location"].endswith("/sign-in")
