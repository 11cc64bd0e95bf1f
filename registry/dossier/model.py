"""What recomputing a dossier finds."""

from dataclasses import dataclass
from typing import Final

FORMAT: Final = "sancai.dossier/1"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a dossier that does not hold: in which part, what, and the particulars."""

    part: str
    code: str
    detail: str = ""
