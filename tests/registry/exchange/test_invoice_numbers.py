"""Year and tax area in the number of an invoice."""

from datetime import date

import pytest
from stdnum.cn.uscc import calc_check_digit

from registry.errors import InvalidValueError
from registry.exchange.invoice_numbers import areas_of, obstacles, require_form, tax_areas
from registry.values.uscc import Uscc
from tests.registry.parties.builders import a_uscc

DAY = date(2026, 3, 2)
SEQUENCE = "2" + "0" * 14 + "1"
SHENZHEN = Uscc("91440300MA0000001" + calc_check_digit("91440300MA0000001"))
NATIONAL = Uscc("91100000MA0000001" + calc_check_digit("91100000MA0000001"))


def codes(number: str, issued_on: date = DAY, seller: Uscc | None = None) -> list[str]:
    return [each.code for each in obstacles(number, issued_on, seller or a_uscc(1))]


def test_the_areas_are_the_31_provinces_and_the_five_cities_with_a_plan_of_their_own() -> None:
    found = tax_areas()
    assert len(found) == 36
    assert {code for code in found if code >= "90"} == {"91", "92", "93", "94", "95"}
    regions = [region for each in found.values() for region in each.regions]
    assert len(set(regions)) == len(regions)
    assert all(code.isdigit() and len(code) == 2 for code in found)


@pytest.mark.parametrize(
    "number", ["", "2665" + "0" * 15, "2665" + "0" * 17, "２６" + "0" * 18, "2665" + "0" * 15 + "x"]
)
def test_a_number_has_twenty_digits(number: str) -> None:
    with pytest.raises(InvalidValueError, match="invoice_number_malformed"):
        require_form(number)


def test_a_number_of_the_year_and_the_area_of_the_seller_says_nothing_against_it() -> None:
    assert codes(f"2665{SEQUENCE}") == []
    assert codes(f"9965{SEQUENCE}", date(2099, 12, 31)) == []


@pytest.mark.parametrize(
    ("number", "issued_on", "found"),
    [
        (f"2565{SEQUENCE}", DAY, ["invoice_year_differs"]),
        (f"2665{SEQUENCE}", date(2027, 1, 1), ["invoice_year_differs"]),
        (f"2611{SEQUENCE}", DAY, ["invoice_province_differs"]),
        (f"2666{SEQUENCE}", DAY, ["invoice_province_unknown"]),
        (f"2500{SEQUENCE}", DAY, ["invoice_year_differs", "invoice_province_unknown"]),
    ],
)
def test_a_number_of_another_year_or_area_is_told(number: str, issued_on: date, found: list[str]) -> None:
    assert codes(number, issued_on) == found


def test_a_firm_of_a_city_with_its_own_plan_shows_the_city_s_code_or_the_province_s() -> None:
    assert [each.code for each in areas_of(SHENZHEN)] == ["95", "44"]
    assert codes(f"2695{SEQUENCE}", seller=SHENZHEN) == []
    assert codes(f"2644{SEQUENCE}", seller=SHENZHEN) == []
    assert codes(f"2691{SEQUENCE}", seller=SHENZHEN) == ["invoice_province_differs"]


def test_a_firm_that_the_national_office_registered_may_be_anywhere_but_nowhere_unknown() -> None:
    assert codes(f"2631{SEQUENCE}", seller=NATIONAL) == []
    assert codes(f"2699{SEQUENCE}", seller=NATIONAL) == ["invoice_province_unknown"]
