"""A sample is sealed by who offers, seen by who sees the listing, and drawn again from the stored bytes."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import text

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
    assert seen.content is not None
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
    assert sealed.content is not None
    stated = json.loads(sealed.content)
    stated["tables"][0]["cells"][0][-1] = "another"
    content = canonical_json(stated)
    other = replace(sealed, listing=shop.on_sale().id, content=content, signature=house.signing_key.sign(content))
    with house.database.writing() as connection:
        records.add_sample(connection, other)
    assert [each.code for each in sampling.verify_samples(house)] == ["sample_differs"]


def test_a_sample_is_seen_while_its_version_stands_open_and_says_nothing_once_it_was_erased(shop: Shop) -> None:
    house = shop.market.house
    listing = shop.on_sale().id
    sealed = seal(shop, listing)

    def becomes(**changes: str) -> None:
        stated = ", ".join(f"{column} = :{column}" for column in changes)
        with house.database.writing() as connection:
            values = {**changes, "id": shop.version.id.uuid}
            connection.execute(text(f"UPDATE versions SET {stated} WHERE id = :id"), values)

    for gone in ({"state": "withdrawn"}, {"state": "recalled"}, {"grade": "important"}):
        becomes(**gone)
        with pytest.raises(NotFoundError, match="sealed_sample_not_found"):
            ask(house, shop.market.buyer, lambda view: sampling.sealed_sample(view, listing))
        becomes(state="published", grade="general")
    assert sampling.forget_erased_samples(house) == 0
    assert ask(house, shop.market.buyer, lambda view: sampling.sealed_sample(view, listing)) == sealed
    becomes(state="erased")
    assert sampling.forget_erased_samples(house) == 1
    with pytest.raises(NotFoundError, match="sealed_sample_not_found"):
        ask(house, shop.publisher, lambda view: sampling.sealed_sample(view, listing))
    with house.database.reading() as connection:
        kept = records.newest_sample(connection, listing)
    assert kept == replace(sealed, content=None)
    assert list(sampling.verify_samples(house)) == []
