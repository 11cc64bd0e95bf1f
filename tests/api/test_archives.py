"""Archives over HTTP: a person's case names nobody, a key sent twice gives the first answer."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from registry.actors.model import Role
from registry.house import House
from registry.journal import service as journal
from sancai.archive_packages import verify_package
from tests.api.person_office import ACCOUNT_NUMBER, PersonOffice, a_person_office
from tests.conftest import FixedClock
from tests.web import Web

TAX = {"recruited_talent": True, "income_tax_year": 5, "county_retained_income_tax": 1_000_001}


@pytest.fixture
def office(web: Web, clock: FixedClock) -> PersonOffice:
    return a_person_office(web, clock)


def test_the_archive_of_a_persons_case_names_nobody(office: PersonOffice, house: House, tmp_path: Path) -> None:
    who = office.register()
    case = office.apply(who, "xw-5-income-tax", TAX)["id"]
    reviewer = office.as_(Role.REVIEWER)
    refused = {"passed": False, "opinion": "不齐全", "originals_seen": True}
    reviewer.post(f"/v1/cases/{case}/review", refused, 200)
    journal.sequence(house.database, house.clock, house.signing_key)
    assert reviewer.post(f"/v1/cases/{case}/archive", None)["retention_class"] == "years_30"
    content = reviewer.raw("GET", f"/v1/cases/{case}/archive/package").get_data()
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        index = json.loads(file.read("index.json"))
    told = content.decode(errors="replace")
    for secret in (who.name, who.name[1:], who.identity_number, who.phone, ACCOUNT_NUMBER):
        assert secret not in told
    withheld = {line["name"].partition("-")[2]: line for line in index["documents"] if line["withheld"]}
    assert {line["withheld"] for line in withheld.values()} == {"personal"}
    assert withheld["form.html"]["salted"]
    assert withheld["other.bin"]["sha256"]
    assert [line["name"] for line in index["documents"] if not line["withheld"]] == ["001-dossier.json"]
    path = tmp_path / "case.zip"
    path.write_bytes(who.web.raw("GET", f"/v1/cases/{case}/archive/package").get_data())
    assert verify_package(path, (str(house.signing_key.verifier),)).documents == 1
