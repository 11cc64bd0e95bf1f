"""Firms and register lines as the door shows them."""

from datetime import date
from typing import Final, Self

from api.door import Answer
from api.v1.parties_bodies import FINDINGS, KnownFinding
from registry.parties.hearing import ServiceWay
from registry.parties.model import (
    Certificate,
    ControlKind,
    ControlLine,
    CreditAnswer,
    CreditStanding,
    Firm,
    FirmKind,
    KnownFact,
    LeaderEntry,
    LeaderList,
    ListLevel,
    Period,
    Predicate,
    Provenance,
    Provider,
    ProviderKind,
    Sanction,
)

KNOWN: Final = {finding: word for word, finding in FINDINGS.items()}


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


class CreditView(Answer):
    """What a public credit system answered, when it was asked, and the digest of the answer."""

    standing: CreditStanding
    queried_at: str
    result_sha256: str


class FactView(Answer):
    """A recorded fact; ``credit`` stands where a public credit system was asked."""

    id: str | None
    firm: str
    predicate: Predicate
    finding: KnownFinding
    valid_from: date | None
    valid_until: date | None
    source: str
    credit: CreditView | None

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
            credit=_credit(known.credit),
        )


def _credit(answer: CreditAnswer | None) -> CreditView | None:
    if answer is None:
        return None
    return CreditView(
        standing=answer.standing, queried_at=str(answer.queried_at), result_sha256=str(answer.result_digest)
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


class SanctionHearingView(Answer):
    """How the firm was heard and the sanction served; ``answered_on`` null: it said nothing in its term."""

    notified_on: date
    until: date
    answered_on: date | None
    way: ServiceWay
    proof_sha256: str


def _hearing(sanction: Sanction) -> SanctionHearingView | None:
    found = sanction.hearing
    if found is None:
        return None
    return SanctionHearingView(
        notified_on=found.notified_on,
        until=found.until,
        answered_on=found.answered_on,
        way=found.way,
        proof_sha256=str(found.proof),
    )


class SanctionView(LineView):
    """A recorded sanction."""

    firm: str
    organ: str
    document_number: str
    legal_basis: str
    scope: list[str]
    served_on: date
    statement: str
    hearing: SanctionHearingView | None

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
            hearing=_hearing(sanction),
        )
