"""Where the worker looks at the files of a version one after the other; the rows of all its tables make one sketch."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from registry.catalog.inspection import Inspected, inspect
from registry.catalog.model import VersionFile
from registry.manifests.inventory import dialect_kept
from registry.manifests.model import Format
from registry.manifests.reading import read_columns
from registry.quality.card import NO_CARD, Card
from registry.sketches.building import SketchBuilder


@dataclass(slots=True)
class Bench:
    """Looks at files. ``card`` says how the text of some is written."""

    folder: Path
    card: Card = NO_CARD
    builder: SketchBuilder = field(default_factory=SketchBuilder)
    tables: int = 0

    @property
    def spool(self) -> Path:
        """Where the one file lies that is being looked at."""
        return self.folder / "file"

    def look(self, local: Path, path: str) -> Inspected:
        """Return what the file at ``local``, published as ``path``, is. Raises InvalidValueError for a broken one."""
        found = inspect(local, path, self.card, self.builder.update)
        self.tables += found.inventory.format.is_table
        return found

    def look_again(self, local: Path, file: VersionFile) -> None:
        """Take the rows of a table that was looked at before into the sketch. Raises InvalidValueError."""
        for batch in read_columns(local, Format(file.format or Format.OTHER), None, dialect_kept(file.inventory)):
            self.builder.update(batch)
        self.tables += 1

    @contextmanager
    def small_file(self, content: bytes) -> Iterator[Path]:
        """Give a small file with this content, in memory where the system can: thousands of them wear no disk."""
        if not hasattr(os, "memfd_create"):
            self.spool.write_bytes(content)
            yield self.spool
            return
        handle = os.memfd_create("sancai-file")
        try:
            with os.fdopen(handle, "wb", closefd=False) as file:
                file.write(content)
            yield Path(f"/proc/self/fd/{handle}")
        finally:
            os.close(handle)
