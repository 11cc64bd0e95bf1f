"""Grants to natural persons over HTTP, from the officer who sees the original to the bank and to the erasure."""

from typing import Any

import pytest

from tests.api.person_office import PersonOffice, Someone, a_person_office
from tests.conftest import FixedClock
from tests.web import Web

TAX = {"recruited_talent": True, "income_tax_year": 5, "county_retained_income_tax": 1_000_001}
SKILL = {
    "unemployment_insured_months": 12,
    "unemployment_contribution_months": 12,
    "certificate_on": "2022-06-30",
    "certificate_level": 4,
}
CERTIFICATE = {"keys": {"certificate": ["2222003607400123"]}}
HOUSING = {
    "firm_newly_settled": True,
    "formal_contract": True,
    "socially_insured": True,
    "owns_no_home_in_county_seat": True,
    "on_duty_months": 12,
    "rent_months_each": [6],
}


@pytest.fixture
def office(web: Web, clock: FixedClock) -> PersonOffice:
    return a_person_office(web, clock)


def refused(office: PersonOffice, who: Someone, instrument: str, facts: dict[str, Any], **changes: Any) -> set[str]:
    problem = office.apply(who, instrument, facts, 422, **changes)
    return {each["code"] for each in problem["obstacles"]} if problem.get("obstacles") else {problem["code"]}


@pytest.mark.parametrize(
    ("instrument", "facts", "changes", "amount_fen"),
    [
        # ⌊90 % of 10,000.01⌋, the fifth year.
        ("xw-5-income-tax", TAX, {}, 900_000),
        ("xw-10-skill", SKILL, CERTIFICATE, 150_000),
        ("xw-12-housing", HOUSING, {}, 120_000),
    ],
)
def test_a_person_is_paid(
    office: PersonOffice, instrument: str, facts: dict[str, Any], changes: dict[str, Any], amount_fen: int
) -> None:
    who = office.register()
    case = office.apply(who, instrument, facts, **changes)
    assert (case["state"], case["amount_fen"]) == ("applied", amount_fen)
    paid = office.to_the_bank(case["id"])
    assert (paid["state"], paid["amount_fen"]) == ("paid", amount_fen)
    assert [each["id"] for each in who.web.get("/v1/cases")["items"]] == [case["id"]]
