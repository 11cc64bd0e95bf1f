"""Every operation × every role × own and other party: who may is let in, everyone else changes nothing.

What is expected follows from the permission table and from whose a thing is; no endpoint is consulted for it.
"""

import itertools
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.door import PATH_ARGUMENT, Operation
from registry.actors.model import PERMISSIONS, Role
from tests.api.rights import NOBODY, OPERATIONS, may
from tests.api.samples import SAMPLES, Asked
from tests.conftest import CopyWorld
from tests.counting import rows_of
from tests.world import BUYER, EXCHANGE, OFFICE, OTHER_OFFICE, World

REFUSED = frozenset({401, 403, 404})

_keys = itertools.count()


def test_every_operation_has_a_sample() -> None:
    assert set(SAMPLES) == set(OPERATIONS)


def test_every_action_opens_an_operation() -> None:
    opened = {found.action for found in OPERATIONS.values()} | {found.also for found in SAMPLES.values()}
    # Reading content is asked of the gate itself.
    assert set(PERMISSIONS) - opened == {"read_content"}


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_who_may_is_let_in_and_everyone_else_changes_nothing(copy_world: CopyWorld, name: str) -> None:
    operation, sample = OPERATIONS[name], SAMPLES[name]
    with copy_world() as world:
        actors = [NOBODY, *world.tokens]
        refused = [actor for actor in actors if not may(operation, sample, actor)]
        admitted = [actor for actor in actors if actor not in refused]
        if sample.each:
            answered = {actor: _unchanged(world, operation, sample.make(world), [actor])[actor] for actor in refused}
            answered |= {actor: _answer(world, operation, sample.make(world), actor) for actor in admitted}
        else:
            asked = sample.make(world)
            answered = _unchanged(world, operation, asked, refused)
            answered |= {actor: _answer(world, operation, asked, actor) for actor in admitted}
    wrong = {
        actor: answer
        for actor, answer in answered.items()
        if (answer in REFUSED) is may(operation, sample, actor) or answer >= 500
    }
    assert wrong == {}
    assert sample.succeeds is any(answer < 400 for answer in answered.values())


def _unchanged(world: World, operation: Operation, asked: Asked, actors: list[str]) -> dict[str, int]:
    """Send the request for each of ``actors`` and return the statuses; all of them together must change nothing."""
    before = rows_of(world.house)
    answered = {actor: _answer(world, operation, asked, actor) for actor in actors}
    assert rows_of(world.house) == before, actors
    return answered


def _answer(world: World, operation: Operation, asked: Asked, actor: str) -> int:
    """Send the request and return its status."""
    answer = send(world, operation, asked, world.tokens.get(actor))
    if answer.status_code in REFUSED:
        assert answer.content_type == "application/problem+json", actor
    if actor == NOBODY and not operation.public:
        assert answer.status_code == 401
    return answer.status_code


def send(world: World, operation: Operation, asked: Asked, token: str | None) -> TestResponse:
    """Send a sample's request."""
    path = PATH_ARGUMENT.sub(lambda found: str(asked.path[found["name"]]), operation.rule)
    stated: dict[str, Any] = {"query_string": dict(asked.query)}
    if asked.body is not None or "body" in operation.takes:
        stated["json"] = asked.body or {}
    headers = {"Idempotency-Key": f"matrix-{next(_keys)}"} if operation.keyed else {}
    return world.web.as_token(token).raw(operation.method.upper(), path, headers=headers, **stated)


@pytest.mark.parametrize("party", [BUYER, EXCHANGE])
def test_the_sides_of_an_order_do_only_their_own_part(world: World, party: str) -> None:
    own = {BUYER: ("cancel", 200), EXCHANGE: ("accept", 200)}
    path, status = own[party]
    other = own[EXCHANGE if party == BUYER else BUYER][0]
    client = world.as_(party)
    order = f"/v1/orders/{world.ids['order_placed']}"
    assert client.raw("POST", f"{order}/{other}", headers={"Idempotency-Key": "other-part"}).status_code == 403
    client.post(f"{order}/{path}", status=status)


def test_an_officer_sees_nothing_of_another_authoritys_cases(world: World) -> None:
    assert world.as_(OTHER_OFFICE, Role.REVIEWER).get("/v1/cases")["items"] == []
    assert len(world.as_(OFFICE, Role.REVIEWER).get("/v1/cases")["items"]) == 2
