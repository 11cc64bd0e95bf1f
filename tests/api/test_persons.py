"""Grants to natural persons over HTTP, from the officer who sees the original to the bank and to the erasure."""

import json
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import text

from api.v1.persons import PersonBody
from registry.actors.model import Role
from registry.dossier.rules import recompute_bytes
from registry.errors import InvalidValueError
from registry.house import House
from registry.journal import service as journal
from tests.api.bureau import activated
from tests.api.person_office import ACCOUNT_NUMBER, NAME, PersonOffice, Someone, a_person_office, an_identity_number
from tests.conftest import FixedClock
from tests.counting import rows_of
from tests.web import Web

TAX = {"recruited_talent": True, "income_tax_year": 5, "county_retained_income_tax": 1_000_001}
SKILL = {
    "unemployment_insured_months": 12,
    "unemployment_contribution_months": 12,
    "certificate_on": "2022-07-20",
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
    """Return why an application is refused."""
    problem = office.apply(who, instrument, facts, 422, **changes)
    return {each["code"] for each in problem["obstacles"]} or {problem["code"]}


def amount(office: PersonOffice, who: Someone, instrument: str, facts: dict[str, Any], **changes: Any) -> int:
    """Return what an application would come to, in fen."""
    body = office.application(who, instrument, facts, **changes)
    return int(who.web.post("/v1/grant-check", body, 200)["amount_fen"])


def everything_kept(house: House) -> str:
    """Return every row of every table as text."""
    with house.database.reading() as connection:
        return "\n".join(
            str(row) for name in rows_of(house) for row in connection.execute(text(f'SELECT * FROM "{name}"'))
        )


def test_a_person_is_paid_once_for_each_thing(office: PersonOffice) -> None:
    who, other = office.register(), office.register("张三")
    claims = (
        # ⌊90 % of 10,000.01⌋, the fifth year.
        ("xw-5-income-tax", TAX, {}, 900_000),
        ("xw-10-skill", SKILL, CERTIFICATE, 150_000),
        ("xw-12-housing", HOUSING, {}, 120_000),
    )
    for instrument, facts, changes, amount_fen in claims:
        case = office.apply(who, instrument, facts, **changes)
        assert (case["state"], case["amount_fen"]) == ("applied", amount_fen)
        assert case["lines"][0]["firm_name"] == "欧*娜娜"
        assert refused(office, who, instrument, facts, **changes) == {"policy_not_granted_before"}
        paid = office.to_the_bank(case["id"])
        assert (paid["state"], paid["amount_fen"]) == ("paid", amount_fen)
    earlier = {**TAX, "income_tax_year": 4}
    assert office.apply(who, "xw-5-income-tax", earlier, event_on="2022-12-31")["amount_fen"] == 900_000
    # A certificate is one person's; another certificate of the same person is another thing.
    assert "policy_not_granted_before" in refused(office, other, "xw-10-skill", SKILL, **CERTIFICATE)
    later = {**SKILL, "certificate_level": 3, "certificate_on": "2023-01-20"}
    another = {"keys": {"certificate": ["2222003607400999"]}}
    assert office.apply(who, "xw-10-skill", later, **another)["amount_fen"] == 200_000
    # One registration of a number at each authority.
    assert office.as_(Role.REGISTRAR).post("/v1/persons", person_body(who), 409)["code"] == "person_registered_already"


def person_body(who: Someone) -> dict[str, Any]:
    stated = {"name": who.name, "identity_number": who.identity_number, "phone": who.phone}
    return {**stated, "original_seen": True}


def test_the_boundaries_of_what_a_person_receives(office: PersonOffice) -> None:
    who = office.register()
    housing = {
        months: amount(office, who, "xw-12-housing", {**HOUSING, "on_duty_months": months}) for months in (11, 12)
    }
    assert housing == {11: 0, 12: 120_000}
    rents = {rent: amount(office, who, "xw-12-housing", {**HOUSING, "rent_months_each": [rent]}) for rent in (5, 6, 7)}
    assert rents == {5: 100_000, 6: 120_000, 7: 120_000}
    levels = {
        level: amount(office, who, "xw-10-skill", {**SKILL, "certificate_level": level}, **CERTIFICATE)
        for level in (2, 3, 4, 5, 6)
    }
    assert levels == {2: 0, 3: 200_000, 4: 150_000, 5: 100_000, 6: 0}
    for months in ("unemployment_insured_months", "unemployment_contribution_months"):
        assert amount(office, who, "xw-10-skill", {**SKILL, months: 11}, **CERTIFICATE) == 0
    filed = {
        day: amount(office, who, "xw-10-skill", {**SKILL, "certificate_on": day}, **CERTIFICATE)
        for day in ("2022-07-02", "2022-07-03")
    }
    assert filed == {"2022-07-02": 0, "2022-07-03": 150_000}
    taxed = {year: amount(office, who, "xw-5-income-tax", {**TAX, "income_tax_year": year}) for year in (0, 1, 5, 6)}
    assert taxed == {0: 0, 1: 900_000, 5: 900_000, 6: 0}
    # A person claims for itself alone, through its own account, and keys are those asked for.
    several = {**HOUSING, "rent_months_each": [6, 6]}
    assert "grant_roster_differs" in refused(office, who, "xw-12-housing", several)
    assert refused(office, who, "xw-10-skill", SKILL) >= {"grant_key_missing"}
    assert refused(office, who, "xw-12-housing", HOUSING, keys={"person": ["1"]}) == {"grant_key_not_asked"}
    account = {"account_name": "张三", "bank": "工商银行", "account_number": ACCOUNT_NUMBER}
    problem = office.apply(who, "xw-12-housing", HOUSING, 422, payee=account)
    assert [each["code"] for each in problem["obstacles"]] == ["payee_name_differs"]
    assert NAME not in json.dumps(problem, ensure_ascii=False)
    otherwise = office.apply(who, "xw-8-fair", {}, 422)
    assert (otherwise["code"], otherwise["parameters"]["way"]) == ("instrument_granted_otherwise", "firm")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"identity_number": "360734199003070051"}, "identity_number_check_digit"),
        ({"identity_number": "36073419900307"}, "request_invalid"),
        ({"identity_number": "360734199002300053"}, "identity_number_malformed"),
        ({"phone": "not a phone"}, "phone_malformed"),
        ({"name": "张\n三"}, "person_name_malformed"),
        ({"original_seen": False}, "person_original_not_seen"),
    ],
)
def test_what_is_no_person_is_refused_without_repeating_it(changes: dict[str, Any], code: str) -> None:
    stated = {"name": NAME, "identity_number": an_identity_number(), "phone": "13907971234", "original_seen": True}
    with pytest.raises((InvalidValueError, ValidationError)) as raised:
        PersonBody.model_validate(stated | changes).command()
    if isinstance(raised.value, InvalidValueError):
        assert raised.value.code == code
        assert not set(map(str, changes.values())) & {str(each) for each in raised.value.parameters.values()}


def test_whose_a_persons_case_is(office: PersonOffice, web: Web, clock: FixedClock) -> None:
    who, other = office.register(), office.register("张三")
    case = office.apply(who, "xw-10-skill", SKILL, **CERTIFICATE)["id"]
    # An officer's tie to a person stands in the way like one to a firm.
    tie = {"firm": other.id, "ground": "family", "note": "配偶", "officer": None}
    office.as_(Role.AUDITOR).post("/v1/office/ties", tie)
    neighbour = a_person_office(web, clock, "anyuan")
    office.noticed(case)
    for stranger in (other.web, neighbour.as_(Role.REVIEWER), neighbour.as_(Role.REGISTRAR)):
        for path in (f"/v1/cases/{case}", f"/v1/cases/{case}/claim"):
            stranger.get(path, 404)
        assert stranger.get("/v1/cases")["items"] == []
        assert stranger.get(f"/v1/persons/{who.id}", 404)["code"] == "person_not_found"
    assert neighbour.as_(Role.REGISTRAR).post(f"/v1/persons/{who.id}/erasure", {}, 404)["code"] == "person_not_found"
    # To itself and to who compares originals it is whole, to everyone else masked; keys are opened for those.
    assert who.web.get(f"/v1/persons/{who.id}")["name"] == NAME
    assert office.as_(Role.REVIEWER).get(f"/v1/persons/{who.id}")["identity_number"] == who.identity_number
    office.as_(Role.PAYER).get(f"/v1/persons/{who.id}", 403)
    claim = office.as_(Role.REVIEWER).get(f"/v1/cases/{case}/claim")
    assert claim["keys"] == {"certificate": ["2222003607400123"]}
    (noticed,) = web.get("/v1/notices")["items"]
    assert [line["unit"] for line in noticed["lines"]] == ["欧*娜娜"]
    for text_shown in (json.dumps(noticed, ensure_ascii=False), json.dumps(who.web.get(f"/v1/cases/{case}"))):
        assert not [each for each in (NAME, who.identity_number, ACCOUNT_NUMBER, "13907971234") if each in text_shown]
    listed = office.as_(Role.PAYER).raw("GET", f"/v1/cases/{case}/payments.csv").get_data(as_text=True)
    assert NAME in listed
    assert "6222 0200 9876 5432" in listed
    who.web.get(f"/v1/cases/{case}/payments.csv", 403)
    # A person may be known to two authorities, which learn nothing of each other.
    assert neighbour.register(NAME, who.identity_number).id != who.id


def test_erasing_a_person_keeps_every_proof(office: PersonOffice, web: Web) -> None:
    house = web.house
    who = office.register()
    case = office.apply(who, "xw-10-skill", SKILL, **CERTIFICATE)["id"]
    registrar = office.as_(Role.REGISTRAR)
    assert who.web.post(f"/v1/persons/{who.id}/erasure", {}, 409)["code"] == "person_has_open_cases"
    before = office.to_the_bank(case)
    # Nothing of the person stands anywhere but sealed.
    kept = everything_kept(house)
    personal = (NAME, who.identity_number, "13907971234", ACCOUNT_NUMBER, "2222003607400123", "工商银行寻乌支行")
    assert [each for each in personal if each in kept] == []
    assert "欧*娜娜" in kept
    erased = who.web.post(f"/v1/persons/{who.id}/erasure", {}, 200)
    assert (erased["masked_name"], erased["erased_at"] is None) == ("*", False)
    who.web.get("/v1/cases", 401)
    assert registrar.post(f"/v1/persons/{who.id}/erasure", {}, 409)["code"] == "person_erased_before"
    assert registrar.get(f"/v1/persons/{who.id}")["name"] is None

    payer = office.as_(Role.PAYER)
    after = payer.get(f"/v1/cases/{case}")
    assert after["lines_digest"] == before["lines_digest"]
    assert after["payee"]["digest"] == before["payee"]["digest"]
    assert (after["state"], after["lines"][0]["firm_name"]) == ("paid", "*")
    payer.get(f"/v1/cases/{case}/payments.csv", 404)
    assert office.as_(Role.REVIEWER).get(f"/v1/cases/{case}/claim")["keys"] == {}
    journal.sequence(house.database, house.clock, house.signing_key)
    dossier = office.as_(Role.AUDITOR).raw("GET", f"/v1/cases/{case}/dossier").get_data()
    assert list(recompute_bytes(dossier, [house.signing_key.verifier])) == []
    with house.database.reading() as connection:
        assert journal.verify_log(connection, [house.signing_key.verifier]) is not None

    # Registered again it is another party, and still the person that was paid.
    again = office.register(who.name, who.identity_number)
    assert again.id != who.id
    assert "policy_not_granted_before" in refused(office, again, "xw-10-skill", SKILL, **CERTIFICATE)


def test_what_comes_after_a_decision_holds_the_data(office: PersonOffice) -> None:
    who, other = office.register(), office.register("张三")
    reviewer = office.as_(Role.REVIEWER)

    def erase(person: Someone, status: int) -> Any:
        return person.web.post(f"/v1/persons/{person.id}/erasure", {}, status).get("code")

    case = office.apply(other, "xw-12-housing", HOUSING)["id"]
    confirmed = list(reviewer.get(f"/v1/cases/{case}/claim")["facts"])
    assessed = {"confirmed": confirmed, "found": {}, "opinion": "核对原件一致"}
    reviewer.post(f"/v1/cases/{case}/assessment", assessed, 200)
    reviewer.post(f"/v1/cases/{case}/review", {"passed": False, "opinion": "不符", "originals_seen": True}, 200)
    remedy = other.web.post("/v1/remedies", {"subject": case, "kind": "review", "organ": "县人社局", "grounds": "不服"})
    assert erase(other, 409) == "person_has_open_recoveries"
    other.web.post(f"/v1/remedies/{remedy['id']}/withdrawal", {"reason": "撤回"}, 200)
    assert erase(other, 200) is None

    case = office.apply(who, "xw-10-skill", SKILL, **CERTIFICATE)["id"]
    office.to_the_bank(case)
    opening = {"ground": "mistake", "amount_fen": 100, "facts": "重复计算", "clause": "S1"}
    recovery = reviewer.post(f"/v1/cases/{case}/recoveries", opening)["id"]
    assert erase(who, 409) == "person_has_open_recoveries"
    body = {"login": "new.head", "display_name": "科长", "roles": [Role.SECTION_HEAD]}
    made = office.as_(Role.REGISTRAR).post("/v1/officers", body)
    new = activated(reviewer, "new.head", made["activation_code"])
    new.post(f"/v1/recoveries/{recovery}/drop", {"reasons": "查清"}, 200)
    assert erase(who, 200) is None
