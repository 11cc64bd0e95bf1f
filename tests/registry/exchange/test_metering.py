"""What orders are charged with: bytes and reads of the buyer, once, in the days the order runs."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from registry.actors.model import Actor
from registry.catalog import service as catalog
from registry.catalog.metering import SentPart, metered, spans_sent
from registry.catalog.model import Version, VersionName
from registry.catalog.records import meter_deliveries, metered_reads
from registry.catalog.usage import note_reads
from registry.errors import InvalidValueError, NotFoundError
from registry.exchange import metering, service
from registry.exchange.metering_model import MeterStatement
from registry.exchange.model import Order, OrderState
from registry.exchange.offer_model import PriceKind
from registry.exchange.step_model import OrderStep
from registry.journal.work import Work
from registry.manifests.model import FilePath
from registry.parties.model import ProviderKind
from registry.values.identifiers import OrderId, ReadId
from registry.values.money import Money
from tests.conftest import FixedClock
from tests.registry.exchange.builders import (
    Market,
    a_firm,
    a_placed_order,
    an_invoice,
    ask,
    deliver,
    do,
    firm_of,
    offer_contract,
    pay,
    register_provider,
    verify,
)
from tests.registry.exchange.test_service import Shop


@pytest.fixture
def shop(market: Market) -> Shop:
    """A dataset and its publisher."""
    return Shop(market)


def read_bytes(shop: Shop, *spans: tuple[int, int], door: str = "v1_content", version: Version | None = None) -> ReadId:
    """Let the buyer read spans of the first file under one read."""
    house, read = shop.market.house, ReadId.new()
    number = (version or shop.version).number
    assert number is not None
    with house.view(shop.market.buyer) as view:
        found = catalog.read_locations(view, VersionName(shop.dataset.name, number), [FilePath("wind.csv")])
        note_reads(house.database, view, (version or shop.version).id, found, door, [read])
        for first, last in spans:
            content = iter([b"x" * (last - first)])
            list(metered(house.database, content, [SentPart(read, first, last - first)], view.now))
    return read


def statement(shop: Shop, order: Order, actor: Actor | None = None, days: int = 0) -> MeterStatement:
    """Return the statement of today and ``days`` before."""
    today = shop.market.house.clock.now().civil_day()
    first = today - timedelta(days=days)
    return ask(shop.market.house, actor or shop.market.buyer, lambda v: metering.statement(v, order.id, first, today))


def by_volume(shop: Shop, quantity: int = 100) -> Order:
    """Order up to so many units of 1,000 bytes for one yuan each, of every version."""
    return shop.ordered(
        quantity, every_version=True, unit_price=Money(100), price_kind=PriceKind.BY_VOLUME, unit_size=1000
    )


def test_each_byte_of_a_read_is_metered_once_and_another_read_is_another(shop: Shop) -> None:
    order = by_volume(shop)
    read_bytes(shop, (0, 600), (0, 600), (400, 1000))
    read_bytes(shop, (0, 500))
    found = statement(shop, order)
    assert [(each.door, each.reads, each.sent_bytes) for each in found.lines] == [("v1_content", 2, 1500)]
    assert (found.before, found.used, found.due) == (0, 1500, Money(150))


def test_many_reads_of_a_day_are_one_row_for_each_door(shop: Shop) -> None:
    by_volume(shop)
    for door in ("v1_content", "v1_contents", "v1_content"):
        read_bytes(shop, (0, 10), door=door)
    with shop.market.house.database.reading() as connection:
        rows = connection.execute(select(metered_reads).order_by(metered_reads.c.door)).all()
    assert [(row.door, row.reads, row.sent_bytes) for row in rows] == [("v1_content", 2, 20), ("v1_contents", 1, 10)]


def test_a_span_that_is_told_again_changes_nothing(shop: Shop) -> None:
    order = by_volume(shop)
    read = read_bytes(shop, (0, 700))
    made = spans_sent([SentPart(read, 0, 700)], shop.market.house.clock.now(), 700)
    for _ in range(2):
        with shop.market.house.database.writing() as connection:
            meter_deliveries(connection, made)
    assert statement(shop, order).used == 700


def test_what_is_due_never_exceeds_the_order_and_periods_add_up(shop: Shop, clock: FixedClock) -> None:
    order = by_volume(shop, quantity=2)
    read_bytes(shop, (0, 1505))
    first = statement(shop, order)
    clock.advance(timedelta(days=1))
    read_bytes(shop, (0, 1505))
    second, whole = statement(shop, order), statement(shop, order, days=1)
    assert (first.due, second.before, second.used, second.due) == (Money(150), 1505, 1505, Money(50))
    assert (whole.used, whole.due) == (3010, Money(200))


def test_a_price_by_call_counts_reads(shop: Shop) -> None:
    order = shop.ordered(100, unit_price=Money(7), price_kind=PriceKind.BY_CALL, unit_size=2)
    for _ in range(3):
        read_bytes(shop, (0, 10))
    assert (statement(shop, order).used, statement(shop, order).due) == (3, Money(10))


def test_a_fixed_price_is_metered_and_owes_nothing_by_it(shop: Shop) -> None:
    order = shop.ordered()
    read_bytes(shop, (0, 10))
    found = statement(shop, order)
    assert ([each.sent_bytes for each in found.lines], found.used, found.due) == ([10], None, None)


def test_of_two_metered_orders_the_first_is_charged_while_it_runs(shop: Shop, clock: FixedClock) -> None:
    earlier = by_volume(shop)
    clock.advance(timedelta(minutes=1))
    later = by_volume(shop)
    read_bytes(shop, (0, 100))
    assert (statement(shop, earlier).used, statement(shop, later).used) == (100, 0)
    with shop.market.house.database.writing() as connection:
        catalog.end_grant_within(Work(connection, shop.market.exchange, clock.now()), earlier.id)
    clock.advance(timedelta(days=1))
    read_bytes(shop, (0, 40))
    assert (statement(shop, earlier, days=1).used, statement(shop, later, days=1).used) == (100, 40)


def test_a_statement_is_for_the_sides_of_its_order_and_its_office(shop: Shop) -> None:
    order = by_volume(shop)
    read_bytes(shop, (0, 100))
    for actor in (shop.market.exchange, shop.market.reviewer):
        assert statement(shop, order, actor).used == 100
    with pytest.raises(NotFoundError):
        statement(shop, order, a_firm(shop.market.house, shop.market.registrar))
    with pytest.raises(InvalidValueError, match="metering_period"):
        statement(shop, order, days=366)


def test_totals_are_of_own_reads_own_buyers_and_firms_of_the_register(shop: Shop) -> None:
    market = shop.market
    by_volume(shop)
    read_bytes(shop, (0, 100))
    # The buyer never signed what it ordered of this one.
    unsigned = a_firm(market.house, market.registrar)
    register_provider(market, unsigned, ProviderKind.DATA_EXCHANGE)
    offer = shop.offer(seller=unsigned)
    listing = do(market.house, shop.publisher, lambda work: service.offer_listing(work, offer))
    listing = do(market.house, unsigned, lambda work: service.accept_listing(work, listing.id))
    offer_contract(market, a_placed_order(market, listing, 1), unsigned)
    seen = [market.buyer, market.exchange, shop.publisher, market.reviewer]
    for actor in seen:
        [total] = ask(market.house, actor, lambda view: metering.totals(view, None, None, 10))
        assert (total.party, total.version, total.reads, total.sent_bytes) == (
            str(firm_of(market.buyer)), shop.version.id, 1, 100,
        )  # fmt: skip
        position = (total.month, total.party, total.version, total.door)
        assert ask(market.house, actor, lambda view, at=position: metering.totals(view, None, at, 10)) == []  # type: ignore[misc]
    for actor in (a_firm(market.house, market.registrar), market.centre, unsigned):
        assert ask(market.house, actor, lambda view: metering.totals(view, None, None, 10)) == []


def test_a_metered_order_closes_once_what_was_invoiced_is_paid(shop: Shop) -> None:
    market, order = shop.market, by_volume(shop)
    deliver(market, order, shop.version.content_digest)
    invoice = an_invoice(market, order, market.exchange, Money(150))
    verify(market, invoice)
    file = ask(market.house, market.buyer, lambda view: service.order_file(view, OrderId(order.id)))
    assert [each.wait.step for each in file.dues] == [OrderStep.PAYMENT]
    pay(market, order, Money(150))
    file = ask(market.house, market.buyer, lambda view: service.order_file(view, OrderId(order.id)))
    assert (file.order.state, file.dues) == (OrderState.CLOSED, ())
    # Late reads are invoiced after the closing, and wait in the list of the buyer.
    late = an_invoice(market, order, market.exchange, Money(50))
    verify(market, late)
    (open_one,), _ = ask(market.house, market.buyer, lambda view: service.waiting(view, None, 10))
    assert [(each.wait.step, each.wait.about) for each in open_one.dues] == [(OrderStep.PAYMENT, late.number)]
