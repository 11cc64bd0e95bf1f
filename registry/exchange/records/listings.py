"""What is offered for sale, and at what price."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    Row,
    Table,
    Text,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from registry.exchange.model import Listing, ListingFilter, ListingState, ProductKind, Purpose
from registry.exchange.offer_model import METERED, BuyerKind, Buyers, Conditions, DeliveryKind, PriceKind
from registry.exchange.records.columns import one_of
from registry.values.identifiers import DatasetId, EvidenceId, FirmId, ListingId, VersionId
from registry.values.money import Money, Rate
from registry.values.records import IdColumn, Key, MomentColumn, MoneyColumn
from storage.database import Connection, Writes, metadata, rows_may

listings = Table(
    "listings",
    metadata,
    Column("id", IdColumn(ListingId), primary_key=True),
    Column("seller_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("offered_by", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("product_kind", Key, CheckConstraint(one_of("product_kind", ProductKind), "product_kind"), nullable=False),
    Column("title", Text, nullable=False),
    Column("dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT"), index=True),
    Column("version_id", IdColumn(VersionId), ForeignKey("versions.id", ondelete="RESTRICT")),
    Column("unit", Text, nullable=False),
    Column("unit_price", MoneyColumn, CheckConstraint("unit_price >= 0", "price"), nullable=False),
    Column("vat_rate_bp", Integer, CheckConstraint("vat_rate_bp BETWEEN 0 AND 10000", "vat"), nullable=False),
    Column("terms", Text, nullable=False),
    Column("purposes", ARRAY(Key), nullable=False),
    Column("source_statement", Text, nullable=False),
    Column("rights_statement", Text, nullable=False),
    Column("state", Key, CheckConstraint(one_of("state", ListingState), "state"), nullable=False),
    Column("offered_at", MomentColumn, nullable=False),
    Column("on_sale_at", MomentColumn),
    Column("licence", Key),
    Column("price_kind", Key, CheckConstraint(one_of("price_kind", PriceKind), "price_kind"), nullable=False),
    Column("unit_size", BigInteger, CheckConstraint("unit_size > 0", "unit_size")),
    Column("delivery", ARRAY(Key), nullable=False),
    Column("buyer_kind", Key, CheckConstraint(one_of("buyer_kind", BuyerKind), "buyer_kind"), nullable=False),
    Column("buyer_firms", ARRAY(IdColumn(FirmId)), nullable=False),
    Column("buyer_sectors", ARRAY(Key), nullable=False),
    Column("source_evidence", IdColumn(EvidenceId), ForeignKey("evidence.id", ondelete="RESTRICT")),
    Column("rights_evidence", IdColumn(EvidenceId), ForeignKey("evidence.id", ondelete="RESTRICT")),
    CheckConstraint("version_id IS NULL OR dataset_id IS NOT NULL", "version_of_dataset"),
    CheckConstraint("(price_kind = 'free') = (unit_price = 0)", "free"),
    CheckConstraint("(price_kind IN ('by_volume', 'by_call')) = (unit_size IS NOT NULL)", "metered"),
    **rows_may(Writes.UPDATE),
)


def _listing(row: Row[Any]) -> Listing:
    return Listing(
        id=row.id,
        seller=row.seller_id,
        offered_by=row.offered_by,
        product_kind=ProductKind(row.product_kind),
        title=row.title,
        dataset=row.dataset_id,
        version=row.version_id,
        unit=row.unit,
        unit_price=row.unit_price,
        vat_rate=Rate(row.vat_rate_bp),
        terms=row.terms,
        purposes=tuple(Purpose(purpose) for purpose in row.purposes),
        source_statement=row.source_statement,
        rights_statement=row.rights_statement,
        state=ListingState(row.state),
        offered_at=row.offered_at,
        on_sale_at=row.on_sale_at,
        conditions=Conditions(
            licence=row.licence,
            price_kind=PriceKind(row.price_kind),
            unit_size=row.unit_size,
            delivery=tuple(DeliveryKind(each) for each in row.delivery),
            buyers=Buyers(BuyerKind(row.buyer_kind), frozenset(row.buyer_firms), frozenset(row.buyer_sectors)),
            source_evidence=row.source_evidence,
            rights_evidence=row.rights_evidence,
        ),
    )


def add_listing(connection: Connection, listing: Listing) -> None:
    """Write a new listing."""
    conditions = listing.conditions
    connection.execute(
        insert(listings).values(
            id=listing.id,
            seller_id=listing.seller,
            offered_by=listing.offered_by,
            product_kind=listing.product_kind.value,
            title=listing.title,
            dataset_id=listing.dataset,
            version_id=listing.version,
            unit=listing.unit,
            unit_price=listing.unit_price,
            vat_rate_bp=listing.vat_rate.basis_points,
            terms=listing.terms,
            purposes=[purpose.value for purpose in listing.purposes],
            source_statement=listing.source_statement,
            rights_statement=listing.rights_statement,
            state=listing.state.value,
            offered_at=listing.offered_at,
            on_sale_at=listing.on_sale_at,
            licence=conditions.licence,
            price_kind=conditions.price_kind.value,
            unit_size=conditions.unit_size,
            delivery=[each.value for each in conditions.delivery],
            buyer_kind=conditions.buyers.kind.value,
            buyer_firms=sorted(conditions.buyers.firms),
            buyer_sectors=sorted(conditions.buyers.sectors),
            source_evidence=conditions.source_evidence,
            rights_evidence=conditions.rights_evidence,
        )
    )


def listing_of(connection: Connection, listing: ListingId, *, to_change: bool = False) -> Listing | None:
    """Return a listing, locked if it is to be changed."""
    query = select(listings).where(listings.c.id == listing)
    row = connection.execute(query.with_for_update() if to_change else query).one_or_none()
    return _listing(row) if row else None


def offered_by(connection: Connection, wanted: Collection[ListingId]) -> dict[ListingId, FirmId]:
    """Return who made each of some offers."""
    query = select(listings.c.id, listings.c.offered_by).where(listings.c.id.in_(wanted))
    return {row.id: row.offered_by for row in connection.execute(query)}


def metered_among(connection: Connection, wanted: Collection[ListingId]) -> set[ListingId]:
    """Return those of some offers whose price is asked for what is read."""
    metered = listings.c.price_kind.in_([each.value for each in METERED])
    return set(connection.execute(select(listings.c.id).where(listings.c.id.in_(wanted), metered)).scalars())


def save_listing_state(connection: Connection, listing: Listing) -> None:
    """Write the state of a listing."""
    connection.execute(
        update(listings)
        .where(listings.c.id == listing.id)
        .values(state=listing.state.value, on_sale_at=listing.on_sale_at)
    )


def lowest_price(connection: Connection, dataset: DatasetId) -> Money | None:
    """Return the lowest unit price a dataset is on sale for, or None where it is not or also for nothing."""
    query = select(listings.c.unit_price).where(
        listings.c.dataset_id == dataset, listings.c.state == ListingState.ON_SALE.value
    )
    found: Money | None = connection.execute(query.order_by(listings.c.unit_price).limit(1)).scalar()
    return found or None


def listings_page(
    connection: Connection,
    wanted: ListingFilter,
    parties: FirmId | None,
    after: ListingId | None,
    limit: int,
) -> list[Listing]:
    """Return listings on sale, with those that a firm offers or sells in whatever state, newest first."""
    query = select(listings)
    on_sale = listings.c.state == ListingState.ON_SALE.value
    own = or_(listings.c.offered_by == parties, listings.c.seller_id == parties)
    query = query.where(or_(on_sale, own) if parties else on_sale)
    if wanted.product_kind:
        query = query.where(listings.c.product_kind == wanted.product_kind.value)
    if wanted.dataset:
        query = query.where(listings.c.dataset_id == wanted.dataset)
    if wanted.seller:
        query = query.where(listings.c.seller_id == wanted.seller)
    if after:
        query = query.where(listings.c.id < after)
    return [_listing(row) for row in connection.execute(query.order_by(listings.c.id.desc()).limit(limit))]
