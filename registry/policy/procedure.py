"""Who decides under a policy document, and how its cases run."""

from dataclasses import dataclass

from registry.errors import InvalidValueError


@dataclass(frozen=True, slots=True)
class SignOffLevel:
    """One officer's level; sign-offs run in rank order, 1 first (RULINGS 27)."""

    rank: int
    code: str
    title_en: str
    title_zh: str


@dataclass(frozen=True, slots=True)
class Procedure:
    """How a case runs under a document.

    ``…_borrowed_from`` cites the document of another authority a rule is from; where the document has the rule itself
    that is empty, and ``…_clause`` cites it.
    """

    notice_days: int
    notice_borrowed_from: str
    sign_off: tuple[SignOffLevel, ...]
    sign_off_borrowed_from: str
    claims_window_days: int
    notice_clause: str = ""
    sign_off_clause: str = ""

    def __post_init__(self) -> None:
        """Refuse levels whose ranks are not 1, 2, 3 … Raises InvalidValueError."""
        if [level.rank for level in self.sign_off] != list(range(1, len(self.sign_off) + 1)) or not self.sign_off:
            raise InvalidValueError("policy_ranks_unordered", at="sign_off")


@dataclass(frozen=True, slots=True)
class Authority:
    """Who decides (``name``) and who pays (``payer``); roles, pools and cases belong to one authority (RULINGS 24)."""

    code: str
    name_en: str
    name_zh: str
    payer_en: str
    payer_zh: str
