"""Many rows for one statement: values become arrays, which PostgreSQL unfolds into a table of its own."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, TableValuedAlias, cast, column, func, literal
from sqlalchemy.types import TypeEngine

PLACE = "place"
"""The column that counts the rows from 1, in the order they were given."""


def given_rows(name: str, **columns: tuple[TypeEngine[Any], Sequence[Any]]) -> TableValuedAlias:
    """Return a table ``name`` of the given columns and ``place``, to select from and to join with.

    Args:
        name: What the table is called in the statement; another one for each table of a statement.
        columns: The type and the values of each column; all have as many values.
    """
    arrays = [cast(literal(list(values), ARRAY(kind)), ARRAY(kind)) for kind, values in columns.values()]
    named = [column(each, kind) for each, (kind, _) in columns.items()]
    unfolded = func.unnest(*arrays).table_valued(*named, with_ordinality=PLACE, name=name)
    return unfolded.render_derived()
