"""Loading a document, ruling on it, and what is in force on a day, on a real database."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date

import pytest

from registry.actors.model import ANONYMOUS, Actor
from registry.errors import ConflictError, InvalidValueError, NotAllowedError, NotFoundError, RuleError
from registry.journal.work import View, Work
from registry.policy import service
from registry.policy.activation import ActiveInstrument, EnteredRuling, EnterRuling, FoundAuthority, LoadPolicy
from registry.values.identifiers import AuthorityId
from registry.values.money import Money
from tests.registry.parties.builders import a_firm_id, a_registrar, an_owner, found_authority

WorkAs = Callable[[Actor], AbstractContextManager[Work]]
ViewAs = Callable[..., AbstractContextManager[View]]

DOCUMENT = "yizhou-2-year-measures"
ISSUED = date(2026, 1, 15)
TODAY = date(2026, 3, 2)


@pytest.fixture
def authority(work_as: WorkAs) -> AuthorityId:
    with work_as(ANONYMOUS) as work:
        return found_authority(work)


@pytest.fixture
def registrar(authority: AuthorityId) -> Actor:
    return a_registrar(authority)


@pytest.fixture
def loaded(work_as: WorkAs, registrar: Actor) -> None:
    with work_as(registrar) as work:
        service.load_policy(work, LoadPolicy(DOCUMENT, ISSUED, "伊区政办发〔2026〕1号"))


def rule(
    work_as: WorkAs,
    registrar: Actor,
    assumption: str,
    value: str | None = None,
    decided_on: date = TODAY,
    number: str = "伊数决〔2026〕1号",
) -> EnteredRuling:
    command = EnterRuling(DOCUMENT, assumption, number, decided_on, "数发局", "决定全文", value)
    with work_as(registrar) as work:
        return service.enter_ruling(work, command)


def in_force(view_as: ViewAs, authority: AuthorityId, instrument: str, day: date = TODAY) -> ActiveInstrument:
    with view_as() as view:
        return service.in_force(view, authority, instrument, day)


# Authorities.


def test_an_authority_is_found_by_id(view_as: ViewAs, authority: AuthorityId) -> None:
    with view_as() as view:
        assert service.authority(view, authority) == service.authorities(view)[0]


def test_the_name_of_an_authority_is_taken_once(work_as: WorkAs, authority: AuthorityId) -> None:
    with pytest.raises(ConflictError), work_as(ANONYMOUS) as work:
        found_authority(work)


@pytest.mark.parametrize("slug", ["", "A", "yi zhou", "-yizhou", "x" * 61])
def test_a_name_of_an_authority_is_plain(slug: str) -> None:
    with pytest.raises(InvalidValueError):
        FoundAuthority(slug, "局", "bureau", "650502")


# Loading.


@pytest.mark.usefixtures("loaded")
def test_a_loaded_instrument_is_in_force_from_its_issue_date_to_the_eve_of_the_second_anniversary(
    view_as: ViewAs, authority: AuthorityId
) -> None:
    found = in_force(view_as, authority, "yz-14a")
    assert (found.issued_on, found.term.last) == (ISSUED, date(2028, 1, 14))
    assert in_force(view_as, authority, "yz-14a", date(2028, 1, 14)).instrument == found.instrument


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(
    ("day", "reason"), [(date(2026, 1, 14), "policy_not_yet_in_force"), (date(2028, 1, 15), "policy_expired")]
)
def test_outside_the_term_nothing_is_in_force(view_as: ViewAs, authority: AuthorityId, day: date, reason: str) -> None:
    with pytest.raises(RuleError) as caught:
        in_force(view_as, authority, "yz-4-data", day)
    assert caught.value.code == "instrument_not_in_force"
    assert [each.code for each in caught.value.obstacles] == [reason]


def test_a_document_that_was_not_loaded_is_not_in_force(view_as: ViewAs, authority: AuthorityId) -> None:
    with pytest.raises(RuleError) as caught:
        in_force(view_as, authority, "yz-4-data")
    assert [each.code for each in caught.value.obstacles] == ["policy_not_loaded"]


@pytest.mark.usefixtures("loaded")
def test_what_one_authority_loads_is_not_in_force_at_another(work_as: WorkAs, view_as: ViewAs) -> None:
    with work_as(ANONYMOUS) as work:
        other = found_authority(work, "hami")
    with pytest.raises(RuleError):
        in_force(view_as, other, "yz-4-data")


def test_an_unknown_instrument_is_not_found(view_as: ViewAs, authority: AuthorityId) -> None:
    with pytest.raises(NotFoundError):
        in_force(view_as, authority, "yz-99")


@pytest.mark.usefixtures("loaded")
def test_a_revision_is_loaded_once(work_as: WorkAs, registrar: Actor) -> None:
    with pytest.raises(ConflictError), work_as(registrar) as work:
        service.load_policy(work, LoadPolicy(DOCUMENT, ISSUED, "另一文号"))


def test_a_document_issued_tomorrow_cannot_be_loaded(work_as: WorkAs, registrar: Actor) -> None:
    with pytest.raises(RuleError), work_as(registrar) as work:
        service.load_policy(work, LoadPolicy(DOCUMENT, date(2026, 3, 3), "文号"))


def test_only_an_officer_loads(work_as: WorkAs) -> None:
    with pytest.raises(NotAllowedError), work_as(an_owner(a_firm_id(1))) as work:
        service.load_policy(work, LoadPolicy(DOCUMENT, ISSUED, "文号"))


# Rulings.


@pytest.mark.usefixtures("loaded")
def test_loading_answers_the_issue_date(view_as: ViewAs, authority: AuthorityId) -> None:
    found = in_force(view_as, authority, "yz-14a", ISSUED)
    assert found.value("yz.issue-date") == ISSUED
    assert "yz.issue-date" not in {each.id for each in found.open_assumptions}


@pytest.mark.usefixtures("loaded")
def test_a_ruling_closes_its_assumption_and_no_other(
    work_as: WorkAs, view_as: ViewAs, authority: AuthorityId, registrar: Actor
) -> None:
    before = {each.id for each in in_force(view_as, authority, "yz-14a").open_assumptions}
    rule(work_as, registrar, "yz.notice-days", "10")
    found = in_force(view_as, authority, "yz-14a")
    assert before - {each.id for each in found.open_assumptions} == {"yz.notice-days"}
    assert found.value("yz.notice-days") == 10


@pytest.mark.usefixtures("loaded")
def test_a_ruling_never_acts_before_its_date(
    work_as: WorkAs, view_as: ViewAs, authority: AuthorityId, registrar: Actor
) -> None:
    rule(work_as, registrar, "yz.notice-days", "10", decided_on=date(2026, 2, 10))
    assert in_force(view_as, authority, "yz-14a", date(2026, 2, 9)).value("yz.notice-days") == 7
    assert in_force(view_as, authority, "yz-14a", date(2026, 2, 10)).value("yz.notice-days") == 10


@pytest.mark.usefixtures("loaded")
def test_a_ruling_dated_ahead_is_refused(work_as: WorkAs, registrar: Actor) -> None:
    with pytest.raises(RuleError) as caught:
        rule(work_as, registrar, "yz.notice-days", "10", decided_on=date(2026, 3, 3))
    assert caught.value.code == "ruling_dated_ahead"


@pytest.mark.usefixtures("loaded")
def test_without_a_value_a_ruling_confirms_the_default(
    work_as: WorkAs, view_as: ViewAs, authority: AuthorityId, registrar: Actor
) -> None:
    entered = rule(work_as, registrar, "yz-4.firm-year")
    found = in_force(view_as, authority, "yz-4-data")
    assert entered.ruling in found.rulings
    assert found.value("yz-4.firm-year") == "later_of_invoice_and_payment"


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(
    ("assumption", "text", "value"),
    [
        ("yz-14b.firm-year-cap", "60000000", Money(60_000_000)),
        ("yz-14a.sectors", "new_energy, medical", ("new_energy", "medical")),
        ("yz-14a.leader-lists", "national_provincial_and_municipal", "national_provincial_and_municipal"),
    ],
)
def test_a_value_is_kept_as_its_type(
    work_as: WorkAs, view_as: ViewAs, registrar: Actor, assumption: str, text: str, value: object
) -> None:
    rule(work_as, registrar, assumption, text)
    with view_as() as view:
        assert [each.ruling.value for each in service.rulings(view)] == [value]


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(
    ("assumption", "text"),
    [("yz.notice-days", "soon"), ("yz.notice-days", "6"), ("yz.notice-days", "7.0"), ("yz.notice-days", "true")],
)
def test_a_value_that_is_none_is_refused(work_as: WorkAs, registrar: Actor, assumption: str, text: str) -> None:
    with pytest.raises(InvalidValueError):
        rule(work_as, registrar, assumption, text)


@pytest.mark.usefixtures("loaded")
def test_a_ruling_may_not_name_another_issue_date(work_as: WorkAs, registrar: Actor) -> None:
    with pytest.raises(RuleError) as caught:
        rule(work_as, registrar, "yz.issue-date", "2026-01-16")
    assert caught.value.code == "policy_issue_date_differs"


@pytest.mark.usefixtures("loaded")
def test_one_number_answers_one_assumption_once(work_as: WorkAs, registrar: Actor) -> None:
    rule(work_as, registrar, "yz.notice-days", "10")
    rule(work_as, registrar, "yz.claims-window", "30")
    with pytest.raises(ConflictError):
        rule(work_as, registrar, "yz.notice-days", "11")


@pytest.mark.usefixtures("loaded")
def test_when_every_assumption_is_ruled_a_payment_may_rest_on_the_instrument(
    work_as: WorkAs, view_as: ViewAs, authority: AuthorityId, registrar: Actor
) -> None:
    for assumption in in_force(view_as, authority, "yz-4-data").open_assumptions:
        rule(work_as, registrar, assumption.id)
    found = in_force(view_as, authority, "yz-4-data")
    assert found.open_assumptions == ()
    assert found.payment_verdict.is_met


def test_a_ruling_needs_a_loaded_document(work_as: WorkAs, registrar: Actor) -> None:
    with pytest.raises(NotFoundError):
        rule(work_as, registrar, "yz.notice-days", "10")
