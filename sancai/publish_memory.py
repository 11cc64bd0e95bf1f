"""What is known of a folder that is published: digests of its files, and how far a publication has come.

One file of the user's cache for each folder, kept by SQLite: it is whole after a kill at any instant, loads nothing it
is not asked for, and two million files cost it no memory. It is only a memory. Whatever it holds may be lost: then
files are hashed again, and the draft that was open is not taken up.

Rules:
* A digest stands for a path as long as size, time of change and inode are those of when it was taken. A file that had
  changed within two seconds before is not trusted: it may change again without its time changing.
* One process publishes a folder at a time; what held the file open when it was killed holds it no more.
"""

import hashlib
import sqlite3
import time
import unicodedata
import uuid
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

import platformdirs

from sancai.drafts import BATCH, DraftEntry
from sancai.errors import ConflictError, InvalidValueError
from sancai.publish_folder import LocalFile

FORMAT: Final = 1
SMALL_BYTES: Final = 1 << 20
"""Files up to this size travel in packs."""
SETTLED_NS: Final = 2_000_000_000

_KEPT: Final = """
CREATE TABLE IF NOT EXISTS known (
    path TEXT PRIMARY KEY, size_bytes INTEGER NOT NULL, changed_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
    sha256 BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS publication (
    service TEXT, name TEXT, stated TEXT NOT NULL, key TEXT NOT NULL, base INTEGER, draft TEXT,
    PRIMARY KEY (service, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS placed (
    draft TEXT, path TEXT, size_bytes INTEGER NOT NULL, sha256 BLOB, changed_ns INTEGER, upload TEXT,
    PRIMARY KEY (draft, path)
) WITHOUT ROWID;
"""
_PASSING: Final = """
CREATE TEMP TABLE here (
    path TEXT PRIMARY KEY, name TEXT NOT NULL, size_bytes INTEGER NOT NULL, changed_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL, sha256 BLOB
) WITHOUT ROWID;
CREATE TEMP TABLE listed (path TEXT PRIMARY KEY, size_bytes INTEGER NOT NULL, sha256 BLOB, upload TEXT) WITHOUT ROWID;
CREATE TEMP TABLE latest (path TEXT PRIMARY KEY, size_bytes INTEGER NOT NULL, sha256 BLOB NOT NULL) WITHOUT ROWID;
"""


_WORTH_HASHING: Final = """
SELECT path, name, size_bytes, changed_ns, NULL FROM here
WHERE path > :after AND sha256 IS NULL AND (size_bytes IN (SELECT size_bytes FROM latest) OR EXISTS (
    SELECT 1 FROM placed WHERE placed.draft = :draft AND placed.path = here.path
    AND placed.size_bytes = here.size_bytes AND placed.sha256 IS NOT NULL
)) ORDER BY path LIMIT :limit
"""
_MISSING: Final = """
SELECT path, name, size_bytes, changed_ns, lower(hex(sha256)) FROM here
WHERE path > :after AND size_bytes BETWEEN :least AND :most AND NOT EXISTS (
    SELECT 1 FROM placed WHERE placed.draft = :draft AND placed.path = here.path
    AND placed.size_bytes = here.size_bytes AND placed.sha256 = here.sha256
) ORDER BY path LIMIT :limit
"""
_LEFT: Final = """
SELECT count(*), total(size_bytes) FROM here WHERE NOT EXISTS (
    SELECT 1 FROM placed WHERE placed.draft = :draft AND placed.path = here.path
    AND placed.size_bytes = here.size_bytes AND placed.sha256 = here.sha256
)
"""
_TO_SEND: Final = """
SELECT count(*), total(size_bytes) FROM here
WHERE (sha256 IS NULL OR sha256 NOT IN (SELECT sha256 FROM latest)) AND NOT EXISTS (
    SELECT 1 FROM placed WHERE placed.draft = :draft AND placed.path = here.path
    AND placed.size_bytes = here.size_bytes AND placed.sha256 = here.sha256
)
"""


class Here(NamedTuple):
    """A file of the folder: its path in the dataset, its name below the folder, its digest in hex where known."""

    path: str
    name: str
    size_bytes: int
    changed_ns: int
    sha256: str | None


class Begun(NamedTuple):
    """A publication under way: what is said, the key its draft is asked for with, its base, the draft once opened."""

    stated: str
    key: str
    base: int | None
    draft: str | None


class Sum(NamedTuple):
    """A number of files and of bytes."""

    files: int
    size_bytes: int


class Memory(AbstractContextManager["Memory"]):
    """The memory of one folder. Used by one thread."""

    def __init__(self, place: Path) -> None:
        """Open the memory at ``place``; one that is damaged is begun anew.

        Raises:
            ConflictError: ``publication_running``: another process publishes this folder.
        """
        try:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._base = _opened(place)
        except OSError:
            self._base = _opened(None)
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise ConflictError(
                    "publication_running", "Another process publishes this folder. Wait for its end, then run again."
                ) from error
            # A cache that cannot be written, on a full disk or in a container: remember for this run only.
            self._base = _opened(None)
        except sqlite3.DatabaseError:
            for each in (place, place.with_name(place.name + "-wal"), place.with_name(place.name + "-journal")):
                each.unlink(missing_ok=True)
            self._base = _opened(place)

    @classmethod
    def of(cls, folder: Path) -> "Memory":
        """Return the memory of a folder or file."""
        name = hashlib.sha256(str(folder.resolve()).encode(errors="surrogateescape")).hexdigest()[:32]
        return cls(Path(platformdirs.user_cache_path("sancai")) / "publishing" / f"{name}.sqlite")

    def walk(self, files: Iterable[LocalFile]) -> Sum:
        """Take in what lies in the folder now, with the digests that still hold; return how much it is."""
        try:
            self._base.executemany("INSERT INTO here VALUES (?, ?, ?, ?, ?, NULL)", files)
        except sqlite3.IntegrityError as error:
            raise InvalidValueError(
                "path_duplicate", "Two file names are one after Unicode composition (NFC). Rename one of them."
            ) from error
        self._base.execute(
            """UPDATE here SET sha256 = known.sha256 FROM known WHERE known.path = here.path
            AND (known.size_bytes, known.changed_ns, known.inode) = (here.size_bytes, here.changed_ns, here.inode)"""
        )
        return self._sum("SELECT count(*), total(size_bytes) FROM here")

    def require_distinct(self) -> None:
        """Raise InvalidValueError ``path_duplicate`` for two paths that some file system would take for one."""
        twice = self._base.execute(
            "SELECT min(path), max(path) FROM here GROUP BY folded(path) HAVING count(*) > 1 LIMIT 1"
        ).fetchone()
        if twice:
            raise InvalidValueError(
                "path_duplicate",
                f"{twice[0]} and {twice[1]} would be one file on some systems. Rename one of them.",
                path=twice[0],
                other=twice[1],
            )

    def hashed(self, found: Iterable[tuple[str, str]]) -> None:
        """Take in digests (path, hex) of files that lie here."""
        settled_ns = time.time_ns() - SETTLED_NS
        rows = [(bytes.fromhex(sha256), path) for path, sha256 in found]
        self._base.executemany("UPDATE here SET sha256 = ? WHERE path = ?", rows)
        self._base.executemany(
            """INSERT OR REPLACE INTO known SELECT path, size_bytes, changed_ns, inode, sha256 FROM here
            WHERE path = ? AND changed_ns < ?""",
            [(path, settled_ns) for _, path in rows],
        )

    def unhashed(self) -> int:
        """Return how many files have no digest yet."""
        return int(self._base.execute("SELECT count(*) FROM here WHERE sha256 IS NULL").fetchone()[0])

    def content_digest(self) -> str:
        """Return the content digest of the folder (``docs/formats/manifest.md``); every file must be hashed."""
        from sancai.manifests import CONTENT_DOMAIN

        hashing = hashlib.sha256(CONTENT_DOMAIN)
        for path, size_bytes, sha256 in self._base.execute("SELECT path, size_bytes, sha256 FROM here ORDER BY path"):
            hashing.update(f"{sha256.hex()} {size_bytes} {path}\n".encode())
        return f"sha256:{hashing.hexdigest()}"

    def take_latest(self, files: Iterable[tuple[str, int, str]]) -> None:
        """Take in the files (path, size, digest in hex) of the latest version."""
        self._base.executemany(
            "INSERT INTO latest VALUES (?, ?, ?)", ((path, size, bytes.fromhex(sha256)) for path, size, sha256 in files)
        )

    def worth_hashing(self, draft: str) -> Iterator[list[Here]]:
        """Yield, in batches, files without a digest that may be there already.

        Their size is found in the latest version, or something of that size lies at their path in the draft.
        """
        return self._batches(_WORTH_HASHING, draft=draft)

    def gone(self) -> int:
        """Return how many files of the latest version are no longer here."""
        wanted = "SELECT count(*) FROM latest WHERE NOT EXISTS (SELECT 1 FROM here WHERE here.path = latest.path)"
        return int(self._base.execute(wanted).fetchone()[0])

    def is_mostly_latest(self) -> bool:
        """Return whether at least half of the files of the latest version are here as they are."""
        same = """SELECT count(*) * 2 >= (SELECT count(*) FROM latest) FROM here JOIN latest USING (path)
        WHERE here.size_bytes = latest.size_bytes AND here.sha256 = latest.sha256"""
        return bool(self._base.execute(same).fetchone()[0])

    def publication(self, service: str, name: str) -> Begun | None:
        """Return the publication that was begun."""
        found = self._base.execute(
            "SELECT stated, key, base, draft FROM publication WHERE service = ? AND name = ?", (service, name)
        ).fetchone()
        return Begun(*found) if found else None

    def begin(self, service: str, name: str, stated: str, base: int | None) -> Begun:
        """Remember, before the draft is asked for, under which key it will be, and return that."""
        self.forget(service, name)
        begun = Begun(stated, str(uuid.uuid4()), base, None)
        self._base.execute("INSERT INTO publication VALUES (?, ?, ?, ?, ?, ?)", (service, name, *begun))
        self._base.commit()
        return begun

    def opened(self, service: str, name: str, draft: str) -> None:
        """Remember which draft was opened."""
        self._base.execute("UPDATE publication SET draft = ? WHERE service = ? AND name = ?", (draft, service, name))
        self._base.commit()

    def forget(self, service: str, name: str) -> None:
        """Forget a publication: it is out, or its draft is no more."""
        which = (service, name)
        self._base.execute(
            "DELETE FROM placed WHERE draft IN (SELECT draft FROM publication WHERE service = ? AND name = ?)", which
        )
        self._base.execute("DELETE FROM publication WHERE service = ? AND name = ?", which)
        self._base.commit()

    def missing_small(self, draft: str) -> Iterator[list[Here]]:
        """Yield, in batches, the small files that the draft does not hold as they are here."""
        return self._batches(_MISSING, draft=draft, least=0, most=SMALL_BYTES)

    def missing_large(self, draft: str) -> Iterator[list[Here]]:
        """Yield, in batches, the larger files that the draft does not hold as they are here."""
        return self._batches(_MISSING, draft=draft, least=SMALL_BYTES + 1, most=1 << 62)

    def left(self, draft: str) -> Sum:
        """Return how much the draft still lacks."""
        return self._sum(_LEFT, draft=draft)

    def to_send(self, draft: str) -> Sum:
        """Return how much is, as far as is known here, neither in the draft nor in the latest version."""
        return self._sum(_TO_SEND, draft=draft)

    def superfluous(self, draft: str) -> Iterator[list[str]]:
        """Yield, in batches, the paths of the draft that are no longer here."""
        after = ""
        while found := self._base.execute(
            """SELECT path FROM placed WHERE draft = ? AND path > ? AND NOT EXISTS
            (SELECT 1 FROM here WHERE here.path = placed.path) ORDER BY path LIMIT ?""",
            (draft, after, BATCH),
        ).fetchall():
            after = found[-1][0]
            yield [path for (path,) in found]

    def upload(self, draft: str, file: Here) -> str | None:
        """Return the upload that was begun for a file as it is here."""
        found = self._base.execute(
            "SELECT upload FROM placed WHERE draft = ? AND path = ? AND size_bytes = ? AND changed_ns = ?",
            (draft, file.path, file.size_bytes, file.changed_ns),
        ).fetchone()
        return found[0] if found else None

    def take_listed(self, draft: str, files: Iterable[DraftEntry]) -> None:
        """Take in what the service says the draft holds.

        What a run that was cut knew, or did not come to note, gives way to it.
        """
        self._base.execute("DELETE FROM listed")
        self._base.executemany(
            "INSERT INTO listed VALUES (?, ?, ?, ?)",
            (
                (file.path, file.size_bytes, bytes.fromhex(file.sha256 or "") if file.received else None, file.upload)
                for file in files
            ),
        )
        self._base.execute(
            "DELETE FROM placed WHERE draft = ? AND path NOT IN (SELECT path FROM listed)",
            (draft,),
        )
        self._base.execute(
            """INSERT INTO placed SELECT ?, path, size_bytes, sha256, NULL, upload FROM listed WHERE true
            ON CONFLICT DO UPDATE SET size_bytes = excluded.size_bytes, sha256 = excluded.sha256,
            changed_ns = CASE WHEN placed.upload = excluded.upload THEN placed.changed_ns END,
            upload = excluded.upload""",
            (draft,),
        )
        self._base.commit()

    def announced(self, draft: str, file: Here, upload: str) -> None:
        """Remember the upload that a file travels by."""
        self._base.execute(
            "INSERT OR REPLACE INTO placed VALUES (?, ?, ?, NULL, ?, ?)",
            (draft, file.path, file.size_bytes, file.changed_ns, upload),
        )
        self._base.commit()

    def placed(self, draft: str, files: Iterable[tuple[str, int, str]]) -> None:
        """Remember that the draft holds files (path, size, digest in hex)."""
        self._base.executemany(
            "INSERT OR REPLACE INTO placed VALUES (?, ?, ?, ?, NULL, NULL)",
            ((draft, path, size_bytes, bytes.fromhex(sha256)) for path, size_bytes, sha256 in files),
        )
        self._base.commit()

    def removed(self, draft: str, paths: Iterable[str]) -> None:
        """Remember that the draft no longer holds paths, or not what it should."""
        self._base.executemany("DELETE FROM placed WHERE draft = ? AND path = ?", ((draft, path) for path in paths))
        self._base.commit()

    def tidy(self) -> None:
        """Forget digests of files that are gone."""
        self._base.execute("DELETE FROM known WHERE NOT EXISTS (SELECT 1 FROM here WHERE here.path = known.path)")
        self._base.commit()

    def keep(self) -> None:
        """Write down what was learnt so far."""
        self._base.commit()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write down what was learnt, also after a failure, and close."""
        self._base.commit()
        self._base.close()

    def __enter__(self) -> Self:
        """Return the memory."""
        return self

    def _sum(self, query: str, **parameters: str) -> Sum:
        files, size_bytes = self._base.execute(query, parameters).fetchone()
        return Sum(int(files), int(size_bytes))

    def _batches(self, query: str, **parameters: str | int) -> Iterator[list[Here]]:
        """Yield files by path, each batch from a query of its own: what was done meanwhile counts."""
        after = ""
        while found := self._base.execute(query, {"after": after, "limit": BATCH, **parameters}).fetchall():
            after = found[-1][0]
            yield [
                Here(path, name, size_bytes, changed_ns, sha256 or None)
                for path, name, size_bytes, changed_ns, sha256 in found
            ]


def _opened(place: Path | None) -> sqlite3.Connection:
    """Open, or begin, the memory at ``place``; None keeps it in a temporary file of SQLite's own."""
    base = sqlite3.connect(place or "", timeout=0.5)
    try:
        base.create_function("folded", 1, _folded, deterministic=True)
        # The lock lasts as long as the process; the journal outlives a kill.
        base.execute("PRAGMA locking_mode = EXCLUSIVE")
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("PRAGMA synchronous = NORMAL")
        base.execute("BEGIN IMMEDIATE")
        base.commit()
        _require_format(base)
        base.executescript(f"{_KEPT} PRAGMA user_version = {FORMAT}; {_PASSING}")
    except BaseException:
        base.close()
        raise
    return base


def _require_format(base: sqlite3.Connection) -> None:
    if base.execute("PRAGMA user_version").fetchone()[0] not in {0, FORMAT}:
        raise sqlite3.DatabaseError("written by another release")


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", path.casefold())
