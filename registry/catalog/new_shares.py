"""The new share of a derivative, counted against the stored bytes of its parents, one table on disk at a time."""

from collections.abc import Iterator
from pathlib import Path

from registry.catalog import records
from registry.catalog.model import Version
from registry.catalog.premises import Premises
from registry.manifests import records as stored
from registry.manifests.columns import ColumnBatch
from registry.manifests.inventory import dialect_kept
from registry.manifests.model import Format
from registry.manifests.reading import read_columns
from registry.sketches.deriving import new_share
from registry.values.identifiers import VersionId

TABLES_AT_ONCE = 100


def counted_share(premises: Premises, found: Version, folder: Path) -> int:
    """Return the new share of a derivative in basis points. Raises InvalidValueError, StoreError."""
    parents = [_rows_of(premises, parent, folder) for parent in found.parents]
    return new_share(_rows_of(premises, found.id, folder), parents, folder / "share").share.basis_points


def _rows_of(premises: Premises, version: VersionId, folder: Path) -> Iterator[ColumnBatch]:
    """Yield the rows of all tables of a version."""
    after = ""
    while True:
        with premises.database.reading() as connection:
            tables = records.table_files(connection, version, after, TABLES_AT_ONCE)
            blobs = stored.blobs_of(connection, [table.blob for table in tables if table.blob])
        if not tables:
            return
        for table in tables:
            if table.blob not in blobs:
                continue
            blob, local = blobs[table.blob], folder / f"table-{version}"
            with local.open("wb") as spool:
                for chunk in premises.store.at(blob.store).read(blob.place, blob.offset_bytes, blob.size_bytes):
                    spool.write(chunk)
            yield from read_columns(local, Format(table.format or Format.OTHER), None, dialect_kept(table.inventory))
            local.unlink()
        after = str(tables[-1].path)
