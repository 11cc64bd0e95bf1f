"""Tables of the exchange: listings, orders with their contracts, invoices with every look-up, payments."""

from registry.exchange.records.invoices import (
    add_check,
    add_invoice,
    add_payment,
    invoice_checks,
    invoice_of,
    invoices,
    invoices_of,
    payments,
    payments_of,
)
from registry.exchange.records.listings import (
    add_listing,
    listing_of,
    listings,
    listings_page,
    lowest_price,
    save_listing_state,
)
from registry.exchange.records.metering import charged, totals_page
from registry.exchange.records.orders import (
    add_contract,
    add_order,
    contract_of,
    contracts,
    order_of,
    orders,
    orders_page,
    save_order,
    trades_of,
)
from registry.exchange.records.samples import add_sample, newest_sample, samples_after, sealed_samples

__all__ = [
    "add_check",
    "add_contract",
    "add_invoice",
    "add_listing",
    "add_order",
    "add_payment",
    "add_sample",
    "charged",
    "contract_of",
    "contracts",
    "invoice_checks",
    "invoice_of",
    "invoices",
    "invoices_of",
    "listing_of",
    "listings",
    "listings_page",
    "lowest_price",
    "newest_sample",
    "order_of",
    "orders",
    "orders_page",
    "payments",
    "payments_of",
    "samples_after",
    "save_listing_state",
    "save_order",
    "sealed_samples",
    "totals_page",
    "trades_of",
]
