"""A counter for tests that make thousands of purchases: each is ready in one transaction, written as the exchange does.

Also a real PostgreSQL of one's own, from whose template an installation with its market is cloned in some ten
milliseconds.
"""

import itertools
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final
from unittest import mock

from sqlalchemy import create_engine, text

from registry.actors.model import Actor
from registry.exchange import records as exchange_records
from registry.exchange.model import (
    Invoice,
    InvoiceKind,
    Listing,
    Order,
    OrderState,
    Payment,
    ProductKind,
    Purpose,
    Verification,
    VerifyInvoice,
)
from registry.journal.signing import SigningKey
from registry.parties import service as parties
from registry.values.digest import Digest
from registry.values.identifiers import AuthorityId, FirmId, InvoiceId, OrderId
from registry.values.moment import Clock
from registry.values.money import ZERO, Money
from registry.vouchers import pools
from registry.vouchers.model import Pool
from registry.vouchers.payee import PayeeGiven
from storage.database import Connection
from storage.embedded_postgres import EmbeddedPostgres
from storage.migrate import create_database, migrate
from tests.registry.exchange.builders import Market, a_buyer, a_listing, a_market, ask, firm_of
from tests.registry.vouchers.builders import ACCOUNT_NUMBER, a_pool
from tests.world import ORIGIN, MovableClock, open_house

TEMPLATE: Final = "counter"
MEMORY: Final = Path("/dev/shm")
_databases = itertools.count(1)


def an_order(connection: Connection, clock: Clock, listing: Listing, buyer: FirmId, net: Money) -> Order:
    """Write an order of compute that was accepted and delivered this instant."""
    now = clock.now()
    made = Order(
        id=OrderId.new(),
        listing=listing.id,
        buyer=buyer,
        seller=listing.seller,
        product_kind=ProductKind.COMPUTE,
        dataset=None,
        version=None,
        title=listing.title,
        quantity=1,
        purpose=Purpose.MODEL_TRAINING,
        net=net,
        vat=ZERO,
        terms_digest=listing.terms_digest,
        state=OrderState.DELIVERED,
        placed_at=now,
        accepted_at=now,
        signed_at=now,
        contract_digest=Digest.of(b"contract"),
        delivered_at=now,
        delivered_digest=None,
        usage="used in full",
    )
    exchange_records.add_order(connection, made)
    return made


def a_paid_invoice(
    connection: Connection, clock: Clock, order: Order, net: Money, issued_on: date, paid_on: date
) -> Invoice:
    """Write an invoice over ``net`` of an order, verified, and the payment that covers it."""
    # Of the invoice's own id: several processes write invoices of one order at the same time.
    invoice = InvoiceId.new()
    number = f"{issued_on.year % 100:02d}65{invoice.uuid.int % 10**16:016d}"
    made = Invoice(
        id=invoice,
        order=order.id,
        seller=order.seller,
        buyer=order.buyer,
        number=number,
        issued_on=issued_on,
        kind=InvoiceKind.SPECIAL,
        net=net,
        vat=ZERO,
        verification=Verification.UNVERIFIED,
        checked_on=None,
    )
    assert exchange_records.take_number(connection, made.number)
    exchange_records.add_invoice(connection, made, clock.now())
    check = VerifyInvoice(made.id, Verification.VERIFIED, max(issued_on, clock.now().civil_day()))
    exchange_records.add_check(connection, check, None, clock.now())
    payment = Payment(order.id, f"REF-{made.id.uuid.hex[-24:]}", paid_on, net, from_own_account=True)
    assert exchange_records.add_payment(connection, payment, order.buyer, clock.now())
    return replace(made, verification=Verification.VERIFIED, checked_on=check.checked_on)


def buyers_of(market: Market, firms: int) -> tuple[Actor, ...]:
    """Return the market's buyer and as many more as ``firms`` needs."""
    return market.buyer, *(a_buyer(market.house, market.registrar) for _ in range(firms - 1))


def payees_of(market: Market, buyers: tuple[Actor, ...]) -> tuple[PayeeGiven, ...]:
    """Return the own account of each buyer."""
    return tuple(
        PayeeGiven(
            ask(market.house, each, lambda view, e=each: parties.firm(view, firm_of(e))).name, "ICBC", ACCOUNT_NUMBER
        )
        for each in buyers
    )


def a_pool_of(market: Market, budget: Money) -> Pool:
    """Open the pool of the policy with another budget than its ten million."""
    with mock.patch.object(pools, "cap_amount", return_value=budget):
        return a_pool(market)


class Counters:
    """Markets with the same buyers, each in a database of its own, on one PostgreSQL."""

    def __init__(self, folder: Path, server: EmbeddedPostgres, firms: int) -> None:
        self._folder, self._server = folder, server
        self.key = SigningKey.create(ORIGIN)
        create_database(server.superuser_url(), TEMPLATE)
        migrate(server.superuser_url(TEMPLATE))
        clock = MovableClock()
        with open_house(server.superuser_url(TEMPLATE), folder / "home", clock, self.key) as house:
            self._market = a_market(house)
            self.buyers = buyers_of(self._market, firms)
            self.payees = payees_of(self._market, self.buyers)
            self.listing = a_listing(self._market)

    @property
    def authority(self) -> AuthorityId:
        """The authority of all of them."""
        return self._market.authority

    @contextmanager
    def market(self, clock: Clock) -> Iterator[Market]:
        """Yield a market that nobody has used, without pool; it is gone afterwards."""
        name = f"{TEMPLATE}_{next(_databases)}"
        create_database(self._server.superuser_url(), name, template=TEMPLATE)
        try:
            with open_house(self._server.superuser_url(name), self._folder / "home", clock, self.key) as house:
                yield replace(self._market, house=house)
        finally:
            engine = create_engine(self._server.superuser_url(), isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
            engine.dispose()

    def url(self, market: Market) -> str:
        """Return the address of a market's database as its owner."""
        return self._server.superuser_url(str(market.house.database.url.database))


@contextmanager
def counters(firms: int, settings: Mapping[str, str] | None = None) -> Iterator[Counters]:
    """Yield counters on a PostgreSQL of their own, in memory where the machine has such a folder."""
    with (
        tempfile.TemporaryDirectory(prefix="sancai-counter-", dir=MEMORY if MEMORY.is_dir() else None) as folder,
        EmbeddedPostgres(Path(folder) / "postgres", settings) as server,
    ):
        yield Counters(Path(folder), server, firms)
