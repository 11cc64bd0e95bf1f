"""How much a firm may hold and send: figures that an office or the operator sets, kept where bytes are announced.

Rules:
* A figure of a firm goes before that of the installation, and that before the one this release comes with. It is a
  limit of capacity, never a rule: it decides no award, no price and no right.
* What counts are announced bytes: of uploads that are open, being joined or received. What was given up, has expired or
  whose bytes have left the store counts no more.
* A limit below what is used takes nothing away; it only lets nothing more in.
* Announcements of one firm wait for each other at its counter, so that two at once never pass a limit together. The
  counter only grows; when it says that there is no room, what is really held is counted before the answer is no.
"""

from registry.actors.model import Action, Resource
from registry.actors.rules import require, require_visible
from registry.errors import InvalidValueError, NotAllowedError, NotFoundError
from registry.journal.work import View, Work
from registry.parties import service as parties
from registry.quotas import records
from registry.quotas.model import DEFAULTS, LIMIT_MAX, Figure, Limit, Quota, QuotaLine, SetBy, SetQuota
from registry.values.identifiers import FirmId


def limit_of(view: View, firm: FirmId, figure: Figure) -> Limit:
    """Return what a firm may have of something."""
    own, common = records.quota_figures(view.connection, firm), records.quota_figures(view.connection, None)
    for found, by in ((own, SetBy.FIRM), (common, SetBy.INSTALLATION)):
        if figure.value in found:
            return Limit(figure, found[figure.value], by)
    return Limit(figure, DEFAULTS[figure], SetBy.RELEASE)


def require_room(view: View, firm: FirmId, figure: Figure, used: int, more: int) -> None:
    """Raise NotAllowedError ``quota_exceeded`` when ``more`` beside ``used`` is beyond the firm's limit.

    Not an outcome that is kept: the same request may succeed when there is room.
    """
    limit = limit_of(view, firm, figure)
    if used + more > limit.limit:
        raise NotAllowedError(
            "quota_exceeded", figure=f"quota_{figure.value}", limit=limit.limit, used=used, asked=more
        )


def lock_within(work: Work, firm: FirmId) -> None:
    """Let other announcements of a firm wait until this transaction ends."""
    records.lock_counter(work.connection, firm, work.now.civil_day())


def take_room_within(work: Work, firm: FirmId, size_bytes: int) -> None:
    """Count an upload of a firm before it is opened. Raises NotAllowedError ``quota_exceeded``."""
    today = work.now.civil_day()
    held = records.count_upload(work.connection, firm, today, size_bytes)
    require_room(work, firm, Figure.UPLOADS_PER_DAY, held.uploads_today - 1, 1)
    if held.bytes_counted > limit_of(work, firm, Figure.BYTES_STORED).limit:
        used = records.bytes_announced(work.connection, firm)
        require_room(work, firm, Figure.BYTES_STORED, used, size_bytes)
        records.set_bytes_counted(work.connection, firm, used + size_bytes)


def quota(view: View, firm: FirmId, drafts_open: int) -> Quota:
    """Return the figures of a firm: to its members, and to the office whose register it stands in.

    ``drafts_open`` is counted by the room that knows drafts. Raises NotFoundError, NotAllowedError.
    """
    asked = Resource(frozenset({firm}), parties.concerned_office(view, {firm}), subject=firm)
    require_visible(view.actor, Action.READ_QUOTA, asked, "firm")
    parties.firm(view, firm)
    used: dict[Figure, int | None] = {
        Figure.BYTES_STORED: records.bytes_announced(view.connection, firm),
        Figure.UPLOADS_PER_DAY: records.uploads_on(view.connection, firm, view.now.civil_day()),
        Figure.DRAFTS_OPEN: drafts_open,
        Figure.FILES_PER_DRAFT: None,
    }
    return Quota(firm, tuple(QuotaLine(limit_of(view, firm, figure), used[figure]) for figure in Figure))


def set_quota(work: Work, command: SetQuota) -> None:
    """Set figures of a firm, as an officer who keeps the register it stands in.

    Raises:
        NotFoundError, NotAllowedError: The firm stands in another office's register, or the actor keeps none.
        InvalidValueError: A figure is negative or beyond all stores.
    """
    if command.firm is None:
        raise NotAllowedError("not_yours")
    require(work.actor, Action.SET_QUOTA)
    office = parties.concerned_office(work, {command.firm})
    if office is None:
        raise NotFoundError("firm_not_found", id=command.firm)
    _set_within(work, command)


def set_quota_as_operator(work: Work, command: SetQuota) -> None:
    """Set figures of a firm or of the installation: the operator's act. Raises NotFoundError, InvalidValueError."""
    _set_within(work, command)


def _set_within(work: Work, command: SetQuota) -> None:
    if command.firm is not None:
        parties.firm(work, command.firm)
    for figure, limit in command.figures.items():
        if limit is not None and not 0 <= limit <= LIMIT_MAX:
            raise InvalidValueError("quota_figure", figure=figure.value, given=limit, limit=LIMIT_MAX)
    before = records.quota_figures(work.connection, command.firm, lock=True)
    figures = dict(before)
    for figure, limit in command.figures.items():
        figures.pop(figure.value, None)
        if limit is not None:
            figures[figure.value] = limit
    records.save_quota_figures(work.connection, command.firm, figures, work.now)
    work.journal("quotas.quota_set", command.firm or "installation", before=before, after=figures)


def figures_set(view: View, firm: FirmId | None) -> dict[str, int]:
    """Return the figures that were set for a firm, or for the installation; for the operator."""
    return records.quota_figures(view.connection, firm)
