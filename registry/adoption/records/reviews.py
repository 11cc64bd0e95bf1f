"""Tables of reviews: a receipt was withdrawn after an award that counted it had been paid."""

from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, Row, Select, Table, Text, insert, select, tuple_
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.adoption.model import AdoptionReview, ReviewAnswer, ReviewOutcome
from registry.values.identifiers import AccountId, AuthorityId, CaseId, DatasetId, EntryId, ReceiptId
from registry.values.moment import Moment
from registry.values.records import IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

reviews = Table(
    "adoption_reviews",
    metadata,
    Column(
        "receipt_id", IdColumn(ReceiptId), ForeignKey("adoption_receipts.id", ondelete="RESTRICT"), primary_key=True
    ),
    # A case lies in a room above this one, so its table cannot be named here.
    Column("case_id", IdColumn(CaseId), primary_key=True),
    Column(
        "authority_id",
        IdColumn(AuthorityId),
        ForeignKey("authorities.id", ondelete="RESTRICT"),
        nullable=False,
        index=True,
    ),
    Column("dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT"), nullable=False),
    Column("counted", Integer, CheckConstraint("counted >= 0", "counted"), nullable=False),
    Column("needed", Integer, CheckConstraint("needed > 0", "needed"), nullable=False),
    Column("opened_at", MomentColumn, nullable=False),
    **rows_may(Writes.APPEND),
)

answers = Table(
    "adoption_review_answers",
    metadata,
    Column(
        "receipt_id", IdColumn(ReceiptId), ForeignKey("adoption_receipts.id", ondelete="RESTRICT"), primary_key=True
    ),
    Column("case_id", IdColumn(CaseId), primary_key=True),
    Column("outcome", Key, CheckConstraint("outcome IN ('stands', 'recover')", "outcome"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("answered_at", MomentColumn, nullable=False),
    Column("answered_by", IdColumn(AccountId), nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    **rows_may(Writes.APPEND),
)


def add_review(connection: Connection, made: AdoptionReview) -> None:
    """Write an opened review."""
    connection.execute(
        insert(reviews).values(
            receipt_id=made.receipt,
            case_id=made.case,
            authority_id=made.authority,
            dataset_id=made.dataset,
            counted=made.counted,
            needed=made.needed,
            opened_at=made.opened_at,
        )
    )


def answer_review(
    connection: Connection, receipt: ReceiptId, case: CaseId, answer: ReviewAnswer, entry: EntryId
) -> bool:
    """Write how a review ended; False when it had ended before."""
    written = connection.execute(
        insert_or(answers)
        .values(
            receipt_id=receipt,
            case_id=case,
            outcome=answer.outcome.value,
            reason=answer.reason,
            answered_at=answer.at,
            answered_by=answer.by,
            entry_id=entry,
        )
        .on_conflict_do_nothing()
        .returning(answers.c.receipt_id)
    )
    return written.scalar() is not None


def review_of(connection: Connection, receipt: ReceiptId, case: CaseId) -> AdoptionReview | None:
    """Return the review of a receipt for a case."""
    row = connection.execute(_all().where(reviews.c.receipt_id == receipt, reviews.c.case_id == case)).one_or_none()
    return _review(row) if row else None


def reviews_page(
    connection: Connection,
    authority: AuthorityId,
    after: tuple[Moment, ReceiptId, CaseId] | None,
    limit: int,
) -> tuple[AdoptionReview, ...]:
    """Return reviews of an authority, the newest first."""
    place = (reviews.c.opened_at, reviews.c.receipt_id, reviews.c.case_id)
    query = _all().where(reviews.c.authority_id == authority).order_by(*(each.desc() for each in place)).limit(limit)
    if after is not None:
        query = query.where(tuple_(*place) < tuple_(*after))
    return tuple(_review(row) for row in connection.execute(query))


def _all() -> Select[Any]:
    return select(reviews, answers.c.outcome, answers.c.reason, answers.c.answered_at, answers.c.answered_by).outerjoin(
        answers, (answers.c.receipt_id == reviews.c.receipt_id) & (answers.c.case_id == reviews.c.case_id)
    )


def _review(row: Row[Any]) -> AdoptionReview:
    answer = (
        ReviewAnswer(ReviewOutcome(row.outcome), row.reason, row.answered_at, row.answered_by) if row.outcome else None
    )
    return AdoptionReview(
        receipt=row.receipt_id,
        case=row.case_id,
        authority=row.authority_id,
        dataset=row.dataset_id,
        counted=row.counted,
        needed=row.needed,
        opened_at=row.opened_at,
        answer=answer,
    )
