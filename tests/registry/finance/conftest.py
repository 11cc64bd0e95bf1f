"""A market with money appropriated and everything ruled."""

import pytest

from registry.house import House
from tests.registry.awards.builders import appropriate, rule_on_everything
from tests.registry.exchange.builders import Market, a_market
from tests.registry.vouchers.builders import a_pool


@pytest.fixture
def market(house: House) -> Market:
    """A market whose pool is open and whose line has money."""
    made = a_market(house)
    a_pool(made)
    rule_on_everything(made)
    appropriate(made)
    return made
