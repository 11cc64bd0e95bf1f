"""A strict reader of TOML: every key is asked for, nothing else may be there, and a refusal names file, line and key.

``tomllib`` does not say where a key stands, so the lines are found again in the text by their headers and keys. A key
inside an inline table is reported by the line the inline table begins on.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from types import TracebackType
from typing import Self, TypeVar

from registry.errors import InvalidValueError, Parameter
from registry.policy.assumptions import CODE
from registry.values.canonical import Json

TEXT_MAX = 2_000
SOURCE_CHARACTERS_MAX = 1_000_000

_IDENTIFIER = re.compile(r"[a-z][a-z0-9._-]{0,79}", re.ASCII)
_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\s-]+?)\s*\]\]?\s*(?:#.*)?$")
_AT_LINE = re.compile(r"at line (\d+)")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")

Path = tuple[str | int, ...]
Choice = TypeVar("Choice", bound=StrEnum)


class Source:
    """One TOML text with its name, its content and the lines its keys stand on."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._lines: dict[Path, int] = {}
        if len(text) > SOURCE_CHARACTERS_MAX:
            raise self.refusal("policy_file_too_long", (), most=SOURCE_CHARACTERS_MAX)
        try:
            self.content: Mapping[str, object] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            if found := _AT_LINE.search(str(error)):
                self._lines[()] = int(found[1])
            raise self.refusal("policy_not_toml", (), reason=str(error)) from error
        self._lines = _lines_of(text)

    def refusal(self, code: str, path: Path, **parameters: Parameter) -> InvalidValueError:
        """Return the refusal of what stands at ``path``, with its place in words (``at``), file, line and key."""
        line = self._line(path)
        key = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
        place: dict[str, Parameter] = {
            "at": f"{self.name}:{line} {key}".rstrip(),
            "file": self.name,
            "line": line,
            "key": key,
        }
        return InvalidValueError(code, **{**parameters, **place})

    def _line(self, path: Path) -> int:
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)


class Table:
    """One table of a source. Leaving its ``with`` block refuses keys nobody asked for, and places other refusals."""

    def __init__(self, source: Source, content: Mapping[str, object], path: Path = ()) -> None:
        self._source = source
        self._content = content
        self._path = path
        self._asked: set[str] = set()

    def __enter__(self) -> Self:
        """Begin reading the table."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Refuse unknown keys. Raises InvalidValueError."""
        if isinstance(error, InvalidValueError) and "file" not in error.parameters:
            stated = {name: value for name, value in error.parameters.items() if name != "at"}
            part = error.parameters.get("at")
            path = (*self._path, part) if isinstance(part, str) and part in self._content else self._path
            raise self._source.refusal(error.code, path, **stated) from error
        if error is None and (unknown := sorted(self._content.keys() - self._asked)):
            raise self.refusal("policy_key_unknown", unknown[0])

    def has(self, key: str) -> bool:
        """Say whether an optional key is there."""
        return key in self._content

    def names(self) -> tuple[str, ...]:
        """Return every key, in the order of the file."""
        return tuple(self._content)

    def raw(self, key: str) -> object:
        """Return what stands under ``key``, of any type. Raises InvalidValueError when it is missing."""
        self._asked.add(key)
        if key not in self._content:
            raise self.refusal("policy_key_missing", key)
        return self._content[key]

    def text(self, key: str) -> str:
        """Return a text of 1 to 2,000 characters."""
        value = self.raw(key)
        if not isinstance(value, str):
            raise self._wrong(key, "text")
        if not value.strip() or len(value) > TEXT_MAX:
            raise self.refusal("policy_text_malformed", key, given=value[:60])
        return value

    def identifier(self, key: str) -> str:
        """Return a stable id: lower-case letters, digits, dots and hyphens."""
        value = self.text(key)
        if not _IDENTIFIER.fullmatch(value):
            raise self.refusal("policy_text_malformed", key, given=value[:60])
        return value

    def code(self, key: str) -> str:
        """Return a code: lower-case letters, digits and underscores."""
        value = self.text(key)
        if not CODE.fullmatch(value):
            raise self.refusal("policy_text_malformed", key, given=value[:60])
        return value

    def integer(self, key: str, least: int, most: int) -> int:
        """Return a whole number from ``least`` to ``most``, both included."""
        value = self.raw(key)
        if type(value) is not int:
            raise self._wrong(key, "integer")
        if not least <= value <= most:
            raise self.refusal("policy_number_out_of_range", key, given=str(value), least=str(least), most=str(most))
        return value

    def flag(self, key: str) -> bool:
        """Return true or false."""
        value = self.raw(key)
        if type(value) is not bool:
            raise self._wrong(key, "true or false")
        return value

    def day(self, key: str) -> date:
        """Return a day."""
        value = self.raw(key)
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self._wrong(key, "date")
        return value

    def choice(self, key: str, offered: type[Choice]) -> Choice:
        """Return one of the values of ``offered``."""
        value = self.text(key)
        try:
            return offered(value)
        except ValueError:
            raise self.refusal(
                "policy_choice_unknown", key, given=value[:60], offered=", ".join(each.value for each in offered)
            ) from None

    def codes(self, key: str) -> tuple[str, ...]:
        """Return distinct codes or ids, possibly none."""
        values = self.raw(key)
        if not isinstance(values, list):
            raise self._wrong(key, "list")
        for value in values:
            if not isinstance(value, str) or not _IDENTIFIER.fullmatch(value):
                raise self.refusal("policy_text_malformed", key, given=str(value)[:60])
        if len(set(values)) != len(values):
            raise self.refusal("policy_duplicate_id", key, given=", ".join(values)[:80])
        return tuple(values)

    def passages(self, key: str) -> tuple[str, ...]:
        """Return one or more texts, each of 1 to 2,000 characters: passages of a document, word by word."""
        values = self.raw(key)
        if not isinstance(values, list) or not values:
            raise self._wrong(key, "list of texts")
        for value in values:
            if not isinstance(value, str) or not value.strip() or len(value) > TEXT_MAX:
                raise self.refusal("policy_text_malformed", key, given=str(value)[:60])
        return tuple(values)

    def days(self, key: str) -> tuple[date, ...]:
        """Return days, possibly none."""
        values = self.raw(key)
        if not isinstance(values, list) or any(type(value) is not date for value in values):
            raise self._wrong(key, "list of dates")
        return tuple(values)

    def table(self, key: str) -> "Table":
        """Return a table."""
        value = self.raw(key)
        if not isinstance(value, Mapping):
            raise self._wrong(key, "table")
        return Table(self._source, value, (*self._path, key))

    def tables(self, key: str) -> list["Table"]:
        """Return a list of tables, possibly none."""
        values = self.raw(key)
        if not isinstance(values, list) or not all(isinstance(value, Mapping) for value in values):
            raise self._wrong(key, "list of tables")
        return [Table(self._source, value, (*self._path, key, place)) for place, value in enumerate(values)]

    def refusal(self, code: str, key: str, **parameters: Parameter) -> InvalidValueError:
        """Return the refusal of what stands under ``key``."""
        return self._source.refusal(code, (*self._path, key), **parameters)

    def _wrong(self, key: str, expected: str) -> InvalidValueError:
        return self.refusal("policy_type_wrong", key, expected=expected, given=str(self._content[key])[:80])


def canonical_content(value: object) -> Json:
    """Return TOML content as JSON: days become text, comments and layout are gone; readers refuse floats before."""
    if isinstance(value, Mapping):
        return {key: canonical_content(each) for key, each in value.items()}
    if isinstance(value, list):
        return [canonical_content(each) for each in value]
    return value if isinstance(value, bool | int | str) else str(value)


def _lines_of(text: str) -> dict[Path, int]:
    """Return the line of every header and key that begins a line."""
    lines: dict[Path, int] = {}
    counts: Counter[Path] = Counter()
    current: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            names = [name.strip() for name in header[2].split(".")]
            current = ()
            for place, name in enumerate(names, 1):
                current = (*current, name)
                if header[1] == "[[" and place == len(names):
                    counts[current] += 1
                if counts[current]:
                    current = (*current, counts[current] - 1)
            lines.setdefault(current, number)
        elif key := _KEY.match(line):
            lines.setdefault((*current, key[1]), number)
    return lines
