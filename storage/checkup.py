"""What ``sancai doctor`` asks a database: the limits of the role we work with, and its clock."""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import text

from storage.database import Database

# Append-only tables are the ones with this trigger, wherever a migration has put it; partitions carry it, too.
_EXCESS: Final = """
    SELECT c.relname
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
     WHERE c.relkind IN ('r', 'p')
       AND EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'append_only')
       AND (has_table_privilege(c.oid, 'UPDATE') OR has_table_privilege(c.oid, 'DELETE')
            OR has_table_privilege(c.oid, 'TRUNCATE') OR pg_has_role(c.relowner, 'MEMBER'))
     ORDER BY c.relname
"""


def changeable_registers(database: Database) -> tuple[str, ...]:
    """Return the append-only tables that the role we connect with could change; there should be none.

    Raises DatabaseUnavailableError.
    """
    with database.reading() as connection:
        return tuple(row[0] for row in connection.execute(text(_EXCESS)))


def clock_ahead_s(database: Database) -> int:
    """Return by how many seconds this machine's clock is ahead of the database's. Raises DatabaseUnavailableError."""
    with database.reading() as connection:
        theirs: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return round((datetime.now(UTC) - theirs).total_seconds())
