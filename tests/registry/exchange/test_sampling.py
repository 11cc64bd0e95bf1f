"""A sample is sealed by who offers, seen by who sees the listing, and drawn again from the stored bytes."""

import json
from dataclasses import replace

import pytest

from registry.errors import ConflictError, NotAllowedError, NotFoundError, RuleError
from registry.exchange import records, sampling
from registry.exchange.sample_model import SealedSample
from registry.values.canonical import canonical_json
from registry.values.identifiers import ListingId
from tests.registry.exchange.builders import Market, a_listing, ask, do
from tests.registry.exchange.test_service import Shop, codes


@pytest.fixture
def shop(market: Market) -> Shop:
    """A dataset and its publisher."""
    return Shop(market)


def seal(shop: Shop, listing: ListingId) -> SealedSample:
    """Seal a sample as the publisher."""
    house = shop.market.house
    made = ask(house, shop.publisher, lambda view: sampling.sample_content(house.store, view, listing))
    return do(house, shop.publisher, lambda work: sampling.seal_sample(work, made, house.signing_key))


def test_a_sample_is_sealed_once_and_seen_with_its_listing(shop: Shop) -> None:
    house, listing = shop.market.house, shop.on_sale()
    with pytest.raises(NotFoundError, match="sealed_sample_not_found"):
        ask(house, shop.market.buyer, lambda view: sampling.sealed_sample(view, listing.id))
    sealed = seal(shop, listing.id)
    seen = ask(house, shop.market.buyer, lambda view: sampling.sealed_sample(view, listing.id))
    assert seen == sealed
    assert house.signing_key.verifier.accepts(seen.signature, seen.content)
    stated = json.loads(seen.content)
    [table] = stated["tables"]
    assert (table["path"], table["rows"], len(table["drawn"]), len(table["cells"])) == ("wind.csv", 200, 20, 20)
    assert stated["content_digest"] == str(shop.version.content_digest)
    assert stated["novelty"]["alike"] == []
    with pytest.raises(ConflictError, match="sample_sealed_already"):
        seal(shop, listing.id)


def test_only_who_offers_seals_and_compute_has_no_sample(shop: Shop) -> None:
    house, listing = shop.market.house, shop.on_sale()
    with pytest.raises((NotAllowedError, NotFoundError)):
        ask(house, shop.market.buyer, lambda view: sampling.sample_content(house.store, view, listing.id))
    compute = a_listing(shop.market)
    with pytest.raises(RuleError) as refusal:
        ask(house, shop.market.centre, lambda view: sampling.sample_content(house.store, view, compute.id))
    assert codes(refusal) == {"sample_without_data"}


def test_verify_draws_every_sample_again(shop: Shop) -> None:
    house = shop.market.house
    sealed = seal(shop, shop.on_sale().id)
    assert list(sampling.verify_samples(house)) == []
    stated = json.loads(sealed.content)
    stated["tables"][0]["cells"][0][-1] = "another"
    content = canonical_json(stated)
    other = replace(sealed, listing=shop.on_sale().id, content=content, signature=house.signing_key.sign(content))
    with house.database.writing() as connection:
        records.add_sample(connection, other)
    assert [each.code for each in sampling.verify_samples(house)] == ["sample_differs"]
