"""The registers on a real database: what is written, corrected, and seen on a day and as of an instant."""

from datetime import date, timedelta

import pytest

from registry.errors import ConflictError, Finding, InvalidValueError, NotAllowedError, NotFoundError, RuleError
from registry.parties import service
from registry.parties.commands import (
    AdmitLeaderList,
    ChangeFirm,
    RecordControl,
    RecordFact,
    RecordSanction,
    RegisterFirm,
    RegisterProvider,
    WithdrawLeader,
)
from registry.parties.model import (
    Admission,
    Certificate,
    ControlKind,
    ControlLink,
    Firm,
    FirmKind,
    LeaderList,
    ListedFirm,
    ListLevel,
    Period,
    Predicate,
    ProviderKind,
    RelationKind,
)
from registry.parties.records.firms import firms_on, lines_of_firms, names_on
from registry.values.digest import Digest
from registry.values.identifiers import FirmId
from registry.values.uscc import Uscc
from tests.conftest import FixedClock
from tests.registry.parties.builders import a_firm_id, a_uscc, an_owner
from tests.registry.parties.conftest import Office, WorkAs

TODAY = date(2026, 3, 2)
OBTAINED = date(2026, 3, 1)
YEAR = Period(date(2026, 1, 1), date(2027, 1, 1))


def firm_of(office: Office, firm: FirmId) -> Firm:
    with office.view() as view:
        return service.firm(view, firm)


# Firms.


def test_a_registered_firm_is_found_by_id_and_code(office: Office) -> None:
    made = office.firm("乙公司")
    with office.view() as view:
        assert service.firm_by_uscc(view, a_uscc(1)) == service.firm(view, made)
        assert service.firm_by_uscc(view, a_uscc(2)) is None


def test_a_code_is_registered_once(office: Office, neighbour: Office) -> None:
    office.firm()
    with pytest.raises(ConflictError) as caught:
        neighbour.firm()
    assert caught.value.code == "firm_registered_already"


def test_a_refused_registration_leaves_no_firm(office: Office, neighbour: Office) -> None:
    office.firm()
    with pytest.raises(ConflictError):
        neighbour.firm()
    with office.view() as view:
        assert len(service.firms_page(view, None, 10)) == 1


def test_only_a_registrar_registers(office: Office, work_as: WorkAs) -> None:
    owner = an_owner(office.firm())
    command = RegisterFirm(a_uscc(9), "丙公司", "650502", FirmKind.ENTERPRISE)
    with pytest.raises(NotAllowedError), work_as(owner) as work:
        service.register_firm(work, command)


def test_an_old_code_still_finds_the_firm(office: Office) -> None:
    firm = office.firm()
    change = ChangeFirm(firm, a_uscc(50), "新名", "650502", FirmKind.ENTERPRISE, date(2026, 2, 1), "执照", OBTAINED)
    with office.work() as work:
        service.change_firm(work, change)
    with office.view() as view:
        found = service.firm_by_uscc(view, a_uscc(1))
    assert found is not None
    assert (found.id, found.uscc, found.name) == (firm, a_uscc(50), "新名")


def test_a_change_ahead_does_not_act_yet(office: Office) -> None:
    firm = office.firm("旧名")
    change = ChangeFirm(firm, a_uscc(1), "新名", "650502", FirmKind.ENTERPRISE, date(2026, 3, 3), "执照", OBTAINED)
    with office.work() as work:
        service.change_firm(work, change)
    assert firm_of(office, firm).name == "旧名"


def test_names_of_a_day_are_those_of_the_firms_of_that_day(office: Office, clock: FixedClock) -> None:
    changed, other = office.firm("旧名"), office.firm("他名")
    before = clock.now()
    clock.advance(timedelta(hours=1))
    for name, kind, first in (
        ("中名", FirmKind.ENTERPRISE, date(2026, 3, 1)),
        ("新名", FirmKind.INSTITUTION, date(2026, 4, 1)),
    ):
        with office.work() as work:
            service.change_firm(work, ChangeFirm(changed, a_uscc(1), name, "650502", kind, first, "执照", OBTAINED))
    ids = [changed, other, a_firm_id(99)]
    seen = []
    with office.view() as view:
        for at in (before, clock.now()):
            for day in (date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1)):
                found = names_on(view.connection, ids, day, at)
                whole = firms_on(lines_of_firms(view.connection, ids, at), day)
                assert found == {firm: (each.name, each.kind) for firm, each in whole.items()}
                seen.append(found[changed][0])
    assert seen == ["旧名"] * 4 + ["旧名", "中名", "中名", "新名"]


def test_firms_are_paged_in_the_order_of_registration(office: Office) -> None:
    made = [office.firm(f"企业{number}") for number in range(3)]
    with office.view() as view:
        first = service.firms_page(view, None, 2)
        second = service.firms_page(view, first[-1].id, 2)
    assert [each.id for each in (*first, *second)] == made


# Control.


def test_a_chain_of_majorities_leads_to_the_controller(office: Office) -> None:
    organ, group = office.firm("国资委", FirmKind.ORGAN_OF_STATE), office.firm("集团")
    daughter, leaf = office.firm("子公司"), office.firm("孙公司")
    office.holds(organ, group, 10_000)
    office.holds(group, daughter, 5_100)
    office.holds(daughter, leaf, 8_000)
    with office.view() as view:
        assert service.controllers(view, [leaf, daughter, organ], TODAY) == {
            leaf: group,
            daughter: group,
            organ: organ,
        }


def test_a_relation_reads_both_ways_up_to_the_common_holder(office: Office) -> None:
    group, one, other = office.firm("集团"), office.firm("买方"), office.firm("卖方")
    office.holds(group, one, 2_500)
    office.holds(group, other, 3_000)
    with office.view() as view:
        found = service.relation(view, one, other, TODAY)
    assert found is not None
    assert (found.kind, found.chain) == (RelationKind.COMMON_HOLDER, ("集团 → 买方 (25%)", "集团 → 卖方 (30%)"))


def test_a_family_ties_across_to_another_tree(office: Office) -> None:
    father, daughter = office.firm("父公司"), office.firm("女公司")
    one, other = office.firm("甲"), office.firm("乙")
    office.holds(father, one, 5_000)
    office.holds(daughter, other, 5_000)
    family = ControlLink(daughter, father, ControlKind.FAMILY)
    with office.work() as work:
        service.record_control(work, RecordControl(family, YEAR, "户籍", OBTAINED))
    with office.view() as view:
        found = service.relation(view, one, other, TODAY)
    assert found is not None
    assert found.kind is RelationKind.FAMILY


def test_a_tie_of_another_day_does_not_act(office: Office) -> None:
    mother, daughter = office.firm("母"), office.firm("子")
    office.holds(mother, daughter, 9_000, date(2026, 1, 1), date(2026, 3, 2))
    with office.view() as view:
        assert service.controller(view, daughter, date(2026, 3, 1)) == mother
        assert service.controller(view, daughter, TODAY) == daughter


def test_ties_of_every_authority_are_read_together(office: Office, neighbour: Office) -> None:
    mother, daughter = office.firm("母"), office.firm("子")
    neighbour.holds(mother, daughter, 9_000)
    with office.view() as view:
        assert service.controller(view, daughter, TODAY) == mother


def test_the_same_shares_seen_by_two_authorities_count_once(office: Office, neighbour: Office) -> None:
    mother, daughter = office.firm("母"), office.firm("子")
    office.holds(mother, daughter, 3_000)
    neighbour.holds(mother, daughter, 3_000)
    with office.view() as view:
        assert service.controller(view, daughter, TODAY) == daughter


def test_a_new_line_replaces_only_the_days_it_covers(office: Office) -> None:
    mother, daughter = office.firm("母"), office.firm("子")
    office.holds(mother, daughter, 9_000)
    office.holds(mother, daughter, 1_000, date(2026, 2, 1))
    with office.view() as view:
        assert service.controller(view, daughter, date(2026, 1, 31)) == mother
        assert service.controller(view, daughter, date(2026, 2, 1)) == daughter


def test_shares_beyond_the_whole_are_refused(office: Office) -> None:
    one, other, held = office.firm("甲"), office.firm("乙"), office.firm("丙")
    office.holds(one, held, 6_000)
    with pytest.raises(RuleError) as caught:
        office.holds(other, held, 4_001)
    assert caught.value.code == "shares_exceed_whole"


def test_a_tie_to_an_unknown_firm_is_refused(office: Office) -> None:
    with pytest.raises(NotFoundError):
        office.holds(office.firm(), a_firm_id(7), 5_000)


# Facts.


def a_fact(firm: FirmId, finding: Finding, valid: Period = YEAR) -> RecordFact:
    return RecordFact(firm, Predicate.CREDIT_CLEAN, finding, valid, "信用中国", OBTAINED)


def test_without_a_line_a_fact_is_unknown(office: Office) -> None:
    firm = office.firm()
    with office.view() as view:
        found = service.fact(view, office.authority, firm, "credit_clean", TODAY)
    assert (found.finding, found.id) == (Finding.UNKNOWN, None)


def test_a_fact_holds_for_its_days_and_its_authority(office: Office, neighbour: Office) -> None:
    firm = office.firm()
    with office.work() as work:
        service.record_fact(work, a_fact(firm, Finding.MET))
    with office.view() as view:
        assert service.fact(view, office.authority, firm, "credit_clean", TODAY).finding is Finding.MET
        assert service.fact(view, office.authority, firm, "credit_clean", date(2027, 1, 1)).finding is Finding.UNKNOWN
        assert service.fact(view, neighbour.authority, firm, "credit_clean", TODAY).finding is Finding.UNKNOWN


def test_a_correction_is_seen_from_then_on_and_not_before(office: Office, clock: FixedClock) -> None:
    firm = office.firm()
    with office.work() as work:
        service.record_fact(work, a_fact(firm, Finding.MET))
    before = clock.now()
    clock.advance(timedelta(hours=1))
    with office.work() as work:
        service.record_fact(work, a_fact(firm, Finding.UNMET, Period(date(2026, 2, 1), None)))
    with office.view() as view:
        assert service.fact(view, office.authority, firm, "credit_clean", TODAY).finding is Finding.UNMET
        assert service.fact(view, office.authority, firm, "credit_clean", date(2026, 1, 31)).finding is Finding.MET
    clock.set(before)
    with office.view() as view:
        assert service.fact(view, office.authority, firm, "credit_clean", TODAY).finding is Finding.MET


def test_a_correction_that_waited_for_a_later_line_replaces_it(office: Office, clock: FixedClock) -> None:
    firm = office.firm()
    before = clock.now()
    clock.advance(timedelta(seconds=1))
    with office.work() as work:
        service.record_fact(work, a_fact(firm, Finding.MET))
    clock.set(before)
    with office.work() as work:
        service.record_fact(work, a_fact(firm, Finding.UNMET))
    clock.advance(timedelta(seconds=2))
    with office.view() as view:
        assert service.fact(view, office.authority, firm, "credit_clean", TODAY).finding is Finding.UNMET


def test_an_unknown_predicate_is_refused(office: Office) -> None:
    firm = office.firm()
    with office.view() as view, pytest.raises(InvalidValueError):
        service.fact(view, office.authority, firm, "rich", TODAY)


def test_what_was_looked_at_tomorrow_is_refused(office: Office) -> None:
    command = RecordFact(office.firm(), Predicate.CREDIT_CLEAN, Finding.MET, YEAR, "信用中国", date(2026, 3, 3))
    with pytest.raises(InvalidValueError), office.work() as work:
        service.record_fact(work, command)


# Leader lists.


def admit(
    office: Office,
    *usccs: Uscc,
    level: ListLevel = ListLevel.NATIONAL,
    valid: Period = YEAR,
    decided_on: date = date(2026, 1, 5),
) -> LeaderList:
    command = AdmitLeaderList(
        name="新能源链主企业名单",
        issuer="工信部",
        level=level,
        sectors=("new_energy",),
        batch=f"{level.value} {decided_on}",
        valid=valid,
        document_digest=Digest.of(b"list"),
        admission=Admission("伊数〔2026〕1号", decided_on, "数发局", "国家级名单"),
        entries=tuple(ListedFirm(uscc, "链主") for uscc in usccs),
    )
    with office.work() as work:
        return service.admit_leader_list(work, command)


def is_leader(office: Office, firm: FirmId, day: date, sector: str = "new_energy") -> bool:
    with office.view() as view:
        return bool(service.leader_entries(view, office.authority, firm, day, sector))


def test_a_firm_leads_the_sectors_of_its_list_while_that_is_valid(office: Office) -> None:
    firm = office.firm()
    admit(office, a_uscc(1))
    assert is_leader(office, firm, TODAY)
    assert not is_leader(office, firm, TODAY, "cultural_tourism")
    assert not is_leader(office, firm, date(2027, 1, 1))


def test_a_list_makes_no_leader_before_it_was_admitted(office: Office) -> None:
    firm = office.firm()
    admit(office, a_uscc(1), decided_on=date(2026, 2, 10))
    assert not is_leader(office, firm, date(2026, 2, 9))
    assert is_leader(office, firm, date(2026, 2, 10))


def test_a_withdrawn_firm_leads_until_the_day_of_withdrawal(office: Office) -> None:
    firm = office.firm()
    made = admit(office, a_uscc(1))
    with office.work() as work:
        service.withdraw_leader(work, WithdrawLeader(made.id, a_uscc(1), date(2026, 2, 1), "监测不合格"))
    assert is_leader(office, firm, date(2026, 1, 31))
    assert not is_leader(office, firm, date(2026, 2, 1))


def test_a_firm_is_withdrawn_once(office: Office) -> None:
    made = admit(office, a_uscc(1))
    command = WithdrawLeader(made.id, a_uscc(1), date(2026, 2, 1), "监测不合格")
    with office.work() as work:
        service.withdraw_leader(work, command)
    with pytest.raises(ConflictError), office.work() as work:
        service.withdraw_leader(work, command)


def test_another_authority_withdraws_nothing(office: Office, neighbour: Office) -> None:
    made = admit(office, a_uscc(1))
    with pytest.raises(NotAllowedError), neighbour.work() as work:
        service.withdraw_leader(work, WithdrawLeader(made.id, a_uscc(1), date(2026, 2, 1), "监测不合格"))


def test_the_list_of_another_authority_makes_no_leader(office: Office, neighbour: Office) -> None:
    firm = office.firm()
    admit(neighbour, a_uscc(1))
    assert not is_leader(office, firm, TODAY)


def test_a_municipal_entry_needs_a_ruling(office: Office) -> None:
    firm = office.firm()
    admit(office, a_uscc(1), level=ListLevel.MUNICIPAL)
    admit(office, a_uscc(1), level=ListLevel.PROVINCIAL)
    with office.view() as view:
        found = service.leader_entries(view, office.authority, firm, TODAY, "new_energy")
    assert [entry.needs_ruling for entry in found] == [True, False]


def test_a_firm_leads_under_the_code_it_had_when_listed(office: Office) -> None:
    firm = office.firm()
    admit(office, a_uscc(1))
    change = ChangeFirm(firm, a_uscc(60), "新名", "650502", FirmKind.ENTERPRISE, date(2026, 2, 1), "执照", OBTAINED)
    with office.work() as work:
        service.change_firm(work, change)
    assert is_leader(office, firm, TODAY)


def test_one_version_of_a_list_is_admitted_once(office: Office) -> None:
    admit(office, a_uscc(1))
    with pytest.raises(ConflictError):
        admit(office, a_uscc(2))


# Providers.


def a_provider(firm: FirmId, valid: Period = YEAR, *certificates: Certificate) -> RegisterProvider:
    return RegisterProvider(firm, ProviderKind.COMPUTE_CENTRE, "许可1号", valid, certificates, "许可证", OBTAINED)


def test_a_provider_counts_while_its_licence_is_valid(office: Office) -> None:
    firm = office.firm()
    with office.work() as work:
        service.register_provider(work, a_provider(firm))
    with office.view() as view:
        kind = ProviderKind.COMPUTE_CENTRE
        assert service.provider(view, office.authority, firm, kind, TODAY) is not None
        assert service.provider(view, office.authority, firm, kind, date(2027, 1, 1)) is None
        assert service.provider(view, office.authority, firm, ProviderKind.DATA_EXCHANGE, TODAY) is None


def test_a_green_certificate_holds_for_its_own_days(office: Office) -> None:
    firm = office.firm()
    green = Certificate("green", "绿1号", Period(date(2026, 1, 1), date(2026, 3, 2)))
    with office.work() as work:
        service.register_provider(work, a_provider(firm, YEAR, green))
    with office.view() as view:
        found = service.provider(view, office.authority, firm, ProviderKind.COMPUTE_CENTRE, TODAY)
    assert found is not None
    assert found.certificate("green", date(2026, 3, 1)) == green
    assert found.certificate("green", TODAY) is None


def test_a_revoked_licence_ends_on_its_day_and_keeps_its_certificates_before(office: Office) -> None:
    firm = office.firm()
    green = Certificate("green", "绿1号", YEAR)
    with office.work() as work:
        service.register_provider(work, a_provider(firm, Period(date(2026, 1, 1), None), green))
    with office.work() as work:
        service.register_provider(work, a_provider(firm, Period(date(2026, 2, 1), date(2026, 2, 2))))
    with office.view() as view:
        found = service.provider(view, office.authority, firm, ProviderKind.COMPUTE_CENTRE, date(2026, 1, 15))
        assert found is not None
        assert found.certificate("green", date(2026, 1, 15)) == green
        assert len(service.providers_page(view, None, 10)) == 3


# Sanctions.


def test_a_sanction_stops_its_scope_at_its_own_authority(office: Office, neighbour: Office) -> None:
    firm = office.firm()
    command = RecordSanction(
        firm,
        "财政局",
        "1号",
        "国务院令427号第十四条",
        ("yz-14a",),
        YEAR,
        date(2025, 12, 30),
        "无异议",
        "决定书",
        OBTAINED,
    )
    with office.work() as work:
        service.record_sanction(work, command)
    with office.view() as view:
        (found,) = service.sanctions(view, office.authority, firm, TODAY)
        assert (found.stops("yz-14a"), found.stops("yz-14b")) == (True, False)
        assert service.sanctions(view, neighbour.authority, firm, TODAY) == ()
        assert service.sanctions_elsewhere(view, neighbour.authority, firm, TODAY) == (found,)
        assert service.sanctions(view, office.authority, firm, date(2027, 1, 1)) == ()
