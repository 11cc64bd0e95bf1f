from datetime import date

import pytest

from registry.errors import Finding, InvalidValueError, NotFoundError
from registry.policy.model import (
    CapScope,
    Condition,
    LegalStatus,
    StatusInterval,
    Term,
    Verdict,
)
from registry.policy.procedure import Procedure, SignOffLevel
from tests.registry.policy.documents import revision

YIZHOU = revision("yizhou-2-year-measures", 1)
DAY = date(2026, 3, 1)


def condition(finding: Finding) -> Condition:
    return Condition("three_adopters", "S1 cl.14", finding, {"count": 2}, ("adoption_statement",))


def test_a_verdict_without_conditions_is_a_failure() -> None:
    verdict = Verdict(())
    assert (verdict.is_met, [each.code for each in verdict.obstacles]) == (False, ["no_conditions_checked"])


def test_a_verdict_is_met_when_every_condition_is() -> None:
    assert Verdict((condition(Finding.MET), condition(Finding.MET))).is_met


@pytest.mark.parametrize("finding", [Finding.UNMET, Finding.UNKNOWN])
def test_one_condition_unmet_or_unknown_stands_in_the_way(finding: Finding) -> None:
    (obstacle,) = Verdict((condition(Finding.MET), condition(finding))).obstacles
    assert (obstacle.code, obstacle.clause, obstacle.finding, obstacle.parameters, obstacle.evidence) == (
        "three_adopters",
        "S1 cl.14",
        finding,
        {"count": 2},
        ("adoption_statement",),
    )


def test_every_obstacle_is_listed_not_only_the_first() -> None:
    assert len(Verdict((condition(Finding.UNMET), condition(Finding.UNKNOWN))).obstacles) == 2


def test_a_term_does_not_end_before_it_begins() -> None:
    with pytest.raises(InvalidValueError, match="policy_days_inverted"):
        Term(date(2026, 3, 2), DAY)


@pytest.mark.parametrize(
    ("status", "last", "open_ended", "by", "code"),
    [
        (LegalStatus.EXPIRED, None, False, "", "policy_choice_unknown"),
        (LegalStatus.IN_FORCE, date(2026, 2, 28), False, "", "policy_days_inverted"),
        (LegalStatus.IN_FORCE, DAY, True, "", "policy_interval_open_end"),
        (LegalStatus.SUSPENDED, DAY, False, "", "policy_key_missing"),
        (LegalStatus.IN_FORCE, DAY, False, "国务院令第783号", "policy_key_missing"),
    ],
)
def test_a_status_that_contradicts_itself_is_refused(
    status: LegalStatus, last: date | None, open_ended: bool, by: str, code: str
) -> None:
    with pytest.raises(InvalidValueError, match=code):
        StatusInterval(status, DAY, last, open_ended, by, "S2 cl.3")


@pytest.mark.parametrize("ranks", [(), (2,), (1, 3), (2, 1), (1, 1)])
def test_levels_are_ranked_without_a_gap(ranks: tuple[int, ...]) -> None:
    levels = tuple(SignOffLevel(rank, "leader", "leader", "领导") for rank in ranks)
    with pytest.raises(InvalidValueError, match="policy_ranks_unordered"):
        Procedure(7, "S0 art.7", levels, "S0 附件3", 90)


def test_what_a_document_does_not_have_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="policy_instrument_unknown"):
        YIZHOU.instrument("yz-5")
    with pytest.raises(NotFoundError, match="policy_assumption_unknown"):
        YIZHOU.instrument("yz-14b").assumption("yz-4.pool")
    with pytest.raises(NotFoundError, match="policy_cap_unknown"):
        YIZHOU.instrument("yz-14a").cap(CapScope.POOL)
