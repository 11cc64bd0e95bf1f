"""What everybody may read of what was announced."""

from registry.journal.work import View
from registry.messages import records
from registry.messages.model import Announcement, AnnouncementFilter
from registry.values.identifiers import AnnouncementId
from registry.values.moment import Moment


def announced(
    view: View, wanted: AnnouncementFilter, before: tuple[Moment, AnnouncementId] | None, limit: int
) -> list[Announcement]:
    """Return up to ``limit`` public events, the newest first, from ``before`` on."""
    return records.announced(view.connection, wanted, before, limit)
