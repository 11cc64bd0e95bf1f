"""What each pattern finds. Pure: sales and claims in, findings out.

Rules (POLICY §5), with the thresholds of ``thresholds.toml``:
* F4: money that comes back. From the supplier of a sale near-equal amounts lead, firm by firm, back to its buyer; firms
  of one controller are one.
* F5: a price far above the median of other suppliers of the same kind, by median and median deviation; or above what
  the same supplier took for the same product before the vouchers were launched.
* F6: an invoice, or its contract, for which another benefit is recorded.
* F10: several firms of one group that together have more of one product than one firm may; many orders for the same
  product within a few days.
* F12: most of a year's base in its last days, or a claim whose share comes to the cap exactly.
* F14: a vendor nearly all of whose sales are supported, or at which vouchers are redeemed in quick succession.
A claim is judged by what had happened when it was redeemed, so that what comes later opens no earlier one again.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from registry.errors import Parameter
from registry.exchange.model import SaleFact
from registry.values.identifiers import FirmId
from registry.values.money import FULL_RATE_BP, Money
from registry.vouchers.patterns.model import Claim, PatternCode, PatternFinding
from registry.vouchers.patterns.terms import BunchingTerms, CircularTerms, PriceTerms, SplitTerms, VendorTerms

Edge = tuple[FirmId, tuple[SaleFact, ...]]


# F4.


def circular_trade(
    sale: SaleFact, sales: Iterable[SaleFact], group_of: Mapping[FirmId, FirmId], terms: CircularTerms
) -> tuple[PatternFinding, ...]:
    """Return the shortest way by which the money of ``sale`` comes back to its buyer, if there is one."""

    def one(firm: FirmId) -> FirmId:
        return group_of.get(firm, firm)

    start, end = one(sale.supplier), one(sale.buyer)
    between: dict[tuple[FirmId, FirmId], list[SaleFact]] = defaultdict(list)
    for each in sales:
        if abs((each.day - sale.day).days) <= terms.days and one(each.buyer) != one(each.supplier):
            between[one(each.buyer), one(each.supplier)].append(each)
    edges: dict[FirmId, list[Edge]] = defaultdict(list)
    for (buyer, supplier), trades in sorted(between.items()):
        if alike := _near_equal(trades, sale.net, terms.tolerance_bp):
            edges[buyer].append((supplier, alike))
    ways: list[tuple[FirmId, tuple[SaleFact, ...]]] = [(start, ())]
    seen = {start}
    for _ in range(terms.firms_max - 1):
        further: list[tuple[FirmId, tuple[SaleFact, ...]]] = []
        for firm, way in ways:
            for other, trades_between in edges[firm]:
                if other == end:
                    return (_ring(sale, (*way, *trades_between), terms),)
                if other not in seen:
                    seen.add(other)
                    further.append((other, (*way, *trades_between)))
        ways = further
    return ()


def _near_equal(trades: Sequence[SaleFact], amount: Money, tolerance_bp: int) -> tuple[SaleFact, ...]:
    """Return the trades of a pair that come near an amount: one of them, or all together."""

    def near(fen: int) -> bool:
        return abs(fen - amount.fen) * FULL_RATE_BP <= tolerance_bp * amount.fen

    for each in sorted(trades, key=lambda trade: (trade.day, trade.order)):
        if near(each.net.fen):
            return (each,)
    return tuple(trades) if near(sum(each.net.fen for each in trades)) else ()


def _ring(sale: SaleFact, back: tuple[SaleFact, ...], terms: CircularTerms) -> PatternFinding:
    orders = tuple(sorted({str(each.order) for each in (sale, *back)}))
    chain = dict.fromkeys([sale.buyer, *(each.buyer for each in back)])
    figures: dict[str, Parameter] = {
        "chain": " → ".join(chain) + f" → {sale.buyer}",
        "orders": ", ".join(orders),
        "amount": str(sale.net),
        "days": terms.days,
    }
    return PatternFinding(PatternCode.CIRCULAR_TRADE, terms.clause, orders, figures)


# F5.


def price_far_above(
    sale: SaleFact, peers: Iterable[SaleFact], launched_on: date | None, terms: PriceTerms
) -> tuple[PatternFinding, ...]:
    """Return that a price stands out among other suppliers, or against the time before vouchers were launched."""
    first = sale.day - timedelta(days=terms.days)
    before = [each for each in peers if each.kind == sale.kind and each.order != sale.order and each.day <= sale.day]
    others: dict[FirmId, list[int]] = defaultdict(list)
    for each in before:
        if each.supplier != sale.supplier and each.day >= first:
            others[each.supplier].append(each.unit_price.fen)
    limit, middle = None, 0
    if len(others) >= terms.suppliers_least:
        # One figure for each supplier, so that nobody makes a market price by selling often.
        prices = [_median(each) for each in others.values()]
        middle = _median(prices)
        spread = max(_median([abs(price - middle) for price in prices]), middle * terms.spread_least_bp // FULL_RATE_BP)
        limit = middle + terms.deviations * spread
    own = [
        each.unit_price.fen
        for each in before
        if launched_on and each.day < launched_on and (each.supplier, each.product) == (sale.supplier, sale.product)
    ]
    if own and sale.unit_price.fen * FULL_RATE_BP > _median(own) * (FULL_RATE_BP + terms.rise_bp):
        return (_dear(sale, "before_launch", _median(own), terms),)
    if limit is not None and sale.unit_price.fen > limit:
        return (_dear(sale, "other_suppliers", middle, terms),)
    return ()


def _dear(sale: SaleFact, against: str, median_fen: int, terms: PriceTerms) -> PatternFinding:
    figures: dict[str, Parameter] = {
        "against": against,
        "price": str(sale.unit_price),
        "median": str(Money(median_fen)),
    }
    return PatternFinding(PatternCode.PRICE_FAR_ABOVE, terms.clause, (str(sale.order), against), figures)


def _median(values: Sequence[int]) -> int:
    """Return the middle of values, of an even number of them the mean of both, rounded down."""
    found = sorted(values)
    half = len(found) // 2
    return found[half] if len(found) % 2 else (found[half - 1] + found[half]) // 2


# F6.


def claimed_elsewhere(claim: Claim, documents: Sequence[str]) -> tuple[PatternFinding, ...]:
    """Return that other benefits for the purchase of a claim are recorded, by the numbers of their documents."""
    if not documents:
        return ()
    stated: dict[str, Parameter] = {"documents": ", ".join(sorted(documents)), "order": str(claim.sale.order)}
    return (PatternFinding(PatternCode.CLAIMED_ELSEWHERE, "POLICY 5 F6", tuple(sorted(documents)), stated),)


# F10.


def split_purchase(claim: Claim, claims: Iterable[Claim], terms: SplitTerms) -> tuple[PatternFinding, ...]:
    """Return that a purchase was divided among the firms of a group, or into many orders."""
    first = claim.event_on - timedelta(days=terms.days)
    same = [
        each
        for each in claims
        if each.group == claim.group
        and each.sale.supplier == claim.sale.supplier
        and each.sale.product == claim.sale.product
        and first <= each.event_on <= claim.event_on
        and (each.redeemed_at, each.voucher) < (claim.redeemed_at, claim.voucher)
    ]
    found = []
    together = [*same, claim]
    firms = {each.firm for each in together}
    total = sum(each.amount.fen for each in together)
    if len(firms) >= terms.firms_least and total > claim.cap.fen:
        found.append(_split(claim, "group", together, terms))
    burst = claim.event_on - timedelta(days=terms.burst_days - 1)
    orders = [each for each in together if each.firm == claim.firm and each.event_on >= burst]
    if len({each.sale.order for each in orders}) >= terms.burst_orders:
        found.append(_split(claim, "orders", orders, terms))
    return tuple(found)


def _split(claim: Claim, way: str, together: Sequence[Claim], terms: SplitTerms) -> PatternFinding:
    vouchers = tuple(sorted({str(each.voucher) for each in together}))
    figures: dict[str, Parameter] = {
        "way": way,
        "firms": len({each.firm for each in together}),
        "claims": len(together),
        "total": str(Money(sum(each.amount.fen for each in together))),
        "cap": str(claim.cap),
        "days": terms.days if way == "group" else terms.burst_days,
    }
    return PatternFinding(PatternCode.SPLIT_PURCHASE, terms.clause, (way, *vouchers), figures)


# F12.


def year_end_bunching(claim: Claim, of_year: Iterable[Claim], terms: BunchingTerms) -> tuple[PatternFinding, ...]:
    """Return that a claim of the last days of a year is one of many; ``of_year`` are those of its firm-year."""
    last = date(claim.year, 12, 31) - timedelta(days=terms.last_days - 1)
    until = [each for each in of_year if (each.redeemed_at, each.voucher) <= (claim.redeemed_at, claim.voucher)]
    late = [each for each in until if each.event_on >= last]
    if claim.event_on < last or len(late) < terms.claims_least:
        return ()
    base, of_late = (sum(each.base.fen for each in some) for some in (until, late))
    if of_late * FULL_RATE_BP < base * terms.share_bp:
        return ()
    figures: dict[str, Parameter] = {
        "claims": len(late),
        "last_days": terms.last_days,
        "late": str(Money(of_late)),
        "base": str(Money(base)),
    }
    return (PatternFinding(PatternCode.YEAR_END_BUNCHING, terms.clause, (str(claim.voucher),), figures),)


def exact_cap(claim: Claim) -> tuple[PatternFinding, ...]:
    """Return that the share of a claim comes to the cap to the fen, without being cut by it."""
    left = claim.cap.less(claim.year_used)
    if not left or claim.share != left:
        return ()
    figures: dict[str, Parameter] = {"cap": str(claim.cap), "base": str(claim.base), "year": claim.year}
    return (PatternFinding(PatternCode.EXACT_CAP, "POLICY 5 F12", (str(claim.voucher),), figures),)


# F14.


def vendor_collusion(
    claim: Claim, sales: Iterable[SaleFact], claims: Iterable[Claim], terms: VendorTerms
) -> tuple[PatternFinding, ...]:
    """Return that a vendor lives of vouchers, or that they are redeemed at it in quick succession."""
    seller, day = claim.sale.seller, claim.sale.day
    first = day - timedelta(days=terms.days)
    sold = {each.order: each for each in sales if each.seller == seller and first <= each.day <= day}
    until = [
        each
        for each in claims
        if each.sale.seller == seller and (each.redeemed_at, each.voucher) <= (claim.redeemed_at, claim.voucher)
    ]
    supported = {each.sale.order for each in until} & set(sold)
    total, of_supported = (sum(sold[order].net.fen for order in some) for some in (set(sold), supported))
    found = []
    if len(sold) >= terms.sales_least and of_supported * FULL_RATE_BP >= total * terms.ratio_bp:
        found.append(_vendor(claim, "ratio", len(supported), len(sold), terms))
    since = claim.redeemed_at.plus(timedelta(minutes=-terms.minutes))
    quick = [each for each in until if each.redeemed_at > since]
    if len(quick) >= terms.redemptions:
        found.append(_vendor(claim, "velocity", len(quick), len(sold), terms))
    return tuple(found)


def _vendor(claim: Claim, way: str, count: int, sales: int, terms: VendorTerms) -> PatternFinding:
    figures: dict[str, Parameter] = {
        "way": way,
        "claims": count,
        "sales": sales,
        "days": terms.days,
        "minutes": terms.minutes,
    }
    about = (way, str(claim.sale.seller), str(claim.voucher))
    return PatternFinding(PatternCode.VENDOR_COLLUSION, terms.clause, about, figures)
