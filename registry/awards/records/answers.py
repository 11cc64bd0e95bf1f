"""Which kept answers of the write path name a natural person, so that they can be erased with the person's data."""

from collections.abc import Collection, Sequence

from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, Table, and_, func, not_, or_, select, tuple_
from sqlalchemy import update as update_rows
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.awards.records.tables import cases
from registry.journal.records import answers
from registry.journal.work import ERASED
from registry.parties.records.persons import persons
from registry.values.identifiers import AccountId, CaseId, FirmId
from registry.values.moment import Moment
from registry.values.records import IdColumn, Key
from storage.database import Connection, Writes, metadata, rows_may

person_answers = Table(
    "idempotency_answer_persons",
    metadata,
    Column("person_id", IdColumn(FirmId), ForeignKey("persons.id", ondelete="RESTRICT"), primary_key=True),
    Column("party", Key, primary_key=True),
    Column("operation", Key, primary_key=True),
    Column("key", Key, primary_key=True),
    ForeignKeyConstraint(
        ["party", "operation", "key"],
        ["idempotency_answers.party", "idempotency_answers.operation", "idempotency_answers.key"],
        ondelete="RESTRICT",
    ),
    **rows_may(Writes.APPEND),
)


def persons_among(
    connection: Connection, parties: Collection[FirmId], of_cases: Collection[CaseId]
) -> dict[FirmId, tuple[Moment | None, AccountId | None]]:
    """Return who of some parties and of the applicants of some cases are natural persons, and when they were erased.

    Nobody erases them until the transaction ends: whoever is about to waits, and then finds what was written meanwhile.
    """
    applied = select(cases.c.applicant).where(cases.c.id.in_(list(of_cases))).scalar_subquery()
    query = select(persons.c.id, persons.c.erased_at, persons.c.erased_by).where(
        or_(persons.c.id.in_(list(parties)), persons.c.id.in_(applied))
    )
    rows = connection.execute(query.order_by(persons.c.id).with_for_update(read=True))
    return {row.id: (row.erased_at, row.erased_by) for row in rows}


def note_answer(connection: Connection, named: Collection[FirmId], slot: Sequence[str]) -> None:
    """Write whom the answer to a claimed key names."""
    party, operation, key = slot
    rows = [{"person_id": each, "party": party, "operation": operation, "key": key} for each in named]
    if rows:
        connection.execute(insert_or(person_answers).on_conflict_do_nothing(), rows)


def erase_answers(connection: Connection, person: FirmId) -> None:
    """Leave of every kept answer that names a person, or was given to it, only whether something was done."""
    slot = (answers.c.party, answers.c.operation, answers.c.key)
    table = person_answers.c
    naming = select(table.party, table.operation, table.key).where(table.person_id == person)
    for which in (answers.c.party == person, tuple_(*slot).in_(naming)):
        standing = and_(which, answers.c.outcome.is_not(None), not_(answers.c.outcome.has_key(ERASED)))
        left = func.jsonb_build_object(ERASED, answers.c.outcome.has_key("result"), type_=JSONB)
        connection.execute(update_rows(answers).where(standing).values(outcome=left))
