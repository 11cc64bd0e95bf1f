"""The yearly cap of a firm where several makers share one grant: both sides of the boundary, and of the year."""

from dataclasses import replace
from datetime import date

import pytest

from registry.awards.grant_model import ApplyForGrant
from registry.errors import RuleError
from registry.house import House
from tests.conftest import FixedClock
from tests.registry.awards.grant_builders import Office, an_application, an_office, apply, of_another
from tests.registry.exchange.builders import firm_of
from tests.registry.policy.applicants import XUNWU

TRADE = "xw-14-service-trade"
"""¥5,000 for each full million dollars, at most ¥200,000 for a firm and year; once for a firm and year."""


def shared(office: Office, partner: Office, millions: int, serial: str) -> ApplyForGrant:
    """Return an application of two firms, a third of which is the partner's."""
    makers = {firm_of(office.firm): 6_667, firm_of(partner.firm): 3_333}
    asked = an_application(office, TRADE, serial=serial, service_trade_usd=millions * 1_000_000)
    return replace(asked, joint_makers=makers)


def test_what_makers_share_is_together_never_above_the_cap_of_one_firm(house: House, clock: FixedClock) -> None:
    first = an_office(house, clock, XUNWU)
    found = {}
    for millions in (39, 40, 41):
        office, partner = of_another(first), of_another(first)
        case = apply(office, shared(office, partner, millions, f"of {millions}"))
        found[millions] = (str(case.amount), [line.amount.fen for line in case.lines])
    assert found == {
        39: ("¥195,000.00", [13_000_650, 6_499_350]),
        40: ("¥200,000.00", [13_334_000, 6_666_000]),
        41: ("¥200,000.00", [13_334_000, 6_666_000]),
    }


def test_a_maker_that_had_its_own_of_the_year_shares_no_other_and_one_of_another_year_does(
    house: House, clock: FixedClock
) -> None:
    first = an_office(house, clock, XUNWU)
    office, partner = of_another(first), of_another(first)
    full = an_application(partner, TRADE, service_trade_usd=40_000_000)
    apply(partner, replace(full, event_on=date(2025, 1, 1)))
    case = apply(office, shared(office, partner, 40, "shared"))
    assert str(case.amount) == "¥200,000.00"
    # Its year is used now, by its part alone: it has no second one, alone or shared.
    other = of_another(first)
    for asked, by in ((full, partner), (shared(other, partner, 40, "again"), other)):
        with pytest.raises(RuleError) as refused:
            apply(by, asked)
        assert "policy_not_granted_before" in {each.code for each in refused.value.obstacles}
