"""Quotas over HTTP: what a firm may hold and send, what of it is used, and the office's figures."""

from typing import Self

from flask import Response
from pydantic import Field

from api.calls import current_actor, read, write
from api.door import Answer, Door, Strict, Whole
from registry.actors.model import Action
from registry.catalog import service as catalog
from registry.errors import NotAllowedError
from registry.journal.work import View, Work
from registry.quotas import service
from registry.quotas.model import LIMIT_MAX, Figure, Quota, SetBy, SetQuota
from registry.values.identifiers import FirmId

door = Door("quotas", __name__, url_prefix="/v1")


class QuotaLineView(Answer):
    """One limit and what of it is used; ``used`` is null where each draft is counted by itself."""

    figure: Figure
    limit: int
    used: int | None
    set_by: SetBy


class QuotaView(Answer):
    """What a firm may hold and send."""

    firm: str
    lines: list[QuotaLineView]

    @classmethod
    def of(cls, found: Quota) -> Self:
        """Return the view of a quota."""
        lines = [
            QuotaLineView(figure=each.limit.figure, limit=each.limit.limit, used=each.used, set_by=each.limit.set_by)
            for each in found.lines
        ]
        return cls(firm=found.firm, lines=lines)


_Figure = Whole | None


class QuotaBody(Strict):
    """Figures of a firm; null takes one back, one that is left out stays."""

    bytes_stored: _Figure = Field(default=None, ge=0, le=LIMIT_MAX)
    uploads_per_day: _Figure = Field(default=None, ge=0, le=LIMIT_MAX)
    drafts_open: _Figure = Field(default=None, ge=0, le=LIMIT_MAX)
    files_per_draft: _Figure = Field(default=None, ge=0, le=LIMIT_MAX)

    def command(self, firm: FirmId) -> SetQuota:
        """Return the command."""
        return SetQuota(
            firm, {figure: getattr(self, figure.value) for figure in Figure if figure.value in self.model_fields_set}
        )


def _quota(view: View, firm: FirmId) -> Quota:
    return service.quota(view, firm, catalog.count_open_drafts(view, firm))


@door.operation("GET", "/quota", {200: QuotaView}, action=Action.READ_QUOTA)
def show_own_quota() -> Response:
    """Show what your firm may hold and send, and what of it is used."""
    firm = current_actor().firm
    if firm is None:
        raise NotAllowedError("not_yours" if current_actor().account else "unauthenticated")
    return read(lambda view: _quota(view, firm), QuotaView.of)


@door.operation("GET", "/firms/<firm>/quota", {200: QuotaView}, action=Action.READ_QUOTA)
def show_quota(firm: str) -> Response:
    """Show what a firm may hold and send, for its members and the office it is registered with."""
    firm_id = FirmId(firm)
    return read(lambda view: _quota(view, firm_id), QuotaView.of)


@door.operation("POST", "/firms/<firm>/quota", {200: QuotaView}, action=Action.SET_QUOTA)
def set_quota(firm: str, body: QuotaBody) -> Response:
    """Set figures of a firm of your register."""
    command = body.command(FirmId(firm))

    def act(work: Work) -> Quota:
        service.set_quota(work, command)
        return _quota(work, FirmId(firm))

    return write(act, QuotaView.of, 200)
