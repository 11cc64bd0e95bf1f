"""Where files of a dataset may be written.

A path that a server names is hearsay. Rules:
* It is relative, ``/`` separates, and no segment is empty, ``.`` or ``..``; it holds no backslash, no drive, no control
  character, and no character or name that some system reads otherwise.
* What it leads to lies inside the target folder also after every symbolic link on the way has been followed.
* No two paths are equal after NFC and case folding: a file system that ignores case would keep one of them.
"""

import os
import re
import stat
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from sancai.errors import CorruptContentError

PART_SUFFIX: Final = ".sancai-part"
FOLDERS_REMEMBERED: Final = 20_000

_UNSAFE_CHARACTER: Final = re.compile(
    '[\x00-\x1f\x7f-\x9f\\\\<>:"|?*\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]'
)
_DEVICE: Final = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(\..*)?", re.IGNORECASE)


def put_in_place(part: Path, target: Path) -> None:
    """Give what was written beside its place its name, in one step, with the permissions a new file has."""
    mask = os.umask(0)
    os.umask(mask)
    part.chmod(0o666 & ~mask)
    part.replace(target)


def is_safe(path: str) -> bool:
    """Return whether ``path`` names one file below a folder, on any system."""
    segments = path.split("/")
    return bool(path) and not _UNSAFE_CHARACTER.search(path) and all(_is_safe_segment(part) for part in segments)


def _is_safe_segment(segment: str) -> bool:
    return bool(
        segment and not segment.endswith((".", " ")) and not _DEVICE.fullmatch(segment) and len(segment.encode()) <= 255
    )


def require_safe(path: str) -> None:
    """Raise CorruptContentError ``path_unsafe`` unless ``path`` may be the name of a file below a folder."""
    if not is_safe(path) or path.endswith(PART_SUFFIX):
        raise _unsafe(path)


def target_in(folder: Path, path: str) -> Path:
    """Return where the file ``path`` of a dataset goes below ``folder``, making the folders on the way.

    Raises:
        CorruptContentError: ``path_unsafe``: it would be written outside, or over the marks of a download.
    """
    require_safe(path)
    root = folder.resolve()
    place = root
    for segment in path.split("/")[:-1]:
        place /= segment
        if place.is_symlink() and not place.resolve().is_relative_to(root):
            raise _unsafe(path)
        place.mkdir(exist_ok=True)
    target = root / path
    if not target.parent.resolve().is_relative_to(root) or target.is_dir():
        raise _unsafe(path)
    return target


class Places:
    """Where many files of a dataset go below one folder; each folder on the way is looked at once."""

    def __init__(self, folder: Path) -> None:
        """Make ``folder`` when it is missing."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder: Final = folder
        self._parents: Final[dict[str, str]] = {}

    def of(self, path: str) -> Path:
        """Return where the file ``path`` goes, as ``target_in`` does. Raises CorruptContentError ``path_unsafe``."""
        parent, _, name = path.rpartition("/")
        if parent not in self._parents:
            if len(self._parents) >= FOLDERS_REMEMBERED:
                self._parents.clear()
            self._parents[parent] = str(target_in(self.folder, path).parent)
        else:
            require_safe(path)
        return Path(f"{self._parents[parent]}/{name}")

    def there(self, path: str) -> os.stat_result | None:
        """Return what lies at the place of ``path`` if it is a file; a link or nothing is None.

        Raises:
            CorruptContentError: ``path_unsafe``: a folder of that name stands in the way, or as ``of``.
        """
        try:
            found = self.of(path).lstat()
        except FileNotFoundError:
            return None
        if stat.S_ISDIR(found.st_mode):
            raise _unsafe(path)
        return found if stat.S_ISREG(found.st_mode) else None


def require_distinct(paths: Iterable[str]) -> None:
    """Raise CorruptContentError ``path_duplicate`` when two paths would be one file somewhere."""
    seen: dict[str, str] = {}
    for path in paths:
        key = unicodedata.normalize("NFC", path.casefold())
        if key in seen:
            raise CorruptContentError(
                "path_duplicate",
                f"The files {seen[key]!r} and {path!r} would overwrite each other. Ask the publisher to rename one.",
                path=path,
                other=seen[key],
            )
        seen[key] = path


def _unsafe(path: str) -> CorruptContentError:
    shown = ascii(path)[:200]
    return CorruptContentError(
        "path_unsafe", f"The file name {shown} would be written outside the folder. Nothing was written.", path=shown
    )
