"""What the conditions of an offer must be, who may buy, and what is due for what was read.

Rules:
* No listing without a document that shows where the thing comes from, and one that shows the right to trade it
  (数据安全法 33; RULINGS 37).
* Data is offered under a licence of the list (``licences.toml``) and in one way of delivery at least. Compute has
  neither.
* A price is free (nothing), fixed (per unit ordered), by volume (per bytes sent) or by call (per read that sent
  anything). A metered price says how many bytes or reads one unit is; only what is read through us is metered.
* Of a metered order the quantity is the most that may become due. What is due for a period is what is due for
  everything up to its end less what was due before it, each rounded down to a fen: periods, however cut, add up.
* Who may buy is everybody, firms of the mainland (the code was issued in a region 11 to 65 of GB/T 2260), firms by
  name, or firms on a leader list of a sector on the day of the order.
"""

from typing import Final

from registry.errors import Obstacle
from registry.exchange.licences import licence_named
from registry.exchange.model import ProductKind
from registry.exchange.offer_model import METERED, BuyerFacts, BuyerKind, Buyers, Conditions, PriceKind
from registry.values.money import Money

_MAINLAND: Final = range(11, 66)
"""First two digits of GB/T 2260: 71 is Taiwan, 81 Hong Kong, 82 Macao."""


def condition_obstacles(kind: ProductKind, unit_price: Money, conditions: Conditions) -> list[Obstacle]:
    """Return everything that the conditions of an offer lack."""
    found = []
    if conditions.source_evidence is None:
        found.append(Obstacle("listing_without_source_evidence", "数据安全法 33", evidence=("source_evidence",)))
    if conditions.rights_evidence is None:
        found.append(Obstacle("listing_without_rights_evidence", "RULINGS 37", evidence=("rights_evidence",)))
    found += _data_obstacles(conditions) if kind is not ProductKind.COMPUTE else _compute_obstacles(conditions)
    return [*found, *_price_obstacles(kind, unit_price, conditions), *_buyer_obstacles(conditions.buyers)]


def _data_obstacles(conditions: Conditions) -> list[Obstacle]:
    found = []
    if not conditions.licence:
        found.append(Obstacle("listing_without_licence", "RULINGS 37"))
    elif licence_named(conditions.licence) is None:
        found.append(Obstacle("listing_licence_unknown", "RULINGS 37", parameters={"given": conditions.licence[:100]}))
    if not conditions.delivery:
        found.append(Obstacle("listing_without_delivery", "RULINGS 37"))
    return found


def _compute_obstacles(conditions: Conditions) -> list[Obstacle]:
    if conditions.licence or conditions.delivery or conditions.price_kind in METERED:
        return [Obstacle("listing_compute_is_no_data", "S1 cl.4")]
    return []


def _price_obstacles(kind: ProductKind, unit_price: Money, conditions: Conditions) -> list[Obstacle]:
    found = []
    if conditions.price_kind is PriceKind.FREE and unit_price:
        found.append(Obstacle("listing_free_with_price", "RULINGS 13", parameters={"price": str(unit_price)}))
    if conditions.price_kind is not PriceKind.FREE and not unit_price:
        found.append(Obstacle("listing_without_price", "RULINGS 13"))
    if conditions.price_kind in METERED and kind is ProductKind.API:
        found.append(Obstacle("listing_not_metered", "RULINGS 13"))
    if (conditions.price_kind in METERED) != (conditions.unit_size is not None):
        found.append(
            Obstacle("listing_unit_size", "RULINGS 13", parameters={"price_kind": conditions.price_kind.value})
        )
    return found


def _buyer_obstacles(buyers: Buyers) -> list[Obstacle]:
    named = (bool(buyers.firms), bool(buyers.sectors))
    if named == (buyers.kind is BuyerKind.FIRMS, buyers.kind is BuyerKind.SECTORS):
        return []
    return [Obstacle("listing_buyers_unclear", "RULINGS 37", parameters={"kind": buyers.kind.value})]


def admits(buyers: Buyers, buyer: BuyerFacts) -> bool:
    """Say whether a firm is among those who may buy."""
    match buyers.kind:
        case BuyerKind.ALL:
            return True
        case BuyerKind.MAINLAND:
            return int(buyer.uscc.region[:2]) in _MAINLAND
        case BuyerKind.FIRMS:
            return buyer.firm in buyers.firms
        case BuyerKind.SECTORS:
            return bool(buyer.sectors & buyers.sectors)


def metered_fen(unit_price: Money, unit_size: int, used: int) -> int:
    """Return what is due for ``used`` bytes or reads, rounded down to a fen; without a bound, so no amount of money."""
    return unit_price.fen * used // unit_size


def due_in_period(unit_price: Money, unit_size: int, before: int, used: int, ceiling: Money) -> Money:
    """Return what is due for ``used`` bytes or reads after ``before`` of them, never more in all than ``ceiling``."""
    earlier = min(metered_fen(unit_price, unit_size, before), ceiling.fen)
    later = min(metered_fen(unit_price, unit_size, before + used), ceiling.fen)
    return Money(later - earlier)
