"""What the law wants gone leaves the store and its replicas, and a retention that may be bypassed does not keep it."""

from collections.abc import Callable

from registry.upkeep.model import ObjectName
from registry.upkeep.premises import Premises
from registry.upkeep.repacking import move_living
from registry.upkeep.replicas import remove_replicas
from storage.errors import ObjectSharedError
from storage.object_store import Place


def deleter(premises: Premises) -> Callable[[str, Place], None]:
    """Return what deletes an object of a store, and its copies in the replica stores.

    What lives in the same object is moved to one of its own first.

    It raises ObjectLockedError while a store keeps the object whatever we may, ObjectSharedError while some that lives
    in it cannot be moved, StoreUnavailableError, and StoreConfigurationError for a store that nobody knows.
    """

    def delete(store: str, place: Place) -> None:
        name = ObjectName(store, place.bucket.value, place.key)
        if not move_living(premises, name):
            raise ObjectSharedError("object_shared", key=place.key)
        premises.store.at(store).delete(place, despite_retention=True)
        remove_replicas(premises, name, despite_retention=True)

    return delete
