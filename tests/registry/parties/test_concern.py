"""An office is concerned with the firms that stand in its own register, and with no others (RULINGS 24)."""

from collections.abc import Callable
from datetime import date

import pytest

from registry.errors import Finding
from registry.journal.work import Work
from registry.parties import service
from registry.parties.commands import (
    AdmitLeaderList,
    ChangeFirm,
    RecordFact,
    RecordSanction,
    RegisterProvider,
)
from registry.parties.model import Admission, FirmKind, ListedFirm, ListLevel, Period, Predicate, ProviderKind
from registry.values.digest import Digest
from registry.values.identifiers import FirmId
from registry.values.uscc import Uscc
from tests.registry.parties.builders import a_uscc
from tests.registry.parties.conftest import Office

OBTAINED = date(2026, 3, 1)
YEAR = Period(date(2026, 1, 1), date(2027, 1, 1))
OVER = Period(date(2024, 1, 1), date(2025, 1, 1))

Write = Callable[[Work, FirmId, Uscc], object]


def concerned(office: Office, *firms: FirmId) -> bool:
    with office.view() as view:
        return service.concerns(view, office.authority, firms)


def _changed(work: Work, firm: FirmId, uscc: Uscc) -> object:
    moved = ChangeFirm(firm, uscc, "甲公司", "650502", FirmKind.ENTERPRISE, OBTAINED, "register", OBTAINED)
    return service.change_firm(work, moved)


def _fact(work: Work, firm: FirmId, _: Uscc) -> object:
    command = RecordFact(firm, Predicate.CREDIT_CLEAN, Finding.UNMET, OVER, "register", OBTAINED)
    return service.record_fact(work, command)


def _provider(work: Work, firm: FirmId, _: Uscc) -> object:
    command = RegisterProvider(firm, ProviderKind.DATA_EXCHANGE, "L-1", YEAR, (), "register", OBTAINED)
    return service.register_provider(work, command)


def _sanction(work: Work, firm: FirmId, _: Uscc) -> object:
    basis, served_on = "国务院令427号第十四条", date(2025, 12, 30)
    command = RecordSanction(firm, "财政局", "1号", basis, ("yz-14a",), YEAR, served_on, "无异议", "决定书", OBTAINED)
    return service.record_sanction(work, command)


def _leader(work: Work, _: FirmId, uscc: Uscc) -> object:
    command = AdmitLeaderList(
        name="新能源链主企业名单",
        issuer="工信部",
        level=ListLevel.NATIONAL,
        sectors=("new_energy",),
        batch="1",
        valid=YEAR,
        document_digest=Digest.of(b"list"),
        admission=Admission("准入1号", date(2026, 1, 5), "发改委", "按名单"),
        entries=(ListedFirm(uscc, "甲公司"),),
    )
    return service.admit_leader_list(work, command)


def test_the_office_that_registered_a_firm_is_concerned_and_its_neighbour_is_not(
    office: Office, neighbour: Office
) -> None:
    firm = office.firm()
    assert concerned(office, firm)
    assert not concerned(neighbour, firm)
    assert not concerned(office)


@pytest.mark.parametrize("write", [_changed, _fact, _provider, _sanction, _leader])
def test_a_line_of_its_own_makes_a_firm_the_concern_of_an_office(
    office: Office, neighbour: Office, write: Write
) -> None:
    firm, other = office.firm(), office.firm()
    with neighbour.work() as work:
        write(work, firm, service.firm(work, firm).uscc)
    assert concerned(neighbour, firm)
    assert concerned(neighbour, other, firm)
    assert not concerned(neighbour, other)


def test_a_leader_is_of_concern_also_by_a_code_it_had_before(office: Office, neighbour: Office) -> None:
    firm = office.firm()
    with neighbour.work() as work:
        _leader(work, firm, service.firm(work, firm).uscc)
    with office.work() as work:
        _changed(work, firm, a_uscc(77))
    assert concerned(neighbour, firm)


def test_a_control_relation_makes_neither_firm_a_concern(office: Office, neighbour: Office) -> None:
    holder, held = office.firm(), office.firm()
    neighbour.holds(holder, held, 5_000)
    assert not concerned(neighbour, holder, held)
