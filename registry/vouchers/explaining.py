"""A quote in sentences: who may buy from whom, the share, what is left, what excludes it, and which limit binds.

Rules:
* Every sentence is a code with its figures; the words stand in ``api/words``, in both languages.
* The share, the firm's year, the pool and the round that is open bound a voucher (RULINGS 16, 18, 20). What is
  appropriated does not: claims beyond it are approved and wait in order of acceptance (RULINGS 18), so it is said and
  never binds.
* Every limit that leaves exactly the amount binds, and the last sentences say which and why.
"""

from dataclasses import dataclass

from registry.errors import Parameter
from registry.policy.model import Instrument
from registry.policy.rules import FirmYearSoFar, LimitKind, Quote, VoucherTerms
from registry.values.money import Money
from registry.vouchers.earlier import NONE, Earlier
from registry.vouchers.model import Appropriation, Pool, Statement
from registry.vouchers.round_model import VoucherRound


@dataclass(frozen=True, slots=True)
class QuoteFigures:
    """What a quote is made of: the instrument, the year so far, the pool, the year's money, what excludes it.

    ``entered`` is the flash round that is open, if there is one; ``earlier`` are the vouchers of the order before it.
    """

    instrument: Instrument
    terms: VoucherTerms
    year: int
    base: Money
    so_far: FirmYearSoFar
    pool: Pool | None
    appropriated: tuple[Appropriation, ...]
    excluded_by: tuple[str, ...]
    quoted: Quote
    entered: VoucherRound | None = None
    earlier: Earlier = NONE


def statements(found: QuoteFigures) -> tuple[Statement, ...]:
    """Return the sentences of a quote, those that say what binds last."""
    return (
        Statement(
            "quote_buyer_and_seller",
            found.instrument.clause,
            {},
            {"beneficiary": found.instrument.beneficiary, "sellers": ", ".join(found.instrument.sellers)},
        ),
        *_earlier(found),
        _share(found),
        _firm_year(found),
        _pool(found),
        _appropriation(found),
        *((_round(found.entered),) if found.entered else ()),
        *_exclusions(found),
        *_binding(found),
    )


def _earlier(found: QuoteFigures) -> tuple[Statement, ...]:
    """Return what earlier vouchers of an order that goes by periods took of its price (RULINGS 22)."""
    if not found.earlier.claims:
        return ()
    amounts = {"claimed": found.earlier.taken, "left": found.base}
    named: dict[str, Parameter] = {"vouchers": ", ".join(str(each.voucher) for each in found.earlier.claims)}
    return (Statement("quote_earlier_vouchers", "RULINGS 22", amounts, named),)


def _share(found: QuoteFigures) -> Statement:
    bought = found.so_far.base + found.base
    amounts = {
        "base": found.base,
        "bought": bought,
        "share": found.terms.rate.of_rounded_down(bought),
        "used": found.so_far.awarded,
        "left": found.terms.rate.of_rounded_down(bought).less(found.so_far.awarded),
    }
    stated: dict[str, Parameter] = {"rate": str(found.terms.rate), "year": found.year}
    return Statement("quote_share", found.instrument.clause, amounts, stated)


def _firm_year(found: QuoteFigures) -> Statement:
    cap, used = found.terms.firm_year_cap, found.so_far.awarded
    amounts = {"cap": cap, "used": used, "left": cap.less(used)}
    return Statement("quote_firm_year", found.instrument.clause, amounts, {"year": found.year})


def _pool(found: QuoteFigures) -> Statement:
    if found.pool is None:
        return Statement("quote_pool_not_open", "RULINGS 18", {}, {})
    amounts = {"budget": found.pool.budget, "used": found.pool.used, "left": found.pool.left}
    return Statement("quote_pool", "RULINGS 18", amounts, {"pool": found.pool.name})


def _round(entered: VoucherRound) -> Statement:
    amounts = {"budget": entered.budget, "used": entered.used, "left": entered.left}
    return Statement("quote_round", "RULINGS 20", amounts, {"title": entered.title})


def _appropriation(found: QuoteFigures) -> Statement:
    of_year = [each for each in found.appropriated if each.budget_year == found.year]
    if not of_year:
        return Statement("quote_not_appropriated", "RULINGS 18", {}, {"year": found.year})
    # A firm is told what is left, and no more: what an office was granted and spends, awards too, is for its officers.
    left = Money(sum(each.appropriated.fen - each.instructed.fen for each in of_year))
    return Statement("quote_appropriation", "RULINGS 18", {"left": left}, {"year": found.year})


def _exclusions(found: QuoteFigures) -> tuple[Statement, ...]:
    clause = found.instrument.exclusivity.clause
    if not found.excluded_by:
        return (Statement("quote_nothing_excludes", clause, {}, {}),)
    return tuple(Statement("quote_excluded", clause, {}, {"benefit": each}) for each in found.excluded_by)


def _binding(found: QuoteFigures) -> tuple[Statement, ...]:
    """Return one sentence for each limit that leaves exactly the amount."""
    amount = found.quoted.amount
    figures = {
        LimitKind.RATE: _share(found),
        LimitKind.FIRM_YEAR: _firm_year(found),
        LimitKind.POOL: _pool(found),
    }
    if found.entered is not None:
        figures[LimitKind.ROUND] = _round(found.entered)
    made = []
    for limit in found.quoted.limits:
        if not limit.binds:
            continue
        stated = figures.get(limit.kind)
        made.append(
            Statement(
                f"quote_bound_by_{limit.kind.value}",
                stated.clause if stated else "RULINGS 16",
                {**(stated.amounts if stated else {}), "amount": amount},
                stated.parameters if stated else {},
                binds=True,
            )
        )
    return tuple(made)
