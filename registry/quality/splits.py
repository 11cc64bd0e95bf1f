"""Which files make which split.

Rules:
* Where the card names files, its patterns decide: ``*`` and ``?`` stay in a folder, ``**`` crosses folders, ``[ab]`` is
  one of some characters. A file may be in several splits.
* Otherwise convention decides, as ``datasets`` does it, the first that finds anything:
  1. shards named ``data/SPLIT-00000-of-00010``; 2. a folder named for a split; 3. a file named for a split, the word
  set off by one of ``. _ - /``, a space or a digit; 4. all files are ``train``.
* The words are train, training; test, testing, eval, evaluation; validation, valid, dev, val.
* The card itself, licences, what ``datasets`` keeps for itself, and whatever lies in or is a hidden file (its name
  begins with ``.`` or ``__``) is never data.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

TRAIN: Final = "train"
SPLIT_WORDS: Final = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "dev", "val"),
    "test": ("test", "testing", "eval", "evaluation"),
}
CONVENTIONS: Final = ("shards", "folders", "names", "all")
_NO_DATA: Final = frozenset(
    {
        "readme.md",
        "readme",
        "readme.txt",
        "license",
        "license.md",
        "license.txt",
        "licence",
        "licence.txt",
        "changelog.md",
        "sancai.toml",
        "config.json",
        "dataset_info.json",
        "dataset_infos.json",
        "dataset_dict.json",
        "dummy_data.zip",
    }
)
_SHARD = re.compile(r"data/(\w+(?:\.\w+)*)-[0-9]{5}-of-[0-9]{5}(?:[^/]*)")
_OF_WORD = {word: split for split, words in SPLIT_WORDS.items() for word in words}
_WORD = "|".join(sorted(_OF_WORD, key=len, reverse=True))
_SET_OFF = re.compile(rf"(?:^|[. _\-0-9/])({_WORD})(?=$|[. _\-0-9/])")


def is_data(path: str) -> bool:
    """Return whether a file of a version is data, and not about it."""
    segments = path.split("/")
    hidden = any(segment.startswith((".", "__")) for segment in segments)
    return not hidden and not (segments[-1].lower() in _NO_DATA and len(segments) == 1)


def by_convention(path: str) -> tuple[str | None, str | None, str | None, str]:
    """Return in which split each of the four conventions puts a file, or None."""
    shard = _SHARD.fullmatch(path)
    *folders, name = path.split("/")
    folder = next((_OF_WORD[each] for each in folders if each in _OF_WORD), None)
    set_off = _SET_OFF.search(name)
    return shard[1] if shard else None, folder, _OF_WORD[set_off[1]] if set_off else None, TRAIN


def matches(patterns: Iterable[str], path: str) -> bool:
    """Return whether a path is one of those that patterns name."""
    return any(_compiled(pattern).fullmatch(path) for pattern in patterns)


@lru_cache(maxsize=4_096)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern of paths as a regular expression."""
    made, place = "", 0
    while place < len(pattern):
        if pattern.startswith("**/", place):
            made, place = made + "(?:[^/]+/)*", place + 3
        elif pattern.startswith("**", place):
            made, place = made + ".*", place + 2
        elif pattern[place] == "[" and (end := pattern.find("]", place + 2)) > 0:
            inside = pattern[place + 1 : end].replace("\\", r"\\").replace("[", r"\[")
            made, place = made + f"[{'^' + inside[1:] if inside[0] in '!^' else inside}]", end + 1
        else:
            made += {"*": "[^/]*", "?": "[^/]"}.get(pattern[place], re.escape(pattern[place]))
            place += 1
    try:
        return re.compile(made)
    except re.error:
        return re.compile(re.escape(pattern))
