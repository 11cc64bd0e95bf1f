"""What the registers say on a day and as of an instant: sheets, credit answers, imported lists, the state's holders."""

from datetime import date, timedelta

import pytest

from registry.errors import Finding, InvalidValueError, NotAllowedError, NotFoundError, RuleError
from registry.parties import service, sheets
from registry.parties.commands import (
    ChangeFirm,
    ImportLeaderList,
    RecordCredit,
    RecordSanction,
    WithdrawLeader,
)
from registry.parties.model import (
    Admission,
    CreditAnswer,
    CreditStanding,
    FirmKind,
    KnownFact,
    LeaderList,
    ListLevel,
    Period,
    Predicate,
    Sheet,
)
from registry.values.digest import Digest
from registry.values.identifiers import FirmId
from registry.values.moment import Moment
from tests.conftest import FixedClock
from tests.registry.parties.builders import DAY, a_uscc, an_owner
from tests.registry.parties.conftest import Office, ViewAs

ANSWER = Digest.of(b"the page of the credit platform")


def sheet(office: Office, view_as: ViewAs, firm: FirmId, day: date = DAY, as_of: Moment | None = None) -> Sheet:
    with view_as(office.registrar) as view:
        return sheets.sheet(view.as_of(as_of), firm, day)


def credit(office: Office, firm: FirmId, standing: CreditStanding, queried_at: str) -> KnownFact:
    answer = CreditAnswer(standing, Moment.of_text(queried_at), ANSWER)
    with office.work() as work:
        return service.record_credit(work, RecordCredit(firm, answer, "信用中国"))


def imported(office: Office, content: bytes) -> LeaderList:
    command = ImportLeaderList(
        "新能源龙头企业名单", "工信部", ListLevel.NATIONAL, ("new_energy",), "第一批", Period(date(2026, 1, 1), None),
        None,
        Admission("伊数〔2026〕1号", date(2026, 1, 5), "数发局", "国家级名单"), content,
    )  # fmt: skip
    with office.work() as work:
        return service.import_leader_list(work, command)[0]


def a_sanction(firm: FirmId, number: str = "1号") -> RecordSanction:
    day = date(2026, 2, 1)
    return RecordSanction(firm, "财政局", number, "427号令", ("all",), Period(day, None), day, "", "决定书", day)


@pytest.mark.parametrize(
    ("standing", "finding"),
    [
        (CreditStanding.CLEAN, Finding.MET),
        (CreditStanding.LISTED, Finding.UNMET),
        (CreditStanding.REPAIRED, Finding.MET),
    ],
)
def test_a_credit_answer_is_kept_with_its_proof(
    office: Office, view_as: ViewAs, standing: CreditStanding, finding: Finding
) -> None:
    firm = office.firm()
    credit(office, firm, standing, "2026-03-01T01:00:00Z")
    known = {each.predicate: each for each in sheet(office, view_as, firm).facts}[Predicate.CREDIT_CLEAN]
    assert known.finding is finding
    assert known.credit == CreditAnswer(standing, Moment.of_text("2026-03-01T01:00:00Z"), ANSWER)
    # Nobody had asked before that day.
    before = {each.predicate: each for each in sheet(office, view_as, firm, date(2026, 2, 28)).facts}
    assert before[Predicate.CREDIT_CLEAN].finding is Finding.UNKNOWN


def test_nobody_was_asked_tomorrow(office: Office) -> None:
    with pytest.raises(InvalidValueError) as caught:
        credit(office, office.firm(), CreditStanding.CLEAN, "2026-03-09T01:00:00Z")
    assert caught.value.code == "credit_queried_ahead"


def test_a_file_with_a_bad_line_leaves_nothing_behind(office: Office) -> None:
    with pytest.raises(RuleError) as caught:
        imported(office, f"name,uscc\n甲公司,{a_uscc(1)}\n乙公司,nothing\n".encode())
    assert [each.parameters["line"] for each in caught.value.obstacles] == [3]
    with office.view() as view:
        assert service.leader_lists(view, None, 10) == []


def test_an_imported_list_is_bound_to_its_file(office: Office, view_as: ViewAs) -> None:
    firm = office.firm()
    content = f"name,uscc\n甲公司,{a_uscc(1)}\n".encode()
    made = imported(office, content)
    assert made.document_digest == Digest.of(content)
    assert [each.list.id for each in sheet(office, view_as, firm).leader_entries] == [made.id]


def test_a_leader_that_was_withdrawn_is_one_until_the_day_before(office: Office, view_as: ViewAs) -> None:
    firm = office.firm()
    made = imported(office, f"name,uscc\n甲公司,{a_uscc(1)}\n".encode())
    with office.work() as work:
        service.withdraw_leader(work, WithdrawLeader(made.id, a_uscc(1), date(2026, 2, 10), "监测不合格"))
    listed = [bool(sheet(office, view_as, firm, date(2026, 2, day)).leader_entries) for day in (9, 10, 11)]
    assert listed == [True, False, False]


def test_a_sheet_is_replayed_as_it_was_recorded(office: Office, view_as: ViewAs, clock: FixedClock) -> None:
    firm, holder = office.firm("甲"), office.firm("乙")
    moments: list[Moment] = []
    found: list[Sheet] = []

    def look() -> None:
        moments.append(clock.now())
        found.append(sheet(office, view_as, firm))
        clock.advance(timedelta(minutes=1))

    look()
    office.holds(holder, firm, 6_000)
    look()
    credit(office, firm, CreditStanding.LISTED, "2026-03-01T01:00:00Z")
    look()
    imported(office, f"name,uscc\n甲,{a_uscc(1)}\n".encode())
    look()
    with office.work() as work:
        service.record_sanction(work, a_sanction(firm))
    look()
    credit(office, firm, CreditStanding.CLEAN, "2026-03-01T01:00:00Z")
    look()
    assert len({repr(each) for each in found}) == len(found)
    assert [sheet(office, view_as, firm, as_of=at) for at in moments] == found


def test_nothing_is_known_of_a_firm_before_it_was_registered(
    office: Office, view_as: ViewAs, clock: FixedClock
) -> None:
    before = clock.now()
    clock.advance(timedelta(seconds=1))
    firm = office.firm()
    with pytest.raises(NotFoundError):
        sheet(office, view_as, firm, as_of=before)


def test_an_instant_to_come_is_refused(office: Office, view_as: ViewAs, clock: FixedClock) -> None:
    with pytest.raises(InvalidValueError) as caught:
        sheet(office, view_as, office.firm(), as_of=clock.now().plus(timedelta(seconds=1)))
    assert caught.value.code == "as_of_ahead"


def test_other_authorities_know_of_a_sanction_and_nothing_more(
    office: Office, neighbour: Office, view_as: ViewAs
) -> None:
    firm = office.firm()
    credit(office, firm, CreditStanding.LISTED, "2026-03-01T01:00:00Z")
    with office.work() as work:
        service.record_sanction(work, a_sanction(firm))
    own, theirs = sheet(office, view_as, firm), sheet(neighbour, view_as, firm)
    assert [len(own.sanctions), len(own.elsewhere)] == [1, 0]
    assert [len(theirs.sanctions), len(theirs.elsewhere)] == [0, 1]
    assert {each.finding for each in theirs.facts} == {Finding.UNKNOWN}


def test_a_firm_sees_who_controls_it_and_not_its_sheet_nor_others(office: Office, view_as: ViewAs) -> None:
    group, firm, stranger = office.firm("集团"), office.firm("子公司"), office.firm("外人")
    office.holds(group, firm, 6_000)
    with view_as(an_owner(firm)) as view:
        assert sheets.control_shown(view, firm, DAY).chain == ("集团 → 子公司 (60%)",)
        assert sheets.relation_shown(view, firm, stranger, DAY) is None
        with pytest.raises(NotAllowedError):
            sheets.control_shown(view, stranger, DAY)
        with pytest.raises(NotAllowedError):
            sheets.sheet(view, firm, DAY)


def test_the_list_of_state_bodies_is_dated_and_control_follows_it(office: Office, view_as: ViewAs) -> None:
    holder, group, firm = office.firm("国资平台"), office.firm("集团"), office.firm("子公司")
    office.holds(holder, group, 10_000)
    office.holds(group, firm, 6_000)
    since = date(2026, 2, 1)
    change = ChangeFirm(holder, a_uscc(1), "国资平台", "650502", FirmKind.STATE_HOLDER, since, "国资委名录", since)
    with office.work() as work:
        service.change_firm(work, change)
    with office.view() as view:
        eve = since - timedelta(days=1)
        assert [[each.id for each in sheets.state_bodies(view, day)] for day in (eve, since)] == [[], [holder]]
        assert [service.controller(view, firm, day) for day in (eve, since)] == [holder, group]
        assert service.control(view, firm, since).stopped == ("国资平台 → 集团 (100%)",)
