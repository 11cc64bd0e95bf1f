"""What differs between our books and a file of finance, and what stands in the way of closing a year. Pure.

Rules:
* A payment is known by its budget line and the number of its payment voucher. What we only instructed is not expected
  at finance; what finance paid is expected here.
* Amount, day and payee are compared where both sides have the payment; a payee only where the file states one. Each
  difference is named by itself, and nothing is changed by it.
* A year is closed once it is over, by its reconciliation, signed off while our side was what it still is. Every
  instruction that is still open was sent back, or is carried over by the number of a document.
* Holds stay as they are: each counts in the firm-year it was made in until it is redeemed, given back or runs out, and
  a redemption moves it to the year of the claim (RULINGS 15). What is redeemed and not paid waits for money of the next
  year in order of acceptance (RULINGS 18, 19). Cash that comes back later reopens nothing (RULINGS 17).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from registry.errors import Obstacle
from registry.finance.model import Difference, DifferenceKind, FinancePayment, OwnPayment, PaymentKey
from registry.values.digest import Digest
from registry.values.money import Money

CLAUSE = "RULINGS 29"


def digest_of(ours: Iterable[OwnPayment]) -> Digest:
    """Return the digest of our side of a year; their order does not matter."""
    return Digest.of_json([each.as_json() for each in sorted(ours, key=lambda payment: payment.key)])


def differences(ours: Iterable[OwnPayment], theirs: Iterable[FinancePayment]) -> tuple[Difference, ...]:
    """Return every difference, in the order of lines and numbers."""
    here = {each.key: each for each in ours if each.paid}
    there = {each.key: each for each in theirs}
    found: list[Difference] = []
    for key in sorted(here.keys() | there.keys()):
        own, finance = here.get(key), there.get(key)
        if own is None and finance is not None:
            found.append(Difference(DifferenceKind.MISSING_HERE, key, "", str(finance.amount), finance.row))
        elif finance is None and own is not None:
            found.append(Difference(DifferenceKind.MISSING_THERE, key, str(own.paid), "", None))
        elif own is not None and finance is not None:
            found += _of_both(key, own, finance)
    return tuple(found)


def _of_both(key: PaymentKey, own: OwnPayment, finance: FinancePayment) -> list[Difference]:
    compared = (
        (DifferenceKind.AMOUNT, own.paid, finance.amount),
        (DifferenceKind.DATE, own.paid_on, finance.paid_on),
        (DifferenceKind.PAYEE, own.payee, finance.payee or own.payee),
    )
    return [
        Difference(kind, key, str(ours), str(theirs), finance.row) for kind, ours, theirs in compared if ours != theirs
    ]


def closing_obstacles(
    budget_year: int,
    today: date,
    open_instructions: Mapping[str, Money],
    carried: Sequence[tuple[str, str]],
    *,
    signed: bool,
    current: bool,
) -> tuple[Obstacle, ...]:
    """Return everything that stands in the way of closing a year.

    ``open_instructions`` are the cases with one and its amount; ``signed`` says whether the newest reconciliation is
    signed off, ``current`` whether our side is still what it compared.
    """
    found = []
    if today < date(budget_year, 12, 31):
        found.append(Obstacle("closing_year_not_over", CLAUSE, parameters={"year": budget_year, "today": str(today)}))
    if not signed:
        found.append(Obstacle("closing_not_reconciled", CLAUSE, parameters={"year": budget_year}))
    elif not current:
        found.append(Obstacle("closing_reconciliation_old", CLAUSE, parameters={"year": budget_year}))
    over = dict(carried)
    found += [
        Obstacle("closing_instruction_open", CLAUSE, parameters={"case": case, "amount": str(amount)})
        for case, amount in sorted(open_instructions.items())
        if case not in over
    ]
    found += [
        Obstacle("closing_nothing_to_carry", CLAUSE, parameters={"case": case[:60]})
        for case in sorted(over)
        if case not in open_instructions
    ]
    return tuple(found)
