"""What an officer sends to the registers, as the door takes it."""

import base64
from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field

from api.door import PageQuery, Strict, Whole
from registry.catalog.model import Sector
from registry.errors import Finding, InvalidValueError
from registry.journal.work import View
from registry.parties.commands import (
    CODES_MAX,
    ENTRIES_MAX,
    AdmitLeaderList,
    ChangeFirm,
    ImportLeaderList,
    RecordControl,
    RecordCredit,
    RecordFact,
    RecordSanction,
    RegisterFirm,
    RegisterProvider,
    WithdrawLeader,
)
from registry.parties.hearing import Hearing, ServiceWay
from registry.parties.list_files import FILE_BYTES_MAX
from registry.parties.model import (
    Admission,
    Certificate,
    ControlKind,
    ControlLink,
    CreditAnswer,
    CreditStanding,
    FirmKind,
    ListedFirm,
    ListLevel,
    Period,
    Predicate,
    ProviderKind,
)
from registry.policy.plain_text import require_day
from registry.values.digest import Digest
from registry.values.identifiers import FirmId, LeaderListId
from registry.values.moment import Moment
from registry.values.uscc import Uscc

Line = Annotated[str, Field(max_length=400)]
LongText = Annotated[str, Field(max_length=8_000)]
Reference = Annotated[str, Field(max_length=60)]

LIST_BODY_BYTES_MAX: Final = FILE_BYTES_MAX * 4 // 3 + 40_000
"""A file in base64 and what is said of it."""


class KnownFinding(StrEnum):
    """What a register says of a fact."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


FINDINGS: Final = {
    KnownFinding.TRUE: Finding.MET,
    KnownFinding.FALSE: Finding.UNMET,
    KnownFinding.UNKNOWN: Finding.UNKNOWN,
}


class FirmBody(Strict):
    """A firm to register; with ``owner_login`` and ``owner_name`` it gets a first owner."""

    uscc: Reference
    name: Line
    region: Reference
    kind: FirmKind
    owner_login: Line | None = None
    owner_name: Line | None = None

    def command(self) -> RegisterFirm:
        """Return the command. Raises InvalidValueError."""
        return RegisterFirm(Uscc(self.uscc), self.name, self.region, self.kind)


class FirmChangeBody(Strict):
    """What a firm is from a day on."""

    uscc: Reference
    name: Line
    region: Reference
    kind: FirmKind
    valid_from: date
    source: LongText
    obtained_on: date

    def command(self, firm: str) -> ChangeFirm:
        """Return the command. Raises InvalidValueError."""
        return ChangeFirm(
            FirmId(firm),
            Uscc(self.uscc),
            self.name,
            self.region,
            self.kind,
            self.valid_from,
            self.source,
            self.obtained_on,
        )


class ControlBody(Strict):
    """A control relation over days; ``share_bp`` (1/100 of a per cent) stands for equity only."""

    controller: Reference
    controlled: Reference
    kind: ControlKind
    share_bp: Whole | None = Field(default=None, ge=1, le=10_000)
    valid_from: date
    valid_until: date | None = None
    source: LongText
    obtained_on: date

    def command(self) -> RecordControl:
        """Return the command. Raises InvalidValueError."""
        link = ControlLink(FirmId(self.controller), FirmId(self.controlled), self.kind, self.share_bp or 0)
        return RecordControl(link, Period(self.valid_from, self.valid_until), self.source, self.obtained_on)


class FactBody(Strict):
    """What is known of a firm over days."""

    firm: Reference
    predicate: Predicate
    finding: KnownFinding
    valid_from: date
    valid_until: date | None = None
    source: LongText
    obtained_on: date

    def command(self) -> RecordFact:
        """Return the command. Raises InvalidValueError."""
        valid = Period(self.valid_from, self.valid_until)
        return RecordFact(
            FirmId(self.firm), self.predicate, FINDINGS[self.finding], valid, self.source, self.obtained_on
        )


class CreditBody(Strict):
    """What a public credit system answered of a firm, with the digest of the answer as it was kept (RULINGS 31)."""

    firm: Reference
    standing: CreditStanding
    queried_at: Reference
    result_sha256: str = Field(max_length=80)
    source: LongText
    valid_until: date | None = None

    def command(self) -> RecordCredit:
        """Return the command. Raises InvalidValueError."""
        answer = CreditAnswer(self.standing, Moment.of_text(self.queried_at), Digest.parse(self.result_sha256))
        return RecordCredit(FirmId(self.firm), answer, self.source, self.valid_until)


class AdmissionBody(Strict):
    """The numbered decision that admits a list, with its criteria."""

    number: Line
    decided_on: date
    organ: Line
    criteria: LongText

    def given(self) -> Admission:
        """Return the decision."""
        return Admission(self.number, self.decided_on, self.organ, self.criteria)


class ListedFirmBody(Strict):
    """One name of a list."""

    uscc: Reference
    name: Line


class LeaderListBody(Strict):
    """One version of a list of leading firms."""

    name: Line
    issuer: Line
    level: ListLevel
    sectors: list[Sector] = Field(min_length=1, max_length=CODES_MAX)
    batch: Line
    valid_from: date
    valid_until: date | None = None
    document_sha256: str = Field(max_length=80)
    admission: AdmissionBody
    entries: list[ListedFirmBody] = Field(min_length=1, max_length=ENTRIES_MAX)

    def command(self) -> AdmitLeaderList:
        """Return the command. Raises InvalidValueError."""
        return AdmitLeaderList(
            name=self.name,
            issuer=self.issuer,
            level=self.level,
            sectors=tuple(each.value for each in self.sectors),
            batch=self.batch,
            valid=Period(self.valid_from, self.valid_until),
            document_digest=Digest.parse(self.document_sha256),
            admission=self.admission.given(),
            entries=tuple(ListedFirm(Uscc(each.uscc), each.name) for each in self.entries),
        )


class ListFileBody(Strict):
    """The file of a leader list, CSV or XLSX, in base64."""

    body_bytes_max: ClassVar[int] = LIST_BODY_BYTES_MAX

    content_base64: Annotated[str, Field(max_length=LIST_BODY_BYTES_MAX)]

    @property
    def content(self) -> bytes:
        """The bytes of the file. Raises InvalidValueError."""
        try:
            return base64.b64decode(self.content_base64, validate=True)
        except ValueError as error:
            raise InvalidValueError("list_file_unreadable", line=1) from error


class LeaderImportBody(ListFileBody):
    """One version of a list of leading firms whose names stand in a file.

    ``document_sha256`` is the digest of the issuer's document; without one the file is the document.
    """

    name: Line
    issuer: Line
    level: ListLevel
    sectors: list[Sector] = Field(min_length=1, max_length=CODES_MAX)
    batch: Line
    valid_from: date
    valid_until: date | None = None
    document_sha256: str | None = Field(default=None, max_length=80)
    admission: AdmissionBody

    def command(self) -> ImportLeaderList:
        """Return the command. Raises InvalidValueError."""
        return ImportLeaderList(
            name=self.name,
            issuer=self.issuer,
            level=self.level,
            sectors=tuple(each.value for each in self.sectors),
            batch=self.batch,
            valid=Period(self.valid_from, self.valid_until),
            document_digest=Digest.parse(self.document_sha256) if self.document_sha256 else None,
            admission=self.admission.given(),
            content=self.content,
        )


class WithdrawalBody(Strict):
    """A firm that is taken off a list from a day on."""

    uscc: Reference
    withdrawn_on: date
    reason: LongText

    def command(self, leader_list: str) -> WithdrawLeader:
        """Return the command. Raises InvalidValueError."""
        return WithdrawLeader(LeaderListId(leader_list), Uscc(self.uscc), self.withdrawn_on, self.reason)


class CertificateBody(Strict):
    """A certificate of a provider, for example ``green`` or ``cma``."""

    kind: Reference
    number: Line
    valid_from: date
    valid_until: date | None = None


class ProviderBody(Strict):
    """A provider with its licence and certificates."""

    firm: Reference
    kind: ProviderKind
    licence_number: Line
    valid_from: date
    valid_until: date | None = None
    certificates: list[CertificateBody] = Field(default_factory=list, max_length=CODES_MAX)
    source: LongText
    obtained_on: date

    def command(self) -> RegisterProvider:
        """Return the command. Raises InvalidValueError."""
        return RegisterProvider(
            firm=FirmId(self.firm),
            kind=self.kind,
            licence_number=self.licence_number,
            valid=Period(self.valid_from, self.valid_until),
            certificates=tuple(
                Certificate(each.kind, each.number, Period(each.valid_from, each.valid_until))
                for each in self.certificates
            ),
            source=self.source,
            obtained_on=self.obtained_on,
        )


class HearingBody(Strict):
    """How the firm was heard and the sanction served; ``answered_on`` null: it said nothing in its term."""

    notified_on: date
    until: date
    answered_on: date | None = None
    way: ServiceWay = Field(strict=False)
    proof_sha256: Annotated[str, Field(max_length=80)]

    def hearing(self) -> Hearing:
        """Return the hearing. Raises InvalidValueError."""
        return Hearing(self.notified_on, self.until, self.answered_on, self.way, Digest.parse(self.proof_sha256))


class SanctionBody(Strict):
    """A sanction that was served; ``scope`` names instruments, or is ``["all"]``."""

    firm: Reference
    organ: Line
    document_number: Line
    legal_basis: LongText
    scope: list[Reference] = Field(min_length=1, max_length=CODES_MAX)
    valid_from: date
    valid_until: date | None = None
    served_on: date
    statement: LongText = ""
    source: LongText
    obtained_on: date
    hearing: HearingBody | None = None

    def command(self) -> RecordSanction:
        """Return the command. Raises InvalidValueError."""
        return RecordSanction(
            firm=FirmId(self.firm),
            organ=self.organ,
            document_number=self.document_number,
            legal_basis=self.legal_basis,
            scope=tuple(self.scope),
            valid=Period(self.valid_from, self.valid_until),
            served_on=self.served_on,
            statement=self.statement,
            source=self.source,
            obtained_on=self.obtained_on,
            hearing=self.hearing.hearing() if self.hearing else None,
        )


class FirmsQuery(PageQuery):
    """Which firms: the one that has or had a code, or all."""

    uscc: str = Field(default="", max_length=60)


class AskedAsOf(BaseModel):
    """Which day is asked about (by default the day of ``as_of``, or today), and what was recorded by when.

    ``as_of`` is an instant that has passed (RFC 3339): the answer goes by what was recorded then.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    on: date | None = None
    as_of: str = Field(default="", max_length=60)

    def view(self, view: View) -> View:
        """Return the view that is asked. Raises InvalidValueError."""
        return view.as_of(Moment.of_text(self.as_of) if self.as_of else None)

    def day(self, view: View) -> date:
        """Return the day that is asked about. Raises InvalidValueError."""
        return require_day(self.on, "on") if self.on else view.now.civil_day()
