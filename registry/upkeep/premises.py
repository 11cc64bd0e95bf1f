"""What upkeep needs of an installation."""

from typing import Final, Protocol

from registry.actors.model import Actor
from registry.journal.signing import SigningKey
from registry.values.moment import Clock
from storage.database import Database
from storage.object_store import ObjectStore
from storage.settings import Settings

KEEPER: Final = Actor(name="worker")


class Premises(Protocol):
    """The parts of an installation that upkeep works on."""

    @property
    def settings(self) -> Settings:
        """Where things are."""

    @property
    def database(self) -> Database:
        """The database."""

    @property
    def clock(self) -> Clock:
        """The clock."""

    @property
    def store(self) -> ObjectStore:
        """Where new bytes go; ``at`` leads to the other stores that bytes are read from."""

    @property
    def signing_key(self) -> SigningKey:
        """The key of the installation."""

    @property
    def secret(self) -> bytes:
        """What is sealed is sealed with this."""
