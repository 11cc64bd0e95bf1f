"""The table of requests for a grant, and every grant of a dataset, by order or by request."""

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Row,
    Select,
    Table,
    Text,
    Uuid,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy import update as update_rows
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.catalog.access_model import Grant, GrantRequest, ReadWay, RequestState
from registry.catalog.records.datasets import datasets, list_of
from registry.catalog.records.grants import grants
from registry.values.identifiers import AccountId, DatasetId, FirmId, GrantRequestId, OrderId, VersionId
from registry.values.moment import Moment
from registry.values.records import IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

_GRANTED = (RequestState.GRANTED, RequestState.ENDED)

grant_requests = Table(
    "grant_requests",
    metadata,
    Column("id", IdColumn(GrantRequestId), primary_key=True),
    Column("dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT"), nullable=False),
    Column("firm", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    Column("account_id", IdColumn(AccountId), nullable=False),
    Column("purpose", Text, nullable=False),
    Column("contact", Text, nullable=False),
    Column("state", Key, nullable=False),
    Column("asked_at", MomentColumn, nullable=False),
    Column("answered_at", MomentColumn),
    Column("answered_by", IdColumn(AccountId)),
    Column("ends_at", MomentColumn),
    Column("reason", Text),
    CheckConstraint(f"state IN ({list_of(RequestState)})", "state"),
    CheckConstraint("state NOT IN ('refused', 'ended') OR reason IS NOT NULL", "an_adverse_answer_says_why"),
    CheckConstraint("state <> 'ended' OR ends_at IS NOT NULL", "ended_at"),
    Index("ix_grant_requests_firm", "firm", "id"),
    Index("ix_grant_requests_dataset", "dataset_id", "id"),
    Index("uq_grant_requests_asked", "dataset_id", "firm", unique=True, postgresql_where="state = 'asked'"),
    **rows_may(Writes.UPDATE),
)
"""A firm has at most one request that waits for each dataset."""


def add_request(connection: Connection, made: GrantRequest) -> bool:
    """Write a request; False when one of the firm waits already."""
    written = insert_or(grant_requests).values(
        id=made.id,
        dataset_id=made.dataset,
        firm=made.firm,
        account_id=made.account,
        purpose=made.purpose,
        contact=made.contact,
        state=made.state,
        asked_at=made.asked_at,
    )
    return connection.execute(written.on_conflict_do_nothing().returning(grant_requests.c.id)).first() is not None


def request_of(connection: Connection, request: GrantRequestId, *, lock: bool = False) -> GrantRequest | None:
    """Return a request, locked until the transaction ends if asked to."""
    query = _requests().where(grant_requests.c.id == request)
    row = connection.execute(query.with_for_update(of=grant_requests) if lock else query).one_or_none()
    return _request(row) if row else None


def requests_page(
    connection: Connection,
    firm: FirmId,
    *,
    received: bool | None,
    state: RequestState | None,
    after: GrantRequestId | None,
    limit: int,
) -> list[GrantRequest]:
    """Return the requests a firm made, or those for its datasets, or (None) both, the newest first."""
    made, got = grant_requests.c.firm == firm, datasets.c.publisher == firm
    query = _requests().where((made | got) if received is None else got if received else made)
    if state is not None:
        query = query.where(grant_requests.c.state == state)
    if after is not None:
        query = query.where(grant_requests.c.id < after)
    rows = connection.execute(query.order_by(grant_requests.c.id.desc()).limit(limit))
    return [_request(row) for row in rows]


def _requests() -> Select[Any]:
    return select(grant_requests, datasets.c.name, datasets.c.publisher).join(
        datasets, datasets.c.id == grant_requests.c.dataset_id
    )


def _request(row: Row[Any]) -> GrantRequest:
    return GrantRequest(
        id=row.id,
        dataset=row.dataset_id,
        dataset_name=row.name,
        publisher=row.publisher,
        firm=row.firm,
        account=row.account_id,
        purpose=row.purpose,
        contact=row.contact,
        state=RequestState(row.state),
        asked_at=row.asked_at,
        answered_at=row.answered_at,
        ends_at=row.ends_at,
        reason=row.reason,
    )


def set_request(connection: Connection, request: GrantRequestId, **values: Any) -> None:
    """Change columns of a request; that the move is legal was decided before."""
    connection.execute(update_rows(grant_requests).where(grant_requests.c.id == request).values(**values))


def grant_ends(
    connection: Connection, dataset: DatasetId, firm: FirmId, version: VersionId, way: ReadWay
) -> list[Moment | None]:
    """Return for each grant of a firm, by order or request, when it ended or will, None while it has no end.

    A grant by order counts where it is of the version, or of every one, and opens the way that is asked for.
    """
    by_order = select(grants.c.ended_at).where(
        grants.c.dataset_id == dataset,
        grants.c.firm == firm,
        or_(grants.c.version_id.is_(None), grants.c.version_id == version),
        grants.c.ways.contains([way.value]),
    )
    by_request = select(grant_requests.c.ends_at).where(
        grant_requests.c.dataset_id == dataset,
        grant_requests.c.firm == firm,
        grant_requests.c.state.in_(_GRANTED),
    )
    return list(connection.execute(union_all(by_order, by_request)).scalars())


def count_grants(connection: Connection, dataset: DatasetId, now: Moment) -> int:
    """Return how many grants of a dataset, by order and by request, last at ``now``."""
    by_order = select(grants.c.firm).where(
        grants.c.dataset_id == dataset, or_(grants.c.ended_at.is_(None), grants.c.ended_at > now)
    )
    by_request = select(grant_requests.c.firm).where(
        grant_requests.c.dataset_id == dataset,
        grant_requests.c.state.in_(_GRANTED),
        or_(grant_requests.c.ends_at.is_(None), grant_requests.c.ends_at > now),
    )
    every = union_all(by_order, by_request).subquery("every")
    return int(connection.execute(select(func.count()).select_from(every)).scalar_one())


def count_waiting_requests(connection: Connection, dataset: DatasetId) -> int:
    """Return how many requests for a grant of a dataset wait for an answer."""
    waiting = select(func.count()).where(
        grant_requests.c.dataset_id == dataset, grant_requests.c.state == RequestState.ASKED
    )
    return int(connection.execute(waiting).scalar_one())


def grants_page(
    connection: Connection, dataset: DatasetId, after: tuple[FirmId, OrderId | GrantRequestId] | None, limit: int
) -> list[Grant]:
    """Return every grant of a dataset, ended ones too, in the order of firm and of what it comes from."""
    by_order = select(
        grants.c.firm,
        type_coerce(grants.c.order_id, Uuid).label("source"),
        literal(OrderId.prefix).label("kind"),
        grants.c.granted_at,
        grants.c.ended_at.label("ends_at"),
    ).where(grants.c.dataset_id == dataset)
    by_request = select(
        grant_requests.c.firm,
        type_coerce(grant_requests.c.id, Uuid),
        literal(GrantRequestId.prefix),
        grant_requests.c.answered_at,
        grant_requests.c.ends_at,
    ).where(grant_requests.c.dataset_id == dataset, grant_requests.c.state.in_(_GRANTED))
    every = union_all(by_order, by_request).subquery("every")
    query = select(every)
    if after:
        firm, source = after[0], after[1].uuid
        query = query.where((every.c.firm > firm) | ((every.c.firm == firm) & (every.c.source > source)))
    kinds: dict[str, type[OrderId | GrantRequestId]] = {each.prefix: each for each in (OrderId, GrantRequestId)}
    return [
        Grant(kinds[row.kind].of_uuid(row.source), dataset, row.firm, row.granted_at, row.ends_at)
        for row in connection.execute(query.order_by(every.c.firm, every.c.source).limit(limit))
    ]
