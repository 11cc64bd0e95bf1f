"""What the patterns find at a claim as it stands: sales and claims for the rules, and what was decided of it."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from registry.errors import ConflictError
from registry.exchange import sales as exchange
from registry.exchange.model import SaleFact
from registry.journal.work import View
from registry.parties import service as parties
from registry.values.identifiers import FirmId, OrderId, VoucherId
from registry.values.money import Money
from registry.vouchers import records
from registry.vouchers.patterns import rules
from registry.vouchers.patterns.model import Claim, DecidedFinding, PatternDecision, PatternFinding
from registry.vouchers.patterns.terms import CircularTerms, pattern_terms
from registry.vouchers.records import ClaimRow

CLAIMS_MAX: Final = 2_000
FIRMS_MAX: Final = 300
"""How many claims at a seller, and how many firms around a sale, one question looks at."""


def findings(view: View, voucher_id: VoucherId) -> tuple[DecidedFinding, ...]:
    """Return what the patterns find at a redeemed voucher, with the newest decision on each; nothing before that."""
    row = records.claim_row(view.connection, voucher_id)
    if row is None:
        return ()
    decided = records.pattern_decisions_of(view.connection, [voucher_id]).get(voucher_id, ())
    return tuple(DecidedFinding(each, _decision(each, decided)) for each in _found(view, row))


def finding(view: View, voucher_id: VoucherId, digest: str) -> PatternFinding:
    """Return one finding of a voucher by its digest. Raises ConflictError when it is not found any more."""
    for each in findings(view, voucher_id):
        if str(each.finding.digest) == digest:
            return each.finding
    raise ConflictError("pattern_finding_not_found", id=voucher_id, digest=digest[:80])


def _decision(found: PatternFinding, decided: Sequence[PatternDecision]) -> PatternDecision | None:
    of_it = [each for each in decided if (each.pattern, each.digest) == (found.code, found.digest)]
    return of_it[-1] if of_it else None


def _found(view: View, row: ClaimRow) -> list[PatternFinding]:
    terms, voucher = pattern_terms(), row[0]
    sale = exchange.sales_named(view, [voucher.order])[voucher.order]
    days = timedelta(days=max(terms.split_purchase.days, terms.vendor_collusion.days))
    rows = records.claims_with(view.connection, voucher.authority, sale.seller, row[1].plus(-2 * days), CLAIMS_MAX)
    of_year = records.claims_in_year(view.connection, voucher, CLAIMS_MAX)
    sold = exchange.sales_of(view, [sale.seller], sale.day - days, sale.day)
    claims = _claims(view, [row, *rows, *of_year], {each.order: each for each in (sale, *sold)})
    claim, at_seller = claims[voucher.id], [claims[each[0].id] for each in rows if each[0].id in claims]
    around = _around(view, sale, terms.circular_trade)
    pool = records.pool_of(view.connection, voucher.pool)
    like = exchange.sales_like(view, sale, sale.day - timedelta(days=2 * terms.price_far_above.days), sale.day)
    elsewhere = records.external_uses_for(view.connection, voucher.order)
    return [
        *rules.circular_trade(sale, around, _groups(view, around, sale), terms.circular_trade),
        *rules.price_far_above(sale, like, pool.opened_at.civil_day() if pool else None, terms.price_far_above),
        *rules.claimed_elsewhere(claim, [each.reference for each in elsewhere]),
        *rules.split_purchase(claim, at_seller, terms.split_purchase),
        *rules.year_end_bunching(claim, [claims[each[0].id] for each in of_year], terms.year_end_bunching),
        *rules.exact_cap(claim),
        *rules.vendor_collusion(claim, sold, at_seller, terms.vendor_collusion),
    ]


def _claims(view: View, rows: Iterable[ClaimRow], sold: dict[OrderId, SaleFact]) -> dict[VoucherId, Claim]:
    """Return claims with their sale and the controller of their firm."""
    every = {row[0].id: row for row in rows}
    sold |= exchange.sales_named(view, [row[0].order for row in every.values() if row[0].order not in sold])
    groups = parties.controllers(view, {row[0].firm for row in every.values()}, view.now.civil_day())
    made = {}
    for voucher, redeemed_at, amounts in every.values():
        if voucher.order not in sold or voucher.event_on is None:
            continue
        made[voucher.id] = Claim(
            voucher=voucher.id,
            firm=voucher.firm,
            group=groups[voucher.firm],
            sale=sold[voucher.order],
            year=voucher.year,
            event_on=voucher.event_on,
            redeemed_at=redeemed_at,
            base=Money(amounts["base_fen"]),
            amount=Money(amounts["amount_fen"]),
            share=Money(amounts["limits"]["rate"]),
            year_used=Money(amounts["year_used_fen"]),
            cap=Money(amounts["firm_year_cap_fen"]),
        )
    return made


def _around(view: View, sale: SaleFact, terms: CircularTerms) -> tuple[SaleFact, ...]:
    """Return the sales by which money goes on from a supplier, firm by firm, as far as a ring may reach."""
    span = timedelta(days=terms.days)
    found: dict[str, SaleFact] = {}
    frontier, seen = {sale.supplier}, {sale.supplier}
    for _ in range(terms.firms_max):
        if not frontier or len(seen) > FIRMS_MAX:
            break
        bought = [
            each
            for each in exchange.sales_of(view, sorted(frontier), sale.day - span, sale.day + span)
            if each.buyer in frontier
        ]
        found |= {str(each.order): each for each in bought}
        frontier = {each.supplier for each in bought} - seen
        seen |= frontier
    return tuple(found.values())


def _groups(view: View, around: Sequence[SaleFact], sale: SaleFact) -> dict[FirmId, FirmId]:
    """Return the controller of every firm of some sales; where there are none, there is no ring to look for."""
    if not around:
        return {}
    firms = {sale.buyer, sale.supplier, *(firm for each in around for firm in (each.buyer, each.supplier))}
    return parties.controllers(view, sorted(firms), sale.day)
