"""Grants on request: a firm asks, the owner answers, both see the state.

Rules:
* Only what needs a grant is asked for, by a firm that has none; one request of a firm waits for each dataset.
* The owner grants, without end or through a last day, or refuses with a reason. What was granted may be ended with a
  reason; new addresses are refused from that instant on, those given out end after at most fifteen minutes.
* A grant by order and a grant by request stand beside each other; either one opens.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from registry.actors.model import Action, Resource
from registry.actors.rules import require, require_visible
from registry.catalog import records, rules
from registry.catalog.access_model import (
    REQUEST_MOVES,
    AskForGrant,
    Grant,
    GrantRequest,
    GrantUntil,
    RequestState,
)
from registry.catalog.access_rules import require_request
from registry.catalog.model import Dataset
from registry.catalog.reading import dataset, lacks_grant
from registry.catalog.telling import access_event
from registry.catalog.terms import names_of, require_insight
from registry.errors import ConflictError, NotAllowedError, NotFoundError, RuleError
from registry.journal.work import View, Work
from registry.messages.announcing import announce
from registry.messages.model import Topic
from registry.values.identifiers import FirmId, GrantRequestId, OrderId
from registry.values.moment import Moment
from registry.values.names import PublicName


def ask_for_grant(work: Work, command: AskForGrant) -> GrantRequest:
    """Ask the owner of a dataset for a grant to the actor's firm.

    Raises:
        NotAllowedError: The actor may not bind a firm.
        NotFoundError: There is no such dataset.
        RuleError: A grant is not needed to read it, or the firm has one.
        ConflictError: A request of the firm waits already.
    """
    held = dataset(work, command.dataset)
    firm = work.actor.firm
    require(work.actor, Action.REQUEST_GRANT, Resource(firms=frozenset({firm} if firm else ()), dataset=held.id))
    if firm is None or work.actor.account is None:
        raise NotAllowedError("not_yours")
    require_request(command)
    if not lacks_grant(work, held):
        raise RuleError("grant_not_needed", name=str(held.name))
    made = GrantRequest(
        id=GrantRequestId.new(),
        dataset=held.id,
        dataset_name=str(held.name),
        publisher=held.publisher,
        firm=firm,
        account=work.actor.account,
        purpose=command.purpose,
        contact=command.contact,
        state=RequestState.ASKED,
        asked_at=work.now,
    )
    if not records.add_request(work.connection, made):
        raise ConflictError("request_waits_already", name=str(held.name))
    work.journal("catalog.grant_requested", made.id, dataset=held.id, firm=firm, purpose=command.purpose)
    announce(work, access_event(Topic.ACCESS_REQUESTED, held, made.id, [held.publisher], firm=firm))
    return _named(work, [made])[0]


def grant_request(work: Work, command: GrantUntil) -> GrantRequest:
    """Grant what was asked for, through the day ``until`` (Asia/Shanghai) or without end.

    Raises NotFoundError, NotAllowedError, ConflictError; RuleError for a last day that has passed.
    """
    found = _received(work, command.request, RequestState.GRANTED)
    if command.until is not None and command.until < work.now.civil_day():
        raise RuleError("grant_ends_before", given=command.until.isoformat())
    ends_at = Moment.start_of(command.until + timedelta(days=1)) if command.until else None
    return _answered(work, found, RequestState.GRANTED, None, ends_at)


def refuse_request(work: Work, request: GrantRequestId, reason: str) -> GrantRequest:
    """Refuse what was asked for. Raises NotFoundError, NotAllowedError, ConflictError, InvalidValueError."""
    found = _received(work, request, RequestState.REFUSED)
    rules.require_reason(reason)
    return _answered(work, found, RequestState.REFUSED, reason, None)


def end_granted(work: Work, request: GrantRequestId, reason: str) -> GrantRequest:
    """End what was granted on request, at once. Raises NotFoundError, NotAllowedError, ConflictError."""
    found = _received(work, request, RequestState.ENDED)
    rules.require_reason(reason)
    ends_at = min(found.ends_at, work.now) if found.ends_at else work.now
    return _answered(work, found, RequestState.ENDED, reason, ends_at)


def take_back_request(work: Work, request: GrantRequestId) -> GrantRequest:
    """Take a request of the actor's firm back before it is answered.

    Raises NotFoundError, NotAllowedError, ConflictError.
    """
    found = _visible(work, request, lock=True)
    require(work.actor, Action.REQUEST_GRANT, Resource(firms=frozenset({found.firm}), dataset=found.dataset))
    _require_move(found, RequestState.TAKEN_BACK)
    records.set_request(work.connection, found.id, state=RequestState.TAKEN_BACK)
    work.journal("catalog.grant_request_taken_back", found.id, dataset=found.dataset)
    return _named(work, [replace(found, state=RequestState.TAKEN_BACK)])[0]


def _received(work: Work, request: GrantRequestId, wanted: RequestState) -> GrantRequest:
    """Return a request for a dataset of the actor's own that may be answered so, locked."""
    found = _visible(work, request, lock=True)
    require(work.actor, Action.ANSWER_REQUEST, Resource(firms=frozenset({found.publisher}), dataset=found.dataset))
    _require_move(found, wanted)
    return found


def _visible(view: View, request: GrantRequestId, *, lock: bool = False) -> GrantRequest:
    found = records.request_of(view.connection, request, lock=lock)
    if found is None:
        raise NotFoundError("request_not_found", id=request)
    sides = frozenset({found.firm, found.publisher})
    require_visible(view.actor, Action.READ_REQUEST, Resource(sides, None, found.dataset, found.id), "request")
    return found


def _require_move(found: GrantRequest, wanted: RequestState) -> None:
    if wanted not in REQUEST_MOVES[found.state]:
        raise ConflictError("request_state", id=found.id, state=found.state.value, wanted=wanted.value)


def _answered(
    work: Work, found: GrantRequest, state: RequestState, reason: str | None, ends_at: Moment | None
) -> GrantRequest:
    answered_at = found.answered_at or work.now
    records.set_request(
        work.connection,
        found.id,
        state=state,
        reason=reason,
        ends_at=ends_at,
        answered_at=answered_at,
        answered_by=work.actor.account,
    )
    work.journal(
        f"catalog.grant_request_{state.value}",
        found.id,
        dataset=found.dataset,
        firm=found.firm,
        reason=reason,
        ends_at=str(ends_at) if ends_at else None,
    )
    if (held := records.dataset_of(work.connection, found.dataset)) is not None:
        told = {"state": state.value, "ends_at": str(ends_at) if ends_at else None}
        announce(work, access_event(Topic.ACCESS_ANSWERED, held, found.id, [found.firm], **told))
    made = replace(found, state=state, reason=reason, ends_at=ends_at, answered_at=answered_at)
    return _named(work, [made])[0]


def request(view: View, request_id: GrantRequestId) -> GrantRequest:
    """Return a request, to both sides. Raises NotFoundError, NotAllowedError."""
    return _named(view, [_visible(view, request_id)])[0]


def requests(
    view: View, received: bool | None, state: RequestState | None, after: GrantRequestId | None, limit: int
) -> list[GrantRequest]:
    """Return the requests the actor's firm made, received, or (None) both, the newest first. Raises NotAllowedError."""
    firm = view.actor.firm
    require(view.actor, Action.READ_REQUEST)
    if firm is None:
        return []
    found = records.requests_page(view.connection, firm, received=received, state=state, after=after, limit=limit)
    return _named(view, found)


def grants(
    view: View, name: PublicName, after: tuple[FirmId, OrderId | GrantRequestId] | None, limit: int
) -> list[Grant]:
    """Return every grant of a dataset, by order and by request, to its publisher and to offices concerned with it.

    Raises NotFoundError, NotAllowedError.
    """
    held: Dataset = require_insight(view, name)
    found = records.grants_page(view.connection, held.id, after, limit)
    names = names_of(view, [each.firm for each in found])
    return [replace(each, firm_name=names.get(each.firm, "")) for each in found]


def _named(view: View, found: Iterable[GrantRequest]) -> list[GrantRequest]:
    held = list(found)
    names = names_of(view, [each.firm for each in held])
    return [replace(each, firm_name=names.get(each.firm, "")) for each in held]
