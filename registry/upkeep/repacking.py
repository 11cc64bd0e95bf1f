"""A pack without what was erased: its living bytes get an object of their own, so that the old one can go.

Rules:
* Nothing is moved that does not hash to its digest: damaged bytes wait for the scrub, which mends them first.
* The fresh object is written whole before one transaction leads all living rows there. A crash before it leaves a
  stray, which the sweep finds; a crash after it an old object without living rows, which the next attempt deletes.
"""

import hashlib
from contextlib import suppress
from typing import Final

from registry.journal.work import Work
from registry.upkeep import records
from registry.upkeep.journaling import journaled
from registry.upkeep.model import BlobState, ObjectName, StoredBlob
from registry.upkeep.premises import Premises
from registry.values.identifiers import BlobId
from storage.errors import ObjectLockedError, ObjectMissingError
from storage.object_store import Bucket, Place, published_key

LIVING: Final = frozenset({BlobState.VERIFIED, BlobState.CONDEMNED, BlobState.DAMAGED})


class _ChangedError(Exception):
    """Other bytes live in the object than did when it was read."""


def move_living(premises: Premises, name: ObjectName) -> bool:
    """Move what lives in an object to a fresh one; False when some of it cannot be moved now.

    Only packs hold bytes of several rows, so that what is moved fits in memory (64 MiB).

    Raises StoreUnavailableError, StoreConfigurationError.
    """
    with premises.database.reading() as connection:
        held = records.object_at(connection, name)
    living = [blob for blob in held.blobs if blob.state in LIVING]
    if not living:
        return True
    old = Place(Bucket(name.bucket), name.key, held.version_id)
    try:
        pack = b"".join(premises.store.at(name.store).read(old))
    except ObjectMissingError:
        return False
    parts = [pack[blob.offset_bytes : blob.offset_bytes + blob.size_bytes] for blob in living]
    if any(hashlib.sha256(part).hexdigest() != blob.digest.hex for part, blob in zip(parts, living, strict=True)):
        return False
    content = b"".join(parts)
    key = published_key(hashlib.sha256(content).hexdigest(), BlobId.new().uuid)
    fresh = premises.store.put_stream(old.bucket, key, [content], len(content)).place

    def lead(work: Work) -> None:
        now = records.object_at(work.connection, name, lock=True)
        if [_row(blob) for blob in now.blobs if blob.state in LIVING] != [_row(blob) for blob in living]:
            raise _ChangedError
        records.move_rows(work.connection, living, premises.store.identity, fresh)

    try:
        journaled(premises, "upkeep.pack_rewritten", living[0].id, {"blobs": len(living)}, lead)
    except _ChangedError:
        with suppress(ObjectLockedError):  # What is left of it is a stray, which the sweep finds.
            premises.store.delete(fresh)
        return False
    return True


def _row(blob: StoredBlob) -> tuple[BlobId, int, int]:
    return blob.id, blob.offset_bytes, blob.size_bytes
