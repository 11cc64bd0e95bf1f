"""An office that grants to natural persons, over HTTP: it holds the Xunwu document, and persons apply with accounts."""

import itertools
from dataclasses import dataclass, field
from typing import Any

from stdnum.cn import ric

from registry.actors.model import OFFICE_ROLES, Role
from registry.awards.grants import NOT_FILED
from registry.policy import service as policy
from registry.values.moment import Moment
from tests.api.bureau import a_bureau, activated
from tests.conftest import FixedClock
from tests.registry.policy.applicants import ISSUED, XUNWU
from tests.web import Web
from tests.world import file_evidence

DAY, EVENT_ON = "2023-07-03", "2023-06-30"
"""In the term, before tax refunds were suspended, and in a year whose working days are known."""
ACCOUNT_NUMBER = "6222020098765432"
NAME = "欧阳娜娜"
RANKS = (Role.SECTION_HEAD, Role.LEADER_IN_CHARGE, Role.PRINCIPAL_LEADER)

_serial = itertools.count(1)


def an_identity_number() -> str:
    """Return a number nobody else of the tests has, with a right check digit (division 360734 is Xunwu)."""
    front = f"36073419900307{next(_serial):03d}"
    return str(front + ric.calc_check_digit(front + "0"))


@dataclass
class Someone:
    """A registered person with a client of its account."""

    id: str
    web: Web
    name: str
    identity_number: str
    phone: str = "139 0797 1234"


@dataclass
class PersonOffice:
    """The office, a client for each of its roles."""

    clock: FixedClock
    officers: dict[str, Web] = field(default_factory=dict)

    def as_(self, role: Role) -> Web:
        """Return the client of an officer."""
        return self.officers[role]

    def register(self, name: str = NAME, identity_number: str | None = None) -> Someone:
        """Register a person, who takes up the account."""
        number = identity_number or an_identity_number()
        body = {"name": name, "identity_number": number, "phone": Someone.phone, "original_seen": True}
        registrar = self.as_(Role.REGISTRAR)
        made = registrar.post("/v1/persons", body)
        return Someone(made["id"], activated(registrar, made["login"], made["activation_code"]), name, number)

    def apply(self, who: Someone, instrument: str, facts: dict[str, Any], status: int = 201, **changes: Any) -> Any:
        """Apply for a grant with one document for each thing it asks for."""
        return who.web.post("/v1/grants", self.application(who, instrument, facts, **changes), status)

    def application(self, who: Someone, instrument: str, facts: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Return a complete application."""
        paper = file_evidence(who.web, "other", f"{who.id} {next(_serial)}".encode())
        asked = [
            name for name in policy.shipped_revision(XUNWU).instrument(instrument).evidence if name not in NOT_FILED
        ]
        return {
            "instrument": instrument,
            "event_on": EVENT_ON,
            "facts": facts,
            "evidence": {name: [paper] for name in asked},
            "undertaking": True,
            "payee": {"account_name": who.name, "bank": "工商银行寻乌支行", "account_number": ACCOUNT_NUMBER},
            **changes,
        }

    def noticed(self, case: str, **found: Any) -> Any:
        """Assess, review, sign and notice a case, and let the notice run to its end."""
        reviewer = self.as_(Role.REVIEWER)
        confirmed = [name for name in reviewer.get(f"/v1/cases/{case}/claim")["facts"] if name not in found]
        body = {"confirmed": confirmed, "found": found, "opinion": "核对原件一致"}
        reviewer.post(f"/v1/cases/{case}/assessment", body, 200)
        reviewer.post(f"/v1/cases/{case}/review", {"passed": True, "opinion": "齐全", "originals_seen": True}, 200)
        for rank in RANKS:
            self.as_(rank).post(f"/v1/cases/{case}/signatures", {"opinion": "同意", "approved": True}, 200)
        notice = {"page_url": "https://www.example.gov.cn/notice/3", "capture_sha256": "sha256:" + "ab" * 32}
        return reviewer.post(f"/v1/cases/{case}/notice", notice, 200)

    def to_the_bank(self, case: str, **found: Any) -> Any:
        """Bring a case to its payment."""
        posted = self.noticed(case, **found)
        self.clock.set(Moment.of_text(posted["notice"]["ends_at"]))
        payer = self.as_(Role.PAYER)
        stated = {"project_code": "P-1", "subject_code": "30299", "payment_voucher_number": "V-1"}
        payer.post(f"/v1/cases/{case}/instruction", {"budget_year": 2023, **stated}, 200)
        paid_on = self.clock.now().civil_day().isoformat()
        return payer.post(f"/v1/cases/{case}/payment", {"bank_receipt": "ICBC-1", "paid_on": paid_on}, 200)


def a_person_office(web: Web, clock: FixedClock, slug: str = "xunwu") -> PersonOffice:
    """Found the office, with everything ruled that is no contradiction, and money appropriated."""
    clock.set(Moment.of_text(f"{DAY}T10:00:00+08:00"))
    registrar, _ = a_bureau(web, slug)
    office = PersonOffice(clock, {Role.REGISTRAR: registrar})
    for role in sorted(OFFICE_ROLES - {Role.REGISTRAR}):
        login = f"{slug}.{role.replace('_', '-')}"
        made = registrar.post("/v1/officers", {"login": login, "display_name": login, "roles": [role]})
        office.officers[role] = activated(web, login, made["activation_code"])
    issued = ISSUED[XUNWU].isoformat()
    registrar.post("/v1/policies", {"document": XUNWU, "issued_on": issued, "reference": "寻府办字〔2022〕59号"})
    persons = ("xw-5-income-tax", "xw-10-skill", "xw-12-housing")
    for number, each in enumerate(registrar.get(f"/v1/policies/{XUNWU}")["assumptions"]):
        if each["open"] and set(persons) & set(each["applies_to"]):
            stated = {"number": f"函{number}号", "decided_on": DAY, "organ": "县大数据中心", "text": "采默认读法"}
            registrar.post("/v1/rulings", {"document": XUNWU, "assumption": each["id"], "value": None, **stated})
    money = {"budget_year": 2023, "line": "P-1", "amount_fen": 3_000_000_00, "number": "寻财预1号"}
    office.as_(Role.PAYER).post("/v1/appropriations", money)
    return office
