"""Tables of policy: authorities, the documents they loaded, the rulings they entered. Rows are never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Integer, Row, Table, Text, UniqueConstraint, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.policy.activation import Authority
from registry.policy.assumptions import Ruling, written
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, RulingId
from registry.values.moment import Moment
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

authorities = Table(
    "authorities",
    metadata,
    Column("id", IdColumn(AuthorityId), primary_key=True),
    Column("slug", Key, nullable=False, unique=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("region", Key, CheckConstraint("region ~ '^[1-9][0-9]{5}$'", "region"), nullable=False),
    Column("zone", Key, nullable=False),
    Column("founded_at", MomentColumn, nullable=False),
    **rows_may(Writes.APPEND),
)

policies = Table(
    "policies",
    metadata,
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), primary_key=True),
    Column("document", Key, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("revision_digest", DigestColumn, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("reference", Text, nullable=False),
    Column("loaded_at", MomentColumn, nullable=False),
    Column("loaded_by", IdColumn(AccountId)),
    CheckConstraint("revision >= 1", "revision"),
    **rows_may(Writes.APPEND),
)

rulings = Table(
    "rulings",
    metadata,
    Column("id", IdColumn(RulingId), primary_key=True),
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), nullable=False),
    Column("document", Key, nullable=False),
    Column("assumption", Key, nullable=False),
    Column("number", Text, nullable=False),
    Column("decided_on", Date, nullable=False),
    Column("organ", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("text_digest", DigestColumn, nullable=False),
    Column("value", JSONB, nullable=False),
    Column("recorded_at", MomentColumn, nullable=False),
    Column("recorded_by", IdColumn(AccountId)),
    UniqueConstraint("authority_id", "document", "assumption", "number"),
    **rows_may(Writes.APPEND),
)


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A loaded revision as the table knows it; the document itself comes with the software."""

    authority: AuthorityId
    document: str
    revision: int
    revision_digest: Digest
    issued_on: date
    reference: str
    loaded_at: Moment


@dataclass(frozen=True, slots=True)
class RulingRow:
    """An entered ruling as the table knows it; its value is read by the assumption it answers."""

    id: RulingId
    authority: AuthorityId
    document: str
    assumption: str
    number: str
    decided_on: date
    organ: str
    text: str
    text_digest: Digest
    value: Json
    recorded_at: Moment


def add_authority(connection: Connection, made: Authority) -> bool:
    """Write an authority; False when its slug is taken."""
    result = connection.execute(
        insert_or(authorities)
        .values(
            id=made.id,
            slug=made.slug,
            name_zh=made.name_zh,
            name_en=made.name_en,
            region=made.region,
            zone=made.zone,
            founded_at=made.founded_at,
        )
        .on_conflict_do_nothing(index_elements=["slug"])
        .returning(authorities.c.id)
    )
    return result.scalar() is not None


def all_authorities(connection: Connection) -> tuple[Authority, ...]:
    """Return every authority by slug."""
    return tuple(_authority(row) for row in connection.execute(select(authorities).order_by(authorities.c.slug)))


def authority_of(connection: Connection, authority: AuthorityId) -> Authority | None:
    """Return an authority."""
    row = connection.execute(select(authorities).where(authorities.c.id == authority)).one_or_none()
    return _authority(row) if row else None


def _authority(row: Row[Any]) -> Authority:
    return Authority(row.id, row.slug, row.name_zh, row.name_en, row.region, row.zone, row.founded_at)


def add_policy(connection: Connection, made: PolicyRow, loaded_by: AccountId | None) -> bool:
    """Write a loaded revision; False when the authority has loaded it before."""
    result = connection.execute(
        insert_or(policies)
        .values(
            authority_id=made.authority,
            document=made.document,
            revision=made.revision,
            revision_digest=made.revision_digest,
            issued_on=made.issued_on,
            reference=made.reference,
            loaded_at=made.loaded_at,
            loaded_by=loaded_by,
        )
        .on_conflict_do_nothing()
        .returning(policies.c.document)
    )
    return result.scalar() is not None


def loaded_rows(
    connection: Connection, authority: AuthorityId | None = None, documents: Sequence[str] | None = None
) -> list[PolicyRow]:
    """Return loaded revisions, all or of one authority and some documents, by document, revision and authority."""
    query = select(policies).order_by(policies.c.document, policies.c.revision, policies.c.authority_id)
    if authority is not None:
        query = query.where(policies.c.authority_id == authority)
    if documents is not None:
        query = query.where(policies.c.document.in_(documents))
    return [_policy(row) for row in connection.execute(query)]


def _policy(row: Row[Any]) -> PolicyRow:
    return PolicyRow(
        row.authority_id,
        row.document,
        row.revision,
        row.revision_digest,
        row.issued_on,
        row.reference,
        row.loaded_at,
    )


def add_ruling(
    connection: Connection,
    row_id: RulingId,
    place: tuple[AuthorityId, str],
    ruling: Ruling,
    text: str,
    *,
    at: Moment,
    by: AccountId | None,
) -> bool:
    """Write a ruling at ``place`` (authority, document); False when its number has answered this assumption before."""
    result = connection.execute(
        insert_or(rulings)
        .values(
            id=row_id,
            authority_id=place[0],
            document=place[1],
            assumption=ruling.assumption_id,
            number=ruling.number,
            decided_on=ruling.date,
            organ=ruling.organ,
            text=text,
            text_digest=ruling.text_digest,
            value=written(ruling.value),
            recorded_at=at,
            recorded_by=by,
        )
        .on_conflict_do_nothing(index_elements=["authority_id", "document", "assumption", "number"])
        .returning(rulings.c.id)
    )
    return result.scalar() is not None


def ruling_rows(
    connection: Connection, authority: AuthorityId | None = None, document: str | None = None
) -> list[RulingRow]:
    """Return rulings in the order they were recorded."""
    query = select(rulings).order_by(rulings.c.recorded_at, rulings.c.id)
    if authority is not None:
        query = query.where(rulings.c.authority_id == authority)
    if document is not None:
        query = query.where(rulings.c.document == document)
    return [
        RulingRow(
            row.id,
            row.authority_id,
            row.document,
            row.assumption,
            row.number,
            row.decided_on,
            row.organ,
            row.text,
            row.text_digest,
            row.value,
            row.recorded_at,
        )
        for row in connection.execute(query)
    ]
