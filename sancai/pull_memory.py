"""What files on this disk hold, remembered so that unchanged ones are not hashed again.

A file counts as unchanged while size, times of modification and of change, device and inode are those it had when its
digest was last taken. One small database per folder lies in the user's cache. It is a memory and no truth: without it,
or with a damaged one, files are hashed again; ``sancai pull --check`` does so anyway.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import platformdirs

APPLICATION: Final = 0x53414E31
"""Marks the database as one of this form; another form begins anew."""
PENDING_MAX: Final = 5_000

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS seen (path TEXT PRIMARY KEY, state TEXT NOT NULL, sha256 TEXT NOT NULL) WITHOUT ROWID
"""


class PullMemory(AbstractContextManager["PullMemory"]):
    """The memory of one folder. For one thread."""

    def __init__(self, folder: Path) -> None:
        """Open the memory of ``folder``; one that cannot be opened remembers nothing."""
        self._pending: Final[list[tuple[str, str, str]]] = []
        self._base: sqlite3.Connection | None = None
        name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:32]
        place = Path(platformdirs.user_cache_path("sancai")) / "pulled" / f"{name}.sqlite"
        with suppress(OSError, sqlite3.Error):
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._base = _opened(place)

    def in_order(self) -> "Recalled":
        """Return what is remembered, to be asked for by ascending path."""
        rows: Iterator[tuple[str, str, str]] = iter(())
        if self._base is not None:
            with suppress(sqlite3.Error):
                rows = self._base.cursor().execute("SELECT path, state, sha256 FROM seen ORDER BY path")
        return Recalled(rows)

    def note(self, path: str, found: os.stat_result, sha256: str) -> None:
        """Remember that the file ``path`` has a digest as it lies there now."""
        self._pending.append((path, state_of(found), sha256))
        if len(self._pending) >= PENDING_MAX:
            self.keep()

    def keep(self) -> None:
        """Write down what was noted."""
        if self._base is not None and self._pending:
            with suppress(sqlite3.Error), self._base:
                self._base.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", self._pending)
        self._pending.clear()

    def __enter__(self) -> Self:
        """Return the memory."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Keep what was noted, also when the pull was cut."""
        self.keep()
        if self._base is not None:
            self._base.close()


class Recalled:
    """Digests by ascending path."""

    def __init__(self, rows: Iterator[tuple[str, str, str]]) -> None:
        """Take rows of path, state and digest in ascending order of path."""
        self._rows = rows
        self._row: tuple[str, str, str] | None = self._next()

    def sha256(self, path: str, found: os.stat_result) -> str | None:
        """Return the digest of the file ``path`` if it lies there unchanged; ask in ascending order of path."""
        while self._row is not None and self._row[0] < path:
            self._row = self._next()
        if self._row is None or self._row[0] != path or self._row[1] != state_of(found):
            return None
        return self._row[2]

    def _next(self) -> tuple[str, str, str] | None:
        try:
            return next(self._rows, None)
        except sqlite3.Error:
            return None


def state_of(found: os.stat_result) -> str:
    """Return what changes when a file does."""
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_dev} {found.st_ino}"


def _opened(place: Path) -> sqlite3.Connection:
    """Return the database at ``place``, made anew when it is damaged or of another form. Raises sqlite3.Error."""
    base = sqlite3.connect(place, timeout=2)
    try:
        if base.execute("PRAGMA application_id").fetchone()[0] == APPLICATION:
            base.execute("SELECT path, state, sha256 FROM seen LIMIT 1")
            return base
    except sqlite3.DatabaseError:
        base.close()
        place.unlink()
        base = sqlite3.connect(place, timeout=2)
    base.execute("PRAGMA journal_mode = WAL")
    base.execute("DROP TABLE IF EXISTS seen")
    base.execute(_TABLE)
    base.execute(f"PRAGMA application_id = {APPLICATION}")
    base.commit()
    return base
