"""Questions on firms over HTTP: who controls them, who is related, what the registers say on a day and as of then."""

from typing import TypeVar

from flask import Response
from pydantic import BaseModel

from api.calls import read
from api.door import Door
from api.v1.parties_bodies import AskedAsOf
from api.v1.parties_views import FirmView
from api.v1.sheet_views import FirmControlView, RelationView, SheetView, StateBodiesView
from registry.actors.model import Action
from registry.journal.work import View
from registry.parties import sheets
from registry.values.identifiers import FirmId

M = TypeVar("M", bound=BaseModel)

door = Door("sheets", __name__, url_prefix="/v1")


@door.operation("GET", "/firms/<firm>/controller", {200: FirmControlView}, action=Action.READ_REGISTERS)
def show_controller(firm: str, query: AskedAsOf) -> Response:
    """Show who controls a firm, with the chain."""
    firm_id = FirmId(firm)

    def ask(view: View) -> FirmControlView:
        seen = query.view(view)
        day = query.day(seen)
        return FirmControlView.of(sheets.control_shown(seen, firm_id, day), day, seen)

    return read(ask, _same)


@door.operation("GET", "/firms/<firm>/relations/<other>", {200: RelationView}, action=Action.READ_REGISTERS)
def show_relation(firm: str, other: str, query: AskedAsOf) -> Response:
    """Show whether two firms are related, with the chain between them."""
    one_id, other_id = FirmId(firm), FirmId(other)

    def ask(view: View) -> RelationView:
        seen = query.view(view)
        day = query.day(seen)
        return RelationView.of(sheets.relation_shown(seen, one_id, other_id, day), day, seen)

    return read(ask, _same)


@door.operation("GET", "/firms/<firm>/register", {200: SheetView}, action=Action.READ_REGISTERS)
def show_register(firm: str, query: AskedAsOf) -> Response:
    """Show what the registers of your authority say of a firm."""
    firm_id = FirmId(firm)

    def ask(view: View) -> SheetView:
        seen = query.view(view)
        return SheetView.of(sheets.sheet(seen, firm_id, query.day(seen)), seen)

    return read(ask, _same)


@door.operation("GET", "/state-bodies", {200: StateBodiesView}, public=True)
def list_state_bodies(query: AskedAsOf) -> Response:
    """List the organs of the state and state holders of a day, below which control stops."""

    def ask(view: View) -> StateBodiesView:
        seen = query.view(view)
        day = query.day(seen)
        found = sheets.state_bodies(seen, day)
        return StateBodiesView(on=day, as_of=str(seen.now), items=[FirmView.of(each) for each in found])

    return read(ask, _same)


def _same(made: M) -> M:
    """Return what the query has made already: it needs the view it was asked with."""
    return made
