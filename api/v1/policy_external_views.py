"""What benefits that others decide on and pay look like in answers."""

from typing import Self

from api.door import Answer
from registry.policy.external import ExternalInstrument, PoolLevel


class StatedAssumptionView(Answer):
    """What a document leaves open of a benefit that others decide on, and how it is read here."""

    about: str
    text_en: str
    text_zh: str


class ExternalInstrumentView(Answer):
    """A voucher out of a pool that is not the authority's: who decides on it, and what is left open."""

    id: str
    clause: str
    title_en: str
    title_zh: str
    level: PoolLevel
    decided_by_en: str
    decided_by_zh: str
    products: list[str]
    quotes: list[str]
    left_open: list[StatedAssumptionView]

    @classmethod
    def of(cls, value: ExternalInstrument) -> Self:
        """Return the view of an external instrument."""
        return cls(
            id=value.id,
            clause=value.clause,
            title_en=value.title_en,
            title_zh=value.title_zh,
            level=value.level,
            decided_by_en=value.decided_by_en,
            decided_by_zh=value.decided_by_zh,
            products=list(value.products),
            quotes=list(value.quotes),
            left_open=[
                StatedAssumptionView(about=each.about, text_en=each.text_en, text_zh=each.text_zh)
                for each in value.assumptions
            ],
        )
