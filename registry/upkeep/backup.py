"""A backup: the database and every object, together, in another store.

The state of the database is fixed first, by one snapshot: the dump and the list of objects are of the very same moment.
Then the objects are copied, those that the backup store does not hold yet; what arrives is read again. The description
is written last, signed: a backup without one was cut and is no backup, but what it copied the next one need not.

Layout of a backup store: objects under the bucket and key they have; ``backups/<name>/`` in its log bucket holds
``database.dump``, ``objects.jsonl`` and ``backup.json``. The installation's keys are not in it: they go elsewhere.
"""

import base64
import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from registry.aftercare.erased_persons import LIST_PREFIX as PERSONS_PREFIX
from registry.archive.keeping import kept
from registry.archive.service import content_of
from registry.catalog.erasing import LIST_PREFIX as CONTENTS_PREFIX
from registry.dossier import records as dossiers
from registry.dossier.exporting import read_export
from registry.dossier.model import ExportKind
from registry.errors import CorruptContentError, InvalidValueError, NotFoundError
from registry.journal import records as journal_records
from registry.journal.signing import Verifier
from registry.upkeep import records
from registry.upkeep.model import BlobState, ObjectName, StoredBlob, StoredObject
from registry.upkeep.premises import Premises
from registry.upkeep.replicas import Origin, copy_object
from registry.values.canonical import canonical_json
from registry.values.digest import Digest
from registry.values.identifiers import BlobId
from storage.database import Connection
from storage.database_dump import dump, exported_snapshot
from storage.errors import ObjectMissingError
from storage.object_store import CHUNK_BYTES, Bucket, ObjectStore, Place

FORMAT: Final = "sancai.backup/1"
BACKUPS: Final = "backups/"
PAGE: Final = 500
LOG_KEYS: Final = ("checkpoints/", "dossiers/")
LISTS: Final = (CONTENTS_PREFIX, PERSONS_PREFIX)
"""The lists of what was erased, and of whom."""
_DOMAIN: Final = b"sancai/backup/v1\n"
_HELD: Final = (BlobState.VERIFIED, BlobState.CONDEMNED, BlobState.DAMAGED)


@dataclass(frozen=True, slots=True)
class Backup:
    """The description of one backup. ``objects`` of them lie in the store; ``damaged`` could not be copied."""

    name: str
    made_at: str
    origin: str
    log_size: int
    log_root: str
    database_bytes: int
    database_sha256: str
    list_bytes: int
    list_sha256: str
    objects: int
    objects_bytes: int
    damaged: tuple[str, ...]
    format: str = FORMAT


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What one run did: the backup it made, and how many objects were not there yet."""

    backup: Backup
    copied: int


def back_up(premises: Premises, owner_url: str, target: ObjectStore) -> BackedUp:
    """Make a backup. May be repeated after a crash: what is copied is not copied again.

    Raises StoreUnavailableError, StoreConfigurationError.
    """
    target.prepare()
    now = premises.clock.now()
    name = f"{now.instant:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}"
    with TemporaryDirectory(prefix="sancai-backup-") as folder:
        dumped, listed = Path(folder) / "database.dump", Path(folder) / "objects.jsonl"
        with premises.database.reading() as connection:
            newest = journal_records.newest_checkpoint(connection)
            dump(owner_url, dumped, exported_snapshot(connection))
            objects, size_bytes = _list(connection, listed)
        copied, damaged = 0, list[str]()
        for item in _listed(listed):
            fresh = _copy(premises, item, target)
            if fresh is None:
                damaged.append(f"{item.name.bucket}/{item.name.key}")
            copied += bool(fresh)
        copied += _copy_log(premises, target)
        made = Backup(
            name=name,
            made_at=str(now),
            origin=premises.signing_key.name,
            log_size=newest[0].size if newest else 0,
            log_root=newest[0].root.hex() if newest else "",
            database_bytes=dumped.stat().st_size,
            database_sha256=_sha256(dumped),
            list_bytes=listed.stat().st_size,
            list_sha256=_sha256(listed),
            objects=objects,
            objects_bytes=size_bytes,
            damaged=tuple(damaged),
        )
        for path in (dumped, listed):
            target.put_stream(Bucket.LOG, f"{BACKUPS}{name}/{path.name}", _chunks(path), path.stat().st_size)
    described = canonical_json({**asdict(made), "damaged": list(made.damaged)})
    signed = {
        "backup": described.decode(),
        "key": str(premises.signing_key.verifier),
        "signature": base64.b64encode(premises.signing_key.sign(_DOMAIN + described)).decode(),
    }
    target.put(Bucket.LOG, _description(name), json.dumps(signed).encode())
    return BackedUp(made, copied)


def backups(store: ObjectStore) -> list[str]:
    """Return the names of the whole backups of a store, oldest first."""
    found = store.list(Bucket.LOG, BACKUPS)
    return [item.place.key.split("/")[1] for item in found if item.place.key.endswith("/backup.json")]


def read_backup(store: ObjectStore, name: str | None, key: Verifier) -> Backup:
    """Return a backup's description, by default the newest one's.

    Raises:
        NotFoundError: There is no such backup.
        CorruptContentError: It was not signed by this installation's key, or was changed.
    """
    names = backups(store)
    if not names or (name is not None and name not in names):
        raise NotFoundError("backup_not_found", name=name or "")
    wanted = name or names[-1]
    try:
        signed = json.loads(b"".join(store.read(Place(Bucket.LOG, _description(wanted)))))
        described = signed["backup"].encode()
        authentic = key.accepts(base64.b64decode(signed["signature"]), _DOMAIN + described)
        stated = json.loads(described)
        if not authentic or stated["format"] != FORMAT or stated["name"] != wanted:
            raise CorruptContentError("backup_not_authentic", name=wanted)
        return Backup(**{**stated, "damaged": tuple(stated["damaged"])})
    except (ValueError, KeyError, TypeError, InvalidValueError) as error:
        raise CorruptContentError("backup_not_authentic", name=wanted) from error


def fetch_dump(store: ObjectStore, backup: Backup, path: Path) -> None:
    """Write the dump of a backup to ``path``. Raises CorruptContentError when it is not the one that was described."""
    with path.open("wb") as file:
        for chunk in store.read(Place(Bucket.LOG, f"{BACKUPS}{backup.name}/database.dump")):
            file.write(chunk)
    if _sha256(path) != backup.database_sha256:
        raise CorruptContentError("backup_not_authentic", name=backup.name)


def _description(name: str) -> str:
    return f"{BACKUPS}{name}/backup.json"


def _list(connection: Connection, path: Path) -> tuple[int, int]:
    """Write one line per object; return how many and their bytes."""
    number, size_bytes, after = 0, 0, None
    with path.open("w", encoding="utf-8") as file:
        while True:
            page = records.objects_after(connection, after, PAGE, _HELD)
            for held in page:
                file.write(json.dumps(_line(held), separators=(",", ":")) + "\n")
                number, size_bytes = number + 1, size_bytes + held.size_bytes
            if len(page) < PAGE:
                return number, size_bytes
            after = page[-1].name


def _line(held: StoredObject) -> dict[str, object]:
    return {
        "store": held.name.store,
        "bucket": held.name.bucket,
        "key": held.name.key,
        "version": held.version_id,
        "blobs": [[blob.id, blob.digest.hex, blob.offset_bytes, blob.size_bytes] for blob in held.blobs],
    }


def _listed(path: Path) -> Iterator[StoredObject]:
    with path.open(encoding="utf-8") as file:
        for text in file:
            stated = json.loads(text)
            name = ObjectName(stated["store"], stated["bucket"], stated["key"])
            yield StoredObject(
                name,
                tuple(
                    StoredBlob(
                        BlobId(blob), Digest(digest), offset, size, BlobState.VERIFIED, stated["version"], None, None
                    )
                    for blob, digest, offset, size in stated["blobs"]
                ),
            )


def _copy(premises: Premises, held: StoredObject, target: ObjectStore) -> bool | None:
    """Copy an object unless the target holds one of its size; None when it cannot be had whole."""
    bucket = Bucket(held.name.bucket)
    try:
        source = premises.store.at(held.name.store)
        there = source.stat(Place(bucket, held.name.key, held.version_id))
        try:
            if target.stat(Place(bucket, held.name.key)).size_bytes == there.size_bytes:
                return False
        except ObjectMissingError:
            pass
        copy_object(Origin(source, held.version_id), held, target, held.name.key)
    except (ObjectMissingError, CorruptContentError):
        return None
    return True


def _copy_log(premises: Premises, target: ObjectStore) -> int:
    """Copy checkpoints and dossiers, and the lists of what was erased by law; all are small."""
    copied = copy_lists(premises.store, target, None)
    for kind in ExportKind:
        after = ""
        while True:
            with premises.database.reading() as connection:
                page = dossiers.exports(connection, kind, after, PAGE)
            for export in page:
                try:
                    target.stat(Place(Bucket.LOG, export.place.key))
                except ObjectMissingError:
                    content = read_export(premises.store, export)
                    if Digest.of(content) == export.digest:
                        target.put(Bucket.LOG, export.place.key, content)
                        copied += 1
            if len(page) < PAGE:
                break
            after = page[-1].subject
    return copied + _copy_archives(premises, target)


def _copy_archives(premises: Premises, target: ObjectStore) -> int:
    """Copy the packages of archives that are not there yet; one that is damaged here is left to ``sancai verify``."""
    copied = 0
    for archive in kept(premises):
        try:
            target.stat(Place(Bucket.LOG, archive.key))
        except ObjectMissingError:
            try:
                target.put(Bucket.LOG, archive.key, content_of(premises.store, archive))
            except CorruptContentError:
                continue
            copied += 1
    return copied


def copy_lists(source: ObjectStore, target: ObjectStore, retain_until: datetime | None) -> int:
    """Copy the lines of the lists of erasures that are not there yet; return how many."""
    copied = 0
    for prefix in LISTS:
        there = {found.place.key for found in target.list(Bucket.LOG, prefix)}
        missing = [found.place for found in source.list(Bucket.LOG, prefix) if found.place.key not in there]
        for place in missing:
            target.put(Bucket.LOG, place.key, b"".join(source.read(place)), retain_until)
        copied += len(missing)
    return copied


def _chunks(path: Path) -> Iterable[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
