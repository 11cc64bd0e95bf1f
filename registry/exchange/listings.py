"""Use cases of listings: offer, accept, end, show."""

from dataclasses import replace

from registry.actors.model import Action, Resource
from registry.actors.rules import require, require_visible
from registry.catalog import service as catalog
from registry.catalog.model import Version, VersionState
from registry.errors import NotAllowedError, NotFoundError, Obstacle, RuleError
from registry.exchange import records, rules
from registry.exchange.model import Listing, ListingFilter, ListingState, OfferListing, ProductKind
from registry.journal.work import View, Work
from registry.parties import service as parties
from registry.policy import service as policy
from registry.values.identifiers import DatasetId, FirmId, ListingId
from registry.values.names import PublicName


def own_firm(view: View) -> FirmId:
    """Return the firm the actor acts for. Raises NotAllowedError for anyone else."""
    if view.actor.firm is None:
        raise NotAllowedError("unauthenticated" if view.actor.is_anonymous else "not_yours")
    return view.actor.firm


def offer_listing(work: Work, command: OfferListing) -> Listing:
    """Offer something for sale through a seller; what a seller offers itself is on sale at once.

    Raises:
        NotAllowedError: The actor may not offer, or the dataset is another firm's.
        NotFoundError: There is no such dataset, version or seller.
        RuleError: The listing lacks something, or its seller is in no register of such providers.
    """
    firm = own_firm(work)
    require(work.actor, Action.OFFER_LISTING, Resource(firms=frozenset({firm})))
    rules.require_listing(command)
    version = _offered_version(work, command)
    seller = parties.firm(work, command.seller).id
    require_provider(work, seller, command.product_kind)
    listing = Listing(
        id=ListingId.new(),
        seller=seller,
        offered_by=firm,
        product_kind=command.product_kind,
        title=command.title,
        dataset=version.dataset if version else None,
        version=version.id if version else None,
        unit=command.unit,
        unit_price=command.unit_price,
        vat_rate=command.vat_rate,
        terms=command.terms,
        purposes=command.purposes,
        source_statement=command.source_statement,
        rights_statement=command.rights_statement,
        state=ListingState.ON_SALE if seller == firm else ListingState.OFFERED,
        offered_at=work.now,
        on_sale_at=work.now if seller == firm else None,
    )
    records.add_listing(work.connection, listing)
    _price_shown(work, listing)
    work.journal(
        "exchange.listing_offered",
        listing.id,
        seller=str(seller),
        offered_by=str(firm),
        product_kind=listing.product_kind.value,
        version=None if listing.version is None else str(listing.version),
        unit_price_fen=listing.unit_price.fen,
        terms=str(listing.terms_digest),
    )
    return listing


def _offered_version(work: Work, command: OfferListing) -> Version | None:
    """Return the published version a listing is of; compute has none."""
    if not command.dataset or not command.version:
        return None
    dataset = catalog.dataset(work, PublicName.parse(command.dataset))
    # Whether the publisher may trade what it published is stated in the listing; nobody else may (数据安全法 33).
    require(work.actor, Action.OFFER_LISTING, Resource(firms=frozenset({dataset.publisher}), dataset=dataset.id))
    for version in catalog.versions(work, dataset.id):
        if f"v{version.number}" == command.version and version.state is VersionState.PUBLISHED:
            return version
    raise NotFoundError("version_not_found", name=f"{command.dataset}@{command.version[:20]}")


def require_provider(view: View, firm: FirmId, kind: ProductKind) -> None:
    """Raise RuleError unless the register of any authority holds the seller today (S1 cl.4; RULINGS 4, 6)."""
    wanted, day = rules.SELLER_KIND[kind], view.now.civil_day()
    if not any(parties.provider(view, each.id, firm, wanted, day) for each in policy.authorities(view)):
        parameters = {"kind": wanted.value, "day": day.isoformat()}
        obstacle = Obstacle("seller_not_registered", "S1 cl.4", parameters=parameters, evidence=("licence",))
        raise RuleError("listing_refused", (obstacle,))


def accept_listing(work: Work, listing_id: ListingId) -> Listing:
    """Accept, as the seller that contract and invoice will name, to sell what another firm offers."""
    listing = _listing_to_change(work, listing_id)
    require_visible(work.actor, Action.ACCEPT_ORDER, _resource_of(listing), "listing")
    require(work.actor, Action.ACCEPT_ORDER, Resource(firms=frozenset({listing.seller}), dataset=listing.dataset))
    rules.require_listing_move(listing, ListingState.ON_SALE)
    require_provider(work, listing.seller, listing.product_kind)
    return _listing_moved(work, listing, ListingState.ON_SALE, "exchange.listing_accepted")


def end_listing(work: Work, listing_id: ListingId) -> Listing:
    """Take a listing off sale; orders placed before go on."""
    listing = _listing_to_change(work, listing_id)
    require_visible(work.actor, Action.OFFER_LISTING, _resource_of(listing), "listing")
    rules.require_listing_move(listing, ListingState.ENDED)
    return _listing_moved(work, listing, ListingState.ENDED, "exchange.listing_ended")


def _listing_to_change(work: Work, listing_id: ListingId) -> Listing:
    if found := records.listing_of(work.connection, listing_id, to_change=True):
        return found
    raise NotFoundError("listing_not_found", id=listing_id)


def _resource_of(listing: Listing) -> Resource:
    return Resource(frozenset({listing.seller, listing.offered_by}), dataset=listing.dataset, subject=listing.id)


def _listing_moved(work: Work, listing: Listing, to: ListingState, entry: str) -> Listing:
    moved = replace(listing, state=to, on_sale_at=work.now if to is ListingState.ON_SALE else listing.on_sale_at)
    records.save_listing_state(work.connection, moved)
    _price_shown(work, moved)
    work.journal(entry, listing.id, state=to.value)
    return moved


def _price_shown(work: Work, changed: Listing) -> None:
    """Let search show the lowest price a dataset is on sale for."""
    if changed.dataset and changed.state is not ListingState.OFFERED:
        price = records.lowest_price(work.connection, changed.dataset)
        catalog.set_price_within(work, changed.dataset, price.fen if price else None)


def listing(view: View, listing_id: ListingId) -> Listing:
    """Return a listing: on sale for everyone, else for its two firms and officers. Raises NotFoundError."""
    found = records.listing_of(view.connection, listing_id)
    if found is None:
        raise NotFoundError("listing_not_found", id=listing_id)
    party = view.actor.authority is not None or view.actor.firm in {found.seller, found.offered_by}
    if found.state is not ListingState.ON_SALE and not party:
        raise NotFoundError("listing_not_found", id=listing_id)
    return found


def listings(view: View, wanted: ListingFilter, after: ListingId | None, limit: int) -> list[Listing]:
    """Return listings on sale and the actor's own, newest first."""
    return records.listings_page(view.connection, wanted, view.actor.firm, after, limit)


def dataset_named(view: View, name: str) -> DatasetId:
    """Return the dataset of a public name, for a filter. Raises NotFoundError."""
    return catalog.dataset(view, PublicName.parse(name)).id
