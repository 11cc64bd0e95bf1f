"""Backward corrections: what a register learned late about days that had passed, and what came of it for a case."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from registry.parties.model import Period
from registry.values.identifiers import AccountId, AuthorityId, CorrectionId, EntryId, FirmId
from registry.values.moment import Moment


class Register(StrEnum):
    """A register of which a line may reach back."""

    FIRM = "firm"
    CONTROL = "control"
    FACT = "fact"
    LEADER_LIST = "leader_list"
    PROVIDER = "provider"
    SANCTION = "sanction"
    END = "end"


SHARED: Final = frozenset({Register.FIRM, Register.CONTROL, Register.END})
"""What decisions of every authority rest on, whoever wrote it; the others act only where they were written."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A line that holds for days before it was written; ``firms`` are those of whom something may be different now."""

    id: CorrectionId
    authority: AuthorityId
    register: Register
    line: str
    firms: frozenset[FirmId]
    valid: Period
    recorded_by: AccountId | None
    recorded_at: Moment

    def acts_for(self, authority: AuthorityId) -> bool:
        """Say whether decisions of ``authority`` rest on such a line (RULINGS 24)."""
        return self.authority == authority or self.register in SHARED


@dataclass(frozen=True, slots=True)
class CorrectionAnswer:
    """What an officer found when looking again at a case: whether it stands in spite of the correction."""

    correction: CorrectionId
    subject: str
    stands: bool
    opinion: str
    account: AccountId
    at: Moment
    entry: EntryId
