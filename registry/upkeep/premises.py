"""What upkeep needs of an installation."""

from typing import Final, Protocol

from registry.actors.model import Actor
from registry.catalog import premises
from storage.settings import Settings

KEEPER: Final = Actor(name="worker")


class Premises(premises.Premises, Protocol):
    """The parts of an installation that upkeep works on.

    New bytes go into ``store``; its ``at`` leads to the other stores that bytes are read from.
    """

    @property
    def settings(self) -> Settings:
        """Where things are."""

    @property
    def secret(self) -> bytes:
        """What is sealed is sealed with this."""
