"""A desk with an eligible dataset, and a market with a pool."""

import pytest

from registry.house import House
from tests.registry.awards.builders import Desk, a_desk
from tests.registry.exchange.builders import a_market


@pytest.fixture
def desk(house: House) -> Desk:
    """A dataset that deserves the award, and the officers who decide on it."""
    return a_desk(a_market(house))
