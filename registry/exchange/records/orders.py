"""Orders and the signed contracts they were accepted under."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Row,
    Select,
    Table,
    Text,
    insert,
    or_,
    select,
    update,
)

from registry.exchange.model import Contract, Order, OrderState, ProductKind, Purpose, Trade
from registry.exchange.records.columns import one_of
from registry.exchange.records.listings import listings
from registry.exchange.signatures import BuyerSignature
from registry.parties.records import stands_in_register
from registry.values.identifiers import AccountId, AuthorityId, DatasetId, FirmId, ListingId, OrderId, VersionId
from registry.values.moment import Moment
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn, MoneyColumn
from storage.batches import any_of
from storage.database import Connection, Writes, metadata, rows_may

orders = Table(
    "orders",
    metadata,
    Column("id", IdColumn(OrderId), primary_key=True),
    Column("listing_id", IdColumn(ListingId), ForeignKey("listings.id", ondelete="RESTRICT"), nullable=False),
    Column("buyer_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    Column("seller_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    Column("product_kind", Key, CheckConstraint(one_of("product_kind", ProductKind), "product_kind"), nullable=False),
    Column("dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT")),
    Column("version_id", IdColumn(VersionId), ForeignKey("versions.id", ondelete="RESTRICT")),
    Column("title", Text, nullable=False),
    Column("quantity", Integer, CheckConstraint("quantity > 0", "quantity"), nullable=False),
    Column("purpose", Key, CheckConstraint(one_of("purpose", Purpose), "purpose"), nullable=False),
    Column("net", MoneyColumn, CheckConstraint("net >= 0", "net"), nullable=False),
    Column("vat", MoneyColumn, CheckConstraint("vat >= 0", "vat"), nullable=False),
    Column("terms_digest", DigestColumn, nullable=False),
    Column("state", Key, CheckConstraint(one_of("state", OrderState), "state"), nullable=False),
    Column("placed_at", MomentColumn, nullable=False),
    Column("accepted_at", MomentColumn),
    Column("contract_digest", DigestColumn),
    Column("delivered_at", MomentColumn),
    Column("delivered_digest", DigestColumn),
    Column("usage", Text),
    Column("signed_at", MomentColumn),
    CheckConstraint("buyer_id <> seller_id", "two_sides"),
    CheckConstraint("(accepted_at IS NULL) = (contract_digest IS NULL)", "contract"),
    CheckConstraint("state = 'cancelled' OR (accepted_at IS NULL) = (state = 'placed')", "accepted"),
    CheckConstraint("signed_at IS NULL OR (accepted_at IS NOT NULL AND state <> 'cancelled')", "signed"),
    CheckConstraint("delivered_at IS NULL OR signed_at IS NOT NULL", "delivered_signed"),
    CheckConstraint(
        "state = 'refunded' OR (delivered_at IS NOT NULL) = (state IN ('delivered', 'closed'))", "delivered"
    ),
    Index("ix_orders_buyer_id_id", "buyer_id", "id"),
    Index("ix_orders_seller_id_id", "seller_id", "id"),
    **rows_may(Writes.UPDATE),
)


contracts = Table(
    "contracts",
    metadata,
    Column("order_id", IdColumn(OrderId), ForeignKey("orders.id", ondelete="RESTRICT"), primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("digest", DigestColumn, nullable=False),
    Column("key", Text, nullable=False),
    Column("signature", LargeBinary, CheckConstraint("length(signature) = 64", "ed25519"), nullable=False),
    Column("signed_at", MomentColumn, nullable=False),
    **rows_may(Writes.APPEND),
)


buyer_signatures = Table(
    "contract_buyer_signatures",
    metadata,
    Column("order_id", IdColumn(OrderId), ForeignKey("contracts.order_id", ondelete="RESTRICT"), primary_key=True),
    Column("contract_digest", DigestColumn, nullable=False),
    Column("firm_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    Column("account_id", IdColumn(AccountId), nullable=False),
    Column("signed_at", MomentColumn, nullable=False),
    Column("key", Text, nullable=False),
    Column("signature", LargeBinary, CheckConstraint("length(signature) = 64", "ed25519"), nullable=False),
    **rows_may(Writes.APPEND),
)
"""Orders that were accepted before buyers signed have none."""


def order_from(row: Row[Any]) -> Order:
    """Return the order of a row."""
    return Order(
        id=row.id,
        listing=row.listing_id,
        buyer=row.buyer_id,
        seller=row.seller_id,
        product_kind=ProductKind(row.product_kind),
        dataset=row.dataset_id,
        version=row.version_id,
        title=row.title,
        quantity=row.quantity,
        purpose=Purpose(row.purpose),
        net=row.net,
        vat=row.vat,
        terms_digest=row.terms_digest,
        state=OrderState(row.state),
        placed_at=row.placed_at,
        accepted_at=row.accepted_at,
        contract_digest=row.contract_digest,
        delivered_at=row.delivered_at,
        delivered_digest=row.delivered_digest,
        usage=row.usage,
        signed_at=row.signed_at,
    )


def add_order(connection: Connection, order: Order) -> None:
    """Write a new order."""
    connection.execute(insert(orders).values(id=order.id, **_order_values(order)))


def save_order(connection: Connection, order: Order) -> None:
    """Write what became of an order."""
    connection.execute(update(orders).where(orders.c.id == order.id).values(**_order_values(order)))


def _order_values(order: Order) -> dict[str, Any]:
    return {
        "listing_id": order.listing,
        "buyer_id": order.buyer,
        "seller_id": order.seller,
        "product_kind": order.product_kind.value,
        "dataset_id": order.dataset,
        "version_id": order.version,
        "title": order.title,
        "quantity": order.quantity,
        "purpose": order.purpose.value,
        "net": order.net,
        "vat": order.vat,
        "terms_digest": order.terms_digest,
        "state": order.state.value,
        "placed_at": order.placed_at,
        "accepted_at": order.accepted_at,
        "contract_digest": order.contract_digest,
        "delivered_at": order.delivered_at,
        "delivered_digest": order.delivered_digest,
        "usage": order.usage,
        "signed_at": order.signed_at,
    }


def order_of(connection: Connection, order: OrderId, *, to_change: bool = False) -> Order | None:
    """Return an order, locked if it or the facts beside it are to be changed."""
    query = select(orders).where(orders.c.id == order)
    row = connection.execute(query.with_for_update() if to_change else query).one_or_none()
    return order_from(row) if row else None


def of_reader(reader: FirmId | AuthorityId) -> ColumnElement[bool]:
    """Return the condition that a firm is a side of an order, or an authority concerned with one."""
    sides = (orders.c.buyer_id, orders.c.seller_id)
    if isinstance(reader, AuthorityId):
        return stands_in_register(reader, sides)
    return or_(*(side == reader for side in sides))


def orders_of(connection: Connection, wanted: Collection[OrderId]) -> dict[OrderId, Order]:
    """Return orders, locked in the order of their ids."""
    query = select(orders).where(any_of(orders.c.id, wanted)).order_by(orders.c.id).with_for_update()
    return {row.id: order_from(row) for row in connection.execute(query)}


def orders_page(connection: Connection, reader: FirmId | AuthorityId, after: OrderId | None, limit: int) -> list[Order]:
    """Return the orders a firm buys or sells by, or those an authority is concerned with, newest first."""
    query: Select[Any] = select(orders).where(of_reader(reader))
    if after:
        query = query.where(orders.c.id < after)
    return [order_from(row) for row in connection.execute(query.order_by(orders.c.id.desc()).limit(limit))]


def trades_of(
    connection: Connection, firms: Collection[FirmId], first: Moment, until: Moment, at: Moment
) -> tuple[Trade, ...]:
    """Return what was bought by or of some firms, by contracts made from ``first`` until before ``until``.

    A contract counts once both have signed it, here by ``at``; its day is the one the seller accepted on. The money of
    a dataset sold through an exchange is its publisher's, who made the offer.
    """
    query = (
        select(orders.c.buyer_id, listings.c.offered_by, orders.c.accepted_at, orders.c.net)
        .join(listings, listings.c.id == orders.c.listing_id)
        .where(orders.c.accepted_at >= first, orders.c.accepted_at < until)
        .where(orders.c.signed_at <= at)
        .where(or_(orders.c.buyer_id.in_(firms), listings.c.offered_by.in_(firms)))
        .order_by(orders.c.accepted_at, orders.c.id)
    )
    return tuple(
        Trade(row.buyer_id, row.offered_by, row.accepted_at.civil_day(), row.net)
        for row in connection.execute(query)
        if row.buyer_id != row.offered_by
    )


def add_contract(connection: Connection, contract: Contract) -> None:
    """Write the signed contract of an order."""
    connection.execute(
        insert(contracts).values(
            order_id=contract.order,
            content=contract.content,
            digest=contract.digest,
            key=contract.key,
            signature=contract.signature,
            signed_at=contract.signed_at,
        )
    )


def contract_of(connection: Connection, order: OrderId) -> Contract | None:
    """Return the signed contract of an order."""
    row = connection.execute(select(contracts).where(contracts.c.order_id == order)).one_or_none()
    if row is None:
        return None
    return Contract(row.order_id, bytes(row.content), row.digest, row.key, bytes(row.signature), row.signed_at)


def add_buyer_signature(connection: Connection, made: BuyerSignature) -> None:
    """Write the buyer's signature on the contract of an order."""
    connection.execute(
        insert(buyer_signatures).values(
            order_id=made.order,
            contract_digest=made.contract,
            firm_id=made.firm,
            account_id=made.account,
            signed_at=made.signed_at,
            key=made.key,
            signature=made.signature,
        )
    )


def buyer_signature_of(connection: Connection, order: OrderId) -> BuyerSignature | None:
    """Return the buyer's signature on the contract of an order."""
    query = select(buyer_signatures).where(buyer_signatures.c.order_id == order)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return BuyerSignature(
        row.order_id, row.contract_digest, row.firm_id, row.account_id, row.signed_at, row.key, bytes(row.signature)
    )
