from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import ConflictError, NotFoundError
from registry.policy.exclusivity import Benefit, elect, like_benefits, require_exclusive
from registry.values.money import Money
from tests.registry.policy.documents import revision

SEATS = revision("yizhou-2-year-measures", 2).instrument("yz-12-seat")
OLD, NEW = date(2022, 11, 23), date(2026, 1, 15)


def a_benefit(document: str = "other", amount: int = 100, issued_on: date = OLD, **keys: str) -> Benefit:
    return Benefit(document, f"{document}-seat", "seat-subsidy", keys or {"worker": "w1"}, issued_on, Money(amount))


def test_the_newest_holds_when_it_is_the_highest_too() -> None:
    lower, higher = a_benefit("a", 100, OLD), a_benefit("b", 200, NEW)
    assert elect([lower, higher]).chosen == higher


def test_the_firm_elects_when_the_newest_is_not_the_highest() -> None:
    higher, newer = a_benefit("a", 200, OLD), a_benefit("b", 100, NEW)
    shown = elect([higher, newer])
    assert (shown.newest, shown.highest, shown.chosen) == (newer, higher, None)
    assert elect([higher, newer], "a-seat").chosen == higher
    assert elect([higher, newer], "b-seat").chosen == newer


def test_a_firm_elects_only_what_is_newest_or_highest() -> None:
    offered = [a_benefit("a", 200, OLD), a_benefit("b", 100, NEW), a_benefit("c", 150, OLD)]
    with pytest.raises(NotFoundError, match="policy_instrument_unknown"):
        elect(offered, "c-seat")


def test_there_is_something_to_elect_and_it_is_alike() -> None:
    with pytest.raises(NotFoundError, match="policy_nothing_to_elect"):
        elect([])
    other = Benefit("b", "b-event", "event", {}, NEW, Money(1))
    with pytest.raises(ConflictError, match="policy_benefits_differ"):
        elect([a_benefit("a"), other])


def test_a_benefit_whose_keys_are_not_known_is_taken_to_be_alike() -> None:
    unknown = a_benefit("other", firm="f1")
    assert like_benefits("yizhou-2-year-measures", SEATS, {"worker": "w1"}, [unknown]) == (unknown,)
    assert like_benefits("yizhou-2-year-measures", SEATS, {}, [a_benefit()]) == (a_benefit(),)


def test_two_grants_of_one_document_do_not_exclude_each_other() -> None:
    assert like_benefits("other", SEATS, {"worker": "w1"}, [a_benefit("other")]) == ()
    require_exclusive([a_benefit("a"), a_benefit("a")])


def test_two_active_benefits_of_two_policies_are_refused() -> None:
    with pytest.raises(ConflictError, match="policy_benefit_twice"):
        require_exclusive([a_benefit("a"), a_benefit("b")])
    require_exclusive([a_benefit("a"), a_benefit("b", worker="w2")])


BENEFITS = st.builds(
    lambda document, worker, active: Benefit(
        document, f"{document}-seat", "seat-subsidy", {"worker": worker}, OLD, Money(1), active
    ),
    st.sampled_from(["a", "b", "yizhou-2-year-measures"]),
    st.sampled_from(["w1", "w2"]),
    st.booleans(),
)


@given(st.lists(BENEFITS, max_size=8))
def test_granting_only_what_nothing_excludes_keeps_one_benefit_between_policies(asked: list[Benefit]) -> None:
    granted: list[Benefit] = []
    for each in asked:
        if not like_benefits(each.document, SEATS, each.keys, granted):
            granted.append(each)
    require_exclusive(granted)
