"""A market for tests: an authority with its policy, an annotation firm, a compute centre and an exchange."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from registry.actors.model import Actor, Role, Scope
from registry.errors import Finding
from registry.exchange import service
from registry.exchange.commands import IssueRedLetter, RecordRefund
from registry.exchange.model import (
    ConfirmDelivery,
    Invoice,
    InvoiceKind,
    IssueInvoice,
    Listing,
    OfferListing,
    Order,
    PlaceOrder,
    ProductKind,
    Purpose,
    RecordPayment,
    RedLetter,
    Refund,
    Verification,
    VerifyInvoice,
)
from registry.exchange.offer_model import Buyers, Conditions, PriceKind
from registry.house import House
from registry.journal.work import View, Work
from registry.manifests import service as manifests
from registry.manifests.uploads import EvidenceKind
from registry.parties import service as parties
from registry.parties.commands import RecordFact, RegisterFirm, RegisterProvider
from registry.parties.model import Certificate, FirmKind, Period, Predicate, ProviderKind
from registry.policy import service as policy
from registry.policy.activation import LoadPolicy
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, EvidenceId, FirmId, InvoiceId, ListingId, OrderId
from registry.values.money import Money, Rate
from tests.registry.catalog.builders import complete, put_bytes
from tests.registry.parties.builders import a_registrar, a_uscc, an_owner, found_authority

T = TypeVar("T")

DOCUMENT = "yizhou-2-year-measures"
ISSUED_ON = date(2026, 1, 5)
REGISTERED_ON = date(2026, 1, 1)
ALWAYS = Period(REGISTERED_ON, None)
TERMS = "Use within the firm; no resale."

_numbers = itertools.count(1)


def do(house: House, actor: Actor, use_case: Callable[[Work], T]) -> T:
    """Run a use case in a transaction of its own; it must make its one journal entry."""

    def act(connection: object) -> T:
        work = Work(connection, actor, house.clock.now())  # type: ignore[arg-type]
        made = use_case(work)
        assert work.entry is not None
        return made

    return house.database.retrying(act)


def ask(house: House, actor: Actor, query: Callable[[View], T]) -> T:
    """Run a query and return its answer."""
    with house.view(actor) as view:
        return query(view)


def an_officer(authority: AuthorityId, *roles: Role) -> Actor:
    """Return an officer of an authority."""
    return Actor(
        account=AccountId.new(), name="officer", authority=authority, roles=frozenset(roles), scopes=frozenset(Scope)
    )


@dataclass(frozen=True)
class Market:
    """Who is in the market; each firm by its owner."""

    house: House
    authority: AuthorityId
    registrar: Actor
    reviewer: Actor
    payer: Actor
    buyer: Actor
    centre: Actor
    exchange: Actor


def a_market(house: House) -> Market:
    """Found an authority with the policy in force and register a buyer, a compute centre and a data exchange."""
    authority = _founded(house)
    registrar = a_registrar(authority)
    do(house, registrar, lambda work: policy.load_policy(work, LoadPolicy(DOCUMENT, ISSUED_ON, "伊政办〔2026〕1号")))
    market = Market(
        house,
        authority,
        registrar,
        an_officer(authority, Role.REVIEWER),
        an_officer(authority, Role.PAYER),
        buyer=a_buyer(house, registrar),
        centre=a_firm(house, registrar),
        exchange=a_firm(house, registrar),
    )
    register_provider(market, market.centre, ProviderKind.COMPUTE_CENTRE, green=ALWAYS)
    register_provider(market, market.exchange, ProviderKind.DATA_EXCHANGE)
    return market


def _founded(house: House) -> AuthorityId:
    with house.database.writing() as connection:
        return found_authority(Work(connection, Actor(name="operator"), house.clock.now()), f"office-{next(_numbers)}")


def a_firm(house: House, registrar: Actor) -> Actor:
    """Register a firm and return its owner."""
    number = next(_numbers)
    command = RegisterFirm(a_uscc(1000 + number), f"Firm {number}", "652201", FirmKind.ENTERPRISE)
    return an_owner(do(house, registrar, lambda work: parties.register_firm(work, command)).id)


def a_buyer(house: House, registrar: Actor) -> Actor:
    """Register a data-annotation firm that operates in the region and whose credit is clean."""
    buyer = a_firm(house, registrar)
    for predicate in Predicate:
        record_fact(house, registrar, buyer, predicate, Finding.MET)
    return buyer


def firm_of(owner: Actor) -> FirmId:
    """Return the firm of an owner."""
    assert owner.firm is not None
    return owner.firm


def record_fact(house: House, registrar: Actor, owner: Actor, predicate: Predicate, finding: Finding) -> None:
    """Enter what is known of a firm."""
    command = RecordFact(firm_of(owner), predicate, finding, ALWAYS, "register", REGISTERED_ON)
    do(house, registrar, lambda work: parties.record_fact(work, command))


def register_provider(
    market: Market, owner: Actor, kind: ProviderKind, licence: Period = ALWAYS, green: Period | None = None
) -> None:
    """Enter a firm into a register of providers, with a green certificate if one is given."""
    certificates = (Certificate("green", "G-1", green),) if green else ()
    command = RegisterProvider(firm_of(owner), kind, "L-1", licence, certificates, "register", REGISTERED_ON)
    do(market.house, market.registrar, lambda work: parties.register_provider(work, command))


ONE_YUAN = Money(100)
NO_VAT = Rate(0)


def compute(house: House, seller: Actor, unit_price: Money = ONE_YUAN, vat_rate: Rate = NO_VAT) -> OfferListing:
    """Return an offer of compute at a price for one unit."""
    return OfferListing(
        seller=firm_of(seller),
        product_kind=ProductKind.COMPUTE,
        title="GPU hours",
        dataset=None,
        version=None,
        unit="yuan of compute",
        unit_price=unit_price,
        vat_rate=vat_rate,
        terms=TERMS,
        purposes=(Purpose.MODEL_TRAINING,),
        source_statement="Own machines.",
        rights_statement="Own machines.",
        conditions=conditions(a_document(house, seller)),
    )


def a_document(house: House, owner: Actor) -> EvidenceId:
    """File a document whose bytes have arrived."""
    content = f"document {next(_numbers)}".encode()
    digest = Digest.of(content)
    made, upload = do(
        house,
        owner,
        lambda work: manifests.file_evidence(work, EvidenceKind.STATEMENT, "document.pdf", len(content), digest),
    )
    put_bytes(house, owner, upload, content)
    complete(house, owner, upload.id, digest)
    return made.id


def conditions(document: EvidenceId | None, **changes: object) -> Conditions:
    """Return conditions of an offer at a fixed price to everybody; compute has no licence and no delivery."""
    plain = Conditions(None, PriceKind.FIXED, None, (), Buyers(), document, document)
    return replace(plain, **changes)  # type: ignore[arg-type]


def a_listing(market: Market, **changes: Money | Rate) -> Listing:
    """Put compute of the market's centre on sale."""
    command = compute(market.house, market.centre, **changes)
    return do(market.house, market.centre, lambda work: service.offer_listing(work, command))


def a_placed_order(market: Market, listing: Listing, quantity: int = 120_000, buyer: Actor | None = None) -> Order:
    """Order units of a listing."""
    command = PlaceOrder(ListingId(listing.id), quantity, Purpose.MODEL_TRAINING, listing.terms_digest)
    return do(market.house, buyer or market.buyer, lambda work: service.place_order(work, command))


def an_accepted_order(market: Market, listing: Listing, quantity: int = 120_000, buyer: Actor | None = None) -> Order:
    """Order units of a listing and let the seller accept."""
    order = a_placed_order(market, listing, quantity, buyer)
    return accept(market, order, market.centre)


def accept(market: Market, order: Order, seller: Actor) -> Order:
    """Accept an order, and let its buyer sign."""
    return sign(market, offer_contract(market, order, seller))


def offer_contract(market: Market, order: Order, seller: Actor) -> Order:
    """Accept an order, whose contract the buyer has yet to sign."""
    key = market.house.signing_key
    return do(market.house, seller, lambda work: service.accept_order(work, OrderId(order.id), key)).order


def sign(market: Market, order: Order, buyer: Actor | None = None, contract: Digest | None = None) -> Order:
    """Sign the contract of an order as its buyer."""
    key, digest = market.house.signing_key, contract or order.contract_digest
    assert digest is not None
    who = buyer or an_owner(order.buyer)
    return do(market.house, who, lambda work: service.sign_contract(work, OrderId(order.id), digest, key)).order


def deliver(market: Market, order: Order, digest: Digest | None = None, buyer: Actor | None = None) -> Order:
    """Confirm a delivery: usage, or the digest of content."""
    command = ConfirmDelivery(OrderId(order.id), digest, None if digest else "used in full")
    return do(market.house, buyer or market.buyer, lambda work: service.confirm_delivery(work, command))


def an_invoice(market: Market, order: Order, seller: Actor, net: Money | None = None, **changes: object) -> Invoice:
    """Invoice an order, in full unless ``net`` says otherwise, today unless ``issued_on`` does."""
    today = market.house.clock.now().civil_day()
    issued_on = changes.get("issued_on", today)
    assert isinstance(issued_on, date)
    number = changes.get("number") or f"{issued_on.year % 100:02d}650{next(_numbers):015d}"
    kind = changes.get("kind", InvoiceKind.SPECIAL)
    assert isinstance(kind, InvoiceKind)
    vat = order.vat if net is None else Money(0)
    periods = changes.get("periods", ())
    assert isinstance(periods, tuple)
    command = IssueInvoice(OrderId(order.id), str(number), issued_on, kind, net or order.net, vat, periods)
    return do(market.house, seller, lambda work: service.issue_invoice(work, command))


def verify(market: Market, invoice: Invoice, result: Verification = Verification.VERIFIED) -> Invoice:
    """Record what the tax platform answered today."""
    command = VerifyInvoice(InvoiceId(invoice.id), result, market.house.clock.now().civil_day())
    return do(market.house, market.reviewer, lambda work: service.verify_invoice(work, command))


def pay(market: Market, order: Order, amount: Money | None = None, **changes: object) -> None:
    """Pay an order, in full unless ``amount`` says otherwise, today unless ``paid_on`` does."""
    paid_on = changes.get("paid_on", market.house.clock.now().civil_day())
    assert isinstance(paid_on, date)
    buyer = changes.get("buyer", market.buyer)
    assert isinstance(buyer, Actor)
    command = RecordPayment(
        OrderId(order.id),
        paid_on,
        amount or order.gross,
        str(changes.get("reference", f"REF-{next(_numbers)}")),
        bool(changes.get("from_own_account", True)),
    )
    do(market.house, buyer, lambda work: service.record_payment(work, command))


def a_red_letter(market: Market, invoice: Invoice, seller: Actor, net: Money) -> RedLetter:
    """Take back a part of an invoice today."""
    today = market.house.clock.now().civil_day()
    number = f"{today.year % 100:02d}650{next(_numbers):015d}"
    command = IssueRedLetter(invoice.id, number, today, net, Money(0))
    return do(market.house, seller, lambda work: service.issue_red_letter(work, command))


def a_refund(market: Market, order: Order, seller: Actor, amount: Money, invoice: Invoice | None = None) -> Refund:
    """Send money back today."""
    today = market.house.clock.now().civil_day()
    named = invoice.id if invoice else None
    command = RecordRefund(OrderId(order.id), named, today, amount, f"BACK-{next(_numbers)}")
    return do(market.house, seller, lambda work: service.record_refund(work, command))
