"""The table of what a natural person states with an application: sealed, and erased with the person's data."""

from sqlalchemy import Column, ForeignKey, LargeBinary, Table, delete, exists, insert, select

from registry.awards.model import OPEN_STATES
from registry.awards.records.tables import cases
from registry.values.identifiers import CaseId, FirmId
from registry.values.records import IdColumn
from storage.database import Connection, Writes, metadata, rows_may

case_personal = Table(
    "case_personal",
    metadata,
    Column("case_id", IdColumn(CaseId), ForeignKey("cases.id", ondelete="RESTRICT"), primary_key=True),
    Column("person_id", IdColumn(FirmId), ForeignKey("persons.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("payee_sealed", LargeBinary, nullable=False),
    Column("keys_sealed", LargeBinary, nullable=False),
    **rows_may(Writes.DELETE),
)
"""Account and keys (a certificate's number …) of a person's case; what is kept for ever of them is digests."""


def add_personal(connection: Connection, case: CaseId, person: FirmId, payee: bytes, keys: bytes) -> None:
    """Write what a person states with a case."""
    connection.execute(
        insert(case_personal).values(case_id=case, person_id=person, payee_sealed=payee, keys_sealed=keys)
    )


def payee_of(connection: Connection, case: CaseId) -> bytes | None:
    """Return the sealed account of a person's case, or None once it is erased."""
    found = connection.execute(select(case_personal.c.payee_sealed).where(case_personal.c.case_id == case)).scalar()
    return None if found is None else bytes(found)


def keys_of(connection: Connection, case: CaseId) -> bytes | None:
    """Return the sealed keys of a person's case, or None once they are erased."""
    found = connection.execute(select(case_personal.c.keys_sealed).where(case_personal.c.case_id == case)).scalar()
    return None if found is None else bytes(found)


def any_open(connection: Connection, person: FirmId) -> bool:
    """Say whether a case of a person may still lead to a payment."""
    query = select(exists().where(cases.c.applicant == person, cases.c.state.in_([each.value for each in OPEN_STATES])))
    return bool(connection.execute(query).scalar_one())


def erase_personal(connection: Connection, person: FirmId) -> None:
    """Delete what a person stated with all of its cases."""
    connection.execute(delete(case_personal).where(case_personal.c.person_id == person))
