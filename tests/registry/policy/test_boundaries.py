"""Every instrument, each of its boundaries on both sides."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from registry.errors import Finding
from registry.policy.evaluation import evaluate
from registry.policy.model import Instrument, PolicyDocument
from registry.values.money import ZERO
from tests.registry.policy.applicants import GOOD
from tests.registry.policy.questions import EVERY, asked, ruling, verdict, yuan


@pytest.mark.parametrize(("document", "instrument"), EVERY, ids=lambda each: getattr(each, "id", "document"))
def test_there_is_an_applicant_whom_each_instrument_pays(document: PolicyDocument, instrument: Instrument) -> None:
    found = verdict(instrument.id)
    assert [each for each in found.conditions if each.finding is not Finding.MET] == []
    assert str(found.amount) == GOOD[instrument.id][1]
    assert found.revision == document.revision


BOUNDARIES: list[tuple[str, Mapping[str, object], str]] = [
    # Datong: 规模在200席及以上; 12 against 6 months of wages; 2 for a first application.
    ("dt-3-seat", {"seats": 199}, "¥0.00"),
    ("dt-3-seat", {"seats": 200}, "¥500,000.00"),
    ("dt-3-seat", {"seats": 201}, "¥500,000.00"),
    ("dt-3-seat", {"wage_months": 5}, "¥0.00"),
    ("dt-3-seat", {"wage_months": 6}, "¥0.00 / ¥500,000.00"),
    ("dt-3-seat", {"wage_months": 11}, "¥0.00 / ¥500,000.00"),
    ("dt-3-seat", {"wage_months": 12}, "¥500,000.00"),
    ("dt-3-seat", {"labour_contract_months": 11}, "¥0.00"),
    ("dt-3-seat", {"instalment": 4}, "¥500,000.00"),
    ("dt-3-seat", {"instalment": 5}, "¥0.00"),
    ("dt-3-seat-first", {"wage_months": 1}, "¥0.00"),
    ("dt-3-seat-first", {"wage_months": 2}, "¥0.00 / ¥500,000.00"),
    ("dt-3-seat-first", {"wage_months": 12}, "¥500,000.00"),
    ("dt-3-seat-first", {"seats": 199}, "¥0.00"),
    ("dt-4-lease", {"lease_years": 4, "office_bought": True}, "¥0.00 / ¥500,000.00"),
    ("dt-4-lease", {"office_bought": False}, "¥0.00 / ¥500,000.00"),
    ("dt-4-lease", {"lease_years": 5}, "¥500,000.00"),
    ("dt-4-lease", {"instalment": 3}, "¥500,000.00"),
    ("dt-4-lease", {"instalment": 4}, "¥250,000.00"),
    ("dt-4-lease", {"instalment": 5}, "¥250,000.00"),
    ("dt-4-lease", {"instalment": 6}, "¥0.00"),
    # 30%, 最高不超过500万元: 16,666,666.67 yuan reach the cap.
    ("dt-4-renovation", {"renovation_cost": 1_666_666_663}, "¥4,999,999.98"),
    ("dt-4-renovation", {"renovation_cost": 1_666_666_667}, "¥5,000,000.00"),
    ("dt-4-renovation", {"renovation_cost": 1_666_666_670}, "¥5,000,000.00"),
    ("dt-4-renovation", {"office_bought": False}, "¥0.00 / ¥300,000.00"),
    # 最大扶持面积为5000平方米; 30/25/15/15/15 %.
    ("dt-4-purchase", {"office_area_m2": 4999}, "¥749,850.00"),
    ("dt-4-purchase", {"office_area_m2": 5000}, "¥750,000.00"),
    ("dt-4-purchase", {"office_area_m2": 5001}, "¥750,000.00"),
    ("dt-4-purchase", {"instalment": 2}, "¥625,000.00"),
    ("dt-4-purchase", {"instalment": 3}, "¥375,000.00"),
    ("dt-4-purchase", {"instalment": 5}, "¥375,000.00"),
    # 输送实习生50人及以上; 超过50% against 达50%.
    ("dt-6-secondary", {"interns_sent": 49, "interns_kept": 40}, "¥0.00"),
    ("dt-6-secondary", {"interns_sent": 50, "interns_kept": 40}, "¥32,000.00"),
    ("dt-6-secondary", {"interns_sent": 100, "interns_kept": 49}, "¥0.00"),
    ("dt-6-secondary", {"interns_sent": 100, "interns_kept": 50}, "¥0.00 / ¥32,000.00"),
    ("dt-6-secondary", {"interns_sent": 100, "interns_kept": 51}, "¥32,000.00"),
    ("dt-6-secondary", {"employed_months": 5}, "¥0.00"),
    ("dt-6-higher", {"interns_sent": 100, "interns_kept": 50}, "¥0.00 / ¥40,000.00"),
    ("dt-6-higher", {"interns_sent": 100, "interns_kept": 51}, "¥40,000.00"),
    ("dt-6-higher", {"interns_sent": 101, "interns_kept": 50}, "¥0.00"),
    # Xunwu cl.1: 100-200席（含200席）, 200-300席（含300席）, 300席及以上 (最高).
    ("xw-1-new", {"seats": 99}, "¥0.00"),
    ("xw-1-new", {"seats": 100}, "¥0.00 / ¥200,000.00"),
    ("xw-1-new", {"seats": 101}, "¥202,000.00"),
    ("xw-1-new", {"seats": 200}, "¥400,000.00"),
    ("xw-1-new", {"seats": 201}, "¥603,000.00"),
    ("xw-1-new", {"seats": 299}, "¥897,000.00"),
    ("xw-1-new", {"seats": 300}, "¥900,000.00 / ¥600,000.00"),
    ("xw-1-new", {"seats": 301}, "¥0.00"),
    ("xw-1-new", {"seats": 301, "decided_amount": 150_500_000}, "¥1,505,000.00"),
    ("xw-1-new", {"seats": 301, "decided_amount": 150_500_001}, "¥0.00"),
    ("xw-1-new", {"seats": 1000, "decided_amount": 500_000_000}, "¥5,000,000.00"),
    ("xw-1-new", {"seats": 1001, "decided_amount": 500_500_000}, "¥5,000,000.00"),
    ("xw-1-new", {"operated_months": 11}, "¥0.00"),
    ("xw-1-added", {"added_seats": 99}, "¥0.00"),
    ("xw-1-added", {"added_seats": 100}, "¥150,000.00"),
    ("xw-1-added", {"added_seats": 1333}, "¥1,999,500.00"),
    ("xw-1-added", {"added_seats": 1334}, "¥2,000,000.00"),
    ("xw-1-added", {"on_duty_months": 11}, "¥0.00"),
    ("xw-1-converted", {"added_seats": 99}, "¥0.00"),
    ("xw-1-converted", {"added_seats": 100}, "¥0.00 / ¥200,000.00"),
    ("xw-1-converted", {"added_seats": 101}, "¥202,000.00"),
    ("xw-1-converted", {"added_seats": 300}, "¥900,000.00 / ¥600,000.00"),
    # cl.2: 入座率达到80%以上; 最高10, 8, 7, 6, 5 months, then 3 each.
    ("xw-2-rent", {"seats": 99, "seats_occupied": 90}, "¥0.00"),
    ("xw-2-rent", {"seats": 100, "seats_occupied": 79}, "¥0.00"),
    ("xw-2-rent", {"seats": 100, "seats_occupied": 80}, "¥30,000.00"),
    ("xw-2-rent", {"seats": 1001, "seats_occupied": 800}, "¥0.00"),
    ("xw-2-rent", {"operating_year": 1}, "¥0.00"),
    ("xw-2-rent", {"operating_year": 1, "decided_amount": 10_000_000}, "¥100,000.00"),
    ("xw-2-rent", {"operating_year": 1, "decided_amount": 10_000_001}, "¥0.00"),
    ("xw-2-rent", {"operating_year": 5, "decided_amount": 5_000_000}, "¥50,000.00"),
    ("xw-2-rent", {"operating_year": 5, "decided_amount": 5_000_001}, "¥0.00"),
    ("xw-2-rent", {"operating_year": 10}, "¥30,000.00"),
    ("xw-2-rent", {"operating_year": 11}, "¥0.00"),
    ("xw-2-rent", {"months_rented": 2}, "¥20,000.00"),
    ("xw-2-purchase", {"office_area_m2": 3333}, "¥999,900.00"),
    ("xw-2-purchase", {"office_area_m2": 3334}, "¥1,000,000.00"),
    # cl.4: 达到1000万元以上.
    ("xw-4-revenue", {"first_year_revenue": 999_999_999}, "¥0.00"),
    ("xw-4-revenue", {"first_year_revenue": 1_000_000_000}, "¥50,000.00"),
    ("xw-4-revenue", {"first_year_revenue": 1_000_000_001}, "¥50,000.00"),
    ("xw-6-hired", {"employed_months": 5}, "¥0.00"),
    ("xw-6-hired", {"employed_months": 6}, "¥5,000.00"),
    ("xw-6-hired", {"seats": 99}, "¥0.00"),
    ("xw-6-kept", {"employed_months": 23}, "¥0.00"),
    ("xw-6-kept", {"employed_months": 24}, "¥5,000.00"),
    # cl.7: 100人及以上, 3个月以上, 30%; of those who stayed or of all who were sent.
    ("xw-7-sent", {"interns_sent": 99}, "¥0.00"),
    ("xw-7-sent", {"interns_sent": 100}, "¥20,000.00"),
    ("xw-7-sent", {"internship_months": 2}, "¥0.00"),
    ("xw-7-kept-one-year", {"interns_kept": 29}, "¥0.00"),
    ("xw-7-kept-one-year", {"interns_kept": 30}, "¥9,000.00 / ¥21,000.00"),
    ("xw-7-kept-one-year", {"employed_months": 11}, "¥0.00"),
    ("xw-7-kept-two-years", {"interns_kept": 30}, "¥15,000.00 / ¥35,000.00"),
    ("xw-7-kept-two-years", {"employed_months": 23}, "¥0.00"),
    ("xw-8-fair", {"school_kind": "undergraduate"}, "¥10,000.00"),
    ("xw-8-fair", {"school_kind": "junior_college"}, "¥8,000.00"),
    ("xw-8-fair", {"school_kind": "secondary"}, "¥0.00"),
    # cl.9: 满3个月, 最长不超过6个月 for each.
    ("xw-9-trainee", {"trainee_months_each": (5,)}, "¥5,145.00"),
    ("xw-9-trainee", {"trainee_months_each": (6,)}, "¥6,174.00"),
    ("xw-9-trainee", {"trainee_months_each": (7,)}, "¥6,174.00"),
    ("xw-9-trainee", {"trainee_months_each": (12, 3)}, "¥9,261.00"),
    ("xw-9-trainee", {"shortest_trainee_months": 2}, "¥0.00"),
    ("xw-10-skill", {"certificate_level": 5}, "¥1,000.00"),
    ("xw-10-skill", {"certificate_level": 4}, "¥1,500.00"),
    ("xw-10-skill", {"certificate_level": 3}, "¥2,000.00"),
    ("xw-10-skill", {"certificate_level": 2}, "¥0.00"),
    ("xw-10-skill", {"unemployment_contribution_months": 11}, "¥0.00"),
    ("xw-10-skill", {"certificate_on": date(2023, 3, 1)}, "¥1,500.00"),
    ("xw-10-skill", {"certificate_on": date(2023, 2, 28)}, "¥0.00"),
    ("xw-12-housing", {"rent_months_each": (6,)}, "¥1,200.00"),
    ("xw-12-housing", {"rent_months_each": (7,)}, "¥1,200.00"),
    ("xw-12-housing", {"on_duty_months": 11}, "¥0.00"),
    # cl.14, 15: 每达到100万美元; 20万元 and 10万元 a year.
    ("xw-14-service-trade", {"service_trade_usd": 999_999}, "¥0.00"),
    ("xw-14-service-trade", {"service_trade_usd": 1_000_000}, "¥5,000.00"),
    ("xw-14-service-trade", {"service_trade_usd": 1_999_999}, "¥5,000.00"),
    ("xw-14-service-trade", {"service_trade_usd": 40_000_000}, "¥200,000.00"),
    ("xw-14-service-trade", {"service_trade_usd": 41_000_000}, "¥200,000.00"),
    ("xw-15-outsourcing", {"offshore_outsourcing_usd": 33_000_000}, "¥99,000.00"),
    ("xw-15-outsourcing", {"offshore_outsourcing_usd": 34_000_000}, "¥100,000.00"),
    # Yizhou cl.2: 首次突破 is more than the figure.
    ("yz-2-growth-5m", {"annual_revenue": 500_000_000}, "¥0.00"),
    ("yz-2-growth-5m", {"annual_revenue": 500_000_001}, "¥100,000.00"),
    ("yz-2-growth-5m", {"annual_revenue": 1_000_000_000}, "¥100,000.00"),
    ("yz-2-growth-5m", {"annual_revenue": 1_000_000_001}, "¥0.00 / ¥100,000.00"),
    ("yz-2-growth-10m", {"annual_revenue": 1_000_000_000}, "¥0.00"),
    ("yz-2-growth-10m", {"annual_revenue": 1_000_000_001}, "¥200,000.00"),
    ("yz-2-growth-10m", {"annual_revenue": 2_000_000_001}, "¥0.00 / ¥200,000.00"),
    ("yz-2-growth-20m", {"annual_revenue": 2_000_000_000}, "¥0.00"),
    ("yz-2-growth-20m", {"annual_revenue": 2_000_000_001}, "¥400,000.00"),
    # cl.3: 不少于 each; 不超过300万元 is a ceiling.
    ("yz-3-base", {"new_annotation_firms": 3}, "¥0.00"),
    ("yz-3-base", {"new_annotation_firms": 4}, "¥3,000,000.00"),
    ("yz-3-base", {"added_revenue": 2_999_999_999}, "¥0.00"),
    ("yz-3-base", {"added_revenue": 3_000_000_000}, "¥3,000,000.00"),
    ("yz-3-base", {"jobs": 199}, "¥0.00"),
    ("yz-3-base", {"jobs": 200}, "¥3,000,000.00"),
    ("yz-3-base", {"certified_annotators": 99}, "¥0.00"),
    ("yz-3-base", {"certified_annotators": 100}, "¥3,000,000.00"),
    ("yz-3-base", {"insured_months": 2}, "¥0.00"),
    ("yz-3-base", {"labour_contract_months": 11}, "¥0.00"),
    ("yz-3-base", {"decided_amount": 300_000_001}, "¥0.00"),
    ("yz-3-base", {"decided_amount": 1}, "¥0.01"),
    ("yz-3-base", {"decided_amount": None}, "¥0.00"),
    ("yz-3-title", {"base_title_level": "regional"}, "¥500,000.00"),
    ("yz-3-title", {"base_title_level": "municipal"}, "¥0.00"),
    # cl.4: 30%, 50万元 a firm and year: 1,666,666.67 yuan reach the cap.
    ("yz-4-data", {"data_fee": 166_666_666}, "¥499,999.99"),
    ("yz-4-data", {"data_fee": 166_666_667}, "¥500,000.00"),
    ("yz-4-data", {"data_fee": 166_666_670}, "¥500,000.00"),
    ("yz-4-data", {"data_fee": 3}, "¥0.00"),
    ("yz-4-data", {"data_fee": 4}, "¥0.01"),
    ("yz-4-compute", {"purpose": "storage"}, "¥0.00"),
    ("yz-4-compute", {"purpose": "storage", "purpose_admitted": True}, "¥36,000.00"),
    # cl.6: 最高不超过30%, 累计不超过200万元.
    ("yz-6-platform", {"platform_yearly_input": 666_666_667, "decided_amount": 200_000_000}, "¥2,000,000.00"),
    ("yz-6-platform", {"platform_yearly_input": 666_666_666, "decided_amount": 200_000_000}, "¥0.00"),
    ("yz-6-platform", {"decided_amount": None}, "¥0.00"),
    # cl.7: four levels, three amounts.
    ("yz-7-standard", {"standard_level": "international"}, "¥1,000,000.00"),
    ("yz-7-standard", {"standard_level": "national"}, "¥300,000.00"),
    ("yz-7-standard", {"standard_level": "industry"}, "¥150,000.00"),
    ("yz-7-standard", {"standard_level": "local"}, "¥0.00 / ¥150,000.00"),
    ("yz-7-standard", {"standard_level": "group"}, "¥0.00"),
    ("yz-7-title", {"title_level": "regional"}, "¥100,000.00"),
    ("yz-8-case", {"case_sector": "finance"}, "¥0.00"),
    ("yz-8-case", {"case_sector": "finance", "case_sector_admitted": True}, "¥200,000.00"),
    # cl.11: 超过20人; 二等及以上.
    ("yz-11-school", {"interns_kept": 20}, "¥0.00"),
    ("yz-11-school", {"interns_kept": 21}, "¥50,000.00"),
    ("yz-11-competition", {"competition_prize": "regional_second"}, "¥150,000.00"),
    ("yz-11-competition", {"competition_prize": "regional_third"}, "¥0.00"),
    ("yz-11-competition", {"competition_prize": "national"}, "¥200,000.00"),
    # cl.12: 自政策实施之日起; 满6个月.
    ("yz-12-seat", {"hired_on": date(2026, 1, 14)}, "¥0.00"),
    ("yz-12-seat", {"hired_on": date(2026, 1, 15)}, "¥25,000.00"),
    ("yz-12-seat", {"employed_months": 5}, "¥0.00"),
    ("yz-12-seat", {"insured_or_paid_months": 5}, "¥0.00"),
    ("yz-12-seat", {"labour_contract_months": 11}, "¥0.00"),
    # cl.13: 30%, 单次最高不超过20万元.
    ("yz-13-event", {"event_cost": 66_666_666}, "¥199,999.99"),
    ("yz-13-event", {"event_cost": 66_666_667}, "¥200,000.00"),
    ("yz-13-event", {"event_cost": 66_666_671}, "¥200,000.00"),
    # cl.14: 3家以上 includes three; 10-50万元 by score.
    ("yz-14a", {"independent_leading_adopters": 2}, "¥0.00"),
    ("yz-14a", {"independent_leading_adopters": 3}, "¥50,000.00"),
    ("yz-14a", {"independent_leading_adopters": 4}, "¥50,000.00"),
    ("yz-14b", {"score": 59}, "¥0.00"),
    ("yz-14b", {"score": 60}, "¥100,000.00"),
    ("yz-14b", {"score": 69}, "¥100,000.00"),
    ("yz-14b", {"score": 70}, "¥200,000.00"),
    ("yz-14b", {"score": 95}, "¥500,000.00"),
    ("yz-14b", {"score": 101}, "¥0.00"),
]


@pytest.mark.parametrize(("instrument", "change", "due"), BOUNDARIES, ids=str)
def test_both_sides_of_every_boundary(instrument: str, change: Mapping[str, object], due: str) -> None:
    assert yuan(verdict(instrument, **change)) == due


def test_no_instrument_is_left_without_its_boundaries() -> None:
    # xw-3 and xw-5 are suspended; theirs are looked at below, with the suspension lifted.
    left = {each.id for _, each in EVERY} - {instrument for instrument, _, _ in BOUNDARIES}
    assert left == {"xw-3-tax", "xw-5-income-tax"}


@pytest.mark.parametrize(
    ("instrument", "change", "due"),
    [
        ("xw-3-tax", {"annual_tax": 99_999_999}, "¥0.00"),
        ("xw-3-tax", {"annual_tax": 100_000_000}, "¥400,000.00"),
        ("xw-3-tax", {"annual_tax": 299_999_999}, "¥400,000.00"),
        ("xw-3-tax", {"annual_tax": 300_000_000}, "¥450,000.00"),
        ("xw-3-tax", {"tax_year": 3}, "¥400,000.00"),
        ("xw-3-tax", {"tax_year": 4}, "¥0.00"),
        ("xw-3-tax", {"seats": 99}, "¥0.00"),
        ("xw-5-income-tax", {"income_tax_year": 5}, "¥9,000.00"),
        ("xw-5-income-tax", {"income_tax_year": 6}, "¥0.00"),
    ],
)
def test_a_suspended_instrument_pays_nothing_until_a_ruling_lifts_it(
    instrument: str, change: Mapping[str, object], due: str
) -> None:
    after = date(2024, 9, 2)
    question = replace(asked(instrument, **change), day=after)
    lifted = ruling(instrument, "xw.tax-refund", "lifted", date(2024, 9, 1))
    assert evaluate(question).amount == ZERO
    assert str(evaluate(replace(question, rulings=(lifted,))).amount) == due
    assert evaluate(replace(question, rulings=(lifted,), day=date(2024, 8, 31))).amount == ZERO
    confirmed = ruling(instrument, "xw.tax-refund", "suspended", after)
    assert evaluate(replace(question, rulings=(lifted, confirmed))).amount == ZERO
