"""What work outside a request needs of an installation."""

from typing import Protocol

from registry.journal.signing import SigningKey
from registry.values.moment import Clock
from storage.database import Database
from storage.object_store import ObjectStore


class Premises(Protocol):
    """The parts of an installation that bytes and rows are worked on with."""

    @property
    def database(self) -> Database:
        """The database."""

    @property
    def clock(self) -> Clock:
        """The clock."""

    @property
    def store(self) -> ObjectStore:
        """Where bytes live."""

    @property
    def signing_key(self) -> SigningKey:
        """The key of manifests, checkpoints and lists."""
