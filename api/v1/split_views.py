"""What the split of joint makers looks like in answers."""

from typing import Self

from api.door import Answer
from registry.awards.model import Case


class ShareView(Answer):
    """The share of one joint maker; ``signed``: it agreed to the split as it is, the applicant by filing."""

    line: int
    firm: str
    firm_name: str
    share_bp: int
    signed: bool


class CaseSplitView(Answer):
    """How joint makers share what a case pays; each of the others signs ``digest``."""

    digest: str
    shares: list[ShareView]

    @classmethod
    def of(cls, value: Case) -> Self | None:
        """Return the view of the split of a case, None where it is not shared."""
        digest = value.split_digest
        if digest is None:
            return None
        shares = [
            ShareView(
                line=each.line,
                firm=each.firm,
                firm_name=each.firm_name,
                share_bp=each.basis_points,
                signed=each.signed,
            )
            for each in value.split
        ]
        return cls(digest=str(digest), shares=shares)
