"""The OpenAPI document: valid, complete, and in words."""

import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.app import DOORS
from api.wording import vocabulary
from tests.web import Web


@pytest.fixture
def document(web: Web) -> dict[str, Any]:
    made: dict[str, Any] = web.get("/openapi.json")
    return made


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()


def test_every_operation_is_described_once(document: dict[str, Any]) -> None:
    found = [operation for methods in document["paths"].values() for operation in methods.values()]
    names = [operation["operationId"] for operation in found]
    assert len(set(names)) == len(names)
    assert all(operation["summary"].endswith(".") for operation in found)


def test_every_room_has_a_door(document: dict[str, Any]) -> None:
    assert {tag["name"] for tag in document["tags"]} >= {door.name for door in DOORS}


def test_the_token_endpoint_is_named(document: dict[str, Any]) -> None:
    schemes = document["components"]["securitySchemes"]
    assert schemes["oauth"]["flows"]["clientCredentials"]["tokenUrl"] == "/oauth/token"


def test_every_path_of_the_application_below_v1_is_described(web: Web, document: dict[str, Any]) -> None:
    served = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule) for rule in web.app.url_map.iter_rules()}
    assert {path for path in served if path.startswith("/v1/")} <= set(document["paths"])


def test_every_status_that_is_described_has_words(document: dict[str, Any]) -> None:
    statuses = {
        status
        for methods in document["paths"].values()
        for operation in methods.values()
        for status in operation["responses"]
        if status >= "400"
    }
    assert {f"status_{status}" for status in statuses} <= set(vocabulary())


def test_the_readable_page_shows_every_operation(web: Web, document: dict[str, Any]) -> None:
    page = web.raw("GET", "/docs").get_data(as_text=True)
    names = {operation["operationId"] for methods in document["paths"].values() for operation in methods.values()}
    assert not [name for name in names if f'id="{name}"' not in page]
    assert "<script" not in page
