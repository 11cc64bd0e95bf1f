"""What search shows, joined with the newest published version of each dataset."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from registry.catalog.industries import KeyIndustry
from registry.catalog.model import Sector, ShownDataset, VersionState
from registry.catalog.records.search import search_rows
from registry.catalog.records.versions import versions
from registry.values.moment import Moment
from storage.database import Connection


def shown_datasets(connection: Connection, now: Moment) -> tuple[ShownDataset, ...]:
    """Return what search finds at ``now``, with the newest published version of each, by dataset."""
    query = (
        select(
            search_rows.c.dataset_id,
            search_rows.c.sector,
            search_rows.c.key_industry,
            versions.c.content_digest,
            versions.c.size_bytes,
        )
        .ext(distinct_on(search_rows.c.dataset_id))
        .join(versions, versions.c.dataset_id == search_rows.c.dataset_id)
        .where(versions.c.state == VersionState.PUBLISHED.value, search_rows.c.published_at <= now)
        .order_by(search_rows.c.dataset_id, versions.c.number.desc())
    )
    return tuple(
        ShownDataset(
            row.dataset_id,
            Sector(row.sector),
            KeyIndustry(row.key_industry) if row.key_industry else None,
            row.content_digest,
            row.size_bytes,
        )
        for row in connection.execute(query)
    )
