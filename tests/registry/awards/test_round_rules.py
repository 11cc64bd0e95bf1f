"""Rounds and scores without a database: windows, the division of money, slips and what they come to."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.awards import round_rules, score_rules
from registry.awards.round_model import (
    Aggregate,
    Criterion,
    Round,
    RoundRevision,
    RoundState,
    RoundTerms,
    ScoreSheet,
)
from registry.awards.round_rules import Ask
from registry.awards.score_rules import Expert, Mark, PanelDraw, Slip
from registry.errors import ConflictError, InvalidValueError, RuleError
from registry.policy import service as policy
from registry.policy.model import Allocation
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, CaseId, EntryId, EvidenceId, RoundId
from registry.values.moment import Moment
from registry.values.money import Money
from tests.registry.policy.applicants import YIZHOU

SHEET = ScoreSheet((Criterion("scale", "规模", 40), Criterion("value", "应用价值", 60)), 60)
OPENS, CLOSES = Moment.of_text("2026-04-01T09:00:00+08:00"), Moment.of_text("2026-04-30T18:00:00+08:00")
OFFICE, OFFICER = AuthorityId.new(), AccountId.new()

amounts = st.integers(min_value=0, max_value=50_000_000)
asks = st.lists(
    st.tuples(amounts, st.integers(min_value=0, max_value=10_000)).map(
        lambda pair: Ask(CaseId.new(), Money(pair[0]), pair[1])
    ),
    max_size=12,
)


def a_round(opens: Moment = OPENS, closes: Moment = CLOSES) -> Round:
    published = RoundRevision(
        number=1,
        title="第一轮",
        guide=EvidenceId.new(),
        guide_digest=Digest.of(b"guide"),
        guide_url="https://example.gov.cn/1",
        opens_at=opens,
        closes_at=closes,
        budget=None,
        allocation=Allocation.PRO_RATA,
        checklist=(),
        extra_items=(),
        sheet=SHEET,
        score_table=(),
        published_at=Moment.of_text("2026-03-01T00:00:00Z"),
        published_by=OFFICER,
        entry=EntryId.new(),
    )
    return Round(RoundId.new(), OFFICE, YIZHOU, "yz-14b", (published,))


@given(asks, st.integers(min_value=1, max_value=200_000_000), st.sampled_from(Allocation))
def test_no_division_spends_more_than_the_budget_or_gives_a_case_more_than_its_own(
    wanted: list[Ask], budget: int, allocation: Allocation
) -> None:
    found = round_rules.allotted(wanted, Money(budget), allocation)
    total = sum(each.amount.fen for each in wanted)
    assert all(found[each.case] <= each.amount for each in wanted)
    assert sum(each.fen for each in found.values()) == min(budget, total)


@given(asks)
def test_without_a_budget_everyone_receives_its_own(wanted: list[Ask]) -> None:
    assert round_rules.allotted(wanted, None, Allocation.PRO_RATA) == {each.case: each.amount for each in wanted}


def test_the_remainder_of_equal_parts_goes_in_order_of_acceptance() -> None:
    wanted = [Ask(CaseId.new(), Money(100)) for _ in range(3)]
    found = round_rules.allotted(wanted, Money(200), Allocation.PRO_RATA)
    assert [found[each.case].fen for each in wanted] == [67, 67, 66]


def test_first_come_and_ranked_serve_in_their_own_orders() -> None:
    wanted = [Ask(CaseId.new(), Money(100), score) for score in (6_000, 9_000, 9_000)]
    first = round_rules.allotted(wanted, Money(150), Allocation.FIRST_COME)
    ranked = round_rules.allotted(wanted, Money(150), Allocation.RANKED)
    assert [first[each.case].fen for each in wanted] == [100, 50, 0]
    assert [ranked[each.case].fen for each in wanted] == [0, 100, 50]


# Windows.


def test_the_minute_of_opening_is_open_and_that_of_closing_is_not() -> None:
    found = a_round()
    states = ["2026-04-01T08:59:59.999+08:00", "2026-04-01T09:00:00+08:00", "2026-04-30T17:59:59.999+08:00"]
    assert [found.state_at(Moment.of_text(each)) for each in states] == [
        RoundState.COMING,
        RoundState.OPEN,
        RoundState.OPEN,
    ]
    assert found.state_at(CLOSES) is RoundState.CLOSED


def test_outside_every_window_the_next_one_is_named() -> None:
    scored = policy.shipped_revision(YIZHOU).instrument("yz-14b")
    later = a_round(Moment.of_text("2026-06-01T09:00:00+08:00"), Moment.of_text("2026-06-30T18:00:00+08:00"))
    both = (a_round(), later)
    assert round_rules.round_of_application(scored, both, OPENS) == both[0]
    with pytest.raises(RuleError, match="round_opens_later") as refused:
        round_rules.round_of_application(scored, both, CLOSES)
    assert refused.value.parameters["opens_at"] == str(later.now.opens_at)
    with pytest.raises(RuleError, match="round_closed"):
        round_rules.round_of_application(scored, both, later.now.closes_at)


def test_only_what_is_scored_needs_a_round() -> None:
    document = policy.shipped_revision(YIZHOU)
    assert round_rules.round_of_application(document.instrument("yz-8-case"), (), OPENS) is None
    with pytest.raises(RuleError, match="instrument_needs_round"):
        round_rules.round_of_application(document.instrument("yz-14b"), (), OPENS)


def test_a_round_changes_before_it_opens_and_only_its_closing_after() -> None:
    found, before = a_round(), Moment.of_text("2026-03-31T00:00:00Z")
    round_rules.require_revisable(found, before)
    with pytest.raises(ConflictError, match="round_has_opened"):
        round_rules.require_revisable(found, OPENS)
    round_rules.require_closing(found, OPENS, OPENS)
    with pytest.raises(ConflictError, match="round_not_open_now"):
        round_rules.require_closing(found, CLOSES, before)
    with pytest.raises(ConflictError, match="round_not_open_now"):
        round_rules.require_closing(found, Moment.of_text("2026-05-30T18:00:00+08:00"), CLOSES)
    with pytest.raises(RuleError, match="round_closing_out_of_range"):
        round_rules.require_closing(found, before, OPENS)


def test_two_rounds_of_an_instrument_never_stand_open_at_once() -> None:
    found = a_round()
    round_rules.require_apart((found,), None, CLOSES, Moment.of_text("2026-05-30T18:00:00+08:00"))
    round_rules.require_apart((found,), found.id, OPENS, CLOSES)
    with pytest.raises(ConflictError, match="round_windows_meet"):
        round_rules.require_apart((found,), None, Moment.of_text("2026-04-30T17:59:00+08:00"), CLOSES)


@pytest.mark.parametrize(
    ("opens", "closes", "code"),
    [
        ("2026-04-01T09:00:01+08:00", "2026-04-30T18:00:00+08:00", "round_not_to_the_minute"),
        ("2026-04-30T18:00:00+08:00", "2026-04-30T18:00:00+08:00", "round_window_inverted"),
    ],
)
def test_a_window_that_is_none_is_refused(opens: str, closes: str, code: str) -> None:
    with pytest.raises(InvalidValueError, match=code):
        RoundTerms("t", EvidenceId.new(), "https://a.cn/", Moment.of_text(opens), Moment.of_text(closes))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"experts": 4}, "round_experts_odd"),
        ({"experts": 1}, "round_experts_odd"),
        ({"criteria": (Criterion("scale", "规模", 99),)}, "round_points_sum"),
        ({"criteria": (Criterion("a", "a", 50), Criterion("a", "b", 50))}, "list_length"),
        ({"pass_score": 101}, "round_points_out_of_range"),
    ],
)
def test_a_sheet_nobody_could_score_by_is_refused(changes: dict[str, object], code: str) -> None:
    with pytest.raises(InvalidValueError, match=code):
        replace(SHEET, **changes)  # type: ignore[arg-type]


# Scores.


@given(st.lists(st.integers(min_value=0, max_value=10_000), min_size=1, max_size=15))
def test_the_score_is_a_mean_rounded_down_between_the_lowest_and_the_highest(totals: list[int]) -> None:
    trimmed = replace(SHEET, aggregate=Aggregate.MEAN_WITHOUT_EXTREMES)
    for sheet in (SHEET, trimmed):
        found = score_rules.aggregate(sheet, totals)
        assert min(totals) <= found <= max(totals)
    assert score_rules.aggregate(SHEET, totals) * len(totals) <= sum(totals)
    if len(totals) < score_rules.EXTREMES_LEFT_OUT_FROM:
        assert score_rules.aggregate(trimmed, totals) == score_rules.aggregate(SHEET, totals)


def test_of_five_experts_one_outlier_changes_nothing_where_extremes_are_left_out() -> None:
    trimmed = replace(SHEET, aggregate=Aggregate.MEAN_WITHOUT_EXTREMES)
    assert score_rules.aggregate(trimmed, [8_000, 8_001, 8_001, 8_000, 0]) == 8_000
    assert score_rules.aggregate(SHEET, [8_000, 8_001, 8_001, 8_000, 0]) == 6_400


@pytest.mark.parametrize(
    ("marks", "code"),
    [
        ([Mark("scale", 4_000, "x")], "score_criteria_differ"),
        ([Mark("scale", 1, "x"), Mark("scale", 1, "x"), Mark("value", 1, "x")], "score_criteria_differ"),
        ([Mark("scale", 4_001, "x"), Mark("value", 1, "x")], "mark_out_of_range"),
        ([Mark("scale", -1, "x"), Mark("value", 1, "x")], "mark_out_of_range"),
    ],
)
def test_a_slip_gives_every_criterion_one_mark_within_its_points(marks: list[Mark], code: str) -> None:
    with pytest.raises(RuleError, match=code):
        score_rules.require_marks(SHEET, marks)


def test_a_commitment_tells_nothing_without_its_salt() -> None:
    case, expert, marks = CaseId.new(), AccountId.new(), [Mark("scale", 1, "x")]
    first = score_rules.commitment_of(case, expert, marks, b"1" * 32)
    assert first == score_rules.commitment_of(case, expert, marks, b"1" * 32)
    assert first != score_rules.commitment_of(case, expert, marks, b"2" * 32)
    assert first != score_rules.commitment_of(case, expert, [Mark("scale", 2, "x")], b"1" * 32)


def a_draw(drawn: tuple[AccountId, ...], number: int = 1, replaced: AccountId | None = None) -> PanelDraw:
    due_on = CLOSES.civil_day()
    return PanelDraw(CaseId.new(), number, b"s", drawn, drawn, replaced, "", due_on, OPENS, OFFICER, EntryId.new())


def test_a_seat_is_drawn_anew_only_from_who_cannot_or_did_not_score() -> None:
    first, second, third, fourth = (AccountId.new() for _ in range(4))
    draws = (a_draw((first, second, third)), a_draw((fourth,), 2, second))
    assert score_rules.seats(draws) == (first, fourth, third)
    case, last = draws[0].case, CLOSES.civil_day()
    score_rules.require_replaceable(case, draws, first, barred=True, scored=True, today=last)
    score_rules.require_replaceable(
        case, draws, first, barred=False, scored=False, today=Moment.of_text("2026-05-01T00:00:00+08:00").civil_day()
    )
    for expert, scored in ((first, False), (first, True)):
        with pytest.raises(ConflictError, match="expert_may_score"):
            score_rules.require_replaceable(case, draws, expert, barred=False, scored=scored, today=last)
    with pytest.raises(ConflictError, match="expert_has_no_seat"):
        score_rules.require_replaceable(case, draws, second, barred=True, scored=False, today=last)


def test_a_panel_is_opened_only_when_every_seat_has_its_slip() -> None:
    held = tuple(AccountId.new() for _ in range(3))
    slips = {each: Slip(each, (), b"", Digest.of(b"x"), OPENS) for each in held}
    score_rules.require_complete(CaseId.new(), held, slips, 0)
    with pytest.raises(ConflictError, match="scores_missing"):
        score_rules.require_complete(CaseId.new(), held, {held[0]: slips[held[0]]}, 0)
    with pytest.raises(ConflictError, match="experts_barred"):
        score_rules.require_complete(CaseId.new(), held, slips, 1)
    with pytest.raises(ConflictError, match="experts_not_drawn"):
        score_rules.require_complete(CaseId.new(), (), slips, 0)


def test_experts_of_the_field_are_drawn_where_they_are_enough() -> None:
    def expert(*fields: str) -> Expert:
        return Expert(AccountId.new(), OFFICE, fields, "x", OPENS, OFFICER)

    wind, any_field, law = expert("new_energy"), expert(), expert("law")
    assert score_rules.in_field((wind, any_field, law), "new_energy", 2) == (wind, any_field)
    assert score_rules.in_field((wind, any_field, law), "new_energy", 3) == (wind, any_field, law)
    assert score_rules.in_field((wind, law), "", 1) == (wind, law)
