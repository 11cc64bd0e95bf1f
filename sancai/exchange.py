"""Listings and orders: what is sold, on which terms, and what became of a purchase."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sancai.offers import EVERYBODY, Buyers, Conditions, Licence, SealedSample
from sancai.order_periods import OrderPeriod
from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class Listing:
    """An offer. ``seller`` is the firm that contract and invoice name; prices are without VAT.

    One of a dataset without a version is of every version that is published while an order runs.
    """

    id: str
    state: str
    seller: str
    offered_by: str
    product_kind: str
    title: str
    dataset: str | None
    version: str | None
    unit: str
    unit_price_fen: int
    unit_price_text: str
    vat_rate_bp: int
    terms: str
    terms_sha256: str
    purposes: tuple[str, ...]
    source_statement: str
    rights_statement: str
    offered_at: str
    on_sale_at: str | None
    conditions: Conditions


@dataclass(frozen=True, slots=True)
class Contract:
    """The signed contract: canonical JSON, its digest, and an Ed25519 signature (base64) by the named key."""

    content: str
    digest: str
    key: str
    signature: str
    signed_at: str


@dataclass(frozen=True, slots=True)
class BuyerSignature:
    """The buyer's signature: the signed statement, and an Ed25519 signature (base64) over it by the named key."""

    statement: str
    firm: str
    account: str
    signed_at: str
    key: str
    signature: str


@dataclass(frozen=True, slots=True)
class RedLetter:
    """A red-letter invoice: what it takes back of ``invoice``."""

    id: str
    invoice: str
    number: str
    issued_on: str
    net_fen: int
    vat_fen: int
    gross_fen: int
    verification: str
    checked_on: str | None


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice with what the tax platform last answered, what its red letters leave without VAT, what it bills."""

    id: str
    order: str
    number: str
    issued_on: str
    kind: str
    net_fen: int
    vat_fen: int
    gross_fen: int
    verification: str
    checked_on: str | None
    red_letters: tuple[RedLetter, ...] = ()
    net_left_fen: int | None = None
    periods: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderPayment:
    """A bank payment of the buyer."""

    order: str
    reference: str
    paid_on: str
    amount_fen: int
    amount_text: str
    from_own_account: bool


@dataclass(frozen=True, slots=True)
class Refund:
    """Money the seller sent back: ``recorded``, ``confirmed`` by the buyer, or ``refused`` as it did not arrive."""

    id: str
    order: str
    invoice: str | None
    amount_fen: int
    amount_text: str
    refunded_on: str
    reference: str
    state: str
    recorded_at: str
    answered_at: str | None


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute over an order: what is wrong, the seller's newest offer, how it ended. Amounts with VAT."""

    id: str
    order: str
    reason: str
    evidence_sha256: tuple[str, ...]
    state: str
    opened_at: str
    proposed_remedy: str | None
    proposed_refund_fen: int | None
    proposed_text: str | None
    proposed_at: str | None
    remedy: str | None
    refund_fen: int | None
    ended_text: str | None
    ended_at: str | None
    number: str | None
    authority: str | None


@dataclass(frozen=True, slots=True)
class OrderDue:
    """A step an order waits for: ``side`` (buyer, seller, office) has to act until ``due_at``.

    ``lateness`` is ``within``, ``overdue``, ``escalated`` or ``unknown``; ``about`` names an invoice or a refund.
    """

    step: str
    side: str
    about: str | None
    began_at: str
    due_at: str | None
    days_late: int
    lateness: str


@dataclass(frozen=True, slots=True)
class Order:
    """An order; contract, invoices, payments and refunds come with ``Exchange.order`` only."""

    id: str
    listing: str
    buyer: str
    seller: str
    product_kind: str
    title: str
    dataset: str | None
    version: str | None
    quantity: int
    purpose: str
    net_fen: int
    vat_fen: int
    gross_fen: int
    gross_text: str
    terms_sha256: str
    state: str
    placed_at: str
    accepted_at: str | None
    contract_digest: str | None
    delivered_at: str | None
    delivered_digest: str | None
    usage: str | None
    contract: Contract | None = None
    invoices: tuple[Invoice, ...] = ()
    payments: tuple[OrderPayment, ...] = ()
    paid_fen: int = 0
    refunds: tuple[Refund, ...] = ()
    refunded_fen: int = 0
    signed_at: str | None = None
    buyer_signature: BuyerSignature | None = None
    waits_for: tuple[OrderDue, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    periods: tuple[OrderPeriod, ...] = ()


class Exchange:
    """Listings and orders of one service."""

    def __init__(self, session: Session) -> None:
        """Prepare calls over ``session``."""
        self._session = session

    def offer(  # noqa: PLR0913 -- an offer is all of this, and each is named
        self,
        *,
        provider: str,
        product_kind: str,
        title: str,
        unit: str,
        unit_price_fen: int,
        vat_rate_bp: int,
        terms: str,
        source_statement: str,
        rights_statement: str,
        purposes: Sequence[str] = (),
        dataset: str | None = None,
        version: str | None = None,
        every_version: bool = False,
        source_evidence: str | None = None,
        rights_evidence: str | None = None,
        licence: str | None = None,
        price_kind: str = "fixed",
        unit_size: int | None = None,
        delivery: Sequence[str] = (),
        buyers: Buyers = EVERYBODY,
    ) -> Listing:
        """Offer something for sale through the firm ``provider``.

        Args:
            provider: The id of the seller; what a seller offers itself is on sale at once.
            product_kind: ``dataset``, ``api``, ``desensitised_data`` or ``compute``.
            title: What is sold, in a few words.
            unit: What one unit is.
            unit_price_fen: Whole fen for one unit, without VAT.
            vat_rate_bp: VAT in basis points (600 = 6 %).
            terms: What a buyer accepts.
            source_statement: Where it comes from (数据安全法 33).
            rights_statement: By which right it is traded.
            purposes: What it is offered for; none: anything. Compute names at least one.
            dataset: ``namespace/slug`` of the dataset.
            version: Its version, for example ``v1``.
            every_version: In place of ``version``: every one that is published while an order runs.
            source_evidence: The id of a filed document that shows where it comes from.
            rights_evidence: The id of a filed document that shows the right to trade it.
            licence: One of ``licences()``; data left without is under the licence of its dataset.
            price_kind: ``free``, ``fixed``, ``by_volume`` or ``by_call``.
            unit_size: Bytes or reads of one unit, for the last two.
            delivery: ``download``, ``table_reads``; data left without is downloaded.
            buyers: Who may buy.

        Raises:
            SancaiError: As the service refuses it; ``RuleError`` lists everything that is missing.
        """
        body = {
            "dataset": dataset,
            "version": version,
            "provider": provider,
            "product_kind": product_kind,
            "title": title,
            "unit": unit,
            "unit_price_fen": unit_price_fen,
            "vat_rate_bp": vat_rate_bp,
            "terms": terms,
            "purposes": list(purposes),
            "source_statement": source_statement,
            "rights_statement": rights_statement,
            "every_version": every_version,
            "source_evidence": source_evidence,
            "rights_evidence": rights_evidence,
            "licence": licence,
            "price_kind": price_kind,
            "unit_size": unit_size,
            "delivery": list(delivery),
            "buyers": {"kind": buyers.kind, "firms": list(buyers.firms), "sectors": list(buyers.sectors)},
        }
        return shaped(Listing, self._session.post("/listings", body))

    def licences(self) -> tuple[Licence, ...]:
        """Return every licence a listing may name. Raises SancaiError."""
        return tuple(shaped(Licence, item) for item in self._session.get("/licences")["items"])

    def seal_sample(self, listing: str) -> SealedSample:
        """Seal a sample of what a listing of yours offers; which rows it shows nobody chooses. Raises SancaiError."""
        return shaped(SealedSample, self._session.post(f"/listings/{listing}/sample", {}))

    def sample(self, listing: str) -> SealedSample:
        """Return the sealed sample of a listing; ``verify`` checks it. Raises SancaiError."""
        return shaped(SealedSample, self._session.get(f"/listings/{listing}/sample"))

    def accept_listing(self, listing: str) -> Listing:
        """Accept, as its seller, to sell what another firm offers. Raises SancaiError."""
        return shaped(Listing, self._session.post(f"/listings/{listing}/accept"))

    def end_listing(self, listing: str) -> Listing:
        """Take a listing off sale. Raises SancaiError."""
        return shaped(Listing, self._session.post(f"/listings/{listing}/end"))

    def listing(self, listing: str) -> Listing:
        """Return a listing with its terms. Raises SancaiError."""
        return shaped(Listing, self._session.get(f"/listings/{listing}"))

    def listings(
        self, product_kind: str | None = None, dataset: str | None = None, seller: str | None = None
    ) -> Iterator[Listing]:
        """Yield what is on sale and your own listings, newest first. Raises SancaiError."""
        pages = self._session.pages("/listings", product_kind=product_kind, dataset=dataset, seller=seller)
        return (shaped(Listing, item) for item in pages)

    def place(self, listing: str, quantity: int, purpose: str, terms_sha256: str) -> Order:
        """Order units of a listing under the terms of that digest. Raises SancaiError."""
        body = {"listing": listing, "quantity": quantity, "purpose": purpose, "terms_sha256": terms_sha256}
        return shaped(Order, self._session.post("/orders", body))

    def accept(self, order: str) -> Order:
        """Accept an order as its seller; the answer holds the contract it signed. Raises SancaiError."""
        return shaped(Order, self._session.post(f"/orders/{order}/accept"))

    def sign(self, order: str, contract_digest: str) -> Order:
        """Sign, as the buyer, the contract of that digest; it stands then. Raises SancaiError."""
        return shaped(Order, self._session.post(f"/orders/{order}/sign", {"contract_digest": contract_digest}))

    def decline(self, order: str) -> Order:
        """Decline, as the seller, an order whose contract is not signed by both yet. Raises SancaiError."""
        return shaped(Order, self._session.post(f"/orders/{order}/decline"))

    def cancel(self, order: str) -> Order:
        """Cancel an order of yours whose contract is not signed by both yet. Raises SancaiError."""
        return shaped(Order, self._session.post(f"/orders/{order}/cancel"))

    def confirm_delivery(self, order: str, content_digest: str | None = None, usage: str | None = None) -> Order:
        """Confirm, as the buyer, the content that arrived or the usage of a service. Raises SancaiError."""
        body = {"content_digest": content_digest, "usage": usage}
        return shaped(Order, self._session.post(f"/orders/{order}/delivery", body))

    def state_period(
        self,
        order: str,
        *,
        first_day: date,
        last_day: date,
        used: int | None = None,
        log_sha256: str | None = None,
        evidence: str | None = None,
    ) -> OrderPeriod:
        """State, as the seller, what was delivered in a period; no ``used`` where it is metered. Raises SancaiError."""
        body = {
            "first_day": first_day.isoformat(),
            "last_day": last_day.isoformat(),
            "used": used,
            "log_sha256": log_sha256,
            "evidence": evidence,
        }
        return shaped(OrderPeriod, self._session.post(f"/orders/{order}/periods", body))

    def period_log(self, period: str) -> bytes:
        """Return the usage log of a period as the seller filed it. Raises NotFoundError where it filed none."""
        return self._session.content(f"/periods/{period}/log")

    def accept_period(self, period: str, reason: str = "") -> OrderPeriod:
        """Accept a period as the buyer (验收); the last one completes the delivery. Raises SancaiError."""
        return shaped(OrderPeriod, self._session.post(f"/periods/{period}/accept", {"reason": reason}))

    def object_period(self, period: str, reason: str) -> OrderPeriod:
        """Object to a period as the buyer; the seller may state its days anew. Raises SancaiError."""
        return shaped(OrderPeriod, self._session.post(f"/periods/{period}/object", {"reason": reason}))

    def invoice(
        self,
        order: str,
        *,
        number: str,
        issued_on: date,
        net_fen: int,
        vat_fen: int,
        kind: str = "special",
        periods: Sequence[str] = (),
    ) -> Invoice:
        """Record an invoice of the seller (20 digits; ``special`` 专票 or ``ordinary`` 普票), of ``periods`` if any.

        Raises SancaiError.
        """
        body = {
            "number": number,
            "issued_on": issued_on.isoformat(),
            "net_fen": net_fen,
            "vat_fen": vat_fen,
            "kind": kind,
            "periods": list(periods),
        }
        return shaped(Invoice, self._session.post(f"/orders/{order}/invoices", body))

    def verify_invoice(self, invoice: str, status: str, checked_on: date) -> Invoice:
        """Record what the tax platform answered: ``verified``, ``void`` or ``red``. Raises SancaiError."""
        body = {"status": status, "checked_on": checked_on.isoformat()}
        return shaped(Invoice, self._session.post(f"/invoices/{invoice}/verification", body))

    def red_letter(self, invoice: str, *, number: str, issued_on: date, net_fen: int, vat_fen: int) -> RedLetter:
        """Record, as the seller, a red-letter invoice over a part of an invoice or all of it. Raises SancaiError."""
        body = {"number": number, "issued_on": issued_on.isoformat(), "net_fen": net_fen, "vat_fen": vat_fen}
        return shaped(RedLetter, self._session.post(f"/invoices/{invoice}/red-letters", body))

    def verify_red_letter(self, red_letter: str, status: str, checked_on: date) -> RedLetter:
        """Record what the tax platform answered of a red letter: ``verified`` or ``void``. Raises SancaiError."""
        body = {"status": status, "checked_on": checked_on.isoformat()}
        return shaped(RedLetter, self._session.post(f"/red-letters/{red_letter}/verification", body))

    def refund(
        self, order: str, *, amount_fen: int, refunded_on: date, reference: str, invoice: str | None = None
    ) -> Refund:
        """Record, as the seller, money sent back, with VAT; name the invoice if there is one. Raises SancaiError."""
        body = {
            "invoice": invoice,
            "amount_fen": amount_fen,
            "refunded_on": refunded_on.isoformat(),
            "reference": reference,
        }
        return shaped(Refund, self._session.post(f"/orders/{order}/refunds", body))

    def answer_refund(self, refund: str, *, arrived: bool) -> Refund:
        """Say, as the buyer, whether a refund arrived. Raises SancaiError."""
        return shaped(Refund, self._session.post(f"/refunds/{refund}/answer", {"arrived": arrived}))

    def pay(
        self, order: str, *, paid_on: date, amount_fen: int, reference: str, from_own_account: bool = True
    ) -> OrderPayment:
        """Record a bank payment of the buyer. Raises SancaiError."""
        body = {
            "paid_on": paid_on.isoformat(),
            "amount_fen": amount_fen,
            "reference": reference,
            "from_own_account": from_own_account,
        }
        return shaped(OrderPayment, self._session.post(f"/orders/{order}/payments", body))

    def order(self, order: str) -> Order:
        """Return an order with its contract, invoices, payments and refunds. Raises SancaiError."""
        return shaped(Order, self._session.get(f"/orders/{order}"))

    def orders(self) -> Iterator[Order]:
        """Yield your orders, newest first. Raises SancaiError."""
        return (shaped(Order, item) for item in self._session.pages("/orders"))

    def waiting(self) -> Iterator[Order]:
        """Yield the orders on which you have to act next, newest first, with what waits for you. Raises SancaiError."""
        return (shaped(Order, item) for item in self._session.pages("/orders/waiting"))

    def dispute(self, order: str, reason: str, evidence_sha256: Sequence[str] = ()) -> Dispute:
        """Dispute, as the buyer, what an order delivered; within the window after the delivery. Raises SancaiError."""
        body = {"reason": reason, "evidence_sha256": list(evidence_sha256)}
        return shaped(Dispute, self._session.post(f"/orders/{order}/disputes", body))

    def propose_remedy(self, dispute: str, remedy: str, *, refund_fen: int = 0, text: str = "") -> Dispute:
        """Offer, as the seller, a ``refund``, ``redelivery`` or ``nothing``. Raises SancaiError."""
        body = {"remedy": remedy, "refund_fen": refund_fen, "text": text}
        return shaped(Dispute, self._session.post(f"/disputes/{dispute}/proposal", body))

    def settle_dispute(self, dispute: str) -> Dispute:
        """Agree, as the buyer, to what the seller proposed last. Raises SancaiError."""
        return shaped(Dispute, self._session.post(f"/disputes/{dispute}/settle"))

    def withdraw_dispute(self, dispute: str) -> Dispute:
        """Take a dispute back, as the buyer. Raises SancaiError."""
        return shaped(Dispute, self._session.post(f"/disputes/{dispute}/withdraw"))

    def decide_dispute(self, dispute: str, remedy: str, *, number: str, reasons: str, refund_fen: int = 0) -> Dispute:
        """Decide a dispute, as an officer tied to neither side, in a numbered document. Raises SancaiError."""
        body = {"remedy": remedy, "refund_fen": refund_fen, "number": number, "reasons": reasons}
        return shaped(Dispute, self._session.post(f"/disputes/{dispute}/decision", body))
