"""Tables of vouchers: pools, firm-years, vouchers with their decisions, claims on invoices, and the ledger's accounts.

Locks are taken in one order everywhere: order, vouchers, firm-years by key, pools by id, accounts. The CHECKs are the
last wall behind the rules: whatever a use case got wrong, no cap is exceeded and no account is negative.
"""

from registry.vouchers.records.appropriations import (
    add_appropriation,
    appropriation_documents,
    appropriations,
    appropriations_of,
    change_appropriation,
)
from registry.vouchers.records.claims import claim_invoice, claim_of, claims, invoice_claims
from registry.vouchers.records.firm_years import (
    all_firm_years,
    change_firm_year,
    firm_year_of,
    firm_years,
    firm_years_of,
    lock_firm_years,
)
from registry.vouchers.records.ledger import (
    account_lines,
    count_postings,
    held_by_subject,
    ledger_accounts,
    ledger_postings,
    open_accounts,
    post,
)
from registry.vouchers.records.payees import add_payee, payees_of
from registry.vouchers.records.pools import add_pool, all_pools, change_pool, lock_pools, pool_named, pool_of, pools
from registry.vouchers.records.returns import add_voucher_return, bases_returned, returned_of, voucher_returns
from registry.vouchers.records.vouchers import (
    add_decision,
    add_voucher,
    all_vouchers,
    approved_of,
    counting_of_order,
    decisions,
    decisions_of,
    facts_by_voucher,
    lock_vouchers,
    redeemed_of,
    save_voucher,
    take_due,
    voucher_of,
    vouchers,
    vouchers_page,
)

__all__ = [
    "account_lines",
    "add_appropriation",
    "add_decision",
    "add_payee",
    "add_pool",
    "add_voucher",
    "add_voucher_return",
    "all_firm_years",
    "all_pools",
    "all_vouchers",
    "appropriation_documents",
    "appropriations",
    "appropriations_of",
    "approved_of",
    "bases_returned",
    "change_appropriation",
    "change_firm_year",
    "change_pool",
    "claim_invoice",
    "claim_of",
    "claims",
    "count_postings",
    "counting_of_order",
    "decisions",
    "decisions_of",
    "facts_by_voucher",
    "firm_year_of",
    "firm_years",
    "firm_years_of",
    "held_by_subject",
    "invoice_claims",
    "ledger_accounts",
    "ledger_postings",
    "lock_firm_years",
    "lock_pools",
    "lock_vouchers",
    "open_accounts",
    "payees_of",
    "pool_named",
    "pool_of",
    "pools",
    "post",
    "redeemed_of",
    "returned_of",
    "save_voucher",
    "take_due",
    "voucher_of",
    "voucher_returns",
    "vouchers",
    "vouchers_page",
]
