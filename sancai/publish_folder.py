"""The files of a folder, one after the other: the walk keeps nothing, so that two million files cost no memory.

Left out are hidden files and folders, ``sancai.toml`` at the top and parts of a download. A symbolic link may lead
anywhere and is refused, unless it stays inside a folder that the caller trusts: the cache of another hub is made of
links into itself.
"""

import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from sancai.errors import InvalidValueError
from sancai.paths import PART_SUFFIX, is_safe

STATEMENT_FILE: Final = "sancai.toml"


class LocalFile(NamedTuple):
    """A file to publish: its path in the dataset, its name below the folder, and what tells whether it changed."""

    path: str
    name: str
    size_bytes: int
    changed_ns: int
    inode: int


def files_of(path: Path, links_within: Path | None = None) -> Iterator[LocalFile]:
    """Yield the files to publish: one file, or all of a folder.

    Args:
        path: A file or folder.
        links_within: A folder inside which symbolic links to files may lead; None refuses every link.

    Raises:
        InvalidValueError: ``path_missing``, ``folder_empty``, ``path_unsafe``, ``path_link``.
    """
    if path.is_file():
        if not is_safe(path.name):
            raise _unsafe(path.name)
        yield _local(path.name, path.stat())
        return
    if not path.is_dir():
        raise InvalidValueError("path_missing", f"There is no {path}. Check its spelling.", path=str(path))
    trusted = links_within.resolve() if links_within else None
    empty = True
    for file in _below(str(path), "", trusted):
        empty = False
        yield file
    if empty:
        raise InvalidValueError("folder_empty", f"{path} holds no file to publish.", path=str(path))


def _below(folder: str, prefix: str, trusted: Path | None) -> Iterator[LocalFile]:
    """Yield the files of one folder as the disk lists them, then those of its folders."""
    folders: list[tuple[str, str]] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if _is_left_out(name, prefix):
                continue
            # Whatever is above was looked at before.
            if not is_safe(name):
                raise _unsafe(prefix + name)
            if entry.is_symlink():
                _require_inside(entry.path, trusted)
            if entry.is_dir(follow_symlinks=False):
                folders.append((entry.path, f"{prefix}{name}/"))
            elif entry.is_file():
                yield _local(prefix + name, entry.stat())
    for place, below in folders:
        yield from _below(place, below, trusted)


def _is_left_out(name: str, prefix: str) -> bool:
    return name.startswith(".") or name.endswith(PART_SUFFIX) or (name == STATEMENT_FILE and not prefix)


def _require_inside(link: str, trusted: Path | None) -> None:
    target = Path(link).resolve()
    if trusted is None or not target.is_relative_to(trusted) or not target.is_file():
        raise InvalidValueError(
            "path_link", f"{link} is a symbolic link. Copy what it leads to into the folder.", path=link
        )


def _local(name: str, about: os.stat_result) -> LocalFile:
    path = name if name.isascii() else unicodedata.normalize("NFC", name)
    return LocalFile(path, name, about.st_size, about.st_mtime_ns, about.st_ino)


def _unsafe(path: str) -> InvalidValueError:
    return InvalidValueError(
        "path_unsafe",
        f'{path!a} cannot be a file name on every system. Rename the file: no < > : " | ? * \\, no control '
        "characters, no full stop or space at the end.",
        path=ascii(path),
    )
