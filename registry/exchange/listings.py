"""Use cases of listings: offer, accept, end, show."""

from dataclasses import replace

from registry.actors.model import Action, Resource
from registry.actors.rules import require, require_visible
from registry.catalog import service as catalog
from registry.catalog.model import Dataset, Version, VersionState
from registry.errors import NotAllowedError, NotFoundError, Obstacle, RuleError
from registry.exchange import records, rules
from registry.exchange.licences import licence_named
from registry.exchange.model import Listing, ListingFilter, ListingState, OfferListing, ProductKind
from registry.exchange.offer_model import BuyerFacts, BuyerKind, Conditions, DeliveryKind
from registry.journal.work import View, Work
from registry.manifests import service as manifests
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
        NotFoundError: There is no such dataset, version or seller, or a document is not the actor's.
        RuleError: The listing lacks something, or its seller is in no register of such providers.
    """
    firm = own_firm(work)
    require(work.actor, Action.OFFER_LISTING, Resource(firms=frozenset({firm})))
    dataset = _offered_dataset(work, command)
    conditions = _completed(command, dataset)
    rules.require_listing(replace(command, conditions=conditions))
    version = _offered_version(work, dataset, command)
    evidence = [each for each in (conditions.source_evidence, conditions.rights_evidence) if each is not None]
    digests = [each.digest.hex for each in manifests.require_evidence(work, evidence)]
    seller = parties.firm(work, command.seller).id
    require_provider(work, seller, command.product_kind)
    listing = Listing(
        id=ListingId.new(),
        seller=seller,
        offered_by=firm,
        product_kind=command.product_kind,
        title=command.title,
        dataset=dataset.id if dataset else None,
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
        conditions=conditions,
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
        licence=conditions.licence,
        price_kind=conditions.price_kind.value,
        evidence=list(digests),
    )
    return listing


def _offered_dataset(work: Work, command: OfferListing) -> Dataset | None:
    """Return the dataset a listing is of, which is the actor's own; compute has none."""
    if not command.dataset:
        return None
    dataset = catalog.dataset(work, PublicName.parse(command.dataset))
    # Whether the publisher may trade what it published is stated in the listing; nobody else may (数据安全法 33).
    require(work.actor, Action.OFFER_LISTING, Resource(firms=frozenset({dataset.publisher}), dataset=dataset.id))
    return dataset


def _completed(command: OfferListing, dataset: Dataset | None) -> Conditions:
    """Return the conditions with what an offer of data may leave unsaid: the dataset's licence, and download."""
    given = command.conditions
    if dataset is None or command.product_kind is ProductKind.COMPUTE:
        return given
    licence = given.licence or dataset.licence
    listed = licence_named(licence)
    return replace(given, licence=listed.id if listed else licence, delivery=given.delivery or (DeliveryKind.DOWNLOAD,))


def _offered_version(work: Work, dataset: Dataset | None, command: OfferListing) -> Version | None:
    """Return the published version a listing is of; compute and a listing of every version have none."""
    if dataset is None:
        return None
    if command.every_version:
        newest_offered(work, dataset.id)
        return None
    for version in catalog.versions(work, dataset.id):
        if f"v{version.number}" == command.version and version.state is VersionState.PUBLISHED:
            return version
    raise NotFoundError("version_not_found", name=f"{command.dataset}@{(command.version or '')[:20]}")


def newest_offered(view: View, dataset: DatasetId) -> Version:
    """Return the version an order of every version begins with. Raises NotFoundError where none stands."""
    if newest := catalog.latest(view, dataset):
        return newest
    raise NotFoundError("version_not_found", name=dataset)


def buyer_facts(view: View, listing: Listing, firm: FirmId) -> BuyerFacts:
    """Return what the rule of buyers asks of a firm today; leader lists are looked at only where they decide."""
    uscc, buyers = parties.firm(view, firm).uscc, listing.conditions.buyers
    if buyers.kind is not BuyerKind.SECTORS:
        return BuyerFacts(firm, uscc)
    day, offices = view.now.civil_day(), policy.authorities(view)
    sectors = frozenset(
        sector
        for sector in buyers.sectors
        if any(parties.leader_entries(view, each.id, firm, day, sector) for each in offices)
    )
    return BuyerFacts(firm, uscc, sectors)


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
    return _shown(view, found)


def _shown(view: View, found: Listing) -> Listing:
    """Return a listing as the actor may know it: whom else it names as buyers only its two firms and officers know."""
    buyers = found.conditions.buyers
    if view.actor.authority is not None or view.actor.firm in {found.seller, found.offered_by}:
        return found
    known = replace(buyers, firms=frozenset(each for each in buyers.firms if each == view.actor.firm))
    return replace(found, conditions=replace(found.conditions, buyers=known))


def listings(view: View, wanted: ListingFilter, after: ListingId | None, limit: int) -> list[Listing]:
    """Return listings on sale and the actor's own, newest first."""
    found = records.listings_page(view.connection, wanted, view.actor.firm, after, limit)
    return [_shown(view, each) for each in found]


def dataset_named(view: View, name: str) -> DatasetId:
    """Return the dataset of a public name, for a filter. Raises NotFoundError."""
    return catalog.dataset(view, PublicName.parse(name)).id
