"""From the JSON of an answer to a frozen dataclass.

A newer service may send fields and kinds this release does not know: unknown fields are passed over, so that an answer
may grow. A field that is missing takes its default; without one, None where None is allowed.
"""

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from sancai.errors import UnexpectedAnswerError

T = TypeVar("T")


def shaped(cls: type[T], data: Any) -> T:
    """Return ``data`` as ``cls``: a dataclass of plain values, tuples, lists, mappings, dates and further dataclasses.

    Raises:
        UnexpectedAnswerError: ``answer_shape_wrong`` names the field that is missing or of another kind.
    """
    made: T = _shaped(cls, data, cls.__name__)
    return made


def _shaped(kind: Any, data: Any, where: str) -> Any:
    """Return ``data`` as ``kind``, a type or an annotation."""
    if kind is Any:
        return data
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        return _of_union(kind, data, where)
    if origin in {tuple, list, frozenset}:
        if not isinstance(data, list):
            raise _wrong(where, "a list")
        inner = get_args(kind)[0]
        return origin(_shaped(inner, item, f"{where}[{index}]") for index, item in enumerate(data))
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(data, dict):
            raise _wrong(where, "an object")
        return {name: _shaped(get_args(kind)[1], value, f"{where}.{name}") for name, value in data.items()}
    if is_dataclass(kind):
        return _of_dataclass(kind, data, where)
    return _of_plain(kind, data, where)


def _of_dataclass(kind: Any, data: Any, where: str) -> Any:
    if not isinstance(data, dict):
        raise _wrong(where, "an object")
    given: dict[str, Any] = {}
    hints = _hints(kind)
    for item in fields(kind):
        if not item.init:
            continue
        if item.name in data:
            given[item.name] = _shaped(hints[item.name], data[item.name], f"{where}.{item.name}")
        elif item.default is MISSING and item.default_factory is MISSING:
            if type(None) not in get_args(hints[item.name]):
                raise _wrong(f"{where}.{item.name}", "present")
            given[item.name] = None
    return kind(**given)


def _of_union(kind: Any, data: Any, where: str) -> Any:
    choices = get_args(kind)
    if data is None and type(None) in choices:
        return None
    wrong: UnexpectedAnswerError | None = None
    for choice in choices:
        if choice is type(None):
            continue
        try:
            return _shaped(choice, data, where)
        except UnexpectedAnswerError as error:
            wrong = wrong or error
    raise wrong or _wrong(where, "null")


def _of_plain(kind: Any, data: Any, where: str) -> Any:
    """Return a number, text, date or member of an enumeration."""
    if isinstance(kind, type) and issubclass(kind, Enum | date):
        try:
            return _parsed(kind, data)
        except (ValueError, TypeError) as error:
            raise _wrong(where, f"a {kind.__name__}") from error
    if kind is float and type(data) is int:
        return float(data)
    if kind in {int, float, str, bool} and type(data) is not kind:
        raise _wrong(where, f"of type {kind.__name__}")
    if kind in {dict, list} and not isinstance(data, kind):
        raise _wrong(where, f"of type {kind.__name__}")
    return data


def _parsed(kind: type[Enum] | type[date], data: Any) -> Any:
    if issubclass(kind, Enum):
        return kind(data)
    return datetime.fromisoformat(data) if issubclass(kind, datetime) else date.fromisoformat(data)


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _wrong(where: str, expected: str) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(
        "answer_shape_wrong",
        f"The service answered in a form this release does not know: {where} is not {expected}. Update sancai.",
        where=where,
        expected=expected,
    )
