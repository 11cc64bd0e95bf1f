"""Where the worker looks at the files of a version one after the other; the rows of all its tables make one sketch."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from registry.catalog.inspection import Inspected, inspect
from registry.catalog.model import VersionFile
from registry.manifests.columns import ColumnBatch
from registry.manifests.inventory import dialect_kept
from registry.manifests.model import Format
from registry.manifests.reading import read_columns
from registry.manifests.source import MemorySource, Source
from registry.quality.card import NO_CARD, Card

if TYPE_CHECKING:
    from registry.sketches.building import SketchBuilder


@dataclass(slots=True)
class Bench:
    """Looks at files. ``card`` says how the text of some is written."""

    folder: Path
    card: Card = NO_CARD
    tables: int = 0
    _builder: "SketchBuilder | None" = None

    @property
    def builder(self) -> "SketchBuilder":
        """What gathers the sketch. Its library, and what that brings, is 40 MiB that a worker without tables spares."""
        if self._builder is None:
            from registry.sketches.building import SketchBuilder

            self._builder = SketchBuilder()
        return self._builder

    @property
    def spool(self) -> Path:
        """Where the one file lies that is being looked at."""
        return self.folder / "file"

    def look(self, source: Source, path: str) -> Inspected:
        """Return what a file that is published as ``path`` is. Raises InvalidValueError for a broken one."""
        found = inspect(source, path, self.card, self._take)
        self.tables += found.inventory.format.is_table
        return found

    def _take(self, batch: ColumnBatch) -> None:
        self.builder.update(batch)

    def look_again(self, source: Source, file: VersionFile) -> None:
        """Take the rows of a table that was looked at before into the sketch. Raises InvalidValueError."""
        for batch in read_columns(source.path, Format(file.format or Format.OTHER), None, dialect_kept(file.inventory)):
            self.builder.update(batch)
        self.tables += 1

    def small_file(self, content: bytes) -> MemorySource:
        """Return a small file with this content, to be looked at within its context."""
        return MemorySource(content, self.spool)
