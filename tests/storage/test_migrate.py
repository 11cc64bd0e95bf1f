"""The schema: from an empty database, twice, compared with the tables, and closed to changes of what is append-only."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from storage.database import Database, Writes, metadata
from storage.embedded_postgres import EmbeddedPostgres
from storage.migrate import create_database, migrate, newest_revision, present_revision
from tests.checks import schema_of_tables


def appended_tables() -> list[str]:
    schema_of_tables.import_tables()
    return sorted(table.name for table in metadata.tables.values() if table.info["writes"] is Writes.APPEND)


def test_the_migrations_lead_to_what_the_tables_say(owner_url: str, postgres: EmbeddedPostgres) -> None:
    create_database(postgres.superuser_url(), "said")
    found = []
    for url in (owner_url, postgres.superuser_url("said")):
        engine = create_engine(url)
        with engine.begin() as connection:
            if url != owner_url:
                connection.execute(text("CREATE TABLE alembic_version (version_num text)"))
                # The script holds percent signs that are not parameters.
                connection.execution_options(no_parameters=True).exec_driver_sql(schema_of_tables.script())
            found.append(schema_of_tables.facts_of(connection))
        engine.dispose()
    migrated, said = found
    for kind, facts in said.items():
        assert migrated[kind] == facts, kind
        assert facts, kind


def test_migrating_twice_changes_nothing(postgres: EmbeddedPostgres) -> None:
    create_database(postgres.superuser_url(), "twice")
    url = postgres.superuser_url("twice")
    assert migrate(url) == migrate(url) == newest_revision()


def test_a_migrated_database_has_exactly_the_tables_of_the_rooms(owner_url: str) -> None:
    schema_of_tables.import_tables()
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_name": lambda name, kind, _: (
                    not (kind == "table" and (name is None or name not in metadata.tables))
                ),
                "compare_server_default": False,
            },
        )
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_application_sees_the_newest_revision(database: Database) -> None:
    assert present_revision(database) == newest_revision()


@pytest.mark.parametrize("table", appended_tables())
def test_the_application_can_neither_change_nor_delete_what_is_append_only(database: Database, table: str) -> None:
    column = metadata.tables[table].columns.values()[0].name
    for statement in (f'UPDATE {table} SET "{column}" = "{column}"', f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with pytest.raises(DBAPIError) as refused, database.writing() as connection:
            connection.execute(text(statement))
        assert getattr(refused.value.orig, "sqlstate", None) == "42501"  # insufficient_privilege


def test_not_even_the_owner_changes_a_journal_entry_by_accident(owner_url: str, database: Database) -> None:
    with database.writing() as connection:
        connection.execute(
            text("INSERT INTO journal_checkpoints (size, root, logged_at, note) VALUES (1, '\\x00', now(), 'note')")
        )
    engine = create_engine(owner_url)
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text("UPDATE journal_checkpoints SET note = 'changed'"))
    engine.dispose()


def test_the_application_may_not_make_tables(database: Database) -> None:
    with pytest.raises(DBAPIError), database.writing() as connection:
        connection.execute(text("CREATE TABLE intruder (id int)"))
