"""Benefits that a document points to and others decide on and pay: named with who decides, without invented figures.

The money of an external pool is not the authority's: what a firm had of one is recorded by document number
(``registry/vouchers/external.py``) and no ledger here holds it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from registry.policy.toml_table import Table

PRODUCTS: Final = frozenset({"corpus", "dataset", "data_api", "desensitised_data", "algorithm", "compute"})
"""What an external voucher may be for; ``corpus`` and ``algorithm`` are sold by no listing here."""


class PoolLevel(StrEnum):
    """Whose money an external pool is."""

    NATIONAL = "national"
    PROVINCIAL = "provincial"
    MUNICIPAL = "municipal"


@dataclass(frozen=True, slots=True)
class StatedAssumption:
    """What the document leaves open, as it is read here, and why; no figure is made up for it."""

    about: str
    text_en: str
    text_zh: str


@dataclass(frozen=True, slots=True)
class ExternalInstrument:
    """A voucher out of a pool that is not the authority's: who decides, what it is for, what is left open."""

    id: str
    clause: str
    title_en: str
    title_zh: str
    level: PoolLevel
    decided_by_en: str
    decided_by_zh: str
    products: tuple[str, ...]
    quotes: tuple[str, ...]
    assumptions: tuple[StatedAssumption, ...]


def read_external(table: Table) -> ExternalInstrument:
    """Return the external instrument a table states. Raises InvalidValueError."""
    with table:
        products = table.codes("products")
        for each in products:
            if each not in PRODUCTS:
                raise table.refusal("policy_reference_unknown", "products", given=each)
        return ExternalInstrument(
            table.identifier("id"),
            table.text("clause"),
            table.text("title_en"),
            table.text("title_zh"),
            table.choice("level", PoolLevel),
            table.text("decided_by_en"),
            table.text("decided_by_zh"),
            products,
            table.passages("quotes"),
            tuple(_assumption(each) for each in table.tables("open")),
        )


def _assumption(table: Table) -> StatedAssumption:
    with table:
        return StatedAssumption(table.code("about"), table.text("text_en"), table.text("text_zh"))
