"""Tables of cases: state, lines, what was done to them, where they pay to, what they were decided from."""

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from registry.awards.model import ActKind, CaseKind, CaseState, Occasion
from registry.values.identifiers import AccountId, AuthorityId, CaseId, DatasetId, EntryId, FirmId, VoucherId
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn, MoneyColumn
from storage.database import Writes, metadata, rows_may


def _one_of(column: str, values: type[CaseKind] | type[CaseState] | type[ActKind] | type[Occasion]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(each.value) for each in values)})", column)


def _of_case(*, primary_key: bool = True) -> Column[Any]:
    return Column(
        "case_id",
        IdColumn(CaseId),
        ForeignKey("cases.id", ondelete="RESTRICT"),
        primary_key=primary_key,
        nullable=False,
    )


cases = Table(
    "cases",
    metadata,
    Column("id", IdColumn(CaseId), primary_key=True),
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), nullable=False),
    Column("kind", Key, _one_of("kind", CaseKind), nullable=False),
    Column("document", Key, nullable=False),
    Column("instrument", Key, nullable=False),
    Column("dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT")),
    Column("state", Key, _one_of("state", CaseState), nullable=False),
    Column("applicant", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT")),
    Column("applied_by", IdColumn(AccountId), nullable=False),
    Column("applied_at", MomentColumn, nullable=False),
    Column("revision", DigestColumn, nullable=False),
    Column("facts_digest", DigestColumn, nullable=False),
    Column("sign_off_levels", JSONB, nullable=False),
    Column("notice_days", SmallInteger, CheckConstraint("notice_days >= 1", "notice_days"), nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    CheckConstraint("(kind = 'award') = (dataset_id IS NOT NULL AND applicant IS NOT NULL)", "award_has_dataset"),
    **rows_may(Writes.UPDATE),
)
Index("ix_cases_authority", cases.c.authority_id, cases.c.applied_at)
Index(
    "uq_cases_one_award_per_lineage",
    cases.c.authority_id,
    cases.c.instrument,
    cases.c.dataset_id,
    unique=True,
    postgresql_where=text("kind = 'award' AND state NOT IN ('refused', 'withdrawn')"),
)
"""The last wall of "once per lineage" (RULINGS 2)."""

lines = Table(
    "case_lines",
    metadata,
    _of_case(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("firm", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("firm_name", Text),
    Column("dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT")),
    Column("voucher_id", IdColumn(VoucherId), ForeignKey("vouchers.id", ondelete="RESTRICT"), index=True),
    Column("subject_digest", DigestColumn),
    Column("instrument", Key, nullable=False),
    Column("clause", Text, nullable=False),
    Column("standard", Text, nullable=False),
    Column(
        "amount_fen",
        MoneyColumn,
        CheckConstraint("amount_fen > 0 OR (amount_fen = 0 AND voucher_id IS NULL)", "amount"),
        nullable=False,
    ),
    Column("payee_bank", Text),
    Column("payee_masked_number", Text),
    Column("payee_digest", DigestColumn),
    Column("share_bp", SmallInteger),
    CheckConstraint(
        "share_bp IS NULL OR (share_bp BETWEEN 1 AND 9999 AND voucher_id IS NULL AND firm_name IS NOT NULL)", "share"
    ),
    CheckConstraint("num_nonnulls(dataset_id, voucher_id, subject_digest) = 1", "one_subject"),
    CheckConstraint(
        "num_nonnulls(payee_bank, payee_masked_number, payee_digest) = 3 * num_nonnulls(voucher_id)", "payee"
    ),
    **rows_may(Writes.APPEND),
)

acts = Table(
    "case_acts",
    metadata,
    _of_case(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", Key, _one_of("kind", ActKind), nullable=False),
    Column("account", IdColumn(AccountId), nullable=False),
    Column("at", MomentColumn, nullable=False),
    Column("content", JSONB, nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    **rows_may(Writes.APPEND),
)
Index(
    "uq_case_acts_once",
    acts.c.case_id,
    acts.c.kind,
    unique=True,
    postgresql_where=text("kind IN ('paid', 'withdrawn', 'correction_asked')"),
)
"""A case is paid at most once, and asked for corrections at most once, whatever the code above believes."""

payees = Table(
    "case_payees",
    metadata,
    _of_case(),
    Column("account_name", Text),
    Column("bank", Text),
    Column("masked_number", Text),
    Column("digest", DigestColumn, nullable=False),
    Column("sealed", LargeBinary),
    CheckConstraint("num_nonnulls(account_name, bank, masked_number, sealed) IN (0, 4)", "whole_or_elsewhere"),
    **rows_may(Writes.APPEND),
)
"""Of a natural person only the digest stands here; what can be erased stands in ``case_personal``."""

share_payees = Table(
    "case_share_payees",
    metadata,
    _of_case(),
    Column("digest", DigestColumn, primary_key=True),
    Column("account_name", Text, nullable=False),
    Column("bank", Text, nullable=False),
    Column("masked_number", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    **rows_may(Writes.APPEND),
)
"""The accounts joint makers stated; which one a line goes to, the act of the signature says by its digest."""

decisions = Table(
    "case_decisions",
    metadata,
    _of_case(),
    Column("occasion", Key, _one_of("occasion", Occasion), primary_key=True),
    Column("number", SmallInteger, primary_key=True, autoincrement=False, server_default="1"),
    Column("decided_at", MomentColumn, nullable=False),
    Column("revision", DigestColumn, nullable=False),
    Column("facts", JSONB, nullable=False),
    Column("facts_digest", DigestColumn, nullable=False),
    Column("verdict", JSONB, nullable=False),
    **rows_may(Writes.APPEND),
)

decision_numbers = Table(
    "case_decision_numbers",
    metadata,
    _of_case(),
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), nullable=False),
    Column("year", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    UniqueConstraint("authority_id", "year", "number"),
    **rows_may(Writes.APPEND),
)
"""Adverse decisions are numbered within the year of their authority (RULINGS 34)."""
