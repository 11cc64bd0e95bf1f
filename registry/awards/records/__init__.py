"""Tables of cases; those of what applicants of grants state stand in ``grants``."""

from registry.awards.records.cases import (
    acts,
    add_act,
    add_case,
    add_decision,
    add_payee,
    case_of,
    cases,
    cases_in,
    cases_page,
    decisions_of,
    lock_awards,
    noticed_cases,
    other_award,
    paid_awards,
    sealed_payee,
    take_number,
)

__all__ = [
    "acts",
    "add_act",
    "add_case",
    "add_decision",
    "add_payee",
    "case_of",
    "cases",
    "cases_in",
    "cases_page",
    "decisions_of",
    "lock_awards",
    "noticed_cases",
    "other_award",
    "paid_awards",
    "sealed_payee",
    "take_number",
]
