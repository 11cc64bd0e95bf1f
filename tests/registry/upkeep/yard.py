"""Stored bytes of an installation without datasets: what upkeep works on. A table of the test's own refers to them."""

import hashlib
import uuid
from datetime import timedelta

from sqlalchemy import create_engine, text

from registry.house import House
from registry.values.identifiers import BlobId
from registry.values.moment import Moment
from storage.database import Connection
from storage.object_store import Bucket, Place, published_key

LONG_AGO = timedelta(days=30)


class Yard:
    """Puts bytes into the store and rows into the database, as a publication would have."""

    def __init__(self, house: House, owner_url: str) -> None:
        self.house = house
        self.authority = uuid.uuid4()
        engine = create_engine(owner_url.replace("postgresql://", "postgresql+psycopg://"))
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE holders (name text, blob_id uuid NOT NULL REFERENCES blobs (id))"))
            connection.execute(text("GRANT SELECT, INSERT, DELETE ON holders TO sancai_app"))
        engine.dispose()
        with house.database.writing() as connection:
            connection.execute(
                text("INSERT INTO authorities VALUES (:id, 'yard', '仓', 'Yard', '650502', 'Asia/Shanghai', now())"),
                {"id": self.authority},
            )

    def keep(self, *contents: bytes, verified_at: Moment | None = None) -> list[BlobId]:
        """Store one object with these contents one after the other, and a row for each, long verified."""
        upload, joined, store = uuid.uuid4(), b"".join(contents), self.house.store
        place = Place(Bucket.PUBLISHED, published_key(hashlib.sha256(joined).hexdigest(), upload))
        made = store.put_stream(place.bucket, place.key, [joined], len(joined))
        when = (verified_at or self.house.clock.now().plus(-LONG_AGO)).instant
        ids, offset = [], 0
        with self.house.database.writing() as connection:
            self.add_upload(connection, upload, len(joined), "received")
            for content in contents:
                ids.append(BlobId.new())
                connection.execute(
                    text(
                        "INSERT INTO blobs (id, digest, size_bytes, store, bucket, key, version_id, offset_bytes, "
                        "length_bytes, upload_id, verified_at) VALUES (:id, :digest, :size, :store, 'published', :key, "
                        ":version, :offset, :size, :upload, :at)"
                    ),
                    {
                        "id": ids[-1].uuid,
                        "digest": hashlib.sha256(content).digest(),
                        "size": len(content),
                        "store": store.identity,
                        "key": place.key,
                        "version": made.place.version_id,
                        "offset": offset,
                        "upload": upload,
                        "at": when,
                    },
                )
                offset += len(content)
        return ids

    def add_upload(self, connection: Connection, upload: uuid.UUID, size_bytes: int, state: str) -> None:
        """Write the row of an upload."""
        connection.execute(
            text(
                "INSERT INTO uploads (id, purpose, owner_authority, size_bytes, state, digest, created_at, expires_at) "
                "VALUES (:id, 'evidence', :authority, :size, :state, :digest, now(), now() + interval '7 days')"
            ),
            {
                "id": upload,
                "authority": self.authority,
                "size": size_bytes,
                "state": state,
                "digest": b"\0" * 32 if state == "received" else None,
            },
        )

    def refer(self, blob: BlobId, connection: Connection | None = None) -> None:
        """Refer to bytes."""
        statement, values = text("INSERT INTO holders VALUES ('one', :blob)"), {"blob": blob.uuid}
        if connection is not None:
            connection.execute(statement, values)
            return
        with self.house.database.writing() as own:
            own.execute(statement, values)

    def let_go(self, blob: BlobId) -> None:
        """Refer no more."""
        with self.house.database.writing() as connection:
            connection.execute(text("DELETE FROM holders WHERE blob_id = :blob"), {"blob": blob.uuid})

    def state(self, blob: BlobId) -> str:
        """Return the state of a row."""
        with self.house.database.reading() as connection:
            return str(connection.execute(text("SELECT state FROM blobs WHERE id = :id"), {"id": blob.uuid}).scalar())

    def place(self, blob: BlobId) -> tuple[str, Place]:
        """Return the store and the place of a row."""
        with self.house.database.reading() as connection:
            row = connection.execute(
                text("SELECT store, bucket, key, version_id FROM blobs WHERE id = :id"), {"id": blob.uuid}
            ).one()
        return row.store, Place(Bucket(row.bucket), row.key, row.version_id)

    def held(self, blob: BlobId) -> bytes | None:
        """Return the object that a row names, or None."""
        from storage.errors import ObjectMissingError

        store, place = self.place(blob)
        try:
            return b"".join(self.house.store.at(store).read(place))
        except ObjectMissingError:
            return None
