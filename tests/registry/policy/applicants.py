"""For each instrument the facts of an applicant whom it pays, and what it pays him."""

from collections.abc import Mapping
from datetime import date
from functools import cache

from registry.policy.facts import FactValue
from registry.policy.loader import load_shipped
from registry.policy.model import PolicyDocument

DATONG, XUNWU, YIZHOU = "datong-2022-policies", "xunwu-2022-measures", "yizhou-2-year-measures"

ISSUED = {DATONG: date(2022, 11, 23), XUNWU: date(2022, 5, 4), YIZHOU: date(2026, 1, 15)}
EVENT = {DATONG: date(2023, 6, 30), XUNWU: date(2024, 2, 1), YIZHOU: date(2026, 9, 1)}
TODAY = {DATONG: date(2023, 7, 10), XUNWU: date(2024, 3, 1), YIZHOU: date(2026, 9, 10)}

_DATONG_SEAT = {
    "operates_normally": True,
    "seats": 250,
    "wage_months": 12,
    "labour_contract_months": 12,
    "effective_seats": 200,
    "workers_within_cap": True,
}
_SCHOOL = {"cooperation_agreement": True, "interns_sent": 100, "interns_kept": 60, "employed_months": 12}
_SITE = {"operates_normally": True, "credit_clean": True, "office_bought": True}
_XUNWU = {"registered_and_taxed": True}
_NEW = {**_XUNWU, "new_firm": True, "seats": 250}
_SENT = {"cooperation_agreement": True, "interns_sent": 100, "internship_months": 3}
_KEPT = {**_SENT, "interns_kept": 100, "employed_months": 24}
_ADDED = {**_XUNWU, "established_firm": True, "self_invested": True, "added_seats": 150, "on_duty_months": 12}
_HIRED = {**_XUNWU, "seats": 100, "labour_contract_months": 12, "employed_months": 24}
_YIZHOU = {"operates_in_area": True}
_GROWTH = {**_YIZHOU, "data_annotation_firm": True, "first_crossing": True}
_BUYER = {**_YIZHOU, "data_annotation_firm": True, "seller_licensed": True, "seller_unrelated": True}
_DATASET = {**_YIZHOU, "new_share_sufficient": True, "high_quality": True}

GOOD: Mapping[str, tuple[Mapping[str, FactValue], str]] = {
    "dt-3-seat": ({**_DATONG_SEAT, "instalment": 1}, "¥500,000.00"),
    "dt-3-seat-first": ({**_DATONG_SEAT, "first_application": True}, "¥500,000.00"),
    "dt-4-lease": (
        {**_SITE, "lease_years": 5, "wage_months": 12, "effective_seats": 200, "instalment": 1},
        "¥500,000.00",
    ),
    "dt-4-renovation": (
        {**_SITE, "building_kind": "old_village", "works_completed": True, "renovation_cost": 100_000_000},
        "¥300,000.00",
    ),
    "dt-4-purchase": ({**_SITE, "in_stated_area": True, "office_area_m2": 5000, "instalment": 1}, "¥750,000.00"),
    "dt-6-secondary": ({**_SCHOOL, "kept_secondary": 40}, "¥32,000.00"),
    "dt-6-higher": ({**_SCHOOL, "kept_higher": 40}, "¥40,000.00"),
    "xw-1-new": ({**_NEW, "self_invested": True, "operated_months": 12}, "¥750,000.00"),
    "xw-1-added": ({**_ADDED, "earlier_self_invested": True}, "¥225,000.00"),
    "xw-1-converted": ({**_ADDED, "earlier_not_self_invested": True}, "¥300,000.00"),
    "xw-2-rent": (
        {
            **_NEW,
            "operated_months": 60,
            "seats_occupied": 250,
            "operating_year": 6,
            "months_rented": 12,
            "monthly_rent": 1_000_000,
        },
        "¥30,000.00",
    ),
    "xw-2-purchase": ({**_XUNWU, "office_bought": True, "office_area_m2": 100}, "¥30,000.00"),
    "xw-3-tax": (
        {**_NEW, "tax_year": 1, "annual_tax": 200_000_000, "county_retained_tax": 50_000_000},
        "¥400,000.00",
    ),
    "xw-4-revenue": ({**_XUNWU, "first_year_revenue": 1_000_000_000}, "¥50,000.00"),
    "xw-5-income-tax": (
        {"recruited_talent": True, "income_tax_year": 1, "county_retained_income_tax": 1_000_000},
        "¥9,000.00",
    ),
    "xw-6-hired": ({**_HIRED, "new_workers": 10}, "¥5,000.00"),
    "xw-6-kept": ({**_HIRED, "kept_workers": 10}, "¥5,000.00"),
    "xw-7-sent": (_SENT, "¥20,000.00"),
    "xw-7-kept-one-year": (_KEPT, "¥30,000.00"),
    "xw-7-kept-two-years": (_KEPT, "¥50,000.00"),
    "xw-8-fair": (
        {"fair_for_county_firms": True, "leads_the_fair": True, "school_kind": "undergraduate"},
        "¥10,000.00",
    ),
    "xw-9-trainee": (
        {
            **_XUNWU,
            "trainees_eligible": True,
            "shortest_trainee_months": 3,
            "living_allowance_paid": True,
            "trainees_kept": True,
            "trainee_months_each": (3, 6),
        },
        "¥9,261.00",
    ),
    "xw-10-skill": (
        {
            "unemployment_insured_months": 12,
            "unemployment_contribution_months": 12,
            "certificate_on": date(2024, 1, 5),
            "certificate_level": 4,
        },
        "¥1,500.00",
    ),
    "xw-12-housing": (
        {
            "firm_newly_settled": True,
            "formal_contract": True,
            "socially_insured": True,
            "owns_no_home_in_county_seat": True,
            "on_duty_months": 12,
            "rent_months_each": (6,),
        },
        "¥1,200.00",
    ),
    "xw-14-service-trade": (
        {**_XUNWU, "confirmed_by_foreign_exchange_office": True, "service_trade_usd": 3_000_000},
        "¥15,000.00",
    ),
    "xw-15-outsourcing": (
        {**_XUNWU, "confirmed_by_outsourcing_system": True, "offshore_outsourcing_usd": 3_000_000},
        "¥9,000.00",
    ),
    "yz-2-growth-5m": ({**_GROWTH, "annual_revenue": 600_000_000}, "¥100,000.00"),
    "yz-2-growth-10m": ({**_GROWTH, "annual_revenue": 1_200_000_000}, "¥200,000.00"),
    "yz-2-growth-20m": ({**_GROWTH, "annual_revenue": 2_400_000_000}, "¥400,000.00"),
    "yz-3-base": (
        {
            **_YIZHOU,
            "new_annotation_firms": 4,
            "added_revenue": 3_000_000_000,
            "jobs": 200,
            "labour_contract_months": 12,
            "insured_months": 3,
            "certified_annotators": 100,
            "on_carrier_list": True,
            "spending_earmarked": True,
            "decided_amount": 300_000_000,
        },
        "¥3,000,000.00",
    ),
    "yz-3-title": ({**_YIZHOU, "title_recognised": True, "base_title_level": "national"}, "¥1,000,000.00"),
    "yz-4-data": ({**_BUYER, "product_kind": "dataset", "data_fee": 12_000_000}, "¥36,000.00"),
    "yz-4-compute": (
        {**_BUYER, "seller_green": True, "purpose": "model_training", "compute_fee": 12_000_000},
        "¥36,000.00",
    ),
    "yz-6-platform": (
        {
            **_YIZHOU,
            "open_to_society": True,
            "recognised_by_review": True,
            "platform_yearly_input": 100_000_000,
            "decided_amount": 30_000_000,
        },
        "¥300,000.00",
    ),
    "yz-7-standard": (
        {**_YIZHOU, "led_the_standard": True, "standard_approved": True, "standard_level": "national"},
        "¥300,000.00",
    ),
    "yz-7-title": (
        {**_YIZHOU, "first_title": True, "title_kind": "big_data_application", "title_level": "national"},
        "¥300,000.00",
    ),
    "yz-8-case": (
        {
            **_YIZHOU,
            "case_sector": "coal",
            "led_or_deeply_took_part": True,
            "selected_in_public": True,
            "case_level": "national",
        },
        "¥200,000.00",
    ),
    "yz-11-school": ({"firms_operate_in_area": True, "sends_steadily": True, "interns_kept": 21}, "¥50,000.00"),
    "yz-11-competition": (
        {**_YIZHOU, "competition_kind": "ai_training", "competition_prize": "regional_first"},
        "¥150,000.00",
    ),
    "yz-12-seat": (
        {
            **_YIZHOU,
            "core_business_is_data": True,
            "hired_on": date(2026, 2, 1),
            "employed_months": 6,
            "labour_contract_months": 12,
            "insured_or_paid_months": 6,
            "first_employer_to_apply": True,
            "effective_seats": 10,
        },
        "¥25,000.00",
    ),
    "yz-13-event": (
        {
            **_YIZHOU,
            "held_in_area": True,
            "event_reach": "national",
            "event_kind": "summit",
            "event_over": True,
            "event_cost": 10_000_000,
        },
        "¥30,000.00",
    ),
    "yz-14a": (
        {
            **_DATASET,
            "is_publisher": True,
            "first_publication": True,
            "sector": "new_energy",
            "independent_leading_adopters": 3,
        },
        "¥50,000.00",
    ),
    "yz-14b": (
        {**_DATASET, "opened_to_exchange": True, "desensitised": True, "right_to_open": True, "score": 85},
        "¥300,000.00",
    ),
}


@cache
def documents() -> dict[str, PolicyDocument]:
    """Return the newest revision of each document that pays."""
    return {each.revision.document: each for each in load_shipped() if each.instruments}


def good_facts(instrument: str) -> dict[str, FactValue]:
    """Return facts for which every condition of ``instrument`` is met."""
    (document,) = [name for name, each in documents().items() if any(one.id == instrument for one in each.instruments)]
    return {**GOOD[instrument][0], "event_on": EVENT[document]}
