"""The condition that a column holds one of the codes of a kind."""

from registry.exchange.model import InvoiceKind, ListingState, OrderState, ProductKind, Purpose, Verification


def one_of(
    column: str, kind: type[ProductKind | Purpose | ListingState | OrderState | InvoiceKind | Verification]
) -> str:
    """Return the SQL condition that ``column`` holds one of the codes of ``kind``."""
    return f"{column} IN ({', '.join(repr(member.value) for member in kind)})"
