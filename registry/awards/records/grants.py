"""Tables of grants: what an applicant states, and by which keys the same grant is known again."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    SmallInteger,
    Table,
    cast,
    exists,
    extract,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, distinct_on

from registry.awards.grant_model import Claim, DeclaredBenefit
from registry.awards.model import OPEN_STATES, ActKind, CaseKind, CaseState
from registry.awards.records.cases import case_of
from registry.awards.records.tables import acts, cases, lines
from registry.awards.shares import divided
from registry.policy.exclusivity import Benefit
from registry.values.digest import Digest
from registry.values.identifiers import AuthorityId, CaseId, FirmId
from registry.values.money import ZERO, Money
from registry.values.records import DigestColumn, IdColumn, Key
from storage.database import Connection, Writes, metadata, rows_may

_STANDING = [state.value for state in (*OPEN_STATES, CaseState.PAID)]

claims = Table(
    "case_claims",
    metadata,
    Column("case_id", IdColumn(CaseId), ForeignKey("cases.id", ondelete="RESTRICT"), primary_key=True),
    Column("event_on", Date, nullable=False),
    Column("instalment", SmallInteger),
    Column("exclusivity_group", Key, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("stated", JSONB, nullable=False),
    Column("keys", JSONB, nullable=False),
    Column("evidence", JSONB, nullable=False),
    Column("declared", JSONB, nullable=False),
    Column("joint_makers", JSONB, nullable=False),
    **rows_may(Writes.APPEND),
)
Index("ix_case_claims_group", claims.c.exclusivity_group)

keys = Table(
    "case_keys",
    metadata,
    Column("case_id", IdColumn(CaseId), ForeignKey("cases.id", ondelete="RESTRICT"), primary_key=True),
    Column("name", Key, primary_key=True),
    Column("value", DigestColumn, primary_key=True),
    **rows_may(Writes.APPEND),
)
Index("ix_case_keys_value", keys.c.name, keys.c.value)


def joint_makers_of(connection: Connection, ids: Sequence[CaseId]) -> dict[CaseId, frozenset[FirmId]]:
    """Return the firms that share what some grants pay."""
    rows = connection.execute(select(claims.c.case_id, claims.c.joint_makers).where(claims.c.case_id.in_(list(ids))))
    return {row.case_id: frozenset(FirmId(each) for each in row.joint_makers) for row in rows}


def lock_grants(connection: Connection) -> None:
    """Let one transaction at a time look what stands and add to it: caps and exclusivity span cases and offices."""
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("grants", 0))))


def add_claim(connection: Connection, case: CaseId, made: Claim) -> None:
    """Write what an applicant states."""
    connection.execute(
        insert(claims).values(
            case_id=case,
            event_on=made.event_on,
            instalment=made.instalment,
            exclusivity_group=made.group,
            issued_on=made.issued_on,
            stated=dict(made.stated),
            keys={name: list(values) for name, values in made.keys.items()},
            evidence={name: list(values) for name, values in made.evidence.items()},
            declared=[each.as_json() for each in made.declared],
            joint_makers=dict(made.joint_makers),
        )
    )
    rows = [{"case_id": case, "name": name, "value": value} for name, values in made.sealed.items() for value in values]
    if rows:
        connection.execute(insert(keys), rows)


def claim_of(connection: Connection, case: CaseId) -> Claim | None:
    """Return what an applicant stated when it filed a case."""
    row = connection.execute(select(claims).where(claims.c.case_id == case)).one_or_none()
    if row is None:
        return None
    return Claim(
        event_on=row.event_on,
        instalment=row.instalment,
        group=row.exclusivity_group,
        issued_on=row.issued_on,
        stated=row.stated,
        keys={name: tuple(values) for name, values in row.keys.items()},
        evidence={name: tuple(values) for name, values in row.evidence.items()},
        declared=tuple(_declared(each) for each in row.declared),
        joint_makers=row.joint_makers,
        sealed=_keys_of(connection, [case])[case],
    )


def _declared(kept: Mapping[str, Any]) -> DeclaredBenefit:
    return DeclaredBenefit(kept["policy"], date.fromisoformat(kept["received_on"]), Money(kept["amount_fen"]))


def _keys_of(connection: Connection, ids: Sequence[CaseId]) -> dict[CaseId, dict[str, frozenset[Digest]]]:
    found: dict[CaseId, dict[str, frozenset[Digest]]] = {each: {} for each in ids}
    for row in connection.execute(select(keys).where(keys.c.case_id.in_(ids))):
        named = found[row.case_id]
        named[row.name] = named.get(row.name, frozenset()) | {row.value}
    return found


def _with_any(name: str, values: Iterable[Digest]) -> Any:
    """Return the cases one of whose keys is among ``values``."""
    return select(keys.c.case_id).where(keys.c.name == name, keys.c.value.in_(list(values)))


def granted_before(
    connection: Connection,
    authority: AuthorityId,
    instrument: str,
    once: Mapping[str, frozenset[Digest]],
    beside: CaseId | None,
) -> bool:
    """Say whether another standing case of the instrument shares a value of every key in ``once``."""
    query = select(cases.c.id).where(
        cases.c.authority_id == authority,
        cases.c.kind == CaseKind.GRANT.value,
        cases.c.instrument == instrument,
        cases.c.state.in_(_STANDING),
        *(cases.c.id.in_(_with_any(name, values)) for name, values in once.items()),
    )
    if beside is not None:
        query = query.where(cases.c.id != beside)
    return connection.execute(query.limit(1)).first() is not None


def _amounts() -> Any:
    """Return what each grant amounts to by its newest assessment that stands, or as it was applied for."""
    recusals = acts.alias("recusals")
    void = exists(
        select(recusals.c.number).where(
            recusals.c.case_id == acts.c.case_id,
            recusals.c.kind.in_([ActKind.RECUSED.value, ActKind.REOPENED.value]),
            recusals.c.content["voids"].contains(func.to_jsonb(acts.c.number)),
        )
    )
    newest = (
        select(acts.c.case_id, cast(acts.c.content["amount_fen"].astext, BigInteger).label("fen"))
        .where(acts.c.kind == ActKind.ASSESSED.value, ~void)
        .ext(distinct_on(acts.c.case_id))
        .order_by(acts.c.case_id, acts.c.number.desc())
        .subquery()
    )
    applied = (
        select(lines.c.case_id, func.sum(cast(lines.c.amount_fen, BigInteger)).label("fen"))
        .group_by(lines.c.case_id)
        .subquery()
    )
    return (
        select(applied.c.case_id, func.coalesce(newest.c.fen, applied.c.fen).label("fen"))
        .join(newest, newest.c.case_id == applied.c.case_id, isouter=True)
        .subquery()
    )


def used_under(
    connection: Connection,
    authority: AuthorityId,
    instruments: Sequence[str],
    *,
    firm: FirmId | None,
    year: int | None,
    key: tuple[str, frozenset[Digest]] | None,
    beside: CaseId | None,
) -> Money:
    """Return what standing grants of ``instruments`` amount to: of a firm, in a year, for a thing, as far as given.

    Of what is shared a firm counts its own part.
    """
    amounts = _amounts()
    query = (
        select(cases.c.id, amounts.c.fen)
        .select_from(cases)
        .join(amounts, amounts.c.case_id == cases.c.id)
        .join(claims, claims.c.case_id == cases.c.id)
        .where(
            cases.c.authority_id == authority,
            cases.c.instrument.in_(list(instruments)),
            cases.c.state.in_(_STANDING),
        )
    )
    if firm is not None:
        query = query.where(cases.c.id.in_(_with_line_of([firm])))
    if year is not None:
        query = query.where(extract("year", claims.c.event_on) == year)
    if key is not None:
        query = query.where(cases.c.id.in_(_with_any(*key)))
    if beside is not None:
        query = query.where(cases.c.id != beside)
    if firm is None:
        whole = query.with_only_columns(func.coalesce(func.sum(amounts.c.fen), 0))
        return Money(int(connection.execute(whole).scalar() or 0))
    found = connection.execute(query).all()
    shared = _shared(connection, [row.id for row in found])
    parts = [
        _part(connection, row.id, Money(int(row.fen)), firm) if row.id in shared else Money(int(row.fen))
        for row in found
    ]
    return sum(parts, ZERO)


def _with_line_of(firms: Iterable[FirmId]) -> Any:
    return select(lines.c.case_id).where(lines.c.firm.in_(list(firms)))


def _shared(connection: Connection, ids: Sequence[CaseId]) -> frozenset[CaseId]:
    query = select(lines.c.case_id).where(lines.c.case_id.in_(ids), lines.c.share_bp.is_not(None))
    return frozenset(connection.execute(query).scalars())


def _part(connection: Connection, case: CaseId, whole: Money, firm: FirmId) -> Money:
    """Return the part of a firm in what a shared case amounts to, by the split as it stands."""
    found = case_of(connection, case)
    split = found.split if found else ()
    parts = divided(whole, [each.basis_points for each in split])
    return sum((part for part, each in zip(parts, split, strict=True) if each.firm == firm), ZERO)


def like_cases(
    connection: Connection,
    group: str,
    document: str,
    firms: Iterable[FirmId],
    shared: Mapping[str, frozenset[Digest]],
    beside: CaseId | None,
) -> tuple[tuple[Benefit, CaseState, Mapping[str, frozenset[Digest]]], ...]:
    """Return standing grants of a group by other documents, of one of the firms or on one of the same things.

    Of every authority: public money is not paid twice because two offices pay it. What is returned of them is what a
    refusal has to name.
    """
    amounts = _amounts()
    about = [cases.c.id.in_(_with_any(name, values)) for name, values in shared.items()]
    query = (
        select(cases.c.id, cases.c.document, cases.c.instrument, cases.c.state, claims.c.issued_on, amounts.c.fen)
        .join(claims, claims.c.case_id == cases.c.id)
        .join(amounts, amounts.c.case_id == cases.c.id)
        .where(
            claims.c.exclusivity_group == group,
            cases.c.document != document,
            cases.c.state.in_(_STANDING),
            or_(cases.c.id.in_(_with_line_of(firms)), *about),
        )
        .order_by(cases.c.applied_at, cases.c.id)
    )
    if beside is not None:
        query = query.where(cases.c.id != beside)
    rows = connection.execute(query).all()
    named = _keys_of(connection, [row.id for row in rows])
    return tuple(
        (
            Benefit(row.document, row.instrument, group, {}, row.issued_on, Money(int(row.fen))),
            CaseState(row.state),
            named[row.id],
        )
        for row in rows
    )
