"""Parties over HTTP: firms, control relations, facts, leader lists, providers, sanctions."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Final, Self

from flask import Response
from pydantic import Field

from api.calls import cursor_of, position_of, read, write
from api.door import Answer, Door, PageQuery, Strict, Whole
from registry.accounts import service as accounts
from registry.actors.model import Action
from registry.catalog.model import Sector
from registry.errors import Finding
from registry.journal.work import View, Work
from registry.parties import service
from registry.parties.commands import (
    CODES_MAX,
    ENTRIES_MAX,
    AdmitLeaderList,
    ChangeFirm,
    RecordControl,
    RecordFact,
    RecordSanction,
    RegisterFirm,
    RegisterProvider,
    WithdrawLeader,
)
from registry.parties.model import (
    Admission,
    Certificate,
    ControlKind,
    ControlLine,
    ControlLink,
    Firm,
    FirmKind,
    KnownFact,
    LeaderEntry,
    LeaderList,
    ListedFirm,
    ListLevel,
    Period,
    Predicate,
    Provenance,
    Provider,
    ProviderKind,
    Sanction,
)
from registry.values.digest import Digest
from registry.values.identifiers import FactId, FirmId, LeaderListId
from registry.values.uscc import Uscc

door = Door("parties", __name__, url_prefix="/v1")

Line = Annotated[str, Field(max_length=400)]
LongText = Annotated[str, Field(max_length=8_000)]
Reference = Annotated[str, Field(max_length=60)]


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
KNOWN: Final = {finding: word for word, finding in FINDINGS.items()}


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


class AdmissionBody(Strict):
    """The numbered decision that admits a list, with its criteria."""

    number: Line
    decided_on: date
    organ: Line
    criteria: LongText


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
        admission = self.admission
        return AdmitLeaderList(
            name=self.name,
            issuer=self.issuer,
            level=self.level,
            sectors=tuple(each.value for each in self.sectors),
            batch=self.batch,
            valid=Period(self.valid_from, self.valid_until),
            document_digest=Digest.parse(self.document_sha256),
            admission=Admission(admission.number, admission.decided_on, admission.organ, admission.criteria),
            entries=tuple(ListedFirm(Uscc(each.uscc), each.name) for each in self.entries),
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
        )


class FirmsQuery(PageQuery):
    """Which firms: the one that has or had a code, or all."""

    uscc: str = Field(default="", max_length=60)


class FirmView(Answer):
    """A firm as it is today."""

    id: str
    uscc: str
    name: str
    region: str
    kind: FirmKind

    @classmethod
    def of(cls, firm: Firm) -> Self:
        """Return the view of a firm."""
        return cls(id=firm.id, uscc=str(firm.uscc), name=firm.name, region=firm.region, kind=firm.kind)


class NewFirmView(FirmView):
    """A new firm, with the activation code of its first owner, shown in this answer only."""

    activation_code: str | None

    @classmethod
    def of_registered(cls, made: tuple[Firm, str | None]) -> Self:
        """Return the view of a new firm and the code."""
        return cls(**FirmView.of(made[0]).model_dump(), activation_code=made[1])


class FirmsView(Answer):
    """A page of firms."""

    items: list[FirmView]
    next_cursor: str | None


class LineView(Answer):
    """A register line: whose it is, for which days it holds, where it comes from and when it was written."""

    id: str
    authority: str
    valid_from: date | None
    valid_until: date | None
    source: str
    obtained_on: date
    recorded_at: str


def _line(line_id: str, valid: Period, provenance: Provenance) -> dict[str, object]:
    return {
        "id": line_id,
        "authority": provenance.authority,
        "valid_from": valid.first,
        "valid_until": valid.until,
        "source": provenance.source,
        "obtained_on": provenance.obtained_on,
        "recorded_at": str(provenance.recorded_at),
    }


class ControlView(LineView):
    """A recorded control relation."""

    controller: str
    controlled: str
    kind: ControlKind
    share_bp: int | None

    @classmethod
    def of(cls, line: ControlLine) -> Self:
        """Return the view of a control relation."""
        link = line.link
        return cls(
            **_line(line.id, line.valid, line.provenance),
            controller=link.holder,
            controlled=link.held,
            kind=link.kind,
            share_bp=link.share_bp or None,
        )


class FactView(Answer):
    """A recorded fact."""

    id: str | None
    firm: str
    predicate: Predicate
    finding: KnownFinding
    valid_from: date | None
    valid_until: date | None
    source: str

    @classmethod
    def of(cls, known: KnownFact) -> Self:
        """Return the view of a fact."""
        return cls(
            id=known.id,
            firm=known.firm,
            predicate=known.predicate,
            finding=KNOWN[known.finding],
            valid_from=known.valid.first if known.valid else None,
            valid_until=known.valid.until if known.valid else None,
            source=known.source,
        )


class LeaderEntryView(Answer):
    """A firm on a list; ``withdrawn_on`` is the first day it is no longer on it."""

    uscc: str
    name: str
    withdrawn_on: date | None

    @classmethod
    def of(cls, entry: LeaderEntry) -> Self:
        """Return the view of an entry."""
        return cls(uscc=str(entry.uscc), name=entry.name, withdrawn_on=entry.withdrawn_on)


class AdmissionView(Answer):
    """The decision that admitted a list."""

    number: str
    decided_on: date
    organ: str
    criteria: str


class LeaderListView(LineView):
    """One version of a list of leading firms, with its entries."""

    name: str
    issuer: str
    level: ListLevel
    sectors: list[str]
    batch: str
    document_sha256: str
    admission: AdmissionView
    entries: list[LeaderEntryView]

    @classmethod
    def of(cls, leader_list: LeaderList, entries: tuple[LeaderEntry, ...]) -> Self:
        """Return the view of a list."""
        admission = leader_list.admission
        return cls(
            **_line(leader_list.id, leader_list.valid, leader_list.provenance),
            name=leader_list.name,
            issuer=leader_list.issuer,
            level=leader_list.level,
            sectors=list(leader_list.sectors),
            batch=leader_list.batch,
            document_sha256=str(leader_list.document_digest),
            admission=AdmissionView(
                number=admission.number,
                decided_on=admission.decided_on,
                organ=admission.organ,
                criteria=admission.criteria,
            ),
            entries=[LeaderEntryView.of(each) for each in entries],
        )


class LeaderListsView(Answer):
    """A page of leader lists."""

    items: list[LeaderListView]
    next_cursor: str | None


class CertificateView(Answer):
    """A certificate of a provider."""

    kind: str
    number: str
    valid_from: date | None
    valid_until: date | None

    @classmethod
    def of(cls, certificate: Certificate) -> Self:
        """Return the view of a certificate."""
        valid = certificate.valid
        return cls(kind=certificate.kind, number=certificate.number, valid_from=valid.first, valid_until=valid.until)


class ProviderView(LineView):
    """A provider with its licence and certificates."""

    firm: str
    kind: ProviderKind
    licence_number: str
    certificates: list[CertificateView]

    @classmethod
    def of(cls, provider: Provider) -> Self:
        """Return the view of a provider."""
        return cls(
            **_line(provider.id, provider.valid, provider.provenance),
            firm=provider.firm,
            kind=provider.kind,
            licence_number=provider.licence_number,
            certificates=[CertificateView.of(each) for each in provider.certificates],
        )


class ProvidersView(Answer):
    """A page of providers."""

    items: list[ProviderView]
    next_cursor: str | None


class SanctionView(LineView):
    """A recorded sanction."""

    firm: str
    organ: str
    document_number: str
    legal_basis: str
    scope: list[str]
    served_on: date
    statement: str

    @classmethod
    def of(cls, sanction: Sanction) -> Self:
        """Return the view of a sanction."""
        return cls(
            **_line(sanction.id, sanction.valid, sanction.provenance),
            firm=sanction.firm,
            organ=sanction.organ,
            document_number=sanction.document_number,
            legal_basis=sanction.legal_basis,
            scope=list(sanction.scope),
            served_on=sanction.served_on,
            statement=sanction.statement,
        )


@door.operation("POST", "/firms", {201: NewFirmView}, action=Action.KEEP_REGISTERS)
def register_firm(body: FirmBody) -> Response:
    """Register a firm and, if asked, invite its first owner."""
    command = body.command()

    def act(work: Work) -> tuple[Firm, str | None]:
        if body.owner_login is None:
            return service.register_firm(work, command), None
        return accounts.register_firm_with_owner(work, command, body.owner_login, body.owner_name or body.owner_login)

    return write(act, NewFirmView.of_registered, once=("activation_code",))


@door.operation("GET", "/firms", {200: FirmsView}, public=True)
def list_firms(query: FirmsQuery) -> Response:
    """List firms in the order of their registration, or find the one that has or had a code."""
    after = position_of(query.cursor, 1)
    uscc = Uscc(query.uscc) if query.uscc else None
    first = FirmId(str(after[0])) if after else None

    def ask(view: View) -> list[Firm]:
        if uscc is None:
            return service.firms_page(view, first, query.limit + 1)
        found = service.firm_by_uscc(view, uscc)
        return [found] if found else []

    def present(found: list[Firm]) -> FirmsView:
        page = found[: query.limit]
        following = cursor_of([page[-1].id]) if len(found) > query.limit else None
        return FirmsView(items=[FirmView.of(each) for each in page], next_cursor=following)

    return read(ask, present)


@door.operation("GET", "/firms/<firm>", {200: FirmView}, public=True)
def show_firm(firm: str) -> Response:
    """Show a firm."""
    firm_id = FirmId(firm)
    return read(lambda view: service.firm(view, firm_id), FirmView.of)


@door.operation("POST", "/firms/<firm>/changes", {201: FirmView}, action=Action.KEEP_REGISTERS)
def change_firm(firm: str, body: FirmChangeBody) -> Response:
    """Enter a firm's new code, name, region or kind."""
    command = body.command(firm)
    return write(lambda work: service.change_firm(work, command), FirmView.of)


@door.operation("POST", "/controls", {201: ControlView}, action=Action.KEEP_REGISTERS)
def record_control(body: ControlBody) -> Response:
    """Enter a control relation."""
    command = body.command()
    return write(lambda work: service.record_control(work, command), ControlView.of)


@door.operation("POST", "/facts", {201: FactView}, action=Action.KEEP_REGISTERS)
def record_fact(body: FactBody) -> Response:
    """Enter what is known of a firm."""
    command = body.command()
    return write(lambda work: service.record_fact(work, command), FactView.of)


@door.operation("POST", "/leader-lists", {201: LeaderListView}, action=Action.KEEP_REGISTERS)
def admit_leader_list(body: LeaderListBody) -> Response:
    """Admit one version of a list of leading firms."""
    command = body.command()

    def present(made: LeaderList) -> LeaderListView:
        return LeaderListView.of(
            made, tuple(LeaderEntry(made, entry.uscc, entry.name, None) for entry in command.entries)
        )

    return write(lambda work: service.admit_leader_list(work, command), present)


@door.operation("GET", "/leader-lists", {200: LeaderListsView}, public=True)
def list_leader_lists(query: PageQuery) -> Response:
    """List the admitted lists of leading firms with their entries."""
    after = position_of(query.cursor, 1)
    first = LeaderListId(str(after[0])) if after else None

    def present(found: list[tuple[LeaderList, tuple[LeaderEntry, ...]]]) -> LeaderListsView:
        page = found[: query.limit]
        following = cursor_of([page[-1][0].id]) if len(found) > query.limit else None
        return LeaderListsView(items=[LeaderListView.of(*each) for each in page], next_cursor=following)

    return read(lambda view: service.leader_lists(view, first, query.limit + 1), present)


@door.operation("POST", "/leader-lists/<leader_list>/withdrawals", {201: LeaderEntryView}, action=Action.KEEP_REGISTERS)
def withdraw_leader(leader_list: str, body: WithdrawalBody) -> Response:
    """Take a firm off a list from a day on."""
    command = body.command(leader_list)
    return write(lambda work: service.withdraw_leader(work, command), LeaderEntryView.of)


@door.operation("POST", "/providers", {201: ProviderView}, action=Action.KEEP_REGISTERS)
def register_provider(body: ProviderBody) -> Response:
    """Enter a data exchange, compute centre or quality laboratory."""
    command = body.command()
    return write(lambda work: service.register_provider(work, command), ProviderView.of)


@door.operation("GET", "/providers", {200: ProvidersView}, public=True)
def list_providers(query: PageQuery) -> Response:
    """List the registered providers."""
    after = position_of(query.cursor, 1)
    first = FactId(str(after[0])) if after else None

    def present(found: list[Provider]) -> ProvidersView:
        page = found[: query.limit]
        following = cursor_of([page[-1].id]) if len(found) > query.limit else None
        return ProvidersView(items=[ProviderView.of(each) for each in page], next_cursor=following)

    return read(lambda view: service.providers_page(view, first, query.limit + 1), present)


@door.operation("POST", "/sanctions", {201: SanctionView}, action=Action.KEEP_REGISTERS)
def record_sanction(body: SanctionBody) -> Response:
    """Enter a sanction that was served on a firm."""
    command = body.command()
    return write(lambda work: service.record_sanction(work, command), SanctionView.of)
