"""Listings, orders, deliveries, invoices and payments.

An order moves ``placed → accepted → delivered → closed``. The seller accepts by signing the contract, the buyer signs
it after that; until both have, either may cancel. Invoices with their red letters, payments and refunds are facts
beside it: an order is closed once it is delivered, invoiced, verified and paid in full, and ends as ``refunded`` when
all that was paid went back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from registry.exchange.dispute_model import Dispute
from registry.exchange.offer_model import Conditions
from registry.exchange.period_model import OrderPeriod
from registry.exchange.signatures import BuyerSignature
from registry.exchange.step_model import OrderDue
from registry.values.digest import Digest
from registry.values.identifiers import (
    DatasetId,
    FirmId,
    InvoiceId,
    ListingId,
    OrderId,
    PeriodId,
    RedLetterId,
    RefundId,
    VersionId,
)
from registry.values.moment import Moment
from registry.values.money import ZERO, Money, Rate

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
    REFUNDED = "refunded"


ORDER_MOVES: Final[Mapping[OrderState, frozenset[OrderState]]] = {
    OrderState.PLACED: frozenset({OrderState.ACCEPTED, OrderState.CANCELLED}),
    OrderState.ACCEPTED: frozenset({OrderState.DELIVERED, OrderState.CANCELLED, OrderState.REFUNDED}),
    OrderState.DELIVERED: frozenset({OrderState.CLOSED, OrderState.REFUNDED}),
    OrderState.CLOSED: frozenset({OrderState.REFUNDED}),
    OrderState.CANCELLED: frozenset(),
    OrderState.REFUNDED: frozenset(),
}


BINDING: Final = frozenset({OrderState.ACCEPTED, OrderState.DELIVERED, OrderState.CLOSED})
"""Where an order stands whose contract holds, once it is signed."""


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

TAKEN_BACK: Final = frozenset({Verification.VOID, Verification.RED})
"""What the tax platform says of an invoice that stands no more."""

RED_LETTER_MOVES: Final[Mapping[Verification, frozenset[Verification]]] = {
    Verification.UNVERIFIED: frozenset({Verification.VERIFIED, Verification.VOID}),
    Verification.VERIFIED: frozenset({Verification.VERIFIED}),
    Verification.VOID: frozenset(),
    Verification.RED: frozenset(),
}
"""A red letter is there or is not; what was seen on the tax platform is not taken back."""


class RefundState(StrEnum):
    """What the buyer says of money the seller says it sent back."""

    RECORDED = "recorded"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    """It did not arrive."""


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
class SaleFact:
    """What one firm bought under a contract of ``day``, as rules compare it.

    ``supplier`` made the offer, ``seller`` stands on the contract; ``product`` is what was bought (a dataset's lineage,
    or a kind of service), ``kind`` what prices are compared within.
    """

    order: OrderId
    buyer: FirmId
    seller: FirmId
    supplier: FirmId
    product: str
    kind: str
    unit_price: Money
    net: Money
    day: date


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
    signed_at: Moment | None = None
    """When the contract had both signatures; one accepted before buyers signed stands since it was accepted."""

    @property
    def binds(self) -> bool:
        """Whether a contract of both sides stands: to deliver, to invoice, to pay."""
        return self.signed_at is not None and self.state in BINDING

    @property
    def gross(self) -> Money:
        """What is to be paid, VAT included."""
        return self.net + self.vat


@dataclass(frozen=True, slots=True)
class RedLetter:
    """A red-letter invoice (红字发票): it takes back an amount of a blue one, and has a number of its own."""

    id: RedLetterId
    invoice: InvoiceId
    number: str
    issued_on: date
    net: Money
    vat: Money
    verification: Verification
    checked_on: date | None

    @property
    def gross(self) -> Money:
        """What it takes back, VAT included."""
        return self.net + self.vat


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice of the seller for an order (数电票), with the red letters that take back of it.

    ``periods`` are the accepted periods of the order that it bills, if it names any.
    """

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
    red_letters: tuple[RedLetter, ...] = ()
    periods: tuple[PeriodId, ...] = ()

    @property
    def gross(self) -> Money:
        """The total with VAT, as it was issued."""
        return self.net + self.vat

    @property
    def red_net(self) -> Money:
        """What red letters take back, without VAT. One that nobody looked up yet counts, one that is void does not."""
        return sum((each.net for each in self._standing_red_letters()), ZERO)

    @property
    def red_gross(self) -> Money:
        """What red letters take back, VAT included."""
        return sum((each.gross for each in self._standing_red_letters()), ZERO)

    def _standing_red_letters(self) -> tuple[RedLetter, ...]:
        return tuple(each for each in self.red_letters if each.verification is not Verification.VOID)


@dataclass(frozen=True, slots=True)
class Payment:
    """A bank payment of the buyer for an order."""

    order: OrderId
    reference: str
    paid_on: date
    amount: Money
    from_own_account: bool


@dataclass(frozen=True, slots=True)
class Refund:
    """Money the seller sent back to the buyer, VAT included. ``invoice`` None: nothing was invoiced then."""

    id: RefundId
    order: OrderId
    invoice: InvoiceId | None
    amount: Money
    refunded_on: date
    reference: str
    state: RefundState
    recorded_at: Moment
    answered_at: Moment | None


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
    """An order with the facts beside it; ``is_metered``: its price is the most that may become due."""

    order: Order
    contract: Contract | None
    invoices: tuple[Invoice, ...]
    payments: tuple[Payment, ...]
    refunds: tuple[Refund, ...] = ()
    buyer_signature: BuyerSignature | None = None
    dues: tuple[OrderDue, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    is_metered: bool = False
    periods: tuple[OrderPeriod, ...] = ()

    @property
    def goes_by_periods(self) -> bool:
        """Whether what is due follows the periods the buyer accepts: once one was stated, unless reads are metered."""
        return bool(self.periods) and not self.is_metered


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
    """Record an invoice; ``periods`` are those it bills."""

    order: OrderId
    number: str
    issued_on: date
    kind: InvoiceKind
    net: Money
    vat: Money
    periods: tuple[PeriodId, ...] = ()


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
