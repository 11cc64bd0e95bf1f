"""Orders, invoices and documents are open to officers whose authority is concerned with a side (RULINGS 24)."""

from dataclasses import dataclass

import pytest

from registry.actors.model import Actor, Role
from registry.errors import Finding, NotAllowedError, NotFoundError
from registry.exchange import service
from registry.exchange.model import Order, Verification, VerifyInvoice
from registry.journal.work import Work
from registry.manifests import service as manifests
from registry.manifests.uploads import EvidenceKind
from registry.parties.model import Predicate
from registry.values.digest import Digest
from registry.values.identifiers import EvidenceId, InvoiceId, OrderId
from tests.registry.exchange.builders import (
    Market,
    a_buyer,
    a_listing,
    a_placed_order,
    an_accepted_order,
    an_invoice,
    an_officer,
    ask,
    do,
    record_fact,
)
from tests.registry.parties.builders import a_registrar, found_authority


@dataclass(frozen=True)
class Neighbour:
    """The officers of an authority that the market is no affair of."""

    registrar: Actor
    reviewer: Actor


@pytest.fixture
def neighbour(market: Market) -> Neighbour:
    with market.house.database.writing() as connection:
        work = Work(connection, Actor(name="operator"), market.house.clock.now())
        authority = found_authority(work, "neighbour")
    return Neighbour(a_registrar(authority), an_officer(authority, Role.REVIEWER))


def listed(market: Market, reader: Actor) -> list[OrderId]:
    return [OrderId(each.id) for each in ask(market.house, reader, lambda view: service.orders(view, None, 50))]


def shown(market: Market, reader: Actor, order: Order) -> bool:
    try:
        ask(market.house, reader, lambda view: service.order_file(view, OrderId(order.id)))
    except NotFoundError:
        return False
    return True


def test_an_officer_of_another_authority_finds_no_order(market: Market, neighbour: Neighbour) -> None:
    order = an_accepted_order(market, a_listing(market))
    assert shown(market, market.reviewer, order)
    assert not shown(market, neighbour.reviewer, order)
    assert listed(market, neighbour.reviewer) == []


@pytest.mark.parametrize("side", ["buyer", "centre"])
def test_either_side_in_its_register_opens_an_order_to_an_office(
    market: Market, neighbour: Neighbour, side: str
) -> None:
    order = an_accepted_order(market, a_listing(market))
    record_fact(market.house, neighbour.registrar, getattr(market, side), Predicate.CREDIT_CLEAN, Finding.MET)
    assert shown(market, neighbour.reviewer, order)


def test_the_list_holds_exactly_the_orders_that_are_shown(market: Market, neighbour: Neighbour) -> None:
    listing = a_listing(market)
    theirs = a_buyer(market.house, neighbour.registrar)
    made = [a_placed_order(market, listing, 1, buyer) for buyer in (market.buyer, theirs, market.exchange, theirs)]
    readers = (market.reviewer, neighbour.reviewer, market.buyer, theirs, market.centre, market.exchange)
    newest_first = sorted(made, key=lambda each: each.id, reverse=True)
    for reader in readers:
        assert listed(market, reader) == [each.id for each in newest_first if shown(market, reader, each)]
    assert len(listed(market, neighbour.reviewer)) == 2


def test_a_reviewer_of_another_authority_verifies_no_invoice(market: Market, neighbour: Neighbour) -> None:
    order = an_accepted_order(market, a_listing(market))
    invoice = an_invoice(market, order, market.centre)
    today = market.house.clock.now().civil_day()
    command = VerifyInvoice(InvoiceId(invoice.id), Verification.VERIFIED, today)
    with pytest.raises(NotFoundError, match="invoice_not_found"):
        do(market.house, neighbour.reviewer, lambda work: service.verify_invoice(work, command))
    found = ask(market.house, market.reviewer, lambda view: service.invoices(view, OrderId(order.id)))
    assert [each.verification for each in found] == [Verification.UNVERIFIED]
    verified = do(market.house, market.reviewer, lambda work: service.verify_invoice(work, command))
    assert verified.verification is Verification.VERIFIED


def filed(market: Market, owner: Actor) -> EvidenceId:
    digest = Digest.of(b"document")
    made, _ = do(
        market.house, owner, lambda work: manifests.file_evidence(work, EvidenceKind.CONTRACT, "c.pdf", 8, digest)
    )
    return EvidenceId(made.id)


def test_a_document_of_a_firm_is_open_to_the_office_concerned_with_it(market: Market, neighbour: Neighbour) -> None:
    document = filed(market, market.buyer)
    assert ask(market.house, market.reviewer, lambda view: manifests.evidence(view, document)).id == document
    with pytest.raises(NotFoundError, match="evidence_not_found"):
        ask(market.house, neighbour.reviewer, lambda view: manifests.evidence(view, document))
    with pytest.raises(NotFoundError, match="evidence_not_found"):
        ask(market.house, market.centre, lambda view: manifests.evidence(view, document))


def test_a_document_of_an_office_is_its_own(market: Market, neighbour: Neighbour) -> None:
    document = filed(market, market.reviewer)
    assert ask(market.house, market.payer, lambda view: manifests.evidence(view, document)).id == document
    with pytest.raises(NotFoundError, match="evidence_not_found"):
        ask(market.house, neighbour.reviewer, lambda view: manifests.evidence(view, document))


def test_who_does_not_review_is_refused_whatever_the_invoice(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market))
    invoice = an_invoice(market, order, market.centre)
    command = VerifyInvoice(InvoiceId(invoice.id), Verification.VERIFIED, market.house.clock.now().civil_day())
    with pytest.raises(NotAllowedError, match="role_missing"):
        do(market.house, market.payer, lambda work: service.verify_invoice(work, command))
