"""What is settled of an offer beside its price: licence, kind of price, ways of delivery, buyers, evidence."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from registry.values.identifiers import EvidenceId, FirmId
from registry.values.uscc import Uscc

UNIT_SIZE_MAX: Final = 10**15
"""Bytes or reads of one unit of a metered price: a petabyte at the most."""
BUYERS_NAMED_MAX: Final = 1_000
BUYER_SECTORS_MAX: Final = 50


class PriceKind(StrEnum):
    """What a price is asked for. A metered one (the last two) is asked for what was read, up to the order's amount."""

    FREE = "free"
    FIXED = "fixed"
    BY_VOLUME = "by_volume"
    """For bytes that were sent."""
    BY_CALL = "by_call"
    """For reads by which anything was sent."""


METERED: Final = frozenset({PriceKind.BY_VOLUME, PriceKind.BY_CALL})


class DeliveryKind(StrEnum):
    """How content comes to the buyer."""

    DOWNLOAD = "download"
    """As the files of the version."""
    TABLE_READS = "table_reads"
    """As rows of a table that are asked for; nobody gets the files by it."""


class BuyerKind(StrEnum):
    """Who may buy."""

    ALL = "all"
    MAINLAND = "mainland"
    FIRMS = "firms"
    SECTORS = "sectors"
    """Firms that stand on a leader list of one of some sectors."""


@dataclass(frozen=True, slots=True)
class Buyers:
    """Who may buy: a kind, with the firms or the sectors that it names."""

    kind: BuyerKind = BuyerKind.ALL
    firms: frozenset[FirmId] = frozenset()
    sectors: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class BuyerFacts:
    """What is known of who wants to buy on the day. ``sectors``: those whose leader lists name it."""

    firm: FirmId
    uscc: Uscc
    sectors: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions of an offer.

    ``licence`` is an SPDX identifier or that of a named licence (``licences.toml``), None for what is no data.
    ``unit_size`` says how many bytes or reads one unit of a metered price is, None for other prices. The evidence is
    of the source and of the right to trade; a listing of before it was asked for has none.
    """

    licence: str | None
    price_kind: PriceKind
    unit_size: int | None
    delivery: tuple[DeliveryKind, ...]
    buyers: Buyers
    source_evidence: EvidenceId | None
    rights_evidence: EvidenceId | None
