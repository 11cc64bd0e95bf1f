"""Every door to content asks the gate: none gives a byte or an address of what may not be read."""

from datetime import timedelta
from typing import Any

import pytest

from api.door import PATH_ARGUMENT, Operation
from registry.catalog import records
from registry.catalog.access_model import Terms
from registry.catalog.model import Openness, VersionState
from registry.values.digest import Digest
from registry.values.identifiers import DatasetId, VersionId
from tests import world as steps
from tests.api.rights import OPERATIONS
from tests.conftest import CopyWorld
from tests.web import Web
from tests.world import OFFICE, PUBLISHER, STRANGER, World

SECRET = b"canary-7f3a91: nobody reads this who may not\n"
NAME = "lvtu/canary"
ARGUMENTS = {
    "namespace": "lvtu",
    "slug": "canary",
    "version": "v1",
    "path": "secret.md",
    "number": "1",
    "digest": "0" * 64,
}
BODY = {"paths": ["secret.md"]}
PAGES = ("/datasets/lvtu/canary", "/datasets/lvtu/canary?version=v1", "/?q=canary")


def asked(operation: Operation) -> bool:
    """Return whether an operation is on a dataset and changes nothing."""
    arguments = {found["name"] for found in PATH_ARGUMENT.finditer(operation.rule)}
    reading = operation.method == "get" or (operation.method == "post" and not operation.keyed)
    return "slug" in arguments and arguments <= set(ARGUMENTS) and reading


DOORS = {name: operation for name, operation in OPERATIONS.items() if asked(operation)}


def answer(client: Web, operation: Operation) -> Any:
    path = PATH_ARGUMENT.sub(lambda found: ARGUMENTS[found["name"]], operation.rule)
    stated: dict[str, Any] = {"json": BODY} if operation.method == "post" else {}
    return client.raw(operation.method.upper(), path, **stated)


def gives(response: Any) -> bool:
    """Return whether an answer holds the content or an address of it."""
    told = response.get_data() + response.headers.get("Location", "").encode()
    return SECRET[:13] in told or b"/objects/" in told


@pytest.fixture(scope="module")
def canary(copy_world: CopyWorld) -> Any:
    with copy_world() as world:
        client = world.as_(PUBLISHER)
        files = {"data.csv": steps.table(77), "secret.md": SECRET}
        draft = steps.verified_draft(world, client, NAME, files)
        client.post(f"/v1/drafts/{draft}/publish", {})
        yield world


def content_doors(world: World) -> set[str]:
    return {name for name, operation in DOORS.items() if gives(answer(world.as_(PUBLISHER), operation))}


def standing(
    world: World, state: VersionState, access: Openness, *, terms: bool = False, embargo: bool = False
) -> None:
    """Put the version into a state, as if all that leads to it had happened."""
    found = world.web.get(f"/v1/datasets/{NAME}") if state is VersionState.PUBLISHED else None
    with world.house.database.writing() as connection:
        dataset = DatasetId(found["id"]) if found else DatasetId(world.ids["canary"])
        world.ids["canary"] = dataset
        version = VersionId(records.versions_of(connection, dataset)[0].id)
        until = world.clock.now().plus(timedelta(days=1)) if embargo else None
        records.set_version(connection, version, state=state, embargo_until=until)
        records.set_dataset(connection, dataset, access=access)
        if terms and records.newest_terms(connection, dataset) is None:
            made = Terms(dataset, 1, "x", Digest.of(b"x"), world.clock.now())
            records.add_terms(connection, made, None)


CASES: dict[str, dict[str, Any]] = {
    "grant_missing": {"state": VersionState.PUBLISHED, "access": Openness.GATED},
    "embargo": {"state": VersionState.PUBLISHED, "access": Openness.PUBLIC, "embargo": True},
    "terms_not_accepted": {"state": VersionState.PUBLISHED, "access": Openness.TERMS, "terms": True},
    "withdrawn": {"state": VersionState.WITHDRAWN, "access": Openness.PUBLIC},
    "recalled": {"state": VersionState.RECALLED, "access": Openness.PUBLIC},
    "erased": {"state": VersionState.ERASED, "access": Openness.PUBLIC},
}


def test_every_door_refuses_what_the_gate_refuses(canary: World) -> None:
    standing(canary, VersionState.PUBLISHED, Openness.PUBLIC)
    doors = content_doors(canary)
    assert "sign_read_urls" in doors
    for reason, stated in CASES.items():
        standing(canary, **stated)
        for client in (canary.web, canary.as_(STRANGER), canary.as_(OFFICE, "auditor")):
            for name, operation in DOORS.items():
                found = answer(client, operation)
                assert not gives(found), (reason, name)
                if name in doors:
                    assert found.status_code in {401, 403}, (reason, name)
            for page in PAGES:
                assert not gives(client.raw("GET", page)), (reason, page)
        refused = {name: answer(canary.as_(STRANGER), DOORS[name]).get_json()["code"] for name in doors}
        assert set(refused.values()) == {reason}
