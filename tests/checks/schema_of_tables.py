"""The schema as SQL, made from the tables of the rooms: what the migrations have to lead to.

``facts_of`` reads what a database really has, so that the two can be compared down to checks, grants and triggers.
"""

import importlib
import pkgutil

from sqlalchemy import Table, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

import registry
from storage.database import APPLICATION_ROLE, Connection, Writes, metadata

_GRANTS = {
    Writes.APPEND: "SELECT, INSERT",
    Writes.UPDATE: "SELECT, INSERT, UPDATE",
    Writes.DELETE: "SELECT, INSERT, UPDATE, DELETE",
}

_PREAMBLE = f"""\
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


def import_tables() -> None:
    """Import every room's tables."""
    for package in pkgutil.walk_packages(registry.__path__, "registry."):
        if ".records" in package.name:
            importlib.import_module(package.name)
    for name in ("storage.queue", "storage.outbox"):
        importlib.import_module(name)


def script() -> str:
    """Return the whole script."""
    import_tables()
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


_FACTS = {
    "columns": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attstattarget,
               pg_get_expr(d.adbin, d.adrelid), a.attcollation::regcollation::text
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0
          AND NOT a.attisdropped""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "grants": """
        SELECT table_name, grantee, privilege_type FROM information_schema.role_table_grants
        WHERE table_schema = 'public' AND grantee <> current_user""",
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal""",
    "functions": "SELECT proname, prosrc, '' FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
}


def facts_of(connection: Connection) -> dict[str, set[tuple[object, ...]]]:
    """Return what a database has by kind: columns, constraints, indexes, grants, triggers, functions.

    The order of columns is left out: a column that came later stands last.
    """
    import_tables()
    kept = {*metadata.tables, *(f"{name}_default" for name in metadata.tables)}
    return {
        kind: {tuple(row) for row in connection.execute(text(query)) if kind == "functions" or row[0] in kept}
        for kind, query in _FACTS.items()
    }
