"""Industries a version is about: GB/T 4754-2017, and the key industries of the Datong document (S3 cl.2 and 3).

Both are data beside this module (``classifications/*.toml``), with the document and clause they were taken from.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final

from registry.errors import InvalidValueError

_CODE: Final = re.compile(r"(?P<section>[A-T])(?P<division>\d\d)\d{0,2}", re.ASCII)


class KeyIndustry(StrEnum):
    """One of the thirteen key industries (重点行业) of S3 cl.2."""

    TRANSPORT = "transport"
    HEALTH = "health"
    EDUCATION = "education"
    CULTURE_TOURISM = "culture_tourism"
    MANUFACTURING = "manufacturing"
    SMART_ENERGY = "smart_energy"
    URBAN_GOVERNANCE = "urban_governance"
    EMERGENCY_MANAGEMENT = "emergency_management"
    AGRICULTURE = "agriculture"
    FINANCE_ECONOMY = "finance_economy"
    COMMERCE = "commerce"
    METEOROLOGY = "meteorology"
    INTERNET_GOVERNANCE = "internet_governance"


@dataclass(frozen=True, slots=True)
class KeyIndustryEntry:
    """A key industry as the document writes it; ``quality``: one of the eight of clause 3."""

    industry: KeyIndustry
    name: str
    quality: bool


@dataclass(frozen=True, slots=True)
class IndustryName:
    """Section and division of a code of GB/T 4754-2017, as the standard writes them."""

    section: str
    division: str


def _classification(name: str) -> Mapping[str, Any]:
    text = (files("registry.catalog") / "classifications" / f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def key_industries() -> Mapping[KeyIndustry, KeyIndustryEntry]:
    """Return the thirteen key industries in the order of the document."""
    return {
        KeyIndustry(each["code"]): KeyIndustryEntry(KeyIndustry(each["code"]), each["name"], each["quality"])
        for each in _classification("key-industries")["industries"]
    }


@cache
def _divisions() -> Mapping[str, IndustryName]:
    """Return the divisions of GB/T 4754-2017 by letter and two digits, for example ``B06``."""
    return {
        section["letter"] + division["code"]: IndustryName(section["name"], division["name"])
        for section in _classification("gbt-4754-2017")["sections"]
        for division in section["divisions"]
    }


def industry_name(code: str) -> IndustryName:
    """Return section and division of a code: a letter and two to four digits, for example ``B0610``.

    Raises:
        InvalidValueError: ``industry_malformed``; ``industry_unknown`` for a division that the section does not have.
    """
    found = _CODE.fullmatch(code)
    if not found:
        raise InvalidValueError("industry_malformed", given=code[:20])
    known = _divisions().get(found["section"] + found["division"])
    if known is None:
        raise InvalidValueError("industry_unknown", given=code)
    return known
