"""Tables of parties: firms, control relations, facts, leader lists, providers, sanctions.

A register line is never changed but for ``recorded_until``: a correction closes it and writes another. Queries see the
lines as they stood recorded at an instant, so that a decision can be asked again as of then.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    Row,
    SmallInteger,
    Table,
    Text,
    and_,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.errors import Finding
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
from registry.parties.rules import ControlGraph
from registry.values.identifiers import AccountId, AuthorityId, FactId, FirmId, Id, LeaderListId
from registry.values.moment import Moment
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn
from registry.values.uscc import Uscc
from storage.database import Connection, Writes, metadata, rows_may

_FINDINGS = {Finding.MET: "true", Finding.UNMET: "false", Finding.UNKNOWN: "unknown"}
_FINDING_OF = {word: finding for finding, word in _FINDINGS.items()}


def _one_of(column: str, codes: Iterable[str]) -> CheckConstraint:
    listed = ", ".join(f"'{code}'" for code in codes)
    return CheckConstraint(f"{column} IN ({listed})", column)


def _line(kind: type[Id] = FactId, *, begin_needed: bool = True) -> list[Any]:
    """Return the columns every register line has."""
    return [
        Column("id", IdColumn(kind), primary_key=True),
        Column(
            "authority_id",
            IdColumn(AuthorityId),
            ForeignKey("authorities.id", ondelete="RESTRICT"),
            nullable=False,
            index=True,
        ),
        Column("valid_from", Date, nullable=not begin_needed),
        Column("valid_until", Date),
        Column("source", Text, nullable=False),
        Column("obtained_on", Date, nullable=False),
        Column("recorded_by", IdColumn(AccountId)),
        Column("recorded_at", MomentColumn, nullable=False),
        Column("recorded_until", MomentColumn),
        CheckConstraint("valid_until > valid_from", "valid_time"),
        CheckConstraint("recorded_until >= recorded_at", "recorded_time"),
    ]


def _firm(name: str = "firm_id") -> Column[Any]:
    return Column(name, IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False, index=True)


firms = Table(
    "firms",
    metadata,
    Column("id", IdColumn(FirmId), primary_key=True),
    Column("registered_by", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), nullable=False),
    Column("registered_at", MomentColumn, nullable=False),
    **rows_may(Writes.UPDATE),
)
"""One row for each firm; register lines about a firm are written while its row is locked."""

firm_codes = Table(
    "firm_codes",
    metadata,
    Column("uscc", Key, CheckConstraint("uscc ~ '^[0-9A-Z]{18}$'", "uscc"), primary_key=True),
    _firm(),
    **rows_may(Writes.APPEND),
)
"""Every code a firm has or had. A code is given once and never again (GB 32100-2015), so it names one firm for ever."""

firm_lines = Table(
    "firm_lines",
    metadata,
    *_line(begin_needed=False),
    _firm(),
    Column("uscc", Key, ForeignKey("firm_codes.uscc", ondelete="RESTRICT"), nullable=False),
    Column("name", Text, nullable=False),
    Column("region", Key, CheckConstraint("region ~ '^[1-9][0-9]{5}$'", "region"), nullable=False),
    Column("kind", Key, nullable=False),
    _one_of("kind", FirmKind),
    **rows_may(Writes.UPDATE),
)

controls = Table(
    "control_lines",
    metadata,
    *_line(),
    _firm("holder_id"),
    _firm("held_id"),
    Column("kind", Key, nullable=False),
    Column("share_bp", SmallInteger, nullable=False),
    _one_of("kind", ControlKind),
    CheckConstraint("holder_id <> held_id", "two_firms"),
    CheckConstraint("CASE kind WHEN 'equity' THEN share_bp BETWEEN 1 AND 10000 ELSE share_bp = 0 END", "share"),
    **rows_may(Writes.UPDATE),
)

facts = Table(
    "fact_lines",
    metadata,
    *_line(),
    _firm(),
    Column("predicate", Key, nullable=False),
    Column("finding", Key, nullable=False),
    _one_of("predicate", Predicate),
    _one_of("finding", _FINDING_OF),
    **rows_may(Writes.UPDATE),
)

leader_lists = Table(
    "leader_lists",
    metadata,
    *_line(LeaderListId),
    Column("name", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("level", Key, nullable=False),
    Column("sectors", ARRAY(Key), nullable=False),
    Column("batch", Text, nullable=False),
    Column("document_digest", DigestColumn, nullable=False),
    Column("admission_number", Text, nullable=False),
    Column("admission_decided_on", Date, nullable=False),
    Column("admission_organ", Text, nullable=False),
    Column("admission_criteria", Text, nullable=False),
    _one_of("level", ListLevel),
    Index(
        "uq_leader_lists_version",
        "authority_id",
        "issuer",
        "name",
        "batch",
        unique=True,
        postgresql_where="recorded_until IS NULL",
    ),
    **rows_may(Writes.UPDATE),
)

leader_entries = Table(
    "leader_entries",
    metadata,
    Column("list_id", IdColumn(LeaderListId), ForeignKey("leader_lists.id", ondelete="RESTRICT"), primary_key=True),
    Column("uscc", Key, primary_key=True, index=True),
    Column("name", Text, nullable=False),
    **rows_may(Writes.APPEND),
)

leader_withdrawals = Table(
    "leader_withdrawals",
    metadata,
    Column("list_id", IdColumn(LeaderListId), ForeignKey("leader_lists.id", ondelete="RESTRICT"), primary_key=True),
    Column("uscc", Key, primary_key=True),
    Column("withdrawn_on", Date, nullable=False),
    Column("reason", Text, nullable=False),
    Column("recorded_by", IdColumn(AccountId)),
    Column("recorded_at", MomentColumn, nullable=False),
    **rows_may(Writes.APPEND),
)

providers = Table(
    "provider_lines",
    metadata,
    *_line(),
    _firm(),
    Column("kind", Key, nullable=False),
    Column("licence_number", Text, nullable=False),
    _one_of("kind", ProviderKind),
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
    *_line(),
    _firm(),
    Column("organ", Text, nullable=False),
    Column("document_number", Text, nullable=False),
    Column("legal_basis", Text, nullable=False),
    Column("scope", ARRAY(Key), nullable=False),
    Column("served_on", Date, nullable=False),
    Column("statement", Text, nullable=False),
    CheckConstraint("valid_from >= served_on", "served"),
    **rows_may(Writes.UPDATE),
)


# Lines in general.


def _recorded(table: Table, at: Moment) -> ColumnElement[bool]:
    """Lines as they stood recorded at an instant."""
    return and_(table.c.recorded_at <= at, or_(table.c.recorded_until.is_(None), table.c.recorded_until > at))


def _valid(table: Table, day: date) -> ColumnElement[bool]:
    return and_(
        or_(table.c.valid_from.is_(None), table.c.valid_from <= day),
        or_(table.c.valid_until.is_(None), table.c.valid_until > day),
    )


def _stated(valid: Period, provenance: Provenance) -> dict[str, Any]:
    return {
        "authority_id": provenance.authority,
        "valid_from": valid.first,
        "valid_until": valid.until,
        "source": provenance.source,
        "obtained_on": provenance.obtained_on,
        "recorded_by": provenance.recorded_by,
        "recorded_at": provenance.recorded_at,
    }


def _period(row: Row[Any]) -> Period:
    return Period(row.valid_from, row.valid_until)


def _provenance(row: Row[Any]) -> Provenance:
    return Provenance(row.authority_id, row.source, row.obtained_on, row.recorded_by, row.recorded_at)


def _close(connection: Connection, table: Table, line: Id, at: Moment) -> None:
    # Who waited for the lock may carry an instant before that of the line it now replaces.
    until = func.greatest(table.c.recorded_at, literal(at, MomentColumn()))
    connection.execute(
        update(table).where(table.c.id == line, table.c.recorded_until.is_(None)).values(recorded_until=until)
    )


# Firms.


@dataclass(frozen=True, slots=True)
class FirmLine:
    """What a firm is over some days."""

    id: FactId
    firm: Firm
    valid: Period
    provenance: Provenance


def claim_code(connection: Connection, uscc: Uscc, firm: FirmId) -> FirmId:
    """Give a code to a firm unless one has it, and return whose it is."""
    connection.execute(
        insert_or(firm_codes).values(uscc=str(uscc), firm_id=firm).on_conflict_do_nothing(index_elements=["uscc"])
    )
    holder: FirmId = connection.execute(select(firm_codes.c.firm_id).where(firm_codes.c.uscc == str(uscc))).scalar_one()
    return holder


def add_firm(connection: Connection, firm: FirmId, authority: AuthorityId, at: Moment) -> None:
    """Write the row that stands for a firm."""
    connection.execute(insert(firms).values(id=firm, registered_by=authority, registered_at=at))


def lock_firms(connection: Connection, ids: Iterable[FirmId]) -> frozenset[FirmId]:
    """Lock firms in the order of their ids, so that no two writers wait for each other, and return those there are."""
    rows = connection.execute(
        select(firms.c.id).where(firms.c.id.in_(list(ids))).order_by(firms.c.id).with_for_update()
    )
    return frozenset(rows.scalars())


def add_firm_line(connection: Connection, line: FirmLine) -> None:
    """Write what a firm is over some days."""
    connection.execute(
        insert(firm_lines).values(
            id=line.id,
            firm_id=line.firm.id,
            uscc=str(line.firm.uscc),
            name=line.firm.name,
            region=line.firm.region,
            kind=line.firm.kind.value,
            **_stated(line.valid, line.provenance),
        )
    )


def close_firm_line(connection: Connection, line: FactId, at: Moment) -> None:
    """Note that a line was replaced."""
    _close(connection, firm_lines, line, at)


def lines_of_firms(connection: Connection, ids: Sequence[FirmId], at: Moment | None = None) -> list[FirmLine]:
    """Return the lines of firms, as of an instant or as they stand, the earliest days first."""
    recorded = _recorded(firm_lines, at) if at else firm_lines.c.recorded_until.is_(None)
    rows = connection.execute(
        select(firm_lines)
        .where(firm_lines.c.firm_id.in_(ids), recorded)
        .order_by(firm_lines.c.firm_id, firm_lines.c.valid_from.nulls_first(), firm_lines.c.id)
    )
    return [
        FirmLine(
            row.id,
            Firm(row.firm_id, Uscc(row.uscc), row.name, row.region, FirmKind(row.kind)),
            _period(row),
            _provenance(row),
        )
        for row in rows
    ]


def firm_of_code(connection: Connection, uscc: Uscc) -> FirmId | None:
    """Return the firm that has or had a code."""
    return connection.execute(select(firm_codes.c.firm_id).where(firm_codes.c.uscc == str(uscc))).scalar_one_or_none()


def firm_ids(connection: Connection, after: FirmId | None, limit: int) -> list[FirmId]:
    """Return a page of firms, oldest first."""
    query = select(firms.c.id).order_by(firms.c.id).limit(limit)
    if after is not None:
        query = query.where(firms.c.id > after)
    return list(connection.execute(query).scalars())


# Control relations.


def add_control(connection: Connection, line: ControlLine) -> None:
    """Write a control relation."""
    connection.execute(
        insert(controls).values(
            id=line.id,
            holder_id=line.link.holder,
            held_id=line.link.held,
            kind=line.link.kind.value,
            share_bp=line.link.share_bp,
            **_stated(line.valid, line.provenance),
        )
    )


def close_control(connection: Connection, line: FactId, at: Moment) -> None:
    """Note that a line was replaced."""
    _close(connection, controls, line, at)


def controls_of(connection: Connection, authority: AuthorityId, held: FirmId) -> list[ControlLine]:
    """Return what an authority has written about who holds a firm, as it stands."""
    rows = connection.execute(
        select(controls)
        .where(controls.c.authority_id == authority, controls.c.held_id == held, controls.c.recorded_until.is_(None))
        .order_by(controls.c.valid_from, controls.c.id)
    )
    return [ControlLine(row.id, _link(row), _period(row), _provenance(row)) for row in rows]


def _link(row: Row[Any]) -> ControlLink:
    return ControlLink(row.holder_id, row.held_id, ControlKind(row.kind), row.share_bp)


def graph_above(connection: Connection, seeds: Sequence[FirmId], day: date, at: Moment) -> ControlGraph:
    """Return the links of a day that lead to ``seeds``, from every authority's lines, with the firms they join.

    Families run both ways; rings end because the recursion keeps a set.
    """
    standing = and_(_recorded(controls, at), _valid(controls, day))
    above = select(firms.c.id.label("firm")).where(firms.c.id.in_(seeds)).cte("above", recursive=True)
    links = (
        select(controls.c.held_id.label("below"), controls.c.holder_id.label("firm"))
        .where(standing)
        .union(
            select(controls.c.holder_id, controls.c.held_id).where(
                standing, controls.c.kind == ControlKind.FAMILY.value
            )
        )
        .cte("links")
    )
    above = above.union(select(links.c.firm).join(above, links.c.below == above.c.firm))
    rows = connection.execute(
        select(controls).where(
            standing,
            controls.c.held_id.in_(select(above.c.firm)),
            controls.c.holder_id.in_(select(above.c.firm)),
        )
    ).all()
    found = frozenset(_link(row) for row in rows)
    ids = {*seeds, *(link.holder for link in found), *(link.held for link in found)}
    known = firms_on(lines_of_firms(connection, list(ids), at), day)
    return ControlGraph(
        {firm.id: firm.name for firm in known.values()}, {firm.id: firm.kind for firm in known.values()}, found
    )


def firms_on(lines: Iterable[FirmLine], day: date) -> dict[FirmId, Firm]:
    """Return each firm as ``day`` finds it; on a day no line holds, as its first line says."""
    found: dict[FirmId, Firm] = {}
    for line in lines:
        if line.valid.holds(day) or line.firm.id not in found:
            found[line.firm.id] = line.firm
    return found


# Facts.


def add_fact(connection: Connection, line: FactId, known: KnownFact, valid: Period, provenance: Provenance) -> None:
    """Write what is known of a firm."""
    connection.execute(
        insert(facts).values(
            id=line,
            firm_id=known.firm,
            predicate=known.predicate.value,
            finding=_FINDINGS[known.finding],
            **_stated(valid, provenance),
        )
    )


def close_fact(connection: Connection, line: FactId, at: Moment) -> None:
    """Note that a line was replaced."""
    _close(connection, facts, line, at)


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
        _recorded(facts, at) if at else facts.c.recorded_until.is_(None),
    )
    if day is not None:
        query = query.where(_valid(facts, day))
    return [
        KnownFact(row.firm_id, predicate, _FINDING_OF[row.finding], row.id, _period(row), _provenance(row))
        for row in connection.execute(query.order_by(facts.c.valid_from, facts.c.id))
    ]


# Leader lists.


def add_leader_list(connection: Connection, made: LeaderList, entries: Iterable[ListedFirm]) -> bool:
    """Write a leader list with its entries; False when this version of it was admitted before."""
    result = connection.execute(
        insert_or(leader_lists)
        .values(
            id=made.id,
            name=made.name,
            issuer=made.issuer,
            level=made.level.value,
            sectors=list(made.sectors),
            batch=made.batch,
            document_digest=made.document_digest,
            admission_number=made.admission.number,
            admission_decided_on=made.admission.decided_on,
            admission_organ=made.admission.organ,
            admission_criteria=made.admission.criteria,
            **_stated(made.valid, made.provenance),
        )
        .on_conflict_do_nothing()
        .returning(leader_lists.c.id)
    )
    if result.scalar() is None:
        return False
    rows = [{"list_id": made.id, "uscc": str(entry.uscc), "name": entry.name} for entry in entries]
    connection.execute(insert(leader_entries), rows)
    return True


def _leader_list(row: Any) -> LeaderList:
    return LeaderList(
        id=row.id,
        name=row.name,
        issuer=row.issuer,
        level=ListLevel(row.level),
        sectors=tuple(row.sectors),
        batch=row.batch,
        valid=_period(row),
        document_digest=row.document_digest,
        admission=Admission(
            row.admission_number, row.admission_decided_on, row.admission_organ, row.admission_criteria
        ),
        provenance=_provenance(row),
    )


def leader_list_of(connection: Connection, list_id: LeaderListId) -> LeaderList | None:
    """Return a leader list."""
    row = connection.execute(select(leader_lists).where(leader_lists.c.id == list_id)).one_or_none()
    return _leader_list(row) if row else None


def leader_lists_page(connection: Connection, after: LeaderListId | None, limit: int) -> list[LeaderList]:
    """Return a page of leader lists, oldest first."""
    query = select(leader_lists).order_by(leader_lists.c.id).limit(limit)
    if after is not None:
        query = query.where(leader_lists.c.id > after)
    return [_leader_list(row) for row in connection.execute(query)]


def entries_of(
    connection: Connection,
    *,
    lists: Sequence[LeaderListId] | None = None,
    authority: AuthorityId | None = None,
    usccs: Sequence[str] | None = None,
    at: Moment,
) -> list[LeaderEntry]:
    """Return entries as they stood recorded at an instant: of some lists, of an authority, of some codes."""
    withdrawn = and_(
        leader_withdrawals.c.list_id == leader_entries.c.list_id,
        leader_withdrawals.c.uscc == leader_entries.c.uscc,
        leader_withdrawals.c.recorded_at <= at,
    )
    query = (
        select(
            leader_lists,
            leader_entries.c.uscc.label("entry_uscc"),
            leader_entries.c.name.label("entry_name"),
            leader_withdrawals.c.withdrawn_on,
        )
        .join(leader_entries, leader_entries.c.list_id == leader_lists.c.id)
        .outerjoin(leader_withdrawals, withdrawn)
        .where(_recorded(leader_lists, at))
        .order_by(leader_lists.c.id, leader_entries.c.uscc)
    )
    if lists is not None:
        query = query.where(leader_lists.c.id.in_(lists))
    if authority is not None:
        query = query.where(leader_lists.c.authority_id == authority)
    if usccs is not None:
        query = query.where(leader_entries.c.uscc.in_(usccs))
    return [
        LeaderEntry(_leader_list(row), Uscc(row.entry_uscc), row.entry_name, row.withdrawn_on)
        for row in connection.execute(query).all()
    ]


def codes_of_firm(connection: Connection, firm: FirmId) -> list[str]:
    """Return every code a firm has or had."""
    return list(connection.execute(select(firm_codes.c.uscc).where(firm_codes.c.firm_id == firm)).scalars())


def add_withdrawal(
    connection: Connection,
    entry: tuple[LeaderListId, Uscc],
    withdrawn_on: date,
    reason: str,
    *,
    by: AccountId | None,
    at: Moment,
) -> bool:
    """Write that a firm was taken off a list; False when that was written before."""
    result = connection.execute(
        insert_or(leader_withdrawals)
        .values(
            list_id=entry[0],
            uscc=str(entry[1]),
            withdrawn_on=withdrawn_on,
            reason=reason,
            recorded_by=by,
            recorded_at=at,
        )
        .on_conflict_do_nothing()
        .returning(leader_withdrawals.c.uscc)
    )
    return result.scalar() is not None


# Providers.


def add_provider(connection: Connection, made: Provider) -> None:
    """Write a provider with its certificates."""
    connection.execute(
        insert(providers).values(
            id=made.id,
            firm_id=made.firm,
            kind=made.kind.value,
            licence_number=made.licence_number,
            **_stated(made.valid, made.provenance),
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
    _close(connection, providers, line, at)


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
    query = select(providers).where(_recorded(providers, at) if at else providers.c.recorded_until.is_(None))
    if authority is not None:
        query = query.where(providers.c.authority_id == authority)
    if firm is not None:
        query = query.where(providers.c.firm_id == firm)
    if kind is not None:
        query = query.where(providers.c.kind == kind.value)
    if day is not None:
        query = query.where(_valid(providers, day))
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
            valid=_period(row),
            certificates=tuple(held.get(row.id, ())),
            provenance=_provenance(row),
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
        found.setdefault(row.provider_id, []).append(Certificate(row.kind, row.number, _period(row)))
    return found


# Sanctions.


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
            **_stated(made.valid, made.provenance),
        )
    )


def sanctions_of(connection: Connection, firm: FirmId, day: date, at: Moment) -> list[Sanction]:
    """Return the sanctions on a firm that act on a day, of every authority, oldest first."""
    rows = connection.execute(
        select(sanctions)
        .where(sanctions.c.firm_id == firm, _recorded(sanctions, at), _valid(sanctions, day))
        .order_by(sanctions.c.id)
    )
    return [
        Sanction(
            id=row.id,
            firm=row.firm_id,
            organ=row.organ,
            document_number=row.document_number,
            legal_basis=row.legal_basis,
            scope=tuple(row.scope),
            valid=_period(row),
            served_on=row.served_on,
            statement=row.statement,
            provenance=_provenance(row),
        )
        for row in rows
    ]
