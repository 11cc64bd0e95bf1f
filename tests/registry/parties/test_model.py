"""Periods and the form of what an officer enters."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import InvalidValueError
from registry.parties.commands import AdmitLeaderList, RecordSanction, RegisterFirm
from registry.parties.model import (
    Admission,
    ControlKind,
    ControlLink,
    FirmKind,
    ListedFirm,
    ListLevel,
    Period,
)
from registry.values.digest import Digest
from tests.registry.parties.builders import a_firm_id, a_uscc

FIRST = date(2026, 1, 1)
days = st.integers(0, 40).map(lambda number: FIRST + timedelta(days=number))


@st.composite
def periods(draw: st.DrawFn) -> Period:
    first, until = draw(st.none() | days), draw(st.none() | days)
    return Period(None, until) if first is None or until is None or until <= first else Period(first, until)


def test_a_period_ends_before_its_last_day() -> None:
    period = Period(date(2026, 1, 1), date(2026, 1, 2))
    assert period.holds(date(2026, 1, 1))
    assert not period.holds(date(2026, 1, 2))


def test_a_period_without_days_is_refused() -> None:
    with pytest.raises(InvalidValueError):
        Period(FIRST, FIRST)


@given(periods(), periods(), days)
def test_what_is_left_holds_the_days_of_the_one_and_not_of_the_other(one: Period, other: Period, day: date) -> None:
    left = sum(each.holds(day) for each in one.without(other))
    assert left == (one.holds(day) and not other.holds(day))


@given(periods(), periods(), days)
def test_periods_that_share_a_day_overlap(one: Period, other: Period, day: date) -> None:
    if one.holds(day) and other.holds(day):
        assert one.overlaps(other)
        assert other.overlaps(one)


@pytest.mark.parametrize("share", [0, -1, 10_001])
def test_a_share_lies_between_nothing_and_the_whole(share: int) -> None:
    with pytest.raises(InvalidValueError):
        ControlLink(a_firm_id(1), a_firm_id(2), ControlKind.EQUITY, share)


def test_only_equity_has_a_share() -> None:
    with pytest.raises(InvalidValueError):
        ControlLink(a_firm_id(1), a_firm_id(2), ControlKind.LOAN, 5_000)


@pytest.mark.parametrize("name", ["", "  ", "x" * 121, "a\x00b", "a\ud800"])
def test_a_name_no_document_holds_is_refused(name: str) -> None:
    with pytest.raises(InvalidValueError):
        RegisterFirm(a_uscc(1), name, "650502", FirmKind.ENTERPRISE)


@pytest.mark.parametrize("region", ["", "65050", "6505021", "065050", "６５０５０２"])
def test_a_region_has_six_digits(region: str) -> None:
    with pytest.raises(InvalidValueError):
        RegisterFirm(a_uscc(1), "甲公司", region, FirmKind.ENTERPRISE)


def test_a_firm_stands_on_a_list_once() -> None:
    twice = (ListedFirm(a_uscc(1), "甲"), ListedFirm(a_uscc(1), "乙"))
    with pytest.raises(InvalidValueError) as caught:
        AdmitLeaderList(
            "名单",
            "工信部",
            ListLevel.NATIONAL,
            ("new_energy",),
            "1",
            Period(FIRST, None),
            Digest.of(b""),
            Admission("1", FIRST, "数发局", "标准"),
            twice,
        )
    assert caught.value.code == "list_entry_twice"


def test_a_sanction_acts_from_service_on() -> None:
    with pytest.raises(InvalidValueError) as caught:
        RecordSanction(
            a_firm_id(1),
            "财政局",
            "1号",
            "条例14",
            ("all",),
            Period(FIRST, None),
            FIRST + timedelta(days=1),
            "",
            "决定书",
            FIRST,
        )
    assert caught.value.code == "sanction_before_service"
