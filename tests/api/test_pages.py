"""The pages as people see them: find, look at a dataset, notices, invitations, passwords; both languages."""

import re

import pytest
from werkzeug.test import Client, TestResponse

from tests.api.bureau import PASSWORD, a_bureau
from tests.api.test_auth import LOGIN, form_of, sign_in
from tests.web import Web
from tests.world import DATASET, OPEN_DATASET, World

NEW_PASSWORD = "another one of several words"
CHINESE = {"Accept-Language": "zh-CN"}


@pytest.fixture
def reader(world: World) -> Client:
    """A browser of somebody who is not signed in."""
    return world.web.app.test_client()


@pytest.fixture
def registrar(web: Web) -> Web:
    return a_bureau(web)[0]


@pytest.fixture
def browser(web: Web, registrar: Web) -> Client:
    """A browser in which the registrar has signed in."""
    made = web.app.test_client()
    assert sign_in(made).status_code == 303
    return made


def text_of(answer: TestResponse, status: int = 200) -> str:
    assert answer.status_code == status
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))


def invited(registrar: Web, login: str = "reviewer.li") -> str:
    body = {"login": login, "display_name": "Li", "roles": ["reviewer"]}
    code: str = registrar.post("/v1/officers", body)["activation_code"]
    return code


def activate(browser: Client, code: str, password: str = PASSWORD, again: str | None = None) -> TestResponse:
    fields = {"login": "reviewer.li", "code": code, "new_password": password, "again": again or password}
    return browser.post("/activate", data={"form": form_of(browser, "/activate"), **fields})


def change_password(browser: Client, present: str, password: str) -> TestResponse:
    fields = {"password": present, "new_password": password, "again": password}
    return browser.post("/password", data={"form": form_of(browser, "/password"), **fields})


def test_the_home_page_lists_datasets_with_their_adoption(reader: Client) -> None:
    shown = text_of(reader.get("/"))
    assert f'href="/datasets/{DATASET}"' in shown
    assert "Adopted by leading firms: 3" in shown


def test_facets_narrow_the_list_and_can_be_let_go(reader: Client) -> None:
    shown = text_of(reader.get("/", query_string={"price": "free"}))
    assert f"/datasets/{OPEN_DATASET}" in shown
    assert f"/datasets/{DATASET}" not in shown
    assert 'aria-current="true">free ×' in shown


def test_a_search_without_hits_says_what_to_do(reader: Client) -> None:
    assert "Try fewer or other words" in text_of(reader.get("/", query_string={"q": "nothing-like-this"}))


def test_what_is_searched_for_is_text_and_no_markup(reader: Client) -> None:
    assert "<script>" not in text_of(reader.get("/", query_string={"q": '"><script>alert(1)</script>'}))


def test_a_dataset_shows_how_to_get_it_and_what_was_signed(world: World, reader: Client) -> None:
    shown = text_of(reader.get(f"/datasets/{DATASET}"))
    [version] = world.web.get(f"/v1/datasets/{DATASET}/versions")["items"]
    [file] = world.web.get(f"/v1/datasets/{DATASET}/versions/v1/files")["items"]
    assert f"sancai pull {DATASET}@v1" in shown
    assert version["content_digest"] in shown
    assert file["sha256"] in shown
    assert all(column["name"] in shown for column in version["report"]["columns"])


def test_a_dataset_names_who_counts(world: World, reader: Client) -> None:
    receipts = world.web.get(f"/v1/datasets/{DATASET}/adoption")["receipts"]
    shown = text_of(reader.get(f"/datasets/{DATASET}"))
    assert len(receipts) >= 3
    assert all(receipt["adopter_name"] in shown for receipt in receipts)
    assert shown.count("✓") == sum(receipt["counts"] for receipt in receipts)


def test_an_offer_shows_its_price_and_how_to_order(world: World, reader: Client) -> None:
    offers = [each for each in world.web.get("/v1/listings")["items"] if each["product_kind"] == "dataset"]
    shown = text_of(reader.get(f"/datasets/{DATASET}"))
    assert offers[0]["unit_price_text"] in shown
    assert f"sancai order place {offers[0]['id']}" in shown


@pytest.mark.parametrize("path", ["/datasets/no/such", f"/datasets/{DATASET}?version=v9"])
def test_what_is_not_there_is_a_page_that_says_so(reader: Client, path: str) -> None:
    assert 'role="alert"' in text_of(reader.get(path), 404)


@pytest.mark.parametrize("path", ["/", f"/datasets/{DATASET}", "/notices", "/sign-in", "/activate", "/docs"])
def test_pages_are_in_the_language_of_the_reader(reader: Client, path: str) -> None:
    assert '<html lang="zh-CN">' in text_of(reader.get(path, headers=CHINESE))
    assert '<html lang="en">' in text_of(reader.get(path))


@pytest.mark.parametrize("path", ["/", f"/datasets/{DATASET}", "/notices", "/sign-in", "/activate"])
@pytest.mark.parametrize("headers", [CHINESE, {}])
def test_no_code_without_words_is_shown(reader: Client, path: str, headers: dict[str, str]) -> None:
    assert not re.findall(r"\bpage_[a-z_]+", text_of(reader.get(path, headers=headers)))


@pytest.mark.parametrize("path", ["/", f"/datasets/{DATASET}", "/notices", "/sign-in", "/activate", "/docs"])
def test_pages_load_nothing_from_elsewhere_and_run_nothing(reader: Client, path: str) -> None:
    answer = reader.get(path)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert not re.findall(r"<script|<img|<iframe| style=| on[a-z]+=|src=|url\(", text_of(answer))


def test_every_field_has_its_label(reader: Client) -> None:
    shown = text_of(reader.get("/activate"))
    fields = re.findall(r'<input id="([a-z_]+)"', shown)
    assert fields == re.findall(r'<label for="([a-z_]+)"', shown) == ["login", "code", "new_password", "again"]


def test_without_notices_the_page_says_so(reader: Client) -> None:
    assert "No notice runs now." in text_of(reader.get("/notices"))


def test_an_invitation_is_taken_up_on_a_page(web: Web, registrar: Web) -> None:
    browser = web.app.test_client()
    assert "you are signed in" in text_of(activate(browser, invited(registrar)))
    assert "reviewer.li" in text_of(browser.get("/password"))


def test_a_wrong_activation_code_is_explained(web: Web, registrar: Web) -> None:
    invited(registrar)
    assert "Ask for a new invitation" in text_of(activate(web.app.test_client(), "WRONG"), 403)


def test_a_new_password_is_typed_twice_the_same(web: Web, registrar: Web) -> None:
    answer = activate(web.app.test_client(), invited(registrar), again="something else entirely")
    assert "Type it twice the same" in text_of(answer, 400)


def test_a_changed_password_is_the_one_that_signs_in(web: Web, browser: Client) -> None:
    assert "The password is changed" in text_of(change_password(browser, PASSWORD, NEW_PASSWORD))
    assert sign_in(web.app.test_client(), PASSWORD).status_code == 403
    assert sign_in(web.app.test_client(), NEW_PASSWORD).status_code == 303


def test_only_who_knows_the_present_password_changes_it(web: Web, browser: Client) -> None:
    assert "present password is not right" in text_of(change_password(browser, "not the one", NEW_PASSWORD), 403)
    assert sign_in(web.app.test_client(), PASSWORD).status_code == 303


def test_a_weak_new_password_is_refused(browser: Client) -> None:
    assert "12 to" in text_of(change_password(browser, PASSWORD, "short"), 400)


def test_nobody_changes_a_password_without_signing_in(web: Web, registrar: Web) -> None:
    assert web.app.test_client().get("/password").headers["Location"] == "/sign-in"


def test_a_form_that_another_site_wrote_changes_nothing(web: Web, browser: Client) -> None:
    fields = {"password": PASSWORD, "new_password": NEW_PASSWORD, "again": NEW_PASSWORD}
    text_of(browser.post("/password", data=fields), 400)
    assert sign_in(web.app.test_client(), PASSWORD).status_code == 303


def test_the_name_of_whoever_is_signed_in_is_shown(browser: Client) -> None:
    assert LOGIN in text_of(browser.get("/"))
