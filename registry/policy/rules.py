"""What a policy document says on a day, and how much a voucher covers.

Rules:
* The term begins on the issue date and ends on the eve of the anniversary (S1 四 有效期2年; RULINGS 19). Where the
  month has no such day, the term ends with that month (民法典 202).
* A term may begin on a day the document names (S0 art.16), and may have no end (S2 三).
* Only a document in force on the day of the event is paid; a suspension by a superior rule goes before, of the whole
  document or of one instrument, until a ruling lifts it (RULINGS 21).
* A ruling acts on decisions taken on its date or later; the latest one holds. Quoting goes by defaults; a payment
  needs a ruling for every assumption its instrument rests on (RULINGS.md, top). Where a document contradicts itself
  the undisputed amount needs none: only what the readings differ by waits for it (RULINGS 12).
* The firm-year is the calendar year of the later of invoice date and bank-payment date (RULINGS 15).
* Per firm and year, Σ awards ≤ min(cap, ⌊rate · Σ base⌋), data and compute together (S1 cl.4; RULINGS 16). One more
  purchase earns what that ceiling allows beyond what was awarded before, never more than the purchase itself.
* A notice runs through 24:00 of the last of N days counted from the day after posting; when offices rest on that day,
  through 24:00 of the next working day (S0 art.7; 民法典 201, 203; RULINGS 25).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from registry.errors import Finding, InvalidValueError, Obstacle, RuleError
from registry.policy.assumptions import Assumption, AssumptionValue, Ruling, table_of, written
from registry.policy.kinds import ScoredRange
from registry.policy.model import (
    LIFTED,
    OPEN_END,
    CapPeriod,
    CapScope,
    Condition,
    Instrument,
    LegalStatus,
    PolicyDocument,
    StatusInterval,
    Term,
    Verdict,
)
from registry.policy.working_days import WorkingCalendar
from registry.values.moment import Moment
from registry.values.money import Money, Rate

_ONE_DAY = timedelta(days=1)


class FirmYearRule(StrEnum):
    """Which date decides the year a purchase belongs to."""

    LATER = "later_of_invoice_and_payment"
    INVOICE = "invoice"
    PAYMENT = "payment"


# Term and legal status.


def term_of(issue_date: date, months: int = 24) -> Term:
    """Return the term of a document issued on ``issue_date`` and valid for ``months``: its last day is included."""
    years, month = divmod(issue_date.month - 1 + months, 12)
    first_of_month = date(issue_date.year + years, month + 1, 1)
    anniversary = first_of_month + timedelta(days=issue_date.day - 1)
    if anniversary.month != first_of_month.month:
        anniversary = anniversary.replace(day=1)
    return Term(issue_date, anniversary - _ONE_DAY)


def document_term(document: PolicyDocument, issue_date: date) -> Term:
    """Return the term of ``document`` when it was issued on ``issue_date``."""
    rule = document.term_rule
    first = rule.first or issue_date
    return Term(first, OPEN_END) if rule.months is None else term_of(first, rule.months)


def in_term(issue_date: date | None, day: date, months: int = 24) -> bool:
    """Say whether an event of ``day`` falls in the term; never, while the issue date is unknown."""
    return issue_date is not None and term_of(issue_date, months).holds(day)


def issue_date_of(document: PolicyDocument, rulings: Sequence[Ruling], day: date) -> date | None:
    """Return the issue date the document states or the bureau entered, as known to a decision of ``day``, or None."""
    if document.term_rule.issue_date:
        return document.term_rule.issue_date
    assumption = document.assumption(document.issue_date_assumption)
    ruling = ruling_in_effect(assumption.id, rulings, day)
    value = assumption.default if ruling is None else ruling.value
    return value if isinstance(value, date) else None


def legal_status(document: PolicyDocument, issue_date: date | None, day: date) -> LegalStatus:
    """Return how ``document``, issued on ``issue_date``, stands on ``day``."""
    if issue_date is None:
        return LegalStatus.NOT_ISSUED
    if day < issue_date:
        return LegalStatus.NOT_YET_IN_FORCE
    term_end = document_term(document, issue_date).last
    holding = {each.status for each in document.statuses if _holds(each, issue_date, term_end, day)}
    for status in (LegalStatus.SUSPENDED, LegalStatus.IN_FORCE):
        if status in holding:
            return status
    begins = [each.first or issue_date for each in document.statuses if each.status is LegalStatus.IN_FORCE]
    return LegalStatus.NOT_YET_IN_FORCE if any(day < first for first in begins) else LegalStatus.EXPIRED


def instrument_status(
    document: PolicyDocument, instrument: Instrument, issue_date: date | None, rulings: Sequence[Ruling], day: date
) -> LegalStatus:
    """Return how one instrument stands on ``day``: as its document does, unless it is suspended by itself.

    A suspension whose assumption a ruling of ``day`` answers with LIFTED no longer holds.
    """
    status = legal_status(document, issue_date, day)
    if status is not LegalStatus.IN_FORCE or issue_date is None:
        return status
    term_end = document_term(document, issue_date).last
    for each in instrument.statuses:
        ruling = ruling_in_effect(each.assumption, rulings, day) if each.assumption else None
        if _holds(each, issue_date, term_end, day) and (ruling is None or ruling.value != LIFTED):
            return each.status
    return status


def _holds(interval: StatusInterval, issue_date: date, term_end: date, day: date) -> bool:
    last = None if interval.open_ended else interval.last or term_end
    return (interval.first or issue_date) <= day and (last is None or day <= last)


def claims_until(term: Term, window_days: int) -> date:
    """Return the last day on which a claim for an event of the term is accepted (RULINGS 19)."""
    return OPEN_END if term.is_open else term.last + timedelta(days=window_days)


def firm_years_of(term: Term, today: date | None = None) -> tuple[int, ...]:
    """Return the calendar years the term touches: a firm's yearly cap is open once in each of them (RULINGS 15).

    A term without an end touches the years up to ``today``; without that only its first one is known.
    """
    last = (today or term.first) if term.is_open else term.last
    return tuple(range(term.first.year, max(term.first.year, last.year) + 1))


# Assumptions and rulings.


def ruling_in_effect(assumption_id: str, rulings: Sequence[Ruling], day: date) -> Ruling | None:
    """Return the ruling a decision of ``day`` goes by: the latest dated; of one date, the one recorded last."""
    acting = [each for each in rulings if each.assumption_id == assumption_id and each.date <= day]
    return max(enumerate(acting), key=lambda pair: (pair[1].date, pair[0]))[1] if acting else None


def require_ruling(document: PolicyDocument, ruling: Ruling) -> None:
    """Raise unless ``ruling`` says something its assumption can take.

    Raises:
        NotFoundError: The document has no such assumption.
        InvalidValueError: The value is of another type or out of bounds, or a table leaves the range of the clause.
    """
    assumption = document.assumption(ruling.assumption_id)
    if assumption.read(written(ruling.value)) != ruling.value:
        raise InvalidValueError(
            "policy_type_wrong", at=assumption.id, expected=assumption.type, given=str(ruling.value)
        )
    if not (table := table_of(ruling.value)):
        return
    for instrument in document.instruments:
        if instrument.id in assumption.applies_to and isinstance(instrument.terms, ScoredRange):
            instrument.terms.require_table(table)


def open_assumptions(instrument: Instrument, rulings: Sequence[Ruling], day: date) -> tuple[Assumption, ...]:
    """Return the assumptions no ruling has closed by ``day``. Quoting may go on; a payment may not."""
    return tuple(each for each in instrument.assumptions if ruling_in_effect(each.id, rulings, day) is None)


def rulings_needed(instrument: Instrument, rulings: Sequence[Ruling], day: date) -> tuple[Assumption, ...]:
    """Return the open assumptions that stop a payment: all but contradictions, whose undisputed part is paid."""
    disputed = {each.assumption for each in instrument.conflicts}
    return tuple(each for each in open_assumptions(instrument, rulings, day) if each.id not in disputed)


def payment_verdict(instrument: Instrument, rulings: Sequence[Ruling], day: date) -> Verdict:
    """Return whether a payment may rest on ``instrument``: one condition for each assumption that can stop it."""
    disputed = {each.assumption for each in instrument.conflicts}
    still_open = {each.id for each in rulings_needed(instrument, rulings, day)}
    return Verdict(
        tuple(
            Condition(
                "assumption_without_ruling" if each.id in still_open else "assumption_ruled",
                each.clause,
                Finding.UNMET if each.id in still_open else Finding.MET,
                {"assumption": each.id, "question_en": each.question_en, "question_zh": each.question_zh},
                ("ruling",),
            )
            for each in instrument.assumptions
            if each.id not in disputed
        )
    )


def effective_value(
    instrument: Instrument, assumption_id: str, rulings: Sequence[Ruling], day: date
) -> AssumptionValue:
    """Return the value a decision of ``day`` goes by: the ruling's, or else the default.

    Raises:
        NotFoundError: The instrument does not rest on such an assumption.
        RuleError: There is neither ruling nor default (the issue date).
    """
    assumption = instrument.assumption(assumption_id)
    ruling = ruling_in_effect(assumption.id, rulings, day)
    value = assumption.default if ruling is None else ruling.value
    if value is None:
        parameters = {
            "assumption": assumption.id,
            "question_en": assumption.question_en,
            "question_zh": assumption.question_zh,
        }
        obstacle = Obstacle("assumption_without_ruling", assumption.clause, Finding.UNKNOWN, parameters, ("ruling",))
        raise RuleError("policy_value_open", (obstacle,), assumption=assumption.id)
    return value


def cap_amount(instrument: Instrument, scope: CapScope, rulings: Sequence[Ruling], day: date) -> Money:
    """Return the cap of ``scope`` a decision of ``day`` goes by: a ruling replaces a figure the clause does not give.

    Raises:
        NotFoundError: The instrument has no cap of that scope.
    """
    cap = instrument.cap(scope)
    value = effective_value(instrument, cap.assumption, rulings, day) if cap.assumption else cap.amount
    return value if isinstance(value, Money) else cap.amount


def pool_account(instrument: Instrument, rulings: Sequence[Ruling], day: date, firm_year_number: int) -> str:
    """Return the name of the pool a voucher draws on, by the reading of 总额度 (RULINGS 18).

    Raises:
        NotFoundError: The instrument has no pool.
    """
    cap = instrument.cap(CapScope.POOL)
    stated = "shared_year" if cap.period is CapPeriod.YEAR else "shared_term"
    reading = str(effective_value(instrument, cap.assumption, rulings, day)) if cap.assumption else stated
    shared, _, period = reading.partition("_")
    name = cap.group if shared == "shared" else instrument.id
    return name if period == "term" else f"{name}-{firm_year_number}"


# Years and amounts.


# Invariant 12 (term and year).
def firm_year(invoice_day: date, payment_day: date, rule: FirmYearRule = FirmYearRule.LATER) -> int:
    """Return the calendar year a purchase counts in; both days are days in the authority's zone."""
    if rule is FirmYearRule.INVOICE:
        return invoice_day.year
    return payment_day.year if rule is FirmYearRule.PAYMENT else max(invoice_day, payment_day).year


@dataclass(frozen=True, slots=True)
class VoucherTerms:
    """The share of the base and the most a firm receives in a year."""

    rate: Rate
    firm_year_cap: Money


@dataclass(frozen=True, slots=True)
class FirmYearSoFar:
    """The approved bases of a firm and year, net of refunds, and what was awarded or is held, for both vouchers."""

    base: Money
    awarded: Money


class LimitKind(StrEnum):
    """What can bound a voucher."""

    RATE = "rate"
    PURCHASE = "purchase"
    FIRM_YEAR = "firm_year"
    POOL = "pool"
    ROUND = "round"


@dataclass(frozen=True, slots=True)
class Limit:
    """One bound on a voucher; ``binds`` when the amount is exactly what it leaves."""

    kind: LimitKind
    left: Money
    binds: bool


@dataclass(frozen=True, slots=True)
class Quote:
    """What a voucher covers of a purchase, and every limit with what it leaves."""

    amount: Money
    limits: tuple[Limit, ...]


# Invariant 4 (rate).
def voucher_ceiling(rate: Rate, sum_of_base: Money, cap: Money) -> Money:
    """Return the most a firm may be awarded in a year: the lesser of the cap and the share, rounded down once."""
    return min(cap, rate.of_rounded_down(sum_of_base))


def voucher_amount(base: Money, so_far: FirmYearSoFar, terms: VoucherTerms) -> Money:
    """Return what one more purchase of ``base`` earns; however a purchase is split, the sum is the same."""
    ceiling = voucher_ceiling(terms.rate, so_far.base + base, terms.firm_year_cap)
    return min(base, ceiling.less(so_far.awarded))


def excess_after_refund(amount: Money, standing: FirmYearSoFar, terms: VoucherTerms) -> Money:
    """Return what of ``amount``, a voucher whose purchase was refunded, is above the ceiling of its firm-year.

    ``standing`` is the firm-year with the bases that still stand and everything awarded on them and on this voucher, so
    that a firm whose other purchases reach the cap by themselves owes nothing (RULINGS 16).
    """
    return min(amount, standing.awarded.less(voucher_ceiling(terms.rate, standing.base, terms.firm_year_cap)))


def what_binds(
    base: Money, so_far: FirmYearSoFar, pool_left: Money, terms: VoucherTerms, round_left: Money | None = None
) -> Quote:
    """Return what a voucher covers when ``pool_left`` is all the pool has, and which limits it runs into.

    ``round_left`` is what the round it is held in has; None: it is held in none.
    """
    left = {
        LimitKind.RATE: terms.rate.of_rounded_down(so_far.base + base).less(so_far.awarded),
        LimitKind.PURCHASE: base,
        LimitKind.FIRM_YEAR: terms.firm_year_cap.less(so_far.awarded),
        LimitKind.POOL: pool_left,
    }
    if round_left is not None:
        left[LimitKind.ROUND] = round_left
    amount = min(left.values())
    return Quote(amount, tuple(Limit(kind, each, each == amount) for kind, each in left.items()))


# Notices and working days.


def notice_end(posted_at: Moment, days: int, calendar: WorkingCalendar) -> Moment:
    """Return the first instant at which a notice posted at ``posted_at`` has run its ``days``.

    Raises:
        InvalidValueError: Less than one day.
        UnavailableError: The calendar of a year that is needed is not known.
    """
    if days < 1:
        raise InvalidValueError("policy_number_out_of_range", at="days", given=str(days), least="1", most="…")
    last_day = calendar.working_day_from(posted_at.civil_day() + timedelta(days=days))
    return Moment.start_of(last_day + _ONE_DAY)


def working_days_after(day: date, count: int, calendar: WorkingCalendar) -> date:
    """Return the ``count``-th working day after ``day``; the day itself never counts.

    Raises:
        InvalidValueError: Less than one day.
        UnavailableError: The calendar of a year that is needed is not known.
    """
    if count < 1:
        raise InvalidValueError("policy_number_out_of_range", at="count", given=str(count), least="1", most="…")
    for _ in range(count):
        day = calendar.working_day_from(day + _ONE_DAY)
    return day
