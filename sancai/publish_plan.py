"""What is to be published: the files of a folder, and what its ``sancai.toml`` states about them.

``sancai.toml`` beside the data::

    name = "hami-wind/turbines"          # namespace/slug
    title = "哈密风电场运行数据"
    sector = "new_energy"
    licence = "CC-BY-4.0"
    message = "First version"
    source = "SCADA of the three wind farms, 2024"
    parents = ["hami-wind/raw@v1"]

    [[contributors]]
    name = "哈密风电有限公司"
    role = "source"
"""

import os
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any, Final

from sancai.datasets import Contributor, DraftInput, Publication, Reference
from sancai.errors import InvalidValueError, UnexpectedAnswerError
from sancai.paths import PART_SUFFIX, is_safe
from sancai.shapes import shaped

STATEMENT_FILE: Final = "sancai.toml"


@dataclass(frozen=True, slots=True)
class Statement:
    """What a publisher says about a dataset and the version to come."""

    name: str
    title: str = ""
    description: str = ""
    sector: str = ""
    licence: str = ""
    access: str = "public"
    keywords: tuple[str, ...] = ()
    message: str = ""
    origin: str = "enterprise"
    source: str = ""
    source_url: str | None = None
    source_licence: str | None = None
    earlier_publications: tuple[Publication, ...] = field(default=())
    parents: tuple[str, ...] = ()
    contributors: tuple[Contributor, ...] = field(default=())
    grade: str = "general"
    desensitised: bool = False

    def draft(self) -> DraftInput:
        """Return the part that concerns the version."""
        return DraftInput(**{item.name: getattr(self, item.name) for item in fields(DraftInput)})


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file to publish: its path in the dataset, and where it is."""

    path: str
    place: Path
    size_bytes: int
    changed_ns: int


def read_statement(path: Path, given: Mapping[str, Any]) -> Statement:
    """Return what ``sancai.toml`` beside ``path`` states, with what is ``given`` in its place.

    Args:
        path: The file or folder to publish.
        given: Fields of ``Statement``; None and empty values leave the file's word.

    Raises:
        InvalidValueError: ``statement_malformed``, ``statement_field_unknown``, ``name_missing``.
    """
    file = (path if path.is_dir() else path.parent) / STATEMENT_FILE
    stated: dict[str, Any] = {}
    if file.is_file():
        try:
            stated = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InvalidValueError("statement_malformed", f"{file}: {error}. Mend it and publish again.") from error
    known = {item.name for item in fields(Statement)}
    if unknown := sorted(stated.keys() - known):
        raise InvalidValueError(
            "statement_field_unknown",
            f"{file}: unknown field {unknown[0]!r}. Known are: {', '.join(sorted(known))}.",
            field=unknown[0],
        )
    stated |= {name: list(value) if isinstance(value, tuple) else value for name, value in given.items() if value}
    if not stated.get("name"):
        raise InvalidValueError(
            "name_missing",
            f"The dataset has no name. Use --name namespace/name or write name = … into {STATEMENT_FILE}.",
        )
    try:
        statement = shaped(Statement, _without_dates(stated))
    except UnexpectedAnswerError as error:
        where = str(error.parameters.get("where", "")).removeprefix("Statement.")
        expected = error.parameters.get("expected", "")
        raise InvalidValueError(
            "statement_malformed", f"{file}: {where} is not {expected}. Mend it and publish again.", field=where
        ) from error
    Reference.parse(statement.name)
    return statement


def _without_dates(value: Any) -> Any:
    """Return TOML values as JSON knows them: a date may be written bare or in quotes."""
    if isinstance(value, dict):
        return {name: _without_dates(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_dates(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def files_of(path: Path) -> tuple[LocalFile, ...]:
    """Return the files to publish, by path: one file, or all of a folder but hidden ones and ``sancai.toml``.

    Raises:
        InvalidValueError: ``folder_empty``, ``path_unsafe``, ``path_link``: a link may lead anywhere.
    """
    if path.is_file():
        return (_local(path, path.name),)
    if not path.is_dir():
        raise InvalidValueError("path_missing", f"There is no {path}. Check its spelling.", path=str(path))
    found: list[LocalFile] = []
    for folder, folders, names in os.walk(path, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in [*folders, *sorted(names)]:
            place = Path(folder) / name
            if place.is_symlink():
                raise InvalidValueError(
                    "path_link", f"{place} is a symbolic link. Copy what it leads to into the folder.", path=str(place)
                )
            if place.is_dir() or name.startswith(".") or name.endswith(PART_SUFFIX):
                continue
            if place != path / STATEMENT_FILE:
                found.append(_local(place, place.relative_to(path).as_posix()))
    if not found:
        raise InvalidValueError("folder_empty", f"{path} holds no file to publish.", path=str(path))
    return tuple(sorted(found, key=lambda file: file.path))


def _local(place: Path, name: str) -> LocalFile:
    path = unicodedata.normalize("NFC", name)
    if not is_safe(path):
        raise InvalidValueError(
            "path_unsafe",
            f'{path!a} cannot be a file name on every system. Rename the file: no < > : " | ? * \\, no control '
            "characters, no full stop or space at the end.",
            path=ascii(path),
        )
    about = place.stat()
    return LocalFile(path, place, about.st_size, about.st_mtime_ns)
