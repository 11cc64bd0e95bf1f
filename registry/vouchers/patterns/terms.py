"""From where on a pattern is a finding: ``thresholds.toml``, read strictly."""

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CircularTerms:
    """Rings of at most ``firms_max`` within ``days``, amounts within ``tolerance_bp`` of one another."""

    days: int
    firms_max: int
    tolerance_bp: int
    clause: str
    assumption: str


@dataclass(frozen=True, slots=True)
class PriceTerms:
    """A price more than ``deviations`` spreads over the median of other suppliers, or risen since the launch."""

    days: int
    suppliers_least: int
    deviations: int
    spread_least_bp: int
    rise_bp: int
    clause: str
    assumption: str


@dataclass(frozen=True, slots=True)
class SplitTerms:
    """Several firms of a group beyond one cap within ``days``; many orders for the same within ``burst_days``."""

    days: int
    firms_least: int
    burst_days: int
    burst_orders: int
    clause: str
    assumption: str


@dataclass(frozen=True, slots=True)
class BunchingTerms:
    """The share of a year's base in its last days."""

    last_days: int
    share_bp: int
    claims_least: int
    clause: str
    assumption: str


@dataclass(frozen=True, slots=True)
class VendorTerms:
    """The share of a vendor's sales that is supported, and how fast vouchers are redeemed at it."""

    days: int
    sales_least: int
    ratio_bp: int
    minutes: int
    redemptions: int
    clause: str
    assumption: str


@dataclass(frozen=True, slots=True)
class PatternTerms:
    """Every threshold."""

    circular_trade: CircularTerms
    price_far_above: PriceTerms
    split_purchase: SplitTerms
    year_end_bunching: BunchingTerms
    vendor_collusion: VendorTerms


def read_terms(text: str) -> PatternTerms:
    """Return the thresholds a file states; it says everything and nothing else. Raises ValueError."""
    stated = tomllib.loads(text)
    if set(stated) != {each.name for each in fields(PatternTerms)}:
        raise ValueError(f"thresholds of {sorted(stated)}")
    return PatternTerms(
        _read(CircularTerms, stated["circular_trade"]),
        _read(PriceTerms, stated["price_far_above"]),
        _read(SplitTerms, stated["split_purchase"]),
        _read(BunchingTerms, stated["year_end_bunching"]),
        _read(VendorTerms, stated["vendor_collusion"]),
    )


def _read(kind: type[T], stated: dict[str, Any]) -> T:
    for each in fields(kind):  # type: ignore[arg-type]
        value = stated.get(each.name)
        if each.type in {int, "int"} and (type(value) is not int or value < 1):
            raise ValueError(f"{each.name} is no positive number")
        if each.type in {str, "str"} and not (isinstance(value, str) and value.strip()):
            raise ValueError(f"{each.name} is missing")
    return kind(**stated)


@cache
def pattern_terms() -> PatternTerms:
    """Return the thresholds of this release."""
    return read_terms((files("registry.vouchers.patterns") / "thresholds.toml").read_text("utf-8"))
