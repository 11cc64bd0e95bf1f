"""What a store has beside its bytes: a name, and the way to the other stores that bytes are still read from."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from storage.errors import StoreConfigurationError
from storage.object_store import ObjectStore

Others = Callable[[str], ObjectStore]
"""Returns the store of an identity. Raises StoreConfigurationError for one that nobody told us of."""


class NamedStore(ABC):
    """Base of the stores: ``at`` finds this store, or asks who knows the others."""

    _others: Others | None = None

    @property
    @abstractmethod
    def identity(self) -> str:
        """Which store this is; see ObjectStore."""

    def read_others_from(self, others: Others) -> None:
        """Ask ``others`` for a store that is not this one, from now on."""
        self._others = others

    def _other(self, identity: str) -> ObjectStore:
        if self._others is None:
            raise StoreConfigurationError("store_unknown", identity=identity)
        return self._others(identity)
