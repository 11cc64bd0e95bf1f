"""Tables of what comes after a decision: samples and findings, recoveries, remedies."""

from registry.aftercare.records.recoveries import (
    add_recovery,
    add_recovery_act,
    any_open,
    claim_receipt,
    lock_recovery,
    open_recoveries,
    recoveries_of_case,
    recoveries_of_line,
    recoveries_page,
    recovery_of,
)
from registry.aftercare.records.remedies import (
    add_remedy,
    add_remedy_act,
    is_open_of,
    is_open_on_case,
    open_remedies,
    remedies_of,
    remedies_of_case,
    remedies_page,
    remedy_of,
)
from registry.aftercare.records.samples import add_finding, add_sample, cases_paid, samples_of

__all__ = [
    "add_finding",
    "add_recovery",
    "add_recovery_act",
    "add_remedy",
    "add_remedy_act",
    "add_sample",
    "any_open",
    "cases_paid",
    "claim_receipt",
    "is_open_of",
    "is_open_on_case",
    "lock_recovery",
    "open_recoveries",
    "open_remedies",
    "recoveries_of_case",
    "recoveries_of_line",
    "recoveries_page",
    "recovery_of",
    "remedies_of",
    "remedies_of_case",
    "remedies_page",
    "remedy_of",
    "samples_of",
]
