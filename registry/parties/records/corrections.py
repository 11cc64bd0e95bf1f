"""Tables of backward corrections, the firms they touch, and the answers to the reviews they open."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Column, Date, ForeignKey, Index, Row, Table, Text, insert, or_, select
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.parties.correction_model import SHARED, Correction, CorrectionAnswer, Register
from registry.parties.model import ControlKind, Period
from registry.parties.records.control import controls
from registry.parties.records.firms import firm_codes
from registry.parties.records.lines import one_of
from registry.values.identifiers import AccountId, AuthorityId, CorrectionId, EntryId, FirmId
from registry.values.records import IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may


def _correction_column() -> Column[Any]:
    return Column(
        "correction_id",
        IdColumn(CorrectionId),
        ForeignKey("register_corrections.id", ondelete="RESTRICT"),
        primary_key=True,
    )


corrections = Table(
    "register_corrections",
    metadata,
    Column("id", IdColumn(CorrectionId), primary_key=True),
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), nullable=False),
    Column("register", Key, nullable=False),
    Column("line", Key, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),
    Column("recorded_by", IdColumn(AccountId)),
    Column("recorded_at", MomentColumn, nullable=False),
    one_of("register", Register),
    CheckConstraint("valid_until > valid_from", "valid_time"),
    Index("ix_register_corrections_authority", "authority_id", "id"),
    **rows_may(Writes.APPEND),
)

correction_firms = Table(
    "register_correction_firms",
    metadata,
    _correction_column(),
    Column("firm_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), primary_key=True, index=True),
    **rows_may(Writes.APPEND),
)

correction_answers = Table(
    "register_correction_answers",
    metadata,
    _correction_column(),
    Column("subject", Key, primary_key=True, index=True),
    Column("stands", Boolean, nullable=False),
    Column("opinion", Text, nullable=False),
    Column("account", IdColumn(AccountId), nullable=False),
    Column("at", MomentColumn, nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    **rows_may(Writes.APPEND),
)


def firms_touched(connection: Connection, firms: Iterable[FirmId]) -> frozenset[FirmId]:
    """Return firms and all that lie below them by shares or directors in any line that stands, on any day."""
    found = frozenset(firms)
    frontier = found
    while frontier:
        rows = connection.execute(
            select(controls.c.held_id).where(
                controls.c.holder_id.in_(frontier),
                controls.c.recorded_until.is_(None),
                controls.c.kind.in_([ControlKind.EQUITY.value, ControlKind.DIRECTORS.value]),
            )
        )
        frontier = frozenset(rows.scalars()) - found
        found |= frontier
    return found


def firms_of_codes(connection: Connection, codes: Sequence[str]) -> list[FirmId]:
    """Return the firms that have or had some codes."""
    return list(connection.execute(select(firm_codes.c.firm_id).where(firm_codes.c.uscc.in_(codes))).scalars())


def add_correction(connection: Connection, made: Correction) -> None:
    """Write a correction with the firms it touches."""
    connection.execute(
        insert(corrections).values(
            id=made.id,
            authority_id=made.authority,
            register=made.register.value,
            line=made.line,
            valid_from=made.valid.first,
            valid_until=made.valid.until,
            recorded_by=made.recorded_by,
            recorded_at=made.recorded_at,
        )
    )
    connection.execute(
        insert(correction_firms), [{"correction_id": made.id, "firm_id": each} for each in sorted(made.firms)]
    )


def corrections_of(
    connection: Connection,
    authority: AuthorityId,
    *,
    ids: Sequence[CorrectionId] | None = None,
    firms: Iterable[FirmId] | None = None,
    page: tuple[CorrectionId | None, int] | None = None,
) -> list[Correction]:
    """Return the corrections that act for an authority, the oldest first; ``page`` is (after, limit)."""
    query = (
        select(corrections)
        .where(
            or_(
                corrections.c.authority_id == authority,
                corrections.c.register.in_(sorted(each.value for each in SHARED)),
            )
        )
        .order_by(corrections.c.id)
    )
    if ids is not None:
        query = query.where(corrections.c.id.in_(ids))
    if firms is not None:
        touching = select(correction_firms.c.correction_id).where(correction_firms.c.firm_id.in_(list(firms)))
        query = query.where(corrections.c.id.in_(touching))
    if page is not None:
        query = query.limit(page[1]) if page[0] is None else query.where(corrections.c.id > page[0]).limit(page[1])
    rows = connection.execute(query).all()
    touched: dict[CorrectionId, set[FirmId]] = {row.id: set() for row in rows}
    for row in connection.execute(select(correction_firms).where(correction_firms.c.correction_id.in_(list(touched)))):
        touched[row.correction_id].add(row.firm_id)
    return [_correction(row, touched[row.id]) for row in rows]


def _correction(row: Row[Any], firms: set[FirmId]) -> Correction:
    return Correction(
        id=row.id,
        authority=row.authority_id,
        register=Register(row.register),
        line=row.line,
        firms=frozenset(firms),
        valid=Period(row.valid_from, row.valid_until),
        recorded_by=row.recorded_by,
        recorded_at=row.recorded_at,
    )


def add_answer(connection: Connection, made: CorrectionAnswer) -> bool:
    """Write the answer to a review; False when it was answered before."""
    result = connection.execute(
        insert_or(correction_answers)
        .values(
            correction_id=made.correction,
            subject=made.subject,
            stands=made.stands,
            opinion=made.opinion,
            account=made.account,
            at=made.at,
            entry_id=made.entry,
        )
        .on_conflict_do_nothing()
        .returning(correction_answers.c.subject)
    )
    return result.scalar() is not None


def answers_of(
    connection: Connection, *, subjects: Sequence[str], correction: CorrectionId | None = None
) -> list[CorrectionAnswer]:
    """Return the answers given for some subjects, to one correction or to any."""
    query = select(correction_answers).where(correction_answers.c.subject.in_(subjects))
    if correction is not None:
        query = query.where(correction_answers.c.correction_id == correction)
    return [
        CorrectionAnswer(row.correction_id, row.subject, row.stands, row.opinion, row.account, row.at, row.entry_id)
        for row in connection.execute(query.order_by(correction_answers.c.at))
    ]
