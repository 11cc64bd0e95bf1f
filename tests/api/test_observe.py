"""What an operator sees, and the limits of a body."""

import json
import logging

import pytest
from sqlalchemy import text

from api.logs import JsonLines
from api.observe import BODY_BYTES_MAX
from storage.database import Database
from tests.api.bureau import a_bureau
from tests.web import Web


def test_a_request_keeps_the_harmless_id_its_caller_gave_it(web: Web) -> None:
    answer = web.raw("GET", "/v1/nothing", headers={"X-Request-Id": "caller-0001"})
    assert answer.headers["X-Request-Id"] == answer.get_json()["request_id"] == "caller-0001"


@pytest.mark.parametrize("given", ["short", "has space in it", "x" * 65, "<script>alert"])
def test_another_id_is_replaced(web: Web, given: str) -> None:
    made = web.raw("GET", "/healthz", headers={"X-Request-Id": given}).headers["X-Request-Id"]
    assert made != given
    assert len(made) == 32


def test_each_request_is_one_line_of_json_without_its_query(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    registrar, _ = a_bureau(web)
    caplog.clear()
    with caplog.at_level(logging.INFO, "sancai.access"):
        registrar.get("/v1/members", limit=7)
    [record] = [each for each in caplog.records if each.name == "sancai.access"]
    line = json.loads(JsonLines().format(record))
    assert (line["method"], line["route"], line["status"]) == ("GET", "/v1/members", 200)
    assert line["account"].startswith("acc_")
    assert set(line) == {"at", "level", "logger", "message", "request_id", "method", "route", "status", "ms", "account"}


def test_metrics_count_requests_and_waiting_entries(web: Web) -> None:
    a_bureau(web)
    web.get("/v1/nothing", 404)
    figures = web.raw("GET", "/metrics").get_data(as_text=True)
    assert 'sancai_requests_total{method="GET",route="(no such path)",status="404"} 1.0' in figures
    assert "sancai_journal_backlog 2.0" in figures
    assert "sancai_database_up 1.0" in figures


def test_a_healthy_installation_is_ready(web: Web) -> None:
    assert web.get("/readyz") == web.get("/healthz") == {"status": "ok"}


def test_readiness_names_a_schema_of_another_release(web: Web, owner_url: str) -> None:
    owner = Database(owner_url)
    with owner.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    owner.dispose()
    assert web.get("/readyz", 503)["code"] == "schema_outdated"


def test_readiness_names_a_store_that_is_gone(web: Web) -> None:
    folder = web.house.settings.objects_folder
    folder.rename(folder.with_name("elsewhere"))
    folder.write_text("a file where the folder was", encoding="utf-8")
    refused = web.get("/readyz", 503)
    assert (refused["code"], refused["parameters"]) == ("part_unavailable", {"part": "object store"})


def test_a_json_body_has_at_most_one_mebibyte(web: Web) -> None:
    body = b" " * (BODY_BYTES_MAX + 1)
    answer = web.raw("POST", "/v1/accounts/activate", data=body, content_type="application/json")
    assert (answer.status_code, answer.get_json()["code"]) == (413, "http_413")


def test_a_chunked_body_without_a_length_is_refused(web: Web) -> None:
    answer = web.raw("POST", "/v1/accounts/activate", headers={"Transfer-Encoding": "chunked"})
    assert (answer.status_code, answer.get_json()["code"]) == (411, "http_411")


def test_another_method_is_told_which_ones_there_are(web: Web) -> None:
    answer = web.raw("POST", "/v1/me", json={})
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_a_body_that_is_not_json_is_refused(web: Web) -> None:
    answer = web.raw("POST", "/v1/accounts/activate", data="login=x", content_type="text/plain")
    assert (answer.status_code, answer.content_type) == (415, "application/problem+json")


@pytest.mark.parametrize("body", ['{"login":', '{"login":"a\\u0000b","code":"x","password":"y"}', "[]", '{"more":1}'])
def test_a_body_that_does_not_fit_is_refused_without_showing_it(web: Web, body: str) -> None:
    answer = web.raw("POST", "/v1/accounts/activate", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.get_json()["code"] in {"json_malformed", "request_invalid", "text_holds_nul"}


def test_a_backslash_before_u0000_is_plain_text(web: Web) -> None:
    body = '{"login":"nobody","code":"\\\\u0000","password":"four quiet horses"}'
    answer = web.raw("POST", "/v1/accounts/activate", data=body, content_type="application/json")
    assert answer.get_json()["code"] == "activation_refused"


def test_every_answer_tells_browsers_to_guess_nothing(web: Web) -> None:
    headers = web.raw("GET", "/v1/nothing").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"
