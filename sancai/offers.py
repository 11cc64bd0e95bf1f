"""The conditions of an offer, and the licences it may name."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Buyers:
    """Who may buy: ``all``, ``mainland``, or the ``firms`` (by id) or ``sectors`` (of leader lists) that are named."""

    kind: str = "all"
    firms: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()


EVERYBODY: Final = Buyers()


@dataclass(frozen=True, slots=True)
class Conditions:
    """Licence, kind of price, ways of delivery, who may buy, and the documents behind source and right to trade.

    ``unit_size`` says how many bytes or reads one unit of a price by volume or by call is.
    """

    licence: str | None
    price_kind: str
    unit_size: int | None
    delivery: tuple[str, ...]
    buyers: Buyers
    source_evidence: str | None
    rights_evidence: str | None


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence by its identifier; one of the SPDX list has no other name."""

    id: str
    zh: str
    en: str
