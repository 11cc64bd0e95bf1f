"""The conditions of an offer in requests and answers, and the licences it may name."""

from typing import Self

from flask import Response
from pydantic import Field

from api.calls import read
from api.door import Answer, Door, Strict, Whole
from registry.exchange.licences import Licence, licences
from registry.exchange.offer_model import (
    BUYER_SECTORS_MAX,
    BUYERS_NAMED_MAX,
    UNIT_SIZE_MAX,
    BuyerKind,
    Buyers,
    Conditions,
    DeliveryKind,
    PriceKind,
)
from registry.values.identifiers import EvidenceId, FirmId

door = Door("offers", __name__, url_prefix="/v1")


class BuyersBody(Strict):
    """Who may buy: ``firms`` names firms by id, ``sectors`` those of leader lists."""

    kind: BuyerKind
    firms: list[str] = Field(default_factory=list, max_length=BUYERS_NAMED_MAX)
    sectors: list[str] = Field(default_factory=list, max_length=BUYER_SECTORS_MAX)


class OfferBody(Strict):
    """The conditions of an offer. Data left without a licence is under that of its dataset, and is downloaded."""

    licence: str | None = Field(default=None, max_length=100)
    price_kind: PriceKind = PriceKind.FIXED
    unit_size: Whole | None = Field(default=None, ge=1, le=UNIT_SIZE_MAX)
    delivery: list[DeliveryKind] = Field(default_factory=list, max_length=len(DeliveryKind))
    buyers: BuyersBody = Field(default_factory=lambda: BuyersBody(kind=BuyerKind.ALL))
    source_evidence: str | None = Field(default=None, max_length=60)
    rights_evidence: str | None = Field(default=None, max_length=60)

    def conditions(self) -> Conditions:
        """Return the conditions. Raises InvalidValueError."""
        return Conditions(
            licence=self.licence,
            price_kind=self.price_kind,
            unit_size=self.unit_size,
            delivery=tuple(dict.fromkeys(self.delivery)),
            buyers=Buyers(
                self.buyers.kind,
                frozenset(FirmId(each) for each in self.buyers.firms),
                frozenset(each[:100] for each in self.buyers.sectors),
            ),
            source_evidence=EvidenceId(self.source_evidence) if self.source_evidence else None,
            rights_evidence=EvidenceId(self.rights_evidence) if self.rights_evidence else None,
        )


class BuyersView(Answer):
    """Who may buy; of the firms a listing names, others than its parties and officers see themselves only."""

    kind: BuyerKind
    firms: list[str]
    sectors: list[str]


class ConditionsView(Answer):
    """The conditions of an offer. ``unit_size``: bytes or reads of one unit of a metered price."""

    licence: str | None
    price_kind: PriceKind
    unit_size: int | None
    delivery: list[DeliveryKind]
    buyers: BuyersView
    source_evidence: str | None
    rights_evidence: str | None

    @classmethod
    def of(cls, found: Conditions) -> Self:
        """Return the view of conditions."""
        buyers = found.buyers
        return cls(
            licence=found.licence,
            price_kind=found.price_kind,
            unit_size=found.unit_size,
            delivery=list(found.delivery),
            buyers=BuyersView(kind=buyers.kind, firms=sorted(buyers.firms), sectors=sorted(buyers.sectors)),
            source_evidence=found.source_evidence,
            rights_evidence=found.rights_evidence,
        )


class LicenceView(Answer):
    """A licence; one of the SPDX list is named by its identifier alone."""

    id: str
    zh: str
    en: str


class LicencesView(Answer):
    """Every licence a listing may name, by identifier."""

    items: list[LicenceView]


@door.operation("GET", "/licences", {200: LicencesView}, public=True)
def list_licences() -> Response:
    """List the licences a listing may name: SPDX identifiers, and named ones that SPDX does not have."""

    def present(found: list[Licence]) -> LicencesView:
        return LicencesView(items=[LicenceView(id=each.id, zh=each.zh, en=each.en) for each in found])

    return read(lambda _: [licences()[key] for key in sorted(licences())], present)
