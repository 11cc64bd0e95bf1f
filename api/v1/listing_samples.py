"""Sealed samples of listings over HTTP."""

import base64
from typing import Self

from flask import Response

from api.calls import current_actor, house, read, write
from api.door import Answer, Door
from api.v1.dataset_bodies import NothingBody
from registry.actors.model import Action
from registry.exchange import sampling
from registry.exchange.sample_model import SealedSample
from registry.values.identifiers import ListingId

door = Door("listing_samples", __name__, url_prefix="/v1")


class SealedSampleView(Answer):
    """A sealed sample: canonical JSON, its digest, and the signature over its bytes (Ed25519) with the verifier key."""

    listing: str
    version: str
    content: str
    digest: str
    key: str
    signature: str
    sealed_at: str

    @classmethod
    def of(cls, found: SealedSample) -> Self:
        """Return the view of a sample whose version stands."""
        if found.content is None:
            raise AssertionError("a sample without content is not shown")
        return cls(
            listing=found.listing,
            version=found.version,
            content=found.content.decode(),
            digest=str(found.digest),
            key=found.key,
            signature=base64.b64encode(found.signature).decode(),
            sealed_at=str(found.sealed_at),
        )


@door.operation("POST", "/listings/<listing>/sample", {201: SealedSampleView}, action=Action.OFFER_LISTING)
def seal_listing_sample(listing: str, body: NothingBody) -> Response:  # noqa: ARG001
    """Seal a sample of what your listing offers; which rows it shows nobody chooses."""
    with house().view(current_actor()) as view:
        content = sampling.sample_content(house().store, view, ListingId(listing))
    key = house().signing_key
    return write(lambda work: sampling.seal_sample(work, content, key), SealedSampleView.of)


@door.operation("GET", "/listings/<listing>/sample", {200: SealedSampleView}, public=True)
def show_listing_sample(listing: str) -> Response:
    """Show the sealed sample of a listing with profile, quality and novelty."""
    return read(lambda view: sampling.sealed_sample(view, ListingId(listing)), SealedSampleView.of)
