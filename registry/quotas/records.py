"""Tables of quotas: the figures that were set, and the counter at which announcements of a firm wait for each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, ForeignKey, Table, select, text
from sqlalchemy import update as update_rows
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.values.identifiers import FirmId
from registry.values.moment import Moment
from registry.values.records import IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

_INSTALLATION = "installation"

quota_figures_set = Table(
    "quota_figures",
    metadata,
    Column("whose", Key, primary_key=True),
    Column("figures", JSONB, nullable=False),
    Column("set_at", MomentColumn, nullable=False),
    **rows_may(Writes.UPDATE),
)
"""``whose`` is a firm's id, or ``installation``. Every change is journaled."""

quota_counters = Table(
    "quota_counters",
    metadata,
    Column("firm_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), primary_key=True),
    Column("bytes_counted", BigInteger, nullable=False),
    Column("day", Date, nullable=False),
    Column("uploads_on_day", BigInteger, nullable=False),
    CheckConstraint("bytes_counted >= 0 AND uploads_on_day >= 0", "not_negative"),
    **rows_may(Writes.UPDATE),
)
"""``bytes_counted`` is at least what is announced: it grows with each announcement and is put right when it is full."""


@dataclass(frozen=True, slots=True)
class Counter:
    """The counter of a firm after an announcement."""

    bytes_counted: int
    uploads_today: int


def quota_figures(connection: Connection, firm: FirmId | None, *, lock: bool = False) -> dict[str, int]:
    """Return the figures that were set for a firm, or for the installation."""
    query = select(quota_figures_set.c.figures).where(quota_figures_set.c.whose == (firm or _INSTALLATION))
    found = connection.execute(query.with_for_update() if lock else query).scalar_one_or_none()
    return dict(found or {})


def save_quota_figures(connection: Connection, firm: FirmId | None, figures: Mapping[str, int], now: Moment) -> None:
    """Write the figures of a firm, or of the installation, over those that were there."""
    made = insert_or(quota_figures_set).values(whose=firm or _INSTALLATION, figures=dict(figures), set_at=now)
    connection.execute(
        made.on_conflict_do_update(
            index_elements=["whose"], set_={"figures": made.excluded.figures, "set_at": made.excluded.set_at}
        )
    )


_COUNT = text(
    """
    INSERT INTO quota_counters AS held (firm_id, bytes_counted, day, uploads_on_day)
    VALUES (:firm, :size_bytes, :day, 1)
    ON CONFLICT (firm_id) DO UPDATE
       SET bytes_counted = held.bytes_counted + excluded.bytes_counted,
           uploads_on_day = CASE WHEN held.day = excluded.day THEN held.uploads_on_day + 1 ELSE 1 END,
           day = excluded.day
    RETURNING bytes_counted, uploads_on_day
    """
)

_ANNOUNCED = text(
    """
    SELECT coalesce(sum(upload.size_bytes), 0)
      FROM uploads upload
     WHERE upload.owner_firm = :firm AND upload.state IN ('open', 'completing', 'received')
       AND (NOT EXISTS (SELECT FROM blobs blob WHERE blob.upload_id = upload.id)
            OR EXISTS (SELECT FROM blobs blob WHERE blob.upload_id = upload.id AND blob.state <> 'gone'))
    """
)


def count_upload(connection: Connection, firm: FirmId, day: date, size_bytes: int) -> Counter:
    """Count an upload at the counter of a firm, which stays locked until the transaction ends."""
    row = connection.execute(_COUNT, {"firm": firm.uuid, "size_bytes": size_bytes, "day": day}).one()
    return Counter(int(row.bytes_counted), int(row.uploads_on_day))


def lock_counter(connection: Connection, firm: FirmId, day: date) -> None:
    """Lock the counter of a firm until the transaction ends."""
    made = insert_or(quota_counters).values(firm_id=firm, bytes_counted=0, day=day, uploads_on_day=0)
    connection.execute(made.on_conflict_do_nothing())
    connection.execute(select(quota_counters.c.firm_id).where(quota_counters.c.firm_id == firm).with_for_update())


def set_bytes_counted(connection: Connection, firm: FirmId, size_bytes: int) -> None:
    """Put the counter of a firm right."""
    held = update_rows(quota_counters).where(quota_counters.c.firm_id == firm)
    connection.execute(held.values(bytes_counted=size_bytes))


def bytes_announced(connection: Connection, firm: FirmId) -> int:
    """Return how many bytes of a firm are on their way or stored."""
    return int(connection.execute(_ANNOUNCED, {"firm": firm.uuid}).scalar_one())


def uploads_on(connection: Connection, firm: FirmId, day: date) -> int:
    """Return how many uploads a firm has opened on a day."""
    query = select(quota_counters.c.uploads_on_day).where(quota_counters.c.firm_id == firm, quota_counters.c.day == day)
    return int(connection.execute(query).scalar_one_or_none() or 0)
