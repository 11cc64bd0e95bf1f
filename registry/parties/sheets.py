"""What the registers say of one firm on one day, together on a sheet; and the dated list of the state's holders.

An officer sees what the own authority wrote, and of other authorities' sanctions that there are some: a finding, which
stops nothing here (RULINGS 24, 30). Control relations are read from every authority's lines, as decisions read them.
Asked with the view of an earlier instant, a sheet says what was recorded then.
"""

from datetime import date

from registry.actors.model import Action, Resource
from registry.actors.rules import require
from registry.errors import NotFoundError
from registry.journal.work import View
from registry.parties import records, registers, rules, service
from registry.parties.model import STATE_KINDS, Control, Firm, Predicate, Relation, Sheet
from registry.policy.service import office_of
from registry.values.identifiers import FirmId


def sheet(view: View, firm_id: FirmId, day: date) -> Sheet:
    """Return what the registers of the actor's authority say of a firm on ``day``.

    Raises:
        NotAllowedError: The actor is no officer.
        NotFoundError: There was no such firm at the instant of the view.
    """
    require(view.actor, Action.READ_REGISTERS)
    authority = office_of(view.actor)
    found = firm_on(view, firm_id, day)
    codes = records.codes_of_firm(view.connection, firm_id)
    entries = records.entries_of(view.connection, authority=authority, usccs=codes, at=view.now)
    return Sheet(
        authority=authority,
        day=day,
        firm=found,
        control=service.control(view, firm_id, day),
        facts=tuple(registers.fact(view, authority, firm_id, each, day) for each in Predicate),
        leader_entries=tuple(entry for entry in entries if rules.is_listed(entry, day)),
        providers=tuple(records.providers_of(view.connection, authority=authority, firm=firm_id, day=day, at=view.now)),
        sanctions=registers.sanctions(view, authority, firm_id, day),
        elsewhere=registers.sanctions_elsewhere(view, authority, firm_id, day),
    )


def firm_on(view: View, firm_id: FirmId, day: date) -> Firm:
    """Return a firm as ``day`` finds it. Raises NotFoundError."""
    lines = records.lines_of_firms(view.connection, [firm_id], view.now)
    if found := records.firms_on(lines, day).get(firm_id):
        return found
    raise NotFoundError("firm_not_found", id=firm_id)


def control_shown(view: View, firm_id: FirmId, day: date) -> Control:
    """Return who controls a firm on ``day``, for officers and for its own people.

    Raises NotAllowedError, NotFoundError.
    """
    _require_read(view, frozenset({firm_id}))
    firm_on(view, firm_id, day)
    return service.control(view, firm_id, day)


def relation_shown(view: View, one: FirmId, other: FirmId, day: date) -> Relation | None:
    """Return why two firms are related on ``day``, or None; for officers and for the people of either.

    Raises NotAllowedError, NotFoundError.
    """
    _require_read(view, frozenset({one, other}))
    for each in (one, other):
        firm_on(view, each, day)
    return service.relation(view, one, other, day)


def _require_read(view: View, firms: frozenset[FirmId]) -> None:
    require(view.actor, Action.READ_REGISTERS, Resource(firms=firms, authority=view.actor.authority))


def state_bodies(view: View, day: date) -> tuple[Firm, ...]:
    """Return the organs of the state and state holders of ``day``, below which control stops (RULINGS 1)."""
    ids = records.firms_of_kinds(view.connection, STATE_KINDS, view.now)
    found = records.firms_on(records.lines_of_firms(view.connection, ids, view.now), day)
    return tuple(found[each] for each in ids if each in found and found[each].is_state_body)
