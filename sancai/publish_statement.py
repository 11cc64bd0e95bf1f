"""What a publisher states about a dataset and the version to come.

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

    [[rights]]
    kind = "holding"                     # holding, processing_use, operation
    basis = "own SCADA system"
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any

from sancai.datasets import Contributor, DraftInput, Publication, Reference
from sancai.errors import InvalidValueError, UnexpectedAnswerError
from sancai.publish_card import CARD_FILE, read_card
from sancai.publish_folder import STATEMENT_FILE
from sancai.shapes import shaped
from sancai.stated import Registration, Right


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
    embargo_until: str | None = None
    rights: tuple[Right, ...] = field(default=())
    registrations: tuple[Registration, ...] = field(default=())
    industry: str | None = None
    key_industry: str | None = None

    def draft(self) -> DraftInput:
        """Return the part that concerns the version."""
        return DraftInput(**{item.name: getattr(self, item.name) for item in fields(DraftInput)})

    def require_described(self) -> None:
        """Raise InvalidValueError unless a new dataset could be made from this."""
        for needed in ("title", "sector", "licence"):
            if not getattr(self, needed):
                raise InvalidValueError(
                    f"{needed}_missing",
                    f"{self.name} is new and needs a {needed}. Use --{needed} or write it into sancai.toml or the "
                    "front matter of README.md.",
                )


def read_statement(path: Path, given: Mapping[str, Any], assumed: Mapping[str, Any] | None = None) -> Statement:
    """Return what is stated of the data at ``path``.

    What is ``given`` wins over ``sancai.toml``, that over the field ``sancai`` of the card, and that over the card's
    own fields (``publish_card``).

    Args:
        path: The file or folder to publish.
        given: Fields of ``Statement``; None and empty values leave the word of the files.
        assumed: Fields that hold where nobody says otherwise.

    Raises:
        InvalidValueError: ``statement_malformed``, ``statement_field_unknown``, ``card_malformed``, ``name_missing``.
    """
    known = {item.name for item in fields(Statement)}
    card = read_card(path)
    _require_known(path / CARD_FILE, card.stated, known)
    file = (path if path.is_dir() else path.parent) / STATEMENT_FILE
    written = _read_toml(file)
    _require_known(file, written, known)
    chosen = {name: list(value) if isinstance(value, tuple) else value for name, value in given.items() if value}
    stated = {**(assumed or {}), **card.stated, **written, **chosen}
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
        source = file if where.partition(".")[0].partition("[")[0] in written else path / CARD_FILE
        raise InvalidValueError(
            "statement_malformed", f"{source}: {where} is not {expected}. Mend it and publish again.", field=where
        ) from error
    Reference.parse(statement.name)
    return statement


def _read_toml(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidValueError("statement_malformed", f"{file}: {error}. Mend it and publish again.") from error


def _require_known(file: Path, stated: Mapping[str, Any], known: set[str]) -> None:
    if unknown := sorted(str(name) for name in stated if name not in known):
        raise InvalidValueError(
            "statement_field_unknown",
            f"{file}: unknown field {unknown[0]!r}. Known are: {', '.join(sorted(known))}.",
            field=unknown[0],
        )


def _without_dates(value: Any) -> Any:
    """Return TOML values as JSON knows them: a date may be written bare or in quotes."""
    if isinstance(value, dict):
        return {name: _without_dates(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_dates(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
