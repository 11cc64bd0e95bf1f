"""Appropriated money by budget year and line, with the documents that grant it and what is instructed of it."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, Table, Text, cast, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.values.identifiers import AccountId, AuthorityId
from registry.values.moment import Moment
from registry.values.money import ZERO
from registry.values.records import IdColumn, Key, MomentColumn, MoneyColumn
from registry.vouchers.model import Appropriate, Appropriation
from storage.database import Connection, Writes, metadata, rows_may

appropriations = Table(
    "appropriations",
    metadata,
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), primary_key=True),
    Column("budget_year", Integer, primary_key=True, autoincrement=False),
    Column("line", Key, primary_key=True),
    Column("appropriated", MoneyColumn, nullable=False),
    Column("instructed", MoneyColumn, nullable=False),
    CheckConstraint("instructed BETWEEN 0 AND appropriated", "instructed_within_appropriation"),
    **rows_may(Writes.UPDATE),
)


appropriation_documents = Table(
    "appropriation_documents",
    metadata,
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), primary_key=True),
    Column("number", Text, primary_key=True),
    Column("budget_year", Integer, nullable=False),
    Column("line", Key, nullable=False),
    Column("amount", MoneyColumn, CheckConstraint("amount > 0", "amount"), nullable=False),
    Column("recorded_at", MomentColumn, nullable=False),
    Column("recorded_by", IdColumn(AccountId)),
    **rows_may(Writes.APPEND),
)


def add_appropriation(
    connection: Connection, authority: AuthorityId, command: Appropriate, by: AccountId | None, now: Moment
) -> bool:
    """Write appropriated money under its document; False when that document is known."""
    made = connection.execute(
        insert_or(appropriation_documents)
        .values(
            authority_id=authority,
            number=command.number,
            budget_year=command.budget_year,
            line=command.line,
            amount=command.amount,
            recorded_at=now,
            recorded_by=by,
        )
        .on_conflict_do_nothing()
        .returning(appropriation_documents.c.number)
    )
    if made.scalar() is None:
        return False
    upsert = insert_or(appropriations).values(
        authority_id=authority,
        budget_year=command.budget_year,
        line=command.line,
        appropriated=command.amount,
        instructed=ZERO,
    )
    total = cast(appropriations.c.appropriated, BigInteger) + cast(upsert.excluded.appropriated, BigInteger)
    connection.execute(
        upsert.on_conflict_do_update(
            index_elements=["authority_id", "budget_year", "line"], set_={"appropriated": total}
        )
    )
    return True


def change_appropriation(
    connection: Connection, authority: AuthorityId, budget_year: int, line: str, delta_fen: int
) -> bool:
    """Add to what is instructed on a line, or take from it; False when the appropriation or zero would be passed."""
    after = cast(appropriations.c.instructed, BigInteger) + delta_fen
    made = connection.execute(
        update(appropriations)
        .where(
            appropriations.c.authority_id == authority,
            appropriations.c.budget_year == budget_year,
            appropriations.c.line == line,
            after.between(0, cast(appropriations.c.appropriated, BigInteger)),
        )
        .values(instructed=after)
    )
    return made.rowcount == 1


def appropriations_of(connection: Connection, authority: AuthorityId | None = None) -> list[Appropriation]:
    """Return the lines of an authority, or all, by year and line."""
    query = select(appropriations).order_by(*appropriations.primary_key.columns)
    if authority:
        query = query.where(appropriations.c.authority_id == authority)
    return [
        Appropriation(row.authority_id, row.budget_year, row.line, row.appropriated, row.instructed)
        for row in connection.execute(query)
    ]
