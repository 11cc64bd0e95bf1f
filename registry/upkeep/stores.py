"""The stores of an installation by their identity: the one it writes to, those it still reads from, and its replica.

Where another store is, and its keys, stand sealed in the database: a process that meets a row of a store it was not
told of at its start learns it from there. So bytes can move while the service runs. Sealed by AES-256-GCM under a key
derived from the installation's secret, bound to the identity.
"""

import json
import os
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from registry.errors import CorruptContentError
from registry.upkeep.records import places
from registry.values.canonical import Json, canonical_json
from registry.values.moment import Clock
from storage.database import Database
from storage.errors import StoreConfigurationError
from storage.local_store import LocalStore
from storage.minio_store import MinioStore
from storage.object_store import Capabilities, ObjectStore
from storage.settings import FolderSettings, S3Settings, Settings, StoreKey, StoreSettings

_PURPOSE: Final = b"sancai/upkeep/store/v1"
_NONCE_BYTES: Final = 12


def own_store(settings: Settings, secret: bytes) -> LocalStore | MinioStore:
    """Return the store the installation writes to."""
    if settings.s3:
        return open_store(settings.s3, settings, secret)
    if settings.folder:
        return open_store(settings.folder, settings, secret)
    return LocalStore(settings.objects_folder, settings.public_url, secret)


def open_store(where: StoreSettings, settings: Settings, secret: bytes) -> LocalStore | MinioStore:
    """Return the store that is there; nothing is created or asked yet."""
    if isinstance(where, S3Settings):
        return MinioStore(
            where, retention_mode=settings.log_retention_mode, published_mode=settings.published_retention_mode
        )
    return LocalStore(where.folder, settings.public_url, secret, identity=f"file://{where.folder}")


def replica_store(settings: Settings, secret: bytes) -> ObjectStore | None:
    """Return the replica store, or None where none is configured."""
    return open_store(settings.replica, settings, secret) if settings.replica else None


def remembered(database: Database, clock: Clock, store: ObjectStore) -> Capabilities:
    """Return what a store was seen to do; a store that nobody has probed is probed now, and never again by itself."""
    with database.reading() as connection:
        seen = places.seen_capabilities(connection, store.identity)
    if seen is None:
        return probed(database, clock, store)
    found = Capabilities(**seen[0])
    store.remember(found)
    return found


def probed(database: Database, clock: Clock, store: ObjectStore) -> Capabilities:
    """Probe a store and remember what was seen."""
    found = store.probe()
    with database.writing() as connection:
        places.keep_capabilities(connection, store.identity, found, clock.now())
    return found


class OtherStores:
    """Finds stores by identity in the database, and keeps them open."""

    def __init__(self, database: Database, settings: Settings, secret: bytes) -> None:
        self._database, self._settings, self._secret = database, settings, secret
        self._open: dict[str, ObjectStore] = {}
        self._lock = threading.Lock()

    def __call__(self, identity: str) -> ObjectStore:
        """Return the store of that identity. Raises StoreConfigurationError for one that nobody told us of."""
        with self._lock:
            if identity not in self._open:
                self._open[identity] = self._found(identity)
            return self._open[identity]

    def _found(self, identity: str) -> ObjectStore:
        with self._database.reading() as connection:
            sealed = places.sealed_store(connection, identity)
        if sealed is not None:
            where = unsealed(self._secret, identity, sealed)
        elif identity == "local":
            where = FolderSettings(self._settings.home / "objects")
        else:
            raise StoreConfigurationError("store_unknown", identity=identity)
        if identity == "local":
            folder = where.folder if isinstance(where, FolderSettings) else self._settings.home / "objects"
            return LocalStore(folder, self._settings.public_url, self._secret)
        return open_store(where, self._settings, self._secret)


def sealed(secret: bytes, identity: str, where: StoreSettings) -> bytes:
    """Return where a store is, sealed."""
    stated: dict[str, Json] = (
        {"kind": "s3", **asdict(where)}
        if isinstance(where, S3Settings)
        else {"kind": "folder", "folder": str(where.folder)}
    )
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(_key(secret)).encrypt(nonce, canonical_json(stated), identity.encode())


def unsealed(secret: bytes, identity: str, content: bytes) -> StoreSettings:
    """Return where a store is. Raises CorruptContentError when this is not what was sealed."""
    try:
        stated = json.loads(
            AESGCM(_key(secret)).decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], identity.encode())
        )
    except (InvalidTag, ValueError) as error:
        raise CorruptContentError("store_settings_unreadable", store=identity) from error
    if stated.pop("kind") == "folder":
        return FolderSettings(Path(stated["folder"]))
    catalog, up, down = (StoreKey(**stated.pop(name)) for name in ("catalog", "up", "down"))
    return S3Settings(catalog=catalog, up=up, down=down, **stated)


def _key(secret: bytes) -> bytes:
    return HKDF(SHA256(), 32, None, _PURPOSE).derive(secret)
