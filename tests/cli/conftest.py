"""Desks of the small world's people, against a service that runs."""

from collections.abc import Iterator

import pytest

from registry.actors.model import Role
from tests.cli.desk import At, Desk
from tests.cli.runner import sancai
from tests.live import application_of, live
from tests.world import World


@pytest.fixture
def at(world: World) -> Iterator[At]:
    """The desks of the small world's people."""
    with live(lambda url: application_of(world.house, url)) as url:

        def desk(party: str, role: str = Role.OWNER) -> Desk:
            token = world.tokens[f"{party}/{role}"]
            own = {"SANCAI_URL": url, "SANCAI_TOKEN": token, "SANCAI_LANG": "en"}
            return Desk(lambda *given, **more: sancai(*given, **{**own, **more}))

        yield desk
