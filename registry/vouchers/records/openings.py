"""Opening balances: proposed, confirmed once per authority, and the uses and awards they bring."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, Row, Table, cast, func, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.policy.rules import FirmYearSoFar
from registry.values.identifiers import AccountId, AuthorityId, DatasetId, FirmId, OpeningId, PoolId
from registry.values.moment import Moment
from registry.values.money import Money
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn, MoneyColumn
from registry.vouchers.model import FirmYearKey
from registry.vouchers.opening_model import Opening, OpeningListed, PastAward, PastUse
from registry.vouchers.records.columns import authority_column
from storage.database import Connection, Writes, metadata, rows_may

openings = Table(
    "ledger_openings",
    metadata,
    Column("id", IdColumn(OpeningId), primary_key=True),
    authority_column(),
    Column("digest", DigestColumn, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("proposed_by", IdColumn(AccountId), nullable=False),
    Column("proposed_at", MomentColumn, nullable=False),
    **rows_may(Writes.APPEND),
)

confirmed = Table(
    "ledger_openings_confirmed",
    metadata,
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), primary_key=True),
    Column("opening_id", IdColumn(OpeningId), ForeignKey("ledger_openings.id", ondelete="RESTRICT"), nullable=False),
    Column("confirmed_by", IdColumn(AccountId), nullable=False),
    Column("confirmed_at", MomentColumn, nullable=False),
    **rows_may(Writes.APPEND),
)
"""One row for each authority: its books are opened once."""

uses = Table(
    "past_uses",
    metadata,
    Column("opening_id", IdColumn(OpeningId), ForeignKey("ledger_openings.id", ondelete="RESTRICT"), primary_key=True),
    Column("line", Integer, primary_key=True, autoincrement=False),
    authority_column(),
    Column("pool_id", IdColumn(PoolId), ForeignKey("pools.id", ondelete="RESTRICT"), nullable=False),
    Column("firm_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("group", Key, nullable=False),
    Column("year", Integer, nullable=False),
    Column("base", MoneyColumn, nullable=False),
    Column("amount", MoneyColumn, nullable=False),
    **rows_may(Writes.APPEND),
)

awards = Table(
    "past_awards",
    metadata,
    Column("opening_id", IdColumn(OpeningId), ForeignKey("ledger_openings.id", ondelete="RESTRICT"), primary_key=True),
    Column("line", Integer, primary_key=True, autoincrement=False),
    authority_column(),
    Column("instrument", Key, nullable=False),
    Column("firm_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    Column("year", Integer, nullable=False),
    Column("amount", MoneyColumn, nullable=False),
    Column("dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT"), index=True),
    **rows_may(Writes.APPEND),
)


def _opening(row: Row[Any]) -> Opening:
    return Opening(
        row.id,
        row.authority_id,
        row.digest,
        bytes(row.content),
        row.proposed_by,
        row.proposed_at,
        row.confirmed_by,
        row.confirmed_at,
    )


def add_opening(connection: Connection, made: Opening) -> None:
    """Write opening balances as they were proposed."""
    connection.execute(
        insert(openings).values(
            id=made.id,
            authority_id=made.authority,
            digest=made.digest,
            content=made.content,
            proposed_by=made.proposed_by,
            proposed_at=made.proposed_at,
        )
    )


def opening_of(connection: Connection, opening: OpeningId) -> Opening | None:
    """Return opening balances, with who confirmed them."""
    joined = openings.outerjoin(confirmed, confirmed.c.opening_id == openings.c.id)
    query = select(openings, confirmed.c.confirmed_by, confirmed.c.confirmed_at).select_from(joined)
    row = connection.execute(query.where(openings.c.id == opening)).one_or_none()
    return _opening(row) if row else None


def openings_page(
    connection: Connection, authority: AuthorityId, after: OpeningId | None, limit: int
) -> list[OpeningListed]:
    """Return the opening balances proposed at an authority, the newest first; their files stay where they are."""
    joined = openings.outerjoin(confirmed, confirmed.c.opening_id == openings.c.id)
    shown = [openings.c[name] for name in ("id", "authority_id", "digest", "proposed_by", "proposed_at")]
    query = select(*shown, confirmed.c.confirmed_by, confirmed.c.confirmed_at).select_from(joined)
    query = query.where(openings.c.authority_id == authority).order_by(openings.c.id.desc()).limit(limit)
    if after is not None:
        query = query.where(openings.c.id < after)
    return [
        OpeningListed(
            row.id,
            row.authority_id,
            row.digest,
            row.proposed_by,
            row.proposed_at,
            row.confirmed_by,
            row.confirmed_at,
        )
        for row in connection.execute(query)
    ]


def opened_by(connection: Connection, authority: AuthorityId) -> OpeningId | None:
    """Return the opening balances an authority's books were opened with."""
    found: OpeningId | None = connection.execute(
        select(confirmed.c.opening_id).where(confirmed.c.authority_id == authority)
    ).scalar()
    return found


def confirm_opening(connection: Connection, opening: Opening, by: AccountId, at: Moment) -> bool:
    """Open the books of an authority; False when they are open. A second transaction waits for the first."""
    made = connection.execute(
        insert_or(confirmed)
        .values(authority_id=opening.authority, opening_id=opening.id, confirmed_by=by, confirmed_at=at)
        .on_conflict_do_nothing(index_elements=["authority_id"])
        .returning(confirmed.c.opening_id)
    )
    return made.scalar() is not None


def add_past(connection: Connection, opening: Opening, used: Sequence[PastUse], awarded: Sequence[PastAward]) -> None:
    """Write what was paid before the system."""
    common = {"opening_id": opening.id, "authority_id": opening.authority}
    if used:
        rows = [
            common
            | {
                "line": each.line,
                "pool_id": each.pool,
                "firm_id": each.firm_year.firm,
                "group": each.firm_year.group,
                "year": each.firm_year.year,
                "base": each.base,
                "amount": each.amount,
            }
            for each in used
        ]
        connection.execute(insert(uses), rows)
    if awarded:
        rows = [
            common
            | {
                "line": each.line,
                "instrument": each.instrument,
                "firm_id": each.firm,
                "year": each.year,
                "amount": each.amount,
                "dataset_id": each.dataset,
            }
            for each in awarded
        ]
        connection.execute(insert(awards), rows)


def past_uses(connection: Connection) -> list[tuple[OpeningId, PastUse]]:
    """Return every use of a pool before the system."""
    return [
        (
            row.opening_id,
            PastUse(
                row.line,
                row.pool_id,
                FirmYearKey(row.authority_id, row.firm_id, row.group, row.year),
                row.base,
                row.amount,
            ),
        )
        for row in connection.execute(select(uses))
    ]


def past_of(connection: Connection, key: FirmYearKey) -> FirmYearSoFar:
    """Return base and amount of a firm-year from before the system."""
    base, amount = (func.coalesce(func.sum(cast(each, BigInteger)), 0) for each in (uses.c.base, uses.c.amount))
    row = connection.execute(
        select(base.label("base"), amount.label("amount")).where(
            uses.c.authority_id == key.authority,
            uses.c.firm_id == key.firm,
            uses.c.group == key.group,
            uses.c.year == key.year,
        )
    ).one()
    return FirmYearSoFar(Money(int(row.base)), Money(int(row.amount)))


def past_award_on(
    connection: Connection, authority: AuthorityId, instrument: str, dataset: DatasetId, before: Moment
) -> OpeningId | None:
    """Return the opening balances that tell of an award on a dataset, as known at an instant."""
    query = (
        select(awards.c.opening_id)
        .join(confirmed, confirmed.c.opening_id == awards.c.opening_id)
        .where(
            awards.c.authority_id == authority,
            awards.c.instrument == instrument,
            awards.c.dataset_id == dataset,
            confirmed.c.confirmed_at <= before,
        )
    )
    found: OpeningId | None = connection.execute(query.limit(1)).scalar()
    return found


def past_awards_of(connection: Connection, firm: FirmId, before: Moment) -> list[tuple[AuthorityId, PastAward]]:
    """Return the awards a firm had before the system, of every authority, as known at an instant."""
    query = (
        select(awards)
        .join(confirmed, confirmed.c.opening_id == awards.c.opening_id)
        .where(awards.c.firm_id == firm, confirmed.c.confirmed_at <= before)
        .order_by(awards.c.opening_id, awards.c.line)
    )
    return [
        (
            row.authority_id,
            PastAward(row.line, row.instrument, row.firm_id, row.year, row.amount, row.dataset_id),
        )
        for row in connection.execute(query)
    ]
