"""Tables of sketches: what is kept of each verified version, and the look-up table of those published."""

from collections.abc import Iterable, Sequence

from sqlalchemy import BigInteger, CheckConstraint, Column, LargeBinary, Table, cast, func, insert, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.values.identifiers import VersionId
from registry.values.moment import Moment
from registry.values.records import IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

SCREEN_LOCK = (7245, 20)

table_sketches = Table(
    "table_sketches",
    metadata,
    Column("version_id", IdColumn(VersionId), primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("sketched_at", MomentColumn, nullable=False),
    **rows_may(Writes.UPDATE),
)
"""The truth: the bytes of ``docs/formats/table-sketch.md``. The version is a row of the room above."""

sketch_hashes = Table(
    "sketch_hashes",
    metadata,
    Column("kind", Key, primary_key=True),
    Column("hash", BigInteger, primary_key=True, autoincrement=False),
    Column("version_id", IdColumn(VersionId), primary_key=True),
    CheckConstraint("kind IN ('row', 'column')", "kind"),
    **rows_may(Writes.APPEND),
)
"""Inverted bottom-k: which published versions hold a row fingerprint or a column value. Derived from the sketches."""


def keep_sketch(connection: Connection, version: VersionId, content: bytes, now: Moment) -> None:
    """Write the sketch of a version, in place of an earlier one."""
    made = insert_or(table_sketches).values(version_id=version, content=content, sketched_at=now)
    connection.execute(
        made.on_conflict_do_update(
            index_elements=["version_id"],
            set_={"content": made.excluded.content, "sketched_at": made.excluded.sketched_at},
        )
    )


def sketches_of(connection: Connection, versions: Iterable[VersionId]) -> dict[VersionId, bytes]:
    """Return the stored sketches of some versions."""
    rows = connection.execute(select(table_sketches).where(table_sketches.c.version_id.in_(list(versions))))
    return {row.version_id: bytes(row.content) for row in rows}


def add_hashes(connection: Connection, version: VersionId, kind: str, hashes: Iterable[int]) -> None:
    """Enter a published version into the look-up table."""
    values = cast(sorted(set(hashes)), ARRAY(BigInteger))
    rows = select(literal(kind, Key), func.unnest(values), literal(version, IdColumn(VersionId)))
    connection.execute(insert(sketch_hashes).from_select(["kind", "hash", "version_id"], rows))


def versions_sharing(connection: Connection, kind: str, hashes: Sequence[int], limit: int) -> list[VersionId]:
    """Return the published versions that share most of the hashes, at most ``limit``."""
    query = (
        select(sketch_hashes.c.version_id)
        .where(sketch_hashes.c.kind == kind, sketch_hashes.c.hash.in_(hashes))
        .group_by(sketch_hashes.c.version_id)
        .order_by(func.count().desc(), sketch_hashes.c.version_id)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def lock_screen(connection: Connection) -> None:
    """Wait until no other transaction screens and publishes, and keep others out until this one ends."""
    connection.execute(select(func.pg_advisory_xact_lock(*SCREEN_LOCK)))
