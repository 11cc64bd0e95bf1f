"""Tables of facts, providers with their certificates, and sanctions."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Row, Select, Table, Text, insert, select
from sqlalchemy.dialects.postgresql import ARRAY

from registry.errors import Finding
from registry.parties.hearing import Hearing, ServiceWay
from registry.parties.model import (
    Certificate,
    CreditAnswer,
    CreditStanding,
    KnownFact,
    Period,
    Predicate,
    Provenance,
    Provider,
    ProviderKind,
    Sanction,
)
from registry.parties.records.lines import (
    close_line,
    firm_column,
    line_columns,
    one_of,
    period_of,
    provenance_of,
    recorded_at,
    stated,
    valid_on,
)
from registry.values.identifiers import AuthorityId, FactId, FirmId
from registry.values.moment import Moment
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn
from storage.batches import any_of
from storage.database import Connection, Writes, metadata, rows_may

_FINDINGS = {Finding.MET: "true", Finding.UNMET: "false", Finding.UNKNOWN: "unknown"}


_FINDING_OF = {word: finding for finding, word in _FINDINGS.items()}


facts = Table(
    "fact_lines",
    metadata,
    *line_columns(),
    firm_column(),
    Column("predicate", Key, nullable=False),
    Column("finding", Key, nullable=False),
    Column("credit_standing", Key),
    Column("queried_at", MomentColumn),
    Column("result_digest", DigestColumn),
    one_of("predicate", Predicate),
    one_of("finding", _FINDING_OF),
    one_of("credit_standing", CreditStanding),
    CheckConstraint(
        "num_nonnulls(credit_standing, queried_at, result_digest) IN (0, 3)"
        " AND (credit_standing IS NULL OR predicate = 'credit_clean')",
        "credit",
    ),
    **rows_may(Writes.UPDATE),
)


providers = Table(
    "provider_lines",
    metadata,
    *line_columns(),
    firm_column(),
    Column("kind", Key, nullable=False),
    Column("licence_number", Text, nullable=False),
    one_of("kind", ProviderKind),
    **rows_may(Writes.UPDATE),
)


certificates = Table(
    "provider_certificates",
    metadata,
    Column("provider_id", IdColumn(FactId), ForeignKey("provider_lines.id", ondelete="RESTRICT"), primary_key=True),
    Column("kind", Key, primary_key=True),
    Column("number", Text, primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("valid_until", Date),
    CheckConstraint("valid_until > valid_from", "valid_time"),
    **rows_may(Writes.APPEND),
)


sanctions = Table(
    "sanction_lines",
    metadata,
    *line_columns(),
    firm_column(),
    Column("organ", Text, nullable=False),
    Column("document_number", Text, nullable=False),
    Column("legal_basis", Text, nullable=False),
    Column("scope", ARRAY(Key), nullable=False),
    Column("served_on", Date, nullable=False),
    Column("statement", Text, nullable=False),
    CheckConstraint("valid_from >= served_on", "served"),
    **rows_may(Writes.UPDATE),
)


sanction_hearings = Table(
    "sanction_hearings",
    metadata,
    Column("sanction_id", IdColumn(FactId), ForeignKey("sanction_lines.id", ondelete="RESTRICT"), primary_key=True),
    Column("notified_on", Date, nullable=False),
    Column("until", Date, nullable=False),
    Column("answered_on", Date),
    Column("way", Key, one_of("way", [each.value for each in ServiceWay]), nullable=False),
    Column("proof", DigestColumn, nullable=False),
    CheckConstraint("until > notified_on", "term"),
    **rows_may(Writes.APPEND),
)


def add_fact(connection: Connection, line: FactId, known: KnownFact, valid: Period, provenance: Provenance) -> None:
    """Write what is known of a firm."""
    connection.execute(
        insert(facts).values(
            id=line,
            firm_id=known.firm,
            predicate=known.predicate.value,
            finding=_FINDINGS[known.finding],
            credit_standing=known.credit.standing.value if known.credit else None,
            queried_at=known.credit.queried_at if known.credit else None,
            result_digest=known.credit.result_digest if known.credit else None,
            **stated(valid, provenance),
        )
    )


def close_fact(connection: Connection, line: FactId, at: Moment) -> None:
    """Note that a line was replaced."""
    close_line(connection, facts, line, at)


def facts_of(
    connection: Connection,
    authority: AuthorityId,
    firm: FirmId,
    predicate: Predicate,
    *,
    day: date | None = None,
    at: Moment | None = None,
) -> list[KnownFact]:
    """Return what an authority has written about a firm, all of it or of a day, as of an instant or as it stands."""
    query = select(facts).where(
        facts.c.authority_id == authority,
        facts.c.firm_id == firm,
        facts.c.predicate == predicate.value,
        recorded_at(facts, at) if at else facts.c.recorded_until.is_(None),
    )
    if day is not None:
        query = query.where(valid_on(facts, day))
    return [
        KnownFact(
            row.firm_id, predicate, _FINDING_OF[row.finding], row.id, period_of(row), provenance_of(row), _credit(row)
        )
        for row in connection.execute(query.order_by(facts.c.valid_from, facts.c.id))
    ]


def _credit(row: Row[Any]) -> CreditAnswer | None:
    if row.credit_standing is None:
        return None
    return CreditAnswer(CreditStanding(row.credit_standing), row.queried_at, row.result_digest)


def add_provider(connection: Connection, made: Provider) -> None:
    """Write a provider with its certificates."""
    connection.execute(
        insert(providers).values(
            id=made.id,
            firm_id=made.firm,
            kind=made.kind.value,
            licence_number=made.licence_number,
            **stated(made.valid, made.provenance),
        )
    )
    rows = [
        {
            "provider_id": made.id,
            "kind": each.kind,
            "number": each.number,
            "valid_from": each.valid.first,
            "valid_until": each.valid.until,
        }
        for each in made.certificates
    ]
    if rows:
        connection.execute(insert(certificates), rows)


def close_provider(connection: Connection, line: FactId, at: Moment) -> None:
    """Note that a line was replaced."""
    close_line(connection, providers, line, at)


def facts_of_firms(
    connection: Connection, firm_ids: Collection[FirmId], day: date, at: Moment
) -> dict[tuple[AuthorityId, FirmId, Predicate], KnownFact]:
    """Return the fact of each authority, firm and predicate that holds on a day, as of an instant.

    Each names its line; the days of the line and where it comes from are not read.
    """
    query = (
        select(facts.c.authority_id, facts.c.firm_id, facts.c.predicate, facts.c.finding, facts.c.id)
        .where(any_of(facts.c.firm_id, firm_ids), recorded_at(facts, at), valid_on(facts, day))
        .order_by(facts.c.valid_from, facts.c.id)
    )
    found = {}
    for authority, firm, word, finding, line in connection.execute(query):
        predicate = Predicate(word)
        found[authority, firm, predicate] = KnownFact(firm, predicate, _FINDING_OF[finding], line)
    return found


def providers_of(
    connection: Connection,
    *,
    authority: AuthorityId | None = None,
    firm: FirmId | None = None,
    kind: ProviderKind | None = None,
    day: date | None = None,
    at: Moment | None = None,
    page: tuple[FactId | None, int] | None = None,
) -> list[Provider]:
    """Return providers, narrowed as asked, as of an instant or as they stand; ``page`` is (after, limit)."""
    query = select(providers).where(recorded_at(providers, at) if at else providers.c.recorded_until.is_(None))
    if authority is not None:
        query = query.where(providers.c.authority_id == authority)
    if firm is not None:
        query = query.where(providers.c.firm_id == firm)
    if kind is not None:
        query = query.where(providers.c.kind == kind.value)
    if day is not None:
        query = query.where(valid_on(providers, day))
    if page is not None:
        query = query.limit(page[1]) if page[0] is None else query.where(providers.c.id > page[0]).limit(page[1])
    rows = connection.execute(query.order_by(providers.c.id)).all()
    held = _certificates(connection, [row.id for row in rows])
    return [
        Provider(
            id=row.id,
            firm=row.firm_id,
            kind=ProviderKind(row.kind),
            licence_number=row.licence_number,
            valid=period_of(row),
            certificates=tuple(held.get(row.id, ())),
            provenance=provenance_of(row),
        )
        for row in rows
    ]


def _certificates(connection: Connection, ids: Sequence[FactId]) -> dict[FactId, list[Certificate]]:
    found: dict[FactId, list[Certificate]] = {}
    rows = connection.execute(
        select(certificates)
        .where(certificates.c.provider_id.in_(ids))
        .order_by(certificates.c.kind, certificates.c.valid_from, certificates.c.number)
    )
    for row in rows:
        found.setdefault(row.provider_id, []).append(Certificate(row.kind, row.number, period_of(row)))
    return found


def add_sanction(connection: Connection, made: Sanction) -> None:
    """Write a sanction."""
    connection.execute(
        insert(sanctions).values(
            id=made.id,
            firm_id=made.firm,
            organ=made.organ,
            document_number=made.document_number,
            legal_basis=made.legal_basis,
            scope=list(made.scope),
            served_on=made.served_on,
            statement=made.statement,
            **stated(made.valid, made.provenance),
        )
    )
    if made.hearing is not None:
        connection.execute(
            insert(sanction_hearings).values(
                sanction_id=made.id,
                notified_on=made.hearing.notified_on,
                until=made.hearing.until,
                answered_on=made.hearing.answered_on,
                way=made.hearing.way.value,
                proof=made.hearing.proof,
            )
        )


def sanction_of(connection: Connection, sanction: FactId, at: Moment) -> Sanction | None:
    """Return a sanction that stands recorded at an instant."""
    found = _sanctions(connection, select(sanctions).where(sanctions.c.id == sanction, recorded_at(sanctions, at)))
    return found[0] if found else None


def close_sanction(connection: Connection, sanction: FactId, at: Moment) -> None:
    """Note that a sanction was annulled."""
    close_line(connection, sanctions, sanction, at)


def sanctions_of(connection: Connection, firm: FirmId, day: date, at: Moment) -> list[Sanction]:
    """Return the sanctions on a firm that act on a day, of every authority, oldest first."""
    query = select(sanctions).where(sanctions.c.firm_id == firm, recorded_at(sanctions, at), valid_on(sanctions, day))
    return _sanctions(connection, query.order_by(sanctions.c.id))


def _sanctions(connection: Connection, query: Select[Any]) -> list[Sanction]:
    rows = connection.execute(query).all()
    asked = select(sanction_hearings).where(sanction_hearings.c.sanction_id.in_([row.id for row in rows]))
    heard = {
        row.sanction_id: Hearing(row.notified_on, row.until, row.answered_on, ServiceWay(row.way), row.proof)
        for row in (connection.execute(asked) if rows else ())
    }
    return [
        Sanction(
            id=row.id,
            firm=row.firm_id,
            organ=row.organ,
            document_number=row.document_number,
            legal_basis=row.legal_basis,
            scope=tuple(row.scope),
            valid=period_of(row),
            served_on=row.served_on,
            statement=row.statement,
            provenance=provenance_of(row),
            hearing=heard.get(row.id),
        )
        for row in rows
    ]
