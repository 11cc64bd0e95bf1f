"""Listings, orders, deliveries, invoices and payments.

An order moves ``placed → accepted → delivered → closed``; it may be cancelled while nobody accepted it. Invoices and
payments are facts beside it: an order is closed once it is delivered, invoiced, verified and paid in full.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from registry.exchange.offer_model import Conditions
from registry.values.digest import Digest
from registry.values.identifiers import DatasetId, FirmId, InvoiceId, ListingId, OrderId, VersionId
from registry.values.moment import Moment
from registry.values.money import Money, Rate

QUANTITY_MAX: Final = 1_000_000


class ProductKind(StrEnum):
    """What is sold; the first three are 数据产品、数据服务 of S1 cl.4, the last 算力服务."""

    DATASET = "dataset"
    API = "api"
    DESENSITISED_DATA = "desensitised_data"
    COMPUTE = "compute"


class Purpose(StrEnum):
    """What a purchase is for; the first three are those of S1 cl.4 for compute."""

    MODEL_TRAINING = "model_training"
    LARGE_SCALE_PROCESSING = "large_scale_processing"
    ALGORITHM_VERIFICATION = "algorithm_verification"
    ANNOTATION = "annotation"
    OTHER = "other"


class ListingState(StrEnum):
    """A listing is offered by whoever has the right, and on sale once the seller on the invoice accepted it."""

    OFFERED = "offered"
    ON_SALE = "on_sale"
    ENDED = "ended"


class OrderState(StrEnum):
    """Where an order stands."""

    PLACED = "placed"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    CLOSED = "closed"
    CANCELLED = "cancelled"


ORDER_MOVES: Final[Mapping[OrderState, frozenset[OrderState]]] = {
    OrderState.PLACED: frozenset({OrderState.ACCEPTED, OrderState.CANCELLED}),
    OrderState.ACCEPTED: frozenset({OrderState.DELIVERED}),
    OrderState.DELIVERED: frozenset({OrderState.CLOSED}),
    OrderState.CLOSED: frozenset(),
    OrderState.CANCELLED: frozenset(),
}


class InvoiceKind(StrEnum):
    """增值税专用发票 (its VAT may be deducted by the buyer) or 普通发票 (it may not)."""

    SPECIAL = "special"
    ORDINARY = "ordinary"


class Verification(StrEnum):
    """Result of looking the invoice up on the tax platform (查验, RULINGS 22)."""

    UNVERIFIED = "unverified"
    VERIFIED = "verified"
    VOID = "void"
    RED = "red"


LISTING_MOVES: Final[Mapping[ListingState, frozenset[ListingState]]] = {
    ListingState.OFFERED: frozenset({ListingState.ON_SALE, ListingState.ENDED}),
    ListingState.ON_SALE: frozenset({ListingState.ENDED}),
    ListingState.ENDED: frozenset(),
}

VERIFICATION_MOVES: Final[Mapping[Verification, frozenset[Verification]]] = {
    Verification.UNVERIFIED: frozenset({Verification.VERIFIED, Verification.VOID, Verification.RED}),
    Verification.VERIFIED: frozenset({Verification.VERIFIED, Verification.VOID, Verification.RED}),
    Verification.VOID: frozenset(),
    Verification.RED: frozenset(),
}
"""An invoice is looked up again on payment day and later; once void or red it stays so (RULINGS 22)."""


@dataclass(frozen=True, slots=True)
class Listing:
    """An offer: what, by whom, on which terms; ``seller`` is whom the contract and the invoice will name.

    A listing of a dataset without a version offers every version that is published while an order runs.
    """

    id: ListingId
    seller: FirmId
    offered_by: FirmId
    product_kind: ProductKind
    title: str
    dataset: DatasetId | None
    version: VersionId | None
    unit: str
    unit_price: Money
    vat_rate: Rate
    terms: str
    purposes: tuple[Purpose, ...]
    source_statement: str
    rights_statement: str
    state: ListingState
    offered_at: Moment
    on_sale_at: Moment | None
    conditions: Conditions

    @property
    def terms_digest(self) -> Digest:
        """What a buyer accepts: the digest of the terms text."""
        return Digest.of(self.terms.encode())


@dataclass(frozen=True, slots=True)
class Trade:
    """What one firm bought of another on a day, without VAT; an exchange between them passes it through."""

    payer: FirmId
    payee: FirmId
    day: date
    net: Money


@dataclass(frozen=True, slots=True)
class Order:
    """A purchase of ``quantity`` units by ``buyer`` from ``seller``."""

    id: OrderId
    listing: ListingId
    buyer: FirmId
    seller: FirmId
    product_kind: ProductKind
    dataset: DatasetId | None
    version: VersionId | None
    title: str
    quantity: int
    purpose: Purpose
    net: Money
    vat: Money
    terms_digest: Digest
    state: OrderState
    placed_at: Moment
    accepted_at: Moment | None
    contract_digest: Digest | None
    delivered_at: Moment | None
    delivered_digest: Digest | None
    usage: str | None = None

    @property
    def gross(self) -> Money:
        """What is to be paid, VAT included."""
        return self.net + self.vat


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice of the seller for an order (数电票)."""

    id: InvoiceId
    order: OrderId
    seller: FirmId
    buyer: FirmId
    number: str
    issued_on: date
    kind: InvoiceKind
    net: Money
    vat: Money
    verification: Verification
    checked_on: date | None

    @property
    def gross(self) -> Money:
        """The total with VAT."""
        return self.net + self.vat


@dataclass(frozen=True, slots=True)
class Payment:
    """A bank payment of the buyer for an order."""

    order: OrderId
    reference: str
    paid_on: date
    amount: Money
    from_own_account: bool


@dataclass(frozen=True, slots=True)
class Contract:
    """What both sides agreed, as canonical JSON, with the installation's signature over exactly these bytes."""

    order: OrderId
    content: bytes
    digest: Digest
    key: str
    signature: bytes
    signed_at: Moment


@dataclass(frozen=True, slots=True)
class OrderFile:
    """An order with the facts beside it."""

    order: Order
    contract: Contract | None
    invoices: tuple[Invoice, ...]
    payments: tuple[Payment, ...]


@dataclass(frozen=True, slots=True)
class OfferListing:
    """Offer something for sale through ``seller``; ``every_version`` in place of a version."""

    seller: FirmId
    product_kind: ProductKind
    title: str
    dataset: str | None
    version: str | None
    unit: str
    unit_price: Money
    vat_rate: Rate
    terms: str
    purposes: tuple[Purpose, ...]
    source_statement: str
    rights_statement: str
    conditions: Conditions
    every_version: bool = False


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """Order units under terms whose digest the buyer names: it cannot accept what it did not see."""

    listing: ListingId
    quantity: int
    purpose: Purpose
    terms_digest: Digest


@dataclass(frozen=True, slots=True)
class ConfirmDelivery:
    """State what arrived: the content digest of a dataset, or the usage of a service in its unit."""

    order: OrderId
    content_digest: Digest | None
    usage: str | None


@dataclass(frozen=True, slots=True)
class ListingFilter:
    """Which listings are asked for; None: any."""

    product_kind: ProductKind | None = None
    dataset: DatasetId | None = None
    seller: FirmId | None = None


@dataclass(frozen=True, slots=True)
class IssueInvoice:
    """Record an invoice."""

    order: OrderId
    number: str
    issued_on: date
    kind: InvoiceKind
    net: Money
    vat: Money


@dataclass(frozen=True, slots=True)
class VerifyInvoice:
    """Record what the tax platform answered."""

    invoice: InvoiceId
    result: Verification
    checked_on: date


@dataclass(frozen=True, slots=True)
class RecordPayment:
    """Record a bank payment."""

    order: OrderId
    paid_on: date
    amount: Money
    reference: str
    from_own_account: bool
