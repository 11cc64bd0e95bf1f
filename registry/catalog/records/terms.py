"""Tables of the terms of datasets and of who accepted which text."""

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Row,
    Table,
    Text,
    func,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.catalog.access_model import Acceptance, Terms
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, DatasetId, FirmId
from registry.values.records import DigestColumn, IdColumn, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

terms = Table(
    "terms",
    metadata,
    Column("dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("text", Text),
    Column("digest", DigestColumn),
    Column("set_by", IdColumn(AccountId)),
    Column("set_at", MomentColumn, nullable=False),
    CheckConstraint("number > 0", "number"),
    CheckConstraint("(text IS NULL) = (digest IS NULL)", "text_has_digest"),
    **rows_may(Writes.APPEND),
)
"""Every text the terms of a dataset ever had; the highest number stands."""

terms_acceptances = Table(
    "terms_acceptances",
    metadata,
    Column("dataset_id", IdColumn(DatasetId), primary_key=True),
    Column("firm", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("digest", DigestColumn, nullable=False),
    Column("account_id", IdColumn(AccountId), nullable=False),
    Column("accepted_at", MomentColumn, nullable=False),
    ForeignKeyConstraint(["dataset_id", "number"], ["terms.dataset_id", "terms.number"], ondelete="RESTRICT"),
    Index("ix_terms_acceptances_firm", "firm"),
    **rows_may(Writes.APPEND),
)


def add_terms(connection: Connection, made: Terms, account: AccountId | None) -> None:
    """Write the next text of the terms of a dataset; the dataset is locked by the caller."""
    connection.execute(
        insert(terms).values(
            dataset_id=made.dataset,
            number=made.number,
            text=made.text,
            digest=made.digest,
            set_by=account,
            set_at=made.set_at,
        )
    )


def newest_terms(connection: Connection, dataset: DatasetId) -> Terms | None:
    """Return the newest text of the terms of a dataset, which may say that there are none any more."""
    found = terms_page(connection, dataset, None, 1)
    return found[0] if found else None


def terms_standing(connection: Connection, dataset: DatasetId) -> int | None:
    """Return the number of the text that readers must have accepted, None without one."""
    standing = text_standing(connection, dataset)
    return standing[0] if standing else None


def terms_page(connection: Connection, dataset: DatasetId, before: int | None, limit: int) -> list[Terms]:
    """Return texts of the terms of a dataset, the newest first, from before ``before`` on."""
    query = select(terms).where(terms.c.dataset_id == dataset)
    if before is not None:
        query = query.where(terms.c.number < before)
    rows = connection.execute(query.order_by(terms.c.number.desc()).limit(limit))
    return [Terms(row.dataset_id, row.number, row.text, row.digest, row.set_at) for row in rows]


def add_acceptance(connection: Connection, made: Acceptance) -> bool:
    """Write that a firm accepted a text; False when it had."""
    written = insert_or(terms_acceptances).values(
        dataset_id=made.dataset,
        firm=made.firm,
        number=made.number,
        digest=made.digest,
        account_id=made.account,
        accepted_at=made.accepted_at,
    )
    return (
        connection.execute(written.on_conflict_do_nothing().returning(terms_acceptances.c.number)).first() is not None
    )


def text_standing(connection: Connection, dataset: DatasetId) -> tuple[int, Digest] | None:
    """Return number and digest of the text that readers must have accepted, None without one."""
    query = select(terms.c.number, terms.c.digest).where(terms.c.dataset_id == dataset)
    row = connection.execute(query.order_by(terms.c.number.desc()).limit(1)).one_or_none()
    return (row.number, row.digest) if row and row.digest is not None else None


def text_accepted(connection: Connection, dataset: DatasetId, firm: FirmId) -> tuple[int, Digest] | None:
    """Return number and digest of the newest text that a firm accepted."""
    held = terms_acceptances
    query = select(held.c.number, held.c.digest).where(held.c.dataset_id == dataset, held.c.firm == firm)
    row = connection.execute(query.order_by(held.c.number.desc()).limit(1)).one_or_none()
    return (row.number, row.digest) if row else None


def count_acceptances(connection: Connection, dataset: DatasetId, number: int) -> int:
    """Return how many firms accepted a text of the terms of a dataset."""
    query = select(func.count()).where(terms_acceptances.c.dataset_id == dataset, terms_acceptances.c.number == number)
    return int(connection.execute(query).scalar_one())


def acceptances_of_dataset(
    connection: Connection, dataset: DatasetId, after: tuple[FirmId, int] | None, limit: int
) -> list[Acceptance]:
    """Return who accepted which text of a dataset, in the order of firm and text."""
    held = terms_acceptances
    query = select(held).where(held.c.dataset_id == dataset)
    if after:
        firm, number = after
        query = query.where((held.c.firm > firm) | ((held.c.firm == firm) & (held.c.number > number)))
    rows = connection.execute(query.order_by(held.c.firm, held.c.number).limit(limit))
    return [_acceptance(row) for row in rows]


def _acceptance(row: Row[Any]) -> Acceptance:
    return Acceptance(
        dataset=row.dataset_id,
        number=row.number,
        firm=row.firm,
        account=row.account_id,
        digest=row.digest,
        accepted_at=row.accepted_at,
    )
