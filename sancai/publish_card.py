"""What a dataset card says: ``README.md`` in the folder, with front matter as Hugging Face and ModelScope write it.

Front matter is YAML between two lines of three hyphens at the very beginning. What is understood of it:

* ``pretty_name`` is the title; without it the first heading of the text is.
* ``license`` is the licence, written as SPDX writes it; for ``other`` it is ``license_name``.
* ``tags`` are keywords.
* ``configs`` name files: one that is not in the folder is told of.
* ``sancai`` holds fields of the statement themselves: ``sector``, ``source`` …
* The first paragraph of the text is the description.

Every other key stays where it is: the card is a file of the version, byte for byte, and nothing here writes to it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sancai.errors import InvalidValueError

CARD_FILE: Final = "README.md"
CARD_MAX_BYTES: Final = 4 << 20
"""Of a longer card only the beginning is read; front matter must end there."""
TITLE_LENGTH_MAX: Final = 120
KEYWORDS_MAX: Final = 20
KEYWORD_LENGTH_MAX: Final = 40
DESCRIPTION_LENGTH_MAX: Final = 2_000

_FENCE: Final = re.compile(r"\A\ufeff?---[ \t]*\r?\n(?P<yaml>.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_MARKUP: Final = re.compile(r"!\[[^\]]*\]\([^)]*\)|<[^>]+>|\[([^\]]*)\]\([^)]*\)")
# Licence names of the hubs whose SPDX name is not simply in capitals.
_SPDX: Final[Mapping[str, str]] = {
    **{
        name.lower(): name
        for name in (
            *(
                "Apache-2.0",
                "Artistic-2.0",
                "BSD-2-Clause",
                "BSD-3-Clause",
                "BSD-3-Clause-Clear",
                "CDLA-Permissive-1.0",
            ),
            *("CDLA-Permissive-2.0", "CDLA-Sharing-1.0", "LPPL-1.3c", "PostgreSQL", "Unlicense", "Zlib"),
        )
    },
    "odc-by": "ODC-By-1.0",
    "odbl": "ODbL-1.0",
    "pddl": "PDDL-1.0",
    "c-uda": "C-UDA-1.0",
}
_CAPITALS: Final = re.compile(
    r"mit|isc|ncsa|wtfpl|cc0-1\.0|cc-by(-nc)?(-sa|-nd)?-[1234]\.[05]|(mpl|eupl|epl|ecl|afl|osl|ofl|bsl|a?gpl|lgpl)-[123]\.[012]"
)


@dataclass(frozen=True, slots=True)
class Card:
    """A dataset card: what it states in our fields, and the files its configurations name one by one."""

    stated: Mapping[str, Any] = field(default_factory=dict)
    data_files: tuple[str, ...] = ()


def read_card(folder: Path) -> Card:
    """Return what the card in ``folder`` states; a folder without one states nothing.

    Raises:
        InvalidValueError: ``card_malformed``: the front matter is not YAML with named values.
    """
    place = folder / CARD_FILE
    if not folder.is_dir() or not place.is_file():
        return Card()
    with place.open("rb") as file:
        text = file.read(CARD_MAX_BYTES).decode("utf-8", "replace")
    found = _FENCE.match(text)
    matter = _parsed(place, found["yaml"]) if found else {}
    return Card(_stated(place, matter, text[found.end() :] if found else text), tuple(_data_files(matter)))


def spdx(licence: str) -> str:
    """Return a licence as SPDX writes it, or as it was given when it is not one of those."""
    known = licence.strip().lower()
    return _SPDX.get(known) or (known.upper() if _CAPITALS.fullmatch(known) else licence.strip())


def _parsed(place: Path, text: str) -> dict[str, Any]:
    import yaml

    try:
        made = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        # The first line of the file is the fence.
        line = f" line {mark.line + 2}" if mark else ""
        reason = getattr(error, "problem", None) or type(error).__name__
        raise _malformed(place, f"{line}: {reason}") from error
    if made is None:
        return {}
    if not isinstance(made, dict):
        raise _malformed(place, ": it holds no names with values")
    return made


def _stated(place: Path, matter: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Return the fields of a statement that the card fills in."""
    own = matter.get("sancai") or {}
    if not isinstance(own, dict):
        raise _malformed(place, ": 'sancai' holds no names with values")
    heading, paragraph = _opening(text)
    name = matter.get("pretty_name")
    said = {
        "title": (str(name) if name else heading)[:TITLE_LENGTH_MAX],
        "description": paragraph[:DESCRIPTION_LENGTH_MAX],
        "licence": _licence(matter),
        "keywords": _keywords(matter.get("tags")),
    }
    return {name: value for name, value in said.items() if value} | own


def _licence(matter: Mapping[str, Any]) -> str:
    given = matter.get("license")
    names = [str(item) for item in (given if isinstance(given, list) else [given]) if item]
    if names == ["other"] and matter.get("license_name"):
        return str(matter["license_name"])
    return " AND ".join(spdx(name) for name in names)


def _keywords(tags: Any) -> list[str]:
    found = [str(tag).strip() for tag in tags if isinstance(tag, str | int)] if isinstance(tags, list) else []
    fitting = [tag for tag in found if 0 < len(tag) <= KEYWORD_LENGTH_MAX and tag.isprintable()]
    return list(dict.fromkeys(fitting))[:KEYWORDS_MAX]


def _opening(text: str) -> tuple[str, str]:
    """Return the first heading and the first paragraph of prose, both without markup."""
    heading = ""
    fenced = False
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n")):
        lines = []
        for line in block.strip().splitlines():
            if line.lstrip().startswith("```"):
                fenced = not fenced
            elif line.startswith("#"):
                heading = heading or _plain(line.lstrip("# "))
            elif not fenced:
                lines.append(line.strip())
        said = _plain(" ".join(lines))
        if said and not said.startswith(("|", "- ", "* ", ">", "===", "---")):
            return heading, said
    return heading, ""


def _plain(text: str) -> str:
    shown = _MARKUP.sub(lambda found: found[1] or "", text).replace("**", "").replace("`", "")
    return " ".join("".join(character if character.isprintable() else " " for character in shown).split())


def _data_files(matter: Mapping[str, Any]) -> Iterator[str]:
    """Yield the paths that the configurations name without a wildcard."""
    configs = matter.get("configs")
    for config in configs if isinstance(configs, list) else []:
        if isinstance(config, dict):
            folder = f"{config['data_dir']}/" if isinstance(config.get("data_dir"), str) else ""
            for path in _paths(config.get("data_files")):
                if not set(path) & set("*?[{"):
                    yield (folder + path).removeprefix("./")


def _paths(given: Any) -> Iterator[str]:
    if isinstance(given, str):
        yield given
    elif isinstance(given, dict):
        yield from _paths(given.get("path") if "path" in given else list(given.values()))
    elif isinstance(given, list):
        for item in given:
            yield from _paths(item)


def _malformed(place: Path, reason: str) -> InvalidValueError:
    return InvalidValueError(
        "card_malformed", f"{place}: the front matter cannot be read{reason}. Mend it and run again.", path=str(place)
    )
