"""Objects and parts as files: what the local store does to a disk."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from storage.errors import ObjectMissingError, StoreConfigurationError, StoreUnavailableError
from storage.object_store import CHUNK_BYTES, Bucket, ObjectStat, Part, Place


@contextlib.contextmanager
def disk_errors() -> Iterator[None]:
    """Tell a full or failing disk apart from what a caller did."""
    try:
        yield
    except (FileNotFoundError, PermissionError) as error:
        raise StoreConfigurationError("store_folder_unusable", folder=str(error.filename)) from error
    except OSError as error:
        raise StoreUnavailableError("disk_failed", reason=error.strerror) from error


def object_missing(place: Place) -> ObjectMissingError:
    """Return the error that says so."""
    return ObjectMissingError("object_missing", bucket=str(place.bucket), key=place.key)


def described(place: Place, found: os.stat_result) -> ObjectStat:
    """Return what is known of a file; it never changes, so size and time tell it from any other of its name.

    A link keeps the time of writing of what it links to; the time of its last change of status is when it got a name.
    """
    named_at = datetime.fromtimestamp(found.st_ctime, UTC)
    return ObjectStat(place, found.st_size, f"{found.st_size:x}-{found.st_mtime_ns:x}", named_at)


def remove(path: Path) -> None:
    """Remove a file, or a folder as far as it can be."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def unlink(path: Path, top: Path) -> None:
    """Remove a file, and the folders below ``top`` that this leaves empty; a missing one is fine."""
    path.unlink(missing_ok=True)
    for folder in path.parents:
        if folder == top:
            break
        try:
            folder.rmdir()
        except OSError:  # Not empty, or a neighbour removed it first.
            break


def to_disk(file: IO[bytes]) -> None:
    """Make a written file read-only and wait until it is on disk."""
    file.flush()
    os.fchmod(file.fileno(), 0o444)
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on disk."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def chunks_of(path: Path, offset: int, length: int | None, place: Place) -> Iterator[bytes]:
    """Yield a file from ``offset``, at most ``length`` bytes. Raises ObjectMissingError naming ``place``."""
    left = length
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise object_missing(place) from None
    with file, disk_errors():
        file.seek(offset)
        while left is None or left > 0:
            chunk = file.read(CHUNK_BYTES if left is None else min(CHUNK_BYTES, left))
            if not chunk:
                return
            if left is not None:
                left -= len(chunk)
            yield chunk


def walk(folder: Path, bucket: Bucket, above: str, prefix: str, start_after: str) -> Iterator[ObjectStat]:
    """Yield what lies below ``folder``, whose keys begin with ``above``, in order of whole keys.

    A folder sorts with its slash, because ``a-b`` comes before ``a/b``.
    """
    try:
        with disk_errors(), os.scandir(folder) as found:
            names = sorted(f"{above}{entry.name}{'/' if entry.is_dir() else ''}" for entry in found)
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in names:
        if name.endswith("/"):
            may_match = name.startswith(prefix) or prefix.startswith(name)
            if may_match and (name > start_after or start_after.startswith(name)):
                yield from walk(folder / name[len(above) : -1], bucket, name, prefix, start_after)
        elif name.startswith(prefix) and name > start_after:
            with contextlib.suppress(FileNotFoundError):
                yield described(Place(bucket, name), (folder / name[len(above) :]).stat())


def held_parts(folder: Path) -> list[tuple[Part, Path]]:
    """Return the parts in a folder by number. A crash can leave two of a number: the younger counts."""
    youngest: dict[int, tuple[int, Part, Path]] = {}
    for path in folder.glob("[0-9]*.*"):
        number, _, etag = path.name.partition(".")
        found = path.stat()
        if int(number) not in youngest or youngest[int(number)][0] < found.st_mtime_ns:
            youngest[int(number)] = (found.st_mtime_ns, Part(int(number), found.st_size, etag), path)
    return [(part, path) for _, (_, part, path) in sorted(youngest.items())]
