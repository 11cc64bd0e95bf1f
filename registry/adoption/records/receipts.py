"""Tables of receipts, their countersignatures and withdrawals. Rows are never changed."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Integer,
    Row,
    Select,
    Table,
    Text,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.adoption.board_rules import Use
from registry.adoption.model import AdoptionPurpose, Countersignature, Document, MeasuredReads, Receipt
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, DatasetId, EntryId, EvidenceId, FirmId, ReceiptId
from registry.values.moment import Moment
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may


def _document(name: str, *, always: bool = True) -> tuple[Column[Any], Column[Any]]:
    return (
        Column(
            f"{name}_id",
            IdColumn(EvidenceId),
            ForeignKey("evidence.id", ondelete="RESTRICT"),
            nullable=not always,
            index=True,
        ),
        Column(f"{name}_digest", DigestColumn, nullable=not always),
    )


receipts = Table(
    "adoption_receipts",
    metadata,
    Column("id", IdColumn(ReceiptId), primary_key=True),
    Column(
        "dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT"), nullable=False, index=True
    ),
    Column("content_digest", DigestColumn, nullable=False),
    Column("adopter", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("purpose", Key, nullable=False),
    Column("product", Text, nullable=False),
    Column("started_on", Date, nullable=False),
    *_document("statement"),
    *_document("contract"),
    *_document("delivery", always=False),
    Column("measured_first", Date),
    Column("measured_last", Date),
    Column("measured_downloads", Integer),
    Column("measured_bytes", BigInteger),
    Column("attested_at", MomentColumn, nullable=False),
    Column("attested_by", IdColumn(AccountId), nullable=False),
    Column("signature", Key, nullable=False),
    Column("signed_by", Key, nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    CheckConstraint("purpose IN ('model_training', 'model_evaluation', 'product', 'operation', 'research')", "purpose"),
    CheckConstraint("num_nonnulls(delivery_id, delivery_digest) = 2 * num_nonnulls(delivery_id)", "delivery"),
    CheckConstraint("num_nonnulls(delivery_id, measured_downloads) = 1", "delivered_or_measured"),
    CheckConstraint(
        "num_nonnulls(measured_first, measured_last, measured_bytes) = 3 * num_nonnulls(measured_downloads)", "measured"
    ),
    **rows_may(Writes.APPEND),
)

withdrawals = Table(
    "adoption_withdrawals",
    metadata,
    Column(
        "receipt_id", IdColumn(ReceiptId), ForeignKey("adoption_receipts.id", ondelete="RESTRICT"), primary_key=True
    ),
    Column("reason", Text, nullable=False),
    Column("withdrawn_at", MomentColumn, nullable=False),
    Column("withdrawn_by", IdColumn(AccountId)),
    **rows_may(Writes.APPEND),
)

countersignatures = Table(
    "adoption_countersignatures",
    metadata,
    Column(
        "receipt_id", IdColumn(ReceiptId), ForeignKey("adoption_receipts.id", ondelete="RESTRICT"), primary_key=True
    ),
    Column("countersigned_at", MomentColumn, nullable=False),
    Column("countersigned_by", IdColumn(AccountId), nullable=False),
    Column("signature", Key, nullable=False),
    Column("signed_by", Key, nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    **rows_may(Writes.APPEND),
)


def add_receipt(connection: Connection, made: Receipt) -> None:
    """Write a receipt."""
    connection.execute(
        insert(receipts).values(
            id=made.id,
            dataset_id=made.dataset,
            content_digest=made.content_digest,
            adopter=made.adopter,
            purpose=made.purpose.value,
            product=made.product,
            started_on=made.started_on,
            statement_id=made.statement.id,
            statement_digest=made.statement.digest,
            contract_id=made.contract.id,
            contract_digest=made.contract.digest,
            delivery_id=made.delivery.id if made.delivery else None,
            delivery_digest=made.delivery.digest if made.delivery else None,
            measured_first=made.measured.first_on if made.measured else None,
            measured_last=made.measured.last_on if made.measured else None,
            measured_downloads=made.measured.downloads if made.measured else None,
            measured_bytes=made.measured.size_bytes if made.measured else None,
            attested_at=made.attested_at,
            attested_by=made.attested_by,
            signature=made.signature,
            signed_by=made.signed_by,
            entry_id=made.entry,
        )
    )


def add_withdrawal(connection: Connection, receipt: ReceiptId, reason: str, at: Moment, by: AccountId | None) -> bool:
    """Write a withdrawal; False when the receipt was withdrawn before."""
    written = connection.execute(
        insert_or(withdrawals)
        .values(receipt_id=receipt, reason=reason, withdrawn_at=at, withdrawn_by=by)
        .on_conflict_do_nothing()
        .returning(withdrawals.c.receipt_id)
    )
    return written.scalar() is not None


def add_countersignature(connection: Connection, receipt: ReceiptId, made: Countersignature, entry: EntryId) -> bool:
    """Write a publisher's countersignature; False when there is one already."""
    written = connection.execute(
        insert_or(countersignatures)
        .values(
            receipt_id=receipt,
            countersigned_at=made.at,
            countersigned_by=made.by,
            signature=made.signature,
            signed_by=made.signed_by,
            entry_id=entry,
        )
        .on_conflict_do_nothing()
        .returning(countersignatures.c.receipt_id)
    )
    return written.scalar() is not None


def receipt_of(connection: Connection, receipt: ReceiptId) -> Receipt | None:
    """Return a receipt."""
    row = connection.execute(_all().where(receipts.c.id == receipt)).one_or_none()
    return _receipt(row) if row else None


def receipts_of(connection: Connection, dataset: DatasetId) -> tuple[Receipt, ...]:
    """Return every receipt of a lineage, oldest first."""
    rows = connection.execute(
        _all().where(receipts.c.dataset_id == dataset).order_by(receipts.c.attested_at, receipts.c.id)
    )
    return tuple(_receipt(row) for row in rows)


def standing_receipt(connection: Connection, dataset: DatasetId, content: Digest, adopter: FirmId) -> Receipt | None:
    """Return an adopter's receipt on a content that was not withdrawn."""
    row = connection.execute(
        _all()
        .where(receipts.c.dataset_id == dataset, receipts.c.content_digest == content, receipts.c.adopter == adopter)
        .where(withdrawals.c.receipt_id.is_(None))
        .limit(1)
    ).one_or_none()
    return _receipt(row) if row else None


def uses_standing(connection: Connection, until: Moment) -> tuple[Use, ...]:
    """Return the uses of which receipts had been attested, and not withdrawn, before ``until``, a row for each."""
    month = func.to_char(receipts.c.started_on, "YYYY-MM")
    kinds = (receipts.c.dataset_id, receipts.c.adopter, receipts.c.purpose, receipts.c.product, month)
    query = (
        select(*kinds[:-1], month.label("month"), func.count().label("receipts"))
        .outerjoin(withdrawals, withdrawals.c.receipt_id == receipts.c.id)
        .where(
            receipts.c.attested_at < until,
            or_(withdrawals.c.withdrawn_at.is_(None), withdrawals.c.withdrawn_at >= until),
        )
        .group_by(*kinds)
    )
    return tuple(
        Use(row.dataset_id, row.adopter, AdoptionPurpose(row.purpose), row.product, row.month, row.receipts)
        for row in connection.execute(query)
    )


def _all() -> Select[Any]:
    return (
        select(
            receipts,
            withdrawals.c.withdrawn_at,
            withdrawals.c.reason.label("withdrawn_reason"),
            countersignatures.c.countersigned_at,
            countersignatures.c.countersigned_by,
            countersignatures.c.signature.label("countersignature"),
            countersignatures.c.signed_by.label("countersigned_with"),
        )
        .outerjoin(withdrawals, withdrawals.c.receipt_id == receipts.c.id)
        .outerjoin(countersignatures, countersignatures.c.receipt_id == receipts.c.id)
    )


def _receipt(row: Row[Any]) -> Receipt:
    countersigned = row.countersigned_at is not None
    measured = row.measured_downloads is not None
    return Receipt(
        id=row.id,
        dataset=row.dataset_id,
        content_digest=row.content_digest,
        adopter=row.adopter,
        purpose=AdoptionPurpose(row.purpose),
        product=row.product,
        started_on=row.started_on,
        statement=Document(row.statement_id, row.statement_digest),
        contract=Document(row.contract_id, row.contract_digest),
        delivery=Document(row.delivery_id, row.delivery_digest) if row.delivery_id else None,
        measured=MeasuredReads(row.measured_first, row.measured_last, row.measured_downloads, row.measured_bytes)
        if measured
        else None,
        attested_at=row.attested_at,
        attested_by=row.attested_by,
        signature=row.signature,
        signed_by=row.signed_by,
        entry=row.entry_id,
        withdrawn_at=row.withdrawn_at,
        withdrawn_reason=row.withdrawn_reason,
        countersigned=Countersignature(
            row.countersigned_at, row.countersigned_by, row.countersignature, row.countersigned_with
        )
        if countersigned
        else None,
    )
