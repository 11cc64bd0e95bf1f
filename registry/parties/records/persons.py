"""Tables of natural persons: what is kept for ever, and the sealed row that can be erased."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, LargeBinary, Row, Table, Text, delete, insert, select
from sqlalchemy import update as update_rows
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.parties.person_model import ERASED_NAME, Person
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, FirmId
from registry.values.moment import Moment
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

persons = Table(
    "persons",
    metadata,
    Column("id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), primary_key=True),
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), nullable=False),
    Column("identity_digest", DigestColumn, nullable=False),
    Column("data_digest", DigestColumn, nullable=False),
    Column("seen_by", IdColumn(AccountId), nullable=False),
    Column("registered_at", MomentColumn, nullable=False),
    Column("erased_at", MomentColumn),
    Column("erased_by", IdColumn(AccountId)),
    Column("carried_out_at", MomentColumn),
    Column("stuck", Key),
    CheckConstraint("(erased_at IS NULL) = (erased_by IS NULL)", "erased_whole"),
    CheckConstraint("carried_out_at IS NULL OR erased_at IS NOT NULL", "carried_out_after_erasure"),
    **rows_may(Writes.UPDATE),
)
Index(
    "uq_persons_identity",
    persons.c.authority_id,
    persons.c.identity_digest,
    unique=True,
    postgresql_where=persons.c.erased_at.is_(None),
)
"""One person is one party of an authority (RULINGS 35: known by a keyed digest alone)."""
Index(
    "ix_persons_erased_waiting",
    persons.c.id,
    postgresql_where=persons.c.erased_at.is_not(None) & persons.c.carried_out_at.is_(None),
)

person_data = Table(
    "person_data",
    metadata,
    Column("person_id", IdColumn(FirmId), ForeignKey("persons.id", ondelete="RESTRICT"), primary_key=True),
    Column("masked_name", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    **rows_may(Writes.DELETE),
)
"""All that is known of a person. Erasing a row keeps every proof valid (RULINGS 35)."""


def add_person(connection: Connection, made: Person, sealed: bytes) -> bool:
    """Write a person; False when the authority has registered its identity number already."""
    written = connection.execute(
        insert_or(persons)
        .values(
            id=made.id,
            authority_id=made.authority,
            identity_digest=made.identity,
            data_digest=made.data,
            seen_by=made.seen_by,
            registered_at=made.registered_at,
        )
        .on_conflict_do_nothing()
        .returning(persons.c.id)
    )
    if written.scalar() is None:
        return False
    connection.execute(insert(person_data).values(person_id=made.id, masked_name=made.masked_name, sealed=sealed))
    return True


def person_of(connection: Connection, person: FirmId, *, lock: bool = False) -> Person | None:
    """Return a person, locked for the transaction on request."""
    query = select(persons).where(persons.c.id == person)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return _person(row, masked_names(connection, [person])) if row else None


def masked_names(connection: Connection, wanted: Iterable[FirmId]) -> dict[FirmId, str]:
    """Return how persons are shown whose data are there."""
    query = select(person_data.c.person_id, person_data.c.masked_name).where(person_data.c.person_id.in_(list(wanted)))
    return {row.person_id: row.masked_name for row in connection.execute(query)}


def sealed_data(connection: Connection, person: FirmId) -> bytes | None:
    """Return the sealed data of a person, or None once they are erased."""
    found = connection.execute(select(person_data.c.sealed).where(person_data.c.person_id == person)).scalar()
    return None if found is None else bytes(found)


def erase_person(connection: Connection, person: FirmId, by: AccountId, at: Moment) -> None:
    """Delete the data of a person, and note who had it done."""
    connection.execute(delete(person_data).where(person_data.c.person_id == person))
    connection.execute(update_rows(persons).where(persons.c.id == person).values(erased_at=at, erased_by=by))


def erased_waiting(connection: Connection, limit: int) -> list[FirmId]:
    """Return erased persons whose documents may still lie, those that were held back last, else the oldest first."""
    waiting = persons.c.erased_at.is_not(None) & persons.c.carried_out_at.is_(None)
    # Whoever is stuck comes last: a page of them would keep everybody else waiting.
    ordered = select(persons.c.id).where(waiting).order_by(persons.c.stuck.is_not(None), persons.c.id)
    return list(connection.execute(ordered.limit(limit)).scalars())


def erased_by(connection: Connection, person: FirmId) -> AccountId | None:
    """Return who had a person erased."""
    found: AccountId | None = connection.execute(select(persons.c.erased_by).where(persons.c.id == person)).scalar()
    return found


def note_carried_out(connection: Connection, person: FirmId, at: Moment) -> None:
    """Note that nothing of an erased person is left."""
    connection.execute(update_rows(persons).where(persons.c.id == person).values(carried_out_at=at, stuck=None))


def note_stuck(connection: Connection, person: FirmId, code: str) -> None:
    """Note what holds documents of an erased person back."""
    connection.execute(update_rows(persons).where(persons.c.id == person).values(stuck=code))


def _person(row: Row[Any], names: dict[FirmId, str]) -> Person:
    identity: Digest = row.identity_digest
    return Person(
        id=row.id,
        authority=row.authority_id,
        masked_name=names.get(row.id, ERASED_NAME),
        identity=identity,
        data=row.data_digest,
        seen_by=row.seen_by,
        registered_at=row.registered_at,
        erased_at=row.erased_at,
    )
