"""Many values for one statement: its text stays the same for any number of them, so that it is prepared once."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

import psycopg
from psycopg import sql
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Table,
    TableValuedAlias,
    any_,
    cast,
    column,
    func,
    insert,
    literal,
)
from sqlalchemy.types import TypeEngine

from storage.database import raised_by_driver

PLACE = "place"
"""The column that counts the rows from 1, in the order they were given."""
COPIED_FROM: Final = 8
"""From about this many rows on COPY takes less than an INSERT of each; of a hundred it takes less than two thirds."""

_Converter = Callable[[Any], Any]


def given_rows(name: str, **columns: tuple[TypeEngine[Any], Sequence[Any]]) -> TableValuedAlias:
    """Return a table ``name`` of the given columns and ``place``, to select from and to join with.

    Args:
        name: What the table is called in the statement; another one for each table of a statement.
        columns: The type and the values of each column; all have as many values.
    """
    arrays = [_array(kind, values) for kind, values in columns.values()]
    named = [column(each, kind) for each, (kind, _) in columns.items()]
    unfolded = func.unnest(*arrays).table_valued(*named, with_ordinality=PLACE, name=name)
    return unfolded.render_derived()


def any_of(of: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Return the condition that a column has one of some values: ``IN`` for as many as may come."""
    return of == any_(_array(of.type, values))


def _array(kind: TypeEngine[Any], values: Collection[Any]) -> ColumnElement[Any]:
    return cast(literal(list(values), ARRAY(kind)), ARRAY(kind))


def add_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write new rows, each of which names the same columns; many go by COPY, which asks PostgreSQL once.

    Raises what an INSERT of the rows would: DBAPIError, DatabaseUnavailableError.
    """
    if len(rows) < COPIED_FROM:
        if rows:
            connection.execute(insert(table), list(rows))
        return
    names = list(rows[0])
    converters = [_converter(table.c[name].type, connection) for name in names]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([convert(row[name]) for name, convert in zip(names, converters, strict=True)])
    except psycopg.Error as error:
        raise raised_by_driver(error) from error


def _converter(kind: TypeEngine[Any], connection: Connection) -> _Converter:
    return kind.dialect_impl(connection.dialect).bind_processor(connection.dialect) or _as_it_is


def _as_it_is(value: Any) -> Any:
    return value
