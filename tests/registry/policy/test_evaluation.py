"""One evaluator for every instrument: unknown facts, readings, caps, rulings, days, earlier benefits."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import Finding, InvalidValueError
from registry.policy.assumptions import Ruling
from registry.policy.evaluation import evaluate, facts_needed
from registry.policy.exclusivity import Benefit
from registry.policy.facts import Facts, FactType
from registry.policy.loader import load_shipped
from registry.policy.model import Instrument, PolicyDocument
from registry.policy.vocabulary import vocabulary
from registry.values.digest import Digest
from registry.values.money import ZERO, Money
from tests.registry.policy.applicants import ISSUED, good_facts
from tests.registry.policy.questions import EVERY, asked, document_of, nothing_before, ruling, verdict, yuan

# Unknown, and what a verdict says.


@pytest.mark.parametrize(("_", "instrument"), EVERY, ids=lambda each: getattr(each, "id", "document"))
def test_without_any_fact_that_it_looks_at_nothing_is_due(_: PolicyDocument, instrument: Instrument) -> None:
    known = good_facts(instrument.id)
    for name in facts_needed(instrument):
        if name in known:
            found = verdict(instrument.id, **{name: None})
            assert found.amount == ZERO, name
            assert any(each.finding is Finding.UNKNOWN for each in found.conditions), name


@given(st.data())
def test_knowing_less_never_earns_more(data: st.DataObject) -> None:
    _, instrument = data.draw(st.sampled_from(EVERY))
    known = good_facts(instrument.id)
    forgotten = data.draw(st.sets(st.sampled_from(sorted(known)), min_size=1))
    found = verdict(instrument.id, **dict.fromkeys(forgotten))
    assert found.amount <= verdict(instrument.id).amount


@given(st.data())
def test_a_verdict_holds_together_whatever_the_facts(data: st.DataObject) -> None:
    _, instrument = data.draw(st.sampled_from(EVERY))
    changed: dict[str, object] = {}
    for name, value in good_facts(instrument.id).items():
        if isinstance(value, bool):
            changed[name] = data.draw(st.sampled_from([True, False, None]))
        elif isinstance(value, int):
            most = 10**12 if vocabulary().type_of(name) is FactType.AMOUNT else 10**9
            near = st.integers(max(0, value - 1), value + 1)
            changed[name] = data.draw(st.one_of(near, st.integers(0, most), st.none()))
    question = asked(instrument.id, **changed)
    found = evaluate(question)
    assert evaluate(question) == found
    assert bool(found.amount) <= found.is_met
    earned = [each.earns for each in found.readings]
    assert found.amount in {ZERO, min(earned)}
    assert found.amount + found.held <= max(earned)
    assert all(cap.amount >= found.amount for cap in instrument.caps if cap.scope != "worker")
    assert all(each.clause for each in found.conditions)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_more_of_what_is_paid_for_never_earns_less(first: int, more: int) -> None:
    for instrument, fact in (
        ("yz-4-data", "data_fee"),
        ("dt-4-renovation", "renovation_cost"),
        ("yz-12-seat", "effective_seats"),
    ):
        less, greater = (verdict(instrument, **{fact: number}).amount for number in (first, first + more))
        assert less <= greater


def test_a_fact_of_another_type_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="policy_type_wrong"):
        verdict("yz-12-seat", employed_months=True)


def test_more_than_money_can_be_is_refused_and_not_cut() -> None:
    with pytest.raises(InvalidValueError, match="money_out_of_range"):
        verdict("yz-12-seat", effective_seats=10**12)


def test_a_condition_names_clause_evidence_and_what_was_found() -> None:
    (condition,) = [each for each in verdict("dt-3-seat", seats=199).conditions if each.parameters["id"] == "seats"]
    assert (condition.clause, condition.finding, condition.evidence) == ("S0 art.3", Finding.UNMET, ("worker_roster",))
    assert condition.parameters["text_zh"] == "座席规模（席）：200及以上"
    assert condition.parameters["found"] == "199"


# Rulings.


def all_ruled(instrument: str, on: date) -> tuple[Ruling, ...]:
    document = document_of(instrument)
    made = []
    for each in document.instrument(instrument).assumptions:
        value = ISSUED[document.revision.document] if each.default is None else each.default
        made.append(Ruling("1号", on, document.authority.name_zh, Digest.of(b"text"), each.id, value))
    return tuple(made)


@pytest.mark.parametrize("instrument", ["dt-4-purchase", "xw-6-hired", "yz-12-seat", "yz-14b"])
def test_a_payment_needs_a_ruling_on_every_assumption(instrument: str) -> None:
    question = asked(instrument)
    rulings = all_ruled(instrument, question.day)
    assert (evaluate(question).payable, bool(evaluate(question).amount)) == (ZERO, True)
    assert evaluate(replace(question, rulings=rulings)).payable == evaluate(question).amount
    for missing in range(len(rulings)):
        rest = (*rulings[:missing], *rulings[missing + 1 :])
        found = evaluate(replace(question, rulings=rest))
        assert ([each.id for each in found.rulings_needed], found.payable) == ([rulings[missing].assumption_id], ZERO)


def test_a_ruling_of_tomorrow_does_nothing_today() -> None:
    question = asked("yz-12-seat")
    tomorrow = all_ruled("yz-12-seat", question.day + timedelta(days=1))
    assert evaluate(replace(question, rulings=tomorrow)).payable == ZERO


def test_the_undisputed_amount_needs_no_ruling_on_the_contradiction() -> None:
    question = asked("xw-1-new", seats=300)
    disputes = {"xw-1.at-300", "xw-1.at-100"}
    rulings = tuple(each for each in all_ruled("xw-1-new", question.day) if each.assumption_id not in disputes)
    found = evaluate(replace(question, rulings=rulings))
    assert (str(found.payable), str(found.held)) == ("¥900,000.00", "¥600,000.00")
    assert {each.id for each in found.disputed} == disputes


@pytest.mark.parametrize(("reading", "due"), [("lower_tier", "¥900,000.00"), ("upper_tier", "¥1,200,000.00")])
def test_a_ruling_leaves_one_reading(reading: str, due: str) -> None:
    question = asked("xw-1-new", seats=300, decided_amount=120_000_000)
    ruled = ruling("xw-1-new", "xw-1.at-300", reading, question.day)
    found = evaluate(replace(question, rulings=(ruled,)))
    assert (yuan(found), {each.readings[0] for each in found.readings}) == (due, {reading})


def test_what_readings_differ_by_is_shown_and_unknown() -> None:
    found = verdict("dt-6-secondary", interns_sent=100, interns_kept=50)
    (condition,) = [each for each in found.conditions if each.parameters["id"] == "kept_share"]
    assert (condition.finding, condition.evidence[-1]) == (Finding.UNKNOWN, "ruling")
    assert [str(each.earns) for each in found.readings] == ["¥0.00", "¥32,000.00"]
    assert [each.id for each in found.disputed] == ["dt-6.kept-share"]


def test_a_score_table_of_a_ruling_holds_from_its_day_on() -> None:
    question = asked("yz-14b", score=60)
    table = [{"least": 60, "least_included": True, "most": 100, "most_included": True, "amount_fen": 50_000_000}]
    ruled = ruling("yz-14b", "yz-14b.score-table", table, question.day)
    assert str(evaluate(replace(question, rulings=(ruled,))).amount) == "¥500,000.00"


# Days: the term, the trial, the window, revisions.


@pytest.mark.parametrize(
    ("instrument", "event", "due"),
    [
        ("dt-4-purchase", "2022-12-22", "¥0.00"),
        ("dt-4-purchase", "2022-12-23", "¥750,000.00"),
        ("dt-4-purchase", "2023-12-22", "¥750,000.00"),
        ("dt-4-purchase", "2023-12-23", "¥0.00"),
        ("xw-6-hired", "2022-05-03", "¥0.00"),
        ("xw-6-hired", "2022-05-04", "¥5,000.00"),
        ("yz-14a", "2026-01-14", "¥0.00"),
        ("yz-14a", "2026-01-15", "¥50,000.00"),
        ("yz-14a", "2028-01-14", "¥50,000.00"),
        ("yz-14a", "2028-01-15", "¥0.00"),
    ],
)
def test_the_event_falls_in_the_term(instrument: str, event: str, due: str) -> None:
    day = date.fromisoformat(event)
    question = asked(instrument, event_on=day, applied_on=day)
    assert str(evaluate(replace(question, day=day)).amount) == due


@pytest.mark.parametrize(("applied", "due"), [("2028-04-13", "¥50,000.00"), ("2028-04-14", "¥0.00")])
def test_a_claim_is_filed_within_the_window(applied: str, due: str) -> None:
    day = date.fromisoformat(applied)
    question = asked("yz-14a", event_on=date(2028, 1, 14), applied_on=day)
    assert str(evaluate(replace(question, day=day)).amount) == due


def test_an_open_ended_document_has_no_closing_date() -> None:
    day = date(2040, 1, 1)
    assert evaluate(replace(asked("xw-6-hired", event_on=day, applied_on=day), day=day)).amount == Money(500_000)


def test_a_document_without_issue_date_pays_nothing() -> None:
    assert evaluate(replace(asked("yz-14a"), issued_on=None)).amount == ZERO


def test_an_event_of_tomorrow_pays_nothing_today() -> None:
    question = asked("yz-14a")
    assert (
        evaluate(
            replace(question, facts=Facts({**question.facts.values, "event_on": question.day + timedelta(days=1)}))
        ).amount
        == ZERO
    )


def test_every_instrument_of_the_first_revision_pays_the_same_under_the_second() -> None:
    (first,) = [each for each in load_shipped() if each.revision.number == 1 and each.source == "S1"]
    for instrument in first.instruments:
        question = asked(instrument.id)
        assert evaluate(replace(question, document=first)).amount == evaluate(question).amount


# Earlier benefits.


def test_what_was_used_of_a_cap_is_taken_off() -> None:
    instrument = document_of("yz-4-data").instrument("yz-4-data")
    for used, due in ((46_399_999, 3_600_000), (46_400_000, 3_600_000), (46_400_001, 3_599_999), (50_000_000, 0)):
        standing = replace(nothing_before(instrument), used={"yz-4-firm-year": Money(used), "yz-4-pool": ZERO})
        assert verdict("yz-4-data", standing=standing).amount == Money(due)


def test_what_is_not_known_of_earlier_benefits_helps_nobody() -> None:
    instrument = document_of("xw-1-new").instrument("xw-1-new")
    known = nothing_before(instrument)
    for change in ({"used": {}}, {"granted_before": None}, {"granted_before": True}, {"benefits": None}):
        assert verdict("xw-1-new", standing=replace(known, **change)).amount == ZERO  # type: ignore[arg-type]
    assert verdict("xw-1-new", standing=known).amount


@pytest.mark.parametrize(
    ("document", "group", "worker", "active", "due"),
    [
        ("datong-2022-policies", "seat-subsidy", "w1", True, "¥0.00"),
        ("datong-2022-policies", "seat-subsidy", "w2", True, "¥25,000.00"),
        ("datong-2022-policies", "seat-subsidy", "w1", False, "¥25,000.00"),
        ("datong-2022-policies", "event", "w1", True, "¥25,000.00"),
        ("yizhou-2-year-measures", "seat-subsidy", "w1", True, "¥25,000.00"),
    ],
)
def test_a_like_benefit_of_another_policy_excludes(
    document: str, group: str, worker: str, active: bool, due: str
) -> None:
    instrument = document_of("yz-12-seat").instrument("yz-12-seat")
    other = Benefit(document, "other", group, {"worker": worker}, date(2022, 11, 23), Money(1), active)
    standing = replace(nothing_before(instrument), benefits=(other,), keys={"worker": "w1"})
    assert str(verdict("yz-12-seat", standing=standing).amount) == due


def test_workers_beyond_their_cap_bring_nothing() -> None:
    assert verdict("dt-3-seat", workers_within_cap=False).amount == ZERO
