"""The facts a verdict is made from, by name, each of a stated type.

Rules:
* What is not stated is unknown; None is never read as no, as nothing or as zero.
* The vocabulary (``vocabulary.toml``) gives every fact its type and its words. An unknown name or another type is
  refused: a misspelt fact must not pass for an unknown one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from registry.errors import InvalidValueError
from registry.policy.assumptions import CODE
from registry.values.canonical import Json
from registry.values.money import FEN_MAX


class FactType(StrEnum):
    """What a fact is: a whole number, an amount in fen, yes or no, a day, a code, or numbers of several persons."""

    COUNT = "count"
    AMOUNT = "amount"
    FLAG = "flag"
    DAY = "day"
    CODE = "code"
    COUNTS = "counts"


FactValue = int | bool | date | str | tuple[int, ...]

PERSONS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts by name; a name that is not there is unknown."""

    values: Mapping[str, FactValue] = field(default_factory=dict)

    def number(self, name: str) -> int | None:
        """Return a count or an amount in fen. Raises InvalidValueError for a fact of another type."""
        value = self.values.get(name)
        if value is None or type(value) is int:
            return value
        raise _wrong(name, FactType.COUNT, value)

    def flag(self, name: str) -> bool | None:
        """Return yes or no. Raises InvalidValueError for a fact of another type."""
        value = self.values.get(name)
        if value is None or type(value) is bool:
            return value
        raise _wrong(name, FactType.FLAG, value)

    def day(self, name: str) -> date | None:
        """Return a day. Raises InvalidValueError for a fact of another type."""
        value = self.values.get(name)
        if value is None or isinstance(value, date):
            return value
        raise _wrong(name, FactType.DAY, value)

    def code(self, name: str) -> str | None:
        """Return a code. Raises InvalidValueError for a fact of another type."""
        value = self.values.get(name)
        if value is None or isinstance(value, str):
            return value
        raise _wrong(name, FactType.CODE, value)

    def counts(self, name: str) -> tuple[int, ...] | None:
        """Return the numbers of several persons. Raises InvalidValueError for a fact of another type."""
        value = self.values.get(name)
        if value is None or isinstance(value, tuple):
            return value
        raise _wrong(name, FactType.COUNTS, value)

    def as_json(self) -> dict[str, Json]:
        """Return the facts as they are kept with a verdict, in the order of their names."""
        return {name: _written(self.values[name]) for name in sorted(self.values)}


def read_facts(raw: Mapping[str, object], types: Mapping[str, FactType]) -> Facts:
    """Return facts written as JSON or TOML; ``types`` is the vocabulary. A null is unknown, like a fact left out.

    Raises:
        InvalidValueError: ``policy_fact_unknown`` for a name outside the vocabulary, ``policy_type_wrong`` for a value
            of another type.
    """
    known: dict[str, FactValue] = {}
    for name, value in raw.items():
        if name not in types:
            raise InvalidValueError("policy_fact_unknown", given=name[:60])
        if value is not None:
            known[name] = _read(name, value, types[name])
    return Facts(known)


def _read(name: str, value: object, kind: FactType) -> FactValue:
    if kind in {FactType.COUNT, FactType.AMOUNT} and type(value) is int and 0 <= value <= FEN_MAX:
        return value
    if kind is FactType.FLAG and type(value) is bool:
        return value
    if kind is FactType.CODE and isinstance(value, str) and CODE.fullmatch(value):
        return value
    if kind is FactType.DAY and (day := _day(value)) is not None:
        return day
    if kind is FactType.COUNTS and isinstance(value, list | tuple) and len(value) <= PERSONS_MAX:
        numbers = tuple(each for each in value if type(each) is int and 0 <= each <= FEN_MAX)
        if len(numbers) == len(value):
            return numbers
    raise _wrong(name, kind, value)


def _day(value: object) -> date | None:
    if type(value) is date:
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        return None


def _wrong(name: str, kind: FactType, value: object) -> InvalidValueError:
    return InvalidValueError("policy_type_wrong", at=name, expected=kind.value, given=str(value)[:80])


def _written(value: FactValue) -> Json:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
