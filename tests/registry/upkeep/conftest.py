"""A yard: an installation with stored bytes."""

import pytest

from registry.house import House
from tests.registry.upkeep.yard import Yard


@pytest.fixture
def yard(house: House, owner_url: str) -> Yard:
    """Return a fresh installation with a local store."""
    return Yard(house, owner_url)
