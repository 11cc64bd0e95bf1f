"""Tables of upkeep: the stores, the epochs of the database, strays, replicas, and which night's task was done."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, LargeBinary, SmallInteger, Table
from sqlalchemy.dialects.postgresql import JSONB

from registry.values.records import Key, MomentColumn
from storage.database import Writes, metadata, rows_may

stores = Table(
    "stores",
    metadata,
    Column("identity", Key, primary_key=True),
    Column("capabilities", JSONB),
    Column("probed_at", MomentColumn),
    Column("sealed", LargeBinary),
    CheckConstraint("(capabilities IS NULL) = (probed_at IS NULL)", "probed"),
    **rows_may(Writes.DELETE),
)
"""Every store that bytes lie in: what it was seen to do, and, sealed, where it is and its keys."""

epochs = Table(
    "epochs",
    metadata,
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    Column("epoch", Key, nullable=False, unique=True),
    Column("reason", Key, nullable=False),
    Column("begun_at", MomentColumn, nullable=False),
    CheckConstraint("reason IN ('born', 'restored', 'set_back')", "reason"),
    **rows_may(Writes.APPEND),
)
"""A database has one history from epoch to epoch. The log bucket holds the mark of the newest that was accepted."""

strays = Table(
    "strays",
    metadata,
    Column("store", Key, primary_key=True),
    Column("bucket", Key, primary_key=True),
    Column("key", Key, primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("modified_at", MomentColumn, nullable=False),
    Column("found_at", MomentColumn, nullable=False),
    Column("seen_at", MomentColumn, nullable=False),
    **rows_may(Writes.DELETE),
)
"""Objects without a row: the run that found them first, and the last one that saw them."""

object_replicas = Table(
    "object_replicas",
    metadata,
    Column("bucket", Key, primary_key=True),
    Column("key", Key, primary_key=True),
    Column("replica", Key, primary_key=True),
    Column("version_id", Key),
    Column("made_at", MomentColumn, nullable=False),
    **rows_may(Writes.DELETE),
)
"""Which objects lie in a replica store, too, under the same bucket and key."""

upkeep_runs = Table(
    "upkeep_runs",
    metadata,
    Column("task", Key, primary_key=True),
    Column("night", Date, primary_key=True),
    Column("begun_at", MomentColumn, nullable=False),
    Column("ended_at", MomentColumn),
    Column("result", JSONB),
    **rows_may(Writes.UPDATE),
)
"""One row per task and night, so that several workers do it once."""
