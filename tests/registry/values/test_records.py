import uuid
from typing import Any

import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator

from registry.errors import InvalidValueError
from registry.values.digest import Digest
from registry.values.identifiers import FirmId, OrderId
from registry.values.moment import Moment
from registry.values.money import Money
from registry.values.records import DigestColumn, IdColumn, MomentColumn, MoneyColumn

DIALECT = postgresql.dialect()
NUMBER = uuid.UUID(int=7)
NOON = Moment.of_text("2026-03-01T12:00:00+08:00")
COLUMNS = [
    (MoneyColumn(), Money(5), 5),
    (MomentColumn(), NOON, NOON.instant),
    (DigestColumn(), Digest("0a" * 32), b"\x0a" * 32),
]


@pytest.mark.parametrize(("column", "value", "kept"), COLUMNS)
def test_a_value_is_kept_plainly_and_comes_back_as_itself(column: TypeDecorator[Any], value: Any, kept: Any) -> None:
    assert column.process_bind_param(value, DIALECT) == kept
    found = column.process_result_value(kept, DIALECT)
    assert (type(found), found) == (type(value), value)


def test_an_identifier_is_written_in_hex_and_comes_back_from_its_uuid() -> None:
    column, value = IdColumn(FirmId), FirmId.of_uuid(NUMBER)
    assert column.process_bind_param(value, DIALECT) == NUMBER.hex
    assert column.process_result_value(NUMBER, DIALECT) == value
    assert column.process_bind_param(None, DIALECT) is column.process_result_value(None, DIALECT) is None


@pytest.mark.parametrize(("column", "value", "kept"), COLUMNS)
def test_nothing_stays_nothing(column: TypeDecorator[Any], value: Any, kept: Any) -> None:
    assert column.process_bind_param(None, DIALECT) is None
    assert column.process_result_value(None, DIALECT) is None


def test_an_identifier_of_another_kind_is_not_kept() -> None:
    with pytest.raises(InvalidValueError):
        IdColumn(FirmId).process_bind_param(OrderId.new(), DIALECT)
