"""What recomputing a dossier finds, and what is exported to the log bucket."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

FORMAT: Final = "sancai.dossier/1"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a dossier that does not hold: in which part, what, and the particulars."""

    part: str
    code: str
    detail: str = ""


class ExportKind(StrEnum):
    """What is exported."""

    CHECKPOINT = "checkpoint"
    DOSSIER = "dossier"


@dataclass(frozen=True, slots=True)
class ExportFinding:
    """An export that is not what it was, or that the log contradicts."""

    key: str
    code: str
    detail: str = ""
