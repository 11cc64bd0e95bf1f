"""A market with an open pool."""

import pytest

from registry.house import House
from tests.registry.exchange.builders import Market, a_market
from tests.registry.vouchers.builders import a_pool


@pytest.fixture
def market(house: House) -> Market:
    """A market whose pool is open."""
    made = a_market(house)
    a_pool(made)
    return made
