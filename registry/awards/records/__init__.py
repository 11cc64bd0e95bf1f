"""Tables of cases; those of what applicants of grants state stand in ``grants``."""

from registry.awards.records.cases import (
    add_act,
    add_case,
    add_decision,
    add_payee,
    case_of,
    cases,
    cases_page,
    decisions_of,
    noticed_cases,
    other_award,
    sealed_payee,
    take_number,
)

__all__ = [
    "add_act",
    "add_case",
    "add_decision",
    "add_payee",
    "case_of",
    "cases",
    "cases_page",
    "decisions_of",
    "noticed_cases",
    "other_award",
    "sealed_payee",
    "take_number",
]
