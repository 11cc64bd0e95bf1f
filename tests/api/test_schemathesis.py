"""The HTTP interface against its own description: requests made from the OpenAPI document, right ones and wrong ones.

Whatever is sent, the answer is one that the document names, in the stated type and shape, and never a 5xx. ``make
fuzz SIZE=500`` sends that many requests to each operation; ``make test`` a few.
"""

import os
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import checks
from schemathesis.generation import GenerationMode

from api.door import PATH_ARGUMENT, Operation
from tests.api.rights import NOBODY, OPERATIONS, may
from tests.api.samples import SAMPLES, Asked
from tests.conftest import CopyWorld
from tests.world import DATASET, World

SIZE = int(os.environ.get("SANCAI_FUZZ_SIZE", "6"))
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_answer_is_one_the_document_names(copy_world: CopyWorld, name: str) -> None:
    operation = OPERATIONS[name]
    with copy_world() as world:
        _fuzz(world, operation, SAMPLES[name].make(world))


def test_no_two_models_share_a_name(world: World) -> None:
    named = world.web.get("/openapi.json")["components"]["schemas"]
    assert [name for name in named if "__" in name] == []


def _fuzz(world: World, operation: Operation, asked: Asked) -> None:
    path = PATH_ARGUMENT.sub(r"{\g<name>}", operation.rule)
    document = DOCUMENT or world.web.get("/openapi.json")
    DOCUMENT.update(document)
    # Of the document only the operation at hand: reading all of it anew for each would take most of the time.
    described = schemathesis.openapi.from_dict({**document, "paths": {path: document["paths"][path]}})
    described.app = world.web.app
    found = described[path][operation.method.upper()]
    actors = sorted([NOBODY, *world.tokens])
    allowed = _who_may(world, operation)

    @settings(
        max_examples=SIZE,
        deadline=None,
        database=None,
        derandomize=SIZE < 50,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=st.one_of(*(found.as_strategy(mode) for mode in GenerationMode)),
        actor=st.one_of(st.sampled_from(allowed), st.sampled_from(actors)),
        meant=st.booleans(),
        mixed=st.booleans(),
    )
    def sent(case: schemathesis.Case, actor: str, meant: bool, mixed: bool) -> None:
        # Random identifiers never lead anywhere: half of the requests are on a thing of the world.
        if meant and asked.path:
            case.path_parameters = dict(asked.path)
        if mixed and isinstance(case.body, Mapping) and asked.body:
            case.body = {**case.body, **{key: asked.body[key] for key in list(asked.body)[:-1]}}
        token = world.tokens.get(actor)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = case.call(headers=headers)
        case.validate_response(answer, checks=CHECKS)

    sent()


def _who_may(world: World, operation: Operation) -> list[str]:
    """Return who may, or everybody where nobody of the small world may."""
    actors = sorted([NOBODY, *world.tokens])
    return [each for each in actors if may(operation, SAMPLES[operation.name], each)] or actors


DOCUMENT: dict[str, Any] = {}
"""The document of the interface, asked for once."""

HOSTILE: dict[str, Any] = {
    "nul": "a\0b",
    "surrogate": "\ud800",
    "huge": 10**400,
    "long": "x" * 100_000,
    "float": 1e308,
    "negative": -1,
    "list": [[]],
    "object": {"": None},
    "nothing": None,
    "true": True,
    "text of a number": "1",
    "direction": "\u202e\u0000",
}


@pytest.mark.parametrize("name", sorted(name for name, found in OPERATIONS.items() if "body" in found.takes))
def test_a_hostile_value_in_any_field_is_refused_as_a_problem(copy_world: CopyWorld, name: str) -> None:
    operation = OPERATIONS[name]
    with copy_world() as world:
        asked = SAMPLES[name].make(world)
        actor = _who_may(world, operation)[0]
        bodies = [
            {**(asked.body or {}), field: value} for field in asked.body or {"x": 1} for value in HOSTILE.values()
        ]
        answered = {_status(world, operation, asked, actor, json=body) for body in bodies}
        answered |= {_status(world, operation, asked, actor, **stated) for stated in _malformed()}
    # Some of these values are right somewhere; what matters is that nothing breaks.
    assert {status for status in answered if not (status < 300 or 400 <= status < 500)} == set()


def _malformed() -> list[dict[str, Any]]:
    typed = {"content_type": "application/json"}
    raw = (b"", b"{", b"null", b"[]", b"\xff\xfe", b'{"a":' * 2_000, b'{"x":1e999}', b'{"x":NaN}', b'"\\ud800"')
    return [{"data": data, **typed} for data in raw] + [{"data": b"{}", "content_type": "text/plain"}]


def _status(world: World, operation: Operation, asked: Asked, actor: str, **stated: Any) -> int:
    path = PATH_ARGUMENT.sub(lambda found: str(asked.path[found["name"]]), operation.rule)
    headers = {"Idempotency-Key": os.urandom(12).hex()} if operation.keyed else {}
    client = world.web.as_token(world.tokens.get(actor))
    answer = client.raw(operation.method.upper(), path, headers=headers, **stated)
    if answer.status_code >= 400:
        assert answer.content_type == "application/problem+json"
        assert answer.get_json()["detail"]
    return answer.status_code


@pytest.fixture(scope="module")
def shared(copy_world: CopyWorld) -> Iterator[World]:
    """A copy of the world for requests that change next to nothing in it."""
    with copy_world() as world:
        yield world


CURSORS = ("%00", "a", "AAAA", "=" * 40, "é", "x" * 400, "x" * 401, "W10", "-_-_", "eyJhIjoxfQ")


@pytest.mark.parametrize(
    "name",
    sorted(
        name
        for name, found in OPERATIONS.items()
        if "query" in found.takes and "cursor" in found.takes["query"].model_fields
    ),
)
def test_a_cursor_that_nobody_gave_is_refused(shared: World, name: str) -> None:
    operation, asked = OPERATIONS[name], SAMPLES[name].make(shared)
    actor = _who_may(shared, operation)[0]
    answered = {
        cursor: _status(shared, operation, asked, actor, query_string={**asked.query, "cursor": cursor})
        for cursor in CURSORS
    }
    assert set(answered.values()) == {400}


ABSENT = "0" * 32
HARD_TO_HIT = (
    ("list_listings", {"dataset": "no/such"}, None),
    ("list_listings", {"seller": f"firm_{ABSENT}"}, None),
    ("list_rulings", {"authority": f"auth_{ABSENT}"}, None),
    ("list_rulings", {"document": "no-such"}, None),
    ("show_policy", {"authority": f"auth_{ABSENT}"}, None),
    ("show_policy_document", {"revision": 99}, None),
    ("explain_instrument", {"authority": f"auth_{ABSENT}"}, None),
    ("check_policy", {}, {"name": "x.toml", "text": "format = 2"}),
    ("ask_verdict", {}, {"instrument": "no-such"}),
    ("ask_verdict", {}, {"instrument": "yz-14a", "facts": {"no_such": 1}}),
    ("ask_verdict", {}, {"instrument": "yz-14a", "authority": f"auth_{ABSENT}"}),
    ("ask_verdict", {}, {"instrument": "yz-12-seat", "facts": {"effective_seats": 999_999_999_999}}),
    ("list_firms", {"uscc": "91650502MA7GB0H88M"}, None),
    ("list_firm_years", {"firm": f"firm_{ABSENT}", "year": 2026}, None),
    ("quote_voucher", {"order": f"ord_{ABSENT}"}, None),
    ("check_award", {"instrument": "no-such", "dataset": DATASET}, None),
    ("check_award", {"instrument": "yz-14a", "dataset": "no/such"}, None),
    ("prove_consistency", {"from": 5, "to": 2}, None),
    ("search_datasets", {"sector": "astrology"}, None),
    ("search_datasets", {"q": "%_\\'\""}, None),
    ("create_token", {}, {"label": "x", "scopes": ["read"], "datasets": [f"ds_{ABSENT}"], "expires_in_days": 1}),
    ("create_token", {}, {"label": "x", "scopes": ["pay", "audit"], "datasets": None, "expires_in_days": 1}),
    ("activate_account", {}, {"login": "nobody", "code": "x", "password": "a password of several words"}),
    ("sign_part_urls", {}, {"numbers": [10_000]}),
    ("sign_read_urls", {}, {"paths": ["no-such.csv"]}),
    ("sign_read_urls", {}, {"paths": ["../x"]}),
)
"""Requests that lead further in than made-up ones do: everything in them is well formed, and leads nowhere."""


@pytest.mark.parametrize(("name", "query", "body"), HARD_TO_HIT)
def test_what_leads_nowhere_is_answered_as_documented(
    shared: World, name: str, query: dict[str, Any], body: dict[str, Any] | None
) -> None:
    operation, asked = OPERATIONS[name], SAMPLES[name].make(shared)
    for actor in _who_may(shared, operation)[:6]:
        stated: dict[str, Any] = {"query_string": query} if body is None else {"json": body}
        assert _status(shared, operation, asked, actor, **stated) in {*operation.returns, *operation.problems}
