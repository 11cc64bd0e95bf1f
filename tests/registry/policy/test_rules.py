from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import Finding, InvalidValueError, NotFoundError, RuleError, UnavailableError
from registry.policy.assumptions import AssumptionValue, Ruling
from registry.policy.kinds import Interval, Tier
from registry.policy.loader import load_shipped_calendar
from registry.policy.model import CapScope, LegalStatus, PolicyDocument, StatusInterval
from registry.policy.rules import (
    cap_amount,
    claims_until,
    effective_value,
    firm_years_of,
    in_term,
    issue_date_of,
    legal_status,
    notice_end,
    open_assumptions,
    payment_verdict,
    pool_account,
    require_ruling,
    term_of,
    working_days_after,
)
from registry.values.digest import Digest
from registry.values.moment import SHANGHAI, Moment
from registry.values.money import Money
from tests.registry.policy.documents import revision

YIZHOU = revision("yizhou-2-year-measures", 1)
VOUCHER = YIZHOU.instrument("yz-4-data")
CALENDAR = load_shipped_calendar()
CAP = Money.of_yuan("500000")
DAY = date(2026, 3, 1)
ISSUED = date(2026, 1, 15)


def ruling(assumption_id: str, value: AssumptionValue, on: date = DAY, number: str = "伊发改〔2026〕1号") -> Ruling:
    return Ruling(number, on, "伊州区发改委（数发局）", Digest.of(number.encode()), assumption_id, value)


def with_status(*statuses: StatusInterval) -> PolicyDocument:
    return replace(YIZHOU, statuses=statuses)


# Term and legal status.


@pytest.mark.parametrize(
    ("issued", "last"),
    [
        ("2026-01-15", "2028-01-14"),
        ("2026-01-01", "2027-12-31"),
        ("2026-03-01", "2028-02-29"),
        ("2024-02-29", "2026-02-28"),
        ("2026-12-31", "2028-12-30"),
    ],
)
def test_two_years_end_on_the_eve_of_the_second_anniversary(issued: str, last: str) -> None:
    assert term_of(date.fromisoformat(issued)).last == date.fromisoformat(last)


def test_a_month_without_the_day_ends_the_term_with_it() -> None:
    assert term_of(date(2026, 1, 31), months=1).last == date(2026, 2, 28)


@pytest.mark.parametrize(
    ("day", "inside"),
    [("2026-01-14", False), ("2026-01-15", True), ("2028-01-14", True), ("2028-01-15", False)],
)
def test_both_ends_of_the_term_belong_to_it(day: str, inside: bool) -> None:
    assert in_term(ISSUED, date.fromisoformat(day)) is inside


def test_nothing_falls_in_a_term_whose_issue_date_is_unknown() -> None:
    assert not in_term(None, ISSUED)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 120))
def test_consecutive_terms_leave_no_day_between_them(issued: date, months: int) -> None:
    # The clamp at a month's end may only shorten what follows, never leave a gap.
    term = term_of(issued, months)
    following = term_of(term.last + timedelta(days=1), months)
    assert following.first - term.last == timedelta(days=1)
    assert term.first <= term.last < following.last


@pytest.mark.parametrize(
    ("issued", "day", "status"),
    [
        (None, "2026-03-01", LegalStatus.NOT_ISSUED),
        (ISSUED, "2026-01-14", LegalStatus.NOT_YET_IN_FORCE),
        (ISSUED, "2026-01-15", LegalStatus.IN_FORCE),
        (ISSUED, "2028-01-14", LegalStatus.IN_FORCE),
        (ISSUED, "2028-01-15", LegalStatus.EXPIRED),
    ],
)
def test_the_document_is_in_force_from_issue_to_the_end_of_the_term(
    issued: date | None, day: str, status: LegalStatus
) -> None:
    assert legal_status(YIZHOU, issued, date.fromisoformat(day)) is status


@pytest.mark.parametrize(
    ("day", "status"),
    [
        ("2026-05-31", LegalStatus.IN_FORCE),
        ("2026-06-01", LegalStatus.SUSPENDED),
        ("2026-06-30", LegalStatus.SUSPENDED),
        ("2026-07-01", LegalStatus.IN_FORCE),
    ],
)
def test_a_suspension_goes_before_on_its_days(day: str, status: LegalStatus) -> None:
    suspended = StatusInterval(
        LegalStatus.SUSPENDED, date(2026, 6, 1), date(2026, 6, 30), False, "国务院令第783号", "S2 cl.3"
    )
    document = with_status(*YIZHOU.statuses, suspended)
    assert legal_status(document, ISSUED, date.fromisoformat(day)) is status


def test_an_open_ended_document_does_not_expire() -> None:
    document = with_status(StatusInterval(LegalStatus.IN_FORCE, None, None, True, "", "S4"))
    assert legal_status(document, ISSUED, date(2040, 1, 1)) is LegalStatus.IN_FORCE


@pytest.mark.parametrize(
    ("day", "status"),
    [
        ("2022-12-22", LegalStatus.NOT_YET_IN_FORCE),
        ("2022-12-23", LegalStatus.IN_FORCE),
        ("2023-12-22", LegalStatus.IN_FORCE),
        ("2023-12-23", LegalStatus.EXPIRED),
    ],
)
def test_a_document_may_come_into_force_after_its_issue(day: str, status: LegalStatus) -> None:
    # S0 was issued on 2022-11-23 and tried for a year from 2022-12-23.
    trial = StatusInterval(LegalStatus.IN_FORCE, date(2022, 12, 23), date(2023, 12, 22), False, "", "S0 art.16")
    assert legal_status(with_status(trial), date(2022, 11, 23), date.fromisoformat(day)) is status


def test_claims_are_accepted_for_the_window_after_the_term() -> None:
    assert claims_until(term_of(ISSUED), 90) == date(2028, 1, 14) + timedelta(days=90)


@pytest.mark.parametrize(("issued", "years"), [(ISSUED, (2026, 2027, 2028)), (date(2026, 1, 1), (2026, 2027))])
def test_a_term_of_two_years_normally_touches_three_calendar_years(issued: date, years: tuple[int, ...]) -> None:
    assert firm_years_of(term_of(issued)) == years


# Assumptions and rulings.


def test_the_issue_date_comes_from_the_bureau() -> None:
    entered = [ruling("yz.issue-date", ISSUED)]
    assert (issue_date_of(YIZHOU, [], DAY), issue_date_of(YIZHOU, entered, DAY)) == (None, ISSUED)


def test_a_default_holds_until_there_is_a_ruling() -> None:
    assert effective_value(VOUCHER, "yz.notice-days", [], DAY) == 7


@pytest.mark.parametrize(("on", "days"), [(DAY - timedelta(days=1), 7), (DAY, 10), (DAY + timedelta(days=1), 10)])
def test_a_ruling_acts_from_its_date_on(on: date, days: int) -> None:
    assert effective_value(VOUCHER, "yz.notice-days", [ruling("yz.notice-days", 10)], on) == days


def test_the_latest_ruling_holds_whatever_the_order_of_recording() -> None:
    rulings = [
        ruling("yz.notice-days", 12, DAY),
        ruling("yz.notice-days", 10, DAY - timedelta(days=9)),
        ruling("yz.notice-days", 14, DAY),
        ruling("yz.claims-window", 30, DAY + timedelta(days=1)),
    ]
    assert effective_value(VOUCHER, "yz.notice-days", rulings, DAY) == 14


def test_a_value_without_default_stays_open() -> None:
    with pytest.raises(RuleError, match="policy_value_open") as refused:
        effective_value(VOUCHER, "yz.issue-date", [], DAY)
    assert [each.finding for each in refused.value.obstacles] == [Finding.UNKNOWN]


def test_an_instrument_has_no_value_it_does_not_rest_on() -> None:
    with pytest.raises(NotFoundError, match="policy_assumption_unknown"):
        effective_value(VOUCHER, "yz-14b.once", [], DAY)


def rulings_for_all(instrument_id: str) -> list[Ruling]:
    resting = YIZHOU.instrument(instrument_id).assumptions
    return [ruling(each.id, ISSUED if each.default is None else each.default) for each in resting]


@pytest.mark.parametrize("instrument", YIZHOU.instruments, ids=lambda each: each.id)
def test_a_payment_needs_a_ruling_for_every_assumption(instrument: object) -> None:
    instrument_id = getattr(instrument, "id", "")
    rests_on = YIZHOU.instrument(instrument_id)
    rulings = rulings_for_all(instrument_id)
    assert payment_verdict(rests_on, rulings, DAY).is_met
    for missing in range(len(rulings)):
        rest = [*rulings[:missing], *rulings[missing + 1 :]]
        assert [each.id for each in open_assumptions(rests_on, rest, DAY)] == [rulings[missing].assumption_id]
        (obstacle,) = payment_verdict(rests_on, rest, DAY).obstacles
        assert obstacle.parameters["assumption"] == rulings[missing].assumption_id


def test_a_ruling_of_tomorrow_opens_no_payment_today() -> None:
    rulings = rulings_for_all("yz-4-data")
    assert not payment_verdict(VOUCHER, rulings, DAY - timedelta(days=1)).is_met


@pytest.mark.parametrize(
    ("assumption_id", "value"),
    [
        ("yz.notice-days", 6),
        ("yz.notice-days", Money(7)),
        ("yz-4.pool", "whatever"),
        ("yz-14b.score-table", (Tier(Interval(60, True, 100, True), Money(50_000_001)),)),
        ("yz-14a.sectors", ("medical", "medical")),
    ],
)
def test_a_ruling_keeps_to_what_its_assumption_can_take(assumption_id: str, value: AssumptionValue) -> None:
    with pytest.raises(InvalidValueError):
        require_ruling(YIZHOU, ruling(assumption_id, value))


def test_a_ruling_that_fits_is_accepted() -> None:
    require_ruling(YIZHOU, ruling("yz-14b.score-table", (Tier(Interval(60, True, 100, True), Money(50_000_000)),)))


def test_a_ruling_on_nothing_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="policy_assumption_unknown"):
        require_ruling(YIZHOU, ruling("yz-9.unknown", 1))


@pytest.mark.parametrize(
    ("reading", "account"),
    [
        ("shared_term", "yz-4"),
        ("shared_year", "yz-4-2026"),
        ("each_term", "yz-4-data"),
        ("each_year", "yz-4-data-2026"),
    ],
)
def test_the_reading_of_the_total_names_the_pool(reading: str, account: str) -> None:
    assert pool_account(VOUCHER, [ruling("yz-4.pool", reading)], DAY, 2026) == account


def test_a_ruling_replaces_a_cap_the_clause_does_not_give() -> None:
    lower = [ruling("yz-14b.firm-year-cap", Money.of_yuan("300000"))]
    assert cap_amount(YIZHOU.instrument("yz-14b"), CapScope.FIRM, lower, DAY) == Money.of_yuan("300000")


def test_a_ruling_on_the_year_leaves_the_figure_of_the_clause() -> None:
    assert cap_amount(VOUCHER, CapScope.FIRM, [ruling("yz-4.firm-year", "payment")], DAY) == CAP


# Notices and working days.


@pytest.mark.parametrize(
    ("posted", "ends"),
    [
        # Monday 10:00; the seventh day after is the next Monday, through 24:00.
        ("2026-11-23T10:00:00+08:00", "2026-12-01T00:00:00+08:00"),
        ("2026-11-23T00:00:00+08:00", "2026-12-01T00:00:00+08:00"),
        ("2026-11-23T23:59:59.999999+08:00", "2026-12-01T00:00:00+08:00"),
        ("2026-11-24T00:00:00+08:00", "2026-12-02T00:00:00+08:00"),
        # The seventh day is a Saturday: through the Monday after.
        ("2026-11-14T10:00:00+08:00", "2026-11-24T00:00:00+08:00"),
        # The seventh day is 1 October: through 8 October, the first working day after the holiday.
        ("2026-09-24T10:00:00+08:00", "2026-10-09T00:00:00+08:00"),
        # The seventh day is Saturday 10 October, a make-up working day.
        ("2026-10-03T10:00:00+08:00", "2026-10-11T00:00:00+08:00"),
        # The seventh day is Friday 1 January 2027, of a provisional year: through Monday.
        ("2026-12-25T10:00:00+08:00", "2027-01-05T00:00:00+08:00"),
    ],
)
def test_a_notice_runs_through_the_seventh_day_or_the_next_working_day(posted: str, ends: str) -> None:
    assert notice_end(Moment.of_text(posted), 7, CALENDAR) == Moment.of_text(ends)


def test_168_hours_after_a_posting_at_ten_are_too_early() -> None:
    posted = Moment.of_text("2026-11-23T10:00:00+08:00")
    assert posted.plus(timedelta(hours=168)) < notice_end(posted, 7, CALENDAR)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 30)), st.integers(7, 20))  # noqa: DTZ001
def test_a_notice_ends_at_midnight_after_a_working_day_and_its_full_days(posted: datetime, days: int) -> None:
    moment = Moment(posted.replace(tzinfo=SHANGHAI))
    end = notice_end(moment, days, CALENDAR)
    last_day = end.civil_day() - timedelta(days=1)
    assert end == Moment.start_of(end.civil_day())
    assert last_day >= moment.civil_day() + timedelta(days=days)
    assert CALENDAR.is_working_day(last_day)


def test_a_notice_of_no_day_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="policy_number_out_of_range"):
        notice_end(Moment.of_text("2026-11-23T10:00:00+08:00"), 0, CALENDAR)


def test_a_notice_into_a_year_that_is_not_known_is_not_guessed() -> None:
    with pytest.raises(UnavailableError, match="calendar_year_unknown"):
        notice_end(Moment.of_text("2027-12-28T10:00:00+08:00"), 7, CALENDAR)


@pytest.mark.parametrize(
    ("day", "count", "result"),
    [
        ("2026-11-20", 1, "2026-11-23"),  # Friday to Monday.
        ("2026-11-21", 1, "2026-11-23"),
        ("2026-11-23", 5, "2026-11-30"),
        ("2026-09-30", 1, "2026-10-08"),
        ("2026-09-30", 3, "2026-10-10"),  # Saturday, make-up day.
        ("2026-02-13", 1, "2026-02-14"),
    ],
)
def test_working_days_are_counted_by_the_official_calendar(day: str, count: int, result: str) -> None:
    assert working_days_after(date.fromisoformat(day), count, CALENDAR) == date.fromisoformat(result)


def test_the_working_day_after_no_day_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="policy_number_out_of_range"):
        working_days_after(DAY, 0, CALENDAR)
