"""Firms, how they are tied to each other, and the lines of the registers.

Rules:
* A firm has an id of its own; its unified social credit code, name, region and kind are attributes with a history.
* A line says from which day on it holds (valid time), when it was written down and when it was replaced (recorded
  time), who wrote it for which authority, where it comes from and on which day that was looked at. Lines are never
  changed: a correction closes a line and writes another.
* What no line says is unknown, and unknown never helps the applicant (DESIGN §3b).
* A leader list is one version of one issuer's document, admitted by a numbered decision whose criteria are published
  (公平竞争审查条例 10(二); RULINGS 4).
* A sanction names organ, document number, legal basis, scope, days and service (RULINGS 30).
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from registry.errors import Finding, InvalidValueError
from registry.parties.hearing import Hearing
from registry.policy.plain_text import require_day
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, FactId, FirmId, LeaderListId
from registry.values.moment import Moment
from registry.values.money import FULL_RATE_BP
from registry.values.uscc import Uscc

NAME_LENGTH_MAX: Final = 120
ALL_FUNDS: Final = "all"
"""The scope of a sanction that stops every payment of its authority."""

CODE: Final = re.compile(r"[a-z][a-z0-9_-]{0,59}", re.ASCII)


class FirmKind(StrEnum):
    """What a holder of a unified social credit code is; control stops below the second and third (公司法 265(四))."""

    ENTERPRISE = "enterprise"
    ORGAN_OF_STATE = "organ_of_state"
    STATE_HOLDER = "state_holder"
    INSTITUTION = "institution"


STATE_KINDS: Final = frozenset({FirmKind.ORGAN_OF_STATE, FirmKind.STATE_HOLDER})


class ControlKind(StrEnum):
    """A way of being tied: shares, families of the holders, half the directors or more, loans (公告2016年第42号 二)."""

    EQUITY = "equity"
    FAMILY = "family"
    DIRECTORS = "directors"
    LOAN = "loan"


class Predicate(StrEnum):
    """A fact about a firm that a rule asks for."""

    DATA_ANNOTATION_FIRM = "data_annotation_firm"
    OPERATES_IN_REGION = "operates_in_region"
    CREDIT_CLEAN = "credit_clean"


class CreditStanding(StrEnum):
    """What a public credit system answers; a firm whose record was repaired counts as clean (RULINGS 31)."""

    CLEAN = "clean"
    LISTED = "listed"
    REPAIRED = "repaired"


class ListLevel(StrEnum):
    """Who issued a leader list; a municipal one counts only by ruling (RULINGS 4)."""

    NATIONAL = "national"
    PROVINCIAL = "provincial"
    MUNICIPAL = "municipal"


class ProviderKind(StrEnum):
    """A register of providers."""

    DATA_EXCHANGE = "data_exchange"
    COMPUTE_CENTRE = "compute_centre"
    QUALITY_LABORATORY = "quality_laboratory"


@dataclass(frozen=True, slots=True)
class Period:
    """Days from ``first`` on, before ``until``; None: without that end."""

    first: date | None
    until: date | None

    def __post_init__(self) -> None:
        """Refuse a period without days and days out of range. Raises InvalidValueError."""
        if self.first is not None:
            require_day(self.first, "valid_from")
        if self.until is not None:
            require_day(self.until, "valid_until")
        if self.first is not None and self.until is not None and self.until <= self.first:
            raise InvalidValueError(
                "register_days_inverted", valid_from=self.first.isoformat(), valid_until=self.until.isoformat()
            )

    def holds(self, day: date) -> bool:
        """Say whether ``day`` lies in the period."""
        return (self.first is None or self.first <= day) and (self.until is None or day < self.until)

    def overlaps(self, other: "Period") -> bool:
        """Say whether the two periods share a day."""
        return (self.first is None or other.until is None or self.first < other.until) and (
            other.first is None or self.until is None or other.first < self.until
        )

    def without(self, other: "Period") -> tuple["Period", ...]:
        """Return what is left of this period when the days of ``other`` are taken out of it."""
        if not self.overlaps(other):
            return (self,)
        left = []
        if other.first is not None and (self.first is None or self.first < other.first):
            left.append(Period(self.first, other.first))
        if other.until is not None and (self.until is None or other.until < self.until):
            left.append(Period(other.until, self.until))
        return tuple(left)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Whose line it is, where it comes from, and who wrote it when."""

    authority: AuthorityId
    source: str
    obtained_on: date
    recorded_by: AccountId | None
    recorded_at: Moment


@dataclass(frozen=True, slots=True)
class Firm:
    """A holder of a unified social credit code as a day finds it."""

    id: FirmId
    uscc: Uscc
    name: str
    region: str
    kind: FirmKind

    @property
    def is_state_body(self) -> bool:
        """Whether control stops below it: an organ of the state or a state holder."""
        return self.kind in STATE_KINDS


@dataclass(frozen=True, slots=True, order=True)
class ControlLink:
    """``holder`` is tied to ``held``; ``share_bp`` is the share in basis points of an equity link, otherwise 0.

    Family and loan links run both ways. A loan is recorded when it reaches half of the paid-in capital or a tenth of it
    is guaranteed, and never from an independent financial institution (公告2016年第42号 二(二)); directors are
    recorded when they are half of the board or of the senior managers or more (二(五)).
    """

    holder: FirmId
    held: FirmId
    kind: ControlKind
    share_bp: int = 0

    def __post_init__(self) -> None:
        """Refuse a link to itself, equity without share, and a share without equity. Raises InvalidValueError."""
        if self.holder == self.held:
            raise InvalidValueError("control_of_itself", firm=self.holder)
        if self.kind is ControlKind.EQUITY:
            if not 1 <= self.share_bp <= FULL_RATE_BP:
                raise InvalidValueError("share_out_of_range", given=self.share_bp, most=FULL_RATE_BP)
        elif self.share_bp:
            raise InvalidValueError("share_without_equity", kind=self.kind.value)


@dataclass(frozen=True, slots=True)
class ControlLine:
    """One line of the register of control relations."""

    id: FactId
    link: ControlLink
    valid: Period
    provenance: Provenance


class RelationKind(StrEnum):
    """Why two parties are related."""

    SAME_FIRM = "same_firm"
    EQUITY = "equity"
    COMMON_HOLDER = "common_holder"
    DIRECTORS = "directors"
    FAMILY = "family"
    LOAN = "loan"


@dataclass(frozen=True, slots=True)
class Relation:
    """Two related parties, the links that tie them, and the same as names and shares for a person to read."""

    kind: RelationKind
    links: tuple[ControlLink, ...]
    chain: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Control:
    """Who controls a firm, the links that lead down from there, and the same as names and shares for a person to read.

    ``stopped_by`` are the links of the organs of the state and state holders above the controller, where control stops
    (RULINGS 1), ``stopped`` the same for a person to read.
    """

    firm: FirmId
    controller: FirmId
    links: tuple[ControlLink, ...]
    chain: tuple[str, ...]
    stopped_by: tuple[ControlLink, ...]
    stopped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CreditAnswer:
    """What a public credit system answered, when it was asked, and the digest of the answer as it was kept."""

    standing: CreditStanding
    queried_at: Moment
    result_digest: Digest


@dataclass(frozen=True, slots=True)
class KnownFact:
    """What the register of an authority says of a firm on a day; without a line the finding is unknown.

    ``credit`` stands beside ``credit_clean`` where the public credit system was asked (RULINGS 31).
    """

    firm: FirmId
    predicate: Predicate
    finding: Finding
    id: FactId | None = None
    valid: Period | None = None
    provenance: Provenance | None = None
    credit: CreditAnswer | None = None

    @property
    def source(self) -> str:
        """Where the finding comes from; empty when there is none."""
        return self.provenance.source if self.provenance else ""


@dataclass(frozen=True, slots=True)
class Admission:
    """The numbered decision that admits a leader list, with the criteria it was made by."""

    number: str
    decided_on: date
    organ: str
    criteria: str


@dataclass(frozen=True, slots=True)
class LeaderList:
    """One version of one list of leading firms."""

    id: LeaderListId
    name: str
    issuer: str
    level: ListLevel
    sectors: tuple[str, ...]
    batch: str
    valid: Period
    document_digest: Digest
    admission: Admission
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class ListedFirm:
    """One name of a leader list."""

    uscc: Uscc
    name: str


@dataclass(frozen=True, slots=True)
class LeaderEntry:
    """A firm on a leader list; ``withdrawn_on`` is the first day on which it is no longer on it."""

    list: LeaderList
    uscc: Uscc
    name: str
    withdrawn_on: date | None

    @property
    def needs_ruling(self) -> bool:
        """Whether the entry counts only by ruling: a municipal list (RULINGS 4)."""
        return self.list.level is ListLevel.MUNICIPAL


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate of a provider over days, for example ``green`` (绿色节能标准) or ``cma`` (检验检测资质)."""

    kind: str
    number: str
    valid: Period


@dataclass(frozen=True, slots=True)
class Provider:
    """A firm in a register of providers, with its licence and certificates."""

    id: FactId
    firm: FirmId
    kind: ProviderKind
    licence_number: str
    valid: Period
    certificates: tuple[Certificate, ...]
    provenance: Provenance

    def certificate(self, kind: str, day: date) -> Certificate | None:
        """Return a certificate of ``kind`` that is valid on ``day``, or None."""
        return next((each for each in self.certificates if each.kind == kind and each.valid.holds(day)), None)


@dataclass(frozen=True, slots=True)
class Sanction:
    """A sanction that was served; ``scope`` names instruments, or holds ``all``.

    It stops payments of its own authority in that scope; applications go on and wait (RULINGS 30).
    """

    id: FactId
    firm: FirmId
    organ: str
    document_number: str
    legal_basis: str
    scope: tuple[str, ...]
    valid: Period
    served_on: date
    statement: str
    provenance: Provenance
    hearing: Hearing | None = None
    """None: imposed by another organ, whose own file holds it, or entered before it was asked for."""

    def stops(self, instrument: str) -> bool:
        """Say whether payments under ``instrument`` wait."""
        return ALL_FUNDS in self.scope or instrument in self.scope


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything the registers of one authority say of a firm on a day, and what others let it know.

    ``elsewhere`` are sanctions of other authorities: a finding, which stops nothing here (RULINGS 30).
    """

    authority: AuthorityId
    day: date
    firm: Firm
    control: Control
    facts: tuple[KnownFact, ...]
    leader_entries: tuple[LeaderEntry, ...]
    providers: tuple[Provider, ...]
    sanctions: tuple[Sanction, ...]
    elsewhere: tuple[Sanction, ...]


def require_code(code: str, at: str) -> str:
    """Return ``code`` when it is lower case, digits, underscores and hyphens. Raises InvalidValueError."""
    if not CODE.fullmatch(code):
        raise InvalidValueError("code_malformed", at=at, given=code[:60])
    return code
