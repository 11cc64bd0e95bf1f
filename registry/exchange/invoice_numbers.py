"""What the 20 digits of an invoice number say by themselves (数电票, POLICY §3.5).

Rules:
* Digits 1 and 2 are the year, 3 and 4 the tax area, 5 the channel, 6 to 20 the sequence. There is no check digit, so
  whether such an invoice exists is asked of the tax platform (查验).
* The year is that of the day of issue.
* The tax area is one the seller can belong to. A firm that the national office registered (division 10…) pays its taxes
  where it is, which its code does not say: any known area will do.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Final

from registry.errors import InvalidValueError, Obstacle
from registry.values.uscc import Uscc

_FORM: Final = re.compile(r"\d{20}", re.ASCII)
_NATIONAL: Final = "10"
"""How the division of a firm begins that the State Administration for Market Regulation registered itself."""


@dataclass(frozen=True, slots=True)
class TaxArea:
    """Who gives out numbers: the code in them, the name, and the divisions whose firms it serves."""

    code: str
    name_zh: str
    name_en: str
    regions: tuple[str, ...]

    def __str__(self) -> str:
        """Return the code with the name."""
        return f"{self.code} {self.name_zh}"


@cache
def tax_areas() -> dict[str, TaxArea]:
    """Return every tax area by its code."""
    stated = tomllib.loads((files("registry.exchange") / "invoice_codes.toml").read_text("utf-8"))
    return {
        code: TaxArea(code, each["zh"], each["en"], tuple(each["regions"])) for code, each in sorted(stated.items())
    }


def areas_of(seller: Uscc) -> tuple[TaxArea, ...]:
    """Return the areas whose numbers a seller can show; the narrowest first."""
    region = seller.region
    fitting = [each for each in tax_areas().values() if region.startswith((_NATIONAL, *each.regions))]
    return tuple(sorted(fitting, key=lambda each: (-max(map(len, each.regions)), each.code)))


def require_form(number: str) -> None:
    """Raise InvalidValueError unless a number has 20 digits."""
    if not _FORM.fullmatch(number):
        raise InvalidValueError("invoice_number_malformed", given=number[:40])


def obstacles(number: str, issued_on: date, seller: Uscc) -> Iterator[Obstacle]:
    """Yield what a well-formed number says that neither the day of issue nor the seller can have."""
    if number[:2] != f"{issued_on.year % 100:02d}":
        yield Obstacle(
            "invoice_year_differs",
            "POLICY 3.5",
            parameters={"given": f"20{number[:2]}", "issued_on": issued_on.isoformat()},
        )
    area, possible = tax_areas().get(number[2:4]), areas_of(seller)
    if area is None:
        yield Obstacle("invoice_province_unknown", "POLICY 3.5", parameters={"given": number[2:4]})
    elif area not in possible:
        parameters = {
            "given": str(area),
            "region": seller.region[:2],
            "possible": "、".join(map(str, possible)) or seller.region[:2],
        }
        yield Obstacle("invoice_province_differs", "POLICY 3.5", parameters=parameters)
