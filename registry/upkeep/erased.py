"""What the law wants gone leaves the store and its replicas, and a retention that may be bypassed does not keep it."""

from collections.abc import Callable

from registry.upkeep.model import ObjectName
from registry.upkeep.premises import Premises
from registry.upkeep.replicas import remove_replicas
from storage.object_store import Place


def deleter(premises: Premises) -> Callable[[str, Place], None]:
    """Return what deletes an object of a store, and its copies in the replica stores.

    It raises ObjectLockedError while a store keeps the object whatever we may, StoreUnavailableError, and
    StoreConfigurationError for a store that nobody knows.
    """

    def delete(store: str, place: Place) -> None:
        premises.store.at(store).delete(place, despite_retention=True)
        remove_replicas(premises, ObjectName(store, place.bucket.value, place.key), despite_retention=True)

    return delete
