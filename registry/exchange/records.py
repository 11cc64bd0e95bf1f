"""Tables of the exchange: listings, orders with their contracts, invoices with every look-up, payments."""

from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Row,
    Select,
    Table,
    Text,
    UniqueConstraint,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.exchange.model import (
    Contract,
    Invoice,
    InvoiceKind,
    Listing,
    ListingFilter,
    ListingState,
    Order,
    OrderState,
    Payment,
    ProductKind,
    Purpose,
    Verification,
    VerifyInvoice,
)
from registry.values.identifiers import AccountId, DatasetId, FactId, FirmId, InvoiceId, ListingId, OrderId, VersionId
from registry.values.moment import Moment
from registry.values.money import Money, Rate
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn, MoneyColumn
from storage.database import Connection, Writes, metadata, rows_may


def _one_of(
    column: str, kind: type[ProductKind | Purpose | ListingState | OrderState | InvoiceKind | Verification]
) -> str:
    return f"{column} IN ({', '.join(repr(member.value) for member in kind)})"


listings = Table(
    "listings",
    metadata,
    Column("id", IdColumn(ListingId), primary_key=True),
    Column("seller_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("offered_by", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("product_kind", Key, CheckConstraint(_one_of("product_kind", ProductKind), "product_kind"), nullable=False),
    Column("title", Text, nullable=False),
    Column("dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT"), index=True),
    Column("version_id", IdColumn(VersionId), ForeignKey("versions.id", ondelete="RESTRICT")),
    Column("unit", Text, nullable=False),
    Column("unit_price", MoneyColumn, CheckConstraint("unit_price > 0", "price"), nullable=False),
    Column("vat_rate_bp", Integer, CheckConstraint("vat_rate_bp BETWEEN 0 AND 10000", "vat"), nullable=False),
    Column("terms", Text, nullable=False),
    Column("purposes", ARRAY(Key), nullable=False),
    Column("source_statement", Text, nullable=False),
    Column("rights_statement", Text, nullable=False),
    Column("state", Key, CheckConstraint(_one_of("state", ListingState), "state"), nullable=False),
    Column("offered_at", MomentColumn, nullable=False),
    Column("on_sale_at", MomentColumn),
    CheckConstraint("(dataset_id IS NULL) = (version_id IS NULL)", "dataset_with_version"),
    **rows_may(Writes.UPDATE),
)

orders = Table(
    "orders",
    metadata,
    Column("id", IdColumn(OrderId), primary_key=True),
    Column("listing_id", IdColumn(ListingId), ForeignKey("listings.id", ondelete="RESTRICT"), nullable=False),
    Column("buyer_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    Column("seller_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    Column("product_kind", Key, CheckConstraint(_one_of("product_kind", ProductKind), "product_kind"), nullable=False),
    Column("dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT")),
    Column("version_id", IdColumn(VersionId), ForeignKey("versions.id", ondelete="RESTRICT")),
    Column("title", Text, nullable=False),
    Column("quantity", Integer, CheckConstraint("quantity > 0", "quantity"), nullable=False),
    Column("purpose", Key, CheckConstraint(_one_of("purpose", Purpose), "purpose"), nullable=False),
    Column("net", MoneyColumn, CheckConstraint("net > 0", "net"), nullable=False),
    Column("vat", MoneyColumn, CheckConstraint("vat >= 0", "vat"), nullable=False),
    Column("terms_digest", DigestColumn, nullable=False),
    Column("state", Key, CheckConstraint(_one_of("state", OrderState), "state"), nullable=False),
    Column("placed_at", MomentColumn, nullable=False),
    Column("accepted_at", MomentColumn),
    Column("contract_digest", DigestColumn),
    Column("delivered_at", MomentColumn),
    Column("delivered_digest", DigestColumn),
    Column("usage", Text),
    CheckConstraint("buyer_id <> seller_id", "two_sides"),
    CheckConstraint("(accepted_at IS NULL) = (contract_digest IS NULL)", "contract"),
    CheckConstraint("(accepted_at IS NULL) = (state IN ('placed', 'cancelled'))", "accepted"),
    CheckConstraint("(delivered_at IS NOT NULL) = (state IN ('delivered', 'closed'))", "delivered"),
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

invoices = Table(
    "invoices",
    metadata,
    Column("id", IdColumn(InvoiceId), primary_key=True),
    Column("order_id", IdColumn(OrderId), ForeignKey("orders.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("seller_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    Column("buyer_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    Column("number", Key, CheckConstraint("number ~ '^[0-9]{20}$'", "number"), nullable=False, unique=True),
    Column("issued_on", Date, nullable=False),
    Column("kind", Key, CheckConstraint(_one_of("kind", InvoiceKind), "kind"), nullable=False),
    Column("net", MoneyColumn, CheckConstraint("net > 0", "net"), nullable=False),
    Column("vat", MoneyColumn, CheckConstraint("vat >= 0", "vat"), nullable=False),
    Column("verification", Key, CheckConstraint(_one_of("verification", Verification), "verification"), nullable=False),
    Column("checked_on", Date),
    Column("recorded_at", MomentColumn, nullable=False),
    CheckConstraint("(verification = 'unverified') = (checked_on IS NULL)", "checked"),
    **rows_may(Writes.UPDATE),
)
"""A number is used once for ever, also by another seller and also when the invoice turns out void."""

invoice_checks = Table(
    "invoice_checks",
    metadata,
    Column("id", IdColumn(FactId), primary_key=True),
    Column(
        "invoice_id", IdColumn(InvoiceId), ForeignKey("invoices.id", ondelete="RESTRICT"), nullable=False, index=True
    ),
    Column("recorded_at", MomentColumn, nullable=False),
    Column("result", Key, CheckConstraint(_one_of("result", Verification), "result"), nullable=False),
    Column("checked_on", Date, nullable=False),
    Column("recorded_by", IdColumn(AccountId)),
    **rows_may(Writes.APPEND),
)

payments = Table(
    "order_payments",
    metadata,
    Column("order_id", IdColumn(OrderId), ForeignKey("orders.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("payer_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), primary_key=True),
    Column("reference", Key, primary_key=True),
    Column("paid_on", Date, nullable=False),
    Column("amount", MoneyColumn, CheckConstraint("amount > 0", "amount"), nullable=False),
    Column("from_own_account", Boolean, nullable=False),
    Column("recorded_at", MomentColumn, nullable=False),
    UniqueConstraint("order_id", "reference"),
    **rows_may(Writes.APPEND),
)
"""One bank payment is recorded once, whichever order it is said to be for."""


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
    )


def add_listing(connection: Connection, listing: Listing) -> None:
    """Write a new listing."""
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
        )
    )


def listing_of(connection: Connection, listing: ListingId, *, to_change: bool = False) -> Listing | None:
    """Return a listing, locked if it is to be changed."""
    query = select(listings).where(listings.c.id == listing)
    row = connection.execute(query.with_for_update() if to_change else query).one_or_none()
    return _listing(row) if row else None


def save_listing_state(connection: Connection, listing: Listing) -> None:
    """Write the state of a listing."""
    connection.execute(
        update(listings)
        .where(listings.c.id == listing.id)
        .values(state=listing.state.value, on_sale_at=listing.on_sale_at)
    )


def lowest_price(connection: Connection, dataset: DatasetId) -> Money | None:
    """Return the lowest unit price a dataset is on sale for, or None."""
    query = select(listings.c.unit_price).where(
        listings.c.dataset_id == dataset, listings.c.state == ListingState.ON_SALE.value
    )
    found: Money | None = connection.execute(query.order_by(listings.c.unit_price).limit(1)).scalar()
    return found


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


def _order(row: Row[Any]) -> Order:
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
    }


def order_of(connection: Connection, order: OrderId, *, to_change: bool = False) -> Order | None:
    """Return an order, locked if it or the facts beside it are to be changed."""
    query = select(orders).where(orders.c.id == order)
    row = connection.execute(query.with_for_update() if to_change else query).one_or_none()
    return _order(row) if row else None


def orders_page(connection: Connection, party: FirmId | None, after: OrderId | None, limit: int) -> list[Order]:
    """Return orders a firm buys or sells by, or all of them, newest first."""
    query: Select[Any] = select(orders)
    if party:
        query = query.where(or_(orders.c.buyer_id == party, orders.c.seller_id == party))
    if after:
        query = query.where(orders.c.id < after)
    return [_order(row) for row in connection.execute(query.order_by(orders.c.id.desc()).limit(limit))]


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


def _invoice(row: Row[Any]) -> Invoice:
    return Invoice(
        id=row.id,
        order=row.order_id,
        seller=row.seller_id,
        buyer=row.buyer_id,
        number=row.number,
        issued_on=row.issued_on,
        kind=InvoiceKind(row.kind),
        net=row.net,
        vat=row.vat,
        verification=Verification(row.verification),
        checked_on=row.checked_on,
    )


def add_invoice(connection: Connection, invoice: Invoice, now: Moment) -> bool:
    """Write an invoice; False when its number is known."""
    made = connection.execute(
        insert_or(invoices)
        .values(
            id=invoice.id,
            order_id=invoice.order,
            seller_id=invoice.seller,
            buyer_id=invoice.buyer,
            number=invoice.number,
            issued_on=invoice.issued_on,
            kind=invoice.kind.value,
            net=invoice.net,
            vat=invoice.vat,
            verification=invoice.verification.value,
            checked_on=invoice.checked_on,
            recorded_at=now,
        )
        .on_conflict_do_nothing(index_elements=["number"])
        .returning(invoices.c.id)
    )
    return made.scalar() is not None


def invoice_of(connection: Connection, invoice: InvoiceId) -> Invoice | None:
    """Return an invoice."""
    row = connection.execute(select(invoices).where(invoices.c.id == invoice)).one_or_none()
    return _invoice(row) if row else None


def invoices_of(connection: Connection, order: OrderId) -> tuple[Invoice, ...]:
    """Return the invoices of an order by day and number."""
    query = select(invoices).where(invoices.c.order_id == order).order_by(invoices.c.issued_on, invoices.c.number)
    return tuple(_invoice(row) for row in connection.execute(query))


def add_check(connection: Connection, command: VerifyInvoice, by: AccountId | None, now: Moment) -> None:
    """Write what the tax platform answered, beside all it answered before."""
    connection.execute(
        insert(invoice_checks).values(
            id=FactId.new(),
            invoice_id=command.invoice,
            recorded_at=now,
            result=command.result.value,
            checked_on=command.checked_on,
            recorded_by=by,
        )
    )
    connection.execute(
        update(invoices)
        .where(invoices.c.id == command.invoice)
        .values(verification=command.result.value, checked_on=command.checked_on)
    )


def add_payment(connection: Connection, payment: Payment, payer: FirmId, now: Moment) -> bool:
    """Write a payment; False when the payer has named this reference before."""
    made = connection.execute(
        insert_or(payments)
        .values(
            order_id=payment.order,
            payer_id=payer,
            reference=payment.reference,
            paid_on=payment.paid_on,
            amount=payment.amount,
            from_own_account=payment.from_own_account,
            recorded_at=now,
        )
        .on_conflict_do_nothing()
        .returning(payments.c.reference)
    )
    return made.scalar() is not None


def payments_of(connection: Connection, order: OrderId) -> tuple[Payment, ...]:
    """Return the payments for an order by day and reference."""
    query = select(payments).where(payments.c.order_id == order).order_by(payments.c.paid_on, payments.c.reference)
    return tuple(
        Payment(row.order_id, row.reference, row.paid_on, row.amount, row.from_own_account)
        for row in connection.execute(query)
    )
