"""How many rows and objects there are: two counts that are equal show that nothing came into being."""

from sqlalchemy import text

from registry.house import House
from storage.object_store import Bucket

NOT_COUNTED = frozenset({"idempotency_answers", "idempotency_answer_persons", "sign_in_failures", "alembic_version"})
"""What a refusal may leave behind: its kept answer, and that somebody tried."""


def rows_of(house: House) -> dict[str, int]:
    """Return how many rows each table of the application holds, partitions with their table."""
    with house.database.reading() as connection:
        names = connection.execute(
            text(
                "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace "
                "WHERE n.nspname = 'public' AND relkind IN ('r', 'p') AND NOT relispartition "
                "AND has_table_privilege(pg_class.oid, 'SELECT') ORDER BY relname"
            )
        ).scalars()
        counted = [name for name in names if name not in NOT_COUNTED]
        union = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM \"{name}\"" for name in counted)
        return {str(row[0]): int(row[1]) for row in connection.execute(text(union))}


def objects_of(house: House) -> dict[str, int]:
    """Return how many objects each bucket holds."""
    return {bucket.value: sum(1 for _ in house.store.list(bucket)) for bucket in Bucket}


def everything_of(house: House) -> dict[str, int]:
    """Return both."""
    return rows_of(house) | objects_of(house)
