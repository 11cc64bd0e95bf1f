"""What an officer enters into the registers of an authority, checked for form."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from registry.errors import Finding, InvalidValueError
from registry.parties.hearing import Hearing
from registry.parties.model import (
    NAME_LENGTH_MAX,
    Admission,
    Certificate,
    ControlLink,
    CreditAnswer,
    FirmKind,
    ListedFirm,
    ListLevel,
    Period,
    Predicate,
    ProviderKind,
    require_code,
)
from registry.policy.plain_text import require_day, require_region, require_text
from registry.values.digest import Digest
from registry.values.identifiers import FirmId, LeaderListId
from registry.values.uscc import Uscc

ENTRIES_MAX: Final = 5_000
CODES_MAX: Final = 50
TEXT_LENGTH_MAX: Final = 4_000


@dataclass(frozen=True, slots=True)
class RegisterFirm:
    """Register a firm; it is visible to every authority, its register lines belong to the one that wrote them."""

    uscc: Uscc
    name: str
    region: str
    kind: FirmKind
    source: str = "registration"

    def __post_init__(self) -> None:
        """Refuse what cannot be a firm's name, region or source. Raises InvalidValueError."""
        require_text(self.name, "name", NAME_LENGTH_MAX)
        require_region(self.region)
        require_text(self.source, "source")


@dataclass(frozen=True, slots=True)
class ChangeFirm:
    """Enter what a firm is from a day on; a code it had before stays its code of that time."""

    firm: FirmId
    uscc: Uscc
    name: str
    region: str
    kind: FirmKind
    valid_from: date
    source: str
    obtained_on: date

    def __post_init__(self) -> None:
        """Refuse what cannot be a firm's name, region, source or day. Raises InvalidValueError."""
        require_text(self.name, "name", NAME_LENGTH_MAX)
        require_region(self.region)
        require_day(self.valid_from, "valid_from")
        _require_origin(self.source, self.obtained_on)


@dataclass(frozen=True, slots=True)
class RecordControl:
    """Enter a control relation; it replaces what the authority wrote about the same tie for the same days."""

    link: ControlLink
    valid: Period
    source: str
    obtained_on: date

    def __post_init__(self) -> None:
        """Refuse a line without first day or source. Raises InvalidValueError."""
        _require_begin(self.valid)
        _require_origin(self.source, self.obtained_on)


@dataclass(frozen=True, slots=True)
class RecordFact:
    """Enter what is known of a firm; it replaces what the authority wrote about the same days."""

    firm: FirmId
    predicate: Predicate
    finding: Finding
    valid: Period
    source: str
    obtained_on: date

    def __post_init__(self) -> None:
        """Refuse a line without first day or source. Raises InvalidValueError."""
        _require_begin(self.valid)
        _require_origin(self.source, self.obtained_on)


@dataclass(frozen=True, slots=True)
class RecordCredit:
    """Enter what a public credit system answered of a firm (RULINGS 31); it holds from the day it was asked on."""

    firm: FirmId
    answer: CreditAnswer
    source: str
    valid_until: date | None = None

    def __post_init__(self) -> None:
        """Refuse an answer without source. Raises InvalidValueError."""
        require_text(self.source, "source", TEXT_LENGTH_MAX)

    @property
    def valid(self) -> Period:
        """The days the answer holds. Raises InvalidValueError when it would end before it begins."""
        return Period(self.answer.queried_at.civil_day(), self.valid_until)


@dataclass(frozen=True, slots=True)
class AdmitLeaderList:
    """Admit one version of a list of leading firms by a numbered decision (RULINGS 4)."""

    name: str
    issuer: str
    level: ListLevel
    sectors: tuple[str, ...]
    batch: str
    valid: Period
    document_digest: Digest
    admission: Admission
    entries: tuple[ListedFirm, ...]

    def __post_init__(self) -> None:
        """Refuse a list without decision, sector or entry, and an entry named twice. Raises InvalidValueError."""
        require_text(self.name, "name", NAME_LENGTH_MAX)
        require_text(self.issuer, "issuer", NAME_LENGTH_MAX)
        require_text(self.batch, "batch", NAME_LENGTH_MAX)
        _require_begin(self.valid)
        require_text(self.admission.number, "admission.number")
        require_day(self.admission.decided_on, "admission.decided_on")
        require_text(self.admission.organ, "admission.organ")
        require_text(self.admission.criteria, "admission.criteria", TEXT_LENGTH_MAX)
        _require_codes(self.sectors, "sectors")
        if not 1 <= len(self.entries) <= ENTRIES_MAX:
            raise InvalidValueError("list_length", at="entries", given=len(self.entries), most=ENTRIES_MAX)
        named: set[Uscc] = set()
        for entry in self.entries:
            require_text(entry.name, "entries.name", NAME_LENGTH_MAX)
            if entry.uscc in named:
                raise InvalidValueError("list_entry_twice", uscc=str(entry.uscc))
            named.add(entry.uscc)


@dataclass(frozen=True, slots=True)
class ImportLeaderList:
    """Admit one version of a list whose names stand in a file (CSV or XLSX).

    ``document_digest`` is that of the issuer's document; None: the file is the document.
    """

    name: str
    issuer: str
    level: ListLevel
    sectors: tuple[str, ...]
    batch: str
    valid: Period
    document_digest: Digest | None
    admission: Admission
    content: bytes

    def with_entries(self, entries: tuple[ListedFirm, ...]) -> AdmitLeaderList:
        """Return the command that admits the list with the names of its file. Raises InvalidValueError."""
        return AdmitLeaderList(
            self.name,
            self.issuer,
            self.level,
            self.sectors,
            self.batch,
            self.valid,
            self.document_digest or Digest.of(self.content),
            self.admission,
            entries,
        )


@dataclass(frozen=True, slots=True)
class WithdrawLeader:
    """Take a firm off a leader list from a day on; it stays on it for the days before."""

    list: LeaderListId
    uscc: Uscc
    withdrawn_on: date
    reason: str

    def __post_init__(self) -> None:
        """Refuse a withdrawal without reason. Raises InvalidValueError."""
        require_day(self.withdrawn_on, "withdrawn_on")
        require_text(self.reason, "reason", TEXT_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class RegisterProvider:
    """Enter a provider with its licence; it replaces what the authority wrote about the same days."""

    firm: FirmId
    kind: ProviderKind
    licence_number: str
    valid: Period
    certificates: tuple[Certificate, ...]
    source: str
    obtained_on: date

    def __post_init__(self) -> None:
        """Refuse a provider without licence, and a certificate without number. Raises InvalidValueError."""
        require_text(self.licence_number, "licence_number")
        _require_begin(self.valid)
        _require_origin(self.source, self.obtained_on)
        if len(self.certificates) > CODES_MAX:
            raise InvalidValueError("list_length", at="certificates", given=len(self.certificates), most=CODES_MAX)
        for each in self.certificates:
            require_code(each.kind, "certificates.kind")
            require_text(each.number, "certificates.number")
            _require_begin(each.valid)


@dataclass(frozen=True, slots=True)
class RecordSanction:
    """Enter a sanction that was served on a firm (RULINGS 30); ``scope`` names instruments or holds ``all``."""

    firm: FirmId
    organ: str
    document_number: str
    legal_basis: str
    scope: tuple[str, ...]
    valid: Period
    served_on: date
    statement: str
    source: str
    obtained_on: date
    hearing: Hearing | None = None

    def __post_init__(self) -> None:
        """Refuse a sanction without organ, number, basis or scope, or before service. Raises InvalidValueError."""
        require_text(self.organ, "organ", NAME_LENGTH_MAX)
        require_text(self.document_number, "document_number")
        require_text(self.legal_basis, "legal_basis", TEXT_LENGTH_MAX)
        require_text(self.statement, "statement", TEXT_LENGTH_MAX, may_be_empty=True)
        _require_codes(self.scope, "scope")
        _require_begin(self.valid)
        _require_origin(self.source, self.obtained_on)
        require_day(self.served_on, "served_on")
        # A decision binds the party from service on (行政处罚法 61, 行政许可法 38).
        if self.valid.first is not None and self.valid.first < self.served_on:
            raise InvalidValueError("sanction_before_service", served_on=self.served_on.isoformat())
        if self.hearing is not None:
            _require_heard(self.hearing, self.served_on, self.statement)


def _require_heard(hearing: Hearing, served_on: date, statement: str) -> None:
    """Refuse a sanction that was served before the firm had spoken or its term had ended. Raises InvalidValueError."""
    for day, at in ((hearing.notified_on, "notified_on"), (hearing.until, "until")):
        require_day(day, at)
    said = bool(statement.strip())
    if said != (hearing.answered_on is not None):
        raise InvalidValueError("sanction_statement_and_day", answered_on=str(hearing.answered_on or "–"))
    if hearing.until <= hearing.notified_on:
        raise InvalidValueError("sanction_hearing_without_term", notified_on=str(hearing.notified_on))
    spoke = hearing.answered_on
    heard = hearing.notified_on <= spoke <= served_on if spoke is not None else hearing.until < served_on
    if not heard:
        raise InvalidValueError("sanction_before_hearing", served_on=served_on.isoformat(), until=str(hearing.until))


def _require_begin(valid: Period) -> None:
    if valid.first is None:
        raise InvalidValueError("register_begin_missing", at="valid_from")


def _require_origin(source: str, obtained_on: date) -> None:
    require_text(source, "source", TEXT_LENGTH_MAX)
    require_day(obtained_on, "obtained_on")


def _require_codes(codes: tuple[str, ...], at: str) -> None:
    if not 1 <= len(codes) <= CODES_MAX:
        raise InvalidValueError("list_length", at=at, given=len(codes), most=CODES_MAX)
    for code in codes:
        require_code(code, at)
    if len(set(codes)) != len(codes):
        raise InvalidValueError("code_twice", at=at, given=", ".join(codes)[:200])
