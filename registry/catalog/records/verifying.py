"""What the worker writes while it reads a draft, and what it asks."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, LargeBinary, Text, cast, func, select, type_coerce
from sqlalchemy import update as update_rows
from sqlalchemy.dialects.postgresql import JSONB

from registry.catalog.model import VersionFile, VersionState
from registry.catalog.records.files import file_of, version_files
from registry.catalog.records.versions import versions
from registry.manifests.model import Format
from registry.values.identifiers import BlobId, VersionId
from registry.values.records import DigestColumn, IdColumn, Key
from storage.batches import given_rows
from storage.database import Connection

TABLES: Final = tuple(each.value for each in Format if each.is_table)


def still_verifying(connection: Connection, version: VersionId) -> bool:
    """Return whether a draft is still being verified; it stays so until the transaction ends."""
    state = connection.execute(select(versions.c.state).where(versions.c.id == version).with_for_update(read=True))
    return bool(state.scalar() == VersionState.VERIFYING)


def note_read(connection: Connection, version: VersionId, files: Sequence[VersionFile]) -> None:
    """State what the server read in the bytes of files, one statement for all."""
    given = given_rows(
        "given",
        path_key=(Key, [file.path.key for file in files]),
        digest=(DigestColumn(), [file.digest for file in files]),
        blob_id=(IdColumn(BlobId), [file.blob for file in files]),
        format=(Key, [file.format for file in files]),
        rows=(BigInteger(), [file.rows for file in files]),
        inventory=(Text(), [json.dumps(dict(file.inventory)) for file in files]),
        # As text: an array of JSON would be taken for JSON.
        columns=(Text(), [json.dumps([dict(column) for column in file.columns]) for file in files]),
    )
    connection.execute(
        update_rows(version_files)
        .where(version_files.c.version_id == version, version_files.c.path_key == given.c.path_key)
        .values(
            {name: given.c[name] for name in ("digest", "blob_id", "format", "rows")}
            | {name: cast(given.c[name], JSONB) for name in ("columns", "inventory")}
        )
    )


def held_files(connection: Connection, version: VersionId, after: str, limit: int) -> tuple[VersionFile, ...]:
    """Return verified files of a draft that have to be looked at again, by path from after ``after`` on.

    Those are tables, and files that were never seen under a name of this suffix.
    """
    query = select(version_files).where(
        version_files.c.version_id == version,
        version_files.c.path > after,
        version_files.c.blob_id.is_not(None),
        version_files.c.format.is_(None) | version_files.c.format.in_(TABLES),
    )
    return tuple(file_of(row) for row in connection.execute(query.order_by(version_files.c.path).limit(limit)).all())


def table_files(connection: Connection, version: VersionId, after: str, limit: int) -> tuple[VersionFile, ...]:
    """Return the verified tables of a version by path, from after ``after`` on."""
    query = select(version_files).where(
        version_files.c.version_id == version,
        version_files.c.path > after,
        version_files.c.blob_id.is_not(None),
        version_files.c.format.in_(TABLES),
    )
    return tuple(file_of(row) for row in connection.execute(query.order_by(version_files.c.path).limit(limit)).all())


@dataclass(frozen=True, slots=True)
class Summed:
    """What the files of a version come to: tables and their rows, the formats there are, columns of the first table."""

    files: int
    tables: int
    rows: int
    formats: tuple[str, ...]


def summed_files(connection: Connection, version: VersionId) -> Summed:
    """Return what the files of a version come to."""
    by_format = (
        select(
            version_files.c.format,
            func.count().label("files"),
            func.coalesce(func.sum(version_files.c.rows), 0).label("rows"),
        )
        .where(version_files.c.version_id == version)
        .group_by(version_files.c.format)
    )
    found = connection.execute(by_format).all()
    tables = [row for row in found if row.format in TABLES]
    return Summed(
        files=sum(row.files for row in found),
        tables=sum(row.files for row in tables),
        rows=int(sum(row.rows for row in tables)),
        formats=tuple(sorted(row.format for row in found if row.format)),
    )


def lines_of(connection: Connection, version: VersionId, after: str, limit: int) -> list[tuple[str, int, str]]:
    """Return path, size in bytes and SHA-256 in hex of verified files by path, from after ``after`` on.

    Plain values: a version may have millions, and a row of our own needs no second look.
    """
    query = (
        select(
            version_files.c.path,
            version_files.c.size_bytes,
            func.encode(type_coerce(version_files.c.digest, LargeBinary), "hex").label("digest"),
        )
        .where(version_files.c.version_id == version, version_files.c.path > after, version_files.c.digest.is_not(None))
        .order_by(version_files.c.path)
        .limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def columns_in(connection: Connection, version: VersionId, tables_max: int) -> list[Sequence[dict[str, Any]]]:
    """Return what the columns of the first tables of a version hold, table by table."""
    query = (
        select(version_files.c.columns)
        .where(version_files.c.version_id == version, version_files.c.format.in_(TABLES))
        .order_by(version_files.c.path)
        .limit(tables_max)
    )
    return list(connection.execute(query).scalars())
