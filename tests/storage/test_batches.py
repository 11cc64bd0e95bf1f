"""Many rows by one statement: the same rows as by an INSERT of each, and the same errors."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Date, MetaData, Table, Text, insert, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError

from registry.errors import InvalidValueError
from registry.values.digest import Digest
from registry.values.identifiers import FirmId
from registry.values.moment import Moment
from registry.values.money import Money
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn, MoneyColumn
from storage.batches import COPIED_FROM, add_rows, any_of
from storage.database import Database, DatabaseUnavailableError
from storage.embedded_postgres import EmbeddedPostgres
from storage.migrate import create_database

KINDS = Table(
    "every kind",
    MetaData(),
    Column("id", IdColumn(FirmId), primary_key=True),
    Column("group", Key),
    Column("note", Text),
    Column("amount", MoneyColumn, CheckConstraint("amount > 0", "amount")),
    Column("number", BigInteger),
    Column("at", MomentColumn),
    Column("digest", DigestColumn),
    Column("said", JSONB),
    Column("is", Boolean),
    Column("on", Date),
)
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def a_row(number: int, **stated: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": FirmId.new(),
        "group": "g",
        "note": None,
        "amount": Money(1 + number),
        "number": number,
        "at": Moment.of_text("2026-03-02T02:00:00.123456Z"),
        "digest": Digest.of(bytes([number % 256])),
        "said": {"number": number},
        "is": True,
        "on": date(2026, 3, 2),
    }
    return row | stated


@pytest.fixture
def owned(owner_url: str) -> Iterator[Database]:
    owner = Database(owner_url)
    KINDS.create(owner.engine)
    yield owner
    owner.dispose()


def kept(owned: Database) -> list[dict[str, Any]]:
    with owned.reading() as connection:
        return [dict(row._mapping) for row in connection.execute(select(KINDS).order_by(KINDS.c.number))]


@pytest.mark.parametrize("many", [0, 1, COPIED_FROM - 1, COPIED_FROM, 1_000])
def test_any_number_of_rows_is_written_as_it_was_given(owned: Database, many: int) -> None:
    rows = [a_row(number) for number in range(many)]
    with owned.writing() as connection:
        add_rows(connection, KINDS, rows)
    assert kept(owned) == rows


@given(notes=st.lists(st.tuples(TEXTS, TEXTS, JSON), min_size=COPIED_FROM, max_size=COPIED_FROM))
def test_a_copy_keeps_what_an_insert_keeps(shared: Database, notes: list[tuple[str, str, Any]]) -> None:
    rows = [a_row(at, group=group, note=note, said={"x": said}) for at, (group, note, said) in enumerate(notes)]
    with shared.writing() as connection:
        connection.execute(text('TRUNCATE "every kind"'))
        add_rows(connection, KINDS, rows)
        copied = connection.execute(select(KINDS).order_by(KINDS.c.number)).all()
        connection.execute(text('TRUNCATE "every kind"'))
        connection.execute(insert(KINDS), rows)
        assert connection.execute(select(KINDS).order_by(KINDS.c.number)).all() == copied
    assert [dict(row._mapping) for row in copied] == rows


@pytest.fixture(scope="module")
def shared(postgres: EmbeddedPostgres) -> Iterator[Database]:
    create_database(postgres.superuser_url(), "of_batches")
    owner = Database(postgres.superuser_url("of_batches"))
    KINDS.create(owner.engine)
    yield owner
    owner.dispose()


@pytest.mark.parametrize(
    ("wrong", "state"), [({"amount": Money(0)}, "23514"), ({"id": FirmId.of_uuid(FirmId.new().uuid)}, "23505")]
)
def test_a_row_that_is_refused_refuses_all_and_says_why(owned: Database, wrong: dict[str, Any], state: str) -> None:
    rows = [a_row(number) for number in range(20)]
    rows[7] |= wrong
    if state == "23505":
        rows[8] |= wrong
    with pytest.raises(IntegrityError) as refused, owned.writing() as connection:
        add_rows(connection, KINDS, rows)
    assert getattr(refused.value.orig, "sqlstate", "") == state
    assert kept(owned) == []


def test_a_value_of_another_kind_is_refused_before_anything_is_kept(owned: Database) -> None:
    rows = [a_row(number) for number in range(20)]
    rows[7]["id"] = "ord_" + "0" * 32
    with pytest.raises(InvalidValueError, match="identifier_malformed"), owned.writing() as connection:
        add_rows(connection, KINDS, rows)
    assert kept(owned) == []


def test_a_connection_that_is_lost_on_the_way_is_told_as_everywhere(owned: Database) -> None:
    def write_and_be_cut_off() -> None:
        with owned.writing() as connection:
            number = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with owned.engine.connect() as other:
                other.execute(text("SELECT pg_terminate_backend(:number)"), {"number": number})
            add_rows(connection, KINDS, [a_row(each) for each in range(2_000)])

    with pytest.raises(DatabaseUnavailableError):
        write_and_be_cut_off()
    assert kept(owned) == []


def test_a_deadlock_is_run_again(owned: Database) -> None:
    attempts = []

    def act(connection: Any) -> int:
        attempts.append(1)
        rows = [a_row(number) for number in range(20)]
        if len(attempts) == 1:
            connection.execute(
                text(
                    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                    " $$ BEGIN RAISE EXCEPTION 'asked to' USING ERRCODE = '40P01'; END $$"
                )
            )
            connection.execute(text('CREATE TRIGGER refuse BEFORE INSERT ON "every kind" EXECUTE FUNCTION refuse()'))
        add_rows(connection, KINDS, rows)
        return len(rows)

    assert owned.retrying(act) == len(kept(owned)) == 20
    assert len(attempts) == 2


def test_any_of_finds_those_that_are_named(owned: Database) -> None:
    rows = [a_row(number, group=f"g{number}") for number in range(20)]
    with owned.writing() as connection:
        add_rows(connection, KINDS, rows)
    wanted = {row["id"] for row in rows[3:9]} | {FirmId.new()}
    with owned.reading() as connection:
        found = connection.execute(select(KINDS.c.number).where(any_of(KINDS.c.id, wanted))).scalars()
        assert sorted(found) == list(range(3, 9))
        found = connection.execute(select(KINDS.c.number).where(any_of(KINDS.c.group, ["g5", "G5", "%"]))).scalars()
        assert list(found) == [5]
        assert connection.execute(select(KINDS).where(any_of(KINDS.c.id, []))).all() == []
