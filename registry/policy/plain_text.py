"""Words and days as an officer enters them: bounded, and without characters that no document holds.

Rules:
* A text has something in it, at most so many characters, and no control characters but line breaks and tabs.
* A day lies in a range in which every term, notice and year can be computed.
* A region is the six digits of GB/T 2260.
"""

import re
import unicodedata
from datetime import date
from typing import Final

from registry.errors import InvalidValueError

DAY_LEAST: Final = date(1949, 10, 1)
DAY_MOST: Final = date(2199, 12, 31)

_REGION = re.compile(r"[1-9][0-9]{5}", re.ASCII)
_REFUSED = frozenset({"Cc", "Cn", "Co", "Cs"})
_LINE_MARKS = frozenset("\n\r\t")


def require_text(text: str, at: str, length_max: int = 200, *, may_be_empty: bool = False) -> str:
    """Return ``text`` without outer blanks; ``at`` names it in a refusal. Raises InvalidValueError."""
    stripped = text.strip()
    if not stripped and not may_be_empty:
        raise InvalidValueError("text_missing", at=at)
    if len(stripped) > length_max:
        raise InvalidValueError("text_too_long", at=at, given=stripped[:40], length_max=length_max)
    for character in stripped:
        if unicodedata.category(character) in _REFUSED and character not in _LINE_MARKS:
            raise InvalidValueError("text_character_refused", at=at, character=f"U+{ord(character):04X}")
    return stripped


def require_day(day: date, at: str) -> date:
    """Return ``day`` unless it lies where nothing can be computed. Raises InvalidValueError."""
    if not DAY_LEAST <= day <= DAY_MOST:
        raise InvalidValueError(
            "day_out_of_range", at=at, given=day.isoformat(), least=DAY_LEAST.isoformat(), most=DAY_MOST.isoformat()
        )
    return day


def require_region(region: str) -> str:
    """Return ``region`` when it is a division code of six digits. Raises InvalidValueError."""
    if not _REGION.fullmatch(region):
        raise InvalidValueError("region_malformed", given=region[:20])
    return region
