"""A market."""

import pytest

from registry.house import House
from tests.registry.exchange.builders import Market, a_market


@pytest.fixture
def market(house: House) -> Market:
    """A market with an authority, a buyer, a compute centre and an exchange."""
    return a_market(house)
