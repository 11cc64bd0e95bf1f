from datetime import date, datetime

import pytest

from registry.errors import InvalidValueError
from registry.policy.assumptions import AssumptionValue, Ruling, ValueType, written
from registry.policy.kinds import Interval, Tier
from registry.values.digest import Digest
from registry.values.money import Money, Rate
from tests.registry.policy.documents import revision

YIZHOU = revision("yizhou-2-year-measures", 1)

TIER = {"least": 60, "least_included": True, "most": 100, "most_included": True, "amount_fen": 10_000_000}


def read(assumption_id: str, raw: object) -> AssumptionValue:
    return YIZHOU.assumption(assumption_id).read(raw)


@pytest.mark.parametrize(
    ("assumption_id", "raw", "value"),
    [
        ("yz.issue-date", "2026-01-31", date(2026, 1, 31)),
        ("yz.issue-date", date(2026, 1, 31), date(2026, 1, 31)),
        ("yz.notice-days", 7, 7),
        ("yz-14.quality-score", 100, 100),
        ("yz-14.derivative-new-share", 3000, Rate(3000)),
        ("yz-14b.firm-year-cap", 50_000_000, Money(50_000_000)),
        ("yz-4.pool", "each_year", "each_year"),
        ("yz-14a.sectors", ["new_energy", "medical"], ("new_energy", "medical")),
        ("yz-14b.score-table", [TIER], (Tier(Interval(60, True, 100, True), Money(10_000_000)),)),
    ],
)
def test_a_value_is_read_by_its_type(assumption_id: str, raw: object, value: AssumptionValue) -> None:
    assert read(assumption_id, raw) == value


@pytest.mark.parametrize(
    ("assumption_id", "raw", "code"),
    [
        ("yz.issue-date", "2026-02-30", "policy_type_wrong"),
        ("yz.issue-date", "20260131", "policy_type_wrong"),
        ("yz.issue-date", datetime(2026, 1, 31), "policy_type_wrong"),  # noqa: DTZ001
        ("yz.notice-days", 6, "policy_number_out_of_range"),
        ("yz.notice-days", 91, "policy_number_out_of_range"),
        ("yz.notice-days", 7.0, "policy_type_wrong"),
        ("yz.notice-days", True, "policy_type_wrong"),
        ("yz.notice-days", "7", "policy_type_wrong"),
        ("yz-14.quality-score", 101, "policy_number_out_of_range"),
        ("yz-14.derivative-new-share", 10_001, "policy_number_out_of_range"),
        ("yz-14b.firm-year-cap", -1, "policy_number_out_of_range"),
        ("yz-4.pool", "whatever", "policy_choice_unknown"),
        ("yz-4.pool", ["shared_term"], "policy_type_wrong"),
        ("yz.sign-off-levels", ["mayor"], "policy_choice_unknown"),
        ("yz-14a.sectors", [], "policy_type_wrong"),
        ("yz-14a.sectors", "new_energy", "policy_type_wrong"),
        ("yz-14a.sectors", ["New Energy"], "policy_type_wrong"),
        ("yz-14a.sectors", ["new_energy", "new_energy"], "policy_duplicate_id"),
        ("yz-14b.score-table", [], "policy_type_wrong"),
        ("yz-14b.score-table", [{**TIER, "score": 1}], "policy_type_wrong"),
        ("yz-14b.score-table", [{**TIER, "amount_fen": 1.5}], "policy_type_wrong"),
        ("yz-14b.score-table", [{**TIER, "amount_fen": -1}], "policy_type_wrong"),
        ("yz-14b.score-table", [{**TIER, "most_included": 1}], "policy_type_wrong"),
        ("yz-14b.score-table", [TIER, TIER], "policy_tiers_overlap"),
    ],
)
def test_a_value_of_another_type_or_out_of_bounds_is_refused(assumption_id: str, raw: object, code: str) -> None:
    with pytest.raises(InvalidValueError, match=code):
        read(assumption_id, raw)


@pytest.mark.parametrize("assumption", YIZHOU.assumptions, ids=lambda each: each.id)
def test_every_default_is_read_back_from_what_was_written(assumption: object) -> None:
    each = YIZHOU.assumption(getattr(assumption, "id", ""))
    if each.default is None:
        assert each.type is ValueType.DATE
    else:
        assert each.read(written(each.default)) == each.default


def test_a_tier_without_end_is_read_back() -> None:
    table = (Tier(Interval(60, False, None, False), Money(10_000_000)),)
    assert read("yz-14b.score-table", written(table)) == table


@pytest.mark.parametrize(
    ("number", "organ"), [("", "伊州区发改委"), ("伊发改〔2026〕1号", "  "), ("x" * 201, "伊州区发改委")]
)
def test_a_ruling_has_a_number_and_an_organ(number: str, organ: str) -> None:
    with pytest.raises(InvalidValueError, match="policy_text_malformed"):
        Ruling(number, date(2026, 3, 1), organ, Digest.of(b"text"), "yz.notice-days", 7)
