"""The first schema as SQL, made from the tables of the rooms: ``python -m tests.checks.first_schema --write``.

After the first release this script is history: a change of a table is a new migration, and the test beside it
compares the migrated database with the tables.
"""

import importlib
import pkgutil
import sys
from pathlib import Path

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

import registry
from storage.database import APPLICATION_ROLE, Writes, metadata

SCRIPT = Path(__file__).parents[2] / "storage/migrations/versions/0001_first_schema.sql"

_GRANTS = {
    Writes.APPEND: "SELECT, INSERT",
    Writes.UPDATE: "SELECT, INSERT, UPDATE",
    Writes.DELETE: "SELECT, INSERT, UPDATE, DELETE",
}

_PREAMBLE = f"""\
-- Tables of the rooms, in the order of their references. Written by tests/checks/first_schema.py.
GRANT USAGE ON SCHEMA public TO {APPLICATION_ROLE};
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT SELECT ON alembic_version TO {APPLICATION_ROLE};

-- The last wall for append-only tables: not even the owner changes a row by accident.
CREATE FUNCTION sancai_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TABLE partitioned_tables (name text COLLATE "C" PRIMARY KEY);

-- Monthly partitions. The owner's right, lent to the application for this one purpose. Rows that came before their
-- month was made stay in the default partition.
CREATE FUNCTION sancai_ensure_partitions(months_ahead integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  parent text;
  first date;
BEGIN
  FOR parent IN SELECT name FROM partitioned_tables LOOP
    FOR ahead IN 0..least(months_ahead, 24) LOOP
      first := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead))::date;
      IF to_regclass(format('%s_%s', parent, to_char(first, 'YYYY_MM'))) IS NULL THEN
        BEGIN
          EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
            format('%s_%s', parent, to_char(first, 'YYYY_MM')), parent,
            first::timestamptz, (first + interval '1 month')::timestamptz);
        EXCEPTION WHEN check_violation OR duplicate_table THEN NULL;
        END;
      END IF;
    END LOOP;
  END LOOP;
END $$;
"""


def script() -> str:
    """Return the whole script."""
    for package in pkgutil.walk_packages(registry.__path__, "registry."):
        if package.name.endswith(".records"):
            importlib.import_module(package.name)
    for name in ("storage.queue", "storage.outbox"):
        importlib.import_module(name)
    parts = [_PREAMBLE]
    parts += [_table(table) for table in metadata.sorted_tables]
    parts.append("SET timezone TO 'UTC';\nSELECT sancai_ensure_partitions(3);\n")
    return "\n".join(parts)


def _table(table: Table) -> str:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    writes: Writes = table.info["writes"]
    lines = [f"{str(CreateTable(table).compile(dialect=dialect)).strip()};"]
    lines += [
        f"{CreateIndex(index).compile(dialect=dialect)};" for index in sorted(table.indexes, key=lambda i: str(i.name))
    ]
    if table.info["partitioned_by"]:
        lines.append(f"CREATE TABLE {table.name}_default PARTITION OF {table.name} DEFAULT;")
        lines.append(f"INSERT INTO partitioned_tables VALUES ('{table.name}');")
    lines += [
        f"ALTER TABLE {table.name} ALTER COLUMN {column} SET STATISTICS {kept};"
        for column, kept in sorted((table.info["statistics"] or {}).items())
    ]
    lines.append(f"GRANT {_GRANTS[writes]} ON {table.name} TO {APPLICATION_ROLE};")
    if writes is Writes.APPEND:
        lines.append(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table.name} "
            "FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();"
        )
        lines.append(
            f"CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {table.name} "
            "FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();"
        )
    return "\n".join(lines).replace("\t", "  ") + "\n"


if __name__ == "__main__":
    made = script()
    if "--write" in sys.argv:
        SCRIPT.write_text(made, encoding="utf-8")
    elif SCRIPT.read_text(encoding="utf-8") != made:
        sys.exit(f"{SCRIPT.name} differs from the tables: python -m tests.checks.first_schema --write")
