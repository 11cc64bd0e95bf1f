"""The table of what was exported to the log bucket, and the cases whose file is still to be exported."""

from dataclasses import dataclass

from sqlalchemy import CheckConstraint, Column, Table, Text, cast, exists, func, insert, not_, select

from registry.awards.model import CaseState
from registry.awards.records import cases
from registry.dossier.model import ExportKind
from registry.values.digest import Digest
from registry.values.identifiers import CaseId
from registry.values.moment import Moment
from registry.values.records import DigestColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may
from storage.object_store import Bucket, Place

EXPORTER_LOCK = (0x5A11, 2)
"""Advisory lock: at most one process exports at a time."""

log_exports = Table(
    "log_exports",
    metadata,
    Column("kind", Key, primary_key=True),
    Column("subject", Key, primary_key=True),
    Column("digest", DigestColumn, nullable=False),
    Column("store", Key, nullable=False),
    Column("bucket", Key, CheckConstraint("bucket = 'log'", "bucket"), nullable=False),
    Column("key", Key, nullable=False),
    Column("version_id", Key),
    Column("retain_until", MomentColumn, nullable=False),
    Column("exported_at", MomentColumn, nullable=False),
    CheckConstraint("kind IN ('checkpoint', 'dossier')", "kind"),
    **rows_may(Writes.APPEND),
)
"""``subject`` is the size of a checkpoint in twenty digits, or a case."""


@dataclass(frozen=True, slots=True)
class Export:
    """What was put into the log bucket: its SHA-256, the store and the place in it.

    ``subject`` is the size of a checkpoint in twenty digits, or the id of a case.
    """

    kind: ExportKind
    subject: str
    digest: Digest
    store: str
    place: Place


def lead_export(connection: Connection) -> bool:
    """Return whether this transaction is now the one exporter."""
    return bool(connection.execute(select(func.pg_try_advisory_xact_lock(*EXPORTER_LOCK))).scalar())


def add_export(connection: Connection, made: Export, retain_until: Moment, now: Moment) -> None:
    """Write what was exported where."""
    connection.execute(
        insert(log_exports).values(
            kind=made.kind,
            subject=made.subject,
            digest=made.digest,
            store=made.store,
            bucket=made.place.bucket,
            key=made.place.key,
            version_id=made.place.version_id,
            retain_until=retain_until,
            exported_at=now,
        )
    )


def is_exported(connection: Connection, kind: ExportKind, subject: str) -> bool:
    """Return whether something was exported."""
    query = select(log_exports.c.subject).where(log_exports.c.kind == kind, log_exports.c.subject == subject)
    return connection.execute(query).first() is not None


def exports(connection: Connection, kind: ExportKind, after: str, limit: int) -> list[Export]:
    """Return up to ``limit`` exports of a kind in order of their subject, from after ``after`` on."""
    query = select(log_exports).where(log_exports.c.kind == kind, log_exports.c.subject > after)
    return [
        Export(kind, row.subject, row.digest, row.store, Place(Bucket(row.bucket), row.key, row.version_id))
        for row in connection.execute(query.order_by(log_exports.c.subject).limit(limit))
    ]


def unfiled_cases(connection: Connection, limit: int) -> list[CaseId]:
    """Return paid cases whose dossier was not exported, in order of their ids."""
    subject = func.concat(f"{CaseId.prefix}_", func.replace(cast(cases.c.id, Text), "-", ""))
    done = exists().where(log_exports.c.kind == ExportKind.DOSSIER, log_exports.c.subject == subject)
    query = select(cases.c.id).where(cases.c.state == CaseState.PAID, not_(done)).order_by(cases.c.id)
    return list(connection.execute(query.limit(limit)).scalars())
