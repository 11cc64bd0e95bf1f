"""Conditions of offers: what must be stated, who may buy, what is due for what was read; and the grants that follow."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.catalog import service as catalog
from registry.catalog.access_model import ReadWay
from registry.catalog.model import Version
from registry.errors import InvalidValueError, NotFoundError, RuleError
from registry.exchange import service
from registry.exchange.licences import licence_named, licences
from registry.exchange.model import ProductKind
from registry.exchange.offer_model import BuyerFacts, BuyerKind, Buyers, Conditions, DeliveryKind, PriceKind
from registry.exchange.offer_rules import admits, condition_obstacles, due_in_period, metered_fen
from registry.journal.work import Work
from registry.values.identifiers import EvidenceId, FirmId
from registry.values.money import ZERO, Money
from registry.values.uscc import Uscc
from tests.registry.catalog.builders import a_csv, a_version
from tests.registry.exchange.builders import Market, a_placed_order, accept, ask, firm_of
from tests.registry.exchange.test_service import Shop, codes
from tests.registry.parties.builders import a_uscc

DOCUMENT = EvidenceId.new()
DATA = Conditions(
    "CC-BY-4.0",
    PriceKind.FIXED,
    None,
    (DeliveryKind.DOWNLOAD,),
    Buyers(),
    source_evidence=DOCUMENT,
    rights_evidence=DOCUMENT,
)
COMPUTE = replace(DATA, licence=None, delivery=())
YUAN = Money(100)


def lacking(conditions: Conditions, price: Money = YUAN, kind: ProductKind = ProductKind.DATASET) -> list[str]:
    """Return the codes of what an offer lacks."""
    return [each.code for each in condition_obstacles(kind, price, conditions)]


@pytest.mark.parametrize(
    ("conditions", "price", "missing"),
    [
        (DATA, YUAN, []),
        (replace(DATA, source_evidence=None), YUAN, ["listing_without_source_evidence"]),
        (replace(DATA, rights_evidence=None), YUAN, ["listing_without_rights_evidence"]),
        (replace(DATA, licence=None), YUAN, ["listing_without_licence"]),
        (replace(DATA, licence="our own"), YUAN, ["listing_licence_unknown"]),
        (replace(DATA, delivery=()), YUAN, ["listing_without_delivery"]),
        (DATA, ZERO, ["listing_without_price"]),
        (replace(DATA, price_kind=PriceKind.FREE), ZERO, []),
        (replace(DATA, price_kind=PriceKind.FREE), YUAN, ["listing_free_with_price"]),
        (replace(DATA, price_kind=PriceKind.BY_VOLUME), YUAN, ["listing_unit_size"]),
        (replace(DATA, price_kind=PriceKind.BY_CALL, unit_size=1000), YUAN, []),
        (replace(DATA, unit_size=1000), YUAN, ["listing_unit_size"]),
        (replace(DATA, buyers=Buyers(BuyerKind.FIRMS)), YUAN, ["listing_buyers_unclear"]),
        (replace(DATA, buyers=Buyers(BuyerKind.ALL, frozenset({FirmId.new()}))), YUAN, ["listing_buyers_unclear"]),
        (replace(DATA, buyers=Buyers(BuyerKind.SECTORS, sectors=frozenset({"energy"}))), YUAN, []),
    ],
)
def test_an_offer_of_data_states_its_conditions(conditions: Conditions, price: Money, missing: list[str]) -> None:
    assert lacking(conditions, price) == missing


def test_compute_has_no_licence_no_delivery_and_no_meter() -> None:
    assert lacking(COMPUTE, kind=ProductKind.COMPUTE) == []
    for change in ({"licence": "MIT"}, {"delivery": DATA.delivery}, {"price_kind": PriceKind.BY_CALL, "unit_size": 1}):
        changed = replace(COMPUTE, **change)  # type: ignore[arg-type]
        assert lacking(changed, kind=ProductKind.COMPUTE) == ["listing_compute_is_no_data"]


def test_a_licence_is_named_as_spdx_or_as_a_chinese_one() -> None:
    assert licence_named(" cc-by-4.0 ") == licences()["cc-by-4.0"]
    named = licence_named("LicenseRef-MulanPubL-2.0")
    assert named is not None
    assert named.zh.startswith("木兰")
    assert licence_named("CC-BY") is None


def test_who_may_buy() -> None:
    firm = FirmId.new()
    buyer = BuyerFacts(firm, a_uscc(1), frozenset({"energy"}))
    abroad = replace(buyer, uscc=next(code for code in map(uscc_of_hong_kong, range(31)) if code))
    assert admits(Buyers(), abroad)
    assert admits(Buyers(BuyerKind.MAINLAND), buyer)
    assert not admits(Buyers(BuyerKind.MAINLAND), abroad)
    assert admits(Buyers(BuyerKind.FIRMS, frozenset({firm})), buyer)
    assert not admits(Buyers(BuyerKind.FIRMS, frozenset({FirmId.new()})), buyer)
    assert admits(Buyers(BuyerKind.SECTORS, sectors=frozenset({"energy", "tourism"})), buyer)
    assert not admits(Buyers(BuyerKind.SECTORS, sectors=frozenset({"tourism"})), buyer)


def uscc_of_hong_kong(check: int) -> Uscc | None:
    """Return a code of region 810000 with this check character, None where it is the wrong one."""
    try:
        return Uscc("91810000MA0000001" + "0123456789ABCDEFGHJKLMNPQRTUWXY"[check])
    except InvalidValueError:
        return None


def test_a_metered_price_is_rounded_down_to_a_fen() -> None:
    assert [metered_fen(YUAN, 1000, used) for used in (9, 10, 1999)] == [0, 1, 199]


@given(
    st.lists(st.integers(0, 10**13), min_size=1, max_size=12),
    st.integers(1, 10**9),
    st.integers(1, 10**12),
    st.integers(0, 10**10),
)
def test_periods_however_cut_add_up_and_end_at_the_order(used: list[int], fen: int, size: int, ceiling: int) -> None:
    parts = [due_in_period(Money(fen), size, sum(used[:at]), each, Money(ceiling)) for at, each in enumerate(used)]
    due = sum((each.fen for each in parts), 0)
    assert due == min(metered_fen(Money(fen), size, sum(used)), ceiling)


# On a real database.


@pytest.fixture
def shop(market: Market) -> Shop:
    """A dataset and its publisher."""
    return Shop(market)


def may_read(shop: Shop, version: Version, way: ReadWay = ReadWay.DOWNLOAD) -> str:
    """Return what the gate says of the buyer."""
    held = ask(shop.market.house, shop.market.buyer, lambda view: catalog.version(view, version.id))
    return ask(shop.market.house, shop.market.buyer, lambda view: catalog.may_read(view, held, way)).reason


def next_version(shop: Shop) -> Version:
    """Publish another version of the shop's dataset."""
    return a_version(shop.market.house, shop.publisher, {"wind.csv": a_csv(300, seed=2)}, shop.dataset)[1]


def test_an_order_of_one_version_opens_that_one_only(shop: Shop) -> None:
    shop.ordered()
    later = next_version(shop)
    assert (may_read(shop, shop.version), may_read(shop, later)) == ("allowed", "grant_missing")


def test_an_order_of_every_version_opens_those_published_while_it_runs(shop: Shop) -> None:
    order = shop.ordered(every_version=True)
    assert order.version == shop.version.id
    later = next_version(shop)
    assert (may_read(shop, shop.version), may_read(shop, later)) == ("allowed", "allowed")
    with shop.market.house.database.writing() as connection:
        catalog.end_grant_within(Work(connection, shop.market.exchange, shop.market.house.clock.now()), order.id)
    assert may_read(shop, later) == "grant_ended"


def test_table_reads_do_not_open_downloads(shop: Shop) -> None:
    shop.ordered(delivery=(DeliveryKind.TABLE_READS,))
    assert (may_read(shop, shop.version), may_read(shop, shop.version, ReadWay.TABLE_READS)) == (
        "grant_missing",
        "allowed",
    )


def test_no_listing_without_evidence_of_its_own(shop: Shop) -> None:
    with pytest.raises(RuleError) as refusal:
        shop.offered(source_evidence=None, rights_evidence=None)
    assert codes(refusal) == {"listing_without_source_evidence", "listing_without_rights_evidence"}
    with pytest.raises(NotFoundError, match="evidence_not_found"):
        shop.offered(source_evidence=EvidenceId.new())


def test_a_listing_is_sold_to_whom_it_names_and_shows_them_to_nobody_else(shop: Shop) -> None:
    market = shop.market
    others = frozenset({firm_of(market.centre)})
    listing = shop.on_sale(buyers=Buyers(BuyerKind.FIRMS, others))
    shown = ask(market.house, market.buyer, lambda view: service.listing(view, listing.id))
    assert shown.conditions.buyers.firms == frozenset()
    with pytest.raises(RuleError) as refusal:
        a_placed_order(market, shown, 1)
    assert codes(refusal) == {"order_buyer_not_admitted"}
    assert a_placed_order(market, listing, 1, market.centre).buyer == firm_of(market.centre)


def test_a_free_listing_is_ordered_and_opened_for_nothing(shop: Shop) -> None:
    listing = shop.on_sale(unit_price=ZERO, price_kind=PriceKind.FREE)
    order = accept(shop.market, a_placed_order(shop.market, listing, 1), shop.market.exchange)
    assert (order.gross, may_read(shop, shop.version)) == (ZERO, "allowed")


def test_a_listing_of_data_is_under_the_licence_of_its_dataset(shop: Shop) -> None:
    assert shop.offered().conditions.licence == "CC-BY-4.0"
    assert shop.offered(licence="mulanpsl-2.0").conditions.licence == "MulanPSL-2.0"
