"""Tables of upkeep, and its queries over the tables of bytes."""

from registry.upkeep.records.blobs import (
    awaited_uploads,
    condemn,
    count_alive,
    due_objects,
    known_keys,
    object_at,
    objects_after,
    oldest_scrubbed,
    settle_deleted,
    take_for_deletion,
)
from registry.upkeep.records.damage import dangling, mark_damaged, mark_scrubbed, move_rows, relocate
from registry.upkeep.records.tables import epochs, object_replicas, stores, strays, upkeep_runs

__all__ = [
    "awaited_uploads",
    "condemn",
    "count_alive",
    "dangling",
    "due_objects",
    "epochs",
    "known_keys",
    "mark_damaged",
    "mark_scrubbed",
    "move_rows",
    "object_at",
    "object_replicas",
    "objects_after",
    "oldest_scrubbed",
    "relocate",
    "settle_deleted",
    "stores",
    "strays",
    "take_for_deletion",
    "upkeep_runs",
]
