"""Which files of a version are meant: paths, folders and patterns.

Rules:
* ``data/a.csv`` is that file, ``data`` or ``data/`` every file below that folder.
* ``*`` and ``?`` stand for characters of one segment, ``[ab]`` for one of them, ``**`` for any number of folders.
* Upper and lower case differ, on every system.
* Each must name something: a misspelt one is an error, not an empty download.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from sancai.errors import InvalidValueError, NotFoundError

if TYPE_CHECKING:
    from sancai.manifests import Manifest, ManifestFile

_MAGIC: Final = re.compile(r"[*?\[]")


class Selection:
    """The files that some paths and patterns name; without any, all."""

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        """Read the patterns. Raises InvalidValueError."""
        written = (unicodedata.normalize("NFC", pattern).removeprefix("./") for pattern in patterns)
        self.patterns: Final = tuple(dict.fromkeys(written))
        self._plain: Final = [pattern for pattern in self.patterns if not _MAGIC.search(pattern)]
        self._magic: Final = {p: _compiled(p) for p in self.patterns if _MAGIC.search(p)}

    def of(self, manifest: "Manifest") -> Iterator["ManifestFile"]:
        """Yield the files of ``manifest`` that are meant, by path.

        Pages that hold none of them are not fetched where only plain paths are given.

        Raises:
            NotFoundError: ``path_missing`` names the first that names no file, at the end.
        """
        if not self.patterns:
            yield from manifest
            return
        unused = set(self.patterns)
        for file in manifest if self._magic else self._near(manifest):
            named = [pattern for pattern in self.patterns if self._names(pattern, file.path)]
            unused.difference_update(named)
            if named:
                yield file
        for pattern in self.patterns:
            if pattern in unused:
                raise NotFoundError("path_missing", f"The version has no file {pattern!r}.", path=pattern)

    def _names(self, pattern: str, path: str) -> bool:
        if (magic := self._magic.get(pattern)) is not None:
            return path == pattern or magic.fullmatch(path) is not None
        return path == pattern or path.startswith(pattern.rstrip("/") + "/")

    def _near(self, manifest: "Manifest") -> Iterator["ManifestFile"]:
        """Yield in order the files that a plain path may name, fetching no page beside theirs."""
        stems = {plain.rstrip("/") for plain in self._plain}
        last = ""
        for start in sorted(stems | {stem + "/" for stem in stems}):
            for file in manifest.starting_at(start):
                if file.path != start and not (start.endswith("/") and file.path.startswith(start)):
                    break
                if file.path > last:
                    last = file.path
                    yield file


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(_expression(pattern), re.DOTALL)
    except re.error as error:
        raise InvalidValueError(
            "pattern_malformed",
            f"{pattern!r} is not a pattern ({error}). Write for example 'data/*.csv'.",
            given=pattern,
        ) from error


def _expression(pattern: str) -> str:
    """Return a pattern as a regular expression for a whole path."""
    made, index = "", 0
    while index < len(pattern):
        character = pattern[index]
        if pattern.startswith("**/", index):
            made, index = made + "(?:[^/]+/)*", index + 3
        elif pattern.startswith("**", index):
            made, index = made + ".*", index + 2
        elif character == "[" and (end := pattern.find("]", index + 2)) > 0:
            inner = re.sub(r"[\\\[\]&~|]", r"\\\g<0>", pattern[index + 1 : end])
            made, index = made + "[" + ("^" + inner[1:] if inner[0] in "!^" else inner) + "]", end + 1
        else:
            made += {"*": "[^/]*", "?": "[^/]"}.get(character, re.escape(character))
            index += 1
    return made
