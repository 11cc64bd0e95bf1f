"""What verification makes of bytes: the inventory of one local file, and whether all files together load.

Both are free of store and database, so that whoever has the bytes, however they came, gets the same answer.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from registry.catalog.model import Fault, VersionFile
from registry.errors import InvalidValueError
from registry.manifests.columns import ColumnBatch
from registry.manifests.inventory import FileInventory, dialect_kept, inspect_source
from registry.manifests.model import Format
from registry.manifests.source import DiskSource, Source
from registry.quality.card import Card
from registry.quality.loading import LoadingCheck
from registry.quality.profile import TableProfiler
from registry.quality.split_check import ColumnRead, FileRead
from registry.values.canonical import Json
from registry.values.digest import Digest


@dataclass(frozen=True, slots=True)
class Inspected:
    """What one file is, and what the columns of a table hold."""

    inventory: FileInventory
    columns: tuple[dict[str, Json], ...] = ()


def inspect(source: Source, path: str, card: Card, sketch: Callable[[ColumnBatch], None] | None) -> Inspected:
    """Return what a file that is published as ``path`` is; one reading gives all and feeds the sketch.

    Without a sketch there is no profile either: then a typed file is decoded, and its cells are not looked at.

    Raises:
        InvalidValueError: The code of what is wrong with the file.
    """
    profiler = TableProfiler()

    def feed(batch: ColumnBatch) -> None:
        profiler.update(batch)
        if sketch is not None:
            sketch(batch)

    inventory = inspect_source(source, path, card.dialect_of(path), feed if sketch else None)
    if sketch is None or not inventory.format.is_table:
        return Inspected(inventory)
    held = profiler.finish()["columns"]
    stored_as = {column.name: column.as_json() for column in inventory.columns}
    columns = [dict(column) for column in held if isinstance(column, dict)] if isinstance(held, list) else []
    return Inspected(
        inventory, tuple({**column, **stored_as.get(str(column["name"]), {"stored_as": ""})} for column in columns)
    )


def inspect_hashed(
    local: Path, path: str, card: Card, declared: Digest, sketch: Callable[[ColumnBatch], None] | None
) -> Inspected:
    """Return what a file is while another thread hashes it: hashing and decoding both leave Python alone.

    Raises:
        InvalidValueError: ``file_digest_wrong``, else the code of what is wrong with the file.
    """
    with ThreadPoolExecutor(1, "digest") as hashing:
        seen = hashing.submit(_sha256, local)
        try:
            return inspect(DiskSource(local), path, card, sketch)
        finally:
            if (found := seen.result()) != declared.hex:
                raise InvalidValueError("file_digest_wrong", declared=str(declared), seen=f"sha256:{found}")


def _sha256(local: Path) -> str:
    with local.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def load(card: Card, files: Iterable[VersionFile]) -> tuple[Mapping[str, Json], list[Fault]]:
    """Load verified files as a buyer would: return what they load with, and what breaks.

    ``files`` come in ascending order of path, once; they may be read from the database as they are asked for.
    """
    check = LoadingCheck(card)
    for file in files:
        check.see(
            FileRead(
                str(file.path),
                Format(file.format or Format.OTHER),
                file.size_bytes,
                file.rows,
                tuple(map(ColumnRead.of, file.columns)),
                dialect_kept(file.inventory),
            )
        )
    loads_with, faults = check.finish()
    return loads_with, [Fault(fault.path, fault.code, fault.parameters) for fault in faults]
